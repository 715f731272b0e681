/*
 * inspect/content/filesums.h - MD5, SHA-1 and SHA-256 of files that pass in the clear.
 *
 * What: a file's bytes in order, in any portions; each kind is computed only while somebody wants
 * it, which is when an indicator of that kind is loaded.  At the file's end an event (file_hash)
 * tells the digests; of a file with a gap, without its begin or its end, it says that it is not
 * whole and has none.
 * What lies in a content coding (gzip, deflate) is undone first, if its begin says so.  Pictures,
 * sounds and films are left out, by their first bytes, and what pages of the web are made of,
 * unless that is wanted too (SUM_PAGES) or its first bytes are those of a program, an archive or a
 * document after all.
 * Ownership: places belong to the shard; a file borrows one by number and serial (struct sum).
 * Threads: one shard; what is wanted may be written by any thread.
 * Limits: SUMS_PLACES files of a shard at a time, SUMS_UNDONE of them undone from a coding, past
 * that the one that was idle for longest gives its place up; SUMS_FILE_MAX bytes a file, of which
 * SUMS_UNDONE_MAX may come out of a coding: a longer one is not whole.
 */
#ifndef EXFILD_INSPECT_CONTENT_FILESUMS_H
#define EXFILD_INSPECT_CONTENT_FILESUMS_H

#include "exfild/inspect/inspector.h"

#define SUMS_PLACES     64u
#define SUMS_UNDONE     8u
#define SUMS_FILE_MAX   (128ull << 20)
#define SUMS_UNDONE_MAX (32ull << 20)

enum sum_coding { SUM_AS_IT_IS, SUM_GZIP, SUM_DEFLATE };

struct sum { /* zeroed: no file */
	uint64_t serial;
	uint32_t number; /* of the place; 0: none */
	bool is_broken;
};

/* wanted: bits of enum sum_kind, borrowed.  NULL: no memory. */
struct filesums *filesums_new(const atomic_uint *wanted);
void filesums_free(struct filesums *s);
size_t filesums_bytes(void);

/* Whether a file that begins now would be hashed. */
bool filesums_are_wanted(const struct inspection *in);
/* Whether one that is part of a page would be as well. */
bool filesums_include_pages(const struct inspection *in);
/* A file begins; one that was under way is given up.  Nothing happens unless it is wanted. */
void filesums_begin(struct inspection *in, struct sum *s);
/* Likewise, undone from a coding. */
void filesums_begin_coded(struct inspection *in, struct sum *s, enum sum_coding coding);
/* After its begin: it is part of a page, and left out unless its first bytes are of something else.
 */
void filesums_set_page(struct inspection *in, struct sum *s);
/* Its next bytes. */
void filesums_take(struct inspection *in, struct sum *s, const uint8_t *data, uint32_t len);
/* Bytes of it are missing. */
void filesums_break(struct inspection *in, struct sum *s);
/* It is of no interest any more. */
void filesums_drop(struct inspection *in, struct sum *s);
bool filesums_is_open(const struct sum *s);
/*
 * It ends: begins the event, which the caller fills with names and commits.  NULL: nobody wanted
 * the file.  is_whole: its end has been seen.
 */
struct event_file_hash *filesums_end(struct inspection *in, struct sum *s, bool is_whole);

#endif
