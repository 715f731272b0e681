/*
 * engine/sensor.c - see sensor.h.
 */
#include "sensor.h"

#include <string.h>

#define AGAIN_NS  (60ull * 1000000000ull)
#define FORGET_NS (3600ull * 1000000000ull)
#define OTHERS    "others"

static struct sensor_trouble *find(struct sensor *s, enum sensor_what what, const char *object)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->list[i].note.what == what && strcmp(s->list[i].note.object, object) == 0)
			return &s->list[i];
	return NULL;
}

static void forget_old(struct sensor *s, uint64_t now_ns)
{
	for (size_t i = s->count; i-- > 0;)
		if (!s->list[i].times && now_ns - s->list[i].last_ns > FORGET_NS)
			s->list[i] = s->list[--s->count];
}

static struct sensor_trouble *add(struct sensor *s, const struct sensor_note *note, uint64_t now_ns)
{
	struct sensor_trouble *t;
	const char *object = note->object;
	forget_old(s, now_ns);
	if (s->count >= SENSOR_OBJECTS) {
		object = OTHERS;
		t = find(s, note->what, object);
		if (t)
			return t;
	}
	t = &s->list[s->count++]; /* the places behind SENSOR_OBJECTS: "others" of each kind */
	*t = (struct sensor_trouble){ .note = { .what = note->what }, .first_ns = now_ns };
	memcpy(t->note.object, object, strlen(object) + 1);
	return t;
}

static void tell(struct sensor *s, struct sensor_trouble *t, uint64_t now_ns)
{
	struct finding f;
	sensor_explain(t, &f);
	t->told_ns = now_ns;
	t->times = t->note.count = t->note.total = 0;
	t->first_ns = now_ns;
	s->raise(s->arg, &f);
}

void sensor_event_seen(struct sensor *s, const struct event *e, uint64_t now_ns)
{
	struct sensor_note note;
	if (!sensor_read(e, &note))
		return;
	struct sensor_trouble *t = find(s, note.what, note.object);
	if (!t)
		t = add(s, &note, now_ns);
	if (!t->times)
		t->first_ns = now_ns;
	t->times++;
	t->last_ns = now_ns;
	t->note.count += note.count;
	t->note.total += note.total;
	memcpy(t->note.text, note.text, sizeof(t->note.text));
	if (!t->told_ns || now_ns - t->told_ns >= AGAIN_NS)
		tell(s, t, now_ns);
}

void sensor_tick(struct sensor *s, uint64_t now_ns)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->list[i].times && now_ns - s->list[i].told_ns >= AGAIN_NS)
			tell(s, &s->list[i], now_ns);
}

void sensor_flush(struct sensor *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->list[i].times)
			tell(s, &s->list[i], s->list[i].last_ns);
}
