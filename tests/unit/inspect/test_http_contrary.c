/*
 * unit/inspect/test_http_contrary.c - answers whose bytes contradict their type.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../../src/inspect/content/magic.h"
#include "../../../src/inspect/http/contrary.h"

#define SIZE 400u

static uint8_t noise[SIZE];

static int set_up(void **state)
{
	uint32_t x = 2463534242u;
	(void)state;
	for (unsigned i = 0; i < SIZE; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		noise[i] = (uint8_t)(x >> 11);
	}
	return 0;
}

static enum content_contrary ask(const char *type, const char *uri, const void *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1); /* no byte behind it */
	assert_non_null(copy);
	memcpy(copy, data, len);
	struct answer_look a = { .declared = type,
				 .declared_len = strlen(type),
				 .uri = uri,
				 .uri_len = strlen(uri),
				 .data = copy,
				 .len = len,
				 .type = file_type_of(copy, len) };
	enum content_contrary c = contrary_of(&a);
	free(copy);
	return c;
}

/* `head` and noise behind it. */
static enum content_contrary after(const char *type, const char *head, size_t head_len)
{
	uint8_t body[SIZE];
	memcpy(body, noise, SIZE);
	memcpy(body, head, head_len);
	return ask(type, "/", body, SIZE);
}

static void noise_is_no_picture_and_no_page(void **state)
{
	(void)state;
	assert_int_equal(ask("image/gif", "/", noise, SIZE), CONTRARY_PICTURE);
	assert_int_equal(ask("text/html; charset=utf-8", "/", noise, SIZE), CONTRARY_TEXT);
	assert_int_equal(ask("application/json", "/", noise, SIZE), CONTRARY_TEXT);
	assert_int_equal(ask("text/html", "/images/x.avi?a", noise, SIZE), CONTRARY_PICTURE);
	assert_int_equal(ask("application/octet-stream", "/x.bin", noise, SIZE), CONTRARY_NONE);
	assert_int_equal(ask("text/plain", "/", noise, SIZE), CONTRARY_NONE);
	assert_int_equal(ask("", "", noise, SIZE), CONTRARY_NONE);
	assert_int_equal(ask("image/gif", "/", noise, MAGIC_NOISE_MIN - 1), CONTRARY_NONE);
}

static void pictures_of_every_form_are_pictures(void **state)
{
	(void)state;
	assert_int_equal(after("image/jxl", "\xff\x0a", 2), CONTRARY_NONE);
	assert_int_equal(after("image/jxl", "\0\0\0\x0cJXL \r\n\x87\n", 12), CONTRARY_NONE);
	assert_int_equal(after("image/jp2", "\0\0\0\x0cjP  \r\n\x87\n", 12), CONTRARY_NONE);
	assert_int_equal(after("image/png", "\xff\xd8\xff\xe0", 4), CONTRARY_NONE);
	assert_int_equal(after("image/avif",
			       "\0\0\0\x1c"
			       "ftypavif",
			       12),
			 CONTRARY_NONE);
	assert_int_equal(after("image/bmp", "BM", 2), CONTRARY_NONE);
	assert_int_equal(after("image/x-icon", "\0\0\1\0\3\0", 6), CONTRARY_NONE);
	assert_int_equal(after("image/svg+xml", "\x1f\x8b\x08\0", 4), CONTRARY_NONE);
}

static void one_encoded_word_is_no_page(void **state)
{
	static const char word[] = "bHVsdTEyMzQ1Njc4OTBhYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM0NTY"
				   "3ODkwYWJjZGVmZ2hpamtsbW5vcA==";
	static const char page[] =
		"<html><body>bHVsdTEyMzQ1Njc4OTBhYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5"
		"ejAxMjM0NTY3ODkwYWJjZGVmZ2hpamtsbW5vcA==</body></html>";
	static const char said[] = "The file that you have asked for is not here any more, or has "
				   "never been here at all";
	(void)state;
	assert_int_equal(ask("text/html", "/", word, sizeof(word) - 1), CONTRARY_PAGE);
	assert_int_equal(ask("text/html", "/a.gif", word, sizeof(word) - 1), CONTRARY_PICTURE);
	assert_int_equal(ask("image/png", "/", word, sizeof(word) - 1), CONTRARY_PICTURE);
	assert_int_equal(ask("text/plain", "/", word, sizeof(word) - 1), CONTRARY_NONE);
	assert_int_equal(ask("application/json", "/", word, sizeof(word) - 1), CONTRARY_NONE);
	assert_int_equal(ask("text/html", "/", page, sizeof(page) - 1), CONTRARY_NONE);
	assert_int_equal(ask("image/png", "/", page, sizeof(page) - 1), CONTRARY_NONE);
	assert_int_equal(ask("image/png", "/", said, sizeof(said) - 1), CONTRARY_NONE);
}

static void a_gzip_is_one_by_its_first_block(void **state)
{
	(void)state;
	/* reserved kind; a stored block whose length has no complement; codes that fill no tree */
	assert_int_equal(
		after("application/gzip", "\x1f\x8b\x08\x08\0\0\0\0\0\0Photo.png\0\x07", 21),
		CONTRARY_PACKED);
	assert_int_equal(after("application/gzip", "\x1f\x8b\x08\0\0\0\0\0\0\3\1\5\0\5\0", 15),
			 CONTRARY_PACKED);
	assert_int_equal(
		after("application/x-gzip", "\x1f\x8b\x08\0\0\0\0\0\0\3\x05\xff\xff\xff", 14),
		CONTRARY_PACKED);
	assert_int_equal(after("application/gzip", "PK\3\4", 4), CONTRARY_PACKED);
	assert_int_equal(after("application/gzip", "\x1f\x8b\x08\0\0\0\0\0\0\3\1\5\0\xfa\xff", 15),
			 CONTRARY_NONE);
	assert_int_equal(after("application/gzip", "\x1f\x8b\x08\0\0\0\0\0\0\3\x4b", 11),
			 CONTRARY_NONE);
	/* codes of its own, as zlib has made them for a text */
	assert_int_equal(after("application/gzip",
			       "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x2d\x96\xcb"
			       "\x71\x04\x31\x08\x44\x53\x51\x00\x2a\xe5\x24\x09\x0e",
			       26),
			 CONTRARY_NONE);
}

/* Whatever its length, nothing behind the end is read. */
static void every_length_is_safe(void **state)
{
	uint8_t body[SIZE];
	(void)state;
	memcpy(body, noise, SIZE);
	memcpy(body, "\x1f\x8b\x08\x0c\0\0\0\0\0\0\4\0abcdname\0\x05", 22);
	for (size_t len = 0; len <= SIZE; len++) {
		(void)ask("application/gzip", "/a.gz", body, len);
		(void)ask("image/gif", "/a.gif", noise, len);
	}
	memset(body + 10, 'n', SIZE - 10); /* a name without an end */
	body[3] = 8;
	assert_int_equal(ask("application/gzip", "/", body, SIZE), CONTRARY_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(noise_is_no_picture_and_no_page),
		cmocka_unit_test(pictures_of_every_form_are_pictures),
		cmocka_unit_test(one_encoded_word_is_no_page),
		cmocka_unit_test(a_gzip_is_one_by_its_first_block),
		cmocka_unit_test(every_length_is_safe),
	};
	return cmocka_run_group_tests(tests, set_up, NULL);
}
