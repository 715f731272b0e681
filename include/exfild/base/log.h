/*
 * base/log.h - messages for the operator.
 *
 * What: one line, one fact, on standard error; the first argument names the module.
 * warn and error append errno's text, warnx and errorx do not.  Whatever a packet can trigger
 * is a counter, never a log line.
 * Threads: any.
 */
#ifndef EXFILD_BASE_LOG_H
#define EXFILD_BASE_LOG_H

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

typedef void (*log_sink_fn)(void *arg, enum log_level level, const char *line);

void log_set_level(enum log_level level);
enum log_level log_level(void);
/* Takes the lines over (tests); NULL restores standard error. */
void log_set_sink(log_sink_fn sink, void *arg);

void log_error(const char *token, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_errorx(const char *token, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_warn(const char *token, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_warnx(const char *token, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_info(const char *token, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_debug(const char *token, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
