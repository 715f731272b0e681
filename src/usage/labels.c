/*
 * usage/labels.c - what the other end of a connection is called.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/base/str.h"
#include "private.h"

#define HOST_MAX    253u
#define SERVICES_OF 8u /* rows a service */
#define FLOWS_OF    4u
#define LEAST       1024u
#define PROTO_ICMP  1
#define PROTO_TCP   6
#define PROTO_UDP   17
#define PROTO_ICMP6 58

static uint32_t newest(const void *entry)
{
	return ((const struct place_of_name *)entry)->number;
}

_Static_assert(sizeof(struct flow_label) == sizeof(struct place_of_name), "one size of entries");

static int make(struct table *t, uint32_t capacity, const struct hash_key *key,
		table_evidence_fn evidence)
{
	const struct table_config config = {
		.capacity = capacity,
		.entry_size = sizeof(struct place_of_name),
		.key_size = sizeof(uint64_t),
		.key = *key,
		.evidence = evidence,
	};
	return table_init(t, &config);
}

/* In proportion to the rows that will name them. */
static uint32_t services_of(uint32_t max_rows)
{
	uint32_t count = max_rows / SERVICES_OF;
	return count < LEAST ? LEAST : count > USAGE_SERVICES ? USAGE_SERVICES : count;
}

static uint32_t flows_of(uint32_t max_rows)
{
	uint32_t count = max_rows / FLOWS_OF;
	return count < LEAST ? LEAST : count > USAGE_FLOWS ? USAGE_FLOWS : count;
}

int labels_init(struct labels *n, const struct context *context, const struct hash_key *key,
		uint32_t max_rows)
{
	memset(n, 0, sizeof(*n));
	n->context = context;
	n->key = *key;
	n->max_count = services_of(max_rows);
	n->list = calloc(n->max_count, sizeof(*n->list));
	int err = n->list ? 0 : -EXF_E_NOMEM;
	if (!err)
		err = make(&n->by_text, n->max_count, key, newest);
	if (!err)
		err = make(&n->by_host, n->max_count, key, NULL);
	if (!err)
		err = make(&n->by_flow, flows_of(max_rows), key, NULL);
	if (err)
		return err;
	(void)snprintf(n->list[NAMED_OTHER].name, sizeof(n->list[0].name), "other");
	n->count = NAMED__FIRST;
	return 0;
}

void labels_deinit(struct labels *n)
{
	free(n->list);
	table_deinit(&n->by_text);
	table_deinit(&n->by_host);
	table_deinit(&n->by_flow);
}

static void empty(struct table *t)
{
	for (void *e = table_next(t, NULL); e; e = table_next(t, e))
		table_remove(t, e);
}

void labels_begin(struct labels *n)
{
	empty(&n->by_host); /* the catalogue may be another one by now */
	if (n->count < n->max_count / 2)
		return;
	empty(&n->by_text);
	empty(&n->by_flow);
	n->count = NAMED__FIRST;
}

uint64_t labels_bytes(uint32_t max_rows)
{
	uint32_t services = services_of(max_rows);
	return services * sizeof(struct named) +
	       2 * table_worst_case(services, sizeof(struct place_of_name)) +
	       table_worst_case(flows_of(max_rows), sizeof(struct place_of_name));
}

/* ---- the dictionary ---- */

/* A flood of addresses leaves room for names, and one of names for services of the catalogue. */
static uint32_t room_for(const struct labels *n, const struct named *v, bool is_address)
{
	if (v->sanction != USAGE_UNKNOWN)
		return n->max_count;
	return is_address ? n->max_count / 2 : n->max_count / 4 * 3;
}

static uint32_t number_of(struct labels *n, const struct named *v, bool is_address)
{
	bool is_new;
	uint64_t hash = hash_mix(hash_bytes(&n->key, v->name, strlen(v->name)),
				 hash_bytes(&n->key, v->tenant, strlen(v->tenant)));
	struct place_of_name *p = table_find(&n->by_text, &hash);
	if (p) {
		n->list[p->number].sanction = v->sanction;
		n->list[p->number].risk = v->risk;
		return p->number;
	}
	if (n->count >= room_for(n, v, is_address))
		return NAMED_OTHER;
	p = table_get(&n->by_text, &hash, &is_new);
	if (!p)
		return NAMED_OTHER;
	p->number = n->count;
	n->list[n->count] = *v;
	return n->count++;
}

