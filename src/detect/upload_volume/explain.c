/*
 * detect/upload_volume/explain.c - the proof in words and numbers.
 */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "exfild/base/str.h"
#include "upload_volume.h"

#define PROTO_TCP    6
#define PROTO_UDP    17
#define EQUAL_CHUNKS 4
#define HIGHEST_NATS 12.0
#define BURST_BYTES  1e6
#define BURST_TIMES  9 /* so much more up than down in one connection */

static bool is_encrypted(const struct event *e)
{
	return e->app == APP_TLS || e->app == APP_QUIC || e->app == APP_SSH || e->app == APP_TOR ||
	       e->app == APP_OPENVPN || e->app == APP_WIREGUARD || e->app == APP_IPSEC;
}

static const char *protocol_words(const struct event *e, char *dst, size_t size)
{
	const char *name = app_name((enum app)e->app);
	if (e->app == APP_UNKNOWN || e->app == APP_OTHER)
		return e->proto == PROTO_TCP ? "TCP" : e->proto == PROTO_UDP ? "UDP" : "IP";
	size_t i = 0;
	for (; name[i] && i + 1 < size; i++)
		dst[i] = (char)toupper((unsigned char)name[i]);
	dst[i] = '\0';
	return dst;
}

static void classify(struct finding *f, const struct volume_pair *p, const struct upload *u)
{
	const char *technique = volume_rules[u->rule].technique;
	const struct event *e = &u->at.flow->e;
	f->class = FINDING_EXFIL;
	f->tactic = "TA0010";
	if (technique) {
		finding_technique(f, technique);
	} else {
		finding_technique(f, "T1041");
		if (is_encrypted(e))
			finding_technique(f, "T1048.002");
		else if (e->app == APP_HTTP)
			finding_technique(f, "T1048.003");
		else
			finding_technique(f, "T1048");
	}
	if (p->chunks >= EQUAL_CHUNKS)
		finding_technique(f, "T1030");
	if (is_encrypted(e))
		f->visibility = u->at.name ? VISIBILITY_NAME : VISIBILITY_OPAQUE;
	else if (e->app == APP_UNKNOWN)
		f->visibility = VISIBILITY_OPAQUE;
}

/* What the baselines say; nothing of what they have not learnt. */
static void add_learnt(struct finding *f, const struct volume_verdict *v)
{
	char usual[32], high[32];
	if (v->usual_day.weight > 0) {
		str_bytes(usual, sizeof(usual), usual_amount(&v->usual_day));
		str_bytes(high, sizeof(high), usual_high(&v->usual_day));
		finding_feature(f, "usual_day", usual_distance(&v->usual_day, v->up),
				usual_amount(&v->usual_day), 4, 0, 0,
				"%s a day is usual for %s, up to %s is let pass", usual,
				v->is_peers_usual ? "its peers there" : "this pair", high);
	}
	if (v->is_new)
		finding_feature(f, "new_destination", 1, NAN, NAN, 0.1, v->by_new,
				"first used after the sensor had learnt for a week");
	if (v->by_hour > 0)
		finding_feature(f, "unusual_hour", v->activity, NAN, 0.1, 0.1, v->by_hour,
				"the host sends in %.0f %% of such hours", v->activity * 100);
	if (v->is_quiet)
		finding_feature(f, "quiet_host", 1, NAN, NAN, 0.15, v->by_quiet,
				"it has not sent a megabyte in any of its last days");
	if (v->is_drip)
		finding_feature(f, "drip_days", v->days, NAN, 8, 0.1, v->by_drip,
				"alike amounts on %u of the last 14 days", v->days);
}

/* Records of 16 KiB with 22 bytes of head and tag (RFC 8446, 5.2), a request of about 1 kB. */
static void add_file(struct finding *f, const struct upload *u, const struct volume_verdict *v)
{
	const struct event_flow *flow = u->at.flow;
	double up = (double)flow->payload[u->at.side], down = (double)flow->payload[!u->at.side];
	if (!is_encrypted(&flow->e) || up < BURST_BYTES || v->is_update || up < BURST_TIMES * down)
		return;
	double size = (up - 1000) * 16384 / 16406;
	char text[32];
	str_bytes(text, sizeof(text), size);
	finding_feature(f, "estimated_file", size, NAN, NAN, 0, 0,
			"one connection carried it: a file, or several, of about %s", text);
}

