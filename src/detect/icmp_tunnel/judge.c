/*
 * detect/icmp_tunnel/judge.c - score and words.
 */
#include <math.h>

#include "exfild/base/str.h"
#include "icmp_tunnel.h"

#define DAY_NS       (86400ull * 1000000000ull)
#define LARGE_FROM   64.0 /* mean payload: up to here it may be any ping's */
#define LARGE_SURE   128.0
#define LARGE_WEIGHT 0.15

static double clamp(double x, double low, double high)
{
	return x < low ? low : x > high ? high : x;
}

double icmp_pair_info(const struct icmp_pair *p, uint64_t steady_ns)
{
	double now = p->exact_info;
	if (p->is_many)
		now = clamp(UNIT_BYTES * hll_count(&p->info), now, p->sum_info);
	double gone = (double)(steady_ns - p->window_ns) / (double)DAY_NS;
	return now + p->previous_info * clamp(1.0 - gone, 0, 1);
}

/* What depends on the amount, and the sum: the amount alone can be varied for a counterfactual. */
static void score_of(struct icmp_judgement *j, const struct icmp_params *params)
{
	double ratio = j->info / (double)params->daily_bytes;
	j->by_info = ratio <= 1 ? 0.4 * ratio : clamp(0.4 + 0.15 * log2(ratio), 0.4, 0.7);
	/* no ping program sends new content in large packets by the kilobyte */
	j->by_large = ratio >= 1 ? LARGE_WEIGHT * clamp((j->mean_size - LARGE_FROM) /
								(LARGE_SURE - LARGE_FROM),
							0, 1) :
				   0;
	j->score = clamp(j->by_info + j->by_differing + j->by_unsolicited + j->by_sizes +
				 j->by_large + j->by_marks,
			 0, 1);
}

void icmp_pair_judge(const struct icmp_pair *p, const struct icmp_params *params,
		     const struct detect_env *env, struct icmp_judgement *j)
{
	j->info = icmp_pair_info(p, env->steady_ns);
	j->differing_share = p->paired ? (double)p->differing / p->paired : 0;
	j->by_differing = p->paired >= 5 ? 0.3 * clamp(j->differing_share / 0.2, 0, 1) : 0;
	uint32_t messages = p->requests + p->replies;
	j->unsolicited_share = messages ? (double)p->unsolicited / messages : 0;
	j->by_unsolicited = !env->one_sided && p->unsolicited >= 5 && p->informative >= 5 ?
				    0.15 * clamp(j->unsolicited_share / 0.2, 0, 1) :
				    0;
	j->by_sizes = p->size_count > 4 && p->informative >= 5 ? 0.1 : 0;
	j->by_marks = p->marks ? 0.5 : 0;
	j->mean_size = p->informative ? (double)p->informative_bytes / p->informative : 0;
	score_of(j, params);
}

bool icmp_pair_fires(const struct icmp_judgement *j, const struct icmp_params *params, double info)
{
	struct icmp_judgement x = *j;
	x.info = info;
	score_of(&x, params);
	return x.score >= params->alert_score;
}

struct question {
	const struct icmp_judgement *j;
	const struct icmp_params *params;
};

static bool fires_at(const void *arg, double info)
{
	const struct question *q = arg;
	return icmp_pair_fires(q->j, q->params, info);
}

uint64_t icmp_pair_least_info(const struct icmp_judgement *j, const struct icmp_params *params)
{
	struct question q = { j, params };
	return finding_least((uint64_t)ceil(j->info), fires_at, &q);
}

static const char *mark_text(uint32_t marks)
{
	if (marks & ICMP_MARK_PTUNNEL)
		return "the magic number of ptunnel";
	if (marks & ICMP_MARK_INNER_IP)
		return "whole IP packets inside the payload";
	return "data in a message type that carries none";
}

static void add_features(struct finding *f, const struct icmp_pair *p,
			 const struct icmp_params *params, const struct icmp_judgement *j)
{
	char bytes[32];
	finding_feature(
		f, "new_information", j->info, 0, (double)params->daily_bytes, 0.7, j->by_info,
		"%s of payload that follows no known ping pattern (limit %llu B a day)",
		str_bytes(bytes, sizeof(bytes), j->info), (unsigned long long)params->daily_bytes);
	finding_feature(f, "replies_differ", j->differing_share, 0, 0.2, 0.3, j->by_differing,
			"%u of %u replies did not bring the request's bytes back", p->differing,
			p->paired);
	finding_feature(f, "unsolicited_replies", p->unsolicited, 0, 5, 0.15, j->by_unsolicited,
			"%u replies that nobody had asked for", p->unsolicited);
	finding_feature(f, "sizes", p->size_count, 1, 4, 0.1, j->by_sizes,
			"%u%s different payload sizes", p->size_count,
			p->size_count == SIZES_KNOWN ? " or more" : "");
	if (j->by_large > 0)
		finding_feature(f, "large_payload", j->mean_size, 56, LARGE_FROM, LARGE_WEIGHT,
				j->by_large, "%.0f bytes a message (ping sends 32 or 56)",
				j->mean_size);
	if (p->marks)
		finding_feature(f, "tool_mark", 1, 0, 1, 0.5, j->by_marks, "%s",
				mark_text(p->marks));
}

