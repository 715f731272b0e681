/*
 * detect/forged_ticket.c - a ticket-granting ticket that its domain does not make (T1558.001).
 *
 * Idea: all ticket-granting tickets of a realm are encrypted with one key, that of the account
 * krbtgt, and a controller uses its strongest whatever a client can (MS-KILE 3.3.5.1).  Whoever has
 * stolen the NT hash of krbtgt (DCSync, NTDS) makes tickets with it, which are RC4: "golden" ones
 * (Mimikatz, Rubeus, Impacket's ticketer).  Told by a request of a service's ticket that shows an
 * RC4 one in a realm that has given AES alone to all who logged in.  What was got before the
 * capture began is of the same key, so hosts that nobody saw log in stay silent.
 * Evasion: the AES key of krbtgt instead of the hash.  False alarms: the first ten hours after the
 * realm itself went from RC4 to AES, if the sensor began within them; tickets that lead to another
 * realm are of the key of the trust, and left out.
 */
#include <math.h>

#include "principal.h"
#include "step.h"

#define DAY_NS    (86400 * 1000000000ull)
#define MEMORY_NS (7 * DAY_NS)
#define QUIET_NS  (3600 * 1000000000ull)
#define REALMS    256u
#define GRANTS    3 /* log-ins from which a realm's key is known */

struct realm {
	uint64_t name;
	uint32_t tunnel_key, pad;
	uint64_t strong;  /* tickets given in AES */
	uint64_t weak_ns; /* when one was given in anything weaker, 0: never */
};

struct client {
	struct client_key key;
	uint64_t told_ns; /* 0: never */
	uint8_t told_severity, pad[7];
};

struct state {
	struct table realms, clients;
	uint64_t findings;
};

static const struct param params[] = { PARAM_END };

static const struct step_rule rule = {
	.detector = "forged_ticket",
	.rule = "forged_ticket",
	.title = "Ticket of Kerberos that the domain did not make",
	.class = FINDING_LATERAL,
	.techniques = { "T1558.001", "T1550.003" },
	.tactic = "TA0006",
	.unseen = "the name, the groups and the life time in the ticket: they are encrypted",
	.next_steps = { "Look in the controllers' logs for tickets of services (4769) without a "
			"log-in (4768) of that account before",
			"Find out how the hash of krbtgt got out: DCSync, a copy of NTDS.dit",
			"Change the password of krbtgt twice, and look on the host for what runs "
			"there" },
};

static uint32_t client_evidence(const void *entry)
{
	const struct client *c = entry;
	return c->told_severity;
}

static void deinit(void *state)
{
	struct state *s = state;
	table_deinit(&s->realms);
	table_deinit(&s->clients);
}

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct state *s = state;
	(void)parameters;
	struct table_config realms = { .capacity = REALMS,
				       .entry_size = sizeof(struct realm),
				       .key_size = offsetof(struct realm, strong),
				       .key = env->key };
	struct table_config clients = { .capacity = env->max_hosts / 16 ? env->max_hosts / 16 : 1,
					.entry_size = sizeof(struct client),
					.key_size = sizeof(struct client_key),
					.key = env->key,
					.evidence = client_evidence };
	int rc = table_init(&s->realms, &realms);
	if (rc)
		return rc;
	rc = table_init(&s->clients, &clients);
	if (rc)
		table_deinit(&s->realms);
	return rc;
}

static struct realm *realm_of(struct state *s, const struct detect_env *env,
			      const struct event_kerberos *e)
{
	struct realm key = { .name = principal_hash(env, &e->e, &e->realm),
			     .tunnel_key = e->e.tunnel_key };
	bool is_new;
	return e->realm.off ? table_get(&s->realms, &key, &is_new) : NULL;
}

