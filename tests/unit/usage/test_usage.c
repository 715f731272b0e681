/*
 * Counters of who used which service: names, directions, hours, and sums that stay exact.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exfild/context/identity.h"
#include "exfild/event/log.h"
#include "exfild/usage/usage.h"
#include "places.h"

#define HOUR_NS   3600000000000ull
#define START_NS  (500000ull * HOUR_NS) /* 2027, a full hour */
#define PROTO_TCP 6

struct bench {
	struct context *context;
	struct event_log *log;
	struct usage *u;
	uint64_t flow;
};

static struct ipaddr ip(const char *text)
{
	struct ipaddr a;
	assert_int_equal(ipaddr_parse(text, &a), 0);
	return a;
}

static void begin_usage(struct bench *b, uint32_t rows, uint32_t hosts)
{
	const struct usage_options o = { .context = b->context,
					 .key = hash_key_fixed,
					 .max_rows = rows,
					 .max_hosts = hosts };
	usage_free(b->u);
	b->u = usage_new(&o);
	assert_non_null(b->u);
}

static int set_up(void **state)
{
	static struct context_zone zones[2] = { { .name = "office" }, { .name = "plant" } };
	struct bench *b = calloc(1, sizeof(*b));
	char why[512];
	assert_non_null(b);
	assert_int_equal(prefix_parse("10.1.0.0/16", &zones[0].prefix), 0);
	assert_int_equal(prefix_parse("10.2.0.0/16", &zones[1].prefix), 0);
	const char *sanctioned[] = { "onedrive" };
	const struct context_options o = { .key = hash_key_fixed,
					   .zones = zones,
					   .zone_count = 2,
					   .services_path = EXFILD_SOURCE_DIR "/data/services.yaml",
					   .sanctioned = sanctioned,
					   .sanctioned_count = 1,
					   .max_hosts = 1024,
					   .max_names = 1024 };
	if (context_new(&o, &b->context, why, sizeof(why)))
		fail_msg("%s", why);
	b->log = event_log_new();
	begin_usage(b, 1024, 256);
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;
	usage_free(b->u);
	context_free(b->context);
	event_log_free(b->log);
	free(b);
	return 0;
}

static struct event_flow flow_of(struct bench *b, const char *src, const char *dst, enum app app)
{
	struct event_flow f = { 0 };
	f.e.kind = EVENT_FLOW_END;
	f.e.size = sizeof(f);
	f.e.flow = ++b->flow;
	f.e.src = ip(src);
	f.e.dst = ip(dst);
	f.e.proto = PROTO_TCP;
	f.e.app = (uint16_t)app;
	f.first_ns = START_NS + 1;
	f.last_ns = f.e.time_ns = START_NS + 2;
	return f;
}

static void told(struct event_flow *f, uint64_t up, uint64_t down)
{
	f->bytes[0] += up;
	f->bytes[1] += down;
	f->fresh[0] = up;
	f->fresh[1] = down;
}

static void asks(struct bench *b, uint64_t flow, const char *name)
{
	struct event_tls *t = event_log_begin(b->log, EVENT_TLS, sizeof(*t), 1);
	t->e.flow = flow;
	t->has_sni = 1;
	event_log_str(b->log, &t->sni, name, strlen(name), strlen(name));
	event_log_commit(b->log);
	usage_event(b->u, event_log_next(b->log, NULL));
	event_log_reset(b->log);
}

/* ---- looking ---- */

struct want {
	const char *host, *service;
	enum usage_direction direction;
	uint64_t hour_s;
	struct usage_row row;
	char category[16], zone[64];
	unsigned found;
};

static bool look(void *arg, const struct usage_row *row)
{
	struct want *w = arg;
	if (strcmp(row->host->address, w->host) != 0 ||
	    strcmp(row->service->name, w->service) != 0 || row->direction != w->direction ||
	    (w->hour_s && row->hour_s != w->hour_s))
		return true;
	w->row = *row;
	w->found++;
	(void)snprintf(w->category, sizeof(w->category), "%s", row->service->category);
	(void)snprintf(w->zone, sizeof(w->zone), "%s", row->host->zone);
	return true;
}

static struct want find(struct bench *b, const char *host, const char *service,
			enum usage_direction direction)
{
	struct want w = { .host = host, .service = service, .direction = direction };
	usage_rows(b->u, look, &w);
	if (w.found != 1)
		fail_msg("%u rows of %s %s", w.found, host, service);
	return w;
}

