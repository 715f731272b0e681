/*
 * inspect/dhcp/v6.c - DHCP for IPv6 (RFC 8415, RFC 4704).
 *
 *   | type 1 | transaction 3 | options ... |          option: | code 2 | length 2 | value |
 *   relayed: | type 1 | hops 1 | link 16 | peer 16 | options ... |, one of which is the message
 *
 * A client is known by the link address in its identifier (DUID), where there is one.
 */
#include "exfild/base/cursor.h"
#include "lease.h"

#define RELAY_DEPTH_MAX 4
#define RELAY_HEAD_LEN  33 /* behind the type */
#define ETHERNET        1

enum type {
	DHCP6_FIRST = 1,
	DHCP6_ADVERTISE = 2,
	DHCP6_REPLY = 7,
	DHCP6_RELAY_FORWARD = 12,
	DHCP6_RELAY_REPLY = 13
};

enum option {
	OPTION_CLIENT_ID = 1,
	OPTION_IA_NA = 3,
	OPTION_IA_TA = 4,
	OPTION_IA_ADDRESS = 5,
	OPTION_RELAYED = 9,
	OPTION_VENDOR_CLASS = 16,
	OPTION_RESOLVERS = 23, /* RFC 3646 */
	OPTION_FQDN = 39,
};

enum { DUID_LINK_TIME = 1, DUID_LINK = 3 };

static void read_duid(struct dhcp_lease *lease, struct cursor c)
{
	uint16_t kind = cursor_be16(&c);
	uint16_t hardware = cursor_be16(&c);

	if (kind == DUID_LINK_TIME)
		cursor_skip(&c, 4);
	else if (kind != DUID_LINK)
		return;
	if (hardware != ETHERNET || cursor_left(&c) != sizeof(lease->mac))
		return;
	cursor_copy(&c, lease->mac, sizeof(lease->mac));
	lease->has_mac = true;
}

/* The first address of an association; `head` bytes stand before its options. */
static void read_association(struct dhcp_lease *lease, struct cursor c, size_t head)
{
	cursor_skip(&c, head);
	while (cursor_left(&c)) {
		uint16_t code = cursor_be16(&c);
		struct cursor value = cursor_sub(&c, cursor_be16(&c));
		if (!cursor_ok(&c))
			return;
		if (code != OPTION_IA_ADDRESS || !ipaddr_is_unspecified(&lease->address))
			continue;
		const uint8_t *address = cursor_take(&value, 16);
		cursor_skip(&value, 4); /* preferred */
		uint32_t valid = cursor_be32(&value);
		if (cursor_ok(&value)) {
			lease->address = ipaddr_v6(address);
			lease->seconds = valid;
		}
	}
}

static void read_vendor(struct dhcp_lease *lease, struct cursor c)
{
	cursor_skip(&c, 4); /* enterprise */
	uint16_t len = cursor_be16(&c);
	const uint8_t *data = cursor_take(&c, len);

	if (data && len) {
		lease->vendor = data;
		lease->vendor_len = len;
	}
}

/* Reads the options of a message; *ret_inner: the message that a relay carries. */
static bool read_options(struct dhcp_lease *lease, struct cursor c, struct cursor *ret_inner)
{
	while (cursor_left(&c)) {
		uint16_t code = cursor_be16(&c);
		struct cursor value = cursor_sub(&c, cursor_be16(&c));
		if (!cursor_ok(&c))
			return false;
		switch (code) {
		case OPTION_CLIENT_ID:
			read_duid(lease, value);
			break;
		case OPTION_IA_NA:
			read_association(lease, value, 12);
			break;
		case OPTION_IA_TA:
			read_association(lease, value, 4);
			break;
		case OPTION_RELAYED:
			*ret_inner = value;
			break;
		case OPTION_VENDOR_CLASS:
			read_vendor(lease, value);
			break;
		case OPTION_RESOLVERS: {
			const uint8_t *address = cursor_take(&value, 16);
			if (address)
				lease->resolver = ipaddr_v6(address);
			break;
		}
		case OPTION_FQDN:
			cursor_skip(&value, 1);
			dhcp_put_labels(lease, value.pos, cursor_left(&value));
			break;
		default:
			break;
		}
	}
	return true;
}

bool dhcp_read_v6(const uint8_t *data, uint32_t len, bool is_cut, struct dhcp_lease *ret)
{
	struct cursor c = cursor_make(data, len);
	struct dhcp_lease *lease = ret;

	for (unsigned depth = 0; depth < RELAY_DEPTH_MAX; depth++) {
		struct cursor inner = cursor_make(NULL, 0);
		memset(lease, 0, offsetof(struct dhcp_lease, name));
		lease->type = cursor_u8(&c);
		bool is_relay =
			lease->type == DHCP6_RELAY_FORWARD || lease->type == DHCP6_RELAY_REPLY;
		if (is_relay)
			cursor_skip(&c, RELAY_HEAD_LEN);
		else
			lease->transaction = cursor_be24(&c);
		if (!cursor_ok(&c) || lease->type < DHCP6_FIRST || lease->type > DHCP6_RELAY_REPLY)
			return false;
		bool good = read_options(lease, c, &inner);
		lease->is_grant = lease->type == DHCP6_REPLY;
		lease->is_answer = lease->is_grant || lease->type == DHCP6_ADVERTISE;
		if (!is_relay || !good || !inner.data)
			return good || is_cut || depth > 0;
		c = inner;
	}
	return true;
}
