/*
 * detect/doh_tunnel/doh_tunnel.c - data in DNS that is wrapped in TLS, HTTPS or QUIC.
 *
 * Idea: a tunnel in DNS stays one when a resolver wraps it (T1071.004, T1572): names that are full
 * of data make questions longer than any name that people use, even where clients pad to blocks of
 * 128 bytes (RFC 8467); they come on and on; and nobody connects to what was asked for.  Sizes come
 * from the heads of TLS records and from datagrams of QUIC.  That a server speaks DNS is known by
 * port 853, ALPN, the catalogue of resolvers, nDPI, a host name "doh." or "dns.", or because it was
 * seen to answer DNS in the clear.
 * Evasion: short names, slowly: below the limits of half a day; a resolver of one's own on port 443
 * under an ordinary name (then upload_volume and beacon are left); a connection for each question
 * over HTTPS.  False alarms: forwarders, mail servers with block lists and oblivious DNS ask much,
 * but either shortly, or for somebody who then connects.
 */
#include "doh_tunnel.h"

#include <math.h>
#include <string.h>

#include "exfild/base/table.h"

#define SECOND_NS   1000000000ull
#define HALF_DAY_NS (43200 * SECOND_NS)
#define PORT_DOT    853
#define PORT_DNS    53
#define CLASS_SMALL 0  /* up to 64 bytes: window updates, acknowledgements */
#define CLASS_ODD   10 /* over 1,024 bytes no question is */
#define CLASS_HUGE  11 /* over 4,096 bytes hardly an answer */
#define LONG_CLASS  6  /* over 256 bytes: not one padded block with its wrapping */
#define BLOCK       129
#define BASE_TLS    147 /* length 2, one block, content type, tag 16 */
#define BASE_MOST   255 /* with headers of HTTP */
#define FREE_LONGS  2   /* of a connection of HTTPS: its first request has all headers */
#define FROM_SERVER 0x8000u
#define HOST_BITS   256
#define NET_BITS    4096

struct doh_flow {
	uint64_t id;
	struct doh_key key;
	uint64_t bytes[2];
	uint32_t sizes[2][TLS_SIZE_CLASSES];
	uint8_t free_longs;
	uint8_t pad[7];
};

/* Distinct destinations by linear counting (Whang 1990), of two windows in a row. */
struct doh_seen {
	uint64_t number;
	uint64_t now[HOST_BITS / 64], before[HOST_BITS / 64];
};

struct doh_host {
	struct ipaddr src;
	uint32_t tunnel_key, pad;
	bool is_asked; /* in the clear: it asks for others */
	struct doh_seen span[DOH__SPANS];
};

struct doh_net {
	uint64_t number;
	uint64_t now[NET_BITS / 64], before[NET_BITS / 64];
};

struct state {
	const struct doh_params *params;
	struct table pairs, flows, hosts;
	struct doh_net net[DOH__SPANS]; /* of all clients: a resolver asks for them */
	uint64_t findings;
};

/* A name holds some 130 bytes of data beside its domain: 32 are the 4 kB of dns_tunnel. */
static const struct param params[] = {
	{ "questions", PARAM_UINT, offsetof(struct doh_params, questions), 8, 1e6, 32, "questions",
	  "Long questions in two windows from which it is judged; four times that in a day" },
	{ "window", PARAM_DURATION, offsetof(struct doh_params, window_s), 60, 3600, 300, "",
	  "Length of a window; two in a row are judged together" },
	PARAM_END
};

static uint32_t evidence(const void *entry)
{
	const struct doh_pair *p = entry;
	return p->told_severity * 1000u + p->span[DOH_DAY].now.longs;
}

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct state *s = state;
	uint32_t share = env->max_pairs / 256 ? env->max_pairs / 256 : 1;
	s->params = parameters;
	struct table_config config = { .capacity = 2 * share,
				       .entry_size = sizeof(struct doh_flow),
				       .key_size = sizeof(uint64_t),
				       .key = env->key };
	int err = table_init(&s->flows, &config);
	config.capacity = env->max_hosts / 4 ? env->max_hosts / 4 : 1;
	config.entry_size = sizeof(struct doh_host);
	config.key_size = offsetof(struct doh_host, is_asked);
	err = err ? err : table_init(&s->hosts, &config);
	config.capacity = share;
	config.entry_size = sizeof(struct doh_pair);
	config.key_size = sizeof(struct doh_key);
	config.evidence = evidence;
	return err ? err : table_init(&s->pairs, &config);
}

