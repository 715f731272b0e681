/*
 * detect/kerberoast.c - service tickets asked for their key (T1558.003).
 *
 * Idea: any user may ask for a ticket to any service, and part of it is encrypted under that
 * service's key: where an account with a chosen password runs the service, the ticket lets the
 * password be guessed offline (Medin 2014).  RC4 makes that a thousand times cheaper than AES. What
 * tells it apart is a ticket in RC4 although client and domain speak AES, a request that wants RC4,
 * a request that names the account rather than the service, and many services within minutes.
 * Evasion: AES tickets, one every hour; a service that the victim uses anyway.
 * False alarms: services that can only RC4 give such tickets to everybody.  Once two clients have
 * had one for a service, that service is old, and its tickets count for nothing; the first of them
 * is told, as its account can be cracked by whoever asks.
 */
#include <math.h>
#include <string.h>

#include "exfild/base/str.h"
#include "principal.h"
#include "step.h"
#include "window_set.h"

#define WINDOW_NS   (600 * 1000000000ull)
#define CLIENTS_OLD 2u  /* others that a service has given RC4 to: it cannot do better */
#define MANY_AES    10u /* services of accounts asked within a window, in any encryption */

struct kerberoast_params {
	uint64_t services;
};

struct client {
	struct client_key key;
	struct window_set weak; /* services, tickets in RC4 */
	struct window_set all;  /* services of accounts */
	struct window_set classes;
	uint64_t told_weak, told_all; /* services at the last finding of the window */
	bool has_aes;                 /* it has offered AES in a request */
};

struct roasted {
	uint64_t name; /* hash of service and realm */
	uint32_t clients[CLIENTS_OLD];
	uint8_t count;
	uint8_t pad[7];
};

struct state {
	const struct kerberoast_params *params;
	struct table clients, services;
	uint64_t findings;
};

static const struct param params[] = {
	{ "services", PARAM_UINT, offsetof(struct kerberoast_params, services), 2, 64, 3,
	  "services", "Services with RC4 tickets within ten minutes that are many" },
	PARAM_END
};

static const struct step_rule rule = {
	.detector = "kerberoast",
	.rule = "kerberoast",
	.title = "Service tickets asked to crack them",
	.class = FINDING_LATERAL,
	.techniques = { "T1558.003" },
	.tactic = "TA0006",
	.unseen =
		"whether the tickets were used, and whether anybody tries passwords on them offline",
	.next_steps = { "Ask what on the client wanted the service: does its user work with it?",
			"Give the service's account a long random password, or make it a managed one",
			"Set AES as the only encryption of the account, and look for RC4 that is left" },
};

static uint32_t evidence(const void *entry)
{
	const struct client *c = entry;
	return c->weak.count * 16u + c->all.count;
}

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct state *s = state;
	s->params = parameters;
	uint32_t capacity = env->max_hosts / 8 ? env->max_hosts / 8 : 1;
	struct table_config clients = { .capacity = capacity,
					.entry_size = sizeof(struct client),
					.key_size = sizeof(struct client_key),
					.key = env->key,
					.evidence = evidence };
	struct table_config services = { .capacity = capacity,
					 .entry_size = sizeof(struct roasted),
					 .key_size = sizeof(uint64_t),
					 .key = env->key };
	int r = table_init(&s->clients, &clients);
	if (r == 0 && (r = table_init(&s->services, &services)) != 0)
		table_deinit(&s->clients);
	return r;
}

static void deinit(void *state)
{
	struct state *s = state;
	table_deinit(&s->clients);
	table_deinit(&s->services);
}

/* What one ticket says, and what is known of the service and its client. */
struct judgement {
	bool is_weak, is_asked, is_aes_known, is_by_account, is_old;
	unsigned weak, all, classes;
	const char *service; /* text */
};

/* Notes that this client has an RC4 ticket; whether others than it had them before. */
static bool is_old_service(struct state *s, const struct detect_env *env,
			   const struct event_kerberos *e, uint64_t name)
{
	uint64_t both[2] = { name, principal_hash(env, &e->e, &e->realm) };
	uint64_t hash = hash_words(&env->sketch_key, both, 2);
	struct client_key key = client_key_of(&e->e);
	uint32_t mark = (uint32_t)hash_bytes(&env->sketch_key, &key, sizeof(key)) | 1;
	bool is_new;
	struct roasted *v = table_get(&s->services, &hash, &is_new);
	if (!v)
		return false;
	bool is_known = false;
	for (unsigned i = 0; i < v->count; i++)
		is_known |= v->clients[i] == mark;
	bool is_old = v->count >= CLIENTS_OLD;
	if (!is_known && v->count < CLIENTS_OLD)
		v->clients[v->count++] = mark;
	return is_old;
}

