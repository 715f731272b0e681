/*
 * inspect/inspector.h - the contract of a protocol inspector.
 *
 * What: an inspector is one file (or folder of its name) and one line of inspectors.def.  It reads
 * one protocol's messages from a flow and writes events.  It is chosen by its probe on the first
 * payload, by port, or when nDPI names one of its protocols.
 * Responsibilities: every byte through base/cursor; bounded state of state_size bytes a flow; no
 * allocation; malformed input is an event field or a counter, never a log line.
 * Ownership: `state` is zeroed, belongs to the flow and dies with it; nothing may hang on it.
 * Threads: one shard.
 */
#ifndef EXFILD_INSPECT_INSPECTOR_H
#define EXFILD_INSPECT_INSPECTOR_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/hash.h"
#include "exfild/content/content.h"
#include "exfild/decode/packet.h"
#include "exfild/event/log.h"
#include "exfild/flow/flow.h"

#define INSPECT_STATE_MAX 512

enum inspect_verdict {
	INSPECT_MORE,      /* go on */
	INSPECT_SIDE_DONE, /* nothing more is wanted from this side */
	INSPECT_DONE,      /* nothing more is wanted from this flow */
	INSPECT_TURNS,     /* as done, and TLS begins here: its hello is waited for */
	INSPECT_NOT_MINE,  /* the probe was wrong: let nDPI decide */
};

/* Digests of files, as bits; SUM_PAGES: of what pages of the web are made of as well. */
enum sum_kind { SUM_MD5 = 1u << 0, SUM_SHA1 = 1u << 1, SUM_SHA256 = 1u << 2, SUM_PAGES = 1u << 3 };

struct filesums;
struct undone;

/* A text that is being looked through for what must not leave: content/scan.c. */
struct scan_text {
	uint32_t number; /* of the scanner; 0: none yet */
	uint32_t looked, portions;
	bool is_left; /* nothing that could be read */
	bool is_refused;
};

/* What an inspector may see and use while it handles bytes. */
struct inspection {
	struct flow *flow;
	const struct packet *packet; /* the one that brought the bytes */
	unsigned side;               /* that sent them */
	bool from_client;
	void *state;
	void *shard_state; /* of this inspector, one a shard; NULL if shard_state_size is 0 */
	struct event_log *log;
	uint64_t seq;
	const struct hash_key *key;
	struct content_scanner *scanner; /* NULL: content is not looked through */
	struct scan_text *texts;         /* with a scanner: by side */
	struct filesums *sums;           /* NULL: digests of files are never wanted */
	struct undone *undone;           /* where long compressed texts are undone; NULL: nowhere */
};

struct inspector {
	const char *name;        /* "dns" */
	enum app app;            /* what a flow is when this inspector has taken it */
	uint8_t proto;           /* PROTO_TCP, PROTO_UDP, PROTO_ICMP; 0: TCP and UDP */
	uint16_t state_size;     /* <= INSPECT_STATE_MAX */
	size_t shard_state_size; /* zeroed once a shard */
	const uint16_t
		*ports;   /* server ports where the probe is trusted to choose; 0 ends; NULL: any */
	enum app apps[4]; /* nDPI's verdicts that attach it; APP_UNKNOWN ends */
	bool stateless_datagrams; /* on_datagram does without state: none is set aside for UDP */
	bool is_fallback;   /* asked last; gives way to any other probe and to nDPI's verdict */
	bool decides;       /* nDPI is not asked once the probe has said yes */
	bool follows_clear; /* may begin within a protocol in the clear, after STARTTLS */
	/*
	 * A flow that another flow of the shard has announced (FTP's data): is it mine?  Asked
	 * before all probes.  NULL: none is announced.
	 */
	bool (*expects)(const void *shard_state, const struct packet *p);
	/* First payload of a side: is it mine? Cheap, no state. NULL: only by verdict. */
	bool (*probe)(const struct packet *p, bool from_client);
	/*
	 * TCP, in order: uses some of the bytes (returns how many through *ret_used), the rest
	 * comes again with more.
	 */
	enum inspect_verdict (*on_stream)(struct inspection *in, const uint8_t *data, uint32_t len,
					  uint32_t *ret_used);
	/*
	 * TCP, once a side that is not done, when the flow ends or its place is given to another:
	 * `data` are the bytes that the side has left unread, in->packet has no payload, number 0
	 * and says that it is cut.  Tells what would be lost.  NULL: nothing would.
	 */
	void (*on_end)(struct inspection *in, const uint8_t *data, uint32_t len);
	/*
	 * TCP: bytes of the side are missing for good (not captured, or cut short); `data` are
	 * those before them that it has left unread, `missing` how many there are with these,
	 * UINT32_MAX: not known.  What follows comes to on_stream().  NULL: the side ends at its
	 * first gap.
	 */
	void (*on_gap)(struct inspection *in, const uint8_t *data, uint32_t len, uint32_t missing);
	/*
	 * What mattered most has been told: its place may be given to another flow without a word.
	 * NULL: never.
	 */
	bool (*is_resting)(const void *state);
	/* UDP, ICMP: one whole payload (in->packet->payload, payload_cap). */
	enum inspect_verdict (*on_datagram)(struct inspection *in);
	/* Packets without a flow (ARP). */
	void (*on_packet)(struct inspection *in);
};

/* All registered inspectors; NULL ends. */
const struct inspector *const *inspector_list(void);

/* Begins an event of the inspection's flow with its head filled. */
void *inspect_event(struct inspection *in, enum event_kind kind, size_t size);

#endif
