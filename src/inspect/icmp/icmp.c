/*
 * inspect/icmp/icmp.c - echoes and other ICMP messages that can carry data (RFC 792, 950, 4443).
 *
 *   | type 1 | code 1 | checksum 2 | identifier 2 | sequence 2 | data |      echo
 *
 * One event_icmp an echo message.  A reply is compared with the request that it answers (the last
 * 8 of the flow are remembered): an honest host sends the bytes back as they came.  Every other
 * type gives an event only when it holds bytes that its kind does not explain.
 *
 * payload_hash leaves an explained clock out, so that the same ping twice is the same content.
 * entropy is measured where no pattern is known.
 */
#include "exfild/base/cursor.h"
#include "exfild/base/sketch.h"
#include "exfild/inspect/inspector.h"
#include "payload.h"
#include "router.h"

#define REQUESTS_KEPT 8
#define DAY_MS        86400000u
#define EXTENSION_MAX 128 /* bytes of objects (RFC 4884) that are taken for such */

enum icmp_type {
	ICMP_ECHO_REPLY = 0,
	ICMP_UNREACHABLE = 3,
	ICMP_QUENCH = 4,
	ICMP_REDIRECT = 5,
	ICMP_ECHO = 8,
	ICMP_ROUTER_ADVERTISEMENT = 9,
	ICMP_ROUTER_SOLICITATION = 10,
	ICMP_TIME_EXCEEDED = 11,
	ICMP_PARAMETER = 12,
	ICMP_TIMESTAMP = 13,
	ICMP_TIMESTAMP_REPLY = 14,
	ICMP_MASK = 17,
	ICMP_MASK_REPLY = 18,
};

enum icmp6_type {
	ICMP6_ERROR_LAST = 4, /* of the errors in use */
	ICMP6_ECHO = 128,
	ICMP6_ECHO_REPLY = 129,
	ICMP6_LISTENER = 130, /* to 137: listeners, neighbours, redirect */
	ICMP6_REDIRECT = 137,
	ICMP6_INVERSE_ND = 141, /* to 149: inverse and secure discovery, mobility, listeners 2 */
	ICMP6_PREFIX_LAST = 149,
	ICMP6_ROUTER_MULTICAST = 151, /* to 153 */
	ICMP6_RPL = 155,
};

struct request {
	uint64_t hash, time_ns;
	uint32_t len, cap;
	uint16_t seq;
	bool is_used;
};

struct icmp_state {
	struct request request[REQUESTS_KEPT];
	struct icmp_clock clock; /* of the last request */
	uint8_t next;            /* the oldest request */
};

/* `hash` is that of the whole payload. */
static struct event_icmp *begin(struct inspection *in, const struct icmp_content *content,
				uint64_t hash)
{
	const struct packet *p = in->packet;
	uint32_t cap = p->payload_cap;
	struct event_icmp *e = inspect_event(in, EVENT_ICMP, sizeof(*e));
	struct cursor c = cursor_make(p->payload, cap);

	e->type = (uint8_t)(p->sport >> 8);
	e->code = (uint8_t)(p->sport & 0xff);
	e->pattern = (uint8_t)content->pattern;
	e->id = p->dport;
	e->icmp_seq = p->icmp_seq;
	e->ip_id = packet_ip_id(p);
	e->ttl = p->ttl;
	e->payload_len = (uint16_t)(p->payload_len < UINT16_MAX ? p->payload_len : UINT16_MAX);
	e->captured_len = (uint16_t)(cap < UINT16_MAX ? cap : UINT16_MAX);
	e->info_bytes = content->info;
	if (cap == 0)
		return e;
	e->payload_hash = hash;
	if (content->skip)
		e->payload_hash =
			hash_bytes(in->key, p->payload + content->skip, cap - content->skip);
	if (content->pattern == ICMP_PATTERN_NONE)
		e->entropy = (float)entropy_bytes(p->payload, cap);
	struct cursor head = c;
	e->magic = cursor_be32(&c);
	cursor_copy(&head, e->head, cap < sizeof(e->head) ? cap : sizeof(e->head));
	return e;
}

static void remember(struct icmp_state *state, const struct packet *p, uint64_t hash)
{
	struct request *r = &state->request[state->next];

	*r = (struct request){ .hash = hash,
			       .time_ns = p->time_ns,
			       .len = p->payload_len,
			       .cap = p->payload_cap,
			       .seq = p->icmp_seq,
			       .is_used = true };
	state->next = (uint8_t)((state->next + 1) % REQUESTS_KEPT);
	icmp_clock_keep(&state->clock, p->payload, p->payload_cap, p->time_ns);
}

/* The latest request of that sequence number. */
static const struct request *find_request(const struct icmp_state *state, uint16_t seq)
{
	for (unsigned i = 1; i <= REQUESTS_KEPT; i++) {
		const struct request *r =
			&state->request[(state->next + REQUESTS_KEPT - i) % REQUESTS_KEPT];
		if (r->is_used && r->seq == seq)
			return r;
	}
	return NULL;
}

static void echo(struct inspection *in, bool is_reply)
{
	struct icmp_state *state = in->state;
	const struct packet *p = in->packet;
	/* A clock in a reply is the request's: it is checked by that one's time. */
	const struct request *r = is_reply ? find_request(state, p->icmp_seq) : NULL;
	uint64_t time_ns = r ? r->time_ns : p->time_ns;
	struct icmp_content content =
		icmp_explain(&state->clock, p->payload, p->payload_cap, time_ns);
	uint64_t hash = p->payload_cap ? hash_bytes(in->key, p->payload, p->payload_cap) : 0;
	struct event_icmp *e = begin(in, &content, hash);

	e->is_reply = is_reply;
	if (r) {
		e->paired = true;
		e->differs =
			r->len != p->payload_len || (r->cap == p->payload_cap && r->hash != hash);
		e->rtt_ns = p->time_ns - r->time_ns;
	}
	event_log_commit(in->log);
	if (!is_reply)
		remember(state, p, hash);
}