static void tell(struct state *s, const struct detect_env *env, const struct event_kerberos *e,
		 const struct realm *r)
{
	struct finding f;
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX], service[80];
	struct client_key key = client_key_of(&e->e);
	bool is_new, is_taken = e->message == KERBEROS_TGS_REP;
	struct client *c = table_get(&s->clients, &key, &is_new);
	if (!c)
		return;
	step_begin(&f, &rule, env, &e->e);
	finding_feature(&f, "foreign_key", (double)r->strong, NAN, GRANTS, 0.7, 0.7,
			"shows a ticket-granting ticket in %s; all %llu that were given are AES",
			etype_name(e->tgt_etype), (unsigned long long)r->strong);
	if (is_taken)
		finding_feature(&f, "accepted", 1, NAN, NAN, 0.2, 0.2,
				"the controller has taken it for its own");
	enum severity severity = step_severity(step_score(&f));
	if (c->told_ns && env->steady_ns - c->told_ns < QUIET_NS &&
	    severity <= (enum severity)c->told_severity)
		return;
	c->told_ns = env->steady_ns;
	c->told_severity = (uint8_t)severity;
	step_ends(&f, from, to);
	step_string(service, sizeof(service), &e->e, &e->sname);
	step_string(f.object, sizeof(f.object), &e->e, &e->realm);
	finding_text(f.message, sizeof(f.message),
		     "%s %s a ticket for %s from %s with one that the domain did not make", from,
		     is_taken ? "got" : "asked", service, to);
	finding_text(
		f.not_harmless, sizeof(f.not_harmless),
		"a controller encrypts such tickets with its strongest key for all alike, also "
		"for old clients; RC4 is what is left to whoever has only the hash of krbtgt");
	finding_text(f.counterfactual, sizeof(f.counterfactual),
		     "silent had it been AES, or had the domain given one in RC4 within 7 days, or "
		     "fewer than %d in AES",
		     GRANTS);
	finding_packet(&f, e->e.packet);
	s->findings++;
	step_raise(&f, env);
}

static void on_event(void *state, const struct detect_env *env, const struct event *event)
{
	struct state *s = state;
	const struct event_kerberos *e = (const struct event_kerberos *)event;
	bool is_grant = e->message == KERBEROS_AS_REP && e->ticket_etype != KERBEROS_NO_ETYPE;
	bool is_shown = (e->message == KERBEROS_TGS_REQ || e->message == KERBEROS_TGS_REP) &&
			e->request == KERBEROS_TGS_REQ && etype_is_weak(e->tgt_etype) &&
			!e->is_tgt_foreign;
	if (!is_grant && !is_shown)
		return;
	struct realm *r = realm_of(s, env, e);
	if (!r)
		return;
	if (is_grant && etype_is_aes(e->ticket_etype))
		r->strong++;
	else if (is_grant)
		r->weak_ns = env->steady_ns;
	else if (r->strong >= GRANTS && (!r->weak_ns || env->steady_ns - r->weak_ns > MEMORY_NS))
		tell(s, env, e, r);
}

static const struct keep_field realm_fields[] = {
	KEEP(U64, struct realm, name),
	KEEP(U32, struct realm, tunnel_key),
	KEEP(U64, struct realm, strong),
	KEEP(U64, struct realm, weak_ns),
	KEEP_LAST,
};

static void keep(void *state, struct keep_list *list)
{
	struct state *s = state;
	const struct keep_part part = { .name = "forged_ticket.realms",
					.version = 1,
					.owner = s,
					.table = &s->realms,
					.fields = realm_fields };
	keep_add(list, &part);
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct state *s = state;
	ret->entries = s->realms.stats.entries + s->clients.stats.entries;
	ret->evictions = s->realms.stats.evictions + s->clients.stats.evictions;
	ret->evicted_with_evidence = s->clients.stats.evicted_with_evidence;
	ret->findings = s->findings;
	ret->worst_case_bytes = table_worst_case(REALMS, sizeof(struct realm)) +
				table_worst_case(s->clients.stats.capacity, sizeof(struct client));
}

const struct detector forged_ticket_detector = {
	.name = "forged_ticket",
	.title = "Ticket of Kerberos that the domain did not make",
	.idea = "Looks for ticket-granting tickets in RC4 in a domain that gives them in AES alone",
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
