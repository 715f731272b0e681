/*
 * store/ledger.c - the thread that writes a ledger.
 *
 * What waits is written in portions, each at the place where the file is known to be sound, and
 * synced; a portion that failed is taken off and written again later.  So a kill at any byte leaves
 * whole records and at most one that is cut.
 */
#include "exfild/store/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "exfild/base/log.h"
#include "exfild/base/str.h"
#include "ledger_file.h"

#define FOLDER_MODE 0750
#define FILE_MODE   0640
#define PORTION     (64u * 1024)
#define RETRY_S     10

struct ledger {
	char directory[PATH_MAX - LEDGER_NAME];
	uint64_t max_bytes;
	int lock_fd; /* holds a second process off */
	/* the thread's */
	int fd;
	uint64_t file_bytes; /* sound ones of the newest file */
	uint64_t old_bytes;  /* of the others */
	struct ledger_link at;
	struct buf out;
	bool has_thread;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* under the lock */
	struct buf waiting; /* bodies, a line each */
	uint64_t untold;    /* of those lost, not told by a record yet */
	bool is_stopping;
	struct ledger_stats stats;
};

static uint64_t wall_ns(void)
{
	struct timespec t = { 0 };
	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- telling ---- */

struct json ledger_begin(struct buf *b, const char *kind)
{
	buf_init(b, LEDGER_RECORD);
	struct json j = json_make(b);
	json_open_object(&j, NULL);
	json_time(&j, "at", wall_ns());
	json_string(&j, "kind", kind);
	return j;
}

/* Under the lock. */
static void put(struct ledger *l, const struct buf *body)
{
	size_t before = l->waiting.len;
	buf_add(&l->waiting, body->data, body->len);
	buf_char(&l->waiting, '\n');
	if (body->full || l->waiting.full) {
		buf_truncate(&l->waiting, before);
		l->untold++;
		l->stats.lost++;
	}
}

void ledger_end(struct ledger *l, struct json *j, struct buf *b)
{
	json_close_object(j);
	if (l) {
		pthread_mutex_lock(&l->lock);
		put(l, b);
		pthread_cond_broadcast(&l->changed);
		pthread_mutex_unlock(&l->lock);
	}
	buf_deinit(b);
}

void ledger_stats(struct ledger *l, struct ledger_stats *ret)
{
	pthread_mutex_lock(&l->lock);
	*ret = l->stats;
	pthread_mutex_unlock(&l->lock);
}

/* ---- files ---- */

static void make_path(const struct ledger *l, uint64_t first, char ret[PATH_MAX])
{
	char name[LEDGER_NAME];
	ledger_name(first, name);
	(void)snprintf(ret, PATH_MAX, "%s/%s", l->directory, name);
}

static void sync_folder(const struct ledger *l)
{
	int fd = open(l->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)fsync(fd);
	(void)close(fd);
}

/* The file of the next record; the one before is whole. */
static int begin_file(struct ledger *l)
{
	char path[PATH_MAX];
	make_path(l, l->at.number + 1, path);
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
	if (fd < 0)
		return -EXF_E_IO;
	if (l->fd >= 0)
		(void)close(l->fd);
	l->fd = fd;
	l->old_bytes += l->file_bytes;
	l->file_bytes = 0;
	sync_folder(l);
	return 0;
}

static bool write_at(int fd, const char *data, size_t len, uint64_t at)
{
	while (len) {
		ssize_t n = pwrite(fd, data, len, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
		at += (uint64_t)n;
	}
	return true;
}

/* What is in `out` becomes part of the file, up to `link`; else the file is as it was. */
static int write_out(struct ledger *l, const struct ledger_link *link)
{
	if (l->fd < 0 || ftruncate(l->fd, (off_t)l->file_bytes) != 0 ||
	    !write_at(l->fd, l->out.data, l->out.len, l->file_bytes) || fdatasync(l->fd) != 0)
		return -EXF_E_IO;
	l->file_bytes += l->out.len;
	l->at = *link;
	return 0;
}

/* One record at once; for what the ledger says of itself. */
static int write_one(struct ledger *l, struct json *j, struct buf *body)
{
	struct ledger_link link = l->at;
	json_close_object(j);
	buf_reset(&l->out);
	int err = ledger_make(&link, body->data, body->len, &l->out);
	if (!err)
		err = write_out(l, &link);
	buf_deinit(body);
	return err;
}

/* That it goes is on the disk before it goes. */
static int drop_file(struct ledger *l, uint64_t first, uint64_t through)
{
	char path[PATH_MAX];
	struct buf body;
	struct json j = ledger_begin(&body, "dropped");
	json_uint(&j, "through", through);
	json_string(&j, "text", "the ledger has reached its size: its oldest records went");
	int err = write_one(l, &j, &body);
	make_path(l, first, path);
	if (!err && unlink(path) != 0)
		err = -EXF_E_IO;
	return err;
}

static int make_room(struct ledger *l)
{
	struct ledger_list *list = malloc(sizeof(*list));
	int err = list ? ledger_list(l->directory, list) : -EXF_E_NOMEM;
	uint64_t sizes[LEDGER_FILES_MAX];
	l->old_bytes = 0;
	for (uint32_t i = 0; !err && i + 1 < list->count; i++) {
		char path[PATH_MAX];
		struct stat st = { 0 };
		make_path(l, list->firsts[i], path);
		sizes[i] = stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
		l->old_bytes += sizes[i];
	}
	for (uint32_t i = 0; !err && i + 1 < list->count; i++) {
		/* the newest one may still grow to its part */
		if (l->old_bytes + l->max_bytes / LEDGER_FILES <= l->max_bytes)
			break;
		err = drop_file(l, list->firsts[i], list->firsts[i + 1] - 1);
		l->old_bytes -= err ? 0 : sizes[i];
	}
	free(list);
	return err;
}

/* ---- the thread ---- */

/* So many bodies as come to a portion; *ret_taken: their bytes. */
static int write_portion(struct ledger *l, const char *data, size_t len, size_t *ret_taken)
{
	struct ledger_link link = l->at;
	size_t taken = 0;
	int err = 0;
	*ret_taken = 0;
	if (l->file_bytes >= l->max_bytes / LEDGER_FILES) {
		err = begin_file(l);
		if (!err)
			err = make_room(l);
		link = l->at;
	}
	buf_reset(&l->out);
	while (!err && taken < len && l->out.len < PORTION) {
		const char *end = memchr(data + taken, '\n', len - taken);
		size_t body = end ? (size_t)(end - data) - taken : 0;
		err = end ? ledger_make(&link, data + taken, body, &l->out) : -EXF_E_FORMAT;
		taken += body + 1;
	}
	if (!err)
		err = write_out(l, &link);
	*ret_taken = err ? 0 : taken;
	return err;
}

/* On the log when it begins to fail and when that is over; under the lock. */
static void note(struct ledger *l, int err)
{
	bool was_failing = l->stats.is_failing;
	l->stats.is_failing = err != 0;
	l->stats.number = l->at.number;
	l->stats.bytes = l->old_bytes + l->file_bytes;
	if (err && !was_failing)
		log_errorx("ledger",
			   "%s cannot be written: %s; exfild goes on, keeps what waits in memory, "
			   "and tries again",
			   l->directory, err == -EXF_E_IO ? strerror(errno) : exf_strerror(err));
	else if (!err && was_failing)
		log_info("ledger", "%s can be written again", l->directory);
}

/* Under the lock: what was lost stands before what came after it. */
static void tell_lost(struct ledger *l)
{
	struct buf body;
	struct json j = ledger_begin(&body, "lost");
	json_uint(&j, "count", l->untold);
	json_string(&j, "text", "so many records found no room while the disk took none");
	json_close_object(&j);
	l->untold = 0;
	put(l, &body);
	buf_deinit(&body);
}

/* Until all is written, or there is no use in trying; the lock is held at both ends. */
static void write_all(struct ledger *l, struct buf *handed)
{
	size_t done = 0;
	while (done < handed->len) {
		size_t taken;
		pthread_mutex_unlock(&l->lock);
		int err = write_portion(l, handed->data + done, handed->len - done, &taken);
		int error = errno;
		pthread_mutex_lock(&l->lock);
		errno = error;
		note(l, err);
		done += taken;
		if (!err)
			continue;
		if (l->is_stopping)
			break;
		struct timespec until;
		(void)clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec += RETRY_S;
		while (!l->is_stopping &&
		       pthread_cond_timedwait(&l->changed, &l->lock, &until) != ETIMEDOUT)
			;
	}
	for (; done < handed->len; done++)
		l->stats.lost += handed->data[done] == '\n';
	buf_reset(handed);
}

static void *ledger_thread(void *arg)
{
	struct ledger *l = arg;
	struct buf handed;
	buf_init(&handed, LEDGER_WAITING);
	pthread_mutex_lock(&l->lock);
	for (;;) {
		while (!l->waiting.len && !l->is_stopping)
			pthread_cond_wait(&l->changed, &l->lock);
		if (!l->waiting.len)
			break;
		struct buf empty = handed;
		handed = l->waiting;
		l->waiting = empty;
		if (l->untold)
			tell_lost(l);
		write_all(l, &handed);
	}
	pthread_mutex_unlock(&l->lock);
	buf_deinit(&handed);
	return NULL;
}

/* ---- opening ---- */

static int lock_out(struct ledger *l, char *why, size_t size)
{
	char path[PATH_MAX];
	(void)snprintf(path, sizeof(path), "%s/lock", l->directory);
	if (mkdir(l->directory, FOLDER_MODE) != 0 && errno != EEXIST) {
		(void)snprintf(why, size, "cannot make the folder %s: %s", l->directory,
			       strerror(errno));
		return -EXF_E_IO;
	}
	l->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
	if (l->lock_fd < 0) {
		(void)snprintf(why, size, "cannot write %s: %s", path, strerror(errno));
		return -EXF_E_IO;
	}
	if (flock(l->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	(void)snprintf(why, size, "the ledger in %s is in use by another exfild", l->directory);
	return -EXF_E_LIMIT;
}

/* The newest file, made fit to go on; the last record says what was the matter with it. */
static int go_on(struct ledger *l, uint64_t first, const struct ledger_scan *s)
{
	char name[LEDGER_NAME];
	struct buf body;
	l->at = s->at;
	l->file_bytes = s->end;
	ledger_name(first, name);
	if (s->is_broken) {
		/* nothing follows from what was altered */
		l->at.hash[0] = '\0';
		l->at.number = first + s->lines + (s->torn != 0) - 1;
		l->file_bytes += s->torn;
		int err = begin_file(l);
		if (err)
			return err;
		struct json j = ledger_begin(&body, "broken");
		json_string(&j, "file", name);
		json_string(&j, "text", s->why);
		log_errorx("ledger", "%s/%s was altered: %s; it stays, a new chain begins",
			   l->directory, name, s->why);
		return write_one(l, &j, &body);
	}
	if (!s->torn)
		return 0;
	struct json j = ledger_begin(&body, "torn");
	json_uint(&j, "bytes", s->torn);
	json_string(&j, "text", "the record before was cut by a kill or a loss of power");
	log_warnx("ledger", "%s/%s: its last record was cut, by a kill or a loss of power",
		  l->directory, name);
	return write_one(l, &j, &body);
}

static int begin_chain(struct ledger *l)
{
	struct buf body;
	int err = begin_file(l);
	if (err)
		return err;
	struct json j = ledger_begin(&body, "begin");
	json_string(&j, "version", EXFILD_VERSION);
	json_string(&j, "text", "this ledger begins here");
	return write_one(l, &j, &body);
}

/* Files that a kill left without a record go: the chain goes on from the one before. */
static int resume(struct ledger *l, const struct ledger_list *list)
{
	uint64_t torn = 0;
	for (uint32_t i = list->count; i-- > 0;) {
		char path[PATH_MAX];
		struct ledger_scan scan;
		make_path(l, list->firsts[i], path);
		l->fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
		int err = l->fd < 0 ? -EXF_E_IO : ledger_scan(l->fd, list->firsts[i], &scan);
		if (err)
			return err;
		struct stat st = { 0 };
		if (!l->stats.resumed_s && fstat(l->fd, &st) == 0)
			l->stats.resumed_s = (uint64_t)st.st_mtim.tv_sec;
		if (scan.lines || scan.is_broken) {
			scan.torn += torn;
			return go_on(l, list->firsts[i], &scan);
		}
		torn += scan.torn;
		(void)close(l->fd);
		l->fd = -1;
		if (unlink(path) != 0)
			return -EXF_E_IO;
	}
	return begin_chain(l);
}

static int start(struct ledger *l, char *why, size_t size)
{
	struct ledger_list *list = malloc(sizeof(*list));
	int err = list ? lock_out(l, why, size) : -EXF_E_NOMEM;
	if (!err) {
		err = ledger_list(l->directory, list);
		if (!err)
			err = resume(l, list);
		if (err)
			(void)snprintf(why, size, "the ledger in %s cannot go on: %s", l->directory,
				       err == -EXF_E_IO ? strerror(errno) : exf_strerror(err));
	}
	free(list);
	if (err)
		return err;
	note(l, 0);
	l->has_thread = pthread_create(&l->thread, NULL, ledger_thread, l) == 0;
	if (l->has_thread)
		return 0;
	(void)snprintf(why, size, "no thread can be made for the ledger");
	return -EXF_E_NOMEM;
}

int ledger_open(const struct ledger_options *o, struct ledger **ret, char *ret_why, size_t why_size)
{
	pthread_condattr_t clock;
	struct ledger *l = calloc(1, sizeof(*l));
	if (!l) {
		(void)snprintf(ret_why, why_size, "memory is exhausted");
		return -EXF_E_NOMEM;
	}
	l->lock_fd = l->fd = -1;
	l->max_bytes = o->max_bytes;
	buf_init(&l->waiting, LEDGER_WAITING);
	buf_init(&l->out, PORTION + LEDGER_LINE + 1);
	pthread_mutex_init(&l->lock, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&l->changed, &clock);
	pthread_condattr_destroy(&clock);
	int err = -EXF_E_INVALID;
	if (str_copy(l->directory, sizeof(l->directory), o->directory))
		err = start(l, ret_why, why_size);
	else
		(void)snprintf(ret_why, why_size, "the path of the ledger is too long");
	if (err) {
		ledger_close(l);
		return err;
	}
	*ret = l;
	return 0;
}

void ledger_close(struct ledger *l)
{
	if (!l)
		return;
	if (l->has_thread) {
		pthread_mutex_lock(&l->lock);
		l->is_stopping = true;
		pthread_cond_broadcast(&l->changed);
		pthread_mutex_unlock(&l->lock);
		(void)pthread_join(l->thread, NULL);
	}
	if (l->fd >= 0)
		(void)close(l->fd);
	if (l->lock_fd >= 0)
		(void)close(l->lock_fd);
	buf_deinit(&l->waiting);
	buf_deinit(&l->out);
	pthread_cond_destroy(&l->changed);
	pthread_mutex_destroy(&l->lock);
	free(l);
}
