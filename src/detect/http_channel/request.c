/*
 * detect/http_channel/request.c - what a request looks like.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "../text.h"
#include "http_channel.h"

#define FEW_HEADERS   6 /* a browser sends more: it says what it accepts, and from where it comes */
#define ENCODED_MIN   32 /* letters in a row */
#define ENCODED_DIGIT 4
#define HEX_RUN       6
#define GUID_LEN      36
#define NAME_MIN      5
#define SPELLED_MIN   16 /* digits of hexadecimal */
#define MANY_HEADERS  16
#define LONG_PATH     80
#define LONG_WORD     128 /* letters: above names, hashes, and questions to OCSP (RFC 6960 A.1) */

static bool is_hex(uint8_t c)
{
	return isxdigit(c) != 0;
}

/* The path without what changes from one request to the next: numbers, hexadecimal words. */
static uint64_t form_of(const uint8_t *uri, size_t len, uint64_t hash)
{
	const uint8_t *query = memchr(uri, '?', len);
	if (query)
		len = (size_t)(query - uri);
	while (len > 1 && uri[len - 1] == '/')
		len--;
	for (size_t i = 0; i < len;) {
		size_t run = 0, digits = 0;
		for (; i + run < len && is_hex(uri[i + run]); run++)
			digits += isdigit(uri[i + run]) != 0;
		bool is_number = digits && (digits == run || run >= HEX_RUN);
		hash = hash_mix(hash, is_number ? '0' : uri[i]);
		i += is_number ? run : 1;
	}
	return hash;
}

static bool is_word(uint8_t c)
{
	return isalnum(c) || c == '+' || c == '/' || c == '_' || c == '-' || c == '=';
}

/* A word that no person wrote: long, letters and digits mixed. A '/' ends it in a path. */
static bool has_encoded(const uint8_t *p, size_t len, bool is_path)
{
	size_t run = 0, digits = 0, upper = 0, lower = 0;
	for (size_t i = 0; i <= len; i++) {
		uint8_t c = i < len ? p[i] : ' ';
		if (is_word(c) && !(is_path && c == '/')) {
			run++;
			digits += isdigit(c) != 0;
			upper += isupper(c) != 0;
			lower += islower(c) != 0;
			continue;
		}
		if (run >= ENCODED_MIN && digits >= ENCODED_DIGIT && upper + lower >= ENCODED_DIGIT)
			return true;
		run = digits = upper = lower = 0;
	}
	return false;
}

/* Letters of both cases and digits change with each other as dice have it, not as words do. */
static bool is_diced(const uint8_t *p, size_t len)
{
	size_t digits = 0, upper = 0, lower = 0, changes = 0;
	int last = 0;
	for (size_t i = 0; i < len; i++) {
		int class = isdigit(p[i]) ? 1 : isupper(p[i]) ? 2 : islower(p[i]) ? 3 : 0;
		digits += class == 1;
		upper += class == 2;
		lower += class == 3;
		changes += class && last && class != last;
		last = class ? class : last;
	}
	size_t all = digits + upper + lower;
	return all >= LONG_PATH * 3 / 4 && digits * 12 >= all && upper * 5 >= all &&
	       lower * 5 >= all && changes * 5 >= all * 2;
}

/* A path that is one encoded word, cut by slashes. */
static bool is_encoded_path(const uint8_t *p, size_t len)
{
	return len >= LONG_PATH && is_diced(p, len);
}

static bool is_hex_word(const uint8_t *p, size_t len)
{
	size_t digits = 0;
	for (size_t i = 0; i < len; i++) {
		if (!is_hex(p[i]))
			return false;
		digits += isdigit(p[i]) != 0;
	}
	return digits >= len / 3;
}

/* Adds what the long words of a text can hold: six bits a letter, four of hexadecimal. */
static void add_told(struct request_look *ret, const uint8_t *p, size_t len)
{
	size_t run = 0;
	for (size_t i = 0; i <= len; i++) {
		if (i < len && is_word(p[i])) {
			run++;
			continue;
		}
		const uint8_t *word = p + i - run;
		size_t n = run;
		run = 0;
		if (n < LONG_WORD)
			continue;
		bool is_hex = is_hex_word(word, n);
		if (!is_hex && !is_diced(word, n))
			continue;
		ret->told += (uint32_t)(is_hex ? n / 2 : n * 3 / 4);
		for (size_t k = 0; k < n; k++)
			ret->told_hash = ret->told_hash * 31 + word[k];
	}
}

static unsigned nibble(uint8_t c)
{
	return isdigit(c) ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a' + 10);
}

/* Hexadecimal that spells names: of letters, digits and what stands between words. */
static bool is_spelled(const uint8_t *p, size_t len)
{
	size_t letters = 0, hex_letters = 0;
	for (size_t i = 0; i + 1 < len; i += 2) {
		unsigned c = nibble(p[i]) << 4 | nibble(p[i + 1]);
		if (!isalnum((int)c) && c != '-' && c != '_' && c != '.' && c != ' ')
			return false;
		letters += isalpha((int)c) != 0;
		hex_letters += isalpha(p[i]) || isalpha(p[i + 1]);
	}
	/* a number of decimal digits spells by chance */
	return len % 2 == 0 && letters * 4 >= len / 2 && hex_letters >= 2;
}

