/*
 * signature/detection.c - searches: maps are "and", lists are "or", plain texts are keywords.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "private.h"

#define ITEMS_MAX \
 20000 /* of a rule, after its searches are put in where its condition names them */

bool refuse(struct compile *c, const struct yaml_node *n, const char *fmt, ...)
{
	char text[400];
	va_list ap;
	if (c->why[0])
		return false; /* the first one says it */
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	yaml_why(n, c->why, sizeof(c->why), "%s", text);
	return false;
}

struct node *node_new(struct compile *c, enum node_kind kind)
{
	struct node *n = arena_alloc(&c->s->memory, sizeof(*n));
	if (n)
		n->kind = kind;
	return n;
}

void node_add_child(struct node *parent, struct node *child)
{
	struct node **link = &parent->first;
	while (*link)
		link = &(*link)->next;
	*link = child;
}

static struct node *map_tree(struct compile *c, const struct yaml_node *map)
{
	struct node *n = node_new(c, NODE_AND);
	if (!map->first) {
		refuse(c, map, "the search '%.60s' is empty", c->search);
		return NULL;
	}
	for (const struct yaml_node *item = map->first; n && item; item = item->next) {
		if (++c->items > ITEMS_MAX) {
			refuse(c, item, "the rule comes to more than %d items", ITEMS_MAX);
			return NULL;
		}
		struct node *child = item_tree(c, item);
		if (!child)
			return NULL;
		node_add_child(n, child);
	}
	return n;
}

static struct node *list_tree(struct compile *c, const struct yaml_node *list)
{
	struct node *n = node_new(c, NODE_OR);
	bool has_maps = false, has_texts = false;
	for (const struct yaml_node *k = list->first; k; k = k->next) {
		has_maps |= k->type == YAML_MAP;
		has_texts |= k->type == YAML_SCALAR;
		if (k->type == YAML_LIST) {
			refuse(c, k, "a list within a list is no search");
			return NULL;
		}
	}
	if (has_maps == has_texts) {
		refuse(c, list, "the search '%.60s' %s", c->search,
		       has_maps ? "mixes maps and keywords" : "is empty");
		return NULL;
	}
	if (has_texts)
		return keywords_tree(c, list, false);
	for (const struct yaml_node *k = list->first; n && k; k = k->next) {
		struct node *child = map_tree(c, k);
		if (!child)
			return NULL;
		node_add_child(n, child);
	}
	return n;
}

struct node *search_tree(struct compile *c, const struct yaml_node *search)
{
	if (search->type == YAML_MAP)
		return map_tree(c, search);
	if (search->type == YAML_LIST)
		return list_tree(c, search);
	return keywords_tree(c, search, false);
}

struct node *detection_tree(struct compile *c, const struct yaml_node *detection)
{
	if (!detection || detection->type != YAML_MAP)
		return NULL;
	c->detection = detection;
	const struct yaml_node *condition = yaml_get(detection, "condition");
	const struct yaml_node *timeframe = yaml_get(detection, "timeframe");
	if (timeframe && !c->is_counted) {
		refuse(c, timeframe,
		       "'timeframe' goes with '| count()' in the condition; for several events "
		       "within a time write a correlation");
		return NULL;
	}
	if (!condition || condition->type == YAML_MAP) {
		refuse(c, condition ? condition : detection,
		       "'detection' needs a 'condition' of text");
		return NULL;
	}
	if (condition->type == YAML_SCALAR)
		return condition_tree(c, condition, condition->text);
	struct node *n = node_new(c, NODE_OR);
	if (!condition->first)
		refuse(c, condition, "'condition' is empty");
	for (const struct yaml_node *k = condition->first; n && k; k = k->next) {
		struct node *child = NULL;
		if (k->type == YAML_SCALAR)
			child = condition_tree(c, k, k->text);
		else
			refuse(c, k, "a condition must be text");
		if (!child)
			return NULL;
		node_add_child(n, child);
	}
	return n && n->first ? n : NULL;
}
