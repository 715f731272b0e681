/*
 * content/sets.c - reads sets, and knows a hash that is in one.
 *
 * A file: "exfprnt1", kind, length of the name, 2 zeros; units, prints, 4 zeros; a hash that tells
 * the key; the name; the prints, by hash: hash, candidate's number, unit, column, worth, 2 zeros;
 * a seal, the keyed hash of all before.  Numbers have their lowest byte first.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/base/cursor.h"
#include "prints.h"

#define KEY_WORDS   "exfild set of prints"
#define FILTER_MIN  16u /* bits of a number in the bitmap */
#define FILTER_MAX  24u
#define FILTER_ROOM 16u /* places a print */
#define BUCKET_MIN  8u  /* bits of the number of a bucket */

struct reading {
	struct content_sets *s;
	struct cursor in;
	const char *path;
	size_t path_len;
	char *why;
	size_t why_size;
};

static int wrong(const struct reading *r, const char *words)
{
	(void)snprintf(r->why, r->why_size, "%.*s: %s", (int)r->path_len, r->path, words);
	return -EXF_E_FORMAT;
}

const char *set_kind_name(enum set_kind kind)
{
	static const char *const names[SET__COUNT] = { "document", "table", "canary" };
	return (unsigned)kind < SET__COUNT ? names[kind] : "unknown";
}

uint64_t set_key_mark(const struct content_key *key)
{
	return siphash(key, KEY_WORDS, sizeof(KEY_WORDS) - 1);
}

bool set_name_is_good(const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (name[i] < 0x20 || name[i] > 0x7e || name[i] == ',')
			return false;
	return len && len < SET_NAME;
}

/* ---- one file ---- */

static int read_prints(struct reading *r, struct cursor *c, const struct set *set, uint32_t number)
{
	struct content_sets *s = r->s;
	uint64_t before = 0;
	for (uint32_t i = 0, same = 0; i < set->prints; i++) {
		struct print *p = &s->print[s->prints];
		p->hash = cursor_le64(c);
		p->filter = cursor_le32(c);
		p->unit = cursor_le32(c);
		p->column = cursor_u8(c);
		p->worth = cursor_u8(c);
		p->set = (uint16_t)number;
		same = p->hash == before ? same + 1 : 0;
		if (cursor_le16(c) != 0 || p->unit >= set->units || p->hash < before ||
		    same > PRINT_ROWS)
			return wrong(r, "is damaged: a print is not where it belongs");
		before = p->hash;
		s->prints++;
	}
	return 0;
}

static int read_head(const struct reading *r, struct cursor *c, struct set *set)
{
	const uint8_t *magic = cursor_take(c, 8);
	if (!magic || memcmp(magic, SET_MAGIC, 8) != 0)
		return wrong(r, "is no set that exfilctl fingerprint has made");
	uint8_t kind = cursor_u8(c), name_len = cursor_u8(c);
	uint16_t zero = cursor_le16(c);
	set->units = cursor_le32(c);
	set->prints = cursor_le32(c);
	bool is_zero = cursor_le32(c) == 0 && zero == 0;
	uint64_t mark = cursor_le64(c);
	const uint8_t *name = cursor_take(c, name_len);
	if (!cursor_ok(c) || !name || !is_zero || kind >= SET__COUNT || !set->units ||
	    set->units > SET_PRINTS || !set_name_is_good((const char *)name, name_len))
		return wrong(r, "is damaged: its head makes no sense");
	if (mark != set_key_mark(&r->s->keys.key))
		return wrong(r, "was made with another key: make it again, or set "
				"content.fingerprint_key to that one");
	set->kind = (enum set_kind)kind;
	memcpy(set->name, name, name_len);
	set->name[name_len] = '\0';
	return 0;
}

static int read_file(struct reading *r, const uint8_t *data, size_t len)
{
	struct content_sets *s = r->s;
	struct cursor c = cursor_make(data, len);
	struct set *set = &s->set[s->count];
	if (s->count == SETS_MAX)
		return wrong(r, "is one too many: at most 1024 sets are looked for");
	int err = read_head(r, &c, set);
	if (err)
		return err;
	if (cursor_left(&c) != (uint64_t)set->prints * SET_ENTRY + SET_SEAL)
		return wrong(r, "is damaged: it is not as long as its head says");
	struct cursor seal = cursor_make(data + len - SET_SEAL, SET_SEAL);
	if (cursor_le64(&seal) != siphash(&s->keys.key, data, len - SET_SEAL))
		return wrong(r, "is damaged: its seal is broken");
	if (set->prints > SET_PRINTS - s->prints)
		return wrong(r, "is one too many: all sets have more than 1048576 prints");
	struct print *more =
		realloc(s->print, ((size_t)s->prints + set->prints + 1) * sizeof(*s->print));
	if (!more)
		return wrong(r, "there is no memory for it");
	s->print = more;
	s->job.wants |= set->kind == SET_DOCUMENT ? PRINTS_MARKS : PRINTS_CELLS;
	return read_prints(r, &c, set, s->count++);
}

