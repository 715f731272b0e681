/*
 * responder/saved.c - see saved.h.
 *
 * Form: a head (magic, version, count, hash of the entries), then the entries as they are in
 * memory: the file never leaves its machine.
 */
#include "saved.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exfild/base/fd.h"
#include "exfild/base/hash.h"
#include "exfild/base/log.h"

#define MAGIC     0x5351465855ull
#define VERSION   2
#define PATH_SIZE 4096

struct head {
	uint64_t magic;
	uint32_t version, entry_size;
	uint64_t count, last_number, hash;
};

static bool path_of(char *dst, const char *folder, const char *name)
{
	int n = snprintf(dst, PATH_SIZE, "%s/%s", folder, name);
	return n > 0 && n < PATH_SIZE;
}

bool saved_write(const char *folder, const struct book *b)
{
	char path[PATH_SIZE], fresh[PATH_SIZE];
	size_t bytes = b->count * sizeof(*b->entries);
	struct head h = { .magic = MAGIC,
			  .version = VERSION,
			  .entry_size = sizeof(*b->entries),
			  .count = b->count,
			  .last_number = b->last_number,
			  .hash = hash_bytes(&hash_key_fixed, b->entries, bytes) };
	if (!path_of(path, folder, "decisions") || !path_of(fresh, folder, "decisions.new"))
		return false;
	int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool ok = fd >= 0 && fd_write_all(fd, &h, sizeof(h)) &&
		  fd_write_all(fd, b->entries, bytes) && fsync(fd) == 0;
	if (fd >= 0)
		ok = close(fd) == 0 && ok;
	int dir = ok ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	ok = ok && rename(fresh, path) == 0 && dir >= 0 && fsync(dir) == 0;
	if (dir >= 0)
		(void)close(dir);
	if (!ok)
		log_warn("responder",
			 "%s: decisions are not on disk, and would not survive a restart", path);
	return ok;
}

static bool read_whole(FILE *f, struct book *b, const struct never *never, uint64_t now_s)
{
	struct head h;
	bool ok = false;
	if (fread(&h, sizeof(h), 1, f) != 1 || h.magic != MAGIC || h.version != VERSION ||
	    h.entry_size != sizeof(struct quarantine_entry) || h.count > 65536)
		return false;
	struct quarantine_entry *list = calloc(h.count ? h.count : 1, sizeof(*list));
	if (list && fread(list, sizeof(*list), h.count, f) == h.count &&
	    hash_bytes(&hash_key_fixed, list, h.count * sizeof(*list)) == h.hash) {
		for (size_t i = 0; i < h.count; i++)
			(void)book_restore(b, never, &list[i], now_s);
		if (h.last_number > b->last_number)
			b->last_number = h.last_number;
		ok = true;
	}
	free(list);
	return ok;
}

void saved_read(const char *folder, struct book *b, const struct never *never, uint64_t now_s)
{
	char path[PATH_SIZE], aside[PATH_SIZE];
	if (!path_of(path, folder, "decisions") || !path_of(aside, folder, "decisions.damaged"))
		return;
	FILE *f = fopen(path, "re");
	if (!f)
		return;
	bool ok = read_whole(f, b, never, now_s);
	(void)fclose(f);
	if (ok)
		return;
	log_errorx("responder",
		   "%s is damaged: it is set aside as %s, and nothing is cut off by it", path,
		   aside);
	(void)rename(path, aside);
}

bool saved_is_off(const char *folder)
{
	char path[PATH_SIZE];
	struct stat st;
	return !path_of(path, folder, SAVED_OFF) || stat(path, &st) == 0;
}

bool saved_set_off(const char *folder, bool is_off)
{
	char path[PATH_SIZE];
	if (!path_of(path, folder, SAVED_OFF))
		return false;
	if (!is_off)
		return unlink(path) == 0 || errno == ENOENT;
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return false;
	return close(fd) == 0;
}
