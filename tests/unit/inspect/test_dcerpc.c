/*
 * unit/inspect/test_dcerpc.c - bindings, calls, their arguments, and what hostile peers send.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "../../../src/inspect/dcerpc/interfaces.h"
#include "../../../src/inspect/dcerpc/pipe.h"
#include "support/inspect_harness.h"

extern const struct inspector dcerpc_inspector;

#define SVCCTL  "\x81\xbb\x7a\x36\x44\x98\xf1\x35\xad\x32\x98\xf0\x38\x00\x10\x03"
#define EPM     "\x08\x83\xaf\xe1\x1f\x5d\xc9\x11\x91\xa4\x08\x00\x2b\x14\xa0\xfa"
#define EFSRPC  "\xc5\x41\x19\xdf\x89\xfe\x79\x4e\xbf\x10\x46\x36\x57\xac\xf4\x4d"
#define UNKNOWN "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10"
#define NDR     "\x04\x5d\x88\x8a\xeb\x1c\xc9\x11\x9f\xe8\x08\x00\x2b\x10\x48\x60\x02\0\0\0"

struct bytes {
	size_t len;
	uint8_t b[8192];
};

static struct harness h;
static bool is_big; /* the byte order of what is put */

static void put(struct bytes *m, const void *data, size_t len)
{
	assert_true(m->len + len <= sizeof(m->b));
	memcpy(m->b + m->len, data, len);
	m->len += len;
}

static void put_number(struct bytes *m, uint32_t v, unsigned len)
{
	for (unsigned i = 0; i < len; i++) {
		uint8_t b = (uint8_t)(v >> 8 * (is_big ? len - 1 - i : i));
		put(m, &b, 1);
	}
}

static void put16(struct bytes *m, uint32_t v)
{
	put_number(m, v, 2);
}

static void put32(struct bytes *m, uint32_t v)
{
	put_number(m, v, 4);
}

/* A conformant and varying string of wide characters, padded to four bytes. */
static void put_wide(struct bytes *m, const char *text)
{
	uint32_t count = (uint32_t)strlen(text) + 1;
	put32(m, count);
	put32(m, 0);
	put32(m, count);
	for (uint32_t i = 0; i < count; i++)
		put16(m, (uint8_t)text[i]);
	while (m->len % 4)
		put(m, "", 1);
}

struct form {
	uint8_t type, flags;
	uint32_t call;
	uint8_t auth_type, auth_level; /* with a verifier of 16 bytes, padded to 16 */
};

static void put_pdu(struct bytes *to, struct form f, const struct bytes *body)
{
	size_t pad = f.auth_type ? (16 - body->len % 16) % 16 : 0;
	size_t len = 16 + body->len + pad + (f.auth_type ? 8 + 16 : 0);
	put(to, "\5\0", 2);
	put(to, &f.type, 1);
	put(to, &f.flags, 1);
	put(to, is_big ? "\0\0\0\0" : "\x10\0\0\0", 4);
	put16(to, (uint32_t)len);
	put16(to, f.auth_type ? 16 : 0);
	put32(to, f.call);
	put(to, body->b, body->len);
	if (!f.auth_type)
		return;
	put(to, "0123456789abcdef", pad);
	uint8_t verifier[8] = { f.auth_type, f.auth_level, (uint8_t)pad };
	put(to, verifier, 8);
	put(to, "ABCDEFGHIJKLMNOP", 16);
}

static void put_bind(struct bytes *to, const char *uuid, uint32_t version)
{
	struct bytes m = { 0 };
	put16(&m, 4280);
	put16(&m, 4280);
	put32(&m, 0);
	put(&m, "\1\0\0\0", 4);
	put16(&m, 0);
	put(&m, "\1\0", 2);
	put(&m, uuid, 16);
	put32(&m, version);
	put(&m, NDR, 20);
	put_pdu(to, (struct form){ 11, 3, 1, 0, 0 }, &m);
}

