/*
 * alert/place.h - what the context knows about both ends of an alert.
 *
 * What: fills in direction, zones, names, service with its tenant, and who must do what.
 * Threads: one at a time.
 */
#ifndef EXFILD_SRC_ALERT_PLACE_H
#define EXFILD_SRC_ALERT_PLACE_H

#include "exfild/alert/alert.h"

/* c may be NULL: the direction is unknown then, and the rest stays. */
void place_alert(struct alert *a, const struct context *c);

#endif
