/*
 * intel/store.c - the set: items in one array, values in another, and an index over both.
 *
 * An item takes 32 bytes, its value as many as it has and 2, a slot of the index 8 at a load of at
 * most 0.6, and the filters about two bytes.  One has two bits of each value's hash in one word,
 * the other a bit of the last bytes of each domain: at a million items they are 1 to 2 MB.  Nearly
 * every look-up of ordinary traffic ends there, or for addresses of IPv4 in a table of 2 MB with a
 * bit for each /24 (for each /16 where the set is small).  A hit in the index is compared byte by
 * byte, so that a name which was made to collide is no match.
 */
#include <stdlib.h>
#include <string.h>

#include "private.h"

#define SLOTS_LEAST 1024u
#define FILTER_BITS 8u /* at least so many an item */
#define ARENA_MOST  (UINT32_MAX - 4096u)
#define NEAR_FINE   8u    /* a bit for each /24 of IPv4: 2 MB */
#define NEAR_COARSE 16u   /* for each /16: 8 KB */
#define FINE_FROM   65537 /* items that may be in the set */
#define TEXT_LEAST  (256u * 1024)

static atomic_uint_fast64_t serials;

static size_t near_bytes(uint32_t max)
{
	return ((size_t)1 << (32 - (max < FINE_FROM ? NEAR_COARSE : NEAR_FINE))) / 8;
}

static size_t text_most(uint32_t max)
{
	size_t most = TEXT_LEAST + (size_t)max * INTEL_TEXT_BYTES;
	return most > ARENA_MOST ? ARENA_MOST : most;
}

struct intel *intel_new(const struct hash_key *key, uint32_t max, size_t feeds)
{
	struct intel *x = calloc(1, sizeof(*x));
	if (!x)
		return NULL;
	atomic_init(&x->holders, 1);
	x->serial = atomic_fetch_add(&serials, 1) + 1;
	x->key = *key;
	x->max = max;
	x->text_most = text_most(max);
	x->near_shift = max < FINE_FROM ? NEAR_COARSE : NEAR_FINE;
	x->slot_mask = SLOTS_LEAST - 1;
	x->slots = calloc(SLOTS_LEAST, sizeof(*x->slots));
	x->feeds = calloc(feeds ? feeds : 1, sizeof(*x->feeds));
	x->v4_near = calloc(1, near_bytes(max));
	x->feed_count = feeds;
	if (x->slots && x->feeds && x->v4_near)
		return x;
	intel_drop(x);
	return NULL;
}

struct intel *intel_hold(const struct intel *x)
{
	struct intel *held = (struct intel *)(uintptr_t)x; /* only its count changes */
	if (held)
		atomic_fetch_add(&held->holders, 1);
	return held;
}

void intel_drop(struct intel *x)
{
	if (!x || atomic_fetch_sub(&x->holders, 1) != 1)
		return;
	intel_drop(x->base);
	free(x->items);
	free(x->slots);
	free(x->filter);
	free(x->ends);
	free(x->values.data);
	free(x->notes.data);
	free(x->v4_near);
	free(x->feeds);
	free(x);
}

static bool arena_room(struct arena *a, size_t len)
{
	if (a->room - a->len >= len)
		return true;
	size_t room = a->room + a->room / 2 + len + 4096;
	if (room > ARENA_MOST)
		return false;
	uint8_t *data = realloc(a->data, room);
	if (!data)
		return false;
	a->data = data;
	a->room = room;
	return true;
}

const uint8_t *intel_value_of(const struct intel *x, const struct intel_item *item, size_t *ret)
{
	const uint8_t *at = x->values.data + item->value;
	*ret = (size_t)at[0] | (size_t)at[1] << 8;
	return at + 2;
}

uint64_t intel_hash(const struct hash_key *key, enum intel_kind kind, const void *value, size_t len)
{
	const uint8_t *bytes = value;
	if (kind == INTEL_ADDRESS || kind == INTEL_PREFIX)
		return intel_hash_address(key, bytes, kind == INTEL_PREFIX ? bytes[16] + 1u : 0);
	if (kind != INTEL_DOMAIN)
		return hash_mix(hash_bytes(key, value, len), (uint64_t)kind);
	uint64_t h = intel_roll_begin(key);
	while (len--)
		h = intel_roll(key, h, bytes[len]);
	return intel_roll_end(h);
}

