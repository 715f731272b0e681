/*
 * detect/share_enumeration.c - one host asks many others for shares, sessions, who is there and
 * whether it may rule them.
 *
 * Idea: who looks for the next step asks host after host which shares it has (MS-SRVS
 * NetrShareEnum), who has sessions there (NetrSessionEnum), who is logged in (MS-WKST
 * NetrWkstaUserEnum) and who its local administrators are (MS-SAMR, the alias 544): BloodHound's
 * collectors, PowerView's Invoke-ShareFinder and Find-DomainUserLocation, CrackMapExec, Snaffler.
 * Find-LocalAdminAccess and CrackMapExec also open the service manager of each (MS-SCMR
 * ROpenSCManagerW) with every right that there is: who gets it is an administrator.  A refusal
 * counts twice, since who manages hosts is not refused.  A user lists the shares of a server or
 * two.  Where SMB is encrypted, the pipes are not seen: that IPC$ of many hosts is opened without a
 * share of files remains, and is not counted. Evasion: few hosts an hour; LDAP instead; encryption.
 * False alarms: inventory, management and vulnerability scanners: those that are learnt as managers
 * count less, others deserve an exception.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "acts.h"
#include "principal.h"
#include "window_set.h"

#define SECOND_NS 1000000000ull

#define ALL_RIGHTS    0xf003fu /* SC_MANAGER_ALL_ACCESS, MS-SCMR 3.1.4.15 */
#define ACCESS_DENIED 5

enum kind { KIND_SHARES, KIND_SESSIONS, KIND_USERS, KIND_ADMINS, KIND_RIGHTS, KIND__COUNT };

struct share_params {
	uint64_t hosts;
	uint64_t window_s;
};

struct asker {
	struct client_key key;
	struct window_set hosts;
	uint64_t first_ns;
	uint32_t of_kind[KIND__COUNT]; /* questions */
	uint8_t severity;
	uint8_t packet_count;
	uint64_t packets[8];
	struct ipaddr asked[FINDING_RELATED]; /* the latest */
	uint32_t asked_next;
	uint32_t refused; /* hosts */
};

struct state {
	const struct share_params *params;
	struct table askers;
	uint64_t findings;
};

static const struct param params[] = {
	{ "hosts", PARAM_UINT, offsetof(struct share_params, hosts), 3, 64, 5, "hosts",
	  "Hosts asked for shares, sessions or users within a window from which it is told" },
	{ "window", PARAM_DURATION, offsetof(struct share_params, window_s), 60, 86400, 900, "",
	  "Window in which the hosts asked are counted" },
	PARAM_END
};

static const struct step_rule rule = {
	.detector = "share_enumeration",
	.rule = "share_enumeration",
	.title = "Many hosts asked for shares, sessions or users",
	.class = FINDING_RECON,
	.techniques = { NULL },
	.tactic = "TA0007",
	.unseen = "questions within encrypted SMB, and those asked by LDAP",
	.next_steps = { "Find out whether the host is an inventory or a scanner; except it then",
			"Look which shares it opened afterwards, and where it logged in" },
};

static const struct {
	const char *interface, *operation;
	uint8_t kind;
} questions[] = {
	{ "srvsvc", "NetrShareEnum", KIND_SHARES },
	{ "srvsvc", "NetrShareEnumSticky", KIND_SHARES },
	{ "srvsvc", "NetrSessionEnum", KIND_SESSIONS },
	{ "srvsvc", "NetrConnectionEnum", KIND_SESSIONS },
	{ "wkssvc", "NetrWkstaUserEnum", KIND_USERS },
	{ "samr", "SamrGetMembersInAlias", KIND_ADMINS },
};

static uint32_t evidence(const void *entry)
{
	const struct asker *a = entry;
	return a->hosts.count + a->severity;
}

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct state *s = state;
	s->params = parameters;
	struct table_config config = { .capacity = env->max_hosts / 32 ? env->max_hosts / 32 : 1,
				       .entry_size = sizeof(struct asker),
				       .key_size = sizeof(struct client_key),
				       .key = env->key,
				       .evidence = evidence };
	return table_init(&s->askers, &config);
}

static void deinit(void *state)
{
	struct state *s = state;
	table_deinit(&s->askers);
}

static bool wants_all_rights(const struct event_rpc *e)
{
	char text[24], all[24];
	(void)snprintf(all, sizeof(all), "access 0x%08x", ALL_RIGHTS);
	return step_string(text, sizeof(text), &e->e, &e->detail) && strcmp(text, all) == 0;
}

static int kind_of(const struct event_rpc *e)
{
	static const char *const managers[] = { "ROpenSCManagerW", "ROpenSCManagerA",
						"ROpenSCManager2", NULL };
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
		if (step_is(&e->e, &e->operation, questions[i].operation) &&
		    step_is(&e->e, &e->interface, questions[i].interface))
			return questions[i].kind;
	if (step_is(&e->e, &e->interface, "svcctl") && act_operation(e, managers) >= 0 &&
	    wants_all_rights(e))
		return KIND_RIGHTS;
	return -1;
}

