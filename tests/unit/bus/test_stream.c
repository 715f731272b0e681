/*
 * Entries of streams of a real Redis: in order, from a place on, and those that are too large.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exfild/bus/stream.h"
#include "unit/bus/redis_server.h"

static struct redis_server server;

static int setup(void **state)
{
	(void)state;
	server_prepare(&server);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	server_remove(&server);
	return 0;
}

static struct redis_conn *connect_now(void)
{
	struct redis_options o = { .url = server.url, .timeout_ms = 2000 };
	struct redis_conn *c = NULL;
	char why[256];
	assert_int_equal(redis_connect(&o, &c, why, sizeof(why)), 0);
	return c;
}

static void add(struct redis_conn *c, const char *key, const char *id, const char *value,
		size_t len)
{
	const char *argv[] = { "XADD", key, id, "body", value };
	size_t lens[] = { 4, strlen(key), strlen(id), 4, len };
	char why[256];
	assert_int_equal(redis_send(c, 5, argv, lens), 0);
	assert_int_equal(redis_flush(c, NULL, NULL, why, sizeof(why)), 0);
}

struct got {
	size_t count, streams[32];
	char ids[32][48], values[32][16];
};

static void take(void *arg, const struct redis_entry *e)
{
	struct got *g = arg;
	assert_true(g->count < 32);
	assert_int_equal(e->field_count, 1);
	assert_string_equal(e->names[0].data, "body");
	g->streams[g->count] = e->stream;
	snprintf(g->ids[g->count], 48, "%s", e->id);
	snprintf(g->values[g->count++], 16, "%s", e->values[0].data);
}

static int read_some(struct redis_conn *c, struct redis_place *places, size_t count, unsigned most,
		     uint32_t wait_ms, struct got *g, char why[256])
{
	const struct redis_reading o = { places, count, most, wait_ms };
	return redis_stream_read(c, &o, take, g, why, 256);
}

static void entries_come_in_order_and_once(void **state)
{
	struct redis_place places[2] = { { "a", "0-0" }, { "b", "0-0" } };
	struct got g = { .count = 0 };
	char why[256];
	(void)state;
	if (!server_is_installed())
		skip();
	server_start(&server, NULL);
	struct redis_conn *c = connect_now();
	assert_int_equal(read_some(c, places, 2, 16, 20, &g, why), 0);
	add(c, "a", "5-1", "one", 3);
	add(c, "b", "5-2", "two", 3);
	add(c, "a", "6-0", "three", 5);
	assert_int_equal(read_some(c, places, 2, 16, 20, &g, why), 3);
	assert_string_equal(g.values[0], "one");
	assert_string_equal(g.values[1], "three");
	assert_string_equal(g.values[2], "two");
	assert_int_equal(g.streams[2], 1);
	assert_string_equal(places[0].last, "6-0");
	assert_int_equal(read_some(c, places, 2, 16, 20, &g, why), 0);
	redis_close(c);
	server_kill(&server);
}

static void what_is_too_large_is_stepped_over(void **state)
{
	struct redis_place place = { "a", "0-0" };
	struct got g = { .count = 0 };
	size_t len = 3u << 20;
	char why[256], *large = malloc(len);
	(void)state;
	if (!server_is_installed()) {
		free(large);
		skip();
	}
	memset(large, 'x', len);
	server_start(&server, NULL);
	struct redis_conn *c = connect_now();
	add(c, "a", "5-1", "one", 3);
	add(c, "a", "5-2", large, len);
	add(c, "a", "5-3", "two", 3);
	assert_int_equal(read_some(c, &place, 1, 16, 20, &g, why), -EXF_E_LIMIT);
	assert_string_equal(place.last, "0-0");
	redis_close(c);
	c = connect_now();
	assert_int_equal(read_some(c, &place, 1, 1, 0, &g, why), 1);
	assert_int_equal(read_some(c, &place, 1, 1, 0, &g, why), -EXF_E_LIMIT);
	assert_string_equal(place.last, "5-2");
	redis_close(c);
	c = connect_now();
	assert_int_equal(read_some(c, &place, 1, 1, 0, &g, why), 1);
	assert_string_equal(g.values[1], "two");
	redis_close(c);
	server_kill(&server);
	free(large);
}

static void a_refusal_is_no_broken_connection(void **state)
{
	struct redis_place place = { "a", "0-0" };
	struct got g = { .count = 0 };
	const char *argv[] = { "SET", "a", "x" };
	size_t lens[] = { 3, 1, 1 };
	char why[256];
	(void)state;
	if (!server_is_installed())
		skip();
	server_start(&server, NULL);
	struct redis_conn *c = connect_now();
	assert_int_equal(redis_send(c, 3, argv, lens), 0);
	assert_int_equal(redis_flush(c, NULL, NULL, why, sizeof(why)), 0);
	assert_int_equal(read_some(c, &place, 1, 16, 0, &g, why), -EXF_E_UNSUPPORTED);
	assert_int_equal(redis_error_of(why), REDIS_ERROR_TYPE);
	redis_close(c);
	server_kill(&server);
}

static void ids_have_two_numbers(void **state)
{
	uint64_t ms, n;
	(void)state;
	assert_true(redis_stream_id("1700000000000-7", &ms, &n));
	assert_int_equal(ms, 1700000000000ull);
	assert_int_equal(n, 7);
	assert_false(redis_stream_id("", &ms, &n));
	assert_false(redis_stream_id("-1", &ms, &n));
	assert_false(redis_stream_id("1-", &ms, &n));
	assert_false(redis_stream_id("1", &ms, &n));
	assert_false(redis_stream_id("11111111111111111111111111-1", &ms, &n));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_have_two_numbers),
		cmocka_unit_test_setup_teardown(entries_come_in_order_and_once, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_too_large_is_stepped_over, setup, teardown),
		cmocka_unit_test_setup_teardown(a_refusal_is_no_broken_connection, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
