/*
 * unit/inspect/test_smb.c - SMB 2 and 3: sessions, shares, files, pipes, compounds; cut anywhere.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test_smb_build.h"

extern const struct inspector smb_inspector;

#define SESSION 0x400000000011ull
#define FILE_1  0x1234ull

static struct harness h;
static struct message m;
static struct smb2_ids id;

static int set_up(void **state)
{
	(void)state;
	harness_init(&h, &smb_inspector, PROTO_TCP, 40000, 445);
	h.flow.packets[0] = h.flow.packets[1] = 1;
	id = (struct smb2_ids){ SESSION, 1, 1 };
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	harness_deinit(&h);
	return 0;
}

static void send(bool from_client)
{
	nbss_end(&m);
	harness_stream(&h, from_client, m.b, m.len);
}

static const struct event_smb *smb(uint8_t act, unsigned n)
{
	for (const struct event *e = event_log_next(h.log, NULL); e; e = event_log_next(h.log, e)) {
		const struct event_smb *s = (const struct event_smb *)e;
		if (e->kind == EVENT_SMB && s->act == act && n-- == 0)
			return s;
	}
	return NULL;
}

static void negotiate(uint16_t dialect)
{
	nbss_begin(&m);
	smb2_begin(&m, &id, 0, 0, 0);
	le(&m, 36, 2);
	le(&m, 2, 2);
	zeros(&m, 8);
	put(&m, "abcdefghijklmnop", 16);
	zeros(&m, 8);
	le(&m, 0x0202, 2);
	le(&m, 0x0311, 2);
	send(true);
	nbss_begin(&m);
	smb2_begin(&m, &id, 0, 1, 0);
	le(&m, 65, 2);
	le(&m, 3, 2);
	le(&m, dialect, 2);
	zeros(&m, 58);
	send(false);
	id.message++;
}

static void session(const char *user, uint32_t status, uint16_t flags)
{
	struct blob token;
	ntlm_authenticate(&token, *user ? "CORP" : "", user, "PC-7", *user ? 200 : 0);
	spnego_answer(&token, 1);
	nbss_begin(&m);
	smb2_session(&m, &id, &token);
	send(true);
	nbss_begin(&m);
	smb2_begin(&m, &id, 1, 1, status);
	le(&m, 9, 2);
	le(&m, flags, 2);
	zeros(&m, 4);
	send(false);
	id.message++;
}

static void tree(const char *path, uint8_t type)
{
	nbss_begin(&m);
	smb2_tree(&m, &id, path);
	send(true);
	nbss_begin(&m);
	smb2_tree_answer(&m, &id, type, 0);
	send(false);
	id.message++;
}

static void create(const char *name, uint64_t file, uint64_t size, uint32_t options)
{
	nbss_begin(&m);
	smb2_create(&m, &id, name, 0x12019f, 2, options);
	send(true);
	nbss_begin(&m);
	smb2_create_answer(&m, &id, file, size, 0x20);
	send(false);
	id.message++;
}

static void closed(uint64_t file)
{
	nbss_begin(&m);
	smb2_close(&m, &id, file);
	send(true);
	nbss_begin(&m);
	smb2_plain_answer(&m, &id, 6, 0);
	send(false);
	id.message++;
}

static void plain(uint16_t command, uint32_t status)
{
	nbss_begin(&m);
	smb2_plain_answer(&m, &id, command, status);
	send(false);
	id.message++;
}

/* ---- tests ---- */

static void a_negotiation_tells_its_dialects(void **state)
{
	(void)state;
	negotiate(0x0311);
	const struct event_smb *e = smb(SMB_NEGOTIATE, 0);
	assert_non_null(e);
	assert_int_equal(e->version, 3);
	assert_int_equal(e->dialect, 0x0311);
	assert_true(e->is_signed);
	assert_true(harness_str_is(e, &e->detail, "2.0.2 3.1.1; lettered guid"));
}