static void add_words(struct finding *f, const struct icmp_pair *p,
		      const struct icmp_params *params, const struct icmp_judgement *j)
{
	char client[IPADDR_TEXT_MAX], server[IPADDR_TEXT_MAX], bytes[32], span[32];
	ipaddr_print(&p->client, client, sizeof(client));
	ipaddr_print(&p->server, server, sizeof(server));
	str_bytes(bytes, sizeof(bytes), j->info);
	str_duration(span, sizeof(span), p->last_ns - p->first_ns);
	if (p->replies)
		finding_text(f->message, sizeof(f->message),
			     "%s and %s exchanged %s of data in %u ICMP messages within %s", client,
			     server, bytes, p->requests + p->replies, span);
	else
		finding_text(
			f->message, sizeof(f->message),
			"%s sent %s of data to %s in %u ICMP messages within %s, none of them answered",
			client, bytes, server, p->requests, span);
	uint64_t least = icmp_pair_least_info(j, params);
	if (least)
		finding_text(f->counterfactual, sizeof(f->counterfactual),
			     "silent below %llu B a day of payload that no ping program makes, all "
			     "else as seen",
			     (unsigned long long)least);
	else
		finding_text(f->counterfactual, sizeof(f->counterfactual),
			     "silent only without what marks a tunnel: the amount does not matter");
	finding_text(
		f->not_harmless, sizeof(f->not_harmless),
		"ping sends a fixed pattern and gets it back: here %u messages carried something else%s%s%s",
		p->informative, p->differing ? ", answers differ from their requests" : "",
		p->marks ? ", and it shows " : "", p->marks ? mark_text(p->marks) : "");
	finding_text(f->unseen, sizeof(f->unseen), "what the data means, if it is encrypted");
	finding_step(f, "On %s: find the process that owns a raw socket", client);
	finding_step(f, "Let only echo of ordinary size out, and only from who needs it");
	finding_text(f->filter, sizeof(f->filter), "%s == %s && %s == %s && %s",
		     p->last.ip_version == 6 ? "ipv6.addr" : "ip.addr", client,
		     p->last.ip_version == 6 ? "ipv6.addr" : "ip.addr", server,
		     p->last.ip_version == 6 ? "icmpv6" : "icmp");
}

void icmp_pair_explain(const struct icmp_pair *p, const struct icmp_params *params,
		       const struct detect_env *env, const struct icmp_judgement *j,
		       enum severity severity)
{
	struct finding f;
	finding_init(&f, "icmp_tunnel", "icmp_tunnel", "Data in ICMP messages");
	f.class = FINDING_EXFIL;
	f.tactic = "TA0010";
	finding_technique(&f, "T1095");
	finding_technique(&f, "T1048.003");
	finding_technique(&f, "T1572");
	f.severity = severity;
	f.score = j->score;
	f.llr = 12 * j->score;
	f.confidence = j->score;
	finding_from_event(&f, &p->last);
	f.app = APP_ICMP;
	f.subject.ip = p->client;
	f.subject.has_ip = true;
	f.subject.port = 0;
	f.subject.bytes = p->bytes[0];
	f.subject.packets = p->requests;
	f.peer.ip = p->server;
	f.peer.has_ip = true;
	f.peer.port = 0;
	f.peer.bytes = p->bytes[1];
	f.peer.packets = p->replies;
	f.start_ns = p->first_ns;
	f.end_ns = p->last_ns;
	f.is_update = j->is_update;
	f.time_ns = j->is_update ? p->last_ns : env->now_ns;
	f.count = p->informative;
	f.visibility = VISIBILITY_CLEAR;
	for (unsigned i = 0; i < p->packet_count; i++)
		finding_packet(&f, p->packets[i]);
	add_features(&f, p, params, j);
	add_words(&f, p, params, j);
	if (j->score < params->alert_score) /* the totals of a proof that was given before */
		f.counterfactual[0] = '\0';
	env->raise(env->arg, &f);
}
