/*
 * Alerts of exfild about itself: each explains itself, trouble is told at once and then once a
 * minute with its sums, and no number of objects makes a flood.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../../src/engine/sensor.h"

#define SECOND_NS 1000000000ull
#define START_NS  (1796000000ull * SECOND_NS)

static struct sensor sensor;
static struct event_log *events;
static struct finding last;
static unsigned told;
static uint64_t told_count;

static void on_finding(void *arg, const struct finding *f)
{
	double sum = 0;
	assert_ptr_equal(arg, &told);
	for (unsigned i = 0; i < f->feature_count; i++)
		sum += f->features[i].contribution;
	assert_true(sum > f->score - 1e-9 && sum < f->score + 1e-9);
	assert_int_equal(f->class, FINDING_SENSOR);
	assert_true(f->severity >= SEVERITY_LOW && f->start_ns <= f->end_ns && f->count > 0);
	assert_true(*f->message && *f->not_harmless && *f->unseen && *f->counterfactual);
	assert_true(f->step_count == 2 && strncmp(f->rule, "sensor_", 7) == 0);
	last = *f;
	told++;
	told_count += f->count;
}

static int setup(void **state)
{
	(void)state;
	memset(&sensor, 0, sizeof(sensor));
	sensor.raise = on_finding;
	sensor.arg = &told;
	told = 0;
	told_count = 0;
	events = event_log_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	event_log_free(events);
	return 0;
}

static void say(enum sensor_what what, const char *object, uint64_t count, uint64_t total,
		uint64_t seconds)
{
	struct sensor_note note = { .what = what, .count = count, .total = total, .text = "why" };
	snprintf(note.object, sizeof(note.object), "%s", object);
	event_log_reset(events);
	sensor_event(events, 0, START_NS + seconds * SECOND_NS, &note);
	sensor_event_seen(&sensor, event_log_next(events, NULL), START_NS + seconds * SECOND_NS);
}

static void drops_weigh_by_their_share(void **state)
{
	(void)state;
	say(SENSOR_DROPS, "a", 1, 1000000, 0);
	assert_int_equal(last.severity, SEVERITY_LOW);
	say(SENSOR_DROPS, "b", 5, 1000, 0);
	assert_int_equal(last.severity, SEVERITY_MEDIUM);
	say(SENSOR_DROPS, "c", 50, 1000, 0);
	assert_int_equal(last.severity, SEVERITY_HIGH);
	assert_true(last.score == 1);
	assert_string_equal(last.rule, "sensor_drops");
	assert_non_null(strstr(last.message, "50 of 1000 packets"));
	say(SENSOR_DROPS, "d", 9, 0, 0); /* of nothing that is known */
	assert_int_equal(last.severity, SEVERITY_LOW);
}

static void a_broken_start_is_worse_than_a_broken_reload(void **state)
{
	(void)state;
	say(SENSOR_CONFIGURATION, "configuration", 0, 0, 0);
	assert_int_equal(last.severity, SEVERITY_HIGH);
	assert_non_null(strstr(last.message, "stays in effect: why"));
	say(SENSOR_CONFIGURATION, "start", 1, 0, 0);
	assert_int_equal(last.severity, SEVERITY_CRITICAL);
	assert_non_null(strstr(last.message, "last good copy: why"));
}

static void others_name_their_object(void **state)
{
	(void)state;
	static const enum sensor_what kinds[] = { SENSOR_INTERFACE, SENSOR_PROCESS, SENSOR_LIMIT };
	for (unsigned i = 0; i < 3; i++) {
		say(kinds[i], "eth7", 4, 0, 0);
		assert_string_equal(last.object, "eth7");
		assert_non_null(strstr(last.message, "eth7"));
		assert_non_null(strstr(last.message, "why"));
	}
}

static void trouble_is_told_once_a_minute(void **state)
{
	(void)state;
	for (uint64_t s = 0; s < 600; s++) {
		say(SENSOR_DROPS, "the capture", 2, 100, s);
		sensor_tick(&sensor, START_NS + s * SECOND_NS);
	}
	assert_int_equal(told, 10);
	sensor_flush(&sensor);
	assert_int_equal(told, 11);
	assert_int_equal(told_count, 1200);
	sensor_flush(&sensor);
	assert_int_equal(told, 11);
}

static void sums_do_not_wait_for_more(void **state)
{
	(void)state;
	say(SENSOR_LIMIT, "flows", 10, 0, 0);
	say(SENSOR_LIMIT, "flows", 7, 0, 1);
	sensor_tick(&sensor, START_NS + 59 * SECOND_NS);
	assert_int_equal(told, 1);
	sensor_tick(&sensor, START_NS + 60 * SECOND_NS);
	assert_int_equal(told, 2);
	assert_int_equal(last.count, 7);
	sensor_tick(&sensor, START_NS + 600 * SECOND_NS);
	assert_int_equal(told, 2);
}

static void many_objects_are_one(void **state)
{
	(void)state;
	char name[32];
	for (unsigned i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "veth%u", i);
		say(SENSOR_INTERFACE, name, 0, 0, 0);
		say(SENSOR_PROCESS, name, 0, 0, 0);
	}
	assert_int_equal(told, SENSOR_OBJECTS + 2); /* and "others" of each kind */
	assert_string_equal(last.object, "others");
	sensor_flush(&sensor);
	assert_int_equal(told_count, 10000);
	/* an hour later there is room again */
	say(SENSOR_INTERFACE, "eth0", 0, 0, 4000);
	assert_string_equal(last.object, "eth0");
	assert_in_range(sensor.count, 1, 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(drops_weigh_by_their_share),
		TEST(a_broken_start_is_worse_than_a_broken_reload),
		TEST(others_name_their_object),
		TEST(trouble_is_told_once_a_minute),
		TEST(sums_do_not_wait_for_more),
		TEST(many_objects_are_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
