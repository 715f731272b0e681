/*
 * A context takes other zones and another catalogue while it runs: what it has learnt stays.
 */
#include "support.h"

#define DAY_NS (86400ull * 1000000000ull)

static struct event_log *events;

static void learn(struct context *c, const char *address, const char *name)
{
	event_log_reset(events);
	struct event_name *e = event_log_begin(events, EVENT_NAME, sizeof(*e), 1);
	e->e.time_ns = DAY_NS;
	e->address = ip(address);
	e->ttl_s = 60;
	e->source = APP_DNS;
	event_log_str(events, &e->name, name, strlen(name), strlen(name));
	event_log_commit(events);
	context_event(c, event_log_next(events, NULL));
}

static struct context *prepared(struct context_options *o)
{
	struct context *c = NULL;
	char why[512] = "";
	if (!o->services_path)
		o->services_path = SHIPPED_SERVICES;
	o->key = hash_key_fixed;
	if (context_prepare(o, &c, why, sizeof(why)) != 0)
		fail_msg("%s", why);
	return c;
}

static bool is_inside(const struct context *c, const char *address)
{
	struct ipaddr a = ip(address);
	return context_is_inside(c, &a, 0);
}

static const struct context_zone office = { .name = "office" };

static void zones_are_exchanged_and_back(void **state)
{
	(void)state;
	struct context_zone zone = office;
	assert_int_equal(prefix_parse("198.51.100.0/24", &zone.prefix), 0);
	struct context_options plain = { 0 }, zoned = { .zones = &zone, .zone_count = 1 };
	struct context *c = make(&plain);
	struct prefix told;
	assert_int_equal(prefix_parse("203.0.113.0/24", &told), 0);
	assert_true(context_set_inside(c, &told, 1));
	assert_true(is_inside(c, "10.1.1.1") && is_inside(c, "203.0.113.5"));
	assert_false(is_inside(c, "198.51.100.7"));

	struct context *fresh = prepared(&zoned);
	context_take(c, fresh);
	context_free(fresh);
	struct ipaddr a = ip("198.51.100.7");
	assert_true(is_inside(c, "198.51.100.7"));
	assert_string_equal(context_zone(c, &a, 0, 0)->name, "office");
	assert_false(is_inside(c, "10.1.1.1") || is_inside(c, "203.0.113.5"));

	fresh = prepared(&plain);
	context_take(c, fresh);
	context_free(fresh);
	assert_true(is_inside(c, "10.1.1.1"));
	assert_true(is_inside(c, "203.0.113.5")); /* told before, and still so */
	assert_false(is_inside(c, "198.51.100.7"));
	assert_null(context_zone(c, &a, 0, 0));
	context_free(c);
}

static void tags_are_copied_with_their_zone(void **state)
{
	(void)state;
	char tag[] = "crown-jewels";
	const char *const tags[] = { tag, "pci" };
	struct context_zone zones[2] = { { .name = "vpc", .tags = tags, .tag_count = 2 },
					 { .name = "office" } };
	assert_int_equal(prefix_parse("10.8.0.0/16", &zones[0].prefix), 0);
	assert_int_equal(prefix_parse("10.1.0.0/16", &zones[1].prefix), 0);
	struct context_options o = { .zones = zones, .zone_count = 2 }, none = { 0 };
	struct context *c = make(&none);
	struct context *fresh = prepared(&o);
	memset(tag, '!', sizeof(tag)); /* the configuration may go */
	context_take(c, fresh);
	context_free(fresh);
	struct ipaddr vpc = ip("10.8.1.1"), office_host = ip("10.1.1.1");
	const struct context_zone *z = context_zone(c, &vpc, 0, 0);
	assert_int_equal(z->tag_count, 2);
	assert_string_equal(z->tags[0], "crown-jewels");
	assert_true(context_zone_has_tag(z, "pci"));
	assert_false(context_zone_has_tag(z, "pc"));
	assert_false(context_zone_has_tag(context_zone(c, &office_host, 0, 0), "pci"));
	context_free(c);
}

static void names_know_the_new_services(void **state)
{
	(void)state;
	struct context_options shipped = { 0 };
	struct context *c = make(&shipped);
	learn(c, "192.0.2.10", "files.share.test");
	learn(c, "192.0.2.11", "www.dropbox.com");
	struct ipaddr own = ip("192.0.2.10"), box = ip("192.0.2.11");
	assert_null(context_service_by_ip(c, &own));
	assert_string_equal(context_service_by_ip(c, &box)->name, "dropbox");

	struct context_options mine = {
		.services_path = write_file("services:\n  - name: our-share\n    class: storage\n"
					    "    domains: [share.test]\n")
	};
	struct context *fresh = prepared(&mine);
	context_take(c, fresh);
	context_free(fresh); /* the old catalogue is gone: nothing may point there */
	assert_string_equal(context_service_by_ip(c, &own)->name, "our-share");
	assert_null(context_service_by_ip(c, &box));
	assert_string_equal(context_name_of(c, &box), "www.dropbox.com");

	static const char *const sanctioned[] = { "dropbox" };
	struct context_options bought = { .sanctioned = sanctioned, .sanctioned_count = 1 };
	fresh = prepared(&bought);
	context_take(c, fresh);
	context_free(fresh);
	assert_true(context_service_by_ip(c, &box)->sanctioned);
	context_free(c);
}

static void own_catalogues_come_on_top(void **state)
{
	(void)state;
	const char *const files[] = { write_file("services:\n  - name: our-share\n"
						 "    class: storage\n    domains: [share.test]\n"
						 "    prefixes: [192.0.2.0/24]\n") };
	struct context_options o = { .services_files = files, .services_file_count = 1 };
	struct context *c = make(&o);
	struct ipaddr own = ip("192.0.2.77");
	assert_string_equal(context_service_by_ip(c, &own)->name, "our-share");
	assert_string_equal(context_service_by_name(c, "x.share.test", 12)->name, "our-share");
	assert_string_equal(context_service_by_name(c, "www.dropbox.com", 15)->name, "dropbox");
	context_free(c);

	static const char *const wrong[] = {
		"services:\n  - {name: dropbox, class: storage, domains: [d.test]}\n",
		"services:\n  - {name: mine, class: storage, domains: [dropbox.com]}\n",
	};
	for (size_t i = 0; i < 2; i++) {
		char why[512] = "";
		(void)write_file(wrong[i]);
		struct context *none = NULL;
		o.services_path = SHIPPED_SERVICES;
		assert_true(context_prepare(&o, &none, why, sizeof(why)) < 0);
		assert_non_null(strstr(why, ":2:"));
		assert_non_null(strstr(why, "dropbox"));
	}
}

static void what_is_broken_is_not_prepared(void **state)
{
	(void)state;
	struct context *c = NULL;
	char why[512] = "";
	struct context_options o = { .services_path = write_file("services: [{name: x}]\n") };
	assert_true(context_prepare(&o, &c, why, sizeof(why)) < 0);
	assert_non_null(strstr(why, ":1:"));
	assert_null(c);
}

static int setup(void **state)
{
	(void)state;
	events = event_log_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	event_log_free(events);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zones_are_exchanged_and_back),
		cmocka_unit_test(tags_are_copied_with_their_zone),
		cmocka_unit_test(names_know_the_new_services),
		cmocka_unit_test(own_catalogues_come_on_top),
		cmocka_unit_test(what_is_broken_is_not_prepared),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
