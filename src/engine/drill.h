/*
 * engine/drill.h - a signed request of exfilctl drill that passes by.
 *
 * What: looks for the token where each kind of request carries it, and makes the finding of it.
 * Whatever else the packets are is judged as ever: a drill excuses nothing.
 * Threads: analysis plane.
 */
#ifndef EXFILD_SRC_ENGINE_DRILL_H
#define EXFILD_SRC_ENGINE_DRILL_H

#include "exfild/control/drill.h"
#include "exfild/event/event.h"
#include "exfild/finding/finding.h"

/* Whether the event is a drill of this daemon; minimum: the least severity that is sent. */
bool drill_seen(const struct drills *d, const struct event *e, enum severity minimum,
		struct finding *ret);

#endif
