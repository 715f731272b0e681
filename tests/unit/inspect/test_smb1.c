/*
 * unit/inspect/test_smb1.c - SMB 1: log-ins of all shapes, chains, files, and what exploits do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test_smb_build.h"

extern const struct inspector smb_inspector;

static struct harness h;
static struct message m;
static struct smb1_ids id;

static int set_up(void **state)
{
	(void)state;
	harness_init(&h, &smb_inspector, PROTO_TCP, 40000, 139);
	h.flow.packets[0] = h.flow.packets[1] = 1;
	id = (struct smb1_ids){ 2048, 100, 64 };
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

static const struct event_smb *smb(unsigned n)
{
	return harness_event(&h, EVENT_SMB, n);
}

static const struct event_smb *malformed(unsigned n)
{
	for (unsigned i = 0; smb(i); i++)
		if (smb(i)->is_malformed && n-- == 0)
			return smb(i);
	return NULL;
}

static void plain(uint8_t command, uint32_t status)
{
	nbss_begin(&m);
	smb1_plain_answer(&m, &id, command, status);
	send(false);
}

/* Session set-up with 13 words, and a tree connect in its chain. */
static void session_and_tree(bool is_unicode)
{
	nbss_begin(&m);
	smb1_begin(&m, &id, 0x73, false, 0, is_unicode);
	le(&m, 13, 1);
	le(&m, 0x75, 1);
	le(&m, 0, 1);
	size_t off_at = m.len;
	le(&m, 0, 2);
	zeros(&m, 10);
	le(&m, 24, 2);
	le(&m, 24, 2);
	zeros(&m, 8);
	le(&m, 0, 2);
	zeros(&m, 48);
	if (is_unicode) {
		while ((m.len - 4) & 1)
			zeros(&m, 1);
		text16(&m, "bob");
		zeros(&m, 2);
		text16(&m, "CORP");
		zeros(&m, 2);
		text16(&m, "Unix");
		zeros(&m, 2);
	} else {
		put(&m, "bob\0CORP\0Unix\0", 14);
	}
	set_le(&m, off_at, m.len - 4, 2);
	le(&m, 4, 1);
	le(&m, 0xff, 1);
	zeros(&m, 5);
	le(&m, 1, 2);
	le(&m, 0, 2);
	zeros(&m, 1);
	if (is_unicode) {
		while ((m.len - 4) & 1)
			zeros(&m, 1);
		text16(&m, "\\\\srv\\IPC$");
		zeros(&m, 2);
	} else {
		put(&m, "\\\\srv\\IPC$", 11);
	}
	put(&m, "?????", 6);
	send(true);
}

static void session_answer(uint32_t status)
{
	nbss_begin(&m);
	smb1_begin(&m, &id, 0x73, true, status, false);
	le(&m, 3, 1);
	le(&m, 0x75, 1);
	le(&m, 0, 1);
	size_t off_at = m.len;
	le(&m, 0, 2);
	le(&m, 0, 2);
	le(&m, 0, 2);
	set_le(&m, off_at, m.len - 4, 2);
	le(&m, 3, 1);
	le(&m, 0xff, 1);
	zeros(&m, 5);
	le(&m, 4, 2);
	put(&m, "IPC", 4);
	send(false);
}

static void a_negotiation_lists_its_texts(void **state)
{
	(void)state;
	nbss_begin(&m);
	smb1_begin(&m, &id, 0x72, false, 0, false);
	le(&m, 0, 1);
	le(&m, 23, 2);
	put(&m, "\2LM1.2X002\0\2NT LM 0.12", 23);
	send(true);
	nbss_begin(&m);
	smb1_begin(&m, &id, 0x72, true, 0, false);
	le(&m, 17, 1);
	le(&m, 1, 2);
	le(&m, 0x0b, 1);
	zeros(&m, 33);
	send(false);
	const struct event_smb *e = smb(0);
	assert_int_equal(e->act, SMB_NEGOTIATE);
	assert_int_equal(e->dialect, 0x0100);
	assert_int_equal(e->version, 1);
	assert_true(e->is_signed);
	assert_true(harness_str_is(e, &e->detail, "LM1.2X002,NT LM 0.12"));
}

