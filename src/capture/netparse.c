/*
 * What rtnetlink's datagrams say.  They come from the kernel; every length is checked all the same,
 * since a socket is a socket.
 */
#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "network.h"

#define ALIGN4(n) (((n) + 3u) & ~3u)

struct attribute {
	uint16_t type;
	const uint8_t *data;
	size_t len;
};

struct bytes {
	const uint8_t *at;
	size_t left;
};

/* The next attribute; false at the end or where a length is wrong. */
static bool next_attribute(struct bytes *b, struct attribute *ret)
{
	struct rtattr head;
	if (b->left < sizeof(head))
		return false;
	memcpy(&head, b->at, sizeof(head));
	if (head.rta_len < sizeof(head) || head.rta_len > b->left)
		return false;
	ret->type = (uint16_t)(head.rta_type & 0x3fffu); /* without NLA_F_NESTED and its like */
	ret->data = b->at + sizeof(head);
	ret->len = head.rta_len - sizeof(head);
	size_t step = ALIGN4(head.rta_len);
	if (step > b->left)
		step = b->left;
	b->at += step;
	b->left -= step;
	return true;
}

/* Takes `size` bytes off the front. */
static bool take_head(struct bytes *b, void *dst, size_t size)
{
	size_t step = ALIGN4(size) < b->left ? ALIGN4(size) : b->left;
	if (b->left < size)
		return false;
	memcpy(dst, b->at, size);
	b->at += step;
	b->left -= step;
	return true;
}

static uint32_t number_of(const struct attribute *a)
{
	uint32_t n = 0;
	if (a->len >= sizeof(n))
		memcpy(&n, a->data, sizeof(n));
	return n;
}

static void text_of(const struct attribute *a, char *dst)
{
	size_t len = strnlen((const char *)a->data, a->len);
	if (len >= NETWORK_NAME)
		len = NETWORK_NAME - 1;
	memcpy(dst, a->data, len);
	dst[len] = '\0';
}

static bool address_of(const struct attribute *a, int family, struct ipaddr *ret)
{
	if (family == AF_INET && a->len == 4)
		*ret = ipaddr_v4(a->data);
	else if (family == AF_INET6 && a->len == 16)
		*ret = ipaddr_v6(a->data);
	else
		return false;
	return true;
}

static bool make_prefix(struct ipaddr address, int family, uint8_t bits, struct prefix *ret)
{
	if (bits > (family == AF_INET ? 32 : 128))
		return false;
	ret->bits = (uint8_t)(family == AF_INET ? 96 + bits : bits);
	for (unsigned i = 0; i < 16; i++) {
		unsigned kept = ret->bits >= 8 * (i + 1) ? 8 :
				ret->bits > 8 * i        ? ret->bits - 8 * i :
							   0;
		address.u.b[i] = (uint8_t)(address.u.b[i] & (0xff00u >> kept));
	}
	ret->addr = address;
	return true;
}

/* A zeroed item more, or NULL. */
static void *add(void *list_at, size_t *count, size_t *room, size_t size, size_t most)
{
	void *list;
	memcpy(&list, list_at, sizeof(list));
	if (*count == *room) {
		size_t more = *room ? *room * 2 : 32;
		void *grown = *count < most ? realloc(list, more * size) : NULL;
		if (!grown)
			return NULL;
		list = grown;
		memcpy(list_at, &list, sizeof(list));
		*room = more;
	}
	if (*count >= most)
		return NULL;
	void *item = (uint8_t *)list + *count * size;
	memset(item, 0, size);
	(*count)++;
	return item;
}

static void take_kind(const struct attribute *info, struct net_link *l)
{
	struct bytes b = { info->data, info->len };
	struct attribute a;
	while (next_attribute(&b, &a))
		if (a.type == IFLA_INFO_KIND)
			text_of(&a, l->kind);
}

static bool take_link(struct network_state *s, struct bytes b)
{
	struct ifinfomsg head;
	struct attribute a;
	bool is_elsewhere = false;
	if (!take_head(&b, &head, sizeof(head)) || head.ifi_index <= 0)
		return false;
	struct net_link *l =
		add(&s->links, &s->link_count, &s->link_room, sizeof(*l), NETWORK_LINKS);
	if (!l)
		return false;
	l->index = (uint32_t)head.ifi_index;
	l->is_up = (head.ifi_flags & IFF_UP) != 0;
	l->is_loopback = (head.ifi_flags & IFF_LOOPBACK) != 0;
	while (next_attribute(&b, &a)) {
		if (a.type == IFLA_IFNAME)
			text_of(&a, l->name);
		else if (a.type == IFLA_MASTER)
			l->master = number_of(&a);
		else if (a.type == IFLA_LINK)
			l->parent = number_of(&a);
		else if (a.type == IFLA_LINK_NETNSID)
			is_elsewhere = true;
		else if (a.type == IFLA_LINKINFO)
			take_kind(&a, l);
	}
	if (is_elsewhere || l->parent == l->index)
		l->parent = 0;
	return true;
}

