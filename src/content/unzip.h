/*
 * content/unzip.h - the members of a ZIP archive as they pass (PKWARE APPNOTE 6.3, section 4.3).
 *
 * What: tells of each portion what it is: the archive's own bytes, a member's stored bytes, or
 * where a member's deflate begins, which is the caller's to undo.  Local heads are followed, the
 * central directory ends it.  What is no archive after all is given as it is. Ownership: plain
 * memory.  Threads: one. Limits: nothing is held but a head; UNZIP_MEMBERS members; encrypted ones,
 * those of other methods and those stored without their length are passed over, or end it where
 * their length is not told.
 */
#ifndef EXFILD_SRC_CONTENT_UNZIP_H
#define EXFILD_SRC_CONTENT_UNZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UNZIP_HEAD    30u /* a local file header without name and extra field */
#define UNZIP_MEMBERS 10000u

enum unzip_step {
	UNZIP_PASSED,       /* so many bytes are the archive's own */
	UNZIP_TEXT,         /* so many bytes are content */
	UNZIP_HEAD_IS_TEXT, /* so many bytes and those before them are text: no archive; in head */
	UNZIP_DEFLATE,      /* here a member's deflate begins or goes on: undo it */
	UNZIP_OVER,         /* nothing that could be read comes any more */
};

struct unzip {
	int state, after; /* after: the state behind the name */
	uint8_t head[UNZIP_HEAD];
	uint32_t head_len, members, sought;
	uint32_t last;      /* the last four bytes of the name, or while a head is sought */
	uint32_t name_left; /* of the name alone */
	uint64_t left;      /* of name and extra field, or of the member */
	uint64_t member;    /* bytes of the member that follows the name */
	bool is_xml, is_tag;
};

void unzip_begin(struct unzip *u);
/* How many of the bytes are what *ret says; 0 only where that is progress in itself. */
size_t unzip_next(struct unzip *u, const uint8_t *data, size_t len, enum unzip_step *ret);
/* Takes the tags out of a piece of the member where it is XML, a space for each; how much is left.
 */
size_t unzip_text(struct unzip *u, uint8_t *data, size_t len);
/* The deflate of a member has ended. */
void unzip_member_over(struct unzip *u);

#endif
