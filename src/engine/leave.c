/*
 * engine/leave.c - see leave.h.
 */
#include "leave.h"

#include <dirent.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct end {
	struct ipaddr ip;
	uint16_t port;
};

struct pair {
	struct end here, there;
};

struct leave {
	struct live *live;
	struct twice *twice;
	struct end peers[LEAVE_PEERS]; /* of the configuration */
	size_t peer_count;
	struct pair sockets[LEAVE_SOCKETS]; /* that this process has */
	size_t socket_count;
	uint64_t own, seen_twice;
};

static bool end_of(const struct sockaddr_storage *a, struct end *ret)
{
	if (a->ss_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)a;
		uint8_t bytes[4];
		memcpy(bytes, &in->sin_addr, 4);
		*ret = (struct end){ ipaddr_v4(bytes), ntohs(in->sin_port) };
		return true;
	}
	if (a->ss_family == AF_INET6) {
		const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)(const void *)a;
		*ret = (struct end){ ipaddr_v6(in->sin6_addr.s6_addr), ntohs(in->sin6_port) };
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

static void find_peers(struct leave *l, const char *url)
{
	char host[256], port[8];
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	if (!split_url(url, host, sizeof(host), port, sizeof(port)) ||
	    getaddrinfo(host, port, &hints, &list) != 0)
		return;
	for (const struct addrinfo *i = list; i && l->peer_count < LEAVE_PEERS; i = i->ai_next) {
		struct sockaddr_storage a = { 0 };
		memcpy(&a, i->ai_addr, i->ai_addrlen < sizeof(a) ? i->ai_addrlen : sizeof(a));
		l->peer_count += end_of(&a, &l->peers[l->peer_count]);
	}
	freeaddrinfo(list);
}

struct leave *leave_new(struct live *live, const char *peer_url, const struct hash_key *key)
{
	struct leave *l = calloc(1, sizeof(*l));
	if (!l)
		return NULL;
	l->live = live;
	l->twice = twice_new(key);
	if (!l->twice) {
		free(l);
		return NULL;
	}
	find_peers(l, peer_url);
	leave_refresh(l);
	return l;
}

void leave_free(struct leave *l)
{
	if (!l)
		return;
	twice_free(l->twice);
	free(l);
}

static bool socket_pair(int fd, struct pair *ret)
{
	struct sockaddr_storage a = { 0 };
	socklen_t len = sizeof(a);
	if (getsockname(fd, (struct sockaddr *)&a, &len) != 0 || !end_of(&a, &ret->here))
		return false;
	len = sizeof(a);
	return getpeername(fd, (struct sockaddr *)&a, &len) == 0 && end_of(&a, &ret->there);
}

void leave_refresh(struct leave *l)
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;
	if (!dir)
		return;
	l->socket_count = 0;
	while ((entry = readdir(dir)) != NULL && l->socket_count < LEAVE_SOCKETS) {
		char *end;
		long fd = strtol(entry->d_name, &end, 10);
		if (end != entry->d_name && *end == '\0')
			l->socket_count += socket_pair((int)fd, &l->sockets[l->socket_count]);
	}
	(void)closedir(dir);
}

static bool is_end(const struct end *e, const struct ipaddr *ip, uint16_t port)
{
	return e->port == port && ipaddr_equal(&e->ip, ip);
}

static bool is_own(const struct leave *l, const struct packet *p)
{
	for (size_t i = 0; i < l->peer_count; i++) {
		const struct end *e = &l->peers[i];
		if ((is_end(e, &p->dst, p->dport) && live_is_own(l->live, &p->src)) ||
		    (is_end(e, &p->src, p->sport) && live_is_own(l->live, &p->dst)))
			return true;
	}
	for (size_t i = 0; i < l->socket_count; i++) {
		const struct pair *s = &l->sockets[i];
		if ((is_end(&s->here, &p->src, p->sport) && is_end(&s->there, &p->dst, p->dport)) ||
		    (is_end(&s->here, &p->dst, p->dport) && is_end(&s->there, &p->src, p->sport)))
			return true;
	}
	return false;
}

bool leave_packet(struct leave *l, uint32_t input, const struct packet *p)
{
	if ((p->proto == PROTO_TCP || p->proto == PROTO_UDP) && is_own(l, p)) {
		l->own++;
		return true;
	}
	if (live_count(l->live) > 1 && twice_seen(l->twice, input, p)) {
		l->seen_twice++;
		return true;
	}
	return false;
}

void leave_counts(const struct leave *l, uint64_t *ret_own, uint64_t *ret_twice)
{
	*ret_own = l->own;
	*ret_twice = l->seen_twice;
}
