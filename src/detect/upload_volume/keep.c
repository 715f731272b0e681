/*
 * detect/upload_volume/keep.c - what outlives the process: sums and the usual by sender and
 * destination.  What running flows have been counted for does not: their flows end with it.
 */
#include "exfild/event/keep.h"

#include "upload_volume.h"

/* NOLINTBEGIN(bugprone-macro-parentheses): a member has none */
#define KEEP_DECAYED(member_) \
 KEEP(F64, struct volume_pair, member_.value), KEEP(U64, struct volume_pair, member_.time_ns)
/* NOLINTEND(bugprone-macro-parentheses): up to here */

static const struct keep_field pair_fields[] = {
	KEEP(U8, struct volume_pair, key.src),
	KEEP(U64, struct volume_pair, key.dest),
	KEEP(U32, struct volume_pair, key.tunnel_key),
	KEEP_TO(U32, struct volume_pair, key.rule, RULE__COUNT - 1),
	KEEP_DECAYED(up),
	KEEP_DECAYED(down),
	KEEP_DECAYED(slow_up),
	KEEP_DECAYED(slow_down),
	KEEP(U64, struct volume_pair, first_ns),
	KEEP(U64, struct volume_pair, last_ns),
	KEEP(U64, struct volume_pair, total_up),
	KEEP(U64, struct volume_pair, total_down),
	KEEP(U64, struct volume_pair, packets_up),
	KEEP(U64, struct volume_pair, packets_down),
	KEEP(U64, struct volume_pair, chunk),
	KEEP(U32, struct volume_pair, chunks),
	KEEP(U32, struct volume_pair, flows),
	KEEP(U64, struct volume_pair, day),
	KEEP(F64, struct volume_pair, day_up),
	KEEP(F32, struct volume_pair, usual),
	KEEP(F32, struct volume_pair, days),
	KEEP(U64, struct volume_pair, known_ns),
	KEEP(BOOL, struct volume_pair, is_told_late),
	KEEP(F64, struct volume_pair, told_up),
	KEEP(U64, struct volume_pair, told_total),
	KEEP_EVENT(struct volume_pair, told),
	KEEP(U8, struct volume_pair, told_severity),
	KEEP_LAST,
};

static bool took_pair(void *owner, void *entry)
{
	struct volume_state *s = owner;
	const struct volume_pair *p = entry;
	if (p->told_severity)
		table_mark(&s->pairs, entry);
	return severity_is_known(p->told_severity);
}

void volume_keep(void *state, struct keep_list *list)
{
	struct volume_state *s = state;
	const struct keep_part pairs = { .name = "upload_volume.pairs",
					 .version = 2,
					 .owner = s,
					 .table = &s->pairs,
					 .fields = pair_fields,
					 .took = took_pair };
	keep_add(list, &pairs);
}
