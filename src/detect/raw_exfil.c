/*
 * detect/raw_exfil.c - pieces of one size sent away again and again, in no known protocol.
 *
 * Idea: remote control tools send pictures of the screen, keystrokes and files over connections of
 * their own: each carries tens of kilobytes one way and hardly a byte back, in a protocol that
 * nobody knows, to one port of one host, in a rhythm.  The initiator is the sender; where both ends
 * are inside it counts as well, since a foothold may collect from its neighbours.
 * Evasion: one long connection (upload_volume counts it); a known protocol; no rhythm.
 * False alarms: collectors (logs, measurements, prints): several hosts send to them, or their port
 * is known; both are left out.
 */
#include <math.h>
#include <string.h>

#include "exfild/base/table.h"
#include "step.h"

#define PROTO_TCP 6
#define SENDERS   3

#define PACKETS 8 /* that prove it */

struct raw_params {
	uint64_t min_bytes;
	uint64_t pieces;
	double ratio;
};

struct raw_key {
	struct ipaddr sender, receiver;
	uint64_t port;
};

struct raw_pair {
	struct raw_key key;
	uint64_t first_ns, last_ns; /* begins of flows */
	uint64_t pieces, bytes, back;
	double size_sum, size_squares; /* of pieces */
	double gap_sum, gap_squares;   /* seconds between begins */
	uint64_t gaps;
	uint64_t packets[PACKETS]; /* of pieces after the first */
	uint8_t packet_count;
	uint8_t told;
	uint8_t pad[6];
};

struct raw_sink { /* who sends to a port */
	struct ipaddr receiver;
	uint64_t port;
	uint64_t senders[SENDERS];
	uint64_t count;
};

struct raw_state {
	const struct raw_params *params;
	struct table pairs, sinks;
	uint64_t findings;
};

static const struct param params[] = {
	{ "min_bytes", PARAM_UINT, offsetof(struct raw_params, min_bytes), 1024, 1e9, 16384,
	  "bytes", "Smallest piece that counts" },
	{ "pieces", PARAM_UINT, offsetof(struct raw_params, pieces), 3, 1000, 4, "connections",
	  "Pieces from which they are a stream" },
	{ "ratio", PARAM_DOUBLE, offsetof(struct raw_params, ratio), 2, 1e6, 50, "",
	  "How much more goes away than comes back" },
	PARAM_END
};

static const struct step_rule rule = {
	.detector = "raw_exfil",
	.rule = "raw_exfil",
	.title = "Pieces sent away in no known protocol",
	.class = FINDING_EXFIL,
	.techniques = { "T1041", "T1113", "T1095" },
	.tactic = "TA0010",
	.unseen = "what the pieces hold",
	.next_steps = { "Look at the first bytes of a piece in the evidence: pictures say so",
			"Find the program behind the connections on the sender",
			"Find out what the receiver is, and whether it may collect" },
};

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct raw_state *s = state;
	s->params = parameters;
	struct table_config config = { .capacity = env->max_hosts / 4 ? env->max_hosts / 4 : 1,
				       .entry_size = sizeof(struct raw_pair),
				       .key_size = sizeof(struct raw_key),
				       .key = env->key };
	int err = table_init(&s->pairs, &config);
	if (err)
		return err;
	config.entry_size = sizeof(struct raw_sink);
	config.key_size = offsetof(struct raw_sink, senders);
	return table_init(&s->sinks, &config);
}

static void deinit(void *state)
{
	struct raw_state *s = state;
	table_deinit(&s->pairs);
	table_deinit(&s->sinks);
}

/* Ports whose protocols send one way and are not always known by their bytes. */
static bool is_collecting(uint16_t port)
{
	static const uint16_t known[] = { 20,   514,  515,  601,  631,   1514,  1515,  2003,
					  2004, 4505, 4506, 5044, 5140,  6514,  8125,  9100,
					  9101, 9102, 9103, 9997, 10050, 10051, 24224, 30865 };
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i] == port)
			return true;
	return false;
}

static bool is_piece(const struct raw_state *s, const struct event_flow *f)
{
	const struct event *e = &f->e;
	return e->proto == PROTO_TCP && e->app == APP_UNKNOWN && !f->one_sided &&
	       (f->outcome == FLOW_OUTCOME_ESTABLISHED) && f->payload[0] >= s->params->min_bytes &&
	       (double)f->payload[0] >= s->params->ratio * (double)f->payload[1] &&
	       !is_collecting(e->dport) && !ipaddr_is_loopback(&e->dst);
}

/* Whether several hosts send to this port. */
static bool is_sink(struct raw_state *s, const struct detect_env *env, const struct event *e)
{
	struct raw_sink key;
	bool is_new;
	memset(&key, 0, sizeof(key));
	key.receiver = e->dst;
	key.port = e->dport;
	struct raw_sink *k = table_get(&s->sinks, &key, &is_new);
	if (!k)
		return false;
	uint64_t sender = hash_bytes(&env->key, &e->src, sizeof(e->src));
	for (uint64_t i = 0; i < k->count; i++)
		if (k->senders[i] == sender)
			return k->count >= SENDERS;
	if (k->count < SENDERS)
		k->senders[k->count++] = sender;
	return k->count >= SENDERS;
}

/* Standard deviation over mean; 1 where there is too little. */
static double spread(double sum, double squares, uint64_t count)
{
	if (count < 3 || sum <= 0)
		return 1;
	double mean = sum / (double)count;
	double variance = squares / (double)count - mean * mean;
	return variance > 0 ? sqrt(variance) / mean : 0;
}

