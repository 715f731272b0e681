/*
 * store/usage.h - the database of who used which service, and how much.
 *
 * What: an SQLite database of counters (usage/usage.h fills them) by hour and by day, and a reader
 * that answers any grouping.  Hosts and services stand in tables of their own, with when they were
 * first and last seen, which stays when their counters have gone.
 *   The reader opens a file read-only, while exfild writes it or without one; usage_db_memory()
 *   gives the same answers of a replay whose counters were never written to a disk.
 *   The writer is one thread: whoever counts hands over a batch an hour and never waits for a disk.
 *   A full disk is said once, loudly, and counted; counting goes on.  A damaged file, and one of
 *   another format, is set aside (usage.db.damaged-1) and never deleted.
 * Ownership: usage_db_close(), usage_writer_close().  A batch is copied.
 * Threads: a reader is one thread's; a writer's functions are its owner's, one at a time, but
 * usage_writer_stats(), which is anybody's.
 * Limits: hours are kept USAGE_HOURS_DAYS days, days keep_days; max_bytes for the file; texts of
 * USAGE_TEXT_MAX bytes, cut beyond.
 */
#ifndef EXFILD_STORE_USAGE_H
#define EXFILD_STORE_USAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/err.h"

/* 1: without sums by week of hosts and of services; 2: without packs; 3: without TLS and risk, days
   that are over as rows; 4: without rows that wait for their tables */
#define USAGE_FORMAT     5
#define USAGE_HOURS_DAYS 8
#define USAGE_TEXT_MAX   128
#define USAGE_FILTERS    16
#define USAGE_ROWS_MAX   (1u << 22) /* of an answer */

enum usage_direction {
	USAGE_OUT,     /* a host of ours asked somebody outside */
	USAGE_IN,      /* somebody outside asked a host of ours */
	USAGE_LATERAL, /* one of ours asked another */
	USAGE_TRANSIT, /* neither is ours */
	USAGE_DIRECTION__COUNT
};

enum usage_sanction {
	USAGE_UNKNOWN,      /* no service of the catalogue */
	USAGE_UNSANCTIONED, /* of the catalogue, and neither of these */
	USAGE_TOLERATED,    /* services.tolerated */
	USAGE_UNCLEAR,      /* some of its tenants are ours, and which it was was not seen */
	USAGE_SANCTIONED,   /* services.sanctioned, or a tenant of ours */
	USAGE_SANCTION__COUNT
};

enum usage_risk { /* of a service, as the catalogue has it */
		  USAGE_RISK_UNKNOWN,
		  USAGE_RISK_LOW,
		  USAGE_RISK_MEDIUM,
		  USAGE_RISK_HIGH,
		  USAGE_RISK__COUNT
};

/* "out", "in" ..., "unknown", "unsanctioned" ..., "unknown", "low" ... */
const char *usage_direction_name(enum usage_direction d);
const char *usage_sanction_name(enum usage_sanction s);
const char *usage_risk_name(enum usage_risk r);

/* IP bytes as they passed, retransmissions included; up leaves the host, down comes to it. */
struct usage_counts {
	uint64_t up, down;
	uint64_t clear, named, opaque; /* of up + down: readable, a name at least, nothing */
	uint64_t flows, alerts, verdicts;
	uint64_t first_ns, last_ns; /* packet time */
	uint64_t score;             /* the highest risk score of these alerts, 0 to 100 */
};

void usage_counts_add(struct usage_counts *to, const struct usage_counts *n);

/* ---- asking ---- */

enum usage_dim {
	USAGE_BY_HOUR,      /* "2026-11-23 19:00" */
	USAGE_BY_DAY,       /* "2026-11-23", UTC as all times here */
	USAGE_BY_ZONE,      /* of the host; "" none */
	USAGE_BY_HOST,      /* its address; "other": those that had no place of their own */
	USAGE_BY_USER,      /* "" unless usage.per_user */
	USAGE_BY_SERVICE,   /* name in the catalogue, else registered domain, else protocol or
			       address; "other": those that had no place */
	USAGE_BY_TENANT,    /* "" the service has none; "not distinguishable" */
	USAGE_BY_CATEGORY,  /* "storage", "ai" ...; "" not in the catalogue */
	USAGE_BY_RISK,      /* enum usage_risk by name */
	USAGE_BY_SANCTION,  /* enum usage_sanction by name */
	USAGE_BY_COUNTRY,   /* ISO 3166 of the address; "" not known */
	USAGE_BY_AS,        /* "AS15169 Google"; "" not known */
	USAGE_BY_TLS,       /* "TLS 1.3", "weak TLS 1.0" ...; "" none was seen */
	USAGE_BY_DIRECTION, /* enum usage_direction by name */
	USAGE_BY__COUNT
};

/* "hour", "day" ...; USAGE_BY__COUNT for a word that is none. */
const char *usage_dim_name(enum usage_dim d);
enum usage_dim usage_dim_find(const char *name);

enum usage_order {
	USAGE_ORDER_UP,
	USAGE_ORDER_DOWN,
	USAGE_ORDER_BOTH,
	USAGE_ORDER_FLOWS,
	USAGE_ORDER_ALERTS,
	USAGE_ORDER_CLEAR,
	USAGE_ORDER_OPAQUE,
	USAGE_ORDER_SCORE,
	USAGE_ORDER_FIRST, /* newest first */
	USAGE_ORDER_LAST,
	USAGE_ORDER_SEEN, /* first seen ever, newest first */
	USAGE_ORDER_KEY,  /* the groups' own order, rising: for pictures over time */
	USAGE_ORDER__COUNT
};

