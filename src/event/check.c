/*
 * event/check.c - see check.h.
 *
 * The field tables say where a kind has strings, truth values, fractions and times.  What they do
 * not say is here: how far its enumerations go.  One plan a
 * kind is made of both at start, since walking all fields takes four times as long.
 */
#include "exfild/event/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PLAN_MAX  24 /* fields of one sort in a kind; more of them is an assertion of the tests */
#define BOOL_MAX  1
#define STR_ALIGN 8u

/* A number above `max` stands for no word, or for work without end. */
struct range {
	uint16_t kind_from, kind_to;
	uint16_t offset;
	uint16_t max;
	uint8_t width; /* bytes: 1, 2 or 4 */
};

#define RANGE(from, to, s, field, max)                                             \
 {                                                                                 \
  from, to, offsetof(struct s, field), (max), sizeof(((const struct s *)0)->field) \
 }

static const struct range ranges[] = {
	RANGE(0, EVENT__COUNT - 1, event, app, APP__COUNT - 1),
	RANGE(EVENT_FLOW_START, EVENT_FLOW_END, event_flow, outcome, FLOW_OUTCOME_MIDSTREAM),
	RANGE(EVENT_FLOW_START, EVENT_FLOW_END, event_flow, end, FLOW_END_INPUT),
	RANGE(EVENT_FLOW_START, EVENT_FLOW_END, event_flow, is_interim, 2),
	RANGE(EVENT_FLOW_START, EVENT_FLOW_END, event_flow, has_mac, BOOL_MAX),
	RANGE(EVENT_CLASSIFIED, EVENT_CLASSIFIED, event_classified, confidence, 15),
	RANGE(EVENT_DNS, EVENT_DNS, event_dns, transport, DNS_NBNS),
	RANGE(EVENT_DNS, EVENT_DNS, event_dns, rdata_len, UINT16_MAX),
	/* a detector adds each of these bytes to a sketch */
	RANGE(EVENT_ICMP, EVENT_ICMP, event_icmp, info_bytes, UINT16_MAX),
	RANGE(EVENT_CERT, EVENT_CERT, event_cert, sni_match, 2),
	RANGE(EVENT_TLS_SHAPE, EVENT_TLS_SHAPE, event_tls_shape, first_count, TLS_FIRST_SIZES),
	RANGE(EVENT_INNER, EVENT_INNER, event_inner, inner, APP__COUNT - 1),
	RANGE(EVENT_NAME, EVENT_NAME, event_name, source, APP__COUNT - 1),
	RANGE(EVENT_LOGIN, EVENT_LOGIN, event_login, outcome, LOGIN_NO_USER),
	RANGE(EVENT_LOGIN, EVENT_LOGIN, event_login, method, LOGIN_KEY),
	RANGE(EVENT_FILE, EVENT_FILE, event_file, type, FILE__COUNT - 1),
	RANGE(EVENT_HTTP, EVENT_HTTP, event_http, exploit, EXPLOIT__COUNT - 1),
	RANGE(EVENT_HTTP_BODY, EVENT_HTTP_BODY, event_http_body, type, FILE__COUNT - 1),
	RANGE(EVENT_HTTP_BODY, EVENT_HTTP_BODY, event_http_body, form, FORM_XML),
	RANGE(EVENT_HTTP_BODY, EVENT_HTTP_BODY, event_http_body, exploit, EXPLOIT__COUNT - 1),
	RANGE(EVENT_HTTP_BODY, EVENT_HTTP_BODY, event_http_body, contrary, CONTRARY__COUNT - 1),
	RANGE(EVENT_CONTENT, EVENT_CONTENT, event_found, kind, CONTENT__COUNT - 1),
	RANGE(EVENT_MAIL, EVENT_MAIL, event_mail, attachment_type, FILE__COUNT - 1),
	RANGE(EVENT_SMB, EVENT_SMB, event_smb, act, SMB__COUNT - 1),
	RANGE(EVENT_SMB, EVENT_SMB, event_smb, file_type, FILE__COUNT - 1),
	RANGE(EVENT_SMB, EVENT_SMB, event_smb, oddity, SMB_ODD__COUNT - 1),
	RANGE(EVENT_RPC, EVENT_RPC, event_rpc, act, RPC__COUNT - 1),
	RANGE(EVENT_RPC, EVENT_RPC, event_rpc, transport, RPC_HTTP),
	RANGE(EVENT_KERBEROS, EVENT_KERBEROS, event_kerberos, pac, KERBEROS_PAC_REFUSED),
	RANGE(EVENT_SESSION, EVENT_SESSION, event_session, kind, SESSION__COUNT - 1),
	RANGE(EVENT_ORDER, EVENT_ORDER, event_order, kind, ORDER__COUNT - 1),
};

