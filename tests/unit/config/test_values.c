/* Tests of config/config: every type of value, defaults, --set, and that printing loads back. */
#include "fixture.h"

static const char full[] =
	"sensor: {name: gw-1, timezone: UTC}\n"
	"capture:\n"
	"  interfaces: [{name: eth1, side: inside}, {name: br0.20}]\n"
	"  filter: not port 22\n"
	"  workers: 4\n"
	"  buffer_mb: 128\n"
	"networks:\n"
	"  - {name: office, prefixes: [10.1.0.0/16, 2001:db8::/32], model: private, owner: it-team,\n"
	"     data: internal}\n"
	"  - {name: prod-vpc, prefixes: [10.8.0.0/14], vni: 4711, model: iaas, tags: [crown-jewels]}\n"
	"  - {name: test, prefixes: [10.8.0.0/14], vni: 0}\n"
	"limits: {memory_mb: 512, flows: auto, undecided: auto, disk_mb: 4096}\n"
	"detectors:\n"
	"  dns_tunnel: {enabled: no, daily_bytes: 9000, window: 5m, ratio: 0.333333333333, strict: yes}\n"
	"  beacon:\n"
	"signatures: {directories: [/a, /b]}\n"
	"intel: {feeds: [{name: feodo, file: /x/feodo.csv, confidence: 70, expires: 36h}]}\n"
	"services: {files: [/s.yaml], sanctioned: [microsoft365], tenants: {microsoft365: "
	"[acme.sharepoint.com], box: []}}\n"
	"policy: {files: []}\n"
	"exceptions:\n"
	"  - {source: 10.1.2.3, destination: '*.Backup.example.com.', port: 443, rule: upload_volume,\n"
	"     reason: nightly backup, expires: 2027-01-01}\n"
	"  - {source: 'zone:office', destination: 2001:db8::1, reason: \"a \\\"quoted\\\" \xc3\xa9\",\n"
	"     expires: 2027-01-01T12:00:00Z}\n"
	"alerts: {minimum: high, merge: 90m, rate_per_minute: 60, format: ocsf}\n"
	"redis: {url: 'redis://127.0.0.1:6379/0', prefix: 'x:', username: exfild, password_file: /p,\n"
	"  stream_maxlen: 1000, channel: false, stream: off, list: on, sentinel: ['a:26379'],\n"
	"  sentinel_name: m, cluster: true, ca_file: /ca.pem}\n"
	"sinks: {file: {path: /var/log/a.json}, syslog: {url: 'udp://siem:514', format: json}, "
	"journal: true}\n"
	"spool: {directory: /spool}\n"
	"evidence: {directory: /ev, kb_per_flow: 0, max_mb: 1}\n"
	"quarantine: {mode: enforce, ttl: 30m, max: 1, per_minute: 2, never: [10.1.0.1, zone:mgmt]}\n"
	"usage: {database: /u.db, keep_days: 30, per_user: true}\n"
	"privacy: {users: clear, urls: full, keep_days: {lookback: 1, baselines: 2, evidence: 3}}\n"
	"state: {directory: /state}\n"
	"control: {socket: /c.sock}\n"
	"metrics: {listen: ''}\n"
	"log: {level: debug, format: json}\n";

