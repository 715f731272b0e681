/*
 * report/file.c - writes beside its place, and takes the place when it is whole.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exfild/base/fd.h"
#include "exfild/report/report.h"

#define FILE_MODE 0640 /* it names hosts and what they did */

int report_file_open(struct report_file *f, const char *path, char *ret_why, size_t why_size)
{
	struct stat st;
	f->fd = -1;
	if (strlen(path) >= sizeof(f->path)) {
		(void)snprintf(ret_why, why_size, "the report's path is over %zu bytes long",
			       sizeof(f->path) - 1);
		return -EXF_E_LIMIT;
	}
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		(void)snprintf(ret_why, why_size,
			       "cannot write the report to %s: it is no file; name a file, for "
			       "example report.html",
			       path);
		return -EXF_E_INVALID;
	}
	(void)snprintf(f->path, sizeof(f->path), "%s", path);
	(void)snprintf(f->fresh, sizeof(f->fresh), "%s.XXXXXX", path);
	f->fd = mkstemp(f->fresh);
	if (f->fd < 0 || fchmod(f->fd, FILE_MODE) != 0) {
		(void)snprintf(ret_why, why_size,
			       "cannot write the report to %s: %s; name a file in a folder that is "
			       "there and that you may write to",
			       path, strerror(errno));
		report_file_drop(f);
		return -EXF_E_IO;
	}
	return 0;
}

int report_file_put(struct report_file *f, const struct buf *page, char *ret_why, size_t why_size)
{
	bool ok = fd_write_all(f->fd, page->data, page->len) && fsync(f->fd) == 0;
	int error = errno;
	if (close(f->fd) != 0 && ok) {
		error = errno;
		ok = false;
	}
	f->fd = -1;
	if (ok && rename(f->fresh, f->path) == 0)
		return 0;
	(void)snprintf(ret_why, why_size, "the report was not written to %s: %s", f->path,
		       strerror(ok ? errno : error));
	(void)unlink(f->fresh);
	return -EXF_E_IO;
}

void report_file_drop(struct report_file *f)
{
	if (f->fd < 0)
		return;
	(void)close(f->fd);
	(void)unlink(f->fresh);
	f->fd = -1;
}
