/*
 * The analysis plane: what it is started with, what it keeps quiet, and what it cannot write.
 *
 * detector_list() below takes the place of the registry: one detector raises a finding for each
 * ended flow, the other can refuse to start.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "exfild/context/context.h"
#include "exfild/detect/detector.h"
#include "../../../src/engine/analysis.h"
#include "places.h"

#define SECOND_NS 1000000000ull
#define START_NS  (1795460400ull * SECOND_NS)

static enum severity severity;
static int fragile_answer;
static unsigned started, stopped;
static bool was_one_sided, is_live;

static struct finding finding_of(const struct event *e)
{
	struct finding f;
	finding_init(&f, "loud", "loud", "It is loud");
	f.class = FINDING_EXFIL;
	f.severity = severity;
	f.score = 0.9;
	f.confidence = 0.9;
	f.tactic = "TA0010";
	finding_technique(&f, "T1048.003");
	f.subject.ip = e->src;
	f.peer.ip = e->dst;
	f.subject.has_ip = f.peer.has_ip = true;
	f.start_ns = f.end_ns = f.time_ns = e->time_ns;
	f.count = 1;
	return f;
}

static void on_event(void *state, const struct detect_env *env, const struct event *e)
{
	(void)state;
	struct finding f = finding_of(e);
	was_one_sided = env->one_sided;
	if (severity != SEVERITY_NONE)
		env->raise(env->arg, &f);
}

static int start(void *state, const void *params, const struct detect_env *env)
{
	(void)state;
	(void)params;
	started++;
	assert_non_null(env->context);
	return fragile_answer;
}

static void stop(void *state)
{
	(void)state;
	stopped++;
}

static const struct detector loud = {
	.name = "loud",
	.title = "It is loud",
	.wants = 1ull << EVENT_FLOW_END,
	.on_event = on_event,
};
static const struct detector fragile = {
	.name = "fragile", .title = "It breaks", .init = start, .deinit = stop
};

const struct detector *const *detector_list(void)
{
	static const struct detector *const list[] = { &fragile, &loud, NULL };
	return list;
}

static struct config_section sections[] = { { .name = "loud", .enabled = true },
					    { .name = "fragile", .enabled = true } };
static struct config *config;
static struct options options;
static struct analysis *analysis;
static char why[512];

static int setup(void **state)
{
	(void)state;
	sections[1].enabled = true;
	options = (struct options){ .form = OUTPUT_JSON };
	severity = SEVERITY_NONE;
	fragile_answer = 0;
	is_live = false;
	started = stopped = 0;
	was_one_sided = false;
	why[0] = '\0';
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	analysis_free(analysis);
	analysis = NULL;
	config_free(config);
	config = NULL;
	return 0;
}

/* The configuration is the text; returns what analysis_new() says. */
static int begin(const char *yaml)
{
	struct config_options o = { .path = NULL };
	int err = config_parse(&o, "test.yaml", yaml, strlen(yaml), &config, why, sizeof(why));
	if (err)
		fail_msg("%s", why);
	config->sections = sections;
	config->section_count = 2;
	struct analysis_options a = { .options = &options,
				      .config = config,
				      .data_dir = EXFILD_SOURCE_DIR "/data",
				      .max_hosts = 256,
				      .max_pairs = 256,
				      .is_live = is_live };
	return analysis_new(&a, &analysis, why, sizeof(why));
}

static struct ipaddr address(const char *text)
{
	struct ipaddr a;
	assert_int_equal(ipaddr_parse(text, &a), 0);
	return a;
}

static void end_flow(const char *src, const char *dst, bool one_sided)
{
	static uint64_t id;
	struct event_flow f;
	memset(&f, 0, sizeof(f));
	f.e.size = sizeof(f);
	f.e.kind = EVENT_FLOW_END;
	f.e.seq = f.e.flow = ++id;
	f.e.time_ns = START_NS + id * SECOND_NS;
	f.e.src = address(src);
	f.e.dst = address(dst);
	f.e.proto = 6;
	f.e.sport = 40000;
	f.e.dport = 443;
	f.e.ip_version = 4;
	f.first_ns = f.last_ns = f.e.time_ns;
	f.syn_flags = 2;
	f.initiator_known = 1;
	f.one_sided = one_sided;
	f.outcome = one_sided ? FLOW_OUTCOME_UNANSWERED : FLOW_OUTCOME_ESTABLISHED;
	f.end = FLOW_END_IDLE;
	f.tcp_flags[0] = 0x12; /* it went on after its SYN */
	f.packets[0] = 4;
	f.packets[1] = one_sided ? 0 : 3;
	analysis_event(analysis, &f.e);
}

