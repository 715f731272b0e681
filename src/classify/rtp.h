/*
 * classify/rtp.h - whether datagrams are voice or video (RTP and RTCP, RFC 3550).
 *
 * What: nDPI 4.2 takes a datagram for RTP by its first two bytes, which noise has soon.  A stream
 * has more: version 2, the same source again and again, numbers that count up (A.1).
 * Ownership: values.  Threads: one shard.  Limits: two sources a side, since video and sound share
 * a port.
 */
#ifndef EXFILD_SRC_CLASSIFY_RTP_H
#define EXFILD_SRC_CLASSIFY_RTP_H

#include <stdbool.h>
#include <stdint.h>

#define RTP_SOURCES 2

struct rtp_source {
	uint32_t ssrc;
	uint16_t number;
	bool is_used;
	uint8_t pad;
};

struct rtp_side { /* zeroed at the begin */
	struct rtp_source source[RTP_SOURCES];
	uint8_t next;   /* of the sources, that gives way */
	bool is_stream; /* known to be one */
};

/* A datagram of this side. */
void rtp_take(struct rtp_side *s, const uint8_t *data, uint32_t len);
/* Whether a datagram is made of reports of RTCP, to its end. */
bool rtp_is_control(const uint8_t *data, uint32_t len);

#endif
