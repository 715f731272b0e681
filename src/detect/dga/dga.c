/*
 * detect/dga/dga.c - a client that looks for a meeting point among generated names.
 *
 * Idea: a domain generation algorithm (T1568.002) asks many registered domains that do not exist
 * until one does.  Of each client the distinct registered domains answered NXDOMAIN are counted in
 * half an hour, with the letters of each (lexical.h); names of one length and ending are one
 * family, and one of them that exists is the meeting point (Antonakakis et al. 2012, Schueppen et
 * al. 2018). Evasion: dictionary words, few names an hour, DNS over TLS or HTTPS. False alarms:
 * crawlers and mail servers that meet dead domains; resolvers that ask for others are left out, as
 * are names without a dot (browsers' probes), reverse names and look-up services.
 */
#include <math.h>
#include <string.h>

#include "exfild/base/str.h"
#include "exfild/base/table.h"
#include "exfild/event/keep.h"
#include "../dest.h"
#include "../step.h"
#include "lexical.h"

#define SECOND_NS   1000000000ull
#define SEEN        128 /* marks of the last distinct domains */
#define LAST_NAMES  4
#define NAME_MAX    48
#define FAMILIES    8
#define LENGTH_STEP 3 /* lengths this close are one family */
#define RANDOM      0.25
#define LABEL_MIN   6
#define RCODE_NX    3

struct dga_params {
	uint64_t window_s, random_low, random_medium, any_low;
};

struct dga_key {
	struct ipaddr src;
	uint64_t tunnel_key;
};

struct dga_client {
	struct dga_key key;
	uint64_t window_ns; /* steady time of its begin */
	uint64_t first_ns, last_ns;
	uint32_t missing, random, existing; /* distinct domains of the window */
	uint32_t next;
	uint32_t seen[SEEN];
	struct {
		uint32_t mark; /* of length and ending */
		uint32_t count;
	} families[FAMILIES];
	char names[LAST_NAMES][NAME_MAX];
	char meeting[NAME_MAX]; /* one of a family that exists */
	uint8_t told_severity;
	struct event last;
};

struct state {
	const struct dga_params *params;
	struct table clients;
	uint64_t findings;
};

static const struct param params[] = {
	{ "window", PARAM_DURATION, offsetof(struct dga_params, window_s), 60, 86400, 1800, "",
	  "Names are counted for so long" },
	{ "random_low", PARAM_UINT, offsetof(struct dga_params, random_low), 2, 1e6, 10, "",
	  "Random-looking domains that do not exist, from which it is context" },
	{ "random_medium", PARAM_UINT, offsetof(struct dga_params, random_medium), 3, 1e6, 30, "",
	  "... and from which it is an alert" },
	{ "any_low", PARAM_UINT, offsetof(struct dga_params, any_low), 2, 1e6, 60, "",
	  "Domains of any look that do not exist, from which it is context" },
	PARAM_END
};

static const struct step_rule rule = {
	.detector = "dga",
	.rule = "dga",
	.title = "Generated domain names",
	.class = FINDING_C2,
	.techniques = { "T1568.002" },
	.tactic = "TA0011",
	.unseen = "which program asks, and names asked over encrypted DNS",
	.next_steps = { "Find the program on the client that asks for these names",
			"Block and watch names of the family; look who else asks for them" },
};

static uint32_t evidence(const void *entry)
{
	const struct dga_client *c = entry;
	return c->told_severity * 1000u + c->random * 4 + c->missing;
}

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct state *s = state;
	s->params = parameters;
	struct table_config config = { .capacity = env->max_hosts / 4 ? env->max_hosts / 4 : 1,
				       .entry_size = sizeof(struct dga_client),
				       .key_size = sizeof(struct dga_key),
				       .key = env->key,
				       .evidence = evidence };
	return table_init(&s->clients, &config);
}

static void deinit(void *state)
{
	struct state *s = state;
	table_deinit(&s->clients);
}

