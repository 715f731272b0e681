/*
 * content/sets.h - the customer's own data, known again without being kept.
 *
 * What: a set is what `exfilctl fingerprint` makes of a document, a table or a list of canaries:
 * keyed hashes and nothing else.  Of a document they are winnowed (Schleimer, Wilkerson, Aiken
 * 2003): every run of SET_RUN letters and digits that a text shares with it is found.  Of a table
 * they are its cells, with the row that each is from; a row counts where enough of it stands
 * together.  Ownership: sets are immutable once read, and shared; who holds them drops them.
 * Threads: any.  Limits: SETS_MAX sets, SET_PRINTS hashes in all, a name of SET_NAME bytes.
 */
#ifndef EXFILD_CONTENT_SETS_H
#define EXFILD_CONTENT_SETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/buf.h"
#include "exfild/base/err.h"

#define SETS_MAX   1024u
#define SET_PRINTS (1u << 20)
#define SET_NAME   64u /* with its end */
#define SET_RUN    95u
#define SET_BYTES  (32u << 20) /* of a pack */
#define SET_END    ".prints"   /* of a file's name, where a folder is named */

struct content_rules;
struct content_sets;

/* Of all sets of a sensor: who has it can try whether a value is in one. */
struct content_key {
	uint8_t bytes[16];
};

enum set_kind { SET_DOCUMENT, SET_TABLE, SET_CANARY, SET__COUNT };

/* "document" ... */
const char *set_kind_name(enum set_kind kind);

/* 32 hexadecimal digits, blanks and line ends around them aside; false: they are not. */
bool content_key_parse(const char *text, size_t len, struct content_key *ret);
void content_key_print(const struct content_key *key, char ret[33]);

/*
 * Reads what content_sets_pack() has put together: nothing in it is believed.  NULL with a
 * sentence that names the file: damaged, of another key, of another version, too many, no memory.
 */
struct content_sets *content_sets_read(const void *data, size_t len, char *ret_why,
				       size_t why_size);
void content_sets_drop(struct content_sets *s);

/* The same from a file. -EXF_E_IO, -EXF_E_FORMAT with a sentence that names it. */
int content_key_read(const char *path, struct content_key *ret, char *ret_why,
		     size_t why_size) EXF_MUST_USE;
/* All of a file, behind what is in `ret`. -EXF_E_IO, -EXF_E_LIMIT with a sentence. */
int content_file_read(const char *path, struct buf *ret, char *ret_why,
		      size_t why_size) EXF_MUST_USE;

/* Begins a pack with the key, then adds a file. */
void content_sets_begin(struct buf *pack, const struct content_key *key);
void content_sets_pack(struct buf *pack, const char *path, const void *file, size_t len);

struct set_info {
	const char *name;
	enum set_kind kind;
	uint32_t units; /* marks of a document, rows of a table, canaries */
	uint32_t prints;
};
size_t content_sets_count(const struct content_sets *s);
struct set_info content_sets_info(const struct content_sets *s, size_t i);

/*
 * From now on texts are compared with these, NULL: with none.  They are taken over.  Scanners of
 * other threads go over to them with their next text; what a text had shown until then is
 * forgotten.
 */
void content_rules_take_sets(const struct content_rules *r, struct content_sets *sets);

/* ---- making ---- */

struct set_making {
	const struct content_key *key;
	enum set_kind kind;
	const char *name;
	bool has_no_head;  /* a table's first line is a row */
	const void *leave; /* text whose marks are left out of a document's, NULL: none */
	size_t leave_len;
};

struct set_made {
	uint32_t units, prints;
	uint32_t common, weak; /* cells left out: in too many rows; too short, too long */
	uint32_t mute;         /* rows that are never known again: what is left says too little */
};

/*
 * Appends the file's bytes to `out`.  -EXF_E_FORMAT, -EXF_E_LIMIT, -EXF_E_NOMEM with a sentence:
 * nothing in it can be known again, or it is too large.
 */
int set_make(const struct set_making *m, const void *data, size_t len, struct buf *out,
	     struct set_made *ret, char *ret_why, size_t why_size) EXF_MUST_USE;

/* exfilctl fingerprint: argv[0] is "fingerprint".  Exit status: 0 done, 1 failed, 2 usage. */
int set_tool(int argc, char **argv);

#endif
