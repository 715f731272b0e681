/*
 * capture/shorten.h - which packets the kernel is to hand over cut short, or only some of.
 *
 * What: the kernel's own program (classic BPF) for a packet socket: long segments of the listed TCP
 * flows come with SHORTEN_BYTES bytes, all else comes whole.  Their lengths stay those of the wire.
 * Of a thin flow one part in SHORTEN_THIN comes: while the sum of its sequence and acknowledgement
 * numbers runs through one SHORTEN_STEP of so many, and all that opens or ends it.  Where its
 * answers are read, these are thinned only as far as they hold nothing but acknowledgements.  Both
 * interfaces of a gateway so give the same packets, and the numbers tell how much was between.
 * Copying the content of bulk that nobody reads is most of what watching a fast line costs, and
 * waking up for each of its packets is the rest.
 * Ownership: plain values.
 * Threads: any.
 * Limits: SHORTEN_FLOWS flows, each in one direction; not inside of tunnels; IPv6 without extension
 * headers.
 */
#ifndef EXFILD_CAPTURE_SHORTEN_H
#define EXFILD_CAPTURE_SHORTEN_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/ipaddr.h"

#define SHORTEN_FLOWS   16
/* Link, IP and TCP headers at their longest, and what copies of a packet are told apart by. */
#define SHORTEN_BYTES   256u
#define SHORTEN_LEAST   600u /* frames below this come whole */
#define SHORTEN_THIN    16u
#define SHORTEN_STEP    65536u /* of sequence numbers */
#define SHORTEN_PROGRAM (96 + 19 * SHORTEN_FLOWS)

enum shorten_kind {
	SHORTEN_CUT,
	SHORTEN_THINNED,
	SHORTEN_BARE, /* segments without data thinned, all others whole */
};

struct shorten_flow {
	struct ipaddr src, dst; /* of one family */
	uint16_t sport, dport;
	enum shorten_kind kind;
};

/* is_ethernet: the frame begins with its link header; else with the IP header.  The length. */
size_t shorten_program(const struct shorten_flow *list, size_t count, bool is_ethernet,
		       struct sock_filter program[SHORTEN_PROGRAM]);

#endif
