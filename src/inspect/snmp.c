/*
 * inspect/snmp.c - communities and users of SNMP as credentials (RFC 1157, RFC 3416, RFC 3414).
 *
 *   v1, v2c: SEQUENCE { version 0|1, community OCTETS, PDU [0..8] }
 *   v3:      SEQUENCE { 3, header SEQUENCE, security OCTETS, data }
 *     security: SEQUENCE { engine OCTETS, boots, time, user OCTETS, ... }
 *
 * A community is a secret: only its mark is told.  One that is answered is right and is told once a
 * flow; one that is followed by another without an answer is taken for wrong, since agents are
 * silent then.  v3 tells a wrong user or digest by a report PDU (RFC 3414, 3.2: usmStats 3 and 5).
 */
#include "exfild/inspect/inspector.h"
#include "asn1/ber.h"
#include "content/carried.h"
#include "login.h"

#define PORT_SNMP     161
#define PORT_TRAP     162
#define VERSION_3     3
#define USER_MAX      32
#define PDU_RESPONSE  BER_CONTEXT(2)
#define PDU_TRAP_1    BER_CONTEXT(4)
#define PDU_INFORM    BER_CONTEXT(6)
#define PDU_TRAP_2    BER_CONTEXT(7)
#define PDU_REPORT    BER_CONTEXT(8)
#define USM_STATS_LEN 10
#define USM_NO_USER   3
#define USM_DIGEST    5
#define ATTEMPTS_MAX  65535
#define OPAQUE        0x44 /* RFC 2578, 7.1.9 */
#define VALUE_MIN     33u  /* longer than names of interfaces, addresses and engines */
#define OID_MIN       49u  /* longer than those of any table that is asked for every day */

/* 1.3.6.1.6.3.15.1.1.x.0 */
static const uint8_t usm_stats[] = { 0x2b, 6, 1, 6, 3, 15, 1, 1 };

struct snmp_state {
	uint32_t attempts;
	bool is_waiting; /* a request without an answer yet */
	uint8_t mark;    /* of the last request's community */
	uint8_t told;    /* mark that was right */
	struct login_kept user_kept;
	uint8_t user[USER_MAX];
};

struct message {
	int64_t version;
	struct ber community, user;
	bool has_user;
	uint8_t pdu;         /* identifier; 0: encrypted */
	struct ber_level in; /* of the PDU */
};

/* Version 3 up to its data: SEQUENCE { engine, name, PDU }, or encrypted octets. */
static bool read_v3(struct ber_level *top, struct message *m)
{
	struct ber e;
	struct ber_level security, data;

	bool has_header = ber_take(top, BER_SEQUENCE, &e);
	if (!has_header || !ber_take(top, BER_OCTETS, &e))
		return false;
	ber_begin(&security, e.body.data, cursor_left(&e.body), e.is_cut);
	struct ber_level fields;
	int64_t number;
	if (ber_open(&security, BER_SEQUENCE, &fields) && ber_take(&fields, BER_OCTETS, &e) &&
	    ber_take_integer(&fields, BER_INTEGER, &number) &&
	    ber_take_integer(&fields, BER_INTEGER, &number))
		m->has_user = ber_take(&fields, BER_OCTETS, &m->user) && m->user.len;
	if (!ber_open(top, BER_SEQUENCE, &data))
		return true;
	for (unsigned i = 0; i < 2; i++) /* engine, name */
		if (!ber_take(&data, BER_OCTETS, &e))
			return true;
	if (!ber_next(&data, &e))
		return true;
	m->pdu = e.id;
	(void)ber_enter(&e, &m->in);
	return true;
}

static bool read_message(const struct packet *p, struct message *m)
{
	struct ber_level all, top;
	struct ber e;

	memset(m, 0, sizeof(*m));
	ber_begin(&all, p->payload, p->payload_cap, p->payload_cap < p->payload_len);
	if (!ber_open(&all, BER_SEQUENCE, &top) ||
	    !ber_take_integer(&top, BER_INTEGER, &m->version) || m->version < 0 ||
	    m->version > VERSION_3 || m->version == 2)
		return false;
	if (m->version == VERSION_3)
		return read_v3(&top, m);
	if (!ber_take(&top, BER_OCTETS, &m->community) || !ber_next(&top, &e) ||
	    e.id < BER_CONTEXT(0) || e.id > PDU_REPORT)
		return false;
	m->pdu = e.id;
	(void)ber_enter(&e, &m->in);
	return true;
}

static bool probe(const struct packet *p, bool from_client)
{
	struct message m;

	uint16_t port = from_client ? p->dport : p->sport;
	if (port != PORT_SNMP && port != PORT_TRAP)
		return false;
	return read_message(p, &m);
}