static void add_ticket(const struct judgement *j, const struct event_kerberos *e,
		       const struct state *s, struct finding *f)
{
	if (j->is_weak)
		finding_feature(f, "weak_ticket", e->ticket_etype, NAN, NAN, 0.25, 0.25,
				"a ticket encrypted with %s, which guesses are cheap against",
				etype_name(e->ticket_etype));
	if (j->is_asked)
		finding_feature(f, "weak_asked", e->etypes[0], NAN, NAN, 0.3,
				j->is_aes_known ? 0.3 : 0.1, "the request wants %s%s",
				etype_name(e->etypes[0]),
				kerberos_offers_aes(e) ? " before AES" : " and offers no AES");
	if (j->is_weak && j->is_aes_known)
		finding_feature(f, "client_has_aes", 1, NAN, NAN, 0.25, 0.25,
				"the client speaks AES: %s",
				kerberos_offers_aes(e) ? "the request offers it" :
							 "it has offered it before");
	else if (j->is_weak && etype_is_aes(e->tgt_etype))
		finding_feature(f, "domain_has_aes", e->tgt_etype, NAN, NAN, 0.1, 0.1,
				"the domain speaks AES: the client's own ticket has it");
	if (j->is_by_account)
		finding_feature(f, "account_named", e->sname_type, NAN, NAN, 0.3, 0.3,
				"asked by the name of an account, not of a service");
	if (j->weak >= 2) {
		double many = j->weak >= 8 ? 0.4 : j->weak >= s->params->services ? 0.3 : 0.1;
		finding_feature(f, "services", j->weak, NAN, (double)s->params->services, 0.4, many,
				"tickets for %u services of accounts within 10 min in weak "
				"encryption",
				j->weak);
	}
	if (j->all >= MANY_AES && j->classes >= 2)
		finding_feature(f, "burst", j->all, NAN, MANY_AES, 0.5, 0.5,
				"tickets for %u services of %u kinds within 10 min", j->all,
				j->classes);
}

static void explain(const struct judgement *j, const struct event_kerberos *e,
		    const struct state *s, struct finding *f)
{
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX];
	step_ends(f, from, to);
	step_string(f->object, sizeof(f->object), &e->e, &e->realm);
	finding_text(f->message, sizeof(f->message),
		     "%s got a ticket for %s from %s, encrypted with %s; %u service%s of accounts "
		     "within 10 min",
		     from, j->service, to, etype_name(e->ticket_etype), j->all,
		     j->all == 1 ? "" : "s");
	finding_text(f->not_harmless, sizeof(f->not_harmless), "%s",
		     j->all >= MANY_AES ?
			     "a user works with a few services; this client asked for many within "
			     "minutes" :
		     j->is_asked ? "Windows asks for AES first; a program that wants RC4 wants a "
				   "ticket that is cheap to crack" :
				   "the client speaks AES; a ticket in RC4 can be cracked offline, "
				   "and no two other clients use this service so");
	if (j->all >= MANY_AES && j->classes >= 2)
		finding_text(f->counterfactual, sizeof(f->counterfactual),
			     "silent below %u services within 10 min, with AES tickets", MANY_AES);
	else
		finding_text(f->counterfactual, sizeof(f->counterfactual),
			     "silent had the ticket been AES, or had %u other clients RC4 tickets "
			     "for the service before; many services count from %llu",
			     CLIENTS_OLD, (unsigned long long)s->params->services);
}

