/*
 * detect/protocol_mismatch/protocol_mismatch.h - what the parts of this detector share.
 *
 * Threads: analysis plane.
 */
#ifndef EXFILD_SRC_DETECT_PROTOCOL_MISMATCH_PROTOCOL_MISMATCH_H
#define EXFILD_SRC_DETECT_PROTOCOL_MISMATCH_PROTOCOL_MISMATCH_H

#include "exfild/base/table.h"
#include "exfild/detect/detector.h"

#define PAIR_PACKETS 8

enum mismatch {
	MISMATCH_NONE,
	MISMATCH_ODD_PORT, /* TLS or SSH on a port that belongs to nobody */
	MISMATCH_FOREIGN,  /* another protocol than the port's own */
	MISMATCH_CROWDED,  /* a tunnel on a port that people use for it on purpose (443) */
	MISMATCH_HIDDEN,   /* a tunnel or remote control on the port of another protocol */
};

/* A port that has an owner. */
struct port_owner {
	uint16_t port;
	uint64_t apps;        /* 1ull << enum app that belong there */
	const char *protocol; /* for people */
};

struct mismatch_params {
	uint64_t upload_bytes, long_s, long_bytes;
	double alert_score;
};

/* One end that speaks, one that answers, a port and a protocol. */
struct mismatch_key {
	struct ipaddr src, dst;
	uint32_t tunnel_key;
	uint16_t port, app;
	uint64_t kind; /* enum mismatch, and CONNECT apart from other HTTP */
};

struct mismatch_pair {
	struct mismatch_key key;
	uint64_t window_ns; /* steady time of the day's begin */
	uint64_t first_ns, last_ns;
	uint64_t up, down; /* payload of the day */
	uint64_t longest_ns;
	uint64_t told_up;
	uint64_t told_sum; /* of bytes and flows when it was last told */
	uint32_t flows;
	uint8_t told_severity;
	uint8_t packet_count;
	uint8_t confidence;
	bool is_connect, is_long;
	uint64_t packets[PAIR_PACKETS];
	struct event last;
	char name[32]; /* the protocol as nDPI calls it */
};

struct mismatch_judgement {
	double by_kind, by_tunnel, by_upload, by_duration, score;
	bool is_update; /* only totals have grown */
};

/* The owner of a port, or NULL. */
const struct port_owner *mismatch_owner(uint16_t port);
/* How a protocol fits a port; is_connect: HTTP that asks for a tunnel by CONNECT. */
enum mismatch mismatch_of(enum app app, uint16_t port, uint8_t proto, bool is_connect);
/* Whether it carries other traffic or moves a machine from afar. */
bool mismatch_is_tunnel(enum app app);
void mismatch_judge(const struct mismatch_pair *p, const struct mismatch_params *params,
		    bool to_outside, struct mismatch_judgement *j);
/* The least upload of a day that makes it an alert without a long conversation; 0: none needed. */
uint64_t mismatch_least_upload(const struct mismatch_pair *p, const struct mismatch_params *params,
			       bool to_outside);
/* Fills and raises the finding. */
void mismatch_explain(const struct mismatch_pair *p, const struct mismatch_params *params,
		      const struct detect_env *env, const struct mismatch_judgement *j,
		      enum severity severity);

#endif
