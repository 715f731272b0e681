/*
 * Holds the JSON rendering.  With --samples it prints alerts of every severity, with hostile bytes
 * and over-full, for check_schema.py to hold against docs/alert.schema.json.
 */
#include <float.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "unit/alert/samples.h"

static const char hostile[] = "\033]0;owned\a\033[2J\r\n\"}\\u0000 \x9b"
			      "31m \xc2\x9b \xe2\x80\xae \xff\xfe\x7f";

static struct buf render(const struct alert *a, const struct alert_options *o)
{
	struct buf out;
	buf_init(&out, 65536);
	alert_json(a, o, &out);
	assert_false(out.full);
	assert_true(out.len > 0 && out.len < ALERT_LINE_MAX);
	assert_int_equal(out.data[0], '{');
	assert_int_equal(out.data[out.len - 1], '}');
	for (size_t i = 0; i < out.len; i++) {
		unsigned char c = (unsigned char)out.data[i];
		assert_true(c >= 0x20 && c != 0x7f);
	}
	return out;
}

static void assert_has(const struct buf *out, const char *part)
{
	if (!strstr(out->data, part))
		fail_msg("%s is not in %s", part, out->data);
}

static void assert_has_not(const struct buf *out, const char *part)
{
	if (strstr(out->data, part))
		fail_msg("%s is in %s", part, out->data);
}

static void names_are_those_of_ecs(void **state)
{
	static const char *const parts[] = {
		"\"@timestamp\":\"2026-11-23T19:58:00.000000Z\"",
		"\"ecs\":{\"version\":\"8.17.0\"}",
		"\"event\":{\"id\":\"fedcba9876543210fedcba9876543210\",\"kind\":\"alert\","
		"\"category\":[\"network\",\"intrusion_detection\"],\"type\":[\"info\"],"
		"\"action\":\"dns_tunnel\",\"severity\":73,\"risk_score\":66.4,",
		"\"reason\":\"6.1 kB of new information in 412 distinct names (limit 4 kB a day); "
		"labels of 57 characters with 4.9 bits each; 1 of 812 hosts talks to this domain\"",
		"\"start\":\"2026-11-23T19:00:00.000000Z\",\"end\":\"2026-11-23T19:58:00.000000Z\"",
		"\"dataset\":\"exfild.alert\",\"sequence\":1}",
		"\"rule\":{\"id\":\"dns_tunnel\",\"name\":\"Data in DNS names\"",
		"\"reference\":\"https://attack.mitre.org/techniques/T1048/003/\"",
		"\"threat\":{\"framework\":\"MITRE ATT&CK\",\"tactic\":{\"id\":[\"TA0010\",\"TA0011\"],"
		"\"name\":[\"Exfiltration\",\"Command and Control\"]},\"technique\":{\"id\":[\"T1048\",\"T1071\"],\"name\":["
		"\"Exfiltration Over Alternative Protocol\",\"Application Layer Protocol\"],"
		"\"subtechnique\":{\"id\":[\"T1048.003\",\"T1071.004\"],\"name\":["
		"\"Exfiltration Over Unencrypted Non-C2 Protocol\",\"DNS\"]}}}",
		"\"source\":{\"ip\":\"10.1.4.23\",\"mac\":\"02-42-AC-11-00-2A\",\"domain\":\"ws-114\","
		"\"bytes\":48200,\"packets\":482}",
		"\"destination\":{\"ip\":\"10.0.0.53\",\"port\":53,\"domain\":\"evil.example\"",
		"\"dns\":{\"question\":{\"name\":\"mzxw6ytboi4dsmrr.evil.example\",\"type\":\"TXT\"}}",
		"\"network\":{\"transport\":\"udp\",\"type\":\"ipv4\",\"protocol\":\"dns\","
		"\"direction\":\"internal\",\"community_id\":\"1:LQU9qZlK+B5F3KDmev6m5PMibrg=\","
		"\"vlan\":{\"id\":\"12\"}}",
		"\"related\":{\"ip\":[\"10.1.4.23\",\"10.0.0.53\",\"198.51.100.7\"],"
		"\"hosts\":[\"ws-114\",\"evil.example\"]}",
		"\"observer\":{\"name\":\"gw-1\",\"type\":\"sensor\"",
		"\"exfild\":{\"schema\":1,\"mode\":\"replay\",\"session\":\"replay\"",
		"{\"feature\":\"new_information\",\"value\":6100,\"text\":\"6.1 kB of new information in "
		"412 distinct names (limit 4 kB a day)\",\"baseline\":120,\"limit\":4096,"
		"\"weight\":0.6,\"contribution\":0.55}",
		"{\"feature\":\"rarity\",\"value\":1,\"text\":\"1 of 812 hosts talks to this domain\","
		"\"weight\":0.15,\"contribution\":0.12}",
		"\"counterfactual\":\"silent below 4 kB a day\"",
		"\"visibility\":\"clear\"",
		"\"evidence\":{\"events\":412,\"object\":\"evil.example\",\"packets\":[100,107,",
		"\"silence\":\"exceptions: [{source: \\\"10.1.4.23\\\", destination: "
		"\\\"evil.example\\\", rule: \\\"dns_tunnel\\\", reason: \\\"say why\\\", expires: "
		"2026-12-23}]\"",
	};
	struct finding f = sample_finding();
	struct alert a = sample_alert(&f);
	struct alert_options o = sample_options();
	struct buf out = render(&a, &o);
	(void)state;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		assert_has(&out, parts[i]);
	assert_has_not(&out, "\"created\"");
	assert_has_not(&out, "\"cut\"");
	assert_has_not(&out, "null");
	buf_deinit(&out);
}

