/*
 * engine/desk.c - see desk.h.
 */
#include "desk.h"

#include "exfild/base/log.h"
#include "notify.h"

static void tell_link(void *arg, const char *name, enum links_word word, unsigned seconds)
{
	const struct desk *d = arg;
	const char *text = word == LINKS_GONE ? "it is not listened on any more, for" :
						"it had packets all the time, and has none for";
	log_warnx("capture", "%s: %s %u s", name, text, seconds);
	analysis_tell_sensor(d->analysis, SENSOR_INTERFACE, name, 0, 0, "%s %u s", text, seconds);
}

/* A loop that does not turn any more keeps the watchdog waiting. */
static void tell_manager(const struct tally *t)
{
	unsigned open = 0;
	for (uint64_t i = 0; i < t->link_count; i++)
		open += t->links[i].is_open != 0;
	notify_alive("listening on %u of %u interfaces; %llu packets, %llu dropped", open,
		     (unsigned)t->link_count, (unsigned long long)t->frames,
		     (unsigned long long)t->drops);
}

static void take_drops(struct desk *d, const struct tally *t)
{
	uint64_t drops = t->drops > d->drops ? t->drops - d->drops : 0;
	uint64_t frames = t->frames > d->frames ? t->frames - d->frames : 0;
	if (drops) {
		analysis_tell_drops(d->analysis, d->now_ns, t->now_ns, drops);
		analysis_tell_sensor(d->analysis, SENSOR_DROPS, "the capture", drops,
				     frames + drops, "%s", "");
	}
	d->drops = t->drops;
	d->frames = t->frames;
}

static void take_refused(struct desk *d, const struct tally *t)
{
	if (t->events_refused > d->refused)
		analysis_tell_sensor(d->analysis, SENSOR_LIMIT, "events",
				     t->events_refused - d->refused, 0, "%s",
				     "the analysis does not keep up with what packets tell");
	d->refused = t->events_refused;
}

static struct desk_sum sum_of(const struct tally *t)
{
	return (struct desk_sum){ .frames = t->frames,
				  .bytes = t->bytes,
				  .drops = t->drops,
				  .flows = t->plane.flows,
				  .late = t->late,
				  .leaps = t->leaps,
				  .own = t->own,
				  .twice = t->twice };
}

void desk_begin(struct desk *d)
{
	d->before.frames += d->last.frames;
	d->before.bytes += d->last.bytes;
	d->before.drops += d->last.drops;
	d->before.flows += d->last.flows;
	d->before.late += d->last.late;
	d->before.leaps += d->last.leaps;
	d->before.own += d->last.own;
	d->before.twice += d->last.twice;
	links_begin(&d->links);
	d->last = (struct desk_sum){ 0 };
	d->steps_back = 0;
}

static void add_before(struct desk *d, struct tally *t)
{
	d->last = sum_of(t);
	t->frames += d->before.frames;
	t->bytes += d->before.bytes;
	t->drops += d->before.drops;
	t->plane.flows += d->before.flows;
	t->late += d->before.late;
	t->leaps += d->before.leaps;
	t->own += d->before.own;
	t->twice += d->before.twice;
}

void desk_take(struct desk *d, struct tally *t)
{
	add_before(d, t);
	take_drops(d, t);
	take_refused(d, t);
	d->now_ns = t->now_ns;
	if (t->steps_back != d->steps_back) {
		d->steps_back = t->steps_back;
		log_warnx("clock",
			  "it was set back: the time of alerts runs on, %llu s ahead of it",
			  (unsigned long long)(t->ahead_ns / 1000000000ull));
	}
	if (d->publisher)
		publisher_tally(d->publisher, t);
	if (t->turns == d->turns)
		return;
	d->turns = t->turns;
	links_look(&d->links, t, tell_link, d);
	tell_manager(t);
}
