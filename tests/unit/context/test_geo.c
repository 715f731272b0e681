/*
 * Country and AS by databases that tests/support/mmdb_write.py made, whole, cut and damaged.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "exfild/context/geo.h"
#include "places.h"

#define COUNTRY EXFILD_SOURCE_DIR "/tests/support/country.mmdb"
#define AS      EXFILD_SOURCE_DIR "/tests/support/as.mmdb"

static char why[500];

static struct geo find(const struct geo_set *g, const char *text)
{
	struct ipaddr a;
	struct geo ret;
	assert_int_equal(ipaddr_parse(text, &a), 0);
	(void)geo_find(g, &a, &ret);
	return ret;
}

static struct geo_set *open_both(void)
{
	struct geo_set *g = NULL;
	int err = geo_open(COUNTRY, AS, &g, why, sizeof(why));
	if (err == -EXF_E_UNSUPPORTED)
		skip();
	assert_int_equal(err, 0);
	return g;
}

static void addresses_have_country_and_as(void **state)
{
	struct geo_set *g = open_both();
	(void)state;
	assert_string_equal(find(g, "203.0.113.9").country, "DE");
	assert_int_equal(find(g, "203.0.113.9").as_number, 64500);
	assert_string_equal(find(g, "203.0.113.9").as_name, "Example Net");
	assert_string_equal(find(g, "198.51.100.127").country, "CN");
	assert_string_equal(find(g, "198.51.100.128").country, "US");
	assert_string_equal(find(g, "2001:db8:1::7").country, "FR");
	assert_int_equal(find(g, "2001:db8:ffff::7").as_number, 64502);
	assert_string_equal(find(g, "2001:db8:ffff::7").country, "");
	assert_string_equal(find(g, "192.0.2.1").country, "");
	assert_int_equal(find(g, "192.0.2.1").as_number, 0);
	geo_close(g);
}

static void each_may_be_missing(void **state)
{
	struct geo_set *g = open_both();
	(void)state;
	geo_close(g);
	assert_int_equal(geo_open("", NULL, &g, why, sizeof(why)), 0);
	assert_null(g);
	assert_int_equal(geo_open(NULL, AS, &g, why, sizeof(why)), 0);
	assert_string_equal(find(g, "203.0.113.9").country, "");
	assert_int_equal(find(g, "203.0.113.9").as_number, 64500);
	geo_close(g);
	assert_int_equal(geo_open("/nonexistent/x.mmdb", AS, &g, why, sizeof(why)), -EXF_E_IO);
	assert_non_null(strstr(why, "/nonexistent/x.mmdb"));
	assert_null(g);
}

static size_t read_file(const char *path, char *dst, size_t size)
{
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	size_t n = fread(dst, 1, size, f);
	fclose(f);
	return n;
}

static void write_copy(const char *path, const char *data, size_t len)
{
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	fclose(f);
}

/* Cut anywhere it is refused, with its name. */
static void each_truncation_is_an_error(void **state)
{
	char path[] = "/tmp/exfild-geo-XXXXXX", data[8192];
	struct geo_set *g = open_both();
	size_t len = read_file(COUNTRY, data, sizeof(data));
	(void)state;
	geo_close(g);
	close(mkstemp(path));
	for (size_t n = 0; n < len; n++) {
		write_copy(path, data, n);
		assert_int_equal(geo_open(path, NULL, &g, why, sizeof(why)), -EXF_E_FORMAT);
		assert_null(g);
		assert_non_null(strstr(why, path));
	}
	unlink(path);
}

/* Each byte turned over: it is refused, or it answers something, and nothing else happens. */
static void damage_does_no_harm(void **state)
{
	char path[] = "/tmp/exfild-geo-XXXXXX", data[8192];
	struct geo_set *g = open_both();
	size_t len = read_file(AS, data, sizeof(data));
	(void)state;
	geo_close(g);
	close(mkstemp(path));
	for (size_t n = 0; n < len; n++) {
		data[n] = (char)~data[n];
		write_copy(path, data, len);
		if (geo_open(NULL, path, &g, why, sizeof(why)) == 0) {
			(void)find(g, "203.0.113.9");
			(void)find(g, "2001:db8::1");
			geo_close(g);
		}
		data[n] = (char)~data[n];
	}
	unlink(path);
}

/* The file may be written over or cut while it is in use. */
static void the_copy_is_ours(void **state)
{
	char path[] = "/tmp/exfild-geo-XXXXXX", data[8192];
	struct geo_set *g = open_both();
	size_t len = read_file(COUNTRY, data, sizeof(data));
	(void)state;
	geo_close(g);
	close(mkstemp(path));
	write_copy(path, data, len);
	assert_int_equal(geo_open(path, NULL, &g, why, sizeof(why)), 0);
	assert_int_equal(truncate(path, 0), 0);
	assert_string_equal(find(g, "203.0.113.9").country, "DE");
	unlink(path);
	assert_string_equal(find(g, "198.51.100.1").country, "CN");
	geo_close(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_have_country_and_as),
		cmocka_unit_test(each_may_be_missing),
		cmocka_unit_test(each_truncation_is_an_error),
		cmocka_unit_test(damage_does_no_harm),
		cmocka_unit_test(the_copy_is_ours),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
