/*
 * inspect/test_krb_build.h - Kerberos messages for the tests.
 */
#ifndef EXFILD_TEST_INSPECT_KRB_BUILD_H
#define EXFILD_TEST_INSPECT_KRB_BUILD_H

#include "exfild/event/kerberos.h"
#include "support/der_build.h"

static inline struct der krb_int(int32_t value)
{
	return der_number(0x02, value);
}

static inline struct der krb_name_of(int type, const char *first, const char *second)
{
	struct der strings = der_text(0x1b, first);
	if (second)
		strings = der_join(strings, der_text(0x1b, second));
	return der_seq(der_join(der_tag(0, krb_int(type)), der_tag(1, der_seq(strings))));
}

static inline struct der krb_encrypted(int etype)
{
	return der_seq(der_join(der_tag(0, krb_int(etype)), der_tag(2, der_text(0x04, "secret"))));
}

static inline struct der krb_ticket(int etype, const char *first, const char *second)
{
	struct der t = der_tag(0, krb_int(5));
	t = der_join(t, der_tag(1, der_text(0x1b, "EXAMPLE.ORG")));
	t = der_join(t, der_tag(2, krb_name_of(2, first, second)));
	t = der_join(t, der_tag(3, krb_encrypted(etype)));
	return der_wrap(0x61, der_seq(t));
}

static inline struct der krb_padata(int type, struct der value)
{
	return der_seq(der_join(der_tag(1, krb_int(type)), der_tag(2, der_wrap(0x04, value))));
}

static inline struct der krb_ap_req(int etype, const char *first, const char *second)
{
	struct der m = der_join(der_tag(0, krb_int(5)), der_tag(1, krb_int(14)));
	m = der_join(m, der_tag(2, der_bytes(0x03, "\0\0\0\0\0", 5)));
	m = der_join(m, der_tag(3, krb_ticket(etype, first, second)));
	m = der_join(m, der_tag(4, krb_encrypted(18)));
	return der_wrap(0x6e, der_seq(m));
}

/* An AS-REQ with padata (may be none) for these etypes. */
static inline struct der krb_request(int type, struct der padata, const char *user,
				     struct der sname, const int *etypes, unsigned count)
{
	struct der list = der_none();
	for (unsigned i = 0; i < count; i++)
		list = der_join(list, krb_int(etypes[i]));
	struct der body = der_tag(0, der_bytes(0x03, "\0\x40\x81\x00\x10", 5));
	if (user)
		body = der_join(body, der_tag(1, krb_name_of(1, user, NULL)));
	body = der_join(body, der_tag(2, der_text(0x1b, "EXAMPLE.ORG")));
	body = der_join(body, der_tag(3, sname));
	body = der_join(body, der_tag(5, der_text(0x18, "20370913024805Z")));
	body = der_join(body, der_tag(7, krb_int(7)));
	body = der_join(body, der_tag(8, der_seq(list)));
	struct der m = der_join(der_tag(1, krb_int(5)), der_tag(2, krb_int(type)));
	if (padata.len)
		m = der_join(m, der_tag(3, der_seq(padata)));
	m = der_join(m, der_tag(4, der_seq(body)));
	return der_wrap(0x60u | (unsigned)type, der_seq(m));
}

static inline struct der krb_reply(int type, const char *user, struct der ticket, int etype)
{
	struct der m = der_join(der_tag(0, krb_int(5)), der_tag(1, krb_int(type)));
	m = der_join(m, der_tag(3, der_text(0x1b, "EXAMPLE.ORG")));
	m = der_join(m, der_tag(4, krb_name_of(1, user, NULL)));
	m = der_join(m, der_tag(5, ticket));
	m = der_join(m, der_tag(6, krb_encrypted(etype)));
	return der_wrap(0x60u | (unsigned)type, der_seq(m));
}

static inline struct der krb_error(int code)
{
	struct der m = der_join(der_tag(0, krb_int(5)), der_tag(1, krb_int(30)));
	m = der_join(m, der_tag(4, der_text(0x18, "20261123024805Z")));
	m = der_join(m, der_tag(5, krb_int(9)));
	m = der_join(m, der_tag(6, krb_int(code)));
	m = der_join(m, der_tag(9, der_text(0x1b, "EXAMPLE.ORG")));
	m = der_join(m, der_tag(10, krb_name_of(2, "krbtgt", "EXAMPLE.ORG")));
	return der_wrap(0x7e, der_seq(m));
}

static inline struct der krb_pac_asked(void)
{
	return krb_padata(128, der_seq(der_tag(0, der_bytes(0x01, "\xff", 1))));
}

#endif
