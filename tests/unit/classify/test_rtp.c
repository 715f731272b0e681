/*
 * unit/classify/test_rtp.c - streams of RTP, reports of RTCP, and what only begins so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../../src/classify/rtp.h"

static void take(struct rtp_side *s, uint16_t number, uint8_t ssrc)
{
	const uint8_t bytes[12] = {
		0x80, 0, (uint8_t)(number >> 8), (uint8_t)number, 0, 0, 0, 0, 0, 0, 0, ssrc
	};
	for (uint32_t len = 0; len < sizeof(bytes); len++)
		rtp_take(s, bytes, len); /* too short for a head */
	rtp_take(s, bytes, sizeof(bytes));
}

static void a_stream_counts_up(void **state)
{
	(void)state;
	struct rtp_side s = { .next = 0 };
	take(&s, 65535, 1);
	assert_false(s.is_stream);
	take(&s, 7, 2); /* a picture beside the sound */
	take(&s, 0, 1);
	assert_true(s.is_stream);
}

static void others_do_not(void **state)
{
	(void)state;
	struct rtp_side s = { .next = 0 };
	for (uint8_t i = 0; i < 20; i++)
		take(&s, i, i);
	assert_false(s.is_stream);
	take(&s, 50, 100);
	take(&s, 50, 100);
	take(&s, 49, 100);
	take(&s, 900, 100);
	assert_false(s.is_stream);
}

static void reports(void **state)
{
	static const uint8_t report[] = { 0x80, 201, 0, 1, 1, 2, 3, 4, 0x81, 202,
					  0,    2,   1, 2, 3, 4, 1, 2, 'a',  'b' };
	(void)state;
	assert_true(rtp_is_control(report, sizeof(report)));
	assert_true(rtp_is_control(report, 8));
	for (uint32_t len = 0; len < sizeof(report); len++)
		assert_true(rtp_is_control(report, len) == (len == 8));
	assert_false(rtp_is_control(report + 8, sizeof(report) - 8)); /* no report first */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stream_counts_up),
		cmocka_unit_test(others_do_not),
		cmocka_unit_test(reports),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