static void a_session_is_a_log_in(void **state)
{
	static const struct {
		uint32_t status;
		uint8_t outcome;
	} cases[] = { { 0, LOGIN_SUCCESS },          { 0xc000006d, LOGIN_FAILURE },
		      { 0xc000006a, LOGIN_FAILURE }, { 0xc0000064, LOGIN_NO_USER },
		      { 0xc0000234, LOGIN_LOCKED },  { 0xc0000071, LOGIN_LOCKED },
		      { 0xc000005e, LOGIN_UNKNOWN } };
	(void)state;
	negotiate(0x0210);
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		session("alice", cases[i].status, 0);
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct event_login *e = harness_event(&h, EVENT_LOGIN, i);
		assert_non_null(e);
		assert_int_equal(e->outcome, cases[i].outcome);
		assert_int_equal(e->method, LOGIN_HASH);
		assert_int_equal(e->status, cases[i].status);
		assert_int_equal(e->attempt, i + 1);
		assert_true(harness_str_is(e, &e->user, "alice"));
		assert_true(harness_str_is(e, &e->domain, "CORP"));
		assert_true(harness_str_is(e, &e->workstation, "PC-7"));
		assert_true(harness_str_is(e, &e->service, "smb"));
	}
	const struct event_smb *s = smb(SMB_SESSION, 0);
	assert_true(harness_str_is(s, &s->user, "CORP\\alice"));
}

static void guests_and_nobody_have_no_method(void **state)
{
	(void)state;
	session("", 0, 2);
	session("bob", 0, 1);
	const struct event_login *nobody = harness_event(&h, EVENT_LOGIN, 0);
	const struct event_login *guest = harness_event(&h, EVENT_LOGIN, 1);
	assert_int_equal(nobody->method, LOGIN_NONE);
	assert_int_equal(guest->method, LOGIN_NONE);
	assert_true(smb(SMB_SESSION, 0)->is_null);
	assert_true(smb(SMB_SESSION, 1)->is_guest);
}

static void one_more_turn_keeps_what_was_said(void **state)
{
	struct blob token = { 0 };
	(void)state;
	session("alice", 0xc0000016, 0);
	assert_int_equal(harness_count(&h, EVENT_LOGIN), 0);
	blob_put(&token, "\xa1\x07\x30\x05\xa0\x03\x0a\x01\x00", 9);
	nbss_begin(&m);
	smb2_session(&m, &id, &token);
	send(true);
	nbss_begin(&m);
	smb2_begin(&m, &id, 1, 1, 0);
	le(&m, 9, 2);
	zeros(&m, 6);
	send(false);
	const struct event_login *e = harness_event(&h, EVENT_LOGIN, 0);
	assert_non_null(e);
	assert_true(harness_str_is(e, &e->user, "alice"));
	assert_int_equal(e->outcome, LOGIN_SUCCESS);
}

static void a_program_is_put_on_a_share(void **state)
{
	(void)state;
	negotiate(0x0302);
	session("alice", 0, 0);
	tree("\\\\srv\\ADMIN$", 1);
	create("Temp\\x.exe", FILE_1, 0, 0);
	nbss_begin(&m);
	smb2_write(&m, &id, FILE_1, 0, 8);
	put(&m, "MZ\x90\0\3\0\0\0", 8);
	send(true);
	nbss_begin(&m);
	smb2_write_answer(&m, &id, 8);
	send(false);
	id.message++;
	closed(FILE_1);
	const struct event_smb *e = smb(SMB_OPEN, 0);
	assert_true(harness_str_is(e, &e->share, "ADMIN$"));
	assert_true(harness_str_is(e, &e->name, "Temp\\x.exe"));
	assert_true(harness_str_is(e, &e->user, "CORP\\alice"));
	assert_int_equal(e->access, 0x12019f);
	assert_int_equal(e->disposition, 2);
	assert_int_equal(e->status, 0);
	e = smb(SMB_WRITE, 0);
	assert_int_equal(e->file_type, FILE_EXECUTABLE);
	assert_int_equal(e->written, 8);
	assert_true(harness_str_is(e, &e->share, "ADMIN$"));
	e = smb(SMB_CLOSE, 0);
	assert_int_equal(e->written, 8);
	const struct event_file *f = harness_event(&h, EVENT_FILE, 0);
	assert_false(f->is_end);
	assert_int_equal(f->e.from_server, 0);
	assert_int_equal(f->type, FILE_EXECUTABLE);
	assert_true(harness_str_is(f, &f->name, "x.exe"));
	assert_true(harness_str_is(f, &f->place, "ADMIN$\\Temp"));
	f = harness_event(&h, EVENT_FILE, 1);
	assert_true(f->is_end);
	assert_int_equal(f->seen, 8);
	assert_null(harness_event(&h, EVENT_FILE, 2));
}

