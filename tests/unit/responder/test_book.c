/* book: who may be cut off, how many, how fast and how long. */
#include "never_list.h"

static const struct book_asker program = { .uid = 100 }, admin = { .uid = 0, .is_admin = true };

struct fixture {
	struct book book;
	struct never never;
	struct quarantine_entry entry;
	char why[160];
};

static void begin(struct fixture *f, uint32_t max, uint32_t per_minute)
{
	struct book_limits limits = { .max = max, .per_minute = per_minute, .ttl_s = 3600 };
	protect_some(&f->never);
	assert_int_equal(book_init(&f->book, &limits), 0);
}

static void end(struct fixture *f)
{
	book_deinit(&f->book);
	never_deinit(&f->never);
}

static enum quarantine_status ask(struct fixture *f, struct quarantine_request r,
				  const struct book_asker *by, uint64_t now_s)
{
	return book_add(&f->book, &f->never, &r, by, now_s, &f->entry, f->why, sizeof(f->why));
}

static void a_decision_ends_and_a_repeat_ends_later(void **state)
{
	struct fixture f;
	(void)state;
	begin(&f, 4, 100);
	assert_int_equal(ask(&f, wish("10.1.1.1", NULL), &program, 1000), QUARANTINE_OK);
	assert_int_equal(f.entry.until_s, 1000 + 3600);
	assert_int_equal(ask(&f, wish("10.1.1.1", NULL), &program, 1100), QUARANTINE_OK);
	assert_int_equal(f.entry.until_s, 1100 + 7200);
	assert_int_equal(f.book.count, 1);
	for (int i = 0; i < 20; i++)
		assert_int_equal(ask(&f, wish("10.1.1.1", NULL), &program, 1200), QUARANTINE_OK);
	assert_int_equal(f.entry.until_s, 1200 + 24 * 3600); /* a program's longest */
	assert_false(book_expire(&f.book, f.entry.until_s - 1, &f.entry));
	uint64_t until_s = f.book.entries[0].until_s;
	assert_true(book_expire(&f.book, until_s, &f.entry));
	assert_false(book_expire(&f.book, until_s, &f.entry));
	assert_int_equal(f.book.expired, 1);
	end(&f);
}

static void a_time_of_its_own_is_capped(void **state)
{
	struct fixture f;
	struct quarantine_request r = wish("10.1.1.1", NULL);
	(void)state;
	begin(&f, 4, 100);
	r.ttl_s = UINT32_MAX;
	assert_int_equal(ask(&f, r, &program, 0), QUARANTINE_OK);
	assert_int_equal(f.entry.until_s, 24 * 3600);
	r.host = address("10.1.1.2");
	assert_int_equal(ask(&f, r, &admin, 0), QUARANTINE_OK);
	assert_int_equal(f.entry.until_s, BOOK_LONGEST_S);
	end(&f);
}

static void who_is_protected_is_never_cut_off(void **state)
{
	struct fixture f;
	(void)state;
	begin(&f, 4, 100);
	assert_int_equal(ask(&f, wish("10.9.0.77", NULL), &admin, 0), QUARANTINE_NEVER);
	assert_non_null(strstr(f.why, "10.9.0.77 is never cut off: in quarantine.never"));
	assert_int_equal(ask(&f, wish("10.1.1.1", "10.9.0.77"), &admin, 0), QUARANTINE_NEVER);
	assert_non_null(strstr(f.why, "10.9.0.77 is never"));
	assert_int_equal(ask(&f, wish("10.9.0.77", "10.1.1.1"), &admin, 0), QUARANTINE_NEVER);
	assert_int_equal(ask(&f, wish("10.1.1.1", "2001:db8::1"), &admin, 0), QUARANTINE_MALFORMED);
	assert_int_equal(f.book.count, 0);
	f.never.is_whole = false;
	assert_int_equal(ask(&f, wish("10.1.1.1", NULL), &admin, 0), QUARANTINE_NEVER);
	assert_non_null(strstr(f.why, "could not be read whole"));
	end(&f);
}

static void caps_hold(void **state)
{
	struct fixture f;
	char host[32];
	(void)state;
	begin(&f, 8, 5);
	unsigned ok = 0, fast = 0;
	for (int i = 1; i <= 20; i++) {
		(void)snprintf(host, sizeof(host), "10.1.1.%d", i);
		enum quarantine_status s = ask(&f, wish(host, NULL), &program, 60);
		ok += s == QUARANTINE_OK;
		fast += s == QUARANTINE_TOO_FAST;
	}
	assert_int_equal(ok, 5);
	assert_int_equal(fast, 15);
	assert_int_equal(ask(&f, wish("10.1.2.1", NULL), &program, 119), QUARANTINE_TOO_FAST);
	assert_int_equal(ask(&f, wish("10.1.2.1", NULL), &program, 120), QUARANTINE_OK);
	/* people are not slowed down, but max is for them too */
	assert_int_equal(ask(&f, wish("10.1.2.2", NULL), &admin, 120), QUARANTINE_OK);
	assert_int_equal(ask(&f, wish("10.1.2.3", NULL), &admin, 120), QUARANTINE_OK);
	assert_int_equal(ask(&f, wish("10.1.2.4", NULL), &admin, 120), QUARANTINE_FULL);
	assert_int_equal(ask(&f, wish("10.1.2.3", NULL), &admin, 120),
			 QUARANTINE_OK); /* a repeat */
	end(&f);
}

