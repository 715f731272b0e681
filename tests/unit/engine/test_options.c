/*
 * Command lines, good and bad.
 */
#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exfild/engine/options.h"

#define ARGS_MAX 200

/* A command line of words between single spaces. */
static int parse(struct options *o, const char *line)
{
	static char text[4096];
	static char *argv[ARGS_MAX];
	int argc = 0;
	snprintf(text, sizeof(text), "exfild%s%s", *line ? " " : "", line);
	for (char *at = text; at && argc < ARGS_MAX - 1; argc++) {
		argv[argc] = at;
		at = strchr(at, ' ');
		if (at)
			*at++ = '\0';
	}
	argv[argc] = NULL;
	optind = 0; /* getopt begins anew */
	return options_parse(o, argc, argv);
}

static void good_lines_go_on(void **state)
{
	(void)state;
	static const char *const lines[] = {
		"-r a.pcap",
		"-r a -r b c d",
		"-r -",
		"-T",
		"-T -c x.yaml",
		"-r a -o text",
		"-r a -o json --events e.json",
		"-r a --events -",
		"-r a --minimum high",
		"-r a --fail-on low",
		"-r a -j 64",
		"-r a --set sensor.name=x --set a=",
		"-r a --inside 203.0.113.0/24 --inside 2001:db8::/32",
		"-r a -f tcp",
		"-r a --since 2026-11-23 --until 2026-11-23T19:00:00Z",
		"-r a --since 5 --until 5",
		"-r a --evidence e.pcapng --publish -q -v -v",
		"-r a -- b",
	};
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct options o;
		if (parse(&o, lines[i]) != -1)
			fail_msg("refused: %s", lines[i]);
		options_free(&o);
	}
}

static void bad_lines_are_usage_errors(void **state)
{
	(void)state;
	static const char *const lines[] = {
		"",
		"a.pcap",
		"-r",
		"-q",
		"-x",
		"-r a --nonsense",
		"-r a -o xml",
		"-r a -o",
		"-r a --minimum loud",
		"-r a --fail-on never",
		"-r a -j 0",
		"-r a -j 65",
		"-r a -j many",
		"-r a -j -1",
		"-r a --set sensor.name",
		"-r a --inside 1.2.3",
		"-r a --inside 10.0.0.0/33",
		"-r a --since yesterday",
		"-r a --since 2026-11-24 --until 2026-11-23",
		"-r a --events - -o text",
		"-r a -c",
		"-r a --publish=yes",
	};
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct options o;
		if (parse(&o, lines[i]) != EXIT_USAGE)
			fail_msg("accepted: %s", lines[i]);
		options_free(&o);
	}
}

static void values_arrive(void **state)
{
	(void)state;
	struct options o;
	assert_int_equal(parse(&o, "-r a b -j 3 -o json --minimum medium --fail-on critical -f udp "
				   "--since 10 --until 20 --evidence e -c conf -v -v --publish -q"),
			 -1);
	assert_int_equal(o.input_count, 2);
	assert_string_equal(o.inputs[0], "a");
	assert_string_equal(o.inputs[1], "b");
	assert_int_equal(o.workers, 3);
	assert_int_equal(o.form, OUTPUT_JSON);
	assert_string_equal(o.minimum, "medium");
	assert_string_equal(o.fail_on, "critical");
	assert_string_equal(o.filter, "udp");
	assert_true(o.since_ns == 10000000000ull && o.until_ns == 20000000000ull);
	assert_string_equal(o.evidence_path, "e");
	assert_string_equal(o.config_path, "conf");
	assert_int_equal(o.verbose, 2);
	assert_true(o.publish && o.quiet && !o.check_only);
	options_free(&o);
}

static void help_and_version_end_well(void **state)
{
	(void)state;
	static const char *const lines[] = { "-h", "--help", "-V", "--version", "-r a -h" };
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct options o;
		assert_int_equal(parse(&o, lines[i]), EXIT_DONE);
		options_free(&o);
	}
}

static void lists_have_an_end(void **state)
{
	(void)state;
	char line[4096] = "-r a";
	struct options o;
	for (unsigned i = 0; i < OPTIONS_SETS_MAX; i++)
		strcat(line, " --set a=b");
	assert_int_equal(parse(&o, line), -1);
	assert_int_equal(o.set_count, OPTIONS_SETS_MAX);
	options_free(&o);
	strcat(line, " --set a=b");
	assert_int_equal(parse(&o, line), EXIT_USAGE);
	options_free(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_lines_go_on),  cmocka_unit_test(bad_lines_are_usage_errors),
		cmocka_unit_test(values_arrive),     cmocka_unit_test(help_and_version_end_well),
		cmocka_unit_test(lists_have_an_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
