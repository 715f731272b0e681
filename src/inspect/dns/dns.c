/*
 * inspect/dns/dns.c - DNS, mDNS, LLMNR and NetBIOS names (RFC 1035, 6891, 6762, 4795, 1002).
 *
 * One event_dns a question (at most 8 a message).  What belongs to the message as a whole (answers,
 * sizes and hashes of records and EDNS options) stands in the first of them only, so that it is
 * counted once.  A message without a question is one event, named by its first record.
 *
 * Direction: QR decides who asked.  Where it says otherwise than the flow (whose client was
 * guessed, or where both sides ask), src and dst of the event are swapped, so that src is always
 * the asker.  Announcements to a multicast group, which nobody asked for, keep the sender as src.
 *
 * The first message must be DNS, else the flow is somebody else's (and a finding if it uses port
 * 53).  In a flow that has been DNS, bytes that are not give an event marked malformed without a
 * name: what is sent under the cover of one good query stays visible.
 *
 * Datagrams can do without state (it may be NULL): resolvers make a flow of every query.
 */
#include "exfild/event/ends.h"
#include "exfild/inspect/inspector.h"
#include "message.h"

#define PORT_DNS   53
#define PORT_NBNS  137
#define PORT_MDNS  5353
#define PORT_LLMNR 5355

#define FLAGS_ODD 0x7840 /* an opcode but query, the reserved bit */

#define TCP_PREFIX_LEN 2
/* A longer TCP message is read up to here and the rest passed over: the stream keeps 16 KiB. */
#define TCP_WHOLE_MAX  8192
#define MESSAGE_MIN    (DNS_HEADER_LEN + 5)

struct dns_state {
	bool is_accepted; /* there was a good message */
	uint32_t skip[2]; /* TCP, by side: bytes of a message left to pass over */
};

/* False on a port that is none of DNS; *ret is plain DNS then. */
static bool transport_by_port(const struct packet *p, enum dns_transport *ret)
{
	static const struct {
		uint16_t port;
		enum dns_transport transport;
	} known[] = { { PORT_DNS, DNS_PLAIN },
		      { PORT_MDNS, DNS_MDNS },
		      { PORT_LLMNR, DNS_LLMNR },
		      { PORT_NBNS, DNS_NBNS } };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (p->sport == known[i].port || p->dport == known[i].port) {
			*ret = known[i].transport;
			return true;
		}
	*ret = DNS_PLAIN;
	return false;
}

/* By port; on any other by what nDPI said. */
static enum dns_transport transport_of(const struct inspection *in)
{
	enum dns_transport by_port;

	if (transport_by_port(in->packet, &by_port))
		return by_port;
	switch (in->flow->app) {
	case APP_MDNS:
		return DNS_MDNS;
	case APP_LLMNR:
		return DNS_LLMNR;
	case APP_NETBIOS:
		return DNS_NBNS;
	default:
		return DNS_PLAIN;
	}
}

static enum app app_of(enum dns_transport transport)
{
	static const enum app apps[] = {
		[DNS_PLAIN] = APP_DNS,
		[DNS_MDNS] = APP_MDNS,
		[DNS_LLMNR] = APP_LLMNR,
		[DNS_NBNS] = APP_NETBIOS,
	};
	return apps[transport];
}

/*
 * On a port of its own DNS needs to be likely.  On any other, where nDPI does not look for it, it
 * must be perfect: one question, a known class, no reserved bit, every record good to its end.
 */
static bool is_message(const struct packet *p, const uint8_t *data, uint32_t cap, uint32_t len)
{
	enum dns_transport transport;
	struct dns_message m;
	bool is_own_port = transport_by_port(p, &transport);
	struct cursor c = cursor_make(data, cap);

	cursor_skip(&c, 2);
	uint16_t flags = cursor_be16(&c);
	uint16_t questions = cursor_be16(&c);
	if (cap < DNS_HEADER_LEN || (!is_own_port && ((flags & FLAGS_ODD) || questions != 1)))
		return false;
	if (dns_message_begin(&m, transport, &hash_key_fixed, data, cap, len) < 0 ||
	    !dns_message_is_likely(&m, len))
		return false;
	if (is_own_port)
		return true;
	dns_message_records(&m);
	return !m.is_cut && !m.is_malformed && m.question[0].name.len > 0;
}

