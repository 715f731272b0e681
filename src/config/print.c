/*
 * config/print.c - the configuration as YAML that loads back to the same, and the tables as text.
 *
 * Above each key stand its help, type, range and default, from the same table that checks it.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "load.h"

#define WIDTH 98 /* of comments and of lists on one line */

struct printer {
	struct buf *out;
	const void *base; /* struct config or an element */
	unsigned indent;
};

static void put_indent(struct buf *out, unsigned indent)
{
	buf_printf(out, "%*s", (int)indent, "");
}

/* Words in lines of comment; blanks before the first move all lines, those after the first more. */
static void put_comment(struct buf *out, unsigned indent, const char *text)
{
	size_t column = 0, blanks = strspn(text, " ");
	bool hangs = false;
	text += blanks;
	while (*text) {
		size_t len = strcspn(text, " ");
		if (column && column + 1 + len > WIDTH) {
			buf_char(out, '\n');
			column = 0;
		}
		if (!column) {
			put_indent(out, indent);
			buf_printf(out, "#%*s", (int)blanks, "");
			column = indent + 1 + blanks;
			blanks += blanks && !hangs ? 2 : 0;
			hangs = true;
		}
		buf_char(out, ' ');
		buf_add(out, text, len);
		column += 1 + len;
		text += len + (text[len] == ' ');
	}
	buf_char(out, '\n');
}

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
			   key_default(k), k->flags & KEY_LATER ? "; not in effect yet" : "");
	}
	if (text.data)
		put_comment(out, indent, text.data);
	buf_deinit(&text);
}

/* --- values ------------------------------------------------------------------------------ */

static const void *field(const struct key *k, const void *base)
{
	return (const unsigned char *)base + k->offset;
}

static const char *text_of(const struct key *k, const void *base)
{
	const char *text;
	memcpy(&text, field(k, base), sizeof(text));
	return text;
}

static uint64_t number_of(const struct key *k, const void *base)
{
	uint64_t wide;
	uint32_t narrow;
	if (k->size == sizeof(narrow)) {
		memcpy(&narrow, field(k, base), sizeof(narrow));
		return narrow;
	}
	memcpy(&wide, field(k, base), sizeof(wide));
	return wide;
}

static size_t count_of(const struct key *k, const void *base)
{
	size_t count;
	memcpy(&count, (const unsigned char *)base + k->extra, sizeof(count));
	return count;
}

static const void *array_of(const struct key *k, const void *base)
{
	const void *array;
	memcpy(&array, field(k, base), sizeof(array));
	return array;
}

static void put_number(struct buf *out, const struct key *k, uint64_t v)
{
	if (v == 0 && k->min > 0 && (k->flags & KEY_AUTO))
		buf_str(out, "auto");
	else
		buf_printf(out, "%" PRIu64, v);
}

static void put_severity(struct buf *out, uint64_t number)
{
	const char *p = CONFIG_SEVERITIES;
	for (size_t i = 0; i < 3 && config_severity[i] != number; i++)
		p = strchr(p, '|') + 1;
	buf_add(out, p, strcspn(p, "|"));
}

static void put_value(struct buf *out, const struct key *k, const void *base)
{
	switch (k->type) {
	case KEY_SEVERITY:
		put_severity(out, number_of(k, base));
		break;
	case KEY_BOOL:
		buf_str(out, *(const bool *)field(k, base) ? "true" : "false");
		break;
	case KEY_NUMBER:
		put_number(out, k, number_of(k, base));
		break;
	case KEY_DURATION:
		duration_print(out, number_of(k, base));
		break;
	case KEY_DATE:
		text_print(out, ((const struct config_date *)field(k, base))->text);
		break;
	case KEY_PEER:
		text_print(out, ((const struct config_peer *)field(k, base))->text);
		break;
	case KEY_CHOICE:
		buf_str(out, text_of(k, base));
		break;
	default: /* texts */
		text_print(out, text_of(k, base));
		break;
	}
}

/* May an element leave this key out? */
static bool is_absent(const struct key *k, const void *base)
{
	if (k->flags & KEY_REQUIRED)
		return false;
	switch (k->type) {
	case KEY_TEXT:
	case KEY_PATH:
	case KEY_CHOICE:
		return !text_of(k, base)[0];
	case KEY_PEER:
		return ((const struct config_peer *)field(k, base))->kind == CONFIG_PEER_ANY;
	case KEY_NUMBER:
		if (k->extra)
			return !*((const unsigned char *)base + k->extra);
		return !k->def && number_of(k, base) == 0;
	case KEY_TEXTS:
	case KEY_PATHS:
	case KEY_PREFIXES:
	case KEY_PEERS:
		return count_of(k, base) == 0;
	default:
		return false;
	}
}

/* --- lists ------------------------------------------------------------------------------- */

