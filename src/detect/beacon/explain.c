/*
 * detect/beacon/explain.c - the words of a finding.
 */
#include <math.h>

#include "exfild/base/str.h"
#include "../step.h"
#include "beacon.h"

static const struct step_rule rule = {
	.detector = "beacon",
	.rule = "beacon",
	.title = "Beacon",
	.class = FINDING_C2,
	.techniques = { NULL },
	.tactic = "TA0011",
};

static void add(struct finding *f, const char *name, double value, double limit, double weight,
		double contribution, const char *text)
{
	if (fabs(contribution) > 1e-9)
		finding_feature(f, name, value, NAN, limit, weight, contribution, "%s", text);
}

static void add_rhythm(struct finding *f, const struct beacon_pair *p,
		       const struct beacon_judgement *j)
{
	char text[96], gap[32], spread[32];
	str_duration(gap, sizeof(gap), (uint64_t)(j->r.median_s * 1e9));
	str_duration(spread, sizeof(spread), (uint64_t)(j->r.spread_s * 1e9));
	finding_text(text, sizeof(text), "every %s, half within %s of it (ts %.3f, folded %.2f)",
		     gap, spread, j->r.ts, j->r.fold);
	add(f, "interval", fmax(j->r.ts, j->r.fold), 0.75, 0.3, j->interval, text);
	add(f, "clockwork", 1, NAN, 0.1, j->exact, "nine tenths of the gaps within 2 % of it");
	finding_text(text, sizeof(text), "ds %.3f, %.0f %% of connections of one size", j->r.ds,
		     100 * j->r.top_size);
	add(f, "size", j->r.ds, 0.9, 0.1, j->size, text);
	finding_text(text, sizeof(text), "dur %.3f, hist %.3f", j->r.dur, j->r.hist);
	add(f, "persistence", fmax(j->r.dur, j->r.hist), NAN, 0.1, j->persistence, text);
	finding_text(text, sizeof(text), "RITA's score of these %u connections: %.3f",
		     p->rhythm.count, j->r.rita);
	finding_feature(f, "rita", j->r.rita, NAN, NAN, 0, 0, "%s", text);
}

static void add_marks(struct finding *f, const struct beacon_pair *p,
		      const struct beacon_judgement *j)
{
	char text[96];
	add(f, "nameless", 1, NAN, 0.15, j->nameless,
	    "no DNS answer or server name gave the address");
	add(f, "random_name", 1, NAN, 0.1, j->random, "the name looks like made by a program");
	finding_text(text, sizeof(text), "port %u belongs to nobody", p->key.port);
	add(f, "odd_port", p->key.port, NAN, 0.05, j->port, text);
	finding_text(text, sizeof(text), "%u connections failed", p->failed);
	add(f, "failing", p->failed, NAN, 0.05, j->failing, text);
	add(f, "rare", p->clients, NAN, 0.15, j->rare, "no other inside host goes there");
	finding_text(text, sizeof(text), "%u inside hosts go there", p->clients);
	add(f, "crowd", p->clients, 3, 0.2, j->crowd, text);
	add(f, "known_long", 1, NAN, 0.1, j->old, "the destination has been known for long");
	add(f, "nothing_else", 0, NAN, 0.3, j->alone,
	    "a rhythm to a host with a name alone is what programs do");
}

static void add_words(struct finding *f, const struct beacon_pair *p,
		      const struct beacon_params *params, const struct beacon_judgement *j)
{
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX], span[48], gap[32], up[32];
	step_ends(f, from, to);
	finding_span(span, sizeof(span), p->last_ns - p->first_ns);
	str_duration(gap, sizeof(gap), (uint64_t)(j->r.median_s * 1e9));
	str_bytes(up, sizeof(up), (double)p->up);
	finding_text(f->message, sizeof(f->message),
		     "%s connects to %s on port %u every %s: %u times %s, %s sent%s", from, p->dest,
		     p->key.port, gap, p->rhythm.count, span, up,
		     j->failing > 0 ? "; none of them was answered" : "");
	finding_text(f->not_harmless, sizeof(f->not_harmless),
		     "people are not so regular, and the destination is no known service%s",
		     j->rare > 0 ? "; no other host of the network goes there" : "");
	finding_text(f->counterfactual, sizeof(f->counterfactual),
		     "silent below %llu connections, below a regularity of 0.75, or with a known "
		     "service",
		     (unsigned long long)params->connections);
	finding_text(f->unseen, sizeof(f->unseen), "%s",
		     p->ended > p->failed ? "what the connections say, where they are encrypted" :
					    "what would be said: nothing was");
	finding_step(f, "On %s: find the process that connects to %s port %u", from, to,
		     p->key.port);
	finding_step(f, "When did it begin, and what was downloaded or opened just before?");
	finding_step(f, "Look who else goes to %s", p->dest);
}

void beacon_explain(const struct beacon_pair *p, const struct beacon_params *params,
		    const struct detect_env *env, const struct beacon_judgement *j)
{
	struct finding f;
	step_begin(&f, &rule, env, &p->last);
	finding_technique(&f, "T1071.001");
	if (p->app == APP_TLS || p->app == APP_QUIC || p->key.port == 443)
		finding_technique(&f, "T1573");
	if (p->is_odd_port)
		finding_technique(&f, "T1571");
	f.visibility =
		p->app == APP_TLS || p->app == APP_QUIC ? VISIBILITY_OPAQUE : VISIBILITY_NAME;
	f.start_ns = p->first_ns;
	f.end_ns = p->last_ns;
	f.count = p->rhythm.count;
	f.subject.bytes = p->up;
	f.peer.bytes = p->down;
	f.peer.port = p->key.port;
	finding_text(f.object, sizeof(f.object), "%s", p->dest);
	if (!p->is_literal)
		finding_text(f.domain, sizeof(f.domain), "%s", p->dest);
	f.packet_count = 0;
	for (unsigned i = 0; i < p->packet_count; i++)
		finding_packet(&f, p->packets[i]);
	add_rhythm(&f, p, j);
	add_marks(&f, p, j);
	add_words(&f, p, params, j);
	step_raise(&f, env);
}
