/*
 * Interfaces that are missed, and those that are merely quiet.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../../src/engine/links.h"

static unsigned gone, silent;
static char last[TALLY_NAME];

static void tell(void *arg, const char *name, enum links_word word, unsigned seconds)
{
	(void)arg;
	gone += word == LINKS_GONE;
	silent += word == LINKS_SILENT;
	assert_true(seconds >= LINKS_GONE_S);
	(void)strcpy(last, name);
}

static struct tally two_links(void)
{
	struct tally t = { .link_count = 2 };
	(void)strcpy(t.links[0].name, "eth1");
	(void)strcpy(t.links[1].name, "eth2");
	t.links[0].is_open = t.links[1].is_open = 1;
	gone = silent = 0;
	return t;
}

/* eth2 has packets in `of` of ten seconds. */
static void pass(struct links *l, struct tally *t, unsigned seconds, unsigned of)
{
	for (unsigned i = 0; i < seconds; i++) {
		t->links[1].frames += i % 10 < of;
		links_look(l, t, tell, NULL);
	}
}

static void one_that_was_busy_falls_silent(void **state)
{
	(void)state;
	struct links l = { 0 };
	struct tally t = two_links();
	pass(&l, &t, 3600, 10);
	pass(&l, &t, LINKS_SILENT_S - 1, 0);
	assert_int_equal(silent, 0);
	pass(&l, &t, 600, 0);
	assert_int_equal(silent, 1);
	assert_string_equal(last, "eth2");
	/* it comes back, is busy, and falls silent again */
	pass(&l, &t, 3600, 10);
	pass(&l, &t, LINKS_SILENT_S, 0);
	assert_int_equal(silent, 2);
	assert_int_equal(gone, 0);
}

static void a_quiet_one_is_healthy(void **state)
{
	(void)state;
	struct links l = { 0 };
	struct tally t = two_links();
	pass(&l, &t, 7200, 0); /* standby: never a packet */
	pass(&l, &t, 7200, 8); /* now and then */
	pass(&l, &t, 7200, 0);
	pass(&l, &t, 600, 10); /* busy, but not for long */
	pass(&l, &t, 7200, 0);
	/* an evening: less and less */
	pass(&l, &t, 7200, 10);
	pass(&l, &t, 600, 6);
	pass(&l, &t, 7200, 0);
	assert_int_equal(silent, 0);
}

static void a_named_one_goes(void **state)
{
	(void)state;
	struct links l = { 0 };
	struct tally t = two_links();
	pass(&l, &t, 10, 5);
	t.links[1].is_open = 0;
	pass(&l, &t, LINKS_GONE_S - 1, 0);
	assert_int_equal(gone, 0);
	pass(&l, &t, 100, 0);
	assert_int_equal(gone, 1);
	assert_string_equal(last, "eth2");
	/* made anew within a moment, as a network that is restarted does */
	t.links[1].is_open = 1;
	pass(&l, &t, 10, 10);
	t.links[1].is_open = 0;
	pass(&l, &t, 2, 0);
	t.links[1].is_open = 1;
	pass(&l, &t, 10, 10);
	assert_int_equal(gone, 1);
}

static void of_chosen_ones_the_last_is_missed(void **state)
{
	(void)state;
	struct links l = { .is_auto = true };
	struct tally t = two_links();
	pass(&l, &t, 10, 5);
	t.links[1].is_open = 0; /* a tunnel hangs up */
	pass(&l, &t, 1000, 0);
	assert_int_equal(gone, 0);
	t.links[0].is_open = 0;
	pass(&l, &t, LINKS_GONE_S, 0);
	assert_true(gone > 0);
}

static void one_that_was_never_open_is_not_missed(void **state)
{
	(void)state;
	struct links l = { 0 };
	struct tally t = two_links();
	t.links[1].is_open = 0;
	pass(&l, &t, 1000, 0);
	assert_int_equal(gone, 0);
}

static void another_capture_begins_anew(void **state)
{
	(void)state;
	struct links l = { 0 };
	struct tally t = two_links();
	pass(&l, &t, 3600, 10);
	links_begin(&l);
	t = two_links();
	pass(&l, &t, 10, 10);
	assert_int_equal(silent + gone, 0);
	pass(&l, &t, LINKS_SILENT_S, 0);
	assert_int_equal(silent, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_that_was_busy_falls_silent),
		cmocka_unit_test(a_quiet_one_is_healthy),
		cmocka_unit_test(a_named_one_goes),
		cmocka_unit_test(of_chosen_ones_the_last_is_missed),
		cmocka_unit_test(one_that_was_never_open_is_not_missed),
		cmocka_unit_test(another_capture_begins_anew),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
