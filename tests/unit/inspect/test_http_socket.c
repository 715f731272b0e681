/*
 * unit/inspect/test_http_socket.c - what is said in a WebSocket: files, words, shells, packed or
 * not.
 */
#include "../../support/archive_build.h"
#include "test_scan_build.h"

extern const struct inspector http_inspector;

#define PIECE 20000

static struct scanned s;

static int set_up(void **state)
{
	static const uint8_t client[4] = { 10, 0, 0, 1 }, server[4] = { 203, 0, 113, 5 };
	(void)state;
	scanned_init(&s, &http_inspector, 8080, client, server);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	harness_end(&s.h);
	scanned_deinit(&s);
	return 0;
}

static void switch_over(void)
{
	static const char ask[] = "GET /ws HTTP/1.1\r\nHost: a.example\r\nUpgrade: websocket\r\n"
				  "Connection: Upgrade\r\n\r\n";
	static const char answer[] = "HTTP/1.1 101 Switching Protocols\r\n\r\n";
	harness_end(&s.h);
	harness_restart(&s.h);
	s.h.flow.flags |= FLOW_CLIENT_KNOWN;
	harness_stream(&s.h, true, ask, sizeof(ask) - 1);
	assert_int_equal(harness_stream(&s.h, false, answer, sizeof(answer) - 1), INSPECT_MORE);
}

struct sent {
	bool is_server, is_packed, is_continued, goes_on;
	uint8_t opcode;
};

/* One frame; the client's are masked. */
static size_t frame(uint8_t *to, const struct sent *how, const uint8_t *data, size_t len)
{
	static const uint8_t mask[4] = { 0x91, 0x22, 0xf3, 0x44 };
	size_t n = 0;
	to[n++] = (uint8_t)((how->goes_on ? 0 : 0x80) | (how->is_packed ? 0x40 : 0) |
			    (how->is_continued ? 0 : how->opcode));
	to[n++] = (uint8_t)((len < 126 ? len : 126) | (how->is_server ? 0 : 0x80));
	if (len >= 126) {
		to[n++] = (uint8_t)(len >> 8);
		to[n++] = (uint8_t)len;
	}
	for (size_t i = 0; !how->is_server && i < 4; i++)
		to[n++] = mask[i];
	for (size_t i = 0; i < len; i++)
		to[n++] = data[i] ^ (how->is_server ? 0 : mask[i % 4]);
	return n;
}

static void send(const struct sent *how, const void *data, size_t len)
{
	static uint8_t bytes[2 * PIECE];
	size_t n = frame(bytes, how, data, len);
	scanned_send(&s, !how->is_server, bytes, n, 1400);
}

static void say(bool is_server, const char *text)
{
	send(&(const struct sent){ .is_server = is_server, .opcode = 1 }, text, strlen(text));
}

/* A message as a side packs it: without the end of its flush (RFC 7692, 7.2.1). */
static size_t pack_message(z_stream *z, uint8_t *to, size_t size, const void *data, size_t len)
{
	z->next_in = (uint8_t *)(uintptr_t)data;
	z->avail_in = (unsigned)len;
	z->next_out = to;
	z->avail_out = (unsigned)size;
	assert_int_equal(deflate(z, Z_SYNC_FLUSH), Z_OK);
	size_t n = size - z->avail_out;
	assert_true(n > 4 && memcmp(to + n - 4, "\0\0\xff\xff", 4) == 0);
	return n - 4;
}