static void a_chain_logs_in_and_connects(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		harness_restart(&h);
		session_and_tree(i);
		session_answer(0);
		const struct event_login *l = harness_event(&h, EVENT_LOGIN, 0);
		assert_non_null(l);
		assert_int_equal(l->outcome, LOGIN_SUCCESS);
		assert_int_equal(l->method, LOGIN_HASH);
		assert_true(harness_str_is(l, &l->user, "bob"));
		assert_true(harness_str_is(l, &l->domain, "CORP"));
		const struct event_smb *e = smb(0);
		assert_int_equal(e->act, SMB_SESSION);
		assert_true(harness_str_is(e, &e->detail, "Unix"));
		e = smb(1);
		assert_int_equal(e->act, SMB_TREE);
		assert_true(harness_str_is(e, &e->share, "IPC$"));
		assert_true(harness_str_is(e, &e->detail, "srv"));
	}
}

static void a_refusal_is_a_failure(void **state)
{
	(void)state;
	session_and_tree(false);
	plain(0x73, 0xc000006d);
	const struct event_login *l = harness_event(&h, EVENT_LOGIN, 0);
	assert_int_equal(l->outcome, LOGIN_FAILURE);
	/* without NT status: class 2, code 2 */
	harness_restart(&h);
	session_and_tree(false);
	nbss_begin(&m);
	smb1_begin(&m, &id, 0x73, true, 0x00020002, false);
	set_le(&m, 4 + 10, 0, 2);
	zeros(&m, 3);
	send(false);
	l = harness_event(&h, EVENT_LOGIN, 0);
	assert_int_equal(l->outcome, LOGIN_FAILURE);
}

static void open_file(const char *name, uint16_t fid)
{
	nbss_begin(&m);
	smb1_begin(&m, &id, 0xa2, false, 0, false);
	le(&m, 24, 1);
	put(&m, "\xff\0\0\0", 4);
	zeros(&m, 1);
	le(&m, strlen(name), 2);
	zeros(&m, 8);
	le(&m, 0x2019f, 4);
	zeros(&m, 16);
	le(&m, 5, 4);
	le(&m, 0, 4);
	zeros(&m, 5);
	le(&m, strlen(name) + 1, 2);
	put(&m, name, strlen(name) + 1);
	send(true);
	nbss_begin(&m);
	smb1_begin(&m, &id, 0xa2, true, 0, false);
	le(&m, 34, 1);
	put(&m, "\xff\0\0\0", 4);
	zeros(&m, 1);
	le(&m, fid, 2);
	zeros(&m, 48);
	le(&m, 12, 8);
	zeros(&m, 5);
	zeros(&m, 2);
	send(false);
}

static void write_file(uint16_t fid, const char *data, uint16_t len)
{
	nbss_begin(&m);
	smb1_begin(&m, &id, 0x2f, false, 0, false);
	le(&m, 12, 1);
	put(&m, "\xff\0\0\0", 4);
	le(&m, fid, 2);
	le(&m, 0, 4);
	zeros(&m, 8);
	le(&m, 0, 2);
	le(&m, len, 2);
	le(&m, 32 + 1 + 24 + 2, 2);
	le(&m, len, 2);
	put(&m, data, len);
	send(true);
}

