/*
 * inspect/kerberos/message.c - see message.h.
 *
 *   KDC-REQ   [10, 12] { [1] pvno [2] msg-type [3] padata [4] body }            RFC 4120, 5.4.1
 *   body      { [0] options [1] cname [2] realm [3] sname [4..7] times, nonce
 *               [8] etypes [9] addresses [10] data [11] additional tickets }
 *   KDC-REP   [11, 13] { [0] pvno [1] msg-type [2] padata [3] crealm [4] cname
 *               [5] ticket [6] enc-part }                                       5.4.2
 *   AP-REQ    [14] { [0] pvno [1] msg-type [2] options [3] ticket [4] authenticator }  5.5.1
 *   KRB-ERROR [30] { [0] pvno [1] msg-type [2..5] times [6] code [7] crealm [8] cname
 *               [9] realm [10] sname [11] text [12] data }                      5.9.1
 *   Ticket    [1] { [0] version [1] realm [2] sname [3] enc-part }              5.3
 *   EncryptedData { [0] etype [1] kvno [2] cipher }                             5.2.9
 */
#include "message.h"

#include <string.h>

#include "../asn1/ber.h"

#define VERSION      5
#define STRING       0x1b /* GeneralString */
#define TICKET_TAG   BER_APPLICATION(1)
#define PADATA_MAX   32 /* looked at in one message */
#define TICKETS_HEAD 11 /* additional-tickets */

enum padata { /* RFC 4120 7.5.2, RFC 4556, RFC 6113, MS-SFU 2.2.1, MS-KILE 2.2.3 */
	      PA_TGS_REQ = 1,
	      PA_ENC_TIMESTAMP = 2,
	      PA_PK_AS_REQ_OLD = 15,
	      PA_PK_AS_REQ = 16,
	      PA_PAC_REQUEST = 128,
	      PA_FOR_USER = 129,
	      PA_FX_FAST = 136,
	      PA_ENCRYPTED_CHALLENGE = 138,
};

static void name_clear(struct krb_name *n)
{
	n->len = 0;
	n->full = 0;
	n->type = -1;
}

static void name_add(struct krb_name *n, const void *data, size_t len)
{
	size_t room = KRB_NAME_MAX - n->len;
	size_t kept = len < room ? len : room;
	if (kept)
		memcpy(n->text + n->len, data, kept);
	n->len = (uint8_t)(n->len + kept);
	size_t full = n->full + len;
	n->full = (uint16_t)(full < UINT16_MAX ? full : UINT16_MAX);
}

static void read_string(struct ber_level *in, struct krb_name *n)
{
	struct ber e;
	if (!ber_take(in, STRING, &e))
		return;
	size_t len = cursor_left(&e.body);
	name_add(n, e.body.pos, len);
	if (e.is_cut && e.len < UINT16_MAX)
		n->full = (uint16_t)e.len;
}

static void read_realm(const struct ber *e, struct krb_name *n)
{
	struct ber_level in;
	name_clear(n);
	if (ber_enter(e, &in)) {
		n->type = 0;
		read_string(&in, n);
	}
}

static void read_principal(const struct ber *e, struct krb_name *n)
{
	struct ber_level in, fields, type, parts, strings;
	int64_t value;
	name_clear(n);
	if (!ber_enter(e, &in) || !ber_open(&in, BER_SEQUENCE, &fields))
		return;
	n->type = 0;
	if (ber_open(&fields, BER_CONTEXT(0), &type) &&
	    ber_take_integer(&type, BER_INTEGER, &value) && value >= INT16_MIN &&
	    value <= INT16_MAX)
		n->type = (int16_t)value;
	if (!ber_open(&fields, BER_CONTEXT(1), &parts) || !ber_open(&parts, BER_SEQUENCE, &strings))
		return;
	for (unsigned i = 0; cursor_left(&strings.in) && !strings.is_broken; i++) {
		size_t before = cursor_left(&strings.in);
		if (i)
			name_add(n, "/", 1);
		read_string(&strings, n);
		if (cursor_left(&strings.in) == before)
			return; /* no string */
	}
}

static int16_t as_etype(int64_t value)
{
	return value > INT16_MIN && value <= INT16_MAX ? (int16_t)value : KERBEROS_NO_ETYPE;
}

static bool read_number(const struct ber *e, int64_t *ret)
{
	struct ber_level in;
	return ber_enter(e, &in) && ber_take_integer(&in, BER_INTEGER, ret);
}

/* The etype of an EncryptedData that stands in this level. */
static int16_t read_encrypted(struct ber_level *in)
{
	struct ber_level fields, type;
	int64_t value;
	if (!ber_open(in, BER_SEQUENCE, &fields) || !ber_open(&fields, BER_CONTEXT(0), &type) ||
	    !ber_take_integer(&type, BER_INTEGER, &value))
		return KERBEROS_NO_ETYPE;
	return as_etype(value);
}

