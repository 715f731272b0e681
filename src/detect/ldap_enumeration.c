/*
 * detect/ldap_enumeration.c - a directory asked for what attackers look for (T1087.002).
 *
 * Idea: any user may search the directory, and ordinary programs look up one user, one group, one
 * service.  Who asks for every account with a service name, every account without
 * pre-authentication or with delegation, every administrator, all kinds of groups at once, or for
 * all that there is, makes a map (BloodHound, PowerView, AdFind, ldapsearch).  Each kind of
 * question has its weight; the strongest counts in full, each further one adds. Evasion: filters
 * that ask for more than is wanted (all users, little by little); sealed sessions show only their
 * size.  False alarms: audit and synchronisation programs ask the same every day: what a client has
 * asked on three days is its habit and silent.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "exfild/base/str.h"
#include "principal.h"
#include "step.h"

#define WINDOW_NS    (3600 * 1000000000ull)
#define DAY_NS       (86400 * 1000000000ull)
#define HABIT_DAYS   3
#define FURTHER      0.15 /* for each kind beyond the strongest */
#define FILTER_READ  1024
#define SEALED_BYTES (2u << 20)
#define RULE_AND     "useraccountcontrol:1.2.840.113556.1.4.803:="

enum kind {
	KIND_SERVICES,
	KIND_NO_PREAUTH,
	KIND_DELEGATION,
	KIND_ADMINS,
	KIND_PASSWORDS,
	KIND_TRUSTS,
	KIND_MAP,
	KIND_FORM,
	KIND_PRIVILEGED,
	KIND_RIGHTS,
	KIND_ALL,
	KIND_SEALED,
	KIND__COUNT
};

/* What the filter or the attributes hold, in lower case. */
static const struct {
	const char *name, *text, *technique;
	double weight;
	const char *in_filter[4];
} kinds[KIND__COUNT] = {
	[KIND_SERVICES] = { "services",
			    "every account with a service name",
			    "T1087.002",
			    0.5,
			    { "(serviceprincipalname=*" } },
	[KIND_NO_PREAUTH] = { "no_preauth",
			      "accounts without pre-authentication",
			      "T1087.002",
			      0.6,
			      { RULE_AND "4194304)" } },
	[KIND_DELEGATION] = { "delegation",
			      "accounts and machines that may act for others",
			      "T1087.002",
			      0.5,
			      { RULE_AND "524288)", RULE_AND "16777216)",
				"(msds-allowedtodelegateto=*)",
				"(msds-allowedtoactonbehalfofotheridentity=*)" } },
	[KIND_ADMINS] = { "admins",
			  "every protected administrator",
			  "T1087.002",
			  0.5,
			  { "(admincount=1)" } },
	[KIND_PASSWORDS] = { "passwords",
			     "local administrators' passwords",
			     "T1087.002",
			     0.6,
			     { "(ms-mcs-admpwd=*)", "(mslaps-password=*)",
			       "(mslaps-encryptedpassword=*)",
			       "(ms-mcs-admpwdexpirationtime=*)" } },
	[KIND_TRUSTS] = { "trusts",
			  "trusted domains",
			  "T1482",
			  0.35,
			  { "(objectclass=trusteddomain)", "(objectcategory=trusteddomain)" } },
	[KIND_MAP] = { "map",
		       "all kinds of groups and accounts at once",
		       "T1069.002",
		       0.7,
		       { "(samaccounttype=268435456)(samaccounttype=268435457)" } },
	[KIND_FORM] = { "tool_form",
			"one account by a filter in the form of PowerView",
			"T1087.002",
			0.5,
			{ "(&(samaccounttype=805306368)(|(", "(&(samaccounttype=805306369)(|(" } },
	[KIND_PRIVILEGED] = { "privileged",
			      "members of a group of administrators",
			      "T1069.002",
			      0.35,
			      { "(samaccountname=domain admins)", "(memberof=cn=domain admins,",
				"(samaccountname=enterprise admins)",
				"(memberof=cn=enterprise admins," } },
	[KIND_RIGHTS] = { "rights",
			  "access rights of the whole tree",
			  "T1069.002",
			  0.35,
			  { NULL } },
	[KIND_ALL] = { "all",
		       "all objects of the tree with all attributes",
		       "T1087.002",
		       0.5,
		       { NULL } },
	[KIND_SEALED] = { "sealed_bulk",
			  "over 2 MB from a sealed session",
			  "T1087.002",
			  0.35,
			  { NULL } },
};

struct enumeration_params {
	uint64_t entries;
};

struct client {
	struct client_key key;
	uint64_t window_ns;
	uint64_t all_flow; /* of a search for everything that is under way */
	uint64_t last_day[KIND__COUNT];
	uint8_t days[KIND__COUNT]; /* on which it asked so */
	uint32_t all_id;
	uint16_t asked; /* kinds within the window, by bit */
	uint16_t told;
};

