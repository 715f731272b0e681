/*
 * engine/lastgood.c - see lastgood.h.
 */
#include "lastgood.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exfild/base/fd.h"
#include "exfild/base/hash.h"
#include "exfild/base/log.h"
#include "exfild/config/yaml.h"

#define NAME     "configuration.last-good"
#define FILE_MAX (16u << 20) /* as long as a configuration may be */
#define MARK     "# exfild last good configuration, format "

static void make_head(char *dst, size_t size, const void *text, size_t len)
{
	(void)snprintf(dst, size, MARK "%u, sum %016" PRIx64 "\n", LASTGOOD_FORMAT,
		       hash_bytes(&hash_key_fixed, text, len));
}

static int fail(char *why, size_t size, const char *what, const char *path)
{
	(void)snprintf(why, size, "cannot %s %s: %s", what, path, strerror(errno));
	return -EXF_E_IO;
}

/* --- writing ----------------------------------------------------------------------------- */

static int write_file(const char *path, const char *head, const struct buf *text, char *why,
		      size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fail(why, size, "create", path);
	bool ok = fd_write_all(fd, head, strlen(head)) && fd_write_all(fd, text->data, text->len) &&
		  fsync(fd) == 0;
	int err = ok ? 0 : fail(why, size, "write", path);
	if (close(fd) != 0 && !err)
		err = fail(why, size, "write", path);
	return err;
}

/* The new name must outlive a loss of power as well. */
static void sync_folder(const char *directory)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)fsync(fd);
	(void)close(fd);
}

static int put_in_place(const char *directory, const char *head, const struct buf *text, char *why,
			size_t size)
{
	char path[PATH_MAX], fresh[PATH_MAX];
	(void)snprintf(path, sizeof(path), "%s/" NAME, directory);
	(void)snprintf(fresh, sizeof(fresh), "%s/" NAME ".new", directory);
	int err = write_file(fresh, head, text, why, size);
	if (!err && rename(fresh, path) != 0)
		err = fail(why, size, "rename", fresh);
	if (err)
		(void)unlink(fresh);
	else
		sync_folder(directory);
	return err;
}

int lastgood_keep(const char *directory, const struct config *c, char *ret_why, size_t why_size)
{
	char head[128];
	struct buf text;
	buf_init(&text, LASTGOOD_MAX);
	config_print(c, &text);
	int err = text.full ? -EXF_E_LIMIT : 0;
	if (err)
		(void)snprintf(ret_why, why_size, "the configuration is over 64 MiB");
	if (!err && mkdir(directory, 0750) != 0 && errno != EEXIST)
		err = fail(ret_why, why_size, "make", directory);
	make_head(head, sizeof(head), text.data, text.len);
	if (!err)
		err = put_in_place(directory, head, &text, ret_why, why_size);
	buf_deinit(&text);
	return err;
}

/* --- reading ----------------------------------------------------------------------------- */

static int read_file(const char *path, struct buf *out, char *why, size_t size)
{
	char part[65536];
	size_t n;
	FILE *in = fopen(path, "re");
	if (!in)
		return fail(why, size, "read", path);
	while ((n = fread(part, 1, sizeof(part), in)) > 0)
		buf_add(out, part, n);
	int err = ferror(in) ? fail(why, size, "read", path) : 0;
	(void)fclose(in);
	return err;
}

static void set_aside(const char *path)
{
	char aside[PATH_MAX + 16];
	(void)snprintf(aside, sizeof(aside), "%s.damaged", path);
	if (rename(path, aside) == 0)
		log_errorx("config", "%s is damaged: set aside as %s", path, aside);
}

/* The text behind a head that is right: the head is made again from it, and compared. */
static int check(const struct buf *all, size_t *ret_at)
{
	char head[128];
	const char *end = all->len ? memchr(all->data, '\n', all->len) : NULL;
	size_t mark = sizeof(MARK) - 1;
	if (!end || all->len <= mark || memcmp(all->data, MARK, mark) != 0)
		return -EXF_E_FORMAT;
	const char *digit = all->data + mark;
	unsigned format = 0;
	for (; *digit >= '0' && *digit <= '9' && format < 1000; digit++)
		format = format * 10 + (unsigned)(*digit - '0');
	if (format > LASTGOOD_FORMAT)
		return -EXF_E_UNSUPPORTED;
	size_t at = (size_t)(end - all->data) + 1;
	make_head(head, sizeof(head), all->data + at, all->len - at);
	if (strlen(head) != at || memcmp(all->data, head, at) != 0)
		return -EXF_E_FORMAT;
	*ret_at = at;
	return 0;
}

