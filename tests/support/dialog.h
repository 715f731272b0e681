/*
 * support/dialog.h - a conversation of text or bytes, for an inspector.
 *
 * What: turns of client and server, fed through inspect_harness.h whole, byte by byte, or up to a
 * length at which the capture ends.
 * Ownership: borrows the turns.  Threads: one.
 */
#ifndef EXFILD_TESTS_SUPPORT_DIALOG_H
#define EXFILD_TESTS_SUPPORT_DIALOG_H

#include "support/inspect_harness.h"

struct turn {
	bool from_client;
	const char *data;
	size_t len; /* 0: up to the zero that ends it */
};

#define C(text)                         \
 {                                      \
  true, "" text "", sizeof(text "") - 1 \
 }
#define S(text)                          \
 {                                       \
  false, "" text "", sizeof(text "") - 1 \
 }

static inline size_t turn_len(const struct turn *t)
{
	return t->len ? t->len : strlen(t->data);
}

static inline size_t dialog_len(const struct turn *t, unsigned count)
{
	size_t len = 0;
	for (unsigned i = 0; i < count; i++)
		len += turn_len(&t[i]);
	return len;
}

/* The first `limit` bytes of it; then the flow ends. */
static inline void dialog_until(struct harness *h, const struct turn *t, unsigned count,
				size_t limit)
{
	for (unsigned i = 0; i < count && limit > 0; i++) {
		size_t len = turn_len(&t[i]) < limit ? turn_len(&t[i]) : limit;
		harness_stream(h, t[i].from_client, t[i].data, len);
		limit -= len;
	}
	if (h->inspector->on_end)
		harness_end(h);
}

static inline void dialog_whole(struct harness *h, const struct turn *t, unsigned count)
{
	dialog_until(h, t, count, SIZE_MAX);
}

static inline void dialog_bytes(struct harness *h, const struct turn *t, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		for (size_t at = 0; at < turn_len(&t[i]); at++)
			harness_stream(h, t[i].from_client, t[i].data + at, 1);
	if (h->inspector->on_end)
		harness_end(h);
}

/* The whole of it without so many bytes from `at` on. */
static inline void dialog_without(struct harness *h, const struct turn *t, unsigned count,
				  size_t at, size_t missing)
{
	for (unsigned i = 0; i < count; i++) {
		size_t len = turn_len(&t[i]);
		size_t head = at < len ? at : len;
		size_t gone = missing < len - head ? missing : len - head;
		if (head)
			harness_stream(h, t[i].from_client, t[i].data, head);
		if (gone)
			harness_gap(h, t[i].from_client, (uint32_t)gone);
		if (head + gone < len)
			harness_stream(h, t[i].from_client, t[i].data + head + gone,
				       len - head - gone);
		at -= head;
		missing -= gone;
	}
	if (h->inspector->on_end)
		harness_end(h);
}

/* Gaps of three lengths everywhere: no crash, and no log-in that was not there. */
static inline void dialog_gaps(struct harness *h, const struct turn *t, unsigned count,
			       unsigned logins)
{
	static const size_t missing[] = { 1, 9, 40 };
	for (unsigned i = 0; i < sizeof(missing) / sizeof(missing[0]); i++)
		for (size_t at = 0; at < dialog_len(t, count); at++) {
			harness_restart(h);
			dialog_without(h, t, count, at, missing[i]);
			assert(harness_count(h, EVENT_LOGIN) <= logins);
		}
}

/*
 * The truncation loop: every prefix, each on a flow of its own.  No crash, no log-in that succeeds
 * before the whole conversation has it, and byte by byte the same number of events as at once.
 */
static inline void dialog_prefixes(struct harness *h, const struct turn *t, unsigned count)
{
	size_t whole = dialog_len(t, count);

	harness_restart(h);
	dialog_whole(h, t, count);
	unsigned logins = harness_count(h, EVENT_LOGIN);
	harness_restart(h);
	dialog_bytes(h, t, count);
	assert(harness_count(h, EVENT_LOGIN) == logins);
	for (size_t len = 0; len < whole; len++) {
		harness_restart(h);
		dialog_until(h, t, count, len);
		assert(harness_count(h, EVENT_LOGIN) <= logins);
	}
	dialog_gaps(h, t, count, logins);
	harness_restart(h);
}

#define DIALOG_COUNT(turns) (sizeof(turns) / sizeof((turns)[0]))

/* The n-th log-in has this outcome and user. */
static inline bool dialog_login(const struct harness *h, unsigned n, enum login_outcome outcome,
				const char *user)
{
	const struct event_login *e = harness_event(h, EVENT_LOGIN, n);
	return e && e->outcome == outcome &&
	       (*user ? harness_str_is(e, &e->user, user) : e->user.off == 0);
}

#endif