static void deinit(void *state)
{
	struct state *s = state;
	table_deinit(&s->pairs);
	table_deinit(&s->flows);
	table_deinit(&s->hosts);
}

static uint64_t window_number(const struct state *s, const struct detect_env *env,
			      enum doh_span span)
{
	uint64_t len = span == DOH_DAY ? HALF_DAY_NS : s->params->window_s * SECOND_NS;
	return env->steady_ns / len;
}

/* ---- what else a client goes to ---- */

/* Moves `now` into `before` when another window has begun. */
static void turn_bits(uint64_t *number, uint64_t *now, uint64_t *before, size_t size, uint64_t to)
{
	if (*number == to)
		return;
	if (*number + 1 == to)
		memcpy(before, now, size);
	else
		memset(before, 0, size);
	memset(now, 0, size);
	*number = to;
}

static double count_bits(const uint64_t *now, const uint64_t *before, unsigned bits)
{
	unsigned set = 0;
	for (unsigned i = 0; i < bits / 64; i++)
		set += (unsigned)__builtin_popcountll(now[i] | before[i]);
	return set ? -(double)bits * log(1 - fmin(set, bits - 1) / (double)bits) : 0;
}

static void set_bit(uint64_t *words, unsigned bits, uint64_t hash)
{
	unsigned bit = (unsigned)(hash % bits);
	words[bit / 64] |= 1ull << bit % 64;
}

static struct doh_host *host_of(struct state *s, const struct ipaddr *src, uint32_t tunnel_key,
				bool make)
{
	struct doh_host key = { .src = *src, .tunnel_key = tunnel_key };
	bool is_new;
	return make ? table_get(&s->hosts, &key, &is_new) : table_find(&s->hosts, &key);
}

static void on_start(struct state *s, const struct detect_env *env, const struct event *e)
{
	if (!s->hosts.stats.entries || e->dport == PORT_DOT || dest_is_nobody(env, e))
		return;
	if (e->dport == PORT_DNS) {
		struct doh_host *asked = host_of(s, &e->dst, e->tunnel_key, false);
		if (asked)
			asked->is_asked = true;
		return;
	}
	uint64_t hash = hash_bytes(&env->sketch_key, &e->dst, sizeof(e->dst));
	struct doh_host *h = host_of(s, &e->src, e->tunnel_key, false);
	for (unsigned i = 0; i < DOH__SPANS; i++) {
		uint64_t number = window_number(s, env, i);
		struct doh_net *n = &s->net[i];
		turn_bits(&n->number, n->now, n->before, sizeof(n->now), number);
		set_bit(n->now, NET_BITS, hash);
		if (!h)
			continue;
		struct doh_seen *w = &h->span[i];
		turn_bits(&w->number, w->now, w->before, sizeof(w->now), number);
		set_bit(w->now, HOST_BITS, hash);
	}
}

static double destinations_of(struct state *s, const struct detect_env *env,
			      const struct doh_pair *p, enum doh_span span)
{
	uint64_t number = window_number(s, env, span);
	struct doh_host *h = host_of(s, &p->key.src, p->key.tunnel_key, false);
	double count = 0;
	if (h) {
		struct doh_seen *w = &h->span[span];
		turn_bits(&w->number, w->now, w->before, sizeof(w->now), number);
		count = count_bits(w->now, w->before, HOST_BITS);
	}
	if ((h && h->is_asked) || context_roles(env->context, &p->key.src) & ROLE_RESOLVER) {
		struct doh_net *n = &s->net[span];
		turn_bits(&n->number, n->now, n->before, sizeof(n->now), number);
		count = fmax(count, count_bits(n->now, n->before, NET_BITS));
	}
	return count;
}

/* ---- which connections carry DNS ---- */

