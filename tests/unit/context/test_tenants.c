/*
 * Tenants: whose account a host name shows, and whether that account is the organisation's own.
 */
#include "exfild/config/config.h"
#include "support.h"

static const char *tenant_of(const struct context *c, const char *host, size_t len)
{
	static char tenant[SERVICE_TENANT_MAX];
	const struct service *s = context_service_by_name(c, host, len);
	memset(tenant, '!', sizeof(tenant));
	bool is_known = context_tenant_of(c, s, host, len, tenant);
	assert_int_equal(is_known, strcmp(tenant, SERVICE_TENANT_UNKNOWN) != 0);
	return tenant;
}

#define NOBODY SERVICE_TENANT_UNKNOWN

static void shipped_services_show_their_tenants(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{ "acme.sharepoint.com", "acme" },
		{ "ACME-my.SharePoint.com.", "acme" },
		{ "acme-admin.sharepoint.com", "acme" },
		{ "acme.onmicrosoft.com", "acme" },
		{ "acme.mail.onmicrosoft.com", "acme" },
		{ "sharepoint.com", NOBODY },
		{ "www.sharepoint.com", NOBODY },
		{ "login.microsoftonline.com", NOBODY },
		{ "graph.microsoft.com", NOBODY },
		{ "bucket.s3.amazonaws.com", "bucket" },
		{ "my.dotted.bucket.s3.amazonaws.com", "my.dotted.bucket" },
		{ "bucket.s3.eu-central-1.amazonaws.com", "bucket" },
		{ "bucket.s3-us-west-2.amazonaws.com", "bucket" },
		{ "bucket.s3.dualstack.us-east-1.amazonaws.com", "bucket" },
		{ "s3.eu-central-1.amazonaws.com", NOBODY },
		{ "s3.amazonaws.com", NOBODY },
		{ "ec2.eu-central-1.amazonaws.com", NOBODY },
		{ "acct.blob.core.windows.net", "acct" },
		{ "acct.z13.web.core.windows.net", "acct" },
		{ "acct.privatelink.blob.core.windows.net", "acct" },
		{ "zebra.blob.core.windows.net", "zebra" },
		{ "blob.core.windows.net", NOBODY },
		{ "bucket.storage.googleapis.com", "bucket" },
		{ "storage.googleapis.com", NOBODY },
		{ "acme.slack.com", "acme" },
		{ "acme.enterprise.slack.com", "acme" },
		{ "files.slack.com", NOBODY },
		{ "wss-primary.slack.com", NOBODY },
		{ "edgeapi.slack.com", NOBODY },
		{ "acme.atlassian.net", "acme" },
		{ "api.atlassian.com", NOBODY },
		{ "acme.okta.com", "acme" },
		{ "acme-admin.okta.com", "acme" },
		{ "login.okta.com", NOBODY },
		{ "acme.my.salesforce.com", "acme" },
		{ "acme--uat.sandbox.my.salesforce.com", "acme" },
		{ "acme.lightning.force.com", "acme" },
		{ "na139.salesforce.com", NOBODY },
		{ "login.salesforce.com", NOBODY },
		{ "acme.zendesk.com", "acme" },
		{ "acme.service-now.com", "acme" },
		{ "acme.eu.auth0.com", "acme" },
		{ "acme.auth0.com", "acme" },
		{ "xy12345.eu-central-1.snowflakecomputing.com", "xy12345" },
		{ "xy12345.west-europe.azure.snowflakecomputing.com", "xy12345" },
		{ "worker.acme.workers.dev", "acme" },
		{ "acme.eu.r2.cloudflarestorage.com", "acme" },
		{ "bucket.fra1.digitaloceanspaces.com", "bucket" },
		{ "bucket.fra1.cdn.digitaloceanspaces.com", "bucket" },
		{ "fra1.digitaloceanspaces.com", NOBODY },
		{ "bucket.s3.eu-central-2.wasabisys.com", "bucket" },
		{ "s3.wasabisys.com", NOBODY },
		{ "bucket.s3.us-west-004.backblazeb2.com", "bucket" },
		{ "f004.backblazeb2.com", NOBODY },
		{ "bucket-1250000000.cos.ap-guangzhou.myqcloud.com", "bucket-1250000000" },
		{ "bucket.oss-cn-hangzhou.aliyuncs.com", "bucket" },
		{ "oss-cn-hangzhou.aliyuncs.com", NOBODY },
		{ "acme.openai.azure.com", "acme" },
		{ "laptop.tail1234.ts.net", "tail1234" },
		{ "acme.github.io", "acme" },
		{ "github.com", NOBODY },
		{ "acme.zoom.us", "acme" },
		{ "us02web.zoom.us", NOBODY },
		{ "acme.screenconnect.com", "acme" },
		{ "www.dropbox.com", NOBODY },
		{ "acme.dropbox.com", NOBODY },
		{ "store1.gofile.io", NOBODY },
		{ "example.com", NOBODY },
	};
	struct context_options o = { 0 };
	struct context *c = make(&o);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *tenant = tenant_of(c, cases[i][0], strlen(cases[i][0]));
		if (strcmp(tenant, cases[i][1]) != 0)
			fail_msg("%s is \"%s\", not \"%s\"", cases[i][0], tenant, cases[i][1]);
	}
	context_free(c);
}

