/*
 * The set: what is found, what is not, limits, decay, feeds that are held.
 */
#include "feeds.h"

static void addresses_networks_and_ranges_are_found(void **state)
{
	struct feeds f;
	(void)state;
	feeds_init(&f);
	const struct intel_feed *feed = feeds_read(&f, "203.0.113.9\n"
						       "198.51.100.0/24\n"
						       "192.0.2.10 - 192.0.2.20\n"
						       "2001:db8::/33\n"
						       "2001:db8:ffff::1\n");
	assert_int_equal(feed->lines, 5);
	assert_int_equal(feed->broken, 0);
	assert_non_null(feeds_address(&f, "203.0.113.9"));
	assert_null(feeds_address(&f, "203.0.113.8"));
	assert_non_null(feeds_address(&f, "198.51.100.255"));
	assert_null(feeds_address(&f, "198.51.101.0"));
	assert_null(feeds_address(&f, "192.0.2.9"));
	for (unsigned i = 10; i <= 20; i++) {
		char text[32];
		(void)snprintf(text, sizeof(text), "192.0.2.%u", i);
		assert_non_null(feeds_address(&f, text));
	}
	assert_null(feeds_address(&f, "192.0.2.21"));
	assert_non_null(feeds_address(&f, "2001:db8:7fff::5"));
	assert_null(feeds_address(&f, "2001:db8:8000::5"));
	assert_non_null(feeds_address(&f, "2001:db8:ffff::1"));
	feeds_deinit(&f);
}

static void names_are_found_exactly_or_below(void **state)
{
	struct feeds f;
	(void)state;
	feeds_init(&f);
	(void)feeds_read(&f, "exact.example\n*.below.example\n.dot.example\n||block.example^\n");
	assert_non_null(feeds_name(&f, "exact.example"));
	assert_non_null(feeds_name(&f, "EXACT.Example."));
	assert_null(feeds_name(&f, "a.exact.example"));
	assert_non_null(feeds_name(&f, "below.example"));
	assert_non_null(feeds_name(&f, "a.b.c.below.example"));
	assert_null(feeds_name(&f, "notbelow.example"));
	assert_non_null(feeds_name(&f, "x.dot.example"));
	assert_non_null(feeds_name(&f, "x.block.example"));
	assert_null(feeds_name(&f, "example"));
	assert_null(feeds_name(&f, ""));
	f.source.below = true;
	(void)feeds_read(&f, "exact.example\n");
	assert_non_null(feeds_name(&f, "a.exact.example"));
	feeds_deinit(&f);
}

/* What is asked before the set itself: each length of a network, each length of a name. */
static void short_cuts_leave_nothing_out(void **state)
{
	struct feeds f;
	char text[256] = "";
	size_t len = 0;
	(void)state;
	for (unsigned bits = 8; bits <= 32; bits++) {
		feeds_init(&f);
		(void)snprintf(text, sizeof(text), "64.0.0.0/%u\n", bits);
		(void)feeds_read(&f, text);
		uint32_t last = 0x40000000u + (bits == 32 ? 0 : UINT32_MAX >> bits);
		for (int beyond = 0; beyond < 2; beyond++, last++) {
			uint8_t ip[4] = { (uint8_t)(last >> 24), (uint8_t)(last >> 16),
					  (uint8_t)(last >> 8), (uint8_t)last };
			struct ipaddr a = ipaddr_v4(ip);
			assert_true((intel_find_address(f.set, &a) != NULL) == !beyond);
		}
		feeds_deinit(&f);
	}
	feeds_init(&f);
	f.source.below = true;
	for (unsigned n = 1; n <= 12; n++) /* a.de to aaaaaaaaaaaa.de */
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%.*s.de\n", (int)n,
					"aaaaaaaaaaaa");
	assert_int_equal(feeds_read(&f, text)->items, 12);
	for (unsigned n = 1; n <= 13; n++) {
		char name[64];
		(void)snprintf(name, sizeof(name), "x.%.*s.de", (int)n, "AAAAaaaaaaaaa");
		assert_true((feeds_name(&f, name) != NULL) == (n <= 12));
		assert_true((feeds_name(&f, name + 2) != NULL) == (n <= 12));
	}
	assert_null(feeds_name(&f, "de"));
	feeds_deinit(&f);
}

