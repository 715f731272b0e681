/* Tests of config/yaml: the tree, its places, and everything that is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "exfild/config/yaml.h"

static void refuse_bytes(const void *text, size_t len, int code, const char *want)
{
	struct yaml *y = NULL;
	char why[512] = "";
	/* An exact-size copy lets the address sanitizer see one byte too far. */
	char *copy = malloc(len ? len : 1);
	memcpy(copy, text, len);
	int rc = yaml_parse("t", copy, len, &y, why, sizeof(why));
	free(copy);
	assert_string_equal(why, want);
	assert_int_equal(rc, code);
	assert_null(y);
}

static void refuse(const char *text, int code, const char *want)
{
	refuse_bytes(text, strlen(text), code, want);
}

static struct yaml *parse(const char *text)
{
	struct yaml *y = NULL;
	char why[512] = "";
	int rc = yaml_parse("t", text, strlen(text), &y, why, sizeof(why));
	assert_string_equal(why, "");
	assert_int_equal(rc, 0);
	return y;
}

static void tree_keeps_places(void **state)
{
	(void)state;
	struct yaml *y = parse("a: 1\nb:\n  - {x: \"\xc3\xa9\", y: }\n  - [1, 2]\n");
	const struct yaml_node *root = yaml_root(y), *b = yaml_get(root, "b");
	assert_int_equal(root->type, YAML_MAP);
	assert_string_equal(yaml_get(root, "a")->text, "1");
	assert_int_equal(yaml_get(root, "a")->line, 1);
	assert_int_equal(yaml_get(root, "a")->column, 4);
	assert_int_equal(b->type, YAML_LIST);
	assert_int_equal(b->key_line, 2);
	assert_int_equal(b->key_column, 1);
	const struct yaml_node *map = b->first, *y_node = yaml_get(map, "y");
	assert_true(yaml_get(map, "x")->is_quoted);
	assert_string_equal(y_node->text, "");
	assert_false(y_node->is_quoted);
	/* Columns count characters, not bytes. */
	assert_int_equal(y_node->key_line, 3);
	assert_int_equal(y_node->key_column, 14);
	assert_int_equal(map->next->type, YAML_LIST);
	assert_string_equal(map->next->first->next->text, "2");
	assert_null(map->next->next);
	assert_string_equal(root->file, "t");
	assert_null(yaml_get(b, "x"));
	assert_null(yaml_get(NULL, "x"));
	yaml_free(y);
}

static void block_scalars_and_str_tag_are_text(void **state)
{
	(void)state;
	struct yaml *y = parse("a: |\n  one\n  two\nb: !!str 5\n");
	assert_string_equal(yaml_get(yaml_root(y), "a")->text, "one\ntwo\n");
	assert_true(yaml_get(yaml_root(y), "b")->is_quoted);
	yaml_free(y);
}

static void empty_documents_have_no_root(void **state)
{
	(void)state;
	static const char *const texts[] = { "", "\n\n", "# only a comment\n", "---\n",
					     "\xef\xbb\xbf" };
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct yaml *y = parse(texts[i]);
		assert_null(yaml_root(y));
		yaml_free(y);
	}
	struct yaml *y = parse("\xef\xbb\xbf"
			       "a: 1\n");
	assert_non_null(yaml_get(yaml_root(y), "a"));
	yaml_free(y);
}

static void duplicate_keys_name_both_places(void **state)
{
	(void)state;
	refuse("a: 1\nb:\n  c: 2\n  d: 1\n  c: 3\n", -EXF_E_FORMAT,
	       "t:5:3: the key 'c' was given before, at t:3:3");
	/* The first repetition is told, and it is held against the first of its kind. */
	refuse("{b: 1, a: 1, b: 2, a: 2, b: 3}", -EXF_E_FORMAT,
	       "t:1:14: the key 'b' was given before, at t:1:2");
	struct yaml *y = parse("a: {c: 1}\nb: {c: 1}\n");
	yaml_free(y);
}