static void put_ack(struct bytes *to, uint16_t result, uint16_t reason)
{
	struct bytes m = { 0 };
	put16(&m, 4280);
	put16(&m, 4280);
	put32(&m, 77);
	put16(&m, 4);
	put(&m, "135", 4);
	put(&m, "\0\0", 2);
	put(&m, "\1\0\0\0", 4);
	put16(&m, result);
	put16(&m, reason);
	put(&m, NDR, 20);
	put_pdu(to, (struct form){ 12, 3, 1, 0, 0 }, &m);
}

static void put_request(struct bytes *to, struct form f, uint16_t opnum, const struct bytes *stub)
{
	struct bytes m = { 0 };
	put32(&m, (uint32_t)stub->len);
	put16(&m, 0);
	put16(&m, opnum);
	put(&m, stub->b, stub->len);
	put_pdu(to, f, &m);
}

static void put_response(struct bytes *to, struct form f, const struct bytes *stub)
{
	struct bytes m = { 0 };
	put32(&m, (uint32_t)stub->len);
	put32(&m, 0);
	put(&m, stub->b, stub->len);
	f.type = 2;
	put_pdu(to, f, &m);
}

static void put_create(struct bytes *stub)
{
	put(stub, "HANDLE OF THE MANAGER", 20);
	put_wide(stub, "BTOBTO");
	put32(stub, 0x20000);
	put_wide(stub, "BTOBTO shown");
	for (unsigned i = 0; i < 4; i++)
		put32(stub, 3);
	put_wide(stub, "%COMSPEC% /Q /c echo dir");
}

static void client(const struct bytes *m)
{
	harness_stream(&h, true, m->b, m->len);
}

static void server(const struct bytes *m)
{
	harness_stream(&h, false, m->b, m->len);
}

static void bind_to(const char *uuid)
{
	struct bytes m = { 0 };
	put_bind(&m, uuid, 2);
	client(&m);
	m.len = 0;
	put_ack(&m, 0, 0);
	server(&m);
}

static int set_up(void **state)
{
	(void)state;
	is_big = false;
	harness_init(&h, &dcerpc_inspector, PROTO_TCP, 40000, 49670);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	harness_deinit(&h);
	return 0;
}

static const struct event_rpc *rpc(unsigned n)
{
	const struct event_rpc *e = harness_event(&h, EVENT_RPC, n);
	assert_non_null(e);
	return e;
}

static const struct form whole = { 0, 3, 2, 0, 0 };

static void a_binding_tells_its_result(void **state)
{
	(void)state;
	struct bytes m = { 0 };
	put_bind(&m, SVCCTL, 2);
	assert_true(harness_probe(&h, true, m.b, m.len));
	client(&m);
	assert_int_equal(harness_count(&h, EVENT_RPC), 0);
	m.len = 0;
	put_ack(&m, 2, 1);
	server(&m);
	const struct event_rpc *e = rpc(0);
	assert_int_equal(e->act, RPC_BIND);
	assert_int_equal(e->status, 2 | 1 << 16);
	assert_int_equal(e->interface_version, 2);
	assert_true(e->is_answered && harness_str_is(e, &e->interface, "svcctl"));
	assert_true(harness_str_is(e, &e->detail, "ndr"));
}

static void an_unknown_interface_is_told_by_its_uuid(void **state)
{
	(void)state;
	struct bytes m = { 0 }, stub = { 0 };
	bind_to(UNKNOWN);
	put_request(&m, whole, 7, &stub);
	client(&m);
	harness_end(&h);
	const struct event_rpc *e = rpc(1);
	assert_true(harness_str_is(e, &e->interface, "04030201-0605-0807-090a-0b0c0d0e0f10"));
	assert_true(harness_str_is(e, &e->operation, "opnum 7"));
	assert_false(e->is_answered);
}

