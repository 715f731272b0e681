/*
 * control/baseline_file.h - the file that habits of hosts travel in.
 *
 * What: lines: "exfild-baseline 1", then an entry a line in hexadecimal, then "end COUNT SUM"; the
 * sum tells damage.  The daemon checks each entry by itself.
 * Ownership: the reader's list is the caller's to free.  Threads: any.
 * Limits: BASELINE_FILE_MAX bytes; a longer file is refused.
 */
#ifndef EXFILD_SRC_CONTROL_BASELINE_FILE_H
#define EXFILD_SRC_CONTROL_BASELINE_FILE_H

#include <stddef.h>
#include <stdio.h>

#include "exfild/base/err.h"
#include "exfild/base/hash.h"

#define BASELINE_FILE_MAX  (256u << 20)
#define BASELINE_ENTRY_MAX 2815

struct baseline_out {
	FILE *to;
	uint64_t sum, count;
};

void baseline_out_begin(struct baseline_out *o, FILE *to);
void baseline_out_entry(struct baseline_out *o, const char *entry);
/* The last line, and all of it on the disk; 0 or -EXF_E_IO. */
int baseline_out_end(struct baseline_out *o) EXF_MUST_USE;

/*
 * Reads a whole file into *ret_text, its entries apart by NUL, *ret_count of them; nothing is
 * given on where its end is missing or its sum is wrong.  -EXF_E_x: ret_why has LINE and a
 * sentence.
 */
int baseline_read(FILE *from, char **ret_text, size_t *ret_count, char *ret_why,
		  size_t why_size) EXF_MUST_USE;

#endif
