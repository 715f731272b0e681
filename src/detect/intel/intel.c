/*
 * detect/intel/intel.c - traffic that meets an indicator of a feed.
 *
 * Idea: what others have seen at work is looked for wherever its kind of value occurs: both ends
 * of connections (innermost, so inside tunnels as well), names asked and answered, SNI, Host, URL,
 * User-Agent, fingerprints of TLS and SSH, certificates, mail addresses.  How sure the feed is, and
 * whether the connection came about, make the severity.
 * Evasion: new addresses and names; a feed knows the past.
 * False alarms: addresses that have changed hands (confidence decays), shared hosting (guards),
 * fingerprints that many programs share (never above low by themselves), and the noise of scanners
 * at the gateway: a listed address that knocks and gets nothing is only counted.
 */
#include "intel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../text.h"

#define ANSWERS_MAX 16u
#define NAME_SALT   0x9e3779b97f4a7c15ull
#define ANSWER_SALT 0xc2b2ae3d27d4eb4full
#define WALK_TICK   1000000000ull /* packet time between two steps of looking back */
#define WALK_SLOTS  16384u        /* entries a step: two or three milliseconds */

static const struct param params[] = {
	{ "again", PARAM_DURATION, offsetof(struct intel_params, again_s), 60, 30 * 86400.0, 3600,
	  "", "How long the same indicator at the same host is told once" },
	PARAM_END
};

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct intel_state *s = state;
	s->params = parameters;
	struct table_config config = { .capacity = env->max_pairs / 16 ? env->max_pairs / 16 : 1,
				       .entry_size = sizeof(struct told),
				       .key_size = sizeof(struct ipaddr) + sizeof(uint64_t),
				       .key = env->key };
	int err = table_init(&s->told, &config);
	s->quiet = calloc(INTEL_QUIET, sizeof(*s->quiet));
	if (!err && !s->quiet)
		err = -EXF_E_NOMEM;
	return err ? err : past_init(&s->past, env);
}

static void deinit(void *state)
{
	struct intel_state *s = state;
	table_deinit(&s->told);
	past_deinit(&s->past);
	free(s->quiet);
	pool_deinit(&s->rules);
}

bool intel_choose(struct intel_state *s, const struct detect_env *env, struct meeting *m,
		  uint16_t port)
{
	const struct intel_item *at = m->item;
	unsigned count = 0;
	bool needs_below = m->seen[0] && at->kind == INTEL_DOMAIN;
	m->item = NULL;
	for (; at; at = intel_next(env->intel, at)) {
		if (intel_is_over(at, env->now_ns)) {
			s->over++;
			continue;
		}
		if ((at->port && at->port != port) || (needs_below && !(at->flags & INTEL_BELOW)))
			continue;
		unsigned confidence = intel_confidence(at, env->now_ns);
		if (!m->item || confidence > m->confidence) {
			m->item = at;
			m->confidence = confidence;
		}
		count++;
	}
	m->others = count ? count - 1 : 0;
	return m->item != NULL;
}

static void meet(struct intel_state *s, const struct detect_env *env, struct meeting *m,
		 uint16_t port)
{
	if (m->item && intel_choose(s, env, m, port))
		intel_tell(s, env, m);
}

/* ---- connections ---- */

static void on_flow(struct intel_state *s, const struct detect_env *env, const struct event *e)
{
	const struct event_flow *f = (const struct event_flow *)e;
	bool is_known = f->outcome != FLOW_OUTCOME_PENDING;
	/* once: when its outcome is known, or when it was first seen under way */
	if (e->kind == EVENT_FLOW_START ? f->outcome != FLOW_OUTCOME_MIDSTREAM :
	    e->kind == EVENT_FLOW_END   ? f->outcome != FLOW_OUTCOME_UNANSWERED :
					  !is_known || f->is_interim != 1)
		return;
	struct meeting m = { .e = e,
			     .kind = MEETING_FLOW,
			     .is_reached = f->outcome == FLOW_OUTCOME_ESTABLISHED ||
					   f->outcome == FLOW_OUTCOME_MIDSTREAM };
	m.item = intel_find_address(env->intel, &e->dst);
	if (m.item && !context_is_inside(env->context, &e->dst, e->tunnel_id)) {
		m.field = "destination.ip";
		meet(s, env, &m, e->dport);
	}
	m.item = intel_find_address(env->intel, &e->src);
	if (m.item && !context_is_inside(env->context, &e->src, e->tunnel_id)) {
		m.field = "source.ip";
		m.is_inbound = true;
		if (!m.is_reached)
			s->noise++;
		else
			meet(s, env, &m, e->sport);
	}
}

