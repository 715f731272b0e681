/*
 * intel/misp.c - attributes of MISP, and what types of other feeds are called.
 *
 * An attribute counts when its to_ids says so: what an event tells for context is no indicator.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <jansson.h>

#include "private.h"

static const struct {
	const char *name;
	enum intel_kind kind; /* INTEL_NONE: known, and not to be seen on the wire */
} types[] = {
	{ "ip-dst", INTEL_ADDRESS },
	{ "ip-src", INTEL_ADDRESS },
	{ "ip-dst|port", INTEL_ADDRESS },
	{ "ip-src|port", INTEL_ADDRESS },
	{ "ip:port", INTEL_ADDRESS },
	{ "ip", INTEL_ADDRESS },
	{ "ipv4", INTEL_ADDRESS },
	{ "ipv6", INTEL_ADDRESS },
	{ "ipv4-addr", INTEL_ADDRESS },
	{ "ipv6-addr", INTEL_ADDRESS },
	{ "cidr", INTEL_ADDRESS },
	{ "network", INTEL_ADDRESS },
	{ "Intel::ADDR", INTEL_ADDRESS },
	{ "Intel::SUBNET", INTEL_ADDRESS },
	{ "domain", INTEL_DOMAIN },
	{ "hostname", INTEL_DOMAIN },
	{ "domain-name", INTEL_DOMAIN },
	{ "Intel::DOMAIN", INTEL_DOMAIN },
	{ "url", INTEL_URL },
	{ "Intel::URL", INTEL_URL },
	{ "md5", INTEL_FILE },
	{ "sha1", INTEL_FILE },
	{ "sha256", INTEL_FILE },
	{ "md5_hash", INTEL_FILE },
	{ "sha1_hash", INTEL_FILE },
	{ "sha256_hash", INTEL_FILE },
	{ "filename|md5", INTEL_FILE },
	{ "filename|sha1", INTEL_FILE },
	{ "filename|sha256", INTEL_FILE },
	{ "malware-sample", INTEL_FILE },
	{ "Intel::FILE_HASH", INTEL_FILE },
	{ "x509-fingerprint-sha1", INTEL_CERT },
	{ "x509-fingerprint-sha256", INTEL_CERT },
	{ "Intel::CERT_HASH", INTEL_CERT },
	{ "ja3-fingerprint-md5", INTEL_JA3 },
	{ "ja3", INTEL_JA3 },
	{ "ja4", INTEL_JA4 },
	{ "hassh-md5", INTEL_HASSH },
	{ "hassh", INTEL_HASSH },
	{ "user-agent", INTEL_AGENT },
	{ "Intel::SOFTWARE", INTEL_AGENT },
	{ "email", INTEL_EMAIL },
	{ "email-dst", INTEL_EMAIL },
	{ "email-src", INTEL_EMAIL },
	{ "Intel::EMAIL", INTEL_EMAIL },
	{ "Intel::USER_NAME", INTEL_NONE },
	{ "Intel::FILE_NAME", INTEL_NONE },
	{ "Intel::PUBKEY_HASH", INTEL_NONE },
	{ "jarm-fingerprint", INTEL_NONE },
	{ "filename", INTEL_NONE },
	{ "uri", INTEL_NONE },
	{ "mutex", INTEL_NONE },
	{ "regkey", INTEL_NONE },
	{ "regkey|value", INTEL_NONE },
	{ "yara", INTEL_NONE },
	{ "snort", INTEL_NONE },
	{ "sigma", INTEL_NONE },
	{ "imphash", INTEL_NONE },
	{ "ssdeep", INTEL_NONE },
	{ "sha512", INTEL_NONE },
	{ "sha224", INTEL_NONE },
	{ "sha384", INTEL_NONE },
	{ "text", INTEL_NONE },
	{ "comment", INTEL_NONE },
	{ "link", INTEL_NONE },
	{ "vulnerability", INTEL_NONE },
	{ "attachment", INTEL_NONE },
	{ "pattern-in-file", INTEL_NONE },
	{ "pattern-in-traffic", INTEL_NONE },
	{ "port", INTEL_NONE },
	{ "btc", INTEL_NONE },
};

enum intel_kind load_kind(const char *name, size_t len, bool *ret_known)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		*ret_known =
			strlen(types[i].name) == len && strncasecmp(types[i].name, name, len) == 0;
		if (*ret_known)
			return types[i].kind;
	}
	return INTEL_NONE;
}

static bool is_for_detection(const json_t *object)
{
	const json_t *ids = json_object_get(object, "to_ids");
	return json_is_true(ids) || (json_is_integer(ids) && json_integer_value(ids) == 1) ||
	       (json_is_string(ids) && strcmp(json_string_value(ids), "1") == 0);
}

static uint32_t time_of(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	const char *text = json_string_value(value);
	if (text)
		return load_time(text, strlen(text));
	json_int_t n = json_integer_value(value);
	return n > 0 && n <= UINT32_MAX ? (uint32_t)n : 0;
}

static void take_tags(const json_t *object, struct load_facts *facts)
{
	const json_t *tags = json_object_get(object, "Tag");
	for (size_t i = 0; i < json_array_size(tags); i++) {
		const char *name = object_text(json_array_get(tags, i), "name");
		if (!name)
			continue;
		if (!load_tag(name, &facts->tlp, &facts->severity) && !facts->note) {
			facts->note = name;
			facts->note_len = strlen(name);
		}
	}
}

/* "filename|sha256" has the hash behind the bar, "domain|ip" one of each. */
static void take_value(struct load *l, const char *type, const char *value,
		       struct load_facts *facts)
{
	const char *bar = strchr(value, '|');
	if (bar && strcmp(type, "domain|ip") == 0) {
		facts->kind = INTEL_DOMAIN;
		load_value(l, value, (size_t)(bar - value), facts);
		facts->kind = INTEL_ADDRESS;
		value = bar + 1;
	} else if (bar && facts->kind == INTEL_FILE) {
		value = bar + 1;
	}
	load_value(l, value, strlen(value), facts);
}

void misp_attribute(struct load *l, const struct json_t *object, uint32_t line)
{
	struct load_facts facts = load_facts_at(line);
	const char *type = object_text(object, "type"), *value = object_text(object, "value");
	bool is_known;
	if (!type || !value || !json_object_get(object, "to_ids"))
		return; /* another object */
	l->feed->lines++;
	if (!is_for_detection(object))
		return;
	facts.kind = load_kind(type, strlen(type), &is_known);
	if (!facts.kind && strcmp(type, "domain|ip") != 0) {
		load_report(l, LOAD_UNSUPPORTED, line, "type %.40s cannot be looked for", type);
		return;
	}
	facts.first_s = time_of(object, "first_seen");
	if (!facts.first_s)
		facts.first_s = time_of(object, "timestamp");
	const char *comment = object_text(object, "comment");
	if (comment && *comment) {
		facts.note = comment;
		facts.note_len = strlen(comment);
	}
	take_tags(object, &facts);
	take_value(l, type, value, &facts);
}
