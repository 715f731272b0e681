/*
 * detect/ntp_channel.c - data in messages of the time service.
 *
 * Idea: a clock asks a server at most every 16 seconds, after eight questions in a row at its start
 * (RFC 5905, 7.2, 8), and what it says is mostly the same: state that moves with the answers.  A
 * channel asks as fast as it has data, and each message differs in fields that clocks leave alone;
 * or it puts the data behind the head, as extension fields or as bytes that are none (RFC 7822).
 * Evasion: at most a message every 16 seconds: 32 bytes each, 170 kB a day.
 * False alarms: clocks that get no answer ask again at once, with the same message: only different
 * ones count.  Cookies of NTS (RFC 8915) are fields that never repeat, of some hundred bytes a
 * question: far below the limit at a clock's pace.
 */
#include <math.h>
#include <string.h>

#include "exfild/base/table.h"
#include "step.h"

#define SKETCH_BITS 512 /* linear counting (Whang, Vander-Zanden, Taylor 1990) of the messages */
#define UNANSWERED  10u /* questions for an answer from which nobody answers */
#define ODD_FEW     8u
#define ODD_MANY    64u

struct ntp_params {
	uint64_t messages, hidden_bytes, window_s;
};

struct ntp_key {
	struct ipaddr client, server;
};

struct ntp_pair {
	struct ntp_key key;
	uint64_t begin_ns; /* steady, of the window */
	uint64_t first_ns;
	uint64_t asked, answered, odd, hidden, bytes;
	uint64_t last_hash;
	uint64_t sketch[SKETCH_BITS / 64]; /* of different heads */
	uint8_t told;
	uint8_t pad[7];
};

struct ntp_state {
	const struct ntp_params *params;
	struct table pairs;
	uint64_t findings;
};

static const struct param params[] = {
	{ "messages", PARAM_UINT, offsetof(struct ntp_params, messages), 40, 400, 64, "messages",
	  "Different questions to one server within the window: a clock sends 45 at most" },
	{ "hidden_bytes", PARAM_UINT, offsetof(struct ntp_params, hidden_bytes), 1024, 1e9, 16384,
	  "bytes", "Bytes behind the heads of questions to one server within the window" },
	{ "window", PARAM_DURATION, offsetof(struct ntp_params, window_s), 60, 3600, 600, "",
	  "Within this time" },
	PARAM_END
};

static const struct step_rule rule = {
	.detector = "ntp_channel",
	.rule = "ntp_channel",
	.title = "Data in messages of the time service",
	.class = FINDING_EXFIL,
	.techniques = { "T1048.003", "T1071" },
	.tactic = "TA0010",
	.unseen = "what the messages hold, if it is encrypted",
	.next_steps = { "Look at the messages in the evidence: what differs from one to the next",
			"Find the program on the client that sends to port 123 and is no clock",
			"Let only your time servers ask outside" },
};

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct ntp_state *s = state;
	s->params = parameters;
	struct table_config config = { .capacity = env->max_pairs / 32 ? env->max_pairs / 32 : 1,
				       .entry_size = sizeof(struct ntp_pair),
				       .key_size = sizeof(struct ntp_key),
				       .key = env->key };
	return table_init(&s->pairs, &config);
}

static void deinit(void *state)
{
	struct ntp_state *s = state;
	table_deinit(&s->pairs);
}

static void note_head(struct ntp_pair *p, uint32_t hash)
{
	uint32_t bit = hash % SKETCH_BITS;
	p->sketch[bit / 64] |= 1ull << bit % 64;
}

static double different(const struct ntp_pair *p)
{
	unsigned set = 0;
	for (size_t i = 0; i < SKETCH_BITS / 64; i++)
		set += (unsigned)__builtin_popcountll(p->sketch[i]);
	if (set == SKETCH_BITS)
		set--;
	/* an estimate, but never more than there were */
	return fmin(round(-SKETCH_BITS * log(1 - (double)set / SKETCH_BITS)), (double)p->asked);
}

