/*
 * Holds the text for people.  With --sample it prints one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "unit/alert/samples.h"

static struct buf render(const struct finding *f, bool colour)
{
	struct alert a = sample_alert(f);
	struct buf out;
	buf_init(&out, 65536);
	alert_text(&a, colour, &out);
	assert_false(out.full);
	assert_int_equal(out.data[out.len - 1], '\n');
	return out;
}

static unsigned lines_of(const struct buf *out)
{
	unsigned n = 0;
	for (size_t i = 0; i < out->len; i++)
		n += out->data[i] == '\n';
	return n;
}

static void says_everything_in_few_lines(void **state)
{
	static const char expect[] =
		"HIGH  Data in DNS names: 10.1.4.23 (ws-114) -> 10.0.0.53 (evil.example)  "
		"[dns_tunnel T1048.003 T1071.004] 01234567\n"
		"  since   2026-11-23 19:00:00 UTC, 48.2 kB sent, 91 kB received in 412 events in 58 min\n"
		"  what    10.1.4.23 sent 6.1 kB of new information in 412 distinct names to evil.example "
		"in 58 min,\n"
		"          through the resolver 10.0.0.53\n"
		"  why     score 0.91, risk 66 %: 6.1 kB of new information in 412 distinct names (limit 4 kB a\n"
		"          day); labels of 57 characters with 4.9 bits each; 1 of 812 hosts talks to this domain;\n"
		"          silent below 4 kB a day\n"
		"  not ok  no look-up service is known for evil.example, names do not repeat, and no answer "
		"was used\n"
		"          for a connection\n"
		"  unseen  which program on 10.1.4.23 asked\n"
		"  do      Ask the resolver's log for queries of 10.1.4.23 for evil.example\n"
		"  packets ip.addr == 10.1.4.23 && dns.qry.name contains \"evil.example\"\n"
		"  silence exceptions: [{source: \"10.1.4.23\", destination: \"evil.example\", rule: "
		"\"dns_tunnel\", reason: \"say why\", expires: 2026-12-23}]\n";
	struct finding f = sample_finding();
	struct buf out = render(&f, false);
	(void)state;
	assert_string_equal(out.data, expect);
	buf_deinit(&out);
}

static void tells_where_the_story_began(void **state)
{
	struct finding f = sample_finding();
	struct alert a = sample_alert(&f);
	struct buf out;
	(void)state;
	buf_init(&out, 65536);
	memset(a.incident_id, 'c', ALERT_ID_MAX - 1);
	a.incident.root = f.subject.ip;
	a.incident.began_ns = f.start_ns;
	alert_text(&a, false, &out);
	assert_null(strstr(out.data, "story")); /* it began with this alert */
	a.incident.began_ns = f.start_ns - 3600000000000ull;
	buf_reset(&out);
	alert_text(&a, false, &out);
	assert_non_null(strstr(
		out.data, "  story   incident cccccccc, which began 2026-11-23 18:00:00 UTC\n"));
	a.incident.root = f.peer.ip;
	a.chain[0].rule = "port_scan";
	a.chain_count = 1;
	buf_reset(&out);
	alert_text(&a, false, &out);
	assert_non_null(strstr(out.data, "18:00:00 UTC on 10.0.0.53; also port_scan\n"));
	assert_in_range(lines_of(&out), 10, 17);
	buf_deinit(&out);
}

static void never_more_than_15_lines(void **state)
{
	static const char fills[] = { 'a', ' ', '\001', '\xff', '\n' };
	(void)state;
	for (size_t i = 0; i < sizeof(fills); i++) {
		struct finding f = sample_monster(fills[i]);
		struct buf out = render(&f, false);
		assert_true(lines_of(&out) <= 17);
		buf_deinit(&out);
	}
}

static void no_byte_of_a_packet_reaches_the_terminal(void **state)
{
	(void)state;
	for (unsigned c = 1; c < 256; c++) {
		struct finding f = sample_monster((char)c);
		struct buf out = render(&f, false);
		for (size_t i = 0; i < out.len; i++) {
			unsigned char b = (unsigned char)out.data[i];
			assert_true(
				b == '\n' ||
				(b >= 0x20 && b < 0x7f)); /* lone bytes >= 0x80 are broken UTF-8 */
		}
		buf_deinit(&out);
	}
}

static void hidden_characters_are_shown(void **state)
{
	struct finding f = sample_finding();
	(void)state;
	str_copy(f.message, sizeof(f.message),
		 "b\xc3\xbcro \xe2\x80\xaegnp.exe \xc2\x9b"
		 "31m \xe2\x80\x8b \xef\xbb\xbf \xf0\x9f\x98\x80");
	struct buf out = render(&f, false);
	assert_non_null(strstr(out.data, "b\xc3\xbcro \\xe2\\x80\\xaegnp.exe \\xc2\\x9b31m "
					 "\\xe2\\x80\\x8b \\xef\\xbb\\xbf \xf0\x9f\x98\x80"));
	buf_deinit(&out);
}

static void colours_only_when_asked(void **state)
{
	struct finding f = sample_finding();
	struct buf plain = render(&f, false), colour = render(&f, true);
	(void)state;
	assert_null(memchr(plain.data, 033, plain.len));
	assert_int_equal(strncmp(colour.data, "\033[1;31mHIGH\033[0m  ", 17), 0);
	buf_deinit(&plain);
	buf_deinit(&colour);
}

static void severity_word_comes_first(void **state)
{
	static const struct {
		enum severity severity;
		const char *word;
	} words[] = { { SEVERITY_LOW, "LOW  " },
		      { SEVERITY_MEDIUM, "MEDIUM  " },
		      { SEVERITY_HIGH, "HIGH  " },
		      { SEVERITY_CRITICAL, "CRITICAL  " } };
	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct finding f = sample_finding();
		f.severity = words[i].severity;
		struct buf out = render(&f, false);
		assert_int_equal(strncmp(out.data, words[i].word, strlen(words[i].word)), 0);
		buf_deinit(&out);
	}
}

static void update_is_named(void **state)
{
	struct finding f = sample_finding();
	struct alert a = sample_alert(&f);
	struct buf out;
	(void)state;
	a.revision = 3;
	a.finding.is_drill = true;
	buf_init(&out, 16384);
	alert_text(&a, false, &out);
	assert_non_null(strstr(out.data, "HIGH  (drill) Data"));
	assert_non_null(strstr(out.data, "] 01234567 update 2\n"));
	buf_deinit(&out);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_everything_in_few_lines),
		cmocka_unit_test(tells_where_the_story_began),
		cmocka_unit_test(never_more_than_15_lines),
		cmocka_unit_test(no_byte_of_a_packet_reaches_the_terminal),
		cmocka_unit_test(hidden_characters_are_shown),
		cmocka_unit_test(colours_only_when_asked),
		cmocka_unit_test(severity_word_comes_first),
		cmocka_unit_test(update_is_named),
	};
	if (argc > 1 && strcmp(argv[1], "--sample") == 0) {
		struct finding f = sample_finding();
		struct buf out = render(&f, argc > 2);
		fputs(out.data, stdout);
		buf_deinit(&out);
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
