/*
 * fuzz/fuzz_usage_fresh.c - rows that wait in the usage database for their tables, whatever the
 * file says.
 *
 * Input: rows, one behind the other. A row that is taken must come back the same when it is written
 * and taken again.
 */
#include <stdlib.h>
#include <string.h>

#include "../../src/store/usage_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_same(const struct usage_packed *a, const struct usage_packed *b)
{
	return memcmp(&a->row.counts, &b->row.counts, sizeof(a->row.counts)) == 0 &&
	       a->row.hour_s == b->row.hour_s && a->row.direction == b->row.direction &&
	       strcmp(a->host.address, b->host.address) == 0 &&
	       strcmp(a->service.tenant, b->service.tenant) == 0 &&
	       a->service.sanction == b->service.sanction &&
	       strcmp(a->place.tls, b->place.tls) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *at = (const char *)data, *stop = at + size;
	struct usage_packed row, again;
	struct buf b;
	buf_init(&b, 1u << 20);
	while (at < stop && usage_unpack(&at, stop, &row)) {
		buf_reset(&b);
		if (!usage_pack(&b, &row.row))
			break;
		const char *from = b.data;
		if (!usage_unpack(&from, b.data + b.len, &again) || from != b.data + b.len ||
		    !is_same(&row, &again))
			abort();
	}
	buf_deinit(&b);
	return 0;
}
