/*
 * engine/selftest.h - armed is shown, not assumed.
 *
 * What: replays the shipped attacks through the configuration, each into an empty state, and says
 * of each whether it fired; if not, which part of the configuration keeps it silent: found by
 * replaying it again with that part at its default.  Harmless captures must raise nothing.
 * Nothing is sent, kept or listened to.
 * Ownership: borrows options and configuration.  Threads: main; -j as in a replay.
 */
#ifndef EXFILD_SRC_ENGINE_SELFTEST_H
#define EXFILD_SRC_ENGINE_SELFTEST_H

#include "exfild/config/config.h"
#include "exfild/engine/options.h"
#include "exfild/finding/finding.h"

enum selftest_result {
	SELFTEST_FIRED,
	SELFTEST_SILENT, /* an attack that raised nothing that is sent */
	SELFTEST_QUIET,  /* a harmless capture, as it should be */
	SELFTEST_FALSE,  /* a harmless capture that raised a medium alert or above */
	SELFTEST_BROKEN, /* the capture cannot be read */
};

struct selftest_case {
	const char *name, *detector, *what; /* detector NULL: harmless */
};

/* How one capture went. */
struct selftest_row {
	const struct selftest_case *test;
	enum selftest_result result;
	enum severity severity; /* the highest, sent or not */
	const char *rule;       /* of it, NULL: none */
	unsigned alerts;        /* that would be sent */
	const char *code;       /* silent: disabled, exception, minimum, parameter, filter, ...;
				   NULL: nothing to explain */
	char reason[400];
};

/* How all went: fired, silent ... by result. */
struct selftest_sums {
	unsigned attacks, harmless;
	unsigned by_result[SELFTEST_BROKEN + 1];
};

/* The exit status.  config_name: where the configuration came from, for people. */
int selftest_run(const struct options *o, const struct config *c, const char *config_name,
		 const char *data_dir);

/* selftest_print.c */
void selftest_print_head(bool json, const char *config_name);
void selftest_print_row(bool json, const struct selftest_row *row);
void selftest_print_sums(bool json, const struct selftest_sums *sums);

#endif
