/*
 * inspect/content/text.c - what a clear text speaks of.
 *
 * The words are those of the systems themselves: what their tools print, what their shells prompt,
 * what their programs call the facts of a machine.  One word is never enough where people write
 * about such things: output needs two of its words or one that nobody writes by hand.
 */
#include "text.h"

#include <string.h>

#define RUN_MIN     24 /* bytes of one alphabet that are no word */
#define DECODED_MIN 48
#define WORDS_MAX   28

struct words {
	uint32_t mark;
	unsigned needed; /* different words of the list */
	const char *list[WORDS_MAX];
};

static const struct words table[] = {
	{ CONTENT_OUTPUT,
	  1,
	  { "uid=0(root)", "root:x:0:0:", "nt authority\\system", "volume serial number is ",
	    "windows ip configuration", "user accounts for \\\\", "iis apppool\\",
	    "daemon:x:1:1:", "bytes free", "www-data:x:33:" } },
	{ CONTENT_OUTPUT,
	  2,
	  { "uid=", "gid=", "groups=", "drwxr-xr-x", "-rw-r--r--", "<dir>", " directory of ",
	    "linux version", "gnu/linux", "pid tty", "inet addr:", "subnet mask", "mem usage",
	    "session name", "host name:", "os version:", "command completed successfully" } },
	{ CONTENT_PROMPT,
	  1,
	  { "ps> ", "ps c:\\", "c:\\windows\\system32>", "c:\\inetpub\\wwwroot>", "\nroot@",
	    "\nwww-data@", "microsoft windows [version" } },
	{ CONTENT_CODE,
	  1,
	  { "@eval(", "eval(base64_decode", "eval($_", "assert($_", "@ini_set(\"display_errors\"",
	    "@set_time_limit(", "system($_", "shell_exec(", "passthru(", "runtime.getruntime(",
	    "system.diagnostics.process", "response.write(", "eval(request", "execute(request",
	    "java.lang.processbuilder", "popen(", "execute(\"", "on error resume next" } },
	{ CONTENT_MACHINE, 2, { "user name:",       "username:",    "computer name",
				"computername",     "machine name", "pc name",
				"osfullname",       "os full name", "os version",
				"operating system", "hwid",         "cpu:",
				"processor:",       "ram:",         "ip address",
				"external ip",      "country:",     "host name:",
				"os name:",         "task list",    "system type",
				"antivirus",        "video card",   "screen resolution" } },
	{ CONTENT_PASSWORDS,
	  2,
	  { "password:", "password :", "username:", "username :", "url:", "url :", "host:",
	    "application:", "browser:", "software:", "passwords", "cookies", "keylog",
	    "credentials" } },
	{ CONTENT_HTML, 1, { "<html", "<br>", "<table", "<!doctype html", "<body" } },
};

/* Which pairs of bytes a text has: most words need one that it has not. */
struct pairs {
	uint64_t bits[64];
};

static unsigned pair_of(char a, char b)
{
	return ((unsigned)(uint8_t)a * 61u + (uint8_t)b) & 4095u;
}

static void note_pairs(struct pairs *p, const char *text, size_t len)
{
	memset(p, 0, sizeof(*p));
	for (size_t i = 1; i < len; i++) {
		unsigned pair = pair_of(text[i - 1], text[i]);
		p->bits[pair / 64] |= 1ull << pair % 64;
	}
}

static bool has_word(const struct pairs *p, const char *text, size_t len, const char *word)
{
	size_t n = strlen(word);
	for (size_t i = 1; i < n; i++) {
		unsigned pair = pair_of(word[i - 1], word[i]);
		if (!(p->bits[pair / 64] & 1ull << pair % 64))
			return false;
	}
	return memmem(text, len, word, n) != NULL;
}

static uint32_t marks_of_lower(const char *text, size_t len)
{
	struct pairs pairs;
	uint32_t marks = 0;
	note_pairs(&pairs, text, len);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct words *w = &table[i];
		unsigned found = 0;
		for (size_t k = 0; k < WORDS_MAX && w->list[k] && found < w->needed; k++)
			found += has_word(&pairs, text, len, w->list[k]);
		if (found >= w->needed)
			marks |= w->mark;
	}
	return marks;
}

static int hex_value(uint8_t b)
{
	if (b >= '0' && b <= '9')
		return b - '0';
	b |= 0x20;
	return b >= 'a' && b <= 'f' ? b - 'a' + 10 : -1;
}

/* Lower case, URL encoding undone; UTF-16 of ASCII text becomes that text. */
static size_t make_lower(char *dst, size_t size, const uint8_t *data, size_t len)
{
	size_t n = 0;
	for (size_t i = 0; i < len && n < size; i++) {
		uint8_t b = data[i];
		if (b == 0 && i > 0)
			continue;
		if (b == '%' && i + 2 < len && hex_value(data[i + 1]) >= 0 &&
		    hex_value(data[i + 2]) >= 0) {
			b = (uint8_t)(hex_value(data[i + 1]) << 4 | hex_value(data[i + 2]));
			i += 2;
		} else if (b == '+') {
			b = ' ';
		}
		dst[n++] = b >= 'A' && b <= 'Z' ? (char)(b | 0x20) : (char)b;
	}
	return n;
}

