/*
 * detect/asrep_roast.c - tickets given to whoever asks, taken to crack them (T1558.004).
 *
 * Idea: an account that needs no pre-authentication gets its answer, part of it encrypted under its
 * key, for anybody who names it.  An AS-REP to a request without any proof of the key, in RC4, by a
 * request that wanted RC4, in a realm that demands proof of others, for several accounts: each says
 * more.
 * Evasion: one account, AES.  False alarms: MIT realms demand no proof by default: there an answer
 * without one is ordinary, in AES, and stays silent; anonymous tickets are left out.
 */
#include <math.h>
#include <string.h>

#include "principal.h"
#include "step.h"
#include "window_set.h"

#define WINDOW_NS (3600 * 1000000000ull)
#define ACCOUNTS  3u /* of one client within a window are many */

struct client {
	struct client_key key;
	struct window_set accounts;
};

struct realm {
	uint64_t name;
	uint32_t demanded; /* answers that asked for pre-authentication */
	uint32_t pad;
};

struct state {
	struct table clients, realms;
	uint64_t findings;
};

static const struct param params[] = { PARAM_END };

static const struct step_rule rule = {
	.detector = "asrep_roast",
	.rule = "asrep_roast",
	.title = "Tickets taken without a proof, to crack them",
	.class = FINDING_LATERAL,
	.techniques = { "T1558.004" },
	.tactic = "TA0006",
	.unseen = "whether anybody tries passwords on the answer offline",
	.next_steps = { "Look up the accounts that need no pre-authentication, and demand it of them",
			"Give the account a new long password",
			"Ask what on the client sent the request" },
};

static uint32_t evidence(const void *entry)
{
	return ((const struct client *)entry)->accounts.count;
}

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct state *s = state;
	(void)parameters;
	uint32_t capacity = env->max_hosts / 16 ? env->max_hosts / 16 : 1;
	struct table_config clients = { .capacity = capacity,
					.entry_size = sizeof(struct client),
					.key_size = sizeof(struct client_key),
					.key = env->key,
					.evidence = evidence };
	struct table_config realms = { .capacity = 256,
				       .entry_size = sizeof(struct realm),
				       .key_size = sizeof(uint64_t),
				       .key = env->key };
	int r = table_init(&s->clients, &clients);
	if (r == 0 && (r = table_init(&s->realms, &realms)) != 0)
		table_deinit(&s->clients);
	return r;
}

static void deinit(void *state)
{
	struct state *s = state;
	table_deinit(&s->clients);
	table_deinit(&s->realms);
}

static struct realm *realm_of(struct state *s, const struct detect_env *env,
			      const struct event_kerberos *e)
{
	uint64_t name = principal_hash(env, &e->e, &e->realm);
	bool is_new;
	return table_get(&s->realms, &name, &is_new);
}

static void add_features(struct finding *f, const struct event_kerberos *e, bool is_demanded,
			 unsigned accounts)
{
	bool is_weak = etype_is_weak(e->reply_etype);
	finding_feature(f, "no_proof", 1, NAN, NAN, 0.2, 0.2,
			"a ticket for an account without pre-authentication");
	if (is_weak)
		finding_feature(f, "weak_answer", e->reply_etype, NAN, NAN, 0.2, 0.2,
				"the answer is encrypted with %s, which guesses are cheap against",
				etype_name(e->reply_etype));
	if (is_weak && kerberos_prefers_weak(e))
		finding_feature(f, "weak_asked", e->etypes[0], NAN, NAN, 0.3, 0.3,
				"the request wants %s%s", etype_name(e->etypes[0]),
				kerberos_offers_aes(e) ? " before AES" : " and offers no AES");
	if (is_demanded)
		finding_feature(f, "realm_demands", 1, NAN, NAN, 0.1, 0.1,
				"the realm demands the proof of other accounts");
	if (accounts >= ACCOUNTS)
		finding_feature(f, "accounts", accounts, NAN, ACCOUNTS, 0.3, 0.3,
				"%u such accounts within an hour", accounts);
}

static void tell(struct state *s, const struct detect_env *env, const struct event_kerberos *e,
		 bool is_demanded, unsigned accounts)
{
	struct finding f;
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX], realm[96];
	step_begin(&f, &rule, env, &e->e);
	add_features(&f, e, is_demanded, accounts);
	step_ends(&f, from, to);
	step_string(realm, sizeof(realm), &e->e, &e->realm);
	step_string(f.object, sizeof(f.object), &e->e, &e->realm);
	finding_text(f.message, sizeof(f.message),
		     "%s got %u ticket%s of realm %s from %s without a proof of the password, the "
		     "last encrypted with %s",
		     from, accounts, accounts == 1 ? "" : "s", realm, to,
		     etype_name(e->reply_etype));
	finding_text(f.not_harmless, sizeof(f.not_harmless),
		     "a log-in proves the password before it gets a ticket%s; without the proof, "
		     "anybody can ask, and guess the password offline from the answer",
		     is_demanded ? ", as this realm demands of others" : "");
	finding_text(f.counterfactual, sizeof(f.counterfactual),
		     "silent in AES for fewer than %u accounts within an hour, and for a request "
		     "with pre-authentication",
		     ACCOUNTS);
	f.count = accounts;
	finding_packet(&f, e->e.packet);
	s->findings++;
	step_raise(&f, env);
}

static void on_event(void *state, const struct detect_env *env, const struct event *event)
{
	struct state *s = state;
	const struct event_kerberos *e = (const struct event_kerberos *)event;
	if (e->request != KERBEROS_AS_REQ)
		return;
	if (e->message == KERBEROS_ERROR && e->error == KERBEROS_PREAUTH_REQUIRED) {
		struct realm *r = realm_of(s, env, e);
		if (r && r->demanded < UINT32_MAX)
			r->demanded++;
		return;
	}
	if (e->message != KERBEROS_AS_REP || e->has_preauth ||
	    e->cname_type == KERBEROS_NAME_WELLKNOWN || principal_is_machine(event, &e->cname))
		return;
	struct client_key key = client_key_of(event);
	bool is_new;
	struct client *c = table_get(&s->clients, &key, &is_new);
	if (!c)
		return;
	(void)window_set_roll(&c->accounts, env->steady_ns, WINDOW_NS);
	if (!window_set_add(&c->accounts, principal_hash(env, event, &e->cname)))
		return;
	const struct realm *r = realm_of(s, env, e);
	tell(s, env, e, r && r->demanded > 0, c->accounts.count);
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct state *s = state;
	ret->entries = s->clients.stats.entries + s->realms.stats.entries;
	ret->evictions = s->clients.stats.evictions + s->realms.stats.evictions;
	ret->evicted_with_evidence = s->clients.stats.evicted_with_evidence;
	ret->findings = s->findings;
	ret->worst_case_bytes = table_worst_case(s->clients.stats.capacity, sizeof(struct client)) +
				table_worst_case(s->realms.stats.capacity, sizeof(struct realm));
}

const struct detector asrep_roast_detector = {
	.name = "asrep_roast",
	.title = "Tickets taken without a proof, to crack them",
	.idea = "Looks for answers to requests that brought no proof of the password: in RC4, asked "
		"in RC4, where the realm demands the proof of others, for several accounts",
	.params = params,
	.params_size = 8,
	.state_size = sizeof(struct state),
	.wants = 1ull << EVENT_KERBEROS,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.counters = counters,
};