struct hostile {
	const char *name;
	size_t len;
};
#define BYTES(text)        \
 {                         \
  (text), sizeof(text) - 1 \
 }

static void hostile_names_show_nothing(void **state)
{
	(void)state;
	static const struct hostile cases[] = {
		BYTES(".sharepoint.com"),
		BYTES("..sharepoint.com"),
		BYTES("acme..sharepoint.com"),
		BYTES(".acme.sharepoint.com"),
		BYTES("a..acme.sharepoint.com"),
		BYTES("acme\0.sharepoint.com"),
		BYTES("ac me.sharepoint.com"),
		BYTES("acme\".sharepoint.com"),
		BYTES("acm\xc3\xa9.sharepoint.com"),
		BYTES("\xff\xfe.sharepoint.com"),
		BYTES("\xc0\xaf.sharepoint.com"),
		BYTES("acme/x.sharepoint.com"),
		BYTES("acme%2e.sharepoint.com"),
		BYTES("*.sharepoint.com"),
		BYTES("-my..sharepoint.com"),
		BYTES("acme.sharepoint.com.."),
		BYTES(""),
		BYTES("."),
	};
	struct context_options o = { 0 };
	struct context *c = make(&o);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *tenant = tenant_of(c, cases[i].name, cases[i].len);
		if (strcmp(tenant, NOBODY) != 0)
			fail_msg("case %zu is \"%s\"", i, tenant);
	}
	/* labels of 63 bytes are tenants, of 64 are no labels; names of 255 bytes and more */
	char name[2000];
	const char end[] = ".sharepoint.com";
	for (size_t label = 1; label <= 300; label++) {
		memset(name, 'a', label);
		memcpy(name + label, end, sizeof(end) - 1);
		const char *tenant = tenant_of(c, name, label + sizeof(end) - 1);
		if (label < SERVICE_TENANT_MAX)
			assert_int_equal(strlen(tenant), label == 0 ? 0 : label);
		else
			assert_string_equal(tenant, NOBODY);
	}
	memset(name, 'a', sizeof(name));
	memcpy(name + sizeof(name) - sizeof(end) + 1, end, sizeof(end) - 1);
	assert_string_equal(tenant_of(c, name, sizeof(name)), NOBODY);
	/* every end of a name that has all parts: nothing is read behind it */
	const char whole[] = "acme-my.regional.eu.sharepoint.com";
	for (size_t len = 0; len < sizeof(whole); len++) {
		char *copy = malloc(len ? len : 1);
		assert_non_null(copy);
		memcpy(copy, whole, len);
		(void)tenant_of(c, copy, len);
		free(copy);
	}
	context_free(c);
}