static void add_features(struct finding *f, const struct volume_pair *p, const struct upload *u,
			 const struct volume_verdict *v)
{
	char up[32], floor[32], down[32];
	str_bytes(up, sizeof(up), v->up);
	str_bytes(down, sizeof(down), v->down);
	double limit = v->is_slow && !v->is_drip ? v->slow_floor : v->floor;
	str_bytes(floor, sizeof(floor), limit);
	finding_feature(f, "uploaded_bytes", v->up, NAN, limit, 0.6, v->by_amount,
			"%s of application data sent %s (limit %s)", up,
			v->is_slow ? "in two weeks" : "in a day", floor);
	finding_feature(f, "producer_consumer_ratio", v->pcr, 0, 0.2, 0.2, v->by_pcr,
			"%s came back: ratio %.2f (1 push, 0 conversation, -1 download)", down,
			v->pcr);
	finding_feature(f, "kind_of_destination", 1, NAN, NAN, 0.2, v->by_kind, "%s",
			volume_rules[u->rule].words);
	finding_feature(f, "senders", v->hosts, NAN, 4, 0.1, v->by_rare,
			"%u host%s of this network sent there", v->hosts, v->hosts == 1 ? "" : "s");
	add_learnt(f, v);
	add_file(f, u, v);
	if (p->chunks >= EQUAL_CHUNKS)
		finding_feature(f, "equal_chunks", p->chunks + 1, NAN, EQUAL_CHUNKS, 0, 0,
				"%u connections in a row sent the same amount", p->chunks + 1);
}

/* What the sender has sent to one destination, by all rules that were told. */
struct sum {
	uint64_t up, down, packets_up, packets_down, flows;
	uint64_t first_ns, last_ns;
};

/* One destination is one alert: its bytes are those of all its rules, not of the largest. */
static struct sum sum_of(const struct volume_state *s, const struct volume_pair *p)
{
	struct sum sum = { .up = p->total_up,
			   .down = p->total_down,
			   .packets_up = p->packets_up,
			   .packets_down = p->packets_down,
			   .flows = p->flows ? p->flows : 1,
			   .first_ns = p->first_ns,
			   .last_ns = p->last_ns };
	struct pair_key key = p->key;
	for (key.rule = 0; key.rule < RULE__COUNT; key.rule++) {
		const struct volume_pair *other =
			key.rule == p->key.rule ? NULL : table_find(&s->pairs, &key);
		if (!other || !other->told_severity)
			continue;
		sum.up += other->total_up;
		sum.down += other->total_down;
		sum.packets_up += other->packets_up;
		sum.packets_down += other->packets_down;
		sum.flows += other->flows ? other->flows : 1;
		sum.first_ns = other->first_ns < sum.first_ns ? other->first_ns : sum.first_ns;
		sum.last_ns = other->last_ns > sum.last_ns ? other->last_ns : sum.last_ns;
	}
	return sum;
}

static const char *words_of_sanction(enum service_sanction s)
{
	return s == SANCTION_SANCTIONED ? "sanctioned, but this is far above its use" :
	       s == SANCTION_TOLERATED  ? "tolerated, not sanctioned" :
	       s == SANCTION_UNCLEAR    ? "whose account it was cannot be told" :
					  "not sanctioned";
}