static void begin_packing(z_stream *z)
{
	memset(z, 0, sizeof(*z));
	assert_int_equal(deflateInit2(z, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
}

static void send_packed(z_stream *z, uint8_t opcode, const void *data, size_t len)
{
	static uint8_t packed[2 * PIECE];
	size_t n = pack_message(z, packed, sizeof(packed), data, len);
	send(&(const struct sent){ .is_packed = true, .opcode = opcode }, packed, n);
}

/* Bytes without an order. */
static void fill(uint8_t *to, size_t len)
{
	uint32_t x = 7;
	for (size_t i = 0; i < len; i++) {
		x = x * 1664525u + 1013904223u;
		to[i] = (uint8_t)(x >> 24);
	}
}

static unsigned count(enum event_kind kind)
{
	return harness_count(&s.h, kind);
}

static void check_upload(unsigned of)
{
	assert_int_equal(count(EVENT_HTTP_BODY), of);
	if (!of)
		return;
	const struct event_http_body *b = harness_event(&s.h, EVENT_HTTP_BODY, 0);
	assert_int_equal(b->type, FILE_ARCHIVE);
	assert_int_equal(b->status, 101);
	assert_int_equal(b->seen, PIECE);
	assert_true(harness_str_is(b, &b->host, "a.example"));
	const struct event_file *f = harness_event(&s.h, EVENT_FILE, 0);
	assert_true(harness_str_is(f, &f->carrier, "websocket"));
}

static void archives_are_told_packed_or_not(void **state)
{
	static uint8_t file[PIECE];
	const struct sent first = { .opcode = 2, .goes_on = true },
			  last = { .opcode = 2, .is_continued = true };
	z_stream z;
	(void)state;
	fill(file, sizeof(file));
	memcpy(file, "7z\xbc\xaf\x27\x1c\0\4", 8);
	switch_over();
	say(false, "{\"name\":\"x\"}");
	send(&first, file, PIECE / 2); /* one message in two frames */
	send(&last, file + PIECE / 2, PIECE / 2);
	say(false, "{\"end\":1}");
	check_upload(1);
	switch_over();
	begin_packing(&z);
	send_packed(&z, 1, "{\"name\":\"x\"}", 12);
	send_packed(&z, 2, file, PIECE / 2); /* two messages of one file */
	send_packed(&z, 2, file + PIECE / 2, PIECE / 2);
	(void)deflateEnd(&z);
	harness_end(&s.h);
	check_upload(1);
}

static void packed_messages_are_no_files(void **state)
{
	uint8_t message[600];
	(void)state;
	fill(message, sizeof(message));
	memcpy(message, "\x1f\x8b\x08\0", 4);
	switch_over();
	for (unsigned i = 0; i < 40; i++)
		send(&(const struct sent){ .opcode = 2 }, message, sizeof(message));
	harness_end(&s.h);
	assert_int_equal(count(EVENT_HTTP_BODY), 0);
	assert_int_equal(count(EVENT_FILE), 0);
}

static void words(char *to, size_t len, const char *begin)
{
	static const char letters[] = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo0NTY3ODkwYWJj";
	for (size_t i = 0; i < len; i++)
		to[i] = letters[(i * 7 + i / 5) % (sizeof(letters) - 1)];
	memcpy(to, begin, strlen(begin));
	to[len] = '\0';
}

static uint64_t carried(void)
{
	uint64_t sum = 0;
	for (unsigned i = 0; i < count(EVENT_CARRIER); i++) {
		const struct event_carrier *c = harness_event(&s.h, EVENT_CARRIER, i);
		assert_true(c->carried_len <= c->payload_len && c->e.app == APP_HTTP);
		sum += c->carried_len;
	}
	return sum;
}

static void words_are_measured_pictures_are_not(void **state)
{
	char text[4000];
	(void)state;
	words(text, 3000, "AAECAwQF");
	switch_over();
	say(false, text);
	say(true, text); /* what comes in is nobody's concern */
	assert_int_equal(carried(), 3000);
	words(text, 3000, "{\"body\":\"data:image/png;base64,iVBORw0KGgoAAAANSUhEUg");
	switch_over();
	say(false, text);
	for (unsigned i = 0; i < 300; i++)
		say(false, "{\"x\":17,\"y\":31,\"user\":\"anna\"}");
	harness_end(&s.h);
	assert_true(count(EVENT_CARRIER) > 0);
	assert_int_equal(carried(), 0);
}

static void a_shell_that_was_brought_is_told(void **state)
{
	(void)state;
	for (unsigned is_server = 0; is_server < 2; is_server++) {
		switch_over();
		say(!is_server, "id"); /* without a line's end */
		say(is_server, "uid=0(root) gid=0(root) groups=0(root)\n");
		say(!is_server, "foo");
		say(is_server, "/bin/sh: 1: foo: not found\n");
		assert_int_equal(count(EVENT_SHELL), is_server ? 0 : 1);
	}
}

static void content_is_found_behind_mask_and_packing(void **state)
{
	z_stream z;
	(void)state;
	switch_over();
	begin_packing(&z);
	send_packed(&z, 2, "\1\2\3 nothing here, nothing here\n", 31);
	send_packed(&z, 2, "\1\2\3 nothing here, QX-7719-PAYROLL\n", 34);
	(void)deflateEnd(&z);
	harness_end(&s.h);
	assert_int_equal(count(EVENT_CONTENT), 1);
	const struct event_found *e = harness_event(&s.h, EVENT_CONTENT, 0);
	assert_true(harness_str_is(e, &e->carrier, "websocket"));
}

static void segments_may_end_anywhere(void **state)
{
	static const char text[] = "\1\2\3 a canary: QX-7719-PAYROLL, and so on and so on\n";
	uint8_t packed[200], bytes[500];
	z_stream z;
	(void)state;
	begin_packing(&z);
	size_t n = pack_message(&z, packed, sizeof(packed), text, sizeof(text) - 1);
	size_t len =
		frame(bytes, &(const struct sent){ .is_packed = true, .opcode = 2 }, packed, n);
	len += frame(bytes + len, &(const struct sent){ .opcode = 9 }, (const uint8_t *)"?", 1);
	n = pack_message(&z, packed, sizeof(packed), "SSH-2.0-x\r\n", 11);
	len += frame(bytes + len, &(const struct sent){ .is_packed = true, .opcode = 2 }, packed,
		     n);
	(void)deflateEnd(&z);
	for (size_t cut = 1; cut < len; cut++) {
		switch_over();
		harness_stream(&s.h, true, bytes, cut);
		harness_stream(&s.h, true, bytes + cut, len - cut);
		assert_int_equal(count(EVENT_CONTENT), 1);
		assert_int_equal(count(EVENT_INNER), 1);
		switch_over();
		harness_stream(&s.h, true, bytes, cut); /* and no more comes */
		harness_end(&s.h);
		assert_int_equal(count(EVENT_INNER), 0);
	}
	switch_over();
	for (size_t i = 0; i < len; i++)
		harness_stream(&s.h, true, bytes + i, 1);
	assert_int_equal(count(EVENT_INNER), 1);
}

static void damage_ends_the_side(void **state)
{
	static const uint8_t damaged[] = { 0xff, 0xff, 0xff, 0xff };
	(void)state;
	switch_over();
	send(&(const struct sent){ .is_packed = true, .opcode = 2 }, damaged, sizeof(damaged));
	assert_true(s.h.side_done[0]);
}

static bool count_bytes(void *arg, const uint8_t *data, size_t len)
{
	(void)data;
	if (arg)
		*(unsigned *)arg += (unsigned)len;
	return true;
}

/* More conversations than places: the one that was idle for longest is read no further. */
static void places_are_few(void **state)
{
	struct undoing all[UNDONE_PLACES + 1] = { 0 };
	uint8_t packed[64];
	z_stream z;
	(void)state;
	for (unsigned i = 0; i <= UNDONE_PLACES; i++) {
		begin_packing(&z);
		size_t n = pack_message(&z, packed, sizeof(packed), "hello", 5);
		(void)deflateEnd(&z);
		unsigned got = 0;
		s.h.in.seq++;
		assert_true(undone_take(&s.h.in, &all[i], packed, n, count_bytes, &got));
		assert_int_equal(got, 5);
	}
	assert_false(undone_take(&s.h.in, &all[0], packed, 1, count_bytes, NULL));
	for (unsigned i = 0; i <= UNDONE_PLACES; i++)
		undone_drop(&s.h.in, &all[i]);
	assert_true(undone_take(&s.h.in, &all[0], packed, 0, count_bytes, NULL));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(archives_are_told_packed_or_not),
		TEST(packed_messages_are_no_files),
		TEST(words_are_measured_pictures_are_not),
		TEST(a_shell_that_was_brought_is_told),
		TEST(content_is_found_behind_mask_and_packing),
		TEST(segments_may_end_anywhere),
		TEST(damage_ends_the_side),
		TEST(places_are_few),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
