/*
 * Holds "which alerts would this exception silence": by every kind of end, for the last alerts and
 * for cases that a client names; and what is told before an exception ends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../../src/engine/analysis_parts.h"
#include "../../../src/engine/orders.h"
#include "../../../src/engine/trial.h"
#include "places.h"
#include "unit/alert/samples.h"

static struct context *context;

static struct config *parse(const char *text)
{
	const struct config_options o = { .is_part = true };
	struct config *c = NULL;
	char why[512];
	if (config_parse(&o, "test", text, strlen(text), &c, why, sizeof(why)))
		fail_msg("%s", why);
	return c;
}

static int setup(void **state)
{
	struct context_zone zones[] = { { .name = "office" }, { .name = "servers" } };
	char why[256];
	(void)state;
	assert_int_equal(prefix_parse("10.1.0.0/16", &zones[0].prefix), 0);
	assert_int_equal(prefix_parse("10.0.0.0/24", &zones[1].prefix), 0);
	const struct context_options o = {
		.key = hash_key_fixed,
		.services_path = EXFILD_SOURCE_DIR "/data/services.yaml",
		.zones = zones,
		.zone_count = 2,
		.max_hosts = 64,
		.max_names = 64,
	};
	return context_new(&o, &context, why, sizeof(why));
}

static int teardown(void **state)
{
	(void)state;
	context_free(context);
	return 0;
}

/* How many of the last alerts it takes; `alert` "" means all. */
static uint32_t taken(const struct mutes *m, const char *exception, const char *alert)
{
	char text[512];
	struct control_trial *t = calloc(1, sizeof(*t));
	assert_non_null(t);
	snprintf(text, sizeof(text), "exceptions: [{%s, reason: r, expires: 2200-01-01}]",
		 exception);
	struct config *c = parse(text);
	t->alert = alert;
	t->cases = "";
	assert_true(trial_look(t, m, c, context, SAMPLE_TIME_NS));
	uint32_t n = t->silenced;
	assert_int_equal(t->hit_count, n);
	if (n)
		assert_string_equal(t->hits[0].rule, "dns_tunnel");
	config_free(c);
	free(t);
	return n;
}

static struct mutes *two_alerts(void)
{
	struct mutes *m = calloc(1, sizeof(*m));
	assert_non_null(m);
	for (unsigned i = 0; i < 2; i++) {
		struct finding f = sample_finding();
		if (i)
			f.subject = sample_end("192.168.7.7", 0, 100);
		struct alert a = sample_alert(&f);
		snprintf(a.alert_id, sizeof(a.alert_id), "alert%u", i);
		mutes_note(m, &a);
	}
	return m;
}

static void each_kind_of_end_takes_what_it_names(void **state)
{
	static const struct {
		const char *exception;
		uint32_t count;
	} list[] = {
		{ "source: 10.1.4.23", 1 },
		{ "source: 10.1.0.0/16", 1 },
		{ "source: 10.2.0.0/16", 0 },
		{ "source: \"zone:office\"", 1 },
		{ "source: \"zone:servers\"", 0 },
		{ "destination: 10.0.0.53", 2 },
		{ "destination: 10.0.0.0/24", 2 },
		{ "destination: \"zone:servers\"", 2 },
		{ "destination: evil.example", 2 },
		{ "destination: example", 2 },
		{ "destination: vil.example", 0 },
		{ "destination: 10.0.0.54", 0 },
		{ "port: 53", 2 },
		{ "port: 54", 0 },
		{ "rule: dns_tunnel", 2 },
		{ "rule: icmp_tunnel", 0 },
		{ "source: 10.1.4.23, destination: evil.example, port: 53, rule: dns_tunnel", 1 },
		{ "source: 10.1.4.23, destination: evil.example, port: 54, rule: dns_tunnel", 0 },
	};
	struct mutes *m = two_alerts();
	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (taken(m, list[i].exception, "") != list[i].count)
			fail_msg("%s", list[i].exception);
	assert_int_equal(taken(m, "port: 53", "alert1"), 1);
	free(m);
}

