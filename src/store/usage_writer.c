/*
 * store/usage_writer.c - the thread that writes the usage database.
 *
 * The thread writes a batch as it is while there is room for it (usage_fresh.h), else in portions
 * into the tables, each a transaction, and remembers how far it has come:
 * when the disk takes no more, it tries the rest again every RETRY_S seconds, and meanwhile takes
 * no other, so that whoever counts keeps on counting in memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "exfild/base/buf.h"
#include "exfild/base/log.h"
#include "usage_disk.h"

#define BATCH_MAX (64u << 20)
#define RETRY_S   10
#define REOPEN_S  60

struct usage_writer {
	struct usage_disk disk; /* the thread's */
	struct file_kind kind;
	char name[256];                      /* of the file, without its folder */
	struct usage_writer_options options; /* of one that is opened in the background */
	char path[FILE_PATH_MAX];
	int lock_fd; /* holds a second process off */
	/* its owner's, being filled: */
	struct buf batch;
	struct usage_handed filled; /* but for the bytes */
	bool has_thread;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* under the lock */
	struct buf handed;
	size_t done;                             /* bytes of it that are written */
	struct usage_handed handed_is;           /* but for the bytes; rows: that are left */
	bool is_handed, is_stopping, is_hurried; /* hurried: its owner waits, no more tries */
	bool is_unpacked;                        /* there may be a day to be packed */
	bool is_opening;                         /* its owner waits for it to be tried */
	struct usage_writer_stats stats;
};

bool usage_writer_add(struct usage_writer *w, const struct usage_row *row)
{
	uint64_t day = row->hour_s / USAGE_DAY_S;
	if (usage_pack(&w->batch, row)) {
		struct usage_handed *f = &w->filled;
		f->first_day = f->rows && f->first_day < day ? f->first_day : day;
		f->last_day = f->rows && f->last_day > day ? f->last_day : day;
		f->rows++;
		return true;
	}
	pthread_mutex_lock(&w->lock);
	w->stats.lost++;
	pthread_mutex_unlock(&w->lock);
	return false;
}

static void let_go(struct usage_writer *w)
{
	usage_disk_close(&w->disk);
	if (w->lock_fd >= 0)
		(void)close(w->lock_fd);
	w->lock_fd = -1;
}

/* ---- writing ---- */

static bool mend(struct usage_writer *w, int code);

/* On the log when it begins to fail and when that is over; under the lock. */
static void note(struct usage_writer *w, int code, uint64_t rows)
{
	bool was_failing = w->stats.is_failing;
	w->stats.is_failing = code != SQLITE_OK;
	w->stats.rows += rows;
	if (code == SQLITE_OK) {
		w->stats.bytes = usage_disk_bytes(&w->disk);
		w->stats.written = w->disk.newest_day * USAGE_DAY_S;
	}
	if (code != SQLITE_OK && !was_failing)
		log_errorx("usage",
			   "%s cannot be written: %s; exfild counts on in memory, and tries again",
			   w->disk.file.path, sqlite3_errstr(code));
	else if (code == SQLITE_OK && was_failing)
		log_info("usage", "%s can be written again", w->disk.file.path);
}

/* Until *flag is set, it is to stop, or that long. */
static void wait_for(struct usage_writer *w, const bool *flag, unsigned seconds)
{
	struct timespec until;
	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += seconds;
	while (!*flag && !w->is_stopping &&
	       pthread_cond_timedwait(&w->changed, &w->lock, &until) != ETIMEDOUT)
		;
}

/* Until the batch is written, or there is no use in waiting; the lock is held at both ends. */
static void write_batch(struct usage_writer *w)
{
	while (w->done < w->handed.len) {
		uint64_t rows;
		size_t len;
		struct usage_handed left = w->handed_is;
		left.data = w->handed.data + w->done;
		left.len = w->handed.len - w->done;
		pthread_mutex_unlock(&w->lock);
		int code = w->disk.file.db ? usage_disk_write(&w->disk, &left, &len, &rows) :
					     SQLITE_CANTOPEN;
		/* a new file takes it at once; any other trouble is tried again later */
		bool is_damaged = !w->disk.file.db || file_is_damage(code);
		if (code != SQLITE_OK && mend(w, code) && is_damaged)
			code = usage_disk_write(&w->disk, &left, &len, &rows);
		pthread_mutex_lock(&w->lock);
		note(w, code, code == SQLITE_OK ? rows : 0);
		if (code == SQLITE_OK) {
			w->done += len;
			w->handed_is.rows -= rows;
			continue;
		}
		wait_for(w, &w->is_hurried, RETRY_S);
		if (w->is_hurried || w->is_stopping)
			break;
	}
	w->is_unpacked = w->options.is_background;
	pthread_mutex_unlock(&w->lock);
	int code = usage_disk_end_days(&w->disk);
	pthread_mutex_lock(&w->lock);
	if (code != SQLITE_OK)
		note(w, code, 0);
}

