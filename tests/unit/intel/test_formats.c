/*
 * Each form of feed, told and guessed, and what is wrong with them.
 */
#include "feeds.h"

static void plain_lists_take_what_people_write(void **state)
{
	struct feeds f;
	(void)state;
	feeds_init(&f);
	const struct intel_feed *feed = feeds_read(&f, "\xef\xbb\xbf# comment\n; comment\n\n"
						       "hxxps://evil[.]example/a/B?c=1#top\r\n"
						       "  bad[dot]example   # why\n"
						       "203.0.113[.]7:8443\n"
						       "user[@]mail.example\n"
						       "d41d8cd98f00b204e9800998ecf8427e\n"
						       "t13d1516h2_8daaf6152771_b186095e22b6\n"
						       "no indicator at all\n"
						       "999.1.2.3\n");
	assert_int_equal(feed->format, INTEL_PLAIN);
	assert_int_equal(feed->broken, 2);
	assert_int_equal(feed->reports[0].line, 10);
	assert_non_null(feeds_text(&f, INTEL_URL, "evil.example/a/B?c=1"));
	assert_non_null(feeds_name(&f, "bad.example"));
	const struct intel_item *item = feeds_address(&f, "203.0.113.7");
	assert_true(item && item->port == 8443);
	assert_non_null(feeds_text(&f, INTEL_EMAIL, "user@mail.example"));
	assert_non_null(feeds_text(&f, INTEL_JA4, "t13d1516h2_8daaf6152771_b186095e22b6"));
	assert_true(intel_has(f.set, INTEL_FILE));
	f.source.kind = INTEL_JA3;
	(void)feeds_read(&f, "d41d8cd98f00b204e9800998ecf8427e\n");
	assert_true(intel_has(f.set, INTEL_JA3) && !intel_has(f.set, INTEL_FILE));
	feeds_deinit(&f);
}

static void hosts_files_and_zones_are_guessed(void **state)
{
	struct feeds f;
	(void)state;
	feeds_init(&f);
	const struct intel_feed *feed = feeds_read(
		&f, "127.0.0.1 localhost\n0.0.0.0 one.example two.example # x\n0.0.0.0 0.0.0.0\n");
	assert_int_equal(feed->format, INTEL_HOSTS);
	assert_int_equal(intel_count(f.set), 2);
	feed = feeds_read(&f, "$TTL 60\n@ IN SOA a. b. 1 2 3 4 5\nbad.example CNAME .\n"
			      "*.bad.example CNAME .\nfine.example CNAME rpz-passthru.\n"
			      "32.9.113.0.203.rpz-ip CNAME .\n");
	assert_int_equal(feed->format, INTEL_RPZ);
	assert_non_null(feeds_name(&f, "x.bad.example"));
	assert_null(feeds_name(&f, "fine.example"));
	assert_int_equal(feed->unsupported, 1);
	feeds_deinit(&f);
}

