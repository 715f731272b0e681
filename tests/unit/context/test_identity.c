/*
 * Who has an address: lines that are read, each kind that is not, leases that move and end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../../src/context/private.h"

#define S  1000000000ull
#define T0 (1700000000 * S)

static char why[300];

static struct identity_list *read_list(const char *text)
{
	struct identity_list *l = NULL;
	why[0] = '\0';
	(void)!identity_read_text("t", text, strlen(text), &l, why, sizeof(why));
	return l;
}

static struct ipaddr address(const char *text)
{
	struct ipaddr a;
	assert_int_equal(ipaddr_parse(text, &a), 0);
	return a;
}

static void start(struct context *c, enum identity_users users)
{
	memset(c, 0, sizeof(*c));
	assert_int_equal(identities_init(&c->identities, &hash_key_fixed, &hash_key_fixed, 64), 0);
	c->identities.users = users;
	c->identities.ttl_s = 3600;
	c->now_ns = T0;
}

static void stop(struct context *c)
{
	identities_deinit(&c->identities);
}

static void at(struct context *c, uint64_t s)
{
	c->now_ns = T0 + s * S;
	identities_follow(&c->identities, c->now_ns);
}

static const char *user_of(struct context *c, const char *text)
{
	const struct ipaddr a = address(text);
	const char *user = context_user_of(c, &a);
	return user ? user : "";
}

static void csv_and_json_say_the_same(void **state)
{
	static const char *const texts[] = {
		"10.1.2.3,pc7,alice,8h,\n10.1.2.4,pc9,,,1700000000\n",
		"# leases\r\n\r\naddress,host,user,ttl,since\r\n10.1.2.3, pc7 ,alice,8h\r\n10.1.2.4,"
		"pc9,,,1700000000",
		"host,address,user,since,ttl\npc7,10.1.2.3,alice,,8h\npc9,10.1.2.4,,1700000000",
		"{\"address\": \"10.1.2.3\", \"host\": \"pc7\", \"user\": \"alice\", \"ttl\": "
		"\"8h\"}\n{\"address\": \"10.1.2.4\", \"host\": \"pc9\", \"since\": 1700000000}",
	};
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct identity_list *l = read_list(texts[i]);
		assert_string_equal(why, "");
		assert_int_equal(identity_list_count(l), 2);
		assert_string_equal(l->lines[0].id.host, "pc7");
		assert_string_equal(l->lines[0].id.user, "alice");
		assert_int_equal(l->lines[0].id.ttl_s, 8 * 3600);
		assert_string_equal(l->lines[1].id.host, "pc9");
		assert_int_equal(l->lines[1].id.since_ns, T0);
		identity_list_free(l);
	}
}

static void each_broken_line_has_its_place(void **state)
{
	static const struct {
		const char *text, *said;
	} cases[] = {
		{ "10.1.2.3,pc7,alice,8h\n10.1.2,pc7,alice,8h\n", "t:2:1: an address is expected" },
		{ "10.1.2.3,pc 7,alice\n", "t:1:10: a host's name" },
		{ "10.1.2.3,pc7,al\x01ice\n", "t:1:14: a user's name" },
		{ "10.1.2.3,pc7,alice,soon\n", "t:1:20: a time from 1s" },
		{ "10.1.2.3,pc7,alice,0\n", "t:1:20: a time from 1s" },
		{ "10.1.2.3,pc7,alice,9999d\n", "t:1:20: a time from 1s" },
		{ "10.1.2.3,pc7,alice,8h,yesterday\n", "t:1:23: a time is expected" },
		{ "10.1.2.3,pc7,alice,8h,,x\n", "t:1:24: more fields" },
		{ "10.1.2.3,\"pc7\",alice\n", "t:1:10: fields have no quotes" },
		{ "10.1.2.3,,\n", "t:1:1: there is neither" },
		{ "10.1.2.3\n", "t:1:1: there is neither" },
		{ "address,name\n", "t:1:9: a column is one of" },
		{ "address,host,host\n", "t:1:14: this column" },
		{ "host,user\n", "t:1:1: there is no column address" },
		{ "{\"address\": \"10.1.2.3\", \"host\": \"pc7\"\n", "t:1:37: no JSON" },
		{ "{\"address\": \"10.1.2.3\", \"hosts\": \"pc7\"}", "t:1:25: no such key" },
		{ "{\"address\": 7, \"host\": \"pc7\"}", "t:1:2: a text is expected" },
		{ "{\"host\": \"pc7\"}", "t:1:1: there is no address" },
		{ "{\"address\": \"10.1.2.3\"}", "t:1:1: there is neither" },
		{ "{\"address\": \"10.1.2.3\", \"user\": \"a\", \"user\": \"b\"}", "duplicate" },
		{ "{}\n[]", "t:1:1: there is no address" },
		{ "{\"address\": \"::1\", \"host\": \"a\"}\n[]", "t:2:1: an object" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_null(read_list(cases[i].text));
		if (!strstr(why, cases[i].said))
			fail_msg("%s: %s", cases[i].text, why);
	}
}

static void sizes_are_bounded(void **state)
{
	struct identity_list *l = NULL;
	char long_line[1100], *many = malloc(20u * (IDENTITY_LINES + 1));
	size_t len = 0;
	(void)state;
	memset(long_line, 'x', sizeof(long_line) - 1);
	long_line[sizeof(long_line) - 1] = '\0';
	assert_null(read_list(long_line));
	assert_non_null(strstr(why, "t:1:1024: a line longer"));
	assert_int_equal(identity_read_text("t", "10.1.2.3,a\0b,c", 14, &l, why, sizeof(why)),
			 -EXF_E_INVALID);
	assert_non_null(strstr(why, "zero byte"));
	assert_int_equal(identity_read("/nonexistent/x", &l, why, sizeof(why)), -EXF_E_IO);
	for (unsigned i = 0; i <= IDENTITY_LINES; i++)
		len += (size_t)sprintf(many + len, "10.%u.%u.%u,h\n", i >> 16, i >> 8 & 255,
				       i & 255);
	assert_int_equal(identity_read_text("t", many, len, &l, why, sizeof(why)), -EXF_E_INVALID);
	assert_non_null(strstr(why, "t:65537:1: more than 65536"));
	free(many);
}

static void each_truncation_is_refused_or_shorter(void **state)
{
	static const char text[] = "{\"address\": \"10.1.2.3\", \"host\": \"pc7\"}";
	struct identity id;
	size_t column;
	(void)state;
	for (size_t len = 0; len < sizeof(text) - 1; len++)
		assert_int_equal(identity_parse_json(text, len, &id, &column, why, sizeof(why)),
				 -EXF_E_INVALID);
}

static void the_newest_holds_and_ends(void **state)
{
	struct context c;
	struct identity id = { .address = address("10.1.2.3"), .user = "bob", .ttl_s = 60 };
	(void)state;
	start(&c, USERS_CLEAR);
	(void)context_identities(&c, read_list("10.1.2.3,pc7,alice,8h\n10.1.2.4,pc9,carol,\n"));
	assert_string_equal(user_of(&c, "10.1.2.3"), "alice");
	at(&c, 10);
	assert_true(context_identity(&c, &id)); /* the lease moves */
	assert_string_equal(user_of(&c, "10.1.2.3"), "bob");
	at(&c, 69);
	assert_string_equal(user_of(&c, "10.1.2.3"), "bob");
	at(&c, 70);
	assert_string_equal(user_of(&c, "10.1.2.3"), "");
	assert_string_equal(user_of(&c, "10.1.2.4"), "carol");
	at(&c, 3600);
	assert_string_equal(user_of(&c, "10.1.2.4"), "");
	id.since_ns = T0 + 3600 * S;
	assert_true(context_identity(&c, &id));
	id.since_ns = T0 + 3590 * S; /* older news */
	(void)strcpy(id.user, "mallory");
	assert_false(context_identity(&c, &id));
	assert_string_equal(user_of(&c, "10.1.2.3"), "bob");
	stop(&c);
}