static bool is_value(const struct intel *x, const struct intel_item *item, enum intel_kind kind,
		     const void *value, size_t len)
{
	size_t have;
	const uint8_t *bytes = intel_value_of(x, item, &have);
	return item->kind == kind && have == len && memcmp(bytes, value, len) == 0;
}

static uint64_t *slot_of(const struct intel *x, uint64_t hash, enum intel_kind kind,
			 const void *value, size_t len)
{
	uint32_t tag = (uint32_t)hash;
	for (uint32_t i = tag & x->slot_mask;; i = (i + 1) & x->slot_mask) {
		uint64_t *slot = &x->slots[i];
		if (!*slot || ((uint32_t)(*slot >> 32) == tag &&
			       is_value(x, &x->items[(uint32_t)*slot - 1], kind, value, len)))
			return slot;
	}
}

static bool grow_slots(struct intel *x)
{
	if ((uint64_t)x->slot_used * 5 < ((uint64_t)x->slot_mask + 1) * 3)
		return true;
	uint64_t *old = x->slots;
	uint64_t count = (uint64_t)x->slot_mask + 1;
	uint64_t *slots = calloc(count * 2, sizeof(*slots));
	if (!slots)
		return false;
	uint32_t mask = (uint32_t)(count * 2 - 1);
	for (uint64_t i = 0; i < count; i++) {
		if (!old[i])
			continue;
		uint32_t at = (uint32_t)(old[i] >> 32) & mask;
		while (slots[at])
			at = (at + 1) & mask;
		slots[at] = old[i];
	}
	x->slots = slots;
	x->slot_mask = mask;
	free(old);
	return true;
}

static bool grow_items(struct intel *x)
{
	if (x->count < x->room)
		return true;
	uint64_t room = x->room + (uint64_t)x->room / 2 + 1024;
	room = room > x->max ? x->max : room;
	struct intel_item *items = realloc(x->items, room * sizeof(*items));
	if (!items)
		return false;
	x->items = items;
	x->room = (uint32_t)room;
	return true;
}

/* What this feed has said of it before; the one that holds longer and is surer stays. */
static bool is_repeated(struct intel *x, uint32_t first, const struct intel_item *item)
{
	for (uint32_t i = first; i; i = x->items[i - 1].next) {
		struct intel_item *have = &x->items[i - 1];
		if (have->feed != item->feed || have->port != item->port)
			continue;
		if (item->confidence > have->confidence)
			have->confidence = item->confidence;
		if (have->until_s && (!item->until_s || item->until_s > have->until_s))
			have->until_s = item->until_s;
		if (item->severity > have->severity)
			have->severity = item->severity;
		have->flags |= item->flags;
		return true;
	}
	return false;
}

/* Each network of IPv4 that the first `bits` of the address touch; pages of none take no memory. */
static void note_near(struct intel *x, const uint8_t ip[4], unsigned bits)
{
	uint32_t at = intel_near_at(x, ip);
	unsigned kept = 32 - x->near_shift;
	uint32_t count = bits >= kept ? 1 : 1u << (kept - bits);
	if (count >= 8)
		memset(x->v4_near + at / 8, 0xff, count / 8);
	else
		x->v4_near[at / 8] |= (uint8_t)(((1u << count) - 1) << at % 8);
}

/* bits: of a network; 128 for an address. */
static void note_address(struct intel *x, const uint8_t *value, unsigned bits)
{
	struct ipaddr a;
	memcpy(a.u.b, value, sizeof(a.u.b));
	if (bits >= 96 && ipaddr_is_v4(&a))
		note_near(x, value + 12, bits - 96);
	else
		x->has_v6 = true;
}

