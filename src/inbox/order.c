/*
 * inbox/order.c - see include/exfild/inbox/order.h
 */
#include "exfild/inbox/order.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "exfild/base/str.h"

static int refuse(char *why, size_t size, const char *key, const char *what)
{
	(void)snprintf(why, size, "%.40s: %s", key, what);
	return -EXF_E_INVALID;
}

/* A text in printable ASCII: names are in their ASCII form, reasons go into logs. */
static int take_text(const json_t *v, const char *key, char *dst, size_t room, char *why,
		     size_t size)
{
	const char *text = json_string_value(v);
	if (!text)
		return refuse(why, size, key, "a text is expected");
	for (const char *p = text; *p; p++)
		if (*p < ' ' || *p > '~')
			return refuse(why, size, key, "it has characters beyond printable ASCII");
	if (!str_copy(dst, room, text))
		return refuse(why, size, key, "it is too long");
	return 0;
}

static int take_values(const json_t *v, const char *key, char (*dst)[ORDER_VALUE],
		       size_t *ret_count, char *why, size_t size)
{
	size_t count = json_is_array(v) ? json_array_size(v) : 1;
	int err = 0;
	if (count > ORDER_VALUES)
		return refuse(why, size, key, "more than 64 values: send several messages");
	for (size_t i = 0; i < count && !err; i++) {
		const json_t *one = json_is_array(v) ? json_array_get(v, i) : v;
		err = take_text(one, key, dst[i], ORDER_VALUE, why, size);
		if (!err && (!dst[i][0] || strchr(dst[i], ' ')))
			err = refuse(why, size, key, "a value without blanks is expected");
	}
	*ret_count = count;
	return err;
}

/* The object of a body; NULL: why says where it is none. */
static json_t *parse(const char *body, size_t len, char *why, size_t size)
{
	json_error_t e;
	json_t *top = json_loadb(body, len, JSON_REJECT_DUPLICATES, &e);
	if (json_is_object(top))
		return top;
	if (top)
		(void)snprintf(why, size, "an object is expected: {...}");
	else
		(void)snprintf(why, size, "column %d: no JSON: %.120s", e.column, e.text);
	json_decref(top);
	return NULL;
}

int order_parse_intel(const char *body, size_t len, struct order_intel *ret, char *why,
		      size_t why_size)
{
	const char *key;
	json_t *v, *top = parse(body, len, why, why_size);
	int err = top ? 0 : -EXF_E_INVALID;
	memset(ret, 0, sizeof(*ret));
	json_object_foreach(top, key, v)
	{
		if (err)
			break;
		if (strcmp(key, "add") == 0)
			err = take_values(v, key, ret->add, &ret->add_count, why, why_size);
		else if (strcmp(key, "remove") == 0)
			err = take_values(v, key, ret->remove, &ret->remove_count, why, why_size);
		else if (strcmp(key, "reason") == 0)
			err = take_text(v, key, ret->reason, sizeof(ret->reason), why, why_size);
		else
			err = refuse(why, why_size, key, "no such key: add, remove, reason");
	}
	json_decref(top);
	if (!err && !ret->add_count && !ret->remove_count)
		err = refuse(why, why_size, "add", "there is no indicator to add or remove");
	return err;
}

static const char *take_kind(struct order_quarantine *q, const char *text)
{
	static const char *const kinds[] = { "host", "pair", "peer", "slow" };
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i], text) == 0)
			return str_copy(q->kind, sizeof(q->kind), text) ? NULL : "too long";
	return "host, pair, peer or slow is expected";
}

/* NULL, or what is wrong with the key's text. */
static const char *take_word(struct order_quarantine *q, const char *key, const char *text)
{
	uint64_t ttl_s;
	if (strcmp(key, "action") == 0) {
		q->is_release = strcmp(text, "release") == 0;
		return q->is_release || strcmp(text, "add") == 0 ? NULL :
								   "add or release is expected";
	}
	if (strcmp(key, "kind") == 0)
		return take_kind(q, text);
	if (strcmp(key, "host") == 0 || strcmp(key, "peer") == 0)
		return ipaddr_parse(text, key[0] == 'h' ? &q->host : &q->peer) == 0 ?
			       NULL :
			       "one address is expected; a prefix cannot be cut off";
	if (strcmp(key, "ttl") == 0) {
		if (str_parse_duration(text, &ttl_s) < 0 || !ttl_s || ttl_s > UINT32_MAX)
			return "a time is expected, such as 1h";
		q->ttl_s = (uint32_t)ttl_s;
		return NULL;
	}
	if (strcmp(key, "reason") == 0)
		return str_copy(q->reason, sizeof(q->reason), text) ? NULL : "it is too long";
	return "no such key: action, kind, host, peer, ttl, shared, reason";
}

static int take_request(struct order_quarantine *q, const char *key, const json_t *v, char *why,
			size_t size)
{
	char text[256];
	if (strcmp(key, "shared") == 0) {
		q->is_shared = json_is_true(v);
		return json_is_boolean(v) ? 0 : refuse(why, size, key, "true or false is expected");
	}
	int err = take_text(v, key, text, sizeof(text), why, size);
	const char *wrong = err ? NULL : take_word(q, key, text);
	return wrong ? refuse(why, size, key, wrong) : err;
}

int order_parse_quarantine(const char *body, size_t len, struct order_quarantine *ret, char *why,
			   size_t why_size)
{
	const char *key;
	json_t *v, *top = parse(body, len, why, why_size);
	int err = top ? 0 : -EXF_E_INVALID;
	memset(ret, 0, sizeof(*ret));
	(void)str_copy(ret->kind, sizeof(ret->kind), "host");
	json_object_foreach(top, key, v)
	{
		if (err)
			break;
		err = take_request(ret, key, v, why, why_size);
	}
	bool is_pair = strcmp(ret->kind, "pair") == 0;
	if (!err && !json_object_get(top, "action"))
		err = refuse(why, why_size, "action", "add or release is missing");
	if (!err && !json_object_get(top, "host"))
		err = refuse(why, why_size, "host", "whose address is missing");
	if (!err && is_pair != (json_object_get(top, "peer") != NULL))
		err = refuse(why, why_size, "peer", "a pair has one, and nothing else has");
	if (!err && !ret->is_release && !ret->reason[0])
		err = refuse(why, why_size, "reason", "why: say it, others will ask");
	json_decref(top);
	return err;
}
