/*
 * support/detect_harness.h - feeds one detector without the pipeline.
 *
 * What: a context with the shipped services, an environment, a clock, and a list of what was
 * raised.  Private addresses are inside, all others outside.
 *
 *   struct detect_harness h;
 *   detect_init(&h, &port_scan_detector);
 *   struct event_flow f = detect_flow(&h, "10.0.0.5", 50000, "10.0.0.9", 445, 6);
 *   f.outcome = FLOW_OUTCOME_REFUSED;
 *   detect_progress(&h, &f, 1);
 *   detect_advance(&h, 60);
 *   assert_int_equal(h.count, 1);
 *   detect_deinit(&h);
 *
 * Ownership: findings are copies, the first DETECT_FINDINGS of them.
 * Threads: one.
 */
#ifndef EXFILD_TESTS_SUPPORT_DETECT_HARNESS_H
#define EXFILD_TESTS_SUPPORT_DETECT_HARNESS_H

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/config/config.h"
#include "exfild/detect/detector.h"
#include "places.h"

#define DETECT_FINDINGS 64
#define DETECT_SECOND   1000000000ull
#define DETECT_START    (1700000000ull * DETECT_SECOND)

struct detect_harness {
	const struct detector *detector;
	struct detect_env env;
	void *params, *state;
	struct finding *findings;
	size_t count; /* of all raised */
	size_t updates;
	struct finding update; /* the last totals */
	uint64_t flow, packet;
};

static inline void detect_raised(void *arg, const struct finding *f)
{
	struct detect_harness *h = arg;
	if (f->is_update) {
		h->updates++;
		h->update = *f;
		return;
	}
	if (h->count < DETECT_FINDINGS)
		h->findings[h->count] = *f;
	h->count++;
}

/* A parameter as configuration text; before the first event. */
static inline void detect_param(struct detect_harness *h, const char *name, const char *text)
{
	const struct param *p = param_find(h->detector->params, name);
	assert(p);
	assert(param_set(p, h->params, text) == 0);
}

static inline void detect_restart(struct detect_harness *h)
{
	if (h->detector->deinit)
		h->detector->deinit(h->state);
	memset(h->state, 0, h->detector->state_size);
	assert(h->detector->init(h->state, h->params, &h->env) == 0);
	h->count = 0;
}

/* service, or of it the own tenant alone; NULL: none. */
static inline void detect_init_tenant(struct detect_harness *h, const struct detector *detector,
				      const char *service, const char *tenant)
{
	char why[256] = "";
	const struct config_tenants tenants = { service, &tenant, 1, "exfild.yaml:1:1" };
	const char *const sanctioned[] = { service };
	const struct context_options options = {
		.key = hash_key_fixed,
		.sketch_key = hash_key_fixed,
		.services_path = EXFILD_SOURCE_DIR "/data/services.yaml",
		.sanctioned = sanctioned,
		.sanctioned_count = service ? 1 : 0,
		.tenants = &tenants,
		.tenant_count = tenant ? 1 : 0,
		.max_hosts = 1024,
		.max_names = 1024,
	};
	memset(h, 0, sizeof(*h));
	h->detector = detector;
	if (context_new(&options, &h->env.context, why, sizeof(why)) != 0) {
		fprintf(stderr, "%s\n", why);
		abort();
	}
	h->env.key = hash_key_fixed;
	h->env.sketch_key = hash_key_fixed;
	h->env.now_ns = h->env.steady_ns = DETECT_START;
	h->env.max_hosts = 8192;
	h->env.max_pairs = 8192;
	h->env.raise = detect_raised;
	h->env.arg = h;
	h->params = calloc(1, detector->params_size);
	h->state = calloc(1, detector->state_size);
	h->findings = calloc(DETECT_FINDINGS, sizeof(*h->findings));
	assert(h->params && h->state && h->findings);
	param_defaults(detector->params, h->params);
	assert(detector->init(h->state, h->params, &h->env) == 0);
}

static inline void detect_init_sanctioned(struct detect_harness *h, const struct detector *detector,
					  const char *service)
{
	detect_init_tenant(h, detector, service, NULL);
}

static inline void detect_init(struct detect_harness *h, const struct detector *detector)
{
	detect_init_sanctioned(h, detector, NULL);
}

static inline void detect_deinit(struct detect_harness *h)
{
	if (h->detector->deinit)
		h->detector->deinit(h->state);
	context_free(h->env.context);
	free(h->params);
	free(h->state);
	free(h->findings);
}

/* Packet time goes on, in steps of a second with their ticks (of an hour, beyond a day). */
static inline void detect_advance(struct detect_harness *h, double seconds)
{
	uint64_t left = (uint64_t)(seconds * 1e9);
	uint64_t step = seconds > 86400 ? 3600 * DETECT_SECOND : DETECT_SECOND;
	while (left > 0) {
		uint64_t ns = left < step ? left : step;
		h->env.now_ns += ns;
		h->env.steady_ns += ns;
		left -= ns;
		if (h->detector->on_tick)
			h->detector->on_tick(h->state, &h->env);
	}
}

