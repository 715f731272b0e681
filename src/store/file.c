/*
 * store/file.c - see file.h.
 *
 * SQLite with a write-ahead log: what is committed survives the end of the process, and of the
 * machine all but the last moments.  The file is locked by one process from open to close.  Its
 * content is read as hostile: no schema but our own is used, cells are checked, values are short,
 * and every row carries a checksum over its place and bytes.
 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ASIDE_MAX 99

uint64_t file_sum(uint64_t id, const void *data, size_t len)
{
	return hash_mix(hash_bytes(&hash_key_fixed, data, len), id);
}

int file_end(sqlite3 *db, int code)
{
	if (code == SQLITE_OK)
		code = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	if (code != SQLITE_OK && !sqlite3_get_autocommit(db))
		(void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return code;
}

int file_do(struct file *f, const char *sql, char *why, size_t size)
{
	if (sqlite3_exec(f->db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return 0;
	(void)snprintf(why, size, "%s", sqlite3_errmsg(f->db));
	return -EXF_E_IO;
}

void file_complain(struct file *f, enum file_state state, const char *what)
{
	if (f->state == FILE_DAMAGED || f->state == FILE_NEWER || f->state == FILE_OLDER)
		return;
	f->state = state;
	(void)snprintf(f->what, sizeof(f->what), "%s", what);
}

/* One number; -1 when there is none. */
static int64_t ask_number(struct file *f, const char *sql)
{
	sqlite3_stmt *st = NULL;
	int64_t number = -1;
	if (sqlite3_prepare_v2(f->db, sql, -1, &st, NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW)
		number = sqlite3_column_int64(st, 0);
	(void)sqlite3_finalize(st);
	return number;
}

static int64_t count_table(struct file *f, const char *text)
{
	char sql[512];
	(void)snprintf(sql, sizeof(sql), "SELECT count(*) FROM sqlite_master WHERE sql = '%s'",
		       text);
	return ask_number(f, sql);
}

/* Only the tables that we made, made as we make them; of an older format, some of them. */
static bool has_our_schema(struct file *f, bool is_older)
{
	const struct file_kind *k = f->kind;
	int64_t found = 0;
	for (size_t i = 0; i < k->table_count; i++) {
		int64_t count = count_table(f, k->tables[i]);
		if (count != 1 && (count != 0 || !is_older))
			return false;
		found += count;
	}
	for (size_t i = 0; i < k->older_count && is_older; i++)
		found += count_table(f, k->older_tables[i]);
	return ask_number(f, "SELECT count(*) FROM sqlite_master WHERE type IN ('table', 'view', "
			     "'trigger') AND sql NOTNULL") == found;
}

static int make_schema(struct file *f, char *why, size_t size)
{
	const struct file_kind *k = f->kind;
	char sql[160];
	(void)snprintf(sql, sizeof(sql), "PRAGMA application_id = %d; PRAGMA user_version = %d",
		       (int)k->id, k->format);
	int err = file_do(f, "BEGIN", why, size);
	for (size_t i = 0; i < k->table_count && !err; i++)
		err = file_do(f, k->tables[i], why, size);
	if (!err)
		err = file_do(f, sql, why, size);
	return err ? err : file_do(f, "COMMIT", why, size);
}

/* ---- from an older format ---- */

static int set_limits(struct file *f);
static int aside_name(const struct file *f, char *name, size_t size);
static int make_file(const char *path, char *why, size_t size);

/* All that is committed, the log too. */
static int copy_to(sqlite3 *from, const char *path)
{
	sqlite3 *to = NULL;
	int code = sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, NULL);
	sqlite3_backup *b =
		code == SQLITE_OK ? sqlite3_backup_init(to, "main", from, "main") : NULL;
	if (b) {
		code = sqlite3_backup_step(b, -1);
		int end = sqlite3_backup_finish(b);
		code = code == SQLITE_DONE ? end : code;
	} else if (code == SQLITE_OK) {
		code = sqlite3_errcode(to);
	}
	(void)sqlite3_close_v2(to);
	return code;
}

