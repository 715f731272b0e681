/*
 * detect/http_channel/explain.c - the words of a finding.
 */
#include <math.h>

#include "exfild/base/str.h"
#include "../step.h"
#include "http_channel.h"

static const struct step_rule rule = {
	.detector = "http_channel",
	.rule = "http_channel",
	.title = "Command channel in HTTP",
	.class = FINDING_C2,
	.techniques = { "T1071.001" },
	.tactic = "TA0011",
	.unseen = "what the bodies mean, and which program sends them",
};

static void add(struct finding *f, const char *name, double value, double limit, double weight,
		double contribution, const char *text)
{
	if (fabs(contribution) > 1e-9)
		finding_feature(f, name, value, NAN, limit, weight, contribution, "%s", text);
}

static void add_form(struct finding *f, const struct http_channel *c, const struct http_params *p,
		     const struct channel_judgement *j)
{
	char text[96], gap[32];
	finding_text(text, sizeof(text), "%u requests of one form of %u, no page around them",
		     j->form_count, c->requests);
	add(f, "repeated_request", j->form_count, (double)p->requests, 0.2, j->repeat, text);
	finding_text(text, sizeof(text), "%u small posts, answered by as little", c->small_posts);
	add(f, "small_exchange", c->small_posts, NAN, 0.1, j->exchange, text);
	str_duration(gap, sizeof(gap), (uint64_t)(j->r.median_s * 1e9));
	finding_text(text, sizeof(text), "every %s, regularity %.2f (RITA's ts), %.2f folded", gap,
		     j->r.ts, j->r.fold);
	add(f, "rhythm", fmax(j->r.ts, j->r.fold), 0.7, 0.2, j->rhythm, text);
	finding_text(text, sizeof(text), "%s", *c->user_agent ? c->user_agent : "no user agent");
	add(f, "tool", c->tool, NAN, 0.1, j->tool, text);
}

static void add_answers(struct finding *f, const struct http_channel *c,
			const struct channel_judgement *j)
{
	static const char *const are[CONTRARY__COUNT] = {
		[CONTRARY_PAGE] = "pages that are one encoded word",
		[CONTRARY_TEXT] = "pages or scripts that are noise",
		[CONTRARY_PICTURE] = "pictures that are none",
		[CONTRARY_PACKED] = "gzip that is none",
	};
	char text[96];
	finding_text(text, sizeof(text), "%u of %u bodies of answers: %s", c->contrary, c->bodies,
		     are[c->worst] ? are[c->worst] : "");
	add(f, "false_answer", c->contrary, NAN, 0.3, j->contrary, text);
	finding_text(text, sizeof(text), "%u of %u posts are bytes of no known kind", c->binary,
		     c->posts);
	add(f, "binary_both_ways", c->binary, NAN, 0.15, j->both_ways, text);
}

static void add_disguise(struct finding *f, const struct http_channel *c,
			 const struct http_params *p, const struct channel_judgement *j)
{
	char text[96], bytes[32];
	finding_text(text, sizeof(text), "says it is a browser, sends %u headers and no referrer%s",
		     c->least_headers, c->least_headers > 7 ? ", languages or encodings" : "");
	add(f, "false_browser", c->least_headers, 6, 0.2, j->browser, text);
	if (j->literal + j->port > 0) {
		finding_text(text, sizeof(text), "%s, port %u",
			     j->literal > 0 ? "an address without a name" : "named", c->key.port);
		add(f, "bare_destination", c->key.port, NAN, 0.25, j->literal + j->port, text);
	}
	if (j->encoded + j->identity > 0) {
		finding_text(text, sizeof(text),
			     "%u requests with encoded words, %u with an identity", c->encoded,
			     c->identity);
		add(f, "told_in_request", c->encoded + c->identity, NAN, 0.2,
		    j->encoded + j->identity, text);
	}
	str_bytes(bytes, sizeof(bytes), (double)c->told);
	finding_text(text, sizeof(text),
		     "%s in long encoded words of requests, what came again soon left out", bytes);
	add(f, "told_amount", (double)c->told, 8192, 0.3, j->told, text);
	if (j->told > 0)
		finding_technique(f, "T1048.003");
	finding_text(text, sizeof(text), "%u cookies or URIs spell words in hexadecimal",
		     c->spelled);
	add(f, "spelled", c->spelled, NAN, 0.2, j->spelled, text);
	add_answers(f, c, j);
	add(f, "part_again", j->form_count, (double)p->requests, 0.25, j->part,
	    "a script that a browser would keep, each time with encoded words");
	add(f, "random_name", 1, NAN, 0.1, j->name, "the name looks like made by a program");
	add(f, "delivered_program", 1, NAN, 0.25, j->delivered,
	    "the same server had sent it an executable");
	add(f, "asked_own_address", 1, NAN, 0.2, j->ip_check,
	    "it had asked a service for its own address shortly before");
	finding_text(text, sizeof(text), "the same request went to %u hosts", c->hosts_of_form);
	add(f, "many_hosts", c->hosts_of_form, 1, 0.3, j->hosts, text);
	finding_text(text, sizeof(text), "%u clients come to it", c->clients);
	add(f, "crowd", c->clients, 3, 0.2, j->crowd, text);
	add(f, "inside", 1, NAN, 0.2, j->inside, "both ends are inside");
	add(f, "nothing_hidden", 0, NAN, 0.2, j->alone,
	    "nothing is hidden: a rhythm alone is context");
}

void http_channel_explain(const struct http_channel *c, const struct http_params *p,
			  const struct detect_env *env, const struct channel_judgement *j)
{
	struct finding f;
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX], span[48], up[32];
	step_begin(&f, &rule, env, &c->last);
	f.start_ns = c->first_ns;
	f.end_ns = c->last_ns;
	f.count = c->requests;
	f.peer.port = c->key.port;
	f.subject.bytes = c->up;
	f.peer.bytes = c->down;
	finding_text(f.object, sizeof(f.object), "%s", c->host);
	if (!c->is_literal)
		finding_text(f.domain, sizeof(f.domain), "%s", c->host);
	f.packet_count = 0;
	for (unsigned i = 0; i < c->packet_count; i++)
		finding_packet(&f, c->packets[i]);
	add_form(&f, c, p, j);
	add_disguise(&f, c, p, j);
	step_ends(&f, from, to);
	finding_span(span, sizeof(span), c->last_ns - c->first_ns);
	str_bytes(up, sizeof(up), (double)(c->up + (j->told > 0 ? c->told : 0)));
	finding_text(f.message, sizeof(f.message),
		     "%s %s %s by HTTP on port %u: %u request%s %s, %s of %s sent; last %s", from,
		     c->requests == 1 ? "asks as agents do" : "checks in with", c->host,
		     c->key.port, c->requests, c->requests == 1 ? "" : "s", span, up,
		     j->told > 0 ? "bodies and long words" : "bodies", c->uri);
	finding_text(
		f.not_harmless, sizeof(f.not_harmless),
		"no page, picture or script was asked around these requests and none came from "
		"a page; the destination is no known service%s",
		j->browser > 0 ? "; a browser sends more headers" : "");
	finding_text(f.counterfactual, sizeof(f.counterfactual),
		     "silent below a score of 0.35, context below 0.5: with a known service, a "
		     "page around it, or fewer than %llu requests of one form",
		     (unsigned long long)p->requests);
	finding_step(&f, "On %s: find the program that talks to %s", from, c->host);
	finding_step(&f, "Read the requests and bodies: they are in the clear");
	finding_step(&f, "Look who else talks to %s (%s)", c->host, to);
	step_raise(&f, env);
}
