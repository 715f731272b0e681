/*
 * The check of events: sound ones of every kind pass; whatever is cut, lies about its size, points
 * outside of itself or stands for nothing is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "exfild/event/check.h"
#include "support/events.h"

struct fixture {
	struct event_checker *checker;
	struct event_log *log;
	struct event *copy; /* EVENT_MAX bytes */
};

static int set_up(void **state)
{
	static struct fixture f;
	f.checker = event_checker_new();
	f.log = event_log_new();
	f.copy = malloc(EVENT_MAX);
	*state = &f;
	return f.checker && f.log && f.copy ? 0 : -1;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	event_checker_free(f->checker);
	event_log_free(f->log);
	free(f->copy);
	return 0;
}

/* A sound event of the kind, in f->copy. */
static struct event *make(struct fixture *f, enum event_kind kind)
{
	event_log_reset(f->log);
	events_add(f->log, kind, 3);
	const struct event *e = event_log_next(f->log, NULL);
	memcpy(f->copy, e, e->size);
	return f->copy;
}

static const char *check(struct fixture *f)
{
	return event_check(f->checker, f->copy, f->copy->size, UINT64_MAX);
}

static void sound_events_pass(void **state)
{
	struct fixture *f = *state;
	for (unsigned kind = 0; kind < EVENT__COUNT; kind++) {
		make(f, kind);
		assert_null(check(f));
		assert_null(event_check(f->checker, f->copy, f->copy->size, f->copy->time_ns));
	}
}

static void every_prefix_is_refused(void **state)
{
	struct fixture *f = *state;
	for (unsigned kind = 0; kind < EVENT__COUNT; kind++) {
		uint32_t size = make(f, kind)->size;
		for (uint32_t len = 0; len < size; len++) {
			/* alone in its memory, so that a byte too far is seen */
			struct event *cut = malloc(len ? len : 1);
			memcpy(cut, f->copy, len);
			assert_non_null(event_check(f->checker, cut, len, UINT64_MAX));
			if (len >= sizeof(*cut)) {
				cut->size = len;
				const char *why = event_check(f->checker, cut, len, UINT64_MAX);
				/* without its strings it is too short for them; shorter, for its
				 * kind */
				bool has_strings = size > event_struct_size(kind);
				assert_true(why || (has_strings && len + 8 > size));
			}
			free(cut);
		}
	}
}

static void sizes_and_kinds_that_do_not_exist(void **state)
{
	struct fixture *f = *state;
	struct event *e = make(f, EVENT_DNS);
	assert_non_null(event_check(f->checker, e, e->size + 8, UINT64_MAX));
	assert_non_null(event_check(f->checker, e, e->size - 8, UINT64_MAX));
	e->kind = EVENT__COUNT;
	assert_non_null(check(f));
	e->kind = UINT16_MAX;
	assert_non_null(check(f));
	e = make(f, EVENT_ARP);
	e->kind = EVENT_DNS; /* an ARP's bytes do not make a question */
	assert_non_null(check(f));
	e = make(f, EVENT_ARP);
	e->size = EVENT_MAX + 8;
	assert_non_null(event_check(f->checker, e, EVENT_MAX + 8, UINT64_MAX));
}

static void strings_that_reach_out(void **state)
{
	struct fixture *f = *state;
	for (unsigned kind = 0; kind < EVENT__COUNT; kind++) {
		for (const struct event_field *x = event_fields(kind); x->name; x++) {
			if (x->type != FIELD_STR)
				continue;
			const struct event_str wrong[] = {
				{ .off = 8, .len = 8, .full = 8 },             /* the head */
				{ .off = 65528, .len = 1, .full = 1 },         /* beyond */
				{ .off = 65528, .len = 65535, .full = 65535 }, /* far beyond */
				{ .off = 0, .len = 1, .full = 1 },    /* absent, yet long */
				{ .off = 4096, .len = 0, .full = 0 }, /* empty, elsewhere */
			};
			for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
				struct event *e = make(f, kind);
				memcpy((uint8_t *)e + x->offset, &wrong[i], sizeof(wrong[i]));
				assert_non_null(check(f));
			}
			struct event *e = make(f, kind);
			struct event_str *s = (struct event_str *)((uint8_t *)e + x->offset);
			s->full = s->len - 1;
			assert_non_null(check(f));
			s->full = s->len;
			s->off += 1;
			assert_non_null(check(f));
			s->off -= 1;
			s->len = s->full = EVENT_STR_MAX + 1;
			assert_non_null(check(f));
			*s = (struct event_str){ 0 };
			assert_null(check(f));
		}
	}
}

