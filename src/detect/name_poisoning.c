/*
 * detect/name_poisoning.c - one host answers for the names of others (T1557.001).
 *
 * Idea: LLMNR (RFC 4795), NetBIOS and mDNS ask everybody on the link, and each host answers for its
 * own name.  A host that answers several different names with its own address, or the name by which
 * proxies are found (WPAD), takes the place of others: Responder, Inveigh.  What makes it worse is
 * that an asker then logs in to it.
 * Evasion: few names; answers for one victim.  False alarms: a NetBIOS name server answers with the
 * addresses of others and is left out; hosts with aliases have two or three names; mDNS counts only
 * addresses of names of the link, and twice as many of them.
 */
#include <math.h>
#include <string.h>
#include <strings.h>

#include "principal.h"
#include "step.h"
#include "window_set.h"

#define WINDOW_NS (600 * 1000000000ull)
#define VICTIM_NS (300 * 1000000000ull)
#define VICTIMS   8
#define TYPE_A    1
#define TYPE_NB   32
#define TYPE_AAAA 28

struct poisoning_params {
	uint64_t names;
};

struct answerer {
	struct client_key key; /* who answers */
	struct window_set names;
	struct ipaddr victims[VICTIMS]; /* the latest askers */
	uint64_t victim_ns[VICTIMS];
	uint32_t victim_count;
	uint16_t told_names;
	bool has_proxy_name, is_told, is_login_told;
	uint8_t transports; /* by enum dns_transport */
	uint8_t pad[2];
	struct event last;
};

struct state {
	const struct poisoning_params *params;
	struct table answerers;
	uint64_t findings;
};

static const struct param params[] = {
	{ "names", PARAM_UINT, offsetof(struct poisoning_params, names), 2, 32, 4, "names",
	  "Different names that one host may not answer for within ten minutes; twice that by mDNS" },
	PARAM_END
};

static const struct step_rule rule = {
	.detector = "name_poisoning",
	.rule = "name_poisoning",
	.title = "A host answers for the names of others",
	.class = FINDING_LATERAL,
	.techniques = { "T1557.001" },
	.tactic = "TA0006",
	.unseen =
		"what is on links that the sensor does not see, and what the host does with log-ins",
	.next_steps = { "Find the host that answers, by its link address, and take it off the network",
			"Change the passwords of who logged in to it",
			"Switch LLMNR and NetBIOS name resolution off where nothing needs them" },
};

static uint32_t evidence(const void *entry)
{
	const struct answerer *a = entry;
	return a->is_told ? UINT32_MAX : a->names.count;
}

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct state *s = state;
	s->params = parameters;
	struct table_config config = { .capacity = env->max_hosts / 32 ? env->max_hosts / 32 : 1,
				       .entry_size = sizeof(struct answerer),
				       .key_size = sizeof(struct client_key),
				       .key = env->key,
				       .evidence = evidence };
	return table_init(&s->answerers, &config);
}

static void deinit(void *state)
{
	struct state *s = state;
	table_deinit(&s->answerers);
}

static void add_features(const struct state *s, const struct answerer *a, struct finding *f)
{
	unsigned names = a->names.count;
	uint64_t many = s->params->names;
	if (names >= many)
		finding_feature(f, "names", names, NAN, (double)many, 0.7,
				names >= 2 * many ? 0.7 : 0.55,
				"answered %u different names within 10 min", names);
	if (a->has_proxy_name)
		finding_feature(f, "proxy_name", 1, NAN, NAN, 0.5, names >= many ? 0.15 : 0.5,
				"answered for WPAD, by which browsers find their proxy");
	if (a->is_login_told)
		finding_feature(f, "log_in", 1, NAN, NAN, 0.3, 0.3,
				"an asker logged in to it within 5 min");
}

static void tell(struct state *s, const struct detect_env *env, struct answerer *a)
{
	static const char *const transports[] = { "DNS", "mDNS", "LLMNR", "NetBIOS" };
	struct finding f;
	char who[IPADDR_TEXT_MAX], victim[IPADDR_TEXT_MAX];
	struct event e = a->last;
	/* subject is who answers, whichever way its flow went */
	e.src = a->key.client;
	e.dst = a->victims[(a->victim_count - 1) % VICTIMS];
	step_begin(&f, &rule, env, &e);
	add_features(s, a, &f);
	step_ends(&f, who, victim);
	const char *by = "several protocols";
	for (unsigned i = 0; i < sizeof(transports) / sizeof(transports[0]); i++)
		if (a->transports == 1u << i)
			by = transports[i];
	finding_text(f.message, sizeof(f.message),
		     "%s answered %u different names by %s%s; %s is among who asked%s", who,
		     a->names.count, by, a->has_proxy_name ? ", WPAD among them" : "", victim,
		     a->is_login_told ? ", and an asker logged in to it" : "");
	finding_text(f.not_harmless, sizeof(f.not_harmless),
		     "a host answers for its own name; this one answers with its own address for "
		     "whatever is asked, so that others talk to it in the place of who is meant");
	finding_text(f.counterfactual, sizeof(f.counterfactual),
		     "silent below %llu names within 10 min, without WPAD",
		     (unsigned long long)s->params->names);
	finding_text(f.filter, sizeof(f.filter),
		     "%s.addr == %s && (udp.port == 5355 || udp.port == 137 || udp.port == 5353)",
		     e.ip_version == 6 ? "ipv6" : "ip", who);
	for (unsigned i = 0; i < a->victim_count && i < VICTIMS; i++)
		finding_related(&f, &a->victims[i]);
	f.count = a->names.count;
	finding_packet(&f, a->last.packet);
	a->is_told = true;
	a->told_names = a->names.count;
	s->findings++;
	step_raise(&f, env);
}

