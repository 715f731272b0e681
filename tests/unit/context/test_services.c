/*
 * Services: the longest suffix at a label's border, prefixes, and errors that point.
 */
#include "places.h"
#include "support.h"

static const char two[] = "services:\n"
			  "  - name: hub\n"
			  "    title: The Hub\n"
			  "    class: code\n"
			  "    domains: [hub.com, hubusercontent.com]\n"
			  "    prefixes: [192.0.2.0/24, \"2001:db8::/32\"]\n"
			  "    reason: holds code\n"
			  "  - name: gist\n"
			  "    class: paste\n"
			  "    domains: [gist.hub.com]\n"
			  "    prefixes: [192.0.2.128/25]\n"
			  "  - name: look\n"
			  "    class: security\n"
			  "    domains: [look.net]\n"
			  "    dns_daily_bytes: 65536\n";

static const char *name_of(const struct context *c, const char *host)
{
	const struct service *s = context_service_by_name(c, host, strlen(host));
	return s ? s->name : "none";
}

static void longest_suffix_wins_at_borders_of_labels(void **state)
{
	(void)state;
	struct context_options o = { .services_path = write_file(two) };
	struct context *c = make(&o);
	assert_string_equal(name_of(c, "hub.com"), "hub");
	assert_string_equal(name_of(c, "www.hub.com"), "hub");
	assert_string_equal(name_of(c, "WWW.Hub.COM."), "hub");
	assert_string_equal(name_of(c, "gist.hub.com"), "gist");
	assert_string_equal(name_of(c, "a.b.gist.hub.com"), "gist");
	assert_string_equal(name_of(c, "notgist.hub.com"), "hub");
	assert_string_equal(name_of(c, "nothub.com"), "none");
	assert_string_equal(name_of(c, "hub.com.evil.net"), "none");
	assert_string_equal(name_of(c, "com"), "none");
	assert_string_equal(name_of(c, ""), "none");
	assert_string_equal(name_of(c, "."), "none");
	assert_string_equal(name_of(c, "..hub.com"), "hub");
	assert_string_equal(name_of(c, "hub..com"), "none");
	char longer[2000];
	memset(longer, 'a', sizeof(longer));
	memcpy(longer + sizeof(longer) - 8, ".hub.com", 8);
	assert_non_null(context_service_by_name(c, longer, sizeof(longer)));
	const struct service *s = context_service_by_name(c, "hub.com", 7);
	assert_string_equal(s->title, "The Hub");
	assert_string_equal(s->class_name, "code");
	assert_string_equal(s->reason, "holds code");
	assert_false(s->sanctioned);
	assert_int_equal(s->dns_daily_bytes, 0);
	s = context_service_by_name(c, "look.net", 8);
	assert_int_equal(s->dns_daily_bytes, 65536);
	assert_string_equal(s->title, "look");
	assert_string_equal(s->reason, "");
	context_free(c);
}

static void longest_prefix_wins(void **state)
{
	(void)state;
	struct context_options o = { .services_path = write_file(two) };
	struct context *c = make(&o);
	struct ipaddr a = ip("192.0.2.1"), b = ip("192.0.2.200"), d = ip("192.0.3.1");
	struct ipaddr e = ip("2001:db8::7");
	assert_string_equal(context_service_by_ip(c, &a)->name, "hub");
	assert_string_equal(context_service_by_ip(c, &b)->name, "gist");
	assert_null(context_service_by_ip(c, &d));
	assert_string_equal(context_service_by_ip(c, &e)->name, "hub");
	context_free(c);
}

static void sanctioned_services_are_marked(void **state)
{
	(void)state;
	static const char *const good[] = { "gist" };
	static const char *const bad[] = { "gist", "hubb" };
	struct context_options o = { .services_path = write_file(two),
				     .sanctioned = good,
				     .sanctioned_count = 1 };
	struct context *c = make(&o);
	assert_true(context_service_by_name(c, "gist.hub.com", 12)->sanctioned);
	assert_false(context_service_by_name(c, "hub.com", 7)->sanctioned);
	context_free(c);
	char why[256] = "";
	o.sanctioned = bad;
	o.sanctioned_count = 2;
	assert_int_equal(context_new(&o, &c, why, sizeof(why)), -EXF_E_INVALID);
	assert_string_equal(why, "services.sanctioned: no service is named \"hubb\"; did you mean "
				 "\"hub\"?");
}

