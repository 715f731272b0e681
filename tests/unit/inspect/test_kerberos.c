/*
 * unit/inspect/test_kerberos.c - requests, answers and what they say about a log-in.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/inspect_harness.h"
#include "test_krb_build.h"

extern const struct inspector kerberos_inspector;

static const int windows[] = { 18, 17, 23, 24, -135, 3 };
static struct harness h;

static int set_up(void **state)
{
	(void)state;
	harness_init(&h, &kerberos_inspector, PROTO_UDP, 40000, 88);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	harness_deinit(&h);
	return 0;
}

static struct der as_req(bool with_preauth)
{
	struct der padata = krb_pac_asked();
	if (with_preauth)
		padata = der_join(krb_padata(2, krb_encrypted(18)), padata);
	return krb_request(10, padata, "alice", krb_name_of(2, "krbtgt", "EXAMPLE.ORG"), windows,
			   6);
}

static void send(bool from_client, struct der m)
{
	assert_int_equal(harness_datagram(&h, from_client, m.data, m.len), INSPECT_MORE);
}

static void a_login_tells_each_message_and_one_outcome(void **state)
{
	(void)state;
	struct der m = as_req(false);
	assert_true(harness_probe(&h, true, m.data, m.len));
	send(true, m);
	send(false, krb_error(25));
	send(true, as_req(true));
	send(false, krb_reply(11, "alice", krb_ticket(18, "krbtgt", "EXAMPLE.ORG"), 18));
	assert_int_equal(harness_count(&h, EVENT_KERBEROS), 4);
	assert_int_equal(harness_count(&h, EVENT_LOGIN), 1);
	const struct event_kerberos *e = harness_event(&h, EVENT_KERBEROS, 0);
	assert_int_equal(e->message, KERBEROS_AS_REQ);
	assert_int_equal(e->etype_count, 6);
	assert_int_equal(e->etypes[4], -135);
	assert_int_equal(e->etypes[6], KERBEROS_NO_ETYPE);
	assert_int_equal(e->options, 0x40810010);
	assert_int_equal(e->pac, KERBEROS_PAC_ASKED);
	assert_false(e->has_preauth);
	assert_true(harness_str_is(e, &e->cname, "alice"));
	assert_true(harness_str_is(e, &e->sname, "krbtgt/EXAMPLE.ORG"));
	e = harness_event(&h, EVENT_KERBEROS, 1);
	assert_int_equal(e->error, 25);
	assert_int_equal(e->request, KERBEROS_AS_REQ);
	assert_true(harness_str_is(e, &e->cname, "alice")); /* of its request */
	e = harness_event(&h, EVENT_KERBEROS, 3);
	assert_int_equal(e->message, KERBEROS_AS_REP);
	assert_int_equal(e->ticket_etype, 18);
	assert_int_equal(e->reply_etype, 18);
	assert_int_equal(e->preauth_etype, 18);
	assert_true(e->has_preauth);
	assert_int_equal(e->e.from_server, 1);
	const struct event_login *l = harness_event(&h, EVENT_LOGIN, 0);
	assert_int_equal(l->outcome, LOGIN_SUCCESS);
	assert_true(harness_str_is(l, &l->user, "alice"));
	assert_true(harness_str_is(l, &l->domain, "EXAMPLE.ORG"));
	assert_true(harness_str_is(l, &l->service, "kerberos"));
}

static void errors_say_why(void **state)
{
	static const struct {
		int code, outcome; /* -1: no log-in */
	} list[] = { { 6, LOGIN_NO_USER },
		     { 18, LOGIN_LOCKED },
		     { 24, LOGIN_FAILURE },
		     { 23, LOGIN_LOCKED },
		     { 12, LOGIN_LOCKED },
		     { 25, -1 },
		     { 52, -1 },
		     { 68, -1 } };
	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		harness_restart(&h);
		send(true, as_req(true));
		send(false, krb_error(list[i].code));
		const struct event_login *l = harness_event(&h, EVENT_LOGIN, 0);
		assert_int_equal(harness_count(&h, EVENT_LOGIN), list[i].outcome >= 0);
		if (l) {
			assert_int_equal(l->outcome, list[i].outcome);
			assert_int_equal(l->status, list[i].code);
		}
	}
	/* an error whose request was not seen says nothing about anybody */
	harness_restart(&h);
	send(false, krb_error(24));
	assert_int_equal(harness_count(&h, EVENT_LOGIN), 0);
	assert_int_equal(harness_count(&h, EVENT_KERBEROS), 1);
}