static bool add_up(void *arg, const struct usage_row *row)
{
	struct usage_counts *n = arg;
	n->up += row->counts.up;
	n->down += row->counts.down;
	n->flows += row->counts.flows;
	n->clear += row->counts.clear;
	n->named += row->counts.named;
	n->opaque += row->counts.opaque;
	n->alerts += row->counts.alerts;
	n->verdicts += row->counts.verdicts;
	return true;
}

static struct usage_counts total(struct bench *b)
{
	struct usage_counts n = { 0 };
	usage_rows(b->u, add_up, &n);
	return n;
}

/* ---- tests ---- */

static void the_name_that_was_asked_for_is_the_service(void **state)
{
	struct bench *b = *state;
	struct event_flow f = flow_of(b, "10.1.0.5", "203.0.113.7", APP_TLS);
	asks(b, f.e.flow, "Content.DropboxAPI.com");
	told(&f, 5000, 300);
	usage_event(b->u, &f.e);
	struct want w = find(b, "10.1.0.5", "dropbox", USAGE_OUT);
	assert_int_equal(w.row.counts.up, 5000);
	assert_int_equal(w.row.counts.down, 300);
	assert_int_equal(w.row.counts.named, 5300);
	assert_int_equal(w.row.counts.flows, 1);
	assert_int_equal(w.row.hour_s, START_NS / 1000000000);
	assert_string_equal(w.category, "storage");
	assert_string_equal(w.zone, "office");
}

static void a_name_of_no_service_is_its_domain_and_no_name_its_address(void **state)
{
	struct bench *b = *state;
	struct event_flow f = flow_of(b, "10.1.0.5", "203.0.113.7", APP_TLS);
	asks(b, f.e.flow, "a.b.example.co.uk");
	told(&f, 10, 20);
	usage_event(b->u, &f.e);
	assert_int_equal(find(b, "10.1.0.5", "example.co.uk", USAGE_OUT).row.counts.up, 10);
	f = flow_of(b, "10.1.0.5", "203.0.113.7", APP_UNKNOWN);
	told(&f, 7, 8);
	usage_event(b->u, &f.e);
	assert_int_equal(find(b, "10.1.0.5", "203.0.113.7", USAGE_OUT).row.counts.opaque, 15);
}

static void directions_are_seen_from_the_host_of_ours(void **state)
{
	struct bench *b = *state;
	struct event_flow in = flow_of(b, "203.0.113.7", "10.2.0.9", APP_HTTP);
	told(&in, 100, 9000);
	usage_event(b->u, &in.e);
	struct want w = find(b, "10.2.0.9", "http", USAGE_IN);
	assert_int_equal(w.row.counts.up, 9000);
	assert_int_equal(w.row.counts.clear, 9100);
	assert_string_equal(w.zone, "plant");
	struct event_flow lateral = flow_of(b, "10.1.0.5", "10.2.0.9", APP_SMB);
	told(&lateral, 1, 2);
	usage_event(b->u, &lateral.e);
	assert_int_equal(find(b, "10.1.0.5", "smb", USAGE_LATERAL).row.counts.down, 2);
	struct event_flow transit = flow_of(b, "198.51.100.1", "203.0.113.7", APP_OTHER);
	told(&transit, 3, 4);
	usage_event(b->u, &transit.e);
	assert_int_equal(find(b, "198.51.100.1", "203.0.113.7", USAGE_TRANSIT).row.counts.up, 3);
	struct event_flow all = flow_of(b, "10.1.0.5", "224.0.0.251", APP_MDNS);
	told(&all, 5, 0);
	usage_event(b->u, &all.e);
	assert_int_equal(find(b, "10.1.0.5", "mdns", USAGE_LATERAL).row.counts.up, 5);
}

