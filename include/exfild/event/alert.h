/*
 * event/alert.h - an alert, or a connection, as the rules of a policy see it.
 *
 * What: a record of the analysis plane's own.  Its kind lies behind those of the packet plane, so
 * that no ring, file or line of events can bring one.  What a record is not about is zero or absent
 * in it: a connection has no rule, an alert no outcome.
 * Ownership, threads, limits: as of events.
 */
#ifndef EXFILD_EVENT_ALERT_H
#define EXFILD_EVENT_ALERT_H

#include "exfild/event/event.h"

#define EVENT_ALERT ((enum event_kind)EVENT__COUNT)

/* What shows that the sender is who its address says; see policy/proof.h. */
enum alert_proof {
	ALERT_PROOF_NONE,
	ALERT_PROOF_ANSWERED,  /* the other side has answered */
	ALERT_PROOF_HANDSHAKE, /* a TCP handshake was completed */
};

enum alert_direction {
	ALERT_UNKNOWN,
	ALERT_OUTBOUND,
	ALERT_INTERNAL,
	ALERT_INBOUND,
	ALERT_EXTERNAL,
};

/* What a record is about, and so whose policies see it. */
enum alert_about {
	ALERT_ABOUT_ALERT,
	ALERT_ABOUT_FLOW,  /* a connection, as far as it has come */
	ALERT_ABOUT_USAGE, /* what its source has sent to that service in the hour and the day */
	ALERT_ABOUT_STEP,  /* both: a connection has come further */
	ALERT_ABOUT__COUNT
};

/* The head has the subject as src and the peer as dst, "::" where there is none. */
struct event_alert {
	struct event e;
	uint64_t bytes_out, bytes_in; /* sent by the subject, by the peer */
	uint64_t events, count;       /* seen behind it; findings merged */
	/* sent and received by the source, to and from this service or host, by the clock of
	   sensor.timezone; total: to and from all of them */
	uint64_t bytes_out_hour, bytes_in_hour, bytes_out_day, bytes_in_day;
	uint64_t total_out_hour, total_out_day;
	uint32_t flows_hour, flows_day;
	float score, confidence, risk; /* [0,1], [0,1], percent */
	float duration;                /* of the connection, seconds */
	uint32_t revision, as_number;  /* as_number: of the outside end */
	uint8_t severity;              /* enum severity, a number to 99 */
	uint8_t direction;             /* enum alert_direction */
	uint8_t proof;                 /* enum alert_proof */
	uint8_t hour, weekday;         /* in sensor.timezone; Monday is 1 */
	uint8_t has_src, has_dst;
	uint8_t sanctioned, learning, drill;
	uint8_t intel_confidence;
	uint8_t shared;  /* others live at the destination too: content delivery, a cloud */
	uint8_t moved;   /* the subject's address was seen with two link addresses of late */
	uint8_t about;   /* enum alert_about */
	uint8_t outcome; /* enum flow_outcome */
	uint8_t workday, working_hours; /* by the calendar of the source's zone */
	uint8_t holiday;                /* likewise */
	uint8_t pad[7];
	struct event_str id, rule, title, detector, category, visibility, object;
	struct event_str source_zone, source_owner, source_model, source_data, source_tags;
	struct event_str destination_zone, destination_owner, destination_model;
	struct event_str destination_data, destination_tags;
	struct event_str source_name, destination_name, domain;
	struct event_str country, as_name; /* of the outside end */
	struct event_str user;             /* of the subject, as privacy.users has it */
	struct event_str source_roles, destination_roles; /* learnt, ", " between */
	struct event_str service, service_category, tenant;
	struct event_str service_by; /* domain, sni, prefix, ndpi: what told it */
	/* of the tenant that is reached; high, medium, low; countries, ", " between */
	struct event_str sanction, service_risk, residency;
	struct event_str content;       /* kinds of what was found in the clear, ", " between */
	struct event_str content_label; /* what exactly, likewise: visa, a marking, a fingerprint */
	struct event_str stages; /* other classes of evidence against the subject, likewise */
	struct event_str intel_feed, intel_type, intel_value, intel_marking;
};

/* Its fields, those of the head first. */
const struct event_field *event_alert_fields(void);
/* The word that a field's number stands for, or NULL. */
const char *event_alert_word(const struct event_field *f, uint64_t value);

#endif
