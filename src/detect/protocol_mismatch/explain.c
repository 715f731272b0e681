/*
 * detect/protocol_mismatch/explain.c - score and words.
 */
#include <ctype.h>
#include <math.h>

#include "exfild/base/str.h"
#include "protocol_mismatch.h"

static enum mismatch kind_of(const struct mismatch_pair *p)
{
	return (enum mismatch)(p->key.kind & 0xff);
}

void mismatch_judge(const struct mismatch_pair *p, const struct mismatch_params *params,
		    bool to_outside, struct mismatch_judgement *j)
{
	enum mismatch kind = kind_of(p);
	double ratio = (double)p->up / (double)params->upload_bytes;
	j->by_kind = kind == MISMATCH_ODD_PORT ? 0.2 : 0.3;
	j->by_tunnel = 0;
	if (to_outside && kind == MISMATCH_HIDDEN)
		j->by_tunnel = 0.3;
	else if (to_outside && kind == MISMATCH_CROWDED)
		j->by_tunnel = 0.1;
	/* on a port of nobody's, a download with its requests says nothing */
	bool is_push = kind != MISMATCH_ODD_PORT || p->up > p->down;
	j->by_upload = ratio >= 1 && is_push ? 0.4 : 0.15 * fmin(ratio, 1);
	j->by_duration = p->is_long && is_push ? 0.4 : 0;
	j->score = fmin(1, j->by_kind + j->by_tunnel + j->by_upload + j->by_duration);
}

static const char *protocol_words(const struct mismatch_pair *p, char *dst, size_t size)
{
	const char *name = p->is_connect ? "HTTP CONNECT" : app_name((enum app)p->key.app);
	size_t i = 0;
	for (; name[i] && i + 1 < size; i++)
		dst[i] = (char)toupper((unsigned char)name[i]);
	dst[i] = '\0';
	return dst;
}

struct question {
	const struct mismatch_pair *p;
	const struct mismatch_params *params;
	bool to_outside;
};

static bool fires_at(const void *arg, double up)
{
	const struct question *q = arg;
	struct mismatch_pair p = *q->p;
	struct mismatch_judgement j;
	p.up = (uint64_t)up;
	p.is_long = false;
	mismatch_judge(&p, q->params, q->to_outside, &j);
	return j.score >= q->params->alert_score;
}

uint64_t mismatch_least_upload(const struct mismatch_pair *p, const struct mismatch_params *params,
			       bool to_outside)
{
	struct question q = { p, params, to_outside };
	uint64_t high = p->down + params->upload_bytes + 1;
	return fires_at(&q, (double)high) ? finding_least(high, fires_at, &q) : UINT64_MAX;
}

/* What it would have taken to be context only, or to be more than that. */
static void say_limit(struct finding *f, const struct mismatch_pair *p,
		      const struct mismatch_params *params, bool to_outside, bool is_alert)
{
	char protocol[24], upload[32], span[32];
	uint64_t least = mismatch_least_upload(p, params, to_outside);
	protocol_words(p, protocol, sizeof(protocol));
	if (params->long_s % 3600 == 0)
		finding_text(span, sizeof(span), "%llu h",
			     (unsigned long long)params->long_s / 3600);
	else
		finding_text(span, sizeof(span), "%llu s", (unsigned long long)params->long_s);
	if (!to_outside)
		finding_text(f->counterfactual, sizeof(f->counterfactual),
			     "silent on a port for %s; inside it is never more than context",
			     protocol);
	else if (is_alert && least == 0)
		finding_text(f->counterfactual, sizeof(f->counterfactual),
			     "silent on a port for %s; amount and duration do not decide",
			     protocol);
	else if (least == UINT64_MAX)
		finding_text(f->counterfactual, sizeof(f->counterfactual),
			     "silent on a port for %s", protocol);
	else
		finding_text(f->counterfactual, sizeof(f->counterfactual),
			     "silent on a port for %s; context only below %s a day and %s of "
			     "conversation",
			     protocol, str_exact_bytes(upload, sizeof(upload), least), span);
}

static const char *port_words(const struct mismatch_pair *p)
{
	const struct port_owner *owner = mismatch_owner(p->key.port);
	return owner ? owner->protocol : "no protocol in particular";
}

static bool is_encrypted(const struct mismatch_pair *p)
{
	return p->is_connect || p->key.app == APP_SSH || p->key.app == APP_TLS ||
	       p->key.app == APP_OPENVPN || p->key.app == APP_WIREGUARD ||
	       p->key.app == APP_IPSEC || p->key.app == APP_TOR;
}

