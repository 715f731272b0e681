/*
 * config/text.c - text in and out of YAML.
 *
 * What looks like a plain word is printed as it is; all else in double quotes, with escapes for
 * whatever a YAML reader or a terminal might take for something else.
 */
#include <string.h>

#include "load.h"

/* The next character, and p behind it; -1 when the bytes are not UTF-8. */
static int32_t utf8_next(const char **p)
{
	static const int32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *s = (const unsigned char *)*p;
	unsigned len = s[0] < 0x80 ? 1 :
		       s[0] < 0xc2 ? 0 :
		       s[0] < 0xe0 ? 2 :
		       s[0] < 0xf0 ? 3 :
		       s[0] < 0xf5 ? 4 :
				     0;
	if (len == 0)
		return -1;
	int32_t c = len == 1 ? s[0] : s[0] & (0x7f >> len);
	for (unsigned i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return -1;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return -1;
	*p += len;
	return c;
}

bool text_is_utf8(const char *text)
{
	while (*text) {
		if (utf8_next(&text) < 0)
			return false;
	}
	return true;
}

/* Four numbers with dots, perhaps a slash: nobody takes it for a number. */
static bool is_ipv4(const char *text)
{
	unsigned dots = 0;
	for (const char *p = text; *p; p++)
		dots += *p == '.';
	return dots == 3 && strspn(text, "0123456789./") == strlen(text);
}

static bool is_plain(const char *text)
{
	static const char *const words[] = { "true", "false", "yes", "no", "on",
					     "off",  "null",  "y",   "n",  "auto" };
	const char *letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	if (is_ipv4(text))
		return true;
	if (!*text || (!strchr(letters, *text) && *text != '/'))
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasecmp(text, words[i]) == 0)
			return false;
	}
	const char *p = text + 1;
	while (*p && (strchr(letters, *p) || strchr("0123456789_./-", *p)))
		p++;
	return !*p;
}

static bool is_printable(int32_t c)
{
	if (c == 0x2028 || c == 0x2029 || c == 0xfeff)
		return false;
	return (c >= 0x20 && c < 0x7f) || (c >= 0xa0 && c <= 0xd7ff) ||
	       (c >= 0xe000 && c <= 0xfffd) || c >= 0x10000;
}

void text_print(struct buf *out, const char *text)
{
	if (is_plain(text)) {
		buf_str(out, text);
		return;
	}
	buf_char(out, '"');
	while (*text) {
		const char *start = text;
		int32_t c = utf8_next(&text);
		if (c < 0)
			buf_printf(out, "\\x%02X", (unsigned)(unsigned char)*text++);
		else if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", (int)c);
		else if (is_printable(c))
			buf_add(out, start, (size_t)(text - start));
		else
			buf_printf(out, c > 0xff ? "\\u%04X" : "\\x%02X", (unsigned)c);
	}
	buf_char(out, '"');
}
