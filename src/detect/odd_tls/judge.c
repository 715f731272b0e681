/*
 * detect/odd_tls/judge.c - the marks of a conversation, their weights and their words.
 */
#include <math.h>
#include <string.h>

#include "exfild/base/str.h"
#include "odd_tls.h"

#define PAUSES      4    /* from which they have a rhythm */
#define STEADY      0.25 /* of the median pause */
#define PAUSE_MS    1000
#define AGAIN       4 /* connections */
#define ABSURD_DAYS 7300
#define TLS_1_1     0x0302

static const struct step_rule rule = {
	.detector = "odd_tls",
	.rule = "odd_tls",
	.title = "TLS of no public service",
	.class = FINDING_C2,
	.techniques = { "T1573" },
	.tactic = "TA0011",
	.unseen = "what was said: it is encrypted",
};

void odd_tls_judge(const struct odd_pair *p, const struct odd_params *limits,
		   struct odd_judgement *j)
{
	memset(j, 0, sizeof(*j));
	rhythm_judge(&p->rhythm, NULL, p->first_ns, p->last_ns, &j->r);
	if (p->is_excused)
		return;
	if (p->is_self_signed)
		j->self_signed = 0.2;
	if (p->is_commanded)
		j->commanded = 0.35;
	if (p->is_mismatch)
		j->server = 0.2;
	else if (p->is_nameless)
		j->server = 0.15;
	if (p->is_self_signed && p->is_plain_subject)
		j->subject = 0.1;
	if (p->is_odd_port)
		j->port = p->is_plain_subject ? 0.15 :
						0.1; /* IRC and others have ports of their own */
	if (p->is_self_signed && p->validity_days >= ABSURD_DAYS)
		j->validity = 0.05;
	if (p->version && p->version <= TLS_1_1)
		j->version = 0.05;
	if (p->pauses >= PAUSES && p->pause_ms >= PAUSE_MS &&
	    p->pause_spread_ms <= STEADY * p->pause_ms)
		j->pauses = 0.1;
	if (p->sessions >= AGAIN)
		j->again = 0.05;
	if (rhythm_gaps(&p->rhythm) >= AGAIN && j->r.median_s >= 5)
		j->rhythm = 0.1 * fmin(1, fmax(0, (fmax(j->r.ts, j->r.fold) - 0.7) / 0.25));
	if (p->longest_ns >= limits->long_s * ODD_TLS_SECOND)
		j->length = 0.05;
	if (p->clients >= 3)
		j->crowd = -0.2;
	j->score = j->self_signed + j->commanded + j->server + j->subject + j->port + j->validity +
		   j->version + j->pauses + j->again + j->rhythm + j->length + j->crowd;
}

static void add(struct finding *f, const char *name, double value, double limit, double weight,
		double contribution, const char *text)
{
	if (fabs(contribution) > 1e-9)
		finding_feature(f, name, value, NAN, limit, weight, contribution, "%s", text);
}

