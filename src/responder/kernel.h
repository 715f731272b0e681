/*
 * responder/kernel.h - the decisions in the kernel: nftables and conntrack.
 *
 * What: the only file that links libnftables and libnetfilter_conntrack.  A new decision is in the
 * sets first, then the host's tracked connections are deleted: entries of flowtables, which bypass
 * all rules, go with them.
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
/* Our tables anew with these decisions. */
int kernel_rebuild(struct kernel *k, const struct book *b, const struct never *never,
		   uint64_t now_s, char *ret_why, size_t why_size) EXF_MUST_USE;
/* Takes away what an earlier run left; where it may not, there can be nothing. */
void kernel_sweep(void);
/* Our tables are gone. */
void kernel_remove(struct kernel *k);
/* Looks for the host's other addresses and fills the entry's MAC. */
int kernel_add(struct kernel *k, struct quarantine_entry *e, const struct never *never,
	       uint64_t now_s, char *ret_why, size_t why_size) EXF_MUST_USE;
void kernel_release(struct kernel *k, const struct quarantine_entry *e, const struct never *never);
/* The rules are as we left them, and no decision in effect is missing. */
bool kernel_is_whole(struct kernel *k, const struct book *b);

#endif
