/*
 * intel/lines.c - feeds that have an indicator a line: plain lists, hosts files, response policy
 * zones, Zeek's intelligence files and Suricata's data sets.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "private.h"

#define FIELDS_MAX 32u

bool load_lines(struct load *l, FILE *f, load_line_fn fn, void *arg)
{
	char *line = malloc(INTEL_LINE_MAX);
	uint32_t number = 0;
	bool is_inside = false; /* of a line that is too long */
	if (!line) {
		l->is_out_of_memory = true;
		return false;
	}
	while (!l->is_out_of_memory && fgets(line, INTEL_LINE_MAX, f)) {
		size_t len = strcspn(line, "\n");
		/* a NUL ends what fgets shows: such a line is none of text */
		bool is_end = line[len] == '\n' || feof(f) || len + 1 < INTEL_LINE_MAX;
		number += !is_inside;
		if (is_inside || !is_end) {
			if (!is_inside)
				load_report(l, LOAD_BROKEN, number, "is longer than %u bytes",
					    INTEL_LINE_MAX - 1);
			is_inside = !is_end;
			continue;
		}
		line[len] = '\0';
		char *at = line;
		if (number == 1 && len >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
			at += 3;
		size_t left = (size_t)(line + len - at);
		while (left && strchr(" \t\r", at[left - 1]))
			at[--left] = '\0';
		while (left && strchr(" \t", *at))
			at++, left--;
		if (left)
			fn(l, arg, at, left, number);
	}
	free(line);
	if (ferror(f)) {
		(void)snprintf(l->feed->error, sizeof(l->feed->error), "reading it failed: %s",
			       strerror(errno));
		return false;
	}
	return !l->is_out_of_memory;
}

static bool is_comment(const char *line)
{
	return *line == '#' || *line == ';' || *line == '!' || strncmp(line, "//", 2) == 0;
}

/* Without what stands behind " #". */
static size_t without_comment(const char *line, size_t len)
{
	for (size_t i = 1; i < len; i++)
		if ((line[i] == '#' || line[i] == ';') &&
		    (line[i - 1] == ' ' || line[i - 1] == '\t')) {
			len = i;
			break;
		}
	while (len && strchr(" \t", line[len - 1]))
		len--;
	return len;
}

static void plain_line(struct load *l, void *arg, char *line, size_t len, uint32_t number)
{
	struct load_facts facts = load_facts_at(number);
	(void)arg;
	if (is_comment(line))
		return;
	l->feed->lines++;
	if (l->source->is_local && strncmp(line, "- ", 2) == 0) {
		facts.is_gone = true;
		line += 2;
		len -= 2;
	}
	if (l->source->kind != INTEL_AGENT)
		len = without_comment(line, len);
	load_value(l, line, len, &facts);
}

bool load_plain(struct load *l, FILE *f)
{
	return load_lines(l, f, plain_line, NULL);
}

/* "0.0.0.0 a.example b.example": the names are what is meant. */
static void hosts_line(struct load *l, void *arg, char *line, size_t len, uint32_t number)
{
	struct load_facts facts = load_facts_at(number);
	char *rest = NULL;
	bool is_first = true;
	(void)arg;
	if (is_comment(line))
		return;
	line[without_comment(line, len)] = '\0';
	l->feed->lines++;
	facts.kind = INTEL_DOMAIN;
	for (char *word = strtok_r(line, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest)) {
		if (!is_first && strncasecmp(word, "local", 5) != 0 &&
		    strcmp(word, "0.0.0.0") != 0 && strcmp(word, "broadcasthost") != 0 &&
		    strncmp(word, "ip6-", 4) != 0)
			load_value(l, word, strlen(word), &facts);
		is_first = false;
	}
}

bool load_hosts(struct load *l, FILE *f)
{
	return load_lines(l, f, hosts_line, NULL);
}

/*
 * A rule of a response policy zone (draft-vixie-dnsop-dns-rpz): "name [ttl] [IN] CNAME target".
 * CNAME rpz-passthru. makes an exception; triggers by address are written backwards.
 */
static void rpz_line(struct load *l, void *arg, char *line, size_t len, uint32_t number)
{
	struct load_facts facts = load_facts_at(number);
	char *rest = NULL;
	(void)arg;
	if (is_comment(line) || *line == '$' || *line == '@' || *line == ')')
		return;
	line[without_comment(line, len)] = '\0';
	char *name = strtok_r(line, " \t", &rest), *word = strtok_r(NULL, " \t", &rest);
	while (word && strcasecmp(word, "CNAME") != 0)
		word = strtok_r(NULL, " \t", &rest);
	const char *target = word ? strtok_r(NULL, " \t", &rest) : NULL;
	if (!name || !target) /* SOA, NS and what belongs to them */
		return;
	l->feed->lines++;
	if (strncasecmp(target, "rpz-passthru", 12) == 0)
		return;
	size_t n = strlen(name);
	if (strstr(name, ".rpz-")) {
		load_report(l, LOAD_UNSUPPORTED, number,
			    "rules by address or name server are not read");
		return;
	}
	if (n > 1 && name[n - 1] == '.')
		n--;
	facts.kind = INTEL_DOMAIN;
	load_value(l, name, n, &facts);
}