static void a_file_has_its_name_size_and_digests(void **state)
{
	static const char md5[] = "900150983cd24fb0d6963f7d28e17f72";
	struct finding f = sample_finding();
	struct alert_options o = sample_options();
	(void)state;
	str_copy(f.file.name, sizeof(f.file.name), "setup.exe");
	str_copy(f.file.md5, sizeof(f.file.md5), md5);
	str_copy(f.indicator.type, sizeof(f.indicator.type), "file");
	str_copy(f.indicator.value, sizeof(f.indicator.value), md5);
	f.file.size = 3;
	struct alert a = sample_alert(&f);
	struct buf out = render(&a, &o);
	assert_has(&out, "\"file\":{\"name\":\"setup.exe\",\"size\":3,\"hash\":{\"md5\":"
			 "\"900150983cd24fb0d6963f7d28e17f72\"}}");
	assert_has(&out, "\"indicator\":{\"type\":\"file\",\"name\":"
			 "\"900150983cd24fb0d6963f7d28e17f72\",\"file\":{\"hash\":{\"md5\":"
			 "\"900150983cd24fb0d6963f7d28e17f72\"}}");
	buf_deinit(&out);
	o.form = ALERT_EVE;
	buf_init(&out, 1u << 20);
	alert_line(&a, &o, &out);
	assert_has(&out, "\"fileinfo\":{\"filename\":\"setup.exe\",\"size\":3,\"md5\":");
	buf_deinit(&out);
	o.form = ALERT_OCSF;
	buf_init(&out, 1u << 20);
	alert_line(&a, &o, &out);
	assert_has(&out, "\"file\":{\"name\":\"setup.exe\",\"type_id\":1,\"type\":\"Regular File\","
			 "\"size\":3,\"hashes\":[{\"algorithm_id\":1,\"algorithm\":\"MD5\","
			 "\"value\":\"900150983cd24fb0d6963f7d28e17f72\"}]}");
	assert_has(&out,
		   "\"name\":\"evidences.file.hashes.value\",\"type_id\":8,\"type\":\"Hash\"");
	buf_deinit(&out);
	buf_init(&out, 1u << 20);
	alert_cef(&a, &o, &out);
	assert_has(&out, " fname=setup.exe fsize=3 fileHash=900150983cd24fb0d6963f7d28e17f72 ");
	buf_deinit(&out);
}