static void put_item(struct buf *out, enum key_type type, const void *array, size_t i)
{
	char text[PREFIX_TEXT_MAX];
	if (type == KEY_PREFIXES)
		text_print(out, prefix_print((const struct prefix *)array + i, text, sizeof(text)));
	else if (type == KEY_PEERS)
		text_print(out, ((const struct config_peer *)array + i)->text);
	else
		text_print(out, ((const char *const *)array)[i]);
}

/* "key: [a, b]" where it fits on a line, else one item a line. */
static void put_list(struct buf *out, unsigned indent, const char *name, enum key_type type,
		     const void *array, size_t count)
{
	size_t start = out->len;
	put_indent(out, indent);
	text_print(out, name);
	buf_str(out, ": ");
	size_t end_of_key = out->len - 1;
	buf_char(out, '[');
	for (size_t i = 0; i < count && out->len - start <= WIDTH; i++) {
		buf_str(out, i ? ", " : "");
		put_item(out, type, array, i);
	}
	buf_str(out, "]\n");
	if (out->len - start <= WIDTH + 1 || out->full)
		return;
	buf_truncate(out, end_of_key);
	buf_char(out, '\n');
	for (size_t i = 0; i < count; i++) {
		put_indent(out, indent + 2);
		buf_str(out, "- ");
		put_item(out, type, array, i);
		buf_char(out, '\n');
	}
}

static void put_tenants(struct printer *p, const struct key *k)
{
	const struct config_tenants *tenants = array_of(k, p->base);
	size_t count = count_of(k, p->base);
	put_indent(p->out, p->indent);
	buf_printf(p->out, "%s:%s\n", k->name, count ? "" : " {}");
	for (size_t i = 0; i < count; i++)
		put_list(p->out, p->indent + 2, tenants[i].service, KEY_TEXTS, tenants[i].names,
			 tenants[i].name_count);
}

static void put_keys(struct printer *p, const struct key *keys, bool is_element);

/* The keys of an element are explained once, above the list. */
static void put_maps(struct printer *p, const struct key *k)
{
	const unsigned char *elements = array_of(k, p->base);
	size_t count = count_of(k, p->base);
	for (const struct key *e = k->keys; e->name; e++) {
		char prefix[64];
		snprintf(prefix, sizeof(prefix), "  %s: ", e->name);
		put_help(p->out, p->indent, prefix, e);
	}
	put_indent(p->out, p->indent);
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
		put_comment(out, 4, text.data);
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
		put_indent(p->out, p->indent);
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
		put_list(p->out, p->indent, k->name, k->type, array_of(k, p->base),
			 count_of(k, p->base));
		break;
	default:
		put_indent(p->out, p->indent);
		buf_printf(p->out, "%s: ", k->name);
		put_value(p->out, k, p->base);
		buf_char(p->out, '\n');
		break;
	}
}

static void put_keys(struct printer *p, const struct key *keys, bool is_element)
{
	for (const struct key *k = keys; k->name; k++) {
		if (k->type == KEY_INCLUDE || (is_element && is_absent(k, p->base)))
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

/* Do both print this key alike? */
static bool is_alike(const struct key *k, const void *a, const void *b)
{
	struct buf texts[2];
	struct printer p[2] = { { &texts[0], a, 0 }, { &texts[1], b, 0 } };
	for (size_t i = 0; i < 2; i++) {
		buf_init(&texts[i], (size_t)64 << 20);
		put_key(&p[i], k);
	}
	bool alike = texts[0].len == texts[1].len &&
		     memcmp(texts[0].data, texts[1].data, texts[0].len) == 0;
	buf_deinit(&texts[0]);
	buf_deinit(&texts[1]);
	return alike;
}

static void list_later(const struct key *keys, const char *prefix, const struct config *a,
		       const struct config *b, struct buf *out)
{
	for (const struct key *k = keys; k->name; k++) {
		char below[128];
		snprintf(below, sizeof(below), "%s%s.", prefix, k->name);
		if (k->type == KEY_MAP)
			list_later(k->keys, below, a, b, out);
		else if ((k->flags & KEY_LATER) && !is_alike(k, a, b))
			buf_printf(out, "%s%s%s", out->len ? ", " : "", prefix, k->name);
	}
}

void key_list_later(const struct config *a, const struct config *b, struct buf *out)
{
	list_later(config_keys, "", a, b, out);
}

/* --- the tables -------------------------------------------------------------------------- */

static void print_keys(struct buf *out, const char *prefix, const struct key *keys)
{
	for (const struct key *k = keys; k->name; k++) {
		char below[256];
		buf_printf(out, "%s%s\t%s\t", prefix, k->name, key_type_name(k));
		key_range(k, out);
		buf_printf(out, "\t%s\t%s\t%s\n", k->type == KEY_MAP ? "" : key_default(k),
			   k->flags & KEY_LATER ? "not in effect yet" : "", k->help);
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
