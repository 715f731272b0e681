/*
 * unit/inspect/test_filesums.c - digests of files over HTTP, SMTP, FTP and SMB: those that are
 * wanted, of whole files in order, and none of what has a gap.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "../../../src/inspect/content/filesums.h"
#include "test_smb_build.h"

extern const struct inspector http_inspector, smtp_inspector, ftp_inspector, smb_inspector;

#define ALL (SUM_MD5 | SUM_SHA1 | SUM_SHA256)

/* of "abc" (RFC 1321, A.5; FIPS 180-2, A.1 and B.1) */
#define ABC_MD5    "900150983cd24fb0d6963f7d28e17f72"
#define ABC_SHA1   "a9993e364706816aba3e25717850c26c9cd0d89d"
#define ABC_SHA256 "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
/* of a million "a" (FIPS 180-2, A.3) */
#define MANY       1000000u
#define MANY_SHA1  "34aa973cd4c4daa4f61eeb2bdbad27316534016f"

static struct harness h;
static atomic_uint wanted;

static void begin(const struct inspector *inspector, uint16_t port, unsigned kinds)
{
	harness_init(&h, inspector, PROTO_TCP, 40000, port);
	h.flow.flags |= FLOW_CLIENT_KNOWN;
	atomic_store(&wanted, kinds);
	h.in.sums = filesums_new(&wanted);
	assert_non_null(h.in.sums);
}

static void end(void)
{
	filesums_free(h.in.sums);
	harness_deinit(&h);
}

static void client(const char *text)
{
	(void)harness_stream(&h, true, text, strlen(text));
}

static void server(const char *text)
{
	(void)harness_stream(&h, false, text, strlen(text));
}

static const struct event_file_hash *only_file(void)
{
	assert_int_equal(harness_count(&h, EVENT_FILE_HASH), 1);
	return harness_event(&h, EVENT_FILE_HASH, 0);
}

static void assert_abc(const char *name)
{
	const struct event_file_hash *e = only_file();
	assert_int_equal(e->is_whole, 1);
	assert_int_equal(e->size, 3);
	assert_true(harness_str_is(e, &e->md5, ABC_MD5));
	assert_true(harness_str_is(e, &e->sha1, ABC_SHA1));
	assert_true(harness_str_is(e, &e->sha256, ABC_SHA256));
	assert_true(harness_str_is(e, &e->name, name));
}

static void assert_not_whole(void)
{
	const struct event_file_hash *e = only_file();
	assert_int_equal(e->is_whole, 0);
	assert_int_equal(e->md5.off, 0);
	assert_int_equal(e->sha1.off, 0);
	assert_int_equal(e->sha256.off, 0);
}

static void answers_and_requests_of_http(void **state)
{
	(void)state;
	begin(&http_inspector, 80, ALL);
	client("GET /x/tool.bin?y HTTP/1.1\r\nHost: a.example\r\n\r\n");
	server("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na");
	assert_int_equal(harness_count(&h, EVENT_FILE_HASH), 0);
	server("bc");
	assert_abc("tool.bin");
	assert_int_equal(only_file()->e.from_server, 1);
	harness_clear(&h);
	client("PUT /up.bin HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n");
	client("1\r\na\r\n2\r\nbc\r\n0\r\n\r\n");
	assert_abc("up.bin");
	assert_int_equal(only_file()->e.from_server, 0);
	end();
}

