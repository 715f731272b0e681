/*
 * control/account.h - exfilctl report.
 *
 * What: gathers the last alerts, the state of the daemon and the usage database, and writes the
 * page.  Each of the three may be missing; the page then says what it is without.
 * Threads: one.
 */
#ifndef EXFILD_SRC_CONTROL_ACCOUNT_H
#define EXFILD_SRC_CONTROL_ACCOUNT_H

#include "exfild/base/buf.h"
#include "exfild/report/report.h"

#define ACCOUNT_SOCKET "/run/exfild/control.sock"
#define ACCOUNT_USAGE  "/var/lib/exfild/usage.db"
#define ACCOUNT_LEDGER "/var/lib/exfild/ledger"

struct account_options {
	const char *socket_path;
	const char *kind;                /* daily, weekly, compliance, incident */
	const char *output;              /* the page */
	const char *file;                /* alerts, a line each; NULL: those that the daemon has */
	const char *usage;               /* the database */
	const char *ledger;              /* its folder */
	const char *host, *alert, *zone; /* "": all */
	bool is_live;                    /* a page of exfilctl serve: without a daemon too */
};

/* account_options.c: -1 to go on, else the status to end with; what was wrong has been said. */
int account_parse(struct account_options *o, int argc, char **argv);
/* The kind by its name, and how far back it goes, 0: all; false: there is none of this name. */
bool account_kind(const char *name, enum report_kind *ret, uint64_t *ret_length_ns);

/* account_ledger.c: what the ledger tells of a time, in its order. */
struct account_notes {
	struct report_note *list; /* with strings of its own */
	size_t count, room;
	uint64_t since_ns, watching_ns; /* watching_ns: it watched from then on; 0: it has ended */
	bool is_cut;
	char why[1024];    /* it could not be read */
	char broken[1024]; /* it was altered; what comes before that is in the list */
};

void account_notes_read(struct account_notes *a, const char *directory, uint64_t since_ns);
/* The daemon answers, so it has watched up to now. */
void account_notes_end(struct account_notes *a, uint64_t now_ns);
void account_notes_free(struct account_notes *a);

/* The page; CLIENT_DONE, else it has been said why not. */
int account_page(const struct account_options *o, struct buf *out);
/* argv[0] is "report"; enum client_status. */
int account_run(int argc, char **argv);

#endif
