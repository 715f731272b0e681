/*
 * detect/acts.c - see acts.h.
 */
#include "acts.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "exfild/base/str.h"

#define DAY_NS      (86400ull * 1000000000ull)
#define SECOND_NS   1000000000ull
#define WINDOWS_MAX 6
#define SILENT      0.35 /* where step_raise() begins */

const struct param acts_param_table[] = {
	{ "window", PARAM_DURATION, offsetof(struct acts_params, window_s), 10, 86400, 600, "",
	  "Time within which acts of one host on another belong together" },
	PARAM_END
};

static uint32_t evidence(const void *entry)
{
	const struct act *a = entry;
	return (uint32_t)__builtin_popcount(a->marks) + a->days + a->told;
}

int acts_init(struct acts *s, const struct acts_rule *rule, const void *params,
	      const struct detect_env *env)
{
	uint32_t capacity = env->max_pairs / 8;
	s->rule = rule;
	s->params = params;
	struct table_config config = { .capacity = capacity < 1          ? 1 :
						   capacity > ACTS_PAIRS ? ACTS_PAIRS :
									   capacity,
				       .entry_size = sizeof(struct act),
				       .key_size = offsetof(struct act, first_ns),
				       .key = env->key,
				       .evidence = evidence,
				       .arg = s };
	return table_init(&s->pairs, &config);
}

void acts_deinit(void *state)
{
	struct acts *s = state;
	table_deinit(&s->pairs);
}

static const struct keep_field fields[] = {
	KEEP(U8, struct act, src),         KEEP(U8, struct act, dst),
	KEEP(U32, struct act, tunnel_key), KEEP(U64, struct act, first_ns),
	KEEP(U64, struct act, last_ns),    KEEP(U64, struct act, steady_ns),
	KEEP(U32, struct act, marks),      KEEP(U32, struct act, count),
	KEEP(U32, struct act, day),        KEEP(U32, struct act, days),
	KEEP(U32, struct act, number),     KEEP(U8, struct act, told),
	KEEP(BOOL, struct act, is_sealed), KEEP(TEXT, struct act, object),
	KEEP(TEXT, struct act, detail),    KEEP_LAST,
};

static bool took(void *owner, void *entry)
{
	const struct act *a = entry;
	(void)owner;
	return severity_is_known(a->told);
}

void acts_keep(struct acts *s, struct keep_list *list, const char *name)
{
	const struct keep_part part = { .name = name,
					.version = 1,
					.owner = s,
					.table = &s->pairs,
					.fields = fields,
					.took = took };
	keep_add(list, &part);
}

void acts_counters(const void *state, struct detector_counters *ret)
{
	const struct acts *s = state;
	ret->entries = s->pairs.stats.entries;
	ret->evictions = s->pairs.stats.evictions;
	ret->evicted_with_evidence = s->pairs.stats.evicted_with_evidence;
	ret->findings = s->findings;
	ret->worst_case_bytes = table_worst_case(s->pairs.stats.capacity, sizeof(struct act));
}

static void fill_key(struct act *key, const struct event *e, bool is_back)
{
	memset(key, 0, offsetof(struct act, first_ns));
	key->src = is_back ? e->dst : e->src;
	key->dst = is_back ? e->src : e->dst;
	key->tunnel_key = e->tunnel_key;
}

/* Marks end with the last one's window, and with the first one's sixth. */
static void forget_old(const struct acts *s, const struct detect_env *env, struct act *a)
{
	uint64_t window_ns = s->params->window_s * SECOND_NS;
	if (env->steady_ns - a->counted_ns >= window_ns) {
		a->counted_ns = env->steady_ns;
		a->number = 0;
	}
	if (!a->marks || (env->steady_ns - a->steady_ns < window_ns &&
			  env->steady_ns - a->begin_ns < WINDOWS_MAX * window_ns))
		return;
	a->marks = a->count = 0;
	a->told = a->packet_count = 0;
	a->is_sealed = false;
	a->object[0] = a->detail[0] = '\0';
}

struct act *acts_of(struct acts *s, const struct detect_env *env, const struct event *e,
		    bool is_back)
{
	struct act key;
	fill_key(&key, e, is_back);
	bool is_new;
	struct act *a = table_get(&s->pairs, &key, &is_new);
	if (a)
		forget_old(s, env, a);
	return a;
}

