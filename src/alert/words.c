/*
 * alert/words.c - see words.h
 */
#include "words.h"

#include <inttypes.h>
#include <string.h>

#include "exfild/base/str.h"

#define SILENCE_NS (30ull * 24 * 3600 * 1000000000)

const char *words_time(uint64_t time_ns, char *dst, size_t size)
{
	char text[32];

	str_time(text, sizeof(text), time_ns);
	text[10] = ' ';
	text[19] = '\0';
	str_copy(dst, size, text);
	return dst;
}

void words_amount(const struct alert *a, struct buf *out)
{
	const struct finding *f = &a->finding;
	char bytes[24], span[32];

	if (f->subject.bytes)
		buf_printf(out, "%s sent",
			   str_bytes(bytes, sizeof(bytes), (double)f->subject.bytes));
	if (f->peer.bytes)
		buf_printf(out, "%s%s received", f->subject.bytes ? ", " : "",
			   str_bytes(bytes, sizeof(bytes), (double)f->peer.bytes));
	if (f->subject.bytes || f->peer.bytes)
		buf_str(out, " in ");
	buf_printf(out, "%" PRIu64 " event%s", f->count, f->count == 1 ? "" : "s");
	if (f->end_ns > f->start_ns)
		buf_printf(out, " in %s",
			   str_duration(span, sizeof(span), f->end_ns - f->start_ns));
}

void words_message(const struct alert *a, struct buf *out)
{
	const struct finding *f = &a->finding;
	char text[IPADDR_TEXT_MAX];

	if (f->message[0])
		buf_str(out, f->message);
	else
		buf_printf(out, "%s: %s", f->title ? f->title : "Finding",
			   f->subject.has_ip ? ipaddr_print(&f->subject.ip, text, sizeof(text)) :
					       "unknown source");
	bool is_more = f->count != a->words_events || f->subject.bytes != a->words_sent ||
		       f->peer.bytes != a->words_received;
	if (a->count > 1 && is_more) {
		buf_printf(out, " (%" PRIu64 " findings merged: ", a->count);
		words_amount(a, out);
		buf_char(out, ')');
	}
}

/* The feature that gives most after those already taken; FINDING_FEATURES when none is left. */
static unsigned next_reason(const struct finding *f, uint32_t taken)
{
	unsigned best = FINDING_FEATURES;
	for (unsigned i = 0; i < f->feature_count && i < FINDING_FEATURES; i++) {
		const struct finding_feature *x = &f->features[i];
		if ((taken & 1u << i) || !x->text[0] || !(x->contribution > 0))
			continue;
		if (best == FINDING_FEATURES || x->contribution > f->features[best].contribution)
			best = i;
	}
	return best;
}

void words_reason(const struct alert *a, struct buf *out)
{
	words_reasons(a, WORDS_REASONS, out);
}

void words_reasons(const struct alert *a, unsigned most, struct buf *out)
{
	const struct finding *f = &a->finding;
	uint32_t taken = 0;
	for (unsigned n = 0; n < most; n++) {
		unsigned i = next_reason(f, taken);
		if (i == FINDING_FEATURES)
			return;
		taken |= 1u << i;
		buf_printf(out, "%s%s", n ? "; " : "", f->features[i].text);
	}
}

/* A YAML double-quoted scalar that every reader takes for text. */
static void add_yaml(struct buf *out, const char *text)
{
	buf_char(out, '"');
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		if (*p == '"' || *p == '\\')
			buf_printf(out, "\\%c", *p);
		else if (*p >= 0x20 && *p < 0x7f)
			buf_char(out, (char)*p);
		else
			buf_printf(out, "\\x%02x", *p);
	}
	buf_char(out, '"');
}

/* An exception takes a domain with all below it; other objects are words for people. */
static bool is_below(const char *name, const char *domain)
{
	size_t n = strlen(name), d = strlen(domain);
	return d > 0 && n >= d && strcmp(name + n - d, domain) == 0 &&
	       (n == d || name[n - d - 1] == '.');
}

