/*
 * evidence/vault.h - evidence on disk: one pcapng file an alert, all of them within a limit.
 *
 * What: ALERT.pcapng in the folder, the alert's id as comment of each packet, and at its end a
 * remark how complete it is.  A file of an earlier run goes on where it ended; what a crash left
 * half-written of it is cut off.  The oldest files go first, by room and by age.
 * Ownership: owns the files while they are written.
 * Threads: one at a time.
 * Limits: VAULT_OPEN files are written at once (beyond them the one that waits longest is closed);
 * max_bytes in all; files are readable by their owner only.
 */
#ifndef EXFILD_EVIDENCE_VAULT_H
#define EXFILD_EVIDENCE_VAULT_H

#include "exfild/base/err.h"
#include "exfild/evidence/keep.h"

#define VAULT_OPEN 64

struct vault_options {
	const char *directory;
	uint64_t max_bytes;
	uint64_t keep_s; /* how old a file gets */
	unsigned givers; /* how many ends an alert has: one each worker */
};

struct vault_found {
	bool is_open; /* packets still come */
	uint64_t bytes;
	uint64_t packets; /* 0 with bytes: not known, of an earlier run */
	struct keep_end end;
};

struct vault_counts {
	uint64_t files, bytes, max_bytes;
	uint64_t removed; /* files that made room, or were old */
	uint64_t refused; /* packets that did not fit, or could not be written */
	bool is_failing;  /* a file could not be written, and none was since */
};

struct vault;

int vault_open(const struct vault_options *o, struct vault **ret, char *ret_why,
	       size_t why_size) EXF_MUST_USE;
/* Closes what is open, with its remark. */
void vault_close(struct vault *v);

void vault_packet(struct vault *v, const char *alert_id, const struct frame *f, uint64_t now_s);
void vault_end(struct vault *v, const char *alert_id, const struct keep_end *end, uint64_t now_s);
/* Now and then: what was written is handed to the kernel, what is too old is removed. */
void vault_turn(struct vault *v, uint64_t now_s);

bool vault_find(const struct vault *v, const char *alert_id, struct vault_found *ret);
void vault_counts(const struct vault *v, struct vault_counts *ret);

#endif