/* Sets the byte and expects a refusal. */
static void refuse_byte(struct fixture *f, enum event_kind kind, size_t at, uint8_t value)
{
	((uint8_t *)make(f, kind))[at] = value;
	assert_non_null(check(f));
}

static void words_and_truths_out_of_range(void **state)
{
	struct fixture *f = *state;
	for (unsigned kind = 0; kind < EVENT__COUNT; kind++)
		for (const struct event_field *x = event_fields(kind); x->name; x++)
			if (x->type == FIELD_BOOL)
				refuse_byte(f, kind, x->offset, 2);
	refuse_byte(f, EVENT_FLOW_START, offsetof(struct event_flow, outcome), 5);
	refuse_byte(f, EVENT_FLOW_PROGRESS, offsetof(struct event_flow, end), 7);
	refuse_byte(f, EVENT_FLOW_END, offsetof(struct event_flow, is_interim), 3);
	refuse_byte(f, EVENT_DNS, offsetof(struct event_dns, transport), 4);
	refuse_byte(f, EVENT_ICMP, offsetof(struct event_icmp, info_bytes) + 2, 1);
	refuse_byte(f, EVENT_NAME, offsetof(struct event_name, source), APP__COUNT);
	refuse_byte(f, EVENT_LOGIN, offsetof(struct event_login, outcome), LOGIN_NO_USER + 1);
	refuse_byte(f, EVENT_LOGIN, offsetof(struct event_login, method), LOGIN_KEY + 1);
	refuse_byte(f, EVENT_FILE, offsetof(struct event_file, type), FILE__COUNT);
	refuse_byte(f, EVENT_SMB, offsetof(struct event_smb, act), SMB__COUNT);
	refuse_byte(f, EVENT_SMB, offsetof(struct event_smb, file_type), FILE__COUNT);
	refuse_byte(f, EVENT_RPC, offsetof(struct event_rpc, act), RPC__COUNT);
	refuse_byte(f, EVENT_RPC, offsetof(struct event_rpc, transport), RPC_HTTP + 1);
	refuse_byte(f, EVENT_KERBEROS, offsetof(struct event_kerberos, pac),
		    KERBEROS_PAC_REFUSED + 1);
	refuse_byte(f, EVENT_SESSION, offsetof(struct event_session, kind), SESSION__COUNT);
	refuse_byte(f, EVENT_NTP, offsetof(struct event, app), APP__COUNT);
	refuse_byte(f, EVENT_NTP, offsetof(struct event, app) + 1, 1);
}

static void times_to_come_and_fractions_that_are_none(void **state)
{
	struct fixture *f = *state;
	struct event *e = make(f, EVENT_FLOW_END);
	assert_non_null(event_check(f->checker, e, e->size, e->time_ns - 1));
	((struct event_flow *)e)->last_ns = e->time_ns + 1;
	assert_non_null(event_check(f->checker, e, e->size, e->time_ns));
	static const uint32_t wrong[] = { 0x7f800000, 0xff800000, 0x7fc00000 };
	for (size_t i = 0; i < 3; i++) {
		e = make(f, EVENT_ICMP);
		memcpy(&((struct event_icmp *)e)->entropy, &wrong[i], 4);
		assert_non_null(check(f));
	}
}

static void cost(void **state)
{
	struct fixture *f = *state;
	struct timespec from, to;
	enum { ROUNDS = 200000 };
	make(f, EVENT_DNS);
	clock_gettime(CLOCK_MONOTONIC, &from);
	for (unsigned i = 0; i < ROUNDS; i++)
		assert_null(check(f));
	clock_gettime(CLOCK_MONOTONIC, &to);
	double ns = (double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec);
	print_message("a dns event is checked in %.1f ns\n", ns / ROUNDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sound_events_pass),
		cmocka_unit_test(every_prefix_is_refused),
		cmocka_unit_test(sizes_and_kinds_that_do_not_exist),
		cmocka_unit_test(strings_that_reach_out),
		cmocka_unit_test(words_and_truths_out_of_range),
		cmocka_unit_test(times_to_come_and_fractions_that_are_none),
		cmocka_unit_test(cost),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
