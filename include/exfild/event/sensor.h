/*
 * event/sensor.h - what exfild tells about itself, as events.
 *
 * What: the kinds of trouble that an operator must hear of, their names, and how an event of kind
 * sensor is made.  The analysis plane turns each into an alert (docs/SENSOR.md).
 * Threads: that of the log.
 * Limits: an object of SENSOR_OBJECT and a text of SENSOR_TEXT bytes, cut by the caller.
 */
#ifndef EXFILD_EVENT_SENSOR_H
#define EXFILD_EVENT_SENSOR_H

#include "exfild/event/log.h"

#define SENSOR_OBJECT 64
#define SENSOR_TEXT   256

enum sensor_what {
	SENSOR_CONFIGURATION, /* a broken file: count 0: refused while running, 1: at start */
	SENSOR_DROPS,         /* packets were lost: count of total */
	SENSOR_INTERFACE,     /* an interface went away or fell silent */
	SENSOR_PROCESS,       /* one of the processes ended and was started again */
	SENSOR_LIMIT,         /* a table is full and turned entries away: count of total */
	SENSOR_SINK,          /* a sink takes no alerts; count: so many wait */
	SENSOR_SPOOL,         /* the disk keeps no alerts; count: so many were given up */
	SENSOR_EXCEPTION,     /* a silence that takes alerts ends soon; count: so many taken */
	SENSOR_MESSAGE,       /* messages to exfild were refused; count: so many */
	SENSOR__COUNT
};

struct sensor_note {
	enum sensor_what what;
	uint64_t count, total;
	char object[SENSOR_OBJECT];
	char text[SENSOR_TEXT];
};

/* "drops"; the rule of the alert is sensor_drops. */
const char *sensor_what_name(enum sensor_what what);
/* SENSOR__COUNT when nothing has this name. */
enum sensor_what sensor_what_find(const void *name, size_t len);

/* Appends an event of kind sensor. */
void sensor_event(struct event_log *log, uint64_t seq, uint64_t time_ns,
		  const struct sensor_note *note);
/* Reads it again; false: what it speaks of is not known. */
bool sensor_read(const struct event *e, struct sensor_note *ret);

#endif
