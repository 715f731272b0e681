/*
 * engine/sensor.h - alerts of exfild about itself.
 *
 * What: events of kind sensor become findings of the rules sensor_*.  Trouble is told at once when
 * it begins, then summed up and told at most once a minute for each object; beyond
 * SENSOR_OBJECTS objects within an hour, all that is new is told as one, "others".
 * Ownership: plain struct.
 * Threads: analysis plane.
 */
#ifndef EXFILD_SRC_ENGINE_SENSOR_H
#define EXFILD_SRC_ENGINE_SENSOR_H

#include "exfild/event/sensor.h"
#include "exfild/finding/finding.h"

#define SENSOR_OBJECTS 64

typedef void (*sensor_raise_fn)(void *arg, const struct finding *f);

struct sensor_trouble {
	struct sensor_note note; /* the words of the last time, the sums since it was told */
	uint64_t first_ns, last_ns, told_ns;
	uint64_t times; /* since it was told */
};

struct sensor {
	struct sensor_trouble list[SENSOR_OBJECTS + SENSOR__COUNT];
	size_t count;
	sensor_raise_fn raise;
	void *arg;
};

void sensor_event_seen(struct sensor *s, const struct event *e, uint64_t now_ns);
/* Tells what was summed up when its minute is over. */
void sensor_tick(struct sensor *s, uint64_t now_ns);
/* Tells it now. */
void sensor_flush(struct sensor *s);

/* finding: what is told of one trouble. */
void sensor_explain(const struct sensor_trouble *t, struct finding *ret);

#endif
