/*
 * detect/staged_theft/staged_theft.c - fetched from a server inside, then sent out.
 *
 * Idea: who steals collects first (T1039, T1213), packs, and sends (T1041, T1567).  For each host
 * what it fetches from inside servers and what it pushes to each destination outside is kept in one
 * go each; a push that follows a pull and is about as large is told with server, share, ratio and
 * delay (judge.c).  It is a link by host, order and size, not by content.
 * Evasion: a second host that sends; packing to less than a twentieth; a week between the two.
 * False alarms: people who fetch a file and send it to a customer; sanctioned and usual uploads
 * weigh less.
 */
#include "staged_theft.h"

#include <math.h>
#include <string.h>

#include "exfild/base/table.h"
#include "exfild/event/keep.h"

#define SECOND_NS     1000000000ull
#define GAP_NS        (86400 * SECOND_NS) /* ends what is done in one go */
#define PULL_SLICE    1048576             /* smaller connections are not collecting */
#define PUSH_SLICE    16384
#define FTP_DATA_PORT 20
#define AGAIN         0.05 /* told again when the score has grown by so much */

struct pulled_flow {
	uint64_t id;
	uint64_t seen;
};

struct state {
	const struct staged_params *params;
	struct table hosts, pushes, flows;
	uint64_t findings;
};

static const struct param params[] = {
	{ "least_pull", PARAM_UINT, offsetof(struct staged_params, least_pull), 1e5, 1e13, 5e6,
	  "bytes", "What is fetched from one server, at least" },
	{ "least_push", PARAM_UINT, offsetof(struct staged_params, least_push), 1e5, 1e13, 2e6,
	  "bytes", "What is sent to one destination, at least" },
	{ "window", PARAM_DURATION, offsetof(struct staged_params, window_s), 600, 30 * 86400.0,
	  7 * 86400.0, "", "Longest time between the end of the one and the begin of the other" },
	PARAM_END
};

static uint32_t host_evidence(const void *entry)
{
	const struct staged_host *h = entry;
	uint64_t most = 0;
	for (unsigned i = 0; i < STAGED_PULLS; i++)
		most = h->pulls[i].bytes > most ? h->pulls[i].bytes : most;
	return (uint32_t)fmin((double)most / 1024, 4e9);
}

static uint32_t push_evidence(const void *entry)
{
	const struct staged_push *p = entry;
	return p->told > 0 ? UINT32_MAX : (uint32_t)fmin((double)p->up / 1024, 4e9);
}

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct state *s = state;
	s->params = parameters;
	struct table_config config = { .capacity = env->max_hosts / 4 ? env->max_hosts / 4 : 1,
				       .entry_size = sizeof(struct staged_host),
				       .key_size = sizeof(struct baseline_key),
				       .key = env->key,
				       .evidence = host_evidence };
	int r = table_init(&s->hosts, &config);
	config.entry_size = sizeof(struct pulled_flow);
	config.key_size = sizeof(uint64_t);
	config.evidence = NULL;
	r = r ? r : table_init(&s->flows, &config);
	config.capacity = env->max_pairs / 16 ? env->max_pairs / 16 : 1;
	config.entry_size = sizeof(struct staged_push);
	config.key_size = offsetof(struct staged_push, first_ns);
	config.evidence = push_evidence;
	return r ? r : table_init(&s->pushes, &config);
}

static void deinit(void *state)
{
	struct state *s = state;
	table_deinit(&s->hosts);
	table_deinit(&s->flows);
	table_deinit(&s->pushes);
}

static struct baseline_key host_key(const struct ipaddr *a, uint32_t tunnel_key)
{
	struct baseline_key key;
	memset(&key, 0, sizeof(key));
	key.address = *a;
	key.tunnel_key = tunnel_key;
	return key;
}

static struct staged_host *host_get(struct state *s, const struct ipaddr *a, uint32_t tunnel_key)
{
	struct baseline_key key = host_key(a, tunnel_key);
	bool is_new;
	return table_get(&s->hosts, &key, &is_new);
}

/* A moment of packet time as steady time; an event may come long after what it tells. */
static uint64_t steady_of(const struct detect_env *env, uint64_t packet_ns)
{
	uint64_t age_ns = env->now_ns > packet_ns ? env->now_ns - packet_ns : 0;
	return env->steady_ns > age_ns ? env->steady_ns - age_ns : 1;
}

/* The server's pull that runs, or the place of the smallest one. */
static struct staged_pull *pull_of(struct staged_host *h, const struct detect_env *env,
				   const struct ipaddr *server)
{
	struct staged_pull *least = &h->pulls[0];
	for (unsigned i = 0; i < STAGED_PULLS; i++) {
		struct staged_pull *p = &h->pulls[i];
		if (p->first_ns && ipaddr_equal(&p->server, server) &&
		    env->steady_ns - p->last_ns < GAP_NS)
			return p;
		if (p->bytes < least->bytes)
			least = p;
	}
	memset(least, 0, sizeof(*least));
	least->server = *server;
	least->first_ns = least->last_ns = env->steady_ns;
	return least;
}

