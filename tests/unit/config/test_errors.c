/* Tests of config/config: what is wrong, where, and what would be right. */
#include "fixture.h"

static void unknown_keys_suggest_the_nearest(void **state)
{
	(void)state;
	expect_why("alrts: {minimum: low}\n",
		   "t.yaml:1:1: unknown key 'alrts'; did you mean 'alerts'?");
	expect_why("alerts:\n  minumum: low\n",
		   "t.yaml:2:3: unknown key 'minumum' in alerts; did you mean 'minimum'?");
	expect_why("privacy:\n  keep_days: {evidnce: 7}\n",
		   "t.yaml:2:15: unknown key 'evidnce' in privacy.keep_days; did you mean "
		   "'evidence'?");
	expect_why("networks:\n  - {name: a, prefixs: [10.0.0.0/8]}\n",
		   "t.yaml:2:15: unknown key 'prefixs' in networks[0]; did you mean 'prefixes'?");
}

static void unknown_keys_without_a_near_one_list_the_known(void **state)
{
	(void)state;
	expect_why("log: {colour: red}\n",
		   "t.yaml:1:7: unknown key 'colour' in log; known are level, format");
	expect_why(
		"{\"\": 1}\n",
		"t.yaml:1:2: unknown key ''; known are include, sensor, capture, calendars, networks, limits, "
		"detectors, identity, geo, signatures, intel, services, content, policy, exceptions, alerts, redis, sinks, "
		"spool, evidence, quarantine, usage, privacy, state, control, metrics, log");
}

static void wrong_types_say_what_came(void **state)
{
	(void)state;
	expect_why("alerts: low\n", "t.yaml:1:9: alerts: expected a map, not 'low'");
	expect_why("alerts: [low]\n", "t.yaml:1:9: alerts: expected a map, not a list");
	expect_why("alerts: {rate_per_minute: many}\n",
		   "t.yaml:1:27: alerts.rate_per_minute: expected a number from 0 to 1000000, not "
		   "'many'");
	expect_why("alerts: {rate_per_minute: \"5\"}\n",
		   "t.yaml:1:27: alerts.rate_per_minute: expected a number from 0 to 1000000, not "
		   "the text '5'");
	expect_why("alerts: {rate_per_minute: 1.5}\n",
		   "t.yaml:1:27: alerts.rate_per_minute: expected a number from 0 to 1000000, not "
		   "'1.5'");
	expect_why(
		"limits: {flows: lots}\n",
		"t.yaml:1:17: limits.flows: expected a number from 1024 to 16777216, or auto, not "
		"'lots'");
	expect_why("alerts: {merge: soon}\n",
		   "t.yaml:1:17: alerts.merge: expected a duration such as 30s, 5m, 1h or 30d, not "
		   "'soon'");
	expect_why(
		"alerts: {merge: {}}\n",
		"t.yaml:1:17: alerts.merge: expected a duration such as 30s, 5m, 1h or 30d, not a "
		"map");
	expect_why("redis: {channel: 1}\n",
		   "t.yaml:1:18: redis.channel: expected true or false, not '1'");
	expect_why("redis: {channel: \"true\"}\n",
		   "t.yaml:1:18: redis.channel: expected true or false, not the text 'true'");
	expect_why("sensor: {name: [a]}\n", "t.yaml:1:16: sensor.name: expected text, not a list");
	expect_why("policy: {files: a.yaml}\n",
		   "t.yaml:1:17: policy.files: expected a list of paths, not 'a.yaml'");
	expect_why("policy: {files: [a, [b]]}\n",
		   "t.yaml:1:21: policy.files[1]: expected text, not a list");
	expect_why("networks: {}\n", "t.yaml:1:11: networks: expected a list of maps, not a map");
	expect_why("capture: {interfaces: all}\n",
		   "t.yaml:1:23: capture.interfaces: expected auto or a list of maps, not 'all'");
	expect_why(
		"capture: {interfaces: [eth0]}\n",
		"t.yaml:1:24: capture.interfaces[0]: expected a map with name, side, not 'eth0'");
	expect_why(
		"services: {tenants: [a]}\n",
		"t.yaml:1:21: services.tenants: expected a map of service to list of texts, not a "
		"list");
	expect_why("services: {tenants: {m365: a}}\n",
		   "t.yaml:1:28: services.tenants.m365: expected a list of texts, not 'a'");
	expect_why("- a\n", "t.yaml:1:1: expected keys and values at the top, not a list");
	expect_why("hello\n", "t.yaml:1:1: expected keys and values at the top, not a text");
}