static void check_create(void)
{
	struct bytes m = { 0 }, stub = { 0 };
	bind_to(SVCCTL);
	put_create(&stub);
	put_request(&m, whole, 12, &stub);
	client(&m);
	assert_int_equal(harness_count(&h, EVENT_RPC), 1);
	m.len = 0;
	struct bytes answer = { 0 };
	put32(&answer, 0);
	put(&answer, "the handle of it 123", 20);
	put32(&answer, 1073);
	put_response(&m, whole, &answer);
	server(&m);
	const struct event_rpc *e = rpc(1);
	assert_int_equal(e->act, RPC_CALL);
	assert_int_equal(e->opnum, 12);
	assert_int_equal(e->status, 1073);
	assert_int_equal(e->stub_len, stub.len);
	assert_int_equal(e->answer_len, 28);
	assert_true(e->is_answered && !e->is_sealed);
	assert_true(harness_str_is(e, &e->operation, "RCreateServiceW"));
	assert_true(harness_str_is(e, &e->object, "BTOBTO"));
	assert_true(harness_str_is(e, &e->detail, "%COMSPEC% /Q /c echo dir"));
}

static void a_call_tells_what_it_is_about(void **state)
{
	(void)state;
	check_create();
}

static void the_other_byte_order_is_read(void **state)
{
	(void)state;
	struct bytes m = { 0 };
	is_big = true;
	put_bind(&m, "\x36\x7a\xbb\x81\x98\x44\x35\xf1\xad\x32\x98\xf0\x38\x00\x10\x03", 2);
	client(&m);
	m.len = 0;
	put_ack(&m, 0, 0);
	server(&m);
	assert_true(harness_str_is(rpc(0), &rpc(0)->interface, "svcctl"));
	m.len = 0;
	struct bytes stub = { 0 };
	put_create(&stub);
	put_request(&m, whole, 12, &stub);
	client(&m);
	harness_end(&h);
	assert_true(harness_str_is(rpc(1), &rpc(1)->object, "BTOBTO"));
}

/* A service that is started by its handle has the name that it was made by. */
static void a_handle_keeps_its_name(void **state)
{
	(void)state;
	struct bytes m = { 0 }, stub = { 0 }, answer = { 0 };
	check_create();
	put(&stub, "the handle of it 123", 20);
	put32(&stub, 0);
	put32(&stub, 0);
	put_request(&m, (struct form){ 0, 3, 3, 0, 0 }, 19, &stub);
	client(&m);
	m.len = 0;
	put32(&answer, 0);
	put_response(&m, (struct form){ 2, 3, 3, 0, 0 }, &answer);
	server(&m);
	const struct event_rpc *e = rpc(2);
	assert_true(harness_str_is(e, &e->operation, "RStartServiceW"));
	assert_true(harness_str_is(e, &e->object, "BTOBTO"));
}

/* Fragments of one byte do not hide a name. */
static void fragments_are_put_together(void **state)
{
	(void)state;
	struct bytes stub = { 0 };
	bind_to(SVCCTL);
	put_create(&stub);
	for (size_t i = 0; i < stub.len; i++) {
		struct bytes m = { 0 }, part = { 0 };
		uint8_t flags = (uint8_t)((i == 0) | (i + 1 == stub.len) << 1);
		put(&part, stub.b + i, 1);
		put_request(&m, (struct form){ 0, flags, 2, 0, 0 }, 12, &part);
		client(&m);
	}
	harness_end(&h);
	const struct event_rpc *e = rpc(1);
	assert_int_equal(harness_count(&h, EVENT_RPC), 2);
	assert_int_equal(e->stub_len, stub.len);
	assert_true(harness_str_is(e, &e->object, "BTOBTO"));
	assert_true(harness_str_is(e, &e->detail, "%COMSPEC% /Q /c echo dir"));
}

