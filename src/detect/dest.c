/*
 * detect/dest.c - see dest.h.
 */
#include "dest.h"

#include <string.h>

/* The name without its port: "[2001:db8::1]:80" is the address. */
static size_t without_port(const char **name, size_t len)
{
	if (len && (*name)[0] == '[') {
		const char *end = memchr(*name, ']', len);
		(*name)++;
		return end ? (size_t)(end - *name) : len - 1;
	}
	const char *colon = memchr(*name, ':', len);
	if (colon && !memchr(colon + 1, ':', len - (size_t)(colon + 1 - *name)))
		return (size_t)(colon - *name);
	return len;
}

static size_t keep_text(struct dest *d, const char *name, size_t len)
{
	size_t n = 0;
	for (; n < len && n + 1 < sizeof(d->text); n++) {
		char ch = name[n];
		if (ch >= 'A' && ch <= 'Z')
			ch = (char)(ch + 32);
		d->text[n] = ch > 0x20 && ch < 0x7f ? ch : '?';
	}
	d->text[n] = '\0';
	return n;
}

void dest_of(struct dest *d, const struct detect_env *env, const struct event *e, const char *name,
	     size_t len)
{
	struct ipaddr literal;
	memset(d, 0, sizeof(*d));
	d->is_inside = context_is_inside(env->context, &e->dst, e->tunnel_id);
	size_t kept = 0;
	bool is_learnt = false; /* a name of the address, not of this conversation */
	if (len) {
		len = without_port(&name, len);
		kept = keep_text(d, name, len);
	}
	if (!kept || ipaddr_parse(d->text, &literal) == 0) {
		const char *known = kept ? NULL : context_name_of(env->context, &e->dst);
		d->is_literal = known == NULL;
		kept = known ? keep_text(d, known, strlen(known)) : 0;
		is_learnt = true;
	}
	d->service = kept ? context_service_by_name(env->context, d->text, kept) : NULL;
	if (d->service && !is_learnt) {
		d->sanction = context_sanction(env->context, d->service, d->text, kept);
	} else {
		if (!d->service)
			d->service = context_service_by_ip(env->context, &e->dst);
		d->sanction = context_sanction_at(env->context, d->service, &e->dst);
	}
	if (d->is_literal) {
		ipaddr_print(&e->dst, d->text, sizeof(d->text));
		kept = strlen(d->text);
	}
	d->key = hash_mix(hash_bytes(&env->sketch_key, d->text, kept), e->tunnel_key);
}

bool dest_is_ordinary(const struct service *s, enum service_sanction sanction)
{
	if (!s)
		return false;
	if (sanction == SANCTION_SANCTIONED)
		return true;
	switch (s->class) {
	case SERVICE_NONE:
	case SERVICE_FILE_DROP:
	case SERVICE_PASTE:
	case SERVICE_TUNNEL:
	case SERVICE_IAAS:
	case SERVICE_CDN:
	case SERVICE_IP_CHECK:
		return false;
	default:
		return true;
	}
}

bool dest_takes_posts(const struct service *s)
{
	return s && s->risk != SERVICE_RISK_HIGH;
}

bool dest_is_nobody(const struct detect_env *env, const struct event *e)
{
	if (ipaddr_is_multicast(&e->dst) || ipaddr_is_unspecified(&e->dst) ||
	    ipaddr_is_link_local(&e->dst))
		return true;
	return !context_is_inside(env->context, &e->src, e->tunnel_id) &&
	       context_is_inside(env->context, &e->dst, e->tunnel_id);
}

void dest_crowd_add(struct dest_crowd *c, const struct detect_env *env, const struct ipaddr *client)
{
	uint32_t mark = (uint32_t)(hash_bytes(&env->sketch_key, client, sizeof(*client)) >> 32);
	if (!c->first_ns)
		c->first_ns = env->steady_ns;
	for (unsigned i = 0; i < c->count; i++)
		if (c->clients[i] == mark)
			return;
	if (c->count < DEST_CLIENTS)
		c->clients[c->count++] = mark;
}

unsigned dest_crowd_of(struct table *crowds, const struct detect_env *env, uint64_t key,
		       const struct ipaddr *client)
{
	bool is_new;
	struct dest_crowd *c = table_get(crowds, &key, &is_new);
	if (!c)
		return 0;
	dest_crowd_add(c, env, client);
	return c->count;
}
