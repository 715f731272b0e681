/*
 * unit/inspect/test_ntlmssp.c - the three messages, wrapped and bare, cut at every byte; Kerberos
 * tickets told from offers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../../src/inspect/auth/ntlmssp.h"
#include "test_ntlmssp_build.h"

static struct blob m;
static struct ntlmssp n;
static struct auth_token t;

static void assert_name(const struct ntlm_name *name, const char *text)
{
	assert_int_equal(name->len, strlen(text));
	assert_int_equal(name->full, strlen(text));
	assert_memory_equal(name->text, text, name->len);
}

static void a_negotiate_message_names_its_sender(void **state)
{
	(void)state;
	ntlm_begin(&m, 1, 40);
	uint32_t flags = 0x02000007u;
	memcpy(m.b + 12, &flags, 4);
	memcpy(m.b + 32, "\x05\x01\x28\x0a\0\0\0\x0f", 8);
	blob_value(&m, 16, "CORP", 4);
	blob_value(&m, 24, "PC\x99", 3);
	assert_true(ntlmssp_read(&n, m.b, m.len));
	assert_int_equal(n.type, NTLM_NEGOTIATE);
	assert_int_equal(n.flags, flags);
	assert_name(&n.domain, "CORP");
	assert_name(&n.station, "PC\xef\xbf\xbd");
	assert_true(n.has_version);
	assert_int_equal(n.version_major, 5);
	assert_int_equal(n.version_build, 2600);
	/* the shortest: flags alone */
	assert_true(ntlmssp_read(&n, m.b, 16));
	assert_int_equal(n.domain.len, 0);
	assert_false(ntlmssp_read(&n, m.b, 15));
}

static void a_challenge_names_the_server(void **state)
{
	(void)state;
	ntlm_challenge(&m);
	assert_true(ntlmssp_read(&n, m.b, m.len));
	assert_int_equal(n.type, NTLM_CHALLENGE);
	assert_true(n.challenge == 0x0102030405060708ull);
	assert_name(&n.target, "CORP");
	assert_name(&n.domain, "CORP");
	assert_name(&n.station, "DC");
	assert_name(&n.dns, "d.x");
	assert_int_equal(n.version_build, 7601);
	assert_false(n.is_cut);
}

static void an_authenticate_message_names_the_user(void **state)
{
	(void)state;
	ntlm_authenticate(&m, "CORP", "alice", "PC-7", 200);
	assert_true(ntlmssp_read(&n, m.b, m.len));
	assert_int_equal(n.type, NTLM_AUTHENTICATE);
	assert_name(&n.domain, "CORP");
	assert_name(&n.user, "alice");
	assert_name(&n.station, "PC-7");
	assert_name(&n.target, "cifs");
	assert_true(n.is_v2 && n.has_mic && !n.is_anonymous && !n.is_cut);
	assert_int_equal(n.lm_len, 24);
	assert_int_equal(n.nt_len, 200);
	assert_true(n.response_hash == 0xdeadbeef01020304ull);
	ntlm_authenticate(&m, "CORP", "alice", "", 24);
	assert_true(ntlmssp_read(&n, m.b, m.len));
	assert_false(n.is_v2 || n.has_mic);
	assert_int_equal(n.station.len, 0);
}

static void nobody_is_anonymous(void **state)
{
	(void)state;
	ntlm_authenticate(&m, "", "", "PC", 0);
	assert_true(ntlmssp_read(&n, m.b, m.len));
	assert_true(n.is_anonymous);
	/* a response of one zero byte, as Windows sends it */
	blob_value(&m, 12, "", 1);
	assert_true(ntlmssp_read(&n, m.b, m.len));
	assert_true(n.is_anonymous);
	/* a response without a name is somebody */
	ntlm_authenticate(&m, "", "", "PC", 24);
	assert_true(ntlmssp_read(&n, m.b, m.len));
	assert_false(n.is_anonymous);
}

static void one_byte_names_are_read_as_such(void **state)
{
	(void)state;
	ntlm_begin(&m, 3, 64);
	uint32_t flags = 0x2;
	memcpy(m.b + 60, &flags, 4);
	blob_value(&m, 36, "bob", 3);
	assert_true(ntlmssp_read(&n, m.b, m.len));
	assert_name(&n.user, "bob");
	assert_false(n.has_version);
}

static void a_long_name_is_cut(void **state)
{
	char user[401];
	(void)state;
	memset(user, 'u', 400);
	user[400] = '\0';
	ntlm_authenticate(&m, "D", user, "S", 24);
	assert_true(ntlmssp_read(&n, m.b, m.len));
	assert_int_equal(n.user.len, NTLM_NAME_MAX);
	assert_int_equal(n.user.full, 400);
}