static const char suite[] =
	"services:\n"
	"  - name: suite\n"
	"    class: office\n"
	"    domains: [suite.com, suitelogin.com]\n"
	"    tenant_visible: partly\n"
	"    tenant: {form: label, domains: [suite.com], regions: [\"eu#\"], endings: [-my]}\n"
	"  - {name: drop, class: file_drop, domains: [drop.com]}\n"
	"  - {name: talk, class: chat, domains: [talk.com], tenant: label, risk: low}\n"
	"  - {name: other, class: mail, domains: [other.com], residency: [DE, FI],\n"
	"     category: mail_delivery}\n"
	"  - {name: silent, class: mail, domains: [silent.com], residency: unknown}\n";

static enum service_sanction ask(const struct context *c, const char *host)
{
	return context_sanction(c, context_service_by_name(c, host, strlen(host)), host,
				strlen(host));
}

static void own_tenants_alone_are_sanctioned(void **state)
{
	(void)state;
	static const char *const sanctioned[] = { "suite", "drop" };
	static const char *const tolerated[] = { "talk" };
	static const char *const ours[] = { "acme.suite.com", "Daughter" };
	static const char *const talks[] = { "acme.talk.com" };
	const struct config_tenants tenants[] = { { "suite", ours, 2, "x.yaml:1:1" },
						  { "talk", talks, 1, "x.yaml:2:1" } };
	struct context_options o = { .services_path = write_file(suite),
				     .sanctioned = sanctioned,
				     .sanctioned_count = 2,
				     .tolerated = tolerated,
				     .tolerated_count = 1,
				     .tenants = tenants,
				     .tenant_count = 2 };
	struct context *c = make(&o);
	assert_int_equal(ask(c, "acme.suite.com"), SANCTION_SANCTIONED);
	assert_int_equal(ask(c, "ACME-my.eu1.suite.com"), SANCTION_SANCTIONED);
	assert_int_equal(ask(c, "daughter.suite.com"), SANCTION_SANCTIONED);
	assert_int_equal(ask(c, "evil.suite.com"), SANCTION_UNSANCTIONED);
	assert_int_equal(ask(c, "acme.evil.suite.com"), SANCTION_UNSANCTIONED);
	assert_int_equal(ask(c, "www.suite.com"), SANCTION_UNCLEAR);
	assert_int_equal(ask(c, "suitelogin.com"), SANCTION_UNCLEAR);
	assert_int_equal(ask(c, "acme.suitelogin.com"), SANCTION_UNCLEAR);
	assert_int_equal(ask(c, "drop.com"), SANCTION_SANCTIONED);
	assert_int_equal(ask(c, "acme.talk.com"), SANCTION_TOLERATED);
	assert_int_equal(ask(c, "evil.talk.com"), SANCTION_UNSANCTIONED);
	assert_int_equal(ask(c, "talk.com"), SANCTION_UNCLEAR);
	assert_int_equal(ask(c, "other.com"), SANCTION_UNSANCTIONED);
	assert_int_equal(ask(c, "example.com"), SANCTION_UNSANCTIONED);
	/* a service that is known by its address alone */
	const struct service *s = context_service_by_name(c, "acme.suite.com", 14);
	assert_int_equal(context_sanction(c, s, NULL, 0), SANCTION_UNCLEAR);
	assert_int_equal(context_sanction(c, s, "acme.drop.com", 13), SANCTION_UNCLEAR);
	/* who asks the service alone hears no */
	assert_false(s->sanctioned);
	assert_true(context_service_by_name(c, "drop.com", 8)->sanctioned);
	assert_string_equal(service_sanction_name(SANCTION_UNCLEAR), "not distinguishable");
	assert_string_equal(service_sanction_name(SANCTION_TOLERATED), "tolerated");
	context_free(c);
}

