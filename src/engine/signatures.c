/*
 * engine/signatures.c - see signatures.h.
 *
 * A rule's level becomes the severity.  `low` and `informational` are context and weigh nothing
 * against a host; the others weigh about what a detector of the same severity says at its limit.
 */
#include "signatures.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exfild/base/log.h"
#include "exfild/base/str.h"

#define SAID_MAX   10
#define FOLDER_MAX 64
#define TITLE_MAX  90

static const struct {
	enum severity severity;
	double score, llr;
} levels[] = {
	[SIGNATURE_INFORMATIONAL] = { SEVERITY_LOW, 0.2, 0 },
	[SIGNATURE_LOW] = { SEVERITY_LOW, 0.35, 0 },
	[SIGNATURE_MEDIUM] = { SEVERITY_MEDIUM, 0.6, 2.5 },
	[SIGNATURE_HIGH] = { SEVERITY_HIGH, 0.8, 4.5 },
	[SIGNATURE_CRITICAL] = { SEVERITY_CRITICAL, 0.95, 6.5 },
};

/* --- files ---------------------------------------------------------------------------------- */

const char *signatures_folder(const char *configured, const char *data_dir, char *dst, size_t size)
{
	if (strcmp(configured, SHIPPED_FOLDER) == 0)
		(void)snprintf(dst, size, "%s/signatures", data_dir);
	else
		(void)snprintf(dst, size, "%s", configured);
	return dst;
}

int signatures_from(const struct config *c, const char *data_dir, struct signatures **ret,
		    char *ret_why, size_t why_size)
{
	char(*folders)[1024] = calloc(FOLDER_MAX, sizeof(*folders));
	const char *paths[FOLDER_MAX];
	size_t count = 0;
	int err = folders ? 0 : -EXF_E_NOMEM;
	for (size_t i = 0; !err && i < c->signatures.directory_count && count < FOLDER_MAX; i++) {
		const char *named = c->signatures.directories[i];
		paths[count] = signatures_folder(named, data_dir, folders[count], 1024);
		if (strcmp(named, SHIPPED_FOLDER) == 0 && access(paths[count], R_OK) != 0) {
			(void)snprintf(ret_why, why_size,
				       "%s, the rules that exfild ships, cannot be read: reinstall "
				       "exfild, or leave the folder out of signatures.directories",
				       paths[count]);
			err = -EXF_E_IO;
		}
		count++;
	}
	if (!err)
		err = signatures_load(paths, count, ret);
	if (err == -EXF_E_NOMEM)
		(void)snprintf(ret_why, why_size, "memory is exhausted");
	free(folders);
	return err;
}

void signatures_report(const struct signatures *s)
{
	size_t count = signatures_problem_count(s);
	for (size_t i = 0; i < count && i < SAID_MAX; i++)
		log_warnx("signatures", "%s", signatures_problem(s, i));
	if (count > SAID_MAX)
		log_warnx("signatures",
			  "%zu more rules are not used; exfilctl signatures list "
			  "names all",
			  count - SAID_MAX);
}

/* --- names ---------------------------------------------------------------------------------- */

const char *rule_names_stay(struct rule_names *n, const char *text)
{
	for (size_t i = 0; i < n->count; i++)
		if (strcmp(n->list[i], text) == 0)
			return n->list[i];
	if (n->count == RULE_NAMES)
		return "sigma:others";
	if (n->count % 64 == 0) {
		char **more = realloc(n->list, (n->count + 64) * sizeof(*more));
		if (!more)
			return "sigma:others";
		n->list = more;
	}
	char *copy = strdup(text);
	if (!copy)
		return "sigma:others";
	n->list[n->count++] = copy;
	return copy;
}

void rule_names_deinit(struct rule_names *n)
{
	for (size_t i = 0; i < n->count; i++)
		free(n->list[i]);
	free(n->list);
	n->list = NULL;
	n->count = 0;
}

/* --- findings ------------------------------------------------------------------------------- */