/* Whole characters of what is ASCII; the rest is shown as it came, and cut. */
static void set_name(struct named *v, const char *text, size_t len)
{
	size_t most = sizeof(v->name) - 1;
	len = len < most ? len : most;
	memcpy(v->name, text, len);
	v->name[len] = '\0';
}

/* name: that it was reached by, with its tenant in it for many; len 0: none is known. */
static uint32_t of_service(struct labels *n, const struct service *s, const char *name, size_t len)
{
	static const enum usage_sanction sanctions[SANCTION__COUNT] = {
		[SANCTION_UNSANCTIONED] = USAGE_UNSANCTIONED,
		[SANCTION_TOLERATED] = USAGE_TOLERATED,
		[SANCTION_SANCTIONED] = USAGE_SANCTIONED,
		[SANCTION_UNCLEAR] = USAGE_UNCLEAR,
	};
	static const enum usage_risk risks[] = { [SERVICE_RISK_LOW] = USAGE_RISK_LOW,
						 [SERVICE_RISK_MEDIUM] = USAGE_RISK_MEDIUM,
						 [SERVICE_RISK_HIGH] = USAGE_RISK_HIGH };
	struct named v = { .sanction =
				   (uint8_t)sanctions[context_sanction(n->context, s, name, len)],
			   .risk = (uint8_t)risks[s->risk] };
	set_name(&v, s->name, strlen(s->name));
	(void)str_copy(v.title, sizeof(v.title), s->title);
	(void)str_copy(v.category, sizeof(v.category), s->category);
	if (s->tenancy != TENANCY_NO)
		(void)context_tenant_of(n->context, s, name, len, v.tenant);
	return number_of(n, &v, false);
}

/* Told by nDPI alone: it is nobody's account, and sanctioned for nobody. */
static uint32_t of_resemblance(struct labels *n, const struct service *s)
{
	struct named v = { .sanction = s->standing == SANCTION_UNSANCTIONED ? USAGE_UNSANCTIONED :
									      USAGE_UNCLEAR };
	set_name(&v, s->name, strlen(s->name));
	(void)str_copy(v.title, sizeof(v.title), s->title);
	(void)str_copy(v.category, sizeof(v.category), s->category);
	(void)str_copy(v.tenant, sizeof(v.tenant), SERVICE_TENANT_UNKNOWN);
	return number_of(n, &v, false);
}

static uint32_t of_text(struct labels *n, const char *text, size_t len, bool is_address)
{
	struct named v = { .sanction = USAGE_UNKNOWN };
	set_name(&v, text, len);
	return number_of(n, &v, is_address);
}

/* A name as it was asked for: lower case, no port, no final dot. 0: it is none. */
static size_t plain_name(const char *name, size_t len, char dst[HOST_MAX + 1])
{
	size_t n = 0;
	const char *colon = memchr(name, ':', len);
	if (colon)
		len = (size_t)(colon - name);
	while (len && name[len - 1] == '.')
		len--;
	if (len > HOST_MAX)
		return 0;
	for (; n < len; n++) {
		char c = name[n];
		if (c == '\0')
			return 0;
		dst[n] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
	}
	dst[n] = '\0';
	struct ipaddr literal;
	return ipaddr_parse(dst, &literal) == 0 ? 0 : n;
}

static uint32_t of_host(struct labels *n, const char *host, size_t len)
{
	uint64_t hash = hash_bytes(&n->key, host, len);
	bool is_new;
	struct place_of_name *p = table_get(&n->by_host, &hash, &is_new);
	if (p && !is_new)
		return p->number;
	const struct service *s = context_service_by_name(n->context, host, len);
	const char *domain = host;
	size_t domain_len = len;
	if (!s)
		(void)context_registered(n->context, host, len, &domain, &domain_len);
	uint32_t number = s ? of_service(n, s, host, len) : of_text(n, domain, domain_len, false);
	if (p)
		p->number = number;
	return number;
}

/* ---- connections ---- */

