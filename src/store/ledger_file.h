/*
 * store/ledger_file.h - a ledger's files and the form of its records, for writer and reader.
 *
 * Threads: one.
 */
#ifndef EXFILD_SRC_STORE_LEDGER_FILE_H
#define EXFILD_SRC_STORE_LEDGER_FILE_H

#include "exfild/store/ledger.h"
#include "exfild/store/ledger_read.h"

#define LEDGER_NAME    24u
#define LEDGER_LINE    (LEDGER_RECORD + 256u)
#define LEDGER_NO_HASH "0000000000000000000000000000000000000000000000000000000000000000"

struct ledger_list {
	uint64_t firsts[LEDGER_FILES_MAX]; /* rising */
	uint32_t count;
};

/* The files of a folder; a folder that is not there has none.  -EXF_E_IO with errno. */
int ledger_list(const char *directory, struct ledger_list *ret) EXF_MUST_USE;
void ledger_name(uint64_t first, char ret[LEDGER_NAME]);

/* Where a chain has come to. */
struct ledger_link {
	uint64_t number; /* of the last record; 0: none */
	char hash[SHA256_HEX];
};

/* Appends a body ("{...}") as the record after `at`, and moves `at` on. */
int ledger_make(struct ledger_link *at, const char *body, size_t len, struct buf *out) EXF_MUST_USE;
/* One line without its end; false: ret_why says what it is not. */
bool ledger_check(const struct ledger_link *before, const char *line, size_t len,
		  struct ledger_link *ret, char *ret_why, size_t why_size);

/* What a file holds, for going on after it. */
struct ledger_scan {
	struct ledger_link at; /* after its last sound record */
	uint64_t lines;        /* whole ones */
	uint64_t end;          /* bytes up to behind the last whole line */
	uint64_t torn;         /* bytes behind that */
	bool is_broken;
	char why[160]; /* then, with the line */
};
/* first: its name's number.  The record before it is taken on trust. */
int ledger_scan(int fd, uint64_t first, struct ledger_scan *ret) EXF_MUST_USE;

#endif
