/*
 * Events as JSON: every kind is one valid object, whatever bytes it holds; names and field tables.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exfild/base/buf.h"
#include "exfild/event/event.h"
#include "exfild/event/log.h"

/* ---- a validator of RFC 8259, enough to refuse what a reader would refuse ---- */

static const char *skip_value(const char *p);

static const char *skip_string(const char *p)
{
	if (!p || *p++ != '"')
		return NULL;
	while (*p != '"') {
		unsigned char c = (unsigned char)*p;
		if (c < 0x20)
			return NULL;
		if (c == '\\') {
			p++;
			if (*p == 'u') {
				for (unsigned i = 1; i <= 4; i++) {
					if (!p[i] || !strchr("0123456789abcdefABCDEF", p[i]))
						return NULL;
				}
				p += 4;
			} else if (!*p || !strchr("\"\\/bfnrt", *p)) {
				return NULL;
			}
			p++;
			continue;
		}
		unsigned more = c < 0x80 ? 0 : c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc2 ? 1 : 9;
		if (more > 3)
			return NULL;
		for (p++; more; more--, p++) {
			if (((unsigned char)*p & 0xc0) != 0x80)
				return NULL;
		}
	}
	return p + 1;
}

static const char *skip_object(const char *p)
{
	if (*++p == '}')
		return p + 1;
	for (;;) {
		p = skip_string(p);
		if (!p || *p++ != ':')
			return NULL;
		p = skip_value(p);
		if (!p)
			return NULL;
		if (*p == '}')
			return p + 1;
		if (*p++ != ',')
			return NULL;
	}
}

static const char *skip_array(const char *p)
{
	if (*++p == ']')
		return p + 1;
	for (;;) {
		p = skip_value(p);
		if (!p)
			return NULL;
		if (*p == ']')
			return p + 1;
		if (*p++ != ',')
			return NULL;
	}
}

static const char *skip_value(const char *p)
{
	char *end;
	if (*p == '{')
		return skip_object(p);
	if (*p == '"')
		return skip_string(p);
	if (*p == '[')
		return skip_array(p);
	if (strncmp(p, "true", 4) == 0 || strncmp(p, "null", 4) == 0)
		return p + 4;
	if (strncmp(p, "false", 5) == 0)
		return p + 5;
	if ((*p < '0' || *p > '9') && *p != '-')
		return NULL;
	(void)strtod(p, &end);
	return end == p ? NULL : end;
}

static void assert_valid(const char *text)
{
	const char *end = *text == '{' ? skip_object(text) : NULL;
	if (!end || *end)
		fail_msg("not valid JSON: %s", text);
}

/* ---- making events ---- */

/* An event with every byte of its struct set to `fill` and every string to text. */
static struct event *filled(struct event_log *log, enum event_kind kind, uint8_t fill,
			    const void *text, size_t len)
{
	struct event *e = event_log_begin(log, kind, event_struct_size(kind), 1);
	struct event head = *e;
	memset(e, fill, event_struct_size(kind));
	e->size = head.size;
	e->kind = head.kind;
	e->seq = head.seq;
	for (const struct event_field *f = event_fields(kind); f->name; f++) {
		if (f->type == FIELD_STR)
			event_log_str(log, (struct event_str *)((uint8_t *)e + f->offset), text,
				      len, len);
	}
	event_log_commit(log);
	return e;
}

static void every_kind_renders_valid_json(void **state)
{
	(void)state;
	static const char *const texts[] = { "",
					     "a",
					     "\"\\\n\r\t\x01\x7f",
					     "\xff\xfe\xc3\x28\xe2\x82",
					     "</script>{}[]",
					     "\xf0\x9f\x98\x80 \xc3\xa9",
					     "\xed\xa0\x80\xf4\x90\x80\x80\xc0\x80" };
	static const uint8_t fills[] = { 0x00, 0x01, 0x7f, 0xff };
	struct event_log *log = event_log_new();
	struct buf out;
	buf_init(&out, 1 << 20);
	for (unsigned kind = 0; kind < EVENT__COUNT; kind++) {
		for (unsigned t = 0; t < sizeof(texts) / sizeof(texts[0]); t++) {
			for (unsigned i = 0; i < sizeof(fills); i++) {
				struct event *e =
					filled(log, kind, fills[i], texts[t], strlen(texts[t]));
				buf_reset(&out);
				event_json(e, &out);
				assert_false(out.full);
				assert_valid(out.data);
				assert_null(memchr(out.data, '\n', out.len));
			}
		}
	}
	buf_deinit(&out);
	event_log_free(log);
}

static void every_byte_in_a_string_is_escaped(void **state)
{
	(void)state;
	struct event_log *log = event_log_new();
	struct buf out;
	char all[256];
	for (unsigned i = 0; i < 256; i++)
		all[i] = (char)i;
	buf_init(&out, 1 << 20);
	event_json(filled(log, EVENT_HTTP, 0, all, sizeof(all)), &out);
	assert_valid(out.data);
	assert_non_null(strstr(out.data, "\\u0000"));
	buf_deinit(&out);
	event_log_free(log);
}

