/*
 * engine/collect.h - evidence of live alerts, the analysis half: from parcels to files.
 *
 * What: the analysis asks for the packets of an alert; the packet half (retain.h) gives them as
 * parcels over a socket; a thread of its own writes them (evidence/vault.h).  Parcels come from a
 * process that meets hostile bytes: only packets of alerts that were asked for are taken, and of
 * each no more than its share.
 * Ownership: owns files, thread and the sockets that it is given.
 * Threads: each function says whose it is.
 * Limits: COLLECT_ALERTS alerts at once, beyond them the one that was asked for longest ago is
 * forgotten; evidence.max_mb on disk.
 */
#ifndef EXFILD_SRC_ENGINE_COLLECT_H
#define EXFILD_SRC_ENGINE_COLLECT_H

#include "exfild/alert/alert.h"
#include "exfild/config/config.h"
#include "exfild/evidence/vault.h"
#include "sizes.h"

#define COLLECT_ALERTS 1024

struct collector;

struct collect_counts {
	struct vault_counts vault;
	uint64_t not_asked; /* alerts whose question found no room */
	uint64_t unasked;   /* parcels that nobody had asked for, or that were none */
};

/* Main.  0 with NULL: none is wanted, or the folder cannot be used, which is logged. */
int collector_new(const struct config *c, const struct sizes *sizes, unsigned workers,
		  struct collector **ret) EXF_MUST_USE;
/* Main, when nobody gives any more: what is on its way is written. NULL is accepted. */
void collector_free(struct collector *c);

/* Analysis: where parcels come from and questions go to from here on; both are taken over. */
void collector_connect(struct collector *c, int parcels, int ask);
/* Analysis. */
void collector_ask(struct collector *c, const struct alert *a);

/* Any. */
bool collector_find(struct collector *c, const char *alert_id, struct vault_found *ret);
void collector_counts(struct collector *c, struct collect_counts *ret);

#endif
