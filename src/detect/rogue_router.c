/*
 * detect/rogue_router.c - a host that makes itself a router of IPv6 on a link (T1557).
 *
 * Idea: hosts believe each advertisement of a router on their link (RFC 4861), also where the
 * network has no IPv6 of its own: whoever sends one becomes the way out, or the resolver.  A link
 * has one router, or several of one mind.  A later one that says it is to be preferred, and names
 * another prefix or resolver, puts itself in between (THC-IPv6, Bettercap, Responder's kin).  One
 * that withdraws another's promise from another link address, or many within seconds, is an
 * attack by its form (kill_router6, flood_router26). Evasion: being the only one; the prefix and
 * the resolver of the other. False alarms: a second provider's router, a home router or a phone
 * plugged in by mistake, which is worth knowing: low.
 */
#include <math.h>
#include <string.h>

#include "exfild/base/table.h"
#include "step.h"

#define SECOND_NS 1000000000ull
#define HOUR_NS   (3600 * SECOND_NS)
#define FLOOD_NS  (10 * SECOND_NS)
#define FLOOD     6u /* new routers of a link within FLOOD_NS */
#define ROUTERS   256u
#define MAC_LEN   6
#define AGAIN_NS  (24 * HOUR_NS)

struct router {
	struct ipaddr address;
	uint32_t tunnel_key, vlan;
	uint64_t first_ns, steady_ns; /* of its advertisements */
	uint64_t told_ns;
	struct ipaddr prefix, resolver;
	uint8_t mac[MAC_LEN];
	uint8_t preference, severity;
};

struct state {
	struct table routers;
	uint64_t flood_ns;
	uint32_t flood;
	bool is_flood_told;
	uint64_t findings;
};

static const struct param params[] = { PARAM_END };

static const struct step_rule rule = {
	.detector = "rogue_router",
	.rule = "rogue_router",
	.title = "A host makes itself a router of IPv6",
	.class = FINDING_LATERAL,
	.techniques = { "T1557" },
	.tactic = "TA0006",
	.unseen = "links that the sensor is not on, and what passes through the host",
	.next_steps = { "Find the switch port of the link address and take the host off the network",
			"Look on hosts of the link for routes and resolvers that it has given",
			"Switch on RA guard where the switches have it" },
};

static uint32_t evidence(const void *entry)
{
	const struct router *r = entry;
	return r->severity + 1u + (uint32_t)((r->steady_ns - r->first_ns) / HOUR_NS);
}

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct state *s = state;
	(void)parameters;
	struct table_config config = { .capacity = ROUTERS,
				       .entry_size = sizeof(struct router),
				       .key_size = offsetof(struct router, first_ns),
				       .key = env->key,
				       .evidence = evidence };
	return table_init(&s->routers, &config);
}

static void deinit(void *state)
{
	struct state *s = state;
	table_deinit(&s->routers);
}

static const struct keep_field fields[] = {
	KEEP(U8, struct router, address),    KEEP(U32, struct router, tunnel_key),
	KEEP(U32, struct router, vlan),      KEEP(U64, struct router, first_ns),
	KEEP(U64, struct router, steady_ns), KEEP(U64, struct router, told_ns),
	KEEP(U8, struct router, prefix),     KEEP(U8, struct router, resolver),
	KEEP(U8, struct router, mac),        KEEP(U8, struct router, preference),
	KEEP(U8, struct router, severity),   KEEP_LAST,
};

static bool took(void *owner, void *entry)
{
	const struct router *r = entry;
	(void)owner;
	return severity_is_known(r->severity) && r->first_ns <= r->steady_ns;
}

static void keep(void *state, struct keep_list *list)
{
	struct state *s = state;
	const struct keep_part part = { .name = "rogue_router.routers",
					.version = 1,
					.owner = s,
					.table = &s->routers,
					.fields = fields,
					.took = took };
	keep_add(list, &part);
}

/* Two that both tell something, and not the same. */
static bool differs(const struct ipaddr *a, const struct ipaddr *b)
{
	return !ipaddr_is_unspecified(a) && !ipaddr_is_unspecified(b) && !ipaddr_equal(a, b);
}

