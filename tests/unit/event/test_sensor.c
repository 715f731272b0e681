/*
 * What exfild tells about itself goes into an event and comes out of it, cut, and clean of what a
 * terminal would act on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "exfild/event/check.h"
#include "exfild/event/sensor.h"

static void every_kind_comes_back(void **state)
{
	(void)state;
	struct event_log *log = event_log_new();
	struct event_checker *checker = event_checker_new();
	for (unsigned what = 0; what < SENSOR__COUNT; what++) {
		struct sensor_note note = { .what = (enum sensor_what)what,
					    .count = 3 + what,
					    .total = 900,
					    .object = "eth0",
					    .text = "as \033[2J\xff it is" };
		struct sensor_note back;
		const char *name = sensor_what_name(note.what);
		assert_int_equal(sensor_what_find(name, strlen(name)), what);
		assert_int_equal(sensor_what_find(name, strlen(name) - 1), SENSOR__COUNT);
		event_log_reset(log);
		sensor_event(log, 0, 77, &note);
		const struct event *e = event_log_next(log, NULL);
		assert_null(event_check(checker, e, e->size, 77));
		assert_int_equal(e->time_ns, 77);
		assert_true(sensor_read(e, &back));
		assert_int_equal(back.what, what);
		assert_int_equal(back.count, 3 + what);
		assert_int_equal(back.total, 900);
		assert_string_equal(back.object, "eth0");
		assert_string_equal(back.text, "as ?[2J? it is");
	}
	event_checker_free(checker);
	event_log_free(log);
}

static void what_is_not_known_is_not_read(void **state)
{
	(void)state;
	struct event_log *log = event_log_new();
	struct sensor_note back;
	struct event_sensor *s = event_log_begin(log, EVENT_SENSOR, sizeof(*s), 1);
	event_log_commit(log);
	assert_false(sensor_read(&s->e, &back)); /* it says nothing */
	s = event_log_begin(log, EVENT_SENSOR, sizeof(*s), 1);
	event_log_str(log, &s->what, "dropsy", 6, 6);
	event_log_commit(log);
	assert_false(sensor_read(&s->e, &back));
	s->what.len = 5;
	assert_true(sensor_read(&s->e, &back));
	assert_string_equal(back.object, "");
	s->e.kind = EVENT_NAME;
	assert_false(sensor_read(&s->e, &back));
	event_log_free(log);
}

static void long_words_are_cut(void **state)
{
	(void)state;
	struct event_log *log = event_log_new();
	struct sensor_note back;
	char words[400];
	memset(words, 'w', sizeof(words));
	struct event_sensor *s = event_log_begin(log, EVENT_SENSOR, sizeof(*s), 1);
	event_log_str(log, &s->what, "limit", 5, 5);
	event_log_str(log, &s->object, words, sizeof(words), sizeof(words));
	event_log_str(log, &s->text, words, sizeof(words), sizeof(words));
	event_log_commit(log);
	assert_true(sensor_read(&s->e, &back));
	assert_int_equal(strlen(back.object), SENSOR_OBJECT - 1);
	assert_int_equal(strlen(back.text), SENSOR_TEXT - 1);
	event_log_free(log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_comes_back),
		cmocka_unit_test(what_is_not_known_is_not_read),
		cmocka_unit_test(long_words_are_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
