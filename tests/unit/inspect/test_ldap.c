/*
 * unit/inspect/test_ldap.c - searches, binds, security layers and what they leave to be seen.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../../src/inspect/ldap/message.h"
#include "support/der_build.h"
#include "support/inspect_harness.h"

extern const struct inspector ldap_inspector;

static struct harness h;

static int set_up(void **state)
{
	(void)state;
	harness_init(&h, &ldap_inspector, PROTO_TCP, 40000, 389);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	harness_deinit(&h);
	return 0;
}

static struct der small(unsigned id, uint8_t value)
{
	return der_bytes(id, &value, 1);
}

static struct der message(uint8_t id, struct der operation)
{
	return der_seq(der_join(small(0x02, id), operation));
}

static struct der pair(unsigned id, const char *attribute, const char *value)
{
	return der_wrap(id, der_join(der_text(4, attribute), der_text(4, value)));
}

static struct der search(const char *base, uint8_t scope, struct der filter, const char *attribute)
{
	struct der s = der_join(der_text(4, base), small(0x0a, scope));
	s = der_join(s, der_join(small(0x0a, 0), small(0x02, 0)));
	s = der_join(s, der_join(small(0x02, 0), small(0x01, 0)));
	s = der_join(s, filter);
	s = der_join(s, der_seq(attribute ? der_text(4, attribute) : der_none()));
	return der_wrap(0x63, s);
}

static struct der result(unsigned tag, uint8_t code, const char *text)
{
	return der_wrap(tag,
			der_join(small(0x0a, code), der_join(der_text(4, ""), der_text(4, text))));
}

static struct der entry(size_t len)
{
	static char text[3000];
	memset(text, 'x', sizeof(text));
	struct der list =
		der_seq(der_join(der_text(4, "cn"), der_wrap(0x31, der_bytes(4, text, len))));
	return der_wrap(0x64, der_join(der_text(4, "cn=a,dc=x"), der_seq(list)));
}

static struct der bind_simple(const char *name, const char *password)
{
	return der_wrap(0x60, der_join(small(0x02, 3),
				       der_join(der_text(4, name), der_text(0x80, password))));
}

static void put(bool from_client, struct der m)
{
	harness_stream(&h, from_client, m.data, m.len);
}

static void a_search_is_told_with_filter_and_entries(void **state)
{
	(void)state;
	struct der present = der_text(0x87, "objectClass");
	struct der bits = der_wrap(0xa9, der_join(der_text(0x81, "1.2.840.113556.1.4.803"),
						  der_join(der_text(0x82, "userAccountControl"),
							   der_text(0x83, "2"))));
	struct der any = der_wrap(
		0xa4, der_join(der_text(4, "servicePrincipalName"), der_seq(der_text(0x81, "/"))));
	struct der ends = der_wrap(
		0xa4, der_join(der_text(4, "cn"),
			       der_seq(der_join(der_text(0x80, "a"), der_text(0x82, "z*")))));
	struct der list = der_join(der_join(present, der_wrap(0xa2, bits)), der_join(any, ends));
	struct der f = der_wrap(0xa0, der_join(list, der_wrap(0xa1, pair(0xa3, "uid", "bob"))));
	put(true, message(7, search("DC=x", 2, f, "cn")));
	for (unsigned i = 0; i < 3; i++)
		put(false, message(7, entry(2500)));
	put(false, message(7, result(0x65, 0, "")));
	assert_int_equal(harness_count(&h, EVENT_LDAP), 2);
	const struct event_ldap *e = harness_event(&h, EVENT_LDAP, 0);
	assert_int_equal(e->operation, LDAP_SEARCH);
	assert_int_equal(e->scope, 2);
	assert_int_equal(e->message_id, 7);
	assert_int_equal(e->attribute_count, 1);
	assert_false(e->is_malformed);
	assert_true(harness_str_is(e, &e->base, "DC=x"));
	assert_true(harness_str_is(e, &e->attributes, "cn"));
	assert_true(
		harness_str_is(e, &e->filter,
			       "(&(objectClass=*)(!(userAccountControl:1.2.840.113556.1.4.803:=2))"
			       "(servicePrincipalName=*/*)(cn=a*z\\2a)(|(uid=bob)))"));
	e = harness_event(&h, EVENT_LDAP, 1);
	assert_true(e->is_response);
	assert_int_equal(e->operation, LDAP_SEARCH);
	assert_int_equal(e->entries, 3);
	assert_int_equal(e->result, 0);
	assert_true(e->bytes > 7500);
}

