/*
 * inspect/http/inner.c - see inner.h.
 */
#include "inner.h"

#include "exfild/base/cursor.h"

#define OPCODE     0x0f
#define RESERVED   0x70
#define TEXT       1
#define BINARY     2
#define CONTINUED  0
#define CONTROL    8
#define MASKED     0x80
#define LENGTH     0x7f
#define LENGTH_16  126
#define LENGTH_64  127
#define TUNNEL_MIN 4

static bool begins(const uint8_t *data, size_t len, const char *with, size_t n)
{
	return len >= n && memcmp(data, with, n) == 0;
}

enum app inner_app(const uint8_t *data, size_t len)
{
	if (begins(data, len, "SSH-", 4))
		return APP_SSH;
	if (begins(data, len, "RFB 00", 6))
		return APP_VNC;
	if (begins(data, len, "\x03\x00\x00", 3) && len > 5 && (data[5] == 0xe0 || data[5] == 0xd0))
		return APP_RDP; /* TPKT and the connection request of X.224 */
	if (len > 8 && data[0] == 0 &&
	    (begins(data + 4, len - 4, "\xffSMB", 4) || begins(data + 4, len - 4, "\xfeSMB", 4)))
		return APP_SMB;
	if (begins(data, len, "\x16\x03", 2) && len > 5 && data[2] <= 4 && data[5] <= 2)
		return APP_TLS;
	return APP_UNKNOWN;
}

static bool tell(struct inspection *in, const uint8_t *data, size_t len)
{
	enum app app = inner_app(data, len);
	if (app == APP_UNKNOWN)
		return false;
	struct event_inner *e = inspect_event(in, EVENT_INNER, sizeof(*e));
	e->inner = (uint16_t)app;
	event_log_str(in->log, &e->carrier, "websocket", 9, 9);
	event_log_commit(in->log);
	return true;
}

/* A frame's head; false: not all there. */
static bool read_head(struct cursor *c, uint8_t *ret_first, uint64_t *ret_len, uint8_t mask[4])
{
	*ret_first = cursor_u8(c);
	uint8_t second = cursor_u8(c);
	*ret_len = second & LENGTH;
	if (*ret_len == LENGTH_16)
		*ret_len = cursor_be16(c);
	else if (*ret_len == LENGTH_64)
		*ret_len = cursor_be64(c);
	memset(mask, 0, 4);
	if (second & MASKED)
		cursor_copy(c, mask, 4);
	return cursor_ok(c);
}

enum inspect_verdict inner_frames(struct inner_side *s, struct inspection *in, const uint8_t *data,
				  uint32_t len, uint32_t *ret_used)
{
	struct cursor c = cursor_make(data, len);
	uint8_t first, mask[4], head[INNER_LOOK];
	uint64_t size;

	*ret_used = 0;
	for (;;) {
		size_t pass = s->skip < cursor_left(&c) ? (size_t)s->skip : cursor_left(&c);
		cursor_skip(&c, pass);
		s->skip -= pass;
		*ret_used = (uint32_t)cursor_offset(&c);
		if (s->skip || cursor_left(&c) == 0)
			return INSPECT_MORE;
		if (!read_head(&c, &first, &size, mask))
			return INSPECT_MORE;
		uint8_t opcode = first & OPCODE;
		if (first & RESERVED || (opcode > BINARY && opcode < CONTROL) || size >> 62)
			return INSPECT_SIDE_DONE; /* compressed, or no frame */
		size_t look = size < INNER_LOOK ? (size_t)size : INNER_LOOK;
		if (cursor_left(&c) < look)
			return INSPECT_MORE; /* from the frame's begin, with more */
		const uint8_t *bytes = cursor_take(&c, look);
		for (size_t i = 0; i < look; i++)
			head[i] = bytes[i] ^ mask[i % 4];
		s->skip = size - look;
		if (opcode <= BINARY && opcode != CONTINUED) {
			s->is_told = tell(in, head, look);
			if (s->is_told || ++s->frames >= INNER_FRAMES)
				return INSPECT_SIDE_DONE;
		}
	}
}
