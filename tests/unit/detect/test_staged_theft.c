/*
 * A push after a pull: what is told, what lies just below, what only looks like it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/detect_harness.h"

extern const struct detector staged_theft_detector;

#define MB     1000000ull
#define HOST   "10.0.0.5"
#define SERVER "10.0.0.20"
#define OUT    "198.51.100.7"
#define HOUR   3600

static struct detect_harness h;

static int setup(void **state)
{
	(void)state;
	detect_init(&h, &staged_theft_detector);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	detect_deinit(&h);
	return 0;
}

static void flow(const char *src, const char *dst, uint16_t port, uint16_t app, uint64_t up,
		 uint64_t down)
{
	struct event_flow f = detect_flow(&h, src, 50000, dst, port, 6);
	f.e.app = app;
	f.outcome = FLOW_OUTCOME_ESTABLISHED;
	f.one_sided = 0;
	f.packets[1] = 1;
	f.payload[0] = up;
	f.payload[1] = down;
	detect_finish(&h, &f, FLOW_END_CLOSED);
}

static void pull(uint64_t bytes)
{
	flow(HOST, SERVER, 445, APP_SMB, bytes / 100, bytes);
}

static void push(const char *dst, uint64_t bytes)
{
	flow(HOST, dst, 443, APP_TLS, bytes, bytes / 200);
}

static const struct finding_feature *feature(const struct finding *f, const char *name)
{
	for (unsigned i = 0; i < f->feature_count; i++)
		if (strcmp(f->features[i].name, name) == 0)
			return &f->features[i];
	return NULL;
}

static void packed(uint8_t type)
{
	struct event_file e = { 0 };
	detect_head(&h, &e.e, EVENT_FILE, sizeof(e));
	e.e.src = detect_addr(HOST);
	e.e.dst = detect_addr(SERVER);
	e.type = type;
	detect_event(&h, &e.e);
}

static void fetched_and_sent_is_told_with_server_ratio_and_delay(void **state)
{
	(void)state;
	pull(40 * MB);
	detect_advance(&h, 1200);
	detect_name(&h, OUT, "files.example.com");
	push(OUT, 36 * MB);
	assert_int_equal(h.count, 1);
	const struct finding *x = &h.findings[0];
	assert_int_equal(x->severity, SEVERITY_MEDIUM);
	assert_non_null(strstr(x->message, "fetched 40 MB from 10.0.0.20 by smb, and sent 36 MB to "
					   "files.example.com"));
	assert_non_null(strstr(x->message, "20 min"));
	assert_true(feature(x, "size_ratio")->value > 0.89 &&
		    feature(x, "size_ratio")->value < 0.91);
	assert_true(detect_has_technique(x, "T1039") && detect_has_technique(x, "T1041"));
	assert_non_null(strstr(x->not_harmless, "not by content"));
	assert_int_equal(x->related_count, 1);
	assert_float_equal(detect_sum(x), x->score, 1e-9);
}

static void what_is_encrypted_before_weighs_more(void **state)
{
	(void)state;
	pull(40 * MB);
	push(OUT, 36 * MB);
	double plain = h.findings[0].score;
	detect_restart(&h);
	pull(40 * MB);
	packed(FILE_ENCRYPTED);
	push(OUT, 36 * MB);
	assert_int_equal(h.count, 1);
	assert_true(h.findings[0].score > plain + 0.1);
	assert_int_equal(h.findings[0].severity, SEVERITY_HIGH);
	assert_true(detect_has_technique(&h.findings[0], "T1560"));
	/* a text is nothing packed */
	detect_restart(&h);
	pull(40 * MB);
	packed(FILE_TEXT);
	push(OUT, 36 * MB);
	assert_float_equal(h.findings[0].score, plain, 1e-9);
}

static void a_push_alone_is_silent(void **state)
{
	(void)state;
	push(OUT, 500 * MB);
	assert_int_equal(h.count, 0);
}

static void the_order_counts(void **state)
{
	(void)state;
	push(OUT, 36 * MB);
	detect_advance(&h, 60);
	pull(40 * MB);
	detect_advance(&h, 60);
	push(OUT, 100000);
	assert_int_equal(h.count, 0);
}

