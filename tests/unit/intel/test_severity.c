/*
 * How bad an indicator is: from each form that says so, else from the feed's configuration.
 */
#include "feeds.h"

static unsigned severity_of(const struct feeds *f, const char *address)
{
	const struct intel_item *item = feeds_address(f, address);
	assert_non_null(item);
	return item->severity;
}

static void words_and_threat_levels_are_known(void **state)
{
	(void)state;
	assert_int_equal(intel_severity_of("High", 4), INTEL_HIGH);
	assert_int_equal(intel_severity_of("critical", 8), INTEL_CRITICAL);
	assert_int_equal(intel_severity_of("1", 1), INTEL_HIGH);
	assert_int_equal(intel_severity_of("3", 1), INTEL_LOW);
	assert_int_equal(intel_severity_of("4", 1), INTEL_SEVERITY_NONE); /* MISP: undefined */
	assert_int_equal(intel_severity_of("auto", 4), INTEL_SEVERITY_NONE);
	assert_null(intel_severity_name(INTEL_SEVERITY_NONE));
	assert_string_equal(intel_severity_name(INTEL_CRITICAL), "critical");
}

static void a_feed_says_it_of_what_does_not_say_it_itself(void **state)
{
	struct feeds f;
	(void)state;
	feeds_init(&f);
	f.source.severity = INTEL_LOW;
	feeds_read(&f, "value,severity\n203.0.113.1,critical\n203.0.113.2,\n203.0.113.3,unheard\n"
		       "203.0.113.2,medium\n");
	assert_int_equal(severity_of(&f, "203.0.113.1"), INTEL_CRITICAL);
	assert_int_equal(severity_of(&f, "203.0.113.2"), INTEL_MEDIUM); /* the graver line */
	assert_int_equal(severity_of(&f, "203.0.113.3"), INTEL_LOW);
	/* a feed that is held keeps it */
	feeds_read(&f, "");
	assert_true(intel_feed(f.set, 0)->is_held);
	assert_int_equal(severity_of(&f, "203.0.113.1"), INTEL_CRITICAL);
	feeds_deinit(&f);
	feeds_init(&f);
	feeds_read(&f, "value,event_threat_level_id\n203.0.113.1,1\n203.0.113.2,4\n");
	assert_int_equal(severity_of(&f, "203.0.113.1"), INTEL_HIGH);
	assert_int_equal(severity_of(&f, "203.0.113.2"), INTEL_SEVERITY_NONE);
	feeds_deinit(&f);
}

/* The event's level and tags may stand before its attributes or behind them. */
static void a_misp_event_says_it_of_its_attributes(void **state)
{
	struct feeds f;
	(void)state;
	feeds_init(&f);
	f.source.severity = INTEL_CRITICAL;
	feeds_read(
		&f,
		"{\"response\":[{\"Event\":{\"info\":\"threat_level_id\",\"threat_level_id\":\"2\","
		"\"Tag\":[{\"name\":\"tlp:red\"},{\"name\":\"osint\"}],\"Attribute\":["
		"{\"type\":\"ip-dst\",\"value\":\"203.0.113.1\",\"to_ids\":true},"
		"{\"type\":\"ip-dst\",\"value\":\"203.0.113.2\",\"to_ids\":true,"
		"\"Tag\":[{\"name\":\"tlp:green\"},{\"name\":\"x:severity=\\\"low\\\"\"}]}],"
		"\"Object\":[{\"name\":\"net\",\"Attribute\":["
		"{\"type\":\"ip-dst\",\"value\":\"203.0.113.3\",\"to_ids\":true}]}]}},"
		"{\"Event\":{\"Attribute\":["
		"{\"type\":\"ip-dst\",\"value\":\"203.0.113.4\",\"to_ids\":true}],"
		"\"Tag\":[{\"name\":\"tlp:amber\"}],\"threat_level_id\": 1 }},"
		"{\"Event\":{\"threat_level_id\":\"4\",\"Attribute\":["
		"{\"type\":\"ip-dst\",\"value\":\"203.0.113.5\",\"to_ids\":true}]}}]}");
	assert_int_equal(intel_count(f.set), 5);
	assert_int_equal(severity_of(&f, "203.0.113.1"), INTEL_MEDIUM);
	assert_int_equal(feeds_address(&f, "203.0.113.1")->tlp, TLP_RED);
	assert_int_equal(severity_of(&f, "203.0.113.2"), INTEL_LOW);
	assert_int_equal(feeds_address(&f, "203.0.113.2")->tlp, TLP_GREEN);
	assert_int_equal(severity_of(&f, "203.0.113.3"), INTEL_MEDIUM);
	assert_int_equal(severity_of(&f, "203.0.113.4"), INTEL_HIGH);
	assert_int_equal(feeds_address(&f, "203.0.113.4")->tlp, TLP_AMBER);
	assert_int_equal(severity_of(&f, "203.0.113.5"), INTEL_CRITICAL); /* the feed's */
	assert_int_equal(feeds_address(&f, "203.0.113.5")->tlp, TLP_NONE);
	feeds_deinit(&f);
}

