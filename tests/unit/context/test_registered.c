/*
 * Registered domains by the public suffix list, of friendly and of hostile names.
 */
#include <stdio.h>
#include <time.h>

#include <libpsl.h>

#include "places.h"
#include "support.h"

static struct context *c;

static int start(void **state)
{
	struct context_options o = { 0 };
	(void)state;
	c = make(&o);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	context_free(c);
	return 0;
}

static void check_len(const char *name, size_t len, const char *expected, size_t expected_len)
{
	const char *registered = NULL;
	size_t registered_len = 999999;
	/* The bytes stand alone, so that the sanitizer sees one too far. */
	char *copy = malloc(len ? len : 1);
	memcpy(copy, name, len);
	for (unsigned again = 0; again < 2; again++) { /* the second time from the cache */
		size_t before = context_registered(c, copy, len, &registered, &registered_len);
		assert_ptr_equal(registered, copy + before);
		assert_true(before + registered_len <= len);
		if (registered_len != expected_len ||
		    memcmp(registered, expected, expected_len) != 0)
			fail_msg("%.*s gives %.*s, not %s", (int)len, name, (int)registered_len,
				 registered, expected);
	}
	free(copy);
}

static void check(const char *name, const char *expected)
{
	check_len(name, strlen(name), expected, strlen(expected));
}

static void suffixes_of_several_labels(void **state)
{
	(void)state;
	check("www.example.com", "example.com");
	check("a.b.c.d.example.com", "example.com");
	check("example.com", "example.com");
	check("www.example.co.uk", "example.co.uk");
	check("a.www.example.co.uk", "example.co.uk");
	check("x.example.com.au", "example.com.au");
	check("1.2.0.192.in-addr.arpa", "192.in-addr.arpa");
}

static void private_section_counts(void **state)
{
	(void)state;
	check("user.github.io", "user.github.io");
	check("www.user.github.io", "user.github.io");
	check("key.bucket.s3.amazonaws.com", "bucket.s3.amazonaws.com");
	check("bucket.s3.amazonaws.com", "bucket.s3.amazonaws.com");
	check("a.b.duckdns.org", "b.duckdns.org");
	check("x.y.workers.dev", "y.workers.dev");
	check("amazonaws.com", "amazonaws.com");
	check("ec2.amazonaws.com", "amazonaws.com");
}

static void other_scripts(void **state)
{
	(void)state;
	check("a.b.example.xn--fiqs8s", "example.xn--fiqs8s");
	check("a.b.xn--55qx5d.cn", "b.xn--55qx5d.cn");
	check("a.b.xn--gmqw5a.xn--j6w193g", "b.xn--gmqw5a.xn--j6w193g");
	check("a.b.xn--mxtq1m.hk", "b.xn--mxtq1m.hk");
}

/* Every rule of the system's list, asked through the cache and the walk, against libpsl alone. */
static void agrees_with_the_library(void **state)
{
	(void)state;
	char line[512];
	unsigned asked = 0;
	FILE *f = fopen("/usr/share/publicsuffix/public_suffix_list.dat", "re");
	psl_ctx_t *list = psl_load_file("/usr/share/publicsuffix/public_suffix_list.dat");
	while (f && list && fgets(line, sizeof(line), f)) {
		static const char *const before[] = { "", "two.", "one.two." };
		size_t len = strcspn(line, " \t\r\n");
		char *rule = line + strspn(line, "!*.");
		line[len] = '\0';
		if (strncmp(line, "//", 2) == 0 || !*rule ||
		    strspn(rule, "abcdefghijklmnopqrstuvwxyz0123456789-.") != strlen(rule))
			continue;
		for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
			char name[600];
			snprintf(name, sizeof(name), "%s%s", before[i], rule);
			const char *registered = psl_registrable_domain(list, name);
			check(name, registered ? registered : name);
		}
		asked++;
	}
	if (f)
		fclose(f);
	psl_free(list);
	if (!asked)
		skip(); /* no list on this machine */
}

static void wildcards_and_exceptions(void **state)
{
	(void)state;
	check("a.b.test.ck", "b.test.ck");
	check("www.ck", "www.ck");
	check("a.www.ck", "www.ck");
	check("city.kawasaki.jp", "city.kawasaki.jp");
	check("a.city.kawasaki.jp", "city.kawasaki.jp");
	check("a.b.c.kawasaki.jp", "b.c.kawasaki.jp");
}

static void suffix_itself_and_single_labels_are_their_own(void **state)
{
	(void)state;
	check("co.uk", "co.uk");
	check("com", "com");
	check("github.io", "github.io");
	check("s3.amazonaws.com", "s3.amazonaws.com");
	check("localhost", "localhost");
	check("x", "x");
	check("printer.lan", "printer.lan");
	check("a.printer.lan", "printer.lan");
}

static void case_and_dots_at_the_end_do_not_count(void **state)
{
	(void)state;
	check("WWW.ExAmPlE.CO.UK", "ExAmPlE.CO.UK");
	check("www.example.com.", "example.com");
	check("www.example.com..", "example.com");
	check("com.", "com");
	check("", "");
	check(".", "");
	check("....", "");
}

static void addresses_are_one_thing(void **state)
{
	(void)state;
	check("192.0.2.17", "192.0.2.17");
	check("1.2.3.4.", "1.2.3.4");
	check("a.192.0.2.17", "2.17");
	check("[2001:db8::1]", "[2001:db8::1]");
}

