/*
 * detect/kerberos_enumeration.c - account names tried out on Kerberos (T1087.002).
 *
 * Idea: a key distribution centre says of each name whether it exists (error 6, or one that asks
 * for pre-authentication), before any password is needed and without a failed log-in for the
 * account: Kerbrute, Rubeus, nmap's krb5-enum-users.  One client that names many accounts that do
 * not exist, and few that log in, guesses. Evasion: a name every few minutes; many clients.  False
 * alarms: a terminal or mail server names many accounts, but they exist; typing errors are few;
 * machines that were deleted are left out.
 */
#include <math.h>
#include <string.h>

#include "principal.h"
#include "step.h"
#include "window_set.h"

#define WINDOW_NS (600 * 1000000000ull)

struct enumeration_params {
	uint64_t names;
};

struct client {
	struct client_key key;
	struct window_set unknown; /* names that do not exist */
	struct window_set known;   /* that exist, as an error told */
	uint32_t logins;           /* within the window */
	uint32_t told;             /* unknown names when last told */
};

struct state {
	const struct enumeration_params *params;
	struct table clients;
	uint64_t findings;
};

static const struct param params[] = {
	{ "names", PARAM_UINT, offsetof(struct enumeration_params, names), 3, 60, 10, "names",
	  "Names of accounts that do not exist, asked by one client within ten minutes" },
	PARAM_END
};

static const struct step_rule rule = {
	.detector = "kerberos_enumeration",
	.rule = "kerberos_enumeration",
	.title = "Account names tried out on Kerberos",
	.class = FINDING_RECON,
	.techniques = { "T1087.002" },
	.tactic = "TA0007",
	.unseen = "which of the names the client will use, and where its list comes from",
	.next_steps = { "Find the program on the client that sends the requests",
			"Look for log-ins that fail for the accounts that exist: a password may be "
			"tried next" },
};

static uint32_t evidence(const void *entry)
{
	return ((const struct client *)entry)->unknown.count;
}

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct state *s = state;
	s->params = parameters;
	struct table_config config = { .capacity = env->max_hosts / 16 ? env->max_hosts / 16 : 1,
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

static void tell(struct state *s, const struct detect_env *env, const struct event_kerberos *e,
		 struct client *c)
{
	struct finding f;
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX];
	unsigned unknown = c->unknown.count;
	double many = unknown >= 4 * s->params->names ? 0.7 :
		      unknown >= 2 * s->params->names ? 0.6 :
							0.5;
	step_begin(&f, &rule, env, &e->e);
	finding_feature(&f, "unknown_names", unknown, NAN, (double)s->params->names, 0.7, many,
			"%s%u names of accounts that do not exist within 10 min",
			c->unknown.is_full ? "over " : "", unknown);
	if (c->logins == 0)
		finding_feature(&f, "no_login", 0, NAN, NAN, 0.1, 0.1,
				"nobody logged in from there meanwhile");
	if (c->known.count)
		finding_feature(&f, "found_names", c->known.count, NAN, NAN, 0.15, 0.15,
				"%u names were told to exist", c->known.count);
	step_ends(&f, from, to);
	step_string(f.object, sizeof(f.object), &e->e, &e->realm);
	finding_text(
		f.message, sizeof(f.message),
		"%s asked %s for tickets of %u accounts within 10 min, of which %u do not exist",
		from, to, unknown + c->known.count, unknown);
	finding_text(f.not_harmless, sizeof(f.not_harmless),
		     "who mistypes a name does so once or twice; a server that logs many people in "
		     "names people who exist: here %u log-ins succeeded",
		     c->logins);
	finding_text(f.counterfactual, sizeof(f.counterfactual),
		     "silent below %llu unknown names within 10 min, or with as many log-ins",
		     (unsigned long long)s->params->names);
	f.count = unknown;
	finding_packet(&f, e->e.packet);
	c->told = unknown;
	s->findings++;
	step_raise(&f, env);
}

static void on_event(void *state, const struct detect_env *env, const struct event *event)
{
	struct state *s = state;
	const struct event_kerberos *e = (const struct event_kerberos *)event;
	if (e->request != KERBEROS_AS_REQ || e->message == KERBEROS_AS_REQ ||
	    principal_is_machine(event, &e->cname))
		return;
	struct client_key key = client_key_of(event);
	bool is_new;
	struct client *c = table_get(&s->clients, &key, &is_new);
	if (!c)
		return;
	if (env->steady_ns - c->unknown.since_ns >= WINDOW_NS || is_new) {
		memset(&c->unknown, 0, sizeof(*c) - offsetof(struct client, unknown));
		c->unknown.since_ns = env->steady_ns;
	}
	uint64_t name = principal_hash(env, event, &e->cname);
	if (e->message == KERBEROS_AS_REP)
		c->logins++;
	else if (e->error == KERBEROS_PREAUTH_REQUIRED || e->error == KERBEROS_PREAUTH_FAILED)
		window_set_add(&c->known, name);
	else if (e->error == KERBEROS_NO_CLIENT && window_set_add(&c->unknown, name) &&
		 c->unknown.count >= s->params->names && c->unknown.count >= 2 * c->told &&
		 c->logins < c->unknown.count)
		tell(s, env, e, c);
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

const struct detector kerberos_enumeration_detector = {
	.name = "kerberos_enumeration",
	.title = "Account names tried out on Kerberos",
	.idea = "Counts the accounts that one client asks for and that do not exist",
	.params = params,
	.params_size = sizeof(struct enumeration_params),
	.state_size = sizeof(struct state),
	.wants = 1ull << EVENT_KERBEROS,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.counters = counters,
};
