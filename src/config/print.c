/*
 * config/print.c - the configuration as YAML that loads back to the same, and the tables as text.
 *
 * Above each key stand its help, type, range and default, from the same table that checks it.
 */
#include "print.h"

#include <stdio.h>
#include <string.h>

#include "load.h"

struct printer {
	struct buf *out;
	const void *base; /* struct config or an element */
	unsigned indent;
};

/* "Help. (number, 1 to 64, or auto; default auto)" */
static void put_help(struct buf *out, unsigned indent, const char *prefix, const struct key *k)
{
	struct buf text;
	buf_init(&text, 4096);
	buf_printf(&text, "%s%s", prefix, k->help);
	if (k->type != KEY_MAP && k->type != KEY_DETECTORS) {
		buf_printf(&text, " (%s", key_type_name(k));
		size_t before = text.len;
		buf_str(&text, k->values ? " " : ", ");
		size_t start = text.len;
		key_range(k, &text);
		if (text.len == start)
			buf_truncate(&text, before);
		buf_printf(&text, "; %s%s%s)", k->flags & KEY_REQUIRED ? "" : "default ",
			   key_default(k),
			   k->flags & KEY_LATER   ? "; not in effect yet" :
			   k->flags & KEY_RESTART ? "; takes effect at restart" :
						    "");
	}
	if (text.data)
		print_comment(out, indent, text.data);
	buf_deinit(&text);
}

/* --- lists of maps ------------------------------------------------------------------------ */

static void put_tenants(struct printer *p, const struct key *k)
{
	const struct config_tenants *tenants = print_array_of(k, p->base);
	size_t count = print_count_of(k, p->base);
	print_indent(p->out, p->indent);
	buf_printf(p->out, "%s:%s\n", k->name, count ? "" : " {}");
	for (size_t i = 0; i < count; i++)
		print_list(p->out, p->indent + 2, tenants[i].service, KEY_TEXTS, tenants[i].names,
			   tenants[i].name_count);
}

static void put_keys(struct printer *p, const struct key *keys, bool is_element);

/* The keys of an element are explained once, above the list. */
static void put_maps(struct printer *p, const struct key *k)
{
	const unsigned char *elements = print_array_of(k, p->base);
	size_t count = print_count_of(k, p->base);
	for (const struct key *e = k->keys; e->name; e++) {
		char prefix[64];
		snprintf(prefix, sizeof(prefix), "  %s: ", e->name);
		put_help(p->out, p->indent, prefix, e);
	}
	print_indent(p->out, p->indent);
	buf_printf(p->out, "%s:%s\n", k->name, count ? "" : k->flags & KEY_AUTO ? " auto" : " []");
	for (size_t i = 0; i < count; i++) {
		struct printer element = { p->out, elements + i * k->element, p->indent + 4 };
		size_t start = p->out->len;
		put_keys(&element, k->keys, true);
		if (!p->out->full)
			p->out->data[start + p->indent + 2] = '-';
	}
}

/* --- detectors --------------------------------------------------------------------------- */

static void put_param_bound(struct buf *out, const struct param *p, double v)
{
	if (p->type == PARAM_DURATION)
		duration_print(out, (uint64_t)v);
	else if (p->type == PARAM_BOOL)
		buf_str(out, v > 0 ? "true" : "false");
	else
		buf_printf(out, "%.15g", v);
}

static void put_param(struct buf *out, const struct param *p, const void *target)
{
	static const char *const types[] = { "true or false", "number", "decimal number",
					     "duration" };
	char value[64];
	struct buf text;
	buf_init(&text, 4096);
	buf_printf(&text, "%s (%s", p->help ? p->help : "", types[p->type]);
	if (p->unit && p->unit[0])
		buf_printf(&text, " in %s", p->unit);
	if (p->type != PARAM_BOOL) {
		buf_str(&text, ", ");
		put_param_bound(&text, p, p->min);
		buf_str(&text, " to ");
		put_param_bound(&text, p, p->max);
	}
	buf_str(&text, "; default ");
	put_param_bound(&text, p, p->def);
	buf_str(&text, ")");
	if (text.data)
		print_comment(out, 4, text.data);
	buf_deinit(&text);
	buf_printf(out, "    %s: %s\n", p->name, param_print(p, target, value, sizeof(value)));
}

