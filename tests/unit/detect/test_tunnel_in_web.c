/*
 * Tunnels in web connections: what is found, what lies just below, what only looks like it.
 */
#include "judging.h"

static struct judging *j;

static int set_up(void **state)
{
	(void)state;
	j = malloc(sizeof(*j));
	judging_init(j, "tunnel_in_web");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	judging_deinit(j);
	free(j);
	return 0;
}

static void inner(enum app app, const char *dst)
{
	struct event_inner *e = judging_event(j, EVENT_INNER, sizeof(*e), "10.0.0.5", dst, 6);
	e->e.dport = 80;
	e->inner = (uint16_t)app;
	judging_str(j, &e->carrier, "websocket");
	judging_end(j);
}

static void http(const char *method, const char *uri)
{
	struct event_http *e = judging_event(j, EVENT_HTTP, sizeof(*e), "10.0.0.5", "10.0.0.8", 6);
	e->e.dport = 3128;
	judging_str(j, &e->method, method);
	judging_str(j, &e->uri, uri);
	judging_end(j);
}

static void ssh_in_a_websocket_is_found(void **state)
{
	(void)state;
	inner(APP_SSH, "203.0.113.9");
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_MEDIUM);
	assert_string_equal(j->found[0].techniques[0], "T1572");
	assert_string_equal(j->found[0].object, "SSH in WebSocket");
	inner(APP_SMB, "10.0.0.9"); /* inside as well */
	assert_int_equal(j->found[1].severity, SEVERITY_MEDIUM);
}

static void remote_help_in_a_browser_is_context(void **state)
{
	(void)state;
	inner(APP_VNC, "10.0.0.9");
	assert_int_equal(j->found[0].severity, SEVERITY_LOW);
	inner(APP_HTTP, "203.0.113.9"); /* no tunnel */
	assert_int_equal(j->count, 1);
}

static void repeats_are_told_less_and_less(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 20; i++)
		inner(APP_SSH, "203.0.113.9");
	assert_int_equal(j->count, 3); /* the 1st, 4th and 16th */
	assert_int_equal(j->found[2].count, 16);
}

static void proxies_are_asked_for_443(void **state)
{
	(void)state;
	http("CONNECT", "www.example.com:443");
	http("CONNECT", "www.example.com:8443");
	http("CONNECT", "www.example.com");
	http("GET", "http://www.example.com:22/");
	assert_int_equal(j->count, 0);
	http("CONNECT", "203.0.113.9:22");
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_LOW);
	assert_non_null(strstr(j->found[0].message, "203.0.113.9:22"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(ssh_in_a_websocket_is_found),
		TEST(remote_help_in_a_browser_is_context),
		TEST(repeats_are_told_less_and_less),
		TEST(proxies_are_asked_for_443),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
