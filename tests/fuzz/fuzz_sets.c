/*
 * fuzz/fuzz_sets.c - the reader of sets, its maker, and texts compared with what was read.
 *
 * Input: one byte of options, then a file or a text.  Bits 0 and 1: what is done with it: 0 it is a
 * file, whose key and seal are put right here, so that the fuzzer gets behind them; 1 to 3 a
 * document, a table, canaries of which a set is made, that must be readable, and found again in
 * the text that it is of.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/base/cursor.h"
#include "exfild/content/content.h"
#include "../../src/content/prints.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TEXT_MAX 16384u

static const struct content_key key = { { 1, 2, 3 } };

struct seen {
	uint32_t count, of;
};

static void on_hit(void *arg, const struct content_hit *hit)
{
	struct seen *s = arg;
	assert(hit->label && hit->sample && hit->kind < CONTENT__COUNT);
	if (!hit->of)
		return;
	assert(hit->count <= hit->of && hit->weight <= hit->count && hit->weight > 0);
	*s = (struct seen){ hit->count, hit->of };
}

static struct content_sets *read_one(const void *file, size_t len, char *why, size_t why_size)
{
	struct buf pack;
	buf_init(&pack, SET_BYTES);
	content_sets_begin(&pack, &key);
	content_sets_pack(&pack, "f", file, len);
	uint8_t *own = malloc(pack.len); /* a byte beyond it is an error of the sanitizer */
	if (!own)
		abort();
	memcpy(own, pack.data, pack.len);
	struct content_sets *s = content_sets_read(own, pack.len, why, why_size);
	free(own);
	buf_deinit(&pack);
	return s;
}

/* Puts the key's mark and the seal where they belong. */
static void mend(uint8_t *file, size_t len)
{
	uint64_t mark = set_key_mark(&key);
	for (unsigned i = 0; i < 8; i++)
		file[24 + i] = (uint8_t)(mark >> 8 * i);
	uint64_t seal = siphash(&key, file, len - SET_SEAL);
	for (unsigned i = 0; i < 8; i++)
		file[len - SET_SEAL + i] = (uint8_t)(seal >> 8 * i);
}

static struct seen look(struct content_scanner *s, const uint8_t *text, size_t len, size_t step)
{
	struct seen seen = { 0, 0 };
	uint32_t number = content_open(s);
	assert(number);
	for (size_t at = 0; at < len; at += step)
		content_feed(s, number, text + at, step < len - at ? step : len - at, on_hit,
			     &seen);
	content_close(s, number, on_hit, &seen);
	return seen;
}

static void read_file(const struct content_rules *rules, struct content_scanner *scanner,
		      uint8_t *file, size_t len)
{
	char why[256] = "";
	if (len >= SET_HEAD + SET_SEAL)
		mend(file, len);
	struct content_sets *sets = read_one(file, len, why, sizeof(why));
	assert(sets || *why);
	if (!sets)
		return;
	assert(content_sets_count(sets) == 1);
	content_rules_take_sets(rules, sets);
	(void)look(scanner, file, len, 100);
}

static void make_file(const struct content_rules *rules, struct content_scanner *scanner,
		      enum set_kind kind, const uint8_t *text, size_t len)
{
	const struct set_making m = { .key = &key, .kind = kind, .name = "fuzz" };
	struct set_made made;
	struct buf set;
	char why[256] = "";
	buf_init(&set, SET_BYTES);
	if (set_make(&m, text, len, &set, &made, why, sizeof(why)) == 0) {
		struct content_sets *sets = read_one(set.data, set.len, why, sizeof(why));
		assert(sets);
		content_rules_take_sets(rules, sets);
		struct seen whole = look(scanner, text, len, len ? len : 1);
		struct seen parts = look(scanner, text, len, 7);
		/* a text that is itself coded, packed or wide is read otherwise than it was made */
		if (!memchr(text, 0, len) && text[0] != 0x1f && text[0] != 0x78)
			assert(whole.count == parts.count);
	} else {
		assert(*why);
	}
	buf_deinit(&set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct content_rules *rules;
	static struct content_scanner *scanner;
	static uint8_t text[TEXT_MAX];
	struct cursor c = cursor_make(data, size);
	unsigned options = cursor_u8(&c);
	size_t len = cursor_left(&c) < TEXT_MAX ? cursor_left(&c) : TEXT_MAX;
	char why[256];

	if (!rules) {
		rules = content_rules_new("", 0, why, sizeof(why));
		scanner = rules ? content_scanner_new(rules, 2, &hash_key_fixed) : NULL;
		if (!scanner)
			abort();
	}
	if (!len)
		return 0;
	cursor_copy(&c, text, len);
	if ((options & 3) == 0)
		read_file(rules, scanner, text, len);
	else
		make_file(rules, scanner, (enum set_kind)((options & 3) - 1), text, len);
	content_rules_take_sets(rules, NULL);
	return 0;
}