static bool probe(const struct packet *p, bool from_client)
{
	const uint8_t *data = p->payload;
	uint32_t cap = p->payload_cap;
	uint32_t len = p->payload_len;
	enum dns_transport transport;

	(void)from_client;
	if (p->proto == PROTO_TCP) {
		struct cursor c = cursor_make(data, cap);
		uint16_t said = cursor_be16(&c);
		if (!cursor_ok(&c) || said < DNS_HEADER_LEN)
			return false;
		/* The length may come alone; the stream decides then. */
		cap -= TCP_PREFIX_LEN;
		if (cap == 0)
			return transport_by_port(p, &transport);
		data = c.pos;
		len = said;
		cap = cap < len ? cap : len;
	}
	return is_message(p, data, cap, len);
}

/* Makes src the asker. */
static void turn(const struct inspection *in, struct event *e, bool is_response)
{
	if (in->from_client != is_response || ipaddr_is_multicast(&in->packet->dst))
		return;
	event_swap_ends(e);
	e->from_server = is_response;
}

static struct event_dns *begin(struct inspection *in, const struct dns_message *m, uint32_t len)
{
	struct event_dns *e = inspect_event(in, EVENT_DNS, sizeof(*e));

	turn(in, &e->e, dns_is_response(m));
	e->e.app = (uint16_t)app_of(m->transport);
	e->transport = (uint8_t)m->transport;
	e->is_response = dns_is_response(m);
	e->rcode = m->flags & 15;
	e->opcode = (uint8_t)dns_opcode(m);
	e->tcp = in->packet->proto == PROTO_TCP;
	e->malformed = m->is_malformed;
	e->id = m->id;
	e->dns_flags = m->flags;
	e->questions = m->counts[DNS_QUESTION];
	e->answers = m->counts[DNS_ANSWER];
	e->authorities = m->counts[DNS_AUTHORITY];
	e->additionals = m->counts[DNS_ADDITIONAL];
	e->message_len = (uint16_t)len;
	return e;
}

static void put_name(struct inspection *in, struct event_dns *e, struct dns_message *m,
		     struct dns_question *q)
{
	if (m->transport == DNS_NBNS && dns_name_decode_netbios(&q->name) < 0)
		e->malformed = true;
	e->qtype = q->type;
	e->qclass = q->class;
	e->upper_case = (uint16_t)dns_name_upper_case(&q->name);
	event_log_str(in->log, &e->name, q->name.text, q->name.len, q->name.len);
}

/* What the message says as a whole. */
static void put_records(struct inspection *in, struct event_dns *e, const struct dns_message *m)
{
	unsigned rcode = (m->flags & 15u) | (unsigned)m->edns_rcode << 4;

	e->rcode = (uint8_t)(rcode < UINT8_MAX ? rcode : UINT8_MAX);
	e->edns_size = m->edns_size;
	e->edns_option_len = m->edns_option_len;
	e->edns_hash = m->edns_hash;
	e->rdata_len = m->rdata_len;
	e->rdata_hash = m->rdata_hash;
	e->ttl = m->ttl;
	e->first_answer_type = m->first_answer_type;
	if (m->text.full)
		event_log_str(in->log, &e->answer, m->text.data, m->text.len, m->text.full);
}

static void put_questions(struct inspection *in, struct dns_message *m, uint32_t len)
{
	unsigned count = m->has_owner ? 1 : m->question_count;
	struct event_dns *e = begin(in, m, len);

	if (count)
		put_name(in, e, m, &m->question[0]);
	put_records(in, e, m);
	event_log_commit(in->log);
	for (unsigned i = 1; i < count; i++) {
		e = begin(in, m, len);
		put_name(in, e, m, &m->question[i]);
		event_log_commit(in->log);
	}
}

/* Events of names have the one who says so as src. */
static void put_address(struct inspection *in, enum dns_transport transport, struct ipaddr address,
			uint32_t ttl, const char *name, size_t len)
{
	const struct packet *p = in->packet;

	if (len == 0 || ipaddr_is_unspecified(&address))
		return;
	struct event_name *e = inspect_event(in, EVENT_NAME, sizeof(*e));
	e->e.src = p->src;
	e->e.dst = p->dst;
	e->e.sport = p->sport;
	e->e.dport = p->dport;
	e->e.from_server = 0;
	e->e.app = (uint16_t)app_of(transport);
	e->address = address;
	e->ttl_s = ttl;
	e->source = (uint8_t)app_of(transport);
	event_log_str(in->log, &e->name, name, len, len);
	event_log_commit(in->log);
}

static void put_addresses(struct inspection *in, const struct dns_message *m)
{
	const struct dns_name *name = &m->question[0].name;
	struct dns_name owner;

	for (unsigned i = 0; i < m->address_count; i++) {
		const struct dns_address *a = &m->address[i];
		if (a->owner) {
			struct cursor c = m->c;
			c.error = false;
			cursor_seek(&c, a->owner);
			if (dns_name_read(&c, &owner) < 0)
				continue;
			name = &owner;
		}
		size_t len = name->len;
		if (m->transport == DNS_NBNS) {
			if (dns_name_decode_netbios(&owner) < 0 ||
			    !dns_name_is_netbios_host(&owner, &len))
				continue;
		}
		put_address(in, m->transport, a->address, a->ttl, name->text, len);
	}
	if (m->nbstat_len)
		put_address(in, DNS_NBNS, in->packet->src, 0, m->nbstat, m->nbstat_len);
}

