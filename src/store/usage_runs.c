/*
 * store/usage_runs.c - see usage_runs.h.
 */
#include "usage_runs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "usage_db.h"

#define READ_ROWS 512u
#define FOLDER    "/var/tmp"

static bool fail(struct runs *r, int error)
{
	r->error = error ? error : EIO;
	return false;
}

static bool open_file(struct runs *r)
{
	char path[FILE_PATH_MAX];
	const char *folder = getenv("TMPDIR");
	int n = snprintf(path, sizeof(path), "%s/exfild-XXXXXX",
			 folder && *folder ? folder : FOLDER);
	if (n < 0 || (size_t)n >= sizeof(path))
		return fail(r, ENAMETOOLONG);
	r->fd = mkostemp(path, O_CLOEXEC);
	if (r->fd < 0)
		return fail(r, errno);
	(void)unlink(path);
	return true;
}

static bool write_all(struct runs *r, const void *data, size_t len)
{
	const char *at = data;
	while (len) {
		ssize_t n = pwrite(r->fd, at, len, (off_t)r->end);
		if (n <= 0)
			return fail(r, errno);
		at += n;
		len -= (size_t)n;
		r->end += (uint64_t)n;
	}
	return true;
}

bool runs_write(struct runs *r, const struct group *list, uint32_t count)
{
	if (!r->list) {
		r->list = calloc(RUNS_MAX, sizeof(*r->list));
		if (!r->list)
			return fail(r, ENOMEM);
		if (!open_file(r)) {
			free(r->list);
			r->list = NULL;
			return false;
		}
	}
	if (r->count == RUNS_MAX)
		return fail(r, EFBIG);
	r->list[r->count++] = (struct run){ .at = r->end, .rows = count };
	return write_all(r, list, count * sizeof(*list));
}

/* Its next group; NULL: there is none, or error is set. */
static const struct group *peek(struct runs *r, struct run *run)
{
	if (run->next < run->count)
		return &run->list[run->next];
	if (!run->rows)
		return NULL;
	run->count = run->rows < READ_ROWS ? (uint32_t)run->rows : READ_ROWS;
	run->next = 0;
	if (!run->list)
		run->list = malloc(READ_ROWS * sizeof(*run->list));
	size_t len = run->count * sizeof(*run->list);
	if (!run->list || pread(r->fd, run->list, len, (off_t)run->at) != (ssize_t)len) {
		run->count = 0;
		(void)fail(r, run->list ? errno : ENOMEM);
		return NULL;
	}
	run->rows -= run->count;
	run->at += len;
	return run->list;
}

bool runs_next(struct runs *r, const struct usage_query *q, struct group *ret)
{
	const struct group *first = NULL;
	struct run *from = NULL;
	for (uint32_t i = 0; i < r->count && !r->error; i++) {
		const struct group *g = peek(r, &r->list[i]);
		if (g && (!first || groups_compare(g, first, q) < 0)) {
			first = g;
			from = &r->list[i];
		}
	}
	if (!first || r->error)
		return false;
	*ret = *first;
	from->next++;
	return true;
}

void runs_free(struct runs *r)
{
	for (uint32_t i = 0; i < r->count; i++)
		free(r->list[i].list);
	if (r->list)
		(void)close(r->fd);
	free(r->list);
	*r = (struct runs){ .count = 0 };
}