/* 1 MiB that never comes as a whole; in pieces of any size. */
static void data_is_counted_through(void **state)
{
	static uint8_t piece[9000];
	(void)state;
	tree("\\\\srv\\data", 1);
	create("big.zip", FILE_1, 1 << 20, 0);
	nbss_begin(&m);
	smb2_read(&m, &id, FILE_1, 0, 1 << 20);
	send(true);
	nbss_begin(&m);
	smb2_read_answer(&m, &id, 1 << 20);
	nbss_set(&m, 80 + (1 << 20));
	put(&m, "PK\3\4\x14\0\0\0", 8);
	harness_stream(&h, false, m.b, m.len);
	memset(piece, 'S', sizeof(piece));
	for (size_t left = (1 << 20) - 8, n = 1; left; left -= n) {
		n = n * 3 % sizeof(piece) + 1;
		if (n > left)
			n = left;
		harness_stream(&h, false, piece, n);
	}
	id.message++;
	closed(FILE_1);
	const struct event_smb *e = smb(SMB_CLOSE, 0);
	assert_non_null(e);
	assert_int_equal(e->read, 1 << 20);
	assert_int_equal(e->file_type, FILE_ARCHIVE);
	const struct event_file *f = harness_event(&h, EVENT_FILE, 1);
	assert_true(f->is_complete);
	assert_int_equal(f->e.from_server, 1);
}

static void a_compound_goes_on_with_its_file(void **state)
{
	(void)state;
	tree("\\\\srv\\data", 1);
	nbss_begin(&m);
	size_t first = m.len;
	smb2_create(&m, &id, "a.txt", 0x120089, 1, 0);
	while ((m.len - first) % 8)
		zeros(&m, 1);
	set_le(&m, first + 20, m.len - first, 4);
	struct smb2_ids related = { UINT64_MAX, UINT32_MAX, id.message + 1 };
	size_t second = m.len;
	smb2_write(&m, &related, UINT64_MAX, 0, 8);
	put(&m,
	    "\x7f"
	    "ELF\2\1\1\0",
	    8);
	set_le(&m, second + 16, 4, 4);
	set_le(&m, second + 20, m.len - second, 4);
	related.message++;
	size_t third = m.len;
	smb2_close(&m, &related, UINT64_MAX);
	set_le(&m, third + 16, 4, 4);
	send(true);
	/* the answers: one message too */
	nbss_begin(&m);
	first = m.len;
	smb2_create_answer(&m, &id, FILE_1, 0, 0x20);
	set_le(&m, first + 20, m.len - first, 4);
	id.message++;
	second = m.len;
	smb2_write_answer(&m, &id, 8);
	set_le(&m, second + 20, m.len - second, 4);
	id.message++;
	smb2_plain_answer(&m, &id, 6, 0);
	send(false);
	const struct event_smb *e = smb(SMB_CLOSE, 0);
	assert_non_null(e);
	assert_int_equal(e->written, 8);
	assert_true(harness_str_is(e, &e->name, "a.txt"));
	assert_true(harness_str_is(e, &e->share, "data"));
	assert_int_equal(e->file_type, FILE_EXECUTABLE);
}

