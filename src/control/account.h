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

struct account_options {
	const char *socket_path;
	const char *kind;                /* daily, weekly, compliance, incident */
	const char *output;              /* the page */
	const char *file;                /* alerts, a line each; NULL: those that the daemon has */
	const char *usage;               /* the database */
	const char *host, *alert, *zone; /* "": all */
};

/* account_options.c: -1 to go on, else the status to end with; what was wrong has been said. */
int account_parse(struct account_options *o, int argc, char **argv);
/* The kind by its name, and how far back it goes, 0: all; false: there is none of this name. */
bool account_kind(const char *name, enum report_kind *ret, uint64_t *ret_length_ns);

/* argv[0] is "report"; enum client_status. */
int account_run(int argc, char **argv);

#endif
