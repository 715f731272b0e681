/*
 * control/snapshot.h - what the engine tells about itself: plain numbers, copied under a lock.
 *
 * What: counters once a second, and lists (hosts, destinations, services, flows) when somebody has
 * asked.  Nothing here leads into a live table of another thread.
 * Ownership: plain structs; the pointers are to strings that live as long as the program.
 * Limits: the arrays below; what does not fit is left out, the totals stay true.
 */
#ifndef EXFILD_CONTROL_SNAPSHOT_H
#define EXFILD_CONTROL_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

#include "exfild/base/ipaddr.h"

#define SNAP_LINKS      64
#define SNAP_WORKERS    64
#define SNAP_DECODE     160
#define SNAP_DETECTORS  64
#define SNAP_SINKS      8
#define SNAP_EXCEPTIONS 128
#define SNAP_VERDICTS   64
#define SNAP_TABLES     80
#define SNAP_TALKERS    128
#define SNAP_FLOWS      512

enum snap_known { SNAP_UNKNOWN, SNAP_NO, SNAP_YES };

/* Something with a cap.  refused: what was turned away where nothing is evicted. */
struct snap_table {
	char name[40];
	uint64_t entries, capacity, evictions, refused;
	uint64_t worst_case_bytes; /* 0: not known */
};

struct snap_link {
	char name[16];
	char side[16]; /* inside, outside, both; "" not known */
	bool up;
	uint64_t packets, bytes, drops;
	enum snap_known offloads; /* the kernel hands over frames that were never on the wire */
};

/* Of the packet plane, live. */
struct snap_worker {
	uint64_t packets, bytes, drops;
	uint64_t handed_over; /* packets given to the worker that owns them */
	uint64_t not_taken;   /* of those that others gave it: its queue was full, they are lost */
};

struct snap_detector {
	char name[40];
	bool enabled;
	uint64_t findings;
};

struct snap_sink {
	char name[16];
	uint64_t sent, failed, waiting, receivers;
	uint64_t refusals, connects; /* answers that were errors; connections made */
	char error[160];             /* the last one, "" none */
};

/* Alerts on their way. */
struct snap_spool {
	bool is_kept;    /* on the disk, as configured */
	bool is_failing; /* it is not now */
	uint64_t depth;  /* that some sink has not yet */
	uint64_t bytes, max_bytes, memory_bytes, lost, errors;
};

/* Silence that somebody asked for. */
struct snap_exception {
	uint32_t number; /* 0: it stands in the configuration */
	char rule[64], source[64], destination[96], reason[96];
	uint64_t until_ns, last_ns, silenced;
};

/* What people said of a rule's alerts. */
struct snap_verdict {
	char rule[64];
	uint64_t right, wrong;
};

struct snap_count {
	const char *name;
	uint64_t count;
};

/* How the configuration is. */
struct snap_configuration {
	uint64_t loaded_ns; /* wall time at which what is in effect was taken; 0: not told */
	uint64_t reloads, refused;
	bool is_last_good; /* the file was broken at the start: its last good copy runs */
	char error[512];   /* why the file was refused last, "" it was not */
	char restart[512]; /* keys that take effect at restart */
};

struct snap_share { /* IP bytes */
	uint64_t outward, inward, east_west, transit;
	uint64_t clear, named, opaque;
};

struct snap_policy {
	uint64_t policies, decided;                      /* rules in effect; alert records */
	uint64_t asked, done, refused, failed, unqueued; /* requests to the responder */
	bool is_away;                                    /* it did not answer the last time */
	bool can_ask;
};

#define SNAP_STREAMS 4

/* A stream of signed messages. */
struct snap_stream {
	char name[24];
	uint64_t taken;                                         /* signed, and done */
	uint64_t forged, stale, replayed, oversized, malformed; /* refused, and why */
	uint64_t refused;                                       /* signed, and not done */
};

struct snap_signed {
	struct snap_stream streams[SNAP_STREAMS];
	uint32_t count;          /* 0: none is read */
	uint64_t decisions_lost; /* of the responder, that were not published */
	bool is_connected;
	char error[160]; /* the last one, "" none */
};

