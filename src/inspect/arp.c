/*
 * inspect/arp.c - who asks for whom on the link (RFC 826, RFC 5227).
 *
 *   | hardware 2 | protocol 2 | hlen 1 | plen 1 | operation 2 | sha | spa | tha | tpa |
 *
 * One event_arp a packet.  Gratuitous: the sender announces its own address (spa = tpa).
 * Link addresses that are not of 6 bytes are left zero.
 */
#include "exfild/base/cursor.h"
#include "exfild/inspect/inspector.h"

#define MAC_LEN  6
#define IPV4_LEN 4

static void read_mac(struct cursor *c, size_t len, uint8_t ret_mac[MAC_LEN])
{
	struct cursor field = cursor_sub(c, len);

	if (len == MAC_LEN)
		cursor_copy(&field, ret_mac, MAC_LEN);
}

static void on_packet(struct inspection *in)
{
	const struct packet *p = in->packet;
	struct cursor c = cursor_make(p->l3, p->l3 ? p->l3_cap : 0);
	uint8_t sender[MAC_LEN] = { 0 };
	uint8_t target[MAC_LEN] = { 0 };

	if (p->kind != PACKET_ARP)
		return;
	cursor_skip(&c, 4);
	size_t hlen = cursor_u8(&c);
	size_t plen = cursor_u8(&c);
	uint16_t operation = cursor_be16(&c);
	read_mac(&c, hlen, sender);
	const uint8_t *spa = cursor_take(&c, IPV4_LEN);
	read_mac(&c, hlen, target);
	const uint8_t *tpa = cursor_take(&c, IPV4_LEN);
	if (!spa || !tpa || plen != IPV4_LEN)
		return;

	struct event_arp *e = inspect_event(in, EVENT_ARP, sizeof(*e));
	e->e.src = ipaddr_v4(spa);
	e->e.dst = ipaddr_v4(tpa);
	e->operation = operation;
	memcpy(e->sender_mac, sender, MAC_LEN);
	memcpy(e->target_mac, target, MAC_LEN);
	e->gratuitous = ipaddr_equal(&e->e.src, &e->e.dst);
	event_log_commit(in->log);
}

const struct inspector arp_inspector = {
	.name = "arp",
	.app = APP_OTHER,
	.on_packet = on_packet,
};