/* "up", "down" ...; USAGE_ORDER__COUNT for a word that is none. */
const char *usage_order_name(enum usage_order o);
enum usage_order usage_order_find(const char *name);

/* value: exactly so; "a*": begins so.  Filters of one dimension are alternatives. */
struct usage_filter {
	enum usage_dim dim;
	const char *value;
	bool is_not;
};

struct usage_query {
	uint32_t by; /* 1u << enum usage_dim ...; 0: one row, the total */
	struct usage_filter filters[USAGE_FILTERS];
	size_t filter_count;
	/* Seconds since 1970, [since, until); until 0: no end.  Hours are not divided; what is
	   older than USAGE_HOURS_DAYS is rounded to its day. */
	uint64_t since_s, until_s;
	/* Only groups whose host or service was never seen before this; 0: all. */
	uint64_t new_since_s;
	bool is_alerted; /* only groups that alerts are about */
	bool keeps_rest; /* what filters of services leave out is a group without a service */
	enum usage_order order;
	bool is_rising; /* the other way round */
	uint32_t limit; /* rows; 0: all */
	/* Of all that passes the filters, whatever is new or within the limit; NULL: not wanted. It
	   is there before the first row is. */
	struct usage_counts *total;
};

struct usage_answer {
	const char *key[USAGE_BY__COUNT]; /* of those asked for, else NULL; hostile text */
	const char *title;                /* of a group by service: "Dropbox"; else "" */
	const char *name;                 /* of a group by host: what it calls itself; else "" */
	struct usage_counts counts;
	uint64_t seen_ns; /* when its host or service was first seen, before the range too */
};

struct usage_db;

/* -EXF_E_IO, -EXF_E_FORMAT: ret_why has a sentence. */
int usage_db_open(const char *path, struct usage_db **ret, char *ret_why,
		  size_t why_size) EXF_MUST_USE;
/* NULL is accepted. */
void usage_db_close(struct usage_db *db);
/* First hour and end of the last one that anything is known of, in seconds; 0 and 0: empty. */
void usage_db_span(struct usage_db *db, uint64_t *ret_first_s, uint64_t *ret_end_s);

/* False: enough. Texts are valid until it returns. */
typedef bool (*usage_answer_fn)(void *arg, const struct usage_answer *a);
/* Rows in their order; 0 or -EXF_E_x with a sentence: -EXF_E_LIMIT, there are more than
 * USAGE_ROWS_MAX. */
int usage_db_query(struct usage_db *db, const struct usage_query *q, usage_answer_fn fn, void *arg,
		   char *ret_why, size_t why_size) EXF_MUST_USE;

/* ---- telling ---- */

struct usage_host {
	const char *zone, *address, *user, *name;
};

struct usage_service {
	const char *name, *title, *category, *tenant;
	enum usage_sanction sanction;
	enum usage_risk risk;
};

/* Of the other end, and how one speaks with it. */
struct usage_place {
	const char *country, *as, *tls;
};

/* Counters of one hour; what is pointed to is borrowed for the call. */
struct usage_row {
	uint64_t hour_s; /* begin of the hour, seconds since 1970 */
	const struct usage_host *host;
	const struct usage_service *service;
	const struct usage_place *place;
	enum usage_direction direction;
	struct usage_counts counts;
};

/* A database that is nowhere but in memory. */
int usage_db_memory(struct usage_db **ret, char *ret_why, size_t why_size) EXF_MUST_USE;
/* For the next usage_db_write(); false: memory is exhausted. */
bool usage_db_add(struct usage_db *db, const struct usage_row *row) EXF_MUST_USE;
/* All that was added, or nothing of it. */
int usage_db_write(struct usage_db *db, char *ret_why, size_t why_size) EXF_MUST_USE;

struct usage_writer;

struct usage_writer_options {
	const char *path;
	uint64_t max_bytes;
	uint32_t keep_days;
	/* The thread opens it: converting an older one of some gigabytes takes minutes.  Until then
	 * it is not free; what keeps it from being opened is said on the log, and tried again. */
	bool is_background;
};

struct usage_writer_stats {
	uint64_t rows;    /* written since the start */
	uint64_t lost;    /* rows that could not be */
	uint64_t bytes;   /* of the database */
	bool is_open;     /* false: it is being opened, or cannot be */
	uint64_t written; /* begin of the newest hour that is on the disk, in seconds */
	bool is_failing;  /* the last batch could not be written */
};

/* -EXF_E_IO, -EXF_E_LIMIT (another process has it): ret_why has the sentence.  In the background:
 * -EXF_E_NOMEM alone. */
int usage_writer_open(const struct usage_writer_options *o, struct usage_writer **ret,
		      char *ret_why, size_t why_size) EXF_MUST_USE;
/* For the next batch; false: memory is exhausted, and it is counted as lost. */
bool usage_writer_add(struct usage_writer *w, const struct usage_row *row);
/* Hands the batch to the thread; false: it is busy with the one before, ask again. */
bool usage_writer_commit(struct usage_writer *w);
/* Whether the thread would take a batch now. */
bool usage_writer_is_free(struct usage_writer *w);
/* Waits until all that was handed over is written, or has failed; whether it was written.  One that
 * is being opened is waited for, once. */
bool usage_writer_wait(struct usage_writer *w);
void usage_writer_stats(struct usage_writer *w, struct usage_writer_stats *ret);
/* Waits as above.  NULL is accepted. */
void usage_writer_close(struct usage_writer *w);

#endif