static void a_long_flow_counts_in_the_hours_in_which_it_moved(void **state)
{
	struct bench *b = *state;
	struct event_flow f = flow_of(b, "10.1.0.5", "203.0.113.7", APP_TLS);
	f.e.kind = EVENT_FLOW_PROGRESS;
	f.is_interim = 2;
	told(&f, 1000, 10);
	usage_event(b->u, &f.e);
	told(&f, 0, 0);
	f.is_interim = 1; /* tells nothing fresh */
	usage_event(b->u, &f.e);
	f.e.kind = EVENT_FLOW_END;
	told(&f, 500, 5);
	f.bytes[0] += 30;
	f.earlier[0] = 30;
	f.last_ns = START_NS + HOUR_NS;
	usage_event(b->u, &f.e);
	struct want first = { .host = "10.1.0.5",
			      .service = "203.0.113.7",
			      .hour_s = START_NS / 1000000000 };
	struct want second = first;
	second.hour_s += 3600;
	usage_rows(b->u, look, &first);
	usage_rows(b->u, look, &second);
	assert_int_equal(first.row.counts.up, 1030);
	assert_int_equal(first.row.counts.flows, 1);
	assert_int_equal(second.row.counts.up, 500);
	assert_int_equal(second.row.counts.flows, 0);
}

static void what_has_no_place_is_in_other_and_the_sum_is_exact(void **state)
{
	struct bench *b = *state;
	uint64_t up = 0, down = 0;
	begin_usage(b, 64, 16);
	for (unsigned i = 0; i < 20000; i++) {
		char src[32], dst[32];
		(void)snprintf(src, sizeof(src), "10.1.%u.%u", i % 3, i % 200);
		(void)snprintf(dst, sizeof(dst), "203.0.0.%u", i % 250);
		struct event_flow f = flow_of(b, src, dst, APP_TLS);
		f.first_ns = f.last_ns = START_NS + i % 5 * HOUR_NS;
		told(&f, i % 97, i % 89);
		up += f.fresh[0];
		down += f.fresh[1];
		usage_event(b->u, &f.e);
	}
	struct event_flow big = flow_of(b, "10.1.1.1", "203.0.113.200", APP_TLS);
	told(&big, 90000000, 0);
	usage_event(b->u, &big.e);
	for (unsigned i = 0; i < 1000; i++) {
		char dst[32];
		(void)snprintf(dst, sizeof(dst), "192.0.2.%u", i % 250);
		struct event_flow f = flow_of(b, "10.2.0.1", dst, APP_TLS);
		told(&f, 1, 1);
		usage_event(b->u, &f.e);
	}
	struct usage_counts n = total(b);
	assert_int_equal(n.up, up + 90000000 + 1000);
	assert_int_equal(n.down, down + 1000);
	assert_int_equal(n.named + n.opaque + n.clear, n.up + n.down);
	/* the heavy one kept its row */
	assert_int_equal(find(b, "10.1.1.1", "203.0.113.200", USAGE_OUT).row.counts.up, 90000000);
	struct usage_stats stats;
	usage_stats(b->u, &stats);
	assert_true(stats.folded > 1000);
	assert_int_equal(stats.hosts, 16);
}

static void alerts_stand_with_their_host_and_service(void **state)
{
	struct bench *b = *state;
	const struct ipaddr host = ip("10.1.0.5"), peer = ip("203.0.113.7"), other = ip("10.2.0.9");
	const struct usage_counts told = { .alerts = 1 }, decided = { .verdicts = 1 };
	usage_alert(b->u, &told, START_NS, &host, &peer, 0);
	usage_alert(b->u, &told, START_NS, &host, &peer, 0);
	usage_alert(b->u, &told, START_NS, &host, &other, 0);
	usage_alert(b->u, &told, START_NS, &peer, &other, 0);
	usage_alert(b->u, &told, START_NS, &host, NULL, 0);
	usage_alert(b->u, &decided, START_NS, &host, &peer, 0);
	assert_int_equal(find(b, "10.1.0.5", "203.0.113.7", USAGE_OUT).row.counts.alerts, 2);
	assert_int_equal(find(b, "10.1.0.5", "", USAGE_LATERAL).row.counts.alerts, 1);
	assert_int_equal(find(b, "10.2.0.9", "", USAGE_IN).row.counts.alerts, 1);
	assert_int_equal(find(b, "10.1.0.5", "", USAGE_OUT).row.counts.alerts, 1);
	assert_int_equal(total(b).alerts, 5);
	assert_int_equal(find(b, "10.1.0.5", "203.0.113.7", USAGE_OUT).row.counts.verdicts, 1);
	assert_int_equal(total(b).verdicts, 1);
}