static void a_full_set_says_so_and_holds(void **state)
{
	struct feeds f;
	(void)state;
	feeds_init(&f);
	f.options.max_items = 3;
	const struct intel_feed *feed =
		feeds_read(&f, "a.example\nb.example\nc.example\nd.example\na.example\n");
	assert_int_equal(intel_count(f.set), 3);
	assert_int_equal(feed->left_out, 1);
	assert_int_equal(feed->repeated, 1);
	assert_false(feed->is_held);
	assert_null(feeds_name(&f, "d.example"));
	feeds_deinit(&f);
}

static void many_are_all_found_and_nothing_else(void **state)
{
	struct feeds f;
	size_t len = 0, room = 40000 * 24;
	char *text = malloc(room), name[32];
	(void)state;
	assert_non_null(text);
	feeds_init(&f);
	for (unsigned i = 0; i < 40000; i++)
		len += (size_t)snprintf(text + len, room - len, "h%u.example.net\n", i);
	feeds_write(&f, text, len);
	feeds_build(&f);
	assert_int_equal(intel_count(f.set), 40000);
	for (unsigned i = 0; i < 80000; i++) {
		(void)snprintf(name, sizeof(name), "h%u.example.net", i);
		const struct intel_item *item = feeds_name(&f, name);
		assert_true((item != NULL) == (i < 40000));
		if (item)
			assert_int_equal(item->line, i + 1);
	}
	feeds_deinit(&f);
	free(text);
}

static void a_feed_that_shrinks_or_breaks_is_held(void **state)
{
	struct feeds f;
	char text[200 * 16];
	size_t len = 0;
	(void)state;
	feeds_init(&f);
	for (unsigned i = 0; i < 200; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "a%u.example\n", i);
	feeds_write(&f, text, len);
	feeds_build(&f);
	assert_int_equal(intel_feed(f.set, 0)->items, 200);
	/* less than half, and something new in it */
	const struct intel_feed *feed = feeds_read(&f, "new.example\na1.example\n");
	assert_true(feed->is_held && strstr(feed->error, "less than half"));
	assert_int_equal(feed->items, 200);
	assert_null(feeds_name(&f, "new.example"));
	assert_non_null(feeds_name(&f, "a199.example"));
	/* empty; then gone */
	feed = feeds_read(&f, "# nothing\n");
	assert_true(feed->is_held);
	assert_non_null(feeds_name(&f, "a7.example"));
	(void)unlink(f.path);
	feeds_build(&f);
	assert_true(intel_feed(f.set, 0)->is_held);
	assert_non_null(strstr(intel_feed(f.set, 0)->error, "No such file"));
	assert_int_equal(intel_count(f.set), 200);
	/* well again, with one more */
	len += (size_t)snprintf(text + len, sizeof(text) - len, "z.example\n");
	feeds_write(&f, text, len);
	feeds_build(&f);
	assert_false(intel_feed(f.set, 0)->is_held);
	assert_int_equal(intel_count(f.set), 201);
	feeds_deinit(&f);
}

static void confidence_decays_until_the_end(void **state)
{
	const uint64_t day = 86400ull * 1000000000ull;
	struct intel_item item = { .first_s = 86400 * 10, .until_s = 86400 * 20, .confidence = 80 };
	(void)state;
	assert_int_equal(intel_confidence(&item, 9 * day), 80); /* newer than the packet */
	assert_int_equal(intel_confidence(&item, 10 * day), 80);
	assert_int_equal(intel_confidence(&item, 15 * day), 40);
	assert_false(intel_is_over(&item, 20 * day - 1));
	assert_true(intel_is_over(&item, 20 * day));
	assert_int_equal(intel_confidence(&item, 30 * day), 0);
	item.first_s = 0;
	assert_int_equal(intel_confidence(&item, 19 * day), 80);
	item.until_s = 0;
	assert_false(intel_is_over(&item, 99 * day));
}

static void what_is_said_by_hand_lies_over_the_feeds(void **state)
{
	struct feeds f, hand;
	(void)state;
	feeds_init(&f);
	feeds_init(&hand);
	(void)feeds_read(&f, "203.0.113.9\nbad.example\n198.51.100.0/24\n");
	hand.source.is_local = true;
	hand.source.name = "local";
	hand.options.base = f.set;
	(void)feeds_read(&hand, "- 203.0.113.9\nmore.example # case 12\n- bad.example\n");
	assert_int_equal(intel_feeds(hand.set), 2);
	assert_null(feeds_address(&hand, "203.0.113.9"));
	assert_null(feeds_name(&hand, "bad.example"));
	assert_non_null(feeds_address(&f, "203.0.113.9"));
	assert_string_equal(intel_feed_of(hand.set, feeds_name(&hand, "more.example"))->name,
			    "local");
	const struct intel_item *item = feeds_address(&hand, "198.51.100.7");
	assert_non_null(item);
	assert_string_equal(intel_feed_of(hand.set, item)->name, "test");
	char text[INTEL_TEXT_MAX];
	assert_string_equal(intel_text(hand.set, item, text, sizeof(text)), "198.51.100.0/24");
	/* empty or absent is no trouble, and the base outlives its own holder */
	const struct intel_feed *feed = feeds_read(&hand, "");
	assert_false(feed->is_held);
	(void)unlink(hand.path);
	feeds_build(&hand);
	assert_false(intel_feed(hand.set, 0)->is_held);
	feeds_deinit(&f);
	assert_non_null(feeds_name(&hand, "bad.example"));
	feeds_deinit(&hand);
}