static int start(struct usage_writer *w, const struct usage_writer_options *o, char *why,
		 size_t size);

/* Until it is open, or nobody wants it any more; the lock is held at both ends. */
static void open_here(struct usage_writer *w)
{
	char why[1024];
	while (!w->stats.is_open && !w->is_stopping) {
		w->is_opening = true;
		pthread_mutex_unlock(&w->lock);
		int err = start(w, &w->options, why, sizeof(why));
		uint64_t bytes = err ? 0 : usage_disk_bytes(&w->disk);
		if (err)
			let_go(w);
		pthread_mutex_lock(&w->lock);
		w->stats.bytes = bytes;
		w->is_opening = false;
		w->stats.is_open = w->is_unpacked = !err;
		if (err && !w->stats.is_failing)
			log_errorx("usage", "%s: exfild counts in memory, and tries again", why);
		else if (!err && w->stats.is_failing)
			log_info("usage", "%s can be written again", w->options.path);
		w->stats.is_failing = err != 0;
		pthread_cond_broadcast(&w->changed);
		if (err)
			wait_for(w, &w->is_opening, REOPEN_S);
	}
}

/* While nobody waits; the lock is held at both ends.  Rows only take longer to answer, and more
 * room. */
static void pack_days(struct usage_writer *w)
{
	while (w->is_unpacked && !w->is_handed && !w->is_stopping) {
		bool is_any;
		pthread_mutex_unlock(&w->lock);
		int code = usage_disk_pack(&w->disk, &is_any);
		pthread_mutex_lock(&w->lock);
		w->is_unpacked = is_any && code == SQLITE_OK;
	}
}

