/*
 * What leaves in answers of HTTP and in files of SMB, across segments and codings.
 */
#include <stdio.h>

#include "../../support/archive_build.h"
#include "test_scan_build.h"

extern const struct inspector http_inspector, smb_inspector;

static const char list[] = "a list of everybody\r\nfor QX-7719-PAYROLL of this year\r\n";

/* An answer with the list: as it is, in chunks of seven bytes, or up to the end; packed or not. */
static size_t answer(char *dst, size_t size, unsigned how, bool is_packed)
{
	uint8_t body[256];
	size_t len = sizeof(list) - 1;
	memcpy(body, list, len);
	if (is_packed)
		len = pack(body, sizeof(body), list, sizeof(list) - 1, 31);
	int n = snprintf(dst, size, "HTTP/1.1 200 OK\r\n%s%s",
			 is_packed ? "Content-Encoding: gzip\r\n" : "",
			 how == 1 ? "Transfer-Encoding: chunked\r\n\r\n" : "");
	if (how == 0)
		n += snprintf(dst + n, size - (size_t)n, "Content-Length: %zu\r\n\r\n", len);
	else if (how == 2)
		n += snprintf(dst + n, size - (size_t)n, "Connection: close\r\n\r\n");
	for (size_t at = 0; at < len;) {
		size_t part = how == 1 ? (len - at < 7 ? len - at : 7) : len;
		if (how == 1)
			n += snprintf(dst + n, size - (size_t)n, "%zx\r\n", part);
		memcpy(dst + n, body + at, part);
		n += (int)part;
		at += part;
		if (how == 1)
			n += snprintf(dst + n, size - (size_t)n, "\r\n");
	}
	if (how == 1)
		n += snprintf(dst + n, size - (size_t)n, "0\r\n\r\n");
	return (size_t)n;
}

static void answers_to_the_outside(void **state)
{
	static const char ask[] = "GET /list HTTP/1.1\r\nHost: shop.example\r\n\r\n";
	struct scanned s;
	char text[1024];
	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		size_t len = answer(text, sizeof(text), i / 2, i % 2);
		for (size_t step = 1; step < len + 10; step += 9) {
			scanned_init(&s, &http_inspector, 80, scanned_away, scanned_inside);
			scanned_send(&s, true, ask, sizeof(ask) - 1, 100);
			scanned_send(&s, false, text, len, step);
			harness_end(&s.h);
			assert_int_equal(harness_count(&s.h, EVENT_CONTENT), 1);
			const struct event_found *e = harness_event(&s.h, EVENT_CONTENT, 0);
			assert_true(harness_str_is(e, &e->carrier, "http answer"));
			assert_int_equal(e->e.from_server, 1);
			assert_int_equal(e->host.off, 0);
			scanned_deinit(&s);
		}
	}
	/* what people fetch is not looked through */
	size_t len = answer(text, sizeof(text), 0, false);
	scanned_init(&s, &http_inspector, 80, scanned_inside, scanned_away);
	scanned_send(&s, true, ask, sizeof(ask) - 1, 100);
	scanned_send(&s, false, text, len, 50);
	harness_end(&s.h);
	assert_int_equal(harness_count(&s.h, EVENT_CONTENT), 0);
	scanned_deinit(&s);
}

/* A message of SMB 2 (MS-SMB2 2.2.21, 2.2.20) with bytes of a file. */
static size_t file_message(uint8_t *dst, bool is_write, const uint8_t *data, size_t len)
{
	size_t at = is_write ? 112 : 80, all = at + len;
	memset(dst, 0, 4 + at);
	dst[2] = (uint8_t)(all >> 8);
	dst[3] = (uint8_t)all;
	uint8_t *m = dst + 4;
	memcpy(m, "\xfeSMB", 4);
	m[4] = 64;
	m[12] = is_write ? 9 : 8;
	m[16] = is_write ? 0 : 1;
	m[24] = 7; /* number */
	m[64] = is_write ? 49 : 17;
	m[66] = (uint8_t)at;
	m[68] = (uint8_t)len;
	m[69] = (uint8_t)(len >> 8);
	if (is_write)
		m[80] = 1; /* of a file */
	memcpy(m + at, data, len);
	return 4 + all;
}

static void files_to_the_outside(void **state)
{
	static uint8_t file[9000], message[9200];
	struct scanned s;
	(void)state;
	memset(file, ' ', sizeof(file));
	memcpy(file + 6000, list, sizeof(list) - 1);
	for (unsigned is_write = 0; is_write < 2; is_write++) {
		for (size_t step = 100; step < 5000; step += 487) {
			if (is_write)
				scanned_init(&s, &smb_inspector, 445, scanned_inside, scanned_away);
			else
				scanned_init(&s, &smb_inspector, 445, scanned_away, scanned_inside);
			/* the value lies in the messages of two writes as well */
			size_t n = file_message(message, is_write, file, 6030);
			scanned_send(&s, is_write, message, n, step);
			n = file_message(message, is_write, file + 6030, sizeof(file) - 6030);
			scanned_send(&s, is_write, message, n, step);
			harness_end(&s.h);
			assert_int_equal(harness_count(&s.h, EVENT_CONTENT), 1);
			const struct event_found *e = harness_event(&s.h, EVENT_CONTENT, 0);
			assert_true(harness_str_is(e, &e->carrier, "smb"));
			scanned_deinit(&s);
		}
	}
	scanned_init(&s, &smb_inspector, 445, scanned_inside, scanned_other);
	size_t n = file_message(message, true, file, sizeof(file));
	scanned_send(&s, true, message, n, 1400);
	harness_end(&s.h);
	assert_int_equal(harness_count(&s.h, EVENT_CONTENT), 0);
	scanned_deinit(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_to_the_outside),
		cmocka_unit_test(files_to_the_outside),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
