/*
 * config/yaml_build.h - what the files of the YAML reader share.
 *
 * Threads: one at a time.
 */
#ifndef EXFILD_SRC_CONFIG_YAML_BUILD_H
#define EXFILD_SRC_CONFIG_YAML_BUILD_H

#include <stdbool.h>

#include <yaml.h>

#include "exfild/base/arena.h"
#include "exfild/config/yaml.h"

#define YAML_DEPTH_MAX 64

struct yaml {
	struct arena memory;
	const char *name;
	const struct yaml_node *root;
	struct yaml_node *last_root; /* of several documents: the newest */
	size_t node_count;
};

/* An open list or map. */
struct yaml_level {
	struct yaml_node *node;
	struct yaml_node *last; /* newest child */
	size_t count;
	const char *key; /* a key that still waits for its value */
	uint32_t key_line, key_column;
};

struct yaml_build {
	struct yaml *y;
	const char *text;
	size_t len;
	char *why;
	size_t why_size;
	unsigned depth;
	bool has_root;
	bool takes_many; /* documents */
	struct yaml_level levels[YAML_DEPTH_MAX];
};

/* --- yaml_why.c: file:line:column and a sentence; return the code ------------------------- */

__attribute__((format(printf, 4, 5))) int yaml_fail(const struct yaml_build *b, int code,
						    const yaml_mark_t *at, const char *fmt, ...);
int yaml_fail_memory(const struct yaml_build *b);
/* What libyaml did not like. */
int yaml_fail_parser(const struct yaml_build *b, const yaml_parser_t *p);

/* libyaml counts lines and columns from 0. */
static inline uint32_t yaml_from_one(size_t n)
{
	return (uint32_t)n + 1;
}

/* --- yaml_tree.c -------------------------------------------------------------------------- */

/* Fills b->y from b->text. */
int yaml_build_tree(struct yaml_build *b);

#endif
