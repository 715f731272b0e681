/*
 * engine/books.c - see books.h.
 */
#include "books.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/control/snapshot.h"

#define ROWS_OF    4u /* of the pairs: so many have a row of their own */
#define SET_KEY    "usage.database="
#define BY_DEFAULT "/var/lib/exfild/usage.db"

struct books {
	struct usage *usage;
	struct usage_writer *writer;         /* NULL: none is wanted */
	struct usage_writer_options options; /* of the writer; path NULL: none is wanted */
	char path[BOOKS_PATH_MAX];
	uint32_t max_rows, max_hosts;
};

/* Live, as configured; the default lies with the state.  A replay writes what it is told to. */
bool books_path(const struct options *o, const struct config *c, char ret[BOOKS_PATH_MAX])
{
	const char *path = c->usage.database;
	const char *folder = o->state_path ? o->state_path : c->state.directory;
	bool is_named = o->is_live;
	int n;
	for (size_t i = 0; i < o->set_count; i++)
		is_named |= strncmp(o->sets[i], SET_KEY, sizeof(SET_KEY) - 1) == 0;
	if (!is_named || !*path)
		return false;
	if (strcmp(path, BY_DEFAULT) != 0)
		n = snprintf(ret, BOOKS_PATH_MAX, "%s", path);
	else
		n = *folder ? snprintf(ret, BOOKS_PATH_MAX, "%s/usage.db", folder) : -1;
	return n > 0 && n < BOOKS_PATH_MAX;
}

int books_open(const struct books_options *o, struct books **ret, char *why, size_t size)
{
	struct books *b = calloc(1, sizeof(*b));
	if (!b)
		return -EXF_E_NOMEM;
	b->max_rows = o->max_pairs / ROWS_OF;
	b->max_hosts = o->max_hosts;
	if (o->path)
		(void)snprintf(b->path, sizeof(b->path), "%s", o->path);
	b->options = (struct usage_writer_options){
		.path = o->path ? b->path : NULL,
		.max_bytes = o->max_bytes,
		/* of a capture all days are wanted */
		.keep_days = o->is_live ? (uint32_t)o->config->usage.keep_days : UINT32_MAX,
		/* a conversion may outlast what systemd waits for a start */
		.is_background = o->is_live,
	};
	const struct usage_options u = { .context = o->context,
					 .key = o->key,
					 .max_rows = b->max_rows,
					 .max_hosts = b->max_hosts,
					 .per_user = o->config->usage.per_user };
	b->usage = usage_new(&u);
	int err = b->usage ? 0 : -EXF_E_NOMEM;
	if (!err && o->path)
		err = usage_writer_open(&b->options, &b->writer, why, size);
	if (err) {
		books_close(b);
		return err;
	}
	*ret = b;
	return 0;
}

void books_close(struct books *b)
{
	if (!b)
		return;
	usage_writer_close(b->writer);
	usage_free(b->usage);
	free(b);
}

void books_event(struct books *b, const struct event *e)
{
	usage_event(b->usage, e);
}

void books_alert(struct books *b, const struct alert *a)
{
	const struct finding *f = &a->finding;
	const struct usage_counts told = { .alerts = a->revision == 1,
					   .verdicts = a->policy.rule[0] != '\0',
					   .score = (uint64_t)(a->risk_score + 0.5) };
	if ((told.alerts || told.verdicts) && !f->is_drill && f->subject.has_ip)
		usage_alert(b->usage, &told, f->time_ns, &f->subject.ip,
			    f->peer.has_ip ? &f->peer.ip : NULL, f->tunnel_id);
}

/* ---- to the database ---- */

static bool hand_over(void *arg, const struct usage_row *row)
{
	(void)usage_writer_add(arg, row);
	return true;
}

static void write_all(struct books *b)
{
	usage_rows(b->usage, hand_over, b->writer);
	(void)usage_writer_commit(b->writer);
	usage_clear(b->usage);
}

void books_tick(struct books *b, uint64_t now_ns)
{
	/* a writer that waits for its disk, or is not open yet, takes none: the hours stay here */
	if (b->writer && usage_is_due(b->usage, now_ns) && usage_writer_is_free(b->writer))
		write_all(b);
}

bool books_end(struct books *b)
{
	if (!b->writer)
		return true;
	(void)usage_writer_wait(b->writer);
	if (usage_writer_is_free(b->writer))
		write_all(b);
	return usage_writer_wait(b->writer);
}

/* ---- asking ---- */

struct copying {
	struct usage_db *db;
	bool is_whole;
};

static bool copy(void *arg, const struct usage_row *row)
{
	struct copying *c = arg;
	c->is_whole = usage_db_add(c->db, row);
	return c->is_whole;
}

int books_ask(const struct books *b, struct usage_db **ret, char *why, size_t size)
{
	struct copying c = { .is_whole = true };
	int err = usage_db_memory(&c.db, why, size);
	if (err)
		return err;
	usage_rows(b->usage, copy, &c);
	err = c.is_whole ? usage_db_write(c.db, why, size) : -EXF_E_NOMEM;
	if (!c.is_whole)
		(void)snprintf(why, size, "memory is exhausted");
	if (err)
		usage_db_close(c.db);
	else
		*ret = c.db;
	return err;
}

void books_snapshot(const struct books *b, struct snapshot *s)
{
	struct usage_stats stats;
	struct usage_writer_stats written = { 0 };
	struct snap_table *t = snap_add_table(s, "usage");
	if (b->writer)
		usage_writer_stats(b->writer, &written);
	s->usage = (struct snap_book){ .is_wanted = b->options.path != NULL,
				       .is_kept = written.is_open,
				       .is_failing = written.is_failing,
				       .written = written.rows,
				       .lost = written.lost,
				       .bytes = written.bytes };
	if (!t)
		return;
	usage_stats(b->usage, &stats);
	t->entries = stats.rows;
	t->capacity = b->max_rows;
	t->evictions = stats.folded;
	t->worst_case_bytes = usage_bytes(b->max_rows, b->max_hosts);
}
