/*
 * support/enemy.c - SOCKET COUNT: what a daemon that was taken over may send to the responder, as
 * the user that the daemon runs as: random bytes, random requests, requests that are nearly right,
 * all for hosts that must never be cut off and for others.  Prints what came of them.
 */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "exfild/responder/request.h"

static uint64_t seed = 1;

static uint32_t any(void)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(seed >> 33);
}

static void fill(void *data, size_t len)
{
	uint8_t *bytes = data;
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)any();
}

static struct ipaddr target(void)
{
	static const char *const protected[] = { "10.71.1.1",   "10.71.2.1",   "127.0.0.1",
						 "10.71.2.250", "10.71.2.251", "0.0.0.0" };
	struct ipaddr a = { .u = { .q = { 0, 0 } } };
	if (any() % 4 == 0) {
		(void)!ipaddr_parse(protected[any() % 6], &a);
		return a;
	}
	uint8_t bytes[4] = { 10, 71, 2, (uint8_t)any() };
	return ipaddr_v4(bytes);
}

static void make(struct quarantine_request *r)
{
	quarantine_prepare(r, (enum quarantine_op)(1 + any() % (QUARANTINE_OP__COUNT - 1)));
	r->kind = (uint8_t)(any() % QUARANTINE_KIND__COUNT);
	r->host = target();
	if (r->kind == QUARANTINE_PAIR)
		r->peer = target();
	r->ttl_s = any();
	r->index = any();
	(void)snprintf(r->rule, sizeof(r->rule), "dns_tunnel");
	if (any() % 8 == 0) /* nearly right: one byte is not */
		((uint8_t *)r)[any() % sizeof(*r)] ^= (uint8_t)any();
}

int main(int argc, char **argv)
{
	const struct passwd *p = getpwnam("nobody");
	unsigned long statuses[QUARANTINE_STATUS__COUNT] = { 0 }, cut = 0;
	if (argc != 3 || !p || setgid(p->pw_gid) != 0 || setuid(p->pw_uid) != 0)
		return 2;
	int fd = quarantine_connect(argv[1]);
	for (unsigned long i = 0, n = strtoul(argv[2], NULL, 10); i < n; i++) {
		struct quarantine_request r;
		struct quarantine_answer a;
		uint8_t noise[2048];
		if (fd < 0)
			fd = quarantine_connect(argv[1]);
		if (fd < 0)
			return 1;
		if (any() % 16 == 0) {
			size_t len = 1 + any() % (sizeof(noise) - 1);
			fill(noise, len);
			if (send(fd, noise, len, MSG_NOSIGNAL) < 0 ||
			    recv(fd, &a, sizeof(a), 0) != (ssize_t)sizeof(a)) {
				(void)close(fd);
				fd = -1;
				cut++;
			}
			continue;
		}
		make(&r);
		if (quarantine_call(fd, &r, &a)) {
			(void)close(fd);
			fd = -1;
			cut++;
		} else if (a.status < QUARANTINE_STATUS__COUNT) {
			statuses[a.status]++;
		}
	}
	for (unsigned i = 0; i < QUARANTINE_STATUS__COUNT; i++)
		(void)printf("%s %lu%s", quarantine_status_name(i), statuses[i],
			     i + 1 < QUARANTINE_STATUS__COUNT ? ", " : "");
	(void)printf("; cut %lu times\n", cut);
	return 0;
}
