/*
 * clockshift.c - a wall clock that is set while a program runs.
 *
 * Loaded before a program (LD_PRELOAD): adds to CLOCK_REALTIME the seconds that the file of
 * $CLOCKSHIFT begins with, a 64-bit number in memory, which a test changes.  The file is mapped
 * before the program gives up its power.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

typedef int (*clock_fn)(clockid_t, struct timespec *);

static const volatile int64_t *shift_s;
static clock_fn real_clock;

static void __attribute__((constructor)) begin(void)
{
	const char *path = getenv("CLOCKSHIFT");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *at = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*shift_s), PROT_READ, MAP_SHARED, fd, 0);
	real_clock = (clock_fn)(uintptr_t)dlsym(RTLD_NEXT, "clock_gettime");
	if (at != MAP_FAILED)
		shift_s = at;
	if (fd >= 0)
		(void)close(fd);
}

__attribute__((visibility("default"))) int clock_gettime(clockid_t which, struct timespec *ret)
{
	int err = real_clock(which, ret);
	if (!err && which == CLOCK_REALTIME && shift_s)
		ret->tv_sec += (time_t)*shift_s;
	return err;
}
