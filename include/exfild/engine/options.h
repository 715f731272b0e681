/*
 * engine/options.h - the command line.
 *
 * What: exfild's options (design section 4), parsed and checked.
 * Ownership: strings point into argv; lists belong to the struct.
 * Threads: main only.
 */
#ifndef EXFILD_ENGINE_OPTIONS_H
#define EXFILD_ENGINE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/ipaddr.h"

#define OPTIONS_SETS_MAX       64
#define OPTIONS_INSIDE_MAX     64
#define OPTIONS_INTERFACES_MAX 64

enum output_form { OUTPUT_AUTO, OUTPUT_TEXT, OUTPUT_JSON };

enum exit_status {
	EXIT_DONE = 0,
	EXIT_START = 1,
	EXIT_USAGE = 2,
	EXIT_DAMAGED = 3,
	EXIT_ALERTS = 4
};

struct options {
	const char **argv; /* as it was given: parsing changes the order */
	int argc;
	const char **inputs;
	size_t input_count;
	const char *interfaces[OPTIONS_INTERFACES_MAX]; /* live; none with is_live: as configured */
	size_t interface_count;
	bool is_live;
	const char *config_path;
	const char *sets[OPTIONS_SETS_MAX];
	size_t set_count;
	struct prefix inside[OPTIONS_INSIDE_MAX];
	size_t inside_count;
	enum output_form form;
	const char *minimum; /* level, NULL: the configuration's */
	const char *fail_on; /* level, NULL: never */
	unsigned workers;    /* 0: the configuration's */
	const char *filter;
	uint64_t since_ns, until_ns;
	const char *events_path, *evidence_path, *report_path;
	const char *case_path;  /* a folder with these and more */
	const char *state_path; /* NULL: live as configured, in a replay none */
	bool publish, check_only, quiet, self_test;
	unsigned verbose;
};

/* -1: go on; else the exit status to end with (usage, help or version was printed). */
int options_parse(struct options *o, int argc, char **argv);
void options_free(struct options *o);

#endif