static void add_second(struct finding *f, const struct router *mine, const struct router *other)
{
	char text[IPADDR_TEXT_MAX];
	ipaddr_print(&other->address, text, sizeof(text));
	finding_feature(f, "second", 2, 1, NAN, 0.2, 0.2, "%s is a router of the link already",
			text);
	finding_related(f, &other->address);
	if (mine->first_ns - other->first_ns >= HOUR_NS)
		finding_feature(f, "late", 1, NAN, NAN, 0.1, 0.1,
				"the link has had its router for over an hour");
	if (mine->preference == ROUTER_HIGH && other->preference != ROUTER_HIGH)
		finding_feature(f, "preference", 1, NAN, NAN, 0.2, 0.2,
				"it says that it is to be preferred");
	if (differs(&mine->prefix, &other->prefix)) {
		ipaddr_print(&mine->prefix, text, sizeof(text));
		finding_feature(f, "prefix", 1, NAN, NAN, 0.1, 0.1, "it names another prefix, %s",
				text);
	}
	if (differs(&mine->resolver, &other->resolver) ||
	    (ipaddr_is_unspecified(&other->resolver) && !ipaddr_is_unspecified(&mine->resolver))) {
		ipaddr_print(&mine->resolver, text, sizeof(text));
		finding_feature(f, "resolver", 1, NAN, NAN, 0.15, 0.15,
				"it names another resolver, %s", text);
	}
}

static void tell(struct state *s, const struct detect_env *env, struct router *mine,
		 struct finding *f, const struct event_dhcp *e, const char *does)
{
	char who[IPADDR_TEXT_MAX];
	double score = step_score(f);
	bool is_again = mine->told_ns && env->steady_ns - mine->told_ns < AGAIN_NS;
	if (is_again && step_severity(score) <= (enum severity)mine->severity)
		return;
	ipaddr_print(&mine->address, who, sizeof(who));
	finding_text(f->object, sizeof(f->object), "%s", who);
	finding_text(f->message, sizeof(f->message),
		     "%s (link address %02x:%02x:%02x:%02x:%02x:%02x) %s", who, e->mac[0],
		     e->mac[1], e->mac[2], e->mac[3], e->mac[4], e->mac[5], does);
	finding_text(
		f->not_harmless, sizeof(f->not_harmless),
		"routers of one link are of one mind and stay; hosts believe whoever says that "
		"he is one");
	finding_text(f->filter, sizeof(f->filter), "ipv6.src == %s && icmpv6.type == 134", who);
	step_raise(f, env);
	if (f->severity == SEVERITY_NONE)
		return;
	mine->severity = (uint8_t)f->severity;
	mine->told_ns = env->steady_ns;
	s->findings++;
}

static void begin(struct finding *f, const struct detect_env *env, const struct event_dhcp *e)
{
	struct event event = e->e;
	event.src = e->server;
	if (e->e.from_server)
		event.dst = e->e.src;
	step_begin(f, &rule, env, &event);
}

/* The same router speaks from another link address. */
static void judge_forged(struct state *s, const struct detect_env *env, struct router *mine,
			 const struct event_dhcp *e)
{
	struct finding f;
	bool is_withdrawn = e->lifetime_s == 0;
	begin(&f, env, e);
	finding_feature(&f, "link_address", 2, 1, NAN, 0.4, 0.4,
			"the router spoke from %02x:%02x:%02x:%02x:%02x:%02x so far", mine->mac[0],
			mine->mac[1], mine->mac[2], mine->mac[3], mine->mac[4], mine->mac[5]);
	if (is_withdrawn)
		finding_feature(&f, "withdrawn", 1, NAN, NAN, 0.3, 0.3,
				"it says that the router is none any more");
	finding_text(f.counterfactual, sizeof(f.counterfactual),
		     "silent if it had come from the router's own link address");
	tell(s, env, mine, &f, e,
	     is_withdrawn ? "is withdrawn as a router by another link address than its own" :
			    "is named as a router by another link address than its own");
}

