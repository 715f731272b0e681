/*
 * store/usage_disk.c - see usage_disk.h.
 */
#include "usage_disk.h"

#include "exfild/base/log.h"
#include "usage_packs.h"

void usage_disk_close(struct usage_disk *d)
{
	usage_batch_close(&d->rows);
	file_close(&d->file);
}

int usage_disk_read_marks(struct usage_disk *d)
{
	int code = usage_fresh_count(&d->fresh, d->file.db);
	d->newest_day = d->ended_day = usage_number(d->file.db, "SELECT max(t) FROM days");
	(void)sqlite3_limit(d->file.db, SQLITE_LIMIT_LENGTH, PACK_MAX + 4096);
	return code;
}

/* ---- writing ---- */

static int open_tables(struct usage_disk *d)
{
	return d->rows.db ? SQLITE_OK : usage_batch_open(&d->rows, d->file.db);
}

static int drop(struct usage_disk *d)
{
	int code = usage_batch_drop(&d->rows);
	return code == SQLITE_OK ? usage_fresh_count(&d->fresh, d->file.db) : code;
}

/* Into the tables: a day that is over does not wait any longer, nor does what has no room. */
static int write_tables(struct usage_disk *d, const char **at, const char *stop, uint64_t *ret_rows)
{
	int code = open_tables(d);
	if (code == SQLITE_OK && d->fresh.rows)
		code = usage_fresh_fold(&d->fresh, &d->rows);
	if (code == SQLITE_OK && *at < stop)
		code = usage_batch_portion(&d->rows, at, stop, ret_rows, &d->newest_day);
	return code;
}

static int write_as_it_is(struct usage_disk *d, const struct usage_handed *h, uint64_t *ret_rows)
{
	/* of a capture all days are kept: there is nothing to be ended */
	bool is_over = d->keep_days < UINT32_MAX && h->last_day > d->newest_day;
	const char *none = NULL;
	int code = is_over ? write_tables(d, &none, NULL, ret_rows) : SQLITE_OK;
	if (code == SQLITE_OK)
		code = usage_fresh_add(&d->fresh, d->file.db, h);
	if (code == SQLITE_OK) {
		*ret_rows = h->rows;
		d->newest_day = h->last_day > d->newest_day ? h->last_day : d->newest_day;
	}
	return code;
}

/* In one transaction. */
static int write_some(struct usage_disk *d, const struct usage_handed *h, size_t *ret_len,
		      uint64_t *ret_rows)
{
	const char *at = h->data, *stop = h->data + h->len;
	uint64_t day = d->newest_day;
	*ret_rows = 0;
	int code = sqlite3_exec(d->file.db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	if (code == SQLITE_OK && usage_fresh_fits(&d->fresh, h)) {
		code = write_as_it_is(d, h, ret_rows);
		at = stop;
	} else if (code == SQLITE_OK) {
		code = write_tables(d, &at, stop, ret_rows);
	}
	code = file_end(d->file.db, code);
	*ret_len = (size_t)(at - h->data);
	if (code == SQLITE_OK)
		return code;
	d->newest_day = day;
	return drop(d) == SQLITE_OK ? code : SQLITE_NOMEM;
}

uint64_t usage_disk_bytes(const struct usage_disk *d)
{
	return usage_number(d->file.db, "SELECT (SELECT page_count FROM pragma_page_count) * "
					"(SELECT page_size FROM pragma_page_size)");
}

static int forget(struct usage_disk *d, uint32_t keep_days)
{
	int code = sqlite3_exec(d->file.db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	if (code == SQLITE_OK)
		code = usage_forget(d->file.db, d->newest_day, keep_days);
	code = file_end(d->file.db, code);
	if (keep_days <= d->newest_day && drop(d) != SQLITE_OK)
		code = SQLITE_NOMEM; /* names may have gone */
	return code;
}

/* Its own limit is reached: the oldest day makes room, and says so. */
static bool make_room(struct usage_disk *d)
{
	uint64_t oldest = usage_number(d->file.db, "SELECT min(t) FROM days");
	if (usage_disk_bytes(d) < d->file.max_bytes / 10 * 9 || oldest >= d->newest_day)
		return false;
	int code = forget(d, (uint32_t)(d->newest_day - oldest));
	log_warnx("usage",
		  "%s has reached its part of limits.disk_mb: its oldest day went before "
		  "usage.keep_days",
		  d->file.path);
	return code == SQLITE_OK;
}

int usage_disk_write(struct usage_disk *d, const struct usage_handed *h, size_t *ret_len,
		     uint64_t *ret_rows)
{
	int code = write_some(d, h, ret_len, ret_rows);
	while (code == SQLITE_FULL && make_room(d))
		code = write_some(d, h, ret_len, ret_rows);
	return code;
}

/* Weeks that are over are added up; until then their days are asked for. */
static int roll(struct usage_disk *d)
{
	int code = sqlite3_exec(d->file.db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	if (code == SQLITE_OK)
		code = usage_batch_roll(&d->rows, d->newest_day / USAGE_WEEK * USAGE_WEEK);
	code = file_end(d->file.db, code);
	if (code != SQLITE_OK && drop(d) != SQLITE_OK)
		code = SQLITE_NOMEM;
	return code;
}

int usage_disk_end_days(struct usage_disk *d)
{
	/* of what is in no table nothing has to be rolled or forgotten */
	if (d->ended_day == d->newest_day || !d->file.db || !d->rows.db)
		return SQLITE_OK;
	int code = roll(d);
	while (code == SQLITE_FULL && make_room(d))
		code = roll(d);
	if (code == SQLITE_OK)
		code = forget(d, d->keep_days);
	if (code == SQLITE_OK)
		d->ended_day = d->newest_day;
	return code;
}

/* The oldest day that is over and of which rows stand in the table; 0: none. */
static uint64_t next_day(struct usage_disk *d, enum pack_kind kind)
{
	if (!d->file.db)
		return 0;
	uint64_t day = usage_number(d->file.db, kind == PACK_DAYS ? "SELECT min(t) FROM day" :
								    "SELECT min(t) / 24 FROM hour");
	return day < d->newest_day ? day : 0;
}

int usage_disk_pack(struct usage_disk *d, bool *ret_any)
{
	int code = SQLITE_OK;
	*ret_any = false;
	for (enum pack_kind kind = PACK_DAYS; kind < PACK_KIND__COUNT && code == SQLITE_OK;
	     kind++) {
		uint64_t day = next_day(d, kind), units = kind == PACK_DAYS ? 1 : 24;
		if (!day)
			continue;
		*ret_any = true;
		code = sqlite3_exec(d->file.db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
		if (code == SQLITE_OK)
			code = usage_pack_rows(d->file.db, kind, day * units, (day + 1) * units);
		code = file_end(d->file.db, code);
	}
	return code;
}