static void a_reply_without_proof_is_no_success(void **state)
{
	(void)state;
	send(true, as_req(false));
	send(false, krb_reply(11, "alice", krb_ticket(18, "krbtgt", "EXAMPLE.ORG"), 23));
	const struct event_login *l = harness_event(&h, EVENT_LOGIN, 0);
	assert_int_equal(l->outcome, LOGIN_UNKNOWN);
	const struct event_kerberos *e = harness_event(&h, EVENT_KERBEROS, 1);
	assert_int_equal(e->reply_etype, 23);
	assert_false(e->has_preauth);
}

static struct der tgs_req(void)
{
	struct der user = der_seq(der_join(der_tag(0, krb_name_of(1, "bob", NULL)),
					   der_tag(1, der_text(0x1b, "EXAMPLE.ORG"))));
	struct der padata = der_join(krb_padata(1, krb_ap_req(23, "krbtgt", "EXAMPLE.ORG")),
				     krb_padata(129, user));
	return krb_request(12, padata, NULL, krb_name_of(2, "MSSQLSvc", "db.example.org:1433"),
			   windows, 5);
}

static void a_service_ticket_names_both_keys(void **state)
{
	(void)state;
	send(true, tgs_req());
	send(false, krb_reply(13, "alice", krb_ticket(23, "MSSQLSvc", "db.example.org:1433"), 18));
	const struct event_kerberos *e = harness_event(&h, EVENT_KERBEROS, 0);
	assert_int_equal(e->tgt_etype, 23);
	assert_int_equal(e->cname_type, -1);
	assert_true(harness_str_is(e, &e->for_user, "bob"));
	e = harness_event(&h, EVENT_KERBEROS, 1);
	assert_int_equal(e->ticket_etype, 23);
	assert_int_equal(e->reply_etype, 18);
	assert_int_equal(e->tgt_etype, 23);
	assert_int_equal(e->etype_count, 5);
	assert_true(harness_str_is(e, &e->sname, "MSSQLSvc/db.example.org:1433"));
	assert_int_equal(harness_count(&h, EVENT_LOGIN), 0);
}

static void a_ticket_of_another_realm_is_told(void **state)
{
	(void)state;
	struct der m = tgs_req();
	send(true, m);
	uint8_t *realm = memmem(m.data, m.len, "EXAMPLE.ORG", 11); /* the ticket's comes first */
	memcpy(realm, "example", 7);                               /* letters' case aside */
	send(true, m);
	memcpy(realm, "another", 7);
	send(true, m);
	send(false, krb_reply(13, "alice", krb_ticket(23, "MSSQLSvc", "db"), 18));
	for (unsigned i = 0; i < 4; i++) {
		const struct event_kerberos *e = harness_event(&h, EVENT_KERBEROS, i);
		assert_int_equal(e->is_tgt_foreign, i >= 2);
	}
}

static size_t frame(uint8_t *dst, const struct der *m)
{
	memset(dst, 0, 2);
	dst[2] = (uint8_t)(m->len >> 8);
	dst[3] = (uint8_t)m->len;
	memcpy(dst + 4, m->data, m->len);
	return m->len + 4;
}

static void tcp_frames_are_found_in_any_pieces(void **state)
{
	uint8_t bytes[2 * DER_MAX];
	(void)state;
	harness_deinit(&h);
	harness_init(&h, &kerberos_inspector, PROTO_TCP, 40000, 88);
	struct der m = as_req(true);
	size_t len = frame(bytes, &m);
	m = tgs_req();
	len += frame(bytes + len, &m);
	assert_true(harness_probe(&h, true, bytes, len));
	assert_true(harness_probe(&h, true, bytes, 4));
	assert_false(harness_probe(&h, true, "GET / HTTP/1.1\r\n", 16));
	for (size_t piece = 1; piece < len; piece += 1 + piece / 3) {
		harness_restart(&h);
		for (size_t at = 0; at < len; at += piece)
			harness_stream(&h, true, bytes + at, piece < len - at ? piece : len - at);
		assert_int_equal(harness_count(&h, EVENT_KERBEROS), 2);
	}
	/* what ends too early is told as far as it goes */
	harness_restart(&h);
	harness_stream(&h, true, bytes, 200);
	harness_end(&h);
	assert_int_equal(harness_count(&h, EVENT_KERBEROS), 1);
}

