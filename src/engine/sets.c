/*
 * engine/sets.c - see sets.h.
 */
#include "sets.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exfild/base/fd.h"
#include "exfild/base/hash.h"
#include "exfild/content/sets.h"

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL)

/* ---- files ---- */

static int is_set(const struct dirent *e)
{
	size_t len = strlen(e->d_name), end = sizeof(SET_END) - 1;
	return len > end && strcmp(e->d_name + len - end, SET_END) == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

typedef int (*file_fn)(void *arg, const char *path);

/* Each file that is named, or lies in a folder that is; stops at the first error. */
static int each_file(const struct config *c, file_fn fn, void *arg)
{
	int err = 0;
	for (size_t i = 0; i < c->content.fingerprint_count && !err; i++) {
		const char *path = c->content.fingerprints[i];
		struct dirent **list;
		int count = scandir(path, &list, is_set, by_name);
		if (count < 0) { /* no folder */
			err = fn(arg, path);
			continue;
		}
		for (int n = 0; n < count; n++) {
			char file[PATH_MAX];
			(void)snprintf(file, sizeof(file), "%s/%s", path, list[n]->d_name);
			if (!err)
				err = fn(arg, file);
			free(list[n]);
		}
		free(list);
	}
	return err;
}

static void mix_stat(uint64_t *hash, const char *path)
{
	struct stat info;
	if (stat(path, &info) != 0) {
		*hash = hash_mix(*hash, 1);
		return;
	}
	*hash = hash_mix(*hash, (uint64_t)info.st_ino);
	*hash = hash_mix(*hash, (uint64_t)info.st_size);
	*hash = hash_mix(*hash, (uint64_t)info.st_mtim.tv_sec);
	*hash = hash_mix(*hash, (uint64_t)info.st_mtim.tv_nsec);
}

static int mix_file(void *arg, const char *path)
{
	mix_stat(arg, path);
	return 0;
}

uint64_t sets_signature(const struct config *c)
{
	uint64_t hash = 0;
	if (!c->content.fingerprint_count)
		return 0;
	mix_stat(&hash, c->content.fingerprint_key);
	(void)each_file(c, mix_file, &hash);
	return hash;
}

struct gathering {
	struct buf *pack;
	char *why;
	size_t why_size;
};

static int add_file(void *arg, const char *path)
{
	const struct gathering *g = arg;
	struct buf file;
	buf_init(&file, SET_BYTES);
	int err = content_file_read(path, &file, g->why, g->why_size);
	if (!err)
		content_sets_pack(g->pack, path, file.data, file.len);
	buf_deinit(&file);
	if (!err && g->pack->full) {
		(void)snprintf(g->why, g->why_size,
			       "%s: is one too many: all sets have more than %u MiB", path,
			       SET_BYTES >> 20);
		err = -EXF_E_LIMIT;
	}
	return err;
}

static int gather(const struct config *c, struct buf *pack, char *why, size_t why_size)
{
	struct gathering g = { pack, why, why_size };
	struct content_key key;
	int err = content_key_read(c->content.fingerprint_key, &key, why, why_size);
	if (err)
		return err;
	content_sets_begin(pack, &key);
	explicit_bzero(&key, sizeof(key));
	return each_file(c, add_file, &g);
}

static int make(const struct config *c, struct buf *pack, struct content_sets **ret, char *why,
		size_t why_size)
{
	int err = gather(c, pack, why, why_size);
	if (err)
		return err;
	*ret = content_sets_read(pack->data, pack->len, why, why_size);
	return *ret ? 0 : -EXF_E_FORMAT;
}

int sets_make(const struct config *c, struct content_sets **ret, char *ret_why, size_t why_size)
{
	struct buf pack;
	*ret = NULL;
	if (!c->content.fingerprint_count)
		return 0;
	buf_init(&pack, SET_BYTES);
	int err = make(c, &pack, ret, ret_why, why_size);
	buf_deinit(&pack);
	return err;
}

/* ---- as sealed memory ---- */

static int seal(const struct buf *pack, struct sets_pack *ret, char *why, size_t why_size)
{
	int fd = memfd_create("exfild-sets", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd >= 0 && fd_write_all(fd, pack->data, pack->len) &&
	    fcntl(fd, F_ADD_SEALS, SEALS) == 0) {
		*ret = (struct sets_pack){ fd, pack->len };
		return 0;
	}
	(void)snprintf(why, why_size, "content.fingerprints: no memory for the sets: %s",
		       strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	return -EXF_E_NOMEM;
}

int sets_pack_make(const struct config *c, struct sets_pack *ret, char *ret_why, size_t why_size)
{
	struct buf pack;
	struct content_sets *sets = NULL;
	*ret = (struct sets_pack){ -1, 0 };
	if (!c->content.fingerprint_count)
		return 0;
	buf_init(&pack, SET_BYTES);
	int err = make(c, &pack, &sets, ret_why, why_size);
	content_sets_drop(sets);
	if (!err)
		err = seal(&pack, ret, ret_why, why_size);
	buf_deinit(&pack);
	return err;
}

void sets_pack_drop(struct sets_pack *p)
{
	if (p->fd >= 0)
		(void)close(p->fd);
	*p = (struct sets_pack){ -1, 0 };
}

/* ---- what is in effect ---- */

struct sets_store {
	pthread_mutex_t lock;
	struct sets_pack pack;
	uint32_t number; /* of commits */
};

struct sets_store *sets_store_new(void)
{
	struct sets_store *s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	(void)pthread_mutex_init(&s->lock, NULL);
	s->pack.fd = -1;
	return s;
}

void sets_store_free(struct sets_store *s)
{
	if (!s)
		return;
	sets_pack_drop(&s->pack);
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
}

void sets_store_commit(struct sets_store *s, const struct sets_pack *p)
{
	(void)pthread_mutex_lock(&s->lock);
	sets_pack_drop(&s->pack);
	s->pack = *p;
	s->number++;
	(void)pthread_mutex_unlock(&s->lock);
}

bool sets_store_next(struct sets_store *s, uint32_t *number, struct sets_pack *ret)
{
	(void)pthread_mutex_lock(&s->lock);
	bool is_other = s->number != *number;
	*number = s->number;
	*ret = (struct sets_pack){ -1, s->pack.len };
	if (is_other && s->pack.fd >= 0)
		ret->fd = fcntl(s->pack.fd, F_DUPFD_CLOEXEC, 0);
	(void)pthread_mutex_unlock(&s->lock);
	return is_other;
}
