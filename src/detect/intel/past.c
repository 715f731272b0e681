/*
 * detect/intel/past.c - see past.h.
 */
#include "past.h"

#include <ctype.h>
#include <string.h>

#include "../text.h"

#define DAY_NS   (86400ull * 1000000000ull)
#define DAY_BITS 32u

static uint32_t day_of(uint64_t ns)
{
	return (uint32_t)(ns / DAY_NS);
}

/* A name that was asked for once is what a flood of names is made of. */
static uint32_t evidence(const void *entry)
{
	const struct past_entry *p = entry;
	return p->is_told || (p->days & (p->days - 1)) ? 2 : p->has_peer || p->count > 1 ? 1 : 0;
}

int past_init(struct past *p, const struct detect_env *env)
{
	struct table_config config = { .capacity = env->max_pairs / PAST_OF_PAIRS,
				       .entry_size = sizeof(struct past_entry),
				       .key_size = sizeof(struct past_key),
				       .key = env->key,
				       .evidence = evidence };
	return table_init(&p->entries, &config);
}

void past_deinit(struct past *p)
{
	table_deinit(&p->entries);
}

/* ---- writing down ---- */

static void pass_days(struct past_entry *x, uint64_t now_ns)
{
	uint32_t day = day_of(now_ns), last = day_of(x->last_ns);
	if (day > last) {
		x->days = day - last < DAY_BITS ? x->days << (day - last) : 0;
		x->day_bytes = 0;
	}
	x->days |= 1;
	if (now_ns > x->last_ns)
		x->last_ns = now_ns;
}

static struct past_entry *entry_for(struct past *p, const struct detect_env *env,
				    const struct past_key *key)
{
	bool is_new;
	struct past_entry *x = table_get(&p->entries, key, &is_new);
	if (!x)
		return NULL;
	if (is_new)
		x->first_ns = x->last_ns = env->now_ns;
	pass_days(x, env->now_ns);
	return x;
}

static void add_bytes(struct past_entry *x, uint64_t up, uint64_t down)
{
	x->up += up;
	x->down += down;
	x->day_bytes += up + down;
	if (x->day_bytes >= x->peak_bytes) {
		x->peak_bytes = x->day_bytes;
		x->peak_day = day_of(x->last_ns);
	}
}

static void add_port(struct past_entry *x, uint16_t port)
{
	unsigned i = 0;
	while (i < PAST_PORTS && x->ports[i] && x->ports[i] != port)
		i++;
	if (i < PAST_PORTS)
		x->ports[i] = port;
}

static struct past_key address_key(const struct detect_env *env, const struct ipaddr *host,
				   const struct ipaddr *peer, uint32_t tunnel_id)
{
	struct past_key key;
	memset(&key, 0, sizeof(key));
	key.host = *host;
	key.what = hash_bytes(&env->sketch_key, peer, sizeof(*peer));
	key.tunnel_id = tunnel_id;
	return key;
}

/* What has passed since it was told of this flow last. */
static uint64_t since(const struct event_flow *f, unsigned side)
{
	return f->fresh[side] + f->earlier[side];
}

static struct past_entry *on_flow(struct past *p, const struct detect_env *env,
				  const struct event *e)
{
	const struct event_flow *f = (const struct event_flow *)e;
	bool src_inside = context_is_inside(env->context, &e->src, e->tunnel_id);
	bool is_reached =
		f->outcome == FLOW_OUTCOME_ESTABLISHED || f->outcome == FLOW_OUTCOME_MIDSTREAM;
	if (src_inside == context_is_inside(env->context, &e->dst, e->tunnel_id) ||
	    (!src_inside && !is_reached) || (e->kind == EVENT_FLOW_PROGRESS && f->is_interim != 2))
		return NULL;
	const struct ipaddr *host = src_inside ? &e->src : &e->dst;
	const struct ipaddr *peer = src_inside ? &e->dst : &e->src;
	struct past_key key = address_key(env, host, peer, e->tunnel_id);
	struct past_entry *x = entry_for(p, env, &key);
	if (!x)
		return NULL;
	x->count += e->kind == EVENT_FLOW_END;
	x->peer = *peer;
	x->has_peer = 1;
	x->is_reached |= is_reached;
	x->is_inbound = x->up + x->down == 0 ? !src_inside : x->is_inbound && !src_inside;
	add_port(x, src_inside ? e->dport : e->sport);
	add_bytes(x, since(f, src_inside ? 0 : 1), since(f, src_inside ? 1 : 0));
	return x;
}

/* In lower case, without the last dot; the labels that fit, from the end.  Its length. */
static size_t tidy_name(char dst[PAST_NAME], const char *name, size_t len)
{
	if (len && name[len - 1] == '.')
		len--;
	if (len >= PAST_NAME) {
		const char *dot = memchr(name + len - (PAST_NAME - 1), '.', PAST_NAME - 1);
		if (!dot)
			return 0;
		len -= (size_t)(dot + 1 - name);
		name = dot + 1;
	}
	for (size_t i = 0; i < len; i++)
		dst[i] = (char)tolower((unsigned char)name[i]);
	dst[len] = '\0';
	return len;
}

