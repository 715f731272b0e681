/*
 * finding/finding.c - filling a finding, within its bounds.
 *
 * A finding is a value of some kilobytes that a detector fills on its stack.  Whatever does not fit
 * is cut (text, at a whole UTF-8 character) or left out (packets, features, related addresses): a
 * finding can always be sent.
 */
#include "exfild/finding/finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "exfild/base/str.h"

void finding_init(struct finding *f, const char *detector, const char *rule, const char *title)
{
	memset(f, 0, sizeof(*f));
	f->version = FINDING_VERSION;
	f->detector = detector;
	f->rule = rule;
	f->title = title;
	f->visibility = VISIBILITY_CLEAR;
}

/* Takes back a UTF-8 character that the cut left incomplete. */
static void mend_cut(char *text, size_t len)
{
	size_t at = len;
	unsigned behind = 0;
	while (at > 0 && behind < 3 && ((unsigned char)text[at - 1] & 0xc0) == 0x80) {
		at--;
		behind++;
	}
	if (at == 0)
		return;
	unsigned char lead = (unsigned char)text[at - 1];
	unsigned need = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;
	if (need > behind)
		text[at - 1] = '\0';
}

static void __attribute__((format(printf, 3, 0)))
put_text(char *dst, size_t size, const char *fmt, va_list ap)
{
	if (size == 0)
		return;
	int n = vsnprintf(dst, size, fmt, ap);
	if (n < 0)
		dst[0] = '\0';
	else if ((size_t)n >= size)
		mend_cut(dst, size - 1);
}

void finding_text(char *dst, size_t size, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	put_text(dst, size, fmt, ap);
	va_end(ap);
}

const char *finding_span(char *dst, size_t size, uint64_t ns)
{
	char duration[32];
	finding_text(dst, size, ns ? "in %s" : "at once",
		     str_duration(duration, sizeof(duration), ns));
	return dst;
}

void finding_feature(struct finding *f, const char *name, double value, double baseline,
		     double limit, double weight, double contribution, const char *fmt, ...)
{
	if (f->feature_count >= FINDING_FEATURES)
		return;
	struct finding_feature *feature = &f->features[f->feature_count++];
	va_list ap;
	str_copy(feature->name, sizeof(feature->name), name);
	feature->value = value;
	feature->baseline = baseline;
	feature->limit = limit;
	feature->weight = weight;
	feature->contribution = contribution;
	va_start(ap, fmt);
	put_text(feature->text, sizeof(feature->text), fmt, ap);
	va_end(ap);
}

uint64_t finding_least(uint64_t high, bool (*fires)(const void *arg, double value), const void *arg)
{
	uint64_t no = 0, yes = high;
	if (fires(arg, 0))
		return 0;
	while (yes - no > 1) { /* no: silent there; yes: fires there */
		uint64_t middle = no + (yes - no) / 2;
		if (fires(arg, (double)middle))
			yes = middle;
		else
			no = middle;
	}
	return yes;
}

void finding_step(struct finding *f, const char *fmt, ...)
{
	if (f->step_count >= FINDING_STEPS)
		return;
	char *step = f->next_steps[f->step_count++];
	va_list ap;
	va_start(ap, fmt);
	put_text(step, sizeof(f->next_steps[0]), fmt, ap);
	va_end(ap);
}

void finding_technique(struct finding *f, const char *id)
{
	for (unsigned i = 0; i < FINDING_TECHNIQUES; i++) {
		if (f->techniques[i] && strcmp(f->techniques[i], id) == 0)
			return;
		if (!f->techniques[i]) {
			f->techniques[i] = id;
			return;
		}
	}
}

void finding_packet(struct finding *f, uint64_t number)
{
	if (number == 0 || f->packet_count >= FINDING_PACKETS)
		return;
	unsigned at = f->packet_count; /* mostly the last */
	while (at > 0 && f->packets[at - 1] > number)
		at--;
	if (at > 0 && f->packets[at - 1] == number)
		return; /* several events of one packet */
	memmove(&f->packets[at + 1], &f->packets[at],
		(f->packet_count - at) * sizeof(f->packets[0]));
	f->packets[at] = number;
	f->packet_count++;
}

void finding_related(struct finding *f, const struct ipaddr *a)
{
	for (unsigned i = 0; i < f->related_count; i++) {
		if (ipaddr_equal(&f->related[i], a))
			return;
	}
	if (f->related_count < FINDING_RELATED)
		f->related[f->related_count++] = *a;
}

/* The subject may be either end of the flow: its port is the one of its own address. */
static void take_end(struct finding_end *end, const struct ipaddr *a, uint16_t port)
{
	if (!end->has_ip) {
		end->ip = *a;
		end->has_ip = true;
	}
	if (ipaddr_equal(&end->ip, a))
		end->port = port;
}

void finding_from_event(struct finding *f, const struct event *e)
{
	bool is_swapped = f->subject.has_ip && ipaddr_equal(&f->subject.ip, &e->dst) &&
			  !ipaddr_equal(&f->subject.ip, &e->src);
	if (is_swapped) {
		take_end(&f->subject, &e->dst, e->dport);
		take_end(&f->peer, &e->src, e->sport);
	} else {
		take_end(&f->subject, &e->src, e->sport);
		take_end(&f->peer, &e->dst, e->dport);
	}
	f->proto = e->proto;
	f->app = e->app;
	f->tunnel_id = e->tunnel_id;
	f->tunnel_key = e->tunnel_key;
	f->tunnel_type = e->tunnel_type;
	f->vlan = e->vlan;
	f->flow = e->flow;
	f->flow_src = e->src;
	f->flow_dst = e->dst;
	f->flow_sport = e->sport;
	f->flow_dport = e->dport;
	if (f->time_ns < e->time_ns)
		f->time_ns = e->time_ns;
	finding_packet(f, e->packet);
}

bool severity_is_known(unsigned s)
{
	return s == SEVERITY_NONE || s == SEVERITY_LOW || s == SEVERITY_MEDIUM ||
	       s == SEVERITY_HIGH || s == SEVERITY_CRITICAL;
}

const char *severity_name(enum severity s)
{
	switch (s) {
	case SEVERITY_NONE:
		return "none";
	case SEVERITY_LOW:
		return "low";
	case SEVERITY_MEDIUM:
		return "medium";
	case SEVERITY_HIGH:
		return "high";
	case SEVERITY_CRITICAL:
		return "critical";
	}
	return "unknown";
}

const char *finding_class_name(enum finding_class c)
{
	static const char *const names[FINDING__COUNT] = {
		[FINDING_EXFIL] = "exfil",   [FINDING_C2] = "c2",
		[FINDING_RECON] = "recon",   [FINDING_LATERAL] = "lateral",
		[FINDING_POLICY] = "policy", [FINDING_SENSOR] = "sensor",
	};
	unsigned i = (unsigned)c;
	return i < FINDING__COUNT ? names[i] : "unknown";
}
