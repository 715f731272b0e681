/*
 * The event log: order, chunk borders, strings, reset, exhaustion.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "exfild/event/log.h"

static void empty_log_has_no_first_event(void **state)
{
	(void)state;
	struct event_log *log = event_log_new();
	assert_null(event_log_next(log, NULL));
	event_log_reset(log);
	assert_null(event_log_next(log, NULL));
	event_log_commit(log); /* nothing was begun */
	assert_int_equal(event_log_count(log), 0);
	event_log_free(log);
	event_log_free(NULL);
}

static void events_come_back_in_order_over_chunk_borders(void **state)
{
	(void)state;
	struct event_log *log = event_log_new();
	char text[900];
	memset(text, 'x', sizeof(text));
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < 1000; i++) {
			struct event_name *n = event_log_begin(log, EVENT_NAME, sizeof(*n), i / 3);
			n->ttl_s = i;
			event_log_str(log, &n->name, text, i % sizeof(text), i % sizeof(text));
			event_log_commit(log);
		}
		assert_int_equal(event_log_count(log), 1000);
		unsigned i = 0;
		for (const struct event *e = event_log_next(log, NULL); e;
		     e = event_log_next(log, e), i++) {
			const struct event_name *n = (const struct event_name *)e;
			assert_int_equal((uintptr_t)e % 8, 0);
			assert_int_equal(e->size % 8, 0);
			assert_int_equal(n->ttl_s, i);
			assert_int_equal(e->seq, i / 3);
			assert_int_equal(e->n, i % 3);
			assert_int_equal(n->name.len, i % sizeof(text));
			assert_memory_equal(event_str_data(e, &n->name), text, n->name.len);
		}
		assert_int_equal(i, 1000);
		event_log_reset(log);
		assert_null(event_log_next(log, NULL));
	}
	assert_int_equal(event_log_dropped(log), 0);
	event_log_free(log);
}

static void struct_is_zeroed_when_memory_is_used_again(void **state)
{
	(void)state;
	struct event_log *log = event_log_new();
	for (unsigned round = 0; round < 2; round++) {
		struct event_dns *d = event_log_begin(log, EVENT_DNS, sizeof(*d), 1);
		struct event_dns zero;
		memset(&zero, 0, sizeof(zero));
		zero.e.size = sizeof(zero);
		zero.e.kind = EVENT_DNS;
		zero.e.seq = 1;
		zero.e.n = d->e.n;
		assert_memory_equal(d, &zero, sizeof(zero));
		memset((uint8_t *)d + sizeof(d->e), 0xff, sizeof(*d) - sizeof(d->e));
		event_log_commit(log);
		event_log_reset(log);
	}
	event_log_free(log);
}

static void uncommitted_event_is_forgotten_and_not_numbered(void **state)
{
	(void)state;
	struct event_log *log = event_log_new();
	(void)event_log_begin(log, EVENT_DNS, sizeof(struct event_dns), 7);
	struct event_arp *a = event_log_begin(log, EVENT_ARP, sizeof(*a), 7);
	event_log_commit(log);
	event_log_commit(log); /* twice does nothing */
	const struct event *e = event_log_next(log, NULL);
	assert_ptr_equal(e, a);
	assert_int_equal(e->kind, EVENT_ARP);
	assert_int_equal(e->n, 0);
	assert_null(event_log_next(log, e));
	event_log_free(log);
}

static void numbering_goes_on_over_a_reset_within_one_packet(void **state)
{
	(void)state;
	struct event_log *log = event_log_new();
	for (uint32_t i = 0; i < 4; i++) {
		struct event *e = event_log_begin(log, EVENT_ARP, sizeof(struct event_arp), 42);
		assert_int_equal(e->n, i);
		event_log_commit(log);
		event_log_reset(log);
	}
	event_log_free(log);
}

static void long_string_is_cut_and_keeps_its_length_and_hash(void **state)
{
	(void)state;
	struct event_log *log = event_log_new();
	uint8_t text[3000];
	for (unsigned i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 7);
	struct event_http *h = event_log_begin(log, EVENT_HTTP, sizeof(*h), 1);
	event_log_str(log, &h->uri, text, sizeof(text), 5000);
	event_log_str(log, &h->host, text, 10, 3); /* the true length is never below len */
	event_log_str(log, &h->cookie, text, 0, 0);
	event_log_commit(log);
	assert_int_equal(h->uri.len, EVENT_STR_MAX);
	assert_int_equal(h->uri.full, 5000);
	assert_true(h->uri.hash == hash_bytes(&hash_key_fixed, text, sizeof(text)));
	assert_memory_equal(event_str_data(&h->e, &h->uri), text, EVENT_STR_MAX);
	assert_int_equal(h->host.full, 10);
	assert_int_not_equal(h->cookie.off, 0);
	assert_int_equal(h->cookie.len, 0);
	assert_int_equal(h->referrer.off, 0);
	assert_int_equal(h->referrer.hash, 0);
	event_log_free(log);
}