static void put_login(struct inspection *in, enum login_outcome outcome, bool is_inferred)
{
	struct snmp_state *s = in->state;

	inspect_login(in, &(struct login){
				  .service = "snmp",
				  .app = APP_SNMP,
				  .outcome = outcome,
				  .method = s->mark ? LOGIN_PASSWORD : LOGIN_HASH,
				  .is_inferred = is_inferred,
				  .secret_mark = s->mark,
				  .attempt = ++s->attempts,
				  .user = { s->user, s->user_kept.len, s->user_kept.full },
			  });
	s->is_waiting = false;
}

/* The statistic that a report names, 0: none of USM's (RFC 3414, 5). */
static uint8_t read_report(struct ber_level pdu)
{
	struct ber e;
	struct ber_level list, binding;
	int64_t number;

	for (unsigned i = 0; i < 3; i++)
		if (!ber_take_integer(&pdu, BER_INTEGER, &number))
			return 0;
	if (!ber_open(&pdu, BER_SEQUENCE, &list) || !ber_open(&list, BER_SEQUENCE, &binding) ||
	    !ber_take(&binding, BER_OID, &e))
		return 0;
	const uint8_t *oid = cursor_take(&e.body, USM_STATS_LEN);
	return oid && memcmp(oid, usm_stats, sizeof(usm_stats)) == 0 ? oid[sizeof(usm_stats)] : 0;
}

static void take_request(struct inspection *in, struct message *m)
{
	struct snmp_state *s = in->state;

	if (m->pdu == PDU_TRAP_1 || m->pdu == PDU_TRAP_2 || m->pdu == PDU_INFORM)
		return; /* from an agent */
	if (m->version == VERSION_3) {
		if (!m->has_user) /* asks who the engine is */
			return;
		size_t len = cursor_left(&m->user.body);
		login_keep(s->user, sizeof(s->user), &s->user_kept, m->user.body.pos,
			   (uint32_t)len);
		s->mark = 0;
		s->is_waiting = true;
		return;
	}
	size_t len = cursor_left(&m->community.body);
	uint8_t mark = login_secret(in, m->community.body.pos, (uint32_t)len);
	if (s->is_waiting && s->mark && mark != s->mark)
		put_login(in, LOGIN_FAILURE, true);
	s->mark = mark;
	s->is_waiting = true;
}

static void take_answer(struct inspection *in, const struct message *m)
{
	struct snmp_state *s = in->state;

	if (!s->is_waiting)
		return;
	if (m->version == VERSION_3 && m->pdu == PDU_REPORT) {
		uint8_t statistic = read_report(m->in);
		if (statistic == USM_NO_USER || statistic == USM_DIGEST)
			put_login(in, statistic == USM_NO_USER ? LOGIN_NO_USER : LOGIN_FAILURE,
				  false);
		s->is_waiting = false;
		return;
	}
	uint8_t known = s->mark ? s->mark : 1;
	if (s->told != known)
		put_login(in, LOGIN_SUCCESS, false);
	s->told = known;
	s->is_waiting = false;
}

/* What rides in the names and values of a message's list. */
static void add_binding(struct carried *c, const struct hash_key *key, struct ber_level binding)
{
	struct ber e;

	while (ber_next(&binding, &e)) {
		size_t len = cursor_left(&e.body);
		const uint8_t *data = cursor_take(&e.body, len);
		if (e.id == BER_OID && len >= OID_MIN)
			carried_add(c, key, data, len);
		else if ((e.id == BER_OCTETS || e.id == OPAQUE) && len >= VALUE_MIN)
			carried_add_text(c, key, data, len);
	}
}

static void tell_carried(struct inspection *in, struct ber_level pdu)
{
	struct carried carried = { 0 };
	struct ber_level list, binding;
	struct ber e;

	if (!carried_may_leave(in))
		return;
	while (ber_next(&pdu, &e))
		if (e.id == BER_SEQUENCE && ber_enter(&e, &list))
			while (ber_open(&list, BER_SEQUENCE, &binding))
				add_binding(&carried, in->key, binding);
	carried_put(in, APP_SNMP, &carried);
}

static enum inspect_verdict on_datagram(struct inspection *in)
{
	struct snmp_state *s = in->state;
	struct message m;

	if (!read_message(in->packet, &m))
		return s->attempts ? INSPECT_MORE : INSPECT_NOT_MINE;
	if (in->from_client && m.pdu)
		tell_carried(in, m.in);
	if (in->from_client)
		take_request(in, &m);
	else
		take_answer(in, &m);
	return s->attempts < ATTEMPTS_MAX ? INSPECT_MORE : INSPECT_DONE;
}

const struct inspector snmp_inspector = {
	.name = "snmp",
	.app = APP_SNMP,
	.proto = PROTO_UDP,
	.state_size = sizeof(struct snmp_state),
	.apps = { APP_SNMP },
	.probe = probe,
	.on_datagram = on_datagram,
};