static void note_kind(struct intel *x, const struct intel_item *item, const uint8_t *value,
		      size_t len)
{
	unsigned labels = 1;
	x->by_kind[item->kind]++;
	x->has_gone = x->has_gone || (item->flags & INTEL_GONE);
	x->feeds[item->feed].by_kind[item->kind]++;
	x->feeds[item->feed].items++;
	if (item->kind == INTEL_FILE)
		x->file_hashes |= len == 16 ? INTEL_MD5 : len == 20 ? INTEL_SHA1 : INTEL_SHA256;
	if (item->kind == INTEL_PREFIX)
		x->lengths[value[16] / 64] |= 1ull << value[16] % 64;
	if (item->kind == INTEL_PREFIX || item->kind == INTEL_ADDRESS)
		note_address(x, value, item->kind == INTEL_PREFIX ? value[16] : 128);
	if (item->kind == INTEL_DOMAIN) {
		for (size_t i = 0; i < len; i++)
			labels += value[i] == '.';
		if (labels > x->labels_max)
			x->labels_max = labels;
		x->has_short |= len < INTEL_END;
		x->has_shortest |= len < INTEL_END_LEAST;
	}
}

static bool has_room(const struct intel *x, size_t len)
{
	return x->values.len + x->notes.len + len <= x->text_most;
}

enum intel_added intel_add(struct intel *x, const struct intel_item *item, const void *value,
			   size_t len)
{
	uint64_t hash = intel_hash(&x->key, item->kind, value, len);
	uint64_t *slot = slot_of(x, hash, item->kind, value, len);
	uint32_t first = (uint32_t)*slot;
	if (first && is_repeated(x, first, item))
		return INTEL_REPEATED;
	if (x->count >= x->max || !has_room(x, len + 2))
		return INTEL_FULL;
	if (!grow_items(x) || !arena_room(&x->values, len + 2))
		return INTEL_NO_MEMORY;
	struct intel_item *fresh = &x->items[x->count];
	*fresh = *item;
	fresh->next = first;
	if (first) {
		fresh->value = x->items[first - 1].value;
	} else {
		uint8_t *at = x->values.data + x->values.len;
		at[0] = (uint8_t)len;
		at[1] = (uint8_t)(len >> 8);
		memcpy(at + 2, value, len);
		fresh->value = (uint32_t)x->values.len;
		x->values.len += len + 2;
		x->slot_used++;
	}
	*slot = (hash & UINT32_MAX) << 32 | ++x->count;
	note_kind(x, fresh, value, len);
	return grow_slots(x) ? INTEL_ADDED : INTEL_NO_MEMORY;
}

void intel_tell_of(struct intel *x, uint32_t first, enum intel_tlp tlp,
		   enum intel_severity severity)
{
	for (uint32_t i = first; i < x->count; i++) {
		struct intel_item *item = &x->items[i];
		if (!item->tlp)
			item->tlp = (unsigned)tlp & 15;
		if (!item->severity)
			item->severity = (unsigned)severity & 15;
	}
}

struct intel_mark intel_mark(const struct intel *x)
{
	return (struct intel_mark){ .count = x->count,
				    .values_len = x->values.len,
				    .notes_len = x->notes.len };
}

void intel_take_back(struct intel *x, const struct intel_mark *mark, struct intel_feed *feed)
{
	for (unsigned k = 0; k < INTEL__COUNT; k++)
		x->by_kind[k] -= feed->by_kind[k];
	memset(feed->by_kind, 0, sizeof(feed->by_kind));
	feed->items = 0;
	for (size_t i = 0; i < sizeof(x->recent_notes) / sizeof(x->recent_notes[0]); i++)
		if (x->recent_notes[i] >= mark->notes_len)
			x->recent_notes[i] = 0;
	x->count = mark->count;
	x->values.len = mark->values_len;
	x->notes.len = mark->notes_len;
	x->slot_used = 0;
	memset(x->slots, 0, ((size_t)x->slot_mask + 1) * sizeof(*x->slots));
	for (uint32_t i = 0; i < x->count; i++) {
		size_t len;
		enum intel_kind kind = x->items[i].kind;
		const uint8_t *value = intel_value_of(x, &x->items[i], &len);
		uint64_t hash = intel_hash(&x->key, kind, value, len);
		uint64_t *slot = slot_of(x, hash, kind, value, len);
		x->slot_used += *slot == 0;
		*slot = (hash & UINT32_MAX) << 32 | (i + 1); /* its next is the one before */
	}
}

