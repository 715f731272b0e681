/*
 * inspect/kerberos/kerberos.c - Kerberos 5 to the key distribution centre (RFC 4120, 7.2).
 *
 *   UDP: one message a datagram;  TCP: length 4 (its highest bit reserved), message
 *
 * One event_kerberos a message.  An answer names what was asked: the flow remembers its latest
 * request, and the event of the answer carries that one's etypes, options and pre-authentication.
 * An answer to an AS-REQ that tells whether the client may log in is an event_login as well; to ask
 * for pre-authentication (25) is only the first half of a log-in and is none.
 *
 * Messages are found on any port by their head.  One of over 14 KiB (a ticket with a large PAC) is
 * read as far as that and passed over.
 */
#include <strings.h>

#include "exfild/base/cursor.h"
#include "exfild/event/ends.h"
#include "exfild/flow/stream.h"
#include "exfild/inspect/inspector.h"
#include "message.h"

#define PORT_KDC     88
#define LENGTH_LEN   4
#define MESSAGE_MOST (1u << 20)              /* a longer one is no message */
#define READ_MOST    (STREAM_WINDOW - 2048u) /* of one message */
#define CNAME_KEPT   64
#define REALM_KEPT   48
#define SNAME_KEPT   96

struct kerberos_state {
	uint32_t skip[2]; /* TCP: bytes to pass over, by side */
	uint32_t attempts;
	/* the latest request */
	uint8_t type; /* 0: none */
	uint8_t has_preauth, pac, etype_count, has_fast;
	uint8_t cname_len, realm_len, sname_len;
	bool is_tgt_foreign;
	int16_t cname_type, sname_type;
	int16_t preauth_etype, tgt_etype;
	int16_t etypes[KERBEROS_ETYPES];
	uint32_t options;
	char cname[CNAME_KEPT], realm[REALM_KEPT], sname[SNAME_KEPT];
	bool is_accepted;
};

_Static_assert(sizeof(struct kerberos_state) <= INSPECT_STATE_MAX, "a request fits into the state");

static bool probe(const struct packet *p, bool from_client)
{
	struct cursor c = cursor_make(p->payload, p->payload_cap);
	(void)from_client;
	if (p->proto == PROTO_UDP)
		return krb_message_is_likely(p->payload, p->payload_cap);
	uint32_t len = cursor_be32(&c);
	if (!cursor_ok(&c) || len == 0 || len > MESSAGE_MOST)
		return false;
	if (cursor_left(&c) == 0) /* some send the length by itself */
		return p->sport == PORT_KDC || p->dport == PORT_KDC;
	return krb_message_is_likely(c.pos, cursor_left(&c));
}

static bool is_answer(uint8_t type)
{
	return type == KERBEROS_AS_REP || type == KERBEROS_TGS_REP || type == KERBEROS_AP_REP ||
	       type == KERBEROS_ERROR;
}

static uint8_t keep_text(char *dst, size_t size, const struct krb_name *n)
{
	size_t len = n->len < size ? n->len : size;
	memcpy(dst, n->text, len);
	return (uint8_t)len;
}

static bool is_tgt_foreign(const struct krb_message *m)
{
	return m->tgt_realm.type != -1 && m->realm.type != -1 &&
	       (m->tgt_realm.len != m->realm.len ||
		strncasecmp(m->tgt_realm.text, m->realm.text, m->realm.len) != 0);
}

static void remember(struct kerberos_state *s, const struct krb_message *m)
{
	s->type = m->type;
	s->has_preauth = m->has_preauth;
	s->has_fast = m->has_fast;
	s->pac = m->pac;
	s->etype_count = m->etype_count;
	s->preauth_etype = m->preauth_etype;
	s->tgt_etype = m->tgt_etype;
	s->is_tgt_foreign = is_tgt_foreign(m);
	s->options = m->options;
	s->cname_type = m->cname.type;
	s->sname_type = m->sname.type;
	memcpy(s->etypes, m->etypes, sizeof(s->etypes));
	s->cname_len = keep_text(s->cname, sizeof(s->cname), &m->cname);
	s->realm_len = keep_text(s->realm, sizeof(s->realm), &m->realm);
	s->sname_len = keep_text(s->sname, sizeof(s->sname), &m->sname);
}