/* The answer is the answerer's own address. */
static bool is_own(const struct event_dns *e, const struct ipaddr *who)
{
	char text[IPADDR_TEXT_MAX], answer[160];
	ipaddr_print(who, text, sizeof(text));
	step_string(answer, sizeof(answer), &e->e, &e->answer);
	const char *at = strstr(answer, text);
	char next = at ? at[strlen(text)] : 'x';
	return at && (next == '\0' || next == ',');
}

static bool is_proxy_name(const struct event_dns *e)
{
	char name[8];
	step_string(name, sizeof(name), &e->e, &e->name);
	return strncasecmp(name, "wpad", 4) == 0 &&
	       (name[4] == '\0' || name[4] == '.' || name[4] == '<' || name[4] == ' ');
}

/*
 * Whether the answer gives an address to a name that only the link knows.  Bytes behind it make it
 * malformed (ettercap leaves some): clients take such an answer all the same.
 */
static bool is_claim(const struct event_dns *e, const struct ipaddr *who)
{
	if (!e->is_response || e->rcode || e->answers == 0 || !e->name.off)
		return false;
	if (e->transport == DNS_LLMNR)
		return e->first_answer_type == TYPE_A || e->first_answer_type == TYPE_AAAA;
	if (e->transport == DNS_NBNS)
		return e->first_answer_type == TYPE_NB && is_own(e, who);
	return e->transport == DNS_MDNS &&
	       (e->first_answer_type == TYPE_A || e->first_answer_type == TYPE_AAAA) &&
	       is_own(e, who);
}

static void note_victim(struct answerer *a, const struct ipaddr *victim, uint64_t now_ns)
{
	for (unsigned i = 0; i < VICTIMS && i < a->victim_count; i++) {
		if (ipaddr_equal(&a->victims[i], victim)) {
			a->victim_ns[i] = now_ns;
			return;
		}
	}
	a->victims[a->victim_count % VICTIMS] = *victim;
	a->victim_ns[a->victim_count % VICTIMS] = now_ns;
	a->victim_count++;
}

/* NetBIOS pads names, and ends them with their kind: hosts have several kinds of one name. */
static uint64_t name_hash(const struct detect_env *env, const struct event_dns *e)
{
	char name[64];
	step_string(name, sizeof(name), &e->e, &e->name);
	size_t len = strcspn(name, e->transport == DNS_NBNS ? " <." : ".");
	for (size_t i = 0; i < len; i++)
		name[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] | 0x20) : name[i];
	return hash_bytes(&env->sketch_key, name, len);
}

static void take_answer(struct state *s, const struct detect_env *env, const struct event_dns *e)
{
	struct client_key key = client_key_of(&e->e);
	const struct ipaddr *asker = e->e.from_server ? &e->e.src : &e->e.dst;
	key.client = e->e.from_server ? e->e.dst : e->e.src;
	bool is_new;
	if (!is_claim(e, &key.client))
		return;
	struct answerer *a = table_get(&s->answerers, &key, &is_new);
	if (!a)
		return;
	if (window_set_roll(&a->names, env->steady_ns, WINDOW_NS)) {
		a->told_names = 0;
		a->transports = 0;
		a->has_proxy_name = a->is_told = a->is_login_told = false;
	}
	a->last = e->e;
	a->transports |= (uint8_t)(1u << e->transport);
	if (!ipaddr_is_multicast(asker))
		note_victim(a, asker, env->steady_ns);
	bool is_proxy = e->transport != DNS_MDNS && is_proxy_name(e) && !a->has_proxy_name;
	a->has_proxy_name |= is_proxy;
	bool is_more = window_set_add(&a->names, name_hash(env, e));
	uint64_t many = a->transports == 1u << DNS_MDNS ? 2 * s->params->names : s->params->names;
	bool is_many = is_more && a->names.count >= many && a->names.count >= 2 * a->told_names;
	if ((is_proxy || is_many) && a->victim_count)
		tell(s, env, a);
}

/* A log-in, by any protocol, to a host that has been told of, by one that asked. */
static void take_login(struct state *s, const struct detect_env *env, const struct event *e)
{
	struct client_key key = client_key_of(e);
	key.client = e->dst;
	struct answerer *a = table_find(&s->answerers, &key);
	if (!a || !a->is_told || a->is_login_told)
		return;
	for (unsigned i = 0; i < VICTIMS && i < a->victim_count; i++) {
		if (ipaddr_equal(&a->victims[i], &e->src) &&
		    env->steady_ns - a->victim_ns[i] < VICTIM_NS) {
			a->is_login_told = true;
			tell(s, env, a);
			return;
		}
	}
}

static void on_event(void *state, const struct detect_env *env, const struct event *event)
{
	if (event->kind == EVENT_DNS)
		take_answer(state, env, (const struct event_dns *)event);
	else
		take_login(state, env, event);
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct state *s = state;
	ret->entries = s->answerers.stats.entries;
	ret->evictions = s->answerers.stats.evictions;
	ret->evicted_with_evidence = s->answerers.stats.evicted_with_evidence;
	ret->findings = s->findings;
	ret->worst_case_bytes =
		table_worst_case(s->answerers.stats.capacity, sizeof(struct answerer));
}

const struct detector name_poisoning_detector = {
	.name = "name_poisoning",
	.title = "A host answers for the names of others",
	.idea = "Counts the different names that one host answers for by LLMNR, NetBIOS and mDNS with "
		"its own address",
	.params = params,
	.params_size = sizeof(struct poisoning_params),
	.state_size = sizeof(struct state),
	.wants = 1ull << EVENT_DNS | 1ull << EVENT_LOGIN,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.counters = counters,
};
