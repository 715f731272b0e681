/*
 * detect/tunnel_in_web.c - another protocol inside a web connection.
 *
 * Idea: tunnels take what firewalls let out (T1572): SSH, remote desktops, SMB or TLS begin inside
 * a WebSocket, or a proxy is asked by CONNECT for a port that is for steering machines.  The begin
 * is recognised by its bytes; a CONNECT by the port that it names. Evasion: encryption inside the
 * frames, or TLS around the whole (then the shape is left). False alarms: remote help in the
 * browser carries VNC and is context; a gateway that offers SSH by WebSocket on purpose.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/base/table.h"
#include "dest.h"
#include "step.h"

struct web_params {
	bool connect;
};

struct web_key {
	struct ipaddr src, dst;
	uint32_t tunnel_key;
	uint16_t port, what; /* enum app, or the port asked for */
};

struct web_pair {
	struct web_key key;
	uint32_t count;
	uint32_t pad;
};

struct state {
	const struct web_params *params;
	struct table pairs;
	uint64_t findings;
};

static const struct param params[] = { { "connect", PARAM_BOOL,
					 offsetof(struct web_params, connect), 0, 1, 1, "",
					 "Judge ports that proxies are asked for" },
				       PARAM_END };

static const struct step_rule rule = {
	.detector = "tunnel_in_web",
	.rule = "tunnel_in_web",
	.title = "Tunnel in a web connection",
	.class = FINDING_C2,
	.techniques = { "T1572" },
	.tactic = "TA0011",
	.unseen = "what went through the tunnel",
	.next_steps = { "On the client: find the program that opened the connection",
			"Is there a gateway of yours that offers this on purpose? Then except it" },
};

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct state *s = state;
	s->params = parameters;
	struct table_config config = { .capacity = env->max_pairs / 256 ? env->max_pairs / 256 : 1,
				       .entry_size = sizeof(struct web_pair),
				       .key_size = sizeof(struct web_key),
				       .key = env->key };
	return table_init(&s->pairs, &config);
}

static void deinit(void *state)
{
	struct state *s = state;
	table_deinit(&s->pairs);
}

/* Whether it is told now: the first time, and each time that there are four times as many. */
static bool is_news(struct state *s, const struct event *e, uint16_t what, uint32_t *ret_count)
{
	struct web_key key = { .src = e->src,
			       .dst = e->dst,
			       .tunnel_key = e->tunnel_key,
			       .port = e->dport,
			       .what = what };
	bool is_new;
	struct web_pair *p = table_get(&s->pairs, &key, &is_new);
	if (!p)
		return false;
	*ret_count = ++p->count;
	uint32_t n = p->count;
	while (n > 1 && n % 4 == 0)
		n /= 4;
	return n == 1;
}

static void begin(struct state *s, struct finding *f, const struct detect_env *env,
		  const struct event *e, uint32_t count)
{
	step_begin(f, &rule, env, e);
	f->count = count;
	f->peer.port = e->dport;
	f->visibility = VISIBILITY_CLEAR;
	s->findings++;
}

static void on_inner(struct state *s, const struct detect_env *env, const struct event_inner *i)
{
	static const char *const names[APP__COUNT] = {
		[APP_SSH] = "SSH", [APP_VNC] = "VNC", [APP_RDP] = "RDP",
		[APP_SMB] = "SMB", [APP_TLS] = "TLS",
	};
	struct finding f;
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX];
	uint32_t count;
	const char *name = i->inner < APP__COUNT ? names[i->inner] : NULL;
	if (!name || !is_news(s, &i->e, i->inner, &count))
		return;
	bool is_inside = context_is_inside(env->context, &i->e.dst, i->e.tunnel_id);
	bool is_usual = i->inner == APP_VNC || i->inner == APP_RDP || i->inner == APP_TLS;
	begin(s, &f, env, &i->e, count);
	step_ends(&f, from, to);
	finding_text(f.object, sizeof(f.object), "%s in WebSocket", name);
	finding_feature(&f, "inner_protocol", 1, 0, NAN, 0.5, is_usual ? 0.35 : 0.5,
			"%s begins inside frames of WebSocket", name);
	if (!is_inside)
		finding_feature(&f, "outside", 1, NAN, NAN, 0.15, 0.15, "the other end is outside");
	finding_text(f.message, sizeof(f.message),
		     "%s carries %s inside a WebSocket to %s on port %u: %u connection%s", from,
		     name, to, i->e.dport, count, count == 1 ? "" : "s");
	finding_text(f.not_harmless, sizeof(f.not_harmless),
		     "%s was recognised by its first bytes inside a frame: a page exchanges texts "
		     "and pictures there, not another protocol%s",
		     name, is_usual ? "; remote help in a browser does so too" : "");
	finding_text(f.counterfactual, sizeof(f.counterfactual),
		     "silent without another protocol at the begin of a frame");
	step_raise(&f, env);
}