static void only_kinds_that_are_wanted(void **state)
{
	(void)state;
	begin(&http_inspector, 80, SUM_SHA1);
	client("GET /a HTTP/1.1\r\n\r\n");
	server("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
	const struct event_file_hash *e = only_file();
	assert_int_equal(e->md5.off, 0);
	assert_true(harness_str_is(e, &e->sha1, ABC_SHA1));
	assert_int_equal(e->sha256.off, 0);
	harness_clear(&h);
	atomic_store(&wanted, 0);
	client("GET /a HTTP/1.1\r\n\r\n");
	server("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
	assert_int_equal(harness_count(&h, EVENT_FILE_HASH), 0);
	end();
}

/* Up to the connection's end: whole where that has been seen; long ones in order. */
static void an_answer_without_a_length(void **state)
{
	static char part[10000];
	(void)state;
	memset(part, 'a', sizeof(part));
	for (unsigned i = 0; i < 3; i++) {
		begin(&http_inspector, 80, SUM_SHA1);
		client("GET /a HTTP/1.1\r\n\r\n");
		server("HTTP/1.1 200 OK\r\n\r\n");
		for (unsigned n = 0; n < MANY / sizeof(part); n++)
			(void)harness_stream(&h, false, part, sizeof(part));
		h.flow.flags |= i == 0 ? 0 : FLOW_FIN_SEEN1;
		h.flow.hole[1] = i == 2;
		harness_end(&h);
		const struct event_file_hash *e = only_file();
		assert_int_equal(e->is_whole, i == 1);
		assert_int_equal(harness_str_is(e, &e->sha1, MANY_SHA1), i == 1);
		end();
	}
}

static void pictures_are_left_out(void **state)
{
	(void)state;
	begin(&http_inspector, 80, ALL);
	client("GET /a HTTP/1.1\r\n\r\n");
	server("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n\x89PNG\r\n\x1a\n123456789012");
	assert_int_equal(harness_count(&h, EVENT_FILE_HASH), 0);
	end();
}

static void parts_of_files_are_none(void **state)
{
	(void)state;
	begin(&http_inspector, 80, ALL);
	client("GET /a HTTP/1.1\r\n\r\n");
	server("HTTP/1.1 206 Partial Content\r\nContent-Length: 3\r\n\r\nabc");
	assert_int_equal(harness_count(&h, EVENT_FILE_HASH), 0);
	client("GET /b HTTP/1.1\r\n\r\n");
	server("HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\nabc");
	harness_end(&h);
	assert_not_whole();
	end();
}

/* gzip of "abc", and deflate without and with its head */
static const char abc_gzip[] = "\x1f\x8b\x08\0\0\0\0\0\2\3\x4b\x4c\x4a\6\0\xc2\x41\x24\x35\3\0\0\0";
static const char abc_bare[] = "\x4b\x4c\x4a\6\0";
static const char abc_zlib[] = "\x78\x9c\x4b\x4c\x4a\6\0\2\x4d\1\x27";

/* An answer in a coding, in portions; cut: bytes that are missing at its end. */
static void coded(const char *fields, const char *body, size_t len, size_t step, size_t cut)
{
	char head[512];
	begin(&http_inspector, 80, ALL);
	client("GET /x/tool.bin HTTP/1.1\r\nHost: a.example\r\n\r\n");
	(void)snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n%s\r\n",
		       len - cut, fields);
	server(head);
	for (size_t at = 0; at < len - cut; at += step)
		(void)harness_stream(&h, false, body + at,
				     step < len - cut - at ? step : len - cut - at);
}

static const struct event_file_hash *undone_file(void)
{
	for (unsigned i = 0; i < harness_count(&h, EVENT_FILE_HASH); i++) {
		const struct event_file_hash *e = harness_event(&h, EVENT_FILE_HASH, i);
		if (e->is_undone)
			return e;
	}
	return NULL;
}

static void what_lies_in_a_coding_is_hashed_too(void **state)
{
	static const struct {
		const char *field, *body;
		size_t len;
	} codings[] = {
		{ "Content-Encoding: gzip\r\n", abc_gzip, sizeof(abc_gzip) - 1 },
		{ "content-encoding: X-GZIP\r\n", abc_gzip, sizeof(abc_gzip) - 1 },
		{ "Content-Encoding: deflate\r\n", abc_bare, sizeof(abc_bare) - 1 },
		{ "Content-Encoding: deflate\r\n", abc_zlib, sizeof(abc_zlib) - 1 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(codings) / sizeof(codings[0]); i++) {
		for (size_t step = 1; step <= codings[i].len; step++) {
			coded(codings[i].field, codings[i].body, codings[i].len, step, 0);
			assert_int_equal(harness_count(&h, EVENT_FILE_HASH), 2);
			const struct event_file_hash *e = undone_file();
			assert_true(e && e->is_whole && e->size == 3);
			assert_true(harness_str_is(e, &e->md5, ABC_MD5));
			assert_true(harness_str_is(e, &e->name, "tool.bin"));
			end();
		}
		for (size_t cut = 1; cut < codings[i].len; cut++) {
			coded(codings[i].field, codings[i].body, codings[i].len, 4, cut);
			const struct event_file_hash *e = undone_file();
			assert_true(!e || (!e->is_whole && !e->md5.off));
			end();
		}
	}
	coded("Content-Encoding: br\r\n", "abc", 3, 3, 0); /* not undone */
	assert_abc("tool.bin");
	end();
	coded("Content-Encoding: gzip\r\n", "abcabcabc", 9, 9, 0); /* a lie */
	assert_true(!undone_file() || !undone_file()->is_whole);
	end();
}

/* More files in codings than there are slots: the one that was idle for longest is given up. */
static void slots_of_codings_are_bounded(void **state)
{
	struct sum sums[SUMS_UNDONE + 1];
	(void)state;
	begin(&http_inspector, 80, ALL);
	memset(sums, 0, sizeof(sums));
	for (unsigned i = 0; i <= SUMS_UNDONE; i++) {
		harness_packet(&h, true, NULL, 0, 0);
		filesums_begin_coded(&h.in, &sums[i], SUM_GZIP);
		filesums_take(&h.in, &sums[i], (const uint8_t *)abc_gzip, 12);
	}
	for (unsigned i = 0; i <= SUMS_UNDONE; i++) {
		filesums_take(&h.in, &sums[i], (const uint8_t *)abc_gzip + 12,
			      sizeof(abc_gzip) - 1 - 12);
		struct event_file_hash *e = filesums_end(&h.in, &sums[i], true);
		assert_true(e && e->is_whole == (i != 0));
		assert_int_equal(harness_str_is(e, &e->md5, ABC_MD5), i != 0);
	}
	end();
}

static unsigned files_of_page(const char *type, const char *more, const char *first, unsigned kinds)
{
	static char page[20000];
	char head[512];
	size_t n = strlen(first);
	memset(page, ' ', sizeof(page));
	memcpy(page, first, n);
	begin(&http_inspector, 80, kinds);
	client("GET /a HTTP/1.1\r\n\r\n");
	(void)snprintf(head, sizeof(head),
		       "HTTP/1.1 200 OK\r\nContent-Type: %s\r\n%sContent-Length: %zu\r\n\r\n", type,
		       more, sizeof(page));
	server(head);
	(void)harness_stream(&h, false, page, sizeof(page));
	unsigned count = harness_count(&h, EVENT_FILE_HASH);
	end();
	return count;
}

static void pages_are_left_out_unless_small_or_something_else(void **state)
{
	(void)state;
	assert_int_equal(files_of_page("text/html; charset=utf-8", "", "<html>", ALL), 0);
	assert_int_equal(files_of_page("Text/CSS", "", "a {}", ALL), 0);
	assert_int_equal(files_of_page("text/plain", "", "abc", ALL), 1);
	assert_int_equal(files_of_page("text/html", "", "<html>", ALL | SUM_PAGES), 1);
	assert_int_equal(files_of_page("text/html", "",
				       "\x7f"
				       "ELF",
				       ALL),
			 1);
	assert_int_equal(files_of_page("text/html",
				       "Content-Disposition: attachment; filename=a\r\n", "<html>",
				       ALL),
			 1);
	assert_int_equal(files_of_page("text/javascript",
				       "Content-Disposition: attachment; filename=\"f.js\" \r\n",
				       "var a", ALL),
			 1);
	assert_int_equal(files_of_page("text/javascript",
				       "Content-Disposition: attachment; filename=\"f.TXT\" \r\n",
				       "var a", ALL),
			 0);
	coded("Content-Type: text/html\r\n", "abc", 3, 3, 0); /* small */
	assert_abc("tool.bin");
	end();
	begin(&http_inspector, 80, ALL); /* an error is not what was asked for */
	client("GET /a HTTP/1.1\r\n\r\n");
	server("HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nabc");
	assert_int_equal(harness_count(&h, EVENT_FILE_HASH), 0);
	end();
}

/* In portions of any size; the second part is no file, the third ends with what is nearly a mark.
 */
static void files_in_forms(void **state)
{
	static const char head[] = "POST /form HTTP/1.1\r\nContent-Length: 246\r\n"
				   "Content-Type: multipart/form-data; boundary=XY\r\n\r\n";
	static const char body[] =
		"--XY\r\nContent-Disposition: form-data; name=\"a\"; filename=\"one.bin\"\r\n"
		"Content-Type: application/x\r\n\r\nabc\r\n"
		"--XY\r\nContent-Disposition: form-data; name=\"b\"\r\n\r\nabc\r\n"
		"--XY\r\nContent-Disposition: form-data; name=\"c\"; filename=two.bin\r\n\r\n"
		"\r\r\n--X\r\n-\r\n--XY--\r\n";
	(void)state;
	assert_int_equal(sizeof(body) - 1, 246);
	for (size_t step = 1; step < sizeof(body); step++) {
		begin(&http_inspector, 80, ALL);
		client(head);
		for (size_t at = 0; at < sizeof(body) - 1; at += step)
			(void)harness_stream(&h, true, body + at,
					     step < sizeof(body) - 1 - at ? step :
									    sizeof(body) - 1 - at);
		assert_int_equal(harness_count(&h, EVENT_FILE_HASH), 2);
		const struct event_file_hash *e = harness_event(&h, EVENT_FILE_HASH, 0);
		assert_true(e->is_whole && harness_str_is(e, &e->md5, ABC_MD5));
		assert_true(harness_str_is(e, &e->name, "one.bin"));
		e = harness_event(&h, EVENT_FILE_HASH, 1);
		assert_true(e->is_whole && harness_str_is(e, &e->name, "two.bin"));
		assert_int_equal(e->size, 9);
		end();
	}
	begin(&http_inspector, 80, ALL);
	client(head);
	(void)harness_stream(&h, true, body, 104);
	harness_end(&h);
	assert_not_whole();
	end();
}

/* The files of other flows take the place of one that was idle for longest. */
static void places_are_bounded(void **state)
{
	struct sum sums[SUMS_PLACES + 1];
	(void)state;
	begin(&http_inspector, 80, ALL);
	memset(sums, 0, sizeof(sums));
	for (unsigned i = 0; i <= SUMS_PLACES; i++) {
		harness_packet(&h, true, NULL, 0, 0);
		filesums_begin(&h.in, &sums[i]);
		filesums_take(&h.in, &sums[i], (const uint8_t *)"abc", 3);
	}
	for (unsigned i = 0; i <= SUMS_PLACES; i++) {
		struct event_file_hash *e = filesums_end(&h.in, &sums[i], true);
		assert_non_null(e);
		assert_int_equal(e->is_whole, i != 0);
		assert_int_equal(harness_str_is(e, &e->md5, ABC_MD5), i != 0);
	}
	struct sum none = { 0 };
	assert_null(filesums_end(&h.in, &none, true));
	end();
}

static void attachments(void **state)
{
	(void)state;
	begin(&smtp_inspector, 25, ALL);
	server("220 mx ESMTP\r\n");
	client("EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n");
	client("Subject: x\r\nContent-Type: multipart/mixed; boundary=\"b\"\r\n\r\n"
	       "--b\r\nContent-Type: text/plain\r\n\r\nabc\r\n"
	       "--b\r\nContent-Type: application/octet-stream; name=\"in.exe\"\r\n"
	       "Content-Transfer-Encoding: base64\r\n\r\nYW");
	client("Jj\r\n--b--\r\n.\r\n");
	server("250 ok\r\n");
	assert_abc("in.exe");
	assert_int_equal(only_file()->e.from_server, 0);
	end();
	begin(&smtp_inspector, 25, ALL); /* cut off */
	server("220 mx ESMTP\r\n");
	client("EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"
	       "Content-Type: application/x; name=in.exe\r\n"
	       "Content-Transfer-Encoding: base64\r\n\r\nYWJj\r\n");
	harness_end(&h);
	assert_not_whole();
	end();
}

/* Parts in lines: with the line ends of either system, that before the boundary aside. */
static void attachments_that_are_text(void **state)
{
	static const char *const bodies[] = {
		"Content-Transfer-Encoding: 7bit\r\n\r\nabc\r\n\r\nd=3Df",
		"Content-Transfer-Encoding: quoted-printable\r\n\r\na=\r\nb=63\r\n\r\nd=3D=\r\nf",
	};
	/* of the text with LF and with CR LF, of which the first has "=3D" as it is */
	static const char *const sums[2][2] = {
		{ "8e271f0fcf753c1902400ef2e8eb507b", "99216ae835465ee12e78b13975dc0352" },
		{ "1ab12e7a3d8ad8dc11c3de4c519ad0c0", "655b46eedabc58199506e1b22b3ac025" },
	};
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		begin(&smtp_inspector, 25, ALL);
		server("220 mx ESMTP\r\n");
		client("EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"
		       "Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n"
		       "--b\r\nContent-Type: text/plain\r\n\r\nabc\r\n"
		       "--b\r\nContent-Type: text/x-sh; name=\"in.sh\"\r\n");
		client(bodies[i]);
		client("\r\n--b--\r\n.\r\n");
		server("250 ok\r\n");
		assert_int_equal(harness_count(&h, EVENT_FILE_HASH), 2);
		for (unsigned k = 0; k < 2; k++) {
			const struct event_file_hash *e = harness_event(&h, EVENT_FILE_HASH, k);
			assert_true(e->is_whole && harness_str_is(e, &e->name, "in.sh"));
			assert_true(harness_str_is(e, &e->md5, sums[i][k]));
		}
		end();
	}
}

/* A store over FTP with these flags of its data connection, after these commands. */
static void store(const char *commands, uint32_t flags)
{
	begin(&ftp_inspector, 21, ALL);
	client("USER jo\r\n");
	server("220 FTP\r\n230 in\r\n");
	client("PASV\r\n");
	server("227 at (192,0,2,53,200,10)\r\n");
	client(commands);
	server("350 so\r\n");
	client("STOR new.bin\r\n");
	server("150 go\r\n");
	harness_restart(&h);
	h.flow.key.port[0] = 41000;
	h.flow.key.port[1] = 51210;
	h.flow.flags = flags;
	(void)harness_stream(&h, true, "ab", 2);
	(void)harness_stream(&h, true, "c", 1);
	harness_end(&h);
}

static void files_of_ftp(void **state)
{
	(void)state;
	store("NOOP\r\n", FLOW_SYN_SEEN0 | FLOW_FIN_SEEN0);
	assert_abc("new.bin");
	end();
	store("REST 0\r\n", FLOW_SYN_SEEN0 | FLOW_FIN_SEEN0);
	assert_abc("new.bin");
	end();
	store("NOOP\r\n", FLOW_SYN_SEEN0); /* its end was not seen */
	assert_not_whole();
	end();
	store("NOOP\r\n", FLOW_FIN_SEEN0); /* nor its begin */
	assert_int_equal(harness_count(&h, EVENT_FILE_HASH), 0);
	end();
	store("REST 100\r\n", FLOW_SYN_SEEN0 | FLOW_FIN_SEEN0);
	assert_int_equal(harness_count(&h, EVENT_FILE_HASH), 0);
	end();
}

/* ---- SMB ---- */

#define FILE_ID 77

static struct message m;
static struct smb2_ids id = { .session = 5, .tree = 9 };

static void say(bool from_client, size_t step)
{
	nbss_end(&m);
	for (size_t at = 0; at < m.len; at += step)
		(void)harness_stream(&h, from_client, m.b + at,
				     step < m.len - at ? step : m.len - at);
}

static void open_file(uint64_t size)
{
	begin(&smb_inspector, 445, SUM_SHA1);
	h.flow.flags |= FLOW_CLASSIFIED;
	id.message++;
	nbss_begin(&m);
	smb2_create(&m, &id, "sub\\new.bin", 0x12019f, 2, 0);
	say(true, 100);
	nbss_begin(&m);
	smb2_create_answer(&m, &id, FILE_ID, size, 0x20);
	say(false, 100);
}

static void close_file(void)
{
	id.message++;
	nbss_begin(&m);
	smb2_close(&m, &id, FILE_ID);
	say(true, 100);
	nbss_begin(&m);
	smb2_plain_answer(&m, &id, 6, 0);
	say(false, 100);
}

static void move(bool is_write, uint64_t off, uint32_t len, size_t step)
{
	static uint8_t bytes[16000];
	memset(bytes, 'a', sizeof(bytes));
	id.message++;
	nbss_begin(&m);
	if (is_write)
		smb2_write(&m, &id, FILE_ID, off, len);
	else
		smb2_read(&m, &id, FILE_ID, off, len);
	if (is_write)
		put(&m, bytes, len);
	say(true, step);
	nbss_begin(&m);
	if (is_write)
		smb2_write_answer(&m, &id, len);
	else
		smb2_read_answer(&m, &id, len);
	if (!is_write)
		put(&m, bytes, len);
	say(false, step);
}

static void files_of_smb(void **state)
{
	static const size_t steps[] = { 17, 113, 1460, 20000 };
	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		bool is_write = i % 2;
		size_t step = steps[i / 2];
		open_file(is_write ? 0 : MANY);
		for (uint32_t at = 0; at < MANY; at += 10000)
			move(is_write, at, 10000, step);
		close_file();
		const struct event_file_hash *e = only_file();
		assert_int_equal(e->is_whole, 1);
		assert_int_equal(e->size, MANY);
		assert_int_equal(e->e.from_server, !is_write);
		assert_true(harness_str_is(e, &e->sha1, MANY_SHA1));
		assert_true(harness_str_is(e, &e->name, "new.bin"));
		end();
	}
}