static void say(struct finding *f, const struct volume_pair *p, const struct upload *u,
		const struct volume_verdict *v)
{
	char src[IPADDR_TEXT_MAX], dst[IPADDR_TEXT_MAX], up[32], down[32], span[32], word[16];
	char floor[32], slow[32];
	const struct event *e = &u->at.flow->e;
	const char *kind = u->at.service ? u->at.service->title : volume_rules[u->rule].words;
	ipaddr_print(&u->at.src, src, sizeof(src));
	ipaddr_print(&u->at.dst, dst, sizeof(dst));
	str_bytes(up, sizeof(up), (double)p->total_up);
	str_bytes(down, sizeof(down), (double)p->total_down);
	str_exact_bytes(floor, sizeof(floor), (uint64_t)ceil(v->floor));
	str_exact_bytes(slow, sizeof(slow), (uint64_t)ceil(v->slow_floor));
	finding_span(span, sizeof(span), p->last_ns - p->first_ns);
	const char *protocol = protocol_words(e, word, sizeof(word));
	if (u->at.name)
		finding_text(f->message, sizeof(f->message),
			     "%s sent %s to %s (%s:%u, %s, %s) %s; it got back %s", src, up,
			     u->at.name, dst, u->at.port, protocol, kind, span, down);
	else
		finding_text(f->message, sizeof(f->message),
			     "%s sent %s to %s:%u (%s, %s) %s; it got back %s", src, up, dst,
			     u->at.port, protocol, kind, span, down);
	if (f->subject.bytes > p->total_up) {
		size_t len = strlen(f->message);
		str_bytes(up, sizeof(up), (double)f->subject.bytes);
		finding_text(f->message + len, sizeof(f->message) - len,
			     "; with what went there in other ways it is %s", up);
	}
	finding_text(f->counterfactual, sizeof(f->counterfactual),
		     v->is_drip ?
			     "silent below %s in two weeks (slow sum: %s) or on fewer than 8 "
			     "days of them, or with a ratio below %.1f" :
			     "silent below %s a day and %s in two weeks, or with a ratio below "
			     "%.1f",
		     floor, slow, v->least_pcr);
	finding_text(
		f->not_harmless, sizeof(f->not_harmless),
		"a ratio of %.2f is a push: meetings and tunnels lie near 0, browsing near -0.9; it went "
		"to %s, %s",
		v->pcr, kind, words_of_sanction((enum service_sanction)u->at.sanction));
	finding_text(f->unseen, sizeof(f->unseen), "%s%s",
		     is_encrypted(e) ? "what was sent: it is encrypted; " : "",
		     v->usual_day.weight > 0 ?
			     "who started it" :
			     "what is usual for this host: no baseline has been learnt");
	finding_step(f, "On %s: find the process and the files behind the upload", src);
	finding_step(f, "Who uses %s, and was the transfer agreed?", u->at.name ? u->at.name : dst);
	finding_step(f, "What did %s read from inside servers in the hours before?", src);
	const char *family = e->ip_version == 6 ? "ipv6" : "ip";
	finding_text(f->filter, sizeof(f->filter), "%s.addr == %s && %s.addr == %s", family, src,
		     family, dst);
}

void volume_explain(struct volume_state *s, const struct detect_env *env,
		    const struct volume_pair *p, const struct upload *u,
		    const struct volume_verdict *v)
{
	struct finding f;
	struct sum sum = sum_of(s, p);
	finding_init(&f, "upload_volume", "upload_volume", "Upload of unusual size");
	f.subject.ip = u->at.src;
	f.subject.has_ip = true;
	finding_from_event(&f, &u->at.flow->e);
	f.severity = v->severity;
	f.score = v->score;
	f.llr = fmin(3 + 6 * v->score + log2(v->ratio), HIGHEST_NATS);
	if (v->severity == SEVERITY_LOW)
		f.llr = 2;
	f.confidence = v->score;
	f.subject.port = 0;
	f.subject.bytes = sum.up;
	f.subject.packets = sum.packets_up;
	f.peer.bytes = sum.down;
	f.peer.packets = sum.packets_down;
	finding_text(f.object, sizeof(f.object), "%s", u->at.dest);
	if (u->at.name)
		finding_text(f.domain, sizeof(f.domain), "%s", u->at.name);
	f.start_ns = sum.first_ns;
	f.end_ns = sum.last_ns;
	f.is_update = v->is_update;
	f.time_ns = v->is_update ? p->last_ns : env->now_ns;
	f.count = sum.flows;
	f.learning = context_learning_left_ns(env->context) > 0;
	f.by_volume = true;
	for (unsigned i = 0; i < p->packet_count; i++)
		finding_packet(&f, p->packets[i]);
	if (u->at.service) {
		finding_text(f.service, sizeof(f.service), "%s", u->at.service->name);
		finding_text(f.service_category, sizeof(f.service_category), "%s",
			     u->at.service->category);
		f.service_sanctioned = u->at.sanction == SANCTION_SANCTIONED;
	}
	classify(&f, p, u);
	add_features(&f, p, u, v);
	say(&f, p, u, v);
	if (!v->fires) /* the totals of a proof that was given before */
		f.counterfactual[0] = '\0';
	env->raise(env->arg, &f);
}
