/*
 * base/keep.h - what outlives the process, as its owners declare it.
 *
 * What: a part is a set of entries of one form, by place: those of a table by slot, one struct, or
 * whatever the owner numbers.  A list of fields says how an entry becomes bytes (little-endian,
 * zeros counted) and what is refused when it comes back: state is read
 * as hostile input, so every number that counts or indexes has its maximum here.
 * Whoever changes the form of an entry raises the version of its part.
 * Ownership: a list of parts borrows all.  Threads: the owner's.
 * Limits: KEEP_PARTS parts, KEEP_ENTRY_MAX bytes an entry.
 */
#ifndef EXFILD_BASE_KEEP_H
#define EXFILD_BASE_KEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/buf.h"
#include "exfild/base/cursor.h"
#include "exfild/base/err.h"
#include "exfild/base/table.h"

#define KEEP_PARTS      128
#define KEEP_ENTRY_MAX  (32u * 1024)
#define KEEP_NUMBER_MAX 1e18 /* no sum of ours comes near, and it fits into an integer */

enum keep_type {
	KEEP_END,
	KEEP_U8,
	KEEP_U16,
	KEEP_U32, /* and enums */
	KEEP_U64,
	KEEP_F32,
	KEEP_F64,
	KEEP_MAYBE, /* a double that may be NAN: none */
	KEEP_BOOL,
	KEEP_TEXT, /* ends with NUL inside its array */
};

struct keep_field {
	uint8_t type;    /* enum keep_type */
	uint16_t count;  /* elements of an array; bytes of a text */
	uint32_t offset; /* in the entry */
	uint64_t max;    /* the largest whole number that is taken, 0: any */
};

#define KEEP__WIDTH_U8                1
#define KEEP__WIDTH_U16               2
#define KEEP__WIDTH_U32               4
#define KEEP__WIDTH_U64               8
#define KEEP__WIDTH_F32               4
#define KEEP__WIDTH_F64               8
#define KEEP__WIDTH_MAYBE             8
#define KEEP__WIDTH_BOOL              1
#define KEEP__WIDTH_TEXT              1
/* A member, all elements of it where it is an array: KEEP(U64, struct pair, window_ns). */
#define KEEP(type_, struct_, member_) KEEP_TO(type_, struct_, member_, 0)
/* The same with the largest number that is taken. */
#define KEEP_TO(type_, struct_, member_, max_)                                                     \
 {                                                                                                 \
  KEEP_##type_, sizeof(((struct_ *)0)->member_) / KEEP__WIDTH_##type_, offsetof(struct_, member_), \
	  max_                                                                                     \
 }
#define KEEP_LAST   \
 {                  \
  KEEP_END, 0, 0, 0 \
 }

/*
 * One of three: a table and fields; one struct (fields alone: owner is it); slots, save and load.
 */
struct keep_part {
	const char *name; /* "dns_tunnel.pairs": what comes before the dot is the owner's name */
	uint16_t version;
	bool is_urgent; /* saved within a second when an alert went out, not within a minute */
	void *owner;
	struct table *table;
	const struct keep_field *fields; /* of an entry, its key included */
	/*
	 * An entry has come into the table: links it, checks what fields cannot; false: out again.
	 * Of one struct: its numbers are in place and are made to fit each other.
	 */
	bool (*took)(void *owner, void *entry);
	/* Of a table whose owner makes the hashes itself; NULL: table_hash(). */
	uint64_t (*hash)(const void *entry);
	/* Places that may hold an entry: from 0 to below this. */
	uint32_t (*slots)(const void *owner);
	/* Appends the entry's bytes, also in a table's stead; false: the place is free. */
	bool (*save)(const void *owner, uint32_t slot, struct buf *out);
	/* 0, KEEP_NO_ROOM, or -EXF_E_x and nothing has changed. */
	int (*load)(void *owner, struct cursor *in);
};

enum keep_result { KEEP_NO_ROOM = 1 };

struct keep_list {
	struct keep_part parts[KEEP_PARTS];
	size_t count;
};

/* Asserts that there is room and that the name is new. */
void keep_add(struct keep_list *list, const struct keep_part *part);
const struct keep_part *keep_find(const struct keep_list *list, const char *name);

uint32_t keep_slots(const struct keep_part *p);
/* Replaces what is in `out`; false: the place is free. */
bool keep_save(const struct keep_part *p, uint32_t slot, struct buf *out);
/* Takes an entry in; 0, KEEP_NO_ROOM, or -EXF_E_FORMAT: not one of ours. */
int keep_load(const struct keep_part *p, const void *data, size_t len) EXF_MUST_USE;

/* For owners that save by themselves: fields of a struct to bytes and back. */
void keep_write(const struct keep_field *fields, const void *from, struct buf *out);
/* 0 or -EXF_E_FORMAT; the cursor may be at its end no sooner than after the last field. */
int keep_read(const struct keep_field *fields, struct cursor *in, void *to) EXF_MUST_USE;

#endif
