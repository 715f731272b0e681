/*
 * config/load.h - from YAML nodes to struct config, by the tables.
 *
 * What: the state of one loading, and the steps that its files share.
 * Ownership: strings and arrays go into the arena of the configuration being built.
 * Errors: every step returns 0 or -EXF_E_x with the sentence in load->why.
 */
#ifndef EXFILD_CONFIG_LOAD_H
#define EXFILD_CONFIG_LOAD_H

#include <stdbool.h>

#include "exfild/base/arena.h"
#include "exfild/config/config.h"
#include "exfild/config/yaml.h"
#include "schema.h"

/* Who has set a key; the last one comes first. */
struct origin {
	const char *path, *place;
	const struct origin *next;
};

struct config_whole {
	struct config config; /* first: config_free gets its address */
	struct arena memory;
	const struct origin *origins;
};

struct load {
	struct config_whole *whole;
	bool skips_detectors; /* the caller knows none */
	bool is_part;         /* of a configuration: what it names may stand elsewhere */
	char *why;
	size_t why_size;
	const char *folder; /* relative paths begin here */
	bool has_lines;     /* false for --set: a place has no line and column */
	char path[256];     /* the key at work: "exceptions[2].port" */
	size_t path_len;
};

/* text.c: strict UTF-8 (no surrogates, no overlong forms), and text as a YAML scalar. */
bool text_is_utf8(const char *text);
void text_print(struct buf *out, const char *text);

/* value.c: sets one value (not a map, not a list of maps) in the struct at base. */
int value_set(struct load *l, const struct key *k, void *base,
	      const struct yaml_node *n) EXF_MUST_USE;
/* The default of k; a key without one is left alone. */
int value_default(struct load *l, const struct key *k, void *base) EXF_MUST_USE;

/* The texts of one value, checked, in the arena. */
int value_text(struct load *l, const struct key *k, const struct yaml_node *n,
	       const char **ret) EXF_MUST_USE;
int value_path(struct load *l, const struct key *k, const struct yaml_node *n,
	       const char **ret) EXF_MUST_USE;
int value_prefix(struct load *l, const struct yaml_node *n, struct prefix *ret) EXF_MUST_USE;
int value_peer(struct load *l, const struct key *k, const struct yaml_node *n,
	       struct config_peer *ret) EXF_MUST_USE;

/* list.c: sets a list of single values, or the map of such lists. */
int list_set(struct load *l, const struct key *k, void *base,
	     const struct yaml_node *n) EXF_MUST_USE;

/* load.c: applies the children of a map. */
int load_map(struct load *l, const struct key *keys, void *base,
	     const struct yaml_node *map) EXF_MUST_USE;
/* One key, whatever its type. */
int load_key(struct load *l, const struct key *k, void *base,
	     const struct yaml_node *n) EXF_MUST_USE;
int load_defaults(struct load *l, const struct key *keys, void *base) EXF_MUST_USE;
/* Applies "a.b.c=value". */
int load_assignment(struct load *l, const char *text) EXF_MUST_USE;

/* file.c: the file and all that it includes. */
int load_file(struct load *l, const char *path) EXF_MUST_USE;
int load_text(struct load *l, const char *name, const void *text, size_t len) EXF_MUST_USE;

/* place.c: places, paths and sentences. */
int load_fail(struct load *l, const struct yaml_node *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The same at the key of a node. */
int load_fail_key(struct load *l, const struct yaml_node *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int load_fail_memory(struct load *l);
/* "expected <want>, not the text 'x'", with the key's path. */
int load_fail_type(struct load *l, const struct yaml_node *at, const char *want);
int load_fail_unknown(struct load *l, const struct yaml_node *at, const struct key *keys);
/* Notes that the key at work was set by this node. */
int load_note_origin(struct load *l, const struct yaml_node *at) EXF_MUST_USE;
/* "file:line:column" in the arena; NULL when memory is exhausted. */
const char *load_place(struct load *l, const struct yaml_node *at);
/* Goes down to a key (dot before it) or an element; returns the length to give to load_leave. */
size_t load_enter(struct load *l, const char *name);
size_t load_enter_element(struct load *l, size_t index);
void load_leave(struct load *l, size_t len);
/* Text for a message: printable, at most 63 bytes. Returns dst. */
#define QUOTE_MAX 64
const char *load_quote(char dst[QUOTE_MAX], const char *text);

/* Is it a plain scalar that stands for no value? */
bool node_is_nothing(const struct yaml_node *n);

#endif
