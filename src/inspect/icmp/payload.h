/*
 * inspect/icmp/payload.h - which bytes of an echo its sender's tool explains.
 *
 * Ownership: borrows the payload.  Threads: any (values).
 */
#ifndef EXFILD_INSPECT_ICMP_PAYLOAD_H
#define EXFILD_INSPECT_ICMP_PAYLOAD_H

#include <stddef.h>
#include <stdint.h>

#include "exfild/inspect/icmp_pattern.h"

#define ICMP_CLOCK_MAX 16

/* The front of the last request: perhaps a clock. */
struct icmp_clock {
	uint64_t time_ns; /* of its packet */
	uint8_t bytes[ICMP_CLOCK_MAX];
	uint8_t len;
};

struct icmp_content {
	enum icmp_pattern pattern;
	uint32_t info; /* bytes not explained */
	uint32_t skip; /* bytes of an explained clock in front */
};

/* Of several explanations the one that leaves least. */
struct icmp_content icmp_explain(const struct icmp_clock *last, const uint8_t *payload, size_t len,
				 uint64_t time_ns);
void icmp_clock_keep(struct icmp_clock *clock, const uint8_t *payload, size_t len,
		     uint64_t time_ns);

#endif