static void a_set_lives_as_long_as_it_is_held(void **state)
{
	struct feeds f;
	(void)state;
	feeds_init(&f);
	(void)feeds_read(&f, "a.example\n");
	struct intel *held = intel_hold(f.set);
	(void)feeds_read(&f, "b.example\n");
	assert_non_null(intel_find_name(held, "a.example", 9));
	assert_null(feeds_name(&f, "a.example"));
	assert_true(intel_bytes(held) > 0);
	intel_drop(held);
	feeds_deinit(&f);
}

/* Whatever is in it, a set stays below what is reckoned for it, and says what it left out. */
static void a_set_stays_within_its_worst_case(void **state)
{
	static const uint32_t most[] = { 1000, 40000, 70000 };
	struct feeds f;
	(void)state;
	feeds_init(&f);
	FILE *out = fopen(f.path, "w");
	assert_non_null(out);
	(void)fprintf(out, "value,comment\n");
	for (int i = 0; i < 80000; i++) /* no two notes are the same */
		(void)fprintf(out, "http://h%d.example/%0*d,note number %d\n", i, i % 300, i, i);
	assert_int_equal(fclose(out), 0);
	for (size_t i = 0; i < sizeof(most) / sizeof(most[0]); i++) {
		struct intel *set = NULL;
		f.options.max_items = most[i];
		assert_int_equal(intel_build(&f.options, &set), 0);
		assert_true(intel_count(set) > most[i] / 8 && intel_count(set) <= most[i]);
		assert_true(intel_feed(set, 0)->left_out > 0);
		assert_int_equal(intel_feed(set, 0)->left_out + intel_count(set), 80000);
		assert_true(intel_bytes(set) <= intel_worst_case(most[i], 1));
		assert_non_null(intel_find(set, INTEL_URL, "h0.example/0", 12));
		intel_drop(set);
	}
	feeds_deinit(&f);
}

/* What is held has as much room as it had: notes of the file that failed take none of it. */
static void a_held_feed_keeps_all_it_had(void **state)
{
	struct feeds f;
	(void)state;
	feeds_init(&f);
	f.options.max_items = 5000;
	for (unsigned round = 0; round < 2; round++) {
		FILE *out = fopen(f.path, "w");
		assert_non_null(out);
		(void)fprintf(out, "value,comment\n");
		for (int i = 0; i < (round ? 2000 : 4500); i++)
			(void)fprintf(out, "h%d.example,note of round %u with the number %040d\n",
				      i, round, i);
		assert_int_equal(fclose(out), 0);
		feeds_build(&f);
		assert_int_equal(intel_feed(f.set, 0)->is_held, round == 1);
		assert_int_equal(intel_count(f.set), 4500);
		assert_true(feeds_name(&f, "h4499.example") != NULL);
		assert_non_null(strstr(intel_note(f.set, feeds_name(&f, "h7.example")), "round 0"));
	}
	feeds_deinit(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_held_feed_keeps_all_it_had),
		cmocka_unit_test(a_set_stays_within_its_worst_case),
		cmocka_unit_test(addresses_networks_and_ranges_are_found),
		cmocka_unit_test(names_are_found_exactly_or_below),
		cmocka_unit_test(short_cuts_leave_nothing_out),
		cmocka_unit_test(a_full_set_says_so_and_holds),
		cmocka_unit_test(many_are_all_found_and_nothing_else),
		cmocka_unit_test(a_feed_that_shrinks_or_breaks_is_held),
		cmocka_unit_test(confidence_decays_until_the_end),
		cmocka_unit_test(what_is_said_by_hand_lies_over_the_feeds),
		cmocka_unit_test(a_set_lives_as_long_as_it_is_held),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
