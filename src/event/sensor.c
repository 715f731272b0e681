/*
 * event/sensor.c - see sensor.h.
 */
#include "exfild/event/sensor.h"

#include <string.h>

static const char *const names[SENSOR__COUNT] = {
	[SENSOR_CONFIGURATION] = "configuration",
	[SENSOR_DROPS] = "drops",
	[SENSOR_INTERFACE] = "interface",
	[SENSOR_PROCESS] = "process",
	[SENSOR_LIMIT] = "limit",
	[SENSOR_SINK] = "sink",
	[SENSOR_SPOOL] = "spool",
	[SENSOR_EXCEPTION] = "exception",
	[SENSOR_MESSAGE] = "message",
};

const char *sensor_what_name(enum sensor_what what)
{
	unsigned i = (unsigned)what;
	return i < SENSOR__COUNT ? names[i] : "unknown";
}

enum sensor_what sensor_what_find(const void *name, size_t len)
{
	unsigned i = 0;
	while (i < SENSOR__COUNT && (strlen(names[i]) != len || memcmp(names[i], name, len) != 0))
		i++;
	return (enum sensor_what)i;
}

static void put(struct event_log *log, struct event_str *s, const char *text, size_t most)
{
	size_t len = strnlen(text, most);
	if (len)
		event_log_str(log, s, text, len, len);
}

void sensor_event(struct event_log *log, uint64_t seq, uint64_t time_ns,
		  const struct sensor_note *note)
{
	struct event_sensor *s = event_log_begin(log, EVENT_SENSOR, sizeof(*s), seq);
	s->e.time_ns = time_ns;
	s->count = note->count;
	s->total = note->total;
	put(log, &s->what, sensor_what_name(note->what), SENSOR_OBJECT);
	put(log, &s->object, note->object, sizeof(note->object));
	put(log, &s->text, note->text, sizeof(note->text));
	event_log_commit(log);
}

/* The bytes may be anybody's: what is no letter of ASCII becomes a question mark. */
static void take(const struct event *e, const struct event_str *s, char *dst, size_t size)
{
	const uint8_t *data = event_str_data(e, s);
	size_t len = s->off ? s->len : 0;
	if (len > size - 1)
		len = size - 1;
	for (size_t i = 0; i < len; i++)
		dst[i] = data[i] >= 0x20 && data[i] < 0x7f ? (char)data[i] : '?';
	dst[len] = '\0';
}

bool sensor_read(const struct event *e, struct sensor_note *ret)
{
	const struct event_sensor *s = (const struct event_sensor *)e;
	if (e->kind != EVENT_SENSOR || !s->what.off)
		return false;
	ret->what = sensor_what_find(event_str_data(e, &s->what), s->what.len);
	ret->count = s->count;
	ret->total = s->total;
	take(e, &s->object, ret->object, sizeof(ret->object));
	take(e, &s->text, ret->text, sizeof(ret->text));
	return ret->what != SENSOR__COUNT;
}