static enum finding_class class_of(const struct signature_rule *r)
{
	static const struct {
		const char *tactic;
		enum finding_class class;
	} classes[] = {
		{ "TA0010", FINDING_EXFIL },   { "TA0009", FINDING_EXFIL },
		{ "TA0011", FINDING_C2 },      { "TA0042", FINDING_C2 },
		{ "TA0008", FINDING_LATERAL }, { "TA0006", FINDING_LATERAL },
		{ "TA0002", FINDING_LATERAL }, { "TA0001", FINDING_LATERAL },
		{ "TA0003", FINDING_LATERAL }, { "TA0004", FINDING_LATERAL },
		{ "TA0007", FINDING_RECON },   { "TA0043", FINDING_RECON },
	};
	for (size_t i = 0; r->tactic && i < sizeof(classes) / sizeof(classes[0]); i++)
		if (strcmp(classes[i].tactic, r->tactic) == 0)
			return classes[i].class;
	return FINDING_POLICY;
}

static void copy_string(const struct event *e, const struct event_str *s, char *dst, size_t size)
{
	if (s->off)
		str_escape(dst, size, event_str_data(e, s), s->len);
}

/* The labels of a tunnel hold what was stolen, and each is another: its zone alone. */
static void set_zone(const struct context *context, const struct event *e, struct finding *f)
{
	const struct event_str *name = &((const struct event_dns *)(const void *)e)->name;
	const char *text = (const char *)event_str_data(e, name), *registered = NULL;
	size_t len = 0;
	if (!name->off || name->full > name->len)
		return;
	(void)context_registered(context, text, name->len, &registered, &len);
	if (registered)
		str_escape(f->domain, sizeof(f->domain), registered, len);
}

/* The name that the event speaks of: what exceptions go by. */
static void set_domain(const struct context *context, const struct event *e, struct finding *f)
{
	if (e->kind == EVENT_HTTP)
		copy_string(e, &((const struct event_http *)(const void *)e)->host, f->domain,
			    sizeof(f->domain));
	else if (e->kind == EVENT_TLS || e->kind == EVENT_QUIC)
		copy_string(e, &((const struct event_tls *)(const void *)e)->sni, f->domain,
			    sizeof(f->domain));
	else if (e->kind == EVENT_DNS)
		set_zone(context, e, f);
	char *port = e->kind == EVENT_HTTP ? strrchr(f->domain, ':') : NULL;
	if (port)
		*port = '\0';
	finding_text(f->object, sizeof(f->object), "%s", f->domain);
}

/* Display filter of the flow, or of the host in a correlation. */
static void set_filter(const struct event *e, bool has_peer, struct finding *f)
{
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX];
	const char *field = ipaddr_is_v4(&e->src) ? "ip.addr" : "ipv6.addr";
	ipaddr_print(&e->src, from, sizeof(from));
	ipaddr_print(&e->dst, to, sizeof(to));
	if (!has_peer)
		finding_text(f->filter, sizeof(f->filter), "%s == %s", field, from);
	else if (e->dport && (e->proto == 6 || e->proto == 17))
		finding_text(f->filter, sizeof(f->filter), "%s == %s && %s == %s && %s.port == %u",
			     field, from, field, to, e->proto == 6 ? "tcp" : "udp",
			     (unsigned)e->dport);
	else
		finding_text(f->filter, sizeof(f->filter), "%s == %s && %s == %s", field, from,
			     field, to);
}

static void add_features(const struct signature_hit *hit, double score, struct finding *f)
{
	unsigned count =
		hit->part_count < FINDING_FEATURES - 1 ? hit->part_count : FINDING_FEATURES - 1;
	unsigned all = count + (hit->rule->is_correlation || count == 0);
	double share = score / all;
	if (hit->rule->is_correlation)
		finding_feature(f, "correlation", hit->value, NAN, hit->limit, share, share,
				"%.4g %s%s%.60s", hit->value, hit->measure,
				hit->group[0] ? " of " : "", hit->group);
	else if (count == 0)
		finding_feature(f, "condition", 1, NAN, NAN, share, share,
				"the event fulfils the rule's condition");
	for (unsigned i = 0; i < count; i++) {
		const struct signature_part *p = &hit->parts[i];
		char name[32];
		finding_text(name, sizeof(name), "%s", p->field);
		finding_feature(f, name, 1, NAN, NAN, share, share, "%s: '%s' of %s", p->field,
				p->value[0] ? p->value : "(not shown)", p->text);
	}
}

