/*
 * detect/rogue_dhcp/rogue_dhcp.c - a second server gives addresses on a link, and other ways out
 * (T1557.003).
 *
 * Idea: who answers DHCP says which router, resolver and proxy a host will use.  A link has one
 * server, or several of one mind.  A second one that answers the same question (same transaction,
 * same host), or gives addresses of the same network, and names another router or resolver, puts
 * itself in between (Responder, ettercap, Yersinia).  By IPv6, which many links do not use and all
 * Windows hosts ask for, mitm6 gives link-local addresses, which no server has to give, and names
 * itself as the resolver; one that gives others is told by what IPv4 told the same host
 * (families.c).
 * Evasion: silencing the other server first and giving what it gave.
 * False alarms: a home router or a test network plugged in by mistake, which is worth knowing.
 */
#include "rogue_dhcp.h"

#include <math.h>
#include <string.h>

#define RACE_NS (10 * SECOND_NS)
#define ANSWERS 64 /* recent, to find two of one question */
#define SERVERS 256u

struct answer {
	uint64_t steady_ns;
	uint32_t transaction, tunnel_key;
	uint8_t mac[6], pad[2];
	struct ipaddr server;
};

struct dhcp_params {
	uint64_t again_s;
};

struct state {
	const struct dhcp_params *params;
	struct table servers;
	struct table leases; /* struct dhcp_given */
	struct answer answers[ANSWERS];
	unsigned next;
	uint64_t findings;
};

static const struct param params[] = {
	{ "again", PARAM_DURATION, offsetof(struct dhcp_params, again_s), 60, 604800, 86400, "",
	  "How long a server that was told of is not told of again" },
	PARAM_END
};

static const struct step_rule rule = {
	.detector = "rogue_dhcp",
	.rule = "rogue_dhcp",
	.title = "A second server gives addresses and other ways out",
	.class = FINDING_LATERAL,
	.techniques = { "T1557.003" },
	.tactic = "TA0006",
	.unseen = "links that the sensor is not on, and what passes through the host named",
	.next_steps = { "Find the switch port of the server and take it off the network",
			"Have the hosts that it served ask again for an address",
			"Switch on DHCP snooping, and RA and DHCPv6 guard, where the switches have "
			"them" },
};

static uint32_t evidence(const void *entry)
{
	const struct server *s = entry;
	return s->severity + 1u;
}

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct state *s = state;
	s->params = parameters;
	struct table_config config = { .capacity = SERVERS,
				       .entry_size = sizeof(struct server),
				       .key_size = offsetof(struct server, first_ns),
				       .key = env->key,
				       .evidence = evidence };
	int rc = table_init(&s->servers, &config);
	return rc ? rc : families_init(&s->leases, env);
}

static void deinit(void *state)
{
	struct state *s = state;
	table_deinit(&s->servers);
	table_deinit(&s->leases);
}

static const struct keep_field fields[] = {
	KEEP(U8, struct server, address),     KEEP(U32, struct server, tunnel_key),
	KEEP(U32, struct server, vlan),       KEEP(U64, struct server, first_ns),
	KEEP(U64, struct server, steady_ns),  KEEP(U64, struct server, told_ns),
	KEEP(U8, struct server, router),      KEEP(U8, struct server, resolver),
	KEEP(U8, struct server, network),     KEEP(U8, struct server, severity),
	KEEP(BOOL, struct server, has_proxy), KEEP_LAST,
};

static bool took(void *owner, void *entry)
{
	const struct server *s = entry;
	(void)owner;
	return severity_is_known(s->severity);
}

static void keep(void *state, struct keep_list *list)
{
	struct state *s = state;
	const struct keep_part part = { .name = "rogue_dhcp.servers",
					.version = 1,
					.owner = s,
					.table = &s->servers,
					.fields = fields,
					.took = took };
	keep_add(list, &part);
}

/* ---- the finding ---- */

/* Two that both tell something, and not the same. */
static bool differs(const struct ipaddr *a, const struct ipaddr *b)
{
	return !ipaddr_is_unspecified(a) && !ipaddr_is_unspecified(b) && !ipaddr_equal(a, b);
}

