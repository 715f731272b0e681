/*
 * detect/port_scan/port_scan.h - what the parts of this detector share.
 *
 * Words: a contact is the first try of a source at a target; a track is the random walk of one
 * source along one line (one host's ports, or one port's hosts); a scanner is all that one source
 * has failed at.
 * Threads: analysis plane.
 */
#ifndef EXFILD_SRC_DETECT_PORT_SCAN_PORT_SCAN_H
#define EXFILD_SRC_DETECT_PORT_SCAN_PORT_SCAN_H

#include "exfild/base/table.h"
#include "exfild/detect/detector.h"
#include "distinct.h"

#define GOOD_TARGETS 16
#define EXAMPLES     6
#define SCAN_PACKETS 16
#define TOLD_HOSTS   3 /* hosts of one scanner whose ports are told one by one */
#define ARP_WAITING  512
#define STARTS       4096       /* flows whose first packet is remembered */
#define GOOD_PAIRS   (1u << 18) /* targets that have answered once */

struct scan_params {
	double theta0, theta1, alpha, beta;
	uint64_t memory_s;
	uint64_t min_targets;
	uint64_t inbound_targets;
	uint64_t high_targets;
};

enum scan_kind {
	SCAN_TCP,
	SCAN_UDP,
	SCAN_FLAGS, /* segments that no TCP sends first */
	SCAN_PROTO, /* IP protocols */
	SCAN_PING,
	SCAN_ARP,
	SCAN_KIND__COUNT
};

enum scan_shape {
	SHAPE_PORTS, /* many ports of one host */
	SHAPE_HOSTS, /* many hosts on one port or class of ports */
};

enum port_class {
	PORT_OTHER,
	PORT_SMB,
	PORT_RDP,
	PORT_SSH,
	PORT_WINRM,
	PORT_DATABASE,
	PORT_WEB,
	PORT_REMOTE, /* telnet, VNC, adb */
	PORT_CLASS__COUNT
};

enum scan_direction {
	SCAN_INTERNAL, /* both ends on one side */
	SCAN_OUTBOUND,
	SCAN_INBOUND,
};

enum contact_result { CONTACT_ANSWERED, CONTACT_REFUSED, CONTACT_SILENT, CONTACT_EMPTY };

struct contact {
	const struct event *e;
	struct ipaddr src, dst;
	uint16_t port;
	enum scan_kind kind;
	enum contact_result result;
	enum scan_direction direction;
	double weight[2]; /* of a failure by enum scan_shape, in steps of the walk; 0: none */
	uint64_t packet;
	uint64_t time_ns;   /* when it was tried */
	bool is_update;     /* only totals have grown */
	bool only_in_order; /* hosts count where they are neighbours */
};

struct track_key {
	struct ipaddr src;
	struct ipaddr host; /* SHAPE_PORTS: the target; else unspecified */
	uint32_t tunnel_key;
	uint16_t port; /* SHAPE_HOSTS: port, or the first of its class */
	uint8_t kind;  /* enum scan_kind */
	uint8_t shape; /* enum scan_shape */
};

struct track {
	struct track_key key;
	struct decayed walk; /* log-likelihood ratio of scanner to client */
	bool is_hot;
	uint8_t told_severity;
	uint64_t first_ns, last_ns;
	struct distinct failed;
	uint32_t good[GOOD_TARGETS];
	uint32_t good_next;
	uint32_t answered, refused, silent, empty; /* empty: opened, and nothing said */
	uint32_t steps;                            /* failures that moved the walk */
	uint32_t services; /* failures on ports where something usually listens */
	uint32_t near;     /* new targets beside the one before */
	struct ipaddr last;
	uint64_t told_targets;    /* distinct at the last finding */
	uint16_t lowest, highest; /* ports */
	uint8_t told_direction;
	uint64_t told_sum;
	struct event told; /* of the last finding: its ends, for the totals */
};

struct example {
	struct ipaddr host;
	uint16_t port;
	uint8_t result;
};