static void a_long_message_is_read_as_far_as_the_window(void **state)
{
	static uint8_t bytes[40000];
	(void)state;
	harness_deinit(&h);
	harness_init(&h, &kerberos_inspector, PROTO_TCP, 40000, 88);
	struct der m = krb_reply(13, "alice", krb_ticket(23, "http", "web"), 18);
	size_t inner = 30000; /* as if the last element were that long */
	memset(bytes, 'x', sizeof(bytes));
	size_t n = frame(bytes, &m);
	(void)n;
	/* 6d 82 .. .. 30 82 .. ..: lengths of the message and its sequence */
	bytes[1] = 0;
	bytes[2] = (uint8_t)((inner + 8) >> 8);
	bytes[3] = (uint8_t)(inner + 8);
	bytes[6] = (uint8_t)((inner + 4) >> 8);
	bytes[7] = (uint8_t)(inner + 4);
	bytes[10] = (uint8_t)(inner >> 8);
	bytes[11] = (uint8_t)inner;
	size_t whole = 4 + inner + 8;
	struct der next = tgs_req();
	size_t more = frame(bytes + whole, &next);
	for (size_t at = 0; at < whole + more; at += 1400)
		harness_stream(&h, false, bytes + at,
			       at + 1400 < whole + more ? 1400 : whole + more - at);
	assert_int_equal(harness_count(&h, EVENT_KERBEROS), 2);
	const struct event_kerberos *e = harness_event(&h, EVENT_KERBEROS, 0);
	assert_int_equal(e->ticket_etype, 23);
	e = harness_event(&h, EVENT_KERBEROS, 1);
	assert_int_equal(e->message, KERBEROS_TGS_REQ);
}

static void others_are_not_mine(void **state)
{
	(void)state;
	assert_int_equal(harness_datagram(&h, true, "\x6a\x03\x30\x01\x05", 5), INSPECT_NOT_MINE);
	struct der m = as_req(true);
	m.data[1 + 3 + 4 + 2 + 2 + 3] = 4; /* version 4 */
	assert_false(harness_probe(&h, true, m.data, m.len));
	harness_restart(&h);
	send(true, as_req(false));
	assert_int_equal(harness_datagram(&h, true, "what", 4), INSPECT_MORE);
	assert_int_equal(harness_count(&h, EVENT_KERBEROS), 1);
}

static void no_length_reads_too_far(void **state)
{
	struct der list[5];
	(void)state;
	list[0] = as_req(true);
	list[1] = tgs_req();
	list[2] = krb_error(24);
	list[3] = krb_reply(13, "alice", krb_ticket(23, "http", "web"), 18);
	list[4] = krb_ap_req(18, "cifs", "srv");
	for (size_t i = 0; i < 5; i++) {
		for (size_t len = 0; len < list[i].len; len++) {
			harness_restart(&h);
			(void)harness_probe(&h, true, list[i].data, len);
			(void)harness_datagram(&h, true, list[i].data, len);
			(void)harness_datagram_cut(&h, true, list[i].data, len, list[i].len);
			for (unsigned n = 0; n < harness_count(&h, EVENT_KERBEROS); n++) {
				const struct event_kerberos *e =
					harness_event(&h, EVENT_KERBEROS, n);
				assert_true(e->cname.full <= 5 && e->etype_count <= 6);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_login_tells_each_message_and_one_outcome, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(errors_say_why, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_reply_without_proof_is_no_success, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_ticket_of_another_realm_is_told, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_service_ticket_names_both_keys, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(tcp_frames_are_found_in_any_pieces, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_long_message_is_read_as_far_as_the_window, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(others_are_not_mine, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_length_reads_too_far, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