static void hostile_offsets_of_strings_are_left_out(void **state)
{
	(void)state;
	struct event_log *log = event_log_new();
	struct buf out;
	buf_init(&out, 1 << 20);
	struct event_sensor *s = event_log_begin(log, EVENT_SENSOR, sizeof(*s), 1);
	s->what.off = 8000;
	s->what.len = 4000;
	event_log_commit(log);
	event_json(&s->e, &out);
	assert_valid(out.data);
	assert_null(strstr(out.data, "what"));
	buf_deinit(&out);
	event_log_free(log);
}

static void line_says_what_a_person_needs(void **state)
{
	(void)state;
	struct event_log *log = event_log_new();
	struct buf out;
	char uri[2000];
	memset(uri, 'u', sizeof(uri));
	buf_init(&out, 1 << 20);
	struct event_http *h = event_log_begin(log, EVENT_HTTP, sizeof(*h), 9);
	h->e.time_ns = 1000000000;
	h->e.packet = 12;
	h->e.flow = 3;
	h->e.src = ipaddr_v4((const uint8_t[]){ 10, 0, 0, 1 });
	h->e.dst = ipaddr_v4((const uint8_t[]){ 192, 0, 2, 7 });
	h->e.sport = 40000;
	h->e.dport = 80;
	h->e.proto = 6;
	h->e.ip_version = 4;
	h->e.app = APP_HTTP;
	h->version = 11;
	h->content_length = UINT64_MAX;
	event_log_str(log, &h->method, "POST", 4, 4);
	event_log_str(log, &h->uri, uri, sizeof(uri), sizeof(uri));
	event_log_commit(log);
	event_json(&h->e, &out);
	uri[EVENT_STR_MAX] = '\0';
	char *at = strstr(out.data, uri);
	assert_non_null(at);
	memmove(at, at + EVENT_STR_MAX, strlen(at + EVENT_STR_MAX) + 1);
	assert_string_equal(out.data,
			    "{\"time\":\"1970-01-01T00:00:01.000000Z\",\"kind\":\"http\","
			    "\"packet\":12,\"flow\":3,\"src\":\"10.0.0.1\",\"sport\":40000,"
			    "\"dst\":\"192.0.2.7\",\"dport\":80,\"proto\":6,\"ip_version\":4,"
			    "\"app\":\"http\",\"is_response\":false,\"version\":11,"
			    "\"method\":\"POST\",\"uri\":\"\",\"uri_len\":2000,\"status\":0,"
			    "\"head_len\":0,\"header_count\":0,\"marks\":0,"
			    "\"exploit\":0,\"callback_port\":0}");
	buf_deinit(&out);
	event_log_free(log);
}

static void field_tables_lie_within_their_structs(void **state)
{
	(void)state;
	static const size_t widths[] = { 1,
					 2,
					 4,
					 8,
					 1,
					 16,
					 6,
					 16,
					 4,
					 8,
					 8,
					 16,
					 4 * TLS_SIZE_CLASSES,
					 2 * TLS_FIRST_SIZES,
					 2,
					 2 * KERBEROS_ETYPES };
	for (unsigned kind = 0; kind < EVENT__COUNT; kind++) {
		const struct event_field *f = event_fields(kind);
		const struct event_field *head = event_head_fields();
		for (; head->name; head++, f++)
			assert_string_equal(head->name, f->name);
		for (; f->name; f++) {
			assert_true(f->offset >= sizeof(struct event));
			assert_true(f->offset + widths[f->type] <= event_struct_size(kind));
			for (const struct event_field *g = event_fields(kind); g != f; g++)
				assert_string_not_equal(f->name, g->name);
		}
	}
	assert_ptr_equal(event_fields((enum event_kind)999), event_head_fields());
}

static void names_are_unique_and_lower_case(void **state)
{
	(void)state;
	for (unsigned i = 0; i < EVENT__COUNT; i++) {
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(event_kind_name(i), event_kind_name(k));
	}
	for (unsigned i = 0; i < APP__COUNT; i++) {
		const char *name = app_name(i);
		assert_true(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name));
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(name, app_name(k));
	}
	assert_string_equal(app_name((enum app)4711), "unknown");
	assert_string_equal(event_kind_name((enum event_kind)4711), "unknown");
	assert_string_equal(event_kind_name(EVENT_FLOW_START), "flow_start");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_renders_valid_json),
		cmocka_unit_test(every_byte_in_a_string_is_escaped),
		cmocka_unit_test(hostile_offsets_of_strings_are_left_out),
		cmocka_unit_test(line_says_what_a_person_needs),
		cmocka_unit_test(field_tables_lie_within_their_structs),
		cmocka_unit_test(names_are_unique_and_lower_case),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
