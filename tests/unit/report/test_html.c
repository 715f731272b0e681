/* html: names that mean harm come out as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "exfild/base/buf.h"
#include "../../../src/report/html.h"

static struct buf out;

static int open_buf(void **state)
{
	(void)state;
	buf_init(&out, 65536);
	return 0;
}

static int close_buf(void **state)
{
	(void)state;
	buf_deinit(&out);
	return 0;
}

static const char *text(const char *raw)
{
	buf_reset(&out);
	html_text(&out, raw);
	return out.len ? out.data : "";
}

static void markup_becomes_text(void **state)
{
	(void)state;
	assert_string_equal(text("<script>alert('x')</script>"),
			    "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;");
	assert_string_equal(text("\" onload=`x` &amp;"), "&quot; onload&#61;&#96;x&#96; &amp;amp;");
	assert_string_equal(text("plain-1.example"), "plain-1.example");
	assert_string_equal(text(""), "");
	assert_string_equal(text(NULL), "");
}

static void what_nobody_sees_is_named(void **state)
{
	(void)state;
	assert_string_equal(text("a\nb\tc\x7f"), "a\\u000ab\\u0009c\\u007f");
	assert_string_equal(text("txt.\xe2\x80\xae"
				 "exe"),
			    "txt.\\u202eexe");
	assert_string_equal(text("a\xe2\x80\x8f"
				 "b\xe2\x81\xa6"
				 "c\xd8\x9c"
				 "d"),
			    "a\\u200fb\\u2066c\\u061cd");
	assert_string_equal(text("a\xef\xbb\xbf"
				 "b\xe2\x80\xa8"
				 "c\xc2\x9b"
				 "d"),
			    "a\\ufeffb\\u2028c\\u009bd");
	assert_string_equal(text("m\xc3\xbcnchen \xd7\xa9"), "m\xc3\xbcnchen \xd7\xa9");
}

static void broken_bytes_become_the_replacement_character(void **state)
{
	(void)state;
#define R "\xef\xbf\xbd"
	assert_string_equal(text("a\xff"
				 "b\xc0\xaf"
				 "c"),
			    "a" R "b" R R "c");
	assert_string_equal(text("\xe2\x82"), R R);             /* ends too early */
	assert_string_equal(text("\xed\xa0\x80"), R R R);       /* a surrogate */
	assert_string_equal(text("\xf4\x90\x80\x80"), R R R R); /* beyond the last */
	buf_reset(&out);
	html_text_len(&out, "a\0<", 3);
	assert_string_equal(out.data, "a\\u0000&lt;");
#undef R
}

/* Each byte alone and each pair: no markup, no control, no byte that is no UTF-8. */
static void no_byte_gets_through(void **state)
{
	(void)state;
	char raw[2];
	for (unsigned i = 0; i < 65536; i++) {
		raw[0] = (char)(i >> 8);
		raw[1] = (char)i;
		buf_reset(&out);
		html_text_len(&out, raw, 2);
		for (size_t k = 0; k < out.len; k++) {
			unsigned char c = (unsigned char)out.data[k];
			assert_true(c >= 0x20 && c != '<' && c != '>' && c != '"' && c != '\'' &&
				    c != '`' && c != 0x7f);
		}
		assert_int_not_equal(out.len, 0);
	}
}

static void long_names_are_cut_between_characters(void **state)
{
	(void)state;
	char raw[600];
	memset(raw, 'a', 255);
	raw[255] = '\0';
	buf_reset(&out);
	html_name(&out, raw);
	assert_int_equal(out.len, 255);
	for (unsigned i = 0; i < 300; i += 2)
		memcpy(raw + i, "\xc3\xbc", 3);
	buf_reset(&out);
	html_name(&out, raw);
	assert_int_equal(out.len, 254 + 3); /* 255 is inside a character */
	assert_string_equal(out.data + 254, "...");
}

static void numbers_and_times(void **state)
{
	(void)state;
	buf_reset(&out);
	html_count(&out, 1234567);
	buf_char(&out, ' ');
	html_count(&out, 999);
	buf_char(&out, ' ');
	html_count(&out, 1000);
	assert_string_equal(out.data, "1,234,567 999 1,000");
	buf_reset(&out);
	html_bytes(&out, 5300);
	assert_string_equal(out.data, "<span title=\"5,300 bytes\">5.3 kB</span>");
	buf_reset(&out);
	html_time(&out, 1795462987250000000ull);
	assert_string_equal(out.data,
			    "<time datetime=\"2026-11-23T19:43:07Z\">2026-11-23 19:43:07</time>");
	buf_reset(&out);
	html_time(&out, 0);
	assert_string_equal(out.data, "-");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(markup_becomes_text, open_buf, close_buf),
		cmocka_unit_test_setup_teardown(what_nobody_sees_is_named, open_buf, close_buf),
		cmocka_unit_test_setup_teardown(broken_bytes_become_the_replacement_character,
						open_buf, close_buf),
		cmocka_unit_test_setup_teardown(no_byte_gets_through, open_buf, close_buf),
		cmocka_unit_test_setup_teardown(long_names_are_cut_between_characters, open_buf,
						close_buf),
		cmocka_unit_test_setup_teardown(numbers_and_times, open_buf, close_buf),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