static void a_history_is_followed_by_packet_time(void **state)
{
	struct context c;
	(void)state;
	start(&c, USERS_CLEAR);
	(void)context_identities(&c, read_list("10.1.2.3,pc1,third,1h,1700000200\n"
					       "10.1.2.3,pc2,first,1h,1699999990\n"
					       "10.1.2.3,pc3,second,1h,1700000100\n"));
	assert_string_equal(user_of(&c, "10.1.2.3"), "first");
	at(&c, 99);
	assert_string_equal(user_of(&c, "10.1.2.3"), "first");
	at(&c, 100);
	assert_string_equal(user_of(&c, "10.1.2.3"), "second");
	at(&c, 500);
	assert_string_equal(user_of(&c, "10.1.2.3"), "third");
	stop(&c);
}

/* An address that another machine has now is told once; a name for one that had none is no move. */
static void a_lease_that_moves_is_told(void **state)
{
	struct context c;
	struct identity id = { .address = address("10.1.2.5"), .host = "pc8" };
	struct ipaddr who;
	char host[IDENTITY_NAME];
	(void)state;
	start(&c, USERS_CLEAR);
	(void)context_identities(&c, read_list("10.1.2.3,pc7,alice,8h\n10.1.2.4,pc9,carol,8h\n"));
	assert_false(context_moved(&c, &who, host));
	assert_true(context_identity(&c, &id));
	assert_false(context_moved(&c, &who, host));
	at(&c, 60);
	(void)strcpy(id.host, "pc6"); /* as a message tells it */
	assert_true(context_identity(&c, &id));
	assert_true(context_moved(&c, &who, host));
	assert_true(ipaddr_equal(&who, &id.address));
	assert_string_equal(host, "pc6");
	assert_false(context_moved(&c, &who, host));
	/* and as a file does that was written anew */
	identity_list_free(
		context_identities(&c, read_list("10.1.2.3,pc1,dave,8h\n10.1.2.4,pc9,carol,4h\n")));
	assert_true(context_moved(&c, &who, host));
	assert_string_equal(host, "pc1");
	assert_false(context_moved(&c, &who, host));
	/* history of long ago is none */
	at(&c, 4 * 3600);
	identity_list_free(context_identities(&c, read_list("10.1.2.3,pc2,dave,8h,1700000100\n")));
	assert_false(context_moved(&c, &who, host));
	identity_list_free(context_identities(&c, NULL));
	stop(&c);
}