struct state {
	const struct enumeration_params *params;
	struct table clients;
	uint64_t findings;
};

static const struct param params[] = {
	{ "entries", PARAM_UINT, offsetof(struct enumeration_params, entries), 10, 1e6, 100,
	  "entries", "Entries that an answer to a search for everything must have" },
	PARAM_END
};

static const struct step_rule rule = {
	.detector = "ldap_enumeration",
	.rule = "ldap_enumeration",
	.title = "Directory asked for what attackers look for",
	.class = FINDING_RECON,
	.techniques = { "T1087.002" },
	.tactic = "TA0007",
	.unseen = "what sealed sessions ask, and what the client does with the answers",
	.next_steps = { "Find the program on the client that asked, and who ran it",
			"Expect tickets of the accounts found to be asked for next (kerberoast)",
			"If it is an audit of your own, it falls silent after three days, or except "
			"it" },
};

static uint32_t evidence(const void *entry)
{
	const struct client *c = entry;
	return c->told ? 2 : c->asked != 0;
}

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct state *s = state;
	s->params = parameters;
	struct table_config config = { .capacity = env->max_hosts / 8 ? env->max_hosts / 8 : 1,
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

static const char *lower(char *dst, const struct event *e, const struct event_str *s)
{
	step_string(dst, FILTER_READ, e, s);
	for (char *p = dst; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p | 0x20);
	return dst;
}

/* PowerView puts even one alternative into an "or". */
static bool has_one_alternative(const char *filter, const char *form)
{
	const char *at = strstr(filter, form);
	if (!at)
		return false;
	unsigned depth = 1;
	unsigned parts = 1;
	for (at += strlen(form); *at && depth; at++) {
		if (*at == ')' && --depth == 0) {
			if (at[1] == '(')
				parts++;
			break;
		}
		depth += *at == '(';
	}
	return *at == ')' && parts == 1;
}

static bool is_asked(enum kind kind, const char *filter)
{
	for (unsigned i = 0; i < 4 && kinds[kind].in_filter[i]; i++) {
		const char *needle = kinds[kind].in_filter[i];
		if (kind == KIND_FORM ? has_one_alternative(filter, needle) :
					strstr(filter, needle) != NULL)
			return true;
	}
	return false;
}

/* The root of a domain: nothing but its components. */
static bool is_root(const char *base)
{
	return strncmp(base, "dc=", 3) == 0 && !strstr(base, "ou=") && !strstr(base, "cn=");
}

/* What only few may read, and programs that need it ask for sealed. */
static bool has_secret(const char *attributes)
{
	static const char *const names[] = { "ms-mcs-admpwd", "mslaps-password",
					     "mslaps-encryptedpassword", "msds-managedpassword",
					     "msfve-recoverypassword" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *at = strstr(attributes, names[i]);
		size_t n = strlen(names[i]);
		if (at && (at == attributes || at[-1] == ',') && (at[n] == ',' || at[n] == '\0'))
			return true;
	}
	return false;
}

static uint16_t kinds_of(struct client *c, const struct event_ldap *e)
{
	char text[FILTER_READ];
	uint16_t asked = 0;
	if (e->scope == 0) /* of the object itself */
		return 0;
	lower(text, &e->e, &e->filter);
	for (unsigned k = 0; k < KIND__COUNT; k++)
		if (is_asked((enum kind)k, text))
			asked |= (uint16_t)(1u << k);
	bool is_everything = strcmp(text, "(objectclass=*)") == 0;
	bool is_whole = e->scope == 2 && is_root(lower(text, &e->e, &e->base));
	lower(text, &e->e, &e->attributes);
	if (is_whole && strstr(text, "ntsecuritydescriptor"))
		asked |= 1u << KIND_RIGHTS;
	if (has_secret(text))
		asked |= 1u << KIND_PASSWORDS;
	if (is_whole && is_everything && (e->attribute_count == 0 || strcmp(text, "*") == 0)) {
		c->all_flow = e->e.flow;
		c->all_id = e->message_id;
	}
	return asked;
}

/* Notes the day; whether the client asks so as a habit. */
static bool is_habit(struct client *c, enum kind kind, uint64_t steady_ns)
{
	uint64_t day = steady_ns / DAY_NS + 1;
	bool is_old = c->days[kind] >= HABIT_DAYS;
	if (c->last_day[kind] != day) {
		c->last_day[kind] = day;
		if (c->days[kind] < UINT8_MAX)
			c->days[kind]++;
	}
	return is_old;
}

static void add_features(const struct client *c, struct finding *f, char *list, size_t size)
{
	unsigned strongest = 0;
	size_t n = 0;
	*list = '\0';
	for (unsigned k = 0; k < KIND__COUNT; k++)
		if (c->asked & 1u << k &&
		    (!(c->asked & 1u << strongest) || kinds[k].weight > kinds[strongest].weight))
			strongest = k;
	for (unsigned k = 0; k < KIND__COUNT; k++) {
		if (!(c->asked & 1u << k))
			continue;
		if (n < size)
			n += (size_t)snprintf(list + n, size - n, "%s%s", n ? "; " : "",
					      kinds[k].text);
		finding_technique(f, kinds[k].technique);
		if (f->feature_count < FINDING_FEATURES)
			finding_feature(f, kinds[k].name, 1, NAN, NAN, kinds[k].weight,
					k == strongest ? kinds[k].weight : FURTHER, "asked for %s",
					kinds[k].text);
	}
	if (c->asked & 1u << KIND_SERVICES)
		finding_technique(f, "T1558.003");
}

static unsigned count_bits(unsigned bits)
{
	unsigned n = 0;
	for (; bits; bits &= bits - 1)
		n++;
	return n;
}

static void tell(struct state *s, const struct detect_env *env, const struct event_ldap *e,
		 struct client *c)
{
	struct finding f;
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX], list[256];
	step_begin(&f, &rule, env, &e->e);
	add_features(c, &f, list, sizeof(list));
	step_ends(&f, from, to);
	unsigned count = count_bits(c->asked);
	finding_text(f.message, sizeof(f.message), "%s asked the directory %s for %s", from, to,
		     list);
	finding_text(f.not_harmless, sizeof(f.not_harmless),
		     "programs look up the user, group or service that they work with; %s of %u "
		     "kind%s are of use to whoever wants to know whom to attack",
		     "questions", count, count == 1 ? "" : "s");
	finding_text(f.counterfactual, sizeof(f.counterfactual),
		     "silent had it asked so on %u days before, or for single names%s",
		     (unsigned)HABIT_DAYS,
		     c->asked == 1u << KIND_ALL ? ", or got fewer entries" : "");
	f.count = count;
	f.visibility = c->asked == 1u << KIND_SEALED ? VISIBILITY_OPAQUE : VISIBILITY_CLEAR;
	finding_packet(&f, e->e.packet);
	c->told = c->asked;
	s->findings++;
	step_raise(&f, env);
}

