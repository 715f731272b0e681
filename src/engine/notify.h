/*
 * engine/notify.h - words to the service manager (sd_notify(3)), without its library.
 *
 * What: datagrams to the socket that NOTIFY_SOCKET names; nothing without it.  The manager listens
 * to the first process only, so the others have it say what they say.
 * Threads: any.
 */
#ifndef EXFILD_SRC_ENGINE_NOTIFY_H
#define EXFILD_SRC_ENGINE_NOTIFY_H

#include <stdint.h>

/* Before any thread: words go as records (wire.h) to the parent. */
void notify_through(int fd);
void notify_ready(void);
/* A reload has begun, at this many microseconds of the monotonic clock; notify_ready() ends it. */
void notify_reloading(uint64_t steady_us);
/* The loop turns: keeps the watchdog quiet and shows a status line. */
void notify_alive(const char *status, ...) __attribute__((format(printf, 1, 2)));
void notify_stopping(void);

#endif
