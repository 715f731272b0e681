/*
 * What the context adds to an alert: zones, service with its tenant, and who must do what.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "exfild/config/config.h"
#include "exfild/event/log.h"
#include "../../../src/alert/duty.h"
#include "../../../src/alert/place.h"
#include "places.h"
#include "samples.h"

static const char services[] =
	"services:\n"
	"  - {name: suite, title: The Suite, class: office, domains: [suite.com], tenant: label,\n"
	"     prefixes: [192.0.2.0/24]}\n"
	"  - {name: store, title: The Store, class: iaas, domains: [store.com], tenant: label,\n"
	"     category: object_storage}\n"
	"  - {name: drop, title: The Drop, class: file_drop, domains: [drop.com]}\n"
	"  - {name: vault, title: The Vault, class: backup, ndpi: [Vault]}\n"
	"  - {name: chatter, title: The Chatter, class: chat, ndpi: [Chatter]}\n";

static uint16_t number_of(const char *name, const char **ret_near, const char **ret_version)
{
	*ret_near = *ret_version = NULL;
	return strcmp(name, "Vault") == 0 ? 300 : strcmp(name, "Chatter") == 0 ? 301 : 0;
}

static struct context *context;

static int start(void **state)
{
	(void)state;
	const char *path = EXFILD_BUILD_DIR "/alert_test_place.yaml";
	static const char *const sanctioned[] = { "suite", "store", "vault" };
	static const char *const ours[] = { "acme.suite.com" };
	const struct config_tenants tenants = { "suite", ours, 1, "exfild.yaml:1:1" };
	struct context_zone zones[] = {
		{ .name = "office", .model = "private", .owner = "it-team" },
		{ .name = "vpc", .model = "iaas", .owner = "platform" },
	};
	struct context_options o = { .key = hash_key_fixed,
				     .sketch_key = hash_key_fixed,
				     .zones = zones,
				     .zone_count = 2,
				     .services_path = path,
				     .sanctioned = sanctioned,
				     .sanctioned_count = 3,
				     .app_number = number_of,
				     .tenants = &tenants,
				     .tenant_count = 1 };
	char why[256] = "";
	FILE *out = fopen(path, "w");
	if (!out || fputs(services, out) < 0 || fclose(out) != 0 ||
	    prefix_parse("10.1.0.0/16", &zones[0].prefix) < 0 ||
	    prefix_parse("10.8.0.0/16", &zones[1].prefix) < 0)
		return -1;
	int r = context_new(&o, &context, why, sizeof(why));
	if (r < 0)
		fprintf(stderr, "%s\n", why);
	(void)remove(path);
	return r;
}

static int stop(void **state)
{
	(void)state;
	context_free(context);
	return 0;
}

static struct alert placed(enum finding_class class, const char *from, const char *to,
			   const char *domain)
{
	static struct alert a;
	memset(&a, 0, sizeof(a));
	a.finding = sample_finding();
	a.finding.class = class;
	a.finding.subject = sample_end(from, 0, 1000);
	a.finding.peer = sample_end(to, 443, 10);
	str_copy(a.finding.domain, sizeof(a.finding.domain), domain);
	place_alert(&a, context);
	return a;
}

static void the_tenant_of_the_service_is_told(void **state)
{
	(void)state;
	static const char *const cases[][4] = {
		{ "acme.suite.com", "suite", "acme", "sanctioned" },
		{ "evil.suite.com", "suite", "evil", "unsanctioned" },
		{ "www.suite.com", "suite", "not distinguishable", "not distinguishable" },
		{ "bucket.store.com", "store", "bucket", "sanctioned" },
		{ "drop.com", "drop", "not distinguishable", "unsanctioned" },
		{ "", "suite", "not distinguishable", "not distinguishable" }, /* by its prefix */
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct alert a = placed(FINDING_EXFIL, "10.1.0.5", "192.0.2.7", cases[i][0]);
		const struct finding *f = &a.finding;
		assert_string_equal(f->service, cases[i][1]);
		assert_string_equal(f->service_tenant, cases[i][2]);
		assert_string_equal(f->service_sanction, cases[i][3]);
		assert_int_equal(f->service_sanctioned, strcmp(cases[i][3], "sanctioned") == 0);
	}
	struct alert a = placed(FINDING_EXFIL, "10.1.0.5", "198.51.100.7", "example.com");
	assert_string_equal(a.finding.service, "");
	assert_string_equal(a.finding.service_tenant, "");
	assert_string_equal(a.source_zone, "office");
	assert_string_equal(a.destination_zone, "");
	/* an inside peer is no service, whatever it is called */
	a = placed(FINDING_LATERAL, "10.1.0.5", "10.8.0.5", "");
	assert_string_equal(a.finding.service, "");
	assert_string_equal(a.destination_zone, "vpc");
}