/* ---- names ---- */

static void name_of(char dst[128], const char *name, size_t len)
{
	size_t n = 0;
	for (; n < len && n < 127; n++)
		dst[n] = name[n] > 0x20 && name[n] < 0x7f ? name[n] : '?';
	dst[n] = '\0';
}

static bool is_same_name(const struct detect_env *env, const struct intel_item *item,
			 const char *name, size_t len)
{
	char text[INTEL_TEXT_MAX];
	(void)intel_text(env->intel, item, text, sizeof(text));
	if (len && name[len - 1] == '.')
		len--;
	return strlen(text) == len;
}

/* False: no indicator is about it. */
static bool on_name(struct intel_state *s, const struct detect_env *env, struct meeting m,
		    const char *name, size_t len)
{
	m.item = intel_find_name(env->intel, name, len);
	if (!m.item)
		return false;
	if (!is_same_name(env, m.item, name, len))
		name_of(m.seen, name, len);
	meet(s, env, &m, 0);
	return true;
}

/* The place of a text's hash; salt: what is looked for in it. */
static uint64_t *quiet_place(struct intel_state *s, const struct event_str *text, uint64_t salt,
			     uint64_t *ret_key)
{
	*ret_key = text->hash ^ salt;
	return &s->quiet[*ret_key % INTEL_QUIET];
}

static void on_name_str(struct intel_state *s, const struct detect_env *env, struct meeting m,
			const struct event_str *name)
{
	uint64_t key, *place = quiet_place(s, name, NAME_SALT, &key);
	if (name->off && *place != key &&
	    !on_name(s, env, m, (const char *)event_str_data(m.e, name), name->len))
		*place = key;
}

static bool take_address(const char *text, size_t len, struct ipaddr *ret)
{
	char copy[IPADDR_TEXT_MAX];
	if (len == 0 || len >= sizeof(copy))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return ipaddr_parse(copy, ret) == 0;
}

/* The host of a URL or an answer: an address or a name.  False: no indicator is about it. */
static bool on_host(struct intel_state *s, const struct detect_env *env, struct meeting m,
		    const char *text, size_t len)
{
	struct ipaddr a;
	if (!take_address(text, len, &a))
		return on_name(s, env, m, text, len);
	m.item = intel_find_address(env->intel, &a);
	if (!m.item)
		return false;
	meet(s, env, &m, 0);
	return true;
}

/* "203.0.113.5, edge.example.net": first answers as text. */
static void on_answers(struct intel_state *s, const struct detect_env *env,
		       const struct event_dns *d)
{
	struct meeting m = { .e = &d->e,
			     .kind = MEETING_ANSWER,
			     .field = "dns.answers",
			     .is_reached = true };
	const char *at = (const char *)event_str_data(&d->e, &d->answer);
	size_t left = d->answer.len;
	uint64_t key, *place = quiet_place(s, &d->answer, ANSWER_SALT, &key);
	bool is_quiet = true;
	if (*place == key)
		return;
	for (unsigned i = 0; i < ANSWERS_MAX && left; i++) {
		const char *comma = memchr(at, ',', left);
		size_t n = comma ? (size_t)(comma - at) : left;
		is_quiet &= !on_host(s, env, m, at, n);
		n += n < left ? 1 : 0;
		n += n < left && at[n] == ' ' ? 1 : 0;
		at += n;
		left -= n;
	}
	if (is_quiet)
		*place = key;
}

