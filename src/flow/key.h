/*
 * flow/key.h - from a packet to the key of its flow, and who began it.
 *
 * Threads: any (values).
 */
#ifndef EXFILD_SRC_FLOW_KEY_H
#define EXFILD_SRC_FLOW_KEY_H

#include "exfild/decode/packet.h"
#include "exfild/flow/flow.h"

/* Fills the key; returns the side that sent the packet. */
unsigned flow_key_make(const struct packet *p, struct flow_key *ret);
/* Whether the ICMP message asks for an answer or is one (echo and its like). */
bool flow_icmp_is_query(const struct packet *p);
bool flow_icmp_is_reply(const struct packet *p);
/* The side that seems to have begun, from the first packet alone. */
unsigned flow_guess_client(const struct packet *p, unsigned side);
/*
 * The key of the packet quoted in an ICMP unreachable, and the side that sent it; false when it
 * cannot be read, or the error does not go to who sent it.
 */
bool flow_key_quoted(const struct packet *p, struct packet_quote *quote, struct flow_key *ret,
		     unsigned *ret_side);
/*
 * The hash of a flow: the pair's, mixed with what does not depend on direction.  The same for a
 * packet and for the key made of it.
 */
uint64_t flow_packet_hash(const struct packet *p);
uint64_t flow_key_hash(uint64_t pair_hash, const struct flow_key *k);

#endif
