/*
 * config/yaml.c - YAML text to a tree; yaml.h tells the contract.
 *
 * libyaml reads the bytes and gives events; a stack of the open lists and maps turns them into
 * nodes.  The tree lives in one arena.  What makes YAML dangerous or surprising is refused where
 * it stands: anchors, aliases, tags other than !!str, keys that are not text, NUL bytes, a second
 * document.  Duplicate keys are searched when a map closes, by sorting, so that a map of a million
 * keys costs n log n.
 */
#include "exfild/config/yaml.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <yaml.h>

#include "exfild/base/str.h"
#include "arena.h"

#define FILE_MAX  ((size_t)16 << 20)
#define DEPTH_MAX 64
#define NODES_MAX ((size_t)1 << 20)

struct yaml {
	struct arena memory;
	const char *name;
	const struct yaml_node *root;
	size_t node_count;
};

/* An open list or map. */
struct level {
	struct yaml_node *node;
	struct yaml_node *last; /* newest child */
	size_t count;
	const char *key; /* a key that still waits for its value */
	uint32_t key_line, key_column;
};

struct build {
	struct yaml *y;
	const char *text;
	size_t len;
	char *why;
	size_t why_size;
	unsigned depth;
	bool has_root;
	struct level levels[DEPTH_MAX];
};

__attribute__((format(printf, 6, 0))) static void write_why(char *why, size_t size,
							    const char *file, uint32_t line,
							    uint32_t column, const char *fmt,
							    va_list ap)
{
	int n = snprintf(why, size, "%s:%u:%u: ", file, line, column);
	if (n >= 0 && (size_t)n < size)
		vsnprintf(why + n, size - (size_t)n, fmt, ap);
}

void yaml_why(const struct yaml_node *at, char *why, size_t why_size, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	write_why(why, why_size, at->file, at->line, at->column, fmt, ap);
	va_end(ap);
}

/* libyaml counts lines and columns from 0. */
static uint32_t from_one(size_t n)
{
	return (uint32_t)n + 1;
}

__attribute__((format(printf, 4, 5))) static int fail(const struct build *b, int code,
						      const yaml_mark_t *at, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	write_why(b->why, b->why_size, b->y->name, from_one(at->line), from_one(at->column), fmt,
		  ap);
	va_end(ap);
	return code;
}

static int fail_memory(const struct build *b)
{
	snprintf(b->why, b->why_size, "%s: memory is exhausted", b->y->name);
	return -EXF_E_NOMEM;
}

/* --- errors of libyaml ------------------------------------------------------------------- */

/* The reader reports a byte offset only; columns count characters. */
static yaml_mark_t mark_of_offset(const struct build *b, size_t offset)
{
	yaml_mark_t at = { offset, 0, 0 };
	for (size_t i = 0; i < offset && i < b->len; i++) {
		unsigned char c = (unsigned char)b->text[i];
		if (c == '\n') {
			at.line++;
			at.column = 0;
		} else if ((c & 0xc0) != 0x80) {
			at.column++;
		}
	}
	return at;
}

/* Does this line (from 0) begin with blanks among which a tab is? */
static bool is_indented_by_tab(const struct build *b, size_t line)
{
	const char *p = b->text, *end = b->text + b->len;
	while (line > 0 && p < end) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		if (!newline)
			return false;
		p = newline + 1;
		line--;
	}
	while (p < end && *p == ' ')
		p++;
	return p < end && *p == '\t';
}

static int fail_parser(const struct build *b, const yaml_parser_t *p)
{
	const char *problem = p->problem ? p->problem : "it is not YAML";
	if (p->error == YAML_MEMORY_ERROR)
		return fail_memory(b);
	if (p->error == YAML_READER_ERROR) {
		yaml_mark_t at = mark_of_offset(b, p->problem_offset);
		if (p->problem_value >= 0 && p->problem_value <= 0xff)
			return fail(b, -EXF_E_FORMAT, &at, "%s (byte 0x%02x)", problem,
				    (unsigned)p->problem_value);
		return fail(b, -EXF_E_FORMAT, &at, "%s", problem);
	}
	if (is_indented_by_tab(b, p->problem_mark.line))
		return fail(b, -EXF_E_FORMAT, &p->problem_mark,
			    "%s (this line is indented with a tab; YAML wants spaces)", problem);
	if (p->context && p->context_mark.line != p->problem_mark.line)
		return fail(b, -EXF_E_FORMAT, &p->problem_mark, "%s %s that begins in line %u",
			    problem, p->context, from_one(p->context_mark.line));
	if (p->context)
		return fail(b, -EXF_E_FORMAT, &p->problem_mark, "%s %s", problem, p->context);
	return fail(b, -EXF_E_FORMAT, &p->problem_mark, "%s", problem);
}

/* --- the tree ---------------------------------------------------------------------------- */

