/*
 * sandbox/capture.c - what capture gives up.  It takes apart what anybody may send: it keeps its
 * memory, its threads, the time, and the descriptors that it was given.
 *
 * A packet socket that is open can send as well as receive, without any capability.  So it writes
 * to the descriptors of a list and to no other, by their numbers; those it can never close, and all
 * numbers below the highest of them are taken: what it is given later, packet sockets, lies above.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "steps.h"

#define OOM_PATH "/proc/self/oom_score_adj"
#define OOM_MORE 300 /* of 1000: where memory is short it goes before core */
#define OOM_MOST 1000

static int highest_of(const struct sandbox_capture *s)
{
	int highest = STDERR_FILENO;
	for (size_t i = 0; i < s->write_count; i++)
		highest = s->writes[i] > highest ? s->writes[i] : highest;
	for (size_t i = 0; i < s->keep_count; i++)
		highest = s->keeps[i] > highest ? s->keeps[i] : highest;
	return highest;
}

/* The next descriptor that is opened lies above. */
static int fill_gaps(int highest)
{
	int fd;
	while ((fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0 && fd < highest)
		;
	return fd < 0 ? -1 : close(fd);
}

/* May fail, where /proc cannot be written to: then both are equally near to their end.  The file is
 * root's as long as the process is hidden. */
static void go_first(void)
{
	char text[16] = "";
	(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	int fd = open(OOM_PATH, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	if (read(fd, text, sizeof(text) - 1) > 0) {
		long score = strtol(text, NULL, 10) + OOM_MORE;
		int len = snprintf(text, sizeof(text), "%ld", score > OOM_MOST ? OOM_MOST : score);
		ssize_t done = pwrite(fd, text, (size_t)len, 0);
		(void)done;
	}
	(void)close(fd);
}

int sandbox_enter_capture(struct sandbox_capture *s, char *ret_why, size_t why_size)
{
	int highest = highest_of(s);
	/* 1. what it is given later never has a number that it may write to */
	if (fill_gaps(highest) != 0)
		return step_failed("descriptors", ret_why, why_size);
	/* 2. where memory is short it goes, and what it has told stays */
	go_first();
	/* 3. nothing of its memory is ever written to a disk */
	if (forbid_core_dumps() != 0)
		return step_failed("core dumps", ret_why, why_size);
	/* 4. a user that owns nothing */
	if (s->user && sandbox_become(s->user) != 0)
		return step_failed("user", ret_why, why_size);
	/* 5. no capability at all */
	if (keep_capabilities(NULL, 0) != 0)
		return step_failed("capabilities", ret_why, why_size);
	/* 6. nobody of the same user looks into it */
	if (hide_memory() != 0)
		return step_failed("prctl", ret_why, why_size);
	/* 7. setuid files mean nothing to it */
	if (forbid_new_privileges() != 0)
		return step_failed("no new privileges", ret_why, why_size);
	/* 8. no path, no port, no socket by name, no signal to others */
	s->landlock = landlock_close_all();
	if (s->landlock < 0)
		return step_failed("Landlock", ret_why, why_size);
	/* 9. memory, threads, time, and what was listed */
	if (filter_load_capture(s, highest) != 0)
		return step_failed("seccomp", ret_why, why_size);
	return 0;
}
