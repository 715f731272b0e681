/*
 * report/gather.h - the alerts of a report, and what they add up to.
 *
 * Ownership: the report owns its entries; the sums of sums_make() belong to the caller.
 * Threads: one at a time.
 */
#ifndef EXFILD_SRC_REPORT_GATHER_H
#define EXFILD_SRC_REPORT_GATHER_H

#include "exfild/report/report.h"

#define ENTRY_NAME 264

enum { LEVEL_LOW, LEVEL_MEDIUM, LEVEL_HIGH, LEVEL_CRITICAL, LEVEL__COUNT };

struct entry {
	char id[40];
	char *line;
	size_t len;
	uint64_t sequence, start_ns, end_ns;
	uint64_t bytes; /* that the source sent, as far as the alert says */
	double risk;
	unsigned level;
	char rule[80], title[128], category[16];
	char tactic[12]; /* the first, "" without one */
	char source[64], source_name[ENTRY_NAME];
	char destination[ENTRY_NAME]; /* its name where one is known */
	char policy[64], action[32];  /* "" none */
	char zone[64];                /* of the source */
};

struct report {
	struct entry *entries; /* report_sort(): the worst first */
	size_t count, room;
	uint64_t levels[LEVEL__COUNT];   /* all alerts */
	uint64_t left_out[LEVEL__COUNT]; /* of them: counted only */
};

const char *level_name(unsigned level);
/* A line of JSON; false: it has not what every alert has.  The entry has no line of its own. */
bool entry_read(struct entry *ret, const char *line, size_t len);

/* What went from one host to one destination.  Two rules that tell of the same bytes do not add up:
 * bytes is the most that any one rule tells. */
struct sum_pair {
	const struct entry *worst;
	uint64_t bytes, since_ns, alerts;
};

/* Everything that is told of one host. */
struct sum_host {
	const struct entry *worst;
	double risk;
	uint64_t levels[LEVEL__COUNT], since_ns, until_ns;
	size_t first, count; /* in sums.by_host */
};

struct sums {
	struct sum_pair *pairs; /* alerts of category exfil alone: thefts first, then most bytes */
	size_t pair_count;
	struct sum_host *hosts; /* the riskiest first */
	size_t host_count;
	const struct entry **by_host;
	size_t theft; /* the first so many pairs have an alert of medium or above; of them: */
	uint64_t bytes;
	size_t sources, destinations;
};

int sums_make(const struct report *r, struct sums *ret) EXF_MUST_USE;
void sums_free(struct sums *s);

#endif