static void columns_are_known_by_their_names(void **state)
{
	struct feeds f;
	(void)state;
	feeds_init(&f);
	/* Feodo */
	const struct intel_feed *feed = feeds_read(
		&f,
		"# Feodo Tracker\n# first_seen_utc,dst_ip,dst_port,c2_status,last_online,malware\n"
		"\"2023-11-01 10:00:00\",\"203.0.113.5\",\"443\",\"online\",\"2023-11-02\","
		"\"Heodo\"\n# END 1 entries\n");
	assert_int_equal(feed->format, INTEL_CSV);
	const struct intel_item *item = feeds_address(&f, "203.0.113.5");
	assert_non_null(item);
	assert_int_equal(item->first_s, 1698832800);
	assert_string_equal(intel_note(f.set, item), "Heodo");
	/* URLhaus */
	(void)feeds_read(&f, "# id,dateadded,url,url_status,last_online,threat,tags,urlhaus_link,"
			     "reporter\n\"1\",\"2023-11-01 10:00:00\",\"http://bad.example/x,y\","
			     "\"online\",\"\",\"malware_download\",\"elf\",\"https://u.example/1\","
			     "\"me\"\n");
	assert_non_null(feeds_text(&f, INTEL_URL, "bad.example/x,y"));
	assert_int_equal(intel_count(f.set), 1);
	/* SSLBL: of certificates */
	(void)feeds_read(&f, "# Listingdate,SHA1,Listingreason\n2023-11-01 10:00:00,"
			     "da39a3ee5e6b4b0d3255bfef95601890afd80709,Test C&C\n");
	assert_true(intel_has(f.set, INTEL_CERT));
	/* ThreatFox */
	(void)feeds_read(
		&f, "# \"first_seen_utc\",\"ioc_id\",\"ioc_value\",\"ioc_type\",\"threat_type\","
		    "\"malware_printable\",\"confidence_level\"\n"
		    "\"2023-11-01 10:00:00\", \"7\", \"203.0.113.6:81\", \"ip:port\", "
		    "\"botnet_cc\", \"X\", \"75\"\n");
	item = feeds_address(&f, "203.0.113.6");
	assert_true(item && item->port == 81 && item->confidence == 75);
	/* MISP's export */
	feed = feeds_read(&f, "uuid,event_id,category,type,value,comment,to_ids,date\n"
			      "u,1,Network activity,ip-dst,203.0.113.7,\"c2, old\",1,1698832800\n"
			      "u,1,Network activity,domain,no.example,,0,1698832800\n"
			      "u,1,Other,mutex,abc,,1,1698832800\n"
			      "u,1,x,domain,\"open.example,,1,1\n");
	assert_non_null(feeds_address(&f, "203.0.113.7"));
	assert_null(feeds_name(&f, "no.example"));
	assert_int_equal(feed->unsupported, 1);
	assert_int_equal(feed->broken, 1);
	feeds_deinit(&f);
}

/* As ThreatFox writes it: the type of the first value is called as a column is. */
static void a_line_of_values_is_no_line_of_names(void **state)
{
	struct feeds f;
	(void)state;
	feeds_init(&f);
	feeds_read(
		&f,
		"# All rights reserved, use of url, domain and ip is free\n"
		"# \"first_seen_utc\",\"ioc_id\",\"ioc_value\",\"ioc_type\",\"threat_type\",\"tags\"\n"
		"\"2023-11-01 10:00:00\", \"1\", \"bad.example\", \"domain\", \"botnet_cc\", \"x\"\n"
		"\"2023-11-01 10:00:00\", \"2\", \"http://bad.example/a\", \"url\", \"payload\", \"x\"\n"
		"\"2023-11-01 10:00:00\", \"3\", \"203.0.113.8:443\", \"ip:port\", \"botnet_cc\", \"x\"\n");
	assert_int_equal(intel_count(f.set), 3);
	assert_int_equal(intel_feed(f.set, 0)->broken, 0);
	assert_int_equal(feeds_name(&f, "bad.example")->first_s, 1698832800);
	feeds_read(&f, "value,type\n900150983cd24fb0d6963f7d28e17f72,md5\nb.example,domain\n");
	assert_int_equal(intel_count(f.set), 2);
	assert_non_null(feeds_name(&f, "b.example"));
	feeds_deinit(&f);
}

