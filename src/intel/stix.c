/*
 * intel/stix.c - indicators of STIX 2.1 (OASIS, section 4.7 and 9).
 *
 * Of the pattern language: "[path = 'value']", IN and ISSUBSET, several joined by OR, within the
 * brackets and between them.  What needs more than one thing to be seen (AND, FOLLOWEDBY,
 * qualifiers) or expressions is told as unsupported, not matched by half.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <jansson.h>

#include "private.h"

#define PATTERN_VALUES 64u

struct pattern {
	const char *at;
	const char *why; /* NULL: all well */
	struct {
		enum intel_kind kind;
		size_t start, len;
	} values[PATTERN_VALUES];
	size_t count;
	char text[4096]; /* of the values */
	size_t text_len;
};

static void skip_blanks(struct pattern *p)
{
	p->at += strspn(p->at, " \t\r\n");
}

static bool no(struct pattern *p, const char *why)
{
	p->why = why;
	return false;
}

static bool take_word(struct pattern *p, const char *word)
{
	size_t len = strlen(word);
	skip_blanks(p);
	if (strncasecmp(p->at, word, len) != 0 ||
	    strchr("abcdefghijklmnopqrstuvwxyz", p->at[len] ? p->at[len] | 0x20 : '-'))
		return false;
	p->at += len;
	return true;
}

static bool take_char(struct pattern *p, char c)
{
	skip_blanks(p);
	if (*p->at != c)
		return false;
	p->at++;
	return true;
}

static bool is_path(const char *path, size_t len, const char *want)
{
	return strlen(want) == len && strncasecmp(path, want, len) == 0;
}

static bool begins(const char *path, size_t len, const char *with)
{
	size_t n = strlen(with);
	return len > n && strncasecmp(path, with, n) == 0;
}

static bool kind_of(const char *path, size_t len, enum intel_kind *ret)
{
	static const char agent[] =
		"network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'";
	*ret = INTEL_NONE;
	if (is_path(path, len, "ipv4-addr:value") || is_path(path, len, "ipv6-addr:value") ||
	    is_path(path, len, "network-traffic:dst_ref.value") ||
	    is_path(path, len, "network-traffic:src_ref.value"))
		*ret = INTEL_ADDRESS;
	else if (is_path(path, len, "domain-name:value"))
		*ret = INTEL_DOMAIN;
	else if (is_path(path, len, "url:value"))
		*ret = INTEL_URL;
	else if (is_path(path, len, "email-addr:value") ||
		 is_path(path, len, "email-message:from_ref.value"))
		*ret = INTEL_EMAIL;
	else if (begins(path, len, "file:hashes."))
		*ret = INTEL_FILE;
	else if (begins(path, len, "x509-certificate:hashes."))
		*ret = INTEL_CERT;
	else if (is_path(path, len, agent))
		*ret = INTEL_AGENT;
	return *ret != INTEL_NONE;
}

/* 'text', in which \' and \\ stand for ' and \. */
static bool take_literal(struct pattern *p, enum intel_kind kind)
{
	if (!take_char(p, '\''))
		return no(p, "a value that is no text");
	if (p->count == PATTERN_VALUES)
		return no(p, "more than 64 values");
	size_t start = p->text_len;
	while (*p->at && *p->at != '\'') {
		p->at += *p->at == '\\' && p->at[1];
		if (p->text_len == sizeof(p->text))
			return no(p, "too many values");
		p->text[p->text_len++] = *p->at++;
	}
	if (!take_char(p, '\''))
		return no(p, "a quote without end");
	p->values[p->count].kind = kind;
	p->values[p->count].start = start;
	p->values[p->count++].len = p->text_len - start;
	return true;
}

static size_t path_len(const char *at)
{
	size_t n = 0;
	bool is_quoted = false;
	for (; at[n] && (is_quoted || !strchr(" \t\r\n=!<>]", at[n])); n++)
		is_quoted ^= at[n] == '\'';
	return n;
}

static bool take_comparison(struct pattern *p)
{
	enum intel_kind kind;
	if (take_char(p, '('))
		return no(p, "brackets within an observation");
	skip_blanks(p);
	const char *path = p->at;
	size_t len = path_len(path);
	p->at += len;
	if (!kind_of(path, len, &kind))
		return no(p, "a property that is not looked for");
	if (take_word(p, "IN")) {
		if (!take_char(p, '('))
			return no(p, "IN without a list");
		do {
			if (!take_literal(p, kind))
				return false;
		} while (take_char(p, ','));
		return take_char(p, ')') ? true : no(p, "a list without end");
	}
	if (!take_char(p, '=') && !take_word(p, "ISSUBSET"))
		return no(p, "an operator other than =, IN and ISSUBSET");
	return take_literal(p, kind);
}