/* Whether this answers the flow's latest request. */
static bool answers(const struct kerberos_state *s, const struct krb_message *m)
{
	if (m->type == KERBEROS_ERROR)
		return s->type != 0;
	return (m->type == KERBEROS_AS_REP && s->type == KERBEROS_AS_REQ) ||
	       (m->type == KERBEROS_TGS_REP && s->type == KERBEROS_TGS_REQ);
}

/* A message says by itself who asks; where the flow table has guessed otherwise, ends swap. */
static void set_ends(struct inspection *in, struct event *e, bool is_reply)
{
	if (in->from_client != is_reply || (in->flow->flags & FLOW_CLIENT_KNOWN))
		return;
	event_swap_ends(e);
	e->from_server = is_reply;
}

static void put_name(struct inspection *in, struct event_str *s, const struct krb_name *n)
{
	if (n->type != -1)
		event_log_str(in->log, s, n->text, n->len, n->full);
}

static void put_kept(struct inspection *in, struct event_str *s, const char *text, size_t len)
{
	if (!s->off && len)
		event_log_str(in->log, s, text, len, len);
}

static void put_event(struct inspection *in, const struct krb_message *m)
{
	const struct kerberos_state *s = in->state;
	bool has_request = is_answer(m->type) && answers(s, m);
	struct event_kerberos *e = inspect_event(in, EVENT_KERBEROS, sizeof(*e));

	set_ends(in, &e->e, is_answer(m->type));
	e->e.app = APP_KERBEROS;
	e->message = m->type;
	e->request = has_request ? s->type : is_answer(m->type) ? 0 : m->type;
	e->is_malformed = m->is_malformed;
	e->has_preauth = has_request ? s->has_preauth : m->has_preauth;
	e->has_fast = has_request ? s->has_fast : m->has_fast;
	e->has_additional_ticket = m->has_additional_ticket;
	e->pac = has_request ? s->pac : m->pac;
	e->etype_count = has_request ? s->etype_count : m->etype_count;
	memcpy(e->etypes, has_request ? s->etypes : m->etypes, sizeof(e->etypes));
	e->preauth_etype = has_request ? s->preauth_etype : m->preauth_etype;
	e->tgt_etype = has_request ? s->tgt_etype : m->tgt_etype;
	e->is_tgt_foreign = has_request ? s->is_tgt_foreign : is_tgt_foreign(m);
	e->ticket_etype = m->ticket_etype;
	e->reply_etype = m->reply_etype;
	e->cname_type = m->cname.type != -1 || !has_request ? m->cname.type : s->cname_type;
	e->sname_type = has_request ? s->sname_type : m->sname.type;
	e->options = has_request ? s->options : m->options;
	e->error = m->error;
	put_name(in, &e->cname, &m->cname);
	put_name(in, &e->realm, &m->realm);
	put_name(in, &e->sname, &m->sname);
	put_name(in, &e->for_user, &m->for_user);
	if (has_request) {
		put_kept(in, &e->cname, s->cname, s->cname_len);
		put_kept(in, &e->realm, s->realm, s->realm_len);
		put_kept(in, &e->sname, s->sname, s->sname_len);
	}
	event_log_commit(in->log);
}

/* -1: tells nothing about the client. */
static int outcome_of(const struct kerberos_state *s, const struct krb_message *m)
{
	if (m->type == KERBEROS_AS_REP)
		return s->has_preauth ? LOGIN_SUCCESS : LOGIN_UNKNOWN; /* nothing was proven */
	switch (m->error) {
	case KERBEROS_NO_CLIENT:
		return LOGIN_NO_USER;
	case KERBEROS_PREAUTH_FAILED:
		return LOGIN_FAILURE;
	case KERBEROS_POLICY:
	case KERBEROS_CLIENT_REVOKED:
	case KERBEROS_KEY_EXPIRED:
		return LOGIN_LOCKED;
	default:
		return -1;
	}
}

