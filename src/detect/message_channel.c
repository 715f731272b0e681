/*
 * detect/message_channel.c - data in messages of services that carry words and numbers.
 *
 * Idea: logs, calls, traps and leases cross a gateway unread, since nobody expects a file in them.
 * What is said there is short: text, counters, a digest now and then.  A file needs long encoded
 * words or bytes that are no text, message after message, each another one, and they are most of
 * what is sent.  The inspectors measure them (inspect/content/carried.h), here they are added up.
 * In texts of a WebSocket pictures are left out.
 * Evasion: words in place of codes, a little a day, syslog over TCP.
 * False alarms: logs with tokens of the web are mostly other words; a message that comes again is
 * counted once; a collector to which a whole site sends is held to be one.
 */
#include <math.h>
#include <string.h>

#include "exfild/base/table.h"
#include "dest.h"
#include "step.h"

#define SKETCH_BITS 4096 /* of what was counted */
#define MANY        8    /* times the limit */
#define CROWD       3    /* senders that make a collector */
#define PACKETS     8
#define SMALL       320 /* bytes a message, of protocols that carry any length */

struct message_params {
	uint64_t bytes, window_s;
	double share;
};

struct message_key {
	struct ipaddr client, server;
	uint32_t app, tunnel_key;
};

struct message_pair {
	struct message_key key;
	uint64_t begin_ns; /* steady, of the window */
	uint64_t first_ns;
	uint64_t messages, carriers, carried, bytes;
	uint64_t sketch[SKETCH_BITS / 64];
	uint64_t packets[PACKETS];
	uint8_t told, packet_count;
	uint8_t pad[6];
};

struct message_state {
	const struct message_params *params;
	struct table pairs, crowds;
	uint64_t findings;
};

static const struct param params[] = {
	{ "bytes", PARAM_UINT, offsetof(struct message_params, bytes), 1024, 1e9, 8192, "bytes",
	  "Carried to one server by one protocol within the window" },
	{ "share", PARAM_DOUBLE, offsetof(struct message_params, share), 0.05, 1, 0.4, "",
	  "Least part of all that was sent that it must be" },
	{ "window", PARAM_DURATION, offsetof(struct message_params, window_s), 60, 86400, 3600, "",
	  "Within this time" },
	PARAM_END
};

static const struct step_rule rule = {
	.detector = "message_channel",
	.rule = "message_channel",
	.title = "Data in messages of another service",
	.class = FINDING_EXFIL,
	.techniques = { "T1048.003", "T1071" },
	.tactic = "TA0010",
	.unseen = "what the encoded words or bytes hold",
	.next_steps = { "Read the messages in the evidence: undo their base64 or hexadecimal",
			"Find the program on the client that sends them",
			"Let logs, calls, traps and leases go only to servers that you know" },
};

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct message_state *s = state;
	s->params = parameters;
	struct table_config config = { .capacity = env->max_pairs / 64 ? env->max_pairs / 64 : 1,
				       .entry_size = sizeof(struct message_pair),
				       .key_size = sizeof(struct message_key),
				       .key = env->key };
	int err = table_init(&s->pairs, &config);
	config.entry_size = sizeof(struct dest_crowd);
	config.key_size = sizeof(uint64_t);
	return err ? err : table_init(&s->crowds, &config);
}

static void deinit(void *state)
{
	struct message_state *s = state;
	table_deinit(&s->pairs);
	table_deinit(&s->crowds);
}

/* Whether it is new to this window; a sketch that fills up counts too little. */
static bool note(struct message_pair *p, uint64_t hash)
{
	uint64_t bit = hash % SKETCH_BITS, mask = 1ull << bit % 64;
	bool is_new = !(p->sketch[bit / 64] & mask);
	p->sketch[bit / 64] |= mask;
	return is_new;
}

static void add_features(struct finding *f, const struct message_params *limits,
			 const struct message_pair *p, unsigned senders)
{
	double carried = (double)p->carried,
	       weight = carried >= MANY * (double)limits->bytes ? 0.6 : 0.5;
	finding_feature(f, "carried", carried, NAN, (double)limits->bytes, weight, weight,
			"%.0f bytes of encoded words, long names or no text in %llu messages",
			carried, (unsigned long long)p->carriers);
	finding_feature(f, "share", carried / (double)p->bytes, NAN, limits->share, 0, 0,
			"they are %.0f %% of all that was sent", 100 * carried / (double)p->bytes);
	double each = carried / (double)p->carriers;
	if ((p->key.app == APP_MQTT || p->key.app == APP_HTTP) && each < SMALL)
		finding_feature(f, "small", each, NAN, SMALL, 0.15, -0.15,
				"%.0f bytes each: states of things and sounds are sealed so", each);
	if (p->key.app == APP_SNMP || p->key.app == APP_DHCP)
		finding_feature(f, "misplaced", 1, NAN, NAN, 0.1, 0.1,
				"%s is a protocol of inside networks",
				p->key.app == APP_SNMP ? "SNMP" : "DHCP");
	if (senders >= CROWD)
		finding_feature(f, "crowd", senders, NAN, CROWD, 0.2, -0.2,
				"%u hosts or more send to it", senders);
}

