/*
 * event/alert.c - the fields of an alert, and the words of its numbers.
 */
#include "exfild/event/alert.h"

#define AT(field, type)                             \
 {                                                  \
#  field, type, offsetof(struct event_alert, field) \
 }
#define HEAD(name, field, type)             \
 {                                          \
  name, type, offsetof(struct event, field) \
 }

_Static_assert(sizeof(struct event_alert) % 8 == 0, "event_alert ends on 8 bytes");

static const struct event_field fields[] = {
	HEAD("time", time_ns, FIELD_TIME),
	HEAD("src", src, FIELD_IP),
	HEAD("sport", sport, FIELD_U16),
	HEAD("dst", dst, FIELD_IP),
	HEAD("dport", dport, FIELD_U16),
	HEAD("proto", proto, FIELD_U8),
	HEAD("app", app, FIELD_U16),
	HEAD("vlan", vlan, FIELD_U16),
	HEAD("tunnel_id", tunnel_id, FIELD_U32),
	AT(bytes_out, FIELD_U64),
	AT(bytes_in, FIELD_U64),
	AT(events, FIELD_U64),
	AT(count, FIELD_U64),
	AT(bytes_out_hour, FIELD_U64),
	AT(bytes_in_hour, FIELD_U64),
	AT(bytes_out_day, FIELD_U64),
	AT(bytes_in_day, FIELD_U64),
	AT(total_out_hour, FIELD_U64),
	AT(total_out_day, FIELD_U64),
	AT(flows_hour, FIELD_U32),
	AT(flows_day, FIELD_U32),
	AT(score, FIELD_FLOAT),
	AT(confidence, FIELD_FLOAT),
	AT(risk, FIELD_FLOAT),
	AT(duration, FIELD_FLOAT),
	AT(revision, FIELD_U32),
	AT(as_number, FIELD_U32),
	AT(severity, FIELD_U8),
	AT(direction, FIELD_U8),
	AT(proof, FIELD_U8),
	AT(hour, FIELD_U8),
	AT(weekday, FIELD_U8),
	AT(has_src, FIELD_BOOL),
	AT(has_dst, FIELD_BOOL),
	AT(sanctioned, FIELD_BOOL),
	AT(learning, FIELD_BOOL),
	AT(drill, FIELD_BOOL),
	AT(intel_confidence, FIELD_U8),
	AT(moved, FIELD_BOOL),
	AT(shared, FIELD_BOOL),
	AT(about, FIELD_U8),
	AT(outcome, FIELD_U8),
	AT(workday, FIELD_BOOL),
	AT(working_hours, FIELD_BOOL),
	AT(holiday, FIELD_BOOL),
	AT(id, FIELD_STR),
	AT(rule, FIELD_STR),
	AT(title, FIELD_STR),
	AT(detector, FIELD_STR),
	AT(category, FIELD_STR),
	AT(visibility, FIELD_STR),
	AT(object, FIELD_STR),
	AT(source_zone, FIELD_STR),
	AT(source_owner, FIELD_STR),
	AT(source_model, FIELD_STR),
	AT(source_data, FIELD_STR),
	AT(source_tags, FIELD_STR),
	AT(destination_zone, FIELD_STR),
	AT(destination_owner, FIELD_STR),
	AT(destination_model, FIELD_STR),
	AT(destination_data, FIELD_STR),
	AT(destination_tags, FIELD_STR),
	AT(source_name, FIELD_STR),
	AT(destination_name, FIELD_STR),
	AT(country, FIELD_STR),
	AT(as_name, FIELD_STR),
	AT(user, FIELD_STR),
	AT(domain, FIELD_STR),
	AT(source_roles, FIELD_STR),
	AT(destination_roles, FIELD_STR),
	AT(service, FIELD_STR),
	AT(service_category, FIELD_STR),
	AT(tenant, FIELD_STR),
	AT(service_by, FIELD_STR),
	AT(sanction, FIELD_STR),
	AT(service_risk, FIELD_STR),
	AT(residency, FIELD_STR),
	AT(content, FIELD_STR),
	AT(content_label, FIELD_STR),
	AT(stages, FIELD_STR),
	AT(intel_feed, FIELD_STR),
	AT(intel_type, FIELD_STR),
	AT(intel_value, FIELD_STR),
	AT(intel_marking, FIELD_STR),
	{ NULL, FIELD_U8, 0 },
};

static const char *const directions[] = { "unknown", "outbound", "internal", "inbound",
					  "external" };
static const char *const proofs[] = { "none", "answered", "handshake" };
static const char *const abouts[] = { "alert", "flow", "usage", "step" };
static const char *const outcomes[] = { "pending", "established", "refused", "unanswered",
					"midstream" };
static const char *const days[] = { NULL,       "monday", "tuesday",  "wednesday",
				    "thursday", "friday", "saturday", "sunday" };

static const struct {
	uint16_t offset;
	uint8_t count;
	const char *const *words;
} worded[] = {
	{ offsetof(struct event_alert, direction), sizeof(directions) / sizeof(directions[0]),
	  directions },
	{ offsetof(struct event_alert, proof), sizeof(proofs) / sizeof(proofs[0]), proofs },
	{ offsetof(struct event_alert, about), sizeof(abouts) / sizeof(abouts[0]), abouts },
	{ offsetof(struct event_alert, outcome), sizeof(outcomes) / sizeof(outcomes[0]), outcomes },
	{ offsetof(struct event_alert, weekday), sizeof(days) / sizeof(days[0]), days },
};

const struct event_field *event_alert_fields(void)
{
	return fields;
}

/* Severities are those of the finding layer, which lies above; their numbers are fixed. */
static const char *severity_word(uint64_t value)
{
	return value >= 99 ? "critical" :
	       value >= 73 ? "high" :
	       value >= 47 ? "medium" :
	       value >= 21 ? "low" :
			     "none";
}

const char *event_alert_word(const struct event_field *f, uint64_t value)
{
	if (f->offset == offsetof(struct event_alert, severity))
		return severity_word(value);
	for (size_t i = 0; i < sizeof(worded) / sizeof(worded[0]); i++)
		if (worded[i].offset == f->offset)
			return value < worded[i].count ? worded[i].words[value] : NULL;
	return NULL;
}
