/*
 * inspect/dhcp/dhcp.c - who got which address, and what it calls itself (RFC 2131, RFC 8415).
 *
 * One event_dhcp a message.  A grant gives an event_name as well: the name from the grant, or from
 * the request that it answers where both run in one flow (renewals, relays); first requests come
 * from 0.0.0.0 and are joined by their link address in the analysis plane.
 */
#include "exfild/base/cursor.h"
#include "exfild/inspect/inspector.h"
#include "../content/carried.h"
#include "lease.h"

#define NAME_KEPT     63
#define V4_NAMES_AT   44 /* what stands before is the same in each of a client's messages */
#define V6_OPTIONS_AT 4
#define ORDINARY_MAX  128 /* bytes of options that clients send to renew a lease */

/* The name in the last request. */
struct dhcp_state {
	uint32_t transaction;
	uint8_t name_len;
	char name[NAME_KEPT];
};

void dhcp_put_labels(struct dhcp_lease *lease, const uint8_t *data, size_t len)
{
	struct cursor c = cursor_make(data, len);
	size_t out = 0;

	while (cursor_left(&c)) {
		size_t n = cursor_u8(&c);
		size_t dot = out > 0;
		if (n == 0 || n > cursor_left(&c) || out + dot + n > sizeof(lease->name))
			break;
		lease->name[out] = '.';
		cursor_copy(&c, lease->name + out + dot, n);
		out += dot + n;
	}
	lease->name_len = (uint16_t)out;
}

static bool read_lease(const struct packet *p, struct dhcp_lease *ret)
{
	if (p->ip_version == 6)
		return dhcp_read_v6(p->payload, p->payload_cap, p->payload_cap < p->payload_len,
				    ret);
	return dhcp_read_v4(p->payload, p->payload_cap, ret);
}

static bool probe(const struct packet *p, bool from_client)
{
	struct dhcp_lease lease;

	(void)from_client;
	return read_lease(p, &lease);
}

/* A grant without a name takes the one that was asked with. */
static void join_name(struct dhcp_state *state, struct dhcp_lease *lease)
{
	struct cursor c;

	if (lease->is_grant) {
		if (lease->name_len == 0 && state->transaction == lease->transaction) {
			c = cursor_make(state->name, state->name_len);
			lease->name_len = state->name_len;
			cursor_copy(&c, lease->name, state->name_len);
		}
	} else if (lease->name_len > 0 && lease->name_len <= NAME_KEPT) {
		c = cursor_make(lease->name, lease->name_len);
		state->transaction = lease->transaction;
		state->name_len = (uint8_t)lease->name_len;
		cursor_copy(&c, state->name, lease->name_len);
	}
}

static void put_dhcp(struct inspection *in, const struct dhcp_lease *lease)
{
	struct event_dhcp *e = inspect_event(in, EVENT_DHCP, sizeof(*e));

	e->message_type = lease->type;
	if (lease->has_mac)
		memcpy(e->mac, lease->mac, sizeof(e->mac));
	e->assigned = lease->address;
	e->transaction = lease->transaction;
	e->is_answer = lease->is_answer;
	if (lease->is_answer) {
		e->server = ipaddr_is_unspecified(&lease->server) ? in->packet->src : lease->server;
		e->router = lease->router;
		e->resolver = lease->resolver;
		if (in->packet->mac)
			memcpy(e->sender_mac, in->packet->mac + sizeof(e->sender_mac),
			       sizeof(e->sender_mac));
	}
	if (lease->name_len)
		event_log_str(in->log, &e->host_name, lease->name, lease->name_len,
			      lease->name_len);
	if (lease->proxy_len)
		event_log_str(in->log, &e->proxy, lease->proxy, lease->proxy_len, lease->proxy_len);
	if (lease->vendor_len)
		event_log_str(in->log, &e->vendor_class, lease->vendor, lease->vendor_len,
			      lease->vendor_len);
	event_log_commit(in->log);
}

/* Events of names have the one who says so as src. */
static void put_name(struct inspection *in, const struct dhcp_lease *lease)
{
	const struct packet *p = in->packet;
	struct event_name *e = inspect_event(in, EVENT_NAME, sizeof(*e));

	e->e.src = p->src;
	e->e.dst = p->dst;
	e->e.sport = p->sport;
	e->e.dport = p->dport;
	e->e.from_server = 0;
	e->address = lease->address;
	e->ttl_s = lease->seconds;
	e->source = APP_DHCP;
	event_log_str(in->log, &e->name, lease->name, lease->name_len, lease->name_len);
	event_log_commit(in->log);
}

/* Options of any kind: a client that renews repeats a few short ones. */
static void tell_carried(struct inspection *in)
{
	struct cursor c = cursor_make(in->packet->payload, in->packet->payload_cap);
	struct carried carried = { 0 };
	uint32_t full = 0;

	if (!carried_may_leave(in))
		return;
	cursor_skip(&c, in->packet->ip_version == 6 ? V6_OPTIONS_AT : V4_NAMES_AT);
	size_t len = cursor_left(&c);
	const uint8_t *data = cursor_take(&c, len);
	for (size_t i = 0; i < len; i++)
		full += data[i] != 0;
	if (full > ORDINARY_MAX)
		carried = (struct carried){ .len = full, .hash = hash_bytes(in->key, data, len) };
	carried_put(in, APP_DHCP, &carried);
}

static enum inspect_verdict on_datagram(struct inspection *in)
{
	struct dhcp_lease lease;

	if (in->packet->payload_cap == 0)
		return INSPECT_MORE;
	if (!read_lease(in->packet, &lease))
		return in->flow->flags & FLOW_CLASSIFIED ? INSPECT_MORE : INSPECT_NOT_MINE;
	put_dhcp(in, &lease);
	if (!lease.is_answer)
		tell_carried(in);
	join_name(in->state, &lease);
	if (lease.is_grant && lease.name_len > 0 && !ipaddr_is_unspecified(&lease.address))
		put_name(in, &lease);
	return INSPECT_MORE;
}

static const uint16_t ports[] = { 67, 68, 546, 547, 0 };

const struct inspector dhcp_inspector = {
	.name = "dhcp",
	.app = APP_DHCP,
	.proto = PROTO_UDP,
	.state_size = sizeof(struct dhcp_state),
	.ports = ports,
	.apps = { APP_DHCP },
	.decides = true,
	.probe = probe,
	.on_datagram = on_datagram,
};
