/*
 * unit/inspect/test_scan_build.h - an inspector whose texts are looked through.
 */
#ifndef EXFILD_TEST_INSPECT_SCAN_BUILD_H
#define EXFILD_TEST_INSPECT_SCAN_BUILD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/inspect_harness.h"

struct scanned {
	struct harness h;
	struct content_rules *rules;
	struct content_scanner *scanner;
	struct scan_text texts[2];
};

static inline void scanned_init(struct scanned *s, const struct inspector *inspector, uint16_t port,
				const uint8_t client[4], const uint8_t server[4])
{
	static const char rules[] = "canary\tpayroll\tQX-7719-PAYROLL\n";
	char why[256] = "";
	memset(s, 0, sizeof(*s));
	harness_init(&s->h, inspector, PROTO_TCP, 40000, port);
	s->h.flow.key.addr[0] = ipaddr_v4(client);
	s->h.flow.key.addr[1] = ipaddr_v4(server);
	s->h.flow.flags |= FLOW_CLIENT_KNOWN;
	s->rules = content_rules_new(rules, sizeof(rules) - 1, why, sizeof(why));
	s->scanner = content_scanner_new(s->rules, 4, &hash_key_fixed);
	assert_non_null(s->scanner);
	s->h.in.scanner = s->scanner;
	s->h.in.texts = s->texts;
}

static inline void scanned_deinit(struct scanned *s)
{
	struct content_counts counts;
	content_counts(s->scanner, &counts);
	assert_int_equal(counts.open, 0);
	content_scanner_free(s->scanner);
	content_rules_free(s->rules);
	harness_deinit(&s->h);
}

/* In segments of `step` bytes. */
static inline void scanned_send(struct scanned *s, bool from_client, const void *data, size_t len,
				size_t step)
{
	const uint8_t *bytes = data;
	for (size_t at = 0; at < len; at += step)
		(void)harness_stream(&s->h, from_client, bytes + at,
				     step < len - at ? step : len - at);
}

static const uint8_t scanned_inside[4] = { 10, 0, 0, 1 };
static const uint8_t scanned_other[4] = { 10, 0, 0, 9 };
static const uint8_t scanned_away[4] = { 203, 0, 113, 9 };

#endif
