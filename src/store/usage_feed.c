/*
 * store/usage_feed.c - see usage_feed.h.
 *
 * The least that SQLite takes for a virtual table: read from its first row to its last one.
 */
#include "usage_feed.h"

#include <stdint.h>
#include <stdlib.h>

#define COST 1000.0 /* of reading all; there is no other way */

struct feed_table {
	sqlite3_vtab base;
	struct usage_feed *feed;
};

struct feed_cursor {
	sqlite3_vtab_cursor base;
	struct usage_feed *feed;
	int64_t row;
	bool is_end;
};

static int feed_connect(sqlite3 *db, void *feed, int argc, const char *const *argv,
			sqlite3_vtab **ret, char **ret_why)
{
	struct usage_feed *f = feed;
	struct feed_table *t = calloc(1, sizeof(*t));
	(void)argc;
	(void)argv;
	(void)ret_why;
	if (!t)
		return SQLITE_NOMEM;
	t->feed = f;
	*ret = &t->base;
	int code = sqlite3_declare_vtab(db, f->columns);
	if (code != SQLITE_OK) {
		free(t);
		*ret = NULL;
	}
	return code;
}

static int feed_disconnect(sqlite3_vtab *table)
{
	free(table);
	return SQLITE_OK;
}

static int feed_plan(sqlite3_vtab *table, sqlite3_index_info *info)
{
	(void)table;
	info->estimatedCost = COST;
	return SQLITE_OK;
}

static int feed_open(sqlite3_vtab *table, sqlite3_vtab_cursor **ret)
{
	struct feed_cursor *c = calloc(1, sizeof(*c));
	if (!c)
		return SQLITE_NOMEM;
	c->feed = ((struct feed_table *)table)->feed;
	*ret = &c->base;
	return SQLITE_OK;
}

static int feed_close(sqlite3_vtab_cursor *cursor)
{
	free(cursor);
	return SQLITE_OK;
}

static int feed_begin(sqlite3_vtab_cursor *cursor, int plan, const char *name, int argc,
		      sqlite3_value **argv)
{
	struct feed_cursor *c = (struct feed_cursor *)cursor;
	(void)plan;
	(void)name;
	(void)argc;
	(void)argv;
	c->row = 0;
	c->is_end = !c->feed->step(c->feed->arg, true);
	return SQLITE_OK;
}

static int feed_next(sqlite3_vtab_cursor *cursor)
{
	struct feed_cursor *c = (struct feed_cursor *)cursor;
	c->row++;
	c->is_end = !c->feed->step(c->feed->arg, false);
	return SQLITE_OK;
}

static int feed_is_end(sqlite3_vtab_cursor *cursor)
{
	return ((struct feed_cursor *)cursor)->is_end;
}

static int feed_cell(sqlite3_vtab_cursor *cursor, sqlite3_context *to, int column)
{
	struct usage_feed *f = ((struct feed_cursor *)cursor)->feed;
	f->cell(f->arg, column, to);
	return SQLITE_OK;
}

static int feed_number(sqlite3_vtab_cursor *cursor, sqlite3_int64 *ret)
{
	*ret = ((struct feed_cursor *)cursor)->row;
	return SQLITE_OK;
}

/* Without xCreate it is there by its name alone, and in no schema. */
static const sqlite3_module module = {
	.xConnect = feed_connect,
	.xBestIndex = feed_plan,
	.xDisconnect = feed_disconnect,
	.xOpen = feed_open,
	.xClose = feed_close,
	.xFilter = feed_begin,
	.xNext = feed_next,
	.xEof = feed_is_end,
	.xColumn = feed_cell,
	.xRowid = feed_number,
};

int usage_feed_register(sqlite3 *db, const char *name, struct usage_feed *f)
{
	return sqlite3_create_module(db, name, &module, f);
}
