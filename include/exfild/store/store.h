/*
 * store/store.h - the file in which state outlives the process.
 *
 * What: DIRECTORY/state.db, an SQLite database of entries by part and place, each with a checksum,
 * and the key of the sketches in them.  What an earlier process left is read once; then batches of
 * changes are written by a thread of its own, each in one transaction, so that whoever analyses
 * never waits for a disk.  A part's old entries stay until all new ones are there (store_switch).
 * A file that is damaged, or in another version's format, is set aside under a name that says so
 * (state.db.damaged-1, .newer-1, .older-1) and never deleted; what is good in it is read all the
 * same.
 * Ownership: one process a file: a second one is refused.  Never carry it across a fork.
 * Threads: its functions are its owner's, one at a time; store_stats() is anybody's.
 * Limits: max_bytes for the database; what does not fit is an error like a full disk.
 */
#ifndef EXFILD_STORE_STORE_H
#define EXFILD_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/err.h"
#include "exfild/base/hash.h"

#define STORE_FORMAT    1
#define STORE_ENTRY_MAX 65536

struct store;

struct store_part {
	const char *name;
	uint16_t version;
};

struct store_options {
	const char *directory; /* made when it is not there */
	uint64_t max_bytes;
};

struct store_stats {
	uint64_t saved_ns; /* monotonic, of the last batch that is on the disk; 0: none yet */
	uint64_t bytes;    /* of the database */
	uint64_t entries;  /* put since the start */
	uint64_t errors;   /* batches that could not be written */
	bool is_failing;   /* the last one could not */
};

enum store_taken { /* what came of an entry that was read */
		   STORE_TAKEN,
		   STORE_NO_ROOM, /* fine, but there is no place for it */
		   STORE_UNUSED,  /* its part is not wanted now, and no loss */
		   STORE_REFUSED, /* not as it should be */
		   STORE_NEWER,   /* of a part that is not known, or of a newer version of it */
		   STORE_OLDER,   /* of a version that is not read any more */
		   STORE_TAKEN__COUNT
};

typedef enum store_taken (*store_take_fn)(void *arg, const char *part, uint16_t version,
					  const void *data, size_t len);

/* -EXF_E_IO, -EXF_E_LIMIT (another process has it): ret_why has the sentence. */
int store_open(const struct store_options *o, struct store **ret, char *ret_why,
	       size_t why_size) EXF_MUST_USE;
/* The key of the sketches in it; false: it is new. */
bool store_key(const struct store *s, struct hash_key *ret);
/* Shows every good entry by part and place; says what could not be taken on the log. */
void store_read(struct store *s, store_take_fn take, void *arg);
/*
 * Everything is read: what had to be set aside is, and the thread starts.  Parts are borrowed and
 * known by their number from here on.  The key is that of store_key(), or what a new store gets.
 */
int store_begin(struct store *s, const struct hash_key *key, const struct store_part *parts,
		size_t count, char *ret_why, size_t why_size) EXF_MUST_USE;

/* Changes for the next batch. */
void store_put(struct store *s, unsigned part, uint32_t slot, const void *data, size_t len);
void store_drop(struct store *s, unsigned part, uint32_t slot);
/* Every entry of the part has been put: what an earlier process left of it goes. */
void store_switch(struct store *s, unsigned part);
/* Bytes that wait in the next batch. */
size_t store_waiting(const struct store *s);
/* Hands the batch to the thread; false: it is still busy with the one before. */
bool store_commit(struct store *s);
/* Waits until all that was handed over is written, or has failed. */
void store_wait(struct store *s);
/* Whether a batch was lost since the last call: everything has to be put again. */
bool store_has_lost(struct store *s);
void store_stats(struct store *s, struct store_stats *ret);
/* Waits for what was handed over; a batch that was not goes. NULL is accepted. */
void store_close(struct store *s);

#endif
