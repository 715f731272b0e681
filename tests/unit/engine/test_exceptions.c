/*
 * test_exceptions.c - the configured silence takes what it names, and no more.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "exfild/base/ipaddr.h"
#include "../../../src/engine/exceptions.h"
#include "places.h"

#define DAY_NS (86400ull * 1000000000ull)

static struct context *context;

static int setup(void **state)
{
	char why[256];
	struct context_options o = {
		.key = hash_key_fixed,
		.services_path = EXFILD_SOURCE_DIR "/data/services.yaml",
		.max_hosts = 64,
		.max_names = 64,
	};
	(void)state;
	return context_new(&o, &context, why, sizeof(why));
}

static int teardown(void **state)
{
	(void)state;
	context_free(context);
	return 0;
}

static struct finding sample(void)
{
	struct finding f;
	finding_init(&f, "dns_tunnel", "dns_tunnel", "Data in DNS names");
	assert_int_equal(ipaddr_parse("10.1.2.3", &f.subject.ip), 0);
	f.subject.has_ip = true;
	assert_int_equal(ipaddr_parse("198.51.100.7", &f.peer.ip), 0);
	f.peer.has_ip = true;
	f.peer.port = 53;
	f.time_ns = 100 * DAY_NS;
	strcpy(f.domain, "t.evil.example");
	return f;
}

static struct config_exception matching(void)
{
	struct config_exception x = {
		.source = { .kind = CONFIG_PEER_PREFIX, .text = "10.1.0.0/16" },
		.destination = { .kind = CONFIG_PEER_DOMAIN,
				 .text = "evil.example",
				 .name = "evil.example" },
		.port = 53,
		.rule = "dns_tunnel",
		.reason = "test",
		.expires = { .text = "", .ns = 101 * DAY_NS },
	};
	assert_int_equal(prefix_parse("10.1.0.0/16", &x.source.prefix), 0);
	return x;
}

static int find(const struct config_exception *x, const struct finding *f)
{
	struct config config = { .exceptions = x, .exception_count = 1 };
	struct exception_case k = exceptions_case(f);
	return exceptions_find(&config, context, &k, f->time_ns);
}

static void takes_what_matches_in_all_parts(void **state)
{
	struct config_exception x = matching();
	struct finding f = sample();
	(void)state;
	assert_int_equal(find(&x, &f), 0);
}

static void ends_by_packet_time(void **state)
{
	struct config_exception x = matching();
	struct finding f = sample();
	(void)state;
	f.time_ns = x.expires.ns;
	assert_int_equal(find(&x, &f), -1);
}

static void leaves_other_rules_ports_and_sources(void **state)
{
	struct config_exception x = matching();
	struct finding f = sample();
	(void)state;
	f.rule = "icmp_tunnel";
	assert_int_equal(find(&x, &f), -1);
	f = sample();
	f.peer.port = 5353;
	assert_int_equal(find(&x, &f), -1);
	f = sample();
	assert_int_equal(ipaddr_parse("10.2.2.3", &f.subject.ip), 0);
	assert_int_equal(find(&x, &f), -1);
}

static void a_domain_ends_at_a_label(void **state)
{
	struct config_exception x = matching();
	struct finding f = sample();
	(void)state;
	strcpy(f.domain, "notevil.example");
	assert_int_equal(find(&x, &f), -1);
	strcpy(f.domain, "EVIL.example");
	assert_int_equal(find(&x, &f), 0);
}

static void what_is_not_named_matches_all(void **state)
{
	struct config_exception x = { .rule = "",
				      .reason = "test",
				      .expires = { "", 101 * DAY_NS } };
	struct finding f = sample();
	(void)state;
	assert_int_equal(find(&x, &f), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_what_matches_in_all_parts),
		cmocka_unit_test(ends_by_packet_time),
		cmocka_unit_test(leaves_other_rules_ports_and_sources),
		cmocka_unit_test(a_domain_ends_at_a_label),
		cmocka_unit_test(what_is_not_named_matches_all),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