static void sealed_arguments_are_said_to_be_so(void **state)
{
	(void)state;
	struct bytes m = { 0 }, stub = { 0 }, answer = { 0 };
	bind_to(SVCCTL);
	put_create(&stub);
	put_request(&m, (struct form){ 0, 3, 2, 10, 6 }, 12, &stub);
	client(&m);
	m.len = 0;
	put(&answer, "sealed as well", 14);
	put_response(&m, (struct form){ 2, 3, 2, 10, 6 }, &answer);
	server(&m);
	const struct event_rpc *e = rpc(1);
	assert_true(e->is_sealed && e->object.off == 0 && e->detail.off == 0);
	assert_int_equal(e->auth_type, 10);
	assert_int_equal(e->auth_level, 6);
	assert_int_equal(e->stub_len, stub.len);
	assert_int_equal(e->answer_len, 14);
	assert_int_equal(e->status, 0);
}

/* Padding before the verifier is no part of the answer. */
static void a_signed_answer_keeps_its_value(void **state)
{
	(void)state;
	struct bytes m = { 0 }, stub = { 0 }, answer = { 0 };
	bind_to(EFSRPC);
	put_wide(&stub, "\\\\10.0.0.9\\share\\a");
	put_request(&m, (struct form){ 0, 3, 2, 9, 5 }, 4, &stub);
	client(&m);
	m.len = 0;
	put32(&answer, 53);
	put_response(&m, (struct form){ 2, 3, 2, 9, 5 }, &answer);
	server(&m);
	assert_int_equal(rpc(1)->status, 53);
	assert_true(harness_str_is(rpc(1), &rpc(1)->detail, "\\\\10.0.0.9\\share\\a"));
}

static void a_fault_tells_its_code(void **state)
{
	(void)state;
	struct bytes m = { 0 }, stub = { 0 }, fault = { 0 };
	bind_to(SVCCTL);
	put_request(&m, whole, 15, &stub);
	client(&m);
	m.len = 0;
	put32(&fault, 0);
	put32(&fault, 0);
	put32(&fault, 5);
	put32(&fault, 0);
	put_pdu(&m, (struct form){ 3, 3, 2, 0, 0 }, &fault);
	server(&m);
	assert_int_equal(rpc(1)->act, RPC_FAULT);
	assert_int_equal(rpc(1)->status, 5);
}

static void a_refused_binding_is_told(void **state)
{
	(void)state;
	struct bytes m = { 0 }, nak = { 0 };
	put_bind(&m, SVCCTL, 2);
	client(&m);
	m.len = 0;
	put16(&nak, 3);
	put_pdu(&m, (struct form){ 13, 3, 1, 0, 0 }, &nak);
	server(&m);
	assert_int_equal(rpc(0)->status, 2 | 3 << 16);
}

static void put_tower(struct bytes *m, const char *uuid, uint16_t port)
{
	uint8_t be[2] = { (uint8_t)(port >> 8), (uint8_t)port };
	put32(m, 75);
	put32(m, 75);
	put(m, "\5\0\x13\0\x0d", 5);
	put(m, uuid, 16);
	put(m, "\2\0\2\0\0\0\x13\0\x0d", 9);
	put(m, NDR, 18);
	put(m, "\2\0\0\0\1\0\x0b\2\0\0\0\1\0\7\2\0", 16);
	put(m, be, 2);
	put(m, "\1\0\x09\4\0\x0a\0\0\1", 9);
	put(m, "\0", 1);
}

static void the_endpoint_mapper_is_read(void **state)
{
	(void)state;
	struct bytes m = { 0 }, stub = { 0 }, answer = { 0 };
	bind_to(EPM);
	put_request(&m, whole, 3, &stub);
	client(&m);
	m.len = 0;
	put(&answer, "the handle of it 123", 20);
	put32(&answer, 2);
	put32(&answer, 4);
	put32(&answer, 0);
	put32(&answer, 2);
	put32(&answer, 3);
	put32(&answer, 4);
	put_tower(&answer, SVCCTL, 49670);
	put_tower(&answer, UNKNOWN, 49671);
	put32(&answer, 0);
	put_response(&m, whole, &answer);
	server(&m);
	assert_int_equal(harness_count(&h, EVENT_RPC), 4);
	assert_int_equal(rpc(1)->act, RPC_MAPPED);
	assert_int_equal(rpc(1)->mapped_port, 49670);
	assert_true(harness_str_is(rpc(1), &rpc(1)->interface, "svcctl"));
	assert_int_equal(rpc(2)->mapped_port, 49671);
	assert_true(harness_str_is(rpc(3), &rpc(3)->operation, "ept_map"));
}

