/*
 * inspect/line.c - see line.h.
 */
#include "line.h"

#include <string.h>
#include <strings.h>

uint32_t line_take(const uint8_t *data, uint32_t len, bool is_last, struct line *ret)
{
	uint32_t seen = len < LINE_MAX ? len : LINE_MAX;
	const uint8_t *lf = seen ? memchr(data, '\n', seen) : NULL;

	if (!lf && seen < LINE_MAX && !(is_last && seen))
		return 0;
	uint32_t used = lf ? (uint32_t)(lf - data) + 1 : seen;
	ret->data = data;
	ret->len = lf ? used - 1 : used;
	if (ret->len && data[ret->len - 1] == '\r')
		ret->len--;
	return used;
}

struct line line_word(struct line *l)
{
	struct line word = { l->data, 0 };

	if (l->len == 0) /* an empty line may stand on NULL */
		return word;
	while (word.len < l->len && l->data[word.len] != ' ')
		word.len++;
	uint32_t used = word.len;
	while (used < l->len && l->data[used] == ' ')
		used++;
	l->data += used;
	l->len -= used;
	return word;
}

bool line_begins(const struct line *l, const char *text)
{
	size_t len = strlen(text);

	return l->len >= len && strncasecmp((const char *)l->data, text, len) == 0;
}

bool line_is(const struct line *l, const char *text)
{
	return l->len == strlen(text) && line_begins(l, text);
}

bool line_has(const struct line *l, const char *text)
{
	for (struct line rest = *l; rest.len; rest.data++, rest.len--)
		if (line_begins(&rest, text))
			return true;
	return false;
}

bool line_number(struct line *l, uint32_t max, uint32_t *ret)
{
	uint64_t value = 0;
	uint32_t digits = 0;

	while (digits < l->len && l->data[digits] >= '0' && l->data[digits] <= '9') {
		value = value * 10 + (l->data[digits++] - '0');
		if (value > max)
			return false;
	}
	l->data += digits;
	l->len -= digits;
	*ret = (uint32_t)value;
	return digits > 0;
}

static int base64_value(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

uint32_t line_base64(const struct line *l, uint8_t *dst, uint32_t size)
{
	uint32_t bits = 0, count = 0, n = 0;

	for (uint32_t i = 0; i < l->len && l->data[i] != '='; i++) {
		int value = base64_value(l->data[i]);
		if (value < 0)
			return 0;
		bits = bits << 6 | (uint32_t)value;
		count += 6;
		if (count >= 8) {
			count -= 8;
			if (n == size)
				return n;
			dst[n++] = (uint8_t)(bits >> count);
		}
	}
	return n;
}

void line_gap(struct inspection *in, const uint8_t *data, uint32_t len, uint32_t missing)
{
	(void)in;
	(void)data;
	(void)len;
	(void)missing;
}
