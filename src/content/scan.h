/*
 * content/scan.h - a text that passes, and how a match in it becomes a hit.
 *
 * What: the state of scanner.c that hits.c reads and counts in.
 * Ownership: the scanner's.  Threads: one at a time.
 * Limits: PENDING matches wait in a lane; the last RECENT values of a text are known again; KINDS
 * kinds and labels of a text are counted.
 */
#ifndef EXFILD_SRC_CONTENT_SCAN_H
#define EXFILD_SRC_CONTENT_SCAN_H

#include "exfild/content/packed.h"
#include "content.h"
#include "prints.h"

#define TAIL    (CONTENT_BEHIND + CONTENT_AHEAD)
#define PENDING 16
#define RECENT  32 /* values that are known again */
#define KINDS   24 /* kinds and labels counted apart */
#define PACKED  16 /* texts that are undone at a time */

struct pending {
	uint64_t end;
	uint32_t id;
};

struct lane {
	hs_stream_t *stream; /* kept from text to text */
	uint64_t passed;
	uint16_t tail_len, pending_count;
	uint8_t tail[TAIL];
	struct pending pending[PENDING];
};

struct counted {
	const char *label;
	uint32_t count;
	uint8_t kind;
};

/* What the first two bytes say. */
enum form { FORM_NEW, FORM_HELD, FORM_PLAIN, FORM_PACKED, FORM_SPENT };

struct text {
	bool is_open, is_wide;
	bool has_sets;  /* it is compared with the customer's own data */
	uint8_t form;   /* enum form */
	uint8_t held;   /* the first byte, as long as it is alone */
	uint8_t packed; /* 1 + number of its slot; 0: none */
	uint8_t kinds;
	uint32_t next_free;
	struct lane lane[2];
	struct prints_lane prints[2]; /* of the same */
	struct coded coded;
	uint64_t recent[RECENT];
	uint32_t recent_next;
	uint32_t card_forms, cards; /* what has a card's form; what also passes */
	uint16_t far[CONTENT_RULES / 4];
	uint64_t word_end[CONTENT_RULES / 4]; /* of the rule's word; 0: none came */
	struct counted counted[KINDS];
};

struct content_scanner {
	const struct content_rules *rules;
	hs_scratch_t *scratch;
	struct hash_key key;
	struct text *texts;
	uint32_t max_texts, made, free_list;
	struct packed *packed[PACKED]; /* made when first needed */
	bool is_taken[PACKED];
	struct sights *sights;
	size_t stream_size, scratch_size;
	struct content_counts counts;
};

/* What a portion's matches need. */
struct scan {
	struct content_scanner *s;
	struct text *t;
	struct lane *lane;
	const uint8_t *data;
	size_t len;
	bool is_end, is_coded;
	content_hit_fn fn;
	void *arg;
};

/* A match of the pattern `id` ends at `end` of the lane, and what follows it is there, or nothing
 * does: if it is what it seems, it is told. */
void scan_validate(struct scan *c, unsigned id, uint64_t end);

#endif