static void *writer_thread(void *arg)
{
	struct usage_writer *w = arg;
	pthread_mutex_lock(&w->lock);
	if (w->options.is_background)
		open_here(w);
	for (;;) {
		pack_days(w);
		while (!w->is_handed && !w->is_stopping)
			pthread_cond_wait(&w->changed, &w->lock);
		if (!w->is_handed)
			break;
		write_batch(w);
		w->stats.lost += w->handed_is.rows;
		buf_reset(&w->handed);
		w->is_handed = false;
		pthread_cond_broadcast(&w->changed);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

/* ---- opening ---- */

static int prepare(struct usage_writer *w, char *why, size_t size)
{
	int code = usage_disk_read_marks(&w->disk);
	if (code == SQLITE_OK)
		return 0;
	usage_batch_close(&w->disk.rows);
	file_complain(&w->disk.file, FILE_DAMAGED, sqlite3_errmsg(w->disk.file.db));
	(void)snprintf(why, size, "cannot write %s: %s", w->disk.file.path, sqlite3_errstr(code));
	return -EXF_E_IO;
}

static int replace(struct usage_writer *w, char *why, size_t size)
{
	usage_batch_close(&w->disk.rows);
	int err = file_replace(&w->disk.file, why, size);
	log_warnx("usage", "%s", why);
	return err ? err : prepare(w, why, size);
}

/* Whether there is a sound file again. */
static bool mend(struct usage_writer *w, int code)
{
	char why[1024];
	if (w->disk.file.db && !file_is_damage(code))
		return true;
	if (w->disk.file.db)
		file_complain(&w->disk.file, FILE_DAMAGED, sqlite3_errstr(code));
	return replace(w, why, sizeof(why)) == 0;
}

/* The folder and the name of the path. */
static int split(const char *path, char *folder, size_t folder_size, char *name, size_t name_size)
{
	const char *slash = strrchr(path, '/');
	int n = slash ? snprintf(folder, folder_size, "%.*s",
				 slash == path ? 1 : (int)(slash - path), path) :
			snprintf(folder, folder_size, ".");
	int m = snprintf(name, name_size, "%s", slash ? slash + 1 : path);
	return n > 0 && (size_t)n < folder_size && m > 0 && (size_t)m < name_size ? 0 :
										    -EXF_E_INVALID;
}

/* SQLite's own locks let several write: a lock on a file beside it lets one. */
static int lock_out(struct usage_writer *w, const char *path, char *why, size_t size)
{
	char name[FILE_PATH_MAX + 8];
	(void)snprintf(name, sizeof(name), "%s-lock", path);
	w->lock_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (w->lock_fd < 0) {
		(void)snprintf(why, size, "cannot write %s: %s", name, strerror(errno));
		return -EXF_E_IO;
	}
	if (flock(w->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	(void)snprintf(why, size, "%s is in use by another exfild", path);
	return -EXF_E_LIMIT;
}

static int start(struct usage_writer *w, const struct usage_writer_options *o, char *why,
		 size_t size)
{
	char folder[FILE_PATH_MAX];
	if (split(o->path, folder, sizeof(folder), w->name, sizeof(w->name))) {
		(void)snprintf(why, size, "usage.database is no path of a file, or too long");
		return -EXF_E_INVALID;
	}
	w->kind = (struct file_kind){ .name = w->name,
				      .id = USAGE_FILEID,
				      .format = USAGE_FORMAT,
				      .tables = usage_tables,
				      .table_count = TABLE__COUNT,
				      .older_tables = usage_older_tables,
				      .older_count = USAGE_OLDER_TABLES,
				      .steps = usage_steps,
				      .step_count = USAGE_FORMAT - 1,
				      .page_bytes = USAGE_PAGE,
				      .log_bytes = USAGE_WAL,
				      .is_shared = true };
	const struct store_options file = { .directory = folder, .max_bytes = o->max_bytes };
	int err = lock_out(w, o->path, why, size);
	if (!err)
		err = file_open(&w->disk.file, &w->kind, &file, why, size);
	if (err)
		return err;
	if (w->disk.file.copy[0])
		log_warnx("usage",
			  "%s was of an older format and is converted; what it was is kept as %s: "
			  "delete that when nobody wants to go back",
			  w->disk.file.path, w->disk.file.copy);
	bool is_good = w->disk.file.state == FILE_NEW || w->disk.file.state == FILE_GOOD;
	err = is_good ? prepare(w, why, size) : -EXF_E_FORMAT;
	return err ? replace(w, why, size) : 0;
}

int usage_writer_open(const struct usage_writer_options *o, struct usage_writer **ret, char *why,
		      size_t size)
{
	pthread_condattr_t clock;
	struct usage_writer *w = calloc(1, sizeof(*w));
	if (!w) {
		(void)snprintf(why, size, "memory is exhausted");
		return -EXF_E_NOMEM;
	}
	w->disk.keep_days = o->keep_days;
	w->options = *o;
	w->options.path = w->path;
	w->lock_fd = -1;
	int err = snprintf(w->path, sizeof(w->path), "%s", o->path) >= (int)sizeof(w->path) ?
			  -EXF_E_INVALID :
			  0;
	buf_init(&w->batch, BATCH_MAX);
	buf_init(&w->handed, BATCH_MAX);
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&w->changed, &clock);
	pthread_condattr_destroy(&clock);
	if (err)
		(void)snprintf(why, size, "usage.database is no path of a file, or too long");
	if (!err && !o->is_background)
		err = start(w, o, why, size);
	if (!err) {
		w->stats.is_open = !o->is_background;
		w->is_opening = o->is_background;
		w->has_thread = pthread_create(&w->thread, NULL, writer_thread, w) == 0;
		if (!w->has_thread) {
			(void)snprintf(why, size, "no thread can be made for usage");
			err = -EXF_E_NOMEM;
		}
	}
	if (err) {
		usage_writer_close(w);
		return err;
	}
	*ret = w;
	return 0;
}

/* ---- the owner's side ---- */

bool usage_writer_commit(struct usage_writer *w)
{
	pthread_mutex_lock(&w->lock);
	bool is_free = !w->is_handed && w->stats.is_open;
	if (is_free && w->filled.rows) {
		struct buf empty = w->handed;
		w->handed = w->batch;
		w->batch = empty;
		buf_reset(&w->batch);
		w->handed_is = w->filled;
		w->filled.rows = 0;
		w->done = 0;
		w->is_handed = true;
		pthread_cond_broadcast(&w->changed);
	}
	pthread_mutex_unlock(&w->lock);
	return is_free;
}

bool usage_writer_is_free(struct usage_writer *w)
{
	pthread_mutex_lock(&w->lock);
	bool is_free = !w->is_handed && w->stats.is_open;
	pthread_mutex_unlock(&w->lock);
	return is_free;
}

bool usage_writer_wait(struct usage_writer *w)
{
	pthread_mutex_lock(&w->lock);
	w->is_hurried = true;
	w->is_opening = !w->stats.is_open;
	pthread_cond_broadcast(&w->changed);
	while (w->is_handed || w->is_opening)
		pthread_cond_wait(&w->changed, &w->lock);
	w->is_hurried = false;
	bool is_written = !w->stats.is_failing && w->stats.is_open;
	pthread_mutex_unlock(&w->lock);
	return is_written;
}

void usage_writer_stats(struct usage_writer *w, struct usage_writer_stats *ret)
{
	pthread_mutex_lock(&w->lock);
	*ret = w->stats;
	pthread_mutex_unlock(&w->lock);
}

void usage_writer_close(struct usage_writer *w)
{
	if (!w)
		return;
	if (w->has_thread) {
		pthread_mutex_lock(&w->lock);
		w->is_stopping = true;
		pthread_cond_broadcast(&w->changed);
		pthread_mutex_unlock(&w->lock);
		(void)pthread_join(w->thread, NULL);
	}
	let_go(w);
	buf_deinit(&w->batch);
	buf_deinit(&w->handed);
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
	free(w);
}