static void cut_messages_tell_what_is_there(void **state)
{
	(void)state;
	for (unsigned type = 0; type < 2; type++) {
		if (type)
			ntlm_challenge(&m);
		else
			ntlm_authenticate(&m, "CORP", "alice", "PC-7", 200);
		for (size_t len = 0; len < m.len; len++) {
			uint8_t *copy = malloc(len ? len : 1);
			memcpy(copy, m.b, len);
			bool ok = ntlmssp_read(&n, copy, len);
			assert_true(!ok || n.is_cut || n.user.len == 5 || n.target.len == 4);
			assert_int_equal(ok, len >= (type ? 32 : 52));
			assert_false(n.is_anonymous);
			(void)auth_token_read(&t, copy, len);
			free(copy);
		}
	}
}

static void values_beyond_the_message_are_absent(void **state)
{
	(void)state;
	ntlm_authenticate(&m, "CORP", "alice", "PC-7", 24);
	memset(m.b + 40, 0xff, 4);
	assert_true(ntlmssp_read(&n, m.b, m.len));
	assert_true(n.is_cut);
	assert_int_equal(n.user.len, 0);
	for (size_t i = 8; i < m.len; i++)
		for (unsigned v = 0; v < 256; v += 51) {
			uint8_t keep = m.b[i];
			m.b[i] = (uint8_t)v;
			(void)ntlmssp_read(&n, m.b, m.len);
			m.b[i] = keep;
		}
}

static void other_bytes_are_no_message(void **state)
{
	(void)state;
	ntlm_begin(&m, 4, 64);
	assert_false(ntlmssp_read(&n, m.b, m.len));
	ntlm_begin(&m, 3, 64);
	m.b[0] = 'X';
	assert_false(ntlmssp_read(&n, m.b, m.len));
	assert_false(ntlmssp_read(&n, NULL, 0));
	assert_false(auth_token_read(&t, NULL, 0));
	assert_false(auth_token_read(&t, (const uint8_t *)"hello world", 11));
}

static void tokens_are_found_within_spnego(void **state)
{
	(void)state;
	ntlm_challenge(&m);
	spnego_answer(&m, AUTH_INCOMPLETE);
	assert_true(auth_token_read(&t, m.b, m.len));
	assert_int_equal(t.mechanism, AUTH_NTLM);
	assert_int_equal(t.state, AUTH_INCOMPLETE);
	assert_true(t.is_spnego);
	assert_true(ntlmssp_read(&n, t.token, t.token_len));
	assert_int_equal(n.type, NTLM_CHALLENGE);
	/* the last answer has a state alone */
	assert_true(
		auth_token_read(&t, (const uint8_t *)"\xa1\x07\x30\x05\xa0\x03\x0a\x01\x00", 9));
	assert_int_equal(t.mechanism, AUTH_NONE);
	assert_int_equal(t.state, AUTH_COMPLETED);
	/* bare */
	ntlm_challenge(&m);
	assert_true(auth_token_read(&t, m.b, m.len));
	assert_int_equal(t.mechanism, AUTH_NTLM);
	assert_false(t.is_spnego);
}

#define KRB5   "\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02"
#define MSKRB5 "\x06\x09\x2a\x86\x48\x82\xf7\x12\x01\x02\x02"
#define NTLM   "\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a"
#define SPNEGO "\x06\x06\x2b\x06\x01\x05\x05\x02"

static void a_ticket_is_told_from_an_offer(void **state)
{
	(void)state;
	memset(&m, 0, sizeof(m));
	blob_put(&m, "\x60\x40" SPNEGO "\xa0\x36\x30\x34\xa0\x24\x30\x22", 18);
	blob_put(&m, MSKRB5 KRB5 NTLM, 34);
	assert_true(auth_token_read(&t, m.b, m.len));
	assert_int_equal(t.mechanism, AUTH_NONE);
	assert_true(t.is_spnego && t.offers_kerberos && t.offers_ntlm);
	size_t offers = m.len;
	blob_put(&m, "\x60\x20" KRB5 "\x01\x00\x6e\x82\x01\x00ticket", 25);
	assert_true(auth_token_read(&t, m.b, m.len));
	assert_int_equal(t.mechanism, AUTH_KERBEROS);
	assert_int_equal(t.token[0], 0x6e);
	assert_ptr_equal(t.token, m.b + offers + 15);
	/* bare */
	assert_true(auth_token_read(&t, t.token, t.token_len));
	assert_int_equal(t.mechanism, AUTH_KERBEROS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_negotiate_message_names_its_sender),
		cmocka_unit_test(a_challenge_names_the_server),
		cmocka_unit_test(an_authenticate_message_names_the_user),
		cmocka_unit_test(nobody_is_anonymous),
		cmocka_unit_test(one_byte_names_are_read_as_such),
		cmocka_unit_test(a_long_name_is_cut),
		cmocka_unit_test(cut_messages_tell_what_is_there),
		cmocka_unit_test(values_beyond_the_message_are_absent),
		cmocka_unit_test(other_bytes_are_no_message),
		cmocka_unit_test(tokens_are_found_within_spnego),
		cmocka_unit_test(a_ticket_is_told_from_an_offer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
