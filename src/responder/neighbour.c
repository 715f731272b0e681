/*
 * responder/neighbour.c - see neighbour.h.
 */
#include "neighbour.h"

#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DATAGRAM (64u << 10)

/* One RTM_NEWNEIGH; false: not one that is of use. */
static bool parse_one(const uint8_t *data, size_t len, struct neighbour *ret)
{
	struct ndmsg head;
	bool has_address = false, has_mac = false;
	if (len < sizeof(head))
		return false;
	memcpy(&head, data, sizeof(head));
	if (!(head.ndm_state & (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT)))
		return false;
	size_t at = NLMSG_ALIGN(sizeof(head));
	while (at < len && len - at >= sizeof(struct rtattr)) {
		struct rtattr a;
		memcpy(&a, data + at, sizeof(a));
		if (a.rta_len < sizeof(a) || a.rta_len > len - at)
			return false;
		const uint8_t *value = data + at + sizeof(a);
		size_t size = a.rta_len - sizeof(a);
		if (a.rta_type == NDA_DST && (size == 4 || size == 16)) {
			ret->address = size == 4 ? ipaddr_v4(value) : ipaddr_v6(value);
			has_address = true;
		} else if (a.rta_type == NDA_LLADDR && size == sizeof(ret->mac)) {
			memcpy(ret->mac, value, size);
			has_mac = true;
		}
		at += RTA_ALIGN(a.rta_len);
	}
	return has_address && has_mac;
}

size_t neighbour_parse(const void *data, size_t len, struct neighbour *dst, size_t count,
		       size_t most, bool *ret_done)
{
	const uint8_t *bytes = data;
	size_t at = 0;
	*ret_done = false;
	while (at < len && len - at >= sizeof(struct nlmsghdr)) {
		struct nlmsghdr h;
		memcpy(&h, bytes + at, sizeof(h));
		if (h.nlmsg_len < sizeof(h) || h.nlmsg_len > len - at ||
		    h.nlmsg_type == NLMSG_DONE || h.nlmsg_type == NLMSG_ERROR) {
			*ret_done = true;
			return count;
		}
		if (h.nlmsg_type == RTM_NEWNEIGH && count < most) {
			struct neighbour n = { .pad = { 0 } };
			if (parse_one(bytes + at + NLMSG_HDRLEN, h.nlmsg_len - NLMSG_HDRLEN, &n))
				dst[count++] = n;
		}
		at += NLMSG_ALIGN(h.nlmsg_len);
	}
	return count;
}

size_t neighbour_read(struct neighbour *dst, size_t most)
{
	static uint8_t data[DATAGRAM]; /* one owner */
	struct {
		struct nlmsghdr h;
		struct ndmsg n;
	} ask = { .h = { .nlmsg_len = sizeof(ask),
			 .nlmsg_type = RTM_GETNEIGH,
			 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		  .n = { .ndm_family = AF_UNSPEC } };
	struct timeval patience = { .tv_sec = 1 };
	size_t count = 0;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0)
		return 0;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	bool is_done = send(fd, &ask, sizeof(ask), 0) != (ssize_t)sizeof(ask);
	while (!is_done) {
		ssize_t n = recv(fd, data, sizeof(data), 0);
		if (n <= 0)
			break;
		count = neighbour_parse(data, (size_t)n, dst, count, most, &is_done);
	}
	(void)close(fd);
	return count;
}

void neighbour_names(const struct neighbour *list, size_t count, const struct never *never,
		     const struct ipaddr *host, const uint8_t *known, struct host_names *ret)
{
	/* the lowest bit marks a group, all zeros no Ethernet */
	static const uint8_t none[6];
	const uint8_t *mac = known;
	size_t v4 = 0;
	*ret = (struct host_names){ .has_mac = false };
	for (size_t i = 0; i < count; i++)
		if (ipaddr_equal(&list[i].address, host)) {
			mac = list[i].mac;
			break;
		}
	if (!mac || (mac[0] & 1) || memcmp(mac, none, 6) == 0)
		return;
	for (size_t i = 0; i < count; i++) {
		const struct ipaddr *a = &list[i].address;
		if (memcmp(list[i].mac, mac, 6) != 0)
			continue;
		v4 += ipaddr_is_v4(a);
		bool is_local = ipaddr_is_link_local(a);
		if ((!is_local && never_why(never, a)) || v4 > NEIGHBOUR_V4) {
			*ret = (struct host_names){ .has_mac = false };
			return;
		}
		if (!is_local && !ipaddr_equal(a, host) && ret->count < HOST_ADDRESSES)
			ret->addresses[ret->count++] = *a;
	}
	memcpy(ret->mac, mac, 6);
	ret->has_mac = true;
}
