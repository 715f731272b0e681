/*
 * intel/find.c - what a sealed set answers.
 */
#include <endian.h>
#include <string.h>

#include "private.h"

#define NAME_MAX_LEN 253u

static bool may_have(const struct intel *x, uint64_t hash)
{
	uint64_t bits = intel_filter_bits(hash);
	return (x->filter[intel_filter_word(hash, x->filter_mask)] & bits) == bits;
}

static bool is_same(const struct intel *x, const struct intel_item *item, enum intel_kind kind,
		    const void *value, size_t len)
{
	size_t have;
	const uint8_t *bytes = intel_value_of(x, item, &have);
	return item->kind == kind && have == len && memcmp(bytes, value, len) == 0;
}

static const struct intel_item *look_up(const struct intel *x, uint64_t hash, enum intel_kind kind,
					const void *value, size_t len)
{
	uint32_t tag = (uint32_t)hash;
	if (!may_have(x, hash))
		return NULL;
	for (uint32_t i = tag & x->slot_mask; x->slots[i]; i = (i + 1) & x->slot_mask) {
		const struct intel_item *item = &x->items[(uint32_t)x->slots[i] - 1];
		if ((uint32_t)(x->slots[i] >> 32) == tag && is_same(x, item, kind, value, len))
			return item;
	}
	return NULL;
}

/* In this set alone. */
static const struct intel_item *find_own(const struct intel *x, enum intel_kind kind,
					 const void *value, size_t len)
{
	if (!x->by_kind[kind])
		return NULL;
	return look_up(x, intel_hash(&x->key, kind, value, len), kind, value, len);
}

/* What the base has found, unless this set has taken it away. */
static const struct intel_item *still(const struct intel *x, const struct intel_item *item)
{
	size_t len;
	if (!item || !x->has_gone)
		return item;
	const uint8_t *value = intel_value_of(x->base, item, &len);
	const struct intel_item *own = find_own(x, item->kind, value, len);
	return own && (own->flags & INTEL_GONE) ? NULL : item;
}

static const struct intel_item *unless_gone(const struct intel_item *item)
{
	return item && (item->flags & INTEL_GONE) ? NULL : item;
}

const struct intel_item *intel_find(const struct intel *x, enum intel_kind kind, const void *value,
				    size_t len)
{
	if (!x)
		return NULL;
	const struct intel_item *item = unless_gone(find_own(x, kind, value, len));
	return item || !x->base ? item : still(x, intel_find(x->base, kind, value, len));
}

/* Whether some indicator may be about it: of most addresses the end of the question. */
static bool is_near(const struct intel *x, const struct ipaddr *a)
{
	uint32_t at = intel_near_at(x, a->u.b + 12);
	return ipaddr_is_v4(a) ? x->v4_near[at / 8] >> at % 8 & 1 : x->has_v6;
}

/* The first bits of the address; 0 to 128. */
static void cut_to(uint8_t value[17], const struct ipaddr *a, unsigned bits)
{
	uint64_t words[2];
	memcpy(words, a->u.b, sizeof(words));
	if (bits <= 64) {
		words[0] &= bits ? htobe64(~0ull << (64 - bits)) : 0;
		words[1] = 0;
	} else if (bits < 128) {
		words[1] &= htobe64(~0ull << (128 - bits));
	}
	memcpy(value, words, sizeof(words));
	value[16] = (uint8_t)bits;
}

static const struct intel_item *find_network(const struct intel *x, const struct ipaddr *a)
{
	uint8_t value[17];
	unsigned least = ipaddr_is_v4(a) ? 96 : 0;
	for (unsigned word = 3; word-- > 0;) {
		uint64_t lengths = x->lengths[word];
		while (lengths) {
			unsigned bit = 63 - (unsigned)__builtin_clzll(lengths);
			unsigned bits = word * 64 + bit;
			lengths &= ~(1ull << bit);
			if (bits < least)
				return NULL;
			cut_to(value, a, bits);
			uint64_t hash = intel_hash_address(&x->key, value, bits + 1);
			const struct intel_item *item =
				unless_gone(look_up(x, hash, INTEL_PREFIX, value, sizeof(value)));
			if (item)
				return item;
		}
	}
	return NULL;
}

static const struct intel_item *find_address_own(const struct intel *x, const struct ipaddr *a)
{
	const struct intel_item *item = NULL;
	if (x->by_kind[INTEL_ADDRESS])
		item = unless_gone(look_up(x, intel_hash_address(&x->key, a->u.b, 0), INTEL_ADDRESS,
					   a->u.b, 16));
	return item || !x->by_kind[INTEL_PREFIX] ? item : find_network(x, a);
}

bool intel_may_have_address(const struct intel *x, const struct ipaddr *a)
{
	while (x && !is_near(x, a)) /* then it takes nothing away either */
		x = x->base;
	return x != NULL;
}