static struct router *find_other(struct state *s, const struct detect_env *env,
				 const struct router *mine)
{
	struct router *best = NULL;
	for (struct router *o = table_next(&s->routers, NULL); o; o = table_next(&s->routers, o))
		if (o != mine && o->tunnel_key == mine->tunnel_key && o->vlan == mine->vlan &&
		    o->first_ns < mine->first_ns && env->steady_ns - o->steady_ns < AGAIN_NS &&
		    memcmp(o->mac, mine->mac, MAC_LEN) != 0 &&
		    (!best || o->first_ns < best->first_ns))
			best = o;
	return best;
}

static void judge_second(struct state *s, const struct detect_env *env, struct router *mine,
			 const struct event_dhcp *e)
{
	struct finding f;
	const struct router *other = find_other(s, env, mine);
	if (!other)
		return;
	begin(&f, env, e);
	add_second(&f, mine, other);
	finding_text(f.counterfactual, sizeof(f.counterfactual),
		     "silent if both named the same prefix and resolver and none was preferred");
	tell(s, env, mine, &f, e, "says that it is a router of the link, where another one is");
}

static void judge_flood(struct state *s, const struct detect_env *env, struct router *mine,
			const struct event_dhcp *e)
{
	struct finding f;
	if (env->steady_ns - s->flood_ns > FLOOD_NS) {
		s->flood_ns = env->steady_ns;
		s->flood = 0;
		s->is_flood_told = false;
	}
	if (++s->flood < FLOOD || s->is_flood_told)
		return;
	s->is_flood_told = true;
	begin(&f, env, e);
	finding_feature(&f, "flood", s->flood, NAN, FLOOD, 0.7, 0.7,
			"%u routers that nobody knew within seconds", s->flood);
	finding_text(f.counterfactual, sizeof(f.counterfactual),
		     "silent below %u new routers within ten seconds", FLOOD);
	tell(s, env, mine, &f, e, "is one of many routers that the link has all at once");
}

static void on_event(void *state, const struct detect_env *env, const struct event *event)
{
	struct state *s = state;
	const struct event_dhcp *e = (const struct event_dhcp *)event;
	bool is_new, is_router = e->lifetime_s || !ipaddr_is_unspecified(&e->resolver);
	if (!e->is_advertisement)
		return;
	struct router key = { .address = e->server,
			      .tunnel_key = event->tunnel_key,
			      .vlan = event->vlan };
	struct router *mine = table_find(&s->routers, &key);
	bool is_forged = mine && memcmp(mine->mac, e->mac, MAC_LEN) != 0;
	if (!mine && is_router)
		mine = table_get(&s->routers, &key, &is_new);
	else
		is_new = false;
	if (!mine)
		return;
	if (is_forged) {
		judge_forged(s, env, mine, e);
		return;
	}
	if (is_new) {
		mine->first_ns = env->steady_ns;
		memcpy(mine->mac, e->mac, MAC_LEN);
	}
	mine->steady_ns = env->steady_ns;
	mine->preference = e->preference;
	if (!ipaddr_is_unspecified(&e->assigned))
		mine->prefix = e->assigned;
	if (!ipaddr_is_unspecified(&e->resolver))
		mine->resolver = e->resolver;
	if (is_new)
		judge_flood(s, env, mine, e);
	/* of a flood not each one is told */
	bool is_flood = s->flood >= FLOOD && env->steady_ns - s->flood_ns <= FLOOD_NS;
	if (is_router && !is_flood)
		judge_second(s, env, mine, e);
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct state *s = state;
	ret->entries = s->routers.stats.entries;
	ret->evictions = s->routers.stats.evictions;
	ret->evicted_with_evidence = s->routers.stats.evicted_with_evidence;
	ret->findings = s->findings;
	ret->worst_case_bytes = table_worst_case(ROUTERS, sizeof(struct router));
}

const struct detector rogue_router_detector = {
	.name = "rogue_router",
	.title = "A host makes itself a router of IPv6",
	.idea = "Compares what routers of IPv6 advertise on one link, and from which link address",
	.params = params,
	.params_size = 8,
	.state_size = sizeof(struct state),
	.wants = 1ull << EVENT_DHCP,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.keep = keep,
	.counters = counters,
};