static bool starts_with(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* By its names: whether it speaks DNS at all. */
static bool is_dns(const struct detect_env *env, const struct event_tls *t, const struct dest *d)
{
	char alpn[16];
	step_string(alpn, sizeof(alpn), &t->e, &t->alpn);
	if (t->e.dport == PORT_DOT || strcmp(alpn, "dot") == 0 || starts_with(alpn, "doq"))
		return true;
	if (d->service && d->service->class == SERVICE_RESOLVER)
		return true;
	if (!d->is_literal && (starts_with(d->text, "doh.") || starts_with(d->text, "dns.") ||
			       starts_with(d->text, "dot.")))
		return true;
	return context_roles(env->context, &t->e.dst) & ROLE_RESOLVER;
}

static void open_flow(struct state *s, const struct detect_env *env, const struct event *e,
		      const struct dest *d)
{
	bool is_new, is_known = d->service && d->service->class == SERVICE_RESOLVER;
	struct doh_key key = { .src = e->src, .tunnel_key = e->tunnel_key, .port = e->dport };
	key.resolver = is_known ? hash_bytes(&env->sketch_key, d->service->name,
					     strlen(d->service->name)) :
				  hash_bytes(&env->sketch_key, &e->dst, sizeof(e->dst));
	struct doh_flow *f = table_get(&s->flows, &e->flow, &is_new);
	struct doh_pair *p = f ? table_get(&s->pairs, &key, &is_new) : NULL;
	if (!p || !host_of(s, &e->src, e->tunnel_key, true))
		return;
	f->key = key;
	f->free_longs = e->dport == PORT_DOT ? 0 : FREE_LONGS;
	if (is_new)
		p->first_ns = e->time_ns;
	p->is_known = is_known;
	p->carrier = e->kind == EVENT_QUIC ? DOH_QUIC : e->dport == PORT_DOT ? DOH_TLS : DOH_HTTPS;
	p->last = *e;
	if (!d->is_literal)
		finding_text(p->name, sizeof(p->name), "%s", d->text);
	if (p->packet_count < DOH_PACKETS && e->packet)
		p->packets[p->packet_count++] = e->packet;
}

static void on_hello(struct state *s, const struct detect_env *env, const struct event_tls *t)
{
	struct dest d;
	if (t->is_server || dest_is_nobody(env, &t->e))
		return;
	const char *sni = t->sni.off ? (const char *)event_str_data(&t->e, &t->sni) : NULL;
	dest_of(&d, env, &t->e, sni, sni ? t->sni.len : 0);
	if (is_dns(env, t, &d))
		open_flow(s, env, &t->e, &d);
}

/* nDPI knows resolvers of its own. */
static void on_classified(struct state *s, const struct detect_env *env,
			  const struct event_classified *c)
{
	struct dest d;
	if (!step_is(&c->e, &c->name, "TLS.DoH_DoT") || table_find(&s->flows, &c->e.flow))
		return;
	dest_of(&d, env, &c->e, NULL, 0);
	open_flow(s, env, &c->e, &d);
}

/* ---- sizes ---- */

static const uint16_t class_from[TLS_SIZE_CLASSES] = { 0,   64,  96,  128, 160,  192,
						       256, 384, 512, 768, 1024, 4096 };

/*
 * The least size of a question so far.  What DNS over HTTPS and QUIC sends besides is smaller than
 * the smallest question; the first of a connection end the handshake or hold its headers.
 */
static void learn_base(struct doh_pair *p, const struct event_tls_shape *t)
{
	uint16_t most = p->carrier == DOH_TLS ? BASE_TLS : BASE_MOST;
	unsigned nth = 0, skip = p->carrier == DOH_TLS ? 1 : FREE_LONGS;
	for (unsigned i = 0; i < t->first_count; i++) {
		uint16_t size = t->first[i];
		bool is_small = p->carrier != DOH_TLS && size <= class_from[1];
		if (size & FROM_SERVER || ++nth <= skip || is_small)
			continue;
		size = size < most ? size : most;
		if (!p->base || size < p->base)
			p->base = size;
	}
}

static void turn(struct doh_window *w, uint64_t to)
{
	if (w->number == to)
		return;
	if (w->number + 1 == to)
		w->before = w->now;
	else
		memset(&w->before, 0, sizeof(w->before));
	memset(&w->now, 0, sizeof(w->now));
	w->number = to;
}

/* What has come since the flow was told last. */
static struct doh_sum fresh_of(struct doh_flow *f, const struct doh_pair *p,
			       const struct event_tls_shape *t)
{
	struct doh_sum sum = { .up = t->bytes[0] - f->bytes[0], .down = t->bytes[1] - f->bytes[1] };
	unsigned first = p->carrier == DOH_TLS ? CLASS_SMALL : CLASS_SMALL + 1;
	for (unsigned i = first; i < TLS_SIZE_CLASSES; i++) {
		uint32_t n = t->sizes[0][i] - f->sizes[0][i];
		sum.questions += n;
		if (i >= CLASS_ODD)
			sum.odd += n;
		else if (i >= LONG_CLASS && class_from[i] + 1u >= p->base + (unsigned)BLOCK)
			sum.longs += n;
	}
	sum.odd += t->sizes[1][CLASS_HUGE] - f->sizes[1][CLASS_HUGE];
	uint32_t headers = sum.longs < f->free_longs ? sum.longs : f->free_longs;
	f->free_longs = (uint8_t)(f->free_longs - headers);
	sum.longs -= headers;
	memcpy(f->bytes, t->bytes, sizeof(f->bytes));
	memcpy(f->sizes, t->sizes, sizeof(f->sizes));
	return sum;
}

static void judge(struct state *s, const struct detect_env *env, struct doh_pair *p)
{
	for (unsigned i = 0; i < DOH__SPANS; i++) {
		struct doh_judgement j;
		doh_judge(p, i, destinations_of(s, env, p, i), s->params, &j);
		enum severity severity = step_severity(j.score > 1 ? 1 : j.score);
		if (severity == SEVERITY_NONE ||
		    (severity <= p->told_severity && j.longs < 4.0 * p->told_longs))
			continue;
		p->told_severity =
			severity > p->told_severity ? (uint8_t)severity : p->told_severity;
		p->told_longs = (uint32_t)j.longs;
		s->findings++;
		doh_tell(p, &j, env);
	}
}

static void on_shape(struct state *s, const struct detect_env *env, const struct event_tls_shape *t)
{
	struct doh_flow *f = table_find(&s->flows, &t->e.flow);
	struct doh_pair *p = f ? table_find(&s->pairs, &f->key) : NULL;
	if (!p)
		return;
	learn_base(p, t);
	struct doh_sum sum = fresh_of(f, p, t);
	for (unsigned i = 0; i < DOH__SPANS; i++) {
		struct doh_window *w = &p->span[i];
		turn(w, window_number(s, env, i));
		w->now.questions += sum.questions;
		w->now.longs += sum.longs;
		w->now.odd += sum.odd;
		w->now.up += sum.up;
		w->now.down += sum.down;
	}
	if (sum.longs) {
		if (t->e.packet)
			p->packets[p->packet_count < DOH_PACKETS ? p->packet_count++ :
								   DOH_PACKETS - 1] = t->e.packet;
		judge(s, env, p);
	}
}

static void on_event(void *state, const struct detect_env *env, const struct event *e)
{
	struct state *s = state;
	if (e->kind == EVENT_FLOW_START) {
		on_start(s, env, e);
	} else if (e->kind == EVENT_TLS || e->kind == EVENT_QUIC) {
		on_hello(s, env, (const struct event_tls *)e);
	} else if (e->kind == EVENT_CLASSIFIED) {
		on_classified(s, env, (const struct event_classified *)e);
	} else if (e->kind == EVENT_TLS_SHAPE) {
		if (!env->one_sided)
			on_shape(s, env, (const struct event_tls_shape *)e);
	} else {
		struct doh_flow *f = table_find(&s->flows, &e->flow);
		if (f)
			table_remove(&s->flows, f);
	}
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct state *s = state;
	ret->entries = s->pairs.stats.entries;
	ret->evictions = s->pairs.stats.evictions;
	ret->evicted_with_evidence = s->pairs.stats.evicted_with_evidence;
	ret->findings = s->findings;
	ret->worst_case_bytes = sizeof(*s) +
				table_worst_case(s->pairs.stats.capacity, sizeof(struct doh_pair)) +
				table_worst_case(s->flows.stats.capacity, sizeof(struct doh_flow)) +
				table_worst_case(s->hosts.stats.capacity, sizeof(struct doh_host));
}

const struct detector doh_tunnel_detector = {
	.name = "doh_tunnel",
	.title = "Tunnel in encrypted DNS",
	.idea = "Questions longer than names of people's, on and on, and nobody connects to what was "
		"asked for",
	.params = params,
	.params_size = sizeof(struct doh_params),
	.state_size = sizeof(struct state),
	.wants = 1ull << EVENT_FLOW_START | 1ull << EVENT_FLOW_END | 1ull << EVENT_TLS |
		 1ull << EVENT_QUIC | 1ull << EVENT_TLS_SHAPE | 1ull << EVENT_CLASSIFIED,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.counters = counters,
};
