/*
 * engine/watch.c - see watch.h.
 */
#include "watch.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define LINKS_MAX 40 /* as the kernel */
#define NAME_SIZE (NAME_MAX + 1)

/* What makes a file another one, once it is complete. */
#define COMPLETE   (IN_CLOSE_WRITE | IN_MOVED_TO)
/* What may be a new link or folder on the way. */
#define ON_THE_WAY IN_CREATE
#define FOLDER     (IN_DELETE_SELF | IN_MOVE_SELF)

struct heard_name {
	int folder; /* of inotify */
	bool is_link;
	char name[NAME_SIZE];
};

struct watch {
	int fd;
	bool is_full;
	size_t count;
	struct heard_name names[WATCH_NAMES];
};

struct watch *watch_new(void)
{
	struct watch *w = calloc(1, sizeof(*w));
	if (w)
		w->fd = -1;
	return w;
}

static void stop(struct watch *w)
{
	if (w->fd >= 0)
		(void)close(w->fd);
	w->fd = -1;
	w->count = 0;
	w->is_full = false;
}

void watch_free(struct watch *w)
{
	if (!w)
		return;
	stop(w);
	free(w);
}

void watch_begin(struct watch *w)
{
	stop(w);
	w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
}

static void hear(struct watch *w, const char *folder, const char *name, bool is_link)
{
	if (w->count == WATCH_NAMES) {
		w->is_full = true;
		return;
	}
	struct heard_name *n = &w->names[w->count];
	n->folder = inotify_add_watch(w->fd, folder, COMPLETE | ON_THE_WAY | FOLDER | IN_ONLYDIR);
	if (n->folder < 0) {
		w->is_full = true;
		return;
	}
	n->is_link = is_link;
	(void)snprintf(n->name, sizeof(n->name), "%s", name);
	w->count++;
}

/* Takes the first name off the path; false: there is none. */
static bool take_name(char *path, char name[NAME_SIZE])
{
	char *from = path + strspn(path, "/");
	size_t n = strcspn(from, "/");
	if (n == 0 || n >= NAME_SIZE)
		return false;
	memcpy(name, from, n);
	name[n] = '\0';
	memmove(path, from + n, strlen(from + n) + 1);
	return true;
}

/* Goes on where a link points to: `rest` becomes the link's text and what was left. */
static bool turn(const char *target, char at[PATH_MAX], char rest[PATH_MAX])
{
	char left[PATH_MAX];
	(void)snprintf(left, sizeof(left), "%s", rest);
	int n = snprintf(rest, PATH_MAX, "%s/%s", target, left);
	if (*target == '/')
		at[0] = '\0';
	return n < PATH_MAX;
}

void watch_file(struct watch *w, const char *path)
{
	char at[PATH_MAX], rest[PATH_MAX], next[PATH_MAX], target[PATH_MAX], name[NAME_SIZE];
	unsigned links = 0;
	if (w->fd < 0)
		return;
	(void)snprintf(at, sizeof(at), "%s", *path == '/' ? "" : ".");
	(void)snprintf(rest, sizeof(rest), "%s", path);
	while (take_name(rest, name)) {
		const char *folder = *at ? at : "/";
		if (snprintf(next, sizeof(next), "%s/%s", at, name) >= PATH_MAX)
			return;
		ssize_t n = readlink(next, target, sizeof(target) - 1);
		bool is_link = n > 0 && ++links <= LINKS_MAX;
		bool is_last = !rest[strspn(rest, "/")];
		bool is_there = is_link || access(next, F_OK) == 0;
		if (is_link || is_last || !is_there)
			hear(w, folder, name, is_link);
		if (!is_there)
			return;
		if (is_link) {
			target[n] = '\0';
			if (!turn(target, at, rest))
				return;
			continue;
		}
		(void)snprintf(at, sizeof(at), "%s", next);
	}
}

bool watch_is_good(const struct watch *w)
{
	return w->fd >= 0 && !w->is_full;
}

int watch_fd(const struct watch *w)
{
	return w->fd;
}

/* A file that has just been made is not complete yet: a link is, and a folder opens the way. */
static bool is_on_the_way(const struct heard_name *n, const struct inotify_event *e)
{
	return !(e->mask & IN_CREATE) || (e->mask & IN_ISDIR) || n->is_link;
}

static bool concerns(const struct watch *w, const struct inotify_event *e)
{
	if (e->mask & (FOLDER | IN_IGNORED | IN_Q_OVERFLOW))
		return true;
	for (size_t i = 0; e->len && i < w->count; i++)
		if (w->names[i].folder == e->wd && strcmp(w->names[i].name, e->name) == 0 &&
		    is_on_the_way(&w->names[i], e))
			return true;
	return false;
}

bool watch_heard(struct watch *w)
{
	_Alignas(struct inotify_event) char data[4096];
	bool is_heard = false;
	ssize_t n;
	while (w->fd >= 0 && (n = read(w->fd, data, sizeof(data))) > 0) {
		for (ssize_t at = 0; at < n;) {
			const struct inotify_event *e = (const void *)(data + at);
			is_heard = is_heard || concerns(w, e);
			at += (ssize_t)(sizeof(*e) + e->len);
		}
	}
	return is_heard;
}
