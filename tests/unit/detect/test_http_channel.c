/*
 * Check-ins by HTTP: what is found, what lies just below, what only looks like it.
 */
#include "judging.h"

#define FALSE_BROWSER "Mozilla/5.0 (Windows NT 6.1; Win64; x64; Trident/7.0; rv:11.0) like Gecko"

struct ask {
	const char *dst, *host, *method, *uri, *agent, *referrer;
	uint16_t port, headers;
	uint64_t body, answer;
	uint32_t marks;
	const char *cookie;
};

#define BROWSER_MARKS (HTTP_HAS_LANGUAGE | HTTP_HAS_ENCODINGS | HTTP_HAS_REFERRER)

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
	e->marks = a->marks;
	judging_str(j, &e->method, a->method);
	if (a->host)
		judging_str(j, &e->host, a->host);
	judging_str(j, &e->uri, a->uri);
	if (a->agent)
		judging_str(j, &e->user_agent, a->agent);
	if (a->cookie)
		judging_str(j, &e->cookie, a->cookie);
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
	a.marks = BROWSER_MARKS;
	a.referrer = "http://ledgerhall.example/";
	repeat(&a, 40, 60);
	a.referrer = NULL; /* a browser's full set of headers */
	a.host = "other.example";
	repeat(&a, 40, 60);
	assert_int_equal(worst(), SEVERITY_NONE);
}

/* The body of the last answer, whose bytes contradict its type. */
static void answered(const char *dst, enum content_contrary how)
{
	struct event_http_body *b =
		judging_event(j, EVENT_HTTP_BODY, sizeof(*b), "10.0.0.5", dst, 6);
	b->e.flow = flow_id;
	b->is_response = 1;
	b->contrary = (uint8_t)how;
	judging_end(j);
}

static void posted(const char *dst, enum file_type type)
{
	struct event_http_body *b =
		judging_event(j, EVENT_HTTP_BODY, sizeof(*b), "10.0.0.5", dst, 6);
	b->e.flow = flow_id;
	b->form = FORM_RAW;
	b->type = (uint8_t)type;
	judging_str(j, &b->method, "POST");
	judging_end(j);
}

static void a_picture_that_is_none_is_found_at_once(void **state)
{
	struct ask a = checkin;
	(void)state;
	a.method = "GET";
	a.uri = "/b/photo.png";
	a.body = 0;
	a.headers = 3;
	a.answer = 90000;
	repeat(&a, 1, 1);
	assert_int_equal(j->count, 0);
	answered(a.dst, CONTRARY_PICTURE);
	assert_int_equal(worst(), SEVERITY_MEDIUM);
	(void)judging_feature(&j->found[0], "false_answer");
	assert_non_null(strstr(j->found[0].message, "asks as agents do"));
}

/* A page of one encoded word, or of noise: a program that says who it is has a server of its own.
 */
static void answers_to_named_programs_weigh_nothing(void **state)
{
	struct ask a = checkin;
	(void)state;
	a.agent = "CadDraw/11.2";
	for (unsigned i = 0; i < 12; i++) {
		repeat(&a, 1, 3600);
		answered(a.dst, i % 2 ? CONTRARY_PAGE : CONTRARY_TEXT);
	}
	assert_int_equal(worst(), SEVERITY_NONE);
}

/* A page decrypts what it fetches: a browser's head and a referrer. */
static void pages_that_decrypt_are_silent(void **state)
{
	struct ask a = checkin;
	(void)state;
	a.method = "GET";
	a.body = 0;
	a.headers = 9;
	a.marks = BROWSER_MARKS;
	a.referrer = "http://ledgerhall.example/";
	for (unsigned i = 0; i < 12; i++) {
		repeat(&a, 1, 30);
		answered(a.dst, CONTRARY_TEXT);
	}
	assert_int_equal(worst(), SEVERITY_NONE);
}

static void noise_both_ways_with_an_address_is_found(void **state)
{
	struct ask a = checkin;
	(void)state;
	a.host = "203.0.113.9:8080";
	a.port = 8080;
	a.headers = 11;
	a.marks = BROWSER_MARKS;
	a.referrer = "http://203.0.113.9/xKdpq/";
	a.body = 4600;
	a.answer = 700;
	repeat(&a, 1, 1);
	posted(a.dst, FILE_HIGH_ENTROPY);
	answered(a.dst, CONTRARY_TEXT);
	assert_int_equal(worst(), SEVERITY_MEDIUM);
	(void)judging_feature(&j->found[0], "binary_both_ways");
}

