/*
 * signature/source.c - log sources and their fields, as sources.def and source_fields.h list them.
 *
 * A rule with `product: exfild` names a kind of event as its service and that event's own fields.
 */
#include <stdio.h>
#include <string.h>

#include "private.h"
#include "source_fields.h"

#define ANY    "*"
#define ZEEK   "zeek"
#define BIT(n) (1u << (n))

#undef NONE
#define NONE NULL
static const struct source sources[] = {
#define SOURCE(product, category, service, kind, group, guard, allowed, fields) \
 { product, category, service, kind, group, guard, allowed, fields },
#include "sources.def"
#undef SOURCE
};

/* Does a row's name allow that of the rule? */
static bool agrees(const char *row, const char *rule)
{
	if (row && strcmp(row, ANY) == 0)
		return true;
	return row && rule ? strcmp(row, rule) == 0 : !row && !rule;
}

size_t sources_find(const char *product, const char *category, const char *service,
		    struct source ret[SOURCES_MAX])
{
	size_t count = 0;
	if (product && strcmp(product, "exfild") == 0 && !category) {
		for (unsigned kind = 0; service && kind < EVENT__COUNT; kind++)
			if (strcmp(event_kind_name((enum event_kind)kind), service) == 0)
				ret[count++] = (struct source){ .product = "exfild",
								.kind = (enum event_kind)kind };
		return count;
	}
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]) && count < SOURCES_MAX; i++)
		if (agrees(sources[i].product, product) && agrees(sources[i].category, category) &&
		    agrees(sources[i].service, service))
			ret[count++] = sources[i];
	return count;
}

void sources_alike(const char *product, const char *category, struct buf *out)
{
	const char *last = "";
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		const struct source *s = &sources[i];
		bool is_alike = product ? s->product && strcmp(s->product, product) == 0 :
					  category && s->category && !s->product &&
						  strcmp(s->category, category) == 0;
		const char *name = s->service ? s->service : s->category;
		if (!is_alike || !name || strcmp(name, ANY) == 0 || strcmp(name, last) == 0)
			continue;
		buf_printf(out, "%s%s", out->len ? ", " : "", name);
		last = name;
	}
}

static bool is_one_of(const char *names, const char *name)
{
	size_t len = strlen(name);
	for (const char *p = names; p; p = strchr(p, '|') ? strchr(p, '|') + 1 : NULL)
		if (strncmp(p, name, len) == 0 && (p[len] == '|' || p[len] == '\0'))
			return true;
	return false;
}

static bool find_in(const struct source_field *list, const char *name, struct source_field *ret)
{
	for (const struct source_field *f = list; f && f->names; f++)
		if (is_one_of(f->names, name)) {
			*ret = *f;
			return true;
		}
	return false;
}

const struct event_field *event_field_named(enum event_kind kind, const char *name)
{
	for (const struct event_field *f = event_fields(kind); f->name; f++)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}

static bool can_be_read(const struct event_field *f)
{
	return f->type != FIELD_SIZES && f->type != FIELD_FIRST;
}

bool source_field(const struct source *s, const char *name, struct source_field *ret)
{
	if (s->fields)
		return (find_in(s->fields, name, ret) || find_in(common, name, ret)) && ret->field;
	const struct event_field *f = event_field_named(s->kind, name);
	if (!f || !can_be_read(f))
		return false;
	*ret = (struct source_field){ .names = f->name, .field = f->name };
	return true;
}

bool source_is_for_asked(const struct source *s)
{
	return s->fields && s->fields[0].is_asked;
}

bool source_is_paired(const struct source *s)
{
	for (const struct source_field *f = s->fields; f && f->names; f++)
		if (f->is_paired)
			return true;
	return false;
}

static void put_names(const struct source_field *list, struct buf *out)
{
	for (const struct source_field *f = list; f && f->names; f++)
		if (f->field)
			buf_printf(out, "%s%.*s", out->len ? ", " : "", (int)strcspn(f->names, "|"),
				   f->names);
}

void source_names(const struct source *s, struct buf *out)
{
	if (s->fields) {
		put_names(s->fields, out);
		put_names(common, out);
		return;
	}
	for (const struct event_field *f = event_fields(s->kind); f->name; f++)
		if (can_be_read(f))
			buf_printf(out, "%s%s", out->len ? ", " : "", f->name);
}

static const char *shown(const char *name)
{
	return name ? name : "-";
}

void signatures_print_sources(struct buf *out)
{
	buf_printf(out, "%-13s %-19s %-12s %-12s fields\n", "product", "category", "service",
		   "events");
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		const struct source *s = &sources[i];
		buf_printf(out, "%-13s %-19s %-12s %-12s ", shown(s->product), shown(s->category),
			   shown(s->service), event_kind_name(s->kind));
		for (const struct source_field *f = s->fields; f->names; f++)
			if (f->field)
				buf_printf(out, "%s%s", f == s->fields ? "" : ", ", f->names);
		buf_char(out, '\n');
	}
	buf_printf(out, "%-13s %-19s %-12s %-12s ", "any of these", "", "", "");
	for (const struct source_field *f = common; f->names; f++)
		buf_printf(out, "%s%s", f == common ? "" : ", ", f->names);
	buf_str(out,
		"\nexfild        -                   KIND         KIND         the event's own, as "
		"--events writes them\n");
}
