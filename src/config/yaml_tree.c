/*
 * config/yaml_tree.c - libyaml's events to nodes.
 *
 * A stack of the open lists and maps turns events into nodes.  What makes YAML dangerous or
 * surprising is refused where it stands: anchors, aliases, tags other than !!str, keys that are not
 * text, NUL bytes, a second document where one is expected.  Duplicate keys are searched when a map
 * closes, by sorting, so that a map of a million keys costs n log n.
 */
#include <stdlib.h>
#include <string.h>

#include "exfild/base/str.h"
#include "yaml_build.h"

#define NODES_MAX ((size_t)1 << 20)

static int node_add(struct yaml_build *b, enum yaml_type type, const yaml_mark_t *at,
		    struct yaml_node **ret)
{
	if (b->y->node_count >= NODES_MAX)
		return yaml_fail(b, -EXF_E_LIMIT, at, "more than %zu values", NODES_MAX);
	struct yaml_node *n = arena_alloc(&b->y->memory, sizeof(*n));
	if (!n)
		return yaml_fail_memory(b);
	b->y->node_count++;
	n->type = type;
	n->file = b->y->name;
	n->line = yaml_from_one(at->line);
	n->column = yaml_from_one(at->column);
	if (b->depth == 0) {
		if (b->y->last_root)
			b->y->last_root->next = n;
		else
			b->y->root = n;
		b->y->last_root = n;
		*ret = n;
		return 0;
	}
	struct yaml_level *parent = &b->levels[b->depth - 1];
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
static bool wants_key(const struct yaml_build *b)
{
	if (b->depth == 0)
		return false;
	const struct yaml_level *l = &b->levels[b->depth - 1];
	return l->node->type == YAML_MAP && !l->key;
}

static int check_plain(const struct yaml_build *b, const yaml_event_t *e, const yaml_char_t *anchor,
		       const yaml_char_t *tag)
{
	if (anchor)
		return yaml_fail(b, -EXF_E_FORMAT, &e->start_mark,
				 "an anchor (&%.40s) is not allowed; write the value out",
				 (const char *)anchor);
	const char *name = (const char *)tag;
	if (name && (e->type != YAML_SCALAR_EVENT ||
		     (strcmp(name, YAML_STR_TAG) != 0 && strcmp(name, "!") != 0)))
		return yaml_fail(b, -EXF_E_FORMAT, &e->start_mark, "a tag (%.60s) is not allowed",
				 name);
	return 0;
}

static int scalar(struct yaml_build *b, const yaml_event_t *e)
{
	const char *text = (const char *)e->data.scalar.value;
	size_t len = e->data.scalar.length;
	int rc = check_plain(b, e, e->data.scalar.anchor, e->data.scalar.tag);
	if (rc)
		return rc;
	if (memchr(text, 0, len))
		return yaml_fail(b, -EXF_E_FORMAT, &e->start_mark,
				 "a NUL character is not allowed");
	char *copy = arena_strndup(&b->y->memory, text, len);
	if (!copy)
		return yaml_fail_memory(b);
	if (wants_key(b)) {
		struct yaml_level *l = &b->levels[b->depth - 1];
		l->key = copy;
		l->key_line = yaml_from_one(e->start_mark.line);
		l->key_column = yaml_from_one(e->start_mark.column);
		return 0;
	}
	struct yaml_node *n = NULL;
	rc = node_add(b, YAML_SCALAR, &e->start_mark, &n);
	if (!n)
		return rc;
	n->text = copy;
	n->is_quoted = e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE || e->data.scalar.tag;
	return 0;
}

static int open_level(struct yaml_build *b, const yaml_event_t *e, enum yaml_type type)
{
	int rc = type == YAML_MAP ? check_plain(b, e, e->data.mapping_start.anchor,
						e->data.mapping_start.tag) :
				    check_plain(b, e, e->data.sequence_start.anchor,
						e->data.sequence_start.tag);
	if (rc)
		return rc;
	if (wants_key(b))
		return yaml_fail(b, -EXF_E_FORMAT, &e->start_mark, "a key must be text, not a %s",
				 type == YAML_MAP ? "map" : "list");
	if (b->depth == YAML_DEPTH_MAX)
		return yaml_fail(b, -EXF_E_LIMIT, &e->start_mark, "nested deeper than %d levels",
				 YAML_DEPTH_MAX);
	struct yaml_node *n = NULL;
	rc = node_add(b, type, &e->start_mark, &n);
	if (!n)
		return rc;
	b->levels[b->depth++] = (struct yaml_level){ .node = n };
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
static int check_duplicates(struct yaml_build *b, const struct yaml_level *l)
{
	if (l->count < 2)
		return 0;
	const struct yaml_node **sorted = calloc(l->count, sizeof(*sorted));
	if (!sorted)
		return yaml_fail_memory(b);
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
	return yaml_fail(b, -EXF_E_FORMAT, &at, "the key '%s' was given before, at %s:%u:%u", key,
			 first->file, first->key_line, first->key_column);
}

static int take_event(struct yaml_build *b, const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (b->has_root && !b->takes_many)
			return yaml_fail(b, -EXF_E_FORMAT, &e->start_mark,
					 "a second document begins; one file holds one");
		b->has_root = true;
		return 0;
	case YAML_ALIAS_EVENT:
		return yaml_fail(b, -EXF_E_FORMAT, &e->start_mark,
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

int yaml_build_tree(struct yaml_build *b)
{
	yaml_parser_t parser;
	if (!yaml_parser_initialize(&parser))
		return yaml_fail_memory(b);
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)b->text, b->len);
	int rc = 0;
	bool is_done = false;
	while (rc == 0 && !is_done) {
		yaml_event_t event;
		if (!yaml_parser_parse(&parser, &event)) {
			rc = yaml_fail_parser(b, &parser);
			break;
		}
		rc = take_event(b, &event);
		is_done = event.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	return rc;
}