/* A client hello of this flow to 192.0.2.9. */
static void hello(struct event_log *log, uint64_t flow, const char *sni)
{
	struct event_tls *t = event_log_begin(log, EVENT_TLS, sizeof(*t), flow);
	t->e.time_ns = flow * 1000000000ull;
	t->e.flow = flow;
	assert_int_equal(ipaddr_parse("10.1.0.5", &t->e.src), 0);
	assert_int_equal(ipaddr_parse("192.0.2.9", &t->e.dst), 0);
	t->has_sni = 1;
	event_log_str(log, &t->sni, sni, strlen(sni), strlen(sni));
	event_log_commit(log);
}

/* Two accounts at one address: each flow's own name says which, a sum over flows says neither. */
static void the_flow_itself_says_whose_account(void **state)
{
	static const struct {
		uint64_t flow;
		bool by_volume;
		const char *tenant, *sanction;
	} cases[] = {
		{ 7, false, "acme", "sanctioned" },
		{ 8, false, "evil", "unsanctioned" },
		{ 9, false, "not distinguishable", "not distinguishable" }, /* told no name */
		{ 8, true, "not distinguishable", "not distinguishable" },
	};
	struct event_log *log = event_log_new();
	(void)state;
	hello(log, 7, "acme.suite.com");
	hello(log, 8, "evil.suite.com");
	for (const struct event *e = event_log_next(log, NULL); e; e = event_log_next(log, e))
		context_event(context, e);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct alert a = { .finding = sample_finding() };
		struct finding *f = &a.finding;
		f->subject = sample_end("10.1.0.5", 0, 1000);
		f->peer = sample_end("192.0.2.9", 443, 10);
		f->domain[0] = '\0';
		f->flow = cases[i].flow;
		f->flow_src = f->subject.ip;
		f->flow_dst = f->peer.ip;
		f->by_volume = cases[i].by_volume;
		place_alert(&a, context);
		assert_string_equal(f->service, "suite");
		assert_string_equal(f->service_tenant, cases[i].tenant);
		assert_string_equal(f->service_sanction, cases[i].sanction);
		assert_string_equal(a.service->name, "suite");
	}
	event_log_free(log);
}

/* nDPI took the flow for it: shown, and never what the organisation sanctions. */
static void what_only_looks_like_a_service_is_told_and_excuses_nothing(void **state)
{
	(void)state;
	static const struct {
		uint64_t flow;
		uint16_t app;
		const char *to, *domain, *service, *by, *sanction;
	} cases[] = {
		{ 21, 300, "198.51.100.9", "", "vault", "ndpi", "not distinguishable" },
		{ 22, 301, "198.51.100.9", "", "chatter", "ndpi", "unsanctioned" },
		{ 23, 300, "198.51.100.9", "drop.com", "drop", "domain", "unsanctioned" },
		{ 24, 301, "192.0.2.7", "", "suite", "prefix", "not distinguishable" },
		{ 0, 0, "198.51.100.9", "", "", "", "" },
	};
	struct event_log *log = event_log_new();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct event_classified *e = event_log_begin(log, EVENT_CLASSIFIED, sizeof(*e), i);
		e->e.flow = cases[i].flow;
		e->ndpi_app = cases[i].app;
		e->confidence = 4;
		event_log_commit(log);
		context_event(context, &e->e);
		struct alert a = { .finding = sample_finding() };
		struct finding *f = &a.finding;
		f->subject = sample_end("10.1.0.5", 0, 1000);
		f->peer = sample_end(cases[i].to, 443, 10);
		str_copy(f->domain, sizeof(f->domain), cases[i].domain);
		f->flow = cases[i].flow;
		f->flow_src = f->subject.ip;
		f->flow_dst = f->peer.ip;
		f->by_volume = i % 2 == 0;
		place_alert(&a, context);
		assert_string_equal(f->service, cases[i].service);
		assert_string_equal(f->service_by, cases[i].by);
		assert_string_equal(f->service_sanction, cases[i].sanction);
		assert_false(f->service_sanctioned);
	}
	event_log_free(log);
}