static void an_unknown_alert_is_said(void **state)
{
	struct control_trial t = { .alert = "nobody", .cases = "" };
	struct mutes *m = two_alerts();
	struct config *c = parse("sensor: {name: gw}");
	(void)state;
	assert_false(trial_look(&t, m, c, context, SAMPLE_TIME_NS));
	free(m);
	config_free(c);
}

static void one_that_is_over_takes_nothing(void **state)
{
	struct config *c = parse("exceptions: [{port: 53, reason: r, expires: 2020-01-01}]");
	struct control_trial t = { .alert = "", .cases = "" };
	struct mutes *m = two_alerts();
	(void)state;
	assert_true(trial_look(&t, m, c, context, SAMPLE_TIME_NS));
	assert_int_equal(t.looked, 2);
	assert_int_equal(t.silenced, 0);
	free(m);
	config_free(c);
}

static bool look(struct control_trial *t, const char *cases)
{
	struct config *c =
		parse("exceptions: [{source: \"zone:office\", destination: evil.example, "
		      "reason: r, expires: 2200-01-01}]");
	struct mutes *m = calloc(1, sizeof(*m));
	*t = (struct control_trial){ .alert = "", .cases = cases };
	bool is_good = trial_look(t, m, c, context, SAMPLE_TIME_NS);
	free(m);
	config_free(c);
	return is_good;
}

static void cases_of_a_client_are_read(void **state)
{
	static const char good[] = "dns_tunnel 10.1.4.23 198.51.100.7 53 a.evil.example;"
				   "dns_tunnel 10.9.9.9 - 0 evil.example;"
				   "x 10.1.1.1 2001:db8::1 - evil.example;"
				   "sensor_drops - - - -;";
	struct control_trial *t = calloc(1, sizeof(*t));
	char part[sizeof(good)];
	(void)state;
	assert_non_null(t);
	assert_true(look(t, good));
	assert_int_equal(t->looked, 4);
	assert_int_equal(t->silenced_cases, 5);
	for (size_t len = 0; len < strlen(good); len++) {
		memcpy(part, good, len);
		part[len] = '\0';
		(void)look(t, part);
		assert_true(t->looked <= 4);
	}
	assert_false(look(t, "dns_tunnel 10.1.4.300 - 53 -;"));
	assert_false(look(t, "dns_tunnel 10.1.4.3 - 70000 -;"));
	assert_false(look(t, "one;two;"));
	assert_false(look(t, ";"));
	char many[TRIAL_CASES * 10 + 20] = "";
	for (unsigned i = 0; i < TRIAL_CASES + 1; i++)
		strcat(many, "r - - - -;");
	assert_false(look(t, many)); /* one too many */
	free(t);
}

/* An analysis of which only that is made which the warning reads. */
static size_t warned(uint64_t silenced, uint64_t left_ns)
{
	struct config *c = parse("exceptions: [{port: 53, reason: nightly backup, expires: "
				 "2030-01-01}]");
	struct analysis *a = calloc(1, sizeof(*a));
	assert_non_null(a);
	a->config = c;
	a->exceptions[0].silenced = silenced;
	a->env.now_ns = c->exceptions[0].expires.ns - left_ns;
	order_warn(a);
	size_t count = a->news.note_count;
	if (count) {
		assert_int_equal(a->news.notes[0].what, SENSOR_EXCEPTION);
		assert_non_null(strstr(a->news.notes[0].text, "nightly backup"));
	}
	a->env.now_ns += 3600 * SECOND_NS; /* it is said once */
	order_warn(a);
	assert_int_equal(a->news.note_count, count);
	free(a);
	config_free(c);
	return count;
}

static void it_is_told_before_one_ends(void **state)
{
	const uint64_t day = 86400 * SECOND_NS;
	(void)state;
	assert_int_equal(warned(3, 2 * day), 1);
	assert_int_equal(warned(3, 4 * day), 0); /* not soon */
	assert_int_equal(warned(0, 2 * day), 0); /* it takes nothing */
	assert_int_equal(warned(3, 0), 0);       /* it is over */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_of_end_takes_what_it_names),
		cmocka_unit_test(an_unknown_alert_is_said),
		cmocka_unit_test(one_that_is_over_takes_nothing),
		cmocka_unit_test(cases_of_a_client_are_read),
		cmocka_unit_test(it_is_told_before_one_ends),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