static void learn(struct context *c, uint64_t second, const char *address, const char *name)
{
	struct {
		struct event_name n;
		char text[256];
	} x;
	memset(&x, 0, sizeof(x));
	x.n.e.kind = EVENT_NAME;
	x.n.e.size = sizeof(x);
	x.n.e.time_ns = (1700000000ull + second) * 1000000000ull;
	x.n.e.src = ip("10.0.0.53");
	x.n.address = ip(address);
	x.n.ttl_s = 60;
	x.n.source = APP_DNS;
	x.n.name.off = (uint16_t)((size_t)((char *)x.text - (char *)&x));
	x.n.name.len = (uint16_t)strlen(name);
	x.n.name.full = x.n.name.len;
	x.n.name.hash = hash_bytes(&hash_key_fixed, name, strlen(name));
	memcpy(x.text, name, strlen(name));
	context_event(c, &x.n.e);
}

/* By its address alone. */
static enum service_sanction ask_at(const struct context *c, const char *address)
{
	struct ipaddr a = ip(address);
	return context_sanction_at(c, context_service_by_ip(c, &a), &a);
}

static void an_address_of_two_tenants_tells_neither(void **state)
{
	(void)state;
	static const char *const sanctioned[] = { "suite" };
	static const char *const ours[] = { "acme" };
	const struct config_tenants tenants = { "suite", ours, 1, "x.yaml:1:1" };
	struct context_options o = { .services_path = write_file(suite),
				     .sanctioned = sanctioned,
				     .sanctioned_count = 1,
				     .tenants = &tenants,
				     .tenant_count = 1 };
	struct context *c = make(&o);
	char tenant[SERVICE_TENANT_MAX];
	struct ipaddr a = ip("192.0.2.1");
	learn(c, 0, "192.0.2.1", "acme.suite.com");
	assert_int_equal(ask_at(c, "192.0.2.1"), SANCTION_SANCTIONED);
	assert_true(context_tenant_at(c, context_service_by_ip(c, &a), &a, tenant));
	assert_string_equal(tenant, "acme");
	/* other names of the same account change nothing */
	learn(c, 1, "192.0.2.1", "acme-my.suite.com");
	learn(c, 2, "192.0.2.1", "acme.suite.com");
	assert_int_equal(ask_at(c, "192.0.2.1"), SANCTION_SANCTIONED);
	learn(c, 3, "192.0.2.1", "evil.suite.com");
	learn(c, 4, "192.0.2.1", "acme.suite.com");
	assert_int_equal(ask_at(c, "192.0.2.1"), SANCTION_UNCLEAR);
	assert_false(context_tenant_at(c, context_service_by_ip(c, &a), &a, tenant));
	/* a day after the other was last heard it is the own one again */
	learn(c, 80000, "192.0.2.1", "acme.suite.com");
	learn(c, 90000, "192.0.2.1", "acme.suite.com");
	assert_int_equal(ask_at(c, "192.0.2.1"), SANCTION_SANCTIONED);
	/* a name of no tenant at all is another one, too */
	learn(c, 90001, "192.0.2.2", "www.suite.com");
	assert_int_equal(ask_at(c, "192.0.2.2"), SANCTION_UNCLEAR);
	learn(c, 90002, "192.0.2.2", "acme.suite.com");
	assert_int_equal(ask_at(c, "192.0.2.2"), SANCTION_UNCLEAR);
	/* names that have no tenants do not mark an address */
	learn(c, 90003, "192.0.2.3", "a.other.com");
	learn(c, 90004, "192.0.2.3", "b.example.com");
	learn(c, 90005, "192.0.2.3", "other.com");
	assert_int_equal(ask_at(c, "192.0.2.3"), SANCTION_UNSANCTIONED);
	assert_int_equal(ask_at(c, "192.0.2.9"), SANCTION_UNSANCTIONED);
	context_free(c);
}