static void numbers_out_of_range_say_the_range(void **state)
{
	(void)state;
	expect_why("capture:\n  buffer_mb: 0\n",
		   "t.yaml:2:14: capture.buffer_mb: 0 is out of range (1 to 16384)");
	expect_why("capture: {buffer_mb: -3}\n",
		   "t.yaml:1:22: capture.buffer_mb: -3 is out of range (1 to 16384)");
	expect_why("capture: {buffer_mb: 99999999999999999999}\n",
		   "t.yaml:1:22: capture.buffer_mb: 99999999999999999999 is out of range (1 to "
		   "16384)");
	expect_why("capture: {workers: 65}\n",
		   "t.yaml:1:20: capture.workers: 65 is out of range (1 to 64, or auto)");
	expect_why("alerts: {merge: 31d}\n",
		   "t.yaml:1:17: alerts.merge: 31d is out of range (1s to 30d)");
	expect_why("quarantine: {ttl: 9s}\n",
		   "t.yaml:1:19: quarantine.ttl: 9s is out of range (10s to 30d)");
	expect_why("intel: {feeds: [{name: a, file: b, confidence: 101}]}\n",
		   "t.yaml:1:48: intel.feeds[0].confidence: 101 is out of range (0 to 100)");
}

static void choices_say_what_there_is(void **state)
{
	(void)state;
	expect_why(
		"alerts: {minimum: hihg}\n",
		"t.yaml:1:19: alerts.minimum: expected low, medium, high or critical, not 'hihg'; "
		"did you mean 'high'?");
	expect_why("quarantine: {mode: shoot}\n",
		   "t.yaml:1:20: quarantine.mode: expected off, dry-run or enforce, not 'shoot'");
	expect_why("alerts: {format: [ecs]}\n",
		   "t.yaml:1:18: alerts.format: expected ecs, ocsf or eve, not a list");
	expect_why("alerts: {format: \"\"}\n",
		   "t.yaml:1:18: alerts.format: expected ecs, ocsf or eve, not the text ''");
}

static void texts_have_their_forms(void **state)
{
	(void)state;
	expect_why(
		"sensor: {name: \"a b\"}\n",
		"t.yaml:1:16: sensor.name: expected a name of letters, digits, '.', '_' and '-', "
		"not the text 'a b'");
	expect_why("sensor: {name: \"a\\tb\"}\n",
		   "t.yaml:1:16: sensor.name: the control character 0x09 is not allowed");
	expect_why(
		"sensor: {timezone: Europe/Brelin}\n",
		"t.yaml:1:20: sensor.timezone: expected a time zone that this system knows, such "
		"as UTC or Europe/Berlin, not 'Europe/Brelin'");
	expect_why(
		"sensor: {timezone: ../../../etc/passwd}\n",
		"t.yaml:1:20: sensor.timezone: expected a time zone that this system knows, such "
		"as UTC or Europe/Berlin, not '../../../etc/passwd'");
	expect_why("sensor: {timezone: \"\"}\n", "t.yaml:1:20: sensor.timezone: must not be empty");
	expect_why("capture: {interfaces: [{name: a-very-long-interface}]}\n",
		   "t.yaml:1:31: capture.interfaces[0].name: 21 characters are out of range (1 to "
		   "15)");
	expect_why("capture: {interfaces: [{name: a/b}]}\n",
		   "t.yaml:1:31: capture.interfaces[0].name: expected the name of a network "
		   "interface, such as eth0, not 'a/b'");
	expect_why("metrics: {listen: \":9477\"}\n",
		   "t.yaml:1:19: metrics.listen: expected ADDRESS:PORT, such as 127.0.0.1:9477 or "
		   "[::1]:9477, not the text ':9477'");
	expect_why("redis: {sentinel: [\"a:26379\", b]}\n",
		   "t.yaml:1:31: redis.sentinel[1]: expected HOST:PORT, not 'b'");
}