static void files_are_opened_and_written(void **state)
{
	(void)state;
	open_file("\\dir\\x.exe", 0x4001);
	write_file(0x4001, "MZ\x90\0\3\0\0\0", 8);
	nbss_begin(&m);
	smb1_begin(&m, &id, 0x2f, true, 0, false);
	le(&m, 6, 1);
	put(&m, "\xff\0\0\0", 4);
	le(&m, 8, 2);
	zeros(&m, 6);
	zeros(&m, 2);
	send(false);
	nbss_begin(&m);
	smb1_begin(&m, &id, 0x04, false, 0, false);
	le(&m, 3, 1);
	le(&m, 0x4001, 2);
	zeros(&m, 6);
	send(true);
	plain(0x04, 0);
	assert_int_equal(smb(0)->act, SMB_OPEN);
	assert_true(harness_str_is(smb(0), &smb(0)->name, "dir\\x.exe"));
	assert_int_equal(smb(0)->size, 12);
	assert_int_equal(smb(1)->act, SMB_WRITE);
	assert_int_equal(smb(1)->file_type, FILE_EXECUTABLE);
	assert_int_equal(smb(2)->act, SMB_CLOSE);
	assert_int_equal(smb(2)->written, 8);
}

static void a_delete_names_its_file(void **state)
{
	(void)state;
	nbss_begin(&m);
	smb1_begin(&m, &id, 0x06, false, 0, false);
	le(&m, 1, 1);
	le(&m, 6, 2);
	le(&m, 9, 2);
	put(&m, "\4\\gone.x", 9);
	send(true);
	plain(0x06, 0);
	assert_int_equal(smb(0)->act, SMB_DELETE);
	assert_true(harness_str_is(smb(0), &smb(0)->name, "gone.x"));
}

/* ---- what exploits do ---- */

static void doublepulsar_is_pinged(void **state)
{
	(void)state;
	nbss_begin(&m);
	smb1_trans(&m, &id, 0x32, 0, 0, 0x0e, 0);
	send(true);
	plain(0x32, 0xc0000002);
	const struct event_smb *e = malformed(0);
	assert_non_null(e);
	assert_int_equal(e->access, 0x0e);
	assert_int_equal(e->status, 0xc0000002);
	/* an implant counts up */
	harness_restart(&h);
	nbss_begin(&m);
	smb1_trans(&m, &id, 0x32, 0, 0, 0x0e, 0);
	send(true);
	id.message += 0x10;
	plain(0x32, 0xc0000002);
	e = malformed(0);
	assert_non_null(e);
	assert_true(harness_str_is(e, &e->detail,
				   "trans2 session setup, answered as only an implant does"));
}

static void eternalblue_changes_the_kind(void **state)
{
	(void)state;
	nbss_begin(&m);
	smb1_nt_trans(&m, &id, 66512, 100, 4);
	send(true);
	plain(0xa0, 0); /* go on */
	for (unsigned i = 0; i < 3; i++) {
		nbss_begin(&m);
		smb1_secondary(&m, &id, 0x33, 4096, 100, 100);
		send(true);
	}
	assert_non_null(malformed(0));
	assert_int_equal(malformed(0)->size, 66512);
	assert_null(malformed(1));
}

static void eternalblue_goes_on_when_refused(void **state)
{
	(void)state;
	nbss_begin(&m);
	smb1_nt_trans(&m, &id, 66512, 100, 4);
	send(true);
	plain(0xa0, 0xc0000022);
	for (unsigned i = 0; i < 3; i++) {
		nbss_begin(&m);
		smb1_secondary(&m, &id, 0x33, 4096, 100, 100);
		send(true);
	}
	assert_int_equal(malformed(0)->oddity, SMB_ODD_KIND);
	assert_null(malformed(1));
}

static void a_secondary_of_its_own_kind_is_right(void **state)
{
	(void)state;
	nbss_begin(&m);
	smb1_trans(&m, &id, 0x32, 200, 100, 5, 0);
	send(true);
	plain(0x32, 0);
	nbss_begin(&m);
	smb1_secondary(&m, &id, 0x33, 200, 100, 100);
	send(true);
	plain(0x32, 0);
	assert_null(malformed(0));
	/* and beyond its end it is not */
	nbss_begin(&m);
	smb1_trans(&m, &id, 0x32, 200, 100, 5, 0);
	send(true);
	nbss_begin(&m);
	smb1_secondary(&m, &id, 0x33, 200, 150, 100);
	send(true);
	assert_non_null(malformed(0));
}

