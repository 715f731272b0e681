/*
 * intel/csv.c - feeds with columns: abuse.ch (Feodo, SSLBL, URLhaus, ThreatFox), MISP's export and
 * their like.
 *
 * The names of the columns say what is in them; they stand in the first line, or in the last
 * comment before the first value (abuse.ch).  Without names the first field that is an indicator
 * counts.  Fields are quoted as RFC 4180 has it; blanks around a field go away.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "exfild/base/str.h"
#include "private.h"

#define COLUMNS 48u

enum role {
	ROLE_NOTHING,
	ROLE_VALUE,   /* of any kind */
	ROLE_ADDRESS, /* the kind is told by the column's name */
	ROLE_DOMAIN,
	ROLE_URL,
	ROLE_FILE,
	ROLE_CERT,
	ROLE_JA3,
	ROLE_TYPE,
	ROLE_FIRST,
	ROLE_UNTIL,
	ROLE_CONFIDENCE,
	ROLE_NOTE,
	ROLE_TLP,
	ROLE_SEVERITY,
	ROLE_WANTED, /* MISP's to_ids */
};

static const struct {
	const char *name;
	enum role role;
} names[] = {
	{ "value", ROLE_VALUE },
	{ "indicator", ROLE_VALUE },
	{ "ioc", ROLE_VALUE },
	{ "ioc_value", ROLE_VALUE },
	{ "observable", ROLE_VALUE },
	{ "dst_ip", ROLE_ADDRESS },
	{ "dstip", ROLE_ADDRESS },
	{ "ip", ROLE_ADDRESS },
	{ "ip_address", ROLE_ADDRESS },
	{ "ipaddress", ROLE_ADDRESS },
	{ "address", ROLE_ADDRESS },
	{ "cidr", ROLE_ADDRESS },
	{ "network", ROLE_ADDRESS },
	{ "domain", ROLE_DOMAIN },
	{ "hostname", ROLE_DOMAIN },
	{ "host", ROLE_DOMAIN },
	{ "fqdn", ROLE_DOMAIN },
	{ "url", ROLE_URL },
	{ "sha1", ROLE_CERT },
	{ "sha256", ROLE_FILE },
	{ "sha256_hash", ROLE_FILE },
	{ "md5", ROLE_FILE },
	{ "md5_hash", ROLE_FILE },
	{ "sha1_hash", ROLE_FILE },
	{ "ja3_md5", ROLE_JA3 },
	{ "ja3", ROLE_JA3 },
	{ "type", ROLE_TYPE },
	{ "ioc_type", ROLE_TYPE },
	{ "indicator_type", ROLE_TYPE },
	{ "first_seen_utc", ROLE_FIRST },
	{ "first_seen", ROLE_FIRST },
	{ "firstseen", ROLE_FIRST },
	{ "dateadded", ROLE_FIRST },
	{ "listingdate", ROLE_FIRST },
	{ "date", ROLE_FIRST },
	{ "created", ROLE_FIRST },
	{ "valid_until", ROLE_UNTIL },
	{ "expires", ROLE_UNTIL },
	{ "confidence", ROLE_CONFIDENCE },
	{ "confidence_level", ROLE_CONFIDENCE },
	{ "malware", ROLE_NOTE },
	{ "malware_printable", ROLE_NOTE },
	{ "listingreason", ROLE_NOTE },
	{ "threat", ROLE_NOTE },
	{ "comment", ROLE_NOTE },
	{ "description", ROLE_NOTE },
	{ "tlp", ROLE_TLP },
	{ "severity", ROLE_SEVERITY },
	{ "threat_level", ROLE_SEVERITY },
	{ "threat_level_id", ROLE_SEVERITY },
	{ "event_threat_level_id", ROLE_SEVERITY },
	{ "to_ids", ROLE_WANTED },
};

struct csv {
	uint8_t roles[COLUMNS];
	size_t columns; /* 0: their names are not known */
	bool has_data;
};

/* Unquotes in place; false: a quote has no end. */
static bool split(char *line, char *fields[COLUMNS], size_t *ret_count)
{
	size_t count = 0;
	char *at = line;
	for (;;) {
		at += strspn(at, " \t");
		if (count == COLUMNS)
			break;
		fields[count] = at;
		if (*at != '"') {
			char *end = at + strcspn(at, ",");
			bool is_last = !*end;
			char *blank = end;
			while (blank > at && (blank[-1] == ' ' || blank[-1] == '\t'))
				blank--;
			*blank = '\0';
			count++;
			if (is_last)
				break;
			at = end + 1;
			continue;
		}
		char *to = at++;
		for (; *at && (*at != '"' || at[1] == '"'); at++) {
			at += *at == '"';
			*to++ = *at;
		}
		if (!*at)
			return false;
		at++;
		*to = '\0';
		count++;
		at += strspn(at, " \t");
		if (*at != ',')
			break;
		at++;
	}
	*ret_count = count;
	return true;
}

static enum role role_of(const char *name)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcasecmp(names[i].name, name) == 0)
			return names[i].role;
	return ROLE_NOTHING;
}

static bool gives_value(unsigned role)
{
	return role >= ROLE_VALUE && role <= ROLE_JA3;
}

static bool is_indicator(const char *text)
{
	struct intel_value v;
	const char *why;
	intel_parse_value(text, strlen(text), INTEL_NONE, &v, &why);
	return v.kind != INTEL_NONE;
}

/*
 * Whether these are names of columns, one of which holds indicators.  The first line of values is
 * none, though its type may be called "domain" or "url" as a column is.
 */