static void redis_urls_are_checked(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"http://x",        "redis:/x",        "redis://",       "redis://:6379",
		"redis://x:0",     "redis://x:65536", "redis://x:abc",  "redis://x/a",
		"redis://x:1/0/1", "redis://[::1",    "redis://[zz]",   "redis://[::1]x",
		"unix://tmp/x",    "unix:///",        "unix:///x?db=a", "unix:///x?y",
		"redis://x:1:2",   "redis://a b",     "redis://x/-1",   "127.0.0.1:6379",
	};
	static const char *const good[] = {
		"redis://127.0.0.1:6379/0",
		"redis://redis.example.com",
		"rediss://[2001:db8::1]:6380/15",
		"unix:///run/redis.sock",
		"unix:///run/redis.sock?db=2",
		"redis://x/",
		"",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[128], why[256];
		snprintf(text, sizeof(text), "redis: {url: \"%s\"}\n", bad[i]);
		snprintf(why, sizeof(why),
			 "t.yaml:1:14: redis.url: expected redis://HOST[:PORT][/DB], "
			 "rediss://HOST[:PORT][/DB] or unix:///PATH[?db=N], not the text '%s'",
			 bad[i]);
		expect_why(text, why);
	}
	expect_why(
		"redis: {url: \"redis://me:secret@x\"}\n",
		"t.yaml:1:14: redis.url: expected no user and no password in the url (they belong "
		"in redis.username and redis.password_file), not the text 'redis://***@x'");
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct fixture f;
		char text[128];
		fixture_init(&f);
		snprintf(text, sizeof(text), "redis: {url: \"%s\"}\n", good[i]);
		assert_string_equal(fixture_good(text, &f)->redis.url, good[i]);
		fixture_deinit(&f);
	}
}

static void syslog_urls_are_checked(void **state)
{
	(void)state;
	static const char *const bad[] = { "siem:514", "udp://", "udp://x:y", "unix://dev/log",
					   "udp://x/y" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[128], why[256];
		snprintf(text, sizeof(text), "sinks: {syslog: {url: \"%s\"}}\n", bad[i]);
		snprintf(why, sizeof(why),
			 "t.yaml:1:23: sinks.syslog.url: expected udp://HOST[:PORT], "
			 "tcp://HOST[:PORT], tls://HOST[:PORT] or unix:///PATH, not the text '%s'",
			 bad[i]);
		expect_why(text, why);
	}
}

static void zones_are_checked(void **state)
{
	(void)state;
	expect_why("networks:\n  - {name: a, prefixes: [10.0.0.0/8], vlan: 7, vni: 8}\n",
		   "t.yaml:2:5: networks: zone 'a' is told apart by vlan or by vni, not by both");
	expect_why("networks:\n  - {name: a, prefixes: [10.0.0.0/8], calendar: plant}\n",
		   "t.yaml:2:5: networks: zone 'a': there is no calendar 'plant' in calendars");
	expect_why("calendars:\n  - {name: a, hours: 8-18}\n",
		   "t.yaml:2:22: calendars[0].hours: expected two different times of the day, such "
		   "as 08:00-18:00, not '8-18'");
	expect_why(
		"calendars:\n  - {name: a, days: [mon, sunday]}\n",
		"t.yaml:2:27: calendars[0].days[1]: expected mon, tue, wed, thu, fri, sat or sun, not 'sunday'");
	expect_why("calendars:\n  - {name: a, holidays: [13-01]}\n",
		   "t.yaml:2:26: calendars[0].holidays[0]: expected a date, such as 2026-04-03, or "
		   "12-25 for each year, not '13-01'");
	expect_why("networks:\n  - {name: a}\n", "t.yaml:2:5: networks[0]: 'prefixes' is missing");
	expect_why("networks:\n  - {name: a, prefixes: }\n",
		   "t.yaml:2:5: networks[0]: 'prefixes' is missing");
	expect_why("networks:\n  - {name: a, prefixes: []}\n",
		   "t.yaml:2:25: networks[0].prefixes: must not be empty");
	expect_why("networks:\n  - {name: a, prefixes: [10.0.0.0/8, 10.0.0.0/33]}\n",
		   "t.yaml:2:38: networks[0].prefixes[1]: expected an address or prefix such as "
		   "10.1.0.0/16, not '10.0.0.0/33'");
	expect_why("networks:\n  - {name: a, prefixes: [10.0.0.0/8]}\n"
		   "  - {name: a, prefixes: [10.1.0.0/16]}\n",
		   "t.yaml:3:5: networks[1]: the name 'a' was given before, at t.yaml:2:5");
	expect_why("networks:\n  - {name: a, prefixes: [10.0.0.0/8]}\n"
		   "  - {name: b, prefixes: [10.1.2.3/8]}\n",
		   "t.yaml:3:5: networks: 10.0.0.0/8 is in zone 'a' already, at t.yaml:2:5");
}

