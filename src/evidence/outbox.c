/*
 * evidence/outbox.c - see include/exfild/evidence/outbox.h
 */
#include "exfild/evidence/outbox.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define ENDS 64 /* for which room is held back */

struct entry { /* caplen bytes follow, then the next entry at a multiple of 8 */
	char alert_id[KEEP_ID_MAX];
	bool is_end;
	uint32_t caplen, wirelen, linktype;
	uint64_t time_ns;
	struct keep_end end;
};

struct outbox {
	pthread_mutex_t lock;
	uint8_t *filled, *read; /* change places */
	size_t len, capacity;   /* of what is filled; of each */
};

static size_t size_of(uint32_t caplen)
{
	return (sizeof(struct entry) + caplen + 7) / 8 * 8;
}

struct outbox *outbox_new(size_t bytes)
{
	struct outbox *o = calloc(1, sizeof(*o));
	if (!o)
		return NULL;
	o->capacity = bytes / 16 * 8;
	o->filled = malloc(o->capacity);
	o->read = malloc(o->capacity);
	pthread_mutex_init(&o->lock, NULL);
	if (o->filled && o->read)
		return o;
	outbox_free(o);
	return NULL;
}

void outbox_free(struct outbox *o)
{
	if (!o)
		return;
	pthread_mutex_destroy(&o->lock);
	free(o->filled);
	free(o->read);
	free(o);
}

bool outbox_put(struct outbox *o, const char *alert_id, const struct frame *f,
		const struct keep_end *end, bool *ret_was_empty)
{
	size_t size = size_of(f ? f->caplen : 0);
	size_t held_back = f ? ENDS * size_of(0) : 0;
	bool has_room;
	pthread_mutex_lock(&o->lock);
	*ret_was_empty = o->len == 0;
	has_room = o->len + size + held_back <= o->capacity;
	if (has_room) {
		struct entry *e = (void *)(o->filled + o->len);
		memset(e, 0, sizeof(*e));
		memcpy(e->alert_id, alert_id, strnlen(alert_id, KEEP_ID_MAX - 1));
		e->is_end = !f;
		if (end)
			e->end = *end;
		if (f) {
			e->caplen = f->caplen;
			e->wirelen = f->wirelen;
			e->linktype = f->linktype;
			e->time_ns = f->time_ns;
			memcpy(e + 1, f->data, f->caplen);
		}
		o->len += size;
	}
	pthread_mutex_unlock(&o->lock);
	return has_room;
}

static size_t change_places(struct outbox *o)
{
	pthread_mutex_lock(&o->lock);
	uint8_t *filled = o->filled;
	size_t len = o->len;
	o->filled = o->read;
	o->read = filled;
	o->len = 0;
	pthread_mutex_unlock(&o->lock);
	return len;
}

size_t outbox_read(struct outbox *o, void (*take)(void *arg, const struct parcel *p), void *arg)
{
	size_t len = change_places(o), count = 0;
	for (size_t at = 0; at < len; count++) {
		const struct entry *e = (const void *)(o->read + at);
		const struct frame f = { .data = (const uint8_t *)(e + 1),
					 .caplen = e->caplen,
					 .wirelen = e->wirelen,
					 .linktype = e->linktype,
					 .time_ns = e->time_ns };
		const struct parcel p = { .alert_id = e->alert_id,
					  .frame = e->is_end ? NULL : &f,
					  .end = e->is_end ? &e->end : NULL };
		take(arg, &p);
		at += size_of(e->caplen);
	}
	return count;
}