static void add(struct raw_pair *p, const struct event_flow *f)
{
	double size = (double)f->payload[0];
	if (!p->pieces)
		p->first_ns = f->first_ns;
	if (p->pieces && f->first_ns > p->last_ns) {
		double gap = (double)(f->first_ns - p->last_ns) / 1e9;
		p->gap_sum += gap;
		p->gap_squares += gap * gap;
		p->gaps++;
	}
	p->last_ns = f->first_ns > p->last_ns ? f->first_ns : p->last_ns;
	p->pieces++;
	p->bytes += f->payload[0];
	p->back += f->payload[1];
	p->size_sum += size;
	p->size_squares += size * size;
}

static void add_features(struct finding *f, const struct raw_state *s, const struct raw_pair *p,
			 bool is_outside)
{
	double sizes = spread(p->size_sum, p->size_squares, p->pieces);
	double gaps = spread(p->gap_sum, p->gap_squares, p->gaps);
	finding_feature(f, "one_way", (double)p->bytes / (double)(p->back + 1), NAN,
			s->params->ratio, 0.2, 0.2, "%llu bytes went, %llu came back",
			(unsigned long long)p->bytes, (unsigned long long)p->back);
	finding_feature(f, "unknown_protocol", 1, NAN, NAN, 0.1, 0.1,
			"the connections speak no protocol that is known");
	finding_feature(f, "pieces", (double)p->pieces, NAN, (double)s->params->pieces, 0.15, 0.15,
			"%llu pieces to the same port", (unsigned long long)p->pieces);
	if (sizes < 0.35)
		finding_feature(f, "alike", sizes, NAN, 0.35, 0.1, 0.1,
				"of one size within %.0f %%", sizes * 100);
	if (gaps < 0.5)
		finding_feature(f, "rhythm", gaps, NAN, 0.5, 0.1, 0.1,
				"every %.3g s within %.0f %%", p->gap_sum / (double)p->gaps,
				gaps * 100);
	if (is_outside)
		finding_feature(f, "outside", 1, NAN, NAN, 0.1, 0.1, "the receiver is outside");
}

static void tell(struct raw_state *s, const struct detect_env *env, struct raw_pair *p,
		 const struct event *e)
{
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX], span[48];
	struct finding f;
	step_begin(&f, &rule, env, e);
	add_features(&f, s, p, !context_is_inside(env->context, &e->dst, e->tunnel_id));
	double score = step_score(&f);
	enum severity severity = step_severity(score);
	if (severity < SEVERITY_MEDIUM || severity <= p->told) /* less is a program's habit */
		return;
	p->told = (uint8_t)severity;
	s->findings++;
	step_ends(&f, from, to);
	f.start_ns = p->first_ns;
	f.subject.bytes = p->bytes;
	f.peer.bytes = p->back;
	f.count = p->pieces;
	for (unsigned i = 0; i < p->packet_count; i++)
		finding_packet(&f, p->packets[i]);
	finding_text(f.message, sizeof(f.message),
		     "%s sent %s %llu pieces of about %.0f kB to port %u %s, with hardly an answer",
		     from, to, (unsigned long long)p->pieces,
		     p->size_sum / (double)p->pieces / 1000, e->dport,
		     finding_span(span, sizeof(span), p->last_ns - p->first_ns));
	finding_text(
		f.not_harmless, sizeof(f.not_harmless),
		"Programs of an office speak protocols that are known, and servers that collect do "
		"so from many; one host that feeds one port in pieces of one size is being "
		"watched, or emptied");
	finding_text(
		f.counterfactual, sizeof(f.counterfactual),
		"silent below a sum of 0.5 (it is %.2f), with fewer than %llu pieces, or if two more "
		"hosts sent to that port",
		score, (unsigned long long)s->params->pieces);
	step_raise(&f, env);
}

/* The end of a flow is often a timer's, and has no packet to show. */
static void note_packet(struct raw_pair *p, const struct event *e)
{
	if (p && e->packet && p->packet_count < PACKETS)
		p->packets[p->packet_count++] = e->packet;
}

static void on_event(void *state, const struct detect_env *env, const struct event *e)
{
	struct raw_state *s = state;
	const struct event_flow *f = (const struct event_flow *)e;
	struct raw_key key;
	bool is_new;
	memset(&key, 0, sizeof(key));
	key.sender = e->src;
	key.receiver = e->dst;
	key.port = e->dport;
	if (e->kind == EVENT_FLOW_PROGRESS) {
		note_packet(table_find(&s->pairs, &key), e);
		return;
	}
	if (!is_piece(s, f))
		return;
	bool is_collected = is_sink(s, env, e);
	struct raw_pair *p = table_get(&s->pairs, &key, &is_new);
	if (!p)
		return;
	add(p, f);
	if (!is_collected && p->pieces >= s->params->pieces &&
	    !context_service_by_ip(env->context, &e->dst))
		tell(s, env, p, e);
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct raw_state *s = state;
	ret->entries = s->pairs.stats.entries;
	ret->evictions = s->pairs.stats.evictions;
	ret->findings = s->findings;
	ret->worst_case_bytes = table_worst_case(s->pairs.stats.capacity, sizeof(struct raw_pair)) +
				table_worst_case(s->sinks.stats.capacity, sizeof(struct raw_sink));
}

const struct detector raw_exfil_detector = {
	.name = "raw_exfil",
	.title = "Pieces sent away in no known protocol",
	.idea = "Connection after connection that carries a piece of one size one way, in a protocol that "
		"nobody knows, to one port",
	.params = params,
	.params_size = sizeof(struct raw_params),
	.state_size = sizeof(struct raw_state),
	.wants = 1ull << EVENT_FLOW_PROGRESS | 1ull << EVENT_FLOW_END,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.counters = counters,
};