/* Bytes that are no message where one was due. */
static void put_garbage(struct inspection *in, const uint8_t *data, uint32_t cap, uint32_t len)
{
	struct cursor c = cursor_make(data, cap);
	struct event_dns *e = inspect_event(in, EVENT_DNS, sizeof(*e));

	e->e.app = (uint16_t)app_of(transport_of(in));
	e->transport = (uint8_t)transport_of(in);
	e->is_response = !in->from_client;
	e->tcp = in->packet->proto == PROTO_TCP;
	e->malformed = true;
	e->id = cursor_be16(&c);
	e->dns_flags = cursor_be16(&c);
	e->message_len = (uint16_t)len;
	event_log_commit(in->log);
}

/* Was there a message before this?  Without state: the probe took the flow, nDPI was not asked. */
static bool is_accepted(const struct inspection *in)
{
	const struct dns_state *state = in->state;

	if (state)
		return state->is_accepted;
	return (in->flow->flags & FLOW_CLASSIFIED) && in->flow->classify_packets == 0;
}

static enum inspect_verdict read_message(struct inspection *in, const uint8_t *data, uint32_t cap,
					 uint32_t len)
{
	struct dns_state *state = in->state;
	struct dns_message m;

	if (dns_message_begin(&m, transport_of(in), in->key, data, cap, len) < 0) {
		if (!is_accepted(in))
			return INSPECT_NOT_MINE;
		if (len >= MESSAGE_MIN)
			put_garbage(in, data, cap, len);
		return INSPECT_MORE;
	}
	if (state)
		state->is_accepted = true;
	dns_message_records(&m);
	put_questions(in, &m, len);
	put_addresses(in, &m);
	return INSPECT_MORE;
}

static enum inspect_verdict on_datagram(struct inspection *in)
{
	const struct packet *p = in->packet;

	if (p->payload_cap == 0)
		return INSPECT_MORE;
	return read_message(in, p->payload, p->payload_cap, p->payload_len);
}

static enum inspect_verdict on_stream(struct inspection *in, const uint8_t *data, uint32_t len,
				      uint32_t *ret_used)
{
	struct dns_state *state = in->state;
	uint32_t *skip = &state->skip[in->side];
	uint32_t used = *skip < len ? *skip : len;
	enum inspect_verdict verdict = INSPECT_MORE;

	*skip -= used;
	while (verdict == INSPECT_MORE && len - used >= TCP_PREFIX_LEN) {
		struct cursor c = cursor_make(data + used, len - used);
		uint32_t said = cursor_be16(&c);
		uint32_t cap = said < TCP_WHOLE_MAX ? said : TCP_WHOLE_MAX;
		const uint8_t *message = cursor_take(&c, cap);
		if (!message) {
			/* Do not wait for what can never be a message. */
			if (!state->is_accepted && said < DNS_HEADER_LEN)
				verdict = INSPECT_NOT_MINE;
			break;
		}
		verdict = read_message(in, message, cap, said);
		used += TCP_PREFIX_LEN + cap;
		*skip = said - cap;
		uint32_t rest = len - used < *skip ? len - used : *skip;
		used += rest;
		*skip -= rest;
		if (*skip)
			break;
	}
	*ret_used = used;
	return verdict;
}

/* TCP: a message that never came whole, if it begins like one. */
static void on_end(struct inspection *in, const uint8_t *data, uint32_t len)
{
	struct cursor c = cursor_make(data, len);
	uint32_t said = cursor_be16(&c);
	const struct dns_state *state = in->state;

	if (!cursor_ok(&c) || state->skip[in->side] || said <= cursor_left(&c))
		return;
	if (is_message(in->packet, c.pos, (uint32_t)cursor_left(&c), said))
		(void)read_message(in, c.pos, (uint32_t)cursor_left(&c), said);
}

const struct inspector dns_inspector = {
	.name = "dns",
	.app = APP_DNS,
	.proto = 0,
	.state_size = sizeof(struct dns_state),
	.apps = { APP_DNS, APP_MDNS, APP_LLMNR, APP_NETBIOS },
	.decides = true,
	.stateless_datagrams = true,
	.probe = probe,
	.on_stream = on_stream,
	.on_end = on_end,
	.on_datagram = on_datagram,
};
