/*
 * evidence/shelf.c - see shelf.h.
 */
#include "shelf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX ".pcapng"

bool shelf_is_id(const char *alert_id)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789_-";
	size_t len = strspn(alert_id, good);
	return len && len < KEEP_ID_MAX && !alert_id[len];
}

void shelf_name(const char *alert_id, char ret[SHELF_NAME])
{
	(void)snprintf(ret, SHELF_NAME, "%s" SUFFIX, alert_id);
}

static size_t place_of(const struct shelf *s, const char *alert_id)
{
	size_t i = 0;
	while (i < s->count && strcmp(s->files[i].alert_id, alert_id) != 0)
		i++;
	return i;
}

const struct shelf_file *shelf_find(const struct shelf *s, const char *alert_id)
{
	size_t i = place_of(s, alert_id);
	return i < s->count ? &s->files[i] : NULL;
}

static void leave_out(struct shelf *s, size_t i)
{
	s->bytes -= s->files[i].bytes;
	memmove(&s->files[i], &s->files[i + 1], (s->count - i - 1) * sizeof(s->files[0]));
	s->count--;
}

static void remove_oldest(struct shelf *s)
{
	char name[SHELF_NAME];
	shelf_name(s->files[0].alert_id, name);
	(void)unlinkat(s->folder, name, 0);
	leave_out(s, 0);
	s->removed++;
}

uint64_t shelf_take(struct shelf *s, const char *alert_id)
{
	size_t i = place_of(s, alert_id);
	if (i == s->count)
		return 0;
	uint64_t bytes = s->files[i].bytes;
	leave_out(s, i);
	return bytes;
}

bool shelf_room(struct shelf *s, uint64_t bytes)
{
	while (s->count && s->bytes + bytes > s->max_bytes)
		remove_oldest(s);
	return s->bytes + bytes <= s->max_bytes;
}

void shelf_expire(struct shelf *s, uint64_t before_s)
{
	while (s->count && s->files[0].time_s < before_s)
		remove_oldest(s);
}

static bool grow(struct shelf *s)
{
	size_t cap = s->cap ? s->cap * 2 : 256;
	struct shelf_file *more = realloc(s->files, cap * sizeof(*more));
	if (!more)
		return false;
	s->files = more;
	s->cap = cap;
	return true;
}

void shelf_put(struct shelf *s, const struct shelf_file *f)
{
	(void)shelf_take(s, f->alert_id);
	if (s->count == SHELF_FILES || (s->count == s->cap && !grow(s) && s->count))
		remove_oldest(s);
	if (s->count == s->cap)
		return;
	s->files[s->count++] = *f;
	s->bytes += f->bytes;
}

static int by_age(const void *a, const void *b)
{
	const struct shelf_file *x = a, *y = b;
	if (x->time_s != y->time_s)
		return x->time_s < y->time_s ? -1 : 1;
	return strcmp(x->alert_id, y->alert_id);
}

/* One of ours, not a link: listed. */
static void look_at(struct shelf *s, const char *name)
{
	struct shelf_file f = { 0 };
	struct stat st;
	size_t len = strlen(name);
	size_t id_len = len - (len < sizeof(SUFFIX) ? len : sizeof(SUFFIX) - 1);
	if (!id_len || id_len >= KEEP_ID_MAX || strcmp(name + id_len, SUFFIX) != 0)
		return;
	memcpy(f.alert_id, name, id_len);
	if (!shelf_is_id(f.alert_id) || fstatat(s->folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
	    !S_ISREG(st.st_mode) || s->count == SHELF_FILES || (s->count == s->cap && !grow(s)))
		return;
	f.bytes = (uint64_t)st.st_size;
	f.time_s = (uint64_t)st.st_mtime;
	s->files[s->count++] = f;
	s->bytes += f.bytes;
}

static int look_around(struct shelf *s)
{
	int fd = fcntl(s->folder, F_DUPFD_CLOEXEC, 0);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;
	if (!d) {
		if (fd >= 0)
			(void)close(fd);
		return -EXF_E_IO;
	}
	while ((e = readdir(d)) != NULL)
		look_at(s, e->d_name);
	(void)closedir(d);
	if (s->count)
		qsort(s->files, s->count, sizeof(s->files[0]), by_age);
	return 0;
}

int shelf_open(struct shelf *s, const char *path, uint64_t max_bytes, char *ret_why,
	       size_t why_size)
{
	*s = (struct shelf){ .max_bytes = max_bytes };
	(void)mkdir(path, 0700);
	s->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->folder >= 0 && faccessat(s->folder, ".", W_OK | X_OK, 0) == 0 && look_around(s) == 0)
		return 0;
	(void)snprintf(ret_why, why_size,
		       "no packets are kept as evidence: %s: %s; make the folder, writable for "
		       "exfild, or name another one as evidence.directory",
		       path, strerror(errno));
	shelf_close(s);
	return -EXF_E_IO;
}

void shelf_close(struct shelf *s)
{
	if (s->folder >= 0)
		(void)close(s->folder);
	s->folder = -1;
	free(s->files);
	s->files = NULL;
	s->count = s->cap = 0;
}