/* The usage database, the ledger. */
struct snap_book {
	bool is_wanted;         /* configured */
	bool is_kept;           /* it could be opened */
	bool is_failing;        /* its disk takes nothing now */
	uint64_t written, lost; /* rows, records */
	uint64_t bytes;
};

struct snap_roles {
	uint64_t resolvers, proxies, nats, servers, gateways;
};

struct snapshot {
	/* who */
	char sensor[64], mode[16], session[40], config_path[256], inside[512];
	struct snap_configuration configuration;
	uint64_t started_ns;   /* wall time */
	uint64_t now_ns;       /* packet time, 0: nothing was seen */
	uint64_t published_ns; /* monotonic; 0: never */
	/* packets */
	struct snap_link links[SNAP_LINKS];
	uint32_t link_count;
	struct snap_worker workers[SNAP_WORKERS];
	uint32_t worker_count;
	uint64_t packets, bytes, flows, late, leaps;
	uint64_t drops; /* of the capture, all links; and what workers did not take */
	uint64_t events_dropped;
	double packets_per_s, bytes_per_s;
	struct snap_count decode[SNAP_DECODE];
	uint32_t decode_count;
	struct snap_share share;
	bool one_sided;
	uint64_t hosts, names, services, zones;
	uint64_t baselines, destinations; /* whose habits are learnt */
	bool is_learning;                 /* what is new is not called so yet */
	uint64_t learning_left_s;
	struct snap_roles roles;
	/* alerts */
	uint64_t alerts[4]; /* low, medium, high, critical */
	uint64_t emitted, merged, below_minimum, closed_early, silenced, held;
	struct snap_policy policy;
	struct snap_signed messages;
	struct snap_detector detectors[SNAP_DETECTORS];
	uint32_t detector_count;
	struct snap_sink sinks[SNAP_SINKS];
	uint32_t sink_count;
	bool has_redis; /* configured */
	struct snap_spool spool;
	struct snap_exception exceptions[SNAP_EXCEPTIONS];
	uint32_t exception_count;
	struct snap_verdict verdicts[SNAP_VERDICTS];
	uint32_t verdict_count;
	uint64_t sequence; /* of the last alert */
	struct snap_table tables[SNAP_TABLES];
	uint32_t table_count;
	/* the machine */
	enum snap_known clock_synchronised;
	uint64_t disk_free, disk_size; /* of the state's folder; 0: not known */
	uint64_t memory_bytes, memory_limit;
	/* state that outlives the process */
	bool state_kept, state_saved, state_failing;
	uint64_t state_age_s; /* since something was saved last */
	uint64_t state_bytes, state_entries, state_errors;
	/* packets behind alerts */
	bool evidence_wanted, evidence_kept, evidence_failing;
	uint64_t evidence_files, evidence_bytes;
	uint64_t evidence_alerts; /* whose packets are being followed */
	struct snap_book usage, ledger;
	char geo[200]; /* databases of countries and networks, and of when; "" none */
};

/* Somebody or something by bytes. */
struct snap_talker {
	char name[96]; /* name of the address or service, "" none */
	struct ipaddr address;
	bool has_address;
	uint64_t sent, received, flows;
	uint32_t roles; /* enum host_role of the context */
	uint64_t last_ns;
};

struct snap_flow {
	struct ipaddr src, dst;
	uint16_t sport, dport;
	uint8_t proto;
	const char *app;
	uint64_t sent, received, first_ns, last_ns;
};

/* Sorted by bytes sent, most first. */
struct snap_lists {
	struct snap_talker hosts[SNAP_TALKERS], destinations[SNAP_TALKERS], services[SNAP_TALKERS];
	uint32_t host_count, destination_count, service_count;
	uint64_t host_total, destination_total, service_total, flow_total;
	struct snap_flow flows[SNAP_FLOWS];
	uint32_t flow_count;
};

/* Appends; returns NULL when the array is full. */
struct snap_table *snap_add_table(struct snapshot *s, const char *name);

#endif
