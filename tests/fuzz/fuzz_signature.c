/*
 * fuzz/fuzz_signature.c - Sigma rules of any kind, and events before them.
 *
 * What: the text up to a line "%%" as rules, the lines behind it as events in the form of --events.
 * What loads is compiled and asked about each event, also how far the first rule holds; what does
 * not says why.  The same twice must hit the same.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/event/log.h"
#include "exfild/signature/signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RULES_MAX 16384 /* what compiles is slow, and no rule is longer */
#define LINES_MAX 32

/* One event that many rules are about, for rules without lines of their own. */
static const char *const usual[] = {
	"{\"kind\":\"dns\",\"time\":\"2026-11-28T10:00:00Z\",\"src\":\"10.0.0.5\",\"dst\":"
	"\"10.0.0.53\",\"dport\":53,\"proto\":17,\"app\":\"dns\",\"transport\":\"dns\",\"name\":"
	"\"a.evil.example\",\"qtype\":16,\"questions\":1}",
	"{\"kind\":\"http\",\"time\":\"2026-11-28T10:00:01Z\",\"src\":\"10.0.0.5\",\"dst\":"
	"\"203.0.113.9\",\"dport\":80,\"proto\":6,\"app\":\"http\",\"method\":\"POST\",\"host\":"
	"\"203.0.113.9\",\"uri\":\"/gate.php?id=1\",\"user_agent\":\"curl/8.0\"}",
};

struct count {
	uint64_t hits, sum;
	size_t rules;
};

static void on_hit(void *arg, const struct signature_hit *hit)
{
	struct count *c = arg;
	if (!hit->rule || hit->rule->number >= c->rules || !hit->rule->title || !hit->rule->id)
		abort();
	c->hits++;
	c->sum = c->sum * 31 + hit->rule->number;
}

static void show(struct signatures *s, struct event_log *log, struct count *c, const char *line,
		 size_t len, uint64_t seq)
{
	char why[256] = "";
	struct buf out;
	unsigned of = 0;
	event_log_reset(log);
	if (signature_line(log, line, len, seq, why, sizeof(why)) != 0) {
		if (!why[0])
			abort();
		return;
	}
	const struct event *e = event_log_next(log, NULL);
	signatures_event(s, e, on_hit, c);
	if (c->rules == 0)
		return;
	buf_init(&out, 65536);
	if (signatures_why(s, 0, e, &of, &out) > of)
		abort();
	buf_deinit(&out);
}

static void show_all(struct signatures *s, struct event_log *log, struct count *c, const char *at,
		     size_t left)
{
	uint64_t seq = 0;
	*c = (struct count){ .rules = signatures_count(s) };
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		show(s, log, c, usual[i], strlen(usual[i]), ++seq);
	for (unsigned i = 0; left && i < LINES_MAX; i++) {
		const char *end = memchr(at, '\n', left);
		size_t len = end ? (size_t)(end - at) : left;
		show(s, log, c, at, len, ++seq);
		len += end != NULL;
		at += len;
		left -= len;
	}
}

static void run(const char *text, size_t len, const char *lines, size_t lines_len,
		struct count *ret)
{
	struct signatures *s = NULL;
	struct event_log *log = event_log_new();
	if (log && signatures_parse("fuzz", text, len, &s) == 0) {
		for (size_t i = 0; i < signatures_problem_count(s) && i < SIGNATURE_PROBLEMS; i++)
			if (!*signatures_problem(s, i))
				abort();
		if (signatures_compile(s))
			show_all(s, log, ret, lines, lines_len);
	}
	signatures_free(s);
	event_log_free(log);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	const char *cut = memmem(data, size, "\n%%\n", 4);
	size_t len = cut ? (size_t)(cut - text) : size;
	struct count first = { 0 }, again = { 0 };
	if (len > RULES_MAX)
		return 0;
	run(text, len, cut ? cut + 4 : text, cut ? size - len - 4 : 0, &first);
	run(text, len, cut ? cut + 4 : text, cut ? size - len - 4 : 0, &again);
	if (first.hits != again.hits || first.sum != again.sum)
		abort();
	return 0;
}
