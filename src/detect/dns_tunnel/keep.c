/*
 * detect/dns_tunnel/keep.c - what outlives the process: sums of information by client and domain.
 */
#include "exfild/event/keep.h"

#include "dns_tunnel.h"

static const struct keep_field newcomer_fields[] = {
	KEEP(U64, struct newcomer, pair_hash),
	KEEP(U64, struct newcomer, first_ns),
	KEEP(U64, struct newcomer, names),
	KEEP(U32, struct newcomer, window_s),
	KEEP(U16, struct newcomer, weights),
	KEEP(U16, struct newcomer, questions),
	KEEP_TO(U8, struct newcomer, name_count, NEWCOMER_NAMES),
	KEEP(BOOL, struct newcomer, is_full),
	KEEP_LAST,
};

static const struct keep_field pair_fields[] = {
	KEEP(U8, struct pair, key.client),
	KEEP(U64, struct pair, key.domain_hash),
	KEEP(U32, struct pair, key.tunnel_key),
	KEEP(U64, struct pair, window_ns),
	KEEP(U64, struct pair, first_ns),
	KEEP(U64, struct pair, last_ns),
	KEEP(F64, struct pair, exact_info),
	KEEP(U8, struct pair, info),
	KEEP(F32, struct pair, previous_info),
	KEEP(F64, struct pair, week.value),
	KEEP(U64, struct pair, week.time_ns),
	KEEP(U32, struct pair, names),
	KEEP_TO(U8, struct pair, name_count, EXACT_NAMES),
	KEEP(BOOL, struct pair, is_many),
	KEEP(U8, struct pair, raised_severity),
	KEEP(U32, struct pair, questions),
	KEEP(U32, struct pair, weighty),
	KEEP(F64, struct pair, weight_sum),
	KEEP(U32, struct pair, rare_types),
	KEEP(U32, struct pair, odd_types),
	KEEP(U32, struct pair, answers),
	KEEP(F64, struct pair, answer_info),
	KEEP(U64, struct pair, recent_answers),
	KEEP(F64, struct pair, edns_info),
	KEEP(U64, struct pair, edns_seen),
	KEEP(U8, struct pair, edns_next),
	KEEP(U32, struct pair, marks),
	KEEP(F64, struct pair, raised_info),
	KEEP(U64, struct pair, told_events),
	KEEP(U8, struct pair, told_server),
	KEEP(U64, struct pair, flow),
	KEEP_EVENT(struct pair, last),
	KEEP(U32, struct pair, labels.hash),
	KEEP_TO(U8, struct pair, labels.count, LABELS_KNOWN),
	KEEP_TO(U8, struct pair, labels.next, LABELS_KNOWN - 1),
	KEEP(TEXT, struct pair, domain),
	KEEP(TEXT, struct pair, example),
	KEEP(U16, struct pair, last_type),
	KEEP(U16, struct pair, cat_session),
	KEEP(U16, struct pair, cat_run),
	KEEP_LAST,
};

/* The hash of a pair is all that is known of it. */
static uint64_t newcomer_hash(const void *entry)
{
	return ((const struct newcomer *)entry)->pair_hash;
}

static bool took_pair(void *owner, void *entry)
{
	const struct pair *p = entry;
	if (p->raised_severity)
		table_mark(owner, entry);
	return severity_is_known(p->raised_severity);
}

void pairs_keep(struct table *newcomers, struct table *pairs, struct keep_list *list)
{
	const struct keep_part few = { .name = "dns_tunnel.newcomers",
				       .version = 1,
				       .table = newcomers,
				       .hash = newcomer_hash,
				       .fields = newcomer_fields };
	const struct keep_part many = { .name = "dns_tunnel.pairs",
					.version = 1,
					.owner = pairs,
					.table = pairs,
					.fields = pair_fields,
					.took = took_pair };
	keep_add(list, &few);
	keep_add(list, &many);
}