/* Past the places for calls the oldest is told without an answer. */
static void many_calls_at_once_are_told(void **state)
{
	(void)state;
	struct bytes stub = { 0 };
	bind_to(SVCCTL);
	for (uint32_t i = 0; i < 20; i++) {
		struct bytes m = { 0 };
		put_request(&m, (struct form){ 0, 3, 100 + i, 0, 0 }, 15, &stub);
		client(&m);
	}
	harness_end(&h);
	assert_int_equal(harness_count(&h, EVENT_RPC), 21);
	for (unsigned i = 1; i < 21; i++)
		assert_int_equal(rpc(i)->call_id, 99 + i);
}

static void gap(bool from_client, const struct bytes *unread, uint32_t missing)
{
	harness_packet(&h, from_client, NULL, 0, 0);
	h.inspector->on_gap(&h.in, unread ? unread->b : NULL, unread ? (uint32_t)unread->len : 0,
			    missing);
}

/* An answer whose end was not captured is over when the next request comes. */
static void a_gap_costs_one_call(void **state)
{
	(void)state;
	struct bytes m = { 0 }, stub = { 0 }, long_answer = { 0 };
	bind_to(SVCCTL);
	put_request(&m, whole, 15, &stub);
	client(&m);
	m.len = 0;
	for (unsigned i = 0; i < 1000; i++)
		put32(&long_answer, i);
	put_response(&m, whole, &long_answer);
	m.len = 1460;
	gap(false, &m, 3000);
	m.len = 0;
	put_create(&stub);
	put_request(&m, (struct form){ 0, 3, 3, 0, 0 }, 12, &stub);
	client(&m);
	assert_int_equal(harness_count(&h, EVENT_RPC), 2);
	assert_int_equal(rpc(1)->answer_len, 4000);
	assert_true(rpc(1)->is_answered);
	harness_stream(&h, false, "the middle of something", 23);
	struct bytes answer = { 0 };
	m.len = 0;
	put32(&answer, 5);
	put_response(&m, (struct form){ 2, 3, 3, 0, 0 }, &answer);
	gap(false, NULL, UINT32_MAX);
	server(&m);
	assert_int_equal(rpc(2)->status, 5);
	assert_true(harness_str_is(rpc(2), &rpc(2)->object, "BTOBTO"));
}

/* Picked up in its middle, from the server's side: who asks is the client all the same. */
static void who_asks_is_the_initiator(void **state)
{
	(void)state;
	struct bytes m = { 0 }, stub = { 0 };
	put_bind(&m, SVCCTL, 2);
	server(&m);
	m.len = 0;
	put_ack(&m, 0, 0);
	client(&m);
	m.len = 0;
	put_request(&m, whole, 15, &stub);
	server(&m);
	harness_end(&h);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(ipaddr_equal(&rpc(i)->e.dst, &h.flow.key.addr[0]));
		assert_int_equal(rpc(i)->e.sport, 49670);
	}
}

static void put_ntlm(struct bytes *m)
{
	size_t start = m->len;
	put(m, "NTLMSSP\0\3\0\0\0", 12);
	put(m, "\0\0\0\0\x58\0\0\0\x18\0\x18\0\x58\0\0\0", 16);     /* LM, NT */
	put(m, "\0\0\0\0\x58\0\0\0\x0a\0\x0a\0\x40\0\0\0", 16);     /* domain, user */
	put(m, "\4\0\4\0\x4a\0\0\0\0\0\0\0\x70\0\0\0\1\0\0\0", 20); /* station, key, flags */
	put(m, "a\0l\0i\0c\0e\0p\0c\0", 14);
	while (m->len - start < 0x58 + 24)
		put(m, "r", 1);
}

