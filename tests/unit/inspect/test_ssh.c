/*
 * unit/inspect/test_ssh.c - banners and HASSH of both sides.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/inspect_harness.h"

extern const struct inspector ssh_inspector;

/* CyberDuck 6.7.1, the worked example of HASSH's authors */
#define CLIENT_HASSH "8a8ae540028bf433cd68356c1b9e8d5b"
/* OpenSSH 5.3, likewise */
#define SERVER_HASSH "b1c6c0d56317555b85c7005a3de29325"

static const char *const client_lists[10] = {
	"curve25519-sha256@libssh.org,diffie-hellman-group-exchange-sha256,ecdh-sha2-nistp521,"
	"ecdh-sha2-nistp384,ecdh-sha2-nistp256,diffie-hellman-group-exchange-sha1,"
	"diffie-hellman-group1-sha1,diffie-hellman-group14-sha1,diffie-hellman-group14-sha256,"
	"diffie-hellman-group15-sha512,diffie-hellman-group16-sha512,"
	"diffie-hellman-group17-sha512,diffie-hellman-group18-sha512,"
	"diffie-hellman-group14-sha256@ssh.com,diffie-hellman-group15-sha256,"
	"diffie-hellman-group15-sha256@ssh.com,diffie-hellman-group15-sha384@ssh.com,"
	"diffie-hellman-group16-sha256,diffie-hellman-group16-sha384@ssh.com,"
	"diffie-hellman-group16-sha512@ssh.com,diffie-hellman-group18-sha512@ssh.com",
	"ssh-rsa",
	"aes128-cbc,aes128-ctr,aes192-cbc,aes192-ctr,aes256-cbc,aes256-ctr,blowfish-cbc,"
	"blowfish-ctr,cast128-cbc,cast128-ctr,idea-cbc,idea-ctr,serpent128-cbc,serpent128-ctr,"
	"serpent192-cbc,serpent192-ctr,serpent256-cbc,serpent256-ctr,3des-cbc,3des-ctr,"
	"twofish128-cbc,twofish128-ctr,twofish192-cbc,twofish192-ctr,twofish256-cbc,"
	"twofish256-ctr,twofish-cbc,arcfour,arcfour128,arcfour256",
	"other",
	"hmac-sha1,hmac-sha1-96,hmac-md5,hmac-md5-96,hmac-sha2-256,hmac-sha2-512",
	"other",
	"zlib@openssh.com,zlib,none",
	"other",
	"",
	"",
};

static const char *const server_lists[10] = {
	"diffie-hellman-group-exchange-sha256,diffie-hellman-group-exchange-sha1,"
	"diffie-hellman-group14-sha1,diffie-hellman-group1-sha1",
	"ssh-rsa,ssh-dss",
	"other",
	"aes128-ctr,aes192-ctr,aes256-ctr,arcfour256,arcfour128,aes128-cbc,3des-cbc,"
	"blowfish-cbc,cast128-cbc,aes192-cbc,aes256-cbc,arcfour,rijndael-cbc@lysator.liu.se",
	"other",
	"hmac-md5,hmac-sha1,umac-64@openssh.com,hmac-ripemd160,hmac-ripemd160@openssh.com,"
	"hmac-sha1-96,hmac-md5-96",
	"other",
	"none,zlib@openssh.com",
	"",
	"",
};

struct bytes {
	size_t len;
	uint8_t b[20000];
};

static struct harness h;
static struct bytes m;

static void put(const void *data, size_t len)
{
	assert_true(m.len + len <= sizeof(m.b));
	memcpy(m.b + m.len, data, len);
	m.len += len;
}

static void put32(uint32_t v)
{
	uint8_t b[4] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v };
	put(b, 4);
}

static void put_text(const char *text)
{
	put(text, strlen(text));
}