static void exceptions_need_a_reason_an_end_and_a_bound(void **state)
{
	(void)state;
	expect_why("exceptions:\n  - {source: 10.1.2.3, expires: 2027-01-01}\n",
		   "t.yaml:2:5: exceptions[0]: 'reason' is missing");
	expect_why("exceptions:\n  - {source: 10.1.2.3, reason: x}\n",
		   "t.yaml:2:5: exceptions[0]: 'expires' is missing");
	expect_why("exceptions:\n  - {reason: x, expires: 2027-01-01}\n",
		   "t.yaml:2:5: exceptions: one without source, destination, port and rule would "
		   "silence everything");
	expect_why(
		"exceptions:\n  - {source: 10.1.2, reason: x, expires: 2027-01-01}\n",
		"t.yaml:2:14: exceptions[0].source: expected an address, a prefix, zone:NAME or a "
		"domain, not '10.1.2'");
	expect_why(
		"exceptions:\n  - {source: 'zone:', reason: x, expires: 2027-01-01}\n",
		"t.yaml:2:14: exceptions[0].source: expected an address, a prefix, zone:NAME or a "
		"domain, not the text 'zone:'");
	expect_why("exceptions:\n  - {port: 70000, reason: x, expires: 2027-01-01}\n",
		   "t.yaml:2:12: exceptions[0].port: 70000 is out of range (1 to 65535)");
	expect_why("exceptions:\n  - {port: 443, reason: x, expires: tomorrow}\n",
		   "t.yaml:2:37: exceptions[0].expires: expected a date such as 2027-01-01 or "
		   "2027-01-01T12:00:00Z, not 'tomorrow'");
	expect_why("exceptions:\n  - {port: 443, reason: x, expires: 2027-02-30}\n",
		   "t.yaml:2:37: exceptions[0].expires: expected a date such as 2027-01-01 or "
		   "2027-01-01T12:00:00Z, not '2027-02-30'");
	expect_why(
		"quarantine: {never: [host.example.com]}\n",
		"t.yaml:1:22: quarantine.never[0]: expected an address, a prefix or zone:NAME, not "
		"'host.example.com'");
}

static void detectors_are_checked(void **state)
{
	(void)state;
	expect_why("detectors:\n  dns_tunel: {}\n",
		   "t.yaml:2:3: unknown detector 'dns_tunel'; did you mean 'dns_tunnel'?");
	expect_why("detectors:\n  volcano: {}\n", "t.yaml:2:3: unknown detector 'volcano'");
	expect_why("detectors: {dns_tunnel: off}\n",
		   "t.yaml:1:25: detectors.dns_tunnel: expected a map such as {enabled: true}, not "
		   "'off'");
	expect_why("detectors: {dns_tunnel: {enbled: true}}\n",
		   "t.yaml:1:26: unknown key 'enbled' in detectors.dns_tunnel; did you mean "
		   "'enabled'?");
	expect_why("detectors: {dns_tunnel: {daily_byte: 1}}\n",
		   "t.yaml:1:26: unknown key 'daily_byte' in detectors.dns_tunnel; did you mean "
		   "'daily_bytes'?");
	expect_why("detectors: {dns_tunnel: {zzzzzzzzz: 1}}\n",
		   "t.yaml:1:26: unknown key 'zzzzzzzzz' in detectors.dns_tunnel");
	expect_why("detectors: {dns_tunnel: {enabled: 2}}\n",
		   "t.yaml:1:35: detectors.dns_tunnel.enabled: expected true or false, not '2'");
	expect_why("detectors: {dns_tunnel: {daily_bytes: 0}}\n",
		   "t.yaml:1:39: detectors.dns_tunnel.daily_bytes: 0 is out of range (1 to "
		   "1000000000)");
	expect_why(
		"detectors: {dns_tunnel: {daily_bytes: x}}\n",
		"t.yaml:1:39: detectors.dns_tunnel.daily_bytes: expected a whole number, not 'x'");
	expect_why("detectors: {dns_tunnel: {daily_bytes: [1]}}\n",
		   "t.yaml:1:39: detectors.dns_tunnel.daily_bytes: expected a whole number, not a "
		   "list");
	expect_why("detectors: {dns_tunnel: {window: 2d}}\n",
		   "t.yaml:1:34: detectors.dns_tunnel.window: 2d is out of range (1m to 1d)");
	expect_why("detectors: {dns_tunnel: {ratio: 1.5}}\n",
		   "t.yaml:1:33: detectors.dns_tunnel.ratio: 1.5 is out of range (0 to 1)");
	expect_why("detectors: {dns_tunnel: {strict: maybe}}\n",
		   "t.yaml:1:34: detectors.dns_tunnel.strict: expected true or false, not 'maybe'");
}