static void log_in(bool is_refused)
{
	struct bytes m = { 0 }, token = { 0 }, stub = { 0 }, fault = { 0 };
	bind_to(SVCCTL);
	put_ntlm(&token);
	put(&m, "\5\0\x10\3\x10\0\0\0", 8);
	put16(&m, (uint32_t)(20 + 8 + token.len));
	put16(&m, (uint32_t)token.len);
	put32(&m, 2);
	put32(&m, 0);
	put(&m, "\x0a\5\0\0\0\0\0\0", 8);
	put(&m, token.b, token.len);
	client(&m);
	m.len = 0;
	put_request(&m, (struct form){ 0, 3, 3, 0, 0 }, 15, &stub);
	client(&m);
	m.len = 0;
	for (unsigned i = 0; i < 4; i++)
		put32(&fault, i == 2 ? 5 : 0);
	if (is_refused)
		put_pdu(&m, (struct form){ 3, 3, 3, 0, 0 }, &fault);
	else
		put_response(&m, (struct form){ 2, 3, 3, 0, 0 }, &fault);
	server(&m);
}

static void a_log_in_is_told_with_the_first_answer(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		log_in(i == 1);
		assert_int_equal(harness_count(&h, EVENT_LOGIN), 1);
		const struct event_login *e = harness_event(&h, EVENT_LOGIN, 0);
		assert_int_equal(e->outcome, i ? LOGIN_FAILURE : LOGIN_SUCCESS);
		assert_int_equal(e->method, LOGIN_HASH);
		assert_true(harness_str_is(e, &e->user, "alice"));
		assert_true(harness_str_is(e, &e->workstation, "pc"));
		harness_restart(&h);
	}
}

/* The whole exchange, byte by byte and in pieces, over a stream and over a pipe. */
static size_t exchange(struct bytes *c, struct bytes *s)
{
	struct bytes stub = { 0 }, answer = { 0 };
	put_bind(c, SVCCTL, 2);
	put_ack(s, 0, 0);
	put_create(&stub);
	put_request(c, whole, 12, &stub);
	put(&answer, "1234the handle of it 123", 24);
	put32(&answer, 1073);
	put_response(s, whole, &answer);
	return c->len;
}

static void a_pipe_may_give_any_pieces(void **state)
{
	(void)state;
	for (size_t piece = 1; piece < 600; piece += piece < 40 ? 1 : 37) {
		struct bytes c = { 0 }, s = { 0 };
		struct rpc_assoc a = { .transport = 0 };
		exchange(&c, &s);
		size_t cut = 16 + 12 + 44; /* the bind comes before its answer */
		harness_packet(&h, true, c.b, 1, 1);
		rpc_pipe_feed(&h.in, &a, true, "svcctl", c.b, (uint32_t)cut);
		for (size_t at = 0; at < s.len || at < c.len - cut; at += piece) {
			size_t left = at < c.len - cut ? c.len - cut - at : 0;
			uint32_t n = (uint32_t)(piece < left ? piece : left);
			uint8_t *copy = harness_exact(c.b + cut + at, n);
			rpc_pipe_feed(&h.in, &a, true, "svcctl", copy, n);
			free(copy);
		}
		for (size_t at = 0; at < s.len; at += piece) {
			uint32_t n = (uint32_t)(piece < s.len - at ? piece : s.len - at);
			uint8_t *copy = harness_exact(s.b + at, n);
			rpc_pipe_feed(&h.in, &a, false, "svcctl", copy, n);
			free(copy);
		}
		rpc_pipe_end(&h.in, &a, "svcctl");
		assert_int_equal(harness_count(&h, EVENT_RPC), 2);
		assert_int_equal(rpc(1)->status, 1073);
		assert_int_equal(rpc(1)->transport, RPC_PIPE);
		assert_true(harness_str_is(rpc(1), &rpc(1)->pipe, "svcctl"));
		assert_true(harness_str_is(rpc(1), &rpc(1)->object, "BTOBTO"));
		harness_clear(&h);
	}
}

