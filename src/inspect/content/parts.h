/*
 * inspect/content/parts.h - the files within a form of several parts (RFC 7578, RFC 2046 5.1.1).
 *
 * What: fed a body in order, in any portions; hashes each part that is a file, while that is
 * wanted.
 * Ownership: lies with the message.  Threads: one shard.
 * Limits: PARTS_HEAD bytes of a part's head, PARTS_NAME of a file's name; a part with a longer head
 * is passed over.
 */
#ifndef EXFILD_INSPECT_CONTENT_PARTS_H
#define EXFILD_INSPECT_CONTENT_PARTS_H

#include "filesums.h"

#define PARTS_HEAD 512
#define PARTS_NAME 96
#define PARTS_MARK 76 /* CR LF, two dashes, a boundary of up to 72 */

struct parts {
	uint8_t phase; /* 0: this is no such form, or nobody wants its files */
	uint8_t mark_len, matched;
	uint8_t name_len;
	uint16_t head_len;
	struct sum sum; /* of the part that is under way */
	uint8_t mark[PARTS_MARK];
	uint8_t name[PARTS_NAME];
	uint8_t head[PARTS_HEAD];
};

/* Gets the event of a file that has ended, its names and its commit to come. */
typedef void (*parts_file_fn)(struct inspection *in, void *arg, struct event_file_hash *e,
			      const uint8_t *name, size_t name_len);

/* A body begins: of this declared type.  False: it is no form of several parts. */
bool parts_begin(struct inspection *in, struct parts *p, const char *type, size_t type_len);
void parts_take(struct inspection *in, struct parts *p, const uint8_t *data, size_t len,
		parts_file_fn fn, void *arg);
/* No more comes: a file that is under way is not whole. */
void parts_end(struct inspection *in, struct parts *p, parts_file_fn fn, void *arg);
/* It is of no interest any more. */
void parts_drop(struct inspection *in, struct parts *p);

#endif
