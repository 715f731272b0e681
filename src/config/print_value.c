/*
 * config/print_value.c - one value, one list or one comment of the printed configuration.
 */
#include <inttypes.h>
#include <string.h>

#include "print.h"

#define WIDTH 98 /* of comments and of lists on one line */

void print_indent(struct buf *out, unsigned indent)
{
	buf_printf(out, "%*s", (int)indent, "");
}

/* Words in lines of comment; blanks before the first move all lines, those after the first more. */
void print_comment(struct buf *out, unsigned indent, const char *text)
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
			print_indent(out, indent);
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

size_t print_count_of(const struct key *k, const void *base)
{
	size_t count;
	memcpy(&count, (const unsigned char *)base + k->extra, sizeof(count));
	return count;
}

const void *print_array_of(const struct key *k, const void *base)
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

void print_value(struct buf *out, const struct key *k, const void *base)
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
bool print_is_absent(const struct key *k, const void *base)
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
		return print_count_of(k, base) == 0;
	default:
		return false;
	}
}

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
void print_list(struct buf *out, unsigned indent, const char *name, enum key_type type,
		const void *array, size_t count)
{
	size_t start = out->len;
	print_indent(out, indent);
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
		print_indent(out, indent + 2);
		buf_str(out, "- ");
		put_item(out, type, array, i);
		buf_char(out, '\n');
	}
}
