/*
 * event/fields.h - how a row of a field table is written.
 *
 * What: AT a member under its own name, AS under another, HEAD what all events begin with, END.
 * Ownership, threads, limits: none, these are constants.
 */
#ifndef EXFILD_EVENT_FIELDS_H
#define EXFILD_EVENT_FIELDS_H

#include "exfild/event/event.h"

#define AT(s, field, type)                \
 {                                        \
#  field, type, offsetof(struct s, field) \
 }
#define AS(s, name, field, type)        \
 {                                      \
  name, type, offsetof(struct s, field) \
 }
#define END         \
 {                  \
  NULL, FIELD_U8, 0 \
 }

#define HEAD                                                                                     \
 AS(event, "time", time_ns, FIELD_TIME), AT(event, seq, FIELD_U64), AT(event, shard, FIELD_U8),  \
	 AT(event, n, FIELD_U32), AT(event, packet, FIELD_U64), AT(event, flow, FIELD_U64),      \
	 AT(event, from_server, FIELD_BOOL), AT(event, src, FIELD_IP),                           \
	 AT(event, sport, FIELD_U16), AT(event, dst, FIELD_IP), AT(event, dport, FIELD_U16),     \
	 AT(event, proto, FIELD_U8), AT(event, ip_version, FIELD_U8), AT(event, app, FIELD_U16), \
	 AT(event, vlan, FIELD_U16), AT(event, tunnel_type, FIELD_U8),                           \
	 AT(event, tunnel_id, FIELD_U32), AT(event, tunnel_key, FIELD_U32)

/* Of event/remote.h: schema_remote.c. */
extern const struct event_field event_rdp_fields[], event_session_fields[], event_shell_fields[],
	event_order_fields[], event_found_fields[], event_chat_fields[], event_implant_fields[];

#endif