static void dangerous_parts_of_yaml_are_refused(void **state)
{
	(void)state;
	refuse("a: &x 1\nb: *x\n", -EXF_E_FORMAT,
	       "t:1:4: an anchor (&x) is not allowed; write the value out");
	refuse("b: *x\n", -EXF_E_FORMAT,
	       "t:1:4: an alias (*x) is not allowed; write the value out");
	refuse("a: &x [1]\n", -EXF_E_FORMAT,
	       "t:1:4: an anchor (&x) is not allowed; write the value out");
	refuse("&x a: 1\n", -EXF_E_FORMAT,
	       "t:1:1: an anchor (&x) is not allowed; write the value out");
	refuse("a: !!int 3\n", -EXF_E_FORMAT,
	       "t:1:4: a tag (tag:yaml.org,2002:int) is not allowed");
	refuse("a: !!map {}\n", -EXF_E_FORMAT,
	       "t:1:4: a tag (tag:yaml.org,2002:map) is not allowed");
	refuse("? [a]\n: 1\n", -EXF_E_FORMAT, "t:1:3: a key must be text, not a list");
	refuse("{a: 1}: 1\n", -EXF_E_FORMAT, "t:1:1: a key must be text, not a map");
	refuse("a: 1\n---\nb: 1\n", -EXF_E_FORMAT,
	       "t:2:1: a second document begins; one file holds one");
}

static void broken_bytes_are_told_by_place(void **state)
{
	(void)state;
	refuse("a: \xff\n", -EXF_E_FORMAT, "t:1:4: invalid leading UTF-8 octet (byte 0xff)");
	refuse("x: 1\na: \xc3(\n", -EXF_E_FORMAT,
	       "t:2:5: invalid trailing UTF-8 octet (byte 0x28)");
	refuse_bytes("a: 1\0b\n", 7, -EXF_E_FORMAT,
		     "t:1:5: control characters are not allowed (byte 0x00)");
	refuse("a: \"x\\0y\"\n", -EXF_E_FORMAT, "t:1:4: a NUL character is not allowed");
	refuse("\"x\\0y\": 1\n", -EXF_E_FORMAT, "t:1:1: a NUL character is not allowed");
	refuse_bytes("\xff\xfe"
		     "a\0:\0 \0001\0",
		     10, -EXF_E_FORMAT, "t:1:1: invalid leading UTF-8 octet (byte 0xff)");
}

static void broken_syntax_is_told_by_place(void **state)
{
	(void)state;
	refuse("a:\n\tb: 1\n", -EXF_E_FORMAT,
	       "t:2:1: found character that cannot start any token (this line is indented with a "
	       "tab; YAML wants spaces)");
	refuse("a: [1, 2\nb: }\n", -EXF_E_FORMAT,
	       "t:2:2: did not find expected ',' or ']' while parsing a flow sequence that begins "
	       "in line 1");
	refuse("a: \"b\n", -EXF_E_FORMAT,
	       "t:2:1: found unexpected end of stream while scanning a quoted scalar that begins in "
	       "line 1");
	refuse("a: 1\n b: 2\n", -EXF_E_FORMAT,
	       "t:2:3: mapping values are not allowed in this context");
}

static void nesting_is_bounded(void **state)
{
	(void)state;
	char text[256];
	struct yaml *y = NULL;
	char why[128];
	memset(text, '[', 64);
	memset(text + 64, ']', 64);
	assert_int_equal(yaml_parse("t", text, 128, &y, why, sizeof(why)), 0);
	yaml_free(y);
	memset(text, '[', sizeof(text));
	refuse_bytes(text, sizeof(text), -EXF_E_LIMIT, "t:1:65: nested deeper than 64 levels");
}

static void nesting_of_a_megabyte_ends_soon(void **state)
{
	(void)state;
	size_t len = (size_t)1 << 20;
	char *text = malloc(len);
	memset(text, '[', len);
	refuse_bytes(text, len, -EXF_E_LIMIT, "t:1:65: nested deeper than 64 levels");
	free(text);
}

static void size_is_bounded(void **state)
{
	(void)state;
	size_t len = ((size_t)16 << 20) + 1;
	char *text = calloc(1, len);
	refuse_bytes(text, len, -EXF_E_LIMIT, "t: larger than 16 MiB");
	free(text);
}

static void values_are_counted(void **state)
{
	(void)state;
	size_t count = ((size_t)1 << 20) + 1, len = count * 2 + 1;
	char *text = malloc(len);
	for (size_t i = 0; i < count; i++)
		memcpy(text + 2 * i, ",1", 2);
	text[0] = '[';
	text[len - 1] = ']';
	refuse_bytes(text, len, -EXF_E_LIMIT, "t:1:2097152: more than 1048576 values");
	free(text);
}

