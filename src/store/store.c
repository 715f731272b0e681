/*
 * store/store.c - see include/exfild/store/store.h: reading, and the owner's side of writing.
 *
 * A part's entries have two generations (epochs 0 and 1) in the file: this process writes the one
 * that its predecessor did not.  Until store_switch() says that all of them are there, a kill
 * leaves the predecessor's to be read again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/base/log.h"
#include "private.h"

static const char *const tables[] = {
	"CREATE TABLE meta(name TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID",
	("CREATE TABLE part(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, version INTEGER "
	 "NOT NULL, epoch INTEGER NOT NULL)"),
	"CREATE TABLE entry(id INTEGER PRIMARY KEY, sum INTEGER NOT NULL, value BLOB NOT NULL)",
};

static const struct file_kind kind = {
	.name = "state.db",
	.id = 0x45784673, /* "ExFs" */
	.format = STORE_FORMAT,
	.tables = tables,
	.table_count = sizeof(tables) / sizeof(tables[0]),
	.page_bytes = 4096,
	.log_bytes = 4096000,
};

int store_open(const struct store_options *o, struct store **ret, char *ret_why, size_t why_size)
{
	struct store *s = calloc(1, sizeof(*s));
	if (!s) {
		(void)snprintf(ret_why, why_size, "memory is exhausted");
		return -EXF_E_NOMEM;
	}
	buf_init(&s->batch, BATCH_MAX);
	buf_init(&s->handed, BATCH_MAX);
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->changed, NULL);
	int err = file_open(&s->file, &kind, o, ret_why, why_size);
	if (err) {
		store_close(s);
		return err;
	}
	*ret = s;
	return 0;
}

/* A file of another format is set aside unread. */
static bool is_readable(const struct store *s)
{
	return s->file.db && s->file.state == FILE_GOOD;
}

