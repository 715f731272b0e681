/*
 * classify/rtp.c - see rtp.h.
 */
#include "rtp.h"

#include "exfild/base/cursor.h"

#define HEAD_LEN     12
#define VERSION      2
#define AHEAD        16  /* numbers that a packet may be ahead of the last: loss, bursts */
#define REPORT_FIRST 200 /* sender's and receiver's report come first (RFC 3550, 6.1) */
#define REPORT_NEXT  201
#define REPORT_LAST  255 /* makers have their own beyond those of RFC 3611 */

void rtp_take(struct rtp_side *s, const uint8_t *data, uint32_t len)
{
	struct cursor c = cursor_make(data, len);
	uint8_t first = cursor_u8(&c);
	if (s->is_stream || len < HEAD_LEN || first >> 6 != VERSION)
		return;
	cursor_skip(&c, 1);
	uint16_t number = cursor_be16(&c);
	cursor_skip(&c, 4);
	uint32_t ssrc = cursor_be32(&c);
	for (unsigned i = 0; i < RTP_SOURCES; i++) {
		struct rtp_source *source = &s->source[i];
		if (source->is_used && source->ssrc == ssrc) {
			uint16_t step = (uint16_t)(number - source->number);
			s->is_stream = step >= 1 && step <= AHEAD;
			source->number = number;
			return;
		}
	}
	s->source[s->next] = (struct rtp_source){ .ssrc = ssrc, .number = number, .is_used = true };
	s->next = (uint8_t)((s->next + 1) % RTP_SOURCES);
}

bool rtp_is_control(const uint8_t *data, uint32_t len)
{
	struct cursor c = cursor_make(data, len);
	uint8_t least = REPORT_FIRST, most = REPORT_NEXT;
	while (cursor_left(&c)) {
		uint8_t first = cursor_u8(&c), type = cursor_u8(&c);
		uint16_t words = cursor_be16(&c);
		cursor_skip(&c, words * 4u);
		if (!cursor_ok(&c) || first >> 6 != VERSION || type < least || type > most)
			return false;
		most = REPORT_LAST;
	}
	return len > 0;
}
