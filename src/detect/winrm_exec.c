/*
 * detect/winrm_exec.c - commands by Windows Remote Management (T1021.006).
 *
 * Idea: PowerShell remoting, winrs and their like speak SOAP over HTTP at /wsman (MS-WSMV); bodies
 * are mostly encrypted, but a session of commands is several requests with bodies that the server
 * answers with 200, from a client to a host that it does not manage every day.  A probe
 * (Test-WSMan) is one, event forwarding goes to paths below /wsman. Evasion: HTTPS (5986: the size
 * of the flow is all that is seen); a manager's own host. False alarms: administrators.  A pair of
 * hosts that did so on three days is a habit; so is a host that did so to three others on three
 * days, for all hosts.
 */
#include <math.h>
#include <string.h>
#include <strings.h>

#include "exfild/base/str.h"
#include "principal.h"
#include "step.h"

#define WINDOW_NS  (600 * 1000000000ull)
#define DAY_NS     (86400 * 1000000000ull)
#define HABIT_DAYS 3u

struct winrm_params {
	uint64_t requests;
};

struct pair_key {
	struct ipaddr client, server;
	uint32_t tunnel_key, pad;
};

struct pair {
	struct pair_key key;
	uint64_t window_ns, last_day;
	uint64_t flow, bytes;
	uint32_t requests, answers;
	uint8_t days;
	bool is_told, is_powershell, is_tool, is_encrypted;
};

struct state {
	const struct winrm_params *params;
	struct table pairs;
	uint64_t findings;
};

static const struct param params[] = {
	{ "requests", PARAM_UINT, offsetof(struct winrm_params, requests), 2, 1000, 4, "requests",
	  "Requests with a body that make a session of commands" },
	PARAM_END
};

static const struct step_rule rule = {
	.detector = "winrm_exec",
	.rule = "winrm_exec",
	.title = "Commands by Windows Remote Management",
	.class = FINDING_LATERAL,
	.techniques = { "T1021.006", "T1059.001" },
	.tactic = "TA0008",
	.unseen = "the commands: the bodies are encrypted, or not kept",
	.next_steps = { "Ask who administers the server from this client",
			"Read the server's log Microsoft-Windows-WinRM/Operational and its PowerShell "
			"log of the time",
			"Look for what the server did next: connections of its own, new files" },
};

static uint32_t evidence(const void *entry)
{
	const struct pair *p = entry;
	return p->is_told ? UINT32_MAX : p->days * 8u + (p->requests > 0);
}

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct state *s = state;
	s->params = parameters;
	struct table_config pairs = { .capacity = env->max_pairs / 32 ? env->max_pairs / 32 : 1,
				      .entry_size = sizeof(struct pair),
				      .key_size = sizeof(struct pair_key),
				      .key = env->key,
				      .evidence = evidence };
	return table_init(&s->pairs, &pairs);
}

static void deinit(void *state)
{
	struct state *s = state;
	table_deinit(&s->pairs);
}

static bool begins(const struct event *e, const struct event_str *s, const char *text)
{
	size_t len = strlen(text);
	return s->off && s->len >= len &&
	       strncasecmp((const char *)event_str_data(e, s), text, len) == 0;
}

/* The service itself, not the paths of subscriptions and event collectors below it. */
static bool is_wsman(const struct event *e, const struct event_str *uri)
{
	return step_is(e, uri, "/wsman") || begins(e, uri, "/wsman?");
}

static struct pair_key key_of(const struct event *e)
{
	struct pair_key key;
	memset(&key, 0, sizeof(key));
	key.client = e->src;
	key.server = e->dst;
	key.tunnel_key = e->tunnel_key;
	return key;
}

