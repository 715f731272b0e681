/*
 * detect/admin_edges.c - a host administers another for the first time (T1021).
 *
 * Idea: who administers whom is stable: administrators have their hosts and servers, and most hosts
 * administer nobody.  After a week of learning a pair that is new for its protocol is worth a look,
 * more so from a host that has never administered any, with commands, or under another user than
 * the one who has logged in to that host within a day (Hopper, Ho et al., USENIX Security 2021: a
 * switch of credentials towards a new host).
 * Evasion: along pairs that exist; during the first week.  False alarms: new administrators and
 * servers are low; managers (context) are silent.
 */
#include <math.h>
#include <string.h>

#include "exfild/context/admin.h"
#include "principal.h"
#include "step.h"

#define DAY_NS      (86400 * 1000000000ull)
#define LEARN_NS    (7 * DAY_NS)
#define TOGETHER_NS (60 * 1000000000ull) /* protocols of one session come within this */

struct edge {
	struct ipaddr client, server;
	uint32_t tunnel_key, protocol;
	uint64_t first_ns, last_ns;
};

struct host {
	struct client_key key;
	uint64_t first_ns;   /* when it first administered, 0: never */
	uint64_t inbound_ns; /* latest log-in to it with a name */
	uint64_t inbound_user;
	uint64_t told_ns;
};

struct start {
	uint64_t since_ns; /* steady, of the first event; 0: none yet */
};

struct state {
	struct table edges, hosts;
	struct start start;
	uint64_t findings;
};

static const struct param params[] = { PARAM_END };

static const struct step_rule rule = {
	.detector = "admin_edges",
	.rule = "admin_edges",
	.title = "A host administers another for the first time",
	.class = FINDING_LATERAL,
	.techniques = { "T1021" },
	.tactic = "TA0008",
	.unseen = "pairs that went past the sensor, and who sat at the client",
	.next_steps = { "Ask whether the client's user administers the server",
			"Look at what the session did there" },
};

static uint32_t edge_evidence(const void *entry)
{
	const struct edge *e = entry;
	return (uint32_t)((e->last_ns - e->first_ns) / DAY_NS) + 1;
}

static uint32_t host_evidence(const void *entry)
{
	const struct host *h = entry;
	return (h->first_ns != 0) * 2u + (h->inbound_ns != 0);
}

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct state *s = state;
	(void)parameters;
	struct table_config edges = { .capacity = env->max_pairs / 16 ? env->max_pairs / 16 : 1,
				      .entry_size = sizeof(struct edge),
				      .key_size = offsetof(struct edge, first_ns),
				      .key = env->key,
				      .evidence = edge_evidence };
	struct table_config hosts = { .capacity = env->max_hosts / 8 ? env->max_hosts / 8 : 1,
				      .entry_size = sizeof(struct host),
				      .key_size = sizeof(struct client_key),
				      .key = env->key,
				      .evidence = host_evidence };
	int r = table_init(&s->edges, &edges);
	if (r == 0 && (r = table_init(&s->hosts, &hosts)) != 0)
		table_deinit(&s->edges);
	return r;
}

static void deinit(void *state)
{
	struct state *s = state;
	table_deinit(&s->edges);
	table_deinit(&s->hosts);
}

static struct host *host_of(struct state *s, const struct ipaddr *a, uint32_t tunnel_key)
{
	struct client_key key;
	bool is_new;
	memset(&key, 0, sizeof(key));
	key.client = *a;
	key.tunnel_key = tunnel_key;
	return table_get(&s->hosts, &key, &is_new);
}

static void tell(struct state *s, const struct detect_env *env, const struct event *e,
		 const struct admin_act *act, bool is_first, bool is_switch)
{
	struct finding f;
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX];
	const char *by = admin_protocol_name((enum admin_protocol)act->protocol);
	step_begin(&f, &rule, env, e);
	finding_feature(&f, "new_pair", 1, NAN, NAN, 0.2, 0.2,
			"the pair has not used %s since the sensor learns", by);
	if (is_first)
		finding_feature(&f, "first_time", 1, NAN, NAN, 0.2, 0.2,
				"the client has administered no host before");
	if (act->is_exec)
		finding_feature(&f, "commands", 1, NAN, NAN, 0.15, 0.15,
				"it had something carried out");
	if (is_switch)
		finding_feature(&f, "other_user", 1, NAN, NAN, 0.3, 0.3,
				"as another user than the one who logged in to the client last");
	step_ends(&f, from, to);
	finding_text(f.object, sizeof(f.object), "%s", by);
	finding_text(f.message, sizeof(f.message), "%s administers %s by %s for the first time%s",
		     from, to, by, is_first ? ", and is new to administering at all" : "");
	finding_text(f.not_harmless, sizeof(f.not_harmless),
		     "who administers whom is stable: the sensor has learnt for %llu days, and has "
		     "not seen this",
		     (unsigned long long)((env->steady_ns - s->start.since_ns) / DAY_NS));
	finding_text(
		f.counterfactual, sizeof(f.counterfactual),
		"silent had the pair done so before, within the first 7 days, or did the client "
		"administer several hosts on several days");
	finding_packet(&f, e->packet);
	s->findings++;
	step_raise(&f, env);
}

