/*
 * intel/guess.c - the form of a feed by its first bytes.
 */
#include <string.h>

#include "private.h"

struct sample { /* lines of the head that say something */
	unsigned lines, commas, hosts, zones;
};

static bool has(const char *head, size_t len, const char *part)
{
	return memmem(head, len, part, strlen(part)) != NULL;
}

static bool begins(const char *line, size_t len, const char *with)
{
	size_t n = strlen(with);
	return len >= n && memcmp(line, with, n) == 0;
}

static void take_line(struct sample *s, const char *line, size_t len)
{
	while (len && (*line == ' ' || *line == '\t' || *line == '\r'))
		line++, len--;
	if (len == 0 || *line == '#' || *line == ';')
		return;
	s->lines++;
	s->commas += memchr(line, ',', len) != NULL;
	s->hosts += begins(line, len, "0.0.0.0 ") || begins(line, len, "127.0.0.1 ") ||
		    begins(line, len, "0.0.0.0\t") || begins(line, len, "127.0.0.1\t");
	s->zones += begins(line, len, "$TTL") || has(line, len, " CNAME ") ||
		    has(line, len, "\tCNAME\t") || has(line, len, " SOA ");
}

static enum intel_format guess_json(const char *head, size_t len)
{
	return has(head, len, "\"bundle\"") || has(head, len, "\"spec_version\"") ||
			       has(head, len, "\"pattern_type\"") ?
		       INTEL_STIX :
		       INTEL_MISP;
}

enum intel_format intel_guess(const char *head, size_t len)
{
	struct sample s = { 0 };
	size_t at = begins(head, len, "\xef\xbb\xbf") ? 3 : 0;
	size_t first = at;
	while (first < len && strchr(" \t\r\n", head[first]) && head[first])
		first++;
	if (first < len && (head[first] == '{' || head[first] == '['))
		return guess_json(head, len);
	if (has(head, len, "#fields\t"))
		return INTEL_ZEEK;
	while (at < len) {
		const char *end = memchr(head + at, '\n', len - at);
		size_t n = end ? (size_t)(end - head) - at : len - at;
		take_line(&s, head + at, n);
		at += n + 1;
	}
	if (s.lines && s.hosts * 2 > s.lines)
		return INTEL_HOSTS;
	if (s.zones * 2 > s.lines)
		return INTEL_RPZ;
	return s.lines && s.commas * 2 > s.lines ? INTEL_CSV : INTEL_PLAIN;
}