static void sizes_that_do_not_fit_are_silent(void **state)
{
	(void)state;
	pull(1000 * MB);
	push(OUT, 49 * MB); /* less than a twentieth */
	assert_int_equal(h.count, 0);
	push(OUT, 2 * MB);
	assert_int_equal(h.count, 1); /* packed, as far as one can tell */
	detect_restart(&h);
	pull(40 * MB);
	push("198.51.100.8", 51 * MB); /* more than came */
	assert_int_equal(h.count, 0);
}

static void too_little_and_too_late_are_silent(void **state)
{
	(void)state;
	pull(5 * MB - 1);
	push(OUT, 4 * MB);
	assert_int_equal(h.count, 0);
	detect_restart(&h);
	pull(5 * MB);
	push(OUT, 2 * MB - 1);
	assert_int_equal(h.count, 0);
	detect_restart(&h);
	pull(40 * MB);
	detect_advance(&h, 8 * 24 * HOUR);
	push("198.51.100.8", 36 * MB);
	assert_int_equal(h.count, 0);
}

static void a_file_for_the_company_cloud_is_context(void **state)
{
	(void)state;
	detect_name(&h, OUT, "www.dropbox.com");
	pull(40 * MB);
	push(OUT, 36 * MB);
	assert_in_range(h.count, 0, 1);
	if (h.count)
		assert_int_equal(h.findings[0].severity, SEVERITY_LOW);
	detect_name(&h, "198.51.100.8", "transfer.sh");
	pull(40 * MB);
	push("198.51.100.8", 70 * MB);
	assert_true(h.findings[h.count - 1].severity >= SEVERITY_MEDIUM);
}

static void what_is_usual_for_the_host_weighs_less(void **state)
{
	double first, last;
	(void)state;
	pull(40 * MB);
	push(OUT, 36 * MB);
	first = h.findings[0].score;
	for (unsigned day = 0; day < 20; day++) {
		detect_advance(&h, 86401);
		pull(40 * MB);
		push(OUT, 36 * MB);
	}
	last = h.findings[h.count - 1].score;
	assert_true(last < first - 0.1);
	assert_non_null(feature(&h.findings[h.count - 1], "usual_push"));
}

static void shares_are_named(void **state)
{
	(void)state;
	union {
		struct event_smb e;
		uint8_t bytes[sizeof(struct event_smb) + 16];
	} u = { 0 };
	detect_head(&h, &u.e.e, EVENT_SMB, sizeof(u));
	u.e.e.src = detect_addr(HOST);
	u.e.e.dst = detect_addr(SERVER);
	u.e.act = SMB_CLOSE;
	u.e.read = 20 * MB;
	u.e.share.off = sizeof(struct event_smb);
	u.e.share.len = 7;
	memcpy(u.bytes + sizeof(struct event_smb), "Finance", 7);
	detect_event(&h, &u.e.e);
	pull(40 * MB);
	push(OUT, 36 * MB);
	assert_int_equal(h.count, 1);
	assert_non_null(strstr(h.findings[0].message, "from 10.0.0.20, share Finance by smb"));
}

static void a_flood_of_hosts_stays_within_the_tables(void **state)
{
	struct detector_counters counters;
	char src[32];
	(void)state;
	pull(40 * MB);
	for (unsigned i = 0; i < 9000; i++) {
		snprintf(src, sizeof(src), "10.9.%u.%u", i / 250, i % 250 + 1);
		flow(src, SERVER, 445, APP_SMB, 1000, 2 * MB);
	}
	staged_theft_detector.counters(h.state, &counters);
	assert_true(counters.evictions > 0 && counters.worst_case_bytes > 0);
	push(OUT, 36 * MB); /* the large one is still known */
	assert_int_equal(h.count, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(fetched_and_sent_is_told_with_server_ratio_and_delay),
		TEST(what_is_encrypted_before_weighs_more),
		TEST(a_push_alone_is_silent),
		TEST(the_order_counts),
		TEST(sizes_that_do_not_fit_are_silent),
		TEST(too_little_and_too_late_are_silent),
		TEST(a_file_for_the_company_cloud_is_context),
		TEST(what_is_usual_for_the_host_weighs_less),
		TEST(shares_are_named),
		TEST(a_flood_of_hosts_stays_within_the_tables),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
