/*
 * base/fd.c - see include/exfild/base/fd.h
 */
#include "exfild/base/fd.h"

#include <errno.h>
#include <stdint.h>
#include <unistd.h>

bool fd_write_all(int fd, const void *data, size_t len)
{
	const uint8_t *at = data;
	while (len > 0) {
		ssize_t n = write(fd, at, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}