static void add_other(const struct server *mine, const struct server *other, bool is_race,
		      struct finding *f)
{
	char text[IPADDR_TEXT_MAX];
	ipaddr_print(&other->address, text, sizeof(text));
	finding_feature(f, "second", 2, 1, NAN, 0.3, 0.3, "%s %s", text,
			is_race ? "answered the same question" :
				  "gives addresses of the same network");
	finding_related(f, &other->address);
	if (differs(&mine->router, &other->router)) {
		ipaddr_print(&mine->router, text, sizeof(text));
		finding_feature(f, "router", 1, NAN, NAN, 0.25, 0.25, "it names another router, %s",
				text);
		if (ipaddr_equal(&mine->router, &mine->address))
			finding_feature(f, "itself", 1, NAN, NAN, 0.1, 0.1,
					"the router that it names is itself");
	}
	if (differs(&mine->resolver, &other->resolver)) {
		ipaddr_print(&mine->resolver, text, sizeof(text));
		finding_feature(f, "resolver", 1, NAN, NAN, 0.15, 0.15,
				"it names another resolver, %s", text);
	}
	if (mine->has_proxy && !other->has_proxy)
		finding_feature(f, "proxy", 1, NAN, NAN, 0.15, 0.15,
				"it says where browsers find their proxy, the other does not");
}

static void add_itself(struct finding *f)
{
	finding_feature(f, "resolver", 1, NAN, NAN, 0.15, 0.15,
			"the resolver that it names is itself");
}

/* The server is who acts, the host that it answers whom it concerns. */
static void begin(struct finding *f, const struct detect_env *env, const struct server *mine,
		  const struct event_dhcp *e)
{
	struct event event = e->e;
	event.src = mine->address;
	event.sport = 0;
	if (!ipaddr_is_unspecified(&e->assigned))
		event.dst = e->assigned;
	else if (e->e.from_server)
		event.dst = e->e.src;
	step_begin(f, &rule, env, &event);
}

static void tell(struct state *s, const struct detect_env *env, struct server *mine,
		 struct finding f, const char *where, const char *counterfactual)
{
	char who[IPADDR_TEXT_MAX], client[IPADDR_TEXT_MAX];
	bool is_again =
		mine->told_ns && env->steady_ns - mine->told_ns < s->params->again_s * SECOND_NS;
	bool is_v6 = !ipaddr_is_v4(&mine->address);
	if (is_again && step_severity(step_score(&f)) <= (enum severity)mine->severity)
		return;
	step_ends(&f, who, client);
	finding_text(f.message, sizeof(f.message),
		     "%s gives addresses by DHCP (%s to a host)%s, and names another way out", who,
		     client, where);
	finding_text(f.not_harmless, sizeof(f.not_harmless),
		     "servers of one link are of one mind about router and resolver; this one came "
		     "later and leads the hosts that believe it through another host");
	finding_text(f.counterfactual, sizeof(f.counterfactual), "%s", counterfactual);
	finding_text(f.filter, sizeof(f.filter), "%s.addr == %s && %s", is_v6 ? "ipv6" : "ip", who,
		     is_v6 ? "dhcpv6" : "dhcp");
	step_raise(&f, env);
	if (f.severity == SEVERITY_NONE)
		return;
	mine->severity = (uint8_t)f.severity;
	mine->told_ns = env->steady_ns;
	s->findings++;
}

/* What IPv4 has told the host of late, if it speaks against who answers it by IPv6. */
static const struct dhcp_given *find_given(const struct state *s, const struct detect_env *env,
					   const struct event_dhcp *e)
{
	const struct dhcp_given *given =
		ipaddr_is_v4(&e->server) ? NULL : families_find(&s->leases, e);
	return given && env->steady_ns - given->steady_ns < s->params->again_s * SECOND_NS &&
			       families_differ(given, env, e) ?
		       given :
		       NULL;
}

static void judge_second(struct state *s, const struct detect_env *env, struct server *mine,
			 const struct server *other, bool is_race, const struct event_dhcp *e)
{
	struct finding f;
	const struct dhcp_given *given = find_given(s, env, e);
	begin(&f, env, mine, e);
	add_other(mine, other, is_race, &f);
	if (given && ipaddr_equal(&mine->address, &e->server))
		families_explain(given, &f);
	tell(s, env, mine, f, " where another server does",
	     "silent if both named the same router, resolver and proxy");
}

/* ---- who is there ---- */

/* Another server that answered the question that this one answers. */
static const struct answer *find_race(const struct state *s, const struct detect_env *env,
				      const struct event_dhcp *e)
{
	for (unsigned i = 0; i < ANSWERS; i++) {
		const struct answer *a = &s->answers[i];
		if (a->steady_ns && env->steady_ns - a->steady_ns < RACE_NS &&
		    a->transaction == e->transaction && a->tunnel_key == e->e.tunnel_key &&
		    memcmp(a->mac, e->mac, sizeof(a->mac)) == 0 &&
		    !ipaddr_equal(&a->server, &e->server))
			return a;
	}
	return NULL;
}