/* The registered domain as lower-case text; false: none that a generator makes. */
static bool domain_of(const struct detect_env *env, const struct event_dns *d, char text[NAME_MAX],
		      size_t *ret_label)
{
	const char *registered;
	size_t len, n = 0;
	const char *name = (const char *)event_str_data(&d->e, &d->name);
	size_t name_len = d->name.off ? d->name.len : 0;
	while (name_len && name[name_len - 1] == '.')
		name_len--;
	if (!name_len || context_service_by_name(env->context, name, name_len))
		return false;
	(void)context_registered(env->context, name, name_len, &registered, &len);
	const char *dot = memchr(registered, '.', len);
	if (!dot || len >= NAME_MAX)
		return false;
	for (; n < len; n++) {
		char ch = registered[n];
		text[n] = (char)(ch >= 'A' && ch <= 'Z' ? ch + 32 : ch);
		if (text[n] <= 0x20 || text[n] > 0x7e)
			return false;
	}
	text[n] = '\0';
	*ret_label = (size_t)(dot - registered);
	return n < 5 || memcmp(text + n - 5, ".arpa", 5) != 0;
}

/* Whether this domain is new in the window. */
static bool is_first(struct dga_client *c, const struct detect_env *env, const char *text)
{
	uint32_t mark = (uint32_t)hash_bytes(&env->sketch_key, text, strlen(text)) | 1;
	unsigned found = 0; /* without a way out in between the compiler takes several at once */
	for (unsigned i = 0; i < SEEN; i++)
		found |= c->seen[i] == mark;
	if (found)
		return false;
	c->seen[c->next++ % SEEN] = mark;
	return true;
}

static uint32_t family_mark(const char *text, size_t label)
{
	return (uint32_t)hash_bytes(&hash_key_fixed, text + label, strlen(text + label)) ^
	       (uint32_t)(label / LENGTH_STEP);
}

static uint32_t largest_family(const struct dga_client *c, uint32_t mark, uint32_t *ret_of_mark)
{
	uint32_t most = 0;
	*ret_of_mark = 0;
	for (unsigned i = 0; i < FAMILIES; i++) {
		most = c->families[i].count > most ? c->families[i].count : most;
		if (c->families[i].count && c->families[i].mark == mark)
			*ret_of_mark = c->families[i].count;
	}
	return most;
}

static void add_family(struct dga_client *c, uint32_t mark)
{
	unsigned least = 0;
	for (unsigned i = 0; i < FAMILIES; i++) {
		if (c->families[i].count && c->families[i].mark == mark) {
			c->families[i].count++;
			return;
		}
		if (c->families[i].count < c->families[least].count)
			least = i;
	}
	if (c->families[least].count > 1) {
		c->families[least].count--;
		return;
	}
	c->families[least].mark = mark;
	c->families[least].count = 1;
}

struct judgement {
	double random, any, family, meeting, share, score;
	uint32_t in_family;
};

static void judge(const struct dga_client *c, const struct dga_params *p, struct judgement *j)
{
	uint32_t unused;
	memset(j, 0, sizeof(*j));
	j->in_family = largest_family(c, 0, &unused);
	double span = fmax(1, (double)p->random_medium - (double)p->random_low);
	if (c->random >= p->random_low)
		j->random =
			0.35 + 0.2 * fmin(1, ((double)c->random - (double)p->random_low) / span);
	else if (c->missing >= p->any_low)
		j->any = 0.35;
	if (j->random > 0 && j->in_family * 2 >= c->random)
		j->family = 0.05;
	if (j->random > 0 && *c->meeting)
		j->meeting = 0.2;
	if (j->random + j->any > 0 && c->missing > 4 * c->existing)
		j->share = 0.05;
	j->score = j->random + j->any + j->family + j->meeting + j->share;
}

