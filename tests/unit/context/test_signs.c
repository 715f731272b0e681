/*
 * What services are known by beside domains and prefixes: patterns of names, nDPI's names; which of
 * them wins, and what a resemblance does not do.
 */
#include "exfild/base/log.h"
#include "../../../src/context/services.h"
#include "places.h"
#include "support.h"

static uint16_t number_of(const char *name, const char **ret_near, const char **ret_version)
{
	*ret_near = strcmp(name, "Telegrem") == 0 ? "Telegram" : NULL;
	*ret_version = strcmp(name, "Syncthing") == 0 ? "4.6" : NULL;
	return strcmp(name, "Telegram") == 0 ? 185 :
	       strcmp(name, "TLS") == 0      ? 91 :
	       strcmp(name, "Huge") == 0     ? 1024 :
					       0;
}

static void patterns_fit_label_by_label(void **state)
{
	(void)state;
	static const struct {
		const char *pattern, *name;
		bool fits;
	} cases[] = {
		{ "*.hub.com", "a.hub.com", true },
		{ "*.hub.com", "A.Hub.Com.", true },
		{ "*.hub.com", "a.b.hub.com", false },
		{ "*.hub.com", "hub.com", false },
		{ "*.hub.com", ".hub.com", false },
		{ "**.hub.com", "a.b.hub.com", true },
		{ "**.hub.com", "hub.com", false },
		{ "r-*.hub.com", "r-.hub.com", true },
		{ "r-*.hub.com", "r-7.hub.com", true },
		{ "r-*.hub.com", "r7.hub.com", false },
		{ "r#.hub.com", "r123.hub.com", true },
		{ "r#.hub.com", "r.hub.com", false },
		{ "r#.hub.com", "r12x.hub.com", false },
		{ "*-#.hub.com", "a-1-b-22.hub.com", true },
		{ "*-#.hub.com", "a-1-b.hub.com", false },
		{ "#1.hub.com", "211.hub.com", true },
		{ "*a*b*.hub.com", "xxaxxbxx.hub.com", true },
		{ "*a*b*.hub.com", "xxbxxaxx.hub.com", false },
		{ "s3.*.hub.com", "s3.eu.hub.com", true },
		{ "s3.*.hub.com", "s3.eu.west.hub.com", false },
		{ "**.s3.*.hub.com", "my.bucket.s3.eu.hub.com", true },
		{ "*.hub.com", "a.hub.com.evil.net", false },
		{ "*.hub.com", "a.xhub.com", false },
		{ "*.hub.com", "", false },
		{ "*.hub.com", ".", false },
		{ "*.hub.com", "..", false },
	};
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (service_pattern_fits(cases[i].pattern, cases[i].name, strlen(cases[i].name)) !=
		    cases[i].fits)
			fail_msg("%s and %s", cases[i].pattern, cases[i].name);
	/* the worst label that a name can have, against the worst of a pattern */
	char name[72];
	memset(name, 'a', 63);
	memcpy(name + 63, ".hub.com", 9);
	assert_false(service_pattern_fits("*a*a*a*a*a*a*a*b.hub.com", name, strlen(name)));
	assert_true(service_pattern_fits("*a*a*a*a*a*a*a*a.hub.com", name, strlen(name)));
	for (size_t len = 0; len < strlen(name); len++)
		assert_false(service_pattern_fits("*.hub.com", name, len));
}

static const char file[] =
	"services:\n"
	"  - {name: cloud, class: iaas, domains: [hub.com, s3.hub.com],\n"
	"     prefixes: [192.0.2.0/24]}\n"
	"  - {name: brain, class: ai, sni: [\"brain.*.hub.com\", \"*.brain.org\"],\n"
	"     ndpi: [TLS]}\n"
	"  - {name: gram, class: chat, domains: [gram.org], ndpi: [Telegram]}\n";

static const char *told(const struct context *c, const char *host, enum service_evidence by)
{
	const struct service *s = context_service_by_name(c, host, strlen(host));
	assert_int_equal(context_name_evidence(c, host, strlen(host)), by);
	return s ? s->name : "none";
}

