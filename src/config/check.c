/*
 * config/check.c - texts with a form of their own.
 *
 * Each check returns NULL when the text will do, else what was expected, to stand after
 * "expected".  Whether a host answers or a file is there is not asked here, with one exception: a
 * time zone that the system does not know would silently be UTC.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exfild/base/str.h"
#include "schema.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS  "0123456789"

const char *check_name(const char *text)
{
	return strspn(text, LETTERS DIGITS "._-") == strlen(text) ?
		       NULL :
		       "a name of letters, digits, '.', '_' and '-'";
}

const char *check_interface(const char *text)
{
	const char *want = "the name of a network interface, such as eth0";
	if (strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
		return want;
	for (const char *p = text; *p; p++) {
		if (!isgraph((unsigned char)*p) || *p == '/')
			return want;
	}
	return NULL;
}

const char *check_timezone(const char *text)
{
	const char *want = "a time zone that this system knows, such as UTC or Europe/Berlin";
	if (strcmp(text, "UTC") == 0)
		return NULL;
	if (text[0] == '/' || strstr(text, "..") ||
	    strspn(text, LETTERS DIGITS "/_+-") != strlen(text))
		return want;
	const char *folder = getenv("TZDIR");
	char path[512];
	int n = snprintf(path, sizeof(path), "%s/%s", folder ? folder : "/usr/share/zoneinfo",
			 text);
	if (n < 0 || (size_t)n >= sizeof(path) || access(path, R_OK) != 0)
		return want;
	return NULL;
}

static bool is_host(const char *text, size_t len)
{
	if (len == 0 || len > 253)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)text[i]) && !strchr("._-", text[i]))
			return false;
	}
	return true;
}

static bool is_ipv6(const char *text, size_t len)
{
	char copy[IPADDR_TEXT_MAX];
	struct ipaddr a;
	if (len >= sizeof(copy) || !memchr(text, ':', len))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return ipaddr_parse(copy, &a) == 0;
}

/*
 * The length of HOST or [IPv6] at the start of text, which ends at the first byte of `stops` or at
 * its end; 0 if there is none.
 */
static size_t host_length(const char *text, const char *stops)
{
	if (text[0] == '[') {
		const char *close = strchr(text, ']');
		return close && is_ipv6(text + 1, (size_t)(close - text - 1)) ?
			       (size_t)(close - text) + 1 :
			       0;
	}
	size_t len = strcspn(text, stops);
	return is_host(text, len) ? len : 0;
}

/* Is it a decimal number inside [min, max], of len digits? */
static bool is_number(const char *text, size_t len, uint64_t min, uint64_t max)
{
	char copy[24];
	uint64_t v;
	if (len == 0 || len >= sizeof(copy) || strspn(text, DIGITS) < len)
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return str_parse_u64(copy, min, max, &v) == 0;
}

/* HOST[:PORT] up to the end or a '/'; *ret_rest is there. */
static bool is_authority(const char *text, bool needs_port, const char **ret_rest)
{
	size_t len = host_length(text, ":/");
	if (len == 0)
		return false;
	text += len;
	if (*text == ':') {
		size_t digits = strcspn(++text, "/");
		if (!is_number(text, digits, 1, 65535))
			return false;
		text += digits;
	} else if (needs_port) {
		return false;
	}
	if (*text && *text != '/')
		return false;
	*ret_rest = text;
	return true;
}

/* What follows the prefix, or NULL. */
static const char *after(const char *text, const char *prefix)
{
	size_t len = strlen(prefix);
	return strncmp(text, prefix, len) == 0 ? text + len : NULL;
}

const char *check_redis_url(const char *text)
{
	const char *want = "redis://HOST[:PORT][/DB], rediss://HOST[:PORT][/DB] or "
			   "unix:///PATH[?db=N]";
	const char *rest = after(text, "unix://");
	if (rest) {
		const char *query = strchr(rest, '?');
		const char *db = query ? after(query, "?db=") : NULL;
		if (rest[0] != '/' || !rest[1] || (query && !db))
			return want;
		return !db || is_number(db, strlen(db), 0, 65535) ? NULL : want;
	}
	rest = after(text, "redis://");
	if (!rest)
		rest = after(text, "rediss://");
	if (!rest)
		return want;
	if (strchr(rest, '@'))
		return "no user and no password in the url (they belong in redis.username and "
		       "redis.password_file)";
	if (!is_authority(rest, false, &rest))
		return want;
	if (!rest[0] || !rest[1])
		return NULL;
	return is_number(rest + 1, strlen(rest + 1), 0, 65535) ? NULL : want;
}

const char *check_syslog_url(const char *text)
{
	static const char *const schemes[] = { "udp://", "tcp://", "tls://" };
	const char *want =
		"udp://HOST[:PORT], tcp://HOST[:PORT], tls://HOST[:PORT] or unix:///PATH";
	const char *rest = after(text, "unix://");
	if (rest)
		return rest[0] == '/' && rest[1] ? NULL : want;
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		rest = after(text, schemes[i]);
		if (rest)
			return is_authority(rest, false, &rest) && !rest[0] ? NULL : want;
	}
	return want;
}

const char *check_host_port(const char *text)
{
	const char *rest;
	return is_authority(text, true, &rest) && !*rest ? NULL : "HOST:PORT";
}

const char *check_listen(const char *text)
{
	const char *want = "ADDRESS:PORT, such as 127.0.0.1:9477 or [::1]:9477";
	const char *rest;
	return is_authority(text, true, &rest) && !*rest ? NULL : want;
}

const char *check_domain(const char *text)
{
	const char *want = "a domain such as example.com";
	size_t len = strlen(text);
	if (!is_host(text, len) || text[0] == '.' || text[0] == '-' || strstr(text, ".."))
		return want;
	/* Digits and dots only: an address with a slip in it. */
	return strspn(text, DIGITS ".") == len ? want : NULL;
}

const char *check_day(const char *text)
{
	static const char *const days[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };
	for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++)
		if (strcmp(days[i], text) == 0)
			return NULL;
	return "mon, tue, wed, thu, fri, sat or sun";
}

/* As many digits of text as the form has places, and all else the same. */
static bool has_form(const char *text, const char *form)
{
	if (strlen(text) != strlen(form))
		return false;
	for (; *form; form++, text++)
		if (*form == '0' ? !isdigit((unsigned char)*text) : *form != *text)
			return false;
	return true;
}

static unsigned two_digits(const char *text)
{
	return (unsigned)(text[0] - '0') * 10 + (unsigned)(text[1] - '0');
}

const char *check_hours(const char *text)
{
	bool is_sound = has_form(text, "00:00-00:00") && two_digits(text) < 24 &&
			two_digits(text + 3) < 60 && two_digits(text + 9) < 60 &&
			two_digits(text + 6) * 60 + two_digits(text + 9) <= 24 * 60 &&
			strncmp(text, text + 6, 5) != 0;
	return is_sound ? NULL : "two different times of the day, such as 08:00-18:00";
}

const char *check_holiday(const char *text)
{
	const char *day = has_form(text, "0000-00-00") ? text + 5 : text;
	bool is_sound = has_form(day, "00-00") && two_digits(day) >= 1 && two_digits(day) <= 12 &&
			two_digits(day + 3) >= 1 && two_digits(day + 3) <= 31;
	return is_sound ? NULL : "a date, such as 2026-04-03, or 12-25 for each year";
}