static void wall_clock_only_when_live(void **state)
{
	struct finding f = sample_finding();
	struct alert a = sample_alert(&f);
	struct alert_options o = sample_options();
	(void)state;
	o.mode = "live";
	struct buf out = render(&a, &o);
	assert_has(&out, "\"created\":\"2");
	buf_deinit(&out);
}

static void bare_finding_is_an_alert(void **state)
{
	struct finding f;
	struct alert a;
	struct alert_options o;
	(void)state;
	finding_init(&f, "x", "x", "X");
	memset(&a, 0, sizeof(a));
	memset(&o, 0, sizeof(o));
	a.finding = f;
	struct buf out = render(&a, &o);
	assert_has(&out, "\"message\":\"X: unknown source\"");
	assert_has_not(&out, "\"source\"");
	assert_has_not(&out, "\"threat\"");
	buf_deinit(&out);
}

static void hostile_bytes_stay_text(void **state)
{
	struct finding f = sample_finding();
	struct alert_options o = sample_options();
	(void)state;
	str_copy(f.object, sizeof(f.object), hostile);
	str_copy(f.domain, sizeof(f.domain), hostile);
	str_copy(f.message, sizeof(f.message), hostile);
	str_copy(f.features[0].text, sizeof(f.features[0].text), hostile);
	str_copy(f.filter, sizeof(f.filter), hostile);
	struct alert a = sample_alert(&f);
	struct buf out = render(&a, &o); /* refuses control bytes */
	assert_has_not(&out, "\xc2\x9b");
	assert_has_not(&out, "\xe2\x80\xae");
	assert_has_not(&out, "\xff");
	assert_has(&out, "\\u001b]0;owned");
	buf_deinit(&out);
}

static void monsters_are_cut_in_order(void **state)
{
	static const char fills[] = { 'a', '"', '\001', '\xff' };
	struct alert_options o = sample_options();
	char long_name[256];
	(void)state;
	memset(long_name, 1, sizeof(long_name) - 1);
	long_name[255] = '\0';
	o.sensor_name = long_name;
	for (size_t i = 0; i < sizeof(fills); i++) {
		struct finding f = sample_monster(fills[i]);
		struct alert a = sample_alert(&f);
		memset(a.source_name, fills[i], sizeof(a.source_name) - 1);
		memset(a.destination_name, fills[i], sizeof(a.destination_name) - 1);
		memset(a.source_zone, fills[i], sizeof(a.source_zone) - 1);
		memset(a.destination_zone, fills[i], sizeof(a.destination_zone) - 1);
		memset(a.responsibility, fills[i], sizeof(a.responsibility) - 1);
		a.sequence = a.count = UINT64_MAX;
		a.revision = UINT32_MAX;
		a.chain_count = FUSION_LINKS;
		for (unsigned k = 0; k < FUSION_LINKS; k++)
			a.chain[k] = (struct fusion_link){ FINDING_LATERAL, "rule", UINT64_MAX, 1 };
		struct buf out = render(&a, &o);
		assert_has(&out, "\"cut\":[\"next_steps\"");
		assert_has_not(&out, "\"next_steps\":[");
		buf_deinit(&out);
	}
}

static void what_fits_is_not_cut_further(void **state)
{
	struct finding f = sample_finding();
	struct alert_options o = sample_options();
	(void)state;
	/* Too long by its next steps alone. */
	for (unsigned i = 0; i < FINDING_STEPS; i++) {
		memset(f.next_steps[i], 1, sizeof(f.next_steps[i]) - 1);
		f.next_steps[i][sizeof(f.next_steps[i]) - 1] = '\0';
	}
	f.step_count = FINDING_STEPS;
	memset(f.not_harmless, 1, sizeof(f.not_harmless) - 1);
	struct alert a = sample_alert(&f);
	struct buf out = render(&a, &o);
	assert_has(&out, "\"cut\":[\"next_steps\"]");
	assert_has(&out, "\"related\":{");
	assert_has(&out, "\"packets\":[100,");
	buf_deinit(&out);
}