static double add_features(const struct state *s, const struct detect_env *env,
			   const struct asker *a, struct finding *f)
{
	static const struct {
		const char *name, *text, *technique;
	} kinds[KIND__COUNT] = {
		{ "shares", "it asked for their shares", "T1135" },
		{ "sessions", "it asked who has sessions there", "T1049" },
		{ "users", "it asked who is logged in", "T1033" },
		{ "administrators", "it asked for members of local groups", "T1069.001" },
		{ "rights", "it tried to open their services with every right", "T1069.001" },
	};
	uint64_t many = s->params->hosts;
	unsigned hosts = a->hosts.count;
	double base = hosts >= 3 * many ? 0.7 : 0.5, sum = base;
	finding_feature(f, "hosts", hosts, NAN, (double)many, 0.7, base, "%u hosts%s were asked",
			hosts, a->hosts.is_full ? " and more" : "");
	bool is_first = true;
	for (unsigned i = 0; i < KIND__COUNT; i++) {
		if (!a->of_kind[i])
			continue;
		double gives = is_first ? 0 : 0.1;
		finding_feature(f, kinds[i].name, a->of_kind[i], NAN, NAN, 0.1, gives, "%s",
				kinds[i].text);
		finding_technique(f, kinds[i].technique);
		sum += gives;
		is_first = false;
	}
	if (a->refused)
		finding_feature(f, "refused", a->refused, NAN, NAN, 0, 0, "%u of them refused",
				a->refused);
	if (context_roles(env->context, &a->key.client) & ROLE_MANAGER) {
		finding_feature(f, "manager", 1, NAN, NAN, 0.25, -0.25,
				"it is known to manage hosts");
		sum -= 0.25;
	}
	return sum;
}

static uint32_t asked(const struct asker *a)
{
	uint32_t sum = 0;
	for (unsigned i = 0; i < KIND__COUNT; i++)
		sum += a->of_kind[i];
	return sum;
}

static void tell(struct state *s, const struct detect_env *env, struct asker *a,
		 const struct event_rpc *e)
{
	struct finding f;
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX], span[32];
	step_begin(&f, &rule, env, &e->e);
	double score = add_features(s, env, a, &f);
	if (step_severity(score) <= (enum severity)a->severity)
		return;
	step_ends(&f, from, to);
	finding_text(f.message, sizeof(f.message), "%s asked %u hosts %s %s, %s the last", from,
		     a->hosts.count,
		     a->of_kind[KIND_RIGHTS] == asked(a) ? "whether it may administer them" :
							   "for their shares, sessions or users",
		     finding_span(span, sizeof(span), env->now_ns - a->first_ns), to);
	finding_text(f.not_harmless, sizeof(f.not_harmless),
		     "people list the shares of the servers that they use, one or two; who asks "
		     "host after host looks for a place to go");
	finding_text(f.counterfactual, sizeof(f.counterfactual),
		     "silent below %llu hosts, of which those that refuse count twice",
		     (unsigned long long)s->params->hosts);
	finding_text(f.filter, sizeof(f.filter),
		     "%s.addr == %s && (srvsvc || wkssvc || samr || svcctl)",
		     e->e.ip_version == 6 ? "ipv6" : "ip", from);
	for (unsigned i = 0; i < FINDING_RELATED && i < a->asked_next; i++)
		finding_related(&f, &a->asked[i]);
	for (unsigned i = 0; i < a->packet_count; i++)
		finding_packet(&f, a->packets[i]);
	f.count = a->hosts.count;
	f.start_ns = a->first_ns;
	step_raise(&f, env);
	a->severity = (uint8_t)f.severity;
	s->findings++;
}

static void on_event(void *state, const struct detect_env *env, const struct event *event)
{
	struct state *s = state;
	const struct event_rpc *e = (const struct event_rpc *)event;
	int kind = e->act == RPC_CALL || e->act == RPC_FAULT ? kind_of(e) : -1;
	if (e->act == RPC_FAULT && kind != KIND_RIGHTS)
		return;
	if (kind < 0)
		return;
	struct client_key key = client_key_of(event);
	bool is_new;
	struct asker *a = table_get(&s->askers, &key, &is_new);
	if (!a)
		return;
	if (window_set_roll(&a->hosts, env->steady_ns, s->params->window_s * SECOND_NS)) {
		memset(&a->first_ns, 0, sizeof(*a) - offsetof(struct asker, first_ns));
		a->first_ns = env->now_ns;
	}
	a->of_kind[kind]++;
	if (!window_set_add(&a->hosts,
			    hash_bytes(&env->sketch_key, &event->dst, sizeof(event->dst))))
		return;
	a->asked[a->asked_next++ % FINDING_RELATED] = event->dst;
	if (a->packet_count < sizeof(a->packets) / sizeof(a->packets[0]) && event->packet)
		a->packets[a->packet_count++] = event->packet;
	if (kind == KIND_RIGHTS && act_is_refused(e) && e->status == ACCESS_DENIED)
		a->refused++;
	if (a->hosts.count + a->refused >= s->params->hosts)
		tell(s, env, a, e);
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct state *s = state;
	ret->entries = s->askers.stats.entries;
	ret->evictions = s->askers.stats.evictions;
	ret->evicted_with_evidence = s->askers.stats.evicted_with_evidence;
	ret->findings = s->findings;
	ret->worst_case_bytes = table_worst_case(s->askers.stats.capacity, sizeof(struct asker));
}

const struct detector share_enumeration_detector = {
	.name = "share_enumeration",
	.title = "Many hosts asked for shares, sessions or users",
	.idea = "Counts the hosts that one asks for shares, sessions, users, local groups and rights",
	.params = params,
	.params_size = sizeof(struct share_params),
	.state_size = sizeof(struct state),
	.wants = 1ull << EVENT_RPC,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.counters = counters,
};
