/*
 * responder/book.h - the decisions in effect, and whether another one may be made.
 *
 * What: the judgement of a request against mode, never-list, caps and rate; extension on repeat;
 * expiry.  Knows neither kernel nor socket: what is to be changed there is told by book_fn.
 * Repeats: a decision that is asked for again ends later, twice as long each time, up to
 * BOOK_LONGEST_S for people and BOOK_LONGEST_TTLS times quarantine.ttl for the daemon.
 * Clock: `now_s` since 1970 for what people see and for what survives a restart of the machine.
 * Ownership: owns its table.
 * Threads: one owner.
 * Limits: quarantine.max decisions, quarantine.per_minute new ones a minute, BOOK_ACTS last acts.
 */
#ifndef EXFILD_SRC_RESPONDER_BOOK_H
#define EXFILD_SRC_RESPONDER_BOOK_H

#include "exfild/responder/request.h"
#include "never.h"

#define BOOK_ACTS         1024
#define BOOK_LONGEST_S    (30u * 86400)
#define BOOK_LONGEST_TTLS 24
/* As many names at one address make it one of a CDN or a shared host. */
#define BOOK_NAMES        3

struct book_limits {
	uint32_t max, per_minute;
	uint64_t ttl_s;
};

struct book {
	struct book_limits limits;
	struct quarantine_entry *entries; /* by number */
	size_t count;
	uint64_t last_number;
	uint64_t minute_s; /* begin of the minute that is counted */
	uint32_t in_minute;
	struct quarantine_act *acts; /* a ring: number n at n % BOOK_ACTS */
	uint64_t last_act;
	uint64_t added, refused, released, expired, restored;
};

struct book_asker {
	uint32_t uid;
	bool is_admin;
};

int book_init(struct book *b, const struct book_limits *limits) EXF_MUST_USE;
void book_deinit(struct book *b);

/*
 * Judges an ADD and writes it down.  OK: ret_entry is what must be in effect now.  Else ret_why has
 * a sentence.  Never cuts off an address for which never_why() has a reason.
 */
enum quarantine_status book_add(struct book *b, const struct never *never,
				const struct quarantine_request *r, const struct book_asker *by,
				uint64_t now_s, struct quarantine_entry *ret_entry, char *ret_why,
				size_t why_size);
/* An admin's decision is released by an admin only. */
enum quarantine_status book_release(struct book *b, const struct quarantine_request *r,
				    const struct book_asker *by,
				    struct quarantine_entry *ret_entry);
/*
 * Takes out one about this host that the asker may release, whatever it cuts off; false: there is
 * none.  An outside address has no lease.
 */
bool book_move(struct book *b, const struct ipaddr *host, const struct book_asker *by,
	       struct quarantine_entry *ret_entry);
/* Takes out one that is over, false: there is none. */
bool book_expire(struct book *b, uint64_t now_s, struct quarantine_entry *ret_entry);
/* All of them go. */
void book_clear(struct book *b);
/* At least `index`; NULL: none. */
const struct quarantine_entry *book_at(const struct book *b, size_t index);
/* What came of it, kept with the decision. */
struct quarantine_entry *book_find(struct book *b, uint64_t number);
/* Puts back what was saved: not judged, but for room and the never-list. */
bool book_restore(struct book *b, const struct never *never, const struct quarantine_entry *e,
		  uint64_t now_s);

/* Writes an act down; entry may be NULL. */
struct quarantine_act *book_act(struct book *b, enum quarantine_act_kind kind,
				enum quarantine_status status, uint32_t uid, uint64_t now_s,
				const struct quarantine_entry *entry);
/* The first with a number of at least that; NULL: none. */
const struct quarantine_act *book_act_from(const struct book *b, uint64_t number);

#endif
