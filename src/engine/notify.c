/*
 * engine/notify.c - see notify.h.
 */
#include "notify.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "wire.h"

static int relay_fd = -1;

void notify_through(int fd)
{
	relay_fd = fd;
}

static void relay(enum wire_word word, uint64_t steady_us, const char *text)
{
	struct wire_notify n;
	memset(&n, 0, sizeof(n));
	n.word = (uint32_t)word;
	n.steady_us = steady_us;
	(void)snprintf(n.text, sizeof(n.text), "%s", text);
	(void)wire_send(relay_fd, WIRE_NOTIFY, &n, sizeof(n), NULL, 0);
}

static void say(const char *text)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t len = path ? strlen(path) : 0;
	if (!len || len >= sizeof(to.sun_path) || (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(to.sun_path, path, len);
	if (path[0] == '@')
		to.sun_path[0] = '\0';
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	(void)sendto(fd, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *)&to,
		     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	(void)close(fd);
}

void notify_ready(void)
{
	if (relay_fd >= 0)
		relay(WIRE_READY, 0, "");
	else
		say("READY=1\nSTATUS=listening");
}

void notify_reloading(uint64_t steady_us)
{
	char text[128];
	if (relay_fd >= 0) {
		relay(WIRE_RELOADING, steady_us, "");
		return;
	}
	(void)snprintf(text, sizeof(text),
		       "RELOADING=1\nMONOTONIC_USEC=%llu\nSTATUS=reading the configuration again",
		       (unsigned long long)steady_us);
	say(text);
}

void notify_alive(const char *status, ...)
{
	char text[512] = "WATCHDOG=1\nSTATUS=";
	size_t len = strlen(text);
	va_list ap;
	va_start(ap, status);
	(void)vsnprintf(text + len, sizeof(text) - len, status, ap);
	va_end(ap);
	if (relay_fd >= 0)
		relay(WIRE_ALIVE, 0, text + len);
	else
		say(text);
}

void notify_stopping(void)
{
	say("STOPPING=1\nSTATUS=analysing what has come");
}
