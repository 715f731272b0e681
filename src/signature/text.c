/*
 * signature/text.c - values of rules: wildcards, escapes, and what modifiers make of them.
 *
 * Sigma specification 2.1, appendices on modifiers and on escaping: '\' takes the meaning from a
 * '*', '?' or '\' behind it and is itself before anything else.
 */
#include <string.h>

#include "private.h"

static bool text_new(struct arena *a, size_t len, struct sig_text *ret)
{
	ret->c = arena_array(a, len ? len : 1, sizeof(*ret->c));
	ret->len = (uint32_t)len;
	return ret->c != NULL;
}

bool text_parse(struct arena *a, const char *raw, struct sig_text *ret)
{
	size_t len = strlen(raw), n = 0;
	if (!text_new(a, len, ret))
		return false;
	for (size_t i = 0; i < len; i++) {
		uint8_t c = (uint8_t)raw[i];
		if (c == '\\' && raw[i + 1] && strchr("\\*?", raw[i + 1]))
			ret->c[n++] = (uint8_t)raw[++i];
		else
			ret->c[n++] = c == '*' ? TEXT_STAR : c == '?' ? TEXT_ANY : c;
	}
	ret->len = (uint32_t)n;
	return true;
}

bool text_from_bytes(struct arena *a, const uint8_t *data, size_t len, struct sig_text *ret)
{
	if (!text_new(a, len, ret))
		return false;
	for (size_t i = 0; i < len; i++)
		ret->c[i] = data[i];
	return true;
}

bool text_is_plain(const struct sig_text *t)
{
	for (uint32_t i = 0; i < t->len; i++)
		if (t->c[i] > UINT8_MAX)
			return false;
	return true;
}

char *text_bytes(struct arena *a, const struct sig_text *t)
{
	char *bytes = arena_alloc(a, (size_t)t->len + 1);
	for (uint32_t i = 0; bytes && i < t->len; i++)
		bytes[i] = (char)t->c[i];
	return bytes;
}

uint32_t text_longest(const struct sig_text *t)
{
	uint32_t longest = 0, run = 0;
	for (uint32_t i = 0; i < t->len; i++) {
		run = t->c[i] > UINT8_MAX ? 0 : run + 1;
		if (run > longest)
			longest = run;
	}
	return longest;
}

bool text_surround(struct arena *a, struct sig_text *t, bool front, bool behind)
{
	struct sig_text more;
	front = front && !(t->len && t->c[0] == TEXT_STAR);
	behind = behind && !(t->len && t->c[t->len - 1] == TEXT_STAR);
	if (!text_new(a, (size_t)t->len + front + behind, &more))
		return false;
	if (front)
		more.c[0] = TEXT_STAR;
	memcpy(more.c + front, t->c, t->len * sizeof(*t->c));
	if (behind)
		more.c[more.len - 1] = TEXT_STAR;
	*t = more;
	return true;
}

char *text_expression(struct arena *a, const struct sig_text *t, bool *ret_inner)
{
	static const char hex[] = "0123456789abcdef";
	uint32_t from = 0, to = t->len;
	while (from < to && t->c[from] == TEXT_STAR)
		from++;
	while (to > from && t->c[to - 1] == TEXT_STAR)
		to--;
	char *out = arena_alloc(a, (size_t)(to - from) * 4 + 8), *p = out;
	*ret_inner = false;
	if (!out)
		return NULL;
	if (from == 0)
		*p++ = '^';
	for (uint32_t i = from; i < to; i++) {
		uint16_t c = t->c[i];
		*ret_inner |= c > UINT8_MAX;
		if (c == TEXT_STAR) {
			*p++ = '.';
			*p++ = '*';
		} else if (c == TEXT_ANY) {
			*p++ = '.';
		} else if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
			   (c >= 'A' && c <= 'Z')) {
			*p++ = (char)c;
		} else {
			*p++ = '\\';
			*p++ = 'x';
			*p++ = hex[c >> 4];
			*p++ = hex[c & 15];
		}
	}
	if (to == t->len) {
		*p++ = '\\';
		*p++ = 'z';
	}
	*p = '\0';
	return out;
}

/* --- base64 -------------------------------------------------------------------------------- */

static struct sig_text *encode(struct arena *a, const struct sig_text *t, unsigned shift,
			       struct sig_text *out)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t len = (size_t)t->len + shift, n = 0;
	if (!text_new(a, (len + 2) / 3 * 4, out))
		return NULL;
	for (size_t i = 0; i < len; i += 3) {
		uint32_t word = 0;
		for (size_t k = 0; k < 3; k++) {
			size_t at = i + k;
			uint32_t byte = at < shift ? ' ' : at < len ? t->c[at - shift] : 0;
			word = word << 8 | byte;
		}
		for (unsigned k = 0; k < 4; k++) {
			bool is_pad = i + k > len;
			out->c[n++] = is_pad ? '=' : (uint8_t)digits[word >> (18 - 6 * k) & 63];
		}
	}
	return out;
}

