/*
 * store/ledger.h - what was said and done, chained so that it cannot be changed unnoticed.
 *
 * What: JSON lines in DIR, appended and never changed.  Each begins with its number, counted from 1
 * without gaps, and ends with "prev", the hash of the record before it, and "hash", the SHA-256 of
 * its own line up to there: prev is within.  A file holds a part of them and is called by the first
 * one's number (000000000001.jsonl); the chain goes on from file to file.  When all come to
 * max_bytes the oldest file goes, and a record (kind "dropped") says through which number.
 *   A record that a kill cut short is taken off at the next start, and a record (kind "torn") says
 * so.  A file that was altered is left as it is, and the next one begins a new chain with a record
 * of kind "broken".
 *   The chain shows what was altered, removed or put in between.  It cannot show that the newest
 * records were cut off, or that all was written anew by somebody who may write the folder: note the
 * newest number and hash elsewhere, and ledger_read() (ledger_read.h) finds whether they are still
 * there. Ownership: ledger_close().  Threads: ledger_begin, _end and _stats are anybody's; a thread
 * of its own writes.  One process at a time: a lock holds others off. Limits: LEDGER_RECORD bytes a
 * record; LEDGER_WAITING wait in memory while the disk takes none, what comes on top is counted and
 * told by a record (kind "lost").
 */
#ifndef EXFILD_STORE_LEDGER_H
#define EXFILD_STORE_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/buf.h"
#include "exfild/base/err.h"
#include "exfild/base/json.h"
#include "exfild/base/sha256.h"

#define LEDGER_RECORD  4096u
#define LEDGER_WAITING (1u << 20)
#define LEDGER_FILES   8u /* that all records are in, about */

struct ledger;

struct ledger_options {
	const char *directory;
	uint64_t max_bytes; /* of all files */
};

/* Makes the folder.  -EXF_E_IO, -EXF_E_LIMIT (another process has it): ret_why has a sentence. */
int ledger_open(const struct ledger_options *o, struct ledger **ret, char *ret_why,
		size_t why_size) EXF_MUST_USE;
/* Waits until all is written, or has failed.  NULL is accepted. */
void ledger_close(struct ledger *l);

/* A record of this kind: members are added to the result, then ledger_end() hands it over. */
struct json ledger_begin(struct buf *b, const char *kind);
/* The thread gets it; frees b.  Without a ledger (NULL) nothing is kept. */
void ledger_end(struct ledger *l, struct json *j, struct buf *b);

struct ledger_stats {
	uint64_t number;    /* of the newest record */
	uint64_t lost;      /* records that could not be kept, since the start */
	uint64_t bytes;     /* of all files */
	uint64_t resumed_s; /* when it was last written to before this start, since 1970; 0: new */
	bool is_failing;    /* the disk takes none */
};
void ledger_stats(struct ledger *l, struct ledger_stats *ret);

#endif
