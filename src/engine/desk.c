/*
 * engine/desk.c - see desk.h.
 */
#include "desk.h"

#include "exfild/base/log.h"
#include "notify.h"

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

void desk_take(struct desk *d, const struct tally *t)
{
	take_drops(d, t);
	d->now_ns = t->now_ns;
	if (t->steps_back != d->steps_back) {
		d->steps_back = t->steps_back;
		log_warnx("clock",
			  "it was set back: the time of alerts runs on, %llu s ahead of it",
			  (unsigned long long)(t->ahead_ns / 1000000000ull));
	}
	if (d->publisher)
		publisher_tally(d->publisher, t);
	tell_manager(t);
}
