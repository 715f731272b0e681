/*
 * context/habits.c - see habits.h.
 */
#include "exfild/context/habits.h"

#include <math.h>
#include <string.h>

#include "private.h"

#define OCTAVES_MAX 80 /* log2 of more bytes than there are */

static uint64_t steady_of(const struct context *c)
{
	return c->now_ns > c->baseline.leaped_ns ? c->now_ns - c->baseline.leaped_ns : 0;
}

uint32_t habit_slots(const struct context *c)
{
	return table_slots(&c->baseline.hosts);
}

bool habit_at(const struct context *c, uint32_t slot, struct habit *ret)
{
	const struct baseline_host *h = table_at(&c->baseline.hosts, slot);
	if (!h)
		return false;
	*ret = (struct habit){ .address = h->key.address,
			       .tunnel_key = h->key.tunnel_key,
			       .usual_day = usual_amount(&h->days),
			       .most_day = baseline_most(h),
			       .today = h->day_up,
			       .days_seen = h->days_seen,
			       .active_days = h->active_days,
			       .is_suspect = steady_of(c) < h->suspect_ns,
			       .is_learnt = h->days_seen >= BASELINE_LEARNT,
			       .host = h };
	ret->weeks = decayed_at(&h->up[SPAN_WEEKS], steady_of(c), 14 * 86400.0);
	return true;
}

/* A time as its age, and back: both keep 0, which is none. */
static uint64_t turn_time(uint64_t time_ns, uint64_t now_ns)
{
	if (!time_ns)
		return 0;
	return time_ns < now_ns ? now_ns - time_ns : 1;
}

static void turn_times(struct baseline_host *h, uint64_t now_ns)
{
	h->first_ns = turn_time(h->first_ns, now_ns);
	h->last_ns = turn_time(h->last_ns, now_ns);
	for (unsigned i = 0; i < SPAN__COUNT; i++)
		h->up[i].time_ns = turn_time(h->up[i].time_ns, now_ns);
}

bool habit_save(const struct context *c, uint32_t slot, struct buf *out)
{
	const struct baseline_host *h = table_at(&c->baseline.hosts, slot);
	if (!h)
		return false;
	struct baseline_host copy = *h;
	turn_times(&copy, steady_of(c));
	copy.suspect_ns = 0; /* suspicion is this sensor's own */
	keep_write(baseline_host_fields, &copy, out);
	return true;
}

static bool is_usual(const struct usual *u)
{
	return u->median >= 0 && u->median <= OCTAVES_MAX && u->spread >= 0 &&
	       u->spread <= OCTAVES_MAX && u->weight >= 0 && u->cusum >= 0;
}

/* What fields cannot check: each number is one that learning could have come to. */
static bool is_possible(const struct baseline_host *h)
{
	bool ok = is_usual(&h->hours) && is_usual(&h->days) && h->hour_up >= 0 && h->day_up >= 0 &&
		  h->active_days <= h->days_seen && !ipaddr_is_unspecified(&h->key.address) &&
		  !ipaddr_is_multicast(&h->key.address);
	for (unsigned i = 0; ok && i < SPAN__COUNT; i++)
		ok = h->up[i].value >= 0;
	for (unsigned i = 0; ok && i < BASELINE_DAYS; i++)
		ok = h->last_days[i] >= 0 && h->last_days[i] <= OCTAVES_MAX;
	for (unsigned i = 0; ok && i < BASELINE_SLOTS; i++) {
		const struct baseline_slot *s = &h->slots[i];
		ok = s->median >= 0 && s->median <= OCTAVES_MAX && s->spread >= 0 &&
		     s->spread <= OCTAVES_MAX && s->active >= 0 && s->active <= 1;
	}
	return ok;
}

int habit_load(struct context *c, const void *data, size_t len, bool longer)
{
	struct cursor in = cursor_make(data, len);
	struct baseline_host h;
	struct table *t = &c->baseline.hosts;
	uint64_t now_hour = c->now_ns / BASELINE_HOUR_NS;
	bool is_new;
	memset(&h, 0, sizeof(h));
	if (keep_read(baseline_host_fields, &in, &h) || cursor_left(&in) || !is_possible(&h))
		return -EXF_E_FORMAT;
	turn_times(&h, steady_of(c));
	h.suspect_ns = 0;
	h.hour = h.hour < now_hour ? h.hour : now_hour;
	struct baseline_host *known = table_find(t, &h.key);
	if (known && longer && known->days_seen >= h.days_seen)
		return 0;
	if (!known && t->stats.entries == t->stats.capacity)
		return -EXF_E_LIMIT; /* what is there has been seen here */
	struct baseline_host *place = table_get(t, &h.key, &is_new);
	if (!place)
		return -EXF_E_LIMIT;
	if (known)
		h.suspect_ns = known->suspect_ns;
	memcpy(place, &h, sizeof(h));
	return 1;
}

uint32_t habit_forget(struct context *c, const struct ipaddr *address)
{
	struct table *t = &c->baseline.hosts;
	uint32_t count = 0;
	for (struct baseline_host *h = table_next(t, NULL), *next; h; h = next) {
		next = table_next(t, h);
		if (address && !ipaddr_equal(&h->key.address, address))
			continue;
		table_remove(t, h);
		count++;
	}
	if (!address)
		c->baseline.start.since_ns = 0;
	return count;
}
