/*
 * sink/file.c - alerts as lines of JSON in a file.
 *
 * A handful of lines is one write with O_APPEND and one fdatasync(): readers meet whole lines, and
 * what is taken is on the disk.  When a full disk tears a line, the next one starts on a line of
 * its own and the torn one is written again.  A file that was moved away (logrotate) is made anew
 * at the next alert; one that has grown beyond its cap is moved to PATH.1.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exfild/base/buf.h"
#include "exfild/base/str.h"
#include "exfild/sink/sink.h"

#define FILE_MODE  0640
#define BYTES_ONCE (1u << 20)

extern const struct sink_type sink_file;

struct file_sink {
	int fd;       /* -1: it could not be opened (again) */
	bool is_torn; /* the file ends in half a line */
	uint64_t max_bytes;
	char path[1024];
	struct buf lines;
	struct sink_health health;
};

static int open_path(const char *path)
{
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, FILE_MODE);
}

static int file_open(const struct sink_options *o, void **ret, char *ret_why, size_t why_size)
{
	struct file_sink *s = calloc(1, sizeof(*s));
	if (!s) {
		snprintf(ret_why, why_size, "%s", exf_strerror(EXF_E_NOMEM));
		return -EXF_E_NOMEM;
	}
	if (!o->file_path || !str_copy(s->path, sizeof(s->path), o->file_path)) {
		snprintf(ret_why, why_size, "sinks.file.path is missing or too long");
		free(s);
		return -EXF_E_INVALID;
	}
	s->fd = open_path(s->path);
	if (s->fd < 0) {
		snprintf(ret_why, why_size, "cannot open the alert file %s: %s%s", s->path,
			 strerror(errno),
			 errno == ENOENT ? " (its folder must exist: mkdir -p it first)" : "");
		free(s);
		return -EXF_E_IO;
	}
	s->max_bytes = o->file_max_bytes;
	buf_init(&s->lines, BYTES_ONCE + RECORD_TEXT_MAX + 2);
	*ret = s;
	return 0;
}

static int failed(struct file_sink *s, const char *what, int err)
{
	snprintf(s->health.error, sizeof(s->health.error), "cannot %s %.100s: %s", what, s->path,
		 strerror(err));
	return -EXF_E_IO;
}

/* The file of this name, whichever that is now. */
static int open_again(struct file_sink *s)
{
	struct stat now, ours;
	if (s->fd >= 0 && fstat(s->fd, &ours) == 0 && stat(s->path, &now) == 0 &&
	    now.st_dev == ours.st_dev && now.st_ino == ours.st_ino)
		return 0;
	int fd = open_path(s->path);
	if (fd < 0)
		return failed(s, "reopen", errno);
	if (s->fd >= 0)
		close(s->fd);
	s->fd = fd;
	s->is_torn = false;
	return 0;
}

static int keep_small(struct file_sink *s)
{
	char old[sizeof(s->path) + 2];
	struct stat st;
	if (!s->max_bytes || fstat(s->fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    (uint64_t)st.st_size < s->max_bytes)
		return 0;
	snprintf(old, sizeof(old), "%s.1", s->path);
	if (rename(s->path, old) != 0)
		return failed(s, "rename", errno);
	return open_again(s);
}

/* How many bytes of it came to the file. */
static size_t write_all(struct file_sink *s, const char *data, size_t len)
{
	size_t done = 0;
	while (done < len) {
		ssize_t n = write(s->fd, data + done, len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			failed(s, "write", n < 0 ? errno : ENOSPC);
			break;
		}
		done += (size_t)n;
	}
	return done;
}

/* Lines of list[0..], as many as one write takes. */
static size_t fill(struct file_sink *s, struct record *const *list, size_t count)
{
	size_t n = 0;
	buf_reset(&s->lines);
	if (s->is_torn)
		buf_char(&s->lines, '\n');
	for (; n < count && s->lines.len < BYTES_ONCE; n++) {
		buf_add(&s->lines, list[n]->text[RECORD_JSON].data, list[n]->text[RECORD_JSON].len);
		buf_char(&s->lines, '\n');
	}
	return n;
}

/* How many of the n lines are whole within the first `done` bytes. */
static size_t whole_lines(const struct file_sink *s, struct record *const *list, size_t n,
			  size_t done)
{
	size_t at = s->is_torn, whole = 0;
	while (whole < n && at + list[whole]->text[RECORD_JSON].len + 1 <= done)
		at += list[whole++]->text[RECORD_JSON].len + 1;
	return whole;
}

static bool has_synced(struct file_sink *s)
{
	if (fdatasync(s->fd) == 0 || errno == EINVAL || errno == EROFS) /* a pipe or a device */
		return true;
	failed(s, "write", errno);
	return false;
}

static size_t file_put(void *sink, struct record *const *list, size_t count)
{
	struct file_sink *s = sink;
	size_t taken = 0;
	if (open_again(s) || keep_small(s))
		return 0;
	while (taken < count) {
		size_t n = fill(s, list + taken, count - taken);
		size_t done = write_all(s, s->lines.data, s->lines.len);
		size_t whole = done == s->lines.len ? n : whole_lines(s, list + taken, n, done);
		bool ends_whole = done > 0 ? s->lines.data[done - 1] == '\n' : !s->is_torn;
		s->is_torn = !ends_whole;
		if (!has_synced(s))
			return taken;
		taken += whole;
		s->health.sent += whole;
		if (whole < n)
			return taken;
	}
	s->health.error[0] = '\0';
	return taken;
}

static void file_health(const void *sink, struct sink_health *ret)
{
	*ret = ((const struct file_sink *)sink)->health;
}

static void file_close(void *sink)
{
	struct file_sink *s = sink;
	if (!s)
		return;
	if (s->fd >= 0)
		close(s->fd);
	buf_deinit(&s->lines);
	free(s);
}

const struct sink_type sink_file = {
	.name = "file",
	.open = file_open,
	.put = file_put,
	.health = file_health,
	.close = file_close,
};