static bool is_store(unsigned app)
{
	switch (app) {
	case APP_SMB:
	case APP_NFS:
	case APP_FTP:
	case APP_TFTP:
	case APP_RSYNC:
	case APP_SSH:
	case APP_HTTP:
	case APP_TLS:
	case APP_DATABASE:
		return true;
	default:
		return false;
	}
}

static void learn_day(struct staged_host *h, const struct detect_env *env, double bytes)
{
	uint64_t day = env->now_ns / BASELINE_DAY_NS + 1;
	if (h->day && day > h->day) {
		usual_add(
			&h->usual, h->day_pull,
			baseline_trust(env->context, context_baseline(env->context, &h->key.address,
								      h->key.tunnel_key)));
		h->day_pull = 0;
	}
	h->day = day > h->day ? day : h->day;
	h->day_pull += bytes;
}

/* What was counted of the flow before; ends with it. */
static uint64_t fresh(struct state *s, const struct event *e, uint64_t bytes)
{
	uint64_t id = e->flow;
	bool is_new;
	struct pulled_flow *f = table_find(&s->flows, &id);
	uint64_t seen = f ? f->seen : 0;
	if (e->kind == EVENT_FLOW_END) {
		if (f)
			table_remove(&s->flows, f);
	} else {
		f = f ? f : table_get(&s->flows, &id, &is_new);
		if (f)
			f->seen = bytes;
	}
	return bytes > seen ? bytes - seen : 0;
}

static void on_inside_flow(struct state *s, const struct detect_env *env,
			   const struct event_flow *f)
{
	const struct event *e = &f->e;
	/* FTP's server opens the data connection itself */
	unsigned server = e->sport == FTP_DATA_PORT ? 0 : 1;
	if (f->payload[server] < PULL_SLICE || !(is_store(e->app) || server == 0) ||
	    !context_is_inside(env->context, &e->src, e->tunnel_id) ||
	    !context_is_inside(env->context, &e->dst, e->tunnel_id))
		return;
	uint64_t bytes = fresh(s, e, f->payload[server]);
	struct staged_host *h = host_get(s, server ? &e->src : &e->dst, e->tunnel_key);
	if (!bytes || !h)
		return;
	struct staged_pull *p = pull_of(h, env, server ? &e->dst : &e->src);
	uint64_t first_ns = steady_of(env, f->first_ns);
	p->first_ns = p->bytes && p->first_ns < first_ns ? p->first_ns : first_ns;
	p->bytes += bytes;
	p->last_ns = steady_of(env, f->last_ns);
	p->app = e->app;
	p->packet = p->packet ? p->packet : e->packet;
	learn_day(h, env, (double)bytes);
}

/* The share that was read, for the words. */
static void on_smb(struct state *s, const struct detect_env *env, const struct event_smb *e)
{
	if (e->act != SMB_CLOSE || e->is_pipe || e->read < PUSH_SLICE || !e->share.off ||
	    !context_is_inside(env->context, &e->e.dst, e->e.tunnel_id))
		return;
	struct staged_host *h = host_get(s, &e->e.src, e->e.tunnel_key);
	if (!h)
		return;
	struct staged_pull *p = pull_of(h, env, &e->e.dst);
	(void)step_string(p->share, sizeof(p->share), &e->e, &e->share);
}

static void note_packed(struct state *s, const struct detect_env *env, const struct event *e,
			unsigned type)
{
	bool is_packed =
		type == FILE_ARCHIVE || type == FILE_ENCRYPTED || type == FILE_HIGH_ENTROPY;
	struct baseline_key key = host_key(&e->src, e->tunnel_key);
	struct staged_host *h = is_packed ? table_find(&s->hosts, &key) : NULL;
	if (!h)
		return;
	h->packed_ns = env->steady_ns;
	h->packed_type = type;
}

static struct staged_push *push_of(struct state *s, const struct detect_env *env,
				   const struct context_upload *u)
{
	struct staged_push key;
	bool is_new;
	memset(&key, 0, sizeof(key));
	key.src = u->src;
	key.dest = u->dest_hash;
	key.tunnel_key = u->flow->e.tunnel_key;
	struct staged_push *p = table_get(&s->pushes, &key, &is_new);
	if (p && (is_new || env->steady_ns - p->last_ns >= GAP_NS)) {
		memset((uint8_t *)p + offsetof(struct staged_push, first_ns), 0,
		       sizeof(*p) - offsetof(struct staged_push, first_ns));
		p->first_ns = steady_of(env, u->flow->first_ns);
	}
	return p;
}

