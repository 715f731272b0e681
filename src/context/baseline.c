/*
 * context/baseline.c - what hosts send out, and since when destinations are known.
 *
 * An hour is closed when the first event of a later one comes: hours in between were silent, and
 * are learnt as such.  After a silence of over two weeks the hours before it are not made up.
 * Destinations of many senders, and hosts that have long been known, are the last to be evicted.
 */
#include "baseline.h"

#include <math.h>
#include <string.h>

#define HOURS_A_DAY  24
#define SILENT_HOURS (14 * HOURS_A_DAY)
#define STEP_FIRST   0.5
#define STEP_LAST    0.05
#define SLOT_LEARNT  3 /* hours of a slot that make its share hold */

static const double half_life_s[SPAN__COUNT] = { 3600, 86400, 14 * 86400.0 };

static uint32_t host_evidence(const void *entry)
{
	const struct baseline_host *h = entry;
	return h->active_days;
}

static uint32_t dest_evidence(const void *entry)
{
	const struct baseline_dest *d = entry;
	return d->sender_count + (uint32_t)((d->last_ns - d->first_ns) / BASELINE_DAY_NS);
}

static uint32_t flow_evidence(const void *entry)
{
	const struct baseline_flow *f = entry;
	return (uint32_t)fmin((double)f->seen[0] / 1024, 4e9);
}

int baseline_init(struct baseline *b, const struct hash_key *key, const struct hash_key *mark_key,
		  uint32_t max_hosts, uint32_t max_dests)
{
	struct table_config hosts = { .capacity = max_hosts ? max_hosts : 1,
				      .entry_size = sizeof(struct baseline_host),
				      .key_size = sizeof(struct baseline_key),
				      .key = *key,
				      .evidence = host_evidence };
	struct table_config dests = { .capacity = max_dests ? max_dests : 1,
				      .entry_size = sizeof(struct baseline_dest),
				      .key_size = sizeof(uint64_t),
				      .key = *key,
				      .evidence = dest_evidence };
	struct table_config flows = dests;
	flows.entry_size = sizeof(struct baseline_flow);
	flows.evidence = flow_evidence;
	b->mark_key = *mark_key;
	int r = table_init(&b->hosts, &hosts);
	if (r == 0)
		r = table_init(&b->dests, &dests);
	if (r == 0)
		r = table_init(&b->flows, &flows);
	return r;
}

void baseline_deinit(struct baseline *b)
{
	table_deinit(&b->hosts);
	table_deinit(&b->dests);
	table_deinit(&b->flows);
}

unsigned baseline_slot_of(uint64_t hour)
{
	uint64_t day = hour / HOURS_A_DAY;
	unsigned weekday = (unsigned)((day + 4) % 7); /* 1970-01-01 was a Thursday; 0: Sunday */
	bool is_weekend = weekday == 0 || weekday == 6;
	return (unsigned)(hour % HOURS_A_DAY) + (is_weekend ? HOURS_A_DAY : 0);
}

double baseline_activity(const struct baseline_host *h, uint64_t hour)
{
	unsigned slot = baseline_slot_of(hour);
	return h->slot_weight[slot] < SLOT_LEARNT ? (double)NAN : (double)h->slots[slot].active;
}

double baseline_most(const struct baseline_host *h)
{
	double most = 0;
	for (unsigned i = 0; i < BASELINE_DAYS; i++)
		most = fmax(most, (double)h->last_days[i]);
	return exp2(most) - 1;
}

static void learn_slot(struct baseline_host *h, double amount, double trust)
{
	unsigned at = baseline_slot_of(h->hour);
	struct baseline_slot *slot = &h->slots[at];
	double weight = h->slot_weight[at];
	struct usual u = { .median = slot->median,
			   .spread = slot->spread,
			   .weight = (float)weight };
	usual_add(&u, amount, trust);
	slot->median = u.median;
	slot->spread = u.spread;
	double step = trust * fmax(STEP_LAST, weight > 0 ? STEP_FIRST / (weight + 1) : 1);
	double is_active = amount >= BASELINE_ACTIVE ? 1 : 0;
	slot->active = (float)((double)slot->active + step * (is_active - (double)slot->active));
	if (h->slot_weight[at] < UINT8_MAX)
		h->slot_weight[at]++;
}

static void end_day(struct baseline_host *h, double trust)
{
	uint64_t day = h->hour / HOURS_A_DAY;
	h->last_days[day % BASELINE_DAYS] = (float)log2(1 + h->day_up);
	if (h->days_seen < UINT32_MAX)
		h->days_seen++;
	if (h->day_up >= BASELINE_ACTIVE) {
		usual_add(&h->days, h->day_up, trust);
		h->active_days++;
	}
	h->day_up = 0;
}