static void add_features(struct finding *f, const struct odd_pair *p, const struct odd_judgement *j)
{
	char text[96], span[32];
	finding_text(text, sizeof(text), "a certificate of its own making: %s",
		     *p->subject ? p->subject : "no subject");
	add(f, "self_signed", 1, NAN, 0.2, j->self_signed, text);
	finding_text(text, sizeof(text),
		     "after silences the server began %u times, with %u bytes in all, and was "
		     "answered by %u",
		     p->asks, p->asked_bytes, p->reply_bytes);
	add(f, "commanded", p->asks, ODD_TLS_ASKS, 0.35, j->commanded, text);
	if (p->is_mismatch)
		finding_text(text, sizeof(text), "%s was asked for, the certificate is not for it",
			     p->sni);
	else
		finding_text(text, sizeof(text), "%s",
			     *p->sni ? "the server name is an address" :
				       "no server name, and no DNS answer gave the address");
	add(f, "unnamed_server", 1, NAN, 0.2, j->server, text);
	add(f, "plain_subject", 1, NAN, 0.1, j->subject,
	    "the certificate's subject is no host name, or a tool's default");
	finding_text(text, sizeof(text), "port %u belongs to nobody", p->key.port);
	add(f, "odd_port", p->key.port, NAN, 0.15, j->port, text);
	finding_text(text, sizeof(text), "valid for %u years", p->validity_days / 365);
	add(f, "validity", p->validity_days, ABSURD_DAYS, 0.05, j->validity, text);
	add(f, "old_version", p->version, TLS_1_1, 0.05, j->version, "TLS 1.1 or older");
	finding_text(text, sizeof(text), "pauses of %.1f s, half of them within %.1f s of it",
		     p->pause_ms / 1000.0, p->pause_spread_ms / 1000.0);
	add(f, "keep_alive", p->pauses, PAUSES, 0.1, j->pauses, text);
	finding_text(text, sizeof(text), "%u connections", p->sessions);
	add(f, "comes_again", p->sessions, AGAIN, 0.05, j->again, text);
	str_duration(span, sizeof(span), (uint64_t)(j->r.median_s * 1e9));
	finding_text(text, sizeof(text), "a connection every %s (RITA's ts %.2f)", span, j->r.ts);
	add(f, "rhythm", j->r.ts, 0.7, 0.1, j->rhythm, text);
	str_duration(span, sizeof(span), p->longest_ns);
	finding_text(text, sizeof(text), "longest conversation %s", span);
	uint64_t longest_s = p->longest_ns / ODD_TLS_SECOND;
	add(f, "duration", (double)longest_s, NAN, 0.05, j->length, text);
	add(f, "crowd", p->clients, 3, 0.2, j->crowd, "several clients come to it");
}

static void say_why(struct finding *f, const struct odd_pair *p)
{
	bool is_shape = !p->is_self_signed && !p->is_mismatch;
	finding_text(
		f->not_harmless, sizeof(f->not_harmless), "%s",
		is_shape ? "a client asks and a server answers; here the server asks in short "
			   "words and the host answers at length, as a shell does, and nothing "
			   "has named the server" :
			   "a public service has a certificate of an authority for the name it is "
			   "asked by; this one has not, and its address is of no service that is "
			   "known");
	finding_text(f->counterfactual, sizeof(f->counterfactual), "%s",
		     is_shape ? "silent where the client begins, or a name was asked for" :
				"context below a score of 0.5: with a certificate of an authority "
				"for a name that was asked for it is silent");
}

void odd_tls_explain(const struct odd_pair *p, const struct detect_env *env,
		     const struct odd_judgement *j)
{
	struct finding f;
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX], span[48], up[32];
	step_begin(&f, &rule, env, &p->last);
	if (p->is_odd_port)
		finding_technique(&f, "T1571");
	f.visibility = VISIBILITY_OPAQUE;
	f.start_ns = p->first_ns;
	f.end_ns = p->last_ns;
	f.count = p->sessions;
	f.subject.bytes = p->up;
	f.peer.bytes = p->down;
	f.peer.port = p->key.port;
	finding_text(f.object, sizeof(f.object), "TLS on port %u", p->key.port);
	if (*p->sni && !p->is_nameless)
		finding_text(f.domain, sizeof(f.domain), "%s", p->sni);
	f.packet_count = 0;
	for (unsigned i = 0; i < p->packet_count; i++)
		finding_packet(&f, p->packets[i]);
	add_features(&f, p, j);
	step_ends(&f, from, to);
	finding_span(span, sizeof(span), p->last_ns - p->first_ns);
	str_bytes(up, sizeof(up), (double)p->up);
	finding_text(f.message, sizeof(f.message),
		     "%s speaks TLS with %s on port %u, which is no public service: %s, %u "
		     "connection%s, %s sent %s",
		     from, to, p->key.port,
		     p->is_self_signed ? p->subject :
		     p->is_mismatch    ? "certificate not for its name" :
					 "its end asks, and is answered",
		     p->sessions, p->sessions == 1 ? "" : "s", up, span);
	say_why(&f, p);
	finding_step(&f, "On %s: find the process that talks to %s port %u", from, to, p->key.port);
	finding_step(&f, "Look for other clients of the same certificate or JA4 %s",
		     *p->ja4 ? p->ja4 : "(none read)");
	finding_step(&f, "Who runs %s? If it is an appliance of yours, except it", to);
	step_raise(&f, env);
}