static void on_dns(struct intel_state *s, const struct detect_env *env, const struct event *e)
{
	const struct event_dns *d = (const struct event_dns *)e;
	struct meeting m = { .e = e, .kind = MEETING_ASKED, .field = "dns.question.name" };
	if (d->transport != DNS_PLAIN)
		return;
	m.is_reached = d->is_response && d->rcode == 0 && d->answers > 0;
	on_name_str(s, env, m, &d->name);
	if (d->is_response && d->answer.off && d->rcode == 0)
		on_answers(s, env, d);
}

/* ---- what is said within connections ---- */

static bool take_hex(const struct event *e, const struct event_str *text, uint8_t ret[32])
{
	const uint8_t *at = event_str_data(e, text);
	if (!text->off || text->len % 2 || text->len > 64)
		return false;
	for (size_t i = 0; i < text->len; i++) {
		uint8_t c = at[i] | 0x20;
		uint8_t d = c >= '0' && c <= '9' ? c - '0' :
			    c >= 'a' && c <= 'f' ? (uint8_t)(c - 'a' + 10) :
						   16;
		if (d > 15)
			return false;
		ret[i / 2] = (uint8_t)(ret[i / 2] << 4 | d);
	}
	return true;
}

static void on_hash(struct intel_state *s, const struct detect_env *env, struct meeting m,
		    enum intel_kind kind, const struct event_str *text)
{
	uint8_t bytes[32] = { 0 };
	if (!intel_has(env->intel, kind) || !take_hex(m.e, text, bytes))
		return;
	m.item = intel_find(env->intel, kind, bytes, text->len / 2);
	meet(s, env, &m, 0);
}

static void on_text(struct intel_state *s, const struct detect_env *env, struct meeting m,
		    enum intel_kind kind, const struct event_str *text)
{
	if (!intel_has(env->intel, kind) || !text->off || text->len != text->full)
		return;
	m.item = intel_find(env->intel, kind, event_str_data(m.e, text), text->len);
	meet(s, env, &m, 0);
}

static struct meeting at(const struct event *e, enum meeting_kind kind, const char *field)
{
	return (struct meeting){ .e = e, .kind = kind, .field = field, .is_reached = true };
}

static void on_tls(struct intel_state *s, const struct detect_env *env, const struct event *e)
{
	const struct event_tls *t = (const struct event_tls *)e;
	if (t->is_server)
		return;
	on_name_str(s, env, at(e, MEETING_NAME, "tls.client.server_name"), &t->sni);
	on_hash(s, env, at(e, MEETING_PROGRAM, "tls.client.ja3"), INTEL_JA3, &t->ja3);
	on_text(s, env, at(e, MEETING_PROGRAM, "tls.client.ja4"), INTEL_JA4, &t->ja4);
}

static void on_http(struct intel_state *s, const struct detect_env *env, const struct event *e)
{
	const struct event_http *h = (const struct event_http *)e;
	char url[INTEL_VALUE_MAX];
	if (h->is_response || !h->host.off)
		return;
	const char *host = (const char *)event_str_data(e, &h->host);
	(void)on_host(s, env, at(e, MEETING_NAME, "url.domain"), host, text_host_len(e, &h->host));
	on_text(s, env, at(e, MEETING_PROGRAM, "user_agent.original"), INTEL_AGENT, &h->user_agent);
	if (!intel_has(env->intel, INTEL_URL) || !h->uri.off || h->uri.len != h->uri.full)
		return;
	size_t len = intel_url(host, h->host.len, (const char *)event_str_data(e, &h->uri),
			       h->uri.len, url);
	struct meeting m = at(e, MEETING_CONTENT, "url.full");
	m.item = len ? intel_find(env->intel, INTEL_URL, url, len) : NULL;
	meet(s, env, &m, 0);
}