static void take_act(struct state *s, const struct detect_env *env, const struct event *e,
		     const struct admin_act *act)
{
	struct edge key;
	bool is_new;
	memset(&key, 0, sizeof(key));
	key.client = act->client;
	key.server = act->server;
	key.tunnel_key = e->tunnel_key;
	key.protocol = act->protocol;
	struct edge *edge = table_get(&s->edges, &key, &is_new);
	struct host *client = host_of(s, &act->client, e->tunnel_key);
	if (!edge || !client)
		return;
	edge->last_ns = env->steady_ns;
	bool is_first = client->first_ns == 0;
	uint64_t user = act->user.off ? principal_hash(env, e, &act->user) : 0;
	if (is_first)
		client->first_ns = env->steady_ns;
	if (!is_new)
		return;
	edge->first_ns = env->steady_ns;
	bool is_learning = env->steady_ns - s->start.since_ns < LEARN_NS;
	bool is_told = client->told_ns && env->steady_ns - client->told_ns < TOGETHER_NS;
	if (is_learning || is_told || context_roles(env->context, &act->client) & ROLE_MANAGER)
		return;
	bool is_switch = user && client->inbound_user && user != client->inbound_user &&
			 env->steady_ns - client->inbound_ns < DAY_NS;
	client->told_ns = env->steady_ns;
	tell(s, env, e, act, is_first, is_switch);
}

/* Who has logged in to a host: the user that its next session may be compared with. */
static void note_user(struct state *s, const struct detect_env *env, const struct event_login *e)
{
	if (e->outcome != LOGIN_SUCCESS || !e->user.off || principal_is_machine(&e->e, &e->user))
		return;
	struct host *server = host_of(s, &e->e.dst, e->e.tunnel_key);
	if (!server)
		return;
	server->inbound_ns = env->steady_ns;
	server->inbound_user = principal_hash(env, &e->e, &e->user);
}

static void on_event(void *state, const struct detect_env *env, const struct event *event)
{
	struct state *s = state;
	struct admin_act act;
	if (!s->start.since_ns)
		s->start.since_ns = env->steady_ns;
	if (!context_is_inside(env->context, &event->src, event->tunnel_id) ||
	    !context_is_inside(env->context, &event->dst, event->tunnel_id))
		return;
	if (admin_act_read(event, &act) && act.protocol != ADMIN_NONE)
		take_act(s, env, event, &act);
	if (event->kind == EVENT_LOGIN)
		note_user(s, env, (const struct event_login *)event);
}

static const struct keep_field edge_fields[] = {
	KEEP(U8, struct edge, client),
	KEEP(U8, struct edge, server),
	KEEP(U32, struct edge, tunnel_key),
	KEEP_TO(U32, struct edge, protocol, ADMIN__COUNT - 1),
	KEEP(U64, struct edge, first_ns),
	KEEP(U64, struct edge, last_ns),
	KEEP_LAST,
};

static const struct keep_field host_fields[] = {
	KEEP(U8, struct host, key.client),    KEEP(U32, struct host, key.tunnel_key),
	KEEP(U64, struct host, first_ns),     KEEP(U64, struct host, inbound_ns),
	KEEP(U64, struct host, inbound_user), KEEP_LAST,
};

static const struct keep_field start_fields[] = { KEEP(U64, struct start, since_ns), KEEP_LAST };

static void keep(void *state, struct keep_list *list)
{
	struct state *s = state;
	const struct keep_part edges = { .name = "admin_edges.edges",
					 .version = 1,
					 .owner = s,
					 .table = &s->edges,
					 .fields = edge_fields };
	const struct keep_part hosts = { .name = "admin_edges.hosts",
					 .version = 1,
					 .owner = s,
					 .table = &s->hosts,
					 .fields = host_fields };
	const struct keep_part start = { .name = "admin_edges.start",
					 .version = 1,
					 .owner = &s->start,
					 .fields = start_fields };
	keep_add(list, &edges);
	keep_add(list, &hosts);
	keep_add(list, &start);
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct state *s = state;
	ret->entries = s->edges.stats.entries + s->hosts.stats.entries;
	ret->evictions = s->edges.stats.evictions + s->hosts.stats.evictions;
	ret->evicted_with_evidence =
		s->edges.stats.evicted_with_evidence + s->hosts.stats.evicted_with_evidence;
	ret->findings = s->findings;
	ret->worst_case_bytes = table_worst_case(s->edges.stats.capacity, sizeof(struct edge)) +
				table_worst_case(s->hosts.stats.capacity, sizeof(struct host));
}

const struct detector admin_edges_detector = {
	.name = "admin_edges",
	.title = "A host administers another for the first time",
	.idea = "Learns for a week who administers whom by which protocol, then tells of new pairs",
	.params = params,
	.params_size = 8,
	.state_size = sizeof(struct state),
	.wants = ADMIN_WANTS & ~(1ull << EVENT_FILE),
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.keep = keep,
	.counters = counters,
};