/* Runs `act` with a standard stream led to a file; what came there is in `ret`. */
static void caught(int stream, void (*act)(void), char *ret, size_t size)
{
	FILE *out = tmpfile();
	assert_non_null(out);
	(void)fflush(stdout);
	int kept = dup(stream);
	assert_true(dup2(fileno(out), stream) >= 0);
	act();
	(void)fflush(stdout);
	assert_true(dup2(kept, stream) >= 0);
	(void)close(kept);
	rewind(out);
	ret[fread(ret, 1, size - 1, out)] = '\0';
	(void)fclose(out);
}

static char text[65536];

static void one_loud_flow(void)
{
	end_flow("10.1.2.3", "198.51.100.7", false);
	analysis_end(analysis);
}

static void one_foreign_flow(void)
{
	end_flow("10.2.2.3", "198.51.100.7", false); /* not of the zone office */
}

static void zones_come_from_the_configuration(void **state)
{
	(void)state;
	assert_int_equal(
		begin("networks:\n"
		      "  - {name: office, prefixes: [10.1.0.0/16, 10.3.0.0/16], model: private,"
		      " owner: it-team, data: internal}\n"
		      "  - {name: vpc, prefixes: [10.1.0.0/16], vni: 4711, model: iaas}\n"),
		0);
	struct ipaddr a = address("10.3.9.9");
	const struct context_zone *z = context_zone(analysis_context(analysis), &a, 0, 0);
	assert_non_null(z);
	assert_string_equal(z->name, "office");
	assert_string_equal(z->model, "private");
	assert_string_equal(z->owner, "it-team");
	assert_string_equal(z->data, "internal");
	a = address("10.1.9.9");
	assert_string_equal(context_zone(analysis_context(analysis), &a, 4711, 0)->name, "vpc");
	assert_string_equal(context_zone(analysis_context(analysis), &a, 0, 0)->name, "office");
	/* and the owner of the zone stands in the alert */
	severity = SEVERITY_HIGH;
	caught(STDOUT_FILENO, one_loud_flow, text, sizeof(text));
	assert_non_null(strstr(text, "it-team"));
	assert_non_null(strstr(text, "\"office\""));
}

static void a_finding_is_an_alert_and_is_counted(void **state)
{
	(void)state;
	assert_int_equal(begin(""), 0);
	severity = SEVERITY_HIGH;
	caught(STDOUT_FILENO, one_loud_flow, text, sizeof(text));
	assert_non_null(strstr(text, "\"198.51.100.7\""));
	assert_int_equal(analysis_alerts(analysis)->by_severity[2], 1);
	assert_true(analysis_reached(analysis, SEVERITY_LOW));
	assert_true(analysis_reached(analysis, SEVERITY_MEDIUM));
	assert_true(analysis_reached(analysis, SEVERITY_HIGH));
	assert_false(analysis_reached(analysis, SEVERITY_CRITICAL));
	assert_true(analysis_report(analysis));
}

static void the_command_line_decides_the_minimum(void **state)
{
	(void)state;
	options.minimum = "critical";
	assert_int_equal(begin("alerts: {minimum: low}\n"), 0);
	severity = SEVERITY_HIGH;
	caught(STDOUT_FILENO, one_loud_flow, text, sizeof(text));
	assert_string_equal(text, "");
	assert_false(analysis_reached(analysis, SEVERITY_LOW));
}

static void report_it(void)
{
	assert_true(analysis_report(analysis));
}

static void an_exception_silences_its_zone_only(void **state)
{
	(void)state;
	assert_int_equal(
		begin("networks:\n"
		      "  - {name: office, prefixes: [10.1.0.0/16]}\n"
		      "exceptions:\n"
		      "  - {source: \"zone:office\", reason: test, expires: 2099-01-01}\n"),
		0);
	severity = SEVERITY_HIGH;
	caught(STDOUT_FILENO, one_loud_flow, text, sizeof(text));
	assert_string_equal(text, "");
	assert_false(analysis_reached(analysis, SEVERITY_LOW));
	caught(STDOUT_FILENO, one_foreign_flow, text, sizeof(text));
	assert_true(analysis_reached(analysis, SEVERITY_HIGH));
}

static void one_sided_input_is_noticed_and_said(void **state)
{
	(void)state;
	assert_int_equal(begin(""), 0);
	for (unsigned i = 0; i < 1000; i++)
		end_flow("10.1.2.3", "198.51.100.7", true);
	assert_true(was_one_sided);
	caught(STDERR_FILENO, report_it, text, sizeof(text));
	assert_non_null(strstr(text, "one direction only"));
}

static void two_sided_input_is_not(void **state)
{
	(void)state;
	assert_int_equal(begin(""), 0);
	for (unsigned i = 0; i < 1000; i++)
		end_flow("10.1.2.3", "198.51.100.7", i % 10 != 0);
	assert_false(was_one_sided);
	caught(STDERR_FILENO, report_it, text, sizeof(text));
	assert_string_equal(text, "");
}

static void a_detector_that_cannot_start_ends_all(void **state)
{
	(void)state;
	fragile_answer = -EXF_E_LIMIT;
	assert_int_equal(begin(""), -EXF_E_LIMIT);
	assert_null(analysis);
	assert_int_equal(started, 1);
	assert_int_equal(stopped, 1);
}

