/*
 * engine/traffic.c - see traffic.h.
 */
#include "traffic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/base/str.h"
#include "exfild/base/table.h"
#include "gate.h"
#include "policy_words.h"

#define HOUR_NS   3600000000000ull
#define SECOND_NS 1000000000.0
#define GATES     256u
#define SIXTEENTH 16 /* so much of the least limit may lack in what was sent to one target */

struct found { /* entry: what was found in the clear in a connection */
	uint64_t flow;
	uint32_t kinds; /* 1u << enum content_kind */
	char labels[100];
};

struct told_key {
	uint64_t what, policy;
};

struct told { /* entry */
	struct told_key key;
};

struct traffic {
	struct traffic_options o;
	struct gate gates[GATES];
	double counts_from; /* bytes of a host in a day from which on its targets are counted */
	struct policy_windows *windows;
	struct table found, told;
	struct event_log *log;
	struct alert *step; /* the connection at work, as an alert would be */
	bool is_judged, is_counted, asks_risk, asks_content;
};

struct traffic *traffic_new(const struct traffic_options *o)
{
	struct traffic *t = calloc(1, sizeof(*t));
	const struct table_config found = { .capacity = TRAFFIC_TEXTS,
					    .entry_size = sizeof(struct found),
					    .key_size = sizeof(uint64_t),
					    .key = *o->key };
	const struct table_config told = { .capacity = TRAFFIC_TOLD,
					   .entry_size = sizeof(struct told),
					   .key_size = sizeof(struct told_key),
					   .key = *o->key };
	if (!t)
		return NULL;
	t->o = *o;
	t->windows = policy_windows_new(o->key);
	t->log = event_log_new();
	t->step = calloc(1, sizeof(*t->step));
	if (t->windows && t->log && t->step && table_init(&t->found, &found) == 0 &&
	    table_init(&t->told, &told) == 0)
		return t;
	traffic_free(t);
	return NULL;
}

void traffic_free(struct traffic *t)
{
	if (!t)
		return;
	policy_windows_free(t->windows);
	table_deinit(&t->found);
	table_deinit(&t->told);
	event_log_free(t->log);
	free(t->step);
	free(t);
}

