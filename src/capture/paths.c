#include "paths.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int add_path(struct paths *p, char *path)
{
	if (p->count == p->capacity) {
		size_t capacity = p->capacity ? 2 * p->capacity : 16;
		char **items = realloc(p->items, capacity * sizeof(*items));
		if (!items) {
			free(path);
			return -EXF_E_NOMEM;
		}
		p->items = items;
		p->capacity = capacity;
	}
	p->items[p->count++] = path;
	return 0;
}

static int add_folder(struct paths *p, const char *folder, unsigned depth,
		      struct damage_list *damage);

static int add_entry(struct paths *p, const char *folder, const char *name, unsigned depth,
		     struct damage_list *damage)
{
	struct stat st, link;
	char *path;

	size_t len = strlen(folder);
	bool has_slash = len && folder[len - 1] == '/';
	if (asprintf(&path, "%s%s%s", folder, has_slash ? "" : "/", name) < 0)
		return -EXF_E_NOMEM;
	int r = 0;
	if (stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
		if (p->count < PATHS_MAX) {
			p->bytes += (uint64_t)st.st_size;
			return add_path(p, path);
		}
		damage_say(damage, &p->said, DAMAGE_END, path, 0,
			   "more than %u files are named; this and what follows is left out",
			   PATHS_MAX);
	} else if (lstat(path, &link) == 0 && S_ISDIR(link.st_mode)) {
		r = add_folder(p, path, depth + 1, damage);
	}
	free(path);
	return r;
}

static int add_folder(struct paths *p, const char *folder, unsigned depth,
		      struct damage_list *damage)
{
	uint32_t said = 0;

	if (depth > PATHS_DEPTH) {
		damage_say(damage, &said, DAMAGE_END, folder, 0,
			   "folders are nested more than %d deep; this one is left out",
			   PATHS_DEPTH);
		return 0;
	}
	DIR *dir = opendir(folder);
	if (!dir) {
		char text[64];
		damage_say(damage, &said, DAMAGE_END, folder, 0, "the folder cannot be opened: %s",
			   strerror_r(errno, text, sizeof(text)));
		return 0;
	}
	int r = 0;
	const struct dirent *e;
	while (r == 0 && (e = readdir(dir))) {
		if (e->d_name[0] != '.')
			r = add_entry(p, folder, e->d_name, depth, damage);
	}
	(void)closedir(dir);
	return r;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int paths_add(struct paths *p, const char *argument, struct damage_list *damage)
{
	struct stat st;

	uint32_t said = 0;
	bool is_known = strcmp(argument, "-") != 0 && stat(argument, &st) == 0;
	if (is_known && S_ISDIR(st.st_mode)) {
		size_t before = p->count;
		size_t damage_before = damage->count;
		int r = add_folder(p, argument, 0, damage);
		if (r < 0)
			return r;
		if (p->count > before)
			qsort(p->items + before, p->count - before, sizeof(*p->items), by_bytes);
		else if (damage->count == damage_before)
			damage_say(damage, &said, DAMAGE_END, argument, 0,
				   "the folder holds no files");
		return 0;
	}
	if (is_known && S_ISREG(st.st_mode))
		p->bytes += (uint64_t)st.st_size;
	else
		p->has_unknown = true;
	char *path = strdup(argument);
	return path ? add_path(p, path) : -EXF_E_NOMEM;
}

void paths_deinit(struct paths *p)
{
	for (size_t i = 0; i < p->count; i++)
		free(p->items[i]);
	free(p->items);
	*p = (struct paths){ 0 };
}