static void yaml_errors_come_through(void **state)
{
	(void)state;
	expect_why("a: &x 1\n", "t.yaml:1:4: an anchor (&x) is not allowed; write the value out");
	expect_why("log: {level: info}\nlog: {level: warn}\n",
		   "t.yaml:2:1: the key 'log' was given before, at t.yaml:1:1");
}

static void hostile_text_is_quoted_in_messages(void **state)
{
	(void)state;
	expect_why(
		"\"a\\x1b[31m\": 1\n",
		"t.yaml:1:1: unknown key 'a\\x1b[31m'; known are include, sensor, capture, calendars, "
		"networks, limits, detectors, identity, geo, signatures, intel, services, content, policy, exceptions, "
		"alerts, redis, sinks, spool, evidence, quarantine, usage, privacy, state, control, "
		"metrics, log");
	char text[5000] = "alerts: {format: ";
	memset(text + strlen(text), 'x', 4000);
	strcat(text, "}\n");
	expect_why(text, "t.yaml:1:18: alerts.format: expected ecs, ocsf or eve, not "
			 "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'");
}

static void assignments_name_their_key(void **state)
{
	(void)state;
	expect_set_why("alrts.minimum=low",
		       "--set alrts.minimum: unknown key 'alrts'; did you mean 'alerts'?");
	expect_set_why(
		"alerts.minimum=lo",
		"--set alerts.minimum: alerts.minimum: expected low, medium, high or critical, "
		"not 'lo'; did you mean 'low'?");
	expect_set_why(
		"capture.buffer_mb=0",
		"--set capture.buffer_mb: capture.buffer_mb: 0 is out of range (1 to 16384)");
	expect_set_why(
		"capture.buffer_mb=",
		"--set capture.buffer_mb: capture.buffer_mb: expected a number from 1 to 16384, "
		"not the text ''");
	expect_set_why("capture.buffer_mb.x=1",
		       "--set capture.buffer_mb.x: capture.buffer_mb: expected a number from 1 to "
		       "16384, not a map");
	expect_set_why(
		"detectors.dns_tunnel.daily_bytes=0",
		"--set detectors.dns_tunnel.daily_bytes: detectors.dns_tunnel.daily_bytes: 0 is "
		"out of range (1 to 1000000000)");
	expect_set_why("alerts", "--set alerts: expected KEY=VALUE, such as alerts.minimum=high");
	expect_set_why("=1", "--set : a part of the key is empty");
	expect_set_why("a..b=1", "--set a..b: a part of the key is empty");
	expect_set_why("a.b.c.d.e.f.g.h.i=1", "--set a.b.c.d.e.f.g.h.i: a key has at most 8 parts");
	expect_set_why("include=x", "--set include: include works in a file only");
	expect_set_why("sensor.name=\xff", "--set sensor.name: the value is not UTF-8");
	expect_set_why("networks=", "--set networks: a value is missing behind '='");
	expect_set_why("networks=[", "--set networks:2:1: did not find expected node content while "
				     "parsing a flow node");
	expect_set_why(
		"networks=[{name: a, prefixes: [x]}]",
		"--set networks: networks[0].prefixes[0]: expected an address or prefix such "
		"as 10.1.0.0/16, not 'x'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unknown_keys_suggest_the_nearest),
		cmocka_unit_test(unknown_keys_without_a_near_one_list_the_known),
		cmocka_unit_test(wrong_types_say_what_came),
		cmocka_unit_test(numbers_out_of_range_say_the_range),
		cmocka_unit_test(choices_say_what_there_is),
		cmocka_unit_test(texts_have_their_forms),
		cmocka_unit_test(redis_urls_are_checked),
		cmocka_unit_test(syslog_urls_are_checked),
		cmocka_unit_test(zones_are_checked),
		cmocka_unit_test(exceptions_need_a_reason_an_end_and_a_bound),
		cmocka_unit_test(detectors_are_checked),
		cmocka_unit_test(yaml_errors_come_through),
		cmocka_unit_test(hostile_text_is_quoted_in_messages),
		cmocka_unit_test(assignments_name_their_key),
	};
	return cmocka_run_group_tests_name("config/errors", tests, NULL, NULL);
}
