/*
 * config/print.h - one value, one list or one comment of the printed configuration.
 *
 * Threads: any.
 */
#ifndef EXFILD_SRC_CONFIG_PRINT_H
#define EXFILD_SRC_CONFIG_PRINT_H

#include <stdbool.h>
#include <stddef.h>

#include "load.h"

void print_indent(struct buf *out, unsigned indent);
/* Words in lines of comment; blanks before the first move all lines, those after the first more. */
void print_comment(struct buf *out, unsigned indent, const char *text);

/* base: the struct that the key's offset counts from. */
size_t print_count_of(const struct key *k, const void *base);
const void *print_array_of(const struct key *k, const void *base);
void print_value(struct buf *out, const struct key *k, const void *base);
/* May an element leave this key out? */
bool print_is_absent(const struct key *k, const void *base);
/* "key: [a, b]" where it fits on a line, else one item a line. */
void print_list(struct buf *out, unsigned indent, const char *name, enum key_type type,
		const void *array, size_t count);
/* The key and its value as in the printed configuration. */
void print_key(struct buf *out, const struct key *k, const void *base);

#endif