uint32_t intel_add_note(struct intel *x, const char *text, size_t len)
{
	if (len == 0)
		return 0;
	len = len > 160 ? 160 : len;
	uint32_t *recent = &x->recent_notes[hash_bytes(&x->key, text, len) % 1024];
	const char *have = *recent ? (const char *)x->notes.data + *recent : "";
	if (strlen(have) == len && memcmp(have, text, len) == 0)
		return *recent;
	if (!has_room(x, len + 2) || !arena_room(&x->notes, len + 2))
		return 0;
	if (x->notes.len == 0)
		x->notes.data[x->notes.len++] = '\0'; /* offset 0 is none */
	*recent = (uint32_t)x->notes.len;
	for (size_t i = 0; i < len; i++) /* a NUL would end it */
		x->notes.data[x->notes.len + i] = text[i] ? (uint8_t)text[i] : ' ';
	x->notes.len += len;
	x->notes.data[x->notes.len++] = '\0';
	return *recent;
}

static void *fitted(void *data, size_t size)
{
	void *less = size ? realloc(data, size) : NULL;
	return less ? less : data;
}

static void add_to_filter(struct intel *x, uint64_t hash)
{
	x->filter[intel_filter_word(hash, x->filter_mask)] |= intel_filter_bits(hash);
}

static uint64_t filter_words(uint64_t hashes)
{
	uint64_t words = 64;
	while (words * 64 < hashes * FILTER_BITS)
		words *= 2;
	return words;
}

static void add_end(struct intel *x, const uint8_t *value, size_t len)
{
	size_t end = len < INTEL_END ? INTEL_END_LEAST : INTEL_END;
	if (len < end)
		return; /* has_shortest */
	uint64_t bit = intel_end_hash((const char *)value + len, end) >> x->end_shift;
	x->ends[bit / 64] |= 1ull << bit % 64;
}

int intel_seal(struct intel *x)
{
	uint64_t words = filter_words(x->slot_used);
	uint64_t end_words = filter_words(x->by_kind[INTEL_DOMAIN]);
	x->filter = calloc(words, sizeof(*x->filter));
	x->ends = calloc(end_words, sizeof(*x->ends));
	if (!x->filter || !x->ends)
		return -EXF_E_NOMEM;
	x->filter_mask = words - 1;
	x->end_shift = 58 - (unsigned)__builtin_ctzll(end_words);
	for (uint32_t i = 0; i < x->count; i++) {
		size_t len;
		enum intel_kind kind = x->items[i].kind;
		const uint8_t *value = intel_value_of(x, &x->items[i], &len);
		add_to_filter(x, intel_hash(&x->key, kind, value, len));
		if (kind == INTEL_DOMAIN)
			add_end(x, value, len);
	}
	if (x->count) {
		x->items = fitted(x->items, x->count * sizeof(*x->items));
		x->room = x->count;
		x->values.data = fitted(x->values.data, x->values.len);
		x->values.room = x->values.len;
		x->notes.data = fitted(x->notes.data, x->notes.len);
		x->notes.room = x->notes.len;
	}
	return 0;
}

size_t intel_bytes(const struct intel *x)
{
	return (x->base ? intel_bytes(x->base) : 0) + sizeof(*x) + x->room * sizeof(*x->items) +
	       x->values.room + x->notes.room + ((size_t)x->slot_mask + 1) * sizeof(*x->slots) +
	       (x->filter ? (x->filter_mask + 1) * sizeof(*x->filter) : 0) +
	       (x->ends ? sizeof(*x->ends) << (58 - x->end_shift) : 0) + near_bytes(x->max) +
	       x->feed_count * sizeof(*x->feeds);
}

uint64_t intel_worst_case(uint32_t max_items, size_t feeds)
{
	uint64_t slots = SLOTS_LEAST;
	while ((uint64_t)max_items * 5 >= slots * 3) /* as grow_slots() */
		slots *= 2;
	uint64_t fixed = sizeof(struct intel) + feeds * sizeof(struct intel_feed) +
			 near_bytes(max_items) + text_most(max_items);
	uint64_t full = max_items * sizeof(struct intel_item) + slots * sizeof(uint64_t) +
			2 * filter_words(max_items) * sizeof(uint64_t);
	/* as the index grew for the last time, when both were there */
	uint64_t growing =
		slots / 2 * 3 / 5 * sizeof(struct intel_item) + slots / 2 * 3 * sizeof(uint64_t);
	return fixed + (full > growing ? full : growing);
}
