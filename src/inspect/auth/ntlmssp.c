/*
 * inspect/auth/ntlmssp.c - log-in tokens, bare or wrapped.
 *
 * The wrappings are many (SPNEGO, raw GSS, SASL within BER, cut ones), the tokens have marks of
 * their own: a token is looked for by its mark, at any place of the blob.  An NTLM message begins
 * with a text of eight bytes; a Kerberos message follows the object identifier of its mechanism
 * and two bytes that say what it is (RFC 4121, 4.1).  The bare identifier is an offer only.
 */
#include "ntlmssp.h"

#include <string.h>

#include "exfild/base/cursor.h"
#include "exfild/base/utf16.h"

#define SIGNATURE_LEN 8
#define OID_LEN       11
#define NTLM_OID_LEN  12
#define V2_LEN        24 /* a longer NT response is one of NTLMv2 */
#define V2_PAIRS      44 /* proof 16, version 2, zero 6, time 8, challenge 8, zero 4 */
#define AV_MAX        32

/* MS-NLMP 2.2.2.1 */
enum av_id {
	AV_END,
	AV_COMPUTER,
	AV_DOMAIN,
	AV_DNS_COMPUTER,
	AV_FLAGS = 6,
	AV_TARGET = 9,
};

#define AV_FLAG_MIC 0x2u

static const uint8_t signature[SIGNATURE_LEN] = "NTLMSSP";
static const uint8_t oid_kerberos[OID_LEN] = { 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
					       0xf7, 0x12, 0x01, 0x02, 0x02 };
/* 1.2.840.48018.1.2.2: what Windows 2000 made of it, still offered (MS-SPNG 3.1.5.2) */
static const uint8_t oid_ms_kerberos[OID_LEN] = { 0x06, 0x09, 0x2a, 0x86, 0x48, 0x82,
						  0xf7, 0x12, 0x01, 0x02, 0x02 };
static const uint8_t oid_ntlm[NTLM_OID_LEN] = { 0x06, 0x0a, 0x2b, 0x06, 0x01, 0x04,
						0x01, 0x82, 0x37, 0x02, 0x02, 0x0a };
static const uint8_t oid_spnego[] = { 0x06, 0x06, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x02 };

struct message {
	const uint8_t *data;
	size_t len;
	struct ntlmssp *ret;
};

/* Length, room and offset of a value; NULL when it is empty or lies beyond the message. */
static const uint8_t *value(struct message *m, struct cursor *c, uint16_t *ret_len)
{
	uint16_t len = cursor_le16(c);
	cursor_skip(c, 2);
	uint32_t off = cursor_le32(c);
	*ret_len = 0;
	if (!cursor_ok(c) || len == 0)
		return NULL;
	*ret_len = len;
	if (off > m->len || len > m->len - off) {
		m->ret->is_cut = true;
		return NULL;
	}
	return m->data + off;
}

static void set_name(struct ntlm_name *name, const uint8_t *data, size_t len, bool is_unicode)
{
	size_t full;
	name->len =
		(uint16_t)(is_unicode ? utf16_to_utf8(name->text, NTLM_NAME_MAX, data, len, &full) :
					oem_to_utf8(name->text, NTLM_NAME_MAX, data, len, &full));
	name->full = (uint16_t)(full < UINT16_MAX ? full : UINT16_MAX);
}

static void read_name(struct message *m, struct cursor *c, struct ntlm_name *name, bool is_unicode)
{
	uint16_t len;
	const uint8_t *data = value(m, c, &len);
	if (data)
		set_name(name, data, len, is_unicode);
}

static void read_version(struct message *m, struct cursor *c)
{
	struct ntlmssp *n = m->ret;
	n->version_major = cursor_u8(c);
	n->version_minor = cursor_u8(c);
	n->version_build = cursor_le16(c);
	cursor_skip(c, 4);
	n->has_version = cursor_ok(c);
}

