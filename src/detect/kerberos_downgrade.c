/*
 * detect/kerberos_downgrade.c - a log-in to Kerberos with the hash of a password (T1550.002).
 *
 * Idea: the RC4 key of an account is the NT hash of its password, so whoever has stolen that logs
 * in with RC4 where Windows would use AES (over-pass-the-hash; Rubeus asktgt, Mimikatz).  Told by a
 * request that offers nothing but RC4 to a domain that answers with AES tickets, by a client that
 * offered AES before, in the form of tools: the request asks for the Windows authorisation data, as
 * Windows does, and lacks what Windows never leaves out (canonicalize, MS-KILE 3.2.5.2), or proves
 * the key at once, where others are asked to first (RFC 4120 3.1.3).
 * Evasion: the AES key instead of the hash.  False alarms: old appliances with an RC4 key table of
 * a machine account (left out) or of a service account (low).
 */
#include <math.h>
#include <string.h>

#include "principal.h"
#include "step.h"

#define MEMORY_NS (7 * 86400 * 1000000000ull)
#define DEMAND_NS (60 * 1000000000ull)
#define QUIET_NS  (3600 * 1000000000ull)

struct client {
	struct client_key key;
	uint64_t aes_ns;    /* when it last offered AES, 0: never */
	uint64_t told_ns;   /* 0: never */
	uint64_t demand_ns; /* when it was last asked for pre-authentication */
	uint8_t told_features, pad[7];
};

struct state {
	struct table clients;
	uint64_t findings;
};

static const struct param params[] = { PARAM_END };

static const struct step_rule rule = {
	.detector = "kerberos_downgrade",
	.rule = "kerberos_downgrade",
	.title = "Log-in to Kerberos with a password hash",
	.class = FINDING_LATERAL,
	.techniques = { "T1550.002", "T1558", "T1003" },
	.tactic = "TA0008",
	.unseen =
		"whether the client had the password or only its hash: on the wire both are one key",
	.next_steps = { "Ask the account's owner whether it was they who logged in from this client",
			"Look on the client for what reads other programs' memory (LSASS)",
			"Change the account's password twice: the hash is out" },
};

static uint32_t evidence(const void *entry)
{
	const struct client *c = entry;
	return c->told_ns ? 2 : c->aes_ns != 0;
}

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct state *s = state;
	(void)parameters;
	struct table_config config = { .capacity = env->max_hosts / 4 ? env->max_hosts / 4 : 1,
				       .entry_size = sizeof(struct client),
				       .key_size = sizeof(struct client_key),
				       .key = env->key,
				       .evidence = evidence };
	return table_init(&s->clients, &config);
}

static void deinit(void *state)
{
	struct state *s = state;
	table_deinit(&s->clients);
}

static bool is_tool_form(const struct event_kerberos *e)
{
	return e->pac == KERBEROS_PAC_ASKED && (e->options & KERBEROS_FORWARDABLE) &&
	       !(e->options & KERBEROS_CANONICALIZE);
}

static void add_features(struct finding *f, const struct event_kerberos *e, bool is_able,
			 bool is_first)
{
	finding_feature(f, "only_rc4", e->etype_count, NAN, NAN, 0.2, 0.2,
			"the request offers nothing but %s, and proves that key",
			etype_name(e->etypes[0]));
	if (etype_is_aes(e->ticket_etype))
		finding_feature(f, "domain_has_aes", e->ticket_etype, NAN, NAN, 0.15, 0.15,
				"the domain speaks AES: the ticket is %s",
				etype_name(e->ticket_etype));
	if (is_tool_form(e))
		finding_feature(f, "tool_form", e->options, NAN, NAN, 0.1, 0.1,
				"asks for authorisation data as Windows does, without its option "
				"canonicalize");
	if (is_first)
		finding_feature(f, "proof_first", 1, NAN, NAN, 0.1, 0.1,
				"proves the key before it was asked to");
	if (is_able)
		finding_feature(f, "client_has_aes", 1, NAN, NAN, 0.35, 0.35,
				"the same client offered AES within the last 7 days");
}