static void add_words(const struct signature_hit *hit, struct finding *f)
{
	const struct signature_rule *r = hit->rule;
	const struct event *e = hit->event;
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX], span[64];
	ipaddr_print(&e->src, from, sizeof(from));
	ipaddr_print(&e->dst, to, sizeof(to));
	if (r->is_correlation) {
		finding_span(span, sizeof(span), e->time_ns - hit->start_ns);
		finding_text(f->message, sizeof(f->message), "%s: %s: %.4g %s %s%s%s", from,
			     r->title, hit->value, hit->measure, span,
			     hit->group[0] ? ", for " : "", hit->group);
		finding_text(f->counterfactual, sizeof(f->counterfactual),
			     "silent while the %s do not meet the rule's %.4g", hit->measure,
			     hit->limit);
	} else {
		finding_text(f->message, sizeof(f->message), "%s to %s port %u: %s", from,
			     f->domain[0] ? f->domain : to, (unsigned)e->dport, r->title);
		finding_text(f->counterfactual, sizeof(f->counterfactual),
			     hit->part_count ? "silent without what the features name" :
					       "silent where a filter of the rule holds");
	}
	finding_text(f->not_harmless, sizeof(f->not_harmless), "%s%s",
		     r->description[0] ? r->description : "The rule says no more than its title.",
		     r->falsepositives[0] ? "" : " It names no false positives.");
	finding_text(f->unseen, sizeof(f->unseen),
		     "only what was sent in the clear was compared with the rule");
	for (unsigned i = 0; i < 2 && r->falsepositives[i]; i++)
		finding_step(f, "Rule out: %s", r->falsepositives[i]);
	if (r->references[0])
		finding_step(f, "Read: %s", r->references[0]);
	if (r->author[0] || r->license[0])
		finding_step(f, "The rule is by %s%s%s",
			     r->author[0] ? r->author : "no named author",
			     r->license[0] ? ", under " : "", r->license);
}

void signatures_finding(struct rule_names *names, const struct context *context,
			const struct signature_hit *hit, struct finding *f)
{
	const struct signature_rule *r = hit->rule;
	const struct event *e = hit->event;
	char id[80], title[TITLE_MAX + 1];
	(void)snprintf(id, sizeof(id), "sigma:%s", r->id);
	finding_text(title, sizeof(title), "%s", r->title);
	finding_init(f, "signatures", rule_names_stay(names, id), rule_names_stay(names, title));
	finding_from_event(f, e);
	f->class = class_of(r);
	f->severity = levels[r->level].severity;
	f->score = levels[r->level].score;
	f->llr = levels[r->level].llr;
	f->confidence = levels[r->level].score;
	for (unsigned i = 0; i < FINDING_TECHNIQUES && r->techniques[i]; i++)
		finding_technique(f, rule_names_stay(names, r->techniques[i]));
	f->tactic = r->tactic;
	f->subject.ip = e->src;
	f->subject.has_ip = true;
	f->subject.port = 0;
	f->peer.ip = e->dst;
	f->peer.has_ip = hit->has_peer;
	f->peer.port = hit->has_peer ? e->dport : 0;
	f->time_ns = f->end_ns = e->time_ns;
	f->start_ns = hit->start_ns ? hit->start_ns : e->time_ns;
	f->count = 1;
	f->is_single = !hit->rule->is_correlation;
	finding_packet(f, e->packet);
	if (r->is_correlation)
		finding_text(f->object, sizeof(f->object), "%s", hit->group);
	else
		set_domain(context, e, f);
	set_filter(e, hit->has_peer, f);
	add_features(hit, f->score, f);
	add_words(hit, f);
}