static void a_write_hits_an_unfinished_transaction(void **state)
{
	(void)state;
	nbss_begin(&m);
	smb1_trans(&m, &id, 0x25, 200, 100, 0x36, 0x4001);
	send(true);
	write_file(0x4001, "x", 1);
	assert_non_null(malformed(0));
	assert_int_equal(malformed(0)->command, 0x2f);
	harness_restart(&h);
	nbss_begin(&m);
	smb1_trans(&m, &id, 0x25, 100, 100, 0x36, 0x4001);
	send(true);
	write_file(0x4001, "x", 1);
	assert_null(malformed(0));
}

static void odd_functions_are_marked(void **state)
{
	(void)state;
	nbss_begin(&m);
	smb1_nt_trans(&m, &id, 0, 0, 5);
	send(true);
	plain(0xa0, 0xc0000001);
	nbss_begin(&m);
	smb1_trans(&m, &id, 0x25, 0, 0, 0x23, 0);
	send(true);
	plain(0x25, 0xc0000205);
	assert_int_equal(malformed(0)->command, 0xa0);
	assert_int_equal(malformed(1)->status, 0xc0000205);
	/* those that everybody uses are not */
	harness_restart(&h);
	for (uint16_t function = 1; function < 5; function++) {
		nbss_begin(&m);
		smb1_nt_trans(&m, &id, 10, 10, function);
		send(true);
		plain(0xa0, 0);
	}
	assert_null(malformed(0));
}

static void malformed_events_have_an_end(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		nbss_begin(&m);
		smb1_trans(&m, &id, 0x32, 0, 0, 0x0e, 0);
		send(true);
		plain(0x32, 0xc0000002);
		id.message++;
	}
	assert_int_equal(harness_count(&h, EVENT_SMB), 8);
}

static void each_may_be_cut_or_lie(void **state)
{
	struct message all[4];
	(void)state;
	nbss_begin(&m);
	smb1_trans(&m, &id, 0x25, 20, 20, 0x26, 1);
	nbss_end(&m);
	all[0] = m;
	nbss_begin(&m);
	smb1_nt_trans(&m, &id, 30, 10, 2);
	nbss_end(&m);
	all[1] = m;
	nbss_begin(&m);
	smb1_secondary(&m, &id, 0xa1, 30, 10, 10);
	nbss_end(&m);
	all[2] = m;
	session_and_tree(true);
	all[3] = m;
	for (unsigned which = 0; which < 4; which++)
		for (size_t i = 0; i < all[which].len; i++) {
			harness_restart(&h);
			harness_stream(&h, true, all[which].b, i);
			harness_end(&h);
			for (unsigned v = 0; v < 3; v++) {
				static const uint8_t values[] = { 0, 0x7f, 0xff };
				struct message bad = all[which];
				if (i < 4)
					continue;
				bad.b[i] = values[v];
				harness_restart(&h);
				harness_stream(&h, true, bad.b, bad.len);
				harness_end(&h);
			}
		}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_negotiation_lists_its_texts),
		TEST(a_chain_logs_in_and_connects),
		TEST(a_refusal_is_a_failure),
		TEST(files_are_opened_and_written),
		TEST(a_delete_names_its_file),
		TEST(doublepulsar_is_pinged),
		TEST(eternalblue_changes_the_kind),
		TEST(eternalblue_goes_on_when_refused),
		TEST(a_secondary_of_its_own_kind_is_right),
		TEST(a_write_hits_an_unfinished_transaction),
		TEST(odd_functions_are_marked),
		TEST(malformed_events_have_an_end),
		TEST(each_may_be_cut_or_lie),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
