/*
 * store/usage_batch.c - see usage_batch.h.
 */
#include "usage_batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_NAMES "up, down, clear, named, opaque, flows, alerts, verdicts, first, last, score"
#define COUNT_MORE                                                                      \
 "up = up + excluded.up, down = down + excluded.down, clear = clear + excluded.clear, " \
 "named = named + excluded.named, opaque = opaque + excluded.opaque, "                  \
 "flows = flows + excluded.flows, alerts = alerts + excluded.alerts, "                  \
 "verdicts = verdicts + excluded.verdicts, first = min(first, excluded.first), "        \
 "last = max(last, excluded.last), score = max(score, excluded.score)"
#define PUT(table, keys)                                                          \
 "INSERT INTO " table "(" keys ", " COUNT_NAMES ") SELECT " keys ", " COUNT_NAMES \
 " FROM feed_rows "                                                               \
 "WHERE true ON CONFLICT DO UPDATE SET " COUNT_MORE
#define ALL_KEYS "t, host, service, place, direction"

/* The keys of each table in its own order, and its unit of time. */
static const struct plan {
	const char *put;
	uint32_t hours, count;
	uint8_t keys[BATCH_SORTED];
} plans[TABLE__COUNTERS] = {
	[TABLE_HOUR] = { PUT("hour", ALL_KEYS),
			 1,
			 5,
			 { KEY_TIME, KEY_HOST, KEY_SERVICE, KEY_PLACE, KEY_DIRECTION } },
	[TABLE_DAY] = { PUT("day", ALL_KEYS),
			24,
			5,
			{ KEY_TIME, KEY_HOST, KEY_SERVICE, KEY_PLACE, KEY_DIRECTION } },
	[TABLE_DAY_HOST] = { PUT("day_host", "t, host, direction"),
			     24,
			     3,
			     { KEY_TIME, KEY_HOST, KEY_DIRECTION } },
	[TABLE_DAY_SERVICE] = { PUT("day_service", "t, service, zone, place, direction"),
				24,
				5,
				{ KEY_TIME, KEY_SERVICE, KEY_ZONE, KEY_PLACE, KEY_DIRECTION } },
	[TABLE_WEEK_HOST] = { PUT("week_host", "t, host, direction"),
			      24 * USAGE_WEEK,
			      3,
			      { KEY_TIME, KEY_HOST, KEY_DIRECTION } },
	[TABLE_WEEK_SERVICE] = { PUT("week_service", "t, service, zone, place, direction"),
				 24 * USAGE_WEEK,
				 5,
				 { KEY_TIME, KEY_SERVICE, KEY_ZONE, KEY_PLACE, KEY_DIRECTION } },
};

/* ---- as a table ---- */

#define COLUMNS "CREATE TABLE feed_rows(t, host, service, place, direction, zone, " COUNT_NAMES ")"

static int compare(const void *x, const void *y)
{
	const struct batch_row *a = *(struct batch_row *const *)x,
			       *b = *(struct batch_row *const *)y;
	for (unsigned i = 0; i < BATCH_SORTED; i++)
		if (a->sorted[i] != b->sorted[i])
			return a->sorted[i] < b->sorted[i] ? -1 : 1;
	return 0;
}

/* False: none of them belongs into this table. */
static bool order_for(struct usage_batch *b, enum usage_table at)
{
	const struct plan *p = &plans[at];
	bool is_week = p->hours > 24;
	b->at = at;
	b->ordered = 0;
	for (uint32_t i = 0; i < b->count; i++) {
		struct batch_row *r = &b->rows[i];
		if (is_week && r->key[KEY_TIME] / 24 >= b->rolled_until)
			continue;
		memset(r->sorted, 0, sizeof(r->sorted));
		for (uint32_t k = 0; k < p->count; k++)
			r->sorted[k] = p->keys[k] == KEY_TIME ? r->key[KEY_TIME] / p->hours :
								r->key[p->keys[k]];
		b->order[b->ordered++] = r;
	}
	if (b->ordered)
		qsort(b->order, b->ordered, sizeof(struct batch_row *), compare);
	return b->ordered > 0;
}