static int base64_value(uint8_t b)
{
	if (b >= 'A' && b <= 'Z')
		return b - 'A';
	if (b >= 'a' && b <= 'z')
		return b - 'a' + 26;
	if (b >= '0' && b <= '9')
		return b - '0' + 52;
	if (b == '+' || b == '-' || b == ' ') /* a form turns '+' into a blank */
		return 62;
	return b == '/' || b == '_' ? 63 : -1;
}

/* "%2B", "%2F" and "%3D" of a form are bytes of the alphabet too. */
static int url_value(const uint8_t *data, size_t left)
{
	if (left < 3 || data[0] != '%')
		return -1;
	uint8_t low = data[2] | 0x20;
	if (data[1] == '2' && low == 'b')
		return 62;
	if (data[1] == '2' && low == 'f')
		return 63;
	return data[1] == '3' && low == 'd' ? 64 : -1;
}

size_t content_base64(uint8_t *dst, size_t size, const uint8_t *data, size_t len)
{
	uint32_t bits = 0;
	unsigned have = 0;
	size_t n = 0;
	for (size_t i = 0; i < len && n < size; i++) {
		int v = base64_value(data[i]);
		if (data[i] == '\r' || data[i] == '\n')
			continue;
		if (v < 0) {
			v = url_value(data + i, len - i);
			i += 2;
		}
		if (v < 0 || v > 63)
			break;
		bits = bits << 6 | (uint32_t)v;
		have += 6;
		if (have >= 8) {
			have -= 8;
			dst[n++] = (uint8_t)(bits >> have);
		}
	}
	return n;
}

static bool is_base64_byte(uint8_t b)
{
	return b != ' ' && base64_value(b) >= 0;
}

/* Marks of the texts that lie in runs of base64 within the text. */
static uint32_t marks_within(const uint8_t *data, size_t len)
{
	uint8_t decoded[CONTENT_SPAN];
	char lower[CONTENT_SPAN];
	uint32_t marks = 0;
	for (size_t i = 0; i < len; i++) {
		size_t from = i;
		while (i < len && (is_base64_byte(data[i]) || data[i] == '%' || data[i] == '\r' ||
				   data[i] == '\n'))
			i++;
		if (i - from < DECODED_MIN)
			continue;
		size_t n = content_base64(decoded, sizeof(decoded), data + from, i - from);
		n = make_lower(lower, sizeof(lower), decoded, n);
		marks |= n ? marks_of_lower(lower, n) : 0;
	}
	return marks;
}

uint32_t content_marks(const uint8_t *data, size_t len)
{
	char lower[CONTENT_SPAN];
	if (len > CONTENT_SPAN)
		len = CONTENT_SPAN;
	size_t n = make_lower(lower, sizeof(lower), data, len);
	uint32_t marks = n ? marks_of_lower(lower, n) : 0;
	uint32_t within = marks_within(data, len) & ~(uint32_t)CONTENT_HTML;
	if (within & ~marks)
		marks |= within | CONTENT_CODED;
	return marks;
}

bool content_is_command(const uint8_t *data, size_t len)
{
	static const char *const words[] = {
		"whoami",    "ipconfig", "ifconfig",    "systeminfo", "tasklist",   "netstat",
		"hostname",  "uname",    "net user",    "net view",   "net group",  "net local",
		"dir",       "ls",       "pwd",         "ps aux",     "ps -ef",     "cat /",
		"type c:",   "type %",   "cmd /c",      "cmd.exe",    "powershell", "/bin/",
		"bash -",    "sh -c",    "wget http",   "curl http",  "certutil",   "nltest",
		"reg query", "arp -a",   "route print", "quser",      "query user", "id;",
		"cd /",      "cd c:",    "cd \"",       "cd ..",
	};
	char lower[32] = "";
	while (len && (*data == ' ' || *data == '"' || *data == '\''))
		data++, len--;
	size_t n = make_lower(lower, sizeof(lower) - 1, data, len < 31 ? len : 31);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t w = strlen(words[i]);
		if (n < w || memcmp(lower, words[i], w) != 0)
			continue;
		char end = words[i][w - 1];
		bool is_open = !(end >= 'a' && end <= 'z'); /* what follows is its own */
		if (is_open || n == w || lower[w] == ' ' || lower[w] == '&' || lower[w] == '|' ||
		    lower[w] == ';' || lower[w] == '\r' || lower[w] == '\n' || lower[w] == '.' ||
		    w > 8)
			return true;
	}
	return false;
}

struct content_shares content_shares(const uint8_t *data, size_t len)
{
	size_t base64 = 0, hex = 0, run64 = 0, run16 = 0;
	for (size_t i = 0; i <= len; i++) {
		uint8_t b = i < len ? data[i] : 0;
		bool is_hex =
			(b >= '0' && b <= '9') || (b >= 'a' && b <= 'f') || (b >= 'A' && b <= 'F');
		if (is_hex) {
			run16++;
		} else {
			hex += run16 >= RUN_MIN ? run16 : 0;
			run16 = 0;
		}
		if (is_base64_byte(b) || b == '=' || b == '%') {
			run64++;
		} else if (b != '\r' && b != '\n') {
			base64 += run64 >= RUN_MIN ? run64 : 0;
			run64 = 0;
		}
	}
	return (struct content_shares){ (uint8_t)(len ? base64 * 100 / len : 0),
					(uint8_t)(len ? hex * 100 / len : 0) };
}