void words_story(const struct alert *a, struct buf *out)
{
	char text[IPADDR_TEXT_MAX], date[32];
	const struct fusion_incident *i = &a->incident;
	bool is_here = a->finding.subject.has_ip && ipaddr_equal(&i->root, &a->finding.subject.ip);

	if (!a->incident_id[0] || (is_here && i->began_ns >= a->finding.start_ns))
		return;
	buf_printf(out, "incident %.8s, which began %s UTC", a->incident_id,
		   words_time(i->began_ns, date, sizeof(date)));
	if (!is_here)
		buf_printf(out, " on %s", ipaddr_print(&i->root, text, sizeof(text)));
	for (size_t n = 0; n < a->chain_count; n++)
		buf_printf(out, "%s %s", n ? "," : "; also", a->chain[n].rule);
}

void words_silence(const struct alert *a, struct buf *out)
{
	const struct finding *f = &a->finding;
	char text[IPADDR_TEXT_MAX], date[32];

	if (f->is_drill)
		return; /* it comes when it is asked for */
	buf_str(out, "exceptions: [{");
	if (f->subject.has_ip) {
		buf_str(out, "source: ");
		add_yaml(out, ipaddr_print(&f->subject.ip, text, sizeof(text)));
		buf_str(out, ", ");
	}
	/* one of several peers would leave the others */
	bool has_peer = f->peer.has_ip && !a->has_several_peers;
	const char *destination = is_below(f->domain, f->object) ? f->object :
				  f->domain[0]                   ? f->domain :
				  has_peer ? ipaddr_print(&f->peer.ip, text, sizeof(text)) :
					     NULL;
	if (destination) {
		buf_str(out, "destination: ");
		add_yaml(out, destination);
		buf_str(out, ", ");
	}
	buf_str(out, "rule: ");
	add_yaml(out, f->rule ? f->rule : "");
	str_time(date, sizeof(date), f->time_ns + SILENCE_NS);
	buf_printf(out, ", reason: \"say why\", expires: %.10s}]", date);
}

const char *words_transport(uint8_t proto)
{
	switch (proto) {
	case 1:
		return "icmp";
	case 2:
		return "igmp";
	case 4:
		return "ipip";
	case 6:
		return "tcp";
	case 17:
		return "udp";
	case 47:
		return "gre";
	case 50:
		return "esp";
	case 51:
		return "ah";
	case 58:
		return "ipv6-icmp";
	case 132:
		return "sctp";
	default:
		return NULL;
	}
}

const char *words_tunnel(uint8_t type)
{
	static const char *const names[] = { NULL,        "gre",    "nvgre", "erspan", "vxlan",
					     "vxlan-gpe", "geneve", "ipip",  "6in4",   "gtp-u" };
	if (type == 0)
		return NULL;
	return type < sizeof(names) / sizeof(names[0]) ? names[type] : "other";
}

const char *words_visibility(enum visibility v)
{
	switch (v) {
	case VISIBILITY_CLEAR:
		return "clear";
	case VISIBILITY_NAME:
		return "name";
	case VISIBILITY_OPAQUE:
		return "opaque";
	}
	return "opaque";
}

const char *words_dns_type(uint16_t type)
{
	static const struct {
		uint16_t type;
		const char *name;
	} names[] = {
		{ 1, "A" },     { 2, "NS" },      { 5, "CNAME" },  { 6, "SOA" },    { 10, "NULL" },
		{ 12, "PTR" },  { 15, "MX" },     { 16, "TXT" },   { 24, "SIG" },   { 25, "KEY" },
		{ 28, "AAAA" }, { 33, "SRV" },    { 35, "NAPTR" }, { 37, "CERT" },  { 39, "DNAME" },
		{ 43, "DS" },   { 48, "DNSKEY" }, { 64, "SVCB" },  { 65, "HTTPS" }, { 99, "SPF" },
		{ 255, "ANY" },
	};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].type == type)
			return names[i].name;
	}
	return NULL;
}

const char *words_ruleset(const char *rule)
{
	if (rule && strncmp(rule, "sigma:", 6) == 0)
		return "sigma";
	if (rule && strncmp(rule, "intel:", 6) == 0)
		return "intel";
	if (rule && strncmp(rule, "policy:", 7) == 0)
		return "policy";
	return "exfild";
}
