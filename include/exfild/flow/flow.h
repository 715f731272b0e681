/*
 * flow/flow.h - one conversation between two addresses.
 *
 * What: key, counters, TCP state and times of a flow, and what later stages hang on it.
 * Side 0 is the lower end of the key, side 1 the higher; `client` says which of them began.
 * Ownership: flows belong to their flow_table.  `work` and `verdict` belong to the stages that set
 * them, which free them when flow_table calls its on_release.
 * Threads: one shard.
 */
#ifndef EXFILD_FLOW_FLOW_H
#define EXFILD_FLOW_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "exfild/base/ipaddr.h"
#include "exfild/base/wheel.h"
#include "exfild/event/event.h"

struct flow_key {
	struct ipaddr addr[2]; /* lower, higher (address, then port) */
	uint16_t port[2];      /* ICMP echo: identifier, 0; other ICMP: 0, type << 8 | code */
	uint8_t proto;
	uint8_t pad[3];
	uint32_t tunnel_key;
	uint32_t pad2;
};

/* Of a thin flow no more is believed to lie between two packets: some rounds of what comes. */
#define FLOW_THIN_MOST (64u << 20)

enum flow_flag {
	FLOW_CLIENT_KNOWN = 1u << 0, /* by handshake */
	FLOW_CLASSIFIED = 1u << 1,   /* nDPI or an inspector has decided, or given up */
	FLOW_SHUNTED = 1u << 2,      /* only counted from now on */
	FLOW_INSPECTED = 1u << 3,    /* an inspector was chosen, or none wants it */
	FLOW_HAS_MAC = 1u << 4,
	FLOW_MIDSTREAM = 1u << 5,
	FLOW_SYN_SEEN0 = 1u << 6, /* from side 0 */
	FLOW_SYN_SEEN1 = 1u << 7,
	FLOW_FIN_SEEN0 = 1u << 8,
	FLOW_FIN_SEEN1 = 1u << 9,
	FLOW_CLOSED = 1u << 10,
	FLOW_RESET = 1u << 11,
	FLOW_OUTCOME_SENT = 1u << 12,
	FLOW_SEQ_KNOWN0 = 1u << 13,
	FLOW_SEQ_KNOWN1 = 1u << 14,
	FLOW_REFUSED_ICMP = 1u << 15,
	FLOW_AT_REST = 1u << 16, /* its timer waits for the idle time-out only */
	FLOW_LET_GO = 1u << 17, /* an inspector has had enough: nDPI's verdict brings it not back */
	FLOW_TURNS = 1u << 18,  /* its inspector has seen it agree to go on as TLS */
	/* only some of its packets come, for what this side sends (capture/shorten.h) */
	FLOW_THIN0 = 1u << 19,
	FLOW_THIN1 = 1u << 20,
	FLOW_THIN = FLOW_THIN0 | FLOW_THIN1,
};

struct inspect_work;
struct classify_work;

struct flow {
	struct flow_key key;
	uint64_t id;
	uint64_t first_ns, last_ns;
	uint64_t first_packet; /* its number */
	uint64_t bytes[2];     /* IP bytes, retransmissions left out; by side */
	uint64_t payload[2];
	uint64_t retransmitted[2];
	uint32_t packets[2];
	/* bytes, those sent again included, since the last step: of this hour, of the one before */
	uint32_t fresh[2], earlier[2];
	uint32_t next_seq[2]; /* TCP: sequence number expected next from the side */
	uint32_t hole[2];     /* TCP: bytes skipped and not seen yet */
	uint32_t acked[2];    /* TCP: highest acknowledgement sent by the side */
	uint64_t reported_ns;
	struct timer timer;
	struct inspect_work *work;     /* NULL when no inspector follows the flow */
	struct classify_work *verdict; /* NULL when nDPI holds nothing for it */
	uint32_t unreported;           /* payload of both sides since the last progress event */
	uint32_t tunnel_id;
	uint32_t flags; /* enum flow_flag */
	uint16_t vlan;
	uint16_t app;    /* enum app */
	uint8_t client;  /* side of the initiator */
	uint8_t outcome; /* enum flow_outcome */
	uint8_t tcp_flags[2];
	uint8_t first_tcp_flags;
	uint8_t tunnel_type;
	uint8_t ip_version;
	uint8_t classify_packets; /* payload packets given to nDPI */
	uint8_t mac[2][6];        /* by side */
	uint8_t inspector;        /* number of the inspector that follows the flow, 0: none */
	uint8_t probes;           /* payloads that inspectors were asked about */
};

/* Fills the head of an event (flow, ends as initiator and responder, app, tunnel, times). */
void flow_event_head(const struct flow *f, struct event *e, uint64_t packet, uint64_t time_ns,
		     unsigned side);

#endif
