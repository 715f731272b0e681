/*
 * context/services.c - which service a name or an address belongs to.
 *
 * A name is walked from its right end with a running hash (FNV-1a over lower-cased bytes); at each
 * dot the hash of the labels so far is looked up, and the longest hit wins; the walk ends where no
 * domain has such an end.  A hit compares the bytes, so that a name made to collide costs one
 * comparison and no more.  A pattern stands at the domain that it ends in: it says more of the name
 * than a domain of that length does, and less than a longer one.
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

/* The slot of the domain, a new one if there was none; *ret stays until the next domain. */
static int take_slot(struct services *s, const char *domain, struct service_suffix **ret)
{
	size_t len = strlen(domain);
	struct service_suffix x = { .hash = HASH_START,
				    .domain = domain,
				    .len = (uint8_t)len,
				    .labels = 1,
				    .service = SERVICE_NO_DOMAIN };
	for (size_t i = len; i > 0; i--) {
		x.hash = hash_step(x.hash, (unsigned char)domain[i - 1]);
		if (domain[i - 1] == '.')
			x.labels++;
		if (i == 1 || domain[i - 2] == '.')
			s->tails[tail_bit(x.hash) / 64] |= 1ull << tail_bit(x.hash) % 64;
	}
	*ret = find(s, x.hash, domain, len);
	if (*ret)
		return 0;
	int r = make_room(s);
	if (r < 0)
		return r;
	place(s, &x);
	s->slot_used++;
	if (s->labels_max < x.labels)
		s->labels_max = x.labels;
	*ret = find(s, x.hash, domain, len);
	return 0;
}

int services_add_domain(struct services *s, const char *domain, uint32_t service,
			const struct service **ret_owner)
{
	struct service_suffix *x;
	int r = take_slot(s, domain, &x);
	if (r < 0)
		return r;
	*ret_owner = x->service == SERVICE_NO_DOMAIN ? NULL : &s->list[x->service];
	if (!*ret_owner)
		x->service = service;
	return 0;
}

int services_add_pattern(struct services *s, const char *pattern, const char *end, uint32_t service,
			 const struct service **ret_owner)
{
	struct service_suffix *x;
	unsigned alike = 0;
	int r = take_slot(s, end, &x);
	*ret_owner = NULL;
	for (uint32_t i = r == 0 ? x->patterns : 0; i; i = s->patterns[i - 1].next) {
		if (strcmp(s->patterns[i - 1].text, pattern) == 0) {
			*ret_owner = &s->list[s->patterns[i - 1].service];
			return 0;
		}
		alike++;
	}
	if (r == 0 && (alike == PATTERNS_ALIKE_MAX || s->pattern_count == SERVICE_PATTERNS_MAX))
		r = -EXF_E_LIMIT;
	if (r < 0)
		return r;
	struct service_pattern *list = realloc(s->patterns, (s->pattern_count + 1) * sizeof(*list));
	if (!list)
		return -EXF_E_NOMEM;
	s->patterns = list;
	list[s->pattern_count] = (struct service_pattern){ pattern, service, x->patterns };
	x->patterns = (uint32_t)++s->pattern_count;
	return 0;
}

struct service_suffix *services_domain(struct services *s, const char *domain)
{
	size_t len = strlen(domain);
	uint64_t hash = HASH_START;
	for (size_t i = len; i > 0; i--)
		hash = hash_step(hash, (unsigned char)domain[i - 1]);
	struct service_suffix *x = find(s, hash, domain, len);
	return x && x->service != SERVICE_NO_DOMAIN ? x : NULL;
}

static const struct service_pattern *fitting(const struct services *s, uint32_t first,
					     const char *name, size_t len)
{
	for (uint32_t i = first; i; i = s->patterns[i - 1].next)
		if (service_pattern_fits(s->patterns[i - 1].text, name, len))
			return &s->patterns[i - 1];
	return NULL;
}

/* The longest domain; *ret_pattern: of the name, if none of its domains is longer. */
static const struct service_suffix *walk(const struct services *s, const char *name, size_t len,
					 const struct service_pattern **ret_pattern)
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
		if (!x)
			continue;
		const struct service_pattern *fit =
			x->patterns && ret_pattern ? fitting(s, x->patterns, name, len) : NULL;
		if (x->service != SERVICE_NO_DOMAIN)
			best = x;
		if (ret_pattern && (fit || x->service != SERVICE_NO_DOMAIN))
			*ret_pattern = fit;
	}
	return best;
}

const struct service_suffix *services_suffix(const struct services *s, const char *name, size_t len)
{
	return walk(s, name, len, NULL);
}

static struct service_hit look_up(const struct services *s, const char *name, size_t len)
{
	const struct service_pattern *pattern = NULL;
	const struct service_suffix *x = walk(s, name, len, &pattern);
	if (pattern)
		return (struct service_hit){ &s->list[pattern->service], true };
	return (struct service_hit){ x ? &s->list[x->service] : NULL, false };
}

struct service_hit services_hit(const struct services *s, const char *name, size_t len)
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

const struct service *services_by_name(const struct services *s, const char *name, size_t len)
{
	return services_hit(s, name, len).service;
}

const struct service *services_by_app(const struct services *s, uint16_t master, uint16_t app)
{
	uint16_t i = app < SERVICE_APPS_MAX ? s->apps[app] : 0;
	if (!i)
		i = master < SERVICE_APPS_MAX ? s->apps[master] : 0;
	return i ? &s->list[i - 1] : NULL;
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
	free(s->patterns);
	prefix_set_deinit(&s->prefixes);
	for (size_t i = 0; i < s->tree_count; i++)
		yaml_free(s->trees[i]);
	free(s->trees);
	memset(s, 0, sizeof(*s));
}
