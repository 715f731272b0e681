/*
 * engine/selftest_parts.h - what the files of the self-test share.
 *
 * Threads: main.
 */
#ifndef EXFILD_SRC_ENGINE_SELFTEST_PARTS_H
#define EXFILD_SRC_ENGINE_SELFTEST_PARTS_H

#include "selftest.h"

struct selftest {
	const struct options *options;
	const struct config *config;
	const char *data_dir;
	enum severity minimum;
	uint64_t wall_ns;
};

/* What one replay raised. */
struct heard {
	const char *detector; /* listened for; NULL: to all */
	enum severity minimum;
	enum severity severity; /* the highest of it */
	const char *rule;
	unsigned alerts; /* at or above the minimum */
	int exception;   /* that took a finding of it, -1: none */
	bool is_damaged, is_interrupted;
	uint64_t frames;
};

/* One capture through one configuration; 0 or -EXF_E_x, said. */
int selftest_replay(const struct selftest *t, const struct selftest_case *test,
		    const struct config *c, struct heard *h);

/* Sets code and reason; true, so that it can end a search. */
__attribute__((format(printf, 3, 4))) bool selftest_explain(struct selftest_row *row,
							    const char *code, const char *fmt, ...);
void selftest_find_reason(const struct selftest *t, const struct heard *h,
			  struct selftest_row *row);

#endif
