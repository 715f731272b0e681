/*
 * unit/bus/redis_server.h - a Redis of one's own for a test.
 *
 * What: starts redis-server on a socket in a new folder and ends exactly that process.  A test that
 * finds none installed is skipped with a message.
 */
#ifndef TESTS_UNIT_BUS_REDIS_SERVER_H
#define TESTS_UNIT_BUS_REDIS_SERVER_H

#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "exfild/bus/redis.h"

struct redis_server {
	pid_t pid; /* 0: not running */
	char folder[64], socket[96], url[128];
};

static inline void server_pause(void)
{
	const struct timespec t = { .tv_nsec = 20000000 };
	nanosleep(&t, NULL);
}

static inline bool server_is_installed(void)
{
	bool found = system("command -v redis-server >/dev/null 2>&1") == 0;
	if (!found)
		print_message("skipped: redis-server is not installed\n");
	return found;
}

/* Starts it (again) at its socket; password NULL: none asked for. */
static inline void server_start(struct redis_server *s, const char *password)
{
	char why[256];
	struct redis_conn *c = NULL;
	struct redis_options o = { .url = s->url, .password = password, .timeout_ms = 2000 };

	s->pid = fork();
	assert_true(s->pid >= 0);
	if (s->pid == 0) {
		const char *argv[] = { "redis-server",
				       "--port",
				       "0",
				       "--unixsocket",
				       s->socket,
				       "--save",
				       "",
				       "--appendonly",
				       "no",
				       "--dir",
				       s->folder,
				       "--logfile",
				       "log",
				       "--daemonize",
				       "no",
				       "--io-threads",
				       "1",
				       password ? "--requirepass" : NULL,
				       password,
				       NULL };
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	for (int i = 0; i < 500; i++) {
		if (redis_connect(&o, &c, why, sizeof(why)) == 0) {
			redis_close(c);
			return;
		}
		server_pause();
	}
	fail_msg("redis-server did not start: %s", why);
}

static inline void server_prepare(struct redis_server *s)
{
	memset(s, 0, sizeof(*s));
	snprintf(s->folder, sizeof(s->folder), "/tmp/exfild-test-XXXXXX");
	assert_non_null(mkdtemp(s->folder));
	snprintf(s->socket, sizeof(s->socket), "%s/redis.sock", s->folder);
	snprintf(s->url, sizeof(s->url), "unix://%s", s->socket);
}

static inline void server_kill(struct redis_server *s)
{
	if (s->pid > 0) {
		kill(s->pid, SIGKILL);
		waitpid(s->pid, NULL, 0);
	}
	s->pid = 0;
}

static inline void server_remove(struct redis_server *s)
{
	char path[400];
	struct dirent *e;
	DIR *d;

	server_kill(s);
	d = opendir(s->folder);
	while (d && (e = readdir(d))) {
		snprintf(path, sizeof(path), "%s/%s", s->folder, e->d_name);
		if (e->d_name[0] != '.')
			unlink(path);
	}
	if (d)
		closedir(d);
	rmdir(s->folder);
}

struct server_answer {
	int64_t integer;
	char error[160];
};

static inline void server_on_answer(void *arg, size_t i, int64_t integer, const char *error)
{
	struct server_answer *a = arg;
	(void)i;
	a->integer = integer;
	snprintf(a->error, sizeof(a->error), "%s", error ? error : "");
}

/* One command of words parted by spaces; its integer, or -1. Fails the test when it errs. */
static inline int64_t server_ask(const struct redis_server *s, const char *password,
				 const char *line)
{
	char copy[512], why[256], *save = NULL;
	const char *argv[REDIS_ARGS_MAX];
	size_t lens[REDIS_ARGS_MAX], n = 0;
	struct server_answer a = { 0 };
	struct redis_conn *c = NULL;
	struct redis_options o = { .url = s->url, .password = password };

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		argv[n] = word;
		lens[n++] = strlen(word);
	}
	if (redis_connect(&o, &c, why, sizeof(why)) < 0)
		fail_msg("%s", why);
	assert_int_equal(redis_send(c, n, argv, lens), 0);
	assert_int_equal(redis_flush(c, server_on_answer, &a, why, sizeof(why)), 0);
	redis_close(c);
	if (a.error[0])
		fail_msg("%s: %s", line, a.error);
	return a.integer;
}

#endif