static void on_event(void *state, const struct detect_env *env, const struct event *event)
{
	struct state *s = state;
	const struct event_ldap *e = (const struct event_ldap *)event;
	bool is_search = e->operation == LDAP_SEARCH && !e->is_ping;
	bool is_bulk = e->operation == LDAP_SEALED && e->is_response && e->bytes >= SEALED_BYTES;
	if (!is_search && !is_bulk)
		return;
	struct client_key key = client_key_of(event);
	bool is_new;
	struct client *c = is_bulk || !e->is_response ? table_get(&s->clients, &key, &is_new) :
							table_find(&s->clients, &key);
	if (!c)
		return;
	if (env->steady_ns - c->window_ns >= WINDOW_NS) {
		c->window_ns = env->steady_ns;
		c->asked = c->told = 0;
	}
	uint16_t asked = 0;
	if (is_bulk)
		asked = 1u << KIND_SEALED;
	else if (!e->is_response)
		asked = kinds_of(c, e);
	else if (c->all_flow == event->flow && c->all_id == e->message_id &&
		 e->entries >= s->params->entries)
		asked = 1u << KIND_ALL;
	for (unsigned k = 0; k < KIND__COUNT; k++)
		if (asked & 1u << k && !is_habit(c, (enum kind)k, env->steady_ns))
			c->asked |= (uint16_t)(1u << k);
	if (c->asked & ~c->told)
		tell(s, env, e, c);
}

static const struct keep_field client_fields[] = {
	KEEP(U8, struct client, key.client),
	KEEP(U32, struct client, key.tunnel_key),
	KEEP(U64, struct client, window_ns),
	KEEP(U64, struct client, last_day),
	KEEP(U8, struct client, days),
	KEEP_TO(U16, struct client, asked, (1u << KIND__COUNT) - 1),
	KEEP_TO(U16, struct client, told, (1u << KIND__COUNT) - 1),
	KEEP_LAST,
};

static void keep(void *state, struct keep_list *list)
{
	struct state *s = state;
	const struct keep_part part = { .name = "ldap_enumeration.clients",
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

const struct detector ldap_enumeration_detector = {
	.name = "ldap_enumeration",
	.title = "Directory asked for what attackers look for",
	.idea = "Looks for searches that make a map of a domain: accounts with service names, "
		"without pre-authentication, administrators, delegation, everything",
	.params = params,
	.params_size = sizeof(struct enumeration_params),
	.state_size = sizeof(struct state),
	.wants = 1ull << EVENT_LDAP,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.keep = keep,
	.counters = counters,
};
