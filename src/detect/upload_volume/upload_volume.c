/*
 * detect/upload_volume/upload_volume.c - more goes out than a destination of its kind explains.
 *
 * Idea: for each sender and destination (the registered domain where a name is known, else the
 * address) application bytes up and down are added up with decay, while flows run; the kind of
 * destination and the protocol set a floor, the producer/consumer ratio tells a push from a
 * conversation (rules.c).  What a pair of sender and destination does on its usual days raises the
 * floor, once it is learnt (usual.c); what is spread over many destinations is added up (spread.c).
 * Only what leaves counts (context/upload.c).
 * Evasion: less than a floor in two weeks, or unevenly; downloads from there in between; a
 * destination that takes as much every day.  False alarms: agreed uploads that are not usual yet.
 */
#include "upload_volume.h"

#include <math.h>
#include <string.h>

#define PROTO_TCP    6
#define MB           1000000.0
#define GROWTH       4 /* told again when it is so many times as much */
#define CHUNK_MIN    32768
#define FORGET_BYTES 65536.0

#define FLOOR(rule, text, mb, help_text)                                                      \
 {                                                                                            \
  text, PARAM_UINT, offsetof(struct volume_params, floor[rule]), 1e4, 1e13, (mb)*MB, "bytes", \
	  help_text                                                                           \
 }

static const struct param params[] = {
	FLOOR(RULE_FILE_DROP, "file_drop_bytes", 1, "Upload a day to anonymous file sharing"),
	FLOOR(RULE_PASTE, "paste_bytes", 1, "Upload a day to a paste site"),
	FLOOR(RULE_CHAT, "chat_bytes", 5, "Upload a day to a chat service"),
	FLOOR(RULE_TUNNEL, "tunnel_bytes", 5, "Upload a day to a tunnel service"),
	FLOOR(RULE_STORAGE, "storage_bytes", 50, "Upload a day to cloud storage"),
	FLOOR(RULE_CODE, "code_bytes", 50, "Upload a day to code hosting"),
	FLOOR(RULE_WEBMAIL, "webmail_bytes", 50, "Upload a day to a mail service"),
	FLOOR(RULE_AI, "ai_bytes", 20, "Upload a day to an AI service"),
	FLOOR(RULE_REMOTE, "remote_bytes", 200, "Upload a day by remote control"),
	FLOOR(RULE_CLOUD, "cloud_bytes", 500, "Upload a day to a cloud platform"),
	FLOOR(RULE_SERVICE, "service_bytes", 500, "Upload a day to any other known service"),
	FLOOR(RULE_NAMED, "named_bytes", 10, "Upload a day to a name that no list knows"),
	FLOOR(RULE_ADDRESS, "address_bytes", 10, "Upload a day to an address without a name"),
	FLOOR(RULE_PUSH, "push_bytes", 0.5,
	      "The same in an unknown protocol with hardly an answer"),
	FLOOR(RULE_SSH, "ssh_bytes", 5, "Upload a day by SSH, scp or sftp"),
	FLOOR(RULE_TRANSFER, "transfer_bytes", 1, "Upload a day by FTP, TFTP, rsync, SMB or NFS"),
	FLOOR(RULE_MAIL, "mail_bytes", 30, "Mail sent in a day"),
	FLOOR(RULE_VPN, "vpn_bytes", 200, "Upload a day through a VPN"),
	FLOOR(RULE_TOR, "tor_bytes", 5, "Upload a day through Tor"),
	FLOOR(RULE_PEERS, "peers_bytes", 1000, "Upload a day to one peer of BitTorrent"),
	FLOOR(RULE_VOICE, "voice_bytes", 1000, "Voice and video sent in a day, little coming back"),
	FLOOR(RULE_SMALL, "small_bytes", 2, "Upload a day by DNS, NTP and their like"),
	{ "memory", PARAM_DURATION, offsetof(struct volume_params, memory_s), 3600, 7 * 86400.0,
	  86400, "", "Half-life of the sum that is held against the floor" },
	{ "slow_memory", PARAM_DURATION, offsetof(struct volume_params, slow_memory_s), 86400,
	  90 * 86400.0, 14 * 86400.0, "", "Half-life of the sum for slow uploads" },
	{ "slow_times", PARAM_DOUBLE, offsetof(struct volume_params, slow_times), 1, 100, 5, "",
	  "Floor of the slow sum, in floors of the day" },
	{ "sanctioned_times", PARAM_DOUBLE, offsetof(struct volume_params, sanctioned_times), 1,
	  1e6, 10, "", "How much higher the floor of a sanctioned service is" },
	{ "known_times", PARAM_DOUBLE, offsetof(struct volume_params, known_times), 1, 1e6, 3, "",
	  "How much higher the floor is where four inside hosts send" },
	{ "quiet_times", PARAM_DOUBLE, offsetof(struct volume_params, quiet_times), 0.001, 1, 0.1,
	  "", "How much lower the floor is for a host that never sends a megabyte a day" },
	{ "high_times", PARAM_DOUBLE, offsetof(struct volume_params, high_times), 1, 1e6, 8, "",
	  "Floors from which the severity is one step higher" },
	PARAM_END
};