static void read_pairs(struct message *m, const uint8_t *data, size_t len)
{
	struct ntlmssp *n = m->ret;
	struct cursor c = cursor_make(data, len);
	for (unsigned i = 0; i < AV_MAX; i++) {
		uint16_t id = cursor_le16(&c);
		uint16_t size = cursor_le16(&c);
		const uint8_t *v = cursor_take(&c, size);
		if (!v || id == AV_END)
			return;
		bool is_server = n->type == NTLM_CHALLENGE;
		if (id == AV_COMPUTER && is_server)
			set_name(&n->station, v, size, true);
		else if (id == AV_DOMAIN && is_server)
			set_name(&n->domain, v, size, true);
		else if (id == AV_DNS_COMPUTER && is_server)
			set_name(&n->dns, v, size, true);
		else if (id == AV_TARGET && !is_server)
			set_name(&n->target, v, size, true);
		else if (id == AV_FLAGS && size >= 4)
			n->has_mic = v[0] & AV_FLAG_MIC;
	}
}

/* MS-NLMP 2.2.1.1: the names are in the client's code page, whatever the flags say. */
static bool read_negotiate(struct message *m, struct cursor *c)
{
	m->ret->flags = cursor_le32(c);
	if (!cursor_ok(c))
		return false;
	read_name(m, c, &m->ret->domain, false);
	read_name(m, c, &m->ret->station, false);
	if (m->ret->flags & NTLM_FLAG_VERSION)
		read_version(m, c);
	return true;
}

/* MS-NLMP 2.2.1.2 */
static bool read_challenge(struct message *m, struct cursor *c)
{
	struct ntlmssp *n = m->ret;
	struct cursor at_target = *c;
	cursor_skip(c, 8);
	n->flags = cursor_le32(c);
	n->challenge = cursor_be64(c);
	if (!cursor_ok(c))
		return false;
	read_name(m, &at_target, &n->target, n->flags & NTLM_FLAG_UNICODE);
	cursor_skip(c, 8);
	uint16_t len;
	const uint8_t *pairs = value(m, c, &len);
	if (pairs)
		read_pairs(m, pairs, len);
	if (n->flags & NTLM_FLAG_VERSION)
		read_version(m, c);
	return true;
}

/* MS-NLMP 2.2.1.3; the oldest clients leave out all from the key on. */
static bool read_authenticate(struct message *m, struct cursor *c)
{
	struct ntlmssp *n = m->ret;
	const uint8_t *lm = value(m, c, &n->lm_len);
	const uint8_t *nt = value(m, c, &n->nt_len);
	struct cursor names = *c;
	cursor_skip(c, 24);
	if (!cursor_ok(c))
		return false;
	cursor_skip(c, 8); /* session key */
	n->flags = cursor_ok(c) && cursor_left(c) >= 4 ? cursor_le32(c) : NTLM_FLAG_UNICODE;
	if (cursor_ok(c) && n->flags & NTLM_FLAG_VERSION)
		read_version(m, c);
	bool is_unicode = n->flags & NTLM_FLAG_UNICODE;
	read_name(m, &names, &n->domain, is_unicode);
	read_name(m, &names, &n->user, is_unicode);
	read_name(m, &names, &n->station, is_unicode);
	bool has_lm = n->lm_len > 1 || (lm && n->lm_len == 1 && lm[0]);
	n->is_anonymous = n->user.full == 0 && n->nt_len == 0 && !has_lm && !n->is_cut;
	n->is_v2 = n->nt_len > V2_LEN;
	if (nt && n->nt_len >= 8) {
		struct cursor head = cursor_make(nt, 8);
		n->response_hash = cursor_be64(&head);
	}
	if (nt && n->nt_len > V2_PAIRS)
		read_pairs(m, nt + V2_PAIRS, n->nt_len - V2_PAIRS);
	return true;
}

