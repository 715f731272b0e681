/*
 * detect/arp_spoof.c - a host that takes the addresses of others on the link (T1557.002).
 *
 * Idea: ARP (RFC 826) believes whoever answers.  Who wants to stand between two hosts tells each,
 * unasked and again and again, that the other's address is its own (arpspoof, ettercap, bettercap).
 * Three things do not go together in ordinary use: answers that nobody asked for, about an address
 * that another link address speaks for as well, and the same told in both directions.  Hosts that
 * take over an address announce it (RFC 5227, sender and target are the same) and are alone with
 * it. Evasion: answering only what is asked, faster than the owner; few answers; static entries
 * need none.  False alarms: clusters whose nodes both believe to be the active one.
 */
#include <math.h>
#include <string.h>

#include "step.h"

#define SECOND_NS   1000000000ull
#define WINDOW_NS   (600 * SECOND_NS)
#define ASKED_NS    (5 * SECOND_NS)
#define ASKS        4096u
#define TOLD        16 /* what was told unasked, the last of it */
#define TAKEN       8
#define SWITCHES    2 /* of who speaks for an address: both are there */
#define ARP_REQUEST 1
#define ARP_REPLY   2

struct arp_params {
	uint64_t unasked;
};

struct ask { /* who asked for whom */
	struct ipaddr asker, target;
	uint32_t tunnel_key, vlan;
	uint64_t steady_ns;
};

struct contender {
	uint64_t mac;
	uint64_t steady_ns; /* when it spoke last */
};

struct claim { /* an address and the last two who spoke for it */
	struct ipaddr address;
	uint32_t tunnel_key, vlan;
	struct contender who[2];
	uint64_t last_mac;
	uint64_t owner; /* who was the first to ask with it, or to answer a question for it; 0:
			   nobody */
	uint32_t switches, pad;
};

struct told {
	struct ipaddr about, to;
};

struct speaker { /* a link address */
	uint64_t mac;
	uint32_t tunnel_key, vlan;
	struct ipaddr own; /* with which it asks */
	uint64_t first_ns; /* packet time, of the first unasked answer */
	uint64_t steady_ns;
	struct ipaddr taken[TAKEN]; /* addresses that others speak for */
	struct told told[TOLD];
	uint32_t unasked;
	uint8_t taken_count, told_next, severity;
	bool is_both_ways, is_gateway;
	uint8_t packet_count;
	uint8_t pad[2];
	uint64_t packets[8];
};

struct state {
	const struct arp_params *params;
	struct table asks, claims, speakers;
	uint64_t findings;
};

static const struct param params[] = {
	{ "unasked", PARAM_UINT, offsetof(struct arp_params, unasked), 2, 100, 3, "answers",
	  "Answers that nobody asked for, within ten minutes, from which a host may be told" },
	PARAM_END
};

static const struct step_rule rule = {
	.detector = "arp_spoof",
	.rule = "arp_spoof",
	.title = "A host takes the addresses of others by ARP",
	.class = FINDING_LATERAL,
	.techniques = { "T1557.002" },
	.tactic = "TA0006",
	.unseen = "links that the sensor is not on: ARP does not cross routers",
	.next_steps = { "Find the switch port of the link address and take the host off the network",
			"Change the passwords that its victims used in the clear since it began",
			"Switch on dynamic ARP inspection where the switches have it" },
};

static uint32_t evidence(const void *entry)
{
	const struct speaker *s = entry;
	return s->unasked + s->severity;
}

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct state *s = state;
	s->params = parameters;
	uint32_t hosts = env->max_hosts / 16 ? env->max_hosts / 16 : 1;
	struct table_config config = { .capacity = ASKS,
				       .entry_size = sizeof(struct ask),
				       .key_size = offsetof(struct ask, steady_ns),
				       .key = env->key };
	int r = table_init(&s->asks, &config);
	if (r < 0)
		return r;
	config.capacity = hosts;
	config.entry_size = sizeof(struct claim);
	config.key_size = offsetof(struct claim, who);
	r = table_init(&s->claims, &config);
	if (r < 0) {
		table_deinit(&s->asks);
		return r;
	}
	config.entry_size = sizeof(struct speaker);
	config.key_size = offsetof(struct speaker, own);
	config.evidence = evidence;
	r = table_init(&s->speakers, &config);
	if (r < 0) {
		table_deinit(&s->asks);
		table_deinit(&s->claims);
	}
	return r;
}

static void deinit(void *state)
{
	struct state *s = state;
	table_deinit(&s->asks);
	table_deinit(&s->claims);
	table_deinit(&s->speakers);
}

static uint64_t mac_number(const uint8_t mac[6])
{
	uint64_t n = 0;
	for (unsigned i = 0; i < 6; i++)
		n = n << 8 | mac[i];
	return n;
}

/* ---- the finding ---- */

