/*
 * context/service_signs.c - reads from services.yaml what a service is known by beside domains and
 * prefixes: patterns of host names (sni) and the names that nDPI gives its traffic (ndpi).
 *
 * A pattern's last two labels are literal, so that nobody comes under it by a name of his own; they
 * are also what it is found by.  nDPI's numbers differ between versions, its names do so rarely:
 * the file has names, the linked library says their numbers.
 */
#include <stdio.h>
#include <string.h>

#include "exfild/base/log.h"
#include "service_parts.h"

#define LABEL_MAX 63u

static const char name_bytes[] = "abcdefghijklmnopqrstuvwxyz0123456789_-.*#";

static bool is_wild(char c)
{
	return c == '*' || c == '#';
}

/* What is wrong with it, or NULL; *ret_end: its literal labels at the right. */
static const char *judge_pattern(const char *text, const char **ret_end)
{
	size_t len = strlen(text), wildcards = 0, labels = 0;
	const char *label = text + len, *end = text + len;
	if (len == 0 || len > SERVICE_DOMAIN_MAX || strspn(text, name_bytes) != len)
		return "a pattern is lower-case labels with dots between them; in a label '*' "
		       "stands for anything and '#' for digits, \"**\" as the first label for one "
		       "label or more";
	if (text[0] == '.' || text[len - 1] == '.' || strstr(text, ".."))
		return "a label of this pattern is empty";
	for (const char *p = text + len; p > text; p--) {
		if (is_wild(p[-1]))
			wildcards++;
		if (p - 1 > text && p[-2] != '.')
			continue;
		if ((size_t)(label - (p - 1)) > LABEL_MAX + (labels ? 1 : 0))
			return "a label of this pattern has more than 63 bytes";
		label = p - 1;
		labels++;
		if (wildcards == 0)
			end = label;
		if (wildcards && labels <= 2)
			return "the last two labels of a pattern are literal: under another "
			       "anybody may have a name";
	}
	const char *stars = strstr(text, "**");
	if (stars && (stars != text || text[2] != '.' || strstr(text + 1, "**")))
		return "\"**\" stands alone, as the first label";
	if (wildcards > PATTERN_WILDCARDS_MAX)
		return "a pattern has at most 8 wildcards";
	if (wildcards == 0)
		return "a pattern without '*' or '#' is a domain: domains takes it";
	*ret_end = end;
	return NULL;
}

static int refuse(const struct catalogue *l, const struct yaml_node *n, const char *sentence)
{
	yaml_why(n, l->why, l->why_size, "%s", sentence);
	return -EXF_E_INVALID;
}

static int refuse_second(const struct catalogue *l, const struct yaml_node *n,
			 const struct service *owner)
{
	yaml_why(n, l->why, l->why_size, "\"%.80s\" is already in service \"%s\"", n->text,
		 owner->name ? owner->name : "?");
	return -EXF_E_INVALID;
}

int signs_take_names(const struct catalogue *l, const struct yaml_node *list)
{
	int r = catalogue_list(l, list);
	for (const struct yaml_node *n = r == 0 ? list->first : NULL; n; n = n->next) {
		const char *end = NULL;
		const struct service *owner = NULL;
		const char *wrong = n->type != YAML_SCALAR ? "a pattern is a text" :
							     judge_pattern(n->text, &end);
		if (wrong)
			return refuse(l, n, wrong);
		r = services_add_pattern(l->s, n->text, end, (uint32_t)l->s->count, &owner);
		if (r == -EXF_E_LIMIT)
			return refuse(l, n, "more than 16 patterns end alike, or 4,096 in all");
		if (r < 0)
			return r;
		if (owner)
			return refuse_second(l, n, owner);
	}
	return r;
}

/* Neither this version nor another has it, as far as is known here. */
static int refuse_app(const struct catalogue *l, const struct yaml_node *n, const char *near)
{
	yaml_why(n, l->why, l->why_size, "nDPI has no protocol \"%.64s\"%s%s%s", n->text,
		 near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	return -EXF_E_INVALID;
}

static int take_app(const struct catalogue *l, const struct yaml_node *n)
{
	const char *near = NULL, *version = NULL;
	uint16_t number = l->s->app_number(n->text, &near, &version);
	if (!number && version) {
		log_info("context", "%s:%u:%u: the linked nDPI has no \"%s\" (%s has): left out",
			 n->file, n->line, n->column, n->text, version);
		return 0;
	}
	if (!number || number >= SERVICE_APPS_MAX)
		return refuse_app(l, n, near);
	if (l->s->apps[number])
		return refuse_second(l, n, &l->s->list[l->s->apps[number] - 1]);
	l->s->apps[number] = (uint16_t)(l->s->count + 1);
	return 0;
}

int signs_take_apps(const struct catalogue *l, const struct yaml_node *list)
{
	int r = catalogue_list(l, list);
	for (const struct yaml_node *n = r == 0 ? list->first : NULL; n && r == 0; n = n->next) {
		if (n->type != YAML_SCALAR || !n->text[0])
			return refuse(l, n, "ndpi takes names of nDPI's, as in [Telegram]");
		if (l->s->app_number)
			r = take_app(l, n);
	}
	return r;
}