/* The port of "host:port"; 0: none. */
static unsigned port_of(const struct event *e, const struct event_str *s, char *text, size_t size)
{
	step_string(text, size, e, s);
	const char *colon = strrchr(text, ':');
	unsigned long port = colon ? strtoul(colon + 1, NULL, 10) : 0;
	return port < 65536 ? (unsigned)port : 0;
}

static const char *steering(unsigned port)
{
	static const struct {
		uint16_t port;
		const char *name;
	} list[] = { { 22, "SSH" },     { 23, "Telnet" },  { 135, "RPC" },  { 139, "NetBIOS" },
		     { 445, "SMB" },    { 1080, "SOCKS" }, { 3389, "RDP" }, { 5900, "VNC" },
		     { 5985, "WinRM" }, { 5986, "WinRM" } };
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (list[i].port == port)
			return list[i].name;
	return NULL;
}

static void on_connect(struct state *s, const struct detect_env *env, const struct event_http *h)
{
	struct finding f;
	char target[96], from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX];
	uint32_t count;
	unsigned port = port_of(&h->e, &h->uri, target, sizeof(target));
	const char *name = steering(port);
	if (!name || dest_is_nobody(env, &h->e) || !is_news(s, &h->e, (uint16_t)port, &count))
		return;
	begin(s, &f, env, &h->e, count);
	step_ends(&f, from, to);
	finding_text(f.object, sizeof(f.object), "CONNECT %s", target);
	finding_feature(&f, "asked_port", port, NAN, NAN, 0.4, 0.4,
			"a proxy was asked for port %u (%s)", port, name);
	finding_text(f.message, sizeof(f.message),
		     "%s asked the proxy %s for a tunnel to %s, which is for %s: %u time%s", from,
		     to, target, name, count, count == 1 ? "" : "s");
	finding_text(f.not_harmless, sizeof(f.not_harmless),
		     "browsers ask proxies for 443; %s steers machines", name);
	finding_text(f.counterfactual, sizeof(f.counterfactual), "silent for port 443 and 80");
	step_raise(&f, env);
}

static void on_event(void *state, const struct detect_env *env, const struct event *e)
{
	struct state *s = state;
	if (e->kind == EVENT_INNER) {
		on_inner(s, env, (const struct event_inner *)e);
		return;
	}
	const struct event_http *h = (const struct event_http *)e;
	if (s->params->connect && !h->is_response && step_is(e, &h->method, "CONNECT"))
		on_connect(s, env, h);
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct state *s = state;
	ret->entries = s->pairs.stats.entries;
	ret->evictions = s->pairs.stats.evictions;
	ret->evicted_with_evidence = s->pairs.stats.evicted_with_evidence;
	ret->findings = s->findings;
	ret->worst_case_bytes = table_worst_case(s->pairs.stats.capacity, sizeof(struct web_pair));
}

const struct detector tunnel_in_web_detector = {
	.name = "tunnel_in_web",
	.title = "Tunnel in a web connection",
	.idea = "SSH, remote desktops or SMB begin inside a WebSocket, or a proxy is asked for their "
		"port",
	.params = params,
	.params_size = sizeof(struct web_params),
	.state_size = sizeof(struct state),
	.wants = 1ull << EVENT_INNER | 1ull << EVENT_HTTP,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.counters = counters,
};
