/*
 * Workdays, working hours and holidays, by the calendar of the source's zone.
 */
#include <time.h>

#include "exfild/base/str.h"
#include "../../../src/policy/private.h"
#include "policies.h"

static const char *const night_days[] = { "fri", "sat" };
static const char *const plant_holidays[] = { "2026-11-28", "12-25" };

static const struct config_calendar calendars[] = {
	{ .name = "plant",
	  .days = night_days,
	  .day_count = 2,
	  .hours = "22:00-06:00",
	  .holidays = plant_holidays,
	  .holiday_count = 2 },
};

static struct event_alert at(const struct policy *p, const struct config *c, const char *calendar,
			     const char *time)
{
	struct event_alert e = { .e = { .time_ns = 0 } };
	uint64_t ns;
	assert_int_equal(str_parse_time(time, &ns), 0);
	e.e.time_ns = ns;
	calendar_set(p, c, calendar, &e);
	return e;
}

static void test_the_usual_one(void **state)
{
	(void)state;
	static const struct {
		const char *time;
		bool workday, hours;
	} rows[] = {
		{ "2026-11-27T07:59:59Z", true, false }, /* a Friday */
		{ "2026-11-27T08:00:00Z", true, true },   { "2026-11-27T17:59:59Z", true, true },
		{ "2026-11-27T18:00:00Z", true, false },  { "2026-11-28T12:00:00Z", false, false },
		{ "2026-11-29T12:00:00Z", false, false }, { "2026-11-30T12:00:00Z", true, true },
	};
	struct policy *p = sound(POLICY("a", "rule: a", "action: label"));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct event_alert e = at(p, NULL, "", rows[i].time);
		if (e.workday != rows[i].workday || e.working_hours != rows[i].hours || e.holiday)
			fail_msg("%s: %d %d %d", rows[i].time, e.workday, e.working_hours,
				 e.holiday);
	}
	policy_free(p);
}

static void test_one_of_the_configuration(void **state)
{
	(void)state;
	static const struct {
		const char *time;
		bool workday, hours, holiday;
	} rows[] = {
		{ "2026-11-20T23:00:00Z", true, true, false }, /* a Friday: the night begins */
		{ "2026-11-20T05:59:00Z", true, true, false },
		{ "2026-11-20T06:00:00Z", true, false, false },
		{ "2026-11-19T23:00:00Z", false, false, false },
		{ "2026-11-28T23:00:00Z", false, false, true }, /* by its whole date */
		{ "2026-12-25T23:00:00Z", false, false, true }, /* of each year */
		{ "2027-12-25T23:00:00Z", false, false, true },
		{ "2027-11-27T23:00:00Z", true, true, false },
	};
	const struct config c = { .calendars = calendars, .calendar_count = 1 };
	struct policy *p = sound(POLICY("a", "rule: a", "action: label"));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct event_alert e = at(p, &c, "plant", rows[i].time);
		if (e.workday != rows[i].workday || e.working_hours != rows[i].hours ||
		    e.holiday != rows[i].holiday)
			fail_msg("%s: %d %d %d", rows[i].time, e.workday, e.working_hours,
				 e.holiday);
	}
	policy_free(p);
}

/* Days, and so the sums of a day, begin at midnight of sensor.timezone. */
static void test_days_are_those_of_the_zone(void **state)
{
	(void)state;
	struct policy *p = NULL;
	char why[800];
	const char *text = POLICY("a", "rule: a", "action: label");
	uint64_t before, after;
	setenv("TZ", "UTC-05:45", 1); /* east of Greenwich, and no whole hour */
	tzset();
	assert_int_equal(
		policy_parse("p.yaml", text, strlen(text), "Asia/Kathmandu", &p, why, sizeof(why)),
		0);
	assert_int_equal(str_parse_time("2026-11-24T18:14:59Z", &before), 0);
	assert_int_equal(str_parse_time("2026-11-24T18:15:00Z", &after), 0);
	assert_int_equal(policy_moment_of(p, before).day + 1, policy_moment_of(p, after).day);
	struct event_alert e = at(p, NULL, "", "2026-11-24T18:15:00Z");
	assert_int_equal(e.hour, 0);
	assert_int_equal(e.weekday, 3);
	policy_free(p);
	unsetenv("TZ");
	tzset();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_usual_one),
		cmocka_unit_test(test_one_of_the_configuration),
		cmocka_unit_test(test_days_are_those_of_the_zone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