static void hash_follows_the_key(void **state)
{
	(void)state;
	struct event_log *log = event_log_new();
	struct hash_key key = { { 1, 2 } };
	event_log_set_key(log, &key);
	struct event_sensor *s = event_log_begin(log, EVENT_SENSOR, sizeof(*s), 1);
	event_log_str(log, &s->what, "abc", 3, 3);
	assert_true(s->what.hash == hash_bytes(&key, "abc", 3));
	assert_true(s->what.hash != hash_bytes(&hash_key_fixed, "abc", 3));
	event_log_free(log);
}

static void event_never_grows_over_its_maximum(void **state)
{
	(void)state;
	struct event_log *log = event_log_new();
	uint8_t text[EVENT_STR_MAX];
	memset(text, 'a', sizeof(text));
	for (unsigned i = 0; i < 40; i++) {
		struct event_http *h = event_log_begin(log, EVENT_HTTP, sizeof(*h), i);
		struct event_str *strings[] = { &h->method,     &h->host,         &h->uri,
						&h->user_agent, &h->content_type, &h->referrer,
						&h->cookie,     &h->reason };
		for (unsigned s = 0; s < 8; s++)
			event_log_str(log, strings[s], text, sizeof(text) - 3, sizeof(text) - 3);
		assert_true(h->e.size <= EVENT_MAX);
		assert_int_equal(h->method.len, EVENT_STR_MAX - 3);
		assert_true(h->reason.len < EVENT_STR_MAX - 3);
		assert_int_equal(h->reason.full, EVENT_STR_MAX - 3);
		event_log_commit(log);
	}
	unsigned count = 0;
	for (const struct event *e = event_log_next(log, NULL); e; e = event_log_next(log, e))
		count++;
	assert_int_equal(count, 40);
	event_log_free(log);
}

static void full_log_drops_and_counts(void **state)
{
	(void)state;
	struct event_log *log = event_log_new();
	uint8_t text[EVENT_STR_MAX] = { 0 };
	uint64_t begun = 0;
	while (event_log_dropped(log) < 10 && begun < 200000) {
		struct event_http *h = event_log_begin(log, EVENT_HTTP, sizeof(*h), begun++);
		assert_non_null(h);
		event_log_str(log, &h->uri, text, sizeof(text), sizeof(text));
		event_log_str(log, &h->host, text, sizeof(text), sizeof(text));
		event_log_str(log, &h->cookie, text, sizeof(text), sizeof(text));
		event_log_commit(log);
	}
	assert_int_equal(event_log_dropped(log), 10);
	assert_int_equal(event_log_count(log), begun - 10);
	event_log_reset(log);
	(void)event_log_begin(log, EVENT_ARP, sizeof(struct event_arp), 1);
	event_log_commit(log);
	assert_int_equal(event_log_count(log), 1);
	event_log_free(log);
}

static void append_is_fast(void **state)
{
	(void)state;
	struct event_log *log = event_log_new();
	struct timespec a, b;
	const unsigned count = 2000000;
	clock_gettime(CLOCK_MONOTONIC, &a);
	for (unsigned i = 0; i < count; i++) {
		struct event_flow *f = event_log_begin(log, EVENT_FLOW_START, sizeof(*f), i);
		f->first_ns = i;
		event_log_commit(log);
		if (event_log_count(log) == 512)
			event_log_reset(log);
	}
	clock_gettime(CLOCK_MONOTONIC, &b);
	double ns = (double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec);
	print_message("begin and commit of %zu bytes: %.1f ns\n", sizeof(struct event_flow),
		      ns / count);
	event_log_free(log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_log_has_no_first_event),
		cmocka_unit_test(events_come_back_in_order_over_chunk_borders),
		cmocka_unit_test(struct_is_zeroed_when_memory_is_used_again),
		cmocka_unit_test(uncommitted_event_is_forgotten_and_not_numbered),
		cmocka_unit_test(numbering_goes_on_over_a_reset_within_one_packet),
		cmocka_unit_test(long_string_is_cut_and_keeps_its_length_and_hash),
		cmocka_unit_test(hash_follows_the_key),
		cmocka_unit_test(event_never_grows_over_its_maximum),
		cmocka_unit_test(full_log_drops_and_counts),
		cmocka_unit_test(append_is_fast),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