static bool take_address(struct network_state *s, struct bytes b)
{
	struct ifaddrmsg head;
	struct attribute a;
	struct ipaddr local, other;
	bool has_local = false, has_other = false;
	if (!take_head(&b, &head, sizeof(head)))
		return false;
	while (next_attribute(&b, &a)) {
		if (a.type == IFA_LOCAL)
			has_local = address_of(&a, head.ifa_family, &local);
		else if (a.type == IFA_ADDRESS)
			has_other = address_of(&a, head.ifa_family, &other);
	}
	struct prefix p;
	if (!has_local && !has_other)
		return false;
	if (!make_prefix(has_other ? other : local, head.ifa_family, head.ifa_prefixlen, &p))
		return false;
	struct net_address *n = add(&s->addresses, &s->address_count, &s->address_room, sizeof(*n),
				    NETWORK_ADDRESSES);
	if (!n)
		return false;
	n->index = head.ifa_index;
	n->address = has_local ? local : other;
	n->prefix = p;
	return true;
}

static bool add_route(struct network_state *s, uint32_t index, const struct prefix *p)
{
	struct net_route *r =
		add(&s->routes, &s->route_count, &s->route_room, sizeof(*r), NETWORK_ROUTES);
	if (!r)
		return false;
	*r = (struct net_route){ index, *p };
	return true;
}

static bool take_next_hops(struct network_state *s, const struct attribute *a,
			   const struct prefix *p)
{
	struct bytes b = { a->data, a->len };
	while (b.left >= sizeof(struct rtnexthop)) {
		struct rtnexthop hop;
		memcpy(&hop, b.at, sizeof(hop));
		if (hop.rtnh_len < sizeof(hop) || hop.rtnh_len > b.left)
			return false;
		if (hop.rtnh_ifindex > 0 && !add_route(s, (uint32_t)hop.rtnh_ifindex, p))
			return false;
		size_t step = ALIGN4(hop.rtnh_len);
		step = step > b.left ? b.left : step;
		b.at += step;
		b.left -= step;
	}
	return true;
}

static bool take_route(struct network_state *s, struct bytes b)
{
	struct rtmsg head;
	struct attribute a, hops = { 0 };
	struct ipaddr to = { 0 };
	uint32_t index = 0, table;
	if (!take_head(&b, &head, sizeof(head)))
		return false;
	table = head.rtm_table;
	if (head.rtm_family != AF_INET && head.rtm_family != AF_INET6)
		return true;
	if (head.rtm_family == AF_INET)
		to = ipaddr_v4((const uint8_t[4]){ 0 });
	while (next_attribute(&b, &a)) {
		if (a.type == RTA_DST && !address_of(&a, head.rtm_family, &to))
			return false;
		if (a.type == RTA_OIF)
			index = number_of(&a);
		else if (a.type == RTA_TABLE)
			table = number_of(&a);
		else if (a.type == RTA_MULTIPATH)
			hops = a;
	}
	if (table == RT_TABLE_LOCAL || head.rtm_type != RTN_UNICAST ||
	    (head.rtm_flags & RTM_F_CLONED))
		return true;
	struct prefix p;
	if (!make_prefix(to, head.rtm_family, head.rtm_dst_len, &p))
		return false;
	if (hops.data)
		return take_next_hops(s, &hops, &p);
	return !index || add_route(s, index, &p);
}

enum network_end network_parse(struct network_state *s, const void *data, size_t len)
{
	struct bytes b = { data, len };
	while (b.left >= sizeof(struct nlmsghdr)) {
		struct nlmsghdr head;
		bool ok = true;
		memcpy(&head, b.at, sizeof(head));
		if (head.nlmsg_len < sizeof(head) || head.nlmsg_len > b.left) {
			s->refused++;
			return NETWORK_FAILED;
		}
		struct bytes body = { b.at + sizeof(head), head.nlmsg_len - sizeof(head) };
		switch (head.nlmsg_type) {
		case NLMSG_DONE:
			return NETWORK_DONE;
		case NLMSG_ERROR:
			return NETWORK_FAILED;
		case RTM_NEWLINK:
			ok = take_link(s, body);
			break;
		case RTM_NEWADDR:
			ok = take_address(s, body);
			break;
		case RTM_NEWROUTE:
			ok = take_route(s, body);
			break;
		default:
			break;
		}
		s->refused += !ok;
		size_t step = ALIGN4((size_t)head.nlmsg_len);
		step = step > b.left ? b.left : step;
		b.at += step;
		b.left -= step;
	}
	return NETWORK_MORE;
}

void network_state_deinit(struct network_state *s)
{
	free(s->links);
	free(s->addresses);
	free(s->routes);
	*s = (struct network_state){ 0 };
}

bool network_is_own(const struct network_state *s, const struct ipaddr *a)
{
	for (size_t i = 0; i < s->address_count; i++)
		if (ipaddr_equal(&s->addresses[i].address, a))
			return true;
	return false;
}

const struct net_link *network_link(const struct network_state *s, uint32_t index)
{
	for (size_t i = 0; i < s->link_count; i++)
		if (s->links[i].index == index)
			return &s->links[i];
	return NULL;
}