static void add_features(const struct state *s, const struct speaker *w, struct finding *f)
{
	finding_feature(f, "unasked", w->unasked, NAN, (double)s->params->unasked, 0.3, 0.3,
			"%u answers that nobody had asked for", w->unasked);
	if (w->taken_count)
		finding_feature(f, "contested", 1, NAN, NAN, 0.25, 0.25,
				"another link address speaks for the same address");
	if (w->is_both_ways)
		finding_feature(f, "both_ways", 1, NAN, NAN, 0.3, 0.3,
				"two hosts were each told that the other's address is here");
	if (w->taken_count > 1)
		finding_feature(f, "several", w->taken_count, NAN, 2, 0.15, 0.15,
				"%u addresses of others", w->taken_count);
	if (w->is_gateway)
		finding_feature(f, "gateway", 1, NAN, NAN, 0.15, 0.15, "one is that of a gateway");
}

static void tell(struct state *s, const struct detect_env *env, struct speaker *w,
		 const struct event_arp *e)
{
	struct finding f;
	struct event event = e->e;
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX], mac[18];
	/* its own address, where one is known: the other one is the victim's */
	bool has_own = !ipaddr_is_unspecified(&w->own) && !ipaddr_equal(&w->own, &e->e.src);
	event.src = has_own ? w->own : e->e.src;
	event.dst = e->e.src;
	step_begin(&f, &rule, env, &event);
	memcpy(f.subject.mac, e->sender_mac, sizeof(f.subject.mac));
	f.subject.has_mac = true;
	finding_text(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", e->sender_mac[0],
		     e->sender_mac[1], e->sender_mac[2], e->sender_mac[3], e->sender_mac[4],
		     e->sender_mac[5]);
	finding_text(f.object, sizeof(f.object), "%s", mac);
	add_features(s, w, &f);
	double score = step_score(&f);
	if (step_severity(score) <= (enum severity)w->severity)
		return; /* told already */
	step_ends(&f, from, to);
	finding_text(f.message, sizeof(f.message),
		     "%s%s%s tells others that %s is its own%s: %u answers that nobody asked for",
		     has_own ? from : "", has_own ? ", link address " : "the link address ", mac,
		     to, w->is_both_ways ? ", and the same the other way round" : "", w->unasked);
	finding_text(f.not_harmless, sizeof(f.not_harmless),
		     "a host answers when it is asked, and who takes over an address announces it "
		     "once and is alone with it; this one tells again and again what nobody asked, "
		     "so that the traffic of others goes through it");
	finding_text(f.counterfactual, sizeof(f.counterfactual),
		     "silent below %llu answers within 10 min that nobody asked for",
		     (unsigned long long)s->params->unasked);
	finding_text(f.filter, sizeof(f.filter), "arp.src.hw_mac == %s", mac);
	for (unsigned i = 0; i < TOLD && i < w->told_next; i++)
		finding_related(&f, &w->told[i].to);
	for (unsigned i = 0; i < w->packet_count; i++)
		finding_packet(&f, w->packets[i]);
	f.count = w->unasked;
	f.start_ns = w->first_ns;
	step_raise(&f, env);
	w->severity = (uint8_t)f.severity;
	s->findings++;
}

/* ---- what is claimed ---- */

/* Notes who speaks for the address; whether somebody else is there and does so too. */
static bool note_claim(struct claim *c, uint64_t mac, uint64_t now_ns)
{
	unsigned mine = c->who[0].mac == mac ? 0 : c->who[1].mac == mac ? 1 : 2;
	if (mine == 2) {
		mine = c->who[0].mac && c->who[0].steady_ns > c->who[1].steady_ns;
		c->who[mine].mac = mac;
		c->switches = 0;
	}
	const struct contender *other = &c->who[!mine];
	bool is_there = other->mac && now_ns - other->steady_ns < WINDOW_NS;
	if (!is_there)
		c->switches = 0;
	else if (c->last_mac != mac)
		c->switches++;
	c->who[mine].steady_ns = now_ns;
	c->last_mac = mac;
	return is_there;
}

static bool was_asked(const struct state *s, const struct detect_env *env,
		      const struct event_arp *e)
{
	struct ask key = { .asker = e->e.dst,
			   .target = e->e.src,
			   .tunnel_key = e->e.tunnel_key,
			   .vlan = e->e.vlan };
	const struct ask *a = table_find(&s->asks, &key);
	return a && env->steady_ns - a->steady_ns < ASKED_NS;
}

static void note_ask(struct state *s, const struct detect_env *env, const struct event_arp *e)
{
	struct ask key = { .asker = e->e.src,
			   .target = e->e.dst,
			   .tunnel_key = e->e.tunnel_key,
			   .vlan = e->e.vlan };
	bool is_new;
	struct ask *a = table_get(&s->asks, &key, &is_new);
	if (a)
		a->steady_ns = env->steady_ns;
}