/* Ticket in a [n]: its etype; its names where they are wanted. */
static int16_t read_ticket(const struct ber *outer, struct krb_name *realm, struct krb_name *sname)
{
	struct ber_level in, ticket, fields, cipher;
	struct ber e;
	if (!ber_enter(outer, &in) || !ber_open(&in, TICKET_TAG, &ticket) ||
	    !ber_open(&ticket, BER_SEQUENCE, &fields))
		return KERBEROS_NO_ETYPE;
	while (ber_next(&fields, &e)) {
		if (e.id == BER_CONTEXT(1) && realm)
			read_realm(&e, realm);
		else if (e.id == BER_CONTEXT(2) && sname)
			read_principal(&e, sname);
		else if (e.id == BER_CONTEXT(3) && ber_enter(&e, &cipher))
			return read_encrypted(&cipher);
	}
	return KERBEROS_NO_ETYPE;
}

static void read_options(const struct ber *e, struct krb_message *m)
{
	struct ber_level in;
	struct ber bits;
	if (!ber_enter(e, &in) || !ber_take(&in, BER_BITS, &bits))
		return;
	cursor_skip(&bits.body, 1); /* unused bits */
	m->options = cursor_be32(&bits.body);
}

static void read_etypes(const struct ber *e, struct krb_message *m)
{
	struct ber_level in, list;
	int64_t value;
	if (!ber_enter(e, &in) || !ber_open(&in, BER_SEQUENCE, &list))
		return;
	while (ber_take_integer(&list, BER_INTEGER, &value)) {
		if (m->etype_count < KERBEROS_ETYPES)
			m->etypes[m->etype_count] = as_etype(value);
		if (m->etype_count < UINT8_MAX)
			m->etype_count++;
	}
}

/* The etype and realm of the ticket that a TGS-REQ shows, from its AP-REQ. */
static void read_shown_ticket(struct ber_level *in, struct krb_message *m)
{
	struct ber_level request, fields;
	struct ber e;
	if (!ber_open(in, BER_APPLICATION(KERBEROS_AP_REQ), &request) ||
	    !ber_open(&request, BER_SEQUENCE, &fields))
		return;
	while (ber_next(&fields, &e))
		if (e.id == BER_CONTEXT(3))
			m->tgt_etype = read_ticket(&e, &m->tgt_realm, NULL);
}

static void read_pac_request(struct ber_level *in, struct krb_message *m)
{
	struct ber_level fields, flag;
	struct ber e;
	if (ber_open(in, BER_SEQUENCE, &fields) && ber_open(&fields, BER_CONTEXT(0), &flag) &&
	    ber_take(&flag, BER_BOOLEAN, &e))
		m->pac = cursor_u8(&e.body) ? KERBEROS_PAC_ASKED : KERBEROS_PAC_REFUSED;
}

static void read_for_user(struct ber_level *in, struct krb_message *m)
{
	struct ber_level fields;
	struct ber e;
	if (ber_open(in, BER_SEQUENCE, &fields) && ber_take(&fields, BER_CONTEXT(0), &e))
		read_principal(&e, &m->for_user);
}

static void read_padata_value(int64_t type, const struct ber *value, struct krb_message *m)
{
	struct ber_level in;
	/* a message in an octet string */
	ber_begin(&in, value->body.pos, cursor_left(&value->body), value->is_cut);
	in.depth = value->depth;
	switch (type) {
	case PA_TGS_REQ:
		read_shown_ticket(&in, m);
		break;
	case PA_ENC_TIMESTAMP:
		m->has_preauth = true;
		m->preauth_etype = read_encrypted(&in);
		break;
	case PA_PK_AS_REQ_OLD:
	case PA_PK_AS_REQ:
	case PA_ENCRYPTED_CHALLENGE:
		m->has_preauth = true;
		break;
	case PA_FX_FAST: /* what is in it is encrypted; empty: only supported */
		m->has_fast = cursor_left(&value->body) > 0;
		m->has_preauth |= m->has_fast;
		break;
	case PA_PAC_REQUEST:
		read_pac_request(&in, m);
		break;
	case PA_FOR_USER:
		read_for_user(&in, m);
		break;
	default:
		break;
	}
}

static void read_padata(const struct ber *e, struct krb_message *m)
{
	struct ber_level in, list, fields, type, value;
	struct ber octets;
	int64_t number;
	if (!ber_enter(e, &in) || !ber_open(&in, BER_SEQUENCE, &list))
		return;
	for (unsigned i = 0; i < PADATA_MAX && ber_open(&list, BER_SEQUENCE, &fields); i++)
		if (ber_open(&fields, BER_CONTEXT(1), &type) &&
		    ber_take_integer(&type, BER_INTEGER, &number) &&
		    ber_open(&fields, BER_CONTEXT(2), &value) &&
		    ber_take(&value, BER_OCTETS, &octets))
			read_padata_value(number, &octets, m);
}