/* Hours that are over are learnt; at most SILENT_HOURS of them. */
static void end_hours(struct baseline_host *h, uint64_t hour, double trust)
{
	if (hour > h->hour + SILENT_HOURS)
		h->hour = hour - SILENT_HOURS;
	while (h->hour < hour) {
		learn_slot(h, h->hour_up, trust);
		usual_add(&h->hours, h->hour_up, trust);
		h->hour_up = 0;
		if (h->hour % HOURS_A_DAY == HOURS_A_DAY - 1)
			end_day(h, trust);
		h->hour++;
	}
}

static void learn_host(struct baseline *b, struct context_upload *u, uint32_t tunnel_key,
		       const struct baseline_time *t)
{
	struct baseline_key key;
	bool is_new;
	memset(&key, 0, sizeof(key));
	key.address = u->src;
	key.tunnel_key = tunnel_key;
	struct baseline_host *h = table_get(&b->hosts, &key, &is_new);
	if (!h)
		return;
	uint64_t hour = t->now_ns / BASELINE_HOUR_NS;
	if (is_new) {
		h->first_ns = t->steady_ns;
		h->hour = hour;
	}
	if (hour > h->hour)
		end_hours(h, hour, t->steady_ns < h->suspect_ns ? BASELINE_CAUTION : 1);
	h->last_ns = t->steady_ns;
	h->hour_up += (double)u->up;
	h->day_up += (double)u->up;
	for (unsigned i = 0; i < SPAN__COUNT; i++)
		decayed_add(&h->up[i], t->steady_ns, half_life_s[i], (double)u->up);
	u->host = h;
}

static void learn_destination(struct baseline *b, struct context_upload *u,
			      const struct baseline_time *t)
{
	bool is_new;
	struct baseline_dest *d = table_get(&b->dests, &u->dest_hash, &is_new);
	if (!d)
		return;
	u->to = d;
	if (is_new)
		d->first_ns = t->steady_ns;
	d->last_ns = t->steady_ns;
	if (d->sender_count >= BASELINE_SENDERS)
		return;
	uint32_t mark = (uint32_t)(hash_bytes(&b->mark_key, &u->src, sizeof(u->src)) >> 32) | 1;
	for (uint32_t i = 0; i < d->sender_count; i++)
		if (d->senders[i] == mark)
			return;
	d->senders[d->sender_count++] = mark;
}

void baseline_learn(struct baseline *b, struct context_upload *u, uint32_t tunnel_key,
		    const struct baseline_time *t)
{
	learn_host(b, u, tunnel_key, t);
	if (u->up)
		learn_destination(b, u, t);
}

const struct keep_field baseline_host_fields[] = {
	KEEP(U8, struct baseline_host, key.address),
	KEEP(U32, struct baseline_host, key.tunnel_key),
	KEEP(U64, struct baseline_host, first_ns),
	KEEP(U64, struct baseline_host, last_ns),
	KEEP(U64, struct baseline_host, suspect_ns),
	KEEP(U64, struct baseline_host, hour),
	KEEP(F64, struct baseline_host, hour_up),
	KEEP(F64, struct baseline_host, day_up),
	KEEP(F64, struct baseline_host, up[SPAN_HOUR].value),
	KEEP(U64, struct baseline_host, up[SPAN_HOUR].time_ns),
	KEEP(F64, struct baseline_host, up[SPAN_DAY].value),
	KEEP(U64, struct baseline_host, up[SPAN_DAY].time_ns),
	KEEP(F64, struct baseline_host, up[SPAN_WEEKS].value),
	KEEP(U64, struct baseline_host, up[SPAN_WEEKS].time_ns),
	KEEP(F32, struct baseline_host, hours),
	KEEP(F32, struct baseline_host, days),
	KEEP(F32, struct baseline_host, last_days),
	KEEP(U32, struct baseline_host, days_seen),
	KEEP(U32, struct baseline_host, active_days),
	KEEP(F32, struct baseline_host, slots),
	KEEP(U8, struct baseline_host, slot_weight),
	KEEP_LAST,
};

static const struct keep_field dest_fields[] = {
	KEEP(U64, struct baseline_dest, hash),
	KEEP(U64, struct baseline_dest, first_ns),
	KEEP(U64, struct baseline_dest, last_ns),
	KEEP(F32, struct baseline_dest, days),
	KEEP(U32, struct baseline_dest, senders),
	KEEP_TO(U32, struct baseline_dest, sender_count, BASELINE_SENDERS),
	KEEP_LAST,
};

static const struct keep_field start_fields[] = {
	KEEP(U64, struct baseline_start, since_ns),
	KEEP_LAST,
};

void baseline_keep(struct baseline *b, struct keep_list *list)
{
	const struct keep_part hosts = { .name = "context.baselines",
					 .version = 1,
					 .table = &b->hosts,
					 .fields = baseline_host_fields };
	const struct keep_part dests = { .name = "context.destinations",
					 .version = 1,
					 .table = &b->dests,
					 .fields = dest_fields };
	const struct keep_part start = { .name = "context.learning",
					 .version = 1,
					 .owner = &b->start,
					 .fields = start_fields };
	keep_add(list, &hosts);
	keep_add(list, &dests);
	keep_add(list, &start);
}