static void files_of_smb_out_of_order_are_not_whole(void **state)
{
	(void)state;
	open_file(20000);
	move(false, 0, 10000, 20000);
	move(false, 0, 10000, 20000); /* once more: no harm */
	move(false, 10000, 10000, 20000);
	close_file();
	assert_int_equal(only_file()->is_whole, 1);
	end();
	open_file(30000);
	move(false, 0, 10000, 20000);
	move(false, 20000, 10000, 20000);
	close_file();
	assert_not_whole();
	end();
	open_file(30000); /* not to its end */
	move(false, 0, 10000, 20000);
	close_file();
	assert_not_whole();
	end();
	open_file(30000); /* from its middle */
	move(false, 10000, 10000, 20000);
	close_file();
	assert_int_equal(harness_count(&h, EVENT_FILE_HASH), 0);
	end();
}

/* Bytes of a read are missing: the inspector is told of a gap within the skip. */
static void a_gap_in_smb(void **state)
{
	(void)state;
	open_file(10000);
	id.message++;
	nbss_begin(&m);
	smb2_read(&m, &id, FILE_ID, 0, 10000);
	say(true, 20000);
	nbss_begin(&m);
	smb2_read_answer(&m, &id, 10000);
	zeros(&m, 10000);
	nbss_end(&m);
	(void)harness_stream(&h, false, m.b, 6000);
	smb_inspector.on_gap(&h.in, NULL, 0, 1000);
	(void)harness_stream(&h, false, m.b + 7000, m.len - 7000);
	close_file();
	assert_not_whole();
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_and_requests_of_http),
		cmocka_unit_test(only_kinds_that_are_wanted),
		cmocka_unit_test(an_answer_without_a_length),
		cmocka_unit_test(pictures_are_left_out),
		cmocka_unit_test(parts_of_files_are_none),
		cmocka_unit_test(what_lies_in_a_coding_is_hashed_too),
		cmocka_unit_test(slots_of_codings_are_bounded),
		cmocka_unit_test(pages_are_left_out_unless_small_or_something_else),
		cmocka_unit_test(files_in_forms),
		cmocka_unit_test(places_are_bounded),
		cmocka_unit_test(attachments),
		cmocka_unit_test(attachments_that_are_text),
		cmocka_unit_test(files_of_ftp),
		cmocka_unit_test(files_of_smb),
		cmocka_unit_test(files_of_smb_out_of_order_are_not_whole),
		cmocka_unit_test(a_gap_in_smb),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