/* The characters that are the same whatever stands before and behind: specification, base64offset.
 */
static void cut_shifted(struct sig_text *t, size_t plain_len, unsigned shift)
{
	static const uint8_t start[3] = { 0, 2, 3 }, end[3] = { 0, 3, 2 };
	uint32_t behind = end[(plain_len + shift) % 3];
	t->c += start[shift];
	t->len = t->len > start[shift] + behind ? t->len - start[shift] - behind : 0;
}

static struct sig_text *base64(struct arena *a, const struct sig_text *t, bool is_offset,
			       size_t *ret_count)
{
	unsigned count = is_offset ? 3 : 1;
	struct sig_text *out = arena_array(a, count, sizeof(*out));
	for (unsigned i = 0; out && i < count; i++) {
		if (!encode(a, t, i, &out[i]))
			return NULL;
		if (is_offset)
			cut_shifted(&out[i], t->len, i);
	}
	*ret_count = count;
	return out;
}

/* --- the others ---------------------------------------------------------------------------- */

static bool widen(struct arena *a, const struct sig_text *t, bool is_big, bool has_mark,
		  struct sig_text *out)
{
	size_t n = 0;
	if (!text_new(a, (size_t)t->len * 2 + (has_mark ? 2 : 0), out))
		return false;
	if (has_mark) {
		out->c[n++] = is_big ? 0xfe : 0xff;
		out->c[n++] = is_big ? 0xff : 0xfe;
	}
	for (uint32_t i = 0; i < t->len; i++) {
		if (is_big)
			out->c[n++] = 0;
		out->c[n++] = t->c[i];
		if (!is_big && t->c[i] <= UINT8_MAX)
			out->c[n++] = 0;
	}
	out->len = (uint32_t)n;
	return true;
}

static struct sig_text *utf16(struct arena *a, const struct sig_text *t, enum text_change how,
			      size_t *ret_count)
{
	size_t count = how == TEXT_UTF16 ? 2 : 1;
	struct sig_text *out = arena_array(a, count, sizeof(*out));
	for (size_t i = 0; out && i < count; i++)
		if (!widen(a, t, how == TEXT_UTF16BE || i == 1, how == TEXT_UTF16, &out[i]))
			return NULL;
	*ret_count = count;
	return out;
}

static bool is_word(uint16_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '_';
}

/* A dash or slash that begins an option: no word before it, one behind it. */
static bool is_dash(const struct sig_text *t, uint32_t i)
{
	return (t->c[i] == '-' || t->c[i] == '/') && (i == 0 || !is_word(t->c[i - 1])) &&
	       i + 1 < t->len && is_word(t->c[i + 1]);
}

static struct sig_text *windash(struct arena *a, const struct sig_text *t, size_t *ret_count)
{
	/* hyphen, slash, en dash, em dash, horizontal bar */
	static const char *const dashes[] = { "-", "/", "\xe2\x80\x93", "\xe2\x80\x94",
					      "\xe2\x80\x95" };
	size_t count = 1, places = 0;
	for (uint32_t i = 0; i < t->len; i++)
		if (is_dash(t, i) && places < 4) {
			places++;
			count *= 5;
		}
	struct sig_text *out = arena_array(a, count, sizeof(*out));
	for (size_t v = 0; out && v < count; v++) {
		size_t n = 0, left = v, seen = 0;
		if (!text_new(a, (size_t)t->len + 2 * places, &out[v]))
			return NULL;
		for (uint32_t i = 0; i < t->len; i++) {
			if (!is_dash(t, i) || seen++ >= 4) {
				out[v].c[n++] = t->c[i];
				continue;
			}
			for (const char *d = dashes[left % 5]; *d; d++)
				out[v].c[n++] = (uint8_t)*d;
			left /= 5;
		}
		out[v].len = (uint32_t)n;
	}
	*ret_count = count;
	return out;
}

struct sig_text *text_change(struct arena *a, const struct sig_text *t, enum text_change how,
			     size_t *ret_count, const char **ret_why)
{
	*ret_why = NULL;
	if (how == TEXT_WINDASH)
		return windash(a, t, ret_count);
	bool is_base64 = how == TEXT_BASE64 || how == TEXT_BASE64_OFFSET;
	if (is_base64 && !text_is_plain(t)) {
		*ret_why = "a wildcard cannot be encoded in base64; escape it with '\\'";
		return NULL;
	}
	for (uint32_t i = 0; !is_base64 && i < t->len; i++)
		if (t->c[i] > 0x7f && t->c[i] <= UINT8_MAX) {
			*ret_why = "only ASCII can be written as UTF-16";
			return NULL;
		}
	return is_base64 ? base64(a, t, how == TEXT_BASE64_OFFSET, ret_count) :
			   utf16(a, t, how, ret_count);
}
