/*
 * alert/ident.h - the names that an alert keeps.
 *
 * What: unkeyed SHA-256 over a canonical text, so that two replays, two sensors and a resend of the
 * same thing agree.  The text, one item a line:
 *   exfild-alert-1, rule=, subject=ADDRESS/TUNNEL KEY, object=LENGTH:BYTES or peer=ADDRESS,
 * start=NS exfild-event-1, alert_id=, revision= exfild-incident-1, root=ADDRESS/TUNNEL KEY,
 * start=NS An address that is not known is written "-". Threads: any.
 */
#ifndef EXFILD_ALERT_IDENT_H
#define EXFILD_ALERT_IDENT_H

#include <stdint.h>

#include "exfild/alert/alert.h"

#define IDENT_KEY_SIZE 16

/* What findings of one cause share: everything above but the start. */
void ident_merge_key(const struct finding *f, uint8_t ret[IDENT_KEY_SIZE]);
/* 32 hex digits. start_ns: the start of the merge window, packet time. */
void ident_alert(const struct finding *f, uint64_t start_ns, char ret[ALERT_ID_MAX]);
void ident_event(const char *alert_id, uint32_t revision, char ret[ALERT_ID_MAX]);
/* "" when there is none. */
void ident_incident(const struct fusion_incident *incident, char ret[ALERT_ID_MAX]);

#endif