/* Another server that has given addresses of the same network lately. */
static struct server *find_neighbour(const struct state *s, const struct detect_env *env,
				     const struct server *mine)
{
	if (!mine->network[0])
		return NULL;
	for (struct server *o = table_next(&s->servers, NULL); o; o = table_next(&s->servers, o))
		if (o != mine && o->tunnel_key == mine->tunnel_key && o->vlan == mine->vlan &&
		    memcmp(o->network, mine->network, sizeof(o->network)) == 0 &&
		    env->steady_ns - o->steady_ns < s->params->again_s * SECOND_NS)
			return o;
	return NULL;
}

static void note(struct server *mine, const struct detect_env *env, const struct event_dhcp *e)
{
	mine->steady_ns = env->steady_ns;
	if (!ipaddr_is_unspecified(&e->router))
		mine->router = e->router;
	if (!ipaddr_is_unspecified(&e->resolver))
		mine->resolver = e->resolver;
	mine->has_proxy |= e->proxy.off != 0;
	if (ipaddr_is_v4(&e->assigned) && !ipaddr_is_unspecified(&e->assigned))
		memcpy(mine->network, e->assigned.u.b + 12, 3);
}

/* A server of IPv6 that no other of IPv6 contradicts. */
static void judge_alone(struct state *s, const struct detect_env *env, struct server *mine,
			const struct event_dhcp *e)
{
	struct finding f;
	const struct dhcp_given *given = find_given(s, env, e);
	begin(&f, env, mine, e);
	if (ipaddr_is_link_local(&e->assigned)) {
		finding_feature(&f, "link_local", 1, NAN, NAN, 0.6, 0.6,
				"it gives link-local addresses, which every host makes by itself");
		if (ipaddr_equal(&mine->resolver, &mine->address))
			add_itself(&f);
		tell(s, env, mine, f, "", "silent if it gave no link-local addresses");
		return;
	}
	if (!given)
		return;
	families_explain(given, &f);
	add_itself(&f);
	tell(s, env, mine, f, " that IPv4 sends elsewhere",
	     "silent if it were the server, the router or the resolver of IPv4, or named another "
	     "resolver than itself");
}

static void on_event(void *state, const struct detect_env *env, const struct event *event)
{
	struct state *s = state;
	const struct event_dhcp *e = (const struct event_dhcp *)event;
	bool is_new;
	if (!e->is_answer || ipaddr_is_unspecified(&e->server))
		return;
	struct server key = { .address = e->server,
			      .tunnel_key = event->tunnel_key,
			      .vlan = event->vlan };
	struct server *mine = table_get(&s->servers, &key, &is_new);
	if (!mine)
		return;
	if (is_new)
		mine->first_ns = env->steady_ns;
	note(mine, env, e);
	families_note(&s->leases, env, e);
	const struct answer *race = find_race(s, env, e);
	if (race)
		key.address = race->server;
	struct server *other = race ? table_find(&s->servers, &key) : find_neighbour(s, env, mine);
	s->answers[s->next++ % ANSWERS] = (struct answer){ .steady_ns = env->steady_ns,
							   .transaction = e->transaction,
							   .tunnel_key = event->tunnel_key,
							   .server = e->server };
	memcpy(s->answers[(s->next - 1) % ANSWERS].mac, e->mac, sizeof(e->mac));
	if (other && other->first_ns > mine->first_ns) { /* who came later is told of */
		struct server *first = mine;
		mine = other;
		other = first;
	}
	if (other &&
	    (differs(&mine->router, &other->router) || differs(&mine->resolver, &other->resolver) ||
	     (mine->has_proxy && !other->has_proxy)))
		judge_second(s, env, mine, other, race != NULL, e);
	else if (!ipaddr_is_v4(&e->server))
		judge_alone(s, env, mine, e);
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct state *s = state;
	ret->entries = s->servers.stats.entries;
	ret->evictions = s->servers.stats.evictions;
	ret->evicted_with_evidence = s->servers.stats.evicted_with_evidence;
	ret->findings = s->findings;
	ret->worst_case_bytes = table_worst_case(SERVERS, sizeof(struct server)) +
				table_worst_case(GIVEN, sizeof(struct dhcp_given));
}

const struct detector rogue_dhcp_detector = {
	.name = "rogue_dhcp",
	.title = "A second server gives addresses and other ways out",
	.idea = "Compares what servers of DHCP name as router, resolver and proxy on one link",
	.params = params,
	.params_size = sizeof(struct dhcp_params),
	.state_size = sizeof(struct state),
	.wants = 1ull << EVENT_DHCP,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.keep = keep,
	.counters = counters,
};