static const struct event_str *asked_name(const struct event *e)
{
	if (e->kind == EVENT_HTTP) {
		const struct event_http *h = (const struct event_http *)e;
		return h->is_response ? NULL : &h->host;
	}
	if (e->kind == EVENT_TLS || e->kind == EVENT_QUIC) {
		const struct event_tls *t = (const struct event_tls *)e;
		return t->is_server || !t->has_sni ? NULL : &t->sni;
	}
	return NULL;
}

static struct flow_label *label_of_flow(struct labels *n, uint64_t flow)
{
	bool is_new;
	struct flow_label *f = table_get(&n->by_flow, &flow, &is_new);
	if (f && is_new)
		f->number = NAMED_UNSAID;
	return f;
}

static void note_name(struct labels *n, const struct event *e)
{
	char name[HOST_MAX + 1];
	const struct event_str *asked = asked_name(e);
	size_t len = asked && asked->len ?
			     plain_name((const char *)event_str_data(e, asked), asked->len, name) :
			     0;
	if (!len)
		return;
	uint32_t number = of_host(n, name, len);
	struct flow_label *f = label_of_flow(n, e->flow);
	if (f)
		f->number = number;
}

static void note_tls(struct labels *n, const struct event_tls *t)
{
	uint16_t state = usage_tls_state(t);
	struct flow_label *f = state ? label_of_flow(n, t->e.flow) : NULL;
	if (f && (!usage_tls_is_chosen(f->tls) || usage_tls_is_chosen(state)))
		f->tls = state;
}

void labels_note(struct labels *n, const struct event *e)
{
	if (!e->flow)
		return;
	note_name(n, e);
	if (e->kind == EVENT_TLS || e->kind == EVENT_QUIC)
		note_tls(n, (const struct event_tls *)e);
}

void labels_end_flow(struct labels *n, const struct event *e)
{
	struct flow_label *f = table_find(&n->by_flow, &e->flow);
	if (f)
		table_remove(&n->by_flow, f);
}

/* What the connection itself has told; number NAMED_UNSAID: no name. */
static struct label of_flow(const struct labels *n, const struct event *e)
{
	const struct flow_label *f = table_find(&n->by_flow, &e->flow);
	return (struct label){ .number = f ? f->number : NAMED_UNSAID,
			       .tls = f ? f->tls : 0,
			       .is_named = f && f->number != NAMED_UNSAID };
}

struct label labels_address(struct labels *n, const struct ipaddr *a)
{
	char text[IPADDR_TEXT_MAX], name[HOST_MAX + 1];
	const char *learnt = context_name_of(n->context, a);
	size_t len = learnt ? plain_name(learnt, strlen(learnt), name) : 0;
	if (len)
		return (struct label){ .number = of_host(n, name, len), .is_named = true };
	const struct service *s = context_service_by_ip(n->context, a);
	if (s)
		return (struct label){ .number = of_service(n, s, "", 0) };
	ipaddr_print(a, text, sizeof(text));
	return (struct label){ .number = of_text(n, text, strlen(text), true) };
}

struct label labels_outside(struct labels *n, const struct event *e)
{
	struct label told = of_flow(n, e);
	if (told.is_named)
		return told;
	struct label l = labels_address(n, &e->dst);
	l.tls = told.tls;
	/* an address alone: what nDPI took the connection for says more */
	const struct service *s = !l.is_named && n->list[l.number].sanction == USAGE_UNKNOWN ?
					  context_service_by_flow(n->context, e->flow) :
					  NULL;
	if (s)
		l.number = of_resemblance(n, s);
	return l;
}

static const char *protocol(const struct event *e)
{
	if (e->app != APP_UNKNOWN && e->app != APP_OTHER)
		return app_name((enum app)e->app);
	return e->proto == PROTO_TCP                             ? "tcp" :
	       e->proto == PROTO_UDP                             ? "udp" :
	       e->proto == PROTO_ICMP || e->proto == PROTO_ICMP6 ? "icmp" :
								   "ip";
}

struct label labels_inside(struct labels *n, const struct event *e)
{
	struct label l = of_flow(n, e);
	const char *text = protocol(e);
	if (!l.is_named)
		l.number = of_text(n, text, strlen(text), false);
	return l;
}