static void facts_are_what_the_entry_or_its_class_says(void **state)
{
	(void)state;
	char text[SERVICE_RESIDENCY_MAX];
	struct context_options o = { .services_path = write_file(suite) };
	struct context *c = make(&o);
	const struct service *s = context_service_by_name(c, "drop.com", 8);
	assert_string_equal(s->category, "file_drop");
	assert_string_equal(service_risk_name(s->risk), "high");
	assert_string_equal(service_residency(s, text), "unknown");
	assert_string_equal(service_tenancy_name(s->tenancy), "no");
	s = context_service_by_name(c, "talk.com", 8);
	assert_string_equal(service_risk_name(s->risk), "low");
	assert_string_equal(service_tenancy_name(s->tenancy), "partly");
	s = context_service_by_name(c, "other.com", 9);
	assert_string_equal(s->category, "mail_delivery");
	assert_string_equal(s->class_name, "mail");
	assert_string_equal(service_residency(s, text), "DE, FI");
	assert_true(service_resides_in(s, "FI"));
	assert_false(service_resides_in(s, "US"));
	s = context_service_by_name(c, "silent.com", 10);
	assert_string_equal(service_residency(s, text), "unknown");
	assert_false(service_resides_in(s, "US"));
	context_free(c);
}

struct refusal {
	const char *service;
	const char *tenant;
	const char *sentence;
};

