/* config/place.c - where something stands and what is wrong with it; load.h tells the contract. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "exfild/base/buf.h"
#include "exfild/base/str.h"
#include "load.h"

static void put_place(const struct load *l, char *dst, size_t size, const char *file, uint32_t line,
		      uint32_t column)
{
	if (l->has_lines)
		snprintf(dst, size, "%s:%u:%u", file, line, column);
	else
		snprintf(dst, size, "%s", file);
}

__attribute__((format(printf, 3, 0))) static int fail(struct load *l, const char *place,
						      const char *fmt, va_list ap)
{
	int n = snprintf(l->why, l->why_size, "%s: ", place);
	if (n >= 0 && (size_t)n < l->why_size)
		vsnprintf(l->why + n, l->why_size - (size_t)n, fmt, ap);
	return -EXF_E_INVALID;
}

int load_fail(struct load *l, const struct yaml_node *at, const char *fmt, ...)
{
	char place[4200];
	va_list ap;
	put_place(l, place, sizeof(place), at->file, at->line, at->column);
	va_start(ap, fmt);
	int rc = fail(l, place, fmt, ap);
	va_end(ap);
	return rc;
}

int load_fail_key(struct load *l, const struct yaml_node *at, const char *fmt, ...)
{
	char place[4200];
	va_list ap;
	put_place(l, place, sizeof(place), at->file, at->key_line, at->key_column);
	va_start(ap, fmt);
	int rc = fail(l, place, fmt, ap);
	va_end(ap);
	return rc;
}

int load_fail_memory(struct load *l)
{
	snprintf(l->why, l->why_size, "memory is exhausted");
	return -EXF_E_NOMEM;
}

bool node_is_nothing(const struct yaml_node *n)
{
	return n->type == YAML_SCALAR && !n->is_quoted &&
	       (!n->text[0] || strcmp(n->text, "~") == 0 || strcmp(n->text, "null") == 0);
}

/* What may be a user and a password in a url is not said: messages go into logs. */
const char *load_quote(char dst[QUOTE_MAX], const char *text)
{
	char shown[QUOTE_MAX];
	const char *at = strrchr(text, '@'), *colon = strchr(text, ':');
	const char *scheme = strstr(text, "://");
	if (at && colon && colon < at) {
		int kept = scheme && scheme < at ? (int)(scheme + 3 - text) : 0;
		snprintf(shown, sizeof(shown), "%.*s***%s", kept, text, at);
		text = shown;
	}
	size_t len = strlen(text);
	str_escape(dst, QUOTE_MAX, text, len < QUOTE_MAX ? len : QUOTE_MAX);
	return dst;
}

int load_fail_type(struct load *l, const struct yaml_node *at, const char *want)
{
	char quote[QUOTE_MAX];
	if (at->type != YAML_SCALAR)
		return load_fail(l, at, "%s: expected %s, not a %s", l->path, want,
				 at->type == YAML_MAP ? "map" : "list");
	if (node_is_nothing(at))
		return load_fail(l, at, "%s: expected %s, not nothing", l->path, want);
	return load_fail(l, at, "%s: expected %s, not %s'%s'", l->path, want,
			 at->is_quoted ? "the text " : "", load_quote(quote, at->text));
}

int load_fail_unknown(struct load *l, const struct yaml_node *at, const struct key *keys)
{
	char quote[QUOTE_MAX], where[sizeof(l->path) + 8] = "";
	const char *near = key_nearest(keys, at->key);
	load_quote(quote, at->key);
	if (l->path_len)
		snprintf(where, sizeof(where), " in %s", l->path);
	if (near)
		return load_fail_key(l, at, "unknown key '%s'%s; did you mean '%s'?", quote, where,
				     near);
	struct buf known;
	buf_init(&known, 1024);
	for (const struct key *k = keys; k->name; k++)
		buf_printf(&known, "%s%s", k == keys ? "" : ", ", k->name);
	int rc = load_fail_key(l, at, "unknown key '%s'%s; known are %s", quote, where,
			       known.data ? known.data : "others");
	buf_deinit(&known);
	return rc;
}

const char *load_place(struct load *l, const struct yaml_node *at)
{
	char place[4200];
	put_place(l, place, sizeof(place), at->file, at->line, at->column);
	return arena_strdup(&l->whole->memory, place);
}

static size_t extend(struct load *l, const char *more)
{
	size_t before = l->path_len;
	str_copy(l->path + before, sizeof(l->path) - before, more);
	l->path_len = before + strlen(l->path + before);
	return before;
}

size_t load_enter(struct load *l, const char *name)
{
	char quote[QUOTE_MAX];
	size_t before = l->path_len;
	if (before)
		extend(l, ".");
	extend(l, load_quote(quote, name));
	return before;
}

size_t load_enter_element(struct load *l, size_t index)
{
	char text[32];
	snprintf(text, sizeof(text), "[%zu]", index);
	return extend(l, text);
}

void load_leave(struct load *l, size_t len)
{
	l->path_len = len;
	l->path[len] = '\0';
}

int load_note_origin(struct load *l, const struct yaml_node *at)
{
	if (!*l->path ||
	    strchr(l->path, '[')) /* a key of an element: the element knows its place */
		return 0;
	struct arena *memory = &l->whole->memory;
	struct origin *o = arena_array(memory, 1, sizeof(*o));
	if (!o)
		return load_fail_memory(l);
	o->path = arena_strdup(memory, l->path);
	o->place = load_place(l, at);
	o->next = l->whole->origins;
	l->whole->origins = o;
	return o->path && o->place ? 0 : load_fail_memory(l);
}
