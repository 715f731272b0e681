/*
 * detect/intel/judge.c - where an event may meet an indicator.
 */
#include <string.h>

#include "../text.h"
#include "intel.h"

#define ANSWERS_MAX 16u
#define DNS_A       1 /* then all are addresses: names come before them */
#define DNS_AAAA    28
#define NAME_SALT   0x9e3779b97f4a7c15ull
#define ANSWER_SALT 0xc2b2ae3d27d4eb4full

bool intel_choose(struct intel_state *s, const struct detect_env *env, struct meeting *m,
		  uint16_t port)
{
	const struct intel_item *at = m->item;
	unsigned count = 0;
	bool needs_below = m->seen[0] && at->kind == INTEL_DOMAIN;
	double loudest = -1;
	m->item = NULL;
	for (; at; at = intel_next(env->intel, at)) {
		if (intel_is_over(at, env->now_ns)) {
			s->over++;
			continue;
		}
		if ((at->port && at->port != port) || (needs_below && !(at->flags & INTEL_BELOW)))
			continue;
		unsigned confidence = intel_confidence(at, env->now_ns);
		struct meeting one = *m;
		one.item = at;
		double score = intel_score(&one, confidence);
		if (score > loudest) {
			loudest = score;
			m->item = at;
			m->confidence = confidence;
		}
		count++;
	}
	m->others = count ? count - 1 : 0;
	return m->item != NULL;
}

/* Where in an event a value is looked for; most of them no indicator is about. */
struct spot {
	const struct event *e;
	enum meeting_kind kind;
	const char *field; /* "dns.question.name" */
	bool is_reached;
};

static struct meeting meeting_at(const struct spot *at, const struct intel_item *item)
{
	return (struct meeting){ .e = at->e,
				 .item = item,
				 .kind = at->kind,
				 .field = at->field,
				 .is_reached = at->is_reached };
}

static void tell(struct intel_state *s, const struct detect_env *env, struct meeting *m,
		 uint16_t port)
{
	if (intel_choose(s, env, m, port))
		intel_tell(s, env, m);
}

/* item: what was found there; NULL: nothing. */
static void meet(struct intel_state *s, const struct detect_env *env, const struct spot *at,
		 const struct intel_item *item)
{
	if (!item)
		return;
	struct meeting m = meeting_at(at, item);
	tell(s, env, &m, 0);
}

/* ---- connections ---- */

/* What follows a quick look is not inlined, so that most events end before a frame is made. */
static __attribute__((noinline)) void on_end_of_flow(struct intel_state *s,
						     const struct detect_env *env,
						     const struct event *e, bool is_reached,
						     bool is_inbound)
{
	const struct spot at = { .e = e, .kind = MEETING_FLOW, .is_reached = is_reached };
	const struct ipaddr *ip = is_inbound ? &e->src : &e->dst;
	const struct intel_item *item = intel_find_address(env->intel, ip);
	if (!item || context_is_inside(env->context, ip, e->tunnel_id))
		return;
	if (is_inbound && !is_reached) {
		s->noise++;
		return;
	}
	struct meeting m = meeting_at(&at, item);
	m.is_inbound = is_inbound;
	m.field = is_inbound ? "source.ip" : "destination.ip";
	tell(s, env, &m, is_inbound ? e->sport : e->dport);
}

