/* Tests of docs/exfild.yaml and docs/man/exfild.yaml.5: both say what the tables say. */
#include <unistd.h>

#include "fixture.h"
#include "places.h"

#define EXAMPLE EXFILD_SOURCE_DIR "/docs/exfild.yaml"
#define MAN     EXFILD_SOURCE_DIR "/docs/man/exfild.yaml.5"

/* Every key of the example is a default, so the example changes nothing. */
static void example_loads_to_the_defaults(void **state)
{
	(void)state;
	struct fixture f;
	fixture_init(&f);
	char *defaults = fixture_print(fixture_good("", &f));
	config_free(f.config);
	f.config = NULL;
	f.options.path = EXAMPLE;
	int rc = config_load(&f.options, &f.config, f.why, sizeof(f.why));
	assert_string_equal(f.why, "");
	assert_int_equal(rc, 0);
	char *example = fixture_print(f.config);
	assert_string_equal(example, defaults);
	assert_string_equal(f.warnings, "");
	free(example);
	free(defaults);
	fixture_deinit(&f);
}

/* The example in the comments that end here, below the keys that it stands under. */
static void load_block(char parents[4][64], size_t depth, const char *block)
{
	struct fixture f;
	char whole[8192];
	size_t len = 0;
	fixture_init(&f);
	for (size_t i = 0; i < depth; i++)
		len += (size_t)sprintf(whole + len, "%*s%s:\n", (int)(2 * i), "", parents[i]);
	snprintf(whole + len, sizeof(whole) - len, "%s", block);
	fixture_good(whole, &f);
	fixture_deinit(&f);
}

/* What stands below "# Example:" is a configuration too. */
static void examples_in_comments_load(void **state)
{
	(void)state;
	char line[512], block[4096] = "", parents[4][64];
	bool in_example = false;
	unsigned count = 0;
	FILE *in = fopen(EXAMPLE, "r");
	assert_non_null(in);
	while (fgets(line, sizeof(line), in)) {
		size_t indent = strspn(line, " ");
		const char *text = line + indent;
		if (strcmp(text, "# Example:\n") == 0) {
			in_example = true;
			block[0] = '\0';
		} else if (in_example && strncmp(text, "#   ", 4) == 0) {
			snprintf(block + strlen(block), sizeof(block) - strlen(block), "%*s%s",
				 (int)indent, "", text + 4);
		} else if (in_example) {
			load_block(parents, indent / 2, block);
			in_example = false;
			count++;
		}
		if (indent / 2 < 4 && *text >= 'a' && *text <= 'z')
			snprintf(parents[indent / 2], sizeof(parents[0]), "%.*s",
				 (int)strcspn(text, ":"), text);
	}
	fclose(in);
	assert_true(count > 8);
}

static void documents_say_what_the_tables_say(void **state)
{
	(void)state;
	char schema[] = "/tmp/exfild-schema-XXXXXX";
	char command[4096];
	struct buf out;
	int fd = mkstemp(schema);
	assert_true(fd >= 0);
	close(fd);
	buf_init(&out, 1 << 20);
	config_print_schema(&out);
	write_file(schema, out.data);
	buf_deinit(&out);
	snprintf(command, sizeof(command), "python3 '%s/tests/lint/man_keys.py' %s '%s' '%s'",
		 EXFILD_SOURCE_DIR, schema, MAN, EXAMPLE);
	fflush(stdout);
	int rc = system(command);
	unlink(schema);
	assert_int_equal(rc, 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(example_loads_to_the_defaults),
		cmocka_unit_test(examples_in_comments_load),
		cmocka_unit_test(documents_say_what_the_tables_say),
	};
	/* --schema: print the tables, for tests/lint/man_keys.py by hand. */
	if (argc > 1 && strcmp(argv[1], "--schema") == 0) {
		struct buf out;
		buf_init(&out, 1 << 20);
		config_print_schema(&out);
		fputs(out.data, stdout);
		buf_deinit(&out);
		return 0;
	}
	return cmocka_run_group_tests_name("config/docs", tests, NULL, NULL);
}