static void a_late_answer_is_waited_for(void **state)
{
	(void)state;
	tree("\\\\srv\\data", 1);
	nbss_begin(&m);
	smb2_create(&m, &id, "slow", 1, 1, 0);
	send(true);
	nbss_begin(&m);
	size_t at = smb2_begin(&m, &id, 5, 3, 0x103);
	le(&m, 9, 2);
	zeros(&m, 7);
	(void)at;
	send(false);
	assert_null(smb(SMB_OPEN, 0));
	plain(5, 0xc0000022);
	assert_int_equal(smb(SMB_OPEN, 0)->status, 0xc0000022);
}

static void files_are_renamed_and_deleted(void **state)
{
	struct message info = { 0 };
	(void)state;
	tree("\\\\srv\\C$", 1);
	create("a", FILE_1, 0, 0);
	zeros(&info, 16);
	le(&info, 8, 4);
	text16(&info, "d\\b2");
	nbss_begin(&m);
	smb2_set_info(&m, &id, FILE_1, 10, info.b, info.len);
	send(true);
	plain(17, 0);
	nbss_begin(&m);
	smb2_set_info(&m, &id, FILE_1, 13, "\1", 1);
	send(true);
	plain(17, 0);
	closed(FILE_1);
	create("doomed", FILE_1 + 8, 0, 0x1000);
	closed(FILE_1 + 8);
	const struct event_smb *e = smb(SMB_RENAME, 0);
	assert_true(harness_str_is(e, &e->name, "a"));
	assert_true(harness_str_is(e, &e->renamed, "d\\b2"));
	e = smb(SMB_DELETE, 0);
	assert_true(harness_str_is(e, &e->name, "d\\b2"));
	e = smb(SMB_DELETE, 1);
	assert_true(harness_str_is(e, &e->name, "doomed"));
}

static void pipes_are_told_as_such(void **state)
{
	(void)state;
	tree("\\\\srv\\IPC$", 2);
	create("svcctl", FILE_1, 0, 0);
	const struct event_smb *e = smb(SMB_OPEN, 0);
	assert_true(e->is_pipe);
	assert_true(harness_str_is(e, &e->name, "svcctl"));
	e = smb(SMB_TREE, 0);
	assert_true(harness_str_is(e, &e->share, "IPC$"));
	assert_true(harness_str_is(e, &e->detail, "srv"));
}

/* So many times bytes that begin with `head` go to and fro in a pipe. */
static void talk(uint64_t file, unsigned times, const char *head, size_t head_len)
{
	for (unsigned i = 0; i < times; i++) {
		nbss_begin(&m);
		smb2_write(&m, &id, file, 0, (uint32_t)head_len);
		put(&m, head, head_len);
		send(true);
		nbss_begin(&m);
		smb2_write_answer(&m, &id, (uint32_t)head_len);
		send(false);
		id.message++;
		nbss_begin(&m);
		smb2_read(&m, &id, file, 0, 1024);
		send(true);
		nbss_begin(&m);
		smb2_read_answer(&m, &id, 20);
		put(&m, "\x10\0\0\0abcdefghijklmnop", 20);
		send(false);
		id.message++;
	}
}

static void what_is_no_rpc_is_told_as_it_goes_to_and_fro(void **state)
{
	(void)state;
	tree("\\\\srv\\IPC$", 2);
	create("msagent_4f", FILE_1, 0, 0);
	talk(FILE_1, 9, "\x06\0\0\0secret", 10); /* 17 turns: told at 8 and 16 */
	const struct event_smb *e = smb(SMB_EXCHANGE, 0);
	assert_true(e->is_pipe);
	assert_true(harness_str_is(e, &e->name, "msagent_4f"));
	assert_int_equal(e->turns, 8);
	assert_int_equal(e->written, 50);
	assert_int_equal(e->read, 80);
	assert_int_equal(smb(SMB_EXCHANGE, 1)->turns, 16);
	assert_null(smb(SMB_EXCHANGE, 2));
	closed(FILE_1);
	assert_int_equal(smb(SMB_EXCHANGE, 2)->turns, 17);
	assert_int_equal(smb(SMB_EXCHANGE, 2)->written, 90);
	assert_null(smb(SMB_EXCHANGE, 3));
}