static void empty_labels_do_not_confuse(void **state)
{
	(void)state;
	check("a..example.com", "example.com");
	check(".example.com", "example.com");
	check("..com", ".com");
	check("a..com", ".com");
	check(".com", ".com");
	check("a.b..co.uk", ".co.uk");
}

static void hostile_bytes_stay_in_their_labels(void **state)
{
	(void)state;
	check("\xff\xfe\x01\"'.t.example.co.uk", "example.co.uk");
	check("a b c.example.com", "example.com");
	check("x.\xff\xff.com", "\xff\xff.com");
	check("x.example.c\xffm", "example.c\xffm");
	check("x.\xe5\x85\xac\xe5\x8f\xb8.cn", "\xe5\x85\xac\xe5\x8f\xb8.cn");
	check("*.example.com", "example.com");
	check("!www.ck", "!www.ck");
	check_len("a\0b.x\0y.com", 11, "x\0y.com", 7);
	check_len("\0.\0.\0", 5, "\0.\0", 3);
}

static void long_names(void **state)
{
	(void)state;
	char name[2048];
	memset(name, 'a', sizeof(name));
	check_len(name, 255, name, 255);
	check_len(name, 2000, name, 2000);
	for (unsigned i = 63; i < 240; i += 64)
		name[i] = '.';
	memcpy(name + 240, ".example.co.uk", 14);
	check_len(name, 254, "example.co.uk", 13);
	/* 127 labels of one byte */
	for (unsigned i = 0; i < 253; i++)
		name[i] = i % 2 ? '.' : 'a';
	check_len(name, 253, "a.a", 3);
	memcpy(name + 241, ".example.com", 12);
	check_len(name, 253, "example.com", 11);
	/* a suffix by wildcard with a label of 63 bytes before it */
	memset(name, 'b', 64 + 64);
	name[63] = '.';
	memcpy(name + 127, ".compute.amazonaws.com.cn", 25);
	check_len(name, 152, name, 152);
	/* a label over 63 bytes */
	memset(name, 'c', 300);
	memcpy(name + 300, ".com", 4);
	check_len(name, 304, name, 304);
	memset(name, '.', sizeof(name));
	check_len(name, sizeof(name), "", 0);
	memcpy(name + sizeof(name) - 3, "com", 3);
	check_len(name, sizeof(name), ".com", 4);
}

static void more_names_than_the_cache_holds_stay_right(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 40000; i++) {
		char name[64];
		const char *registered;
		size_t len;
		snprintf(name, sizeof(name), "h%u.example.co.uk", i);
		context_registered(c, name, strlen(name), &registered, &len);
		assert_int_equal(len, strlen("example.co.uk"));
	}
	check("www.example.com", "example.com");
}

static double ns_per_call(const char *name, unsigned count)
{
	struct timespec a, b;
	const char *registered;
	size_t len, sum = 0;
	clock_gettime(CLOCK_MONOTONIC, &a);
	for (unsigned i = 0; i < count; i++) {
		context_registered(c, name, strlen(name), &registered, &len);
		sum += len;
	}
	clock_gettime(CLOCK_MONOTONIC, &b);
	assert_true(sum > 0);
	return ((double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec)) / count;
}

static void a_hit_is_fast(void **state)
{
	(void)state;
	print_message("hit, 15 bytes: %.0f ns\n", ns_per_call("www.example.com", 1000000));
	print_message("hit, 43 bytes: %.0f ns\n",
		      ns_per_call("d1a2b3c4e5f6.x.static.example-company.co.uk", 1000000));
	print_message("hit, 160 bytes: %.0f ns\n",
		      ns_per_call("aaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbccc."
				  "aaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbccc."
				  "aaaaaaaaaabbbbbbbbb.example.com",
				  1000000));
	struct timespec a, b;
	const unsigned count = 100000;
	clock_gettime(CLOCK_MONOTONIC, &a);
	for (unsigned i = 0; i < count; i++) {
		char name[64];
		const char *registered;
		size_t len;
		snprintf(name, sizeof(name), "%08x.t.example.co.uk", i);
		context_registered(c, name, strlen(name), &registered, &len);
	}
	clock_gettime(CLOCK_MONOTONIC, &b);
	print_message("miss: %.0f ns\n",
		      ((double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec)) /
			      count);
}

static void missing_list_is_an_error(void **state)
{
	(void)state;
	struct context_options o = { .services_path = SHIPPED_SERVICES,
				     .suffix_path = EXFILD_BUILD_DIR "/no_such_list.dat" };
	struct context *none = NULL;
	char why[256] = "";
	assert_int_equal(context_new(&o, &none, why, sizeof(why)), -EXF_E_IO);
	assert_null(none);
	assert_non_null(strstr(why, "no_such_list.dat"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(suffixes_of_several_labels),
		cmocka_unit_test(private_section_counts),
		cmocka_unit_test(other_scripts),
		cmocka_unit_test(agrees_with_the_library),
		cmocka_unit_test(wildcards_and_exceptions),
		cmocka_unit_test(suffix_itself_and_single_labels_are_their_own),
		cmocka_unit_test(case_and_dots_at_the_end_do_not_count),
		cmocka_unit_test(addresses_are_one_thing),
		cmocka_unit_test(empty_labels_do_not_confuse),
		cmocka_unit_test(hostile_bytes_stay_in_their_labels),
		cmocka_unit_test(long_names),
		cmocka_unit_test(more_names_than_the_cache_holds_stay_right),
		cmocka_unit_test(a_hit_is_fast),
		cmocka_unit_test(missing_list_is_an_error),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