static void defaults_need_no_file(void **state)
{
	(void)state;
	struct fixture f;
	fixture_init(&f);
	assert_int_equal(config_load(&f.options, &f.config, f.why, sizeof(f.why)), 0);
	const struct config *c = f.config;
	assert_string_equal(c->sensor.name, "");
	assert_string_equal(c->sensor.timezone, "UTC");
	assert_null(c->capture.interfaces);
	assert_int_equal(c->capture.interface_count, 0);
	assert_int_equal(c->capture.workers, 0);
	assert_int_equal(c->capture.buffer_mb, 64);
	assert_string_equal(c->capture.filter, "");
	assert_int_equal(c->zone_count, 0);
	assert_int_equal(c->limits.memory_mb, 0);
	assert_int_equal(c->limits.undecided, 65536);
	assert_int_equal(c->limits.disk_mb, 2048);
	assert_int_equal(c->signatures.directory_count, 2);
	assert_string_equal(c->signatures.directories[1], "/etc/exfild/signatures");
	assert_int_equal(c->alerts.minimum, 21);
	assert_int_equal(c->alerts.merge_s, 3600);
	assert_int_equal(c->alerts.rate_per_minute, 600);
	assert_string_equal(c->alerts.format, "ecs");
	assert_string_equal(c->redis.url, "");
	assert_string_equal(c->redis.prefix, "exfild:");
	assert_true(c->redis.channel && c->redis.stream && !c->redis.list);
	assert_string_equal(c->sinks.file_path, "");
	assert_string_equal(c->quarantine.mode, "dry-run");
	assert_string_equal(c->log.level, "info");
	assert_int_equal(c->section_count, 2);
	assert_true(c->sections[0].enabled);
	assert_int_equal(f.target[0].daily_bytes, 4096);
	assert_int_equal(f.target[1].window_s, 3600);
	fixture_deinit(&f);
}

static void check_lists_of_maps(const struct config *c)
{
	assert_int_equal(c->capture.interface_count, 2);
	assert_string_equal(c->capture.interfaces[0].side, "inside");
	assert_string_equal(c->capture.interfaces[1].name, "br0.20");
	assert_string_equal(c->capture.interfaces[1].side, "auto");
	assert_int_equal(c->zone_count, 3);
	assert_int_equal(c->zones[0].prefix_count, 2);
	assert_int_equal(c->zones[0].prefixes[0].bits, 96 + 16);
	assert_int_equal(c->zones[0].prefixes[1].bits, 32);
	assert_false(c->zones[0].has_vni);
	assert_string_equal(c->zones[0].owner, "it-team");
	assert_string_equal(c->zones[0].place, "t.yaml:8:5");
	assert_true(c->zones[1].has_vni);
	assert_int_equal(c->zones[1].vni, 4711);
	assert_string_equal(c->zones[1].data, "");
	assert_string_equal(c->zones[1].tags[0], "crown-jewels");
	assert_true(c->zones[2].has_vni);
	assert_int_equal(c->zones[2].vni, 0);
	assert_string_equal(c->zones[2].model, "");
	assert_int_equal(c->intel.feed_count, 1);
	assert_string_equal(c->intel.feeds[0].format, "auto");
	assert_int_equal(c->intel.feeds[0].expires_s, 36 * 3600);
	assert_int_equal(c->services.tenant_count, 2);
	assert_string_equal(c->services.tenants[0].service, "microsoft365");
	assert_string_equal(c->services.tenants[0].names[0], "acme.sharepoint.com");
	assert_int_equal(c->services.tenants[1].name_count, 0);
}

static void check_exceptions(const struct config *c)
{
	const struct config_exception *e = c->exceptions;
	assert_int_equal(c->exception_count, 2);
	assert_int_equal(e[0].source.kind, CONFIG_PEER_PREFIX);
	assert_int_equal(e[0].source.prefix.bits, 128);
	assert_int_equal(e[0].destination.kind, CONFIG_PEER_DOMAIN);
	assert_string_equal(e[0].destination.name, "backup.example.com");
	assert_string_equal(e[0].destination.text, "*.Backup.example.com.");
	assert_int_equal(e[0].port, 443);
	assert_string_equal(e[0].reason, "nightly backup");
	assert_true(e[0].expires.ns == 1798761600ull * 1000000000ull);
	assert_int_equal(e[1].source.kind, CONFIG_PEER_ZONE);
	assert_string_equal(e[1].source.name, "office");
	assert_int_equal(e[1].destination.kind, CONFIG_PEER_PREFIX);
	assert_int_equal(e[1].port, 0);
	assert_string_equal(e[1].rule, "");
	assert_string_equal(e[1].reason, "a \"quoted\" \xc3\xa9");
}

