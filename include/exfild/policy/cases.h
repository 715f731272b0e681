/*
 * policy/cases.h - a table of cases: an alert in, a decision out.
 *
 * What: reads a YAML file of cases, shows their alerts to policies and compares what is decided
 * with what each expects.  No daemon, no network, nothing is done.
 * Ownership: borrows all.  Threads: one.
 * Limits: CASES_MAX cases a file.
 */
#ifndef EXFILD_POLICY_CASES_H
#define EXFILD_POLICY_CASES_H

#include <stdio.h>

#include "exfild/policy/policy.h"

#define CASES_MAX 4096

struct policy_cases {
	const char *const *policies; /* files; none: those that the file of cases names */
	size_t policy_count;
	bool is_explained; /* each decision is said, not only those that are wrong */
	FILE *out;
	/* what came of it */
	unsigned count, wrong;
};

/* -EXF_E_x: a file is wrong or cannot be read, and ret_why has the place and the sentence. */
int policy_cases_run(struct policy_cases *c, const char *path, char *ret_why,
		     size_t why_size) EXF_MUST_USE;
/* The same, and then for each policy how often it held and decided: what never does, what others
 * take from it. */
int policy_cases_cover(struct policy_cases *c, const char *path, char *ret_why,
		       size_t why_size) EXF_MUST_USE;
/* exfilctl policy ...: argv[0] is "policy"; the exit status of exfilctl(8). */
int policy_tool(int argc, char **argv);

#endif