static void stix_patterns_are_taken_whole_or_told(void **state)
{
	struct feeds f;
	(void)state;
	feeds_init(&f);
	const struct intel_feed *feed = feeds_read(
		&f,
		"{\"type\":\"bundle\",\"id\":\"bundle--1\",\"objects\":[\n"
		"{\"type\":\"indicator\",\"pattern_type\":\"stix\",\"name\":\"Bad\\u00e9\","
		"\"pattern\":\"[ipv4-addr:value = '203.0.113.8' OR domain-name:value IN "
		"('a.example','b.example')] OR [url:value = 'http://c.example/x']\","
		"\"valid_from\":\"2023-11-01T10:00:00Z\",\"valid_until\":\"2024-01-01T00:00:00.5Z\","
		"\"confidence\":55,\"object_marking_refs\":"
		"[\"marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da\"]},\n"
		"{\"type\":\"indicator\",\"pattern\":\"[domain-name:value = 'd.example' AND "
		"network-traffic:dst_port = 443]\"},\n"
		"{\"type\":\"indicator\",\"pattern\":\"[file:hashes.'SHA-256' MATCHES 'x']\"},\n"
		"{\"type\":\"indicator\",\"revoked\":true,\"pattern\":\"[ipv4-addr:value = "
		"'203.0.113.9']\"},\n"
		"{\"type\":\"indicator\",\"pattern\":\"[ipv4-addr:value ISSUBSET "
		"'198.51.100.0/24']\",\"external_references\":[{\"source_name\":\"x\"}]}]}\n");
	assert_int_equal(feed->format, INTEL_STIX);
	assert_false(feed->is_held);
	assert_int_equal(feed->unsupported, 2);
	assert_int_equal(intel_count(f.set), 5);
	const struct intel_item *item = feeds_address(&f, "203.0.113.8");
	assert_true(item && item->confidence == 55 && item->tlp == TLP_GREEN);
	assert_int_equal(item->until_s, 1704067200);
	assert_non_null(feeds_name(&f, "b.example"));
	assert_non_null(feeds_address(&f, "198.51.100.77"));
	assert_null(feeds_name(&f, "d.example"));
	assert_null(feeds_address(&f, "203.0.113.9"));
	feeds_deinit(&f);
}

static void misp_takes_what_is_meant_for_detection(void **state)
{
	struct feeds f;
	(void)state;
	feeds_init(&f);
	const struct intel_feed *feed = feeds_read(
		&f,
		"{\"response\":[{\"Event\":{\"info\":\"x\",\"Attribute\":["
		"{\"type\":\"ip-dst|port\",\"value\":\"203.0.113.8|443\",\"to_ids\":true,"
		"\"timestamp\":\"1698832800\",\"Tag\":[{\"name\":\"tlp:amber\"}]},"
		"{\"type\":\"domain\",\"value\":\"ctx.example\",\"to_ids\":false},"
		"{\"type\":\"mutex\",\"value\":\"m\",\"to_ids\":true}],"
		"\"Object\":[{\"name\":\"file\",\"Attribute\":[{\"type\":\"filename|md5\","
		"\"value\":\"a.exe|d41d8cd98f00b204e9800998ecf8427e\",\"to_ids\":true},"
		"{\"type\":\"domain|ip\",\"value\":\"e.example|203.0.113.4\",\"to_ids\":\"1\"}]}]}}]}");
	assert_int_equal(feed->format, INTEL_MISP);
	assert_int_equal(intel_count(f.set), 4);
	assert_int_equal(feed->unsupported, 1);
	const struct intel_item *item = feeds_address(&f, "203.0.113.8");
	assert_true(item && item->port == 443 && item->tlp == TLP_AMBER);
	assert_int_equal(item->first_s, 1698832800);
	assert_null(feeds_name(&f, "ctx.example"));
	assert_non_null(feeds_name(&f, "e.example"));
	feeds_deinit(&f);
}