static void tell(struct state *s, const struct detect_env *env, const struct event *e,
		 const struct pair *p)
{
	struct finding f;
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX], bytes[32];
	step_begin(&f, &rule, env, e);
	finding_feature(&f, "requests", p->requests, NAN, (double)s->params->requests, 0.5, 0.5,
			"%u requests with a body to /wsman, answered", p->requests);
	if (p->is_powershell)
		finding_feature(&f, "powershell", 1, NAN, NAN, 0.05, 0.05,
				"the client is PowerShell's remoting");
	if (p->is_tool)
		finding_feature(
			&f, "tool", 1, NAN, NAN, 0.25, 0.25,
			"the client calls itself Ruby WinRM, as Evil-WinRM and Metasploit do");
	step_ends(&f, from, to);
	str_bytes(bytes, sizeof(bytes), (double)p->bytes);
	finding_text(f.message, sizeof(f.message),
		     "%s gave %s commands by Windows Remote Management: %u requests, %s%s", from,
		     to, p->requests, bytes, p->is_encrypted ? ", encrypted" : "");
	finding_text(
		f.not_harmless, sizeof(f.not_harmless),
		"a probe of the service is one request, event forwarding uses other paths; "
		"this is a session, and the client has not managed this host on %u days before",
		HABIT_DAYS);
	finding_text(
		f.counterfactual, sizeof(f.counterfactual),
		"silent below %llu requests within 10 min, had this pair done so on %u days, or "
		"did the client administer several hosts on several days",
		(unsigned long long)s->params->requests, HABIT_DAYS);
	f.count = p->requests;
	f.subject.bytes = p->bytes;
	f.visibility = p->is_encrypted ? VISIBILITY_NAME : VISIBILITY_CLEAR;
	finding_packet(&f, e->packet);
	s->findings++;
	step_raise(&f, env);
}

static void take_request(struct state *s, const struct detect_env *env, const struct event_http *e)
{
	struct pair_key key = key_of(&e->e);
	bool is_new;
	if (!is_wsman(&e->e, &e->uri) || !step_is(&e->e, &e->method, "POST"))
		return;
	struct pair *p = table_get(&s->pairs, &key, &is_new);
	if (!p)
		return;
	if (env->steady_ns - p->window_ns >= WINDOW_NS) {
		p->window_ns = env->steady_ns;
		p->requests = p->answers = 0;
		p->bytes = 0;
		p->is_told = false;
	}
	p->flow = e->e.flow;
	p->is_powershell |= begins(&e->e, &e->uri, "/wsman?psversion");
	p->is_tool |= begins(&e->e, &e->user_agent, "Ruby WinRM");
	p->is_encrypted |= begins(&e->e, &e->content_type, "multipart/encrypted");
	if (e->content_length == 0)
		return; /* a leg of the log-in */
	p->requests++;
	if (e->content_length != UINT64_MAX)
		p->bytes += e->content_length;
}

static void on_event(void *state, const struct detect_env *env, const struct event *event)
{
	struct state *s = state;
	const struct event_http *e = (const struct event_http *)event;
	if (!e->is_response) {
		take_request(s, env, e);
		return;
	}
	struct pair_key key = key_of(event);
	struct pair *p = e->status == 200 ? table_find(&s->pairs, &key) : NULL;
	if (!p || p->flow != event->flow || p->requests == 0)
		return;
	p->answers++;
	if (p->is_told || p->requests < s->params->requests || p->answers < 2)
		return;
	uint64_t day = env->steady_ns / DAY_NS + 1;
	bool is_habit = p->days >= HABIT_DAYS;
	p->is_told = true;
	if (p->last_day != day) {
		p->last_day = day;
		if (p->days < UINT8_MAX)
			p->days++;
	}
	bool is_manager = (context_roles(env->context, &event->src) & ROLE_MANAGER) != 0;
	if (!is_manager && !is_habit)
		tell(s, env, event, p);
}

static const struct keep_field pair_fields[] = {
	KEEP(U8, struct pair, key.client),
	KEEP(U8, struct pair, key.server),
	KEEP(U32, struct pair, key.tunnel_key),
	KEEP(U64, struct pair, last_day),
	KEEP(U8, struct pair, days),
	KEEP_LAST,
};

static void keep(void *state, struct keep_list *list)
{
	struct state *s = state;
	const struct keep_part pairs = { .name = "winrm_exec.pairs",
					 .version = 1,
					 .owner = s,
					 .table = &s->pairs,
					 .fields = pair_fields };
	keep_add(list, &pairs);
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct state *s = state;
	ret->entries = s->pairs.stats.entries;
	ret->evictions = s->pairs.stats.evictions;
	ret->evicted_with_evidence = s->pairs.stats.evicted_with_evidence;
	ret->findings = s->findings;
	ret->worst_case_bytes = table_worst_case(s->pairs.stats.capacity, sizeof(struct pair));
}

const struct detector winrm_exec_detector = {
	.name = "winrm_exec",
	.title = "Commands by Windows Remote Management",
	.idea = "Looks for sessions of requests at /wsman that are answered, between hosts that do "
		"not do so every day",
	.params = params,
	.params_size = sizeof(struct winrm_params),
	.state_size = sizeof(struct state),
	.wants = 1ull << EVENT_HTTP,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.keep = keep,
	.counters = counters,
};