static void rpc_and_files_are_no_exchange(void **state)
{
	/* a call: version 5, request, first and last, little-endian, 24 bytes */
	static const char call[] = "\5\0\0\3\x10\0\0\0\x18\0\0\0\1\0\0\0\0\0\0\0\0\0\x0f";
	(void)state;
	tree("\\\\srv\\IPC$", 2);
	create("svcctl", FILE_1, 0, 0);
	talk(FILE_1, 12, call, sizeof(call));
	closed(FILE_1);
	tree("\\\\srv\\data", 1);
	create("a.txt", FILE_1 + 8, 0, 0);
	talk(FILE_1 + 8, 12, "hello", 5);
	closed(FILE_1 + 8);
	assert_null(smb(SMB_EXCHANGE, 0));
}

static void what_was_not_answered_is_told_at_the_end(void **state)
{
	(void)state;
	nbss_begin(&m);
	smb2_tree(&m, &id, "\\\\srv\\X");
	send(true);
	id.message++;
	create("f", FILE_1, 7, 0);
	nbss_begin(&m);
	id.message++;
	smb2_write(&m, &id, FILE_1, 0, 3);
	put(&m, "abc", 3);
	send(true);
	harness_end(&h);
	assert_int_equal(smb(SMB_TREE, 0)->status, SMB_NO_ANSWER);
	assert_int_equal(smb(SMB_WRITE, 0)->status, SMB_NO_ANSWER);
	assert_int_equal(smb(SMB_CLOSE, 0)->written, 3);
	harness_end(&h);
	assert_null(smb(SMB_CLOSE, 1));
}

static void the_client_alone_is_heard(void **state)
{
	(void)state;
	h.flow.packets[0] = 17;
	h.flow.packets[1] = 0;
	nbss_begin(&m);
	smb2_tree(&m, &id, "\\\\srv\\X");
	send(true);
	assert_int_equal(smb(SMB_TREE, 0)->status, SMB_NO_ANSWER);
}

static void sealed_messages_are_said_once(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		nbss_begin(&m);
		put(&m, "\xfdSMB", 4);
		zeros(&m, 3000);
		send(i & 1);
	}
	assert_true(smb(SMB_HIDDEN, 0)->is_encrypted);
	assert_null(smb(SMB_HIDDEN, 1));
}

static void compressed(uint32_t size, uint32_t off)
{
	nbss_begin(&m);
	put(&m, "\xfcSMB", 4);
	le(&m, size, 4);
	le(&m, 1, 2);
	le(&m, 0, 2);
	le(&m, off, 4);
	zeros(&m, 100);
	send(true);
}

static void an_overflow_in_compression_is_an_exploit(void **state)
{
	(void)state;
	compressed(4096, 16);
	assert_true(smb(SMB_HIDDEN, 0)->is_compressed);
	assert_null(smb(SMB_OTHER, 0));
	compressed(0xffffffff, 16);
	assert_true(smb(SMB_OTHER, 0)->is_malformed);
	compressed(0xffffffff, 16);
	assert_null(smb(SMB_OTHER, 1));
	harness_restart(&h);
	compressed(10, 0xffff);
	assert_true(smb(SMB_OTHER, 0)->is_malformed);
}

