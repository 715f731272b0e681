/*
 * engine/connections.c - see connections.h.
 */
#include "connections.h"

#include <dirent.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define PEERS   (sizeof(((struct wire_connections *)0)->peers) / sizeof(struct wire_end))
#define SOCKETS (sizeof(((struct wire_connections *)0)->sockets) / (2 * sizeof(struct wire_end)))

static bool end_of(const struct sockaddr_storage *a, struct wire_end *ret)
{
	if (a->ss_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)a;
		uint8_t bytes[4];
		memcpy(bytes, &in->sin_addr, 4);
		*ret = (struct wire_end){ ipaddr_v4(bytes), ntohs(in->sin_port) };
		return true;
	}
	if (a->ss_family == AF_INET6) {
		const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)(const void *)a;
		*ret = (struct wire_end){ ipaddr_v6(in->sin6_addr.s6_addr), ntohs(in->sin6_port) };
		return true;
	}
	return false;
}

/* HOST and PORT of redis://[USER[:PASSWORD]@]HOST[:PORT][/DB]. */
static bool split_url(const char *url, char *host, size_t host_size, char *port, size_t port_size)
{
	const char *at = url ? strstr(url, "://") : NULL;
	if (!at || strncmp(url, "unix", 4) == 0)
		return false;
	at += 3;
	size_t len = strcspn(at, "/?");
	for (size_t i = 0; i < len; i++) {
		if (at[i] == '@') {
			at += i + 1;
			len -= i + 1;
			i = 0;
		}
	}
	size_t host_len = at[0] == '[' ? strcspn(at, "]") : strcspn(at, ":/?");
	size_t skip = at[0] == '[';
	if (host_len > len || host_len < skip || host_len - skip >= host_size)
		return false;
	memcpy(host, at + skip, host_len - skip);
	host[host_len - skip] = '\0';
	const char *colon = memchr(at + host_len, ':', len - host_len);
	size_t port_len = colon ? len - (size_t)(colon + 1 - at) : 0;
	(void)snprintf(port, port_size, "%.*s", port_len ? (int)port_len : 4,
		       port_len ? colon + 1 : "6379");
	return true;
}

void connections_find_peers(struct wire_connections *c, const char *url)
{
	char host[256], port[8];
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	if (!split_url(url, host, sizeof(host), port, sizeof(port)) ||
	    getaddrinfo(host, port, &hints, &list) != 0)
		return;
	for (const struct addrinfo *i = list; i && c->peer_count < PEERS; i = i->ai_next) {
		struct sockaddr_storage a = { 0 };
		memcpy(&a, i->ai_addr, i->ai_addrlen < sizeof(a) ? i->ai_addrlen : sizeof(a));
		c->peer_count += end_of(&a, &c->peers[c->peer_count]);
	}
	freeaddrinfo(list);
}

static bool socket_pair(int fd, struct wire_end *here, struct wire_end *there)
{
	struct sockaddr_storage a = { 0 };
	socklen_t len = sizeof(a);
	if (getsockname(fd, (struct sockaddr *)&a, &len) != 0 || !end_of(&a, here))
		return false;
	len = sizeof(a);
	return getpeername(fd, (struct sockaddr *)&a, &len) == 0 && end_of(&a, there);
}

void connections_find_sockets(struct wire_connections *c)
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;
	if (!dir)
		return;
	c->socket_count = 0;
	while ((entry = readdir(dir)) != NULL && c->socket_count < SOCKETS) {
		char *end;
		long fd = strtol(entry->d_name, &end, 10);
		if (end != entry->d_name && *end == '\0')
			c->socket_count += socket_pair((int)fd, &c->sockets[c->socket_count].here,
						       &c->sockets[c->socket_count].there);
	}
	(void)closedir(dir);
}
