/*
 * intel/words.c - names of kinds, forms and markings, and values as people write them.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "exfild/base/str.h"
#include "private.h"

static const char *const kinds[INTEL__COUNT] = {
	[INTEL_NONE] = "none",      [INTEL_ADDRESS] = "ipv4-addr",
	[INTEL_PREFIX] = "network", [INTEL_DOMAIN] = "domain-name",
	[INTEL_URL] = "url",        [INTEL_FILE] = "file",
	[INTEL_JA3] = "ja3",        [INTEL_CERT] = "x509-certificate",
	[INTEL_JA4] = "ja4",        [INTEL_HASSH] = "hassh",
	[INTEL_AGENT] = "software", [INTEL_EMAIL] = "email-addr",
};

static const char *const formats[INTEL_FORMATS] = { "auto", "plain",    "csv", "stix", "misp",
						    "zeek", "suricata", "rpz", "hosts" };

static const char *const severities[] = { NULL, "low", "medium", "high", "critical" };

static const char *const markings[] = { NULL, "CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED" };

const char *intel_kind_name(enum intel_kind k)
{
	return kinds[(unsigned)k < INTEL__COUNT ? k : INTEL_NONE];
}

const char *intel_tlp_name(enum intel_tlp t)
{
	return (unsigned)t < sizeof(markings) / sizeof(markings[0]) ? markings[t] : NULL;
}

const char *intel_severity_name(enum intel_severity s)
{
	return (unsigned)s < sizeof(severities) / sizeof(severities[0]) ? severities[s] : NULL;
}

enum intel_severity intel_severity_of(const char *text, size_t len)
{
	if (len == 1 && *text >= '1' && *text <= '3') /* MISP: 1 is the gravest, 4 undefined */
		return (enum intel_severity)(INTEL_HIGH - (*text - '1'));
	for (unsigned i = INTEL_LOW; i <= INTEL_CRITICAL; i++)
		if (strlen(severities[i]) == len && strncasecmp(severities[i], text, len) == 0)
			return (enum intel_severity)i;
	bool is_very_high = len == 9 && strncasecmp(text, "very-high", len) == 0;
	return is_very_high ? INTEL_CRITICAL : INTEL_SEVERITY_NONE; /* of Anomali's labels */
}

const char *intel_format_name(enum intel_format f)
{
	return formats[(unsigned)f < INTEL_FORMATS ? f : INTEL_AUTO];
}

enum intel_format intel_format_of(const char *name)
{
	for (unsigned i = 0; i < INTEL_FORMATS; i++)
		if (strcmp(formats[i], name) == 0)
			return (enum intel_format)i;
	return INTEL_AUTO;
}

enum intel_kind intel_kind_of(const char *type)
{
	static const struct {
		const char *type;
		enum intel_kind kind;
	} types[] = { { "address", INTEL_ADDRESS },  { "domain", INTEL_DOMAIN },
		      { "url", INTEL_URL },          { "file", INTEL_FILE },
		      { "certificate", INTEL_CERT }, { "ja3", INTEL_JA3 },
		      { "ja4", INTEL_JA4 },          { "hassh", INTEL_HASSH },
		      { "user_agent", INTEL_AGENT }, { "email", INTEL_EMAIL } };
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i].type, type) == 0)
			return types[i].kind;
	return INTEL_NONE;
}

enum intel_tlp load_tlp(const char *text, size_t len)
{
	static const struct {
		const char *word;
		enum intel_tlp tlp;
	} words[] = { { "amber+strict", TLP_AMBER_STRICT },
		      { "amber", TLP_AMBER },
		      { "green", TLP_GREEN },
		      { "clear", TLP_CLEAR },
		      { "white", TLP_CLEAR },
		      { "red", TLP_RED } };
	if (len > 4 && strncasecmp(text, "tlp:", 4) == 0) {
		text += 4;
		len -= 4;
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i].word) == len && strncasecmp(text, words[i].word, len) == 0)
			return words[i].tlp;
	return TLP_NONE;
}

bool load_tag(const char *text, enum intel_tlp *tlp, enum intel_severity *severity)
{
	static const char key[] = "severity";
	const char *at = text;
	if (strncasecmp(text, "tlp:", 4) == 0) {
		*tlp = load_tlp(text, strlen(text));
		return true;
	}
	while (*at && strncasecmp(at, key, sizeof(key) - 1) != 0)
		at++;
	if (!*at || !strchr("-:=", at[sizeof(key) - 1]) || !at[sizeof(key) - 1])
		return false;
	at += sizeof(key);
	at += *at == '"'; /* of a machine tag: severity="high" */
	size_t len = strcspn(at, "\"");
	if (intel_severity_of(at, len) > *severity)
		*severity = intel_severity_of(at, len);
	return true;
}

const char *intel_note(const struct intel *x, const struct intel_item *item)
{
	return item->note ? (const char *)intel_owner(x, item)->notes.data + item->note : "";
}

const char *intel_text(const struct intel *x, const struct intel_item *item, char *dst, size_t size)
{
	char text[PREFIX_TEXT_MAX];
	struct prefix p;
	size_t len;
	const uint8_t *value = intel_value_of(intel_owner(x, item), item, &len);
	memset(&p, 0, sizeof(p));
	switch (item->kind) {
	case INTEL_ADDRESS:
	case INTEL_PREFIX:
		memcpy(p.addr.u.b, value, 16);
		p.bits = item->kind == INTEL_PREFIX ? value[16] : 128;
		(void)snprintf(dst, size, "%s",
			       item->kind == INTEL_PREFIX ?
				       prefix_print(&p, text, sizeof(text)) :
				       ipaddr_print(&p.addr, text, sizeof(text)));
		break;
	case INTEL_FILE:
	case INTEL_CERT:
	case INTEL_JA3:
	case INTEL_HASSH:
		str_hex(dst, size, value, len * 2 + 1 <= size ? len : (size - 1) / 2);
		break;
	default:
		(void)str_escape(dst, size, value, len);
		break;
	}
	return dst;
}