static void put_kexinit(const char *const lists[10])
{
	size_t start = m.len;
	put32(0);
	put("\4\x14", 2);
	put("0123456789abcdef", 16);
	for (unsigned i = 0; i < 10; i++) {
		put32((uint32_t)strlen(lists[i]));
		put_text(lists[i]);
	}
	put("\0\0\0\0\0", 5);
	put("pad4", 4);
	size_t len = m.len - start - 4;
	m.b[start + 2] = (uint8_t)(len >> 8);
	m.b[start + 3] = (uint8_t)len;
}

static void put_packet(uint8_t type)
{
	put("\0\0\0\x0c\x0a", 5);
	put(&type, 1);
	put("0123456789", 10);
}

static int set_up(void **state)
{
	(void)state;
	harness_init(&h, &ssh_inspector, PROTO_TCP, 40000, 2222);
	m.len = 0;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	harness_deinit(&h);
	return 0;
}

static void assert_side(bool is_server, const char *banner, const char *hassh)
{
	assert_int_equal(harness_count(&h, EVENT_SSH), 1);
	const struct event_ssh *e = harness_event(&h, EVENT_SSH, 0);
	assert_int_equal(e->is_server, is_server);
	if (banner)
		assert_true(harness_str_is(e, &e->banner, banner));
	else
		assert_int_equal(e->banner.off, 0);
	if (hassh)
		assert_true(harness_str_is(e, &e->hassh, hassh));
	else
		assert_int_equal(e->hassh.off, 0);
}

static void the_client_has_its_hassh(void **state)
{
	(void)state;
	put_text("SSH-2.0-Cyberduck/6.7.1\r\n");
	put_kexinit(client_lists);
	assert_true(harness_probe(&h, true, m.b, m.len));
	assert_int_equal(harness_stream(&h, true, m.b, m.len), INSPECT_MORE);
	assert_side(false, "SSH-2.0-Cyberduck/6.7.1", CLIENT_HASSH);
}

static void the_server_has_its_hassh(void **state)
{
	(void)state;
	put_text("Welcome.\r\nBe good.\r\nSSH-2.0-OpenSSH_5.3\n");
	assert_true(harness_probe(&h, false, m.b, m.len));
	assert_false(harness_probe(&h, true, m.b, m.len));
	put_packet(2);
	put_kexinit(server_lists);
	assert_int_equal(harness_stream(&h, false, m.b, m.len), INSPECT_MORE);
	assert_side(true, "SSH-2.0-OpenSSH_5.3", SERVER_HASSH);
}

static void it_may_be_cut_at_any_byte(void **state)
{
	(void)state;
	put_text("line\r\nSSH-2.0-OpenSSH_5.3\r\n");
	put_kexinit(server_lists);
	for (size_t cut = 1; cut < m.len; cut++) {
		harness_restart(&h);
		assert_int_equal(harness_stream(&h, false, m.b, cut), INSPECT_MORE);
		harness_stream(&h, false, m.b + cut, m.len - cut);
		assert_side(true, "SSH-2.0-OpenSSH_5.3", SERVER_HASSH);
	}
	harness_restart(&h);
	for (size_t i = 0; i < m.len; i++)
		harness_stream(&h, false, m.b + i, 1);
	assert_side(true, "SSH-2.0-OpenSSH_5.3", SERVER_HASSH);
}

static void what_was_not_captured_is_not_told(void **state)
{
	(void)state;
	put_text("SSH-2.0-OpenSSH_5.3\r\n");
	size_t banner = m.len;
	put_kexinit(server_lists);
	for (size_t len = 1; len < m.len; len++) {
		harness_restart(&h);
		uint8_t *copy = harness_exact(m.b, len);
		uint32_t used;
		harness_packet(&h, false, copy, len, m.len);
		h.verdict = h.inspector->on_stream(&h.in, copy, (uint32_t)len, &used);
		assert_true(used <= len);
		assert_int_not_equal(h.verdict, INSPECT_MORE);
		free(copy);
		h.packet.payload = NULL;
		if (len >= banner)
			assert_side(true, "SSH-2.0-OpenSSH_5.3", NULL);
		else if (len < 7)
			assert_int_equal(harness_count(&h, EVENT_SSH), 0);
	}
}

