/*
 * policy/window.c - see window.h.
 */
#include "exfild/policy/window.h"

#include <stdlib.h>

#include "exfild/base/table.h"

struct window { /* entry */
	struct policy_window_key key;
	uint32_t hour, day;
	struct policy_sums sums;
};

struct policy_windows {
	struct table table;
};

/* A host's sum of all goes after those of its targets, which it could not be made of again. */
static uint32_t evidence(const void *entry)
{
	const struct window *w = entry;
	uint64_t kb = w->sums.out_day >> 10;
	uint32_t most = kb > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uint32_t)kb;
	return w->key.target ? most : UINT32_MAX / 2 + most;
}

struct policy_windows *policy_windows_new(const struct hash_key *key)
{
	struct policy_windows *w = calloc(1, sizeof(*w));
	const struct table_config config = { .capacity = POLICY_WINDOWS,
					     .entry_size = sizeof(struct window),
					     .key_size = sizeof(struct policy_window_key),
					     .key = *key,
					     .evidence = evidence };
	if (w && table_init(&w->table, &config) == 0)
		return w;
	free(w);
	return NULL;
}

void policy_windows_free(struct policy_windows *w)
{
	if (w)
		table_deinit(&w->table);
	free(w);
}

static const struct keep_field fields[] = {
	KEEP(U8, struct window, key.host),
	KEEP(U64, struct window, key.target),
	KEEP(U32, struct window, key.tunnel_key),
	KEEP(U32, struct window, hour),
	KEEP(U32, struct window, day),
	KEEP(U64, struct window, sums.out_hour),
	KEEP(U64, struct window, sums.in_hour),
	KEEP(U64, struct window, sums.out_day),
	KEEP(U64, struct window, sums.in_day),
	KEEP(U32, struct window, sums.flows_hour),
	KEEP(U32, struct window, sums.flows_day),
	KEEP_LAST,
};

void policy_windows_keep(struct policy_windows *w, struct keep_list *list)
{
	keep_add(list, &(struct keep_part){ .name = "policy.windows",
					    .version = 1,
					    .owner = w,
					    .table = &w->table,
					    .fields = fields });
}

/* A later hour begins at nothing, and so does a later day. */
static void move_to(struct window *w, const struct policy_moment *at)
{
	if (at->hour > w->hour) {
		w->hour = at->hour;
		w->sums.out_hour = w->sums.in_hour = 0;
		w->sums.flows_hour = 0;
	}
	if (at->day > w->day) {
		w->day = at->day;
		w->sums.out_day = w->sums.in_day = 0;
		w->sums.flows_day = 0;
	}
}

struct policy_sums policy_windows_add(struct policy_windows *w, const struct policy_window_key *key,
				      const struct policy_moment *at, uint64_t out, uint64_t in,
				      bool is_new_flow)
{
	bool is_new;
	struct window *to = table_get(&w->table, key, &is_new);
	if (!to)
		return (struct policy_sums){ 0 };
	move_to(to, at);
	if (at->hour == to->hour) {
		to->sums.out_hour += out;
		to->sums.in_hour += in;
		to->sums.flows_hour += is_new_flow;
	}
	if (at->day == to->day) {
		to->sums.out_day += out;
		to->sums.in_day += in;
		to->sums.flows_day += is_new_flow;
	}
	return to->sums;
}

struct policy_sums policy_windows_sums(const struct policy_windows *w,
				       const struct policy_window_key *key,
				       const struct policy_moment *at)
{
	const struct window *known = table_find(&w->table, key);
	struct policy_sums ret = { 0 };
	if (known && known->hour == at->hour) {
		ret.out_hour = known->sums.out_hour;
		ret.in_hour = known->sums.in_hour;
		ret.flows_hour = known->sums.flows_hour;
	}
	if (known && known->day == at->day) {
		ret.out_day = known->sums.out_day;
		ret.in_day = known->sums.in_day;
		ret.flows_day = known->sums.flows_day;
	}
	return ret;
}
