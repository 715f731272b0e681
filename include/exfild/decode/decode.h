/*
 * decode/decode.h - frames to packets.
 *
 * What: walks link layer, VLAN, MPLS, PPPoE, IP, extension headers, fragments and tunnels; each
 * protocol is one file and one line of decoders.def.  What cannot be decoded is a named counter.
 * Ownership: the decoder owns the fragment store.  A packet that was put together owns a block of
 * its own: the caller must block_release(packet.block) if the result is DECODE_REASSEMBLED.
 * Threads: one decoder, one reader.
 * Limits: depth 4; 8 headers of one kind; fragments: 4096 datagrams, 64 pieces each, 16 MiB, 30 s.
 */
#ifndef EXFILD_DECODE_DECODE_H
#define EXFILD_DECODE_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/hash.h"
#include "exfild/capture/capture.h"
#include "exfild/decode/packet.h"

struct decoder;

enum decode_result {
	DECODE_PACKET,      /* *ret is filled */
	DECODE_REASSEMBLED, /* *ret is filled, and its block is the caller's to release */
	DECODE_HELD,        /* a fragment was kept; its bytes come with a later packet */
	DECODE_OTHER,       /* not IP nor ARP, or broken: counted by name; *ret means nothing */
	DECODE_NO_LINK,     /* the same, since no decoder knows the frame's link type */
};

struct decoder *decoder_new(const struct hash_key *key);
void decoder_free(struct decoder *d);

/* time_ns is packet time by the clock law (it drives the expiry of fragments). */
enum decode_result decode_frame(struct decoder *d, const struct frame *f, uint64_t time_ns,
				struct packet *ret);

/*
 * Fragments that were given up (30 s of packet time, or pushed out): true and *ret, without
 * payload, flagged PACKET_FRAGMENT, its ip_len the sum of what was held.  Call until false at each
 * tick; UINT64_MAX gives up all, at the end of a replay.  What is not fetched before its place is
 * needed is lost and counted.
 */
bool decode_given_up(struct decoder *d, uint64_t time_ns, struct packet *ret);

/* Named counters, in a fixed order: "ipv4.short_header". count 0 entries are included. */
struct decode_counter {
	const char *name;
	uint64_t count;
};
size_t decode_counters(const struct decoder *d, const struct decode_counter **ret);
/* The name of the i-th of them, NULL behind the last. */
const char *decode_counter_name(size_t i);

/* The name of a tunnel type: "vxlan". */
const char *tunnel_name(enum tunnel_type type);

#endif
