/*
 * Programs over TCP in no protocol, with and without their length before them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/inspect_harness.h"

extern const struct inspector raw_program_inspector;

static struct harness h;
static uint8_t program[1400];

static int set_up(void **state)
{
	(void)state;
	harness_init(&h, &raw_program_inspector, PROTO_TCP, 40000, 4444);
	memset(program, 0, sizeof(program));
	memcpy(program, "MZ\x90", 3);
	program[0x3c] = 0x80;
	memcpy(program + 0x80, "PE\0\0\x64\x86", 6);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	harness_deinit(&h);
	return 0;
}

/* A side's bytes as segments of a size; the answer of the first probe. */
static bool pushed(bool from_client, const uint8_t *data, size_t len, size_t step)
{
	bool is_mine = harness_probe(&h, from_client, data, step < len ? step : len);
	for (size_t at = 0; is_mine && at < len; at += step)
		(void)harness_stream(&h, from_client, data + at, step < len - at ? step : len - at);
	return is_mine;
}

static void a_program_is_told_by_its_head(void **state)
{
	(void)state;
	for (size_t step = 4; step <= sizeof(program); step = step * 2 + 1) {
		harness_restart(&h);
		assert_true(pushed(false, program, sizeof(program), step));
		harness_end(&h);
		assert_int_equal(harness_count(&h, EVENT_FILE), 1);
		const struct event_file *e = harness_event(&h, EVENT_FILE, 0);
		assert_int_equal(e->type, FILE_EXECUTABLE);
		assert_int_equal(e->e.from_server, 1);
		assert_true(e->size == UINT64_MAX);
		assert_true(harness_str_is(e, &e->carrier, "tcp"));
	}
}

static void a_stage_comes_after_its_length(void **state)
{
	static uint8_t stage[4 + sizeof(program)];
	static const uint8_t lengths[2][4] = { { 0x46, 0xae, 2, 0 }, { 0, 2, 0xae, 0x46 } };
	(void)state;
	memcpy(stage + 4, program, sizeof(program));
	for (unsigned order = 0; order < 2; order++) {
		memcpy(stage, lengths[order], 4);
		for (size_t step = 4; step <= sizeof(stage); step += 100) {
			harness_restart(&h);
			assert_true(pushed(false, stage, sizeof(stage), step));
			harness_end(&h);
			assert_int_equal(harness_count(&h, EVENT_FILE), 1);
			const struct event_file *e = harness_event(&h, EVENT_FILE, 0);
			assert_int_equal(e->size, 0x2ae46);
		}
	}
	/* to what waits inside the client pushes it */
	harness_restart(&h);
	assert_true(pushed(true, stage, sizeof(stage), sizeof(stage)));
	assert_int_equal(harness_count(&h, EVENT_FILE), 1);
	/* but a length alone says nothing of a client */
	assert_false(harness_probe(&h, true, stage, 4));
}

static void what_is_no_program_is_given_back(void **state)
{
	static const uint8_t small[4] = { 0x4a, 0, 0, 0 };
	static uint8_t other[1500] = { 0x46, 0xae, 2, 0, 'h', 'e', 'l', 'l', 'o' };
	(void)state;
	assert_false(harness_probe(&h, false, small, sizeof(small)));
	assert_false(harness_probe(&h, false, other, sizeof(other)));
	assert_true(pushed(false, other, sizeof(other), 4));
	memset(program + 0x80, 0, 6); /* MZ, and no program behind it */
	harness_restart(&h);
	assert_true(pushed(false, program, sizeof(program), 500));
	harness_end(&h);
	assert_int_equal(harness_count(&h, EVENT_FILE), 0);
}

/* Whatever length the capture kept: told or not, nothing is read beyond it. */
static void it_may_end_anywhere(void **state)
{
	(void)state;
	for (size_t len = 0; len <= 300; len++) {
		uint8_t *own = malloc(len + 1);
		assert_non_null(own);
		memcpy(own, program, len);
		uint8_t *exact = realloc(own, len ? len : 1);
		assert_non_null(exact);
		harness_restart(&h);
		(void)pushed(false, exact, len, len ? len : 1);
		harness_end(&h);
		/* where the second head lies is enough when it was cut off */
		assert_int_equal(harness_count(&h, EVENT_FILE), len >= 0x40);
		free(exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_program_is_told_by_its_head, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_stage_comes_after_its_length, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_program_is_given_back, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(it_may_end_anywhere, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