static bool has_spelled(const uint8_t *p, size_t len)
{
	size_t run = 0;
	for (size_t i = 0; i <= len; i++) {
		if (i < len && is_hex(p[i])) {
			run++;
			continue;
		}
		if (run >= SPELLED_MIN && (i == len || !isalpha(p[i])) &&
		    is_spelled(p + i - run, run))
			return true;
		run = 0;
	}
	return false;
}

/* Of a dash, which may be escaped; 0: none. */
static size_t dash_length(const uint8_t *p, size_t len)
{
	if (len > 0 && p[0] == '-')
		return 1;
	return len > 2 && p[0] == '%' && p[1] == '2' && (p[2] | 0x20) == 'd' ? 3 : 0;
}

/* 8-4-4-4-12 hexadecimal digits. */
static bool begins_with_guid(const uint8_t *p, size_t len)
{
	static const uint8_t parts[] = { 8, 4, 4, 4, 12 };
	size_t i = 0;
	for (unsigned part = 0; part < sizeof(parts); part++) {
		size_t dash = part ? dash_length(p + i, len - i) : 0;
		if (part && !dash)
			return false;
		i += dash;
		for (unsigned n = 0; n < parts[part]; n++, i++)
			if (i >= len || !is_hex(p[i]))
				return false;
	}
	return true;
}

static bool has_guid(const uint8_t *p, size_t len)
{
	for (size_t at = 0; at + GUID_LEN <= len; at++)
		if (begins_with_guid(p + at, len - at))
			return true;
	return false;
}

static bool has_name(const uint8_t *p, size_t len, const char *name)
{
	size_t n = name ? strlen(name) : 0;
	for (size_t i = 0; n >= NAME_MIN && i + n <= len; i++)
		if (strncasecmp((const char *)p + i, name, n) == 0)
			return true;
	return false;
}

static bool begins(const struct event_http *h, const struct event_str *s, const char *with)
{
	size_t n = strlen(with);
	return s->len >= n && memcmp(event_str_data(&h->e, s), with, n) == 0;
}

static const char *const parts[] = { ".js", ".css", ".woff", ".woff2", NULL };

void request_look(struct request_look *ret, const struct event_http *h, const char *own_name)
{
	const uint8_t *uri = event_str_data(&h->e, &h->uri);
	const uint8_t *cookie = event_str_data(&h->e, &h->cookie);
	size_t len = h->uri.off ? h->uri.len : 0;
	const uint8_t *agent = event_str_data(&h->e, &h->user_agent);
	size_t cookie_len = h->cookie.off ? h->cookie.len : 0;
	size_t agent_len = h->user_agent.off ? h->user_agent.len : 0;
	memset(ret, 0, sizeof(*ret));
	ret->is_post = begins(h, &h->method, "POST") || begins(h, &h->method, "PUT");
	ret->form = form_of(uri, len, ret->is_post ? 1 : 2);
	ret->is_browser = begins(h, &h->user_agent, "Mozilla/");
	ret->is_tool = !ret->is_browser;
	ret->is_nobody = agent_len == 0;
	ret->is_part = text_path_ends(&h->e, &h->uri, parts);
	ret->is_bare = h->referrer.len == 0 && h->header_count <= FEW_HEADERS + ret->is_post;
	/* headers of its own make no browser of a program that lacks what all of them send */
	if (ret->is_browser && h->header_count <= MANY_HEADERS)
		ret->is_bare |= text_browser_lacks(h->marks) == 3;
	const uint8_t *query = len ? memchr(uri, '?', len) : NULL;
	size_t path_len = query ? (size_t)(query - uri) : len;
	ret->has_query = query != NULL;
	ret->has_spelled = has_spelled(uri, len) || has_spelled(cookie, cookie_len);
	ret->has_encoded = has_encoded(uri, path_len, true) || is_encoded_path(uri, path_len) ||
			   (query && has_encoded(query, len - path_len, false)) ||
			   has_encoded(cookie, cookie_len, false) ||
			   has_encoded(agent, agent_len, false);
	add_told(ret, uri, len);
	add_told(ret, cookie, cookie_len);
	add_told(ret, agent, agent_len);
	if (ret->told && h->uri.full > h->uri.len)
		ret->told += (h->uri.full - h->uri.len) * 3 / 4;
	ret->has_identity = has_guid(uri, len) || has_name(uri, len, own_name);
}

bool request_is_web_port(uint16_t port)
{
	static const uint16_t ports[] = { 80, 81, 3128, 8000, 8008, 8080, 8081, 8088, 8888, 9000 };
	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
		if (ports[i] == port)
			return true;
	return false;
}