static void judge(struct state *s, const struct detect_env *env, const struct event_kerberos *e)
{
	struct client_key key = client_key_of(&e->e);
	bool is_first;
	struct client *c = table_get(&s->clients, &key, &is_first);
	if (!c)
		return;
	uint64_t name = principal_hash(env, &e->e, &e->sname);
	if (window_set_roll(&c->weak, env->steady_ns, WINDOW_NS))
		c->told_weak = 0;
	if (window_set_roll(&c->all, env->steady_ns, WINDOW_NS)) {
		c->told_all = 0;
		memset(&c->classes, 0, sizeof(c->classes));
	}
	char service[128];
	step_string(service, sizeof(service), &e->e, &e->sname);
	const char *slash = strchr(service, '/');
	bool is_new = window_set_add(&c->all, name);
	window_set_add(&c->classes, hash_bytes(&env->sketch_key, service,
					       slash ? (size_t)(slash - service) : 0));
	struct judgement j = {
		.is_weak = etype_is_weak(e->ticket_etype),
		.is_asked =
			e->request && (kerberos_prefers_weak(e) || kerberos_offers_only_weak(e)),
		.is_aes_known = c->has_aes || kerberos_offers_aes(e),
		.is_by_account = e->sname_type == KERBEROS_NAME_ACCOUNT ||
				 e->sname_type == KERBEROS_NAME_ENTERPRISE,
		.service = service,
	};
	if (j.is_weak && is_old_service(s, env, e, name))
		j.is_weak = j.is_asked = false;
	if (j.is_weak)
		is_new |= window_set_add(&c->weak, name);
	j.weak = j.is_weak ? c->weak.count : 0;
	j.all = c->all.count;
	j.classes = c->classes.count;
	j.is_asked &= j.is_weak; /* where a service has nothing but AES the wish was in vain */
	bool is_more = j.weak > c->told_weak || (j.all >= MANY_AES && j.all >= 2 * c->told_all);
	if (!is_new || !is_more)
		return;
	struct finding f;
	step_begin(&f, &rule, env, &e->e);
	add_ticket(&j, e, s, &f);
	explain(&j, e, s, &f);
	f.count = j.all;
	finding_packet(&f, e->e.packet);
	c->told_weak = j.weak;
	c->told_all = j.all;
	s->findings++;
	step_raise(&f, env);
}

static void note_request(struct state *s, const struct event_kerberos *e)
{
	struct client_key key = client_key_of(&e->e);
	bool is_new;
	if (!kerberos_offers_aes(e))
		return;
	struct client *c = table_get(&s->clients, &key, &is_new);
	if (c)
		c->has_aes = true;
}

static void on_event(void *state, const struct detect_env *env, const struct event *event)
{
	const struct event_kerberos *e = (const struct event_kerberos *)event;
	if (e->message == KERBEROS_AS_REQ || e->message == KERBEROS_TGS_REQ)
		note_request(state, e);
	if (e->message != KERBEROS_TGS_REP || e->ticket_etype == KERBEROS_NO_ETYPE ||
	    e->for_user.off || !principal_may_be_account(event, &e->sname))
		return;
	judge(state, env, e);
}

static const struct keep_field roasted_fields[] = {
	KEEP(U64, struct roasted, name),
	KEEP(U32, struct roasted, clients),
	KEEP_TO(U8, struct roasted, count, CLIENTS_OLD),
	KEEP_LAST,
};

static void keep(void *state, struct keep_list *list)
{
	struct state *s = state;
	const struct keep_part part = { .name = "kerberoast.services",
					.version = 1,
					.owner = s,
					.table = &s->services,
					.fields = roasted_fields };
	keep_add(list, &part);
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct state *s = state;
	ret->entries = s->clients.stats.entries + s->services.stats.entries;
	ret->evictions = s->clients.stats.evictions + s->services.stats.evictions;
	ret->evicted_with_evidence = s->clients.stats.evicted_with_evidence;
	ret->findings = s->findings;
	ret->worst_case_bytes =
		table_worst_case(s->clients.stats.capacity, sizeof(struct client)) +
		table_worst_case(s->services.stats.capacity, sizeof(struct roasted));
}

const struct detector kerberoast_detector = {
	.name = "kerberoast",
	.title = "Service tickets asked to crack them",
	.idea = "Looks for service tickets in RC4 where client and domain speak AES, requests that "
		"want RC4 or name an account, and many services within minutes",
	.params = params,
	.params_size = sizeof(struct kerberoast_params),
	.state_size = sizeof(struct state),
	.wants = 1ull << EVENT_KERBEROS,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.keep = keep,
	.counters = counters,
};
