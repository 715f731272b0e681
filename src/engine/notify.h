/*
 * engine/notify.h - words to the service manager (sd_notify(3)), without its library.
 *
 * What: datagrams to the socket that NOTIFY_SOCKET names; nothing without it.
 * Threads: any.
 */
#ifndef EXFILD_SRC_ENGINE_NOTIFY_H
#define EXFILD_SRC_ENGINE_NOTIFY_H

#include <stdint.h>

void notify_ready(void);
/* A reload has begun, at this many microseconds of the monotonic clock; notify_ready() ends it. */
void notify_reloading(uint64_t steady_us);
/* The loop turns: keeps the watchdog quiet and shows a status line. */
void notify_alive(const char *status, ...) __attribute__((format(printf, 1, 2)));
void notify_stopping(void);

#endif