static void tell(struct state *s, const struct detect_env *env, const struct event_kerberos *e,
		 struct client *c)
{
	struct finding f;
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX];
	bool is_able = c->aes_ns && env->steady_ns - c->aes_ns < MEMORY_NS;
	step_begin(&f, &rule, env, &e->e);
	add_features(&f, e, is_able, !c->demand_ns || env->steady_ns - c->demand_ns > DEMAND_NS);
	if (c->told_ns && env->steady_ns - c->told_ns < QUIET_NS &&
	    f.feature_count <= c->told_features)
		return;
	c->told_ns = env->steady_ns;
	c->told_features = f.feature_count;
	step_ends(&f, from, to);
	step_string(f.object, sizeof(f.object), &e->e, &e->realm);
	finding_text(f.message, sizeof(f.message),
		     "%s logged in to Kerberos at %s with an RC4 key, which is the NT hash of the "
		     "account's password, and offered nothing else",
		     from, to);
	finding_text(f.not_harmless, sizeof(f.not_harmless),
		     "Windows logs in with AES where the domain has it; RC4 alone is what is left "
		     "to whoever has only the hash, or to an appliance that knows no better%s",
		     is_able ? ", and this client knows better" : "");
	finding_text(f.counterfactual, sizeof(f.counterfactual),
		     "silent had the request offered AES as well, or come from a machine's own "
		     "account");
	finding_packet(&f, e->e.packet);
	s->findings++;
	step_raise(&f, env);
}

static void on_event(void *state, const struct detect_env *env, const struct event *event)
{
	struct state *s = state;
	const struct event_kerberos *e = (const struct event_kerberos *)event;
	bool is_request = e->message == KERBEROS_AS_REQ || e->message == KERBEROS_TGS_REQ;
	bool is_login = e->message == KERBEROS_AS_REP && e->request == KERBEROS_AS_REQ &&
			e->has_preauth && e->preauth_etype == ETYPE_RC4 &&
			kerberos_offers_only_weak(e) && !principal_is_machine(event, &e->cname);
	/* what a tool offers for a service says nothing about what its host's Windows can */
	bool is_able = is_request && kerberos_offers_aes(e) && !kerberos_prefers_weak(e);
	bool is_demand = e->message == KERBEROS_ERROR && e->request == KERBEROS_AS_REQ &&
			 e->error == KERBEROS_PREAUTH_REQUIRED;
	if (!is_login && !is_able && !is_demand)
		return;
	struct client_key key = client_key_of(event);
	bool is_new;
	struct client *c = table_get(&s->clients, &key, &is_new);
	if (!c)
		return;
	if (is_able)
		c->aes_ns = env->steady_ns;
	else if (is_demand)
		c->demand_ns = env->steady_ns;
	else
		tell(s, env, e, c);
}

static const struct keep_field client_fields[] = {
	KEEP(U8, struct client, key.client),    KEEP(U32, struct client, key.tunnel_key),
	KEEP(U64, struct client, aes_ns),       KEEP(U64, struct client, told_ns),
	KEEP(U8, struct client, told_features), KEEP_LAST,
};

static void keep(void *state, struct keep_list *list)
{
	struct state *s = state;
	const struct keep_part part = { .name = "kerberos_downgrade.clients",
					.version = 1,
					.owner = s,
					.table = &s->clients,
					.fields = client_fields };
	keep_add(list, &part);
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct state *s = state;
	ret->entries = s->clients.stats.entries;
	ret->evictions = s->clients.stats.evictions;
	ret->evicted_with_evidence = s->clients.stats.evicted_with_evidence;
	ret->findings = s->findings;
	ret->worst_case_bytes = table_worst_case(s->clients.stats.capacity, sizeof(struct client));
}

const struct detector kerberos_downgrade_detector = {
	.name = "kerberos_downgrade",
	.title = "Log-in to Kerberos with a password hash",
	.idea = "Looks for log-ins that offer nothing but RC4, the key that is the password's hash, "
		"where the domain and the client have AES",
	.params = params,
	.params_size = 8,
	.state_size = sizeof(struct state),
	.wants = 1ull << EVENT_KERBEROS,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.keep = keep,
	.counters = counters,
};
