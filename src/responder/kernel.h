/*
 * responder/kernel.h - the decisions in the kernel: nftables and conntrack.
 *
 * What: the only file that knows libnftables.  A new decision is in the sets first, then the
 * connections of all addresses of the host end (tracked.h).
 * Ownership: owns its contexts; the rules stay in the kernel when the process ends, with their
 * time-outs.
 * Threads: one owner.
 */
#ifndef EXFILD_SRC_RESPONDER_KERNEL_H
#define EXFILD_SRC_RESPONDER_KERNEL_H

#include "exfild/base/buf.h"
#include "book.h"

struct kernel;

/* has_bridge: whether a table of the family bridge could be made. -EXF_E_IO with a sentence. */
int kernel_open(uint32_t max, struct kernel **ret, char *ret_why, size_t why_size) EXF_MUST_USE;
void kernel_close(struct kernel *k);
/* Our tables anew with these decisions, whose MACs it keeps up. */
int kernel_rebuild(struct kernel *k, struct book *b, const struct never *never, uint64_t now_s,
		   char *ret_why, size_t why_size) EXF_MUST_USE;
/* Takes away what an earlier run left; where it may not, there can be nothing. */
void kernel_sweep(void);
/* Our tables are gone. */
void kernel_remove(struct kernel *k);
/* One of the book, new or longer: looks for the host's other addresses and fills the entry's MAC.
 */
int kernel_add(struct kernel *k, struct book *b, struct quarantine_entry *e,
	       const struct never *never, uint64_t now_s, char *ret_why,
	       size_t why_size) EXF_MUST_USE;
/* One has gone out of the book: the sets are filled anew, since others may name the same. */
void kernel_release(struct kernel *k, struct book *b, const struct never *never, uint64_t now_s);
/*
 * Who is slowed is slowed in what flowtables carry too, on the interfaces that they have now: to be
 * called now and then.
 */
void kernel_edge(struct kernel *k, const struct book *b, uint64_t now_s);
/* Whom this machine was seen to ask for the time, after never_refresh(); never NULL: that it goes
 * on being seen, to be called now and then. */
void kernel_asked(struct kernel *k, struct never *never);
/* The rules are as we left them, and no decision in effect is missing. */
bool kernel_is_whole(struct kernel *k, const struct book *b);

#endif