static int node_add(struct build *b, enum yaml_type type, const yaml_mark_t *at,
		    struct yaml_node **ret)
{
	if (b->y->node_count >= NODES_MAX)
		return fail(b, -EXF_E_LIMIT, at, "more than %zu values", NODES_MAX);
	struct yaml_node *n = arena_alloc(&b->y->memory, sizeof(*n));
	if (!n)
		return fail_memory(b);
	b->y->node_count++;
	n->type = type;
	n->file = b->y->name;
	n->line = from_one(at->line);
	n->column = from_one(at->column);
	if (b->depth == 0) {
		b->y->root = n;
		*ret = n;
		return 0;
	}
	struct level *parent = &b->levels[b->depth - 1];
	n->key = parent->key;
	n->key_line = parent->key_line;
	n->key_column = parent->key_column;
	parent->key = NULL;
	if (parent->last)
		parent->last->next = n;
	else
		parent->node->first = n;
	parent->last = n;
	parent->count++;
	*ret = n;
	return 0;
}

/* In a map, does the next event stand where a key stands? */
static bool wants_key(const struct build *b)
{
	if (b->depth == 0)
		return false;
	const struct level *l = &b->levels[b->depth - 1];
	return l->node->type == YAML_MAP && !l->key;
}

static int check_plain(const struct build *b, const yaml_event_t *e, const yaml_char_t *anchor,
		       const yaml_char_t *tag)
{
	if (anchor)
		return fail(b, -EXF_E_FORMAT, &e->start_mark,
			    "an anchor (&%.40s) is not allowed; write the value out",
			    (const char *)anchor);
	const char *name = (const char *)tag;
	if (name && (e->type != YAML_SCALAR_EVENT ||
		     (strcmp(name, YAML_STR_TAG) != 0 && strcmp(name, "!") != 0)))
		return fail(b, -EXF_E_FORMAT, &e->start_mark, "a tag (%.60s) is not allowed", name);
	return 0;
}

static int scalar(struct build *b, const yaml_event_t *e)
{
	const char *text = (const char *)e->data.scalar.value;
	size_t len = e->data.scalar.length;
	int rc = check_plain(b, e, e->data.scalar.anchor, e->data.scalar.tag);
	if (rc)
		return rc;
	if (memchr(text, 0, len))
		return fail(b, -EXF_E_FORMAT, &e->start_mark, "a NUL character is not allowed");
	char *copy = arena_strndup(&b->y->memory, text, len);
	if (!copy)
		return fail_memory(b);
	if (wants_key(b)) {
		struct level *l = &b->levels[b->depth - 1];
		l->key = copy;
		l->key_line = from_one(e->start_mark.line);
		l->key_column = from_one(e->start_mark.column);
		return 0;
	}
	struct yaml_node *n = NULL;
	rc = node_add(b, YAML_SCALAR, &e->start_mark, &n);
	if (rc)
		return rc;
	n->text = copy;
	n->is_quoted = e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE || e->data.scalar.tag;
	return 0;
}

static int open_level(struct build *b, const yaml_event_t *e, enum yaml_type type)
{
	int rc = type == YAML_MAP ? check_plain(b, e, e->data.mapping_start.anchor,
						e->data.mapping_start.tag) :
				    check_plain(b, e, e->data.sequence_start.anchor,
						e->data.sequence_start.tag);
	if (rc)
		return rc;
	if (wants_key(b))
		return fail(b, -EXF_E_FORMAT, &e->start_mark, "a key must be text, not a %s",
			    type == YAML_MAP ? "map" : "list");
	if (b->depth == DEPTH_MAX)
		return fail(b, -EXF_E_LIMIT, &e->start_mark, "nested deeper than %d levels",
			    DEPTH_MAX);
	struct yaml_node *n = NULL;
	rc = node_add(b, type, &e->start_mark, &n);
	if (rc)
		return rc;
	b->levels[b->depth++] = (struct level){ .node = n };
	return 0;
}

static int place_cmp(const struct yaml_node *a, const struct yaml_node *b)
{
	if (a->key_line != b->key_line)
		return a->key_line < b->key_line ? -1 : 1;
	return a->key_column < b->key_column ? -1 : a->key_column > b->key_column;
}

static int key_cmp(const void *left, const void *right)
{
	const struct yaml_node *const *a = left, *const *b = right;
	int order = strcmp((*a)->key, (*b)->key);
	return order ? order : place_cmp(*a, *b);
}

/* Names the first key that repeats an earlier one, and where that one stands. */
static int check_duplicates(struct build *b, const struct level *l)
{
	if (l->count < 2)
		return 0;
	const struct yaml_node **sorted = calloc(l->count, sizeof(*sorted));
	if (!sorted)
		return fail_memory(b);
	size_t count = 0;
	for (const struct yaml_node *n = l->node->first; n; n = n->next)
		sorted[count++] = n;
	qsort(sorted, count, sizeof(*sorted), key_cmp);
	const struct yaml_node *first = NULL, *second = NULL;
	for (size_t i = 1; i < count; i++) {
		if (strcmp(sorted[i - 1]->key, sorted[i]->key) != 0)
			continue;
		if (!second || place_cmp(sorted[i], second) < 0) {
			first = sorted[i - 1];
			second = sorted[i];
		}
	}
	free(sorted);
	if (!second)
		return 0;
	char key[128];
	yaml_mark_t at = { 0, second->key_line - 1, second->key_column - 1 };
	str_escape(key, sizeof(key), second->key, strnlen(second->key, 64));
	return fail(b, -EXF_E_FORMAT, &at, "the key '%s' was given before, at %s:%u:%u", key,
		    first->file, first->key_line, first->key_column);
}