/* A log-in that is seen names the user, until another one does, or somebody who must know. */
static void a_login_counts_less_than_what_is_told(void **state)
{
	struct context c;
	const struct ipaddr a = address("10.1.2.3");
	struct identity id = { .address = a, .user = "bob", .ttl_s = 60 };
	(void)state;
	start(&c, USERS_CLEAR);
	identities_login(&c.identities, &a, "carol", c.now_ns);
	assert_string_equal(user_of(&c, "10.1.2.3"), "carol");
	identities_login(&c.identities, &a, "dave", c.now_ns);
	assert_string_equal(user_of(&c, "10.1.2.3"), "dave");
	assert_true(context_identity(&c, &id));
	identities_login(&c.identities, &a, "carol", c.now_ns);
	assert_string_equal(user_of(&c, "10.1.2.3"), "bob");
	at(&c, 60); /* it is over, and somebody logs in */
	identities_login(&c.identities, &a, "carol", c.now_ns);
	assert_string_equal(user_of(&c, "10.1.2.3"), "carol");
	at(&c, 60 + 3600);
	assert_string_equal(user_of(&c, "10.1.2.3"), "");
	stop(&c);
}

/* Whose a pseudonym is: of the file's users, or of names that are given. */
static void a_pseudonym_is_found_again(void **state)
{
	struct context c;
	struct identity id = { .address = address("10.1.2.9"), .user = "mallory" };
	char user[IDENTITY_NAME], pseudonym[IDENTITY_NAME];
	(void)state;
	start(&c, USERS_PSEUDONYM);
	(void)context_identities(&c, read_list("10.1.2.3,pc7,alice,8h\n10.1.2.4,pc9,carol,8h\n"));
	assert_true(context_identity(&c, &id));
	assert_true(context_reveal(&c, user_of(&c, "10.1.2.4"), "", user));
	assert_string_equal(user, "carol");
	(void)strcpy(pseudonym, user_of(&c, "10.1.2.9"));
	assert_false(context_reveal(&c, pseudonym, "", user)); /* that name is kept nowhere */
	assert_false(context_reveal(&c, pseudonym, "mal,lory", user));
	assert_true(context_reveal(&c, pseudonym, "bob,,mallory,alice", user));
	assert_string_equal(user, "mallory");
	assert_false(context_reveal(&c, "user-0000000000000000", "bob", user));
	identity_list_free(context_identities(&c, NULL));
	stop(&c);
}