static struct der attribute(const char *type, const char *value)
{
	return der_seq(der_join(der_text(4, type), der_wrap(0x31, der_text(4, value))));
}

static void changes_are_told_with_their_attributes(void **state)
{
	(void)state;
	struct der first = der_seq(der_join(small(0x0a, 2), attribute("member", "CN=b,DC=x")));
	struct der second = der_seq(der_join(small(0x0a, 0), attribute("sAMAccountName", "dc1")));
	struct der whole = message(3, der_wrap(0x66, der_join(der_text(4, "CN=a,DC=x"),
							      der_seq(der_join(first, second)))));
	put(true, whole);
	const struct event_ldap *e = harness_event(&h, EVENT_LDAP, 0);
	assert_int_equal(e->operation, LDAP_MODIFY);
	assert_int_equal(e->attribute_count, 2);
	assert_false(e->is_malformed);
	assert_true(harness_str_is(e, &e->base, "CN=a,DC=x"));
	assert_true(harness_str_is(e, &e->attributes, "member,sAMAccountName=dc1"));

	struct der classes = der_seq(
		der_join(der_text(4, "objectClass"),
			 der_wrap(0x31, der_join(der_text(4, "top"), der_text(4, "dnsNode")))));
	put(true,
	    message(4, der_wrap(0x68, der_join(der_text(4, "DC=w"),
					       der_seq(der_join(classes,
								attribute("dnsRecord", "1")))))));
	e = harness_event(&h, EVENT_LDAP, 1);
	assert_int_equal(e->operation, LDAP_ADD);
	assert_true(harness_str_is(e, &e->attributes, "objectClass=dnsNode,dnsRecord"));

	struct ldap_message m;
	for (size_t len = 0; len < whole.len; len++) {
		if (ldap_message_read(whole.data, len, true, &m))
			assert_true(m.attributes.len <= 25 && !m.is_malformed);
		(void)ldap_message_read(whole.data, len, false, &m);
	}
}