static void tenants_that_cannot_be_told_are_errors(void **state)
{
	(void)state;
	static const char *const sanctioned[] = { "suite", "drop" };
	static const struct refusal cases[] = {
		{ "suit", "acme", "no service is named \"suit\"; did you mean \"suite\"?" },
		{ "drop", "acme", "does not show the tenants of \"drop\"" },
		{ "talk", "acme", "neither in services.sanctioned nor in services.tolerated" },
		{ "suite", "www.suite.com", "a name that its tenants share" },
		{ "suite", "suitelogin.com", "a name that its tenants share" },
		{ "suite", "acme.drop.com", "a name of another service" },
		{ "suite", "ac me", "no tenant's name there" },
		{ "suite", "", "no tenant's name there" },
		{ "suite", "login", "no tenant's name there" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct config_tenants t = { cases[i].service, &cases[i].tenant, 1,
						  "exfild.yaml:7:5" };
		struct context_options o = { .services_path = write_file(suite),
					     .sanctioned = sanctioned,
					     .sanctioned_count = 2,
					     .tenants = &t,
					     .tenant_count = 1 };
		struct context *c = NULL;
		char why[512] = "";
		assert_int_equal(context_new(&o, &c, why, sizeof(why)), -EXF_E_INVALID);
		if (strncmp(why, "exfild.yaml:7:5: services.tenants", 33) != 0 ||
		    !strstr(why, cases[i].sentence))
			fail_msg("case %zu says %s", i, why);
	}
	struct context_options o = { .services_path = write_file(suite),
				     .sanctioned = sanctioned,
				     .sanctioned_count = 2,
				     .tolerated = sanctioned,
				     .tolerated_count = 1 };
	struct context *c = NULL;
	char why[512] = "";
	assert_int_equal(context_new(&o, &c, why, sizeof(why)), -EXF_E_INVALID);
	assert_string_equal(why, "services.tolerated: \"suite\" is in services.sanctioned as well");
}

struct bad_case {
	const char *rest; /* of the entry */
	const char *place;
	const char *sentence;
};

static void wrong_facts_point_at_their_place(void **state)
{
	(void)state;
	static const struct bad_case cases[] = {
		{ "    risk: hihg\n", ":5:11: ", "unknown risk \"hihg\"; did you mean \"high\"?" },
		{ "    risk: [high]\n", ":5:11: ", "risk takes one word" },
		{ "    category: object_storge\n", ":5:15: ", "did you mean \"object_storage\"?" },
		{ "    residency: [DE, UK]\n", ":5:21: ", "the United Kingdom is GB" },
		{ "    residency: de\n", ":5:16: ", "two capital letters" },
		{ "    residency: []\n", ":5:16: ", "residency takes a list of one or more" },
		{ "    residency: [AT, BE, BG, CH, CZ, DE, DK, EE, ES, FI, FR, GB, GR]\n",
		  ":5:65: ", "more than 12 countries" },
		{ "    tenant_visible: party\n", ":5:21: ", "did you mean \"partly\"?" },
		{ "    tenant_visible: partly\n", ":5:21: ", "needs the key tenant" },
		{ "    tenant_visible: no\n    tenant: label\n",
		  ":5:21: ", "tenant_visible is yes or partly" },
		{ "    tenant: lable\n", ":5:13: ", "did you mean \"label\"?" },
		{ "    tenant: [label]\n", ":5:13: ", "a map with the key form" },
		{ "    tenant: {domains: [a.com]}\n", ":5:13: ", "a map with the key form" },
		{ "    tenant: {form: label, domain: [a.com]}\n",
		  ":5:27: ", "unknown key \"domain\"; did you mean \"domains\"?" },
		{ "    tenant: {form: label, domains: [ab.com]}\n",
		  ":5:37: ", "domain of this service \"ab.com\"; did you mean \"a.com\"?" },
		{ "    tenant: {form: label, domains: [[]]}\n", ":5:37: ", "a domain is a text" },
		{ "    tenant: {form: label, shared: [Www]}\n", ":5:36: ", "in lower case" },
		{ "    tenant: {form: label, regions: [\"*a\"]}\n", ":5:37: ", "in lower case" },
		{ "    tenant: {form: label, endings: my}\n", ":5:36: ", "endings takes a list" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[512];
		snprintf(text, sizeof(text),
			 "services:\n  - name: a\n    class: mail\n"
			 "    domains: [a.com]\n%s",
			 cases[i].rest);
		struct context_options o = { .services_path = write_file(text) };
		struct context *c = NULL;
		char why[512] = "";
		assert_int_equal(context_new(&o, &c, why, sizeof(why)), -EXF_E_INVALID);
		const char *rest = why + strlen(o.services_path);
		if (strncmp(rest, cases[i].place, strlen(cases[i].place)) != 0 ||
		    !strstr(rest, cases[i].sentence))
			fail_msg("case %zu says %s", i, why);
	}
	struct context_options o = { .services_path = write_file(
					     "services:\n  - name: a\n    class: mail\n"
					     "    prefixes: [192.0.2.0/24]\n    tenant: label\n") };
	struct context *c = NULL;
	char why[512] = "";
	assert_int_equal(context_new(&o, &c, why, sizeof(why)), -EXF_E_INVALID);
	assert_non_null(strstr(why, ":5:13: tenant needs domains"));
}

static void the_catalogue_is_wide_and_tells_its_facts(void **state)
{
	(void)state;
	struct context_options o = { 0 };
	struct context *c = make(&o);
	struct context_stats stats;
	context_stats(c, &stats);
	assert_true(stats.services >= 300);
	static const char *const cases[][3] = {
		{ "transfer.sh", "file_drop", "high" },
		{ "x.trycloudflare.com", "reverse_tunnel", "high" },
		{ "controlplane.tailscale.com", "mesh_vpn", "high" },
		{ "my.zerotier.com", "mesh_vpn", "high" },
		{ "chatgpt.com", "ai", "medium" },
		{ "api.cursor.com", "code_assistant", "medium" },
		{ "cdn.discordapp.com", "chat", "medium" },
		{ "bucket.s3.amazonaws.com", "object_storage", "medium" },
		{ "acme.atera.com", "rmm", "medium" },
		{ "play.min.io", "object_storage", "high" },
		{ "update.microsoft.com", "update", "low" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct service *s =
			context_service_by_name(c, cases[i][0], strlen(cases[i][0]));
		assert_non_null(s);
		assert_string_equal(s->category, cases[i][1]);
		assert_string_equal(service_risk_name(s->risk), cases[i][2]);
	}
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
		cmocka_unit_test(shipped_services_show_their_tenants),
		cmocka_unit_test(hostile_names_show_nothing),
		cmocka_unit_test(own_tenants_alone_are_sanctioned),
		cmocka_unit_test(an_address_of_two_tenants_tells_neither),
		cmocka_unit_test(facts_are_what_the_entry_or_its_class_says),
		cmocka_unit_test(tenants_that_cannot_be_told_are_errors),
		cmocka_unit_test(wrong_facts_point_at_their_place),
		cmocka_unit_test(the_catalogue_is_wide_and_tells_its_facts),
	};
	return cmocka_run_group_tests(tests, NULL, stop);
}