static void a_detector_without_memory_says_so(void **state)
{
	(void)state;
	fragile_answer = -EXF_E_NOMEM;
	assert_int_equal(begin(""), -EXF_E_NOMEM);
	assert_string_equal(why, "memory is exhausted");
}

static void a_detector_that_is_off_is_not_started(void **state)
{
	(void)state;
	sections[1].enabled = false;
	assert_int_equal(begin(""), 0);
	assert_int_equal(started, 0);
	analysis_free(analysis);
	analysis = NULL;
	assert_int_equal(stopped, 0);
	analysis_free(NULL);
}

static void events_that_cannot_be_opened_are_an_error(void **state)
{
	(void)state;
	options.events_path = "/nonexistent/events.json";
	assert_int_equal(begin(""), -EXF_E_IO);
	assert_non_null(strstr(why, "/nonexistent/events.json"));
}

static void report_loss(void)
{
	assert_false(analysis_report(analysis));
	analysis_free(analysis);
	analysis = NULL;
}

static void events_that_cannot_be_written_are_said(void **state)
{
	(void)state;
	options.events_path = "/dev/full";
	assert_int_equal(begin(""), 0);
	for (unsigned i = 0; i < 100; i++)
		end_flow("10.1.2.3", "198.51.100.7", false);
	analysis_end(analysis);
	caught(STDERR_FILENO, report_loss, text, sizeof(text));
	assert_non_null(strstr(text, "incomplete"));
}

static void publishing_needs_somewhere_to(void **state)
{
	(void)state;
	options.publish = true;
	assert_int_equal(begin(""), -EXF_E_INVALID);
	assert_non_null(strstr(why, "redis.url"));
	assert_non_null(strstr(why, "sinks.file.path"));
}

static void a_password_that_cannot_be_read_is_an_error(void **state)
{
	(void)state;
	options.publish = true;
	assert_int_equal(
		begin("redis: {url: \"redis://127.0.0.1:1/0\", password_file: /dev/null}\n"),
		-EXF_E_IO);
	assert_non_null(strstr(why, "redis.password_file /dev/null"));
	config_free(config);
	assert_int_equal(
		begin("redis: {url: \"redis://127.0.0.1:1/0\", password_file: /nonexistent}\n"),
		-EXF_E_IO);
	assert_non_null(strstr(why, "/nonexistent"));
}

#define ANALYSIS_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static void tell_of_trouble(void)
{
	analysis_tell_sensor(analysis, SENSOR_INTERFACE, "eth7", 0, 0, "carrier %s", "lost");
	analysis_idle(analysis); /* nothing was seen yet: there is no time to give it */
	assert_int_equal(analysis_alerts(analysis)->emitted, 0);
	for (unsigned i = 0; i < 300; i++) {
		char object[16];
		(void)snprintf(object, sizeof(object), "t%u", i);
		analysis_tell_sensor(analysis, SENSOR_LIMIT, object, 2, 0, "%s", "x");
	}
	analysis_tick(analysis, START_NS, 0);
	analysis_end(analysis);
}

static void trouble_of_its_own_is_told(void **state)
{
	(void)state;
	is_live = true;
	assert_int_equal(begin("redis: {url: ''}\n"), 0);
	caught(STDOUT_FILENO, tell_of_trouble, text, sizeof(text));
	assert_non_null(strstr(text, "An interface is blind: eth7: carrier lost"));
	assert_non_null(strstr(text, "The table t3 is full: 2 turned away"));
	assert_non_null(strstr(
		text, "The table others is full: 538 turned away")); /* few wait; all are counted */
	assert_int_equal(analysis_alerts(analysis)->by_severity[2], 1);
	assert_int_equal(analysis_alerts(analysis)->by_severity[1], 31 + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ANALYSIS_TEST(zones_come_from_the_configuration),
		ANALYSIS_TEST(a_finding_is_an_alert_and_is_counted),
		ANALYSIS_TEST(the_command_line_decides_the_minimum),
		ANALYSIS_TEST(an_exception_silences_its_zone_only),
		ANALYSIS_TEST(one_sided_input_is_noticed_and_said),
		ANALYSIS_TEST(two_sided_input_is_not),
		ANALYSIS_TEST(a_detector_that_cannot_start_ends_all),
		ANALYSIS_TEST(a_detector_without_memory_says_so),
		ANALYSIS_TEST(a_detector_that_is_off_is_not_started),
		ANALYSIS_TEST(events_that_cannot_be_opened_are_an_error),
		ANALYSIS_TEST(events_that_cannot_be_written_are_said),
		ANALYSIS_TEST(publishing_needs_somewhere_to),
		ANALYSIS_TEST(a_password_that_cannot_be_read_is_an_error),
		ANALYSIS_TEST(trouble_of_its_own_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
