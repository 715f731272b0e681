/*
 * fuzz/fuzz_usage_pack.c - a host's days of a week as the usage database keeps them, whatever the
 * file says.
 *
 * Input: 32 bits of columns that are wanted, then the pack.  What is read of some columns must be
 * what all columns give of the same row, in as many rows.
 */
#include <stdlib.h>
#include <string.h>

#include "exfild/base/cursor.h"
#include "../../src/store/usage_packs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ROWS_MAX 512u

struct rows {
	struct pack_row row[ROWS_MAX];
	size_t count;
};

static bool keep(void *arg, const struct pack_row *row)
{
	struct rows *r = arg;
	r->row[r->count++] = *row;
	return r->count < ROWS_MAX;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rows all, some;
	struct cursor c = cursor_make(data, size);
	uint32_t columns = cursor_le32(&c);
	size_t len = cursor_left(&c);
	const uint8_t *pack = cursor_take(&c, len);
	all.count = some.count = 0;
	if (!pack)
		return 0;
	bool is_good = usage_pack_read(pack, len, 1000, UINT32_MAX, keep, &all);
	(void)usage_pack_read(pack, len, 1000, columns, keep, &some);
	if (is_good && some.count != all.count)
		abort();
	for (size_t i = 0; is_good && i < all.count; i++)
		for (unsigned k = 0; k < PACK_KEYS; k++)
			if ((columns & 1u << k) && some.row[i].key[k] != all.row[i].key[k])
				abort();
	return 0;
}