struct act *acts_known(struct acts *s, const struct detect_env *env, const struct event *e,
		       bool is_back)
{
	struct act key;
	fill_key(&key, e, is_back);
	struct act *a = table_find(&s->pairs, &key);
	if (a)
		forget_old(s, env, a);
	return a;
}

/* Counts the days on which this is done; today is none of them. */
static void note_habit(const struct acts_rule *rule, const struct detect_env *env, struct act *a,
		       uint32_t marks)
{
	uint32_t today = (uint32_t)(env->steady_ns / DAY_NS);
	if (!(marks & rule->habit) || a->day == today)
		return;
	if (a->day)
		a->days++;
	a->day = today;
}

static double score_of(const struct acts_rule *rule, const struct act *a, uint32_t without)
{
	double score = 0;
	for (unsigned i = 0; i < ACTS_MARKS && rule->marks[i].name; i++)
		if (a->marks & ~without & 1u << i)
			score += rule->marks[i].weight;
	return a->days >= ACTS_DAYS ? score - ACTS_HABIT : score;
}

/* The fewest marks without which nothing would have been said: the heaviest first. */
static void put_counterfactual(struct finding *f, const struct acts_rule *rule, const struct act *a)
{
	char text[sizeof(f->counterfactual)] = "";
	uint32_t without = 0;
	while (score_of(rule, a, without) + 1e-9 >= SILENT) {
		int heaviest = -1;
		for (int i = 0; i < ACTS_MARKS && rule->marks[i].name; i++) {
			if (!(a->marks & ~without & 1u << i))
				continue;
			if (heaviest < 0 || rule->marks[i].weight > rule->marks[heaviest].weight)
				heaviest = i;
		}
		if (heaviest < 0)
			break;
		char sofar[sizeof(text)];
		(void)str_copy(sofar, sizeof(sofar), text);
		finding_text(text, sizeof(text), "%s%s%s", sofar, without ? ", " : "",
			     rule->marks[heaviest].name);
		without |= 1u << heaviest;
	}
	finding_text(f->counterfactual, sizeof(f->counterfactual), "silent without: %s", text);
}

static void put_features(struct finding *f, const struct acts_rule *rule, const struct act *a)
{
	for (unsigned i = 0; i < ACTS_MARKS && rule->marks[i].name; i++) {
		const struct acts_mark *m = &rule->marks[i];
		if (!(a->marks & 1u << i) || f->feature_count == FINDING_FEATURES - 1)
			continue;
		finding_feature(f, m->name, 1, NAN, NAN, m->weight, m->weight, "%s", m->text);
		if (m->technique)
			finding_technique(f, m->technique);
	}
	if (a->days >= ACTS_DAYS)
		finding_feature(f, "habit", a->days, NAN, ACTS_DAYS, ACTS_HABIT, -ACTS_HABIT,
				"it has done so on %u days before", a->days);
}

static void raise_act(struct acts *s, const struct detect_env *env, const struct event *e,
		      struct act *a)
{
	struct finding f;
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX];
	const struct acts_rule *rule = s->rule;
	step_begin(&f, &rule->step, env, e);
	f.subject.ip = a->src; /* an event may go the other way */
	f.peer.ip = a->dst;
	f.peer.port = ipaddr_equal(&a->dst, &e->dst) ? e->dport : 0;
	f.start_ns = a->first_ns;
	f.count = a->count;
	for (unsigned i = 0; i < a->packet_count; i++)
		finding_packet(&f, a->packets[i]);
	if (a->is_sealed) {
		f.visibility = VISIBILITY_NAME;
		finding_text(f.unseen, sizeof(f.unseen),
			     "the arguments of calls that are encrypted; %s", rule->step.unseen);
	}
	step_ends(&f, from, to);
	put_features(&f, rule, a);
	rule->message(&f, a, from, to);
	finding_text(f.not_harmless, sizeof(f.not_harmless), "%s", rule->not_harmless);
	put_counterfactual(&f, rule, a);
	step_raise(&f, env);
	a->told = (uint8_t)f.severity;
	s->findings++;
}