static bool step_rows(void *arg, bool is_first)
{
	struct usage_batch *b = arg;
	b->next = is_first ? 0 : b->next;
	if (b->next == b->ordered)
		return false;
	const struct batch_row *r = b->order[b->next++];
	struct usage_counts n = r->n;
	for (; b->next < b->ordered && compare(&b->order[b->next], &r) == 0; b->next++)
		usage_counts_add(&n, &b->order[b->next]->n);
	const uint64_t counts[BATCH_COUNTS] = { n.up,       n.down,    n.clear,  n.named,
						n.opaque,   n.flows,   n.alerts, n.verdicts,
						n.first_ns, n.last_ns, n.score };
	memcpy(b->cells, r->key, sizeof(r->key));
	memcpy(b->cells + KEY__COUNT, counts, sizeof(counts));
	b->cells[KEY_TIME] /= plans[b->at].hours;
	return true;
}

static void row_cell(void *arg, int column, sqlite3_context *to)
{
	const struct usage_batch *b = arg;
	sqlite3_result_int64(to, usage_sqlite_number(b->cells[column]));
}

/* ---- life ---- */

static void read_marks(struct usage_batch *b)
{
	b->day = 0;
	b->rolled_until = usage_number(b->db, "SELECT max(t) FROM rolled");
}

int usage_batch_open(struct usage_batch *b, sqlite3 *db)
{
	memset(b, 0, sizeof(*b));
	b->db = db;
	b->feed = (struct usage_feed){ .columns = COLUMNS,
				       .step = step_rows,
				       .cell = row_cell,
				       .arg = b };
	b->rows = calloc(USAGE_PORTION, sizeof(*b->rows));
	b->order = calloc(USAGE_PORTION, sizeof(*b->order));
	int code = b->rows && b->order ? usage_names_open(&b->names, db) : SQLITE_NOMEM;
	if (code == SQLITE_OK)
		code = usage_feed_register(db, "feed_rows", &b->feed);
	read_marks(b);
	return code;
}

/* Not before something is written: a reader never does. */
static int prepare(struct usage_batch *b)
{
	int code = SQLITE_OK;
	for (unsigned i = 0; i < TABLE__COUNTERS && code == SQLITE_OK && !b->put[i]; i++)
		code = sqlite3_prepare_v3(b->db, plans[i].put, -1, SQLITE_PREPARE_PERSISTENT,
					  &b->put[i], NULL);
	if (code == SQLITE_OK && !b->put_day)
		code = sqlite3_prepare_v3(b->db, "INSERT OR IGNORE INTO days(t) VALUES(?1)", -1,
					  SQLITE_PREPARE_PERSISTENT, &b->put_day, NULL);
	return code;
}

void usage_batch_close(struct usage_batch *b)
{
	usage_names_close(&b->names);
	for (unsigned i = 0; i < TABLE__COUNTERS; i++)
		(void)sqlite3_finalize(b->put[i]);
	(void)sqlite3_finalize(b->put_day);
	free(b->rows);
	free(b->order);
	memset(b, 0, sizeof(*b));
}

int usage_batch_drop(struct usage_batch *b)
{
	if (!b->db)
		return SQLITE_OK;
	b->count = 0;
	read_marks(b);
	return usage_names_forget(&b->names);
}

/* ---- adding ---- */

/* That there is something of a day. */
static int note_day(struct usage_batch *b, uint64_t day)
{
	if (day == b->day)
		return SQLITE_OK;
	(void)sqlite3_bind_int64(b->put_day, 1, usage_sqlite_number(day));
	int code = sqlite3_step(b->put_day);
	int end = sqlite3_reset(b->put_day);
	b->day = day;
	return code == SQLITE_DONE ? SQLITE_OK : end;
}