static void longer_ends_win(void **state)
{
	(void)state;
	struct context_options o = { .services_path = write_file(file), .app_number = number_of };
	struct context *c = make(&o);
	char tenant[SERVICE_TENANT_MAX];
	assert_string_equal(told(c, "www.hub.com", SERVICE_BY_DOMAIN), "cloud");
	assert_string_equal(told(c, "brain.eu.hub.com", SERVICE_BY_SNI), "brain");
	assert_string_equal(told(c, "brain.s3.hub.com", SERVICE_BY_DOMAIN), "cloud");
	assert_string_equal(told(c, "x.brain.eu.hub.com", SERVICE_BY_DOMAIN), "cloud");
	assert_string_equal(told(c, "a.brain.org", SERVICE_BY_SNI), "brain");
	assert_string_equal(told(c, "brain.org", SERVICE_BY_NOTHING), "none");
	assert_string_equal(told(c, "a.b.brain.org", SERVICE_BY_NOTHING), "none");
	const struct service *s = context_service_by_name(c, "a.brain.org", 11);
	assert_false(context_tenant_of(c, s, "a.brain.org", 11, tenant));
	context_free(c);
}

static void classified(struct context *c, struct event_log *log, uint64_t flow, uint16_t master,
		       uint16_t app, uint8_t confidence)
{
	struct event_classified *e = event_log_begin(log, EVENT_CLASSIFIED, sizeof(*e), 1);
	e->e.flow = flow;
	e->e.dst = ip("203.0.113.9");
	e->ndpi_master = master;
	e->ndpi_app = app;
	e->confidence = confidence;
	event_log_commit(log);
	context_event(c, &e->e);
}

static const char *of_flow(const struct context *c, uint64_t flow)
{
	const struct service *s = context_service_by_flow(c, flow);
	return s ? s->name : "none";
}

static void flows_are_told_by_what_ndpi_saw(void **state)
{
	(void)state;
	static const char *const sanctioned[] = { "gram" };
	struct context_options o = { .services_path = write_file(file),
				     .sanctioned = sanctioned,
				     .sanctioned_count = 1,
				     .app_number = number_of };
	struct context *c = make(&o);
	struct event_log *log = event_log_new();
	struct ipaddr dst = ip("203.0.113.9");
	assert_non_null(log);
	classified(c, log, 7, 91, 185, 4);
	classified(c, log, 8, 91, 0, 2);
	classified(c, log, 9, 0, 185, 1);  /* by its port */
	classified(c, log, 10, 0, 185, 5); /* our inspector: the numbers mean nothing */
	classified(c, log, 11, 0, 65535, 4);
	assert_string_equal(of_flow(c, 7), "gram"); /* the inner one */
	assert_string_equal(of_flow(c, 8), "brain");
	assert_string_equal(of_flow(c, 9), "none");
	assert_string_equal(of_flow(c, 10), "none");
	assert_string_equal(of_flow(c, 11), "none");
	assert_string_equal(of_flow(c, 0), "none");
	/* what detectors ask knows nothing of it: it silences none of them */
	assert_null(context_service_by_ip(c, &dst));
	event_log_free(log);
	context_free(c);
}

static void without_a_classifier_ndpi_means_nothing(void **state)
{
	(void)state;
	struct context_options o = { .services_path =
					     write_file("services:\n  - {name: a, class: chat, "
							"ndpi: [NoSuch]}\n") };
	context_free(make(&o));
}

static char said[256];

static void keep_line(void *arg, enum log_level level, const char *line)
{
	(void)arg;
	(void)level;
	snprintf(said, sizeof(said), "%s", line);
}

static void another_versions_name_is_said_and_left_out(void **state)
{
	(void)state;
	struct context_options o = { .services_path = write_file(
					     "services:\n  - {name: a, class: storage, "
					     "domains: [a.com], ndpi: [Syncthing, Telegram]}\n"),
				     .app_number = number_of };
	log_set_sink(keep_line, NULL);
	struct context *c = make(&o);
	log_set_sink(NULL, NULL);
	assert_non_null(strstr(said, ":2:56: the linked nDPI has no \"Syncthing\" (4.6 has)"));
	context_free(c);
}