struct bad_case {
	const char *text;
	const char *place; /* ":line:column: " */
	const char *sentence;
};

static void errors_point_at_their_place(void **state)
{
	(void)state;
	static const struct bad_case cases[] = {
		{ "services:\n  - name: a\n    class: storage\n    domain: [a.com]\n",
		  ":4:5: ", "unknown key \"domain\"; did you mean \"domains\"?" },
		{ "services:\n  - name: a\n    class: storag\n    domains: [a.com]\n",
		  ":3:12: ", "unknown class \"storag\"; did you mean \"storage\"?" },
		{ "service: []\n",
		  ":1:1: ", "unknown key \"service\"; did you mean \"services\"?" },
		{ "services: 7\n", ":1:11: ", "services takes a list" },
		{ "", ":1:1: ", "the file is not a map" },
		{ "- a\n", ":1:1: ", "the file is not a map" },
		{ "services:\n  - hello\n", ":2:5: ", "a service is a map" },
		{ "services:\n  - class: mail\n    domains: [a.com]\n", ":2:5: ", "has no name" },
		{ "services:\n  - name: a\n    domains: [a.com]\n", ":2:5: ", "has no class" },
		{ "services:\n  - name: a\n    class: mail\n",
		  ":2:5: ", "\"a\" has neither domains nor sni, prefixes or ndpi" },
		{ "services:\n  - name: a b\n    class: mail\n", ":2:11: ", "a name is" },
		{ "services:\n  - name: a\n    class: mail\n    domains: [a.com, A.org]\n",
		  ":4:22: ", "lower-case labels" },
		{ "services:\n  - name: a\n    class: mail\n    domains: [com]\n",
		  ":4:15: ", "lower-case labels" },
		{ "services:\n  - name: a\n    class: mail\n    domains: [.a.com]\n",
		  ":4:15: ", "lower-case labels" },
		{ "services:\n  - name: a\n    class: mail\n    domains: [a..com]\n",
		  ":4:15: ", "lower-case labels" },
		{ "services:\n  - name: a\n    class: mail\n    domains: a.com\n",
		  ":4:14: ", "domains takes a list" },
		{ "services:\n  - name: a\n    class: mail\n    domains: []\n",
		  ":4:14: ", "domains takes a list" },
		{ "services:\n  - name: a\n    class: mail\n    prefixes: [10.0.0.0/33]\n",
		  ":4:16: ", "a prefix is" },
		{ "services:\n  - name: a\n    class: mail\n    domains: [a.com]\n"
		  "    dns_daily_bytes: unlimited\n",
		  ":5:22: ", "a number from 0 to 1048576" },
		{ "services:\n  - name: a\n    class: mail\n    domains: [a.com]\n"
		  "    dns_daily_bytes: 1048577\n",
		  ":5:22: ", "a number from 0 to 1048576" },
		{ "services:\n  - name: a\n    class: mail\n    domains: [a.com]\n    reason: []\n",
		  ":5:13: ", "reason takes a text" },
		{ "services:\n  - {name: a, class: mail, domains: [a.com]}\n"
		  "  - {name: b, class: mail, domains: [b.com, a.com]}\n",
		  ":3:45: ", "\"a.com\" is already in service \"a\"" },
		{ "services:\n  - {name: a, class: mail, domains: [a.com]}\n"
		  "  - {name: a, class: mail, domains: [b.com]}\n",
		  ":3:12: ", "a second service is named \"a\"" },
		{ "services:\n  - {name: a, class: none, domains: [a.com]}\n",
		  ":2:22: ", "unknown class \"none\"" },
		{ "services: [\n", ":", "" },
	};
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct context_options o = { .services_path = write_file(cases[i].text) };
		struct context *c = NULL;
		char why[512] = "";
		assert_true(context_new(&o, &c, why, sizeof(why)) < 0);
		assert_null(c);
		assert_int_equal(strncmp(why, o.services_path, strlen(o.services_path)), 0);
		const char *rest = why + strlen(o.services_path);
		if (strncmp(rest, cases[i].place, strlen(cases[i].place)) != 0 ||
		    !strstr(rest, cases[i].sentence))
			fail_msg("case %u says %s", i, why);
	}
}

