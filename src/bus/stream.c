/*
 * bus/stream.c - see include/exfild/bus/stream.h
 *
 * An answer of XREAD is a list of [key, [[id, [name, value, ...]], ...]].  Each level is looked at
 * before it is believed; what has another form is stepped over.
 */
#include "exfild/bus/stream.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/base/str.h"
#include "private.h"

bool redis_stream_id(const char *text, uint64_t *ret_ms, uint64_t *ret_n)
{
	char first[24];
	const char *dash = strchr(text, '-');
	size_t len = dash ? (size_t)(dash - text) : sizeof(first);
	if (len >= sizeof(first))
		return false;
	memcpy(first, text, len);
	first[len] = '\0';
	return str_parse_u64(first, 0, UINT64_MAX, ret_ms) == 0 &&
	       str_parse_u64(dash + 1, 0, UINT64_MAX, ret_n) == 0;
}

static bool is_text(const redisReply *r)
{
	return r->type == REDIS_REPLY_STRING && r->str;
}

static bool is_list(const redisReply *r, size_t least)
{
	return r->type == REDIS_REPLY_ARRAY && r->elements >= least;
}

/* One entry; false: it is none. */
static bool take_entry(const redisReply *r, size_t stream, struct redis_place *place,
		       redis_entry_fn fn, void *arg)
{
	uint64_t ms, n;
	if (!is_list(r, 2) || !is_text(r->element[0]) ||
	    !redis_stream_id(r->element[0]->str, &ms, &n) ||
	    !str_copy(place->last, sizeof(place->last), r->element[0]->str))
		return false;
	const redisReply *list = r->element[1];
	struct redis_entry e = { .stream = stream, .id = place->last };
	e.field_count = is_list(list, 2) ? list->elements / 2 : 0; /* nil: it was deleted */
	for (size_t i = 0; i < e.field_count && i < STREAM_FIELDS; i++) {
		const redisReply *name = list->element[2 * i], *value = list->element[2 * i + 1];
		if (!is_text(name) || !is_text(value))
			return false;
		e.names[i] = (struct redis_text){ name->str, name->len };
		e.values[i] = (struct redis_text){ value->str, value->len };
	}
	fn(arg, &e);
	return true;
}

static size_t place_of(const redisReply *key, const struct redis_place *places, size_t count)
{
	size_t i = 0;
	while (i < count && strcmp(places[i].key, key->str) != 0)
		i++;
	return i;
}

static int take_streams(const redisReply *r, struct redis_place *places, size_t count,
			redis_entry_fn fn, void *arg)
{
	int taken = 0;
	for (size_t i = 0; r->type == REDIS_REPLY_ARRAY && i < r->elements; i++) {
		const redisReply *s = r->element[i];
		if (!is_list(s, 2) || !is_text(s->element[0]))
			continue;
		size_t at = place_of(s->element[0], places, count);
		const redisReply *entries = s->element[1];
		for (size_t n = 0; at < count && is_list(entries, 1) && n < entries->elements; n++)
			taken += take_entry(entries->element[n], at, &places[at], fn, arg);
	}
	return taken;
}

int redis_stream_read(struct redis_conn *c, const struct redis_reading *o, redis_entry_fn fn,
		      void *arg, char *why, size_t size)
{
	struct redis_place *places = o->places;
	size_t count = o->count;
	const char *argv[8 + 2 * REDIS_STREAMS] = { "XREAD", "COUNT" };
	char number[16], wait[16];
	redisReply *r = NULL;
	size_t argc = 2;
	if (count == 0 || count > REDIS_STREAMS)
		return -EXF_E_RANGE;
	(void)snprintf(number, sizeof(number), "%u", o->most);
	(void)snprintf(wait, sizeof(wait), "%" PRIu32, o->wait_ms);
	argv[argc++] = number;
	if (o->wait_ms) { /* 0 would be without an end */
		argv[argc++] = "BLOCK";
		argv[argc++] = wait;
	}
	argv[argc++] = "STREAMS";
	for (size_t i = 0; i < count; i++) {
		argv[argc + i] = places[i].key;
		argv[argc + count + i] = places[i].last;
	}
	int err = redis_exchange(c, argc + 2 * count, argv, &r, why, size);
	uint64_t ms, n;
	if (err == -EXF_E_LIMIT && count == 1 && o->most == 1 &&
	    redis_stream_id(c->second, &ms, &n))
		(void)str_copy(places[0].last, sizeof(places[0].last), c->second);
	if (err)
		return err;
	int taken = -EXF_E_UNSUPPORTED;
	if (r->type == REDIS_REPLY_ERROR)
		(void)snprintf(why, size, "%s", r->str ? r->str : "");
	else
		taken = take_streams(r, places, count, fn, arg);
	freeReplyObject(r);
	return taken;
}
