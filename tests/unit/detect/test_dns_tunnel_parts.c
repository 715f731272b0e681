/*
 * The measures of dns_tunnel: information of names, marks of tools, heavy domains.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exfild/base/hash.h"
#include "../../../src/detect/dns_tunnel/heavy.h"
#include "../../../src/detect/dns_tunnel/information.h"
#include "../../../src/detect/dns_tunnel/marks.h"

enum { TYPE_A = 1, TYPE_NULL = 10, TYPE_TXT = 16, TYPE_KEY = 25, TYPE_PRIVATE = 65399 };

static double info(const char *name, struct label_memory *m)
{
	return information_bytes(name, strlen(name), m);
}

static void assert_near(double a, double b, double within)
{
	if (fabs(a - b) > within)
		fail_msg("%f is not %f within %f", a, b, within);
}

static void alphabets_have_their_bits(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		double bits;
	} cases[] = { { "0123456789", 3.3219 },
		      { "00ff9", 4 },
		      { "abcdef", 4 },
		      { "0a", 4 },
		      { "hello", 4.7004 },
		      { "xyz", 4.7004 },
		      { "v0u1", 5 },
		      { "z9", 5.1699 },
		      { "a-b", 6 },
		      { "aB", 6 },
		      { "a\xff", 8 },
		      { "", 3.3219 } };
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_near(information_alphabet_bits(cases[i].text, strlen(cases[i].text)),
			    cases[i].bits, 1e-9);
}

static void no_name_carries_more_than_its_length(void **state)
{
	(void)state;
	uint32_t seed = 1;
	char name[200];
	for (unsigned run = 0; run < 2000; run++) {
		struct label_memory m = { .count = 0 };
		size_t len = 1 + run % sizeof(name);
		for (size_t i = 0; i < len; i++) {
			seed = seed * 1664525u + 1013904223u;
			name[i] = (char)(seed >> 24);
		}
		double bytes = information_bytes(name, len, &m);
		assert_true(bytes >= 0 && bytes <= (double)len);
	}
}

static void hexadecimal_carries_half_its_length(void **state)
{
	(void)state;
	struct label_memory m = { .count = 0 };
	assert_near(info("00112233445566778899aabbccddeeff", &m), 16, 1e-9);
	assert_near(info("", &m), 0, 1e-9);
	assert_near(info("...", &m), 0, 1e-9);
}

static void a_label_met_before_carries_its_choice_only(void **state)
{
	(void)state;
	struct label_memory m = { .count = 0 };
	double first = info("www.static.assets", &m);
	double again = info("www.static.assets", &m);
	assert_true(first > 6);
	assert_near(again, 3 * log2(4) / 8, 1e-9); /* one of three and none */
	assert_true(info("www.static.other", &m) < first);
	/* the memory is bounded: the oldest label is forgotten */
	for (unsigned i = 0; i < LABELS_KNOWN; i++) {
		char label[32];
		snprintf(label, sizeof(label), "label%u", i);
		info(label, &m);
	}
	assert_near(info("static", &m), 6 * 4.7004 / 8, 1e-9);
	/* a short label never costs more than itself */
	assert_true(info("a", &m) <= 0.5);
	assert_true(info("a", &m) <= 0.5);
}

static uint32_t marks(const char *sub, const char *domain, uint16_t type)
{
	char name[300];
	snprintf(name, sizeof(name), "%s%s", sub, domain);
	return dns_marks(name, strlen(name), strlen(sub), type);
}

static void tools_leave_marks(void **state)
{
	(void)state;
	assert_int_equal(marks("paaabcdef.", "t.example", TYPE_NULL), MARK_RECORD_TYPE);
	assert_int_equal(marks("paaabcdef.", "t.example", TYPE_KEY), MARK_RECORD_TYPE);
	assert_int_equal(marks("paaabcdef.", "t.example", TYPE_PRIVATE), MARK_RECORD_TYPE);
	assert_int_equal(marks("zAaahhh-Drink-mal-ein-J\xe4germeister-.", "t.example", TYPE_A),
			 MARK_IODINE);
	assert_int_equal(marks("zaAbBcCdDeEfFgGhHiIjJkK.", "t.example", TYPE_A), MARK_IODINE);
	assert_int_equal(marks("AAAAAH3zAA==.=auth.", "t.example", TYPE_TXT), MARK_DNS2TCP);
	assert_int_equal(marks("dnscat.d1c101020304.", "", TYPE_TXT), MARK_DNSCAT);
	assert_int_equal(marks("init.MZUWYZJOORUXA.base32.", "t.example", TYPE_TXT),
			 MARK_EXFILTRATOR);
	assert_int_equal(marks("aaa.stage.123.", "t.example", TYPE_TXT), MARK_COBALT_STRIKE);
	assert_int_equal(marks("post.1a0b1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e6f.1.", "t.example", TYPE_A),
			 MARK_COBALT_STRIKE);
	assert_int_equal(marks("H4sIAAAAAAAAA0tMSk5JTUvPyMzKBgCGMFhA.", "t.example", TYPE_A),
			 MARK_FILE_MAGIC);
	assert_int_equal(marks("504b03041400000008004b5a2d59.", "t.example", TYPE_A),
			 0); /* short */
	assert_int_equal(marks("504b03041400000008004b5a2d59aabbccdd.", "t.example", TYPE_A),
			 MARK_FILE_MAGIC);
	assert_int_equal(marks("x.kbfqgbaucqaaaaaiabfvuljzgm3tqnzvgu.", "t.example", TYPE_A),
			 MARK_FILE_MAGIC);
	for (unsigned bit = 0; bit < 7; bit++)
		assert_string_not_equal(dns_mark_name(1u << bit), "none");
	assert_string_equal(dns_mark_name(0), "none");
}