/* What a source looks for; each is told apart. */
enum scan_goal {
	GOAL_SERVICES,
	GOAL_HOSTS, /* by ping or ARP */
};

struct scanner_key {
	struct ipaddr src;
	uint32_t tunnel_key;
	uint32_t goal; /* enum scan_goal */
};

struct scanner {
	struct scanner_key key;
	uint32_t kinds;             /* 1u << enum scan_kind of hot tracks */
	struct distinct targets;    /* with kinds, all that its evidence reads */
	uint64_t first_ns, last_ns; /* packet time */
	uint64_t steady_ns;
	uint64_t p2p_ns; /* steady time when peer-to-peer traffic was last seen, 0: never */
	struct distinct hosts, ports, open; /* open: answered host and port */
	uint32_t refused, silent, empty;
	uint32_t told_hosts;   /* hosts whose ports were told one by one */
	uint64_t told_targets; /* at the last finding about many hosts */
	uint8_t told_severity, told_direction;
	uint8_t example_count, packet_count;
	uint64_t told_sum;
	struct event told; /* of the last finding about many hosts */
	struct track_key told_track;
	struct example examples[EXAMPLES];
	uint64_t packets[SCAN_PACKETS];
};

struct arp_question {
	uint64_t time_ns; /* steady */
	bool is_answered;
	struct event_arp e;
};

struct flow_first {
	uint64_t flow, packet;
};

struct scan_state {
	const struct scan_params *params;
	double step_fail, step_good, limit;
	struct table tracks;
	struct table scanners;
	struct table routers;
	uint32_t *good; /* GOOD_PAIRS fingerprints of source and target */
	struct arp_question waiting[ARP_WAITING];
	uint32_t waiting_head, waiting_count;
	struct flow_first starts[STARTS];
	uint64_t findings;
	uint64_t totals_ns; /* steady time when totals are told next */
	const struct detect_env *env;
};

/* contact.c: what an event tells about one try; false: nothing. */
bool contact_from_flow(const struct detect_env *env, const struct event_flow *f,
		       struct contact *ret);
void contact_from_arp(const struct scan_state *s, const struct detect_env *env,
		      const struct arp_question *q, struct contact *ret);
bool port_is_service(uint16_t port);
enum port_class port_class_of(uint16_t port);
uint16_t port_class_first(enum port_class class);

/*
 * routers.c: link addresses that stand for several outside addresses forward for others.  Table of
 * env's key; note() learns from a flow's first packet.
 */
int routers_init(struct table *t, const struct detect_env *env);
void routers_note(struct table *t, const struct detect_env *env, const struct event_flow *f);
void routers_keep(struct table *t, struct keep_list *list);
bool routers_has(const struct table *t, const uint8_t mac[6]);

enum scan_goal goal_of(enum scan_kind kind);

/* walk.c */
#define PORTS_WITHOUT_SERVICE 64 /* ports of one host that need no known service among them */
/* Whether a walk of this height over so many targets is a scan. */
bool scan_fires(const struct scan_state *s, const struct track *t, double walk, uint64_t targets);
/* The least targets at which it would be, each moving the walk as those seen did on average. */
uint64_t scan_least_targets(const struct scan_state *s, const struct track *t, double walk);
void walk_contact(struct scan_state *s, const struct detect_env *env, const struct contact *c);
struct scanner *walk_scanner(struct scan_state *s, const struct detect_env *env,
			     const struct event *e, const struct ipaddr *src, enum scan_goal goal,
			     bool make);

/* totals.c: tells what was told and has grown since, of one or of all. */
uint64_t track_sum(const struct track *t);
uint64_t scanner_sum(const struct scanner *w);
void totals_of_track(void *state, void *track);
void totals_of_scanner(void *state, void *scanner);
void totals_of_all(struct scan_state *s);

/* keep.c */
void scan_keep(void *state, struct keep_list *list);

/* explain.c: fills and raises the finding of a hot track. */
void scan_explain(struct scan_state *s, const struct detect_env *env, const struct scanner *w,
		  const struct track *t, const struct contact *c, bool is_single,
		  enum severity severity);

#endif