struct places {
	uint16_t at[PLAN_MAX];
	unsigned count;
};

struct plan { /* of a kind */
	uint16_t size;
	struct places bools, strings, times, floats;
	struct range ranges[PLAN_MAX];
	unsigned range_count;
};

struct event_checker {
	struct plan plans[EVENT__COUNT];
};

static void add(struct places *p, uint16_t at)
{
	if (p->count == PLAN_MAX)
		abort(); /* a kind has grown: PLAN_MAX is too small, and every test says so */
	p->at[p->count++] = at;
}

static void make_plan(struct plan *p, enum event_kind kind)
{
	p->size = event_struct_size(kind);
	for (const struct event_field *f = event_fields(kind); f->name; f++) {
		if (f->type == FIELD_BOOL)
			add(&p->bools, f->offset);
		else if (f->type == FIELD_STR)
			add(&p->strings, f->offset);
		else if (f->type == FIELD_TIME)
			add(&p->times, f->offset);
		else if (f->type == FIELD_FLOAT)
			add(&p->floats, f->offset);
	}
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (kind >= ranges[i].kind_from && kind <= ranges[i].kind_to)
			p->ranges[p->range_count++] = ranges[i];
}

struct event_checker *event_checker_new(void)
{
	struct event_checker *c = calloc(1, sizeof(*c));
	for (unsigned kind = 0; c && kind < EVENT__COUNT; kind++)
		make_plan(&c->plans[kind], (enum event_kind)kind);
	return c;
}

void event_checker_free(struct event_checker *c)
{
	free(c);
}

static bool is_sound_string(const struct event *e, const struct plan *p, uint16_t at)
{
	struct event_str s;
	memcpy(&s, (const uint8_t *)e + at, sizeof(s));
	if (s.off == 0)
		return s.len == 0;
	/* e->size has been checked: the sum of two 16-bit numbers cannot overflow */
	return s.off >= p->size && s.off % STR_ALIGN == 0 && s.len <= EVENT_STR_MAX &&
	       s.len <= s.full && (uint32_t)s.off + s.len <= e->size;
}

static bool is_in_range(const uint8_t *record, const struct range *r)
{
	uint32_t value = record[r->offset];
	uint16_t half;
	if (r->width == sizeof(value)) {
		memcpy(&value, record + r->offset, sizeof(value));
	} else if (r->width == sizeof(half)) {
		memcpy(&half, record + r->offset, sizeof(half));
		value = half;
	}
	return value <= r->max;
}

static const char *check_numbers(const struct plan *p, const uint8_t *record, uint64_t latest_ns)
{
	unsigned bits = 0;
	for (unsigned i = 0; i < p->bools.count; i++)
		bits |= record[p->bools.at[i]];
	if (bits > BOOL_MAX)
		return "a truth value is neither 0 nor 1";
	for (unsigned i = 0; i < p->range_count; i++)
		if (!is_in_range(record, &p->ranges[i]))
			return "a number is out of its range";
	for (unsigned i = 0; i < p->times.count; i++) {
		uint64_t time_ns;
		memcpy(&time_ns, record + p->times.at[i], sizeof(time_ns));
		if (time_ns > latest_ns)
			return "a time lies in the future";
	}
	for (unsigned i = 0; i < p->floats.count; i++) {
		float value;
		memcpy(&value, record + p->floats.at[i], sizeof(value));
		if (!isfinite(value))
			return "a fraction is no number";
	}
	return NULL;
}

const char *event_check(const struct event_checker *c, const struct event *e, size_t len,
			uint64_t latest_ns)
{
	if (len < sizeof(*e) || len > EVENT_MAX || len % 8)
		return "no event has this size";
	if (e->size != len)
		return "it says another size than it has";
	if (e->kind >= EVENT__COUNT)
		return "no event is of this kind";
	const struct plan *p = &c->plans[e->kind];
	if (len < p->size)
		return "it is too small for its kind";
	const char *wrong = check_numbers(p, (const uint8_t *)e, latest_ns);
	if (wrong)
		return wrong;
	for (unsigned i = 0; i < p->strings.count; i++)
		if (!is_sound_string(e, p, p->strings.at[i]))
			return "a string lies outside of it";
	return NULL;
}
