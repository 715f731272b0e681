/*
 * inspect/http/frames.c - see frames.h.
 */
#include "frames.h"

#include <string.h>

#include "exfild/base/cursor.h"

#define LAST       0x80
#define PACKED     0x40 /* of the first frame of a message (RFC 7692, 6) */
#define RESERVED   0x30
#define OPCODE     0x0f
#define CONTINUED  0
#define TEXT       1
#define BINARY     2
#define CONTROL    8
#define PONG       10
#define MASKED     0x80
#define LENGTH     0x7f
#define LENGTH_16  126
#define LENGTH_64  127
#define LENGTH_MAX (1ull << 62)

/* What the first byte says; false: no frame begins so. */
static bool begin(struct frames *f, uint8_t first)
{
	uint8_t opcode = first & OPCODE;
	f->is_control = opcode >= CONTROL;
	f->is_last = first & LAST;
	if (first & RESERVED || (opcode > BINARY && opcode < CONTROL) || opcode > PONG)
		return false;
	if (f->is_control)
		return f->is_last && !(first & PACKED);
	if (opcode == CONTINUED)
		return f->kind != FRAMES_NONE && !(first & PACKED);
	if (f->kind != FRAMES_NONE)
		return false;
	f->kind = opcode == TEXT ? FRAMES_TEXT : FRAMES_BINARY;
	f->is_packed = first & PACKED;
	return true;
}

/* A frame's head; *ret_ok: it is one.  False: not all there. */
static bool read_head(struct frames *f, struct cursor *c, bool *ret_ok)
{
	struct cursor at = *c;
	uint8_t mask[4] = { 0 };
	uint8_t first = cursor_u8(&at), second = cursor_u8(&at);
	uint64_t size = second & LENGTH;
	if (size == LENGTH_16)
		size = cursor_be16(&at);
	else if (size == LENGTH_64)
		size = cursor_be64(&at);
	if (second & MASKED)
		cursor_copy(&at, mask, sizeof(mask));
	*ret_ok = true;
	if (!cursor_ok(&at))
		return false;
	*c = at;
	*ret_ok = size < LENGTH_MAX && begin(f, first);
	f->left = size;
	f->masked = 0;
	memcpy(f->mask, mask, sizeof(mask));
	return true;
}

/* The frame's next bytes, without the mask. */
static bool give(struct frames *f, struct cursor *c, frames_fn fn, void *arg)
{
	uint8_t plain[FRAMES_PORTION];
	size_t n = cursor_left(c) < sizeof(plain) ? cursor_left(c) : sizeof(plain);
	n = f->left < n ? (size_t)f->left : n;
	const uint8_t *bytes = cursor_take(c, n);
	f->left -= n;
	if (f->is_control)
		return true;
	for (size_t i = 0; i < n; i++)
		plain[i] = bytes[i] ^ f->mask[(f->masked + i) % sizeof(f->mask)];
	f->masked = (uint8_t)((f->masked + n) % sizeof(f->mask));
	bool is_end = f->is_last && f->left == 0;
	bool goes_on = fn(arg, plain, n, is_end);
	if (is_end)
		f->kind = FRAMES_NONE;
	return goes_on;
}

bool frames_pass(struct frames *f, const uint8_t *data, uint32_t len, uint32_t *ret_used,
		 frames_fn fn, void *arg)
{
	struct cursor c = cursor_make(data, len);
	bool goes_on = true, is_whole = true;
	while (goes_on && is_whole && cursor_left(&c)) {
		if (f->left == 0) {
			is_whole = read_head(f, &c, &goes_on);
			if (is_whole && goes_on && f->left == 0)
				goes_on = give(f, &c, fn, arg); /* an empty one */
		} else {
			goes_on = give(f, &c, fn, arg);
		}
	}
	*ret_used = (uint32_t)cursor_offset(&c);
	return goes_on;
}