static void put_login(struct inspection *in, struct kerberos_state *s, const struct krb_message *m)
{
	if ((m->type != KERBEROS_AS_REP && m->type != KERBEROS_ERROR) || s->type != KERBEROS_AS_REQ)
		return;
	int outcome = outcome_of(s, m);
	if (outcome < 0)
		return;
	struct event_login *e = inspect_event(in, EVENT_LOGIN, sizeof(*e));
	set_ends(in, &e->e, true);
	e->e.app = APP_KERBEROS;
	e->outcome = (uint8_t)outcome;
	e->method = LOGIN_KERBEROS;
	e->status = m->error;
	e->attempt = ++s->attempts;
	event_log_str(in->log, &e->service, "kerberos", 8, 8);
	put_kept(in, &e->user, s->cname, s->cname_len);
	put_kept(in, &e->domain, s->realm, s->realm_len);
	event_log_commit(in->log);
}

static bool take_message(struct inspection *in, const uint8_t *data, size_t len, bool is_cut)
{
	struct kerberos_state *s = in->state;
	struct krb_message m;
	if (!krb_message_read(data, len, is_cut, &m))
		return false;
	s->is_accepted = true;
	put_event(in, &m);
	if (is_answer(m.type)) {
		put_login(in, s, &m);
		if (answers(s, &m))
			s->type = 0;
	} else {
		remember(s, &m);
	}
	return true;
}

static enum inspect_verdict on_datagram(struct inspection *in)
{
	const struct packet *p = in->packet;
	const struct kerberos_state *s = in->state;
	if (take_message(in, p->payload, p->payload_cap, p->payload_cap < p->payload_len) ||
	    s->is_accepted)
		return INSPECT_MORE;
	return INSPECT_NOT_MINE;
}

static enum inspect_verdict on_stream(struct inspection *in, const uint8_t *data, uint32_t len,
				      uint32_t *ret_used)
{
	struct kerberos_state *s = in->state;
	bool is_last = in->packet->payload_cap < in->packet->payload_len;
	uint32_t *skip = &s->skip[in->side];
	uint32_t at = 0;

	while (at < len) {
		uint32_t pass = *skip < len - at ? *skip : len - at;
		*skip -= pass;
		at += pass;
		struct cursor c = cursor_make(data + at, len - at);
		uint32_t whole = cursor_be32(&c);
		if (!cursor_ok(&c))
			break;
		if (whole == 0 || whole > MESSAGE_MOST)
			return s->is_accepted ? INSPECT_SIDE_DONE : INSPECT_NOT_MINE;
		size_t left = cursor_left(&c);
		bool is_cut = left < whole;
		if (is_cut && !is_last && left < READ_MOST)
			break;
		size_t use = is_cut ? left : whole;
		if (!take_message(in, c.pos, use, is_cut))
			return s->is_accepted ? INSPECT_SIDE_DONE : INSPECT_NOT_MINE;
		*skip = (uint32_t)(whole - use);
		at += (uint32_t)(LENGTH_LEN + use);
	}
	*ret_used = at;
	return is_last ? INSPECT_SIDE_DONE : INSPECT_MORE;
}

/* The flow ends within a message: what there is of it. */
static void on_end(struct inspection *in, const uint8_t *data, uint32_t len)
{
	struct kerberos_state *s = in->state;
	if (len > LENGTH_LEN && s->skip[in->side] == 0)
		(void)take_message(in, data + LENGTH_LEN, len - LENGTH_LEN, true);
}

const struct inspector kerberos_inspector = {
	.name = "kerberos",
	.app = APP_KERBEROS,
	.state_size = sizeof(struct kerberos_state),
	.apps = { APP_KERBEROS },
	.decides = true,
	.probe = probe,
	.on_stream = on_stream,
	.on_datagram = on_datagram,
	.on_end = on_end,
};