static void check_single_values(const struct config *c)
{
	assert_string_equal(c->capture.filter, "not port 22");
	assert_int_equal(c->capture.workers, 4);
	assert_int_equal(c->limits.memory_mb, 512);
	assert_int_equal(c->limits.flows, 0);
	assert_int_equal(c->limits.undecided, 65536);
	assert_int_equal(c->policy.file_count, 0);
	assert_int_equal(c->alerts.minimum, 73);
	assert_int_equal(c->alerts.merge_s, 5400);
	assert_string_equal(c->alerts.format, "ocsf");
	assert_string_equal(c->redis.url, "redis://127.0.0.1:6379/0");
	assert_true(!c->redis.channel && !c->redis.stream && c->redis.list && c->redis.cluster);
	assert_string_equal(c->redis.sentinels[0], "a:26379");
	assert_string_equal(c->sinks.file_path, "/var/log/a.json");
	assert_string_equal(c->sinks.syslog_format, "json");
	assert_true(c->sinks.journal);
	assert_int_equal(c->evidence.kb_per_flow, 0);
	assert_string_equal(c->quarantine.mode, "enforce");
	assert_int_equal(c->quarantine.ttl_s, 1800);
	assert_int_equal(c->quarantine.never_count, 2);
	assert_int_equal(c->quarantine.never[1].kind, CONFIG_PEER_ZONE);
	assert_true(c->usage.per_user);
	assert_string_equal(c->privacy.users, "clear");
	assert_int_equal(c->privacy.baselines_days, 2);
	assert_string_equal(c->metrics.listen, "");
	assert_string_equal(c->log.format, "json");
}

static void every_key_arrives(void **state)
{
	(void)state;
	struct fixture f;
	fixture_init(&f);
	const struct config *c = fixture_good(full, &f);
	check_lists_of_maps(c);
	check_exceptions(c);
	check_single_values(c);
	assert_false(c->sections[0].enabled);
	assert_int_equal(f.target[0].daily_bytes, 9000);
	assert_int_equal(f.target[0].window_s, 300);
	assert_true(f.target[0].ratio == 0.333333333333);
	assert_true(f.target[0].is_strict);
	assert_true(c->sections[1].enabled);
	assert_non_null(strstr(f.warnings, "config: quarantine.never: there is no zone 'mgmt' in "
					   "networks\n"));
	fixture_deinit(&f);
}

/* Is the key marked as not in effect yet? */
static bool is_later(const char *key)
{
	struct buf out;
	char start[64];
	buf_init(&out, 1 << 20);
	config_print_schema(&out);
	snprintf(start, sizeof(start), "\n%s\t", key);
	const char *row = strstr(out.data, start);
	assert_non_null(row);
	const char *mark = strstr(row, "\tnot in effect yet\t"), *end = strchr(row + 1, '\n');
	bool later = mark && mark < end;
	buf_deinit(&out);
	return later;
}

/* The marks go away one by one as parts arrive, so the test asks the table for them. */
static void keys_without_effect_are_named_once(void **state)
{
	(void)state;
	static const char *const keys[] = { "exceptions", "quarantine.mode", "log.format" };
	struct fixture f;
	char want[512] = "";
	fixture_init(&f);
	for (size_t i = 0; i < 3; i++) {
		if (is_later(keys[i]))
			sprintf(want + strlen(want), "%s%s", want[0] ? ", " : "", keys[i]);
	}
	fixture_good("quarantine: {mode: enforce, ttl: 1h}\nlog: {format: json}\n"
		     "exceptions: [{port: 1, reason: x, expires: 2027-01-01}]\n",
		     &f);
	const char *before = "config: accepted, but not in effect in this version: ";
	if (want[0]) {
		assert_memory_equal(f.warnings, before, strlen(before));
		assert_memory_equal(f.warnings + strlen(before), want, strlen(want));
		assert_string_equal(f.warnings + strlen(before) + strlen(want), "\n");
	}
	f.warnings[0] = '\0';
	fixture_good("quarantine: {mode: dry-run}\nalerts: {minimum: high}\n", &f);
	assert_string_equal(f.warnings, "");
	fixture_deinit(&f);
}