int lastgood_read(const char *directory, struct buf *ret, char *ret_why, size_t why_size)
{
	char path[PATH_MAX];
	struct buf all;
	size_t at = 0;
	(void)snprintf(path, sizeof(path), "%s/" NAME, directory);
	buf_init(&all, LASTGOOD_MAX + 128);
	int err = read_file(path, &all, ret_why, why_size);
	if (!err) {
		err = all.full ? -EXF_E_FORMAT : check(&all, &at);
		if (err == -EXF_E_UNSUPPORTED)
			(void)snprintf(ret_why, why_size, "%s was written by a newer version",
				       path);
		else if (err)
			(void)snprintf(ret_why, why_size, "%s is damaged", path);
		if (err == -EXF_E_FORMAT)
			set_aside(path);
	}
	if (!err)
		buf_add(ret, all.data + at, all.len - at);
	buf_deinit(&all);
	return err;
}

/* --- for a broken file ------------------------------------------------------------------- */

static size_t next_line(const struct buf *t, size_t at)
{
	const char *end = at < t->len ? memchr(t->data + at, '\n', t->len - at) : NULL;
	return end ? (size_t)(end - t->data) + 1 : t->len;
}

/* The lines of the top key `state`, which can be read where the rest of the file cannot. */
static size_t find_state(const struct buf *t, size_t *ret_at)
{
	static const char key[] = "state:";
	size_t len = sizeof(key) - 1, at = 0;
	while (at + len <= t->len && memcmp(t->data + at, key, len) != 0)
		at = next_line(t, at);
	*ret_at = at;
	if (at + len > t->len)
		return 0;
	size_t end = next_line(t, at);
	while (end < t->len && strchr(" \t\r\n#", t->data[end]))
		end = next_line(t, end);
	return end - at;
}

/* state.directory of these lines; a relative path belongs to the folder of the file. */
static bool take_directory(const char *text, size_t len, const char *path, char *dst, size_t size)
{
	char why[256], folder[PATH_MAX];
	struct yaml *tree = NULL;
	if (yaml_parse(path, text, len, &tree, why, sizeof(why)) != 0)
		return false;
	const struct yaml_node *root = yaml_root(tree), *state = NULL, *name = NULL;
	if (root && root->type == YAML_MAP)
		state = yaml_get(root, "state");
	if (state && state->type == YAML_MAP)
		name = yaml_get(state, "directory");
	bool found = name && name->type == YAML_SCALAR && name->text[0];
	(void)snprintf(folder, sizeof(folder), "%s", path);
	if (found && name->text[0] == '/')
		(void)snprintf(dst, size, "%s", name->text);
	else if (found)
		(void)snprintf(dst, size, "%s/%s", dirname(folder), name->text);
	yaml_free(tree);
	return found;
}

static bool ask_file(const char *path, char *dst, size_t size)
{
	char why[256];
	struct buf text;
	size_t at, len;
	buf_init(&text, FILE_MAX);
	bool found = read_file(path, &text, why, sizeof(why)) == 0 && !text.full &&
		     (len = find_state(&text, &at)) > 0 &&
		     take_directory(text.data + at, len, path, dst, size);
	buf_deinit(&text);
	return found;
}

static bool is_set(const struct options *o)
{
	static const char key[] = "state.directory=";
	for (size_t i = 0; i < o->set_count; i++)
		if (strncmp(o->sets[i], key, sizeof(key) - 1) == 0)
			return true;
	return false;
}

int lastgood_load(const struct options *o, const char *path, struct setup **ret, char *ret_why,
		  size_t why_size)
{
	char directory[PATH_MAX];
	struct setup *plain;
	struct buf text;
	int err = setup_load(o, NULL, &plain, ret_why, why_size);
	if (err)
		return err; /* the command line is what is broken */
	if (is_set(o) || !ask_file(path, directory, sizeof(directory)))
		(void)snprintf(directory, sizeof(directory), "%s", plain->config->state.directory);
	setup_drop(plain);
	if (!*directory) {
		(void)snprintf(ret_why, why_size, "state.directory is empty: none is kept");
		return -EXF_E_INVALID;
	}
	buf_init(&text, LASTGOOD_MAX);
	err = lastgood_read(directory, &text, ret_why, why_size);
	if (!err)
		err = setup_parse(o, "last good copy", text.data ? text.data : "", text.len, ret,
				  ret_why, why_size);
	buf_deinit(&text);
	return err;
}

int lastgood_start(const struct options *o, const char *path, struct setup **ret,
		   char ret_broken[LASTGOOD_WHY], char *ret_why, size_t why_size)
{
	char why[LASTGOOD_WHY];
	int err = setup_load(o, path, ret, ret_why, why_size);
	if (!err || !o->is_live || !path || o->check_only || o->self_test)
		return err;
	if (lastgood_load(o, path, ret, why, sizeof(why)) != 0) {
		log_errorx("config", "no last good copy to run instead: %s", why);
		return err;
	}
	(void)snprintf(ret_broken, LASTGOOD_WHY, "%s", ret_why);
	ret_why[0] = '\0';
	log_errorx("config", "BROKEN: %s", ret_broken);
	log_errorx("config", "the last good copy runs instead; mend %s, then: exfilctl reload",
		   path);
	return 0;
}