/* What is known of HTTP here is said in a WebSocket. */
static const char *carrier_of(const struct message_pair *p)
{
	if (p->key.app == APP_OTHER)
		return "a text over TCP";
	return p->key.app == APP_HTTP ? "WebSocket" : app_name((enum app)p->key.app);
}

static void tell(struct message_state *s, const struct detect_env *env, struct message_pair *p,
		 const struct event *e, unsigned senders)
{
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX];
	struct finding f;
	step_begin(&f, &rule, env, e);
	add_features(&f, s->params, p, senders);
	double score = step_score(&f);
	enum severity severity = step_severity(score);
	if (severity <= p->told)
		return;
	p->told = (uint8_t)severity;
	s->findings++;
	step_ends(&f, from, to);
	f.start_ns = p->first_ns;
	f.subject.bytes = p->bytes;
	f.count = p->messages;
	f.packet_count = 0;
	for (unsigned i = 0; i < p->packet_count; i++)
		finding_packet(&f, p->packets[i]);
	finding_text(f.message, sizeof(f.message),
		     "%s sent %s %llu bytes of data in %llu messages of %s", from, to,
		     (unsigned long long)p->carried, (unsigned long long)p->carriers,
		     carrier_of(p));
	finding_text(f.not_harmless, sizeof(f.not_harmless),
		     "Such messages hold words and numbers; here most of them is encoded, or no "
		     "text, and each is another one");
	finding_text(f.counterfactual, sizeof(f.counterfactual),
		     "silent below %llu bytes within %llu s, or if they were less than %.0f %% of "
		     "all that was sent",
		     (unsigned long long)s->params->bytes, (unsigned long long)s->params->window_s,
		     100 * s->params->share);
	step_raise(&f, env);
}

/* NULL: nobody that counts, or no room. */
static struct message_pair *pair_of(struct message_state *s, const struct detect_env *env,
				    const struct event *e)
{
	struct message_key key;
	bool is_new;
	memset(&key, 0, sizeof(key));
	key.client = e->src;
	key.server = e->dst;
	key.app = e->app;
	key.tunnel_key = e->tunnel_key;
	struct message_pair *p = table_get(&s->pairs, &key, &is_new);
	if (p && (is_new || env->steady_ns - p->begin_ns > s->params->window_s * 1000000000ull)) {
		memset((uint8_t *)p + sizeof(p->key), 0, sizeof(*p) - sizeof(p->key));
		p->begin_ns = env->steady_ns;
		p->first_ns = e->time_ns;
	}
	return p;
}

static void on_event(void *state, const struct detect_env *env, const struct event *e)
{
	struct message_state *s = state;
	const struct event_carrier *c = (const struct event_carrier *)e;
	struct dest d;
	if (e->from_server || dest_is_nobody(env, e))
		return;
	dest_of(&d, env, e, NULL, 0);
	if (d.is_inside || dest_is_ordinary(d.service, d.sanction))
		return;
	struct message_pair *p = pair_of(s, env, e);
	if (!p)
		return;
	unsigned senders = dest_crowd_of(&s->crowds, env, d.key, &e->src);
	p->messages++;
	p->bytes += c->payload_len;
	if (!c->carried_len || !note(p, c->carried_hash))
		return;
	p->carriers++;
	p->carried += c->carried_len;
	if (p->packet_count < PACKETS && e->packet)
		p->packets[p->packet_count++] = e->packet;
	if (p->carried >= s->params->bytes &&
	    (double)p->carried >= s->params->share * (double)p->bytes)
		tell(s, env, p, e, senders);
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct message_state *s = state;
	ret->entries = s->pairs.stats.entries;
	ret->evictions = s->pairs.stats.evictions;
	ret->findings = s->findings;
	ret->worst_case_bytes =
		table_worst_case(s->pairs.stats.capacity, sizeof(struct message_pair)) +
		table_worst_case(s->crowds.stats.capacity, sizeof(struct dest_crowd));
}

const struct detector message_channel_detector = {
	.name = "message_channel",
	.title = "Data in messages of another service",
	.idea = "Encoded words or bytes that are no text make up most of what a host sends outside in "
		"messages of syslog, SIP, SNMP, DHCP, MQTT, IRC, WebSocket or a text over TCP",
	.params = params,
	.params_size = sizeof(struct message_params),
	.state_size = sizeof(struct message_state),
	.wants = 1ull << EVENT_CARRIER,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.counters = counters,
};
