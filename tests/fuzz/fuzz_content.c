/*
 * fuzz/fuzz_content.c - the scanner of content over texts in portions, packed and wide ones too.
 *
 * Input: one byte of options, one of the portions' length, then the text.  Bit 0: it is packed here
 * (gzip), so that the fuzzer gets behind the check sums; bit 1: it is made UTF-16 before that. Each
 * hit must be well-formed, whole and in portions, and every place must come back.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "exfild/base/cursor.h"
#include "exfild/content/content.h"
#include "../support/inspect_harness.h"

extern const struct inspector raw_text_inspector;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OPTION_PACK (1u << 0)
#define OPTION_WIDE (1u << 1)
#define TEXT_MAX    8192u

static const char rules_text[] = "number\tes_dni\tES\t8L\tdni\tdni,nif\n"
				 "number\tus_ssn\tUS\t3-2-4\tssn\tssn,social security\n"
				 "marking\tstrictly confidential\n"
				 "canary\tpayroll\tQX-7719-PAYROLL\n";

static void on_hit(void *arg, const struct content_hit *hit)
{
	unsigned *hits = arg;
	assert(hit->kind < CONTENT__COUNT && hit->label && *hit->label && hit->sample);
	assert(strlen(hit->sample) < CONTENT_SAMPLE && hit->count > 0);
	(*hits)++;
}

static size_t make_wide(uint8_t *dst, const uint8_t *src, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		dst[2 * i] = src[i];
		dst[2 * i + 1] = 0;
	}
	return 2 * len;
}

static size_t make_packed(uint8_t *dst, size_t size, const uint8_t *src, size_t len)
{
	z_stream z;
	memset(&z, 0, sizeof(z));
	if (deflateInit2(&z, 1, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	z.next_in = (uint8_t *)(uintptr_t)src;
	z.avail_in = (unsigned)len;
	z.next_out = dst;
	z.avail_out = (unsigned)size;
	(void)deflate(&z, Z_FINISH);
	size_t n = z.total_out;
	(void)deflateEnd(&z);
	return n;
}

static unsigned look(struct content_scanner *s, const uint8_t *data, size_t len, size_t step)
{
	unsigned hits = 0;
	uint32_t number = content_open(s);
	assert(number);
	for (size_t at = 0; at < len;) {
		size_t n = step < len - at ? step : len - at;
		uint8_t *own = malloc(n); /* a byte beyond it is an error of the sanitizer */
		if (!own)
			abort();
		memcpy(own, data + at, n);
		content_feed(s, number, own, n, on_hit, &hits);
		(void)content_is_packed(s, number);
		free(own);
		at += n;
	}
	content_close(s, number, on_hit, &hits);
	return hits;
}

/* The same as a flow in no protocol. */
static void flow(struct content_scanner *s, const uint8_t *data, size_t len, size_t step)
{
	static struct harness h;
	struct scan_text texts[2] = { { 0 }, { 0 } };
	if (!h.inspector)
		harness_init(&h, &raw_text_inspector, PROTO_TCP, 40000, 4444);
	harness_restart(&h);
	h.in.scanner = s;
	h.in.texts = texts;
	(void)harness_probe(&h, true, data, len);
	for (size_t at = 0; at < len; at += step)
		(void)harness_stream(&h, true, data + at, step < len - at ? step : len - at);
	harness_end(&h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct content_rules *rules;
	static struct content_scanner *scanner;
	static uint8_t wide[2 * TEXT_MAX], packed[4 * TEXT_MAX];
	struct cursor c = cursor_make(data, size);
	unsigned options = cursor_u8(&c);
	size_t step = (size_t)cursor_u8(&c) + 1;
	size_t len = cursor_left(&c) < TEXT_MAX ? cursor_left(&c) : TEXT_MAX;
	const uint8_t *text = cursor_take(&c, len);
	struct content_counts counts;
	char why[256];

	if (!rules) {
		rules = content_rules_new(rules_text, sizeof(rules_text) - 1, why, sizeof(why));
		scanner = rules ? content_scanner_new(rules, 2, &hash_key_fixed) : NULL;
		if (!scanner)
			abort();
	}
	if (!text || !len)
		return 0;
	if (options & OPTION_WIDE) {
		len = make_wide(wide, text, len);
		text = wide;
	}
	if (options & OPTION_PACK) {
		len = make_packed(packed, sizeof(packed), text, len);
		text = packed;
	}
	(void)look(scanner, text, len, len);
	(void)look(scanner, text, len, step);
	flow(scanner, text, len, 16 * step);
	content_counts(scanner, &counts);
	assert(counts.open == 0);
	return 0;
}
