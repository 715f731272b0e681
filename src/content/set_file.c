/*
 * content/set_file.c - files of sets and of their key.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exfild/base/fd.h"
#include "prints.h"

static int failed(const char *path, char *why, size_t size)
{
	(void)snprintf(why, size, "%s: %s", path, strerror(errno));
	return -EXF_E_IO;
}

int content_file_read(const char *path, struct buf *ret, char *ret_why, size_t why_size)
{
	char part[16384];
	ssize_t n = -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && (n = read(fd, part, sizeof(part))) != 0 && !ret->full) {
		if (n > 0)
			buf_add(ret, part, (size_t)n);
		else if (errno != EINTR)
			break;
	}
	int err = n < 0 ? failed(path, ret_why, why_size) : 0;
	if (fd >= 0)
		(void)close(fd);
	if (!err && ret->full) {
		(void)snprintf(ret_why, why_size, "%s: is too large, at most %zu MiB are read",
			       path, ret->max >> 20);
		err = -EXF_E_LIMIT;
	}
	return err;
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool content_key_parse(const char *text, size_t len, struct content_key *ret)
{
	size_t at = 0;
	while (len && is_blank(text[len - 1]))
		len--;
	while (at < len && is_blank(text[at]))
		at++;
	if (len - at != 2 * sizeof(ret->bytes))
		return false;
	for (size_t i = 0; i < sizeof(ret->bytes); i++) {
		int high = nibble(text[at + 2 * i]), low = nibble(text[at + 2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		ret->bytes[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

void content_key_print(const struct content_key *key, char ret[33])
{
	for (size_t i = 0; i < sizeof(key->bytes); i++)
		(void)snprintf(ret + 2 * i, 3, "%02x", key->bytes[i]);
}

int content_key_read(const char *path, struct content_key *ret, char *ret_why, size_t why_size)
{
	struct buf text;
	buf_init(&text, 4096);
	int err = content_file_read(path, &text, ret_why, why_size);
	if (!err && !content_key_parse(text.data, text.len, ret)) {
		(void)snprintf(ret_why, why_size,
			       "%s: holds no key, which is 32 hexadecimal digits", path);
		err = -EXF_E_FORMAT;
	}
	if (text.data)
		explicit_bzero(text.data, text.len);
	buf_deinit(&text);
	return err;
}

/* The service reads it as a member of that group. */
static void give_to_group(int fd, const char *path)
{
	char copy[PATH_MAX];
	struct stat folder;
	(void)snprintf(copy, sizeof(copy), "%s", path);
	if (geteuid() != 0 || stat(dirname(copy), &folder) != 0)
		return;
	int done = fchown(fd, (uid_t)-1, folder.st_gid);
	(void)done;
}

int set_file_write(const char *path, bool is_new, const void *data, size_t len, char *ret_why,
		   size_t why_size)
{
	char fresh[PATH_MAX];
	int n = snprintf(fresh, sizeof(fresh), "%s%s", path, is_new ? "" : ".new");
	if (n < 0 || (size_t)n >= sizeof(fresh)) {
		errno = ENAMETOOLONG;
		return failed(path, ret_why, why_size);
	}
	int fd = open(fresh, O_WRONLY | O_CREAT | O_CLOEXEC | (is_new ? O_EXCL : O_TRUNC), 0640);
	if (fd < 0)
		return failed(fresh, ret_why, why_size);
	give_to_group(fd, path);
	bool is_written = fd_write_all(fd, data, len) && fsync(fd) == 0;
	int err = is_written ? 0 : failed(fresh, ret_why, why_size);
	(void)close(fd);
	if (!err && !is_new && rename(fresh, path) != 0)
		err = failed(path, ret_why, why_size);
	if (err)
		(void)unlink(fresh);
	return err;
}
