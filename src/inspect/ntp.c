/*
 * inspect/ntp.c - the Network Time Protocol (RFC 5905, RFC 7822, RFC 9327).
 *
 *   | leap 2 version 3 mode 3 | stratum 1 | poll 1 | precision 1 | ... 48 bytes in all |
 *   | type 2 | length 2 | value ... |    extension fields, 16 bytes at least, a multiple of 4
 *   | key 4 | digest 16, 20 or 32 |      message authentication code, or the key alone (refusal)
 *
 * Time needs 48 bytes.  What an extension field holds, what stands behind the head of a control
 * (6) or private (7) message, and what follows 48 bytes without being either, is measured.
 */
#include "exfild/base/cursor.h"
#include "exfild/inspect/inspector.h"

#define NTP_PORT        123
#define NTP_LEN         48
#define NTP_VERSION_MAX 4
#define NTP_STRATUM_MAX 16 /* unsynchronised */
#define NTP_CONTROL_LEN 12
#define NTP_PRIVATE_LEN 8
#define NTP_FIELD_MIN   16
#define NTP_SENT_AT     40 /* the transmit timestamp */

enum ntp_mode { NTP_RESERVED, NTP_CLIENT = 3, NTP_SERVER = 4, NTP_CONTROL = 6, NTP_PRIVATE = 7 };

struct ntp_head {
	uint8_t mode, version, stratum;
};

static struct ntp_head read_head(struct cursor *c)
{
	uint8_t first = cursor_u8(c);
	struct ntp_head head = { .mode = first & 7, .version = first >> 3 & 7 };

	head.stratum = cursor_u8(c);
	return head;
}

static uint32_t head_len(const struct ntp_head *head)
{
	if (head->mode == NTP_CONTROL)
		return NTP_CONTROL_LEN;
	return head->mode == NTP_PRIVATE ? NTP_PRIVATE_LEN : NTP_LEN;
}

static bool is_plausible(const struct ntp_head *head, uint32_t len)
{
	if (head->version < 1 || head->version > NTP_VERSION_MAX || len < head_len(head))
		return false;
	/* Version 1 had no modes. */
	return head->mode != NTP_RESERVED || (head->version == 1 && len == NTP_LEN);
}

static bool probe(const struct packet *p, bool from_client)
{
	struct cursor c = cursor_make(p->payload, p->payload_cap);
	struct ntp_head head = read_head(&c);

	(void)from_client;
	if (!cursor_ok(&c) || !is_plausible(&head, p->payload_len) || p->payload_len % 4 != 0)
		return false;
	return head.mode >= NTP_CONTROL || head.stratum <= NTP_STRATUM_MAX;
}

static bool is_mac(size_t left)
{
	return left == 4 || left == 20 || left == 24 || left == 36;
}

/* Moves past extension fields; false when bytes are left that are neither those nor a MAC. */
static bool skip_fields(struct cursor *c)
{
	while (cursor_left(c)) {
		struct cursor field = *c;
		cursor_skip(&field, 2);
		size_t len = cursor_be16(&field);
		/* The last field is longer than a MAC can be (RFC 7822, 7.5). */
		if (is_mac(cursor_left(c)) && (cursor_left(c) <= 24 || len != cursor_left(c)))
			return true;
		if (!cursor_ok(&field) || len < NTP_FIELD_MIN || len % 4 != 0 ||
		    len > cursor_left(c))
			return false;
		cursor_skip(c, len);
	}
	return true;
}

/* All of the head but its first byte and the time when it was sent; of what is no NTP all. */
static uint32_t hash_head(const struct hash_key *key, const struct packet *p, bool good)
{
	uint32_t len = p->payload_cap;
	if (!good)
		return (uint32_t)hash_bytes(key, p->payload, len);
	return (uint32_t)hash_bytes(key, p->payload + 1,
				    (len < NTP_SENT_AT ? len : NTP_SENT_AT) - 1);
}

static enum inspect_verdict on_datagram(struct inspection *in)
{
	const struct packet *p = in->packet;
	struct cursor c = cursor_make(p->payload, p->payload_cap);
	struct ntp_head head = read_head(&c);
	bool is_cut = p->payload_cap < p->payload_len;

	if (p->payload_cap == 0)
		return INSPECT_MORE;
	bool good = cursor_ok(&c) && is_plausible(&head, p->payload_len);
	if (!good && !(in->flow->flags & FLOW_CLASSIFIED))
		return INSPECT_NOT_MINE;

	struct event_ntp *e = inspect_event(in, EVENT_NTP, sizeof(*e));
	e->mode = head.mode;
	e->version = head.version;
	e->stratum = head.stratum;
	e->payload_len = (uint16_t)p->payload_len;
	e->head_hash = hash_head(in->key, p, good);
	/* Of what is no NTP at all every byte counts. */
	size_t start = good ? head_len(&head) : 0;
	c = cursor_make(p->payload, p->payload_cap);
	cursor_skip(&c, start < p->payload_cap ? start : p->payload_cap);
	struct cursor rest = c;
	size_t len = cursor_left(&rest);
	if (good && head.mode < NTP_CONTROL) {
		if (skip_fields(&c))
			len -= cursor_left(&c); /* the MAC */
		else if (!is_cut)
			good = false;
	}
	e->malformed = !good;
	e->extension_len = (uint16_t)len;
	const uint8_t *bytes = cursor_take(&rest, len);
	if (len && bytes)
		e->extension_hash = hash_bytes(in->key, bytes, len);
	event_log_commit(in->log);
	return INSPECT_MORE;
}

static const uint16_t ports[] = { NTP_PORT, 0 };

const struct inspector ntp_inspector = {
	.name = "ntp",
	.app = APP_NTP,
	.proto = PROTO_UDP,
	.ports = ports,
	.apps = { APP_NTP },
	.decides = true,
	.probe = probe,
	.on_datagram = on_datagram,
};
