/*
 * content/prints.h - how texts become hashes, alike where a set is made and where it is looked for.
 *
 * What: a text is read as its letters and digits, small, bytes of other alphabets as they are;
 * what parts words is left out.  From that come marks (winnowed runs of PRINT_GRAM) and cells
 * (words, and up to PRINT_WORDS of them in a row).  A polynomial over the bytes, with a secret
 * base, picks candidates; SipHash of the bytes themselves decides.
 * Ownership: a lane belongs to a text.  Threads: that of its owner.
 * Limits: a cell has PRINT_CELL_MIN to PRINT_CELL_MAX bytes.
 */
#ifndef EXFILD_SRC_CONTENT_PRINTS_H
#define EXFILD_SRC_CONTENT_PRINTS_H

#include "exfild/content/sets.h"

#define PRINT_GRAM     32u
#define PRINT_WINDOW   64u
#define PRINT_CARRY    (PRINT_GRAM + PRINT_WINDOW - 2)
#define PRINT_WORDS    5u
#define PRINT_CELL_MIN 4u
#define PRINT_CELL_MAX 64u
#define PRINT_ROWS     8u /* of a table that one value may be in */

#define SET_MAGIC  "exfprnt1"
#define SET_HEAD   32u /* bytes before the name */
#define SET_ENTRY  20u
#define SET_SEAL   8u
#define WORTH_ROW  36u /* bits that a row's cells must have together */
#define WORTH_NEAR 512u

struct print {
	uint64_t hash;
	uint32_t filter; /* of the candidate, as print_found has it */
	uint32_t unit;   /* which mark, row or canary */
	uint16_t set;
	uint8_t column, worth; /* of a cell: bits */
};

/* What the key gives. */
struct print_keys {
	struct content_key key;
	uint64_t base, secret;
	uint64_t power[PRINT_CELL_MAX + 1]; /* of base */
	uint8_t letter[256];                /* how a byte is read, which no key changes */
};

struct prints_lane {
	uint64_t passed; /* bytes of the reading so far */
	uint64_t picked; /* 1 + place of the last mark */
	uint8_t carry[PRINT_CARRY];
	uint8_t carry_len;
	uint8_t breaks[PRINT_WORDS]; /* how far before the end words began or ended, nearest first
				      */
	uint8_t break_count;
	uint8_t escape, held; /* of %41 and \n */
};

/* What is looked for, so that no more is computed. */
enum { PRINTS_MARKS = 1u << 0, PRINTS_CELLS = 1u << 1 };

struct print_found {
	const uint8_t *bytes; /* of the reading */
	uint32_t len;
	uint32_t filter; /* top bits: place in the bitmap of candidates */
	bool is_cell;
	uint64_t at; /* its end in the reading */
};
typedef void (*print_fn)(void *arg, const struct print_found *f);

struct print_job {
	const struct print_keys *keys;
	unsigned wants;
	const uint64_t *bitmap; /* of candidates, NULL: all are */
	unsigned shift;         /* of filter, to a bit of it */
	print_fn fn;
	void *arg;
};

void print_keys_make(const struct content_key *key, struct print_keys *ret);
/* A lane of zeros is at the begin of a text. */
void prints_take(struct prints_lane *l, const struct print_job *job, const uint8_t *data,
		 size_t len);
/* As a byte that parts words; the end of a text. */
void prints_end(struct prints_lane *l, const struct print_job *job);

/* ---- set_file.c ---- */

/* Whole or not at all; readable for the group of its folder, which is the daemon's. */
int set_file_write(const char *path, bool is_new, const void *data, size_t len, char *ret_why,
		   size_t why_size) EXF_MUST_USE;

/* ---- siphash.c ---- */

uint64_t siphash(const struct content_key *key, const void *data, size_t len);

/* ---- sets.c ---- */

struct set {
	char name[SET_NAME];
	enum set_kind kind;
	uint32_t units, prints;
};

struct content_sets {
	struct print_keys keys;
	struct print_job job; /* without fn and arg */
	struct set *set;
	uint32_t count;
	struct print *print; /* by hash */
	uint32_t prints;
	uint32_t *first; /* of each bucket of hashes, and the end */
	unsigned bucket_shift;
	uint64_t *bitmap; /* of job */
	uint32_t holders; /* under the lock of the slot that they are in */
};

uint64_t set_key_mark(const struct content_key *key);
bool set_name_is_good(const char *name, size_t len);
/* The prints of this hash: *ret_end behind the last one. */
const struct print *sets_find(const struct content_sets *s, uint64_t hash,
			      const struct print **ret_end);

/* ---- slot.c ---- */

struct sets_slot;
struct sets_slot *sets_slot_new(void);
void sets_slot_free(struct sets_slot *slot);
/* Whether another one is in it than that of this number. */
bool sets_slot_is_other(const struct sets_slot *slot, uint32_t number);
/* Gives `old` back and holds what is in it now, NULL: nothing is. */
struct content_sets *sets_slot_exchange(struct sets_slot *slot, struct content_sets *old,
					uint32_t *number);
/* Gives them back, NULL: none. */
void sets_slot_leave(struct sets_slot *slot, struct content_sets *old);
/* Takes the sets over, NULL: none. */
void sets_slot_put(struct sets_slot *slot, struct content_sets *sets);

/* ---- sight.c ---- */

struct sights;
struct content_hit;
typedef void (*sight_fn)(void *arg, const struct content_hit *hit);

/* Where the text's bytes are from, and who hears what is in a set. */
struct sight_text {
	uint32_t number;
	bool is_coded;
	sight_fn fn; /* NULL: nobody */
	void *arg;
};

struct sights *sights_new(const struct content_rules *rules);
void sights_free(struct sights *s);
/* A text begins: whether there are sets to compare it with. */
bool sights_begin(struct sights *s);
void sights_take(struct sights *s, const struct sight_text *t, struct prints_lane *l,
		 const uint8_t *data, size_t len);
/* The text is at its end: what is more than has been told. */
void sights_end(struct sights *s, const struct sight_text *t);
void sights_counts(const struct sights *s, uint64_t *refused, size_t *bytes);

/* ---- csv.c ---- */

struct csv {
	const uint8_t *data;
	size_t len, at;
	uint8_t separator;
};
void csv_begin(struct csv *c, const void *data, size_t len);
/*
 * The next cell in dst, cut at `size`, quotes undone: its length; *is_last: of its row.  -1: there
 * is none.
 */
int csv_next(struct csv *c, uint8_t *dst, size_t size, bool *is_last);

#endif