static void on_cert(struct intel_state *s, const struct detect_env *env, const struct event *e)
{
	const struct event_cert *c = (const struct event_cert *)e;
	on_hash(s, env, at(e, MEETING_CONTENT, "tls.server.hash.sha1"), INTEL_CERT, &c->sha1);
	on_hash(s, env, at(e, MEETING_CONTENT, "tls.server.hash.sha256"), INTEL_CERT, &c->sha256);
	on_name_str(s, env, at(e, MEETING_NAME, "tls.server.x509.subject.common_name"),
		    &c->subject);
	on_name_str(s, env, at(e, MEETING_NAME, "tls.server.x509.alternative_names"), &c->san);
}

static void on_mail(struct intel_state *s, const struct detect_env *env, const struct event *e)
{
	const struct event_mail *m = (const struct event_mail *)e;
	on_text(s, env, at(e, MEETING_CONTENT, "email.from.address"), INTEL_EMAIL, &m->from);
	on_text(s, env, at(e, MEETING_CONTENT, "email.to.address"), INTEL_EMAIL, &m->to);
}

static void on_tick(void *state, const struct detect_env *env)
{
	intel_look_back(state, env, WALK_SLOTS);
}

static void on_end(void *state, const struct detect_env *env)
{
	intel_look_back(state, env, UINT32_MAX);
}

static void keep(void *state, struct keep_list *list)
{
	struct intel_state *s = state;
	past_keep(&s->past, list);
}

static void judge(struct intel_state *s, const struct detect_env *env, const struct event *e)
{
	switch (e->kind) {
	case EVENT_FLOW_START:
	case EVENT_FLOW_PROGRESS:
	case EVENT_FLOW_END:
		on_flow(s, env, e);
		break;
	case EVENT_DNS:
		on_dns(s, env, e);
		break;
	case EVENT_TLS:
	case EVENT_QUIC:
		on_tls(s, env, e);
		break;
	case EVENT_HTTP:
		on_http(s, env, e);
		break;
	case EVENT_CERT:
		on_cert(s, env, e);
		break;
	case EVENT_SSH:
		on_hash(s, env, at(e, MEETING_PROGRAM, "ssh.hassh"), INTEL_HASSH,
			&((const struct event_ssh *)e)->hassh);
		break;
	case EVENT_MAIL:
		on_mail(s, env, e);
		break;
	default:
		break;
	}
}

static void on_event(void *state, const struct detect_env *env, const struct event *e)
{
	struct intel_state *s = state;
	if (intel_serial(env->intel) != s->quiet_serial) {
		memset(s->quiet, 0, INTEL_QUIET * sizeof(*s->quiet));
		s->quiet_serial = intel_serial(env->intel);
	}
	if (env->intel)
		judge(s, env, e);
	if (env->lookback_days)
		intel_remember(s, env, e);
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct intel_state *s = state;
	const struct table_stats *told = &s->told.stats, *past = &s->past.entries.stats;
	ret->entries = told->entries + past->entries;
	ret->evictions = told->evictions + past->evictions;
	ret->evicted_with_evidence = past->evicted_with_evidence;
	ret->findings = s->findings;
	ret->worst_case_bytes = table_worst_case(told->capacity, sizeof(struct told)) +
				table_worst_case(past->capacity, sizeof(struct past_entry)) +
				INTEL_QUIET * sizeof(*s->quiet);
}

const struct detector intel_detector = {
	.name = "intel",
	.title = "Known bad address, name or fingerprint",
	.idea = "Looks for the indicators of the configured feeds wherever their kind of value occurs",
	.params = params,
	.params_size = sizeof(struct intel_params),
	.state_size = sizeof(struct intel_state),
	.wants = 1u << EVENT_FLOW_START | 1u << EVENT_FLOW_PROGRESS | 1u << EVENT_FLOW_END |
		 1u << EVENT_DNS | 1u << EVENT_TLS | 1u << EVENT_QUIC | 1u << EVENT_HTTP |
		 1u << EVENT_CERT | 1u << EVENT_SSH | 1u << EVENT_MAIL,
	.init = init,
	.deinit = deinit,
	.tick_ns = WALK_TICK,
	.on_event = on_event,
	.on_tick = on_tick,
	.on_end = on_end,
	.keep = keep,
	.counters = counters,
};