static int find_names(struct usage_batch *b, const struct usage_row *row, struct batch_row *to)
{
	const struct usage_counts *n = &row->counts;
	int64_t id[NAME__COUNT] = { 0 };
	struct usage_name name = { .text = { row->host->zone } };
	int code = usage_names_find(&b->names, NAME_ZONE, &name, &id[NAME_ZONE]);
	name = (struct usage_name){ .number = (uint64_t)id[NAME_ZONE],
				    .text = { row->host->address, row->host->user,
					      row->host->name },
				    .first_ns = n->first_ns,
				    .last_ns = n->last_ns };
	if (code == SQLITE_OK)
		code = usage_names_find(&b->names, NAME_HOST, &name, &id[NAME_HOST]);
	name = (struct usage_name){ .number = row->service->sanction,
				    .risk = row->service->risk,
				    .text = { row->service->name, row->service->tenant,
					      row->service->title, row->service->category },
				    .first_ns = n->first_ns,
				    .last_ns = n->last_ns };
	if (code == SQLITE_OK)
		code = usage_names_find(&b->names, NAME_SERVICE, &name, &id[NAME_SERVICE]);
	name = (struct usage_name){ .text = { row->place->country, row->place->as,
					      row->place->tls } };
	if (code == SQLITE_OK)
		code = usage_names_find(&b->names, NAME_PLACE, &name, &id[NAME_PLACE]);
	to->key[KEY_ZONE] = (uint64_t)id[NAME_ZONE];
	to->key[KEY_HOST] = (uint64_t)id[NAME_HOST];
	to->key[KEY_SERVICE] = (uint64_t)id[NAME_SERVICE];
	to->key[KEY_PLACE] = (uint64_t)id[NAME_PLACE];
	return code;
}

bool usage_batch_is_full(const struct usage_batch *b)
{
	return b->count == USAGE_PORTION;
}

int usage_batch_add(struct usage_batch *b, const struct usage_row *row)
{
	struct batch_row *to = &b->rows[b->count];
	int code = b->count ? SQLITE_OK : usage_names_begin(&b->names, USAGE_PORTION);
	if (code == SQLITE_OK)
		code = find_names(b, row, to);
	if (code != SQLITE_OK)
		return code;
	to->key[KEY_TIME] = row->hour_s / 3600;
	to->key[KEY_DIRECTION] = row->direction;
	to->n = row->counts;
	b->count++;
	return SQLITE_OK;
}

int usage_batch_write(struct usage_batch *b)
{
	int code = prepare(b);
	if (code == SQLITE_OK)
		code = usage_names_write(&b->names);
	for (uint32_t i = 0; i < b->count && code == SQLITE_OK; i++)
		code = note_day(b, b->rows[i].key[KEY_TIME] / 24);
	for (unsigned i = 0; i < TABLE__COUNTERS && code == SQLITE_OK; i++) {
		if (!order_for(b, (enum usage_table)i))
			continue;
		code = sqlite3_step(b->put[i]);
		int end = sqlite3_reset(b->put[i]);
		code = code == SQLITE_DONE ? SQLITE_OK : end;
	}
	b->count = 0;
	return code;
}

int usage_batch_portion(struct usage_batch *b, const char **at, const char *stop,
			uint64_t *ret_rows, uint64_t *ret_newest_day)
{
	int code = SQLITE_OK;
	while (code == SQLITE_OK && *at < stop && !usage_batch_is_full(b)) {
		struct usage_packed p;
		if (!usage_unpack(at, stop, &p))
			return SQLITE_CORRUPT;
		uint64_t day = p.row.hour_s / USAGE_DAY_S;
		*ret_newest_day = day > *ret_newest_day ? day : *ret_newest_day;
		code = usage_batch_add(b, &p.row);
		++*ret_rows;
	}
	return code == SQLITE_OK ? usage_batch_write(b) : code;
}

/* ---- weeks ---- */

/* ?1, ?2: the days.  In the order of their key, so that rows come to a week in that of its own. */
#define ROLL(week, day, keys)                                                              \
 "INSERT INTO " week "(" keys ", t, " COUNT_NAMES ") SELECT " keys ", t / 7, " COUNT_NAMES \
 " FROM " day " WHERE t >= ?1 AND t < ?2 ON CONFLICT DO UPDATE SET " COUNT_MORE

int usage_batch_roll(struct usage_batch *b, uint64_t day)
{
	static const char *const steps[] = {
		ROLL("week_host", "day_host", "host, direction"),
		ROLL("week_service", "day_service", "service, zone, place, direction"),
		"DELETE FROM rolled WHERE t <= ?2",
		"INSERT INTO rolled(t) VALUES(?2)",
	};
	int code = SQLITE_OK;
	if (day <= b->rolled_until)
		return SQLITE_OK;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && code == SQLITE_OK; i++)
		code = usage_with_days(b->db, steps[i], b->rolled_until, day);
	if (code == SQLITE_OK)
		b->rolled_until = day;
	return code;
}
