/*
 * finding/finding.h - what a detector returns.
 *
 * What: evidence with its proof: subject, peer, score in [0,1], log-likelihood ratio in nats, the
 * features from which the score can be recomputed, and the words for people.  Only the alert layer
 * makes alerts of it.
 * Ownership: values; text is copied into the finding and bounded.
 * Threads: analysis plane.
 * Limits: FINDING_FEATURES features; each text is cut at its array.
 */
#ifndef EXFILD_FINDING_FINDING_H
#define EXFILD_FINDING_FINDING_H

#include <stdbool.h>
#include <stdint.h>

#include "exfild/base/ipaddr.h"
#include "exfild/event/event.h"

#define FINDING_VERSION    1
#define FINDING_FEATURES   12
#define FINDING_PACKETS    32
#define FINDING_RELATED    8
#define FINDING_TECHNIQUES 4
#define FINDING_STEPS      4

enum finding_class {
	FINDING_EXFIL,
	FINDING_C2,
	FINDING_RECON,
	FINDING_LATERAL,
	FINDING_POLICY,
	FINDING_SENSOR,
	FINDING__COUNT
};

enum severity { /* design section 6 */
		SEVERITY_NONE = 0,
		SEVERITY_LOW = 21,
		SEVERITY_MEDIUM = 47,
		SEVERITY_HIGH = 73,
		SEVERITY_CRITICAL = 99
};

enum visibility { VISIBILITY_CLEAR, VISIBILITY_NAME, VISIBILITY_OPAQUE };

/* One line of the proof. */
struct finding_feature {
	char name[32]; /* "new_information" */
	double value;
	char text[96];       /* "6.1 kB of new information in 412 distinct names" */
	double baseline;     /* NAN: none */
	double limit;        /* NAN: none */
	double weight;       /* share of the score a full contribution has */
	double contribution; /* what it gave; the sum over features is the score (capped at 1) */
};

struct finding_end { /* subject or peer */
	struct ipaddr ip;
	bool has_ip;
	uint16_t port;           /* 0: none or many */
	uint64_t bytes, packets; /* sent by this end */
	uint8_t mac[6];
	bool has_mac;
};

/* What a feed said that the finding rests on. */
struct finding_indicator {
	char type[24];   /* of STIX: "domain-name"; "" if the finding rests on none */
	char value[128]; /* cut */
	char feed[64];
	char note[96];
	char marking[16];         /* "GREEN"; "" if none */
	uint32_t first_s, last_s; /* since 1970: known since, valid until; 0: not told */
	uint8_t confidence;       /* that is left, in percent */
};

/* A file that the finding is about, as it passed; "" and 0 where it is not known. */
struct finding_file {
	char name[128]; /* cut */
	uint64_t size;  /* bytes; 0: not known */
	char md5[33], sha1[41], sha256[65];
};

struct finding {
	uint32_t version;
	const char *detector; /* static: "dns_tunnel" */
	const char *rule;     /* static: rule.id and event.action */
	const char *title;    /* static: rule.name */
	enum finding_class class;
	enum severity severity;
	double score;                               /* [0,1] */
	double llr;                                 /* nats, for fusion */
	double confidence;                          /* [0,1] */
	const char *techniques[FINDING_TECHNIQUES]; /* static: "T1071.004"; NULL ends */
	const char *tactic; /* static, the chief one: "TA0010"; its techniques' own are added */

	struct finding_end subject, peer; /* who does it; to whom */
	char object[256]; /* what it is about: a registered domain, a port class; part of the merge
			     key */
	char domain[256]; /* destination.domain, "" if none */
	uint64_t start_ns, end_ns, time_ns; /* of what was seen; of the finding */
	uint64_t count;                     /* events behind it */
	uint8_t proto;                      /* IP protocol, 0 unknown */
	uint16_t app;                       /* enum app */
	uint32_t tunnel_id, tunnel_key;
	uint8_t tunnel_type;
	uint16_t vlan;
	uint64_t flow;                    /* one flow that shows it, 0: none */
	struct ipaddr flow_src, flow_dst; /* ends of that flow, for community_id */
	uint16_t flow_sport, flow_dport;
	uint64_t packets[FINDING_PACKETS]; /* numbers of packets that prove it */
	uint8_t packet_count;
	struct ipaddr related[FINDING_RELATED];
	uint8_t related_count;
	enum visibility visibility;
	bool learning;  /* a baseline was still being learnt */
	bool by_volume; /* judged by amounts alone: no reason to stop learning from the host */
	/*
	 * It tells the totals of what has been told already: it opens no alert, raises no revision
	 * of its own, and is in the last one.
	 */
	bool is_update;
	/* What it counts no other finding counted: it is added, even where the times are the same.
	 */
	bool is_single;
	/* A drill of the admin (mode: drill): no risk of a host, nothing to be cut off. */
	bool is_drill;

	struct finding_feature features[FINDING_FEATURES];
	uint8_t feature_count;
	char message[512];        /* one sentence: who, what, how much, since when */
	char counterfactual[192]; /* "silent below 4 kB" */
	char not_harmless[384];   /* why it is not the harmless thing that it resembles */
	char unseen[256];         /* what could not be seen */
	char next_steps[FINDING_STEPS][192];
	uint8_t step_count;
	char filter[256]; /* display filter of its packets */

	/* context, filled by the alert layer where the detector has not */
	char service[48], service_category[32];
	char service_tenant[64];   /* "not distinguishable" where the wire does not show it */
	char service_by[8];        /* domain, sni, prefix, ndpi: what it was told by */
	char service_sanction[24]; /* sanctioned, tolerated, unsanctioned, not distinguishable */
	bool service_sanctioned;
	char dns_question[128]; /* cut to 16 characters a label */
	uint16_t dns_type;
	struct finding_indicator indicator;
	struct finding_file file;
};

/* A finding with version and neutral values. */
void finding_init(struct finding *f, const char *detector, const char *rule, const char *title);
/* printf into a bounded field: finding_text(f->message, sizeof(f->message), ...). */
void finding_text(char *dst, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* "in 3 s", or "at once" where one moment saw it all. Returns dst. */
const char *finding_span(char *dst, size_t size, uint64_t ns);
/* Adds a feature; the text is printf-made. A full list drops it silently (asserted in tests). */
void finding_feature(struct finding *f, const char *name, double value, double baseline,
		     double limit, double weight, double contribution, const char *fmt, ...)
	__attribute__((format(printf, 8, 9)));
/*
 * Inverts a decision for a counterfactual: the smallest whole value from which it says yes, with
 * `high` a value at which it does.  fires() must not fall from yes to no as the value grows.
 */
uint64_t finding_least(uint64_t high, bool (*fires)(const void *arg, double value),
		       const void *arg);
void finding_step(struct finding *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void finding_technique(struct finding *f, const char *id);
void finding_packet(struct finding *f, uint64_t number);
void finding_related(struct finding *f, const struct ipaddr *a);
/* Takes flow, tunnel, vlan, app, protocol and ends' ports from an event. */
void finding_from_event(struct finding *f, const struct event *e);

bool severity_is_known(unsigned s);         /* a value of enum severity */
const char *severity_name(enum severity s); /* "high" */
const char *finding_class_name(enum finding_class c);

#endif