const struct intel_item *intel_find_address(const struct intel *x, const struct ipaddr *a)
{
	if (!intel_may_have_address(x, a))
		return NULL;
	const struct intel_item *item = find_address_own(x, a);
	return item || !x->base ? item : still(x, intel_find_address(x->base, a));
}

/* Of the items of one value, whether one speaks for names below. */
static bool speaks_below(const struct intel *x, const struct intel_item *item)
{
	for (; item; item = intel_next(x, item))
		if (item->flags & INTEL_BELOW)
			return true;
	return false;
}

static uint8_t low(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* The name and what is above it, the longest first, in this set alone. */
static const struct intel_item *find_suffix(const struct intel *x, const uint8_t *text, size_t len)
{
	uint8_t name[NAME_MAX_LEN];
	struct {
		uint64_t hash;
		size_t from;
	} suffixes[NAME_MAX_LEN + 1]; /* the shortest first */
	unsigned count = 0;
	uint64_t h = intel_roll_begin(&x->key);
	for (size_t i = len; i-- > 0;) {
		name[i] = low(text[i]);
		h = intel_roll(&x->key, h, name[i]);
		if ((i == 0 || text[i - 1] == '.') && count < x->labels_max) {
			suffixes[count].hash = intel_roll_end(h);
			suffixes[count++].from = i;
		}
	}
	while (count--) {
		size_t from = suffixes[count].from;
		const struct intel_item *item = unless_gone(
			look_up(x, suffixes[count].hash, INTEL_DOMAIN, name + from, len - from));
		if (item && (from == 0 || speaks_below(x, item)))
			return item;
	}
	return NULL;
}

static bool has_end(const struct intel *x, uint64_t hash)
{
	uint64_t bit = hash >> x->end_shift;
	return x->ends[bit / 64] >> bit % 64 & 1;
}

/* Whether some domain of the set ends as the name does: else none can be about it. */
static bool may_end(const struct intel *x, const char *end, uint64_t hash)
{
	return has_end(x, hash) || x->has_shortest ||
	       (x->has_short && has_end(x, intel_end_hash(end, INTEL_END_LEAST)));
}

bool intel_may_have_name(const struct intel *x, const char *name, size_t len)
{
	const char *end = name + len;
	if (len < INTEL_END || end[-1] == '.')
		return len > 0;
	for (uint64_t hash = intel_end_hash(end, INTEL_END); x; x = x->base)
		if (may_end(x, end, hash))
			return true;
	return false;
}

const struct intel_item *intel_find_name(const struct intel *x, const char *name, size_t len)
{
	if (len && name[len - 1] == '.')
		len--;
	if (len == 0 || len > NAME_MAX_LEN || !intel_may_have_name(x, name, len))
		return NULL;
	const struct intel_item *item = find_suffix(x, (const uint8_t *)name, len);
	return item || !x->base ? item : still(x, intel_find_name(x->base, name, len));
}

const struct intel *intel_owner(const struct intel *x, const struct intel_item *item)
{
	bool is_own = x->items && item >= x->items && item < x->items + x->count;
	return is_own || !x->base ? x : intel_owner(x->base, item);
}

const struct intel_item *intel_next(const struct intel *x, const struct intel_item *item)
{
	return item->next ? &intel_owner(x, item)->items[item->next - 1] : NULL;
}

const struct intel *intel_base(const struct intel *x)
{
	return x ? x->base : NULL;
}

uint64_t intel_serial(const struct intel *x)
{
	return x ? x->serial : 0;
}

uint32_t intel_count(const struct intel *x)
{
	return x ? x->count + intel_count(x->base) : 0;
}

bool intel_has(const struct intel *x, enum intel_kind kind)
{
	return x && (x->by_kind[kind] || intel_has(x->base, kind));
}

unsigned intel_file_hashes(const struct intel *x)
{
	return x ? x->file_hashes | intel_file_hashes(x->base) : 0;
}

size_t intel_feeds(const struct intel *x)
{
	return x ? x->feed_count + intel_feeds(x->base) : 0;
}

const struct intel_feed *intel_feed(const struct intel *x, size_t i)
{
	return i < x->feed_count ? &x->feeds[i] : intel_feed(x->base, i - x->feed_count);
}

const struct intel_feed *intel_feed_of(const struct intel *x, const struct intel_item *item)
{
	return &intel_owner(x, item)->feeds[item->feed];
}

bool intel_is_over(const struct intel_item *item, uint64_t now_ns)
{
	return item->until_s && now_ns / 1000000000ull >= item->until_s;
}

unsigned intel_confidence(const struct intel_item *item, uint64_t now_ns)
{
	uint64_t now_s = now_ns / 1000000000ull;
	if (!item->first_s || item->until_s <= item->first_s || now_s <= item->first_s)
		return item->confidence;
	if (now_s >= item->until_s)
		return 0;
	return (unsigned)(item->confidence * (item->until_s - now_s) /
			  (item->until_s - item->first_s));
}