static uint32_t pair_evidence(const void *entry)
{
	const struct volume_pair *p = entry;
	return p->told_severity ? UINT32_MAX : (uint32_t)fmin(p->slow_up.value / 1024, 4e9);
}

static void on_evict(void *arg, void *entry);

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct volume_state *s = state;
	uint32_t pairs = env->max_pairs / 4 ? env->max_pairs / 4 : 1;
	s->params = parameters;
	s->env = env;
	struct table_config config = { .capacity = pairs,
				       .entry_size = sizeof(struct volume_pair),
				       .key_size = sizeof(struct pair_key),
				       .key = env->key,
				       .evidence = pair_evidence,
				       .on_evict = on_evict,
				       .arg = s };
	int err = table_init(&s->pairs, &config);
	if (err)
		return err;
	return volume_spread_init(s, env);
}

static void deinit(void *state)
{
	struct volume_state *s = state;
	table_deinit(&s->pairs);
	table_deinit(&s->spreads);
}

/* The other direction goes another way: what came back is unknown. */
static bool is_blind(const struct detect_env *env, const struct event_flow *f)
{
	if (!f->one_sided || f->e.proto == PROTO_TCP)
		return false;
	return env->one_sided || (f->e.app != APP_UNKNOWN && f->e.app != APP_OTHER);
}

static struct volume_pair *find_pair(struct volume_state *s, const struct detect_env *env,
				     const struct upload *u)
{
	struct pair_key key;
	bool is_new;
	memset(&key, 0, sizeof(key));
	key.src = u->at.src;
	key.dest = u->at.dest_hash;
	key.tunnel_key = u->at.flow->e.tunnel_key;
	key.rule = (uint32_t)u->rule;
	struct volume_pair *p = table_get(&s->pairs, &key, &is_new);
	if (!p)
		return NULL;
	double half_life = (double)s->params->slow_memory_s;
	/* so little is left that the story begins anew */
	bool is_gone = decayed_at(&p->slow_up, env->steady_ns, half_life) < FORGET_BYTES &&
		       (double)p->total_up > 8 * FORGET_BYTES;
	if (is_gone)
		memset((uint8_t *)p + sizeof(key), 0, sizeof(*p) - sizeof(key));
	if (is_new || is_gone)
		p->first_ns = u->at.flow->first_ns;
	return p;
}

static void add(struct volume_state *s, const struct detect_env *env, struct volume_pair *p,
		const struct upload *u)
{
	double day = (double)s->params->memory_s, slow = (double)s->params->slow_memory_s;
	const struct event_flow *f = u->at.flow;
	decayed_add(&p->up, env->steady_ns, day, (double)u->at.up);
	decayed_add(&p->down, env->steady_ns, day, (double)u->at.down);
	decayed_add(&p->slow_up, env->steady_ns, slow, (double)u->at.up);
	decayed_add(&p->slow_down, env->steady_ns, slow, (double)u->at.down);
	p->total_up += u->at.up;
	p->total_down += u->at.down;
	p->packets_up += u->at.packets_up;
	p->packets_down += u->at.packets_down;
	p->last_ns = f->last_ns > p->last_ns ? f->last_ns : p->last_ns;
	if (p->packet_count < PAIR_PACKETS && f->e.packet)
		p->packets[p->packet_count++] = f->e.packet;
	if (f->e.kind != EVENT_FLOW_END)
		return;
	uint64_t size = f->payload[0];
	p->flows++;
	if (size >= CHUNK_MIN) {
		uint64_t slack = p->chunk / 64;
		bool is_equal = size + slack >= p->chunk && size <= p->chunk + slack;
		p->chunks = is_equal ? p->chunks + 1 : 0;
		p->chunk = size;
	}
}

