/*
 * inspect/dhcp/v4.c - DHCP for IPv4 (RFC 2131, 2132, 4702).
 *
 *   | op 1 htype 1 hlen 1 hops 1 | xid 4 | secs 2 flags 2 | ciaddr 4 | yiaddr 4 | siaddr 4
 *   | giaddr 4 | chaddr 16 | sname 64 | file 128 | 63 82 53 63 | options ... |
 *   option: | code 1 | length 1 | value |; 0 is padding, 255 the end
 *
 * Options may go on in `file` and `sname` (52).
 */
#include "exfild/base/cursor.h"
#include "lease.h"

#define MAGIC         0x63825363u
#define CHADDR_LEN    16
#define SNAME_LEN     64
#define FILE_LEN      128
#define ETHERNET      1
#define FQDN_HEAD_LEN 3
#define FQDN_IS_WIRE  0x04 /* the name is in labels */

enum option {
	OPTION_PAD = 0,
	OPTION_ROUTER = 3,
	OPTION_RESOLVER = 6,
	OPTION_HOST_NAME = 12,
	OPTION_LEASE_TIME = 51,
	OPTION_OVERLOAD = 52,
	OPTION_TYPE = 53,
	OPTION_SERVER = 54,
	OPTION_VENDOR_CLASS = 60,
	OPTION_FQDN = 81,
	OPTION_PROXY = 252, /* draft-ietf-wrec-wpad-01 4.4.1 */
	OPTION_END = 255,
};

enum { OVERLOAD_FILE = 1, OVERLOAD_SNAME = 2 };

enum { BOOTREQUEST = 1, BOOTREPLY = 2 };
enum { DHCP_ACK = 5 };

static void put_name(struct dhcp_lease *lease, const uint8_t *data, size_t len)
{
	while (len > 0 && data[len - 1] == 0)
		len--;
	struct cursor c = cursor_make(data, len);
	cursor_copy(&c, lease->name, len);
	lease->name_len = (uint16_t)len;
}

/* The name in full (RFC 4702), where no host name stands. */
static void put_fqdn(struct dhcp_lease *lease, const uint8_t *data, size_t len)
{
	if (len < FQDN_HEAD_LEN || lease->name_len > 0)
		return;
	if (data[0] & FQDN_IS_WIRE)
		dhcp_put_labels(lease, data + FQDN_HEAD_LEN, len - FQDN_HEAD_LEN);
	else
		put_name(lease, data + FQDN_HEAD_LEN, len - FQDN_HEAD_LEN);
}

/* The first of a list of addresses. */
static void put_address(struct ipaddr *ret, struct cursor value)
{
	const uint8_t *address = cursor_take(&value, 4);

	if (address)
		*ret = ipaddr_v4(address);
}

static void read_option(struct dhcp_lease *lease, uint8_t code, struct cursor value,
			uint8_t *overload)
{
	size_t len = cursor_left(&value);
	const uint8_t *data = value.pos;

	switch (code) {
	case OPTION_HOST_NAME:
		put_name(lease, data, len);
		break;
	case OPTION_LEASE_TIME:
		lease->seconds = cursor_be32(&value);
		break;
	case OPTION_OVERLOAD:
		*overload |= cursor_u8(&value) & (OVERLOAD_FILE | OVERLOAD_SNAME);
		break;
	case OPTION_TYPE:
		lease->type = cursor_u8(&value);
		break;
	case OPTION_SERVER:
		put_address(&lease->server, value);
		break;
	case OPTION_ROUTER:
		put_address(&lease->router, value);
		break;
	case OPTION_RESOLVER:
		put_address(&lease->resolver, value);
		break;
	case OPTION_PROXY:
		lease->proxy = data;
		lease->proxy_len = (uint16_t)len;
		break;
	case OPTION_VENDOR_CLASS:
		lease->vendor = data;
		lease->vendor_len = (uint16_t)len;
		break;
	case OPTION_FQDN:
		put_fqdn(lease, data, len);
		break;
	default:
		break;
	}
}

static void read_options(struct dhcp_lease *lease, struct cursor c, uint8_t *overload)
{
	while (cursor_left(&c)) {
		uint8_t code = cursor_u8(&c);
		if (code == OPTION_PAD)
			continue;
		if (code == OPTION_END)
			return;
		struct cursor value = cursor_sub(&c, cursor_u8(&c));
		if (!cursor_ok(&c))
			return;
		read_option(lease, code, value, overload);
	}
}

bool dhcp_read_v4(const uint8_t *data, uint32_t len, struct dhcp_lease *ret)
{
	struct cursor c = cursor_make(data, len);
	struct dhcp_lease *lease = ret;
	uint8_t overload = 0;
	uint8_t op = cursor_u8(&c);
	uint8_t htype = cursor_u8(&c);
	uint8_t hlen = cursor_u8(&c);

	memset(lease, 0, offsetof(struct dhcp_lease, name));
	cursor_skip(&c, 1);
	lease->transaction = cursor_be32(&c);
	cursor_skip(&c, 4);
	const uint8_t *ciaddr = cursor_take(&c, 4);
	const uint8_t *yiaddr = cursor_take(&c, 4);
	cursor_skip(&c, 8);
	struct cursor chaddr = cursor_sub(&c, CHADDR_LEN);
	struct cursor sname = cursor_sub(&c, SNAME_LEN);
	struct cursor file = cursor_sub(&c, FILE_LEN);
	if (cursor_be32(&c) != MAGIC || (op != BOOTREQUEST && op != BOOTREPLY) || hlen > CHADDR_LEN)
		return false;
	lease->has_mac = htype == ETHERNET && hlen == sizeof(lease->mac);
	if (lease->has_mac)
		cursor_copy(&chaddr, lease->mac, sizeof(lease->mac));
	lease->address = ipaddr_v4(yiaddr);
	lease->is_answer = op == BOOTREPLY;

	read_options(lease, c, &overload);
	uint8_t more = overload;
	if (more & OVERLOAD_FILE)
		read_options(lease, file, &overload);
	if (more & OVERLOAD_SNAME)
		read_options(lease, sname, &overload);
	lease->is_grant = lease->type == DHCP_ACK;
	/* The answer to INFORM is about the address that the client has. */
	if (lease->is_grant && ipaddr_is_unspecified(&lease->address))
		lease->address = ipaddr_v4(ciaddr);
	return true;
}