static void an_hour_is_due_when_its_last_flows_have_told(void **state)
{
	struct bench *b = *state;
	assert_false(usage_is_due(b->u, START_NS + HOUR_NS * 9));
	struct event_flow f = flow_of(b, "10.1.0.5", "203.0.113.7", APP_TLS);
	told(&f, 1, 1);
	usage_event(b->u, &f.e);
	assert_false(usage_is_due(b->u, START_NS + HOUR_NS + 119000000000ull));
	assert_true(usage_is_due(b->u, START_NS + HOUR_NS + 121000000000ull));
	usage_clear(b->u);
	assert_false(usage_is_due(b->u, START_NS + HOUR_NS * 9));
	assert_int_equal(total(b).up, 0);
	told(&f, 2, 1);
	usage_event(b->u, &f.e);
	assert_int_equal(find(b, "10.1.0.5", "203.0.113.7", USAGE_OUT).row.counts.up, 2);
}

struct users_seen {
	uint64_t known, unknown;
	char name[64];
};

static bool see_user(void *arg, const struct usage_row *row)
{
	struct users_seen *s = arg;
	if (*row->host->user) {
		s->known += row->counts.up;
		(void)snprintf(s->name, sizeof(s->name), "%s", row->host->user);
	} else {
		s->unknown += row->counts.up;
	}
	return true;
}

static void names_of_bytes_are_taken_and_bounded(void **state)
{
	struct bench *b = *state;
	static const char *const names[] = { "<script>alert(1)</script>.example",
					     "\xff\xfe\x80.example",
					     "\xe2\x80\xae"
					     "gpj.exe",
					     "1.2.3.4", "." };
	char longest[256];
	memset(longest, 'a', 250);
	memcpy(longest + 250, ".com", 5);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) + 1; i++) {
		struct event_flow f = flow_of(b, "10.1.0.5", "203.0.113.7", APP_TLS);
		asks(b, f.e.flow, i < 5 ? names[i] : longest);
		told(&f, 1, 1);
		usage_event(b->u, &f.e);
	}
	assert_int_equal(total(b).up, 6);
	/* what is no name leaves the address */
	assert_int_equal(find(b, "10.1.0.5", "203.0.113.7", USAGE_OUT).row.counts.up, 2 + 1);
}

static void a_host_is_counted_apart_for_each_user(void **state)
{
	struct bench *b = *state;
	const struct usage_options o = { .context = b->context,
					 .key = hash_key_fixed,
					 .max_rows = 1024,
					 .max_hosts = 64,
					 .per_user = true };
	struct identity who = { .address = ip("10.1.0.5"), .ttl_s = 86400, .user = "alice" };
	struct event_flow f = flow_of(b, "10.1.0.5", "203.0.113.7", APP_TLS);
	usage_free(b->u);
	b->u = usage_new(&o);
	assert_non_null(b->u);
	told(&f, 1, 1);
	usage_event(b->u, &f.e);
	assert_true(context_identity(b->context, &who));
	for (unsigned i = 0; i < 2; i++) {
		told(&f, 10, 1);
		usage_event(b->u, &f.e);
	}
	struct users_seen seen = { 0 };
	usage_rows(b->u, see_user, &seen);
	assert_int_equal(seen.unknown, 1);
	assert_int_equal(seen.known, 20);
	assert_string_not_equal(seen.name, "");
	assert_string_not_equal(seen.name, "alice"); /* a pseudonym, by default */
	/* without the setting nobody is named */
	begin_usage(b, 1024, 64);
	usage_event(b->u, &f.e);
	seen = (struct users_seen){ 0 };
	usage_rows(b->u, see_user, &seen);
	assert_int_equal(seen.known, 0);
	assert_int_equal(seen.unknown, 10);
}

static void ten_thousand_hosts_are_under_64_megabytes(void **state)
{
	(void)state;
	assert_true(usage_bytes(65536, 65536) < 32u << 20);
	assert_true(usage_bytes(131072, 65536) < 64u << 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_host_is_counted_apart_for_each_user, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(the_name_that_was_asked_for_is_the_service, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			a_name_of_no_service_is_its_domain_and_no_name_its_address, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(directions_are_seen_from_the_host_of_ours, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_long_flow_counts_in_the_hours_in_which_it_moved,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_has_no_place_is_in_other_and_the_sum_is_exact,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(alerts_stand_with_their_host_and_service, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(an_hour_is_due_when_its_last_flows_have_told,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(names_of_bytes_are_taken_and_bounded, set_up,
						tear_down),
		cmocka_unit_test(ten_thousand_hosts_are_under_64_megabytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
