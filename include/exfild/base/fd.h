/*
 * base/fd.h - descriptors: what the system's own calls leave to their callers.
 *
 * Threads: any.
 */
#ifndef EXFILD_BASE_FD_H
#define EXFILD_BASE_FD_H

#include <stdbool.h>
#include <stddef.h>

/* All of it, however often the call is interrupted or cut short; false: errno says why. */
bool fd_write_all(int fd, const void *data, size_t len);

#endif
