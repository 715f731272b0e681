/*
 * store/usage_db.h - what opening and asking share.
 *
 * What: a question is answered in steps, each a file: usage_cover.c chooses the tables that know
 * its range, usage_words.c reads what numbers are called and which of them pass the filters,
 * usage_scan.c steps through the rows and packs, usage_groups.c adds them up and puts them in
 * order. Threads: one.
 */
#ifndef EXFILD_SRC_STORE_USAGE_DB_H
#define EXFILD_SRC_STORE_USAGE_DB_H

#include <string.h>

#include "exfild/base/arena.h"
#include "exfild/base/buf.h"
#include "usage_fresh.h"
#include "usage_packs.h"
#include "usage_runs.h"

#define USAGE_PIECES 5
#define BY(dim)      (1u << USAGE_BY_##dim)
#define HOST_DIMS    (BY(HOST) | BY(USER))
#define SERVICE_DIMS (BY(SERVICE) | BY(TENANT) | BY(CATEGORY) | BY(RISK) | BY(SANCTION))
#define PLACE_DIMS   (BY(COUNTRY) | BY(AS) | BY(TLS))
#define T_END        4000000u /* in any unit: after all that is known */

struct usage_db {
	sqlite3 *sqlite;
	unsigned format;
	bool is_memory;           /* all of it is in its tables */
	struct usage_batch batch; /* of a file: rows that are in no table yet */
	struct buf added;         /* its text, or what is written next; as usage_pack() has them */
	int64_t version;          /* of the file, when they were read; below 0: they were not */
};

struct piece {
	enum usage_table table;
	uint64_t from, to; /* in the table's unit */
};

/* Packs are asked for as well; of a question's hours there are two edges at most. */
#define USAGE_SPANS 2
struct spans {
	struct span {
		uint64_t from, to; /* units */
	} list[USAGE_SPANS];
	size_t count;
};

/* ---- words ---- */

enum word_kind { WORD_ZONE, WORD_HOST, WORD_SERVICE, WORD_PLACE, WORD__COUNT };

/* Texts of a word: zone: name; host: zone, address, user, what it calls itself; service: name,
 * tenant, category, title; place: country, network, TLS. */
#define WORD_TEXTS 4

struct word {
	const char *text[WORD_TEXTS];
	uint64_t first_ns;
	uint32_t id, group; /* group: from 1, in the order of what is grouped by */
	uint32_t zone;      /* of a host */
	uint8_t risk, sanction;
	bool passes;
};

struct word_list {
	struct word *list; /* by group */
	uint32_t count, room;
	uint32_t *places; /* by number: the place in the list, and 1 */
	uint32_t numbers;
	uint32_t *shown; /* by group: the first of its words */
	uint32_t groups;
	uint32_t passing;    /* words that pass */
	bool passes_unknown; /* a number that has no word (any more) */
};

struct words {
	struct arena arena;
	struct word_list kinds[WORD__COUNT];
};

/* NULL: it has none. */
static inline const struct word *words_find(const struct words *w, enum word_kind kind, uint64_t id)
{
	const struct word_list *l = &w->kinds[kind];
	uint32_t at = id < l->numbers ? l->places[id] : 0;
	return at ? &l->list[at - 1] : NULL;
}

/* ---- groups ---- */

struct group {
	uint32_t host,
		service; /* groups of words; host: or of zones; 0: not grouped by, or no word */
	uint64_t other;  /* place, time, direction */
	struct usage_counts n;
	uint64_t seen_ns;
};

struct group_set {
	struct group *list;
	uint32_t count, room;
	uint32_t *slots; /* places in the list, and 1 */
	uint32_t mask;
	uint32_t last; /* place of the one that was added to last */
};

/* Groups by host, of hosts whose rows are read next. */
struct host_order {
	uint32_t *begin; /* by host: in places */
	uint32_t *places;
	uint32_t hosts, count; /* count: groups that have gone to their host, or may */
};

struct groups {
	const struct usage_query *q;
	struct group_set all; /* what is not complete before everything is read */
	struct group_set own; /* of the host, or the time, that is being read */
	struct host_order order;
	uint8_t *has_gone;  /* by place in all: it is in own, or was */
	struct group *best; /* a heap, its last one first; or a run, when all are wanted */
	uint32_t best_count, best_room, limit;
	struct runs runs;
	uint32_t next; /* to be given */
};

/* "10.1.*": what begins so. */
static inline bool is_beginning(const struct usage_filter *f)
{
	size_t len = strlen(f->value);
	return len > 0 && f->value[len - 1] == '*';
}

struct asking {
	const struct usage_query *q;
	sqlite3 *db;
	unsigned format;                 /* of the file */
	const struct usage_batch *fresh; /* rows that are in no table yet */
	uint64_t fresh_day;              /* the first of them */
	uint64_t from_hour, to_hour;     /* of them those are asked for */
	uint64_t rolled;                 /* days from here on are in no week */
	uint32_t by, used, filtered;     /* dimensions: grouped by, filtered by */
	struct piece pieces[USAGE_PIECES];
	size_t piece_count;
	struct spans packs[PACK_KIND__COUNT];
	struct words words;
	struct groups groups;
	struct buf sql;
	uint8_t directions; /* that pass: 1u << enum usage_direction */
	bool is_full;       /* there are too many groups */
};

/* usage_db.c: rows that are in no table, as they are now; SQLite's code. */
int usage_db_refresh(struct usage_db *db);
/* usage_cover.c: the pieces of its range. */
void usage_cover(struct asking *a);
/* usage_words.c: SQLite's code. */
int usage_words_load(struct asking *a);
void usage_words_free(struct words *w);
/* usage_scan.c: all rows into groups; SQLite's code. */
int usage_scan(struct asking *a);
/* usage_query.c: the number of a filter's word, -1: it is a text. */
int usage_word_number(const struct usage_filter *f);

/* usage_groups.c. */
void groups_init(struct groups *g, const struct usage_query *q);
void groups_free(struct groups *g);
/* Into a set; its group, NULL: there are too many. */
struct group *groups_add(struct group_set *s, const struct group *row);
/* What all has so far, by host (of so many); false: no memory. */
bool groups_order(struct groups *g, uint32_t hosts);
/* A host is read as a whole: what all has of it goes to its own.  False: too many. */
bool groups_begin_host(struct groups *g, uint32_t host);
/* Its own are complete; false: too many. */
bool groups_end_own(struct groups *g);
/* All groups are.  False: too many. */
bool groups_finish(struct groups *g);
/* In their order; false: there is no more, or runs.error is set. */
bool groups_next(struct groups *g, struct group *ret);
/* Below 0: a stands before b. */
int groups_compare(const struct group *a, const struct group *b, const struct usage_query *q);

static inline uint64_t group_other(uint32_t place, uint32_t time, uint32_t direction)
{
	return (uint64_t)time << 36 | (uint64_t)place << 4 | (direction & 3);
}
static inline uint32_t group_place(const struct group *g)
{
	return (uint32_t)(g->other >> 4);
}
static inline uint32_t group_time(const struct group *g)
{
	return (uint32_t)(g->other >> 36);
}
static inline uint32_t group_direction(const struct group *g)
{
	return g->other & 3;
}

#endif