/* ---- all of them ---- */

static int by_hash(const void *a, const void *b)
{
	const struct print *x = a, *y = b;
	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	if (x->set != y->set)
		return x->set < y->set ? -1 : 1;
	return x->unit < y->unit ? -1 : x->unit > y->unit;
}

static bool make_index(struct content_sets *s)
{
	unsigned bits = FILTER_MIN, buckets = BUCKET_MIN;
	while (1u << buckets < s->prints)
		buckets++;
	while (bits < FILTER_MAX && (1u << bits) < FILTER_ROOM * s->prints)
		bits++;
	s->bitmap = calloc((1u << bits) / 64, sizeof(*s->bitmap));
	s->first = calloc((1u << buckets) + 1, sizeof(*s->first));
	if (!s->bitmap || !s->first)
		return false;
	s->job.bitmap = s->bitmap;
	s->job.shift = 32 - bits;
	s->bucket_shift = 64 - buckets;
	qsort(s->print, s->prints, sizeof(*s->print), by_hash);
	for (uint32_t i = 0; i < s->prints; i++) {
		uint32_t bit = s->print[i].filter >> s->job.shift;
		s->bitmap[bit >> 6] |= 1ull << (bit & 63);
		s->first[(s->print[i].hash >> s->bucket_shift) + 1]++;
	}
	for (uint32_t i = 0; i < 1u << buckets; i++)
		s->first[i + 1] += s->first[i];
	return true;
}

const struct print *sets_find(const struct content_sets *s, uint64_t hash,
			      const struct print **ret_end)
{
	uint64_t bucket = hash >> s->bucket_shift;
	const struct print *p = s->print + s->first[bucket], *end = s->print + s->first[bucket + 1];
	while (p < end && p->hash < hash)
		p++;
	const struct print *from = p;
	while (p < end && p->hash == hash)
		p++;
	*ret_end = p;
	return from;
}

static int read_all(struct reading *r)
{
	struct content_sets *s = r->s;
	struct content_key key;
	cursor_copy(&r->in, key.bytes, sizeof(key.bytes));
	if (!cursor_ok(&r->in))
		return wrong(r, "is cut");
	print_keys_make(&key, &s->keys);
	s->job.keys = &s->keys;
	while (cursor_left(&r->in)) {
		uint32_t path_len = cursor_le32(&r->in);
		const uint8_t *path = cursor_take(&r->in, path_len);
		uint32_t len = cursor_le32(&r->in);
		const uint8_t *data = cursor_take(&r->in, len);
		if (!path || !data || path_len > 4096)
			return wrong(r, "is cut");
		r->path = (const char *)path;
		r->path_len = path_len;
		int err = read_file(r, data, len);
		if (err)
			return err;
	}
	return make_index(s) ? 0 : wrong(r, "there is no memory for it");
}

struct content_sets *content_sets_read(const void *data, size_t len, char *ret_why, size_t why_size)
{
	struct content_sets *s = calloc(1, sizeof(*s));
	struct reading r = { .s = s,
			     .in = cursor_make(data, len),
			     .path = "content.fingerprints",
			     .path_len = 20,
			     .why = ret_why,
			     .why_size = why_size };
	if (s)
		s->set = calloc(SETS_MAX, sizeof(*s->set));
	if (!s || !s->set) {
		(void)wrong(&r, "there is no memory for it");
		content_sets_drop(s);
		return NULL;
	}
	if (read_all(&r) == 0)
		return s;
	content_sets_drop(s);
	return NULL;
}

void content_sets_drop(struct content_sets *s)
{
	if (!s)
		return;
	explicit_bzero(&s->keys, sizeof(s->keys));
	free(s->set);
	free(s->print);
	free(s->first);
	free(s->bitmap);
	free(s);
}

size_t content_sets_count(const struct content_sets *s)
{
	return s->count;
}

struct set_info content_sets_info(const struct content_sets *s, size_t i)
{
	const struct set *set = &s->set[i];
	return (struct set_info){ set->name, set->kind, set->units, set->prints };
}

void content_sets_begin(struct buf *pack, const struct content_key *key)
{
	buf_add(pack, key->bytes, sizeof(key->bytes));
}

static void put_length(struct buf *pack, size_t n)
{
	for (unsigned i = 0; i < 4; i++)
		buf_char(pack, (char)(uint8_t)(n >> 8 * i));
}

void content_sets_pack(struct buf *pack, const char *path, const void *file, size_t len)
{
	size_t path_len = strlen(path);
	put_length(pack, path_len);
	buf_add(pack, path, path_len);
	put_length(pack, len);
	buf_add(pack, file, len);
}