/* Prints, loads what was printed, prints again: the same bytes, so nothing was lost. */
static void expect_round_trip(const char *text)
{
	struct fixture f;
	fixture_init(&f);
	char *first = fixture_print(fixture_good(text, &f));
	char *second = fixture_print(fixture_good(first, &f));
	assert_string_equal(first, second);
	free(first);
	free(second);
	fixture_deinit(&f);
}

static void printing_loads_back(void **state)
{
	(void)state;
	expect_round_trip("");
	expect_round_trip(full);
	struct fixture f;
	fixture_init(&f);
	char *first = fixture_print(fixture_good(full, &f));
	const struct config *c = fixture_good(first, &f);
	check_single_values(c);
	check_exceptions(c);
	assert_int_equal(c->zone_count, 3);
	assert_true(c->zones[2].has_vni);
	assert_true(f.target[0].ratio == 0.333333333333);
	assert_false(c->sections[0].enabled);
	free(first);
	fixture_deinit(&f);
}

static void strange_texts_load_back(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"true",    "null",    "~",          "5",           "-",    "- a", "#x",
		"a: b",    "a #b",    "'",          "\\\"",        "\\\\", " a ", "\\u00a0",
		"\\u2028", "\\ufeff", "\\x85",      "\\U0001F600", "*a",   "&a",  "!a",
		"[",       "{",       "%a",         "@a",          "`a",   "? a", "10.0.0.1",
		"1e3",     "0x10",    "2027-01-01", "=",           "<<",
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct fixture f;
		char text[128];
		fixture_init(&f);
		snprintf(text, sizeof(text), "redis: {prefix: \"%s\"}\n", texts[i]);
		const struct config *c = fixture_good(text, &f);
		char *before = strdup(c->redis.prefix), *printed = fixture_print(c);
		assert_string_equal(fixture_good(printed, &f)->redis.prefix, before);
		free(before);
		free(printed);
		fixture_deinit(&f);
	}
}

static void long_lists_print_one_item_a_line(void **state)
{
	(void)state;
	struct fixture f;
	char text[8192] = "signatures: {directories: [";
	for (unsigned i = 0; i < 100; i++)
		sprintf(text + strlen(text), "%s/folder/%u", i ? ", " : "", i);
	strcat(text, "]}\n");
	expect_round_trip(text);
	fixture_init(&f);
	char *printed = fixture_print(fixture_good(text, &f));
	assert_non_null(strstr(printed, "  directories:\n    - /folder/0\n    - /folder/1\n"));
	free(printed);
	fixture_deinit(&f);
}

static void no_value_keeps_the_default(void **state)
{
	(void)state;
	struct fixture f;
	fixture_init(&f);
	const struct config *c =
		fixture_good("redis:\nalerts: {merge: , minimum: ~}\nnetworks: null\n", &f);
	assert_int_equal(c->alerts.merge_s, 3600);
	assert_int_equal(c->alerts.minimum, 21);
	fixture_deinit(&f);
}

static void folded_text_loses_its_line_end(void **state)
{
	(void)state;
	struct fixture f;
	fixture_init(&f);
	const struct config *c =
		fixture_good("capture:\n  filter: >\n    port 53\n    or port 443\n", &f);
	assert_string_equal(c->capture.filter, "port 53 or port 443");
	fixture_deinit(&f);
}