static void on_flow(struct intel_state *s, const struct detect_env *env, const struct event *e)
{
	const struct event_flow *f = (const struct event_flow *)e;
	bool is_known = f->outcome != FLOW_OUTCOME_PENDING;
	/* once: when its outcome is known, or when it was first seen under way */
	if (e->kind == EVENT_FLOW_START ? f->outcome != FLOW_OUTCOME_MIDSTREAM :
	    e->kind == EVENT_FLOW_END   ? f->outcome != FLOW_OUTCOME_UNANSWERED :
					  !is_known || f->is_interim != 1)
		return;
	bool is_reached =
		f->outcome == FLOW_OUTCOME_ESTABLISHED || f->outcome == FLOW_OUTCOME_MIDSTREAM;
	if (intel_may_have_address(env->intel, &e->dst))
		on_end_of_flow(s, env, e, is_reached, false);
	if (intel_may_have_address(env->intel, &e->src))
		on_end_of_flow(s, env, e, is_reached, true);
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

/* False: no indicator is about it.  Not inlined: what is asked before ends most look-ups. */
static __attribute__((noinline)) bool on_likely_name(struct intel_state *s,
						     const struct detect_env *env,
						     const struct spot *at, const char *name,
						     size_t len)
{
	const struct intel_item *item = intel_find_name(env->intel, name, len);
	if (!item)
		return false;
	struct meeting m = meeting_at(at, item);
	if (!is_same_name(env, item, name, len))
		name_of(m.seen, name, len);
	tell(s, env, &m, 0);
	return true;
}

static bool on_name(struct intel_state *s, const struct detect_env *env, const struct spot *at,
		    const char *name, size_t len)
{
	return intel_may_have_name(env->intel, name, len) && on_likely_name(s, env, at, name, len);
}

/* The place of a text's hash; salt: what is looked for in it.  Another set, other keys. */
static uint64_t *quiet_place(struct intel_state *s, const struct detect_env *env,
			     const struct event_str *text, uint64_t salt, uint64_t *ret_key)
{
	*ret_key = text->hash ^ (salt * (2 * intel_serial(env->intel) + 1));
	return &s->quiet[*ret_key % INTEL_QUIET];
}

/* Of most names this is the end of the question. */
static inline bool may_meet(const struct detect_env *env, const struct event *e,
			    const struct event_str *name)
{
	return name->off &&
	       intel_may_have_name(env->intel, (const char *)event_str_data(e, name), name->len);
}

static __attribute__((noinline)) void on_name_str(struct intel_state *s,
						  const struct detect_env *env,
						  const struct spot *at,
						  const struct event_str *name)
{
	const char *text = (const char *)event_str_data(at->e, name);
	uint64_t key, *place = quiet_place(s, env, name, NAME_SALT, &key);
	if (*place != key && !on_likely_name(s, env, at, text, name->len))
		*place = key;
}

static bool take_address(const char *text, size_t len, struct ipaddr *ret)
{
	char copy[IPADDR_TEXT_MAX];
	if (len > 0 && ipaddr_read_v4(text, len, ret) == len)
		return true;
	if (len == 0 || len >= sizeof(copy) || !memchr(text, ':', len))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return ipaddr_parse(copy, ret) == 0;
}

/* The host of a URL: an address or a name. */
static void on_host(struct intel_state *s, const struct detect_env *env, const struct spot *at,
		    const char *text, size_t len)
{
	struct ipaddr a;
	if (take_address(text, len, &a))
		meet(s, env, at, intel_find_address(env->intel, &a));
	else
		(void)on_name(s, env, at, text, len);
}

/* "edge.example.net, 203.0.113.5": first answers as text; its addresses come as names' (on_named).
 */
static __attribute__((noinline)) void on_answers(struct intel_state *s,
						 const struct detect_env *env,
						 const struct event_dns *d)
{
	const struct spot spot = { .e = &d->e,
				   .kind = MEETING_ANSWER,
				   .field = "dns.answers",
				   .is_reached = true };
	const char *at = (const char *)event_str_data(&d->e, &d->answer);
	size_t left = d->answer.len;
	uint64_t key, *place = quiet_place(s, env, &d->answer, ANSWER_SALT, &key);
	bool is_quiet = true;
	if (*place == key)
		return;
	for (unsigned i = 0; i < ANSWERS_MAX && left; i++) {
		const char *comma = memchr(at, ',', left);
		size_t n = comma ? (size_t)(comma - at) : left;
		struct ipaddr a;
		if (!take_address(at, n, &a))
			is_quiet &= !on_name(s, env, &spot, at, n);
		n += n < left ? 1 : 0;
		n += n < left && at[n] == ' ' ? 1 : 0;
		at += n;
		left -= n;
	}
	if (is_quiet)
		*place = key;
}

/* It is told of the one who asked. */
static __attribute__((noinline)) void on_answered(struct intel_state *s,
						  const struct detect_env *env,
						  const struct event *e)
{
	const struct event_name *n = (const struct event_name *)e;
	const struct intel_item *item = intel_find_address(env->intel, &n->address);
	if (!item)
		return;
	struct event asked = *e;
	asked.size = sizeof(asked);
	asked.src = e->dst;
	asked.sport = e->dport;
	asked.dst = e->src;
	asked.dport = e->sport;
	const struct spot at = { .e = &asked,
				 .kind = MEETING_ANSWER,
				 .field = "dns.answers",
				 .is_reached = true };
	meet(s, env, &at, item);
}

/* An answer gives an address to a name. */
static void on_named(struct intel_state *s, const struct detect_env *env, const struct event *e)
{
	const struct event_name *n = (const struct event_name *)e;
	if (n->source == APP_DNS && intel_may_have_address(env->intel, &n->address))
		on_answered(s, env, e);
}

static __attribute__((noinline)) void on_asked(struct intel_state *s, const struct detect_env *env,
					       const struct event_dns *d)
{
	const struct spot at = { .e = &d->e,
				 .kind = MEETING_ASKED,
				 .field = "dns.question.name",
				 .is_reached = d->is_response && d->rcode == 0 && d->answers > 0 };
	on_name_str(s, env, &at, &d->name);
}

static void on_dns(struct intel_state *s, const struct detect_env *env, const struct event *e)
{
	const struct event_dns *d = (const struct event_dns *)e;
	if (d->transport != DNS_PLAIN)
		return;
	if (may_meet(env, e, &d->name))
		on_asked(s, env, d);
	if (d->is_response && d->answer.off && d->rcode == 0 && d->first_answer_type != DNS_A &&
	    d->first_answer_type != DNS_AAAA)
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

static void on_hash(struct intel_state *s, const struct detect_env *env, const struct spot *at,
		    enum intel_kind kind, const struct event_str *text)
{
	uint8_t bytes[32] = { 0 };
	if (intel_has(env->intel, kind) && take_hex(at->e, text, bytes))
		meet(s, env, at, intel_find(env->intel, kind, bytes, text->len / 2));
}

static void on_text(struct intel_state *s, const struct detect_env *env, const struct spot *at,
		    enum intel_kind kind, const struct event_str *text)
{
	if (intel_has(env->intel, kind) && text->off && text->len == text->full)
		meet(s, env, at,
		     intel_find(env->intel, kind, event_str_data(at->e, text), text->len));
}

static struct spot spot(const struct event *e, enum meeting_kind kind, const char *field)
{
	return (struct spot){ .e = e, .kind = kind, .field = field, .is_reached = true };
}

static __attribute__((noinline)) void on_tls(struct intel_state *s, const struct detect_env *env,
					     const struct event *e)
{
	const struct event_tls *t = (const struct event_tls *)e;
	if (t->is_server)
		return;
	const struct spot sni = spot(e, MEETING_NAME, "tls.client.server_name");
	const struct spot ja3 = spot(e, MEETING_PROGRAM, "tls.client.ja3");
	const struct spot ja4 = spot(e, MEETING_PROGRAM, "tls.client.ja4");
	if (may_meet(env, e, &t->sni))
		on_name_str(s, env, &sni, &t->sni);
	on_hash(s, env, &ja3, INTEL_JA3, &t->ja3);
	on_text(s, env, &ja4, INTEL_JA4, &t->ja4);
}

static __attribute__((noinline)) void on_http(struct intel_state *s, const struct detect_env *env,
					      const struct event *e)
{
	const struct event_http *h = (const struct event_http *)e;
	char url[INTEL_VALUE_MAX];
	if (h->is_response || !h->host.off)
		return;
	const char *host = (const char *)event_str_data(e, &h->host);
	const struct spot domain = spot(e, MEETING_NAME, "url.domain");
	const struct spot agent = spot(e, MEETING_PROGRAM, "user_agent.original");
	const struct spot full = spot(e, MEETING_CONTENT, "url.full");
	on_host(s, env, &domain, host, text_host_len(e, &h->host));
	on_text(s, env, &agent, INTEL_AGENT, &h->user_agent);
	if (!intel_has(env->intel, INTEL_URL) || !h->uri.off || h->uri.len != h->uri.full)
		return;
	size_t len = intel_url(host, h->host.len, (const char *)event_str_data(e, &h->uri),
			       h->uri.len, url);
	if (len)
		meet(s, env, &full, intel_find(env->intel, INTEL_URL, url, len));
}

static __attribute__((noinline)) void on_cert(struct intel_state *s, const struct detect_env *env,
					      const struct event *e)
{
	const struct event_cert *c = (const struct event_cert *)e;
	const struct spot sha1 = spot(e, MEETING_CONTENT, "tls.server.hash.sha1");
	const struct spot sha256 = spot(e, MEETING_CONTENT, "tls.server.hash.sha256");
	const struct spot name = spot(e, MEETING_NAME, "tls.server.x509.subject.common_name");
	const struct spot other = spot(e, MEETING_NAME, "tls.server.x509.alternative_names");
	on_hash(s, env, &sha1, INTEL_CERT, &c->sha1);
	on_hash(s, env, &sha256, INTEL_CERT, &c->sha256);
	if (may_meet(env, e, &c->subject))
		on_name_str(s, env, &name, &c->subject);
	if (may_meet(env, e, &c->san))
		on_name_str(s, env, &other, &c->san);
}

static __attribute__((noinline)) void on_ssh(struct intel_state *s, const struct detect_env *env,
					     const struct event *e)
{
	const struct spot at = spot(e, MEETING_PROGRAM, "ssh.hassh");
	on_hash(s, env, &at, INTEL_HASSH, &((const struct event_ssh *)e)->hassh);
}

/* One alert a file, by its surest digest. */
static __attribute__((noinline)) void on_file(struct intel_state *s, const struct detect_env *env,
					      const struct event *e)
{
	const struct event_file_hash *f = (const struct event_file_hash *)e;
	const struct {
		const struct event_str *text;
		const char *field;
	} sums[] = { { &f->sha256, "file.hash.sha256" },
		     { &f->sha1, "file.hash.sha1" },
		     { &f->md5, "file.hash.md5" } };
	for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++) {
		const struct spot at = spot(e, MEETING_FILE, sums[i].field);
		uint8_t bytes[32] = { 0 };
		if (!take_hex(e, sums[i].text, bytes))
			continue;
		struct meeting m = meeting_at(
			&at, intel_find(env->intel, INTEL_FILE, bytes, sums[i].text->len / 2));
		if (!m.item || !intel_choose(s, env, &m, 0))
			continue;
		name_of(m.seen, (const char *)event_str_data(e, &f->name), f->name.len);
		intel_tell(s, env, &m);
		return;
	}
}

static __attribute__((noinline)) void on_mail(struct intel_state *s, const struct detect_env *env,
					      const struct event *e)
{
	const struct event_mail *m = (const struct event_mail *)e;
	const struct spot from = spot(e, MEETING_CONTENT, "email.from.address");
	const struct spot to = spot(e, MEETING_CONTENT, "email.to.address");
	on_text(s, env, &from, INTEL_EMAIL, &m->from);
	on_text(s, env, &to, INTEL_EMAIL, &m->to);
}

void intel_judge(struct intel_state *s, const struct detect_env *env, const struct event *e)
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
	case EVENT_NAME:
		on_named(s, env, e);
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
		on_ssh(s, env, e);
		break;
	case EVENT_MAIL:
		on_mail(s, env, e);
		break;
	case EVENT_FILE_HASH:
		on_file(s, env, e);
		break;
	default:
		break;
	}
}
