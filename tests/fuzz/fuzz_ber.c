/*
 * fuzz/fuzz_ber.c - the ASN.1 reader: every element of hostile bytes, whole and cut.
 */
#undef NDEBUG
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "../../src/inspect/asn1/ber.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(struct ber_level *level, const uint8_t *data, size_t size)
{
	struct ber e;
	struct ber_level in;
	int64_t n;
	while (ber_next(level, &e)) {
		assert(e.body.pos >= data && e.body.end <= data + size);
		assert(e.is_cut == (cursor_left(&e.body) < e.len));
		assert(e.depth < BER_DEPTH_MAX);
		(void)ber_integer(&e, &n);
		if (ber_enter(&e, &in))
			walk(&in, data, size);
	}
	assert(cursor_left(&level->in) == 0 || level->is_broken);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ber_level top;
	size_t whole = ber_whole(data, size);
	assert(whole == 0 || whole >= 2);
	ber_begin(&top, data, size, false);
	walk(&top, data, size);
	ber_begin(&top, data, size, true);
	walk(&top, data, size);
	return 0;
}
