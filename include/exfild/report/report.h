/*
 * report/report.h - one page for people, of what was found.
 *
 * What: takes alerts in the form in which every receiver gets them (one line of JSON, see
 * docs/alert.schema.json), keeps the last word of each, and writes one HTML file: what left, who,
 * to whom and how much first; then the way there, each alert with its proof, and what was not seen.
 * The file needs nothing else: no request, no font, no library; its style and its only script
 * stand in it and are named by their hashes in its content security policy.
 * The same alerts and the same report_seen give the same bytes.
 * Ownership: the report copies the lines.  What report_seen leads to is borrowed for the call.
 * Threads: one at a time.
 * Limits: REPORT_ALERTS alerts; of more, the least severe are counted only.  REPORT_FULL are shown
 * with their proof, REPORT_LISTED as a line.  The page says what it left out.
 */
#ifndef EXFILD_REPORT_REPORT_H
#define EXFILD_REPORT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/buf.h"
#include "exfild/base/err.h"
#include "exfild/store/usage.h"

#define REPORT_ALERTS 4096u
#define REPORT_FULL   200u
#define REPORT_LISTED 1000u
#define REPORT_BYTES  (64u << 20) /* of the page */

struct report;

/* NULL: memory is exhausted. */
struct report *report_new(void);
void report_free(struct report *r);

/*
 * One alert, or a later word of one.  0, -EXF_E_FORMAT (no alert of ours), -EXF_E_LIMIT (it is
 * counted, not kept) or -EXF_E_NOMEM.
 */
int report_alert(struct report *r, const char *line, size_t len) EXF_MUST_USE;

struct report_damage { /* an input that could not be read to its end */
	const char *path;
	uint64_t offset;
	const char *reason;
};

struct report_counter { /* something that was not seen whole */
	const char *what;
	uint64_t count;
	const char *meaning;
};

enum report_kind {
	REPORT_CAPTURE,
	REPORT_DAILY,
	REPORT_WEEKLY,
	REPORT_COMPLIANCE,
	REPORT_INCIDENT
};

struct report_exception {
	const char *source, *destination, *rule; /* "": any */
	const char *reason, *expires;
	uint64_t silenced;
};

enum report_note_kind {
	REPORT_NOTE_HOUR,  /* it watched */
	REPORT_NOTE_BLIND, /* a minute in which something was not seen */
	REPORT_NOTE_AWAY,  /* exfild did not run */
	REPORT_NOTE_CONFIGURATION,
	REPORT_NOTE_QUARANTINE,
	REPORT_NOTE_ACT, /* of somebody, by exfilctl */
};

/* What the ledger tells. */
struct report_note {
	enum report_note_kind kind;
	uint64_t from_ns, until_ns;
	uint64_t packets, dropped, unheard, away_s; /* of the first three */
	const char *what, *who, *text;              /* of the others; hostile */
};

/* What was looked at, and how well. */
struct report_seen {
	enum report_kind kind;
	const char *title;  /* "capture.pcap" */
	const char *inside; /* what was taken for inside */
	const char *const *inputs;
	size_t input_count;
	const struct report_damage *damages;
	size_t damage_count;
	const struct report_counter *counters; /* those of 0 are left out */
	size_t counter_count;
	const struct report_exception *exceptions;
	size_t exception_count;
	uint64_t first_ns, last_ns; /* packet time; 0: nothing came */
	uint64_t started_ns;        /* of a daemon: what it counts is since then; 0: no matter */
	uint64_t packets, bytes, flows, drops;
	bool is_interrupted, is_one_sided;
	bool is_unwatched;                     /* how well the sensor saw is not known */
	struct usage_db *usage;                /* NULL: nobody counted */
	uint64_t usage_since_s, usage_until_s; /* of it; until 0: no end */
	const char *geo;                       /* databases of countries, and of when; NULL: none */
	const char *host, *zone;               /* only theirs; NULL or "": all */
	const struct report_note *notes;       /* in the order of the ledger */
	size_t note_count;
	const char *ledger_why;    /* why there are none; NULL: they were read */
	const char *ledger_broken; /* where the ledger was altered; NULL or "": nowhere */
	bool is_live; /* exfilctl serve shows it: with the alerts that come, and links to hosts */
};

/* The page.  0, -EXF_E_NOMEM, or -EXF_E_LIMIT: it is larger than out may be. */
int report_page(const struct report *r, const struct report_seen *seen,
		struct buf *out) EXF_MUST_USE;

/* What a page with is_live may load, for the header Content-Security-Policy. */
void report_live_policy(struct buf *out);
/* An alert as the script of such a page takes it, one line of JSON; -EXF_E_FORMAT: it is none. */
int report_live_alert(const char *line, size_t len, struct buf *out) EXF_MUST_USE;

/*
 * A file that takes the place of another only when it is whole.  report_file_open makes it beside
 * its place, so that a path that cannot be written is known before hours of work.
 */
struct report_file {
	char path[4096], fresh[4104];
	int fd;
};

int report_file_open(struct report_file *f, const char *path, char *ret_why,
		     size_t why_size) EXF_MUST_USE;
/* Writes, gives it its name and closes.  After an error nothing is left behind. */
int report_file_put(struct report_file *f, const struct buf *page, char *ret_why,
		    size_t why_size) EXF_MUST_USE;
void report_file_drop(struct report_file *f);

#endif