static void explain(const struct dga_client *c, const struct dga_params *p,
		    const struct detect_env *env, const struct judgement *j)
{
	struct finding f;
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX], span[48];
	step_begin(&f, &rule, env, &c->last);
	f.start_ns = c->first_ns;
	f.end_ns = c->last_ns;
	f.count = c->missing;
	step_ends(&f, from, to);
	finding_text(f.object, sizeof(f.object), "generated names");
	finding_span(span, sizeof(span), c->last_ns - c->first_ns);
	if (j->random > 0)
		finding_feature(&f, "random_names", c->random, NAN, (double)p->random_low, 0.55,
				j->random, "%u random-looking domains that do not exist, e.g. %s",
				c->random, c->names[(c->random - 1) % LAST_NAMES]);
	if (j->any > 0)
		finding_feature(&f, "missing_names", c->missing, NAN, (double)p->any_low, 0.35,
				j->any, "%u domains that do not exist", c->missing);
	if (j->family > 0)
		finding_feature(&f, "family", j->in_family, NAN, NAN, 0.05, j->family,
				"%u of one length and ending", j->in_family);
	if (j->meeting > 0)
		finding_feature(&f, "meeting_point", 1, 0, NAN, 0.2, j->meeting,
				"one of the family exists: %s", c->meeting);
	if (j->share > 0)
		finding_feature(&f, "share_missing", c->missing, c->existing, NAN, 0.05, j->share,
				"%u exist of what it asked in that time", c->existing);
	finding_text(
		f.message, sizeof(f.message),
		"%s asked %u domains %s that do not exist, %u of them random-looking: %s, %s%s%s",
		from, c->missing, span, c->random, c->names[0], c->names[1],
		*c->meeting ? "; one exists: " : "", c->meeting);
	finding_text(f.not_harmless, sizeof(f.not_harmless),
		     "each is another registered domain: neither a search list, a block list, a "
		     "browser's probe nor one mistyped name asks so");
	finding_text(f.counterfactual, sizeof(f.counterfactual),
		     "silent below %llu random-looking or %llu domains in %llu min",
		     (unsigned long long)p->random_low, (unsigned long long)p->any_low,
		     (unsigned long long)p->window_s / 60);
	const char *family = c->last.ip_version == 6 ? "ipv6" : "ip";
	finding_text(f.filter, sizeof(f.filter), "%s.addr == %s && dns.flags.rcode == 3", family,
		     from);
	step_raise(&f, env);
}

static void tell(struct state *s, const struct detect_env *env, struct dga_client *c)
{
	struct judgement j;
	judge(c, s->params, &j);
	enum severity severity = step_severity(j.score);
	if (severity <= c->told_severity)
		return;
	c->told_severity = (uint8_t)severity;
	s->findings++;
	explain(c, s->params, env, &j);
}

static void on_missing(struct dga_client *c, const char *text, size_t label)
{
	c->missing++;
	if (label < LABEL_MIN || lexical_score(text, label) <= RANDOM)
		return;
	(void)str_copy(c->names[c->random % LAST_NAMES], NAME_MAX, text);
	c->random++;
	add_family(c, family_mark(text, label));
}

static void on_existing(const struct state *s, struct dga_client *c, const char *text, size_t label)
{
	uint32_t of_mark;
	c->existing++;
	if (label < LABEL_MIN || lexical_score(text, label) <= RANDOM)
		return;
	(void)largest_family(c, family_mark(text, label), &of_mark);
	if (of_mark * 2 >= s->params->random_low)
		(void)str_copy(c->meeting, NAME_MAX, text);
}

static void on_event(void *state, const struct detect_env *env, const struct event *e)
{
	struct state *s = state;
	const struct event_dns *d = (const struct event_dns *)e;
	char text[NAME_MAX];
	size_t label;
	bool is_new;
	if (!d->is_response || d->transport != DNS_PLAIN || d->malformed ||
	    (d->rcode != 0 && d->rcode != RCODE_NX))
		return;
	if (!context_is_inside(env->context, &e->src, e->tunnel_id) ||
	    context_roles(env->context, &e->src) & ROLE_RESOLVER)
		return;
	if (!domain_of(env, d, text, &label))
		return;
	struct dga_key key = { .src = e->src, .tunnel_key = e->tunnel_key };
	struct dga_client *c = table_get(&s->clients, &key, &is_new);
	if (!c)
		return;
	if (is_new || env->steady_ns - c->window_ns > s->params->window_s * SECOND_NS) {
		memset((uint8_t *)c + sizeof(key), 0, sizeof(*c) - sizeof(key));
		c->window_ns = env->steady_ns;
		c->first_ns = e->time_ns;
	}
	if (!is_first(c, env, text))
		return;
	c->last = *e;
	c->last_ns = e->time_ns;
	if (d->rcode == RCODE_NX)
		on_missing(c, text, label);
	else if (d->answers)
		on_existing(s, c, text, label);
	tell(s, env, c);
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct state *s = state;
	ret->entries = s->clients.stats.entries;
	ret->evictions = s->clients.stats.evictions;
	ret->evicted_with_evidence = s->clients.stats.evicted_with_evidence;
	ret->findings = s->findings;
	ret->worst_case_bytes =
		table_worst_case(s->clients.stats.capacity, sizeof(struct dga_client));
}

const struct detector dga_detector = {
	.name = "dga",
	.title = "Generated domain names",
	.idea = "A client asks for many registered domains that do not exist and look like dice",
	.params = params,
	.params_size = sizeof(struct dga_params),
	.state_size = sizeof(struct state),
	.wants = 1ull << EVENT_DNS,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.counters = counters,
};