static void binds_are_logins(void **state)
{
	static const struct {
		uint8_t code;
		const char *text;
		int outcome;
	} list[] = {
		{ 0, "", LOGIN_SUCCESS },
		{ 49, "80090308: LdapErr: DSID-0C, comment: error, data 52e, v2580",
		  LOGIN_FAILURE },
		{ 49, "80090308: LdapErr: DSID-0C, comment: error, data 525, v2580",
		  LOGIN_NO_USER },
		{ 49, "80090308: LdapErr: DSID-0C, comment: error, data 775, v2580", LOGIN_LOCKED },
		{ 14, "", -1 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		harness_restart(&h);
		put(true, message(1, bind_simple("bob@x", "secret")));
		put(false, message(1, result(0x61, list[i].code, list[i].text)));
		const struct event_login *l = harness_event(&h, EVENT_LOGIN, 0);
		assert_int_equal(l != NULL, list[i].outcome >= 0);
		if (!l)
			continue;
		assert_int_equal(l->outcome, list[i].outcome);
		assert_int_equal(l->method, LOGIN_PASSWORD);
		assert_true(harness_str_is(l, &l->user, "bob@x"));
	}
	harness_restart(&h);
	put(true, message(1, bind_simple("", "")));
	put(false, message(1, result(0x61, 0, "")));
	const struct event_login *l = harness_event(&h, EVENT_LOGIN, 0);
	assert_int_equal(l->method, LOGIN_NONE);
}

static void an_ntlm_bind_names_its_user(void **state)
{
	uint8_t token[96] = "NTLMSSP";
	(void)state;
	token[8] = 3;
	token[28] = token[30] = 4; /* domain: 4 bytes at 72 */
	token[32] = 72;
	token[36] = token[38] = 6; /* user: 6 bytes at 76 */
	token[40] = 76;
	token[12 + 8] = token[14 + 8] = 8; /* a response */
	token[16 + 8] = 82;
	token[60] = 1; /* Unicode */
	memcpy(token + 72, "X\0Y\0b\0o\0b\0", 10);
	struct der sasl = der_wrap(
		0xa3, der_join(der_text(4, "GSS-SPNEGO"), der_bytes(4, token, sizeof(token))));
	put(true,
	    message(1, der_wrap(0x60, der_join(small(0x02, 3), der_join(der_text(4, ""), sasl)))));
	put(false, message(1, result(0x61, 49, "error, data 52e, v2580")));
	const struct event_login *l = harness_event(&h, EVENT_LOGIN, 0);
	assert_non_null(l);
	assert_int_equal(l->method, LOGIN_HASH);
	assert_true(harness_str_is(l, &l->user, "bob"));
	assert_true(harness_str_is(l, &l->domain, "XY"));
}

static void put_frame(bool from_client, const uint8_t *head, size_t head_len, struct der m,
		      size_t tail)
{
	uint8_t bytes[DER_MAX + 64] = { 0 };
	size_t len = head_len + m.len + tail;
	bytes[2] = (uint8_t)(len >> 8);
	bytes[3] = (uint8_t)len;
	memcpy(bytes + 4, head, head_len);
	memcpy(bytes + 4 + head_len, m.data, m.len);
	for (size_t at = 0; at < len + 4; at += 37) /* in pieces */
		harness_stream(&h, from_client, bytes + at, at + 37 < len + 4 ? 37 : len + 4 - at);
}

static void signed_buffers_are_read_on(void **state)
{
	static const uint8_t cfx[28] = { 5, 4, 4, 0xff, 0, 12, 0, 12 };
	static const uint8_t cfx_behind[16] = { 5, 4, 4, 0xff, 0, 12, 0, 0 };
	static const uint8_t ntlm[16] = { 1, 0, 0, 0, 9, 9 };
	static const uint8_t old[] = { 0x60, 0x70, 6,    9, 0x2a, 0x86, 0x48, 0x86, 0xf7,
				       0x12, 1,    2,    2, 2,    1,    0x11, 0,    0xff,
				       0xff, 0xff, 0xff, 1, 2,    3,    4,    5,    6,
				       7,    8,    1,    2, 3,    4,    5,    6,    7,
				       8,    1,    2,    3, 4,    5,    6,    7,    8 };
	struct der f = der_text(0x87, "adminCount");
	(void)state;
	put(true, message(1, bind_simple("", "")));
	put_frame(true, cfx, sizeof(cfx), message(2, search("DC=x", 2, f, NULL)), 0);
	put_frame(true, cfx_behind, sizeof(cfx_behind), message(3, search("DC=x", 2, f, NULL)), 12);
	put_frame(true, ntlm, sizeof(ntlm), message(4, search("DC=x", 2, f, NULL)), 0);
	put_frame(true, old, sizeof(old), message(5, search("DC=x", 2, f, NULL)), 1);
	put_frame(true, cfx, 0, message(6, search("DC=x", 2, f, NULL)), 16);
	assert_int_equal(harness_count(&h, EVENT_LDAP), 6);
	for (unsigned i = 1; i < 6; i++) {
		const struct event_ldap *e = harness_event(&h, EVENT_LDAP, i);
		assert_int_equal(e->message_id, i + 1);
		assert_true(e->is_signed);
		assert_true(harness_str_is(e, &e->filter, "(adminCount=*)"));
	}
}

static void sealed_buffers_are_told_once_and_by_size(void **state)
{
	static const uint8_t cfx[44] = { 5, 4, 6, 0xff, 0, 0, 0, 28 };
	(void)state;
	put(true, message(1, bind_simple("", "")));
	for (unsigned i = 0; i < 5; i++) {
		put_frame(true, cfx, sizeof(cfx), entry(200), 0);
		put_frame(false, cfx, sizeof(cfx), entry(2000), 0);
	}
	assert_int_equal(harness_count(&h, EVENT_LDAP), 2);
	const struct event_ldap *e = harness_event(&h, EVENT_LDAP, 1);
	assert_int_equal(e->operation, LDAP_SEALED);
	assert_true(harness_str_is(e, &e->mechanism, "gss-krb5"));
	harness_end(&h);
	e = harness_event(&h, EVENT_LDAP, 2);
	assert_int_equal(e->operation, LDAP_SEALED);
	assert_true(e->is_response && e->bytes > 10000);
}

static void start_tls_hands_the_flow_on(void **state)
{
	(void)state;
	put(true, message(1, der_wrap(0x77, der_text(0x80, "1.3.6.1.4.1.1466.20037"))));
	put(false, message(1, result(0x78, 2, "")));
	assert_int_equal(h.verdict, INSPECT_MORE);
	put(true, message(2, der_wrap(0x77, der_text(0x80, "1.3.6.1.4.1.1466.20037"))));
	put(false, message(2, result(0x78, 0, "")));
	assert_int_equal(h.verdict, INSPECT_TURNS);
}

static void the_look_for_a_controller_is_a_ping(void **state)
{
	(void)state;
	harness_deinit(&h);
	harness_init(&h, &ldap_inspector, PROTO_UDP, 40000, 389);
	struct der f =
		der_wrap(0xa0, der_join(pair(0xa3, "DnsDomain", "x"), pair(0xa3, "NtVer", "\x16")));
	struct der m = message(1, search("", 0, f, "Netlogon"));
	assert_true(harness_probe(&h, true, m.data, m.len));
	harness_datagram(&h, true, m.data, m.len);
	const struct event_ldap *e = harness_event(&h, EVENT_LDAP, 0);
	assert_true(e->is_ping);
	assert_true(harness_str_is(e, &e->filter, "(&(DnsDomain=x)(NtVer=\\16))"));
	assert_false(harness_probe(&h, true, "\x30\x05\x02\x01\x00\x04\x00", 7)); /* SNMP */
	assert_int_equal(harness_datagram(&h, true, "what is it", 10), INSPECT_MORE);
}

static void a_filter_too_deep_is_malformed(void **state)
{
	struct der f = der_text(0x87, "a");
	(void)state;
	for (unsigned i = 0; i < 60; i++)
		f = der_wrap(0xa2, f);
	put(true, message(1, search("", 0, f, NULL)));
	const struct event_ldap *e = harness_event(&h, EVENT_LDAP, 0);
	assert_true(e->is_malformed);
}

static void no_length_reads_too_far(void **state)
{
	struct der list[5], f = der_wrap(0xa0, der_join(pair(0xa3, "a", "b"), der_text(0x87, "c")));
	(void)state;
	list[0] = message(1, search("DC=x", 2, f, "cn"));
	list[1] = message(1, bind_simple("bob", "pw"));
	list[2] = message(1, result(0x65, 0, "words"));
	list[3] = message(1, entry(100));
	list[4] = message(1, der_wrap(0x77, der_text(0x80, "1.2.3")));
	for (size_t i = 0; i < 5; i++) {
		for (size_t len = 0; len < list[i].len; len++) {
			harness_restart(&h);
			(void)harness_probe(&h, true, list[i].data, len);
			harness_stream(&h, true, list[i].data, len);
			assert_int_equal(harness_count(&h, EVENT_LDAP), 0);
			harness_end(&h);
			assert_true(harness_count(&h, EVENT_LDAP) <= 1);
			harness_restart(&h);
			(void)harness_datagram_cut(&h, true, list[i].data, len, list[i].len);
		}
	}
}

/* Behind it the next segment that begins with a message is read. */
static void a_gap_costs_what_is_in_it(void **state)
{
	static const uint8_t rest[] = "of a message that was not seen";
	(void)state;
	put(true, message(1, bind_simple("cn=a", "x")));
	put(false, message(1, result(0x61, 0, "")));
	assert_int_equal(harness_count(&h, EVENT_LOGIN), 1);
	harness_gap(&h, true, 300);
	harness_stream(&h, true, rest, sizeof(rest));
	harness_gap(&h, false, UINT32_MAX);
	harness_stream(&h, false, "0\3\2\1\5", 5); /* begins like one */
	put(true, message(1, bind_simple("cn=b", "y")));
	put(false, message(1, result(0x61, 49, "")));
	assert_int_equal(harness_count(&h, EVENT_LOGIN), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(changes_are_told_with_their_attributes, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_search_is_told_with_filter_and_entries, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_gap_costs_what_is_in_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(binds_are_logins, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_ntlm_bind_names_its_user, set_up, tear_down),
		cmocka_unit_test_setup_teardown(signed_buffers_are_read_on, set_up, tear_down),
		cmocka_unit_test_setup_teardown(sealed_buffers_are_told_once_and_by_size, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(start_tls_hands_the_flow_on, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_look_for_a_controller_is_a_ping, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_filter_too_deep_is_malformed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_length_reads_too_far, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