static void errors_point_at_their_place(void **state)
{
	(void)state;
	static const struct {
		const char *text, *place, *sentence;
	} cases[] = {
		{ "sni: a.com", ":2:35: ", "sni takes a list" },
		{ "sni: [a.com]", ":2:36: ", "is a domain: domains takes it" },
		{ "sni: [\"*.com\"]", ":2:36: ", "the last two labels" },
		{ "sni: [\"a.*.com\"]", ":2:36: ", "the last two labels" },
		{ "sni: [\"a#.com\"]", ":2:36: ", "the last two labels" },
		{ "sni: [\"*.A.com\"]", ":2:36: ", "lower-case labels" },
		{ "sni: [\"*..a.com\"]", ":2:36: ", "a label of this pattern is empty" },
		{ "sni: [\"x.**.a.com\"]", ":2:36: ", "\"**\" stands alone" },
		{ "sni: [\"**x.a.com\"]", ":2:36: ", "\"**\" stands alone" },
		{ "sni: [\"*-*-*-*-*-*-*-*-*.a.com\"]", ":2:36: ", "at most 8 wildcards" },
		{ "sni: [[]]", ":2:36: ", "a pattern is a text" },
		{ "sni: [\"*.a.com\", \"*.a.com\"]",
		  ":2:47: ", "\"*.a.com\" is already in service \"a\"" },
		{ "ndpi: Telegram", ":2:36: ", "ndpi takes a list" },
		{ "ndpi: [\"\"]", ":2:37: ", "names of nDPI's" },
		{ "ndpi: [Telegrem]",
		  ":2:37: ", "nDPI has no protocol \"Telegrem\"; did you mean \"Telegram\"?" },
		{ "ndpi: [Nothing]", ":2:37: ", "nDPI has no protocol \"Nothing\"" },
		{ "ndpi: [Huge]", ":2:37: ", "nDPI has no protocol \"Huge\"" },
		{ "ndpi: [Telegram, Telegram]",
		  ":2:47: ", "\"Telegram\" is already in service \"a\"" },
		{ "snl: [a]", ":2:30: ", "unknown key \"snl\"; did you mean \"sni\"?" },
	};
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[256], why[512] = "";
		struct context *c = NULL;
		snprintf(text, sizeof(text), "services:\n  - {name: a, class: chat,   %s}\n",
			 cases[i].text);
		struct context_options o = { .services_path = write_file(text),
					     .app_number = number_of };
		assert_true(context_new(&o, &c, why, sizeof(why)) < 0);
		const char *rest = why + strlen(o.services_path);
		if (strncmp(rest, cases[i].place, strlen(cases[i].place)) != 0 ||
		    !strstr(rest, cases[i].sentence))
			fail_msg("case %u says %s", i, why);
	}
}

static void too_many_that_end_alike_are_refused(void **state)
{
	(void)state;
	char text[2048], why[512] = "";
	struct context *c = NULL;
	int n = snprintf(text, sizeof(text), "services:\n  - name: a\n    class: chat\n    sni: [");
	for (unsigned i = 0; i < 17; i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "%s\"x%u-*.a.com\"",
			      i ? ", " : "", i);
	snprintf(text + n, sizeof(text) - (size_t)n, "]\n");
	struct context_options o = { .services_path = write_file(text) };
	assert_int_equal(context_new(&o, &c, why, sizeof(why)), -EXF_E_INVALID);
	assert_non_null(strstr(why, "more than 16 patterns end alike"));
}

static void shipped_patterns_tell_regions_to_come(void **state)
{
	(void)state;
	struct context_options o = { 0 };
	struct context *c = make(&o);
	assert_string_equal(told(c, "bucket.s3.xx-new-9.amazonaws.com", SERVICE_BY_SNI), "aws_s3");
	assert_string_equal(told(c, "s3.xx-new-9.amazonaws.com", SERVICE_BY_SNI), "aws_s3");
	assert_string_equal(told(c, "bedrock-runtime.xx-new-9.amazonaws.com", SERVICE_BY_SNI),
			    "amazon_bedrock");
	assert_string_equal(told(c, "xx-new9-aiplatform.googleapis.com", SERVICE_BY_SNI),
			    "vertex_ai");
	assert_string_equal(told(c, "ec2.xx-new-9.amazonaws.com", SERVICE_BY_DOMAIN), "aws");
	/* a bucket of that name is a bucket */
	assert_string_equal(told(c, "bedrock-runtime.s3.amazonaws.com", SERVICE_BY_DOMAIN),
			    "aws_s3");
	context_free(c);
}

static int stop(void **state)
{
	(void)state;
	unlink(write_file(""));
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_fit_label_by_label),
		cmocka_unit_test(longer_ends_win),
		cmocka_unit_test(flows_are_told_by_what_ndpi_saw),
		cmocka_unit_test(without_a_classifier_ndpi_means_nothing),
		cmocka_unit_test(another_versions_name_is_said_and_left_out),
		cmocka_unit_test(errors_point_at_their_place),
		cmocka_unit_test(too_many_that_end_alike_are_refused),
		cmocka_unit_test(shipped_patterns_tell_regions_to_come),
	};
	return cmocka_run_group_tests(tests, NULL, stop);
}