/* Bytes behind the quoted packet that are neither padding nor objects of RFC 4884. */
static uint32_t quotation_info(const struct packet *p)
{
	struct cursor c = cursor_make(p->payload, p->payload_cap);
	uint8_t first = cursor_u8(&c);
	struct ipaddr src;
	size_t total;

	if (p->proto == PROTO_ICMP) {
		cursor_skip(&c, 1);
		total = cursor_be16(&c);
		cursor_skip(&c, 8);
		const uint8_t *bytes = cursor_take(&c, 4);
		if (!bytes || first >> 4 != 4)
			return p->payload_cap;
		src = ipaddr_v4(bytes);
	} else {
		cursor_skip(&c, 3);
		total = 40u + cursor_be16(&c);
		cursor_skip(&c, 2);
		const uint8_t *bytes = cursor_take(&c, 16);
		if (!bytes || first >> 4 != 6)
			return p->payload_cap;
		src = ipaddr_v6(bytes);
	}
	/* The error goes to him who sent the packet. */
	if (!ipaddr_equal(&src, &p->dst))
		return p->payload_cap;
	c = cursor_make(p->payload, p->payload_cap);
	cursor_skip(&c, total < p->payload_cap ? total : p->payload_cap);
	while (cursor_left(&c) && *c.pos == 0)
		cursor_skip(&c, 1);
	size_t left = cursor_left(&c);
	bool is_extension = left >= 4 && left <= EXTENSION_MAX && *c.pos >> 4 == 2;
	return is_extension ? 0 : (uint32_t)left;
}

/* Three times of day in ms (RFC 792); a time that is none, and what stands behind, is data. */
static uint32_t timestamp_info(const struct packet *p)
{
	struct cursor c = cursor_make(p->payload, p->payload_cap);
	uint32_t info = 0;

	for (unsigned i = 0; i < 3 && cursor_left(&c) >= 4; i++)
		if (cursor_be32(&c) >= DAY_MS)
			info += 4;
	return info + (uint32_t)cursor_left(&c);
}

/* A mask is ones, then zeros. */
static uint32_t mask_info(const struct packet *p)
{
	struct cursor c = cursor_make(p->payload, p->payload_cap);

	if (cursor_left(&c) < 4)
		return p->payload_cap;
	uint32_t host = ~cursor_be32(&c);
	return (uint32_t)cursor_left(&c) + (host & (host + 1) ? 4 : 0);
}

static uint32_t other_info_v4(const struct packet *p, unsigned type)
{
	switch (type) {
	case ICMP_UNREACHABLE:
	case ICMP_QUENCH:
	case ICMP_REDIRECT:
	case ICMP_TIME_EXCEEDED:
	case ICMP_PARAMETER:
		return quotation_info(p);
	case ICMP_TIMESTAMP:
	case ICMP_TIMESTAMP_REPLY:
		return timestamp_info(p);
	case ICMP_MASK:
	case ICMP_MASK_REPLY:
		return mask_info(p);
	case ICMP_ROUTER_ADVERTISEMENT:
	case ICMP_ROUTER_SOLICITATION:
		return 0;
	default:
		return p->payload_cap;
	}
}

static uint32_t other_info_v6(const struct packet *p, unsigned type)
{
	if (type >= 1 && type <= ICMP6_ERROR_LAST)
		return quotation_info(p);
	if ((type >= ICMP6_LISTENER && type <= ICMP6_REDIRECT) ||
	    (type >= ICMP6_INVERSE_ND && type <= ICMP6_PREFIX_LAST) ||
	    (type >= ICMP6_ROUTER_MULTICAST && type <= ICMP6_RPL))
		return 0;
	return p->payload_cap;
}

static void other(struct inspection *in, unsigned type)
{
	const struct packet *p = in->packet;
	struct icmp_content content = { .pattern = ICMP_PATTERN_NONE };

	content.info = p->proto == PROTO_ICMP ? other_info_v4(p, type) : other_info_v6(p, type);
	if (content.info == 0)
		return;
	if (content.info < p->payload_cap)
		content.pattern = ICMP_PATTERN_ERROR;
	(void)begin(in, &content, hash_bytes(in->key, p->payload, p->payload_cap));
	event_log_commit(in->log);
}

static enum inspect_verdict on_datagram(struct inspection *in)
{
	const struct packet *p = in->packet;
	unsigned type = p->sport >> 8;
	bool is_v4 = p->proto == PROTO_ICMP;

	if (p->flags & (PACKET_FRAGMENT | PACKET_NO_L4))
		return INSPECT_MORE;
	if (type == (is_v4 ? (unsigned)ICMP_ECHO : ICMP6_ECHO))
		echo(in, false);
	else if (type == (is_v4 ? (unsigned)ICMP_ECHO_REPLY : ICMP6_ECHO_REPLY))
		echo(in, true);
	else if (!is_v4 && type == ICMP6_ROUTER_ADVERTISEMENT)
		icmp_router(in);
	else
		other(in, type);
	return INSPECT_MORE;
}

static bool probe(const struct packet *p, bool from_client)
{
	(void)from_client;
	return p->proto == PROTO_ICMP || p->proto == PROTO_ICMPV6;
}

const struct inspector icmp_inspector = {
	.name = "icmp",
	.app = APP_ICMP,
	.proto = PROTO_ICMP,
	.state_size = sizeof(struct icmp_state),
	.apps = { APP_ICMP },
	.decides = true,
	.probe = probe,
	.on_datagram = on_datagram,
};