static void add_features(struct finding *f, const struct ntp_params *limits,
			 const struct ntp_pair *p)
{
	double n = different(p), least = (double)limits->messages;
	double hidden = (double)p->hidden, most = (double)limits->hidden_bytes;
	if (n >= least)
		finding_feature(f, "messages", n, NAN, least, n >= 4 * least ? 0.6 : 0.5,
				n >= 4 * least ? 0.6 : 0.5,
				"%.0f different questions within %llu s; a clock asks every 16 s "
				"at most",
				n, (unsigned long long)limits->window_s);
	if (hidden >= most)
		finding_feature(f, "hidden", hidden, NAN, most, hidden >= 8 * most ? 0.6 : 0.5,
				hidden >= 8 * most ? 0.6 : 0.5, "%.0f bytes behind the heads",
				hidden);
	if (p->odd >= ODD_FEW)
		finding_feature(f, "odd", (double)p->odd, NAN, ODD_FEW,
				p->odd >= ODD_MANY ? 0.5 : 0.35, p->odd >= ODD_MANY ? 0.5 : 0.35,
				"%llu messages that are no NTP in form",
				(unsigned long long)p->odd);
	if (f->feature_count && p->asked >= UNANSWERED * (p->answered + 1))
		finding_feature(f, "unanswered", (double)p->answered, NAN, NAN, 0.1, 0.1,
				"%llu questions, %llu answers", (unsigned long long)p->asked,
				(unsigned long long)p->answered);
}

static void judge(struct ntp_state *s, const struct detect_env *env, struct ntp_pair *p,
		  const struct event *e)
{
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX];
	struct finding f;
	step_begin(&f, &rule, env, e);
	add_features(&f, s->params, p);
	double score = step_score(&f);
	enum severity severity = step_severity(score);
	if (severity <= p->told)
		return;
	p->told = (uint8_t)severity;
	s->findings++;
	step_ends(&f, from, to);
	f.start_ns = p->first_ns;
	f.subject.bytes = p->bytes;
	f.count = p->asked;
	if (e->packet)
		finding_packet(&f, e->packet);
	finding_text(f.message, sizeof(f.message),
		     "%s sent %llu messages, %llu bytes, to the time server %s, as no clock does",
		     from, (unsigned long long)p->asked, (unsigned long long)p->bytes, to);
	finding_text(f.not_harmless, sizeof(f.not_harmless),
		     "A clock that gets no answer repeats its question as it was, and one that is "
		     "answered waits; here each message brings something new");
	finding_text(f.counterfactual, sizeof(f.counterfactual),
		     "silent below %llu different questions, %llu bytes behind heads and %u odd "
		     "messages within %llu s",
		     (unsigned long long)s->params->messages,
		     (unsigned long long)s->params->hidden_bytes, ODD_FEW,
		     (unsigned long long)s->params->window_s);
	step_raise(&f, env);
}

static void on_question(struct ntp_state *s, const struct detect_env *env, struct ntp_pair *p,
			const struct event_ntp *n)
{
	p->asked++;
	p->bytes += n->payload_len;
	p->odd += n->malformed;
	note_head(p, n->head_hash);
	if (n->extension_len && n->extension_hash != p->last_hash)
		p->hidden += n->extension_len;
	p->last_hash = n->extension_hash;
	if (p->asked >= ODD_FEW)
		judge(s, env, p, &n->e);
}

static void on_event(void *state, const struct detect_env *env, const struct event *e)
{
	struct ntp_state *s = state;
	const struct event_ntp *n = (const struct event_ntp *)e;
	struct ntp_key key;
	bool is_new;
	/* the ends stand as in the flow: the client's address first */
	if (!context_is_inside(env->context, &e->src, e->tunnel_id) ||
	    context_is_inside(env->context, &e->dst, e->tunnel_id) || ipaddr_is_multicast(&e->dst))
		return;
	key.client = e->src;
	key.server = e->dst;
	struct ntp_pair *p = table_get(&s->pairs, &key, &is_new);
	if (!p)
		return;
	if (is_new || env->steady_ns - p->begin_ns > s->params->window_s * 1000000000ull) {
		memset((uint8_t *)p + sizeof(p->key), 0, sizeof(*p) - sizeof(p->key));
		p->begin_ns = env->steady_ns;
		p->first_ns = e->time_ns;
	}
	if (e->from_server)
		p->answered++;
	else
		on_question(s, env, p, n);
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct ntp_state *s = state;
	ret->entries = s->pairs.stats.entries;
	ret->evictions = s->pairs.stats.evictions;
	ret->findings = s->findings;
	ret->worst_case_bytes = table_worst_case(s->pairs.stats.capacity, sizeof(struct ntp_pair));
}

const struct detector ntp_channel_detector = {
	.name = "ntp_channel",
	.title = "Data in messages of the time service",
	.idea = "Questions to one time server, more than a clock asks and each another one; or bytes "
		"behind their heads",
	.params = params,
	.params_size = sizeof(struct ntp_params),
	.state_size = sizeof(struct ntp_state),
	.wants = 1ull << EVENT_NTP,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.counters = counters,
};
