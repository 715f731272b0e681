/*
 * engine/collect.h - evidence of live alerts: from the workers' packets to files.
 *
 * What: each worker keeps the first bytes of its flows in memory (evidence/keep.h).  The analysis
 * asks for the packets of an alert; each worker gives what it has and what follows for a minute;
 * a thread of its own writes them (evidence/vault.h).  No packet waits for a disk.
 * Ownership: owns memory, files and the thread.
 * Threads: each function says whose it is.
 * Limits: evidence_bytes of sizes.h for all workers, COLLECT_ASKED alerts that a worker has not
 * looked at yet, evidence.max_mb on disk.
 */
#ifndef EXFILD_SRC_ENGINE_COLLECT_H
#define EXFILD_SRC_ENGINE_COLLECT_H

#include "exfild/alert/alert.h"
#include "exfild/config/config.h"
#include "exfild/evidence/vault.h"
#include "sizes.h"

#define COLLECT_ASKED 64

struct collector;

struct collect_counts { /* of all workers together */
	struct keep_counts keep;
	struct vault_counts vault;
	uint64_t not_asked; /* alerts that found no place among those to look at */
};

/*
 * Main, before the workers.  0 with NULL: none is wanted, or the folder cannot be used, which is
 * logged.
 */
int collector_new(const struct config *c, const struct sizes *sizes, unsigned workers,
		  struct collector **ret) EXF_MUST_USE;
/* Main, after the workers and the analysis: what is asked for and not given yet is given. */
void collector_free(struct collector *c);

/* Analysis. */
void collector_ask(struct collector *c, const struct alert *a);

/* The worker of this number. */
void collector_packet(struct collector *c, unsigned worker, const struct frame *f,
		      const struct packet *p);
/* Now and then; true: there is more to do. */
bool collector_turn(struct collector *c, unsigned worker, uint64_t now_ns);

/* Any. */
bool collector_find(struct collector *c, const char *alert_id, struct vault_found *ret);
void collector_counts(struct collector *c, struct collect_counts *ret);

#endif