/* peer NULL: it was only asked for. */
static struct past_entry *on_name(struct past *p, const struct detect_env *env,
				  const struct event *e, const char *name, size_t len,
				  const struct ipaddr *peer)
{
	char tidy[PAST_NAME];
	struct past_key key;
	len = tidy_name(tidy, name, len);
	if (len == 0 || memchr(tidy, '\0', len) ||
	    !context_is_inside(env->context, &e->src, e->tunnel_id))
		return NULL;
	memset(&key, 0, sizeof(key));
	key.host = e->src;
	key.what = hash_bytes(&env->sketch_key, tidy, len);
	key.tunnel_id = e->tunnel_id;
	key.is_name = 1;
	struct past_entry *x = entry_for(p, env, &key);
	if (!x)
		return NULL;
	x->count++;
	memcpy(x->name, tidy, len + 1);
	if (peer && !context_is_inside(env->context, peer, e->tunnel_id)) {
		x->peer = *peer;
		x->has_peer = x->is_reached = 1;
		add_port(x, e->dport);
	}
	return x;
}

static struct past_entry *on_text(struct past *p, const struct detect_env *env,
				  const struct event *e, const struct event_str *s, size_t len,
				  const struct ipaddr *peer)
{
	if (!s->off)
		return NULL;
	return on_name(p, env, e, (const char *)event_str_data(e, s), len, peer);
}

struct past_entry *past_event(struct past *p, const struct detect_env *env, const struct event *e)
{
	const struct event_dns *d = (const struct event_dns *)e;
	const struct event_tls *t = (const struct event_tls *)e;
	const struct event_http *h = (const struct event_http *)e;
	switch (e->kind) {
	case EVENT_FLOW_PROGRESS:
	case EVENT_FLOW_END:
		return on_flow(p, env, e);
	case EVENT_DNS:
		if (d->transport != DNS_PLAIN || d->is_response)
			return NULL;
		return on_text(p, env, e, &d->name, d->name.len, NULL);
	case EVENT_TLS:
	case EVENT_QUIC:
		return t->is_server ? NULL : on_text(p, env, e, &t->sni, t->sni.len, &e->dst);
	case EVENT_HTTP:
		if (h->is_response || !h->host.off)
			return NULL;
		return on_text(p, env, e, &h->host, text_host_len(e, &h->host), &e->dst);
	default:
		return NULL;
	}
}

bool past_is_done(const struct past *p, const struct detect_env *env)
{
	return !p->is_walking && p->serial == intel_serial(env->intel);
}

const struct past_entry *past_address_of(const struct past *p, const struct detect_env *env,
					 const struct past_entry *name)
{
	if (!name->has_peer)
		return NULL;
	struct past_key key = address_key(env, &name->key.host, &name->peer, name->key.tunnel_id);
	return table_find(&p->entries, &key);
}

/* ---- looking back ---- */

static bool is_old(const struct past_entry *x, const struct detect_env *env)
{
	return day_of(env->now_ns) > day_of(x->last_ns) + env->lookback_days;
}

void past_walk(struct past *p, const struct detect_env *env, uint32_t most, past_meet_fn meet,
	       void *arg)
{
	uint64_t serial = intel_serial(env->intel);
	uint32_t day = day_of(env->now_ns);
	if (serial != p->serial || day != p->day) {
		p->is_walking = true;
		p->at = 0;
		p->serial = serial;
		p->day = day;
	}
	for (; p->is_walking && most > 0; p->at++, most--) {
		if (p->at >= table_slots(&p->entries)) {
			p->is_walking = false;
			break;
		}
		struct past_entry *x = table_at(&p->entries, p->at);
		if (x && is_old(x, env))
			table_remove(&p->entries, x);
		else if (x && !x->is_told)
			x->is_told = meet(arg, x);
	}
}

/* ---- what outlives the process ---- */

static const struct keep_field fields[] = {
	KEEP(U8, struct past_entry, key.host),
	KEEP(U64, struct past_entry, key.what),
	KEEP(U32, struct past_entry, key.tunnel_id),
	KEEP_TO(U32, struct past_entry, key.is_name, 1),
	KEEP(U64, struct past_entry, first_ns),
	KEEP(U64, struct past_entry, last_ns),
	KEEP_TO(U64, struct past_entry, up, (uint64_t)KEEP_NUMBER_MAX),
	KEEP_TO(U64, struct past_entry, down, (uint64_t)KEEP_NUMBER_MAX),
	KEEP_TO(U64, struct past_entry, day_bytes, (uint64_t)KEEP_NUMBER_MAX),
	KEEP_TO(U64, struct past_entry, peak_bytes, (uint64_t)KEEP_NUMBER_MAX),
	KEEP(U32, struct past_entry, peak_day),
	KEEP(U32, struct past_entry, days),
	KEEP(U32, struct past_entry, count),
	KEEP(U8, struct past_entry, peer),
	KEEP(U16, struct past_entry, ports),
	KEEP_TO(U8, struct past_entry, is_reached, 1),
	KEEP_TO(U8, struct past_entry, is_inbound, 1),
	KEEP_TO(U8, struct past_entry, is_told, 1),
	KEEP_TO(U8, struct past_entry, has_peer, 1),
	KEEP(TEXT, struct past_entry, name),
	KEEP_LAST,
};

static bool took(void *owner, void *entry)
{
	const struct past_entry *x = entry;
	(void)owner;
	return (x->key.is_name != 0) == (x->name[0] != '\0');
}

void past_keep(struct past *p, struct keep_list *list)
{
	const struct keep_part part = { .name = "intel.past",
					.version = 1,
					.owner = p,
					.table = &p->entries,
					.fields = fields,
					.took = took };
	keep_add(list, &part);
}
