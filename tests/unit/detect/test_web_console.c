/*
 * Consoles and holes of web servers, and deployment of every day.
 */
#include "judging.h"

static struct judging j;

static int set_up(void **state)
{
	(void)state;
	judging_init(&j, "web_console");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	judging_deinit(&j);
	return 0;
}

struct post {
	const char *src, *uri;
	uint16_t port;
	uint32_t marks, head_marks;
	uint8_t exploit;
	bool is_response;
};

static void post(struct post p)
{
	struct event_http_body *e = judging_event(&j, EVENT_HTTP_BODY, sizeof(*e),
						  p.src ? p.src : "10.0.0.5", "10.0.0.20", 6);
	e->e.dport = p.port ? p.port : 8080;
	e->marks = p.marks;
	e->head_marks = p.head_marks;
	e->exploit = p.exploit;
	e->is_response = p.is_response;
	judging_str(&j, &e->method, "POST");
	judging_str(&j, &e->uri, p.uri);
	judging_end(&j);
	judging_pass(&j, SECOND_NS);
}

static void get(const char *uri)
{
	struct event_http *e =
		judging_event(&j, EVENT_HTTP, sizeof(*e), "10.0.0.5", "10.0.0.20", 6);
	e->e.dport = 8080;
	judging_str(&j, &e->method, "GET");
	judging_str(&j, &e->uri, uri);
	judging_end(&j);
}

static int severity(void)
{
	return j.count ? (int)j.found[j.count - 1].severity : 0;
}

static void a_deployment_is_low_and_removed_again_medium(void **state)
{
	(void)state;
	get("/manager/text/undeploy?path=/a");
	post((struct post){ .uri = "/manager/text/deploy?path=/xk" });
	assert_int_equal(severity(), SEVERITY_LOW);
	get("/manager/text/list");
	assert_int_equal(j.count, 1);
	get("/manager/text/undeploy?path=/xk");
	assert_int_equal(severity(), SEVERITY_MEDIUM);
	assert_non_null(strstr(j.found[1].message, "Tomcat's manager"));
}

static void another_version_that_goes_is_low(void **state)
{
	(void)state;
	post((struct post){ .uri = "/manager/text/deploy?path=/app2&update=true" });
	get("/manager/text/undeploy?path=/app1");
	assert_int_equal(j.count, 1);
	assert_int_equal(severity(), SEVERITY_LOW);
	get("/manager/text/undeploy?path=/app2");
	assert_int_equal(severity(), SEVERITY_MEDIUM);
}

static void a_known_hole_is_medium_inside_and_low_from_outside(void **state)
{
	static const char *const uris[] = {
		"/autodiscover/autodiscover.json?@x.org/PowerShell/?X-Rps-CAT=a",
		"/?-d+%61llow_url_include%3d1+-d+auto_prepend_file%3dphp://input",
		"/wls-wsat/CoordinatorPortType",
		"/ecp/y.js",
		"/console/images/%252e%252e%252fconsole.portal",
		"/invoker/JMXInvokerServlet",
		"/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php",
	};
	(void)state;
	for (unsigned i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
		post((struct post){ .uri = uris[i] });
		assert_int_equal(j.count, i + 1);
		assert_int_equal(severity(), SEVERITY_MEDIUM);
		assert_string_equal(j.found[i].techniques[0], "T1190");
		judging_pass(&j, 3600 * SECOND_NS);
	}
	post((struct post){ .src = "203.0.113.9", .uri = uris[0] });
	assert_int_equal(severity(), SEVERITY_LOW);
	post((struct post){ .src = "203.0.113.9",
			    .uri = uris[0],
			    .marks = CONTENT_OUTPUT,
			    .is_response = true });
	assert_int_equal(severity(), SEVERITY_HIGH);
}

static void a_console_needs_what_it_runs(void **state)
{
	(void)state;
	post((struct post){ .uri = "/script" });
	post((struct post){ .uri = "/v1/agent/service/register", .port = 8500 });
	post((struct post){ .uri = "/app/_search", .port = 9200 });
	assert_int_equal(j.count, 0);
	post((struct post){ .uri = "/script", .marks = CONTENT_COMMAND });
	assert_int_equal(severity(), SEVERITY_HIGH);
	post((struct post){ .uri = "/script", .marks = CONTENT_OUTPUT, .is_response = true });
	assert_int_equal(severity(), SEVERITY_CRITICAL);
}

static void a_person_at_the_console_is_medium(void **state)
{
	(void)state;
	post((struct post){ .uri = "/jenkins/script",
			    .marks = CONTENT_COMMAND,
			    .head_marks = HTTP_HAS_REFERRER | HTTP_HAS_LANGUAGE });
	assert_int_equal(severity(), SEVERITY_MEDIUM);
}

static void containers_by_an_open_engine(void **state)
{
	(void)state;
	post((struct post){ .uri = "/v1.24/containers/create", .port = 8080 });
	assert_int_equal(j.count, 0);
	post((struct post){ .uri = "/v1.24/containers/create", .port = 2375 });
	assert_int_equal(severity(), SEVERITY_LOW);
	post((struct post){ .uri = "/v1.24/containers/a/exec", .port = 2375 });
	assert_int_equal(severity(), SEVERITY_MEDIUM);
}

static void everyday_is_silent(void **state)
{
	(void)state;
	post((struct post){ .uri = "/manager/" });
	post((struct post){ .uri = "/ecp/default.aspx", .marks = CONTENT_OUTPUT });
	post((struct post){ .uri = "/autodiscover/autodiscover.xml" });
	post((struct post){ .uri = "/descriptions?text=scripts" });
	post((struct post){ .uri = "/x", .marks = CONTENT_OUTPUT, .is_response = true });
	for (unsigned day = 0; day < 5; day++) {
		post((struct post){ .uri = "/manager/text/deploy?path=/shop" });
		judging_pass(&j, DAY_NS);
	}
	assert_int_equal(j.count, 3); /* low on three days, then a habit */
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(a_deployment_is_low_and_removed_again_medium),
		T(another_version_that_goes_is_low),
		T(a_known_hole_is_medium_inside_and_low_from_outside),
		T(a_console_needs_what_it_runs),
		T(a_person_at_the_console_is_medium),
		T(containers_by_an_open_engine),
		T(everyday_is_silent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