static bool take_observation(struct pattern *p)
{
	if (!take_char(p, '['))
		return no(p, "no observation in square brackets");
	do {
		if (!take_comparison(p))
			return false;
	} while (take_word(p, "OR"));
	if (take_char(p, ']'))
		return true;
	return no(p, take_word(p, "AND") ? "AND" : "an observation without end");
}

static bool take_pattern(struct pattern *p)
{
	do {
		if (!take_observation(p))
			return false;
	} while (take_word(p, "OR"));
	skip_blanks(p);
	return !*p->at ? true : no(p, "AND, FOLLOWEDBY or a qualifier");
}

/* The markings that STIX fixes (section 7.2.1.4), by their ids. */
static enum intel_tlp tlp_of(const json_t *object)
{
	static const struct {
		const char *id;
		enum intel_tlp tlp;
	} markings[] = {
		{ "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9", TLP_CLEAR },
		{ "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da", TLP_GREEN },
		{ "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82", TLP_AMBER },
		{ "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed", TLP_RED },
	};
	const json_t *refs = json_object_get(object, "object_marking_refs");
	for (size_t i = 0; i < json_array_size(refs); i++) {
		const char *id = json_string_value(json_array_get(refs, i));
		for (size_t k = 0; id && k < sizeof(markings) / sizeof(markings[0]); k++)
			if (strcmp(id, markings[k].id) == 0)
				return markings[k].tlp;
	}
	return TLP_NONE;
}

static uint32_t time_of(const json_t *object, const char *key)
{
	const char *text = object_text(object, key);
	return text ? load_time(text, strlen(text)) : 0;
}

/*
 * STIX has no severity of indicators.  Platforms put it in a property of their own, within an
 * extension (section 7.3), or in a label: "severity:high", "threatstream-severity-high".
 */
static void take_severity(const json_t *object, struct load_facts *facts)
{
	const json_t *labels = json_object_get(object, "labels");
	const char *text = object_text(object, "severity"), *key;
	json_t *extension;
	if (!text)
		text = object_text(object, "x_severity");
	json_object_foreach(json_object_get(object, "extensions"), key, extension)
	{
		if (!text)
			text = object_text(extension, "severity");
	}
	facts->severity = text ? intel_severity_of(text, strlen(text)) : INTEL_SEVERITY_NONE;
	for (size_t i = 0; i < json_array_size(labels); i++) {
		const char *label = json_string_value(json_array_get(labels, i));
		if (label)
			(void)load_tag(label, &facts->tlp, &facts->severity);
	}
}

static void take_facts(const json_t *object, struct load_facts *facts)
{
	const json_t *confidence = json_object_get(object, "confidence");
	const char *name = object_text(object, "name");
	if (json_is_integer(confidence) && json_integer_value(confidence) >= 0 &&
	    json_integer_value(confidence) <= 100)
		facts->confidence = (int)json_integer_value(confidence);
	facts->first_s = time_of(object, "valid_from");
	facts->until_s = time_of(object, "valid_until");
	take_severity(object, facts);
	if (tlp_of(object))
		facts->tlp = tlp_of(object);
	facts->note = name;
	facts->note_len = name ? strlen(name) : 0;
}

void stix_object(struct load *l, const struct json_t *object, uint32_t line)
{
	struct load_facts facts = load_facts_at(line);
	const char *type = object_text(object, "type"), *text = object_text(object, "pattern");
	const char *language = object_text(object, "pattern_type");
	if (!type || !text || strcmp(type, "indicator") != 0 ||
	    json_is_true(json_object_get(object, "revoked")))
		return;
	l->feed->lines++;
	if (language && strcmp(language, "stix") != 0) {
		load_report(l, LOAD_UNSUPPORTED, line, "a pattern in %.40s", language);
		return;
	}
	struct pattern *p = calloc(1, sizeof(*p));
	if (!p) {
		l->is_out_of_memory = true;
		return;
	}
	p->at = text;
	if (!take_pattern(p)) {
		load_report(l, LOAD_UNSUPPORTED, line, "the pattern has %s: %.120s", p->why, text);
	} else {
		take_facts(object, &facts);
		for (size_t i = 0; i < p->count; i++) {
			facts.kind = p->values[i].kind;
			load_value(l, p->text + p->values[i].start, p->values[i].len, &facts);
		}
	}
	free(p);
}