static void on_upload(struct state *s, const struct detect_env *env, const struct context_upload *u)
{
	struct baseline_key key = host_key(&u->src, u->flow->e.tunnel_key);
	const struct staged_host *h = table_find(&s->hosts, &key);
	struct staged_match m;
	if (!h || u->up < PUSH_SLICE)
		return;
	struct staged_push *p = push_of(s, env, u);
	if (!p)
		return;
	p->up += u->up;
	p->down += u->down;
	p->last_ns = steady_of(env, u->flow->last_ns);
	if (!staged_judge(s->params, env, h, p, u, &m) || m.score < p->told + AGAIN)
		return;
	p->told = m.score;
	s->findings++;
	staged_explain(s->params, env, u, &m);
}

static void on_event(void *state, const struct detect_env *env, const struct event *e)
{
	struct state *s = state;
	const struct context_upload *u = context_upload(env->context);
	switch (e->kind) {
	case EVENT_FLOW_PROGRESS:
	case EVENT_FLOW_END:
		if (u)
			on_upload(s, env, u);
		else
			on_inside_flow(s, env, (const struct event_flow *)e);
		break;
	case EVENT_SMB:
		on_smb(s, env, (const struct event_smb *)e);
		note_packed(s, env, e, ((const struct event_smb *)e)->file_type);
		break;
	case EVENT_FILE:
		note_packed(s, env, e, ((const struct event_file *)e)->type);
		break;
	case EVENT_HTTP_BODY:
		if (!((const struct event_http_body *)e)->is_response)
			note_packed(s, env, e, ((const struct event_http_body *)e)->type);
		break;
	default:
		break;
	}
}

#define KEEP_PULL(i_)                                                     \
 KEEP(U8, struct staged_host, pulls[i_].server),                          \
	 KEEP(U64, struct staged_host, pulls[i_].first_ns),               \
	 KEEP(U64, struct staged_host, pulls[i_].last_ns),                \
	 KEEP(U64, struct staged_host, pulls[i_].bytes),                  \
	 KEEP_TO(U32, struct staged_host, pulls[i_].app, APP__COUNT - 1), \
	 KEEP(TEXT, struct staged_host, pulls[i_].share)

static const struct keep_field host_fields[] = {
	KEEP(U8, struct staged_host, key.address),
	KEEP(U32, struct staged_host, key.tunnel_key),
	KEEP_PULL(0),
	KEEP_PULL(1),
	KEEP_PULL(2),
	KEEP_PULL(3),
	KEEP_PULL(4),
	KEEP_PULL(5),
	KEEP_PULL(6),
	KEEP_PULL(7),
	KEEP(U64, struct staged_host, day),
	KEEP(F64, struct staged_host, day_pull),
	KEEP(F32, struct staged_host, usual),
	KEEP(U64, struct staged_host, packed_ns),
	KEEP_TO(U32, struct staged_host, packed_type, FILE__COUNT - 1),
	KEEP_LAST,
};

static const struct keep_field push_fields[] = {
	KEEP(U8, struct staged_push, src),
	KEEP(U64, struct staged_push, dest),
	KEEP(U64, struct staged_push, tunnel_key),
	KEEP(U64, struct staged_push, first_ns),
	KEEP(U64, struct staged_push, last_ns),
	KEEP(U64, struct staged_push, up),
	KEEP(U64, struct staged_push, down),
	KEEP(F64, struct staged_push, told),
	KEEP_LAST,
};

static void keep(void *state, struct keep_list *list)
{
	struct state *s = state;
	const struct keep_part hosts = { .name = "staged_theft.hosts",
					 .version = 1,
					 .table = &s->hosts,
					 .fields = host_fields };
	const struct keep_part pushes = { .name = "staged_theft.pushes",
					  .version = 1,
					  .table = &s->pushes,
					  .fields = push_fields };
	keep_add(list, &hosts);
	keep_add(list, &pushes);
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct state *s = state;
	ret->entries = s->hosts.stats.entries + s->pushes.stats.entries;
	ret->evictions = s->hosts.stats.evictions + s->pushes.stats.evictions;
	ret->evicted_with_evidence =
		s->hosts.stats.evicted_with_evidence + s->pushes.stats.evicted_with_evidence;
	ret->findings = s->findings;
	ret->worst_case_bytes =
		table_worst_case(s->hosts.stats.capacity, sizeof(struct staged_host)) +
		table_worst_case(s->flows.stats.capacity, sizeof(struct pulled_flow)) +
		table_worst_case(s->pushes.stats.capacity, sizeof(struct staged_push));
}

const struct detector staged_theft_detector = {
	.name = "staged_theft",
	.title = "Fetched inside, then sent out",
	.idea = "A push to the outside follows a pull from an inside server and is about as large: a "
		"link by host, order and size",
	.params = params,
	.params_size = sizeof(struct staged_params),
	.state_size = sizeof(struct state),
	.wants = 1ull << EVENT_FLOW_PROGRESS | 1ull << EVENT_FLOW_END | 1ull << EVENT_SMB |
		 1ull << EVENT_FILE | 1ull << EVENT_HTTP_BODY,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.keep = keep,
	.counters = counters,
};
