/*
 * store/usage_db.c - the reader's side of the usage database: opening, words, its span.
 *
 * A file is opened read-only.  One that nobody writes and whose folder may not be written either
 * (a copy on another machine) is opened as one that does not change: SQLite would otherwise want
 * to make its shared memory beside it.
 */
#include "usage_db.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ADDED_MAX  (64u << 20)
#define NO_VERSION (-1)

static const char *const directions[USAGE_DIRECTION__COUNT] = { "out", "in", "lateral", "transit" };
static const char *const sanctions[USAGE_SANCTION__COUNT] = { "unknown", "unsanctioned",
							      "tolerated", "unclear",
							      "sanctioned" };
static const char *const risks[USAGE_RISK__COUNT] = { "unknown", "low", "medium", "high" };
static const char *const dims[USAGE_BY__COUNT] = {
	"hour",     "day",  "zone",     "host",    "user", "service", "tenant",
	"category", "risk", "sanction", "country", "as",   "tls",     "direction",
};
static const char *const orders[USAGE_ORDER__COUNT] = {
	"up",     "down",  "both",  "flows", "alerts", "clear",
	"opaque", "score", "first", "last",  "seen",   "key",
};

const char *usage_direction_name(enum usage_direction d)
{
	return (unsigned)d < USAGE_DIRECTION__COUNT ? directions[d] : "unknown";
}

const char *usage_sanction_name(enum usage_sanction s)
{
	return (unsigned)s < USAGE_SANCTION__COUNT ? sanctions[s] : sanctions[0];
}

const char *usage_risk_name(enum usage_risk r)
{
	return (unsigned)r < USAGE_RISK__COUNT ? risks[r] : risks[0];
}

const char *usage_dim_name(enum usage_dim d)
{
	return (unsigned)d < USAGE_BY__COUNT ? dims[d] : "";
}

const char *usage_order_name(enum usage_order o)
{
	return (unsigned)o < USAGE_ORDER__COUNT ? orders[o] : "";
}

static unsigned find_word(const char *const *list, unsigned count, const char *word)
{
	unsigned i = 0;
	while (i < count && strcmp(list[i], word) != 0)
		i++;
	return i;
}

enum usage_dim usage_dim_find(const char *name)
{
	return (enum usage_dim)find_word(dims, USAGE_BY__COUNT, name);
}

enum usage_order usage_order_find(const char *name)
{
	return (enum usage_order)find_word(orders, USAGE_ORDER__COUNT, name);
}

void usage_counts_add(struct usage_counts *to, const struct usage_counts *n)
{
	to->up += n->up;
	to->down += n->down;
	to->clear += n->clear;
	to->named += n->named;
	to->opaque += n->opaque;
	to->flows += n->flows;
	to->alerts += n->alerts;
	to->verdicts += n->verdicts;
	if (n->first_ns && (!to->first_ns || n->first_ns < to->first_ns))
		to->first_ns = n->first_ns;
	if (n->last_ns > to->last_ns)
		to->last_ns = n->last_ns;
	if (n->score > to->score)
		to->score = n->score;
}

/* ---- opening ---- */

static struct usage_db *new_db(char *why, size_t size)
{
	struct usage_db *db = calloc(1, sizeof(*db));
	if (!db) {
		(void)snprintf(why, size, "memory is exhausted");
		return NULL;
	}
	buf_init(&db->added, ADDED_MAX);
	db->version = NO_VERSION;
	return db;
}

void usage_db_close(struct usage_db *db)
{
	if (!db)
		return;
	usage_batch_close(&db->batch);
	buf_deinit(&db->added);
	(void)sqlite3_close_v2(db->sqlite);
	free(db);
}

/* "file:" and the path with what a URI would read as something else as %XX. */
static void make_uri(const char *path, char *dst, size_t size)
{
	size_t n = (size_t)snprintf(dst, size, "file:");
	for (const char *p = path; *p && n + 32 < size; p++)
		n += (size_t)snprintf(dst + n, size - n, strchr("%?#", *p) ? "%%%02X" : "%c",
				      (unsigned char)*p);
	(void)snprintf(dst + n, size - n, "?immutable=1");
}

