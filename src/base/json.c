/*
 * base/json.c - see include/exfild/base/json.h
 *
 * Text comes from packets.  What could end a line, move a terminal's cursor or turn its direction
 * leaves as an escape: controls (C0, DEL, C1), line and paragraph separators, bidirectional marks.
 */
#include "exfild/base/json.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "exfild/base/str.h"
#include "exfild/base/utf8.h"
#include "number.h"

#define INTEGRAL_MAX 1e15 /* up to here a whole number prints all its digits */

struct json json_make(struct buf *out)
{
	return (struct json){ .out = out, .need_comma = false };
}

static bool is_unsafe(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069) || code == 0x200e || code == 0x200f;
}

static void add_escape(struct buf *out, uint32_t code)
{
	static const char digits[] = "0123456789abcdef";
	char text[6] = { '\\',
			 'u',
			 digits[code >> 12 & 15],
			 digits[code >> 8 & 15],
			 digits[code >> 4 & 15],
			 digits[code & 15] };

	buf_add(out, text, sizeof(text));
}

/* Bytes that go out as they are. */
static bool is_plain(uint8_t c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

#define EIGHT(byte) (0x0101010101010101ull * (byte))

/* Some byte of the eight is this one ("Determine if a word has a zero byte", Bit Twiddling Hacks).
 */
static uint64_t find_byte(uint64_t word, uint8_t byte)
{
	uint64_t v = word ^ EIGHT(byte);
	return (v - EIGHT(1)) & ~v & EIGHT(0x80);
}

/* How many of them stand at p; eight at a time, since nearly all are. */
static size_t plain_run(const uint8_t *p, size_t len)
{
	size_t run = 0;
	for (uint64_t word; len - run >= sizeof(word); run += sizeof(word)) {
		memcpy(&word, p + run, sizeof(word));
		uint64_t low = (word - EIGHT(0x20)) & ~word, high = word | find_byte(word, 0x7f);
		if (((low | high) & EIGHT(0x80)) || find_byte(word, '"') || find_byte(word, '\\'))
			break;
	}
	while (run < len && is_plain(p[run]))
		run++;
	return run;
}

static void add_quoted(struct buf *out, const void *text, size_t len)
{
	const uint8_t *p = text;
	size_t plain = 0; /* bytes before p that go out as they are */

	buf_char(out, '"');
	while (len > 0) {
		size_t run = plain_run(p, len);
		plain += run;
		p += run;
		len -= run;
		if (len == 0)
			break;
		uint32_t code = p[0];
		size_t n = utf8_decode(p, len, &code);
		if (n > 0 && code != '"' && code != '\\' && !is_unsafe(code)) {
			plain += n;
			p += n;
			len -= n;
			continue;
		}
		buf_add(out, p - plain, plain);
		plain = 0;
		if (n == 0)
			n = 1;
		if (code == '"' || code == '\\')
			buf_add(out, code == '"' ? "\\\"" : "\\\\", 2);
		else
			add_escape(out, code);
		p += n;
		len -= n;
	}
	buf_add(out, p - plain, plain);
	buf_char(out, '"');
}

/* What comes before a value: the comma and the key. */
static void start_value(struct json *j, const char *key)
{
	if (j->need_comma)
		buf_char(j->out, ',');
	if (key != NULL) {
		add_quoted(j->out, key, strlen(key));
		buf_char(j->out, ':');
	}
	j->need_comma = true;
}

static void open_with(struct json *j, const char *key, char bracket)
{
	start_value(j, key);
	buf_char(j->out, bracket);
	j->need_comma = false;
}

static void close_with(struct json *j, char bracket)
{
	buf_char(j->out, bracket);
	j->need_comma = true;
}

void json_open_object(struct json *j, const char *key)
{
	open_with(j, key, '{');
}

void json_close_object(struct json *j)
{
	close_with(j, '}');
}

void json_open_array(struct json *j, const char *key)
{
	open_with(j, key, '[');
}

void json_close_array(struct json *j)
{
	close_with(j, ']');
}

void json_string(struct json *j, const char *key, const char *text)
{
	start_value(j, key);
	if (text != NULL)
		add_quoted(j->out, text, strlen(text));
	else
		buf_str(j->out, "null");
}

void json_string_len(struct json *j, const char *key, const void *text, size_t len)
{
	start_value(j, key);
	add_quoted(j->out, text ? text : "", text ? len : 0);
}

/* As printf's PRIu64; an alert has dozens of them. */
static void add_digits(struct buf *out, uint64_t v, bool is_negative)
{
	char text[24];
	size_t at = sizeof(text);

	do {
		text[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	if (is_negative)
		text[--at] = '-';
	buf_add(out, text + at, sizeof(text) - at);
}

void json_uint(struct json *j, const char *key, uint64_t v)
{
	start_value(j, key);
	add_digits(j->out, v, false);
}

void json_int(struct json *j, const char *key, int64_t v)
{
	start_value(j, key);
	add_digits(j->out, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, v < 0);
}

void json_double(struct json *j, const char *key, double v)
{
	char text[NUMBER_TEXT_MAX];

	start_value(j, key);
	if (!isfinite(v))
		buf_str(j->out, "null");
	else if (fabs(v) < INTEGRAL_MAX && !(trunc(v) < v) && !(trunc(v) > v))
		add_digits(j->out, (uint64_t)fabs(v), v < 0); /* minus zero prints as 0 */
	else
		buf_str(j->out, number_print(text, sizeof(text), v, 4));
}

void json_bool(struct json *j, const char *key, bool v)
{
	start_value(j, key);
	buf_str(j->out, v ? "true" : "false");
}

void json_ip(struct json *j, const char *key, const struct ipaddr *a)
{
	char text[IPADDR_TEXT_MAX];

	json_string(j, key, ipaddr_print(a, text, sizeof(text)));
}

void json_mac(struct json *j, const char *key, const uint8_t mac[6])
{
	start_value(j, key);
	buf_printf(j->out, "\"%02x:%02x:%02x:%02x:%02x:%02x\"", mac[0], mac[1], mac[2], mac[3],
		   mac[4], mac[5]);
}

void json_time(struct json *j, const char *key, uint64_t time_ns)
{
	char text[32];

	json_string(j, key, str_time(text, sizeof(text), time_ns));
}
