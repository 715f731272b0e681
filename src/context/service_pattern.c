/*
 * context/service_pattern.c - is a host name one of a pattern?
 *
 * Label against label.  Within a label all ways to read it are followed at once, a bit for each
 * place in the pattern, so that no name makes it go back: its cost is bounded by the length of the
 * name times that of the pattern's label, whatever stands in either.
 */
#include <string.h>

#include "services.h"

#define LABEL_MAX 63u

static unsigned char lower(char c)
{
	unsigned char u = (unsigned char)c;
	return u >= 'A' && u <= 'Z' ? (unsigned char)(u | 0x20) : u;
}

/* '*' may stand for nothing: where one may be before it, one may be behind it. */
static uint64_t pass_stars(const char *p, size_t len, uint64_t places)
{
	for (size_t i = 0; i < len; i++)
		if (p[i] == '*' && places >> i & 1)
			places |= 1ull << (i + 1);
	return places;
}

static uint64_t take_byte(const char *p, size_t len, uint64_t places, unsigned char c)
{
	uint64_t next = 0;
	for (uint64_t left = places; left; left &= left - 1) {
		size_t i = (size_t)__builtin_ctzll(left);
		bool is_digit = c >= '0' && c <= '9';
		if (i == len)
			break;
		if (p[i] == '*')
			next |= 1ull << i;
		else if (p[i] == '#' && is_digit)
			next |= 3ull << i;
		else if ((unsigned char)p[i] == c)
			next |= 1ull << (i + 1);
	}
	return pass_stars(p, len, next);
}

static bool label_fits(const char *p, size_t p_len, const char *label, size_t len)
{
	if (p_len > LABEL_MAX || len > LABEL_MAX || len == 0)
		return false;
	uint64_t places = pass_stars(p, p_len, 1);
	for (size_t i = 0; i < len && places; i++)
		places = take_byte(p, p_len, places, lower(label[i]));
	return places >> p_len & 1;
}

/* The last label of text[0..len): where it begins. */
static size_t last_label(const char *text, size_t len)
{
	while (len > 0 && text[len - 1] != '.')
		len--;
	return len;
}

bool service_pattern_fits(const char *pattern, const char *name, size_t len)
{
	size_t p_len = strlen(pattern);
	if (len > 0 && name[len - 1] == '.')
		len--;
	if (len == 0 || len > SERVICE_DOMAIN_MAX)
		return false;
	for (;;) {
		size_t p_at = last_label(pattern, p_len), at = last_label(name, len);
		bool is_rest = p_at == 0 && p_len == 2 && memcmp(pattern, "**", 2) == 0;
		if (is_rest)
			return len > 0;
		if (!label_fits(pattern + p_at, p_len - p_at, name + at, len - at))
			return false;
		if (p_at == 0 || at == 0)
			return p_at == at;
		p_len = p_at - 1;
		len = at - 1;
	}
}
