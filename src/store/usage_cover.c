/*
 * store/usage_cover.c - which tables know the range of a question.
 *
 * Whole days (or, over months, whole weeks) come from the smallest table that knows what is asked
 * for, or from packs; the edges come from the hours.  Rows that are in no table yet are of the same
 * range.
 */
#include "usage_db.h"

#define DAY_HOURS 24u

static void add_piece(struct asking *a, enum usage_table table, uint64_t from, uint64_t to)
{
	if (from < to && a->piece_count < USAGE_PIECES)
		a->pieces[a->piece_count++] = (struct piece){ table, from, to };
}

/* Rows of a table whose older ones are in packs. */
static void add_rows(struct asking *a, enum usage_table table, uint64_t from, uint64_t to)
{
	struct spans *s = &a->packs[table == TABLE_DAY ? PACK_DAYS : PACK_HOURS];
	add_piece(a, table, from, to);
	if (a->format > 3 && from < to && s->count < USAGE_SPANS)
		s->list[s->count++] = (struct span){ from, to };
}

static enum usage_table table_of_days(const struct asking *a)
{
	if (!(a->used & HOST_DIMS))
		return TABLE_DAY_SERVICE;
	return a->used & (SERVICE_DIMS | PLACE_DIMS) ? TABLE_DAY : TABLE_DAY_HOST;
}

/* Weeks know of whole ones, and not of those that are not over: these come last, by day. */
static void cover_weeks(struct asking *a, enum usage_table table, uint64_t from, uint64_t to)
{
	bool goes_on = to >= a->rolled;
	uint64_t week = (from + USAGE_WEEK - 1) / USAGE_WEEK;
	uint64_t end = goes_on ? T_END : to / USAGE_WEEK;
	if (a->by & BY(DAY) || week >= end || week * USAGE_WEEK >= a->rolled) {
		add_piece(a, table, from, to);
		return;
	}
	add_piece(a, table, from, week * USAGE_WEEK);
	add_piece(a, table == TABLE_DAY_HOST ? TABLE_WEEK_HOST : TABLE_WEEK_SERVICE, week, end);
	add_piece(a, table, goes_on ? a->rolled : end * USAGE_WEEK, to);
}

static void cover_days(struct asking *a, uint64_t from, uint64_t to)
{
	enum usage_table table = table_of_days(a);
	/* of the first week some days may have gone, and it is still there */
	uint64_t first = usage_number(a->db, "SELECT min(t) FROM days");
	from = from > first ? from : first;
	if (table != TABLE_DAY) {
		cover_weeks(a, table, from, to);
		return;
	}
	add_rows(a, table, from, to);
}

static uint64_t up(uint64_t a, uint64_t unit)
{
	return (a + unit - 1) / unit;
}

void usage_cover(struct asking *a)
{
	const struct usage_query *q = a->q;
	uint64_t from_hour = q->since_s / 3600;
	uint64_t to_hour = q->until_s ? up(q->until_s, 3600) : T_END;
	a->rolled = a->format > 3 ? usage_number(a->db, "SELECT max(t) FROM rolled") : 0;
	a->from_hour = from_hour;
	a->to_hour = to_hour;
	if (a->by & BY(HOUR)) {
		add_rows(a, TABLE_HOUR, from_hour, to_hour);
		return;
	}
	uint64_t kept = usage_first_hour(a->db); /* hours of before are not */
	uint64_t from = up(from_hour, DAY_HOURS);
	uint64_t to = q->until_s ? to_hour / DAY_HOURS : T_END;
	bool has_first = from_hour % DAY_HOURS != 0, has_last = q->until_s && to_hour % DAY_HOURS;
	if (has_first && from_hour < kept) {
		from--;
		has_first = false;
		a->from_hour = from * DAY_HOURS;
	}
	if (has_last && to * DAY_HOURS < kept) {
		to++;
		has_last = false;
		a->to_hour = to * DAY_HOURS;
	}
	if (from > to) { /* within a day */
		add_rows(a, TABLE_HOUR, from_hour, to_hour);
		return;
	}
	if (has_first)
		add_rows(a, TABLE_HOUR, from_hour, from * DAY_HOURS);
	cover_days(a, from, to);
	if (has_last)
		add_rows(a, TABLE_HOUR, to * DAY_HOURS, to_hour);
}
