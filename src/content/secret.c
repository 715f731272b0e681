/*
 * content/secret.c - keys and tokens, by the forms that their makers give them.
 *
 * Prefixes are no proof: GitHub's end in a check sum, AWS's count only with the secret that belongs
 * to them, a private key with its first line, a JWT with a head that says "alg".
 */
#include <string.h>

#include "content.h"

static bool is_upper_or_digit(uint8_t b)
{
	return (b >= '0' && b <= '9') || (b >= 'A' && b <= 'Z');
}

static bool is_alnum(uint8_t b)
{
	return is_word_byte(b) && b < 0x80 && b != '_';
}

static bool is_base64(uint8_t b)
{
	return is_alnum(b) || b == '+' || b == '/';
}

static bool is_url64(uint8_t b)
{
	return is_alnum(b) || b == '-' || b == '_';
}

typedef bool (*byte_fn)(uint8_t);

static size_t run(const struct around *a, size_t from, byte_fn fn)
{
	size_t n = 0;
	while (from + n < a->len && fn(a->data[from + n]))
		n++;
	return n;
}

/* As mixed as chance makes it: letters of both cases and digits, few of them again. */
static bool is_mixed(const uint8_t *p, size_t n)
{
	bool upper = false, lower = false, digit = false;
	uint64_t seen[2] = { 0, 0 };
	for (size_t i = 0; i < n; i++) {
		upper = upper || (p[i] >= 'A' && p[i] <= 'Z');
		lower = lower || (p[i] >= 'a' && p[i] <= 'z');
		digit = digit || (p[i] >= '0' && p[i] <= '9');
		seen[p[i] >> 6 & 1] |= 1ull << (p[i] & 63);
	}
	unsigned kinds = (unsigned)(__builtin_popcountll(seen[0]) + __builtin_popcountll(seen[1]));
	return upper && lower && digit && kinds * 2 >= (n < 36 ? n : 36);
}

/* The access key's name travels in forms; the secret of 40 characters next to it does not. */
static bool read_aws(const struct around *a, size_t from, struct secret *ret)
{
	if (run(a, from, is_upper_or_digit) != 20)
		return false;
	for (size_t i = 0; i < a->len;) {
		size_t n = run(a, i, is_base64);
		if (n == 40 && is_mixed(a->data + i, n)) {
			*ret = (struct secret){ CONTENT_KEY, "aws", i, n };
			return true;
		}
		i += n + 1;
	}
	return false;
}

static bool read_github(const struct around *a, size_t from, struct secret *ret)
{
	static const char base62[] =
		"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	if (run(a, from + 4, is_alnum) != 36)
		return false;
	uint32_t crc = check_crc32(a->data + from + 4, 30);
	for (unsigned i = 0; i < 6; i++, crc /= 62)
		if (a->data[from + 4 + 35 - i] != (uint8_t)base62[crc % 62])
			return false;
	*ret = (struct secret){ CONTENT_KEY, "github", from, 40 };
	return true;
}

/* Two or three numbers, then the secret: xoxb-1234567890-1234567890-abc... */
static bool read_slack(const struct around *a, size_t from, struct secret *ret)
{
	size_t n = run(a, from, is_url64), numbers = 0, at = from + 5;
	while (at < from + n && a->data[at] >= '0' && a->data[at] <= '9') {
		size_t digits = 0;
		while (at < from + n && a->data[at] >= '0' && a->data[at] <= '9')
			at++, digits++;
		if (digits < 9 || at >= from + n || a->data[at] != '-')
			return false;
		numbers++;
		at++;
	}
	*ret = (struct secret){ CONTENT_KEY, "slack", from, n };
	return numbers >= 1 && from + n - at >= 20;
}

static bool read_plain(const struct around *a, size_t from, size_t head, size_t min, size_t max,
		       byte_fn fn, struct secret *ret)
{
	size_t n = run(a, from + head, fn);
	ret->from = from;
	ret->len = head + n;
	return n >= min && n <= max && is_mixed(a->data + from + head, n);
}

