/*
 * Holds what analysts say of alerts: silence by cause, its end, verdicts, and that both are kept.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../../src/engine/mutes.h"
#include "unit/alert/samples.h"

static struct alert alert_of(struct finding *f, const char *id)
{
	struct alert a = sample_alert(f);
	str_copy(a.alert_id, sizeof(a.alert_id), id);
	return a;
}

static struct mutes *fresh(void)
{
	struct mutes *m = calloc(1, sizeof(*m));
	assert_non_null(m);
	return m;
}

static void a_cause_is_silent_until_its_end(void **state)
{
	struct mutes *m = fresh();
	struct finding f = sample_finding(), other = sample_finding();
	struct alert a = alert_of(&f, "one");
	(void)state;
	str_copy(other.object, sizeof(other.object), "another.example");
	mutes_note(m, &a);
	assert_int_equal(mutes_add(m, "unknown", 100, "r"), 0);
	assert_int_equal(mutes_add(m, "", 100, "r"), 0);
	assert_int_equal(mutes_add(m, "one", 100, "backup"), 1);
	assert_true(mutes_take(m, &f, 99));
	assert_false(mutes_take(m, &other, 99)); /* not its cause */
	assert_false(mutes_take(m, &f, 100));
	assert_int_equal(m->list[0].silenced, 1);
	assert_string_equal(m->list[0].rule, "dns_tunnel");
	assert_int_equal(mutes_add(m, "one", 500, "longer"), 2); /* the same place */
	assert_true(mutes_take(m, &f, 400));
	assert_false(mutes_remove(m, 1));
	assert_true(mutes_remove(m, 2));
	assert_false(mutes_take(m, &f, 400));
	free(m);
}

static void places_are_bounded(void **state)
{
	struct mutes *m = fresh();
	struct finding f = sample_finding();
	char id[16];
	(void)state;
	for (unsigned i = 0; i < 2000; i++) {
		snprintf(id, sizeof(id), "id%u", i);
		snprintf(f.object, sizeof(f.object), "o%u", i);
		struct alert a = alert_of(&f, id);
		mutes_note(m, &a);
	}
	assert_int_equal(mutes_add(m, "id0", 100, "forgotten"), 0);
	for (unsigned i = 0; i < MUTES_MAX; i++) {
		snprintf(id, sizeof(id), "id%u", 1500 + i);
		assert_int_equal(mutes_add(m, id, 100, "r"), i + 1);
	}
	assert_int_equal(mutes_add(m, "id1999", 100, "no room"), 0);
	/* what is over for a day gives its place */
	assert_int_equal(mutes_add(m, "id1999", 100000000000001ull, "room"), MUTES_MAX + 1);
	free(m);
}

static void verdicts_are_counted_once_an_alert(void **state)
{
	struct mutes *m = fresh();
	struct finding f = sample_finding();
	struct alert a = alert_of(&f, "one"), b = alert_of(&f, "two");
	(void)state;
	mutes_note(m, &a);
	mutes_note(m, &b);
	assert_false(mutes_judge(m, "three", true));
	assert_true(mutes_judge(m, "one", true));
	assert_true(mutes_judge(m, "one", true));
	assert_true(mutes_judge(m, "two", true));
	assert_true(mutes_judge(m, "two", false)); /* thought again */
	assert_string_equal(m->verdicts[0].rule, "dns_tunnel");
	assert_int_equal(m->verdicts[0].right, 1);
	assert_int_equal(m->verdicts[0].wrong, 1);
	free(m);
}

static void both_outlive_the_process(void **state)
{
	struct mutes *m = fresh(), *later = fresh();
	struct keep_list list = { .count = 0 }, other = { .count = 0 };
	struct finding f = sample_finding();
	struct alert a = alert_of(&f, "one");
	struct buf bytes;
	(void)state;
	mutes_note(m, &a);
	(void)mutes_add(m, "one", 1000, "backup");
	(void)mutes_judge(m, "one", false);
	mutes_keep(m, &list);
	mutes_keep(later, &other);
	buf_init(&bytes, KEEP_ENTRY_MAX);
	for (size_t i = 0; i < list.count; i++)
		for (uint32_t slot = 0; slot < keep_slots(&list.parts[i]); slot++) {
			if (!keep_save(&list.parts[i], slot, &bytes))
				continue;
			assert_int_equal(keep_load(&other.parts[i], bytes.data, bytes.len), 0);
			for (size_t len = 0; len < bytes.len; len++) /* every cut is refused */
				assert_int_equal(keep_load(&other.parts[i], bytes.data, len),
						 -EXF_E_FORMAT);
		}
	buf_deinit(&bytes);
	assert_true(mutes_take(later, &f, 999));
	assert_int_equal(later->verdicts[0].wrong, 1);
	assert_int_equal(later->next_number, 1);
	free(m);
	free(later);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cause_is_silent_until_its_end),
		cmocka_unit_test(places_are_bounded),
		cmocka_unit_test(verdicts_are_counted_once_an_alert),
		cmocka_unit_test(both_outlive_the_process),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