static bool read_body(const struct ber *outer, struct krb_message *m)
{
	struct ber_level in, fields;
	struct ber e;
	if (!ber_enter(outer, &in) || !ber_open(&in, BER_SEQUENCE, &fields))
		return false;
	while (ber_next(&fields, &e)) {
		switch (e.id) {
		case BER_CONTEXT(0):
			read_options(&e, m);
			break;
		case BER_CONTEXT(1):
			read_principal(&e, &m->cname);
			break;
		case BER_CONTEXT(2):
			read_realm(&e, &m->realm);
			break;
		case BER_CONTEXT(3):
			read_principal(&e, &m->sname);
			break;
		case BER_CONTEXT(8):
			read_etypes(&e, m);
			break;
		case BER_CONTEXT(TICKETS_HEAD):
			m->has_additional_ticket = true;
			break;
		default:
			break;
		}
	}
	return !fields.is_broken;
}

static void read_request_field(const struct ber *e, struct krb_message *m)
{
	if (e->id == BER_CONTEXT(3))
		read_padata(e, m);
	else if (e->id == BER_CONTEXT(4))
		m->is_malformed |= !read_body(e, m);
}

static void read_reply_field(const struct ber *e, struct krb_message *m)
{
	struct ber_level in;
	if (e->id == BER_CONTEXT(4))
		read_principal(e, &m->cname);
	else if (e->id == BER_CONTEXT(5))
		m->ticket_etype = read_ticket(e, &m->realm, &m->sname);
	else if (e->id == BER_CONTEXT(6) && ber_enter(e, &in))
		m->reply_etype = read_encrypted(&in);
}

static void read_error_field(const struct ber *e, struct krb_message *m)
{
	int64_t code;
	if (e->id == BER_CONTEXT(6) && read_number(e, &code))
		m->error = code >= 0 && code <= UINT32_MAX ? (uint32_t)code : UINT32_MAX;
	else if (e->id == BER_CONTEXT(8))
		read_principal(e, &m->cname);
	else if (e->id == BER_CONTEXT(9))
		read_realm(e, &m->realm);
	else if (e->id == BER_CONTEXT(10))
		read_principal(e, &m->sname);
}

static void read_field(const struct ber *e, struct krb_message *m)
{
	struct ber_level in;
	switch (m->type) {
	case KERBEROS_AS_REQ:
	case KERBEROS_TGS_REQ:
		read_request_field(e, m);
		break;
	case KERBEROS_AS_REP:
	case KERBEROS_TGS_REP:
		read_reply_field(e, m);
		break;
	case KERBEROS_AP_REQ:
		if (e->id == BER_CONTEXT(3))
			m->ticket_etype = read_ticket(e, &m->realm, &m->sname);
		else if (e->id == BER_CONTEXT(4) && ber_enter(e, &in))
			m->reply_etype = read_encrypted(&in);
		break;
	case KERBEROS_ERROR:
		read_error_field(e, m);
		break;
	default:
		break;
	}
}

static bool is_known(uint8_t type)
{
	return (type >= KERBEROS_AS_REQ && type <= KERBEROS_AP_REP) || type == KERBEROS_ERROR;
}

/* The fields of a message whose version and type fit its tag. */
static bool read_head(struct ber_level *top, uint8_t *ret_type, struct ber_level *ret_fields)
{
	struct ber e;
	struct ber_level in;
	int64_t version, type;
	if (!ber_next(top, &e) || (e.id & 0xe0) != BER_APPLICATION(0) ||
	    !is_known((uint8_t)e.number) || !ber_enter(&e, &in) ||
	    !ber_open(&in, BER_SEQUENCE, ret_fields))
		return false;
	*ret_type = (uint8_t)e.number;
	struct ber v, t;
	return ber_next(ret_fields, &v) && read_number(&v, &version) && version == VERSION &&
	       ber_next(ret_fields, &t) && read_number(&t, &type) && type == *ret_type;
}

bool krb_message_is_likely(const uint8_t *data, size_t len)
{
	struct ber_level top, fields;
	uint8_t type;
	ber_begin(&top, data, len, true);
	return read_head(&top, &type, &fields);
}

bool krb_message_read(const void *data, size_t len, bool is_cut, struct krb_message *ret)
{
	struct ber_level top, fields;
	struct ber e;
	memset(ret, 0, offsetof(struct krb_message, cname));
	name_clear(&ret->cname);
	name_clear(&ret->realm);
	name_clear(&ret->sname);
	name_clear(&ret->for_user);
	name_clear(&ret->tgt_realm);
	for (unsigned i = 0; i < KERBEROS_ETYPES; i++)
		ret->etypes[i] = KERBEROS_NO_ETYPE;
	ret->preauth_etype = ret->ticket_etype = KERBEROS_NO_ETYPE;
	ret->reply_etype = ret->tgt_etype = KERBEROS_NO_ETYPE;
	ber_begin(&top, data, len, is_cut);
	if (!read_head(&top, &ret->type, &fields))
		return false;
	while (ber_next(&fields, &e))
		read_field(&e, ret);
	ret->is_malformed |= fields.is_broken;
	return true;
}