bool store_key(const struct store *s, struct hash_key *ret)
{
	sqlite3_stmt *st = NULL;
	bool is_there = false;
	if (!is_readable(s))
		return false;
	if (sqlite3_prepare_v2(s->file.db, "SELECT value FROM meta WHERE name = 'key'", -1, &st,
			       NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW && sqlite3_column_type(st, 0) == SQLITE_BLOB &&
	    sqlite3_column_bytes(st, 0) == (int)sizeof(*ret)) {
		memcpy(ret, sqlite3_column_blob(st, 0), sizeof(*ret));
		is_there = true;
	}
	(void)sqlite3_finalize(st);
	return is_there;
}

/* ---- reading ---- */

struct reading {
	struct store *s;
	store_take_fn take;
	void *arg;
	const char *part;
	uint16_t version;
	uint64_t counts[STORE_TAKEN__COUNT];
	uint64_t damaged; /* rows with a wrong checksum */
};

static void read_row(struct reading *r, sqlite3_stmt *st, uint64_t id)
{
	const void *data = sqlite3_column_blob(st, 2);
	int len = sqlite3_column_bytes(st, 2);
	bool is_blob =
		sqlite3_column_type(st, 2) == SQLITE_BLOB && len > 0 && len <= STORE_ENTRY_MAX;
	uint64_t sum = (uint64_t)sqlite3_column_int64(st, 1);
	if (!is_blob || sum != file_sum(id, data, (size_t)len))
		r->damaged++;
	else
		r->counts[r->take(r->arg, r->part, r->version, data, (size_t)len)]++;
}

/* Rows come with rising ids: pages that lead in circles show themselves. */
static void read_entries(struct reading *r, uint64_t from, uint64_t to)
{
	sqlite3_stmt *st = NULL;
	struct file *f = &r->s->file;
	uint64_t next = from;
	int code = sqlite3_prepare_v2(
		f->db, "SELECT id, sum, value FROM entry WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
		-1, &st, NULL);
	if (code == SQLITE_OK) {
		(void)sqlite3_bind_int64(st, 1, (int64_t)from);
		(void)sqlite3_bind_int64(st, 2, (int64_t)to);
		while ((code = sqlite3_step(st)) == SQLITE_ROW) {
			uint64_t id = (uint64_t)sqlite3_column_int64(st, 0);
			if (id < next || id > to) {
				file_complain(f, FILE_DAMAGED, "its rows are in no order");
				break;
			}
			read_row(r, st, id);
			next = id + 1;
		}
	}
	if (code != SQLITE_DONE && code != SQLITE_ROW)
		file_complain(f, FILE_DAMAGED, sqlite3_errmsg(f->db));
	(void)sqlite3_finalize(st);
}

static void read_part(struct reading *r, sqlite3_stmt *st)
{
	char name[64];
	int64_t id = sqlite3_column_int64(st, 0);
	const unsigned char *text = sqlite3_column_text(st, 1);
	int64_t version = sqlite3_column_int64(st, 2), epoch = sqlite3_column_int64(st, 3);
	if (!text || strlen((const char *)text) >= sizeof(name) || version < 0 ||
	    version > UINT16_MAX || (epoch != 0 && epoch != 1) || id < 1 || id > PARTS_MAX) {
		file_complain(&r->s->file, FILE_DAMAGED, "the list of its parts is not whole");
		return;
	}
	(void)snprintf(name, sizeof(name), "%s", (const char *)text);
	r->part = name;
	r->version = (uint16_t)version;
	uint64_t from = (uint64_t)id << FILE_PART_SHIFT | (uint64_t)epoch << FILE_EPOCH_SHIFT;
	read_entries(r, from, from | UINT32_MAX);
	r->part = NULL;
}

static void tell_reading(struct reading *r)
{
	struct file *f = &r->s->file;
	char what[160];
	uint64_t refused = r->damaged + r->counts[STORE_REFUSED];
	(void)snprintf(what, sizeof(what), "%llu of its entries are damaged",
		       (unsigned long long)refused);
	if (refused)
		file_complain(f, FILE_DAMAGED, what);
	(void)snprintf(what, sizeof(what), "%llu of its entries are of a newer version of exfild",
		       (unsigned long long)r->counts[STORE_NEWER]);
	if (r->counts[STORE_NEWER])
		file_complain(f, FILE_NEWER, what);
	(void)snprintf(what, sizeof(what), "%llu of its entries are of an older version of exfild",
		       (unsigned long long)r->counts[STORE_OLDER]);
	if (r->counts[STORE_OLDER])
		file_complain(f, FILE_OLDER, what);
	if (r->counts[STORE_NO_ROOM])
		log_warnx("state",
			  "%llu entries of %s had no room: limits.hosts and limits.pairs "
			  "are smaller than they were",
			  (unsigned long long)r->counts[STORE_NO_ROOM], f->path);
	log_info("state", "%llu entries were read from %s",
		 (unsigned long long)r->counts[STORE_TAKEN], f->path);
}

void store_read(struct store *s, store_take_fn take, void *arg)
{
	struct reading r = { .s = s, .take = take, .arg = arg };
	sqlite3_stmt *st = NULL;
	if (!is_readable(s))
		return;
	int code = sqlite3_prepare_v2(
		s->file.db, "SELECT id, name, version, epoch FROM part ORDER BY id LIMIT 1024", -1,
		&st, NULL);
	if (code == SQLITE_OK)
		while ((code = sqlite3_step(st)) == SQLITE_ROW)
			read_part(&r, st);
	if (code != SQLITE_DONE)
		file_complain(&s->file, FILE_DAMAGED, sqlite3_errmsg(s->file.db));
	(void)sqlite3_finalize(st);
	tell_reading(&r);
}

/* ---- writing ---- */

int store_begin(struct store *s, const struct hash_key *key, const struct store_part *parts,
		size_t count, char *ret_why, size_t why_size)
{
	int err = 0;
	s->key = *key;
	s->parts = calloc(count ? count : 1, sizeof(*s->parts));
	if (!s->parts) {
		(void)snprintf(ret_why, why_size, "memory is exhausted");
		return -EXF_E_NOMEM;
	}
	s->part_count = count;
	for (size_t i = 0; i < count; i++) {
		s->parts[i].name = parts[i].name;
		s->parts[i].version = parts[i].version;
	}
	if (s->file.state != FILE_NEW && s->file.state != FILE_GOOD) {
		err = file_replace(&s->file, ret_why, why_size);
		if (!err)
			log_warnx("state", "%s", ret_why);
	}
	if (!err)
		err = writer_prepare(s, ret_why, why_size);
	if (err)
		return err;
	s->has_thread = pthread_create(&s->thread, NULL, writer_main, s) == 0;
	if (s->has_thread)
		return 0;
	(void)snprintf(ret_why, why_size, "no thread can be made for the state");
	return -EXF_E_NOMEM;
}

static void add_op(struct store *s, const struct op_head *head, const void *data)
{
	size_t before = s->batch.len;
	buf_add(&s->batch, head, sizeof(*head));
	buf_add(&s->batch, data, head->len);
	if (!s->batch.full)
		return;
	buf_truncate(&s->batch, before);
	s->overflowed = true;
}

void store_put(struct store *s, unsigned part, uint32_t slot, const void *data, size_t len)
{
	const struct op_head head = { OP_PUT, part, slot, (uint32_t)len };
	if (len > 0 && len <= STORE_ENTRY_MAX)
		add_op(s, &head, data);
}

void store_drop(struct store *s, unsigned part, uint32_t slot)
{
	const struct op_head head = { OP_DROP, part, slot, 0 };
	add_op(s, &head, NULL);
}

void store_switch(struct store *s, unsigned part)
{
	const struct op_head head = { OP_SWITCH, part, 0, 0 };
	add_op(s, &head, NULL);
}

size_t store_waiting(const struct store *s)
{
	return s->batch.len;
}

bool store_commit(struct store *s)
{
	if (s->batch.len == 0 && !s->overflowed)
		return true;
	pthread_mutex_lock(&s->lock);
	bool is_free = !s->is_handed;
	if (is_free) {
		struct buf empty = s->handed;
		s->handed = s->batch;
		s->batch = empty;
		s->is_handed = true;
		s->has_lost = s->has_lost || s->overflowed;
		s->overflowed = false;
		pthread_cond_broadcast(&s->changed);
	}
	pthread_mutex_unlock(&s->lock);
	if (is_free)
		buf_reset(&s->batch);
	return is_free;
}

void store_wait(struct store *s)
{
	pthread_mutex_lock(&s->lock);
	while (s->is_handed && s->has_thread)
		pthread_cond_wait(&s->changed, &s->lock);
	pthread_mutex_unlock(&s->lock);
}

bool store_has_lost(struct store *s)
{
	pthread_mutex_lock(&s->lock);
	bool has_lost = s->has_lost;
	s->has_lost = false;
	pthread_mutex_unlock(&s->lock);
	return has_lost;
}

void store_stats(struct store *s, struct store_stats *ret)
{
	pthread_mutex_lock(&s->lock);
	*ret = s->stats;
	pthread_mutex_unlock(&s->lock);
}

void store_close(struct store *s)
{
	if (!s)
		return;
	if (s->has_thread) {
		pthread_mutex_lock(&s->lock);
		s->is_stopping = true;
		pthread_cond_broadcast(&s->changed);
		pthread_mutex_unlock(&s->lock);
		(void)pthread_join(s->thread, NULL);
	}
	file_close(&s->file);
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->lock);
	buf_deinit(&s->batch);
	buf_deinit(&s->handed);
	free(s->parts);
	free(s);
}
