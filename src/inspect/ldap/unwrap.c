/*
 * inspect/ldap/unwrap.c - SASL's security layer over LDAP (RFC 4422 3.7): signed, or sealed.
 *
 *   Kerberos (RFC 4121, 4.2.6.2):  05 04 flags ff | extra count 2 | rotation 2 | sequence 8 | data
 *   older (RFC 1964, 1.2.2):       60 len 06 09 OID | 02 01 | signing 2 | sealing 2 | ff ff |
 *                                  sequence 8 | check sum 8 | confounder 8 | data
 *   NTLM (MS-NLMP, 2.2.2.9):       01 00 00 00 | check sum 8 | sequence 4 | data
 *   DIGEST-MD5 (RFC 2831, 2.3):    data | check sum 10 | 00 01 | sequence 4
 */
#include <string.h>

#include "message.h"

#define CFX_HEAD     16
#define CFX_SEALED   0x02
#define OLD_HEAD_MAX 64
#define NTLM_HEAD    16
#define DIGEST_TAIL  16
#define NEEDED       128

static void unwrap_cfx(const uint8_t *data, size_t len, struct ldap_wrap *w)
{
	struct cursor c = cursor_make(data, len);
	cursor_skip(&c, 2);
	uint8_t flags = cursor_u8(&c);
	cursor_skip(&c, 1);
	uint32_t extra = cursor_be16(&c);
	uint32_t rotation = cursor_be16(&c);
	w->how = "gss-krb5";
	w->is_sealed = true;
	if (!cursor_ok(&c) || (flags & CFX_SEALED) || (rotation && rotation != extra))
		return;
	/* rotated by its own length, the check sum comes to stand before the data */
	w->is_sealed = false;
	w->head = CFX_HEAD + (rotation ? extra : 0);
	w->tail = rotation ? 0 : extra;
}

static void unwrap_old(const uint8_t *data, size_t len, struct ldap_wrap *w)
{
	static const uint8_t oid[] = { 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
				       0xf7, 0x12, 0x01, 0x02, 0x02 };
	const uint8_t *at = memmem(data, len < OLD_HEAD_MAX ? len : OLD_HEAD_MAX, oid, sizeof(oid));
	w->how = "gss-krb5";
	w->is_sealed = true;
	if (!at)
		return;
	size_t start = (size_t)(at - data) + sizeof(oid);
	struct cursor c = cursor_make(data + start, len - start);
	uint16_t token = cursor_be16(&c);
	cursor_skip(&c, 2);
	uint16_t sealing = cursor_be16(&c);
	if (!cursor_ok(&c) || token != 0x0201 || sealing != 0xffff)
		return;
	w->is_sealed = false;
	w->head = (uint32_t)(start + 8 + 8 + 8 + 8);
	w->tail = 1; /* padding */
}

bool ldap_unwrap(const uint8_t *data, size_t len, size_t whole, struct ldap_wrap *ret)
{
	static const uint8_t ntlm[] = { 1, 0, 0, 0 };
	struct ldap_wrap *w = ret;
	*w = (struct ldap_wrap){ .how = "sasl", .is_sealed = true };
	if (len < NEEDED && len < whole)
		return false;
	if (len >= 2 && data[0] == 5 && data[1] == 4) {
		unwrap_cfx(data, len, w);
	} else if (len && data[0] == 0x60) {
		unwrap_old(data, len, w);
	} else if (len > NTLM_HEAD && memcmp(data, ntlm, sizeof(ntlm)) == 0) {
		w->how = "ntlm";
		w->head = NTLM_HEAD;
		w->is_sealed = !ldap_message_is_likely(data + NTLM_HEAD, len - NTLM_HEAD);
	} else if (whole > DIGEST_TAIL && ldap_message_is_likely(data, len)) {
		w->tail = DIGEST_TAIL;
		w->is_sealed = false;
	}
	if (w->is_sealed || (size_t)w->head + w->tail >= whole) {
		w->is_sealed = true;
		w->head = w->tail = 0;
	}
	return true;
}