static void note_taken(struct speaker *w, const struct detect_env *env, const struct ipaddr *a)
{
	for (unsigned i = 0; i < w->taken_count; i++)
		if (ipaddr_equal(&w->taken[i], a))
			return;
	if (w->taken_count < TAKEN)
		w->taken[w->taken_count++] = *a;
	w->is_gateway |= (context_roles(env->context, a) & ROLE_GATEWAY) != 0;
}

static void note_told(struct speaker *w, const struct event_arp *e)
{
	bool is_known = false;
	for (unsigned i = 0; i < TOLD; i++) {
		is_known |= ipaddr_equal(&w->told[i].about, &e->e.src) &&
			    ipaddr_equal(&w->told[i].to, &e->e.dst);
		w->is_both_ways |= ipaddr_equal(&w->told[i].about, &e->e.dst) &&
				   ipaddr_equal(&w->told[i].to, &e->e.src);
	}
	if (!is_known)
		w->told[w->told_next++ % TOLD] = (struct told){ .about = e->e.src, .to = e->e.dst };
}

static void forget_old(struct speaker *w, uint64_t now_ns)
{
	if (w->unasked == 0 || now_ns - w->steady_ns < WINDOW_NS)
		return;
	memset(&w->first_ns, 0, sizeof(*w) - offsetof(struct speaker, first_ns));
}

static void on_unasked(struct state *s, const struct detect_env *env, struct speaker *w,
		       const struct event_arp *e, bool is_contested)
{
	if (w->unasked++ == 0)
		w->first_ns = env->now_ns;
	w->steady_ns = env->steady_ns;
	if (w->packet_count < sizeof(w->packets) / sizeof(w->packets[0]))
		w->packets[w->packet_count++] = e->e.packet;
	note_told(w, e);
	if (is_contested)
		note_taken(w, env, &e->e.src);
	if (w->unasked >= s->params->unasked && (w->taken_count || w->is_both_ways))
		tell(s, env, w, e);
}

static void on_event(void *state, const struct detect_env *env, const struct event *event)
{
	struct state *s = state;
	const struct event_arp *e = (const struct event_arp *)event;
	uint64_t mac = mac_number(e->sender_mac);
	bool is_group = e->sender_mac[0] & 1;
	if (ipaddr_is_unspecified(&event->src) || mac == 0 || is_group)
		return; /* a look whether an address is free, or nonsense */
	struct claim claim_key = { .address = event->src,
				   .tunnel_key = event->tunnel_key,
				   .vlan = event->vlan };
	struct speaker key = { .mac = mac, .tunnel_key = event->tunnel_key, .vlan = event->vlan };
	bool is_new;
	struct claim *c = table_get(&s->claims, &claim_key, &is_new);
	struct speaker *w = table_get(&s->speakers, &key, &is_new);
	if (!c || !w)
		return;
	bool is_contested = note_claim(c, mac, env->steady_ns);
	bool is_both_there = is_contested && c->switches >= SWITCHES;
	bool is_asked = e->operation == ARP_REPLY && was_asked(s, env, e);
	forget_old(w, env->steady_ns);
	if (!c->owner && (e->operation == ARP_REQUEST || is_asked))
		c->owner = mac;
	if (e->operation == ARP_REQUEST) {
		note_ask(s, env, e);
		if (ipaddr_is_unspecified(&w->own) && !is_contested)
			w->own = event->src;
		/* asking in another's name teaches as well */
		if (is_both_there && !ipaddr_is_unspecified(&w->own) &&
		    !ipaddr_equal(&w->own, &event->src))
			on_unasked(s, env, w, e, true);
	} else if (e->operation == ARP_REPLY) {
		/* the truth told unasked is what is put right again at an attack's end */
		if (c->owner != mac && (e->gratuitous ? is_both_there : !is_asked))
			on_unasked(s, env, w, e, is_contested);
	}
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct state *s = state;
	ret->entries = s->speakers.stats.entries + s->claims.stats.entries;
	ret->evictions = s->speakers.stats.evictions + s->claims.stats.evictions;
	ret->evicted_with_evidence = s->speakers.stats.evicted_with_evidence;
	ret->findings = s->findings;
	ret->worst_case_bytes =
		table_worst_case(s->speakers.stats.capacity, sizeof(struct speaker)) +
		table_worst_case(s->claims.stats.capacity, sizeof(struct claim)) +
		table_worst_case(s->asks.stats.capacity, sizeof(struct ask));
}

const struct detector arp_spoof_detector = {
	.name = "arp_spoof",
	.title = "A host takes the addresses of others by ARP",
	.idea = "Looks for ARP answers that nobody asked for, about addresses that others speak for",
	.params = params,
	.params_size = sizeof(struct arp_params),
	.state_size = sizeof(struct state),
	.wants = 1ull << EVENT_ARP,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.counters = counters,
};