static void assignments_win_over_the_file(void **state)
{
	(void)state;
	static const char *const sets[] = {
		"alerts.minimum=critical",
		"capture.filter=host 10.0.0.1 and port 53: # no comment",
		"signatures.directories=[/x, /y]",
		"networks=[{name: lab, prefixes: [192.0.2.0/24]}]",
		"detectors.dns_tunnel.daily_bytes=77",
		"detectors.beacon.enabled=false",
		"services.tenants.box=[acme.box.com]",
		"capture.workers=auto",
		"sensor.name='quoted'",
		"redis.prefix=",
		"privacy.keep_days.evidence=9",
		"capture.interfaces=[{name: eth7}]",
	};
	struct fixture f;
	fixture_init(&f);
	f.options.sets = sets;
	f.options.set_count = sizeof(sets) / sizeof(sets[0]);
	const struct config *c = fixture_good("alerts: {minimum: low}\ncapture: {workers: 3}\n"
					      "networks: [{name: a, prefixes: [10.0.0.0/8]}]\n",
					      &f);
	assert_int_equal(c->alerts.minimum, 99);
	assert_string_equal(c->capture.filter, "host 10.0.0.1 and port 53: # no comment");
	assert_string_equal(c->signatures.directories[1], "/y");
	assert_int_equal(c->zone_count, 2);
	assert_string_equal(c->zones[1].name, "lab");
	assert_string_equal(c->zones[1].place, "--set networks");
	assert_int_equal(f.target[0].daily_bytes, 77);
	assert_false(c->sections[1].enabled);
	assert_string_equal(c->services.tenants[0].service, "box");
	assert_int_equal(c->capture.workers, 0);
	assert_string_equal(c->sensor.name, "quoted");
	assert_string_equal(c->redis.prefix, "");
	assert_int_equal(c->privacy.evidence_days, 9);
	assert_string_equal(c->capture.interfaces[0].name, "eth7");
	fixture_deinit(&f);
}

static void time_zones_of_the_system_are_known(void **state)
{
	(void)state;
	struct fixture f;
	char folder[] = "/tmp/exfild-zone-XXXXXX", path[64];
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/Here", folder);
	write_file(path, "TZif");
	setenv("TZDIR", folder, 1);
	fixture_init(&f);
	assert_string_equal(fixture_good("sensor: {timezone: Here}\n", &f)->sensor.timezone,
			    "Here");
	fixture_deinit(&f);
	unsetenv("TZDIR");
	remove(path);
	remove(folder);
}

static void detectors_are_skipped_by_who_knows_none(void **state)
{
	(void)state;
	struct fixture f;
	fixture_init(&f);
	f.options.sections = NULL;
	f.options.section_count = 0;
	const struct config *c = fixture_good("detectors: {dns_tunnel: {daily_bytes: x}}\n", &f);
	assert_int_equal(c->section_count, 0);
	fixture_deinit(&f);
}

static void schema_is_complete_lines(void **state)
{
	(void)state;
	struct buf out;
	unsigned lines = 0, tabs = 0;
	buf_init(&out, 1 << 20);
	config_print_schema(&out);
	for (size_t i = 0; i < out.len; i++) {
		lines += out.data[i] == '\n';
		tabs += out.data[i] == '\t';
	}
	assert_true(lines > 100);
	assert_int_equal(tabs, 5 * lines);
	assert_non_null(
		strstr(out.data, "\nredis.stream_maxlen\tnumber\t100 to 1000000000\t100000\t\t"));
	assert_non_null(strstr(out.data, "\nnetworks[].vni\tnumber\t0 to 16777215\tnone\t"));
	buf_deinit(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_need_no_file),
		cmocka_unit_test(every_key_arrives),
		cmocka_unit_test(keys_without_effect_are_named_once),
		cmocka_unit_test(printing_loads_back),
		cmocka_unit_test(strange_texts_load_back),
		cmocka_unit_test(long_lists_print_one_item_a_line),
		cmocka_unit_test(no_value_keeps_the_default),
		cmocka_unit_test(folded_text_loses_its_line_end),
		cmocka_unit_test(assignments_win_over_the_file),
		cmocka_unit_test(time_zones_of_the_system_are_known),
		cmocka_unit_test(detectors_are_skipped_by_who_knows_none),
		cmocka_unit_test(schema_is_complete_lines),
	};
	return cmocka_run_group_tests_name("config/values", tests, NULL, NULL);
}