static bool is_worse(const struct act *a, double score)
{
	static const struct {
		double from;
		uint8_t severity;
	} ladder[] = { { 0.9, SEVERITY_CRITICAL },
		       { 0.7, SEVERITY_HIGH },
		       { 0.5, SEVERITY_MEDIUM },
		       { SILENT, SEVERITY_LOW } };
	for (size_t i = 0; i < sizeof(ladder) / sizeof(ladder[0]); i++)
		if (score + 1e-9 >= ladder[i].from)
			return ladder[i].severity > a->told;
	return false;
}

void acts_note(struct acts *s, const struct detect_env *env, const struct event *e, struct act *a,
	       uint32_t marks)
{
	if (!a->marks) {
		a->first_ns = env->now_ns;
		a->begin_ns = env->steady_ns;
	}
	if (a->packet_count < ACTS_PACKETS && e->packet)
		a->packets[a->packet_count++] = e->packet;
	a->marks |= marks;
	a->count++;
	a->last_ns = env->now_ns;
	a->steady_ns = env->steady_ns;
	note_habit(s->rule, env, a, marks);
	if (is_worse(a, score_of(s->rule, a, 0)))
		raise_act(s, env, e, a);
}

/* ---- reading events ---- */

bool act_is_call(const struct event *e, const char *interface)
{
	const struct event_rpc *r = (const struct event_rpc *)e;
	return e->kind == EVENT_RPC && r->act == RPC_CALL && step_is(e, &r->interface, interface);
}

static bool has_log_in(const struct event_rpc *r)
{
	return r->transport != RPC_TCP || r->auth_type != 0;
}

bool act_is_admin_call(const struct event *e, const char *interface)
{
	return act_is_call(e, interface) && has_log_in((const struct event_rpc *)e);
}

bool act_is_admin_try(const struct event *e, const char *interface)
{
	const struct event_rpc *r = (const struct event_rpc *)e;
	return e->kind == EVENT_RPC && (r->act == RPC_CALL || r->act == RPC_FAULT) &&
	       step_is(e, &r->interface, interface) && has_log_in(r);
}

bool act_is_refused(const struct event_rpc *e)
{
	return e->act == RPC_FAULT || (e->is_answered && !e->is_sealed && e->status != 0);
}

int act_operation(const struct event_rpc *e, const char *const *operations)
{
	for (int i = 0; operations[i]; i++)
		if (step_is(&e->e, &e->operation, operations[i]))
			return i;
	return -1;
}

void act_text(struct act *a, const struct event_rpc *e)
{
	a->is_sealed |= e->is_sealed;
	if (e->object.off)
		(void)step_string(a->object, sizeof(a->object), &e->e, &e->object);
	if (e->detail.off)
		(void)step_string(a->detail, sizeof(a->detail), &e->e, &e->detail);
}

bool act_has_word(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (strcasestr(text, *words))
			return true;
	return false;
}

bool act_is_interpreter(const char *text)
{
	static const char *const words[] = { "cmd.exe",     "cmd /",    "%comspec%", "powershell",
					     "pwsh",        "rundll32", "regsvr32",  "mshta",
					     "wscript",     "cscript",  "certutil",  "bitsadmin",
					     "installutil", "msbuild",  "wmic ",     "curl ",
					     "frombase64",  "-enc",     NULL };
	return act_has_word(text, words);
}

bool act_writes_to_share(const char *text)
{
	static const char *const hosts[] = { "127.0.0.1\\", "localhost\\", NULL };
	return strchr(text, '>') && act_has_word(text, hosts);
}

bool act_unc_host(char *dst, size_t size, const char *path)
{
	size_t n = 0;
	if (path[0] != '\\' || path[1] != '\\')
		return false;
	for (path += 2; *path && *path != '\\' && *path != '@' && n + 1 < size; path++)
		dst[n++] = *path;
	dst[n] = '\0';
	return n > 0;
}

bool act_is_host(const struct detect_env *env, const char *host, const struct ipaddr *a)
{
	struct ipaddr parsed;
	if (ipaddr_parse(host, &parsed) == 0)
		return ipaddr_equal(&parsed, a);
	const char *const names[] = { context_host_name(env->context, a),
				      context_name_of(env->context, a) };
	size_t len = strcspn(host, ".");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i] && strncasecmp(names[i], host, len) == 0 &&
		    (names[i][len] == '\0' || names[i][len] == '.'))
			return true;
	return false;
}
