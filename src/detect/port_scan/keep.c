/*
 * detect/port_scan/keep.c - what outlives the process: walks, scanners, routers, and which targets
 * have answered.  Questions by ARP that wait a second for their answer do not.
 */
#include "exfild/event/keep.h"

#include <assert.h>

#include "port_scan.h"

#define GOOD_CHUNK 4096u /* fingerprints that are saved together */
#define GOOD_BYTES (GOOD_CHUNK * sizeof(uint32_t))

/* NOLINTBEGIN(bugprone-macro-parentheses): a member has none */
#define KEEP_DISTINCT(struct_, member_)                                                      \
 KEEP_TO(U32, struct_, member_.count, DISTINCT_EXACT), KEEP(BOOL, struct_, member_.is_many), \
	 KEEP(U64, struct_, member_.many), KEEP(U32, struct_, member_.marks),                \
	 KEEP(U8, struct_, member_.sketch)
#define KEEP_TRACK_KEY(struct_, member_)                                           \
 KEEP(U8, struct_, member_.src), KEEP(U8, struct_, member_.host),                  \
	 KEEP(U32, struct_, member_.tunnel_key), KEEP(U16, struct_, member_.port), \
	 KEEP_TO(U8, struct_, member_.kind, SCAN_KIND__COUNT - 1),                 \
	 KEEP_TO(U8, struct_, member_.shape, SHAPE_HOSTS)

#define KEEP_EXAMPLE(i_)                                                                    \
 KEEP(U8, struct scanner, examples[i_].host), KEEP(U16, struct scanner, examples[i_].port), \
	 KEEP_TO(U8, struct scanner, examples[i_].result, CONTACT_EMPTY)
/* NOLINTEND(bugprone-macro-parentheses): up to here */
static_assert(EXAMPLES == 6, "each example is listed below");

static const struct keep_field track_fields[] = {
	KEEP_TRACK_KEY(struct track, key),
	KEEP(F64, struct track, walk.value),
	KEEP(U64, struct track, walk.time_ns),
	KEEP(BOOL, struct track, is_hot),
	KEEP(U8, struct track, told_severity),
	KEEP(U64, struct track, first_ns),
	KEEP(U64, struct track, last_ns),
	KEEP_DISTINCT(struct track, failed),
	KEEP(U32, struct track, good),
	KEEP(U32, struct track, good_next),
	KEEP(U32, struct track, answered),
	KEEP(U32, struct track, refused),
	KEEP(U32, struct track, silent),
	KEEP(U32, struct track, empty),
	KEEP(U32, struct track, steps),
	KEEP(U32, struct track, services),
	KEEP(U32, struct track, near),
	KEEP(U8, struct track, last),
	KEEP(U64, struct track, told_targets),
	KEEP(U16, struct track, lowest),
	KEEP(U16, struct track, highest),
	KEEP_TO(U8, struct track, told_direction, SCAN_INBOUND),
	KEEP(U64, struct track, told_sum),
	KEEP_EVENT(struct track, told),
	KEEP_LAST,
};

static const struct keep_field scanner_fields[] = {
	KEEP(U8, struct scanner, key.src),
	KEEP(U32, struct scanner, key.tunnel_key),
	KEEP_TO(U32, struct scanner, key.goal, GOAL_HOSTS),
	KEEP_TO(U32, struct scanner, kinds, (1u << SCAN_KIND__COUNT) - 1),
	KEEP_DISTINCT(struct scanner, targets),
	KEEP(U64, struct scanner, first_ns),
	KEEP(U64, struct scanner, last_ns),
	KEEP(U64, struct scanner, steady_ns),
	KEEP(U64, struct scanner, p2p_ns),
	KEEP_DISTINCT(struct scanner, hosts),
	KEEP_DISTINCT(struct scanner, ports),
	KEEP_DISTINCT(struct scanner, open),
	KEEP(U32, struct scanner, refused),
	KEEP(U32, struct scanner, silent),
	KEEP(U32, struct scanner, empty),
	KEEP(U32, struct scanner, told_hosts),
	KEEP(U64, struct scanner, told_targets),
	KEEP(U8, struct scanner, told_severity),
	KEEP_TO(U8, struct scanner, told_direction, SCAN_INBOUND),
	KEEP_TO(U8, struct scanner, example_count, EXAMPLES),
	KEEP(U64, struct scanner, told_sum),
	KEEP_EVENT(struct scanner, told),
	KEEP_TRACK_KEY(struct scanner, told_track),
	KEEP_EXAMPLE(0),
	KEEP_EXAMPLE(1),
	KEEP_EXAMPLE(2),
	KEEP_EXAMPLE(3),
	KEEP_EXAMPLE(4),
	KEEP_EXAMPLE(5),
	KEEP_LAST,
};

static bool took_track(void *owner, void *entry)
{
	struct scan_state *s = owner;
	const struct track *t = entry;
	if (t->is_hot)
		table_mark(&s->tracks, entry);
	return severity_is_known(t->told_severity);
}

static bool took_scanner(void *owner, void *entry)
{
	struct scan_state *s = owner;
	const struct scanner *w = entry;
	if (w->told_targets)
		table_mark(&s->scanners, entry);
	return severity_is_known(w->told_severity);
}

/* ---- targets that have answered: the whole array, in pieces ---- */

static uint32_t good_slots(const void *owner)
{
	(void)owner;
	return GOOD_PAIRS / GOOD_CHUNK;
}

static const struct keep_field chunk_fields[] = {
	{ KEEP_U32, GOOD_CHUNK, 0, 0 },
	KEEP_LAST,
};

static bool save_good(const void *owner, uint32_t slot, struct buf *out)
{
	const struct scan_state *s = owner;
	const uint32_t *chunk = s->good + slot * GOOD_CHUNK;
	uint32_t any = 0;
	for (size_t i = 0; i < GOOD_CHUNK; i++)
		any |= chunk[i];
	if (!any)
		return false;
	uint8_t number[2] = { (uint8_t)slot, (uint8_t)(slot >> 8) };
	buf_add(out, number, sizeof(number));
	keep_write(chunk_fields, chunk, out);
	return true;
}

static int load_good(void *owner, struct cursor *in)
{
	struct scan_state *s = owner;
	uint32_t slot = cursor_le16(in);
	if (cursor_left(in) != GOOD_BYTES || slot >= good_slots(s))
		return -EXF_E_FORMAT;
	return keep_read(chunk_fields, in, s->good + slot * GOOD_CHUNK);
}

void scan_keep(void *state, struct keep_list *list)
{
	struct scan_state *s = state;
	const struct keep_part parts[] = {
		{ .name = "port_scan.tracks",
		  .version = 1,
		  .owner = s,
		  .table = &s->tracks,
		  .fields = track_fields,
		  .took = took_track },
		{ .name = "port_scan.scanners",
		  .version = 1,
		  .owner = s,
		  .table = &s->scanners,
		  .fields = scanner_fields,
		  .took = took_scanner },
		{ .name = "port_scan.answered",
		  .version = 1,
		  .owner = s,
		  .slots = good_slots,
		  .save = save_good,
		  .load = load_good },
	};
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		keep_add(list, &parts[i]);
	routers_keep(&s->routers, list);
}