static void missing_file_is_an_error(void **state)
{
	(void)state;
	struct context_options o = { .services_path = EXFILD_BUILD_DIR "/no_such_file.yaml" };
	struct context *c = NULL;
	char why[512] = "";
	assert_int_equal(context_new(&o, &c, why, sizeof(why)), -EXF_E_IO);
	assert_non_null(strstr(why, "no_such_file.yaml"));
	o.services_path = NULL;
	assert_int_equal(context_new(&o, &c, why, sizeof(why)), -EXF_E_INVALID);
}

static void shipped_file_knows_the_usual_places(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{ "content.dropboxapi.com", "dropbox" },
		{ "notdropbox.com", "none" },
		{ "g.api.mega.co.nz", "mega" },
		{ "gfs270n071.userstorage.mega.co.nz", "mega" },
		{ "transfer.sh", "transfer_sh" },
		{ "store1.gofile.io", "gofile" },
		{ "api.telegram.org", "telegram" },
		{ "discord.com", "discord" },
		{ "cdn.discordapp.com", "discord" },
		{ "gist.github.com", "gist" },
		{ "github.com", "github" },
		{ "user.github.io", "github" },
		{ "bucket.s3.amazonaws.com", "aws_s3" },
		{ "bucket.s3.eu-central-1.amazonaws.com", "aws_s3" },
		{ "bucket.s3-us-west-2.amazonaws.com", "aws_s3" },
		{ "ec2.eu-central-1.amazonaws.com", "aws" },
		{ "checkip.amazonaws.com", "checkip" },
		{ "acme.blob.core.windows.net", "azure_storage" },
		{ "storage.googleapis.com", "gcs" },
		{ "bucket.storage.googleapis.com", "gcs" },
		{ "www.googleapis.com", "google_cloud" },
		{ "acme-my.sharepoint.com", "microsoft365" },
		{ "0.tcp.ngrok.io", "ngrok" },
		{ "some-words.trycloudflare.com", "cloudflare_tunnel" },
		{ "relay-1.net.anydesk.com", "anydesk" },
		{ "4.sophosxl.net", "sophos" },
		{ "x.avqs.mcafee.com", "mcafee_gti" },
		{ "c.e5.sk", "eset" },
		{ "2.0.0.127.zen.spamhaus.org", "spamhaus" },
		{ "hash.malware.hash.cymru.com", "cymru" },
		{ "dns.google", "google_dns" },
		{ "api.ipify.org", "ipify" },
		{ "au.download.windowsupdate.com", "windows_update" },
		{ "example.com", "none" },
	};
	struct context_options o = { 0 };
	struct context *c = make(&o);
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (strcmp(name_of(c, cases[i][0]), cases[i][1]) != 0)
			fail_msg("%s is %s", cases[i][0], name_of(c, cases[i][0]));
	}
	struct context_stats stats;
	context_stats(c, &stats);
	assert_true(stats.services > 60);
	const struct service *s = context_service_by_name(c, "sophosxl.net", 12);
	assert_int_equal(s->class, SERVICE_SECURITY);
	assert_int_equal(s->dns_daily_bytes, 65536);
	struct ipaddr a = ip("149.154.167.220"), b = ip("8.8.8.8");
	assert_string_equal(context_service_by_ip(c, &a)->name, "telegram");
	assert_string_equal(context_service_by_ip(c, &b)->name, "google_dns");
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
		cmocka_unit_test(longest_suffix_wins_at_borders_of_labels),
		cmocka_unit_test(longest_prefix_wins),
		cmocka_unit_test(sanctioned_services_are_marked),
		cmocka_unit_test(errors_point_at_their_place),
		cmocka_unit_test(missing_file_is_an_error),
		cmocka_unit_test(shipped_file_knows_the_usual_places),
	};
	return cmocka_run_group_tests(tests, NULL, stop);
}
