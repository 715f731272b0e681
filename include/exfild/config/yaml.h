/*
 * config/yaml.h - YAML text to a tree that knows where each node stands.
 *
 * What: libyaml's events as a bounded tree; every node keeps file, line and column, so that an
 * error can point at it.
 * Ownership: yaml_free frees the tree; nodes are borrowed.
 * Threads: any, one tree one owner.
 * Limits: 16 MiB a file, 64 levels, 1,048,576 nodes; aliases and anchors are refused.
 */
#ifndef EXFILD_CONFIG_YAML_H
#define EXFILD_CONFIG_YAML_H

#include <stddef.h>
#include <stdint.h>

#include "exfild/base/err.h"

enum yaml_type { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml_node {
	enum yaml_type type;
	const char *key;               /* in a map: the key; else NULL */
	const char *text;              /* scalar: its text */
	int is_quoted;                 /* scalar was quoted: always a string */
	const struct yaml_node *first; /* list and map: first child */
	const struct yaml_node *next;  /* next sibling */
	const char *file;
	uint32_t line, column; /* from 1 */
	uint32_t key_line, key_column;
};

struct yaml;

/* libyaml exports a yaml_free of its own; the two must never meet at link time. */
#define yaml_free exf_yaml_free /* NOLINT(readability-identifier-naming): a function's name */

/* ret_why gets "file:line:column: sentence". -EXF_E_IO, _FORMAT, _LIMIT or _NOMEM. */
int yaml_load(const char *path, struct yaml **ret, char *ret_why, size_t why_size) EXF_MUST_USE;
/* The same from memory; `name` stands for the file in errors. */
int yaml_parse(const char *name, const void *text, size_t len, struct yaml **ret, char *ret_why,
	       size_t why_size) EXF_MUST_USE;
/* The same for a stream of documents: their top nodes are siblings, also those that hold nothing.
 */
int yaml_parse_all(const char *name, const void *text, size_t len, struct yaml **ret, char *ret_why,
		   size_t why_size) EXF_MUST_USE;
void yaml_free(struct yaml *y);
/* The top node; NULL for an empty document. */
const struct yaml_node *yaml_root(const struct yaml *y);
/* The child of a map with this key, or NULL. */
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);
/* "file:line:column: " + sentence into why. */
void yaml_why(const struct yaml_node *at, char *why, size_t why_size, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif
