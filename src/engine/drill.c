/*
 * engine/drill.c - see drill.h.
 */
#include "drill.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "exfild/base/str.h"

#define NS_PER_S 1000000000ull
#define ECHO     8
#define ECHO_V6  128

/* TOKEN-1.exfild-drill.example.com; resolvers may have mixed the case of letters. */
static const char *in_dns(const struct event_dns *e)
{
	static const char label[] = "." DRILL_LABEL ".";
	const char *name = (const char *)event_str_data(&e->e, &e->name);
	if (e->is_response || e->name.len < DRILL_DIGITS + 2 + sizeof(label) - 1 ||
	    name[DRILL_DIGITS] != '-' ||
	    strncasecmp(name + DRILL_DIGITS + 2, label, sizeof(label) - 1) != 0)
		return NULL;
	return name;
}

static const char *in_http(const struct event_http *e)
{
	static const char path[] = DRILL_PATH;
	const char *uri = (const char *)event_str_data(&e->e, &e->uri);
	if (e->is_response || e->uri.len < sizeof(path) - 1 + DRILL_DIGITS ||
	    memcmp(uri, path, sizeof(path) - 1) != 0)
		return NULL;
	return uri + sizeof(path) - 1;
}

static bool in_icmp(const struct event_icmp *e, uint8_t ret[DRILL_TOKEN])
{
	if ((e->type != ECHO && e->type != ECHO_V6) || e->payload_len != DRILL_TOKEN ||
	    e->captured_len != DRILL_TOKEN)
		return false;
	memcpy(ret, e->head, DRILL_TOKEN);
	return true;
}

static bool find_token(const struct event *e, enum drill_kind *ret_kind, uint8_t ret[DRILL_TOKEN])
{
	const char *digits;
	switch (e->kind) {
	case EVENT_DNS:
		*ret_kind = DRILL_DNS;
		digits = in_dns((const struct event_dns *)e);
		break;
	case EVENT_HTTP:
		*ret_kind = DRILL_HTTP;
		digits = in_http((const struct event_http *)e);
		break;
	case EVENT_ICMP:
		*ret_kind = DRILL_ICMP;
		return in_icmp((const struct event_icmp *)e, ret);
	default:
		return false;
	}
	return digits && drill_parse(digits, ret);
}

static void fill(struct finding *f, const struct event *e, enum drill_kind kind, uint64_t made_s)
{
	static const char *const requests[DRILL__COUNT] = { "DNS question", "HTTP request",
							    "ping" };
	char address[IPADDR_TEXT_MAX];
	uint64_t now_s = e->time_ns / NS_PER_S;
	finding_from_event(f, e);
	f->class = FINDING_SENSOR;
	f->is_drill = true;
	f->score = f->confidence = 1;
	f->count = 1;
	f->start_ns = f->end_ns = f->time_ns = e->time_ns;
	finding_text(f->message, sizeof(f->message),
		     "Drill: the %s that exfilctl drill had printed came from %s; nothing is wrong",
		     requests[kind], ipaddr_print(&e->src, address, sizeof(address)));
	finding_feature(f, "signature", 1, NAN, NAN, 1, 1,
			"signed by this daemon %llu s before it came",
			(unsigned long long)(now_s > made_s ? now_s - made_s : 0));
	finding_text(f->unseen, sizeof(f->unseen),
		     "whether every detector would speak: exfild --self-test shows that");
	finding_step(f, "Nothing: it shows that capture, inspection, alerts and sinks work");
}

bool drill_seen(const struct drills *d, const struct event *e, enum severity minimum,
		struct finding *ret)
{
	enum drill_kind kind;
	uint8_t token[DRILL_TOKEN];
	uint64_t made_s;
	if (e->from_server || !find_token(e, &kind, token) ||
	    !drills_check(d, kind, token, e->time_ns, &made_s))
		return false;
	finding_init(ret, "drill", "drill", "A drill of the admin");
	ret->severity = minimum > SEVERITY_LOW ? minimum : SEVERITY_LOW;
	str_hex(ret->object, sizeof(ret->object), token, sizeof(token));
	fill(ret, e, kind, made_s);
	return true;
}