static void every_truncation_is_survived(void **state)
{
	(void)state;
	struct bytes c = { 0 }, s = { 0 };
	exchange(&c, &s);
	for (size_t len = 0; len <= c.len; len++) {
		harness_restart(&h);
		harness_stream(&h, true, c.b, len);
		harness_end(&h);
		assert_true(harness_count(&h, EVENT_RPC) <= 2);
		(void)harness_probe(&h, true, c.b, len);
	}
	for (size_t len = 0; len <= s.len; len++) {
		harness_restart(&h);
		harness_stream(&h, true, c.b, c.len);
		harness_stream(&h, false, s.b, len);
		harness_end(&h);
		assert_int_equal(harness_count(&h, EVENT_RPC), 2);
	}
}

static void other_bytes_are_not_taken(void **state)
{
	(void)state;
	static const char http[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
	assert_false(harness_probe(&h, true, http, sizeof(http) - 1));
	assert_int_equal(harness_stream(&h, true, http, sizeof(http) - 1), INSPECT_NOT_MINE);
	/* SOCKS 5 begins with the same byte */
	harness_restart(&h);
	assert_false(harness_probe(&h, true, "\5\1\0", 3));
	assert_false(harness_probe(&h, true, "\5\1\0\1\x0a\0\0\1\0\x50", 10));
}

static void the_greeting_of_port_593_is_passed_over(void **state)
{
	(void)state;
	struct bytes m = { 0 };
	assert_true(harness_probe(&h, false, "ncacn_http/1.0", 14));
	harness_stream(&h, false, "ncacn_", 6);
	harness_stream(&h, false, "http/1.0", 8);
	put_bind(&m, SVCCTL, 2);
	client(&m);
	m.len = 0;
	put_ack(&m, 0, 0);
	server(&m);
	assert_int_equal(rpc(0)->transport, RPC_HTTP);
}

static void the_tables_are_in_order(void **state)
{
	(void)state;
	size_t count;
	const struct rpc_operation *op = rpc_operations(&count);
	assert_true(count > 600);
	for (size_t i = 1; i < count; i++)
		assert_true(
			op[i].interface > op[i - 1].interface ||
			(op[i].interface == op[i - 1].interface && op[i].opnum > op[i - 1].opnum));
	assert_string_equal(rpc_operation_name(RPC_IF_svcctl, 12), "RCreateServiceW");
	assert_string_equal(rpc_operation_name(RPC_IF_efsrpc_lsass, 0), "EfsRpcOpenFileRaw");
	assert_null(rpc_operation_name(RPC_IF_svcctl, 9999));
	assert_null(rpc_interface_name(RPC_IF__COUNT));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_binding_tells_its_result),
		TEST(an_unknown_interface_is_told_by_its_uuid),
		TEST(a_call_tells_what_it_is_about),
		TEST(the_other_byte_order_is_read),
		TEST(a_handle_keeps_its_name),
		TEST(fragments_are_put_together),
		TEST(sealed_arguments_are_said_to_be_so),
		TEST(a_signed_answer_keeps_its_value),
		TEST(a_fault_tells_its_code),
		TEST(a_refused_binding_is_told),
		TEST(the_endpoint_mapper_is_read),
		TEST(many_calls_at_once_are_told),
		TEST(a_log_in_is_told_with_the_first_answer),
		TEST(a_gap_costs_one_call),
		TEST(who_asks_is_the_initiator),
		TEST(a_pipe_may_give_any_pieces),
		TEST(every_truncation_is_survived),
		TEST(other_bytes_are_not_taken),
		TEST(the_greeting_of_port_593_is_passed_over),
		TEST(the_tables_are_in_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