static inline void detect_event(struct detect_harness *h, struct event *e)
{
	e->time_ns = h->env.now_ns;
	context_event(h->env.context, e);
	if (h->detector->wants & (1ull << e->kind))
		h->detector->on_event(h->state, &h->env, e);
}

static inline void detect_end(struct detect_harness *h)
{
	if (h->detector->on_end)
		h->detector->on_end(h->state, &h->env);
}

static inline struct ipaddr detect_addr(const char *text)
{
	struct ipaddr a;
	memset(&a, 0, sizeof(a));
	int err = ipaddr_parse(text, &a);
	assert(err == 0);
	(void)err;
	return a;
}

static inline void detect_head(struct detect_harness *h, struct event *e, enum event_kind kind,
			       size_t size)
{
	e->size = (uint32_t)size;
	e->kind = (uint16_t)kind;
	e->packet = ++h->packet;
	e->seq = h->packet;
	e->time_ns = h->env.now_ns;
}

/* A new flow with one packet from src; TCP begins with SYN. */
static inline struct event_flow detect_flow(struct detect_harness *h, const char *src,
					    uint16_t sport, const char *dst, uint16_t dport,
					    uint8_t proto)
{
	struct event_flow f;
	memset(&f, 0, sizeof(f));
	f.e.src = detect_addr(src);
	f.e.dst = detect_addr(dst);
	f.e.sport = sport;
	f.e.dport = dport;
	f.e.proto = proto;
	f.e.ip_version = ipaddr_is_v4(&f.e.src) ? 4 : 6;
	f.e.flow = ++h->flow;
	f.first_ns = f.last_ns = h->env.now_ns;
	f.packets[0] = 1;
	f.outcome = FLOW_OUTCOME_PENDING;
	f.one_sided = 1;
	if (proto == 6) {
		f.syn_flags = 2;
		f.tcp_flags[0] = 2;
		f.initiator_known = 1;
	}
	return f;
}

static inline void detect_start(struct detect_harness *h, struct event_flow *f)
{
	detect_head(h, &f->e, EVENT_FLOW_START, sizeof(*f));
	detect_event(h, &f->e);
}

static inline void detect_progress(struct detect_harness *h, struct event_flow *f, uint8_t interim)
{
	detect_head(h, &f->e, EVENT_FLOW_PROGRESS, sizeof(*f));
	f->last_ns = h->env.now_ns;
	f->is_interim = interim;
	detect_event(h, &f->e);
}

static inline void detect_finish(struct detect_harness *h, struct event_flow *f,
				 enum flow_end_reason reason)
{
	detect_head(h, &f->e, EVENT_FLOW_END, sizeof(*f));
	f->last_ns = h->env.now_ns;
	f->is_interim = 0;
	f->end = (uint8_t)reason;
	detect_event(h, &f->e);
}

/* A DNS answer said that the address has this name. */
static inline void detect_name(struct detect_harness *h, const char *address, const char *name)
{
	struct {
		struct event_name n;
		char text[256];
	} x;
	size_t len = strlen(name);
	memset(&x, 0, sizeof(x));
	assert(len < sizeof(x.text));
	detect_head(h, &x.n.e, EVENT_NAME, sizeof(x));
	x.n.e.src = detect_addr("10.0.0.53");
	x.n.address = detect_addr(address);
	x.n.ttl_s = 86400;
	x.n.source = APP_DNS;
	x.n.name.off = (uint16_t)((size_t)((char *)x.text - (char *)&x));
	x.n.name.len = (uint16_t)len;
	x.n.name.full = (uint32_t)len;
	x.n.name.hash = hash_bytes(&hash_key_fixed, name, len);
	memcpy(x.text, name, len);
	detect_event(h, &x.n.e);
}

/* operation 1: src asks for dst; 2: src answers dst. */
static inline void detect_arp(struct detect_harness *h, uint16_t operation, const char *src,
			      const uint8_t mac[6], const char *dst)
{
	struct event_arp a;
	memset(&a, 0, sizeof(a));
	detect_head(h, &a.e, EVENT_ARP, sizeof(a));
	a.e.src = detect_addr(src);
	a.e.dst = detect_addr(dst);
	a.operation = operation;
	a.gratuitous = strcmp(src, dst) == 0;
	memcpy(a.sender_mac, mac, 6);
	detect_event(h, &a.e);
}

static inline void detect_classified(struct detect_harness *h, const struct event_flow *f,
				     uint16_t app)
{
	struct event_classified c;
	memset(&c, 0, sizeof(c));
	c.e = f->e;
	detect_head(h, &c.e, EVENT_CLASSIFIED, sizeof(c));
	c.e.app = app;
	detect_event(h, &c.e);
}

/* The sum of the contributions is the score, as the proof promises. */
static inline double detect_sum(const struct finding *f)
{
	double sum = 0;
	for (unsigned i = 0; i < f->feature_count; i++)
		sum += f->features[i].contribution;
	return sum > 1 ? 1 : sum;
}

static inline bool detect_has_technique(const struct finding *f, const char *id)
{
	for (unsigned i = 0; i < FINDING_TECHNIQUES && f->techniques[i]; i++)
		if (strcmp(f->techniques[i], id) == 0)
			return true;
	return false;
}

#endif