static void version_1_has_a_banner_only(void **state)
{
	(void)state;
	put_text("SSH-1.5-1.2.27\n");
	harness_stream(&h, false, m.b, m.len);
	assert_side(true, "SSH-1.5-1.2.27", NULL);
	harness_restart(&h);
	m.len = 0;
	put_text("SSH-1.99-Cisco-1.25\n");
	put_kexinit(server_lists);
	harness_stream(&h, false, m.b, m.len);
	assert_side(true, "SSH-1.99-Cisco-1.25", SERVER_HASSH);
}

static void a_missed_banner_leaves_the_hassh(void **state)
{
	(void)state;
	put_kexinit(client_lists);
	for (size_t cut = 1; cut < m.len; cut += 3) {
		harness_restart(&h);
		harness_stream(&h, true, m.b, cut);
		harness_stream(&h, true, m.b + cut, m.len - cut);
		assert_side(false, NULL, CLIENT_HASSH);
	}
}

static void a_long_banner_is_cut(void **state)
{
	char text[301];
	(void)state;
	memset(text, 'x', 300);
	memcpy(text, "SSH-2.0-", 8);
	text[300] = '\0';
	put_text(text);
	put_text("\r\n");
	put_kexinit(client_lists);
	harness_stream(&h, true, m.b, m.len);
	const struct event_ssh *e = harness_event(&h, EVENT_SSH, 0);
	assert_int_equal(e->banner.full, 300);
	assert_true(e->banner.len < 300 && e->banner.len >= 150);
}

static void without_kexinit_the_banner_is_told(void **state)
{
	static const char *const packets[] = {
		"\0\0\0\0\0\0\0",
		"\xff\xff\xff\xff\1\x14",
		"\0\0\x3f\0\4\x14",
	};
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		harness_restart(&h);
		m.len = 0;
		put_text("SSH-2.0-x\r\n");
		put(packets[i], 6);
		assert_int_equal(harness_stream(&h, true, m.b, m.len), INSPECT_SIDE_DONE);
		assert_side(false, "SSH-2.0-x", NULL);
	}
	/* other packets, and too many that may precede it */
	harness_restart(&h);
	m.len = 0;
	put_text("SSH-2.0-x\r\n");
	put_packet(21);
	harness_stream(&h, true, m.b, m.len);
	assert_side(false, "SSH-2.0-x", NULL);
	harness_restart(&h);
	m.len = 0;
	put_text("SSH-2.0-x\r\n");
	for (unsigned i = 0; i < 5; i++)
		put_packet(4);
	harness_stream(&h, true, m.b, m.len);
	assert_side(false, "SSH-2.0-x", NULL);
}

/* Lists whose lengths reach beyond the packet. */
static void lists_that_lie_give_no_hassh(void **state)
{
	(void)state;
	put_text("SSH-2.0-x\r\n");
	size_t start = m.len;
	put_kexinit(client_lists);
	size_t at = start + 4 + 2 + 16;
	for (unsigned list = 0; list < 7; list++) {
		uint8_t keep = m.b[at + 1];
		size_t len = (size_t)m.b[at + 2] << 8 | m.b[at + 3];
		m.b[at + 1] = 0xff;
		harness_restart(&h);
		harness_stream(&h, true, m.b, m.len);
		assert_side(false, "SSH-2.0-x", NULL);
		m.b[at + 1] = keep;
		at += 4 + len;
	}
	for (size_t i = 0; i < m.len; i++)
		for (unsigned v = 0; v < 3; v++) {
			static const uint8_t values[] = { 0, 0xff, '\n' };
			uint8_t keep = m.b[i];
			m.b[i] = values[v];
			harness_restart(&h);
			harness_probe(&h, true, m.b, m.len);
			harness_stream(&h, true, m.b, m.len);
			m.b[i] = keep;
		}
}