static void add_features(struct finding *f, const struct mismatch_pair *p,
			 const struct mismatch_params *params, const struct mismatch_judgement *j)
{
	char protocol[24], up[32], limit[32], span[32];
	protocol_words(p, protocol, sizeof(protocol));
	str_bytes(up, sizeof(up), (double)p->up);
	str_bytes(limit, sizeof(limit), (double)params->upload_bytes);
	str_duration(span, sizeof(span), p->longest_ns);
	uint64_t longest_s = p->longest_ns / 1000000000ull;
	finding_feature(f, "foreign_protocol", 1, 0, NAN, 0.3, j->by_kind, "%s on port %u (%s)",
			protocol, p->key.port, port_words(p));
	if (j->by_tunnel > 0)
		finding_feature(f, "tunnel_protocol", 1, 0, NAN, 0.3, j->by_tunnel,
				"%s carries other traffic or steers a machine%s", protocol,
				kind_of(p) == MISMATCH_CROWDED ? "; people do so on purpose" : "");
	finding_feature(f, "uploaded_bytes", (double)p->up, NAN, (double)params->upload_bytes, 0.4,
			j->by_upload, "%s sent in a day (limit %s)", up, limit);
	finding_feature(f, "duration", (double)longest_s, NAN, (double)params->long_s, 0.4,
			j->by_duration, "longest conversation %s", span);
	finding_feature(f, "certainty", p->confidence, NAN, NAN, 0, 0, "%s",
			p->confidence > 4 ? "exfild parsed the protocol itself" :
					    "nDPI recognised it by its bytes, not by its port");
}

static void add_words(struct finding *f, const struct mismatch_pair *p,
		      const struct mismatch_params *params, const struct detect_env *env,
		      bool is_alert)
{
	char src[IPADDR_TEXT_MAX], dst[IPADDR_TEXT_MAX], protocol[24], up[32], span[32];
	const char *family = p->last.ip_version == 6 ? "ipv6" : "ip";
	ipaddr_print(&p->key.src, src, sizeof(src));
	ipaddr_print(&p->key.dst, dst, sizeof(dst));
	protocol_words(p, protocol, sizeof(protocol));
	str_bytes(up, sizeof(up), (double)p->up);
	str_duration(span, sizeof(span), p->last_ns - p->first_ns);
	finding_text(
		f->message, sizeof(f->message),
		"%s spoke %s to %s on port %u, which is for %s: %u connection%s, %s sent within %s",
		src, protocol, dst, p->key.port, port_words(p), p->flows, p->flows == 1 ? "" : "s",
		up, span);
	bool to_outside = !context_is_inside(env->context, &p->key.dst, p->last.tunnel_id);
	say_limit(f, p, params, to_outside, is_alert);
	finding_text(f->not_harmless, sizeof(f->not_harmless),
		     "%s was recognised by its bytes in both directions; port %u is for %s%s",
		     protocol, p->key.port, port_words(p),
		     is_alert ? "" : "; alone it is context: administrators do so too");
	finding_text(f->unseen, sizeof(f->unseen), "%s",
		     is_encrypted(p) ? "what was sent: it is encrypted" :
				       "why the port was chosen");
	finding_step(f, "On %s: find the process that talks to port %u of %s", src, p->key.port,
		     dst);
	finding_step(f, "Who runs %s, and does it offer %s there on purpose?", dst, protocol);
	finding_step(f, "Let port %u out only as %s, through a proxy that checks it", p->key.port,
		     port_words(p));
	finding_text(f->filter, sizeof(f->filter),
		     "%s.addr == %s && %s.addr == %s && %s.port == %u", family, src, family, dst,
		     p->last.proto == 17 ? "udp" : "tcp", p->key.port);
}

void mismatch_explain(const struct mismatch_pair *p, const struct mismatch_params *params,
		      const struct detect_env *env, const struct mismatch_judgement *j,
		      enum severity severity)
{
	struct finding f;
	finding_init(&f, "protocol_mismatch", "protocol_mismatch", "Protocol on a foreign port");
	f.class = FINDING_C2;
	f.tactic = "TA0011";
	finding_technique(&f, "T1571");
	if (p->is_connect || mismatch_is_tunnel((enum app)p->key.app))
		finding_technique(&f, "T1572");
	f.severity = severity;
	f.score = j->score;
	/* half the weight alone, all of it with volume, time or a tunnel in hiding */
	f.llr = severity == SEVERITY_LOW ? 4 * j->score : 7 * j->score;
	f.confidence = j->score;
	f.subject.ip = p->key.src;
	f.subject.has_ip = true;
	finding_from_event(&f, &p->last);
	f.app = p->key.app;
	f.subject.port = 0;
	f.subject.bytes = p->up;
	f.peer.bytes = p->down;
	f.peer.port = p->key.port;
	char protocol[24];
	finding_text(f.object, sizeof(f.object), "%s on port %u",
		     protocol_words(p, protocol, sizeof(protocol)), p->key.port);
	const char *name = context_name_of(env->context, &p->key.dst);
	if (name)
		finding_text(f.domain, sizeof(f.domain), "%s", name);
	f.start_ns = p->first_ns;
	f.end_ns = p->last_ns;
	f.is_update = j->is_update;
	f.time_ns = j->is_update ? p->last_ns : env->now_ns;
	f.count = p->flows;
	f.visibility = is_encrypted(p) ? VISIBILITY_OPAQUE : VISIBILITY_CLEAR;
	for (unsigned i = 0; i < p->packet_count; i++)
		finding_packet(&f, p->packets[i]);
	add_features(&f, p, params, j);
	add_words(&f, p, params, env, severity > SEVERITY_LOW);
	env->raise(env->arg, &f);
}
