/*
 * event/json.c - an event as one JSON line.
 *
 * Keys are the names of the fields, with "kind" behind "time".  What says nothing is left out: the
 * reader's own counters (lines come in their order), zeros of the head, absent strings, unknown
 * link addresses.  Numbers that stand for a word are written as the word.  A string that was cut
 * has its true length beside it as NAME_len.
 */
#include "exfild/base/json.h"

#include <stdio.h>
#include <string.h>

#include "exfild/base/str.h"
#include "exfild/event/alert.h"
#include "exfild/event/event.h"
#include "exfild/event/word.h"

/* A number of one kind of event that is written as a word. */
struct words {
	uint16_t kind_from, kind_to;
	uint16_t offset;
	uint8_t count;
	const char *const *text;
};

static const char *const outcomes[] = { "pending", "established", "refused", "unanswered",
					"midstream" };
static const char *const ends[] = { "none", "closed", "reset", "idle", "hard", "evicted", "input" };
static const char *const transports[] = { "dns", "mdns", "llmnr", "nbns" };

#define WORDS(from, to, s, field, list)                                       \
 {                                                                            \
  from, to, offsetof(struct s, field), sizeof(list) / sizeof((list)[0]), list \
 }

static const struct words word_fields[] = {
	WORDS(EVENT_FLOW_START, EVENT_FLOW_END, event_flow, outcome, outcomes),
	WORDS(EVENT_FLOW_START, EVENT_FLOW_END, event_flow, end, ends),
	WORDS(EVENT_DNS, EVENT_DNS, event_dns, transport, transports),
};

const char *event_word(const struct event *e, const struct event_field *f, uint64_t value)
{
	if (f->offset == offsetof(struct event, app))
		return app_name((enum app)value);
	if (e->kind == EVENT_ALERT)
		return event_alert_word(f, value);
	if (e->kind == EVENT_INNER && f->offset == offsetof(struct event_inner, inner))
		return app_name((enum app)value);
	if (e->kind == EVENT_NAME && f->offset == offsetof(struct event_name, source))
		return app_name((enum app)value);
	for (size_t i = 0; i < sizeof(word_fields) / sizeof(word_fields[0]); i++) {
		const struct words *w = &word_fields[i];
		if (e->kind >= w->kind_from && e->kind <= w->kind_to && f->offset == w->offset)
			return value < w->count ? w->text[value] : NULL;
	}
	return NULL;
}

static bool is_head(const struct event_field *f)
{
	return f->offset < sizeof(struct event);
}

static bool is_zero(const uint8_t *p, size_t len)
{
	while (len && *p == 0) {
		p++;
		len--;
	}
	return len == 0;
}

static void put_number(struct json *j, const struct event *e, const struct event_field *f,
		       uint64_t value)
{
	const char *word = event_word(e, f, value);
	if (is_head(f) && value == 0)
		return;
	if (word)
		json_string(j, f->name, word);
	else if (f->type == FIELD_BOOL)
		json_bool(j, f->name, value != 0);
	else if (f->type != FIELD_U64 || value != UINT64_MAX) /* a size that was not told */
		json_uint(j, f->name, value);
}

static void put_string(struct json *j, const struct event *e, const struct event_field *f)
{
	struct event_str s;
	char key[48];
	memcpy(&s, (const uint8_t *)e + f->offset, sizeof(s));
	if (s.off == 0 || s.off > e->size || s.len > e->size - s.off)
		return;
	json_string_len(j, f->name, event_str_data(e, &s), s.len);
	if (s.full > s.len) {
		snprintf(key, sizeof(key), "%s_len", f->name);
		json_uint(j, key, s.full);
	}
}

static void put_address(struct json *j, const struct event *e, const struct event_field *f)
{
	struct ipaddr a;
	memcpy(&a, (const uint8_t *)e + f->offset, sizeof(a));
	/* The unspecified address is an address only where an IPv6 packet carried it. */
	bool is_end = is_head(f) && e->ip_version == 6;
	if (!is_end && is_zero(a.u.b, sizeof(a.u.b)))
		return;
	if (!is_head(f) && ipaddr_is_unspecified(&a))
		return;
	json_ip(j, f->name, &a);
}

