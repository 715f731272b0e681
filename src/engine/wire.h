/*
 * engine/wire.h - what exfild's processes say to each other.
 *
 * What: records of fixed size over a pair of local sockets that keep them apart (SOCK_SEQPACKET),
 * some with descriptors.  Who receives checks kind, size and the number of descriptors; what does
 * not fit is dropped.  Capture sends nothing on these: events go through a ring, packets of alerts
 * through a socket of their own (retain.h), counters through a board (hearsay.h).
 * Ownership: descriptors that were received are the receiver's.
 * Threads: wire_send() from any; wire_receive() one at a time.
 * Limits: WIRE_MAX bytes, WIRE_FDS descriptors; a sender waits WIRE_PATIENCE_MS at most.
 */
#ifndef EXFILD_SRC_ENGINE_WIRE_H
#define EXFILD_SRC_ENGINE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/capture/follow.h"
#include "exfild/evidence/keep.h"
#include "pipeline.h"

#define WIRE_MAX         8192
#define WIRE_FDS         SOCKETS_MAX
#define WIRE_PATIENCE_MS 1000
#define WIRE_LIST        128 /* entries of a list in one record */
#define WIRE_FILTER      4097
#define WIRE_TEXT        400
#define WIRE_RULES_PART  7680

enum wire_kind {
	/* core to parent */
	WIRE_PLAN = 1, /* capture is to begin, or to begin anew */
	WIRE_RULES,    /* before it: a part of what is looked for in clear text */
	WIRE_NOTIFY,   /* for the service manager */
	WIRE_DISTRUST, /* capture has said what cannot be, or cannot be heard: it is to be ended */
	/* parent to core */
	WIRE_CAPTURE, /* with descriptors (enum wire_capture_fd): a new one, and what it gives */
	WIRE_GONE,    /* it has ended: nothing more comes than what is in the ring */
	WIRE_INSIDE,  /* a part of a list of prefixes */
	WIRE_RELOAD,
	WIRE_REFUSED, /* nothing can be watched, which has been said: the end */
	/* parent to capture */
	WIRE_SOCKETS, /* with a descriptor for each worker */
	WIRE_UNSET,
	WIRE_OWN,   /* addresses of this machine */
	WIRE_BEGIN, /* all that is there has been told */
	WIRE_STOP,  /* what has come is to be read, then the end */
	/* core to capture */
	WIRE_ASK,         /* the packets of an alert */
	WIRE_CONNECTIONS, /* exfild's own, which are not judged */
	WIRE_SETS,        /* the customer's own data, with a descriptor of the memory */
	WIRE_SUMS,        /* digests of files that are wanted */
	WIRE__COUNT
};

/* Of what capture does: no configuration, no secret but the key that sketches need. */
struct wire_plan {
	struct {
		char name[SOCKETS_NAME];
		uint32_t side; /* enum live_side */
	} interfaces[LIVE_INTERFACES];
	uint32_t interface_count;
	uint32_t workers;
	uint32_t log_level; /* enum log_level */
	char filter[WIRE_FILTER];
	uint64_t buffer_bytes, ring_bytes;
	struct shard_limits limits;
	struct hash_key event_key;
	uint64_t start_ns;                       /* packet time to go on from */
	uint64_t evidence_bytes, bytes_per_flow; /* 0: no packets are kept */
};

/* Lines of content/content.h. */
struct wire_rules {
	uint32_t is_first, len;
	char text[WIRE_RULES_PART];
};

/* Of content/sets.h: none with a length of 0. */
struct wire_sets {
	uint64_t len;
};

enum wire_word { WIRE_READY, WIRE_RELOADING, WIRE_ALIVE };

struct wire_notify {
	uint32_t word; /* enum wire_word */
	uint64_t steady_us;
	char text[WIRE_TEXT];
};

struct wire_distrust {
	char why[WIRE_TEXT];
};

enum wire_capture_fd {
	WIRE_FD_RING,
	WIRE_FD_RING_WAKE,
	WIRE_FD_BOARD,
	WIRE_FD_PARCELS, /* packets of alerts, to read */
	WIRE_FD_ASK,     /* to write: what core says to capture */
	WIRE_FD__COUNT
};

struct wire_gone {
	uint32_t is_asked; /* by the parent, at the end */
	int32_t status;    /* as waitpid() has it */
	uint32_t again_ms; /* when it may begin anew */
};

struct wire_prefixes {
	uint32_t is_first, is_last, count;
	struct prefix list[WIRE_LIST];
};

struct wire_addresses {
	uint32_t is_first, is_last, count;
	struct ipaddr list[WIRE_LIST];
};

struct wire_sockets {
	uint32_t place, index, linktype, is_loopback, is_filtered, block_size, block_count;
	char name[SOCKETS_NAME];
};

struct wire_unset {
	uint32_t place;
};

struct wire_end { /* of a connection */
	struct ipaddr ip;
	uint16_t port;
};

/* Peers: whatever this machine says to them is exfild's own. */
struct wire_connections {
	uint32_t peer_count, socket_count;
	struct wire_end peers[32];
	struct {
		struct wire_end here, there;
	} sockets[64];
};

struct wire_sums {
	uint32_t wanted; /* bits of enum sum_kind */
};

struct wire {
	uint32_t kind;
	size_t len;
	unsigned fd_count;
	int fds[WIRE_FDS];
	_Alignas(8) uint8_t body[WIRE_MAX];
};

/* A pair of ends that close over execve and wait at most WIRE_PATIENCE_MS to send; the first not at
 * all, where it is impatient. */
bool wire_pair(int ret[2], bool is_impatient);
/* False: the other end is gone, or does not read. */
bool wire_send(int fd, enum wire_kind kind, const void *body, size_t len, const int *fds,
	       unsigned fd_count);
enum wire_got { WIRE_NOTHING, WIRE_RECORD, WIRE_CLOSED };
/* Does not wait.  RECORD: sound in kind and size, its texts end; descriptors are at most those of
 * its kind, or none where this process has no number left for them. */
enum wire_got wire_receive(int fd, struct wire *ret);
void wire_close_fds(struct wire *w);

#endif