static int take_steps(struct file *f, int64_t format)
{
	const struct file_kind *k = f->kind;
	char sql[64];
	int code = sqlite3_exec(f->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	for (size_t i = 0; i < k->step_count; i++)
		for (size_t n = 0; n < FILE_STEP_SQL && k->steps[i].sql[n]; n++)
			if (k->steps[i].from >= format && code == SQLITE_OK)
				code = sqlite3_exec(f->db, k->steps[i].sql[n], NULL, NULL, NULL);
	(void)snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", k->format);
	if (code == SQLITE_OK)
		code = sqlite3_exec(f->db, sql, NULL, NULL, NULL);
	if (code == SQLITE_OK && !has_our_schema(f, false))
		code = SQLITE_CORRUPT;
	return file_end(f->db, code);
}

/*
 * False: it is as it was, and `what` says why.  The copy comes first: whatever becomes of the
 * conversion, and of this version, there is what the one before can read.
 */
static bool convert(struct file *f, int64_t format, char *what, size_t size)
{
	const struct file_kind *k = f->kind;
	char why[FILE_PATH_MAX + 128];
	bool has_steps = k->step_count && k->steps[0].from <= format;
	f->state = FILE_OLDER;
	if (!has_steps || !has_our_schema(f, true) ||
	    aside_name(f, f->copy, sizeof(f->copy)) != 0 ||
	    make_file(f->copy, why, sizeof(why)) != 0) {
		f->copy[0] = '\0';
		return false;
	}
	int code = copy_to(f->db, f->copy);
	/* what the new form takes more is not held against the limit before it is there */
	if (code == SQLITE_OK)
		code = sqlite3_exec(f->db, "PRAGMA max_page_count = 4294967294", NULL, NULL, NULL);
	if (code == SQLITE_OK)
		code = take_steps(f, format);
	if (code == SQLITE_OK)
		code = set_limits(f);
	if (code == SQLITE_OK) {
		f->state = FILE_GOOD;
		return true;
	}
	(void)snprintf(what, size, "it cannot be converted from format %lld: %s", (long long)format,
		       sqlite3_errstr(code));
	(void)unlink(f->copy);
	f->copy[0] = '\0';
	return false;
}

static int judge(struct file *f, char *why, size_t size)
{
	char what[160];
	const struct file_kind *k = f->kind;
	int64_t tables = ask_number(f, "SELECT count(*) FROM sqlite_master");
	int64_t id = ask_number(f, "PRAGMA application_id");
	int64_t format = ask_number(f, "PRAGMA user_version");
	if (tables == 0 && id == 0 && format == 0) {
		f->state = FILE_NEW;
		return make_schema(f, why, size);
	}
	f->state = FILE_GOOD;
	(void)snprintf(what, sizeof(what), "its format is %lld, this version knows %d",
		       (long long)format, k->format);
	if (tables < 0 || id != k->id)
		file_complain(f, FILE_DAMAGED, "it is not a database of exfild");
	else if (format > k->format)
		file_complain(f, FILE_NEWER, what);
	else if (format < k->format && !convert(f, format, what, sizeof(what)))
		(void)snprintf(f->what, sizeof(f->what), "%s", what);
	else if (!has_our_schema(f, false))
		file_complain(f, FILE_DAMAGED, "its tables are not those of exfild");
	return 0;
}

/* Readable by its owner alone: it says who talked to whom. */
static int make_file(const char *path, char *why, size_t size)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0) {
		(void)close(fd);
		return 0;
	}
	(void)snprintf(why, size, "cannot write %s: %s", path, strerror(errno));
	return -EXF_E_IO;
}

bool file_is_damage(int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_PERM:
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_NOMEM:
	case SQLITE_IOERR:
	case SQLITE_FULL:
	case SQLITE_CANTOPEN:
		return false;
	default:
		/* also one that says of itself that it may not be written: we have opened it for
		 * that */
		return true;
	}
}

/* A database that cannot be opened is no damage where the system refuses it. */
static int refused(struct file *f, int code, char *why, size_t size)
{
	int plain = code & 0xff;
	if (plain == SQLITE_BUSY || plain == SQLITE_LOCKED) {
		(void)snprintf(why, size, "%s is in use by another exfild", f->path);
		return -EXF_E_LIMIT;
	}
	if (file_is_damage(code)) {
		f->state = FILE_GOOD;
		file_complain(f, FILE_DAMAGED, sqlite3_errmsg(f->db));
		return 0;
	}
	(void)snprintf(why, size, "cannot open %s: %s", f->path, sqlite3_errmsg(f->db));
	return -EXF_E_IO;
}

/* The log stands beside the database: a small one gets a small log. */
static uint64_t log_bytes(const struct file *f)
{
	uint64_t part = f->max_bytes / 8 + f->page_bytes;
	return part < f->kind->log_bytes ? part : f->kind->log_bytes;
}

/* What depends on the size of a page. */
static int set_limits(struct file *f)
{
	char sql[256];
	int64_t page = ask_number(f, "PRAGMA page_size");
	f->page_bytes = page > 0 ? (uint64_t)page : f->kind->page_bytes;
	(void)snprintf(sql, sizeof(sql),
		       "PRAGMA max_page_count = %llu; PRAGMA wal_autocheckpoint = %llu; "
		       "PRAGMA journal_size_limit = %llu; PRAGMA synchronous = %s; "
		       "PRAGMA secure_delete = %s",
		       (unsigned long long)(f->max_bytes / f->page_bytes),
		       (unsigned long long)(log_bytes(f) / f->page_bytes),
		       (unsigned long long)log_bytes(f) * 2, f->kind->is_safe ? "FULL" : "NORMAL",
		       f->kind->is_safe ? "FAST" : "ON");
	return sqlite3_exec(f->db, sql, NULL, NULL, NULL);
}

