/*
 * store/ledger_read.h - a ledger (store/ledger.h), read and checked.
 *
 * What: the records of all files in their order, each held against its hash and the one before it.
 * exfild may go on writing meanwhile.
 * Ownership: a record is borrowed for the call.  Threads: one.
 * Limits: LEDGER_FILES_MAX files.
 */
#ifndef EXFILD_STORE_LEDGER_READ_H
#define EXFILD_STORE_LEDGER_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/err.h"
#include "exfild/base/sha256.h"

#define LEDGER_FILES_MAX 1024u

struct ledger_record {
	uint64_t number;
	const char *line; /* without its end; len bytes */
	size_t len;
	const char *hash; /* SHA256_HEX - 1 digits */
};

/* False: enough. */
typedef bool (*ledger_fn)(void *arg, const struct ledger_record *r);

struct ledger_found {
	uint64_t first, last, count; /* numbers of the records that are sound */
	uint32_t files;
	char hash[SHA256_HEX]; /* of the last one */
	uint32_t torn;         /* bytes at the end that are no whole record (yet) */
	bool is_broken;
	/* then: the first record that is not as it was written */
	char file[32];
	uint64_t line, number;
	char why[160];
};

/*
 * All records in their order, until one is broken: -EXF_E_IO when the folder cannot be read, with a
 * sentence; else 0, and what was found.
 */
int ledger_read(const char *directory, ledger_fn fn, void *arg, struct ledger_found *ret,
		char *ret_why, size_t why_size) EXF_MUST_USE;

#endif
