/*
 * context/baseline.h - what leaves the network, and what of that is usual.
 *
 * What: for each event of a flow that leads out, what it adds; for each inside host, what it sends
 * out in an hour of a working day or of a weekend (UTC), in a day, lately; for each destination,
 * since when and by how many hosts it is used.  A sensor learns for BASELINE_LEARN_NS of packet
 * time before anything counts as new.  What a host does while it is under suspicion is learnt at a
 * tenth of the rate.
 * Ownership: results are borrowed until the next event.
 * Threads: analysis plane.
 * Limits: max_hosts / 2 hosts, max_names destinations and as many running flows.
 */
#ifndef EXFILD_CONTEXT_BASELINE_H
#define EXFILD_CONTEXT_BASELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "exfild/base/sketch.h"
#include "exfild/base/usual.h"
#include "exfild/context/context.h"

#define BASELINE_DAY_NS   (86400ull * 1000000000ull)
#define BASELINE_HOUR_NS  (3600ull * 1000000000ull)
#define BASELINE_LEARN_NS (7 * BASELINE_DAY_NS)
#define BASELINE_NEW_NS   (14 * BASELINE_DAY_NS) /* a destination is new for so long */
#define BASELINE_DAYS     14
#define BASELINE_SLOTS    48 /* hours of a working day, then those of a weekend's */
#define BASELINE_DEST_MAX 96
#define BASELINE_SENDERS  8       /* counted exactly up to here */
#define BASELINE_CAUTION  0.1     /* rate of learning under suspicion */
#define BASELINE_LEARNT   7       /* days after which a host's or pair's usual holds */
#define BASELINE_ACTIVE   32768.0 /* bytes sent from which an hour or day is an active one */

enum baseline_span { SPAN_HOUR, SPAN_DAY, SPAN_WEEKS, SPAN__COUNT };

struct baseline_slot {
	float median, spread, active; /* octaves, octaves, share of these hours that were active */
};

struct baseline_key {
	struct ipaddr address;
	uint32_t tunnel_key;
	uint32_t zero;
};

/* An inside host that sends out.  Times are steady, hours and days those of packet time. */
struct baseline_host {
	struct baseline_key key;
	uint64_t first_ns, last_ns;
	uint64_t suspect_ns; /* under suspicion until then */
	uint64_t hour;       /* since 1970, the one that is running */
	double hour_up, day_up;
	struct decayed up[SPAN__COUNT];
	struct usual hours;             /* all hours alike; its cusum */
	struct usual days;              /* active ones */
	float last_days[BASELINE_DAYS]; /* by day modulo, octaves */
	uint32_t days_seen;             /* that have ended since it is known */
	uint32_t active_days;
	struct baseline_slot slots[BASELINE_SLOTS];
	uint8_t slot_weight[BASELINE_SLOTS]; /* hours that were learnt, saturating */
};

/* Somewhere outside. */
struct baseline_dest {
	uint64_t hash;
	uint64_t first_ns, last_ns;         /* steady */
	struct usual days;                  /* of a host's day there, over hosts */
	uint32_t senders[BASELINE_SENDERS]; /* marks */
	uint32_t sender_count;
	uint32_t zero;
};

/* What the current event adds to what has left. */
struct context_upload {
	const struct event_flow *flow;
	struct ipaddr src, dst; /* sender and receiver */
	uint16_t port;          /* of the service */
	unsigned side;          /* index of the sender in the flow's arrays */
	uint64_t up, down, packets_up, packets_down;
	const struct service *service; /* NULL: none known */
	const char *name;              /* NULL: none known */
	uint8_t sanction;              /* enum service_sanction, of the tenant that is reached */
	/* registered domain, or the address; of a service with own tenants the tenant's domain */
	char dest[BASELINE_DEST_MAX];
	uint64_t dest_hash; /* keyed, of dest */
	const struct baseline_host *host;
	struct baseline_dest *to; /* NULL: no room, or nothing was sent */
};

/* NULL: the current event adds nothing that leaves. */
struct context_upload *context_upload(struct context *c);
/* The destination's names and hash alone, for an address that was told before. */
void context_find_destination(const struct context *c, struct context_upload *u);
/* By name, or by address as text. */
const struct baseline_dest *context_destination_of(const struct context *c, const char *text);
struct baseline_dest *context_destination(const struct context *c, uint64_t dest_hash);
const struct baseline_host *context_baseline(const struct context *c, const struct ipaddr *a,
					     uint32_t tunnel_key);

/* 0: it has learnt enough to call something new. */
uint64_t context_learning_left_ns(const struct context *c);
/* The steady time at which it has; UINT64_MAX before its first flow. */
uint64_t context_learnt_at_ns(const struct context *c);
/* First seen after the sensor had learnt, and not long ago. */
bool context_is_new(const struct context *c, const struct baseline_dest *d);
/* What a detector says of a host: for a day it is learnt from with caution. */
void context_suspect(struct context *c, const struct ipaddr *a, uint32_t tunnel_key);
double baseline_trust(const struct context *c, const struct baseline_host *h);
/* The time that leaps have taken so far: ages and decay leave it out. */
void context_set_leaped(struct context *c, uint64_t leaped_ns);

/* The slot of an hour of packet time. */
unsigned baseline_slot_of(uint64_t hour);
/* Share of such hours in which the host sends; NAN: not learnt yet. */
double baseline_activity(const struct baseline_host *h, uint64_t hour);
/* The most that it has sent in one of its last days; days_seen says how many are known. */
double baseline_most(const struct baseline_host *h);

#endif