static void ordinary_names_have_no_marks(void **state)
{
	(void)state;
	static const char *const names[] = {
		"www.",
		"",
		"_dmarc.",
		"selector1._domainkey.",
		"r3---sn-4g5e6nsz.",
		"d111111abcdef8.",
		"post.",
		"init.",
		"stage.",
		"aaa.",
		"post.office.",
		"ec2-203-0-113-25.eu-west-1.compute.",
		"a.b.c.d.e.f.",
		"0.0.0.0.1.0.0.4e.13cd.dnsbl.",
		"tvqq.",
		"504b0304.",
	};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(marks(names[i], "example.com", TYPE_A), 0);
		assert_int_equal(marks(names[i], "example.com", TYPE_TXT), 0);
	}
	/* the apex may have a KEY */
	assert_int_equal(marks("", "example.com", TYPE_KEY), 0);
}

static void dnscat_sessions_are_read(void **state)
{
	(void)state;
	uint16_t session = 0;
	assert_true(dns_dnscat_session("a1b201c0de0011223344.x", 20, &session));
	assert_int_equal(session, 0xc0de);
	assert_false(dns_dnscat_session("a1b201c0de00112233", 17, &session)); /* odd */
	assert_false(dns_dnscat_session("a1b201c0de", 10, &session));
	assert_false(dns_dnscat_session("a1b207c0de0011223344", 20, &session)); /* no such type */
	assert_false(dns_dnscat_session("a1b201c0deXY11223344", 20, &session));
	assert_false(dns_dnscat_session("", 0, &session));
}

static uint64_t hash_of(unsigned a, unsigned b)
{
	uint64_t words[2] = { a, b };
	return hash_words(&hash_key_fixed, words, 2);
}

static double add(struct heavy *h, uint64_t domain, uint64_t name, unsigned weight)
{
	heavy_add(h, domain, name, weight);
	return heavy_estimate(h, domain);
}

static void heavy_counts_distinct_information(void **state)
{
	(void)state;
	struct heavy *h = heavy_new(&hash_key_fixed);
	double got = 0;
	for (unsigned name = 0; name < 500; name++)
		for (unsigned again = 0; again < 3; again++)
			got = add(h, hash_of(1, 1), hash_of(2, name), 40);
	assert_near(got, 500 * 40, 500 * 40 * 0.2);
	heavy_reset(h);
	got = add(h, hash_of(1, 1), hash_of(2, 1), 40);
	assert_near(got, 40, 10);
	heavy_free(h);
	assert_true(heavy_bytes() < 4u << 20);
}

/* A tunnel, then a hundred thousand domains of one name each, then the tunnel goes on. */
static void a_flood_of_domains_cannot_push_a_tunnel_out(void **state)
{
	(void)state;
	struct heavy *h = heavy_new(&hash_key_fixed);
	double got = 0;
	unsigned name = 0;
	for (; name < 400; name++)
		heavy_add(h, hash_of(1, 1), hash_of(2, name), 60);
	for (unsigned i = 0; i < 100000; i++) {
		heavy_add(h, hash_of(3, i), hash_of(4, i), 12);
		if (i % 250 == 0)
			got = add(h, hash_of(1, 1), hash_of(2, name++), 60);
	}
	assert_near(got, name * 60.0, name * 60.0 * 0.2);
	heavy_free(h);
}

/* It also gets in when the flood came first. */
static void a_tunnel_enters_a_full_cache(void **state)
{
	(void)state;
	struct heavy *h = heavy_new(&hash_key_fixed);
	double got = 0;
	for (unsigned i = 0; i < 20000; i++)
		heavy_add(h, hash_of(3, i), hash_of(4, i), 12);
	for (unsigned name = 0; name < 2000; name++)
		got = add(h, hash_of(1, 1), hash_of(2, name), 60);
	assert_true(got > 2000 * 60 * 0.6);
	heavy_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alphabets_have_their_bits),
		cmocka_unit_test(no_name_carries_more_than_its_length),
		cmocka_unit_test(hexadecimal_carries_half_its_length),
		cmocka_unit_test(a_label_met_before_carries_its_choice_only),
		cmocka_unit_test(tools_leave_marks),
		cmocka_unit_test(ordinary_names_have_no_marks),
		cmocka_unit_test(dnscat_sessions_are_read),
		cmocka_unit_test(heavy_counts_distinct_information),
		cmocka_unit_test(a_flood_of_domains_cannot_push_a_tunnel_out),
		cmocka_unit_test(a_tunnel_enters_a_full_cache),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