/* What stays in the file is not begun anew, what is gone is forgotten, what is new holds. */
static void a_file_that_changes(void **state)
{
	struct context c;
	struct identity id = { .address = address("10.1.2.3"), .user = "bob" };
	(void)state;
	start(&c, USERS_CLEAR);
	assert_null(
		context_identities(&c, read_list("10.1.2.3,a,alice,1h\n10.1.2.4,b,carol,1h\n")));
	assert_true(context_identity(&c, &id));
	at(&c, 1800);
	identity_list_free(
		context_identities(&c, read_list("10.1.2.3,a,alice,1h\n10.1.2.5,d,dave,1h\n")));
	assert_string_equal(user_of(&c, "10.1.2.3"), "bob");
	assert_string_equal(user_of(&c, "10.1.2.4"), "");
	assert_string_equal(user_of(&c, "10.1.2.5"), "dave");
	at(&c, 3600);
	assert_string_equal(user_of(&c, "10.1.2.3"), "");
	assert_string_equal(user_of(&c, "10.1.2.5"), "dave");
	identity_list_free(context_identities(&c, NULL));
	assert_string_equal(user_of(&c, "10.1.2.5"), "");
	stop(&c);
}

static void users_are_what_privacy_says(void **state)
{
	struct context c;
	char first[64];
	(void)state;
	start(&c, USERS_PSEUDONYM);
	(void)context_identities(&c,
				 read_list("10.1.2.3,,alice,\n10.1.2.4,,bob,\n10.1.2.5,,alice,\n"));
	(void)strcpy(first, user_of(&c, "10.1.2.3"));
	assert_int_equal(strncmp(first, "user-", 5), 0);
	assert_int_equal(strlen(first), 21);
	assert_string_equal(user_of(&c, "10.1.2.5"), first);
	assert_string_not_equal(user_of(&c, "10.1.2.4"), first);
	stop(&c);
	start(&c, USERS_OFF);
	(void)context_identities(&c, read_list("10.1.2.3,pc7,alice,\n"));
	assert_string_equal(user_of(&c, "10.1.2.3"), "");
	stop(&c);
}

static void the_table_is_bounded(void **state)
{
	struct context c;
	struct identity id = { .user = "x", .ttl_s = 10 };
	(void)state;
	start(&c, USERS_CLEAR);
	for (unsigned i = 0; i < 1000; i++) {
		char text[32];
		snprintf(text, sizeof(text), "10.1.%u.%u", i >> 8, i & 255);
		id.address = address(text);
		assert_true(context_identity(&c, &id));
	}
	assert_int_equal(c.identities.table.stats.entries, 64);
	assert_int_equal(c.identities.table.stats.evictions, 1000 - 64);
	stop(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(csv_and_json_say_the_same),
		cmocka_unit_test(each_broken_line_has_its_place),
		cmocka_unit_test(sizes_are_bounded),
		cmocka_unit_test(each_truncation_is_refused_or_shorter),
		cmocka_unit_test(the_newest_holds_and_ends),
		cmocka_unit_test(a_history_is_followed_by_packet_time),
		cmocka_unit_test(a_lease_that_moves_is_told),
		cmocka_unit_test(a_login_counts_less_than_what_is_told),
		cmocka_unit_test(a_pseudonym_is_found_again),
		cmocka_unit_test(a_file_that_changes),
		cmocka_unit_test(users_are_what_privacy_says),
		cmocka_unit_test(the_table_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