static void numbers_are_always_numbers(void **state)
{
	struct finding f = sample_finding();
	struct alert_options o = sample_options();
	(void)state;
	f.features[0].value = NAN;
	f.features[1].value = INFINITY;
	f.features[1].limit = -INFINITY;
	f.features[2].value = DBL_MAX; /* rounds up to what a reader takes for infinite */
	f.score = NAN;
	struct alert a = sample_alert(&f);
	a.risk_score = NAN;
	struct buf out = render(&a, &o);
	assert_has_not(&out, "null");
	assert_has_not(&out, "nan");
	assert_has_not(&out, "inf\"");
	assert_has_not(&out, "1.798e");
	buf_deinit(&out);
}

static void counts_are_told_once_merged(void **state)
{
	struct finding f = sample_finding();
	struct alert a = sample_alert(&f);
	struct alert_options o = sample_options();
	(void)state;
	a.count = 12;
	a.revision = 2;
	struct buf out = render(&a, &o);
	assert_has(&out,
		   "(12 findings merged: 48.2 kB sent, 91 kB received in 412 events in 58 min)");
	assert_has(&out, "\"revision\":2");
	assert_has(&out, "\"count\":12");
	buf_deinit(&out);
}

static void print_sample(const struct finding *f, const char *mode, size_t chain_count)
{
	struct alert a = sample_alert(f);
	struct alert_options o = sample_options();
	struct buf out;
	o.mode = mode;
	a.chain_count = chain_count;
	for (size_t i = 0; i < chain_count; i++)
		a.chain[i] =
			(struct fusion_link){ FINDING_RECON, "scan_inside", SAMPLE_TIME_NS, 2.5 };
	if (chain_count) {
		str_copy(a.source_zone, sizeof(a.source_zone), "office");
		str_copy(a.responsibility, sizeof(a.responsibility), "it-team (private)");
	}
	buf_init(&out, 65536);
	alert_json(&a, &o, &out);
	printf("%s\n", out.data);
	buf_deinit(&out);
}

static int print_samples(void)
{
	static const enum severity levels[] = { SEVERITY_LOW, SEVERITY_MEDIUM, SEVERITY_HIGH,
						SEVERITY_CRITICAL };
	static const char *const modes[] = { "replay", "live", "live", "replay" };
	static const char fills[] = { 'a', '"', '\001', '\xff' };
	struct finding f;

	for (unsigned i = 0; i < 4; i++) {
		f = sample_finding();
		f.severity = levels[i];
		f.visibility = (enum visibility)(i % 3);
		f.is_drill = i == 2;
		f.tunnel_type = (uint8_t)(i * 4);
		f.class = (enum finding_class)i;
		str_copy(f.service, sizeof(f.service), i == 2 ? "dropbox" : "");
		str_copy(f.service_category, sizeof(f.service_category), "storage");
		print_sample(&f, modes[i], i % 2 ? FUSION_LINKS : 0);
		str_copy(f.domain, sizeof(f.domain), hostile);
		str_copy(f.message, sizeof(f.message), hostile);
		str_copy(f.object, sizeof(f.object), hostile);
		print_sample(&f, modes[i], 1);
		f = sample_monster(fills[i]);
		f.severity = levels[i];
		print_sample(&f, modes[i], FUSION_LINKS);
	}
	finding_init(&f, "sensor", "sensor_blind", "The sensor is blind");
	f.class = FINDING_SENSOR;
	f.severity = SEVERITY_LOW;
	print_sample(&f, "replay", 0);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_those_of_ecs),
		cmocka_unit_test(a_file_has_its_name_size_and_digests),
		cmocka_unit_test(wall_clock_only_when_live),
		cmocka_unit_test(bare_finding_is_an_alert),
		cmocka_unit_test(hostile_bytes_stay_text),
		cmocka_unit_test(monsters_are_cut_in_order),
		cmocka_unit_test(what_fits_is_not_cut_further),
		cmocka_unit_test(numbers_are_always_numbers),
		cmocka_unit_test(counts_are_told_once_merged),
	};
	if (argc > 1 && strcmp(argv[1], "--samples") == 0)
		return print_samples();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