static void zeek_and_suricata(void **state)
{
	struct feeds f;
	(void)state;
	feeds_init(&f);
	const struct intel_feed *feed =
		feeds_read(&f, "#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\n"
			       "203.0.113.8\tIntel::ADDR\tus\t-\n"
			       "bad.example/x\tIntel::URL\tus\tlure\n"
			       "root\tIntel::USER_NAME\tus\t-\n"
			       "x\tIntel::NEW\tus\t-\n");
	assert_int_equal(feed->format, INTEL_ZEEK);
	assert_string_equal(intel_note(f.set, feeds_address(&f, "203.0.113.8")), "us");
	assert_non_null(feeds_text(&f, INTEL_URL, "bad.example/x"));
	assert_int_equal(feed->unsupported, 1);
	assert_int_equal(feed->broken, 1);
	f.source.format = INTEL_SURICATA;
	feed = feeds_read(&f,
			  "YmFkLmV4YW1wbGU=\nd41d8cd98f00b204e9800998ecf8427e\n203.0.113.3,50\n");
	assert_int_equal(intel_count(f.set), 3);
	assert_non_null(feeds_name(&f, "bad.example"));
	feeds_deinit(&f);
}

static void broken_files_are_refused_with_their_line(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "{\"type\":\"bundle\",\"objects\":[{\"pattern\":\"x\"", "line 1: ends too soon" },
		{ "{\"objects\":[\n{\"pattern\": tru}]}", "line 2:" },
		{ "{\"type\":\"bundle\"]", "a bracket closes" },
		{ "{} x", "is no JSON" },
		{ "{}{}", "goes on behind its end" },
	};
	struct feeds f;
	(void)state;
	feeds_init(&f);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		f.source.format = INTEL_STIX;
		const struct intel_feed *feed = feeds_read(&f, cases[i].text);
		assert_true(feed->is_held);
		if (!strstr(feed->error, cases[i].why))
			fail_msg("%s: %s", cases[i].text, feed->error);
	}
	feeds_deinit(&f);
}

static void long_lines_and_other_bytes_cost_a_line(void **state)
{
	struct feeds f;
	size_t len = 3u << 20;
	char *text = malloc(len);
	(void)state;
	assert_non_null(text);
	feeds_init(&f);
	memset(text, 'a', len);
	memcpy(text, "one.example\n", 12);
	memcpy(text + len - 13, "\ntwo.example\n", 13);
	feeds_write(&f, text, len);
	feeds_build(&f);
	assert_int_equal(intel_count(f.set), 2);
	assert_int_equal(intel_feed(f.set, 0)->broken, 1);
	assert_int_equal(intel_feed(f.set, 0)->reports[0].line, 2);
	/* UTF-16, and what is no text at all */
	feeds_write(&f,
		    "\xff\xfe"
		    "a\0.\0b\0\n\0\0\1\2\3\n\xff\xff\nfine.example\n",
		    30);
	feeds_build(&f);
	assert_non_null(feeds_name(&f, "fine.example"));
	assert_int_equal(intel_count(f.set), 1);
	/* an object larger than is taken apart goes, those within it and beside it stay */
	char *big = malloc(1u << 20);
	assert_non_null(big);
	size_t n = (size_t)sprintf(big, "{\"response\":[{\"pad\":\"");
	memset(big + n, 'x', 600000);
	n += 600000;
	n += (size_t)sprintf(big + n,
			     "\",\"Attribute\":[{\"type\":\"domain\",\"value\":\"in.example\","
			     "\"to_ids\":true}]},{\"type\":\"domain\",\"value\":"
			     "\"by.example\",\"to_ids\":true}]}");
	feeds_write(&f, big, n);
	feeds_build(&f);
	assert_non_null(feeds_name(&f, "in.example"));
	assert_non_null(feeds_name(&f, "by.example"));
	free(big);
	free(text);
	feeds_deinit(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_lists_take_what_people_write),
		cmocka_unit_test(hosts_files_and_zones_are_guessed),
		cmocka_unit_test(columns_are_known_by_their_names),
		cmocka_unit_test(a_line_of_values_is_no_line_of_names),
		cmocka_unit_test(stix_patterns_are_taken_whole_or_told),
		cmocka_unit_test(misp_takes_what_is_meant_for_detection),
		cmocka_unit_test(zeek_and_suricata),
		cmocka_unit_test(broken_files_are_refused_with_their_line),
		cmocka_unit_test(long_lines_and_other_bytes_cost_a_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
