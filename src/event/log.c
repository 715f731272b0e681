/*
 * event/log.c - an append-only run of events in chunks of 64 KiB.
 *
 * Chunks are aligned to their size, so that a walker finds the chunk of an event by masking its
 * address.  An event is begun only where EVENT_MAX bytes are free: strings then grow in place, the
 * caller's pointer stays, and at most an eighth of a chunk is left unused.  Only the struct is
 * zeroed; strings bring their own bytes and zero the up to 7 of padding behind them.
 *
 * When there is no chunk left the event goes to a scratch record of the same size, which commit
 * counts instead of keeping.
 */
#include "exfild/event/log.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_SIZE  ((size_t)65536)
#define MAX_CHUNKS  1024u /* 64 MiB */
#define KEPT_CHUNKS 2     /* of an empty log: a burst leaves no memory behind */

struct chunk {
	struct chunk *next;
	size_t used; /* bytes, this head included */
	uint64_t pad[6];
};

struct event_log {
	struct chunk *first;
	struct chunk *current; /* the one being filled; NULL before the first event */
	struct event *open;    /* begun, not committed */
	uint64_t seq;
	uint64_t count;
	uint64_t dropped;
	uint32_t n; /* events committed within seq */
	uint32_t chunks;
	struct hash_key key;
	struct event *scratch; /* EVENT_MAX bytes */
};

_Static_assert(sizeof(struct chunk) % 8 == 0, "events in a chunk are aligned");
_Static_assert(EVENT_MAX % 8 == 0 && EVENT_MAX <= UINT16_MAX, "offsets of strings fit");
_Static_assert(sizeof(struct chunk) + EVENT_MAX <= CHUNK_SIZE, "an event fits into a chunk");

struct event_log *event_log_new(void)
{
	struct event_log *log = calloc(1, sizeof(*log));
	if (!log)
		return NULL;
	log->scratch = malloc(EVENT_MAX);
	if (!log->scratch) {
		free(log);
		return NULL;
	}
	log->seq = UINT64_MAX;
	log->key = hash_key_fixed;
	return log;
}

void event_log_free(struct event_log *log)
{
	if (!log)
		return;
	struct chunk *next;
	for (struct chunk *c = log->first; c; c = next) {
		next = c->next;
		free(c);
	}
	free(log->scratch);
	free(log);
}

void event_log_set_key(struct event_log *log, const struct hash_key *key)
{
	log->key = *key;
}

void event_log_swap(struct event_log *a, struct event_log *b)
{
	struct event_log keep = *a;
	*a = *b;
	*b = keep;
}

void event_log_reset(struct event_log *log)
{
	struct chunk **link = &log->first;
	for (unsigned kept = 0; *link && kept < KEPT_CHUNKS; kept++) {
		(*link)->used = sizeof(struct chunk);
		link = &(*link)->next;
	}
	for (struct chunk *c = *link, *next; c; c = next) {
		next = c->next;
		free(c);
		log->chunks--;
	}
	*link = NULL;
	log->current = log->first;
	log->open = NULL;
	log->count = 0;
}

uint64_t event_log_count(const struct event_log *log)
{
	return log->count;
}

uint64_t event_log_dropped(const struct event_log *log)
{
	return log->dropped;
}

/* Makes `current` a chunk with room for any event: the next one kept from before, or a new one. */
static bool next_chunk(struct event_log *log)
{
	struct chunk *last = log->current;
	if (last && last->next) {
		log->current = last->next;
		return true;
	}
	if (log->chunks >= MAX_CHUNKS)
		return false;
	struct chunk *c = aligned_alloc(CHUNK_SIZE, CHUNK_SIZE);
	if (!c)
		return false;
	c->next = NULL;
	c->used = sizeof(struct chunk);
	log->chunks++;
	if (last)
		last->next = c;
	else
		log->first = c;
	log->current = c;
	return true;
}

void event_log_restart(struct event_log *log)
{
	log->seq = UINT64_MAX;
}

void *event_log_begin(struct event_log *log, enum event_kind kind, size_t size, uint64_t seq)
{
	struct event *e;
	if (__builtin_expect(log->current && CHUNK_SIZE - log->current->used >= EVENT_MAX, 1) ||
	    next_chunk(log))
		e = (struct event *)((uint8_t *)log->current + log->current->used);
	else
		e = log->scratch;
	if (log->seq != seq) {
		log->seq = seq;
		log->n = 0;
	}
	memset(e, 0, size);
	e->size = (uint32_t)size;
	e->kind = (uint16_t)kind;
	e->seq = seq;
	e->n = log->n;
	log->open = e;
	return e;
}

void event_log_str(struct event_log *log, struct event_str *s, const void *data, size_t len,
		   size_t full)
{
	struct event *e = log->open;
	if (!e || !data)
		return;
	if (full < len)
		full = len;
	size_t room = EVENT_MAX - e->size;
	size_t kept = len < EVENT_STR_MAX ? len : EVENT_STR_MAX;
	if (kept > room)
		kept = room; /* room is a multiple of 8, so the padding fits as well */
	uint8_t *at = (uint8_t *)e + e->size;
	size_t padded = (kept + 7) & ~(size_t)7;
	if (padded) {
		memset(at + padded - 8, 0, 8);
		memcpy(at, data, kept);
	}
	s->off = (uint16_t)e->size;
	s->len = (uint16_t)kept;
	s->full = full < UINT32_MAX ? (uint32_t)full : UINT32_MAX;
	s->hash = hash_bytes(&log->key, data, len);
	e->size += (uint32_t)padded;
}

void event_log_commit(struct event_log *log)
{
	struct event *e = log->open;
	if (!e)
		return;
	log->open = NULL;
	if (__builtin_expect(e == log->scratch, 0)) {
		log->dropped++;
		return;
	}
	log->current->used += e->size;
	log->n++;
	log->count++;
}

const struct event *event_log_next(const struct event_log *log, const struct event *e)
{
	const struct chunk *c = log->first;
	size_t at = sizeof(struct chunk);
	if (e) {
		uintptr_t address = (uintptr_t)e;
		c = (const struct chunk *)(address & ~(uintptr_t)(CHUNK_SIZE - 1));
		at = (size_t)(address - (uintptr_t)c) + e->size;
	}
	while (c) {
		if (at < c->used)
			return (const struct event *)((const uint8_t *)c + at);
		c = c->next;
		at = sizeof(struct chunk);
	}
	return NULL;
}