static int take_event(struct build *b, const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (b->has_root)
			return fail(b, -EXF_E_FORMAT, &e->start_mark,
				    "a second document begins; one file holds one");
		b->has_root = true;
		return 0;
	case YAML_ALIAS_EVENT:
		return fail(b, -EXF_E_FORMAT, &e->start_mark,
			    "an alias (*%.40s) is not allowed; write the value out",
			    (const char *)e->data.alias.anchor);
	case YAML_SCALAR_EVENT:
		return scalar(b, e);
	case YAML_SEQUENCE_START_EVENT:
		return open_level(b, e, YAML_LIST);
	case YAML_MAPPING_START_EVENT:
		return open_level(b, e, YAML_MAP);
	case YAML_MAPPING_END_EVENT:
		return check_duplicates(b, &b->levels[--b->depth]);
	case YAML_SEQUENCE_END_EVENT:
		b->depth--;
		return 0;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		break;
	}
	return 0;
}

static int build_tree(struct build *b)
{
	yaml_parser_t parser;
	if (!yaml_parser_initialize(&parser))
		return fail_memory(b);
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)b->text, b->len);
	int rc = 0;
	bool is_done = false;
	while (rc == 0 && !is_done) {
		yaml_event_t event;
		if (!yaml_parser_parse(&parser, &event)) {
			rc = fail_parser(b, &parser);
			break;
		}
		rc = take_event(b, &event);
		is_done = event.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	return rc;
}

/* An empty document is one plain scalar without text. */
static void drop_empty_root(struct yaml *y)
{
	const struct yaml_node *n = y->root;
	if (n && n->type == YAML_SCALAR && !n->is_quoted && !n->text[0])
		y->root = NULL;
}

int yaml_parse(const char *name, const void *text, size_t len, struct yaml **ret, char *ret_why,
	       size_t why_size)
{
	struct yaml *y = calloc(1, sizeof(*y));
	struct build b = { .y = y, .text = text, .len = len, .why = ret_why, .why_size = why_size };
	if (why_size)
		ret_why[0] = '\0';
	if (y)
		y->name = arena_strdup(&y->memory, name);
	if (!y || !y->name) {
		snprintf(ret_why, why_size, "%s: memory is exhausted", name);
		yaml_free(y);
		return -EXF_E_NOMEM;
	}
	int rc = 0;
	if (len > FILE_MAX) {
		snprintf(ret_why, why_size, "%s: larger than %zu MiB", name, FILE_MAX >> 20);
		rc = -EXF_E_LIMIT;
	} else if (len > 0) {
		rc = build_tree(&b);
	}
	if (rc) {
		yaml_free(y);
		return rc;
	}
	drop_empty_root(y);
	*ret = y;
	return 0;
}

/* --- files ------------------------------------------------------------------------------- */

/* Reads to the end, at most FILE_MAX + 1 bytes: one more than yaml_parse takes. */
static int read_all(int fd, char **ret_text, size_t *ret_len)
{
	size_t len = 0, cap = 65536;
	char *text = malloc(cap);
	while (text && len <= FILE_MAX) {
		if (len == cap) {
			char *larger = cap > FILE_MAX ? NULL : realloc(text, cap * 2);
			if (!larger)
				break;
			text = larger;
			cap *= 2;
		}
		ssize_t n = read(fd, text + len, cap - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			free(text);
			return -EXF_E_IO;
		}
		if (n == 0) {
			*ret_text = text;
			*ret_len = len;
			return 0;
		}
		len += (size_t)n;
	}
	if (text && len > FILE_MAX) {
		*ret_text = text;
		*ret_len = len;
		return 0;
	}
	free(text);
	return -EXF_E_NOMEM;
}

int yaml_load(const char *path, struct yaml **ret, char *ret_why, size_t why_size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		snprintf(ret_why, why_size, "%s: cannot be opened: %s", path, strerror(errno));
		return -EXF_E_IO;
	}
	char *text = NULL;
	size_t len = 0;
	int rc = read_all(fd, &text, &len);
	int saved = errno;
	close(fd);
	if (rc == -EXF_E_NOMEM)
		snprintf(ret_why, why_size, "%s: memory is exhausted", path);
	else if (rc)
		snprintf(ret_why, why_size, "%s: cannot be read: %s", path, strerror(saved));
	else
		rc = yaml_parse(path, text, len, ret, ret_why, why_size);
	free(text);
	errno = saved;
	return rc;
}

void yaml_free(struct yaml *y)
{
	if (!y)
		return;
	arena_free(&y->memory);
	free(y);
}

const struct yaml_node *yaml_root(const struct yaml *y)
{
	return y->root;
}

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
	if (!map || map->type != YAML_MAP)
		return NULL;
	for (const struct yaml_node *n = map->first; n; n = n->next) {
		if (strcmp(n->key, key) == 0)
			return n;
	}
	return NULL;
}