static bool take_names(struct csv *c, char *const *fields, size_t count)
{
	struct csv fresh = { .columns = count };
	bool has_value = false;
	for (size_t i = 0; i < count; i++) {
		if (is_indicator(fields[i]))
			return false;
		fresh.roles[i] = (uint8_t)role_of(fields[i]);
		has_value = has_value || gives_value(fresh.roles[i]);
	}
	if (has_value && count > 0)
		*c = fresh;
	return has_value;
}

static const char *of_role(const struct csv *c, char *const *fields, size_t count, enum role role)
{
	for (size_t i = 0; i < count && i < c->columns; i++)
		if (c->roles[i] == role && fields[i][0] && strcasecmp(fields[i], "none") != 0)
			return fields[i];
	return NULL;
}

static enum intel_kind kind_of_role(unsigned role)
{
	static const enum intel_kind kinds[] = {
		[ROLE_ADDRESS] = INTEL_ADDRESS, [ROLE_DOMAIN] = INTEL_DOMAIN,
		[ROLE_URL] = INTEL_URL,         [ROLE_FILE] = INTEL_FILE,
		[ROLE_CERT] = INTEL_CERT,       [ROLE_JA3] = INTEL_JA3,
	};
	return role < sizeof(kinds) / sizeof(kinds[0]) ? kinds[role] : INTEL_NONE;
}

static void take_facts(const struct csv *c, char *const *fields, size_t count,
		       struct load_facts *facts)
{
	uint64_t n;
	const char *text = of_role(c, fields, count, ROLE_FIRST);
	facts->first_s = text ? load_time(text, strlen(text)) : 0;
	text = of_role(c, fields, count, ROLE_UNTIL);
	facts->until_s = text ? load_time(text, strlen(text)) : 0;
	text = of_role(c, fields, count, ROLE_CONFIDENCE);
	if (text && str_parse_u64(text, 0, 100, &n) == 0)
		facts->confidence = (int)n;
	text = of_role(c, fields, count, ROLE_TLP);
	facts->tlp = text ? load_tlp(text, strlen(text)) : TLP_NONE;
	text = of_role(c, fields, count, ROLE_SEVERITY);
	facts->severity = text ? intel_severity_of(text, strlen(text)) : INTEL_SEVERITY_NONE;
	facts->note = of_role(c, fields, count, ROLE_NOTE);
	facts->note_len = facts->note ? strlen(facts->note) : 0;
}

/* ThreatFox and MISP name the kind of each value. */
static bool take_type(struct load *l, const struct csv *c, char *const *fields, size_t count,
		      struct load_facts *facts)
{
	const char *type = of_role(c, fields, count, ROLE_TYPE);
	bool is_known;
	if (!type)
		return true;
	facts->kind = load_kind(type, strlen(type), &is_known);
	if (facts->kind || !is_known)
		return true; /* another word: the form of the value says it */
	load_report(l, LOAD_UNSUPPORTED, facts->line, "type %.40s cannot be looked for", type);
	return false;
}

static void take_named(struct load *l, const struct csv *c, char *const *fields, size_t count,
		       struct load_facts *facts)
{
	const char *wanted = of_role(c, fields, count, ROLE_WANTED);
	bool has_value = false;
	if (wanted && strcmp(wanted, "0") == 0)
		return;
	take_facts(c, fields, count, facts);
	if (!take_type(l, c, fields, count, facts))
		return;
	enum intel_kind told = facts->kind;
	for (size_t i = 0; i < count && i < c->columns; i++) {
		if (!gives_value(c->roles[i]) || !fields[i][0])
			continue;
		if (c->roles[i] != ROLE_VALUE)
			facts->kind = kind_of_role(c->roles[i]);
		else
			facts->kind = told;
		load_value(l, fields[i], strlen(fields[i]), facts);
		has_value = true;
	}
	if (!has_value)
		load_report(l, LOAD_BROKEN, facts->line, "has no indicator in its columns");
}

static void take_unnamed(struct load *l, char *const *fields, size_t count,
			 struct load_facts *facts)
{
	struct intel_value v;
	const char *why;
	for (size_t i = 0; i < count; i++) {
		intel_parse_value(fields[i], strlen(fields[i]), l->source->kind, &v, &why);
		if (v.kind == INTEL_NONE)
			continue;
		load_parsed(l, &v, facts);
		return;
	}
	load_report(l, LOAD_BROKEN, facts->line, "no field is an indicator");
}

static void csv_line(struct load *l, void *arg, char *line, size_t len, uint32_t number)
{
	struct csv *c = arg;
	struct load_facts facts = load_facts_at(number);
	char *fields[COLUMNS];
	size_t count = 0;
	bool is_comment = *line == '#';
	(void)len;
	if (is_comment)
		line += strspn(line, "# ");
	if (!split(line, fields, &count)) {
		if (!is_comment)
			load_report(l, LOAD_BROKEN, number, "a quote has no end");
		return;
	}
	if (!c->has_data && (is_comment ? count > 1 : true) && take_names(c, fields, count))
		return;
	if (is_comment || count == 0)
		return;
	c->has_data = true;
	l->feed->lines++;
	if (c->columns)
		take_named(l, c, fields, count, &facts);
	else
		take_unnamed(l, fields, count, &facts);
}

bool load_csv(struct load *l, FILE *f)
{
	struct csv c = { .columns = 0 };
	return load_lines(l, f, csv_line, &c);
}
