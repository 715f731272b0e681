/*
 * detect/upload_volume/spread.c - many destinations, each below its floor.
 *
 * What a host pushes in a day to names and addresses that no list knows and few others use is
 * added up over them.  The floor is that of SPREAD_FLOORS destinations; once the sensor has learnt,
 * of two, since then only destinations count that the host has never sent to before.  Peers of a
 * file sharing network look alike: raw UDP is left out.
 */
#include <math.h>
#include <string.h>

#include "exfild/base/str.h"
#include "upload_volume.h"

#define PROTO_TCP    6
#define LEAST_BYTES  262144.0
#define LEAST_PCR    0.7
#define FEW_SENDERS  2
#define EARLY_DESTS  8
#define EARLY_FLOORS 5.0
#define LATE_DESTS   5
#define LATE_FLOORS  2.0
#define GROWTH       4

static uint32_t evidence(const void *entry)
{
	const struct spread_host *h = entry;
	return h->count;
}

int volume_spread_init(struct volume_state *s, const struct detect_env *env)
{
	struct table_config config = { .capacity = env->max_hosts / 8 ? env->max_hosts / 8 : 1,
				       .entry_size = sizeof(struct spread_host),
				       .key_size = sizeof(struct baseline_key),
				       .key = env->key,
				       .evidence = evidence };
	return table_init(&s->spreads, &config);
}

static struct spread_host *host_of(struct volume_state *s, const struct detect_env *env,
				   const struct upload *u)
{
	struct baseline_key key;
	bool is_new;
	uint64_t day = env->now_ns / BASELINE_DAY_NS;
	memset(&key, 0, sizeof(key));
	key.address = u->at.src;
	key.tunnel_key = u->at.flow->e.tunnel_key;
	struct spread_host *h = table_get(&s->spreads, &key, &is_new);
	if (h && h->day != day) {
		memset((uint8_t *)h + sizeof(key), 0, sizeof(*h) - sizeof(key));
		h->day = day;
		h->first_ns = u->at.flow->first_ns;
	}
	return h;
}

/* The sum over destinations after this one is in it. */
static double sum_with(struct spread_host *h, uint64_t dest, double up)
{
	double sum = 0;
	uint32_t at = 0;
	while (at < h->count && h->dests[at] != dest)
		at++;
	if (at == h->count && h->count < SPREAD_DESTS)
		h->dests[h->count++] = dest;
	if (at < h->count)
		h->up[at] = up;
	for (uint32_t i = 0; i < h->count; i++)
		sum += h->up[i];
	return sum;
}

static void tell(const struct detect_env *env, const struct spread_host *h, const struct upload *u,
		 double sum, double limit)
{
	struct finding f;
	char src[IPADDR_TEXT_MAX], text[32], limit_text[32], span[32];
	double by_amount = 0.4 + 0.2 * fmin(log2(sum / limit) / 4, 1);
	finding_init(&f, "upload_volume", "upload_volume", "Upload spread over many destinations");
	f.subject.ip = u->at.src;
	f.subject.has_ip = true;
	finding_from_event(&f, &u->at.flow->e);
	f.peer.has_ip = false;
	f.subject.port = f.peer.port = 0;
	f.subject.bytes = (uint64_t)sum;
	f.class = FINDING_EXFIL;
	f.tactic = "TA0010";
	finding_technique(&f, "T1048");
	finding_technique(&f, "T1030");
	f.severity = SEVERITY_MEDIUM;
	f.score = fmin(by_amount + 0.15, 1);
	f.confidence = f.score;
	f.llr = 4;
	f.by_volume = true;
	f.learning = context_learning_left_ns(env->context) > 0;
	f.visibility = VISIBILITY_NAME;
	f.start_ns = h->first_ns;
	f.end_ns = u->at.flow->last_ns;
	f.time_ns = env->now_ns;
	f.count = h->count;
	finding_text(f.object, sizeof(f.object), "many destinations");
	(void)ipaddr_print(&u->at.src, src, sizeof(src));
	(void)str_bytes(text, sizeof(text), sum);
	(void)str_bytes(limit_text, sizeof(limit_text), limit);
	(void)finding_span(span, sizeof(span), f.end_ns > f.start_ns ? f.end_ns - f.start_ns : 0);
	finding_feature(&f, "uploaded_bytes", sum, NAN, limit, 0.6, by_amount,
			"%s in a day to all of them (limit %s)", text, limit_text);
	finding_feature(&f, "destinations", h->count, NAN, f.learning ? EARLY_DESTS : LATE_DESTS,
			0.15, 0.15, "%u destinations that few others use, each below its floor",
			h->count);
	finding_text(
		f.message, sizeof(f.message),
		"%s pushed %s to %u destinations %s, the last of them %s; none reached its floor",
		src, text, h->count, span, u->at.name ? u->at.name : u->at.dest);
	finding_text(
		f.not_harmless, sizeof(f.not_harmless),
		"each takes in far more than it gives back, and at most two hosts of this network "
		"send there%s",
		f.learning ? "" : "; the host had sent to none of them before");
	finding_text(f.counterfactual, sizeof(f.counterfactual),
		     "silent below %s a day in all, or with fewer than %d such destinations",
		     limit_text, f.learning ? EARLY_DESTS : LATE_DESTS);
	finding_text(f.unseen, sizeof(f.unseen),
		     "what was sent; destinations beyond %d are not counted", SPREAD_DESTS);
	finding_step(&f, "On %s: find the process that sends to all of them", src);
	finding_step(&f, "exfilctl flows --filter %s lists what runs now", src);
	finding_text(f.filter, sizeof(f.filter), "%s.src == %s",
		     u->at.flow->e.ip_version == 6 ? "ipv6" : "ip", src);
	env->raise(env->arg, &f);
}

void volume_spread(struct volume_state *s, const struct detect_env *env, const struct upload *u,
		   const struct volume_verdict *v)
{
	bool is_listed = u->at.service ||
			 (u->rule != RULE_NAMED && u->rule != RULE_ADDRESS && u->rule != RULE_PUSH);
	bool is_learning = context_learning_left_ns(env->context) > 0;
	if (is_listed || u->at.flow->e.proto != PROTO_TCP || v->up < LEAST_BYTES ||
	    v->pcr < LEAST_PCR || v->is_slow || v->hosts > FEW_SENDERS || !u->at.to)
		return;
	if (!is_learning && u->at.to->first_ns < context_learnt_at_ns(env->context))
		return;
	struct spread_host *h = host_of(s, env, u);
	if (!h)
		return;
	double sum = sum_with(h, u->at.dest_hash, v->up);
	double limit =
		(double)s->params->floor[RULE_NAMED] * (is_learning ? EARLY_FLOORS : LATE_FLOORS);
	uint32_t least = is_learning ? EARLY_DESTS : LATE_DESTS;
	if (h->count < least || sum < limit || sum < GROWTH * h->told)
		return;
	h->told = sum;
	s->findings++;
	tell(env, h, u, sum, limit);
}
