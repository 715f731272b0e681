/*
 * sink/file.c - alerts as lines of JSON in a file.
 *
 * One write a line with O_APPEND, so that other writers and readers meet whole lines only.  When a
 * full disk tears a line, the next one starts on a line of its own.  flush looks whether the file
 * was moved away (logrotate) and opens the new one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exfild/base/str.h"
#include "exfild/sink/sink.h"

#define FILE_MODE 0640
#define ATTEMPTS  8 /* of a write that a signal or a full disk cuts */

extern const struct sink_type sink_file;

struct file_sink {
	int fd;
	bool is_torn; /* the file ends in half a line */
	char path[1024];
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
	*ret = s;
	return 0;
}

static int failed(struct file_sink *s, int err)
{
	s->health.failed++;
	snprintf(s->health.error, sizeof(s->health.error), "cannot write to %.80s: %s", s->path,
		 strerror(err));
	return -EXF_E_IO;
}

/* All of it, in one write unless the system cuts it. */
static int write_line(struct file_sink *s, const char *line, size_t len)
{
	size_t done = 0;
	for (int attempt = 0; attempt < ATTEMPTS && done < len; attempt++) {
		ssize_t n = write(s->fd, line + done, len - done);
		if (n > 0)
			done += (size_t)n;
		else if (n < 0 && errno != EINTR)
			break;
	}
	if (done > 0)
		s->is_torn = done < len;
	return done == len ? 0 : -EXF_E_IO;
}

static int file_put(void *sink, const struct alert *a, const char *json, size_t len)
{
	struct file_sink *s = sink;
	struct buf line;
	(void)a;

	buf_init(&line, len + 2);
	if (s->is_torn)
		buf_char(&line, '\n');
	buf_add(&line, json, len);
	buf_char(&line, '\n');
	errno = ENOMEM;
	int err = line.full ? -EXF_E_IO : write_line(s, line.data, line.len);
	int why = errno;
	buf_deinit(&line);
	if (err < 0)
		return failed(s, why);
	s->health.sent++;
	return 0;
}

static int file_flush(void *sink)
{
	struct file_sink *s = sink;
	struct stat now, ours;

	if (fstat(s->fd, &ours) == 0 && stat(s->path, &now) == 0 && now.st_dev == ours.st_dev &&
	    now.st_ino == ours.st_ino)
		return 0;
	int fd = open_path(s->path);
	if (fd < 0) {
		snprintf(s->health.error, sizeof(s->health.error), "cannot reopen %.80s: %s",
			 s->path, strerror(errno));
		return -EXF_E_IO; /* goes on writing to the moved file */
	}
	close(s->fd);
	s->fd = fd;
	s->is_torn = false;
	return 0;
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
	close(s->fd);
	free(s);
}

const struct sink_type sink_file = {
	.name = "file",
	.open = file_open,
	.put = file_put,
	.flush = file_flush,
	.health = file_health,
	.close = file_close,
};
