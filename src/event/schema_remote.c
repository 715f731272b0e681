/*
 * event/schema_remote.c - the fields of the kinds of event/remote.h, as schema.c has the others'.
 */
#include "fields.h"

const struct event_field event_rdp_fields[] = {
	HEAD,
	AT(event_rdp, cookie, FIELD_STR),
	AT(event_rdp, requested, FIELD_U32),
	AT(event_rdp, selected, FIELD_U32),
	AT(event_rdp, failure, FIELD_U32),
	AT(event_rdp, has_request, FIELD_BOOL),
	AT(event_rdp, has_settings, FIELD_BOOL),
	AT(event_rdp, client_name, FIELD_STR),
	AT(event_rdp, client_build, FIELD_U32),
	AT(event_rdp, width, FIELD_U16),
	AT(event_rdp, height, FIELD_U16),
	AT(event_rdp, channel_count, FIELD_U8),
	AT(event_rdp, channels, FIELD_STR),
	AT(event_rdp, has_inner, FIELD_BOOL),
	END,
};

const struct event_field event_session_fields[] = {
	HEAD,
	AT(event_session, service, FIELD_STR),
	AS(event_session, "sort", kind, FIELD_U8),
	AT(event_session, is_reversed, FIELD_BOOL),
	AT(event_session, is_end, FIELD_BOOL),
	AT(event_session, failures, FIELD_U32),
	AS(event_session, "src_records", records[0], FIELD_U32),
	AS(event_session, "dst_records", records[1], FIELD_U32),
	AS(event_session, "src_keys", keys[0], FIELD_U32),
	AS(event_session, "dst_keys", keys[1], FIELD_U32),
	AS(event_session, "src_opened", opened[0], FIELD_U32),
	AS(event_session, "dst_opened", opened[1], FIELD_U32),
	AS(event_session, "src_bytes", bytes[0], FIELD_U64),
	AS(event_session, "dst_bytes", bytes[1], FIELD_U64),
	AT(event_session, duration_ns, FIELD_U64),
	END,
};
const struct event_field event_shell_fields[] = {
	HEAD,
	AT(event_shell, at_initiator, FIELD_BOOL),
	AT(event_shell, marks, FIELD_U8),
	AT(event_shell, is_end, FIELD_BOOL),
	AT(event_shell, commands, FIELD_U32),
	AT(event_shell, command, FIELD_STR),
	END,
};
const struct event_field event_order_fields[] = {
	HEAD,
	AT(event_order, kind, FIELD_U8),
	AT(event_order, service, FIELD_STR),
	AT(event_order, text, FIELD_STR),
	END,
};
const struct event_field event_found_fields[] = {
	HEAD,
	AT(event_found, kind, FIELD_U8),
	AT(event_found, is_coded, FIELD_BOOL),
	AT(event_found, of, FIELD_U32),
	AT(event_found, count, FIELD_U32),
	AT(event_found, weight, FIELD_U32),
	AT(event_found, offset, FIELD_U64),
	AT(event_found, carrier, FIELD_STR),
	AT(event_found, label, FIELD_STR),
	AT(event_found, sample, FIELD_STR),
	AT(event_found, host, FIELD_STR),
	END,
};

const struct event_field event_chat_fields[] = {
	HEAD,
	AT(event_chat, marks, FIELD_U32),
	AT(event_chat, orders, FIELD_U32),
	AT(event_chat, obeyed, FIELD_U32),
	AS(event_chat, "src_said", said[0], FIELD_U32),
	AS(event_chat, "dst_said", said[1], FIELD_U32),
	AT(event_chat, is_end, FIELD_BOOL),
	AT(event_chat, nick, FIELD_STR),
	AT(event_chat, channel, FIELD_STR),
	AT(event_chat, order, FIELD_STR),
	END,
};

const struct event_field event_implant_fields[] = {
	HEAD,
	AT(event_implant, family, FIELD_U8),
	AT(event_implant, marks, FIELD_U32),
	AT(event_implant, orders, FIELD_U32),
	AT(event_implant, pings, FIELD_U32),
	AS(event_implant, "src_frames", frames[0], FIELD_U32),
	AS(event_implant, "dst_frames", frames[1], FIELD_U32),
	AT(event_implant, is_end, FIELD_BOOL),
	AT(event_implant, prefix, FIELD_STR),
	END,
};
