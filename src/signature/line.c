/*
 * signature/line.c - an event back from the line that --events writes.
 *
 * For rules that are tried on lines in a file.  A line may be written by hand: what it does not
 * name is zero or absent, a text may stand for the word of a number.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "exfild/base/str.h"
#include "exfild/event/log.h"
#include "exfild/event/word.h"
#include "private.h"

static void put_number(struct event *e, const struct event_field *f, uint64_t n)
{
	uint8_t *at = (uint8_t *)e + f->offset;
	memcpy(at, &n,
	       f->type == FIELD_U8 || f->type == FIELD_BOOL ? 1 :
	       f->type == FIELD_U16                         ? 2 :
	       f->type == FIELD_U32                         ? 4 :
							      8);
}

/* The number that a word stands for: found by asking for the word of each. */
static bool put_word(struct event *e, const struct event_field *f, const char *word)
{
	uint64_t n = 0;
	for (uint64_t i = 0; i < 256; i++) {
		const char *known = event_word(e, f, i);
		if (known && strcmp(known, word) == 0) {
			put_number(e, f, i);
			return true;
		}
	}
	if (str_parse_u64(word, 0, UINT64_MAX, &n) != 0)
		return false;
	put_number(e, f, n);
	return true;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' :
	       c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	       c >= 'A' && c <= 'F' ? c - 'A' + 10 :
				      -1;
}

static bool put_hex(struct event *e, const struct event_field *f, const char *text)
{
	uint8_t bytes[16] = { 0 };
	size_t want = f->type == FIELD_MAC ? 6 : f->type == FIELD_HEX64 ? 8 : 16;
	for (size_t i = 0; i < want; i++) {
		int high = hex_digit(text[0]), low = high < 0 ? -1 : hex_digit(text[1]);
		if (low < 0)
			return false;
		bytes[i] = (uint8_t)(high << 4 | low);
		text += text[2] == ':' ? 3 : 2;
	}
	uint64_t word = 0;
	for (size_t i = 0; f->type == FIELD_HEX64 && i < 8; i++)
		word = word << 8 | bytes[i];
	memcpy((uint8_t *)e + f->offset, f->type == FIELD_HEX64 ? (const void *)&word : bytes,
	       want);
	return true;
}

static bool put_etypes(struct event *e, const struct event_field *f, const char *text)
{
	uint8_t *at = (uint8_t *)e + f->offset;
	for (unsigned i = 0; i < KERBEROS_ETYPES; i++) {
		char *end;
		long n = strtol(text, &end, 10);
		int16_t value = end == text ? KERBEROS_NO_ETYPE : (int16_t)n;
		memcpy(at + i * sizeof(value), &value, sizeof(value));
		text = *end == ',' ? end + 1 : end;
	}
	return true;
}

static bool put_text(struct event_log *log, struct event *e, const struct event_field *f,
		     const json_t *v)
{
	const char *text = json_string_value(v);
	struct ipaddr a;
	uint64_t time_ns;
	switch (f->type) {
	case FIELD_STR:
		event_log_str(log, (struct event_str *)(void *)((uint8_t *)e + f->offset), text,
			      json_string_length(v), json_string_length(v));
		return true;
	case FIELD_IP:
		if (ipaddr_parse(text, &a) != 0)
			return false;
		memcpy((uint8_t *)e + f->offset, &a, sizeof(a));
		return true;
	case FIELD_TIME:
		if (str_parse_time(text, &time_ns) != 0)
			return false;
		memcpy((uint8_t *)e + f->offset, &time_ns, sizeof(time_ns));
		return true;
	case FIELD_ETYPES:
		return put_etypes(e, f, text);
	case FIELD_MAC:
	case FIELD_HEX64:
	case FIELD_BYTES16:
		return put_hex(e, f, text);
	default:
		return put_word(e, f, text);
	}
}

static bool put_value(struct event_log *log, struct event *e, const struct event_field *f,
		      const json_t *v)
{
	float real = (float)json_number_value(v);
	int16_t etype = (int16_t)json_integer_value(v);
	if (json_is_string(v))
		return put_text(log, e, f, v);
	if (json_is_array(v))
		return f->type == FIELD_SIZES || f->type == FIELD_FIRST;
	if (!json_is_number(v) && !json_is_boolean(v))
		return false;
	if (f->type == FIELD_FLOAT) {
		memcpy((uint8_t *)e + f->offset, &real, sizeof(real));
		return true;
	}
	if (f->type == FIELD_ETYPE) {
		memcpy((uint8_t *)e + f->offset, &etype, sizeof(etype));
		return true;
	}
	if (f->type > FIELD_BOOL || (json_is_integer(v) && json_integer_value(v) < 0))
		return false;
	put_number(e, f, json_is_boolean(v) ? json_is_true(v) : (uint64_t)json_number_value(v));
	return true;
}

/* What a zero does not stand for. */
static void set_neutral(struct event *e, const struct event_field *f)
{
	int16_t none = KERBEROS_NO_ETYPE;
	if (f->type == FIELD_ETYPE)
		memcpy((uint8_t *)e + f->offset, &none, sizeof(none));
	else if (f->type == FIELD_ETYPES)
		(void)put_etypes(e, f, "");
}

/* Alerts, the last kind, are told to policies so. */
static bool kind_named(const char *name, enum event_kind *ret)
{
	for (unsigned kind = 0; name && kind <= EVENT_ALERT; kind++)
		if (strcmp(event_kind_name((enum event_kind)kind), name) == 0) {
			*ret = (enum event_kind)kind;
			return true;
		}
	return false;
}

static bool fill(struct event_log *log, struct event *e, const json_t *top, char *why, size_t size)
{
	for (const struct event_field *f = event_fields((enum event_kind)e->kind); f->name; f++) {
		const json_t *v = json_object_get(top, f->name);
		set_neutral(e, f);
		if (v && !put_value(log, e, f, v)) {
			(void)snprintf(why, size, "the field %s cannot have this value", f->name);
			return false;
		}
	}
	const char *key;
	json_t *v;
	json_object_foreach((json_t *)(uintptr_t)top, key, v)
	{
		size_t len = strlen(key);
		bool is_length = len > 4 && strcmp(key + len - 4, "_len") == 0;
		if (strcmp(key, "kind") != 0 && !is_length &&
		    !event_field_named((enum event_kind)e->kind, key)) {
			(void)snprintf(why, size, "events of kind %s have no field %.60s",
				       event_kind_name((enum event_kind)e->kind), key);
			return false;
		}
	}
	return true;
}

int signature_line(struct event_log *log, const char *line, size_t len, uint64_t seq, char *why,
		   size_t size)
{
	json_error_t error;
	json_t *top = json_loadb(line, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
	if (!json_is_object(top)) {
		(void)snprintf(why, size, "no JSON object: %s", top ? "another value" : error.text);
		json_decref(top);
		return -EXF_E_FORMAT;
	}
	const json_t *name = json_object_get(top, "kind");
	enum event_kind kind;
	if (!kind_named(json_string_value(name), &kind)) {
		(void)snprintf(why, size, "'kind' names no kind of event");
		json_decref(top);
		return -EXF_E_FORMAT;
	}
	struct event *e = event_log_begin(log, kind, event_struct_size(kind), seq);
	bool ok = fill(log, e, top, why, size);
	json_decref(top);
	if (!ok)
		return -EXF_E_FORMAT;
	event_log_commit(log);
	return 0;
}
