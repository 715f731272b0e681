/*
 * fuzz/fuzz_policy.c - files of policies of any kind, and alerts before them.
 *
 * What: the text as policies; where it loads, three alerts are decided, explained and remembered.
 * What does not load says why, with a place.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/policy/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const alerts[] = {
	"{\"kind\":\"alert\",\"id\":\"1\",\"rule\":\"dns_tunnel\",\"category\":\"exfil\","
	"\"severity\":73,\"src\":\"10.0.0.1\",\"has_src\":true,\"time\":\"2026-11-28T23:00:00Z\"}",
	"{\"kind\":\"alert\",\"id\":\"2\",\"rule\":\"intel:feodo\",\"category\":\"c2\","
	"\"severity\":99,\"src\":\"10.0.0.1\",\"has_src\":true,\"dst\":\"203.0.113.9\","
	"\"has_dst\":true,\"direction\":\"outbound\",\"proof\":\"handshake\","
	"\"content\":\"card, iban\",\"time\":\"2026-11-29T01:00:00Z\"}",
	"{\"kind\":\"alert\",\"id\":\"3\",\"rule\":\"dns_tunnel\",\"category\":\"exfil\","
	"\"severity\":21,\"src\":\"10.0.0.1\",\"has_src\":true,\"time\":\"2026-11-29T02:00:00Z\"}",
};

static void decide(struct policy *p, struct policy_memory *m, struct event_log *log)
{
	char why[200];
	for (size_t i = 0; i < sizeof(alerts) / sizeof(alerts[0]); i++) {
		struct policy_decision d;
		struct buf out;
		event_log_reset(log);
		if (signature_line(log, alerts[i], strlen(alerts[i]), i, why, sizeof(why)) != 0)
			abort();
		struct event_alert *e = (struct event_alert *)(uintptr_t)event_log_next(log, NULL);
		policy_set_clock(p, e);
		policy_decide(p, m, e, &d);
		buf_init(&out, 4096);
		policy_explain(&d, e, &out);
		if (!out.len || (d.rule && (unsigned)d.action >= POLICY_ACTION__COUNT))
			abort();
		buf_deinit(&out);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct policy *p = NULL;
	char why[800] = "";
	int err = policy_parse("fuzz", data, size, "UTC", &p, why, sizeof(why));
	if ((err == 0) != (p != NULL) || (err && !why[0]))
		abort();
	struct policy_memory *m = policy_memory_new(2);
	struct event_log *log = event_log_new();
	if (p && m && log)
		decide(p, m, log);
	event_log_free(log);
	policy_memory_free(m);
	policy_free(p);
	return 0;
}