static void put_bytes(struct json *j, const uint8_t *at, const struct event_field *f)
{
	char hex[33];
	uint64_t value;
	if (f->type == FIELD_BYTES16) {
		str_hex(hex, sizeof(hex), at, 16);
	} else {
		memcpy(&value, at, sizeof(value));
		if (value == 0)
			return;
		snprintf(hex, sizeof(hex), "%016llx", (unsigned long long)value);
	}
	json_string(j, f->name, hex);
}

/* "18,17,-135" */
static void put_etypes(struct json *j, const uint8_t *at, const struct event_field *f)
{
	char text[KERBEROS_ETYPES * 8] = "";
	size_t n = 0;
	for (unsigned i = 0; i < KERBEROS_ETYPES; i++) {
		int16_t value;
		memcpy(&value, at + i * sizeof(value), sizeof(value));
		if (value == KERBEROS_NO_ETYPE)
			break;
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%d", n ? "," : "", value);
	}
	if (n)
		json_string(j, f->name, text);
}

static void put_etype(struct json *j, const uint8_t *at, const struct event_field *f)
{
	int16_t value;
	memcpy(&value, at, sizeof(value));
	if (value != KERBEROS_NO_ETYPE)
		json_int(j, f->name, value);
}

static void put_list(struct json *j, const uint8_t *at, const struct event_field *f)
{
	bool is_first = f->type == FIELD_FIRST;
	uint32_t u32;
	uint16_t u16;
	json_open_array(j, f->name);
	for (unsigned i = 0; i < (is_first ? TLS_FIRST_SIZES : TLS_SIZE_CLASSES); i++) {
		if (is_first)
			memcpy(&u16, at + i * sizeof(u16), sizeof(u16));
		else
			memcpy(&u32, at + i * sizeof(u32), sizeof(u32));
		json_uint(j, NULL, is_first ? u16 : u32);
	}
	json_close_array(j);
}

static void put_field(struct json *j, const struct event *e, const struct event_field *f)
{
	const uint8_t *at = (const uint8_t *)e + f->offset;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;
	float real;
	switch (f->type) {
	case FIELD_U8:
	case FIELD_BOOL:
		put_number(j, e, f, *at);
		break;
	case FIELD_U16:
		memcpy(&u16, at, sizeof(u16));
		put_number(j, e, f, u16);
		break;
	case FIELD_U32:
		memcpy(&u32, at, sizeof(u32));
		put_number(j, e, f, u32);
		break;
	case FIELD_U64:
		memcpy(&u64, at, sizeof(u64));
		put_number(j, e, f, u64);
		break;
	case FIELD_TIME:
		memcpy(&u64, at, sizeof(u64));
		json_time(j, f->name, u64);
		break;
	case FIELD_FLOAT:
		memcpy(&real, at, sizeof(real));
		json_double(j, f->name, (double)real);
		break;
	case FIELD_IP:
		put_address(j, e, f);
		break;
	case FIELD_MAC:
		if (!is_zero(at, 6))
			json_mac(j, f->name, at);
		break;
	case FIELD_STR:
		put_string(j, e, f);
		break;
	case FIELD_HEX64:
	case FIELD_BYTES16:
		put_bytes(j, at, f);
		break;
	case FIELD_SIZES:
	case FIELD_FIRST:
		put_list(j, at, f);
		break;
	case FIELD_ETYPE:
		put_etype(j, at, f);
		break;
	case FIELD_ETYPES:
		put_etypes(j, at, f);
		break;
	}
}

/* Order of the reader: the order of the lines says it already. */
static bool is_order(const struct event_field *f)
{
	return f->offset == offsetof(struct event, seq) || f->offset == offsetof(struct event, n) ||
	       f->offset == offsetof(struct event, shard);
}

void event_json(const struct event *e, struct buf *out)
{
	struct json j = json_make(out);
	json_open_object(&j, NULL);
	for (const struct event_field *f = event_fields((enum event_kind)e->kind); f->name; f++) {
		if (is_order(f))
			continue;
		put_field(&j, e, f);
		if (f->offset == offsetof(struct event, time_ns))
			json_string(&j, "kind", event_kind_name((enum event_kind)e->kind));
	}
	json_close_object(&j);
}
