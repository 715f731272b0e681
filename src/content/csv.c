/*
 * content/csv.c - tables as text (RFC 4180): commas, semicolons or tabs, quotes doubled.
 */
#include <string.h>

#include "prints.h"

/* What parts the cells: what the first line has most of, outside of quotes. */
static uint8_t separator_of(const uint8_t *data, size_t len)
{
	static const uint8_t all[] = { ',', ';', '\t' };
	size_t count[sizeof(all)] = { 0 };
	bool is_quoted = false;
	for (size_t i = 0; i < len && (is_quoted || data[i] != '\n'); i++) {
		is_quoted ^= data[i] == '"';
		const uint8_t *at = is_quoted ? NULL : memchr(all, data[i], sizeof(all));
		if (at)
			count[at - all]++;
	}
	size_t best = 0;
	for (size_t i = 1; i < sizeof(all); i++)
		best = count[i] > count[best] ? i : best;
	return all[best];
}

void csv_begin(struct csv *c, const void *data, size_t len)
{
	static const uint8_t mark[] = { 0xef, 0xbb, 0xbf }; /* of UTF-8, which spreadsheets write */
	bool has_mark = len >= sizeof(mark) && memcmp(data, mark, sizeof(mark)) == 0;
	size_t at = has_mark ? sizeof(mark) : 0;
	*c = (struct csv){ data, len, at, separator_of((const uint8_t *)data + at, len - at) };
}

int csv_next(struct csv *c, uint8_t *dst, size_t size, bool *is_last)
{
	size_t n = 0;
	bool is_quoted = false;
	if (c->at >= c->len)
		return -1;
	for (; c->at < c->len; c->at++) {
		uint8_t b = c->data[c->at];
		bool is_pair =
			b == '"' && is_quoted && c->at + 1 < c->len && c->data[c->at + 1] == '"';
		if (b == '"' && !is_pair) {
			is_quoted = !is_quoted;
			continue;
		}
		if (!is_quoted && (b == c->separator || b == '\n'))
			break;
		c->at += is_pair;
		if (n < size && b != '\r')
			dst[n++] = b;
	}
	*is_last = c->at >= c->len || c->data[c->at] == '\n';
	c->at++;
	return (int)n;
}