static void all_of_it(void)
{
	id = (struct smb2_ids){ SESSION, 1, 1 };
	negotiate(0x0302);
	session("alice", 0, 0);
	tree("\\\\srv\\ADMIN$", 1);
	create("Temp\\x.exe", FILE_1, 0, 0x1000);
	nbss_begin(&m);
	smb2_write(&m, &id, FILE_1, 0, 8);
	put(&m, "MZ\x90\0\3\0\0\0", 8);
	send(true);
	nbss_begin(&m);
	smb2_write_answer(&m, &id, 8);
	send(false);
	id.message++;
	nbss_begin(&m);
	smb2_read(&m, &id, FILE_1, 0, 8);
	send(true);
	nbss_begin(&m);
	smb2_read_answer(&m, &id, 8);
	put(&m, "MZ\x90\0\3\0\0\0", 8);
	send(false);
	id.message++;
	closed(FILE_1);
}

/* Each message short of its last byte, with the rest never coming. */
static void messages_may_end_anywhere(void **state)
{
	struct message all[2] = { 0 };
	(void)state;
	nbss_begin(&m);
	smb2_create(&m, &id, "a", 1, 1, 1);
	nbss_end(&m);
	all[0] = m;
	nbss_begin(&m);
	smb2_create_answer(&m, &id, FILE_1, 5, 0x10);
	nbss_end(&m);
	all[1] = m;
	for (size_t cut = 0; cut < all[0].len + all[1].len; cut++) {
		harness_restart(&h);
		size_t first = cut < all[0].len ? cut : all[0].len;
		harness_stream(&h, true, all[0].b, first);
		harness_stream(&h, false, all[1].b, cut - first);
		harness_end(&h);
		assert_true(harness_count(&h, EVENT_SMB) <= 1);
	}
}

/* A message that says to be shorter than what is in it. */
static void lengths_may_lie(void **state)
{
	(void)state;
	nbss_begin(&m);
	smb2_write(&m, &id, FILE_1, 0, 100);
	put(&m, "abc", 3);
	nbss_end(&m);
	for (size_t i = 4; i < m.len; i++)
		for (unsigned v = 0; v < 4; v++) {
			static const uint8_t values[] = { 0, 1, 0x7f, 0xff };
			struct message bad = m;
			bad.b[i] = values[v];
			harness_restart(&h);
			harness_stream(&h, true, bad.b, bad.len);
			harness_end(&h);
		}
	for (size_t n = 0; n < m.len; n++) {
		struct message bad = m;
		nbss_set(&bad, n);
		harness_restart(&h);
		harness_stream(&h, true, bad.b, bad.len);
		harness_stream(&h, true, m.b, m.len);
		harness_end(&h);
	}
}

static void many_files_stay_within_their_memory(void **state)
{
	(void)state;
	tree("\\\\srv\\X", 1);
	for (unsigned i = 0; i < 5000; i++) {
		create("f", FILE_1 + 2 * i, 0, 0);
		harness_clear(&h);
	}
	for (unsigned i = 0; i < 3000; i++) {
		nbss_begin(&m);
		id.message++;
		smb2_create(&m, &id, "never answered", 1, 1, 0);
		send(true);
	}
	harness_end(&h);
	assert_true(harness_count(&h, EVENT_SMB) <= 512);
}

static void it_is_found_in_the_middle(void **state)
{
	(void)state;
	nbss_begin(&m);
	put(&m, "rest of data", 12);
	size_t at = m.len;
	zeros(&m, 4);
	smb2_tree(&m, &id, "\\\\srv\\X");
	size_t len = m.len - at - 4;
	m.b[at + 2] = (uint8_t)(len >> 8);
	m.b[at + 3] = (uint8_t)len;
	assert_true(harness_probe(&h, true, m.b + 4, m.len - 4));
	harness_stream(&h, true, m.b + 4, m.len - 4);
	nbss_begin(&m);
	smb2_tree_answer(&m, &id, 1, 0);
	send(false);
	assert_true(harness_str_is(smb(SMB_TREE, 0), &smb(SMB_TREE, 0)->share, "X"));
}

static void gap(bool from_client, const uint8_t *data, size_t len, uint32_t missing)
{
	uint8_t *copy = harness_exact(data, len);
	harness_packet(&h, from_client, copy, len, len);
	h.inspector->on_gap(&h.in, copy, (uint32_t)len, missing + (uint32_t)len);
	h.packet.payload = NULL;
	free(copy);
}

