/*
 * config/file.c - the configuration's file and all that it includes.
 *
 * A file is applied, then the files of its `include`, in order of their names; so a file in
 * conf.d/ has the last word.  A file is read once: a second time is a cycle or a mistake, and both
 * are refused where the include stands.
 */
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "load.h"

#define DEPTH_MAX 4
#define FILES_MAX 256

struct seen {
	dev_t device;
	ino_t inode;
	bool is_open; /* still being read: naming it again is a cycle */
};

struct reader {
	struct load *l;
	unsigned depth;
	size_t count;
	struct seen seen[FILES_MAX];
};

static int read_file(struct reader *r, const char *path, const struct yaml_node *from);

/* The absolute folder of a file, so that its relative paths stay true wherever they are used. */
static const char *folder_of(struct load *l, const char *path)
{
	char whole[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 1;
	char *folder = arena_strndup(&l->whole->memory, slash ? path : ".", len ? len : 1);
	if (folder && realpath(folder, whole))
		folder = arena_strdup(&l->whole->memory, whole);
	return folder;
}

/* Remembers the file; the slot is *ret. */
static int enter_file(struct reader *r, const char *path, const struct yaml_node *from,
		      struct seen **ret)
{
	struct stat st;
	if (stat(path, &st) != 0) {
		int saved = errno;
		if (from)
			return load_fail(r->l, from, "include: '%s' cannot be read: %s", path,
					 strerror(saved));
		snprintf(r->l->why, r->l->why_size, "%s: cannot be opened: %s", path,
			 strerror(saved));
		return -EXF_E_IO;
	}
	for (size_t i = 0; i < r->count; i++) {
		const struct seen *s = &r->seen[i];
		if (s->device != st.st_dev || s->inode != st.st_ino)
			continue;
		return load_fail(r->l, from,
				 s->is_open ? "include: '%s' includes itself by this" :
					      "include: '%s' was included before",
				 path);
	}
	if (r->count == FILES_MAX)
		return load_fail(r->l, from, "include: more than %d files", FILES_MAX);
	*ret = &r->seen[r->count++];
	**ret = (struct seen){ st.st_dev, st.st_ino, true };
	return 0;
}

/* --- patterns ---------------------------------------------------------------------------- */

/* The folder is meant literally, whatever its name; the pattern is not. */
static char *whole_pattern(struct load *l, const char *pattern)
{
	size_t len = strlen(l->folder);
	char *whole = arena_alloc(&l->whole->memory, 2 * len + strlen(pattern) + 2);
	if (!whole)
		return NULL;
	char *p = whole;
	for (size_t i = 0; pattern[0] != '/' && i < len; i++) {
		if (strchr("*?[]\\", l->folder[i]))
			*p++ = '\\';
		*p++ = l->folder[i];
	}
	if (pattern[0] != '/' && len > 1)
		*p++ = '/';
	memcpy(p, pattern, strlen(pattern) + 1);
	return whole;
}

static int path_cmp(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A folder that is not there holds no files; one that cannot be read is an error. */
static int unreadable(const char *path, int error)
{
	(void)path;
	return error != ENOENT && error != ENOTDIR;
}

static int include_pattern(struct reader *r, const struct yaml_node *n)
{
	static const struct key key = { .type = KEY_TEXT, .min = 1, .max = 4095 };
	const char *pattern;
	glob_t found;
	int rc = value_text(r->l, &key, n, &pattern);
	if (rc)
		return rc;
	char *whole = whole_pattern(r->l, pattern);
	if (!whole)
		return load_fail_memory(r->l);
	int answer = glob(whole, GLOB_NOSORT, unreadable, &found);
	if (answer == GLOB_NOMATCH)
		return strpbrk(pattern, "*?[") ?
			       0 :
			       load_fail(r->l, n, "include: '%s' is not there", pattern);
	if (answer == GLOB_NOSPACE)
		return load_fail_memory(r->l);
	if (answer)
		return load_fail(r->l, n, "include: '%s' cannot be searched: %s", pattern,
				 strerror(errno));
	qsort(found.gl_pathv, found.gl_pathc, sizeof(*found.gl_pathv), path_cmp);
	for (size_t i = 0; !rc && i < found.gl_pathc; i++)
		rc = read_file(r, found.gl_pathv[i], n);
	globfree(&found);
	return rc;
}

static int include_all(struct reader *r, const struct yaml_node *n)
{
	if (!n || node_is_nothing(n))
		return 0;
	size_t before = load_enter(r->l, "include");
	int rc = 0;
	if (n->type == YAML_MAP)
		return load_fail_type(r->l, n, "a path or a list of paths");
	if (n->type == YAML_SCALAR)
		rc = include_pattern(r, n);
	for (n = n->type == YAML_LIST ? n->first : NULL; !rc && n; n = n->next)
		rc = include_pattern(r, n);
	load_leave(r->l, before);
	return rc;
}

/* --- files ------------------------------------------------------------------------------- */

static int apply(struct load *l, const struct yaml_node *root)
{
	if (!root)
		return 0;
	if (root->type != YAML_MAP)
		return load_fail(l, root, "expected keys and values at the top, not a %s",
				 root->type == YAML_LIST ? "list" : "text");
	return load_map(l, config_keys, &l->whole->config, root);
}

static int read_file(struct reader *r, const char *path, const struct yaml_node *from)
{
	struct load *l = r->l;
	const char *folder = l->folder;
	struct seen *slot = NULL;
	struct yaml *y = NULL;
	if (r->depth > DEPTH_MAX)
		return load_fail(l, from, "include: '%s' is more than %d files deep", path,
				 DEPTH_MAX);
	int rc = enter_file(r, path, from, &slot);
	if (rc)
		return rc;
	rc = yaml_load(path, &y, l->why, l->why_size);
	if (rc)
		return rc;
	r->depth++;
	load_leave(l, 0);
	l->folder = folder_of(l, path);
	rc = l->folder ? apply(l, yaml_root(y)) : load_fail_memory(l);
	if (!rc)
		rc = include_all(r, yaml_get(yaml_root(y), "include"));
	l->folder = folder;
	load_leave(l, 0);
	if (from)
		(void)load_enter(l, "include");
	yaml_free(y);
	r->depth--;
	slot->is_open = false;
	return rc;
}

int load_file(struct load *l, const char *path)
{
	struct reader *r = calloc(1, sizeof(*r));
	if (!r)
		return load_fail_memory(l);
	r->l = l;
	int rc = read_file(r, path, NULL);
	free(r);
	return rc;
}

int load_text(struct load *l, const char *name, const void *text, size_t len)
{
	struct yaml *y = NULL;
	int rc = yaml_parse(name, text, len, &y, l->why, l->why_size);
	if (rc)
		return rc;
	const struct yaml_node *include = yaml_get(yaml_root(y), "include");
	rc = apply(l, yaml_root(y));
	if (!rc && include && !node_is_nothing(include))
		rc = load_fail_key(l, include, "include works in a file only");
	yaml_free(y);
	return rc;
}