static void note_told(struct volume_state *s, const struct detect_env *env, struct volume_pair *p,
		      const struct event *e, const struct volume_verdict *v)
{
	p->told_up = v->up;
	p->told_severity = (uint8_t)v->severity;
	p->told = *e;
	p->told_total = p->total_up + p->total_down;
	p->is_told_late |= context_learning_left_ns(env->context) == 0;
	table_mark(&s->pairs, p);
	s->findings++;
}

static void on_event(void *state, const struct detect_env *env, const struct event *e)
{
	struct volume_state *s = state;
	const struct context_upload *at = context_upload(env->context);
	struct volume_verdict v;
	if (!at || is_blind(env, at->flow))
		return;
	struct upload u = { .at = *at };
	u.rule = volume_rule_of(&u);
	struct volume_pair *p = find_pair(s, env, &u);
	if (!p)
		return;
	volume_learn(env, p, &u);
	add(s, env, p, &u);
	if (!u.at.up)
		return;
	if (!volume_judge(s, env, p, &u, &v)) {
		volume_spread(s, env, &u, &v);
		return;
	}
	if (p->told_severity && v.up < GROWTH * p->told_up &&
	    (uint8_t)v.severity <= p->told_severity)
		return;
	note_told(s, env, p, e, &v);
	volume_explain(s, env, p, &u, &v);
}

/* What was told and has grown since. */
static void tell_totals(struct volume_state *s, const struct detect_env *env, struct volume_pair *p)
{
	struct event_flow f = { .e = p->told };
	struct volume_verdict v;
	if (!p->told_severity || p->total_up + p->total_down == p->told_total)
		return;
	p->told_total = p->total_up + p->total_down;
	bool is_back = !ipaddr_equal(&p->told.src, &p->key.src);
	struct upload u = { .at = { .flow = &f,
				    .src = p->key.src,
				    .dst = is_back ? p->told.src : p->told.dst,
				    .port = is_back ? p->told.sport : p->told.dport } };
	context_find_destination(env->context, &u.at);
	u.at.host = context_baseline(env->context, &u.at.src, p->key.tunnel_key);
	u.at.to = context_destination(env->context, u.at.dest_hash);
	u.rule = (enum volume_rule)p->key.rule;
	(void)volume_judge(s, env, p, &u, &v);
	v.is_update = true;
	v.severity = (enum severity)p->told_severity;
	volume_explain(s, env, p, &u, &v);
}

static void on_evict(void *arg, void *entry)
{
	struct volume_state *s = arg;
	tell_totals(s, s->env, entry);
}

/* Every minute, and at the end. */
static void tell_all_totals(void *state, const struct detect_env *env)
{
	struct volume_state *s = state;
	for (void *p = table_next_marked(&s->pairs, NULL); p; p = table_next_marked(&s->pairs, p))
		tell_totals(s, env, p);
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct volume_state *s = state;
	ret->entries = s->pairs.stats.entries;
	ret->evictions = s->pairs.stats.evictions;
	ret->evicted_with_evidence = s->pairs.stats.evicted_with_evidence;
	ret->findings = s->findings;
	ret->worst_case_bytes =
		table_worst_case(s->pairs.stats.capacity, sizeof(struct volume_pair)) +
		table_worst_case(s->spreads.stats.capacity, sizeof(struct spread_host));
}

const struct detector upload_volume_detector = {
	.name = "upload_volume",
	.title = "Upload of unusual size",
	.idea = "Adds up what each host sends to each destination, against what its kind of destination "
		"explains, and how little comes back",
	.params = params,
	.params_size = sizeof(struct volume_params),
	.state_size = sizeof(struct volume_state),
	.wants = 1ull << EVENT_FLOW_PROGRESS | 1ull << EVENT_FLOW_END,
	.init = init,
	.deinit = deinit,
	.tick_ns = DETECT_TOTALS_NS,
	.on_event = on_event,
	.on_tick = tell_all_totals,
	.on_end = tell_all_totals,
	.keep = volume_keep,
	.counters = counters,
};