bool ntlmssp_read(struct ntlmssp *ret, const uint8_t *data, size_t len)
{
	struct cursor c = cursor_make(data, len);
	struct message m = { .data = data, .len = len, .ret = ret };
	memset(ret, 0, sizeof(*ret));
	const uint8_t *mark = cursor_take(&c, SIGNATURE_LEN);
	uint32_t type = cursor_le32(&c);
	if (!cursor_ok(&c) || memcmp(mark, signature, SIGNATURE_LEN) != 0)
		return false;
	if (type < NTLM_NEGOTIATE || type > NTLM_AUTHENTICATE)
		return false;
	ret->type = (uint8_t)type;
	if (type == NTLM_NEGOTIATE)
		return read_negotiate(&m, &c);
	if (type == NTLM_CHALLENGE)
		return read_challenge(&m, &c);
	return read_authenticate(&m, &c);
}

/* An identifier of Kerberos with a message behind it: AP-REQ, AP-REP, KRB-ERROR. */
static const uint8_t *find_kerberos(const uint8_t *blob, size_t len, bool *ret_offered)
{
	const uint8_t *end = blob + len, *at = blob;
	while ((at = memmem(at, (size_t)(end - at), oid_kerberos, OID_LEN))) {
		struct cursor c = cursor_make(at, (size_t)(end - at));
		cursor_skip(&c, OID_LEN);
		uint16_t id = cursor_be16(&c);
		const uint8_t *message = c.pos;
		uint8_t tag = cursor_u8(&c);
		*ret_offered = true;
		if (cursor_ok(&c) &&
		    ((id == 0x0100 && tag == 0x6e) || (id == 0x0200 && tag == 0x6f) ||
		     (id == 0x0300 && tag == 0x7e)))
			return message;
		at += OID_LEN;
	}
	return NULL;
}

/* Steps into an element of DER with this tag. */
static bool enter(struct cursor *c, uint8_t tag)
{
	if (cursor_u8(c) != tag)
		return false;
	uint8_t len = cursor_u8(c);
	if (len > 0x80)
		cursor_skip(c, len & 0x7f);
	return cursor_ok(c);
}

/* NegTokenResp: [1] { SEQUENCE { [0] { ENUMERATED } ... */
static uint8_t state_of(const uint8_t *blob, size_t len)
{
	struct cursor c = cursor_make(blob, len);
	if (!enter(&c, 0xa1) || !enter(&c, 0x30) || !enter(&c, 0xa0) || !enter(&c, 0x0a))
		return AUTH_STATE_UNTOLD;
	uint8_t state = cursor_u8(&c);
	return cursor_ok(&c) && state <= AUTH_REQUEST_MIC ? state : AUTH_STATE_UNTOLD;
}

bool auth_token_read(struct auth_token *ret, const uint8_t *blob, size_t len)
{
	memset(ret, 0, sizeof(*ret));
	ret->state = AUTH_STATE_UNTOLD;
	if (len < 2)
		return false;
	ret->state = state_of(blob, len);
	ret->is_spnego = blob[0] == 0xa0 || blob[0] == 0xa1 ||
			 (blob[0] == 0x60 &&
			  memmem(blob, len < 16 ? len : 16, oid_spnego, sizeof(oid_spnego)));
	ret->offers_ntlm = memmem(blob, len, oid_ntlm, NTLM_OID_LEN);
	const uint8_t *ntlm = memmem(blob, len, signature, SIGNATURE_LEN);
	const uint8_t *kerberos = find_kerberos(blob, len, &ret->offers_kerberos);
	ret->offers_kerberos = ret->offers_kerberos || memmem(blob, len, oid_ms_kerberos, OID_LEN);
	if (!kerberos && blob[0] == 0x6e && len > 8) /* bare AP-REQ */
		kerberos = blob;
	if (ntlm && (!kerberos || ntlm < kerberos)) {
		ret->mechanism = AUTH_NTLM;
		ret->token = ntlm;
	} else if (kerberos) {
		ret->mechanism = AUTH_KERBEROS;
		ret->token = kerberos;
	}
	if (ret->token)
		ret->token_len = len - (size_t)(ret->token - blob);
	return ret->token || ret->is_spnego;
}
