/*
 * detect/doh_tunnel/explain.c - a tunnel in encrypted DNS in words.
 */
#include <math.h>

#include "exfild/base/str.h"
#include "doh_tunnel.h"

static const struct step_rule rule = {
	.detector = "doh_tunnel",
	.rule = "doh_tunnel",
	.title = "Tunnel in encrypted DNS",
	.class = FINDING_EXFIL,
	.techniques = { "T1071.004", "T1572", "T1048.002" },
	.tactic = "TA0010",
	.unseen = "names and answers: they are encrypted; sizes, numbers and times are seen",
	.next_steps = { "On the client: find the program that asks, and what it reads",
			"Read the log of the resolver, if it is yours: it knows the names",
			"Let clients ask the resolver of your network only; block others on port "
			"853 and, by their names, on 443" },
};

static const char *carrier_name(uint8_t carrier)
{
	return carrier == DOH_TLS ? "TLS" : carrier == DOH_QUIC ? "QUIC" : "HTTPS";
}

static void add(struct finding *f, const char *name, double value, double limit, double weight,
		double contribution, const char *text)
{
	if (fabs(contribution) > 1e-9)
		finding_feature(f, name, value, NAN, limit, weight, contribution, "%s", text);
}

static void add_features(struct finding *f, const struct doh_judgement *j)
{
	char text[128];
	finding_text(text, sizeof(text), "%.0f questions longer than names of people's are",
		     j->longs);
	add(f, "long_questions", j->longs, j->limit, 0.35, j->by_longs, text);
	finding_text(text, sizeof(text), "%.0f %% of all questions are so long",
		     100 * j->longs / fmax(1, j->questions));
	add(f, "long_share", j->longs / fmax(1, j->questions), 0.3, 0.15, j->by_share, text);
	add(f, "sends_more", j->ratio, -0.1, 0.1, j->by_ratio,
	    "it sends as much as it is answered, or more");
	finding_text(text, sizeof(text),
		     "%.0f questions, and %.0f destinations were used meanwhile", j->questions,
		     j->destinations);
	add(f, "nothing_follows", j->questions / fmax(1, j->destinations), 20, 0.2, j->by_silence,
	    text);
	finding_text(text, sizeof(text), "%.1f questions a second", j->questions / j->span_s * 2);
	add(f, "rate", j->questions / j->span_s * 2, 1, 0.1, j->by_rate, text);
	add(f, "unknown_resolver", 1, NAN, 0.1, j->by_stranger,
	    "no list knows the resolver: it may be the other end itself");
}

void doh_tell(const struct doh_pair *p, const struct doh_judgement *j, const struct detect_env *env)
{
	struct finding f;
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX], size[32], span[32];
	step_begin(&f, &rule, env, &p->last);
	f.visibility = *p->name ? VISIBILITY_NAME : VISIBILITY_OPAQUE;
	f.start_ns = p->first_ns;
	f.count = (uint64_t)j->questions;
	f.subject.bytes = (uint64_t)j->bytes;
	for (unsigned i = 0; i < p->packet_count; i++)
		finding_packet(&f, p->packets[i]);
	step_ends(&f, from, to);
	finding_text(f.object, sizeof(f.object), "%s", *p->name ? p->name : to);
	finding_text(f.domain, sizeof(f.domain), "%s", p->name);
	add_features(&f, j);
	str_duration(span, sizeof(span), (uint64_t)(j->span_s * 1e9));
	finding_text(f.message, sizeof(f.message),
		     "%s sent %s in %.0f questions by DNS over %s to %s within %s, %.0f of them "
		     "longer than names that people use",
		     from, str_bytes(size, sizeof(size), j->bytes), j->questions,
		     carrier_name(p->carrier), *p->name ? p->name : to, span, j->longs);
	finding_text(f.not_harmless, sizeof(f.not_harmless),
		     "names of pages, mail and block lists fit into one padded block of 128 bytes "
		     "(RFC 8467), and who asks for names then connects to what they name; here "
		     "%.0f destinations were used for %.0f questions",
		     j->destinations, j->questions);
	finding_text(f.counterfactual, sizeof(f.counterfactual),
		     "silent below %llu long questions in %s, all else as seen",
		     (unsigned long long)doh_least(j), span);
	step_raise(&f, env);
}
