/*
 * Check-ins by HTTP: what is found, what lies just below, what only looks like it.
 */
#include "judging.h"

#define FALSE_BROWSER "Mozilla/5.0 (Windows NT 6.1; Win64; x64; Trident/7.0; rv:11.0) like Gecko"

struct ask {
	const char *dst, *host, *method, *uri, *agent, *referrer;
	uint16_t port, headers;
	uint64_t body, answer;
};

static uint64_t flow_id = 100;
static struct judging *j;

static int set_up(void **state)
{
	(void)state;
	j = malloc(sizeof(*j));
	judging_init(j, "http_channel");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	judging_deinit(j);
	free(j);
	return 0;
}

static void ask_from(const char *src, const struct ask *a)
{
	flow_id++;
	struct event_http *e = judging_event(j, EVENT_HTTP, sizeof(*e), src, a->dst, 6);
	e->e.flow = flow_id;
	e->e.dport = a->port;
	e->content_length = a->body ? a->body : UINT64_MAX;
	e->header_count = a->headers;
	judging_str(j, &e->method, a->method);
	if (a->host)
		judging_str(j, &e->host, a->host);
	judging_str(j, &e->uri, a->uri);
	if (a->agent)
		judging_str(j, &e->user_agent, a->agent);
	if (a->referrer)
		judging_str(j, &e->referrer, a->referrer);
	judging_end(j);
	e = judging_event(j, EVENT_HTTP, sizeof(*e), src, a->dst, 6);
	e->e.flow = flow_id;
	e->e.dport = a->port;
	e->is_response = 1;
	e->status = 200;
	e->content_length = a->answer;
	judging_end(j);
}

static void repeat(const struct ask *a, unsigned count, uint64_t gap_s)
{
	for (unsigned i = 0; i < count; i++) {
		ask_from("10.0.0.5", a);
		judging_pass(j, gap_s * SECOND_NS);
	}
}

static enum severity worst(void)
{
	enum severity s = SEVERITY_NONE;
	for (unsigned i = 0; i < j->count && i < FINDINGS_MAX; i++)
		s = j->found[i].severity > s ? j->found[i].severity : s;
	return s;
}

static const struct ask checkin = { .dst = "203.0.113.9",
				    .host = "ledgerhall.example",
				    .method = "POST",
				    .uri = "/4/forum.php",
				    .agent = FALSE_BROWSER,
				    .port = 80,
				    .headers = 6,
				    .body = 101,
				    .answer = 12 };

static void a_check_in_is_found(void **state)
{
	(void)state;
	repeat(&checkin, 8, 120);
	assert_int_equal(worst(), SEVERITY_MEDIUM);
	const struct finding *f = &j->found[j->count - 1];
	assert_string_equal(f->techniques[0], "T1071.001");
	assert_string_equal(f->tactic, "TA0011");
	assert_int_equal(f->class, FINDING_C2);
	assert_string_equal(f->domain, "ledgerhall.example");
	(void)judging_feature(f, "false_browser");
	(void)judging_feature(f, "rhythm");
	assert_non_null(strstr(f->message, "/4/forum.php"));
}

/* Metrics for a database inside: its port is its own, and the program says which it is. */
static void a_named_program_inside_is_silent_on_any_port(void **state)
{
	(void)state;
	struct ask a = checkin;
	a.dst = "10.0.0.9";
	a.host = "metrics";
	a.uri = "/write?db=telegraf";
	a.agent = "Telegraf/1.29";
	a.port = 8086;
	repeat(&a, 12, 10);
	assert_int_equal(worst(), SEVERITY_NONE);
}

static void what_an_agent_carries_adds(void **state)
{
	(void)state;
	struct ask a = checkin;
	a.method = "GET";
	a.body = 0;
	a.uri = "/";
	a.agent = "Mozilla/5.0 MTYsQW5uYTE2IE1leWVyLGFubmExNkBleGFtcGxlLm9yZyw0ODQ5ODQyNDUx";
	repeat(&a, 8, 120);
	(void)judging_feature(&j->found[j->count - 1], "told_in_request");
}

static void few_of_them_are_silent(void **state)
{
	(void)state;
	repeat(&checkin, 3, 120);
	assert_int_equal(worst(), SEVERITY_NONE);
}

static void asking_the_own_address_first_adds(void **state)
{
	struct ask own = { .dst = "198.51.100.7",
			   .host = "api.ipify.org",
			   .method = "GET",
			   .uri = "/",
			   .port = 80,
			   .headers = 4,
			   .answer = 13 };
	(void)state;
	ask_from("10.0.0.5", &own);
	repeat(&checkin, 8, 120);
	assert_int_equal(worst(), SEVERITY_HIGH);
	(void)judging_feature(&j->found[j->count - 1], "asked_own_address");
}