static void words_spelled_in_a_cookie_are_found(void **state)
{
	struct ask a = checkin;
	(void)state;
	a.method = "GET";
	a.body = 0;
	a.uri = "/";
	a.agent = NULL;
	a.headers = 3;
	a.cookie = "_gat=10.0.19044.64; _u=4445534B544F502D3731324A:616E6E61";
	repeat(&a, 8, 300);
	assert_int_equal(worst(), SEVERITY_MEDIUM);
	(void)judging_feature(&j->found[j->count - 1], "spelled");
}

/* Numbers, digests and identities are spelled with the same digits. */
static void hexadecimal_that_spells_nothing_is_silent(void **state)
{
	static const char *const cookies[] = { "id=3033343536373839303132333435",
					       "_u=d41d8cd98f00b204e9800998ecf8427e", "s=444553",
					       "s=4445534B544F502D3731324Axyz",
					       "s=0042005500490044" };
	struct ask a = checkin;
	(void)state;
	a.method = "GET";
	a.body = 0;
	a.agent = "Agent/1.0";
	a.headers = 3;
	for (unsigned i = 0; i < sizeof(cookies) / sizeof(cookies[0]); i++) {
		char host[32];
		(void)snprintf(host, sizeof(host), "host%u.example", i);
		a.host = host;
		a.cookie = cookies[i];
		repeat(&a, 8, 300);
		for (unsigned k = 0; k < j->count && k < FINDINGS_MAX; k++)
			for (unsigned n = 0; n < j->found[k].feature_count; n++)
				assert_string_not_equal(j->found[k].features[n].name, "spelled");
	}
}

static void the_same_words_to_many_hosts_are_found(void **state)
{
	static const char *const hosts[] = { "one.example", "two.example", "three.example" };
	struct ask a = checkin;
	(void)state;
	a.method = "GET";
	a.body = 0;
	a.agent = NULL;
	a.headers = 2;
	a.uri = "/m82c/?kQx=bHVsdWx1bHVsdTEyMzQ1Njc4OTBhYmNkZWZnaGlqa2xtbm9w&Fz=aB";
	for (unsigned i = 0; i < 3; i++) {
		a.host = hosts[i];
		repeat(&a, 1, 30);
	}
	assert_int_equal(worst(), SEVERITY_MEDIUM);
	a.agent = "Checker/1.0"; /* one that says who it is */
	j->count = 0;
	a.uri = "/m83c/?kQx=bHVsdWx1bHVsdTEyMzQ1Njc4OTBhYmNkZWZnaGlqa2xtbm9w&Fz=aB";
	for (unsigned i = 0; i < 3; i++) {
		a.host = hosts[i];
		repeat(&a, 1, 30);
	}
	assert_int_equal(worst(), SEVERITY_NONE);
}

static void a_script_again_and_again_is_found(void **state)
{
	struct ask a = checkin;
	(void)state;
	a.method = "GET";
	a.body = 0;
	a.headers = 9;
	a.marks = BROWSER_MARKS;
	a.referrer = "http://code.example/";
	a.uri = "/jquery-3.3.1.min.js";
	a.answer = 5600;
	a.cookie = "__cfduid=qK8dPw3LmZx0aTf5uYbV2sRnE9cJhGk7iQo1WvXy4UzB6eDlNpMtAgSr";
	repeat(&a, 8, 60);
	assert_true(worst() >= SEVERITY_MEDIUM);
	(void)judging_feature(&j->found[j->count - 1], "part_again");
	j->count = 0;
	a.host = "other.example"; /* without words of its own it is a page that reloads it */
	a.cookie = NULL;
	repeat(&a, 20, 60);
	assert_int_equal(worst(), SEVERITY_NONE);
}

static void a_path_of_dice_is_encoded(void **state)
{
	struct ask a = checkin;
	(void)state;
	a.method = "GET";
	a.body = 0;
	a.headers = 5;
	a.uri = "/images/q7XkR2/dT9pLw4vB/z1YhN8sQ/mE5jC3oU/fK6gA0iW/rV2tD7xP/bS4yH9nJ/lM1cZ5eG.avi";
	repeat(&a, 2, 60);
	answered(a.dst, CONTRARY_PICTURE);
	(void)judging_feature(&j->found[j->count - 1], "told_in_request");
}