bool load_rpz(struct load *l, FILE *f)
{
	return load_lines(l, f, rpz_line, NULL);
}

/* ---- Zeek: names of columns in "#fields", tabs, "-" for none ---- */

struct zeek {
	int indicator, type, desc, source, severity;
};

static size_t split(char *line, char *fields[FIELDS_MAX])
{
	size_t count = 0;
	for (char *at = line; at && count < FIELDS_MAX;) {
		fields[count++] = at;
		char *tab = strchr(at, '\t');
		if (tab)
			*tab = '\0';
		at = tab ? tab + 1 : NULL;
	}
	return count;
}

static void zeek_columns(struct zeek *z, char *line)
{
	char *fields[FIELDS_MAX];
	size_t count = split(line, fields);
	*z = (struct zeek){ -1, -1, -1, -1, -1 };
	for (size_t i = 1; i < count; i++) {
		int at = (int)i - 1;
		if (strcmp(fields[i], "indicator") == 0)
			z->indicator = at;
		else if (strcmp(fields[i], "indicator_type") == 0)
			z->type = at;
		else if (strcmp(fields[i], "meta.desc") == 0)
			z->desc = at;
		else if (strcmp(fields[i], "meta.source") == 0)
			z->source = at;
		else if (strcmp(fields[i], "meta.severity") == 0)
			z->severity = at;
	}
}

static const char *field(char *const *fields, size_t count, int at)
{
	return at >= 0 && (size_t)at < count && strcmp(fields[at], "-") != 0 ? fields[at] : NULL;
}

static void zeek_line(struct load *l, void *arg, char *line, size_t len, uint32_t number)
{
	struct zeek *z = arg;
	struct load_facts facts = load_facts_at(number);
	char *fields[FIELDS_MAX];
	bool is_known;
	(void)len;
	if (strncmp(line, "#fields", 7) == 0)
		zeek_columns(z, line);
	if (*line == '#')
		return;
	l->feed->lines++;
	size_t count = split(line, fields);
	const char *value = field(fields, count, z->indicator);
	const char *type = field(fields, count, z->type);
	if (!value || !type) {
		load_report(l, LOAD_BROKEN, number, "has no indicator or no indicator_type");
		return;
	}
	facts.kind = load_kind(type, strlen(type), &is_known);
	if (facts.kind == INTEL_NONE) {
		load_report(l, is_known ? LOAD_UNSUPPORTED : LOAD_BROKEN, number, "type %.40s %s",
			    type, is_known ? "cannot be looked for" : "is not known");
		return;
	}
	facts.note = field(fields, count, z->desc);
	if (!facts.note)
		facts.note = field(fields, count, z->source);
	facts.note_len = facts.note ? strlen(facts.note) : 0;
	const char *severity = field(fields, count, z->severity);
	facts.severity = severity ? intel_severity_of(severity, strlen(severity)) : 0;
	load_value(l, value, strlen(value), &facts);
}

bool load_zeek(struct load *l, FILE *f)
{
	struct zeek z = { -1, -1, -1, -1, -1 };
	return load_lines(l, f, zeek_line, &z);
}

/* ---- Suricata's data sets: the value, in base64 where it is a string; ",number" of datarep ----
 */

static int base64_digit(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' :
	       c >= 'a' && c <= 'z' ? c - 'a' + 26 :
	       c >= '0' && c <= '9' ? c - '0' + 52 :
	       c == '+'             ? 62 :
	       c == '/'             ? 63 :
				      -1;
}

/* Length of what it means; 0: it is no base64 of text. */
static size_t from_base64(const char *text, size_t len, char *dst, size_t size)
{
	uint32_t bits = 0;
	unsigned have = 0;
	size_t n = 0;
	if (len % 4 || len / 4 * 3 >= size)
		return 0;
	while (len && text[len - 1] == '=')
		len--;
	for (size_t i = 0; i < len; i++) {
		int d = base64_digit(text[i]);
		if (d < 0)
			return 0;
		bits = bits << 6 | (uint32_t)d;
		have += 6;
		if (have >= 8) {
			have -= 8;
			dst[n++] = (char)(bits >> have & 0xff);
			if ((unsigned char)dst[n - 1] < 0x20)
				return 0;
		}
	}
	return n;
}

static void suricata_line(struct load *l, void *arg, char *line, size_t len, uint32_t number)
{
	struct load_facts facts = load_facts_at(number);
	char text[INTEL_VALUE_MAX];
	struct intel_value v;
	const char *why;
	(void)arg;
	if (*line == '#')
		return;
	l->feed->lines++;
	const char *comma = memchr(line, ',', len);
	if (comma)
		len = (size_t)(comma - line);
	intel_parse_value(line, len, l->source->kind, &v, &why);
	if (v.kind == INTEL_FILE || v.kind == INTEL_ADDRESS || v.kind == INTEL_PREFIX) {
		load_parsed(l, &v, &facts);
		return;
	}
	size_t n = from_base64(line, len, text, sizeof(text));
	load_value(l, n ? text : line, n ? n : len, &facts);
}

bool load_suricata(struct load *l, FILE *f)
{
	return load_lines(l, f, suricata_line, NULL);
}