static void many_keys_cost_no_square(void **state)
{
	(void)state;
	size_t count = 100000;
	char *text = malloc(count * 16), *p = text;
	for (size_t i = 0; i < count; i++)
		p += sprintf(p, "k%zu: 1\n", i);
	struct yaml *y = NULL;
	char why[128];
	assert_int_equal(yaml_parse("t", text, (size_t)(p - text), &y, why, sizeof(why)), 0);
	yaml_free(y);
	p += sprintf(p, "k7: 1\n");
	refuse_bytes(text, (size_t)(p - text), -EXF_E_FORMAT,
		     "t:100001:1: the key 'k7' was given before, at t:8:1");
	free(text);
}

/* Nine lists of nine aliases each: refused at the first anchor, before anything grows. */
static void billion_laughs_are_refused(void **state)
{
	(void)state;
	refuse("a: &a [\"lol\", \"lol\"]\nb: &b [*a, *a]\nc: &c [*b, *b]\n", -EXF_E_FORMAT,
	       "t:1:4: an anchor (&a) is not allowed; write the value out");
}

static void every_truncation_is_safe(void **state)
{
	(void)state;
	const char *text = "a: {b: [1, \"x\\u00e9\", 'y'], c: |\n  t\n}\nd:\n - e: !!str f\n";
	for (size_t len = 0; len <= strlen(text); len++) {
		struct yaml *y = NULL;
		char why[256];
		char *copy = malloc(len ? len : 1);
		memcpy(copy, text, len);
		if (yaml_parse("t", copy, len, &y, why, sizeof(why)) == 0)
			yaml_free(y);
		free(copy);
	}
}

static void missing_file_says_so(void **state)
{
	(void)state;
	struct yaml *y = NULL;
	char why[256];
	assert_int_equal(yaml_load("/nonexistent/x.yaml", &y, why, sizeof(why)), -EXF_E_IO);
	assert_string_equal(why,
			    "/nonexistent/x.yaml: cannot be opened: No such file or directory");
	assert_int_equal(yaml_load("/", &y, why, sizeof(why)), -EXF_E_IO);
	assert_string_equal(why, "/: cannot be read: Is a directory");
}

static void file_is_read_whole(void **state)
{
	(void)state;
	char path[] = "/tmp/exfild-yaml-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	FILE *out = fdopen(fd, "w");
	for (unsigned i = 0; i < 30000; i++)
		fprintf(out, "key%u: value\n", i);
	fclose(out);
	struct yaml *y = NULL;
	char why[256];
	assert_int_equal(yaml_load(path, &y, why, sizeof(why)), 0);
	assert_non_null(yaml_get(yaml_root(y), "key29999"));
	assert_string_equal(yaml_root(y)->file, path);
	yaml_free(y);
	unlink(path);
}

static void why_points_at_a_node(void **state)
{
	(void)state;
	struct yaml *y = parse("a:\n  b: 7\n");
	char why[64];
	yaml_why(yaml_get(yaml_get(yaml_root(y), "a"), "b"), why, sizeof(why), "%d is odd", 7);
	assert_string_equal(why, "t:2:6: 7 is odd");
	yaml_free(y);
}

/* A small buffer for the sentence cuts it and ends in NUL. */
static void why_is_cut_to_its_buffer(void **state)
{
	(void)state;
	struct yaml *y = NULL;
	char why[8];
	assert_int_equal(yaml_parse("t", "a: *x", 5, &y, why, sizeof(why)), -EXF_E_FORMAT);
	assert_string_equal(why, "t:1:4: ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tree_keeps_places),
		cmocka_unit_test(block_scalars_and_str_tag_are_text),
		cmocka_unit_test(empty_documents_have_no_root),
		cmocka_unit_test(duplicate_keys_name_both_places),
		cmocka_unit_test(dangerous_parts_of_yaml_are_refused),
		cmocka_unit_test(broken_bytes_are_told_by_place),
		cmocka_unit_test(broken_syntax_is_told_by_place),
		cmocka_unit_test(nesting_is_bounded),
		cmocka_unit_test(nesting_of_a_megabyte_ends_soon),
		cmocka_unit_test(size_is_bounded),
		cmocka_unit_test(values_are_counted),
		cmocka_unit_test(many_keys_cost_no_square),
		cmocka_unit_test(billion_laughs_are_refused),
		cmocka_unit_test(every_truncation_is_safe),
		cmocka_unit_test(missing_file_says_so),
		cmocka_unit_test(file_is_read_whole),
		cmocka_unit_test(why_points_at_a_node),
		cmocka_unit_test(why_is_cut_to_its_buffer),
	};
	return cmocka_run_group_tests_name("config/yaml", tests, NULL, NULL);
}
