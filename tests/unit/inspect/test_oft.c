/*
 * unit/inspect/test_oft.c - files that messengers send from client to client.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/inspect_harness.h"

extern const struct inspector oft_inspector;

static struct harness h;
static uint8_t talk[256 + 600 + 256];

static void make_head(uint8_t *at, uint16_t type, uint32_t size)
{
	memset(at, 0, 256);
	memcpy(at, "OFT2\x01\x00", 6);
	at[6] = (uint8_t)(type >> 8);
	at[7] = (uint8_t)type;
	at[34] = (uint8_t)(size >> 8);
	at[35] = (uint8_t)size;
	memcpy(at + 192, "plan.pdf", 8);
}

static int set_up(void **state)
{
	(void)state;
	harness_init(&h, &oft_inspector, PROTO_TCP, 40000, 5190);
	make_head(talk, 0x0101, 600);
	memset(talk + 256, 'x', 600);
	memcpy(talk + 256, "%PDF-1.4", 8);
	make_head(talk + 856, 0x0101, 4);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	harness_deinit(&h);
	return 0;
}

/* The server sends, in portions of any size. */
static void a_file_is_told_by_its_first_bytes_and_its_end(void **state)
{
	uint8_t go[256];
	(void)state;
	make_head(go, 0x0202, 600);
	for (size_t step = 1; step <= sizeof(talk); step += 37) {
		harness_restart(&h);
		for (size_t at = 0; at < sizeof(talk); at += step)
			(void)harness_stream(&h, false, talk + at,
					     at + step < sizeof(talk) ? step : sizeof(talk) - at);
		(void)harness_stream(&h, true, go, sizeof(go));
		assert_int_equal(harness_count(&h, EVENT_FILE), 2);
		const struct event_file *e = harness_event(&h, EVENT_FILE, 0);
		assert_int_equal(e->is_end, 0);
		assert_int_equal(e->type, FILE_DOCUMENT);
		assert_int_equal(e->size, 600);
		assert_int_equal(e->e.from_server, 1);
		assert_true(harness_str_is(e, &e->name, "plan.pdf"));
		assert_true(harness_str_is(e, &e->carrier, "oft"));
		e = harness_event(&h, EVENT_FILE, 1);
		assert_int_equal(e->is_end, 1);
		assert_int_equal(e->is_complete, 1);
		assert_int_equal(e->seen, 600);
	}
}

static void every_cut_is_survived(void **state)
{
	(void)state;
	for (size_t len = 1; len < sizeof(talk); len++) {
		harness_restart(&h);
		(void)harness_probe(&h, true, talk, len);
		(void)harness_stream(&h, true, talk, len);
		harness_end(&h);
		assert_in_range(harness_count(&h, EVENT_FILE), 0, 2);
	}
}

static void others_are_not_mine(void **state)
{
	(void)state;
	assert_true(harness_probe(&h, true, talk, 256));
	assert_false(harness_probe(&h, true, "OFTEN it is", 11));
	assert_false(harness_probe(&h, true, "OFT2\x00\x08\x01\x01", 8));
	assert_int_equal(harness_stream(&h, true, "OFTEN it is", 11), INSPECT_NOT_MINE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_file_is_told_by_its_first_bytes_and_its_end,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_cut_is_survived, set_up, tear_down),
		cmocka_unit_test_setup_teardown(others_are_not_mine, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