static void gaps_are_survived(void **state)
{
	static uint8_t piece[9000];
	(void)state;
	tree("\\\\srv\\data", 1);
	create("big.zip", FILE_1, 1 << 20, 0);
	nbss_begin(&m);
	smb2_read(&m, &id, FILE_1, 0, 1 << 20);
	send(true);
	nbss_begin(&m);
	smb2_read_answer(&m, &id, 1 << 20);
	nbss_set(&m, 80 + (1 << 20));
	zeros(&m, 1200);
	harness_stream(&h, false, m.b, m.len);
	/* within the data */
	harness_stream(&h, false, piece, sizeof(piece));
	gap(false, NULL, 0, (1 << 20) - 1200 - sizeof(piece));
	id.message++;
	closed(FILE_1);
	assert_int_equal(smb(SMB_CLOSE, 0)->read, 1 << 20);
	/* over the head of the next message, whose end is not known then */
	create("a", FILE_1, 1, 0);
	gap(false, NULL, 0, 4711);
	harness_stream(&h, false, piece, 100);
	create("b", FILE_1 + 8, 1, 0);
	assert_true(harness_str_is(smb(SMB_OPEN, 2), &smb(SMB_OPEN, 2)->name, "b"));
}

/* A capture of few bytes a packet: what is there of a message is read. */
static void cut_messages_are_read_as_far_as_they_go(void **state)
{
	(void)state;
	nbss_begin(&m);
	smb2_tree(&m, &id, "\\\\srv\\ADMIN$");
	nbss_end(&m);
	gap(true, m.b, 92, (uint32_t)m.len - 92);
	nbss_begin(&m);
	smb2_tree_answer(&m, &id, 1, 0);
	send(false);
	assert_non_null(smb(SMB_TREE, 0));
	id.message++;
	create("next", FILE_1, 0, 0);
	assert_non_null(smb(SMB_OPEN, 0));
	for (size_t cut = 0; cut < m.len; cut++) {
		harness_restart(&h);
		gap(false, m.b, cut, (uint32_t)(m.len - cut));
		create("then", FILE_1, 0, 0);
		assert_non_null(smb(SMB_OPEN, 0));
	}
}

static void what_is_not_smb_is_refused(void **state)
{
	(void)state;
	assert_false(harness_probe(&h, true, "GET / HTTP/1.1\r\n", 16));
	assert_false(harness_probe(&h, true, "\0\0\0\x40\xffSM", 7));
	assert_true(harness_probe(&h, true, "\0\0\0\x40\xffSMB", 8));
	assert_true(harness_probe(&h, true, "\x81\0\0\x44\x20 CKFDENEC", 13));
	all_of_it();
	assert_non_null(smb(SMB_DELETE, 0));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_negotiation_tells_its_dialects),
		TEST(a_session_is_a_log_in),
		TEST(guests_and_nobody_have_no_method),
		TEST(one_more_turn_keeps_what_was_said),
		TEST(a_program_is_put_on_a_share),
		TEST(data_is_counted_through),
		TEST(a_compound_goes_on_with_its_file),
		TEST(a_late_answer_is_waited_for),
		TEST(files_are_renamed_and_deleted),
		TEST(pipes_are_told_as_such),
		TEST(what_is_no_rpc_is_told_as_it_goes_to_and_fro),
		TEST(rpc_and_files_are_no_exchange),
		TEST(what_was_not_answered_is_told_at_the_end),
		TEST(the_client_alone_is_heard),
		TEST(sealed_messages_are_said_once),
		TEST(an_overflow_in_compression_is_an_exploit),
		TEST(messages_may_end_anywhere),
		TEST(lengths_may_lie),
		TEST(many_files_stay_within_their_memory),
		TEST(it_is_found_in_the_middle),
		TEST(gaps_are_survived),
		TEST(cut_messages_are_read_as_far_as_they_go),
		TEST(what_is_not_smb_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