static void stix_and_zeek_say_it_in_their_extensions(void **state)
{
	struct feeds f;
	(void)state;
	feeds_init(&f);
	feeds_read(&f, "{\"type\":\"bundle\",\"objects\":["
		       "{\"type\":\"indicator\",\"pattern\":\"[ipv4-addr:value = '203.0.113.1']\","
		       "\"severity\":\"medium\"},"
		       "{\"type\":\"indicator\",\"pattern\":\"[ipv4-addr:value = '203.0.113.2']\","
		       "\"labels\":[\"c2\",\"severity:high\",\"x-severity-low\",\"severity:x\"]},"
		       "{\"type\":\"indicator\",\"pattern\":\"[ipv4-addr:value = '203.0.113.5']\","
		       "\"labels\":[\"threatstream-severity-very-high\"]},"
		       "{\"type\":\"indicator\",\"pattern\":\"[ipv4-addr:value = '203.0.113.3']\","
		       "\"extensions\":{\"extension-definition--1\":{\"extension_type\":"
		       "\"property-extension\",\"severity\":\"critical\"}}},"
		       "{\"type\":\"indicator\",\"pattern\":\"[ipv4-addr:value = '203.0.113.4']\","
		       "\"confidence\":100,\"labels\":[\"severity\",\"malicious-activity\"],"
		       "\"extensions\":[1]}]}");
	assert_int_equal(severity_of(&f, "203.0.113.1"), INTEL_MEDIUM);
	assert_int_equal(severity_of(&f, "203.0.113.2"), INTEL_HIGH);
	assert_int_equal(severity_of(&f, "203.0.113.3"), INTEL_CRITICAL);
	assert_int_equal(severity_of(&f, "203.0.113.4"), INTEL_SEVERITY_NONE);
	assert_int_equal(severity_of(&f, "203.0.113.5"), INTEL_CRITICAL);
	feeds_deinit(&f);
	feeds_init(&f);
	feeds_read(&f, "#fields\tindicator\tindicator_type\tmeta.severity\n"
		       "203.0.113.1\tIntel::ADDR\thigh\n203.0.113.2\tIntel::ADDR\t-\n");
	assert_int_equal(severity_of(&f, "203.0.113.1"), INTEL_HIGH);
	assert_int_equal(severity_of(&f, "203.0.113.2"), INTEL_SEVERITY_NONE);
	feeds_deinit(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_and_threat_levels_are_known),
		cmocka_unit_test(a_feed_says_it_of_what_does_not_say_it_itself),
		cmocka_unit_test(a_misp_event_says_it_of_its_attributes),
		cmocka_unit_test(stix_and_zeek_say_it_in_their_extensions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
