/*
 * fuzz/fuzz_responder.c - what a hostile daemon sends, and what the kernel tells of neighbours.
 *
 * What: the first byte chooses: a run of requests, 1 byte of time between them, judged by a book
 * with small caps; or netlink messages.  Nobody who is protected is ever in the book, and its caps
 * hold.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/responder/book.h"
#include "../../src/responder/neighbour.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int is_true)
{
	if (!is_true)
		abort();
}

static void neighbours(const uint8_t *data, size_t size)
{
	struct neighbour list[16];
	bool is_done;
	require(neighbour_parse(data, size, list, 0, 16, &is_done) <= 16);
}

static void requests(const uint8_t *data, size_t size)
{
	struct book_limits limits = { .max = 4, .per_minute = 3, .ttl_s = 60 };
	struct book_asker by = { .uid = 1 };
	struct quarantine_entry e;
	struct never n;
	struct book b;
	struct prefix p;
	char why[160];
	uint64_t now_s = 1000, made = 0;
	require(never_init(&n) == 0 && book_init(&b, &limits) == 0 &&
		prefix_parse("10.0.0.0/8", &p) == 0);
	never_add(&n, &p, "in quarantine.never");
	while (size > sizeof(struct quarantine_request)) {
		struct quarantine_request r;
		memcpy(&r, data + 1, sizeof(r));
		now_s += data[0];
		data += 1 + sizeof(r);
		size -= 1 + sizeof(r);
		if (!quarantine_is_request(&r, sizeof(r)))
			continue;
		if (r.op == QUARANTINE_ADD)
			made += book_add(&b, &n, &r, &by, now_s, &e, why, sizeof(why)) ==
				QUARANTINE_OK;
		else if (r.op == QUARANTINE_RELEASE)
			(void)book_release(&b, &r, &by, &e);
		while (book_expire(&b, now_s, &e))
			require(e.until_s <= now_s);
		require(b.count <= limits.max);
		for (size_t i = 0; i < b.count; i++)
			require(!prefix_contains(&p, &b.entries[i].host) &&
				b.entries[i].until_s <= now_s + 24 * limits.ttl_s);
	}
	require(made <= 3 * ((now_s - 1000) / 60 + 1));
	book_deinit(&b);
	never_deinit(&n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	if (data[0] & 1)
		neighbours(data + 1, size - 1);
	else
		requests(data + 1, size - 1);
	return 0;
}