/* The first look is where SQLite finds out what it can do with the file. */
static int look(sqlite3 *sqlite)
{
	return sqlite3_exec(sqlite, "SELECT count(*) FROM sqlite_master", NULL, NULL, NULL);
}

static int open_unchanging(const char *path, sqlite3 **ret)
{
	char uri[3 * FILE_PATH_MAX + 32], log[FILE_PATH_MAX + 8];
	(void)snprintf(log, sizeof(log), "%s-wal", path);
	if (access(log, F_OK) == 0)
		return SQLITE_CANTOPEN; /* there is more than the file alone says */
	make_uri(path, uri, sizeof(uri));
	(void)sqlite3_close_v2(*ret);
	*ret = NULL;
	int code = sqlite3_open_v2(
		uri, ret, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI, NULL);
	return code == SQLITE_OK ? look(*ret) : code;
}

static void set_up(sqlite3 *sqlite)
{
	int off = 0;
	(void)sqlite3_busy_timeout(sqlite, 5000);
	(void)sqlite3_limit(sqlite, SQLITE_LIMIT_ATTACHED, 0);
	(void)sqlite3_db_config(sqlite, SQLITE_DBCONFIG_DEFENSIVE, 1, &off);
	(void)sqlite3_db_config(sqlite, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, &off);
	/* packs are read once, one after the other: mapped, they are not copied; sorting stays in
	 * memory, and nothing of it beside the database */
	(void)sqlite3_exec(sqlite,
			   "PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY; "
			   "PRAGMA cache_size = -65536; PRAGMA mmap_size = 4294967296; "
			   "PRAGMA query_only = ON",
			   NULL, NULL, NULL);
}

static int judge(struct usage_db *db, const char *path, char *why, size_t size)
{
	uint64_t id = usage_number(db->sqlite, "PRAGMA application_id");
	uint64_t format = usage_number(db->sqlite, "PRAGMA user_version");
	if (id != USAGE_FILEID) {
		(void)snprintf(why, size, "%s is no usage database of exfild", path);
		return -EXF_E_FORMAT;
	}
	db->format = (unsigned)format;
	if (format >= 1 && format <= USAGE_FORMAT)
		return 0;
	(void)snprintf(why, size, "%s is of a newer exfild (format %llu): read it with that one",
		       path, (unsigned long long)format);
	return -EXF_E_FORMAT;
}

int usage_db_open(const char *path, struct usage_db **ret, char *why, size_t size)
{
	if (strlen(path) >= FILE_PATH_MAX) {
		(void)snprintf(why, size, "the path of the usage database is too long");
		return -EXF_E_INVALID;
	}
	if (access(path, R_OK) != 0) {
		(void)snprintf(why, size, "cannot read %s: %s", path, strerror(errno));
		return -EXF_E_IO;
	}
	struct usage_db *db = new_db(why, size);
	if (!db)
		return -EXF_E_NOMEM;
	int code = sqlite3_open_v2(path, &db->sqlite, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX,
				   NULL);
	if (code == SQLITE_OK)
		code = look(db->sqlite);
	if ((code & 0xff) == SQLITE_CANTOPEN || (code & 0xff) == SQLITE_READONLY)
		code = open_unchanging(path, &db->sqlite);
	int err = 0;
	if (code != SQLITE_OK) {
		(void)snprintf(why, size, "cannot read %s: %s", path, sqlite3_errstr(code));
		err = file_is_damage(code) ? -EXF_E_FORMAT : -EXF_E_IO;
	} else {
		set_up(db->sqlite);
		err = judge(db, path, why, size);
	}
	if (err) {
		usage_db_close(db);
		return err;
	}
	*ret = db;
	return 0;
}