static void responsibility_follows_models_and_accounts(void **state)
{
	(void)state;
	struct alert a = placed(FINDING_EXFIL, "10.1.0.5", "198.51.100.7", "acme.suite.com");
	assert_string_equal(a.responsibility,
			    "it-team (private): the data is yours: find what left and tell its "
			    "owner; isolate the host and keep its disk; ask The Suite (saas) for: "
			    "audit log of your tenant: sign-ins, uploads, shares");
	a = placed(FINDING_EXFIL, "10.8.0.5", "198.51.100.7", "evil.suite.com");
	assert_non_null(strstr(a.responsibility, "platform (iaas): the data is yours: "));
	assert_non_null(strstr(a.responsibility, "ask the provider for: control-plane audit log"));
	assert_non_null(strstr(a.responsibility, "preservation of the receiving account"));
	a = placed(FINDING_EXFIL, "10.8.0.5", "198.51.100.7", "bucket.store.com");
	assert_non_null(strstr(a.responsibility, "The Store (iaas) for: access log of your"));
	a = placed(FINDING_EXFIL, "10.8.0.5", "198.51.100.7", "www.suite.com");
	assert_non_null(strstr(a.responsibility, "whether it was your tenant"));
	/* two owners, no service */
	a = placed(FINDING_LATERAL, "10.1.0.5", "10.8.0.5", "");
	assert_non_null(strstr(a.responsibility, "it-team (private): "));
	assert_non_null(strstr(a.responsibility, "; with platform (iaas)"));
	/* from outside: the owner of what is attacked */
	a = placed(FINDING_RECON, "198.51.100.7", "10.8.0.5", "");
	assert_int_equal(strncmp(a.responsibility, "platform (iaas): ", 17), 0);
	/* no zone: an upload to a service alone */
	a = placed(FINDING_EXFIL, "198.51.100.7", "198.51.100.9", "drop.com");
	assert_string_equal(a.responsibility, "");
	/* nothing of ours is concerned */
	a = placed(FINDING_C2, "198.51.100.7", "198.51.100.8", "");
	assert_string_equal(a.responsibility, "");
}

static char *read_page(void)
{
	static char page[65536];
	FILE *in = fopen(EXFILD_SOURCE_DIR "/docs/RESPONSIBILITY.md", "r");
	assert_non_null(in);
	size_t n = fread(page, 1, sizeof(page) - 1, in);
	page[n] = '\0';
	(void)fclose(in);
	return page;
}

static void the_page_says_what_the_program_says(void **state)
{
	(void)state;
	const char *page = read_page();
	for (unsigned m = 0; m < DUTY_MODELS; m++) {
		char head[32];
		snprintf(head, sizeof(head), "\n## %s\n", duty_model_name((enum duty_model)m));
		const char *part = strstr(page, head);
		assert_non_null(part);
		for (unsigned k = 0; k < FINDING__COUNT; k++) {
			const struct duty *d = duty_of((enum duty_model)m, (enum finding_class)k);
			char row[512];
			snprintf(row, sizeof(row), "\n| %s | %s | %s",
				 finding_class_name((enum finding_class)k), d->customer,
				 d->records[0] ? d->records : "none");
			const char *found = strstr(part, row);
			const char *end = strstr(part + 1, "\n## ");
			if (!found || (end && found > end))
				fail_msg("the page has no row%s", row);
			/* the longest sentence fits, with the longest names */
			assert_true(strlen(d->customer) + strlen(d->records) < 300);
		}
		for (unsigned s = 0; s < SANCTION__COUNT; s++)
			assert_non_null(strstr(page, duty_of_service((enum duty_model)m,
								     (enum service_sanction)s)));
	}
	assert_int_equal(duty_model_of("paas"), DUTY_PAAS);
	assert_int_equal(duty_model_of(""), DUTY_PRIVATE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_tenant_of_the_service_is_told),
		cmocka_unit_test(the_flow_itself_says_whose_account),
		cmocka_unit_test(what_only_looks_like_a_service_is_told_and_excuses_nothing),
		cmocka_unit_test(responsibility_follows_models_and_accounts),
		cmocka_unit_test(the_page_says_what_the_program_says),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
