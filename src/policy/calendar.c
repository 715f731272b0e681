/*
 * policy/calendar.c - what a time is to people: hour and day, workday and holiday.
 *
 * Without a calendar of the name `default` the usual one is Monday to Friday, 8 to 18 o'clock, and
 * knows no holiday.  What a time is on the clock is worked out once a quarter of an hour: all time
 * zones of today lie whole quarters apart.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "private.h"

#define QUARTER_S   900u
#define DAYS_A_YEAR 366u
#define DEFAULT     "default"
#define FROM_MINUTE (8u * 60)
#define TO_MINUTE   (18u * 60)
#define SATURDAY    6

const struct clock_face *clock_face_of(const struct policy *policy, uint64_t time_ns)
{
	struct policy *p = (struct policy *)(uintptr_t)policy; /* what it remembers is no change */
	uint64_t quarter = time_ns / SECOND_NS / QUARTER_S + 1;
	struct clock_face *face = &p->faces[quarter % CLOCK_FACES];
	time_t t = (time_t)((quarter - 1) * QUARTER_S);
	struct tm tm;
	if (face->quarter == quarter)
		return face;
	face->quarter = 0; /* it is another one's, should this one have no face */
	if (!(p->is_utc ? gmtime_r(&t, &tm) : localtime_r(&t, &tm)))
		return face;
	face->quarter = quarter;
	face->hour = (uint8_t)tm.tm_hour;
	face->minute = (uint8_t)tm.tm_min;
	face->weekday = (uint8_t)(tm.tm_wday ? tm.tm_wday : 7);
	face->day = (uint32_t)tm.tm_year * DAYS_A_YEAR + (uint32_t)tm.tm_yday;
	(void)snprintf(face->date, sizeof(face->date), "%04d-%02d-%02d", tm.tm_year % 8000 + 1900,
		       tm.tm_mon + 1, tm.tm_mday);
	return face;
}

struct policy_moment policy_moment_of(const struct policy *p, uint64_t time_ns)
{
	const struct clock_face *face = clock_face_of(p, time_ns);
	return (struct policy_moment){ .hour = (uint32_t)(time_ns / (3600 * SECOND_NS)),
				       .day = face->day };
}

static const struct config_calendar *find(const struct config *config, const char *name)
{
	for (size_t i = 0; config && i < config->calendar_count; i++)
		if (strcmp(config->calendars[i].name, *name ? name : DEFAULT) == 0)
			return &config->calendars[i];
	return NULL;
}

/* A date, or one without its year, which comes again. */
static bool is_holiday(const struct config_calendar *c, const char *date)
{
	for (size_t i = 0; i < c->holiday_count; i++)
		if (strcmp(c->holidays[i], date) == 0 || strcmp(c->holidays[i], date + 5) == 0)
			return true;
	return false;
}

static bool is_day_of(const struct config_calendar *c, unsigned weekday)
{
	static const char *const names[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };
	for (size_t i = 0; i < c->day_count; i++)
		if (strcmp(c->days[i], names[weekday - 1]) == 0)
			return true;
	return false;
}

/* "08:00-18:00"; the form was checked.  Where the end lies before the begin it is of the night. */
static bool is_within(const char *hours, unsigned minute)
{
	unsigned from = (unsigned)(hours[0] - '0') * 600 + (unsigned)(hours[1] - '0') * 60 +
			(unsigned)(hours[3] - '0') * 10 + (unsigned)(hours[4] - '0');
	unsigned to = (unsigned)(hours[6] - '0') * 600 + (unsigned)(hours[7] - '0') * 60 +
		      (unsigned)(hours[9] - '0') * 10 + (unsigned)(hours[10] - '0');
	return from < to ? minute >= from && minute < to : minute >= from || minute < to;
}

void calendar_set(const struct policy *p, const struct config *config, const char *name,
		  struct event_alert *e)
{
	const struct clock_face *face = clock_face_of(p, e->e.time_ns);
	const struct config_calendar *c = find(config, name ? name : "");
	unsigned minute = face->hour * 60u + face->minute +
			  (unsigned)(e->e.time_ns / SECOND_NS % QUARTER_S / 60);
	if (!face->quarter)
		return;
	e->hour = face->hour;
	e->weekday = face->weekday;
	e->holiday = c && is_holiday(c, face->date);
	e->workday = !e->holiday && (c ? is_day_of(c, face->weekday) : face->weekday < SATURDAY);
	e->working_hours = e->workday && (c ? is_within(c->hours, minute) :
					      minute >= FROM_MINUTE && minute < TO_MINUTE);
}

void policy_set_clock(const struct policy *p, struct event_alert *e)
{
	calendar_set(p, NULL, "", e);
}