int usage_db_memory(struct usage_db **ret, char *why, size_t size)
{
	struct usage_db *db = new_db(why, size);
	if (!db)
		return -EXF_E_NOMEM;
	db->format = USAGE_FORMAT;
	db->is_memory = true;
	int code = sqlite3_open_v2(":memory:", &db->sqlite,
				   SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
				   NULL);
	for (unsigned i = 0; i < TABLE__COUNT && code == SQLITE_OK; i++)
		code = sqlite3_exec(db->sqlite, usage_tables[i], NULL, NULL, NULL);
	if (code == SQLITE_OK)
		code = usage_batch_open(&db->batch, db->sqlite);
	if (code != SQLITE_OK) {
		(void)snprintf(why, size, "no usage database in memory: %s", sqlite3_errstr(code));
		usage_db_close(db);
		return -EXF_E_NOMEM;
	}
	*ret = db;
	return 0;
}

bool usage_db_add(struct usage_db *db, const struct usage_row *row)
{
	return usage_pack(&db->added, row);
}

int usage_db_write(struct usage_db *db, char *why, size_t size)
{
	const char *at = db->added.data;
	uint64_t rows = 0, newest_day = 0;
	if (!db->added.len)
		return 0;
	const char *stop = at + db->added.len;
	int code = sqlite3_exec(db->sqlite, "BEGIN", NULL, NULL, NULL);
	while (code == SQLITE_OK && at < stop)
		code = usage_batch_portion(&db->batch, &at, stop, &rows, &newest_day);
	if (code == SQLITE_OK)
		code = sqlite3_exec(db->sqlite, "COMMIT", NULL, NULL, NULL);
	buf_reset(&db->added);
	if (code == SQLITE_OK)
		return 0;
	(void)snprintf(why, size, "usage cannot be added up: %s", sqlite3_errmsg(db->sqlite));
	if (!sqlite3_get_autocommit(db->sqlite))
		(void)sqlite3_exec(db->sqlite, "ROLLBACK", NULL, NULL, NULL);
	(void)usage_batch_drop(&db->batch);
	return -EXF_E_IO;
}

int usage_db_refresh(struct usage_db *db)
{
	if (db->format < 5 || db->is_memory)
		return SQLITE_OK;
	int64_t version = (int64_t)usage_number(db->sqlite, "PRAGMA data_version");
	if (db->version == version)
		return SQLITE_OK;
	usage_batch_close(&db->batch);
	int code = usage_number(db->sqlite, "SELECT count(*) FROM fresh") ?
			   usage_batch_open(&db->batch, db->sqlite) :
			   SQLITE_OK;
	if (code == SQLITE_OK && db->batch.db)
		code = usage_fresh_read(&db->batch, &db->added);
	db->version = code == SQLITE_OK ? version : NO_VERSION;
	return code;
}

/* Hours of rows that are in no table; false: there are none. */
static bool fresh_span(const struct usage_db *db, uint64_t *ret_first, uint64_t *ret_last)
{
	*ret_first = UINT64_MAX;
	*ret_last = 0;
	for (uint32_t i = 0; i < db->batch.count; i++) {
		uint64_t hour = db->batch.rows[i].key[KEY_TIME];
		*ret_first = hour < *ret_first ? hour : *ret_first;
		*ret_last = hour > *ret_last ? hour : *ret_last;
	}
	return db->batch.count > 0;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return !a || (b && b < a) ? b : a; /* 0: none */
}

void usage_db_span(struct usage_db *db, uint64_t *ret_first_s, uint64_t *ret_end_s)
{
	bool has_days = db->format > 3;
	uint64_t first, end;
	(void)usage_db_refresh(db);
	uint64_t day = usage_number(db->sqlite, has_days ? "SELECT min(t) FROM days" :
							   "SELECT min(t) FROM day");
	uint64_t hour = usage_first_hour(db->sqlite);
	uint64_t last = usage_number(db->sqlite, "SELECT max(t) FROM hour");
	uint64_t last_day = usage_number(db->sqlite, has_days ? "SELECT max(t) FROM days" :
								"SELECT max(t) FROM day");
	if (fresh_span(db, &first, &end)) {
		hour = least(hour, first);
		last = end > last ? end : last;
	}
	*ret_first_s = hour && hour / 24 <= day ? hour * 3600 : day * USAGE_DAY_S;
	*ret_end_s = last ? (last + 1) * 3600 : last_day ? (last_day + 1) * USAGE_DAY_S : 0;
}