static void put_detectors(struct printer *p, const struct key *k)
{
	const struct config *c = p->base;
	buf_printf(p->out, "%s:%s\n", k->name, c->section_count ? "" : " {}");
	for (size_t i = 0; i < c->section_count; i++) {
		const struct config_section *s = &c->sections[i];
		struct printer section = { p->out, s, 4 };
		buf_printf(p->out, "  %s:\n", s->name);
		put_keys(&section, k->keys, false);
		for (const struct param *param = s->params; param && param->name; param++)
			put_param(p->out, param, s->target);
	}
}

/* --- keys -------------------------------------------------------------------------------- */

static void put_key(struct printer *p, const struct key *k)
{
	switch (k->type) {
	case KEY_MAP:
		print_indent(p->out, p->indent);
		buf_printf(p->out, "%s:\n", k->name);
		p->indent += 2;
		put_keys(p, k->keys, false);
		p->indent -= 2;
		break;
	case KEY_MAPS:
		put_maps(p, k);
		break;
	case KEY_TENANTS:
		put_tenants(p, k);
		break;
	case KEY_DETECTORS:
		put_detectors(p, k);
		break;
	case KEY_TEXTS:
	case KEY_PATHS:
	case KEY_PREFIXES:
	case KEY_PEERS:
		print_list(p->out, p->indent, k->name, k->type, print_array_of(k, p->base),
			   print_count_of(k, p->base));
		break;
	default:
		print_indent(p->out, p->indent);
		buf_printf(p->out, "%s: ", k->name);
		print_value(p->out, k, p->base);
		buf_char(p->out, '\n');
		break;
	}
}

static void put_keys(struct printer *p, const struct key *keys, bool is_element)
{
	for (const struct key *k = keys; k->name; k++) {
		if (k->type == KEY_INCLUDE || (is_element && print_is_absent(k, p->base)))
			continue;
		if (p->indent == 0)
			buf_char(p->out, '\n');
		if (!is_element)
			put_help(p->out, p->indent, "", k);
		put_key(p, k);
	}
}

void config_print(const struct config *c, struct buf *out)
{
	struct printer p = { out, c, 0 };
	buf_str(out, "# The effective configuration of exfild " EXFILD_VERSION ".\n");
	put_keys(&p, config_keys, false);
}

static bool is_said(const struct origin *all, const struct origin *o)
{
	for (; all != o; all = all->next)
		if (strcmp(all->path, o->path) == 0)
			return true;
	return false;
}

void config_print_origins(const struct config *c, struct buf *out)
{
	const struct config_whole *whole = (const struct config_whole *)c;
	buf_str(out, whole->origins ? "\n# Set by (all other keys have their defaults):\n" :
				      "\n# Every key has its default.\n");
	for (const struct origin *o = whole->origins; o; o = o->next)
		if (!is_said(whole->origins, o))
			buf_printf(out, "#   %-32s %s\n", o->path, o->place);
}

const char *config_place(const struct config *c, const char *path)
{
	const struct config_whole *whole = (const struct config_whole *)c;
	for (const struct origin *o = whole->origins; o; o = o->next)
		if (strcmp(o->path, path) == 0)
			return o->place;
	return NULL;
}

void print_key(struct buf *out, const struct key *k, const void *base)
{
	struct printer p = { out, base, 0 };
	put_key(&p, k);
}

/* --- the tables -------------------------------------------------------------------------- */

static void print_keys(struct buf *out, const char *prefix, const struct key *keys)
{
	for (const struct key *k = keys; k->name; k++) {
		char below[256];
		buf_printf(out, "%s%s\t%s\t", prefix, k->name, key_type_name(k));
		key_range(k, out);
		buf_printf(out, "\t%s\t%s\t%s\n", k->type == KEY_MAP ? "" : key_default(k),
			   k->flags & KEY_LATER   ? "not in effect yet" :
			   k->flags & KEY_RESTART ? "takes effect at restart" :
						    "",
			   k->help);
		if (!k->keys)
			continue;
		snprintf(below, sizeof(below), "%s%s%s", prefix, k->name,
			 k->type == KEY_MAPS      ? "[]." :
			 k->type == KEY_DETECTORS ? ".NAME." :
						    ".");
		print_keys(out, below, k->keys);
	}
}

void config_print_schema(struct buf *out)
{
	print_keys(out, "", config_keys);
}
