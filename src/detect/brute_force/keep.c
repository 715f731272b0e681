/*
 * detect/brute_force/keep.c - what outlives the process: tries that are counted over a day.
 */
#include "exfild/event/keep.h"

#include "brute_force.h"

static const struct keep_field pair_fields[] = {
	KEEP(U8, struct brute_pair, src),
	KEEP(U8, struct brute_pair, dst),
	KEEP(U32, struct brute_pair, service),
	KEEP(U32, struct brute_pair, tunnel_key),
	KEEP(U64, struct brute_pair, first_ns),
	KEEP(U64, struct brute_pair, last_ns),
	KEEP(U64, struct brute_pair, last_steady_ns),
	KEEP(F64, struct brute_pair, unseen.value),
	KEEP(U64, struct brute_pair, unseen.time_ns),
	KEEP(U8, struct brute_pair, secrets),
	KEEP(U8, struct brute_pair, users),
	KEEP(U32, struct brute_pair, failures),
	KEEP(U32, struct brute_pair, successes),
	KEEP(U32, struct brute_pair, streak),
	KEEP(U32, struct brute_pair, at_once),
	KEEP(U32, struct brute_pair, together),
	KEEP(U32, struct brute_pair, mixed),
	KEEP(U32, struct brute_pair, success_after),
	KEEP(U64, struct brute_pair, success_ns),
	KEEP(U64, struct brute_pair, together_ns),
	KEEP(F64, struct brute_pair, gap_s),
	KEEP(F64, struct brute_pair, gap_deviation_s),
	KEEP(U32, struct brute_pair, user),
	KEEP(U32, struct brute_pair, inferred),
	KEEP(U8, struct brute_pair, form_secret),
	KEEP(F64, struct brute_pair, told_tries),
	KEEP(U8, struct brute_pair, told_severity),
	KEEP(TEXT, struct brute_pair, name),
	KEEP_EVENT(struct brute_pair, last),
	KEEP_LAST,
};

static const struct keep_field group_fields[] = {
	KEEP(U8, struct brute_group, address),
	KEEP(U32, struct brute_group, service),
	KEEP(U32, struct brute_group, tunnel_key),
	KEEP_TO(U32, struct brute_group, side, SIDE_TARGET),
	KEEP(U64, struct brute_group, first_ns),
	KEEP(U64, struct brute_group, last_ns),
	KEEP(U64, struct brute_group, last_steady_ns),
	KEEP(F64, struct brute_group, walk),
	KEEP_TO(U32, struct brute_group, member_count, MEMBERS_MAX),
	KEEP(U32, struct brute_group, failed),
	KEEP(U32, struct brute_group, beyond),
	KEEP(U32, struct brute_group, failures),
	KEEP(U32, struct brute_group, successes),
	KEEP(U8, struct brute_group, others),
	KEEP(U32, struct brute_group, told_failed),
	KEEP(U8, struct brute_group, told_severity),
	KEEP(TEXT, struct brute_group, name),
	KEEP(U8, struct brute_group, members), /* hashes and counts: any bytes will do */
	KEEP_EVENT(struct brute_group, last),
	KEEP_LAST,
};

static bool took_pair(void *owner, void *entry)
{
	const struct brute_pair *p = entry;
	(void)owner;
	return severity_is_known(p->told_severity);
}

static bool took_group(void *owner, void *entry)
{
	const struct brute_group *g = entry;
	(void)owner;
	return severity_is_known(g->told_severity);
}

void brute_keep(void *state, struct keep_list *list)
{
	struct brute_state *s = state;
	const struct keep_part parts[] = {
		{ .name = "brute_force.pairs",
		  .version = 1,
		  .owner = s,
		  .table = &s->pairs,
		  .fields = pair_fields,
		  .took = took_pair },
		{ .name = "brute_force.groups",
		  .version = 1,
		  .owner = s,
		  .table = &s->groups,
		  .fields = group_fields,
		  .took = took_group },
	};
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		keep_add(list, &parts[i]);
}