static void an_address_of_many_needs_a_word_more(void **state)
{
	struct fixture f;
	struct quarantine_request r = wish("203.0.113.9", NULL);
	(void)state;
	begin(&f, 8, 5);
	r.kind = QUARANTINE_PEER;
	r.names = BOOK_NAMES;
	assert_int_equal(ask(&f, r, &program, 0), QUARANTINE_SHARED);
	r.flags = QUARANTINE_SHARED_RIGHT;
	assert_int_equal(ask(&f, r, &program, 0), QUARANTINE_OK);
	r.host = address("203.0.113.10");
	r.flags = 0;
	r.names = BOOK_NAMES - 1;
	assert_int_equal(ask(&f, r, &program, 0), QUARANTINE_OK);
	end(&f);
}

static void an_admins_decision_is_an_admins_to_release(void **state)
{
	struct fixture f;
	struct quarantine_request r = wish("10.1.1.1", NULL);
	(void)state;
	begin(&f, 8, 5);
	assert_int_equal(book_release(&f.book, &r, &admin, &f.entry), QUARANTINE_UNKNOWN);
	assert_int_equal(ask(&f, r, &admin, 0), QUARANTINE_OK);
	assert_int_equal(book_release(&f.book, &r, &program, &f.entry), QUARANTINE_FORBIDDEN);
	assert_int_equal(book_release(&f.book, &r, &admin, &f.entry), QUARANTINE_OK);
	assert_int_equal(ask(&f, r, &program, 0), QUARANTINE_OK);
	assert_int_equal(book_release(&f.book, &r, &program, &f.entry), QUARANTINE_OK);
	assert_int_equal(f.book.count, 0);
	end(&f);
}

static void a_lease_that_moves_ends_what_the_asker_may_end(void **state)
{
	struct fixture f;
	struct quarantine_request slow = wish("10.1.1.1", NULL), peer = wish("10.1.1.1", NULL);
	struct ipaddr host = address("10.1.1.1");
	(void)state;
	begin(&f, 8, 50);
	slow.kind = QUARANTINE_SLOW;
	peer.kind = QUARANTINE_PEER;
	assert_int_equal(ask(&f, wish("10.1.1.1", NULL), &program, 0), QUARANTINE_OK);
	assert_int_equal(ask(&f, wish("10.1.1.1", "10.1.1.2"), &program, 0), QUARANTINE_OK);
	assert_int_equal(ask(&f, wish("10.1.1.2", NULL), &program, 0), QUARANTINE_OK);
	assert_int_equal(ask(&f, slow, &admin, 0), QUARANTINE_OK);
	assert_int_equal(ask(&f, peer, &program, 0), QUARANTINE_OK);
	assert_true(book_move(&f.book, &host, &program, &f.entry));
	assert_true(book_move(&f.book, &host, &program, &f.entry));
	assert_false(book_move(&f.book, &host, &program, &f.entry));
	assert_int_equal(f.book.count, 3); /* another host, an administrator's, an outside one */
	assert_true(book_move(&f.book, &host, &admin, &f.entry));
	assert_int_equal(f.entry.kind, QUARANTINE_SLOW);
	assert_false(book_move(&f.book, &host, &admin, &f.entry));
	end(&f);
}

static void acts_are_a_ring(void **state)
{
	struct fixture f;
	(void)state;
	begin(&f, 8, 5);
	assert_null(book_act_from(&f.book, 0));
	for (unsigned i = 0; i < BOOK_ACTS + 10; i++)
		(void)book_act(&f.book, QUARANTINE_ACT_OFF, QUARANTINE_OK, i, i, NULL);
	assert_int_equal(book_act_from(&f.book, 0)->number, 11);
	assert_int_equal(book_act_from(&f.book, BOOK_ACTS + 10)->uid, BOOK_ACTS + 9);
	assert_null(book_act_from(&f.book, BOOK_ACTS + 11));
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_decision_ends_and_a_repeat_ends_later),
		cmocka_unit_test(a_time_of_its_own_is_capped),
		cmocka_unit_test(who_is_protected_is_never_cut_off),
		cmocka_unit_test(caps_hold),
		cmocka_unit_test(an_address_of_many_needs_a_word_more),
		cmocka_unit_test(an_admins_decision_is_an_admins_to_release),
		cmocka_unit_test(a_lease_that_moves_ends_what_the_asker_may_end),
		cmocka_unit_test(acts_are_a_ring),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