static void a_rhythm_alone_is_silent(void **state)
{
	struct ask a = checkin;
	(void)state;
	a.agent = "PrintAgent/4.1";
	a.host = "telemetry.printer.example";
	repeat(&a, 40, 300);
	a.method = "GET"; /* is there a way to the Internet */
	a.uri = "/";
	a.host = "check.desktop.example";
	a.body = 0;
	a.agent = NULL;
	repeat(&a, 40, 300);
	assert_int_equal(worst(), SEVERITY_NONE);
}

static void pages_are_silent(void **state)
{
	struct ask a = checkin;
	(void)state;
	a.headers = 10;
	a.referrer = "http://ledgerhall.example/";
	repeat(&a, 40, 60);
	a.referrer = NULL; /* a browser's full set of headers */
	a.host = "other.example";
	repeat(&a, 40, 60);
	assert_int_equal(worst(), SEVERITY_NONE);
}

static void downloads_are_silent(void **state)
{
	struct ask a = checkin;
	(void)state;
	a.method = "GET";
	a.uri = "/seg/1.ts";
	a.body = 0;
	a.answer = 500000;
	repeat(&a, 60, 10);
	assert_int_equal(worst(), SEVERITY_NONE);
}

static void known_services_are_silent(void **state)
{
	struct ask a = checkin;
	(void)state;
	a.host = "settings-win.data.microsoft.com";
	repeat(&a, 30, 120);
	assert_int_equal(worst(), SEVERITY_NONE);
}

static void what_many_clients_do_is_no_channel(void **state)
{
	static const char *const clients[] = { "10.0.0.5", "10.0.0.6", "10.0.0.7", "10.0.0.8" };
	(void)state;
	for (unsigned i = 0; i < 12; i++) {
		for (unsigned k = 0; k < 4; k++)
			ask_from(clients[k], &checkin);
		judging_pass(j, 120 * SECOND_NS);
	}
	assert_true(worst() <= SEVERITY_LOW);
}

static void a_bare_address_with_encoded_words_is_found(void **state)
{
	struct ask a = checkin;
	(void)state;
	a.host = "203.0.113.9:8082";
	a.port = 8082;
	a.uri = "/man6/WS17_W617601.73AD0104BEE4C3D8377D50A778378650/90";
	a.agent = "Winhttp 1/0";
	repeat(&a, 2, 60);
	assert_int_equal(worst(), SEVERITY_MEDIUM);
	assert_string_equal(j->found[j->count - 1].object, "203.0.113.9");
	assert_string_equal(j->found[j->count - 1].domain, "");
}

static void one_request_to_several_hosts_is_found(void **state)
{
	struct ask a = checkin;
	static const char *const hosts[] = { "one.example", "two.example", "three.example" };
	(void)state;
	for (unsigned i = 0; i < 12; i++) {
		a.host = hosts[i % 3];
		a.dst = i % 3 ? "203.0.113.9" : "203.0.113.10";
		repeat(&a, 1, 40);
	}
	(void)judging_feature(&j->found[j->count - 1], "many_hosts");
	assert_int_equal(worst(), SEVERITY_MEDIUM);
}

static void a_delivered_program_adds(void **state)
{
	struct ask a = checkin;
	(void)state;
	a.host = NULL; /* inside, by address */
	a.dst = "10.0.0.9";
	a.port = 8888;
	a.agent = "Go-http-client/1.1";
	a.uri = "/beacon";
	a.headers = 4;
	repeat(&a, 8, 45);
	assert_int_equal(worst(), SEVERITY_NONE); /* an agent of ours, as far as is known */
	struct event_file *f = judging_event(j, EVENT_FILE, sizeof(*f), "10.0.0.5", "10.0.0.9", 6);
	f->e.flow = flow_id;
	f->e.from_server = 1;
	f->type = FILE_EXECUTABLE;
	judging_str(j, &f->carrier, "http");
	judging_end(j);
	assert_int_equal(worst(), SEVERITY_MEDIUM);
}

static void what_comes_from_outside_is_not_judged(void **state)
{
	struct ask a = checkin;
	(void)state;
	a.dst = "10.0.0.9";
	for (unsigned i = 0; i < 10; i++) {
		ask_from("203.0.113.50", &a);
		judging_pass(j, 60 * SECOND_NS);
	}
	assert_int_equal(j->count, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_check_in_is_found),
		TEST(a_named_program_inside_is_silent_on_any_port),
		TEST(what_an_agent_carries_adds),
		TEST(few_of_them_are_silent),
		TEST(asking_the_own_address_first_adds),
		TEST(a_rhythm_alone_is_silent),
		TEST(pages_are_silent),
		TEST(downloads_are_silent),
		TEST(known_services_are_silent),
		TEST(what_many_clients_do_is_no_channel),
		TEST(a_bare_address_with_encoded_words_is_found),
		TEST(one_request_to_several_hosts_is_found),
		TEST(a_delivered_program_adds),
		TEST(what_comes_from_outside_is_not_judged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