static int set_up(struct file *f)
{
	char page[48];
	int off = 0;
	(void)sqlite3_extended_result_codes(f->db, 1);
	(void)sqlite3_limit(f->db, SQLITE_LIMIT_LENGTH, 2 * STORE_ENTRY_MAX);
	(void)sqlite3_limit(f->db, SQLITE_LIMIT_ATTACHED, 0);
	(void)sqlite3_db_config(f->db, SQLITE_DBCONFIG_DEFENSIVE, 1, &off);
	(void)sqlite3_db_config(f->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, &off);
	(void)snprintf(page, sizeof(page), "PRAGMA page_size = %u", f->kind->page_bytes);
	/* in this order: an exclusive lock from the first look on needs no shared memory */
	const char *const steps[] = {
		page,
		f->kind->is_shared ? "PRAGMA auto_vacuum = INCREMENTAL" :
				     "PRAGMA locking_mode = EXCLUSIVE",
		"PRAGMA cell_size_check = ON",
		"PRAGMA mmap_size = 0",
		"PRAGMA journal_mode = WAL",
		"BEGIN EXCLUSIVE",
		"COMMIT",
	};
	int code = SQLITE_OK;
	for (size_t i = 0; code == SQLITE_OK && i < sizeof(steps) / sizeof(steps[0]); i++)
		code = sqlite3_exec(f->db, steps[i], NULL, NULL, NULL);
	return code == SQLITE_OK ? set_limits(f) : code;
}

static int open_path(struct file *f, char *why, size_t size)
{
	int err = make_file(f->path, why, size);
	if (err)
		return err;
	int code = sqlite3_open_v2(
		f->path, &f->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW,
		NULL);
	if (code == SQLITE_OK)
		code = set_up(f);
	err = code == SQLITE_OK ? judge(f, why, size) : refused(f, code, why, size);
	if (err)
		file_close(f);
	return err;
}

int file_open(struct file *f, const struct file_kind *kind, const struct store_options *o,
	      char *why, size_t size)
{
	memset(f, 0, sizeof(*f));
	f->kind = kind;
	f->max_bytes = o->max_bytes;
	int n = snprintf(f->path, sizeof(f->path), "%s/%s", o->directory, kind->name);
	if (n < 0 || (size_t)n >= sizeof(f->path) - 32) {
		(void)snprintf(why, size, "the path of the folder for %s is too long", kind->name);
		return -EXF_E_INVALID;
	}
	if (mkdir(o->directory, 0700) != 0 && errno != EEXIST) {
		(void)snprintf(why, size, "cannot make the folder %s: %s", o->directory,
			       strerror(errno));
		return -EXF_E_IO;
	}
	return open_path(f, why, size);
}

void file_close(struct file *f)
{
	(void)sqlite3_close_v2(f->db);
	f->db = NULL;
}

static int aside_name(const struct file *f, char *name, size_t size)
{
	const char *word = f->state == FILE_NEWER ? "newer" :
			   f->state == FILE_OLDER ? "older" :
						    "damaged";
	for (unsigned i = 1; i <= ASIDE_MAX; i++) {
		struct stat st;
		(void)snprintf(name, size, "%s.%s-%u", f->path, word, i);
		if (lstat(name, &st) != 0 && errno == ENOENT)
			return 0;
	}
	return -EXF_E_LIMIT;
}

/* The log of a database that is not whole may stay behind: it goes with it. */
static void move_log(const struct file *f, const char *aside)
{
	char from[FILE_PATH_MAX + 8], to[FILE_PATH_MAX + 40];
	(void)snprintf(from, sizeof(from), "%s-wal", f->path);
	(void)snprintf(to, sizeof(to), "%s-wal", aside);
	(void)rename(from, to);
}

int file_replace(struct file *f, char *why, size_t size)
{
	char aside[FILE_PATH_MAX + 32];
	enum file_state state = f->state;
	file_close(f);
	if (aside_name(f, aside, sizeof(aside))) {
		(void)snprintf(why, size,
			       "%s has to be set aside, and %d files are already: "
			       "remove some",
			       f->path, ASIDE_MAX);
		return -EXF_E_LIMIT;
	}
	if (rename(f->path, aside) != 0) {
		(void)snprintf(why, size, "cannot set %s aside: %s", f->path, strerror(errno));
		return -EXF_E_IO;
	}
	move_log(f, aside);
	(void)snprintf(why, size, "%s was set aside as %s: %s", f->path, strrchr(aside, '/') + 1,
		       f->what);
	f->state = FILE_NEW;
	f->what[0] = '\0';
	char failed[256];
	int err = open_path(f, failed, sizeof(failed));
	if (err) {
		f->state = state;
		(void)snprintf(why, size, "%s", failed);
	}
	return err;
}