/* "-----BEGIN RSA PRIVATE KEY-----", a line's end, base64 or a field of PEM's head. */
static bool read_private(const struct around *a, size_t from, struct secret *ret)
{
	size_t i = from + 11;
	while (i < a->len && (is_upper_or_digit(a->data[i]) || a->data[i] == ' '))
		i++;
	size_t words = i - from - 11;
	const uint8_t *text = a->data + from + 11;
	if (words < 11 || memcmp(text + words - 11, "PRIVATE KEY", 11) != 0 || a->len - i < 12 ||
	    memcmp(a->data + i, "-----", 5) != 0)
		return false;
	i += 5;
	if (a->data[i] == '\\') /* within JSON */
		i++;
	if (a->data[i] != '\r' && a->data[i] != '\n' && a->data[i] != 'n')
		return false;
	while (i < a->len && (a->data[i] == '\r' || a->data[i] == '\n'))
		i++;
	*ret = (struct secret){ CONTENT_KEY, "private_key", from, i - from };
	return a->len - i >= 4 && run(a, i, is_base64) >= 4;
}

static unsigned sextet(uint8_t b)
{
	if (b >= 'A' && b <= 'Z')
		return b - 'A';
	if (b >= 'a' && b <= 'z')
		return b - 'a' + 26u;
	if (b >= '0' && b <= '9')
		return b - '0' + 52u;
	return b == '-' || b == '+' ? 62 : 63;
}

/* Two parts of JSON by their begin; the first, undone, says "alg". */
static bool read_jwt(const struct around *a, struct secret *ret)
{
	size_t dot = a->end - 4, from = dot; /* the match ends in ".eyJ" */
	uint8_t head[CONTENT_BEHIND] = { 0 };
	size_t n = 0;
	uint32_t carry = 0;
	while (from > 0 && is_url64(a->data[from - 1]))
		from--;
	for (size_t i = from, bits = 0; i < dot && n < sizeof(head); i++) {
		carry = carry << 6 | sextet(a->data[i]);
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			head[n++] = (uint8_t)(carry >> bits);
		}
	}
	*ret = (struct secret){ CONTENT_TOKEN, "jwt", from, a->len - from };
	return n > 8 && head[0] == '{' && memmem(head, n, "\"alg\"", 5);
}

bool secret_read(enum pattern pattern, const struct around *a, struct secret *ret)
{
	/* bytes of each pattern's match: where it begins */
	static const uint8_t length[PATTERN__FIXED] = {
		[PATTERN_AWS] = 4,      [PATTERN_GITHUB] = 4, [PATTERN_GITLAB] = 6,
		[PATTERN_SLACK] = 5,    [PATTERN_STRIPE] = 8, [PATTERN_AZURE] = 11,
		[PATTERN_PRIVATE] = 11, [PATTERN_PUTTY] = 20, [PATTERN_GOOGLE] = 4,
	};
	size_t from = a->end - length[pattern];
	bool is_start = from == 0 || !is_word_byte(a->data[from - 1]);
	switch (pattern) {
	case PATTERN_AWS:
		return is_start && read_aws(a, from, ret);
	case PATTERN_GITHUB:
		return is_start && read_github(a, from, ret);
	case PATTERN_GITLAB:
		*ret = (struct secret){ .kind = CONTENT_KEY, .label = "gitlab" };
		return is_start && read_plain(a, from, 6, 20, 20, is_url64, ret);
	case PATTERN_SLACK:
		return is_start && read_slack(a, from, ret);
	case PATTERN_STRIPE:
		*ret = (struct secret){ .kind = CONTENT_KEY, .label = "stripe" };
		return is_start && read_plain(a, from, 8, 24, 99, is_alnum, ret);
	case PATTERN_AZURE:
		*ret = (struct secret){ CONTENT_KEY, "azure", from, 99 };
		/* 86 characters and "==" do not fit behind it: its first ones speak for it */
		return run(a, from + 11, is_base64) >= 40 && is_mixed(a->data + from + 11, 40);
	case PATTERN_PRIVATE:
		return read_private(a, from, ret);
	case PATTERN_PUTTY:
		*ret = (struct secret){ CONTENT_KEY, "putty_key", from, 20 };
		return a->len > a->end + 2 && a->data[a->end + 1] == ':';
	case PATTERN_GOOGLE:
		*ret = (struct secret){ .kind = CONTENT_TOKEN, .label = "google" };
		return is_start && read_plain(a, from, 4, 35, 35, is_url64, ret);
	case PATTERN_JWT:
		return read_jwt(a, ret);
	default:
		return false;
	}
}
