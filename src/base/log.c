/*
 * base/log.c - see include/exfild/base/log.h
 *
 * A line is built on the stack and goes out in one write, so that threads and processes that share
 * standard error do not cut each other's lines.
 */
#include "exfild/base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1024

static atomic_int current_level = LOG_LEVEL_INFO;
static pthread_mutex_t sink_lock = PTHREAD_MUTEX_INITIALIZER;
static log_sink_fn current_sink;
static void *current_arg;

void log_set_level(enum log_level level)
{
	atomic_store_explicit(&current_level, (int)level, memory_order_relaxed);
}

enum log_level log_level(void)
{
	return (enum log_level)atomic_load_explicit(&current_level, memory_order_relaxed);
}

void log_set_sink(log_sink_fn sink, void *arg)
{
	pthread_mutex_lock(&sink_lock);
	current_sink = sink;
	current_arg = arg;
	pthread_mutex_unlock(&sink_lock);
}

static void write_stderr(enum log_level level, const char *line)
{
	static const char *const names[] = { "error", "warning", "info", "debug" };
	char text[LINE_MAX_BYTES + 16];
	int len = snprintf(text, sizeof(text), "%s: %s\n", names[level], line);
	const char *p = text;
	size_t left = len > 0 ? (size_t)len : 0;

	while (left > 0) {
		ssize_t n = write(STDERR_FILENO, p, left);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return; /* nowhere left to complain */
		p += n;
		left -= (size_t)n;
	}
}

/* A name from a file or a packet must not forge a second line. */
static void blot_controls(char *line)
{
	for (char *p = line; *p != '\0'; p++) {
		unsigned char c = (unsigned char)*p;
		if (c < 0x20 || c == 0x7f)
			*p = '?';
	}
}

static size_t append(char *line, size_t at, const char *text)
{
	int n = snprintf(line + at, LINE_MAX_BYTES - at, "%s", text);
	size_t room = LINE_MAX_BYTES - 1 - at;

	return at + (n < 0 ? 0 : (size_t)n < room ? (size_t)n : room);
}

static void emit(enum log_level level, const char *token, int error, const char *fmt, va_list ap)
	__attribute__((format(printf, 4, 0)));

/* error: the errno to name, 0 for none */
static void emit(enum log_level level, const char *token, int error, const char *fmt, va_list ap)
{
	char line[LINE_MAX_BYTES];
	char reason[128];
	int saved = errno;

	if (level > log_level())
		return;
	size_t at = append(line, 0, token);
	at = append(line, at, ": ");
	int n = vsnprintf(line + at, sizeof(line) - at, fmt, ap);
	if (n > 0)
		at += (size_t)n < sizeof(line) - at ? (size_t)n : sizeof(line) - 1 - at;
	line[at] = '\0';
	if (error != 0) {
		at = append(line, at, ": ");
		append(line, at, strerror_r(error, reason, sizeof(reason)));
	}
	blot_controls(line);
	pthread_mutex_lock(&sink_lock);
	log_sink_fn sink = current_sink;
	void *arg = current_arg;
	pthread_mutex_unlock(&sink_lock);
	if (sink)
		sink(arg, level, line);
	else
		write_stderr(level, line);
	errno = saved;
}

void log_error(const char *token, const char *fmt, ...)
{
	int error = errno;
	va_list ap;

	va_start(ap, fmt);
	emit(LOG_LEVEL_ERROR, token, error, fmt, ap);
	va_end(ap);
}

void log_errorx(const char *token, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(LOG_LEVEL_ERROR, token, 0, fmt, ap);
	va_end(ap);
}

void log_warn(const char *token, const char *fmt, ...)
{
	int error = errno;
	va_list ap;

	va_start(ap, fmt);
	emit(LOG_LEVEL_WARN, token, error, fmt, ap);
	va_end(ap);
}

void log_warnx(const char *token, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(LOG_LEVEL_WARN, token, 0, fmt, ap);
	va_end(ap);
}

void log_info(const char *token, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(LOG_LEVEL_INFO, token, 0, fmt, ap);
	va_end(ap);
}

void log_debug(const char *token, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(LOG_LEVEL_DEBUG, token, 0, fmt, ap);
	va_end(ap);
}
