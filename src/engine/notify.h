/*
 * engine/notify.h - words to the service manager (sd_notify(3)), without its library.
 *
 * What: datagrams to the socket that NOTIFY_SOCKET names; nothing without it.
 * Threads: the reader's.
 */
#ifndef EXFILD_SRC_ENGINE_NOTIFY_H
#define EXFILD_SRC_ENGINE_NOTIFY_H

void notify_ready(void);
/* The loop turns: keeps the watchdog quiet and shows a status line. */
void notify_alive(const char *status, ...) __attribute__((format(printf, 1, 2)));
void notify_stopping(void);

#endif