static void headers_of_its_own_make_no_browser(void **state)
{
	struct ask a = checkin;
	(void)state;
	a.headers = 10;
	repeat(&a, 8, 120);
	(void)judging_feature(&j->found[j->count - 1], "false_browser");
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

/* A path of `letters`, another one for each seed. */
static void put_word(char *uri, size_t letters, uint32_t seed)
{
	static const char base64[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	uri[0] = '/';
	for (size_t i = 1; i <= letters; i++) {
		seed = seed * 1664525u + 1013904223u;
		uri[i] = base64[seed >> 26];
	}
	uri[letters + 1] = '\0';
}

static void say_words(const char *dst, const char *host, size_t letters, unsigned count,
		      unsigned different)
{
	char uri[1024];
	struct ask a = { dst, host, "GET", uri, FALSE_BROWSER, NULL, 80, 5, 0, 20, 0, NULL };
	for (unsigned i = 0; i < count; i++) {
		put_word(uri, letters, 1 + i % different);
		ask_from("10.0.0.5", &a);
		judging_pass(j, SECOND_NS / 10);
	}
}

static bool is_told(void)
{
	for (unsigned i = 0; i < j->count && i < FINDINGS_MAX; i++)
		for (unsigned k = 0; k < j->found[i].feature_count; k++)
			if (strcmp(j->found[i].features[k].name, "told_amount") == 0)
				return true;
	return false;
}

static void what_goes_out_in_words_is_weighed(void **state)
{
	(void)state;
	say_words("203.0.113.9", "203.0.113.9", 900, 64, 64);
	assert_int_equal(worst(), SEVERITY_HIGH);
	assert_true(is_told());
	assert_non_null(strstr(j->found[j->count - 1].message, "of bodies and long words sent"));
}

static void words_that_come_again_or_are_short_tell_nothing(void **state)
{
	(void)state;
	say_words("203.0.113.9", "203.0.113.9", 900, 64, 2);
	assert_false(is_told());
	say_words("203.0.113.10", "203.0.113.10", 120, 512, 512); /* OCSP's questions */
	assert_false(is_told());
}

static void a_maker_may_be_told_much(void **state)
{
	(void)state;
	say_words("203.0.113.11", "maker.example", 900, 64, 64);
	assert_true(is_told());
	assert_int_equal(worst(), SEVERITY_LOW);
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

static void program_from(const char *server)
{
	struct event_file *f = judging_event(j, EVENT_FILE, sizeof(*f), "10.0.0.5", server, 6);
	f->e.flow = flow_id;
	f->e.from_server = 1;
	f->type = FILE_EXECUTABLE;
	judging_str(j, &f->carrier, "http");
	judging_end(j);
}

/* A mirror of packages that no list knows: each file once, by a program that says what it is. */
static void programs_from_a_mirror_are_no_channel(void **state)
{
	static const char *const files[] = { "/pool/agent", "/pool/viewer", "/pool/shell" };
	struct ask a = checkin;
	(void)state;
	a.method = "GET";
	a.host = "mirror.example";
	a.agent = "Debian APT-HTTP/1.3 (2.6.1)";
	a.headers = 3;
	a.body = 0;
	a.answer = 500000;
	for (unsigned i = 0; i < 3; i++) {
		a.uri = files[i];
		ask_from("10.0.0.5", &a);
		program_from(a.dst);
	}
	j->detector->on_end(j->state, &j->env);
	assert_int_equal(worst(), SEVERITY_NONE);
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
	program_from("10.0.0.9");
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
		TEST(a_picture_that_is_none_is_found_at_once),
		TEST(answers_to_named_programs_weigh_nothing),
		TEST(pages_that_decrypt_are_silent),
		TEST(noise_both_ways_with_an_address_is_found),
		TEST(words_spelled_in_a_cookie_are_found),
		TEST(hexadecimal_that_spells_nothing_is_silent),
		TEST(the_same_words_to_many_hosts_are_found),
		TEST(a_script_again_and_again_is_found),
		TEST(a_path_of_dice_is_encoded),
		TEST(headers_of_its_own_make_no_browser),
		TEST(downloads_are_silent),
		TEST(known_services_are_silent),
		TEST(what_many_clients_do_is_no_channel),
		TEST(a_bare_address_with_encoded_words_is_found),
		TEST(what_goes_out_in_words_is_weighed),
		TEST(words_that_come_again_or_are_short_tell_nothing),
		TEST(a_maker_may_be_told_much),
		TEST(one_request_to_several_hosts_is_found),
		TEST(programs_from_a_mirror_are_no_channel),
		TEST(a_delivered_program_adds),
		TEST(what_comes_from_outside_is_not_judged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
