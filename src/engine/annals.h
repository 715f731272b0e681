/*
 * engine/annals.h - what a running exfild writes into its ledger (store/ledger.h).
 *
 * What: each alert that goes out, with the hash of its line; starts, ends and reloads with the hash
 * of the configuration in effect; acts of exfilctl and of the responder; each minute in which
 * something was not seen (packets dropped, events that found no room, capture away), and each hour
 * what was seen.
 * Ownership: annals_close() frees.  Threads: annals_watch() one thread's; the others any.
 * Limits: those of the ledger.  NULL stands for no ledger everywhere: live alone has one, and only
 * with a state directory.
 */
#ifndef EXFILD_SRC_ENGINE_ANNALS_H
#define EXFILD_SRC_ENGINE_ANNALS_H

#include "exfild/alert/alert.h"
#include "exfild/config/config.h"
#include "exfild/control/server.h"
#include "exfild/engine/options.h"
#include "enforcer.h"
#include "tally.h"

struct annals;

/* Without one it goes on, and that has been said: NULL. */
struct annals *annals_open(const struct options *o, const struct config *c, uint64_t max_bytes);
void annals_close(struct annals *a);

/* It begins to watch; broken: why the file was refused, "" it was not. */
void annals_start(struct annals *a, const struct options *o, const struct config *c,
		  const char *broken);
void annals_stop(struct annals *a);
void annals_alert(struct annals *a, const struct alert *alert, const struct buf *line);
/* c: in effect now; err: it was refused, and stays what it was. */
void annals_reload(struct annals *a, const struct config *c, const struct control_reload *r,
		   int err);
void annals_act(struct annals *a, const struct control_act *act);
void annals_quarantine(struct annals *a, const struct enforcer_note *n);
struct snap_book;
/* How it is; nothing of it without a ledger. */
void annals_snapshot(const struct annals *a, struct snap_book *ret);
/* Once a second; t: what capture has counted, NULL: there is no capture. */
void annals_watch(struct annals *a, const struct tally *t);

#endif
