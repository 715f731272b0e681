/* Tests of what differs between two configurations, and whether a reload can change it. */
#include "fixture.h"

static void expect(const char *before, const char *after, const char *live, const char *restart)
{
	struct fixture a, b;
	struct buf out;
	fixture_init(&a);
	fixture_init(&b);
	buf_init(&out, 4096);
	const struct config *old = fixture_good(before, &a), *fresh = fixture_good(after, &b);
	config_list_live(old, fresh, &out);
	assert_string_equal(out.len ? out.data : "", live);
	buf_reset(&out);
	config_list_restart(old, fresh, &out);
	assert_string_equal(out.len ? out.data : "", restart);
	buf_deinit(&out);
	fixture_deinit(&a);
	fixture_deinit(&b);
}

static void what_is_alike_is_not_named(void **state)
{
	(void)state;
	expect("", "", "", "");
	expect("alerts: {merge: 1h}\n", "alerts: {merge: 60m}\n", "", "");
	expect("networks: [{name: a, prefixes: [10.0.0.0/8]}]\n",
	       "\n\nnetworks:\n  - name: a\n    prefixes: [10.0.0.0/8]\n", "", "");
}

static void live_and_restart_are_told_apart(void **state)
{
	(void)state;
	expect("", "alerts: {minimum: high}\nsensor: {name: gw-2}\n", "alerts.minimum",
	       "sensor.name");
	expect("capture: {filter: tcp}\nredis: {prefix: 'a:'}\n",
	       "limits: {flows: 4096}\nexceptions: [{port: 1, reason: x, expires: 2027-01-01}]\n"
	       "networks: [{name: a, prefixes: [10.0.0.0/8]}]\n",
	       "networks, exceptions, redis.prefix", "capture.filter, limits.flows");
}

static void what_nothing_acts_on_is_not_named(void **state)
{
	(void)state;
	expect("", "log: {format: json}\n", "", "");
}

static void detectors_are_named_by_parameter(void **state)
{
	(void)state;
	struct fixture f;
	struct buf out, want;
	fixture_init(&f);
	buf_init(&out, 4096);
	buf_init(&want, 4096);
	const struct config *c = fixture_good("", &f);
	struct config other = *c;
	struct config_section sections[2] = { c->sections[0], c->sections[1] };
	other.sections = sections;
	sections[1].enabled = !sections[1].enabled;
	buf_printf(&want, "detectors.%s.enabled", sections[1].name);
	config_list_live(c, &other, &out);
	assert_string_equal(out.data, want.data);
	buf_deinit(&out);
	buf_deinit(&want);
	fixture_deinit(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_alike_is_not_named),
		cmocka_unit_test(live_and_restart_are_told_apart),
		cmocka_unit_test(what_nothing_acts_on_is_not_named),
		cmocka_unit_test(detectors_are_named_by_parameter),
	};
	return cmocka_run_group_tests_name("config/change", tests, NULL, NULL);
}