static bool reads_sums(const struct policy *set)
{
	static const char *const names[] = { "bytes_out_hour", "bytes_in_hour", "bytes_out_day",
					     "bytes_in_day",   "flows_hour",    "flows_day",
					     "total_out_hour", "total_out_day" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (policy_reads(set, names[i]))
			return true;
	return false;
}

void traffic_set(struct traffic *t, const struct policy *set)
{
	t->is_judged =
		policy_looks_at(set, ALERT_ABOUT_FLOW) || policy_looks_at(set, ALERT_ABOUT_USAGE);
	t->is_counted = reads_sums(set);
	t->counts_from = policy_looks_at(set, ALERT_ABOUT_USAGE) ?
				 policy_least(set, ALERT_ABOUT_USAGE, NULL, false) / SIXTEENTH :
				 0;
	memset(t->gates, 0, sizeof(t->gates)); /* zones may be others, too */
	t->asks_risk = policy_reads(set, "risk") || policy_reads(set, "stages");
	t->asks_content = policy_reads(set, "content") || policy_reads(set, "content_label");
}

void traffic_keep(struct traffic *t, struct keep_list *list)
{
	policy_windows_keep(t->windows, list);
}

/* ---- content ---- */

/* Each label once, while there is room. */
static void add_label(struct found *f, const struct event *e, const struct event_str *label)
{
	char text[48];
	size_t len = strlen(f->labels);
	(void)str_escape(text, sizeof(text), event_str_data(e, label), label->len);
	if (!text[0] || strchr(text, ',') || strstr(f->labels, text) ||
	    len + strlen(text) + 3 > sizeof(f->labels))
		return;
	(void)snprintf(f->labels + len, sizeof(f->labels) - len, "%s%s", len ? ", " : "", text);
}

static void note_found(struct traffic *t, const struct event_found *e)
{
	bool is_new;
	struct found *f = e->e.flow ? table_get(&t->found, &e->e.flow, &is_new) : NULL;
	if (!f)
		return;
	f->kinds |= 1u << e->kind;
	if (e->label.off)
		add_label(f, &e->e, &e->label);
}

/* ---- who sends what to whom ---- */

/* Service and tenant, else the registered domain of its name, else the address. */
static uint64_t target_of(const struct traffic *t, const struct alert *a)
{
	const struct finding *f = &a->finding;
	const struct hash_key *key = t->o.lasting;
	const char *name = f->domain[0] ? f->domain : a->destination_name;
	const char *domain = name;
	size_t len = strlen(name);
	if (f->service[0])
		return hash_mix(hash_bytes(key, f->service, strlen(f->service)),
				hash_bytes(key, f->service_tenant, strlen(f->service_tenant))) |
		       1;
	if (len && t->o.context)
		(void)context_registered(t->o.context, name, len, &domain, &len);
	return (len ? hash_bytes(key, domain, len) :
		      hash_bytes(key, &f->peer.ip, sizeof(f->peer.ip))) |
	       1;
}

static void print_target(const struct traffic *t, const struct alert *a, char *dst, size_t size)
{
	const struct finding *f = &a->finding;
	const char *name = f->domain[0] ? f->domain : a->destination_name;
	const char *domain = name;
	size_t len = strlen(name);
	if (len && t->o.context)
		(void)context_registered(t->o.context, name, len, &domain, &len);
	if (f->service[0])
		(void)snprintf(dst, size, "%s%s%s", f->service, f->service_tenant[0] ? " " : "",
			       f->service_tenant);
	else if (len)
		(void)snprintf(dst, size, "%.*s", (int)len, domain);
	else
		(void)ipaddr_print(&f->peer.ip, dst, size);
}

static struct policy_window_key key_of(const struct finding *f, uint64_t target)
{
	return (struct policy_window_key){ .host = f->subject.ip,
					   .target = target,
					   .tunnel_key = f->tunnel_key };
}

/* Only of hosts of ours: whoever comes from outside is counted by nobody. */
static bool is_from_inside(const struct alert *a)
{
	return a->finding.subject.has_ip &&
	       (strcmp(a->direction, "outbound") == 0 || strcmp(a->direction, "internal") == 0);
}

void traffic_facts(const struct traffic *t, const struct policy *set, const struct alert *a,
		   struct policy_facts *facts)
{
	const struct finding *f = &a->finding;
	const struct found *found =
		t->asks_content && f->flow ? table_find(&t->found, &f->flow) : NULL;
	if (found) {
		facts->content = found->kinds;
		facts->labels = found->labels;
	}
	if (!t->is_counted || !is_from_inside(a))
		return;
	const struct policy_moment at = policy_moment_of(set, f->time_ns);
	const struct policy_window_key all = key_of(f, 0);
	const struct policy_window_key one = key_of(f, f->peer.has_ip ? target_of(t, a) : 0);
	facts->to_all = policy_windows_sums(t->windows, &all, &at);
	facts->to_target = policy_windows_sums(t->windows, &one, &at);
}

/*
 * Bytes that passed before the last full hour are of the hour before it.  Returns the sums of the
 * last one.
 */
static struct policy_sums count(struct traffic *t, const struct policy *set,
				const struct event_flow *e, uint64_t target)
{
	const struct policy_window_key key = { .host = e->e.src,
					       .target = target,
					       .tunnel_key = e->e.tunnel_key };
	const struct policy_moment now = policy_moment_of(set, e->last_ns);
	uint64_t told = e->fresh[0] + e->fresh[1] + e->earlier[0] + e->earlier[1];
	bool is_first = told && told == e->bytes[0] + e->bytes[1] + e->retransmitted[0] +
						e->retransmitted[1];
	if (!told)
		return policy_windows_sums(t->windows, &key, &now);
	if (e->earlier[0] || e->earlier[1]) {
		uint64_t hour_ns = e->last_ns - e->last_ns % HOUR_NS;
		const struct policy_moment then = policy_moment_of(set, hour_ns ? hour_ns - 1 : 0);
		(void)policy_windows_add(t->windows, &key, &then, e->earlier[0], e->earlier[1],
					 false);
	}
	return policy_windows_add(t->windows, &key, &now, e->fresh[0], e->fresh[1], is_first);
}

/* ---- judging ---- */

static void make_step(struct traffic *t, const struct event_flow *e)
{
	struct alert *a = t->step;
	struct finding *f = &a->finding;
	const char *name = t->o.context ? context_flow_name(t->o.context, e->e.flow) : NULL;
	finding_init(f, "policy", "flow", "Connection");
	finding_from_event(f, &e->e);
	f->class = FINDING_POLICY;
	f->score = f->confidence = 1;
	f->subject.bytes = e->bytes[0];
	f->subject.packets = e->packets[0];
	f->peer.bytes = e->bytes[1];
	f->peer.packets = e->packets[1];
	f->start_ns = e->first_ns;
	f->end_ns = e->last_ns;
	f->time_ns = e->e.time_ns;
	f->count = 1;
	if (name)
		(void)str_copy(f->domain, sizeof(f->domain), name);
	alert_place(a, t->o.context);
	a->risk_score = 0;
	a->chain_count = 0;
	if (t->asks_risk && t->o.fusion) {
		a->risk_score = fusion_add(t->o.fusion, f);
		a->chain_count = fusion_chain(t->o.fusion, f, a->chain);
	}
}

static bool is_told(struct traffic *t, uint64_t what, const struct policy_rule *r)
{
	const struct told_key key = { what, hash_bytes(t->o.key, r->name, strlen(r->name)) };
	bool is_new = true;
	(void)table_get(&t->told, &key, &is_new);
	return !is_new;
}

static void say(const struct traffic *t, const struct event_alert *e, bool is_usage, char *dst,
		size_t size)
{
	char to[200], out[24], in[24], hour[24];
	print_target(t, t->step, to, sizeof(to));
	if (is_usage)
		(void)snprintf(dst, size, "%s to %s today, %s of it in this hour",
			       str_bytes(out, sizeof(out), (double)e->bytes_out_day), to,
			       str_bytes(hour, sizeof(hour), (double)e->bytes_out_hour));
	else
		(void)snprintf(dst, size, "%s to %s and %s back in one connection",
			       str_bytes(out, sizeof(out), (double)e->bytes_out), to,
			       str_bytes(in, sizeof(in), (double)e->bytes_in));
}

static void raise(const struct traffic *t, const struct policy_decision *d,
		  const struct event_alert *e, struct finding *ret)
{
	struct alert *a = t->step;
	struct finding *f = &a->finding;
	char source[IPADDR_TEXT_MAX], text[320];
	bool is_usage = d->rule->about == ALERT_ABOUT_USAGE;
	say(t, e, is_usage, text, sizeof(text));
	finding_text(f->message, sizeof(f->message), "%s: %s",
		     ipaddr_print(&f->subject.ip, source, sizeof(source)), text);
	f->visibility = app_is_clear((enum app)f->app) ? VISIBILITY_CLEAR :
			f->domain[0]                   ? VISIBILITY_NAME :
							 VISIBILITY_OPAQUE;
	finding_text(f->unseen, sizeof(f->unseen),
		     "what was said: a policy looks at who, where to, "
		     "when and how much");
	policy_finding(t->o.names, d, a, ret);
	print_target(t, a, ret->object, sizeof(ret->object));
}

static size_t judge(struct traffic *t, const struct traffic_eyes *eyes, const struct event_flow *e,
		    struct finding ret[TRAFFIC_FINDINGS])
{
	const struct finding *f = &t->step->finding;
	struct policy_facts facts = policy_proofs_of(eyes->proofs, f);
	struct policy_decision flow, usage;
	size_t n = 0;
	facts.config = eyes->config;
	facts.about = is_from_inside(t->step) ? ALERT_ABOUT_STEP : ALERT_ABOUT_FLOW;
	facts.outcome = (enum flow_outcome)e->outcome;
	facts.duration_s = (float)((double)(e->last_ns - e->first_ns) / SECOND_NS);
	traffic_facts(t, eyes->set, t->step, &facts);
	event_log_reset(t->log);
	const struct event_alert *record =
		policy_record(eyes->set, t->log, t->step, t->o.context, &facts);
	policy_decide_step(eyes->set, eyes->memory, record, &flow, &usage);
	if (flow.rule && flow.rule->action != POLICY_LABEL && !is_told(t, e->e.flow, flow.rule))
		raise(t, &flow, record, &ret[n++]);
	if (!usage.rule || usage.rule->action == POLICY_LABEL)
		return n;
	const struct policy_window_key key = key_of(f, target_of(t, t->step));
	uint64_t what = hash_mix(hash_bytes(t->o.key, &key, sizeof(key)), e->e.time_ns / HOUR_NS);
	if (!is_told(t, what, usage.rule))
		raise(t, &usage, record, &ret[n++]);
	return n;
}

/* A record of this step with its zones, nothing yet that was found in it, and a quiet source. */
static void open_gate(struct traffic *t, const struct traffic_eyes *eyes, struct gate *g)
{
	const struct policy_facts facts = { .config = eyes->config };
	event_log_reset(t->log);
	t->step->risk_score = fusion_risk_of_nobody();
	t->step->chain_count = 0;
	gate_set(g, eyes->set, policy_record(eyes->set, t->log, t->step, t->o.context, &facts));
}

static const struct gate *gate_of(struct traffic *t, const struct traffic_eyes *eyes,
				  const struct event_flow *f, uint8_t ends)
{
	const struct event *e = &f->e;
	const struct context *c = t->o.context;
	const struct context_zone *from =
		c ? context_zone(c, &e->src, e->tunnel_id, e->vlan) : NULL;
	const struct context_zone *to = c ? context_zone(c, &e->dst, e->tunnel_id, e->vlan) : NULL;
	uint64_t place = hash_mix((uintptr_t)from + ends, (uintptr_t)to);
	struct gate *g = &t->gates[place % GATES];
	if (!gate_is(g, from, to, ends)) {
		gate_begin(g, from, to, ends);
		make_step(t, f);
		open_gate(t, eyes, g);
	}
	return g;
}

static uint8_t ends_of(const struct context *c, const struct event *e)
{
	if (!c)
		return 0;
	return (uint8_t)(context_is_inside(c, &e->src, e->tunnel_id) |
			 context_is_inside(c, &e->dst, e->tunnel_id) << 1);
}

static size_t step(struct traffic *t, const struct traffic_eyes *eyes, const struct event_flow *f,
		   struct finding ret[TRAFFIC_FINDINGS])
{
	uint8_t ends = ends_of(t->o.context, &f->e);
	bool is_counted = t->is_counted && ends & 1;
	struct policy_sums all = { 0 };
	if (is_counted)
		all = count(t, eyes->set, f, 0);
	bool is_large = is_counted && (double)all.out_day >= t->counts_from;
	const struct gate *g = t->is_judged ? gate_of(t, eyes, f, ends) : NULL;
	double most = (double)(f->bytes[0] > all.out_day ? f->bytes[0] : all.out_day);
	bool has_content = t->found.stats.entries && table_find(&t->found, &f->e.flow);
	bool is_asked = g && (has_content || gate_passes(g, t->o.fusion, &f->e, most));
	if (!is_large && !is_asked)
		return 0;
	make_step(t, f);
	if (is_large)
		(void)count(t, eyes->set, f, target_of(t, t->step));
	return is_asked ? judge(t, eyes, f, ret) : 0;
}

size_t traffic_event(struct traffic *t, const struct traffic_eyes *eyes, const struct event *e,
		     struct finding ret[TRAFFIC_FINDINGS])
{
	const struct event_flow *f = (const struct event_flow *)(const void *)e;
	if (e->kind == EVENT_CONTENT && t->asks_content)
		note_found(t, (const struct event_found *)(const void *)e);
	if ((e->kind != EVENT_FLOW_PROGRESS && e->kind != EVENT_FLOW_END) ||
	    (!t->is_judged && !t->is_counted))
		return 0;
	return step(t, eyes, f, ret);
}
