/*
 * unit/inspect/test_snmp.c - communities and users of SNMP.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/dialog.h"

extern const struct inspector snmp_inspector;

static struct harness h;

static int set_up(void **state)
{
	(void)state;
	harness_init(&h, &snmp_inspector, PROTO_UDP, 40000, 161);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	harness_deinit(&h);
	return 0;
}

static const struct event_login *login(unsigned n)
{
	const struct event_login *e = harness_event(&h, EVENT_LOGIN, n);
	assert_non_null(e);
	return e;
}

#define GET_PUBLIC                                                  \
 "0&\002\001\001\004\006public\240\031\002\001\001\002\001\000\002" \
 "\001\0000\0160\014\006\010+\006\001\002\001\001\005\000\005\000"
#define GET_GUESS1                                                  \
 "0&\002\001\001\004\006guess1\240\031\002\001\001\002\001\000\002" \
 "\001\0000\0160\014\006\010+\006\001\002\001\001\005\000\005\000"
#define GET_GUESS2                                                  \
 "0&\002\001\001\004\006guess2\240\031\002\001\001\002\001\000\002" \
 "\001\0000\0160\014\006\010+\006\001\002\001\001\005\000\005\000"
#define ANSWER_PUBLIC                                               \
 "0&\002\001\001\004\006public\242\031\002\001\001\002\001\000\002" \
 "\001\0000\0160\014\006\010+\006\001\002\001\001\005\000\005\000"
/* user "eve", then the report of a wrong digest */
#define V3                                                           \
 "08\002\001\0030\015\002\001\001\002\002\005\334\004\001\004\002"   \
 "\001\003\004\0260\024\004\002\200\000\002\001\001\002\001\001\004" \
 "\003eve\004\000\004\001x\004\0140123456789ab"
#define REPORT                                                        \
 "0L\002\001\0030\015\002\001\001\002\002\005\334\004\001\000\002"    \
 "\001\003\004\0220\020\004\002\200\000\002\001\001\002\001\001\004"  \
 "\000\004\000\004\0000$\004\002\200\000\004\000\250\034\002\001\001" \
 "\002\001\000\002\001\0000\0210\017\006\012+\006\001\006\003\017"    \
 "\001\001\005\000A\001\001"

static void say(bool from_client, const char *data, size_t len)
{
	harness_datagram(&h, from_client, data, len);
}
#define SAY(from_client, text) say(from_client, text, sizeof(text) - 1)

static void an_answered_community_is_right_once(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		SAY(true, GET_PUBLIC);
		SAY(false, ANSWER_PUBLIC);
	}
	assert_int_equal(harness_count(&h, EVENT_LOGIN), 1);
	assert_int_equal(login(0)->outcome, LOGIN_SUCCESS);
	assert_int_equal(login(0)->user.off, 0);
}

static void silence_before_another_is_a_refusal(void **state)
{
	(void)state;
	SAY(true, GET_GUESS1);
	SAY(true, GET_GUESS1); /* asked again */
	assert_int_equal(harness_count(&h, EVENT_LOGIN), 0);
	SAY(true, GET_GUESS2);
	SAY(true, GET_PUBLIC);
	SAY(false, ANSWER_PUBLIC);
	assert_int_equal(harness_count(&h, EVENT_LOGIN), 3);
	assert_int_equal(login(0)->outcome, LOGIN_FAILURE);
	assert_int_equal(login(0)->is_inferred, 1);
	assert_int_equal(login(1)->outcome, LOGIN_FAILURE);
	assert_int_not_equal(login(0)->secret_mark, login(1)->secret_mark);
	assert_int_equal(login(2)->outcome, LOGIN_SUCCESS);
}

static void version_3_reports(void **state)
{
	(void)state;
	SAY(true, V3);
	SAY(false, REPORT);
	assert_true(dialog_login(&h, 0, LOGIN_FAILURE, "eve"));
	assert_int_equal(login(0)->is_inferred, 0);
}

static void every_prefix_of_every_message(void **state)
{
	static const struct {
		const char *data;
		size_t len;
	} all[] = { { GET_PUBLIC, sizeof(GET_PUBLIC) - 1 },
		    { V3, sizeof(V3) - 1 },
		    { REPORT, sizeof(REPORT) - 1 } };
	(void)state;
	for (unsigned i = 0; i < 3; i++)
		for (size_t len = 0; len < all[i].len; len++) {
			harness_restart(&h);
			harness_probe(&h, true, all[i].data, len);
			harness_datagram(&h, true, all[i].data, len);
			harness_datagram_cut(&h, false, all[i].data, len, all[i].len);
			assert_true(harness_count(&h, EVENT_LOGIN) <= 1);
		}
}

static void what_it_takes(void **state)
{
	(void)state;
	assert_true(harness_probe(&h, true, GET_PUBLIC, sizeof(GET_PUBLIC) - 1));
	assert_false(harness_probe(&h, true, "\x30\x03\2\1\7", 5));
	h.flow.key.port[1] = 53;
	assert_false(harness_probe(&h, true, GET_PUBLIC, sizeof(GET_PUBLIC) - 1));
}

/* A trap of version 2c with one name and one text. */
static size_t put_trap(uint8_t *m, size_t oid, uint8_t fill, size_t text)
{
	uint8_t *p = m;
	size_t binding = 4 + oid + 4 + text, list = binding + 4, pdu = list + 13;
#define LONG(id, len) *p++ = (id), *p++ = 0x82, *p++ = (uint8_t)((len) >> 8), *p++ = (uint8_t)(len)
	LONG(0x30, pdu + 15);
	memcpy(p, "\002\001\001\004\006public", 11);
	p += 11;
	LONG(0xa7, pdu);
	memcpy(p, "\002\001\001\002\001\000\002\001\000", 9);
	p += 9;
	LONG(0x30, list);
	LONG(0x30, binding);
	LONG(0x06, oid);
	memset(p, 1, oid);
	p += oid;
	LONG(0x04, text);
#undef LONG
	for (size_t i = 0; i < text; i++)
		*p++ = fill ? fill : (uint8_t)("AbCdEfGh"[i % 8]);
	return (size_t)(p - m);
}

static uint32_t carried(size_t oid, uint8_t fill, size_t text)
{
	uint8_t m[1400];
	harness_clear(&h);
	size_t len = put_trap(m, oid, fill, text);
	harness_datagram(&h, true, m, len);
	const struct event_carrier *e = harness_event(&h, EVENT_CARRIER, 0);
	assert_non_null(e);
	assert_int_equal(e->e.app, APP_SNMP);
	return e->carried_len;
}

static void long_names_and_values_of_messages_are_measured(void **state)
{
	(void)state;
	assert_int_equal(carried(12, 0, 20), 0);
	assert_int_equal(carried(48, 'x', 400), 0);
	assert_int_equal(carried(49, 'x', 40), 49);
	assert_int_equal(carried(12, 0, 400), 400);
	assert_int_equal(carried(12, 0x81, 33), 33);
	assert_int_equal(carried(12, 0x81, 32), 0);
	/* answers are not looked at */
	harness_clear(&h);
	SAY(false, ANSWER_PUBLIC);
	assert_int_equal(harness_count(&h, EVENT_CARRIER), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(an_answered_community_is_right_once),
		T(silence_before_another_is_a_refusal),
		T(version_3_reports),
		T(long_names_and_values_of_messages_are_measured),
		T(every_prefix_of_every_message),
		T(what_it_takes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
