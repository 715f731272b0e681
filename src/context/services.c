/*
 * context/services.c - which service a name or an address belongs to.
 *
 * A name is walked from its right end with a running hash (FNV-1a over lower-cased bytes); at each
 * dot the hash of the labels so far is looked up, and the longest hit wins; the walk ends where no
 * domain has such an end.  A hit compares the bytes, so that a name made to collide costs one
 * comparison and no more.
 */
#include "services.h"

#include <stdlib.h>
#include <string.h>

#include "exfild/base/str.h"

#define HASH_START 0xcbf29ce484222325ull
#define HASH_PRIME 0x100000001b3ull

static inline unsigned char lower(char c)
{
	unsigned char u = (unsigned char)c;
	return u >= 'A' && u <= 'Z' ? (unsigned char)(u | 0x20) : u;
}

static inline uint64_t hash_step(uint64_t hash, unsigned char c)
{
	return (hash ^ c) * HASH_PRIME;
}

static inline size_t slot_of(const struct services *s, uint64_t hash)
{
	return (size_t)(hash ^ hash >> 32) & s->slot_mask;
}

static inline unsigned tail_bit(uint64_t hash)
{
	return (unsigned)(hash ^ hash >> 32) & (SERVICE_TAIL_BITS - 1);
}

/* name[0..len) is the end of a host name, in any case. */
static bool is_domain(const struct service_suffix *x, const char *name, size_t len)
{
	if (x->len != len)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (lower(name[i]) != (unsigned char)x->domain[i])
			return false;
	}
	return true;
}

static struct service_suffix *find(const struct services *s, uint64_t hash, const char *name,
				   size_t len)
{
	if (!s->slots)
		return NULL;
	for (size_t i = slot_of(s, hash); s->slots[i].domain; i = (i + 1) & s->slot_mask) {
		if (s->slots[i].hash == hash && is_domain(&s->slots[i], name, len))
			return &s->slots[i];
	}
	return NULL;
}

static void place(struct services *s, const struct service_suffix *x)
{
	size_t i = slot_of(s, x->hash);
	while (s->slots[i].domain)
		i = (i + 1) & s->slot_mask;
	s->slots[i] = *x;
}

static int make_room(struct services *s)
{
	if (s->slots && s->slot_used * 2 <= s->slot_mask)
		return 0;
	struct service_suffix *old = s->slots;
	size_t old_count = old ? s->slot_mask + 1 : 0;
	size_t count = old ? old_count * 2 : 1024;
	struct service_suffix *slots = calloc(count, sizeof(*slots));
	if (!slots)
		return -EXF_E_NOMEM;
	s->slots = slots;
	s->slot_mask = count - 1;
	for (size_t i = 0; i < old_count; i++) {
		if (old[i].domain)
			place(s, &old[i]);
	}
	free(old);
	return 0;
}

int services_add_domain(struct services *s, const char *domain, uint32_t service,
			const struct service **ret_owner)
{
	size_t len = strlen(domain);
	struct service_suffix x = { .hash = HASH_START,
				    .domain = domain,
				    .len = (uint8_t)len,
				    .labels = 1,
				    .service = service };
	for (size_t i = len; i > 0; i--) {
		x.hash = hash_step(x.hash, (unsigned char)domain[i - 1]);
		if (domain[i - 1] == '.')
			x.labels++;
		if (i == 1 || domain[i - 2] == '.')
			s->tails[tail_bit(x.hash) / 64] |= 1ull << tail_bit(x.hash) % 64;
	}
	const struct service_suffix *other = find(s, x.hash, domain, len);
	if (other) {
		*ret_owner = &s->list[other->service];
		return 0;
	}
	int r = make_room(s);
	if (r < 0)
		return r;
	place(s, &x);
	s->slot_used++;
	if (s->labels_max < x.labels)
		s->labels_max = x.labels;
	*ret_owner = NULL;
	return 0;
}

struct service_suffix *services_domain(struct services *s, const char *domain)
{
	size_t len = strlen(domain);
	uint64_t hash = HASH_START;
	for (size_t i = len; i > 0; i--)
		hash = hash_step(hash, (unsigned char)domain[i - 1]);
	return find(s, hash, domain, len);
}

const struct service_suffix *services_suffix(const struct services *s, const char *name, size_t len)
{
	const struct service_suffix *best = NULL;
	uint64_t hash = HASH_START;
	unsigned labels = 0;
	if (len > 0 && name[len - 1] == '.')
		len--;
	size_t lowest = len > SERVICE_DOMAIN_MAX ? len - SERVICE_DOMAIN_MAX : 0;
	for (size_t i = len; i > lowest && labels < s->labels_max; i--) {
		hash = hash_step(hash, lower(name[i - 1]));
		if (i > 1 && name[i - 2] != '.')
			continue;
		labels++;
		if (!(s->tails[tail_bit(hash) / 64] & 1ull << tail_bit(hash) % 64))
			break;
		const struct service_suffix *x = find(s, hash, name + i - 1, len - (i - 1));
		if (x)
			best = x;
	}
	return best;
}

static const struct service *look_up(const struct services *s, const char *name, size_t len)
{
	const struct service_suffix *x = services_suffix(s, name, len);
	return x ? &s->list[x->service] : NULL;
}

const struct service *services_by_name(const struct services *s, const char *name, size_t len)
{
	struct service_memo *m = s->memo;
	if (!m || len == 0 || len > sizeof(m->name))
		return look_up(s, name, len);
	if (m->len != len || memcmp(m->name, name, len) != 0) {
		m->found = look_up(s, name, len);
		m->len = len;
		memcpy(m->name, name, len);
	}
	return m->found;
}

const struct service *services_by_prefix(const struct services *s, const struct ipaddr *a)
{
	const struct prefix_entry *entry = prefix_set_find(&s->prefixes, a, 0);
	return entry ? &s->list[entry->value] : NULL;
}

const char *services_nearest(const struct services *s, const char *name)
{
	const char *best = NULL;
	unsigned distance = 4; /* further away is another word */
	if (strlen(name) > 63)
		return NULL;
	for (size_t i = 0; i < s->count; i++) {
		unsigned d = str_distance(name, s->list[i].name);
		if (d < distance) {
			distance = d;
			best = s->list[i].name;
		}
	}
	return best;
}

void services_deinit(struct services *s)
{
	free(s->list);
	free(s->rules);
	free(s->own);
	free(s->slots);
	free(s->memo);
	prefix_set_deinit(&s->prefixes);
	for (size_t i = 0; i < s->tree_count; i++)
		yaml_free(s->trees[i]);
	free(s->trees);
	memset(s, 0, sizeof(*s));
}
