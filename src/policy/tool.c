/*
 * policy/tool.c - exfilctl policy: what policies would decide, without a daemon.
 */
#include <stdio.h>
#include <string.h>

#include "exfild/policy/cases.h"

#define FILES_MAX 16

enum { DONE = 0, FAILED = 1, USAGE = 2 };

static int usage(const char *why)
{
	(void)fprintf(stderr,
		      "exfilctl: policy: %s\n"
		      "usage: exfilctl policy test [-v] [-p POLICIES]... CASES.yaml\n"
		      "       exfilctl policy coverage [-p POLICIES]... CASES.yaml\n"
		      "       exfilctl policy check POLICIES...\n",
		      why);
	return USAGE;
}

static int check(int count, char **paths)
{
	struct policy *p = NULL;
	char why[800] = "";
	for (int i = 0; i < count; i++) {
		FILE *there = fopen(paths[i], "re");
		if (!there) {
			(void)fprintf(stderr, "exfilctl: %s cannot be read\n", paths[i]);
			return FAILED;
		}
		(void)fclose(there);
	}
	if (policy_load((const char *const *)paths, (size_t)count, "UTC", &p, why, sizeof(why)) !=
	    0) {
		(void)fprintf(stderr, "exfilctl: %s\n", why);
		return FAILED;
	}
	for (size_t i = 0; i < policy_count(p); i++) {
		const struct policy_rule *r = policy_rule_at(p, i);
		(void)printf("%-32.32s %-10s %-11s %s\n", r->name, policy_action_name(r->action),
			     policy_target_name(r->target), policy_about(p, i)->title);
	}
	policy_free(p);
	return DONE;
}

int policy_tool(int argc, char **argv)
{
	const char *files[FILES_MAX], *cases = NULL;
	struct policy_cases c = { .policies = files, .out = stdout };
	char why[800] = "";
	if (argc < 2)
		return usage("test, coverage or check");
	if (strcmp(argv[1], "check") == 0)
		return argc > 2 ? check(argc - 2, argv + 2) : usage("which files?");
	bool is_coverage = strcmp(argv[1], "coverage") == 0;
	if (!is_coverage && strcmp(argv[1], "test") != 0)
		return usage("test, coverage or check");
	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "-v") == 0)
			c.is_explained = true;
		else if (strcmp(argv[i], "-p") == 0 && i + 1 < argc && c.policy_count < FILES_MAX)
			files[c.policy_count++] = argv[++i];
		else if (argv[i][0] == '-' || cases)
			return usage("one file of cases");
		else
			cases = argv[i];
	}
	if (!cases)
		return usage("which file of cases?");
	int err = is_coverage ? policy_cases_cover(&c, cases, why, sizeof(why)) :
				policy_cases_run(&c, cases, why, sizeof(why));
	if (err) {
		(void)fprintf(stderr, "exfilctl: %s\n", why[0] ? why : "memory is exhausted");
		return FAILED;
	}
	(void)printf("%u cases, %u not as expected\n", c.count, c.wrong);
	return c.wrong ? FAILED : DONE;
}
