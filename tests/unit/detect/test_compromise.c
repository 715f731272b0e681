/*
 * Steps of an infection: what is found, what lies just below, what only looks like it.
 */
#include "judging.h"

static struct judging *j;

static int set_up(void **state)
{
	(void)state;
	j = malloc(sizeof(*j));
	judging_init(j, "compromise");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	judging_deinit(j);
	free(j);
	return 0;
}

static void program(const char *dst, const char *name, enum file_type type)
{
	struct event_file *f = judging_event(j, EVENT_FILE, sizeof(*f), "10.0.0.5", dst, 6);
	f->e.from_server = 1;
	f->type = (uint8_t)type;
	judging_str(j, &f->carrier, "http");
	judging_str(j, &f->name, name);
	judging_end(j);
}

static void http(const char *method, const char *host, uint16_t headers, const char *referrer)
{
	struct event_http *h =
		judging_event(j, EVENT_HTTP, sizeof(*h), "10.0.0.5", "203.0.113.7", 6);
	h->header_count = headers;
	judging_str(j, &h->method, method);
	judging_str(j, &h->host, host);
	judging_str(j, &h->uri, "/");
	if (referrer)
		judging_str(j, &h->referrer, referrer);
	judging_end(j);
}

static void hello(const char *dst, const char *sni)
{
	struct event_tls *t = judging_event(j, EVENT_TLS, sizeof(*t), "10.0.0.5", dst, 6);
	t->e.app = APP_TLS;
	t->e.dport = 443;
	t->has_sni = sni != NULL;
	if (sni)
		judging_str(j, &t->sni, sni);
	judging_end(j);
}

static void certificate(const char *dst)
{
	struct event_cert *c = judging_event(j, EVENT_CERT, sizeof(*c), "10.0.0.5", dst, 6);
	c->is_self_signed = 1;
	judging_str(j, &c->subject, "example.com");
	judging_end(j);
}

static void refused(const char *dst)
{
	struct event_flow *e = judging_event(j, EVENT_FLOW_END, sizeof(*e), "10.0.0.5", dst, 6);
	e->syn_flags = 2;
	e->outcome = FLOW_OUTCOME_REFUSED;
	judging_end(j);
}

static void a_loaders_first_hour_is_found(void **state)
{
	(void)state;
	program("203.0.113.50", "logo.png", FILE_EXECUTABLE);
	http("GET", "api.ipify.org", 4, NULL);
	assert_int_equal(j->count, 0);
	hello("203.0.113.65", NULL);
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_MEDIUM);
	certificate("203.0.113.65");
	assert_int_equal(j->found[j->count - 1].severity, SEVERITY_HIGH);
	assert_string_equal(j->found[0].techniques[0], "T1071.001");
	assert_non_null(strstr(j->found[0].message, "logo.png"));
	struct ipaddr peer = judging_ip("203.0.113.65");
	assert_true(ipaddr_equal(&j->found[0].peer.ip, &peer));
}

static void dead_hosts_add(void **state)
{
	(void)state;
	http("GET", "api.ipify.org", 4, NULL);
	hello("203.0.113.65", NULL);
	certificate("203.0.113.65");
	assert_int_equal(j->count, 0);
	refused("203.0.113.60");
	refused("203.0.113.60");
	refused("203.0.113.61");
	assert_int_equal(j->count, 0);
	refused("203.0.113.62");
	assert_int_equal(j->found[0].severity, SEVERITY_MEDIUM);
}

static void one_half_alone_is_silent(void **state)
{
	(void)state;
	program("203.0.113.50", "setup.exe", FILE_EXECUTABLE); /* somebody installs */
	http("GET", "api.ipify.org", 4, NULL);
	assert_int_equal(j->count, 0);
	judging_pass(j, 7200 * SECOND_NS); /* and later a stranger's server */
	hello("203.0.113.65", NULL);
	certificate("203.0.113.65");
	http("POST", "stranger.example", 5, NULL);
	assert_int_equal(j->count, 0);
}

static void ordinary_work_is_silent(void **state)
{
	(void)state;
	program("203.0.113.50", "photo.jpg", FILE_IMAGE);
	program("10.0.0.9", "setup.exe", FILE_EXECUTABLE);
	hello("203.0.113.65", "www.example.com");
	hello("10.0.0.9", NULL);
	certificate("10.0.0.9");
	http("POST", "www.example.com", 11, "http://www.example.com/");
	http("POST", "settings-win.data.microsoft.com", 4, NULL);
	http("GET", "api.ipify.org", 4, NULL);
	for (unsigned i = 0; i < 5; i++)
		refused("203.0.113.60");
	assert_int_equal(j->count, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_loaders_first_hour_is_found),
		TEST(dead_hosts_add),
		TEST(one_half_alone_is_silent),
		TEST(ordinary_work_is_silent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