static void what_is_not_ssh_is_refused(void **state)
{
	static const char *const none[] = { "GET / HTTP/1.1\r\n", "SSX-2.0", "SS", "220 mail\r\n" };
	(void)state;
	for (unsigned i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_false(harness_probe(&h, false, none[i], strlen(none[i])));
	assert_true(harness_probe(&h, true, "SSH", 3));
	assert_int_equal(harness_stream(&h, true, "SSHX", 4), INSPECT_NOT_MINE);
	harness_restart(&h);
	assert_int_equal(harness_stream(&h, false, "\0\0\1\0abcdef", 10), INSPECT_NOT_MINE);
	harness_restart(&h);
	/* a server that talks without end */
	memset(m.b, 'x', 2000);
	assert_int_equal(harness_stream(&h, false, m.b, 2000), INSPECT_NOT_MINE);
	harness_restart(&h);
	for (unsigned i = 0; i < sizeof(m.b); i += 100)
		m.b[i] = '\n';
	for (unsigned i = 0; i < 2; i++)
		harness_stream(&h, false, m.b, sizeof(m.b));
	assert_int_equal(h.verdict, INSPECT_NOT_MINE);
}

static void a_banner_alone_is_told_at_the_end(void **state)
{
	(void)state;
	put_text("SSH-2.0-x\r\n");
	assert_int_equal(harness_stream(&h, true, m.b, m.len), INSPECT_MORE);
	assert_int_equal(harness_count(&h, EVENT_SSH), 0);
	harness_end(&h);
	assert_side(false, "SSH-2.0-x", NULL);
	/* without an end of line, too; less than a banner is nothing */
	for (size_t len = 0; len <= 9; len++) {
		harness_restart(&h);
		(void)harness_stream(&h, true, m.b, len);
		harness_end(&h);
		assert_int_equal(harness_count(&h, EVENT_SSH), len >= 7);
	}
}

/* ---- after the offers ---- */

static void put_kex(uint8_t type)
{
	m.len = 0;
	put_packet(type);
}

static void send_kex(bool from_client, uint8_t type)
{
	put_kex(type);
	harness_stream(&h, from_client, m.b, m.len);
}

/* Both sides, but for the new keys of who plays the client. */
static void exchange_begin(bool is_reversed)
{
	m.len = 0;
	put_text("SSH-2.0-a\r\n");
	put_kexinit(client_lists);
	harness_stream(&h, true, m.b, m.len);
	m.len = 0;
	put_text("SSH-2.0-b\r\n");
	put_kexinit(server_lists);
	harness_stream(&h, false, m.b, m.len);
	send_kex(!is_reversed, 30);
	send_kex(is_reversed, 31);
	send_kex(is_reversed, 21);
}

/* Both sides up to their new keys; the initiator may play the server. */
static void exchange(bool is_reversed)
{
	exchange_begin(is_reversed);
	send_kex(!is_reversed, 21);
	harness_clear(&h);
}

/* A record of a length, so many ms after the last. */
static void record(bool from_client, size_t len, unsigned after_ms)
{
	static const uint8_t bytes[2000];
	h.packet.time_ns += after_ms * 1000000ull;
	harness_stream(&h, from_client, bytes, len);
}

static const struct event_session *session(unsigned n)
{
	const struct event_session *e = harness_event(&h, EVENT_SESSION, n);
	assert_non_null(e);
	return e;
}

static void a_refused_and_an_accepted_log_in(void **state)
{
	(void)state;
	exchange(false);
	record(true, 64, 1);
	record(false, 64, 1); /* service accepted */
	record(true, 80, 1);  /* none */
	record(false, 80, 1); /* methods */
	record(true, 96, 1);  /* a password */
	record(false, 80, 2000);
	record(true, 96, 1);
	record(false, 48, 1); /* success */
	assert_int_equal(harness_count(&h, EVENT_LOGIN), 2);
	const struct event_login *e = harness_event(&h, EVENT_LOGIN, 0);
	assert_int_equal(e->outcome, LOGIN_FAILURE);
	e = harness_event(&h, EVENT_LOGIN, 1);
	assert_int_equal(e->outcome, LOGIN_SUCCESS);
	assert_int_equal(e->attempt, 2);
	assert_int_equal(e->is_inferred, 1);
	harness_end(&h);
	assert_int_equal(session(0)->failures, 1);
	assert_int_equal(session(0)->is_reversed, 0);
	assert_int_equal(session(0)->is_end, 1);
}

static void refusals_alone(void **state)
{
	(void)state;
	exchange(false);
	record(true, 64, 1);
	record(false, 64, 1);
	for (unsigned i = 0; i < 4; i++) {
		record(true, 96, 1);
		record(false, 80, 2);
	}
	harness_end(&h);
	assert_int_equal(harness_count(&h, EVENT_LOGIN), 3); /* the first asked for the methods */
	const struct event_login *e = harness_event(&h, EVENT_LOGIN, 2);
	assert_int_equal(e->outcome, LOGIN_FAILURE);
	assert_int_equal(e->attempt, 3);
}

static void asking_for_the_methods_is_no_attempt(void **state)
{
	(void)state;
	exchange(false);
	record(true, 64, 1);
	record(false, 64, 1);
	record(true, 80, 1);
	record(false, 80, 1);
	record(true, 64, 1); /* good-bye */
	harness_end(&h);
	assert_int_equal(harness_count(&h, EVENT_LOGIN), 0);
	assert_int_equal(harness_count(&h, EVENT_SESSION), 0);
}

static void log_in(bool by_initiator)
{
	record(by_initiator, 64, 1);
	record(!by_initiator, 64, 1);
	record(by_initiator, 96, 1);
	record(!by_initiator, 48, 1);
}

static void an_initiator_that_plays_the_server(void **state)
{
	(void)state;
	h.flow.flags |= FLOW_CLIENT_KNOWN;
	exchange(false);
	assert_int_equal(harness_count(&h, EVENT_SESSION), 0);
	harness_restart(&h);
	h.flow.flags |= FLOW_CLIENT_KNOWN;
	m.len = 0;
	put_text("SSH-2.0-a\r\n");
	put_kexinit(client_lists);
	harness_stream(&h, true, m.b, m.len);
	send_kex(true, 31);
	assert_int_equal(session(0)->is_reversed, 1);
	assert_int_equal(session(0)->is_end, 0);
}

/* Who is in stays in; before that a record that is missing may have been the refusal. */
static void a_gap_ends_only_what_sizes_would_tell(void **state)
{
	(void)state;
	exchange(false);
	log_in(true);
	harness_gap(&h, true, 500);
	for (unsigned i = 0; i < 20; i++) {
		record(true, 36, 150);
		record(false, 36, 10);
	}
	harness_end(&h);
	assert_int_equal(session(harness_count(&h, EVENT_SESSION) - 1)->kind, SESSION_TYPED);
	harness_restart(&h);
	exchange(false);
	harness_gap(&h, false, 500);
	log_in(true);
	assert_int_equal(harness_count(&h, EVENT_LOGIN), 0);
}

static void keys_belong_to_who_types(void **state)
{
	(void)state;
	for (unsigned typist = 0; typist < 2; typist++) {
		harness_restart(&h);
		exchange(false);
		log_in(true);
		for (unsigned i = 0; i < 20; i++) {
			record(typist == 0, 36, 150);
			record(typist != 0, 36, 10);
		}
		harness_end(&h);
		const struct event_session *e = session(harness_count(&h, EVENT_SESSION) - 1);
		assert_int_equal(e->kind, SESSION_TYPED);
		assert_in_range(e->keys[typist], 15, 20);
		assert_int_equal(e->keys[!typist], 0);
	}
}

/* asker: 0 the initiator (-L, -D), 1 the server's side (-R) */
static void connections_that_are_passed_on(void **state)
{
	(void)state;
	for (unsigned asker = 0; asker < 2; asker++) {
		tear_down(state);
		set_up(state);
		exchange(false);
		log_in(true);
		for (unsigned i = 0; i < 5; i++) {
			record(asker == 0, 128, 700);
			record(asker != 0, 64, 2); /* granted */
			record(asker == 0, 112, 1);
			record(asker != 0, 1400, 1);
		}
		const struct event_session *e = session(0);
		assert_int_equal(e->opened[asker], 4);
		assert_int_equal(e->opened[!asker], 0);
		assert_int_equal(e->is_end, 0);
	}
}

/* A session asks with less; a stream of packets has no silence before what looks like a question.
 */
static void what_looks_like_passing_on(void **state)
{
	(void)state;
	exchange(false);
	log_in(true);
	record(true, 64, 500);
	record(false, 64, 2);
	for (unsigned i = 0; i < 9; i++) {
		record(true, 128, 1);
		record(false, 64, 1);
		record(true, 128, 500);
		record(false, 80, 2);
		record(true, 80, 500); /* too short to name two ends */
		record(false, 64, 2);
	}
	for (unsigned i = 0; i < 700; i++)
		record(true, 1448, 1);
	const struct event_session *e = session(harness_count(&h, EVENT_SESSION) - 1);
	assert_int_equal(e->is_end, 1);
	assert_int_equal(e->opened[0], 0);
	assert_int_equal(e->opened[1], 0);
}

/* PuTTY asks for the service in the segment of its new keys. */
static void a_service_asked_for_with_the_new_keys(void **state)
{
	(void)state;
	exchange_begin(false);
	put_kex(21);
	memset(m.b + m.len, 0, 64);
	harness_stream(&h, true, m.b, m.len + 64);
	record(false, 64, 1);
	record(true, 80, 3000);
	record(false, 80, 3);
	record(true, 272, 3000);
	record(false, 48, 6);
	const struct event_login *l = harness_event(&h, EVENT_LOGIN, 0);
	assert_non_null(l);
	assert_int_equal(l->outcome, LOGIN_SUCCESS);
	assert_int_equal(harness_count(&h, EVENT_LOGIN), 1);
}

static void keep_alives_are_not_typed(void **state)
{
	(void)state;
	exchange(false);
	log_in(true);
	for (unsigned i = 0; i < 30; i++) {
		record(false, 52, 15000);
		record(true, 36, 10);
	}
	harness_end(&h);
	assert_int_equal(session(0)->keys[1], 0);
}

static void a_copy_is_bulk_and_has_an_end(void **state)
{
	(void)state;
	exchange(false);
	log_in(true);
	for (unsigned i = 0; i < 700; i++)
		record(true, 1448, 1);
	assert_int_equal(session(0)->kind, SESSION_BULK);
	assert_int_equal(session(0)->is_end, 1);
	assert_int_equal(h.verdict, INSPECT_DONE);
	assert_int_equal(harness_count(&h, EVENT_SESSION), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_client_has_its_hassh),
		TEST(the_server_has_its_hassh),
		TEST(it_may_be_cut_at_any_byte),
		TEST(what_was_not_captured_is_not_told),
		TEST(version_1_has_a_banner_only),
		TEST(a_missed_banner_leaves_the_hassh),
		TEST(a_long_banner_is_cut),
		TEST(without_kexinit_the_banner_is_told),
		TEST(lists_that_lie_give_no_hassh),
		TEST(what_is_not_ssh_is_refused),
		TEST(a_banner_alone_is_told_at_the_end),
		TEST(a_refused_and_an_accepted_log_in),
		TEST(refusals_alone),
		TEST(asking_for_the_methods_is_no_attempt),
		TEST(an_initiator_that_plays_the_server),
		TEST(keys_belong_to_who_types),
		TEST(a_gap_ends_only_what_sizes_would_tell),
		TEST(connections_that_are_passed_on),
		TEST(what_looks_like_passing_on),
		TEST(a_service_asked_for_with_the_new_keys),
		TEST(keep_alives_are_not_typed),
		TEST(a_copy_is_bulk_and_has_an_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
