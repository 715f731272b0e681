/*
 * inspect/oft.c - files sent from client to client by OSCAR messengers (AIM, ICQ): "OFT2".
 *
 *   sender: head of type 0x0101 (prompt); receiver: one of 0x0202 (go on); sender: the file's
 * bytes; receiver: 0x0204 (done).  A head has its length at 4, type at 6, size of the file at 32,
 * its name at 192 (as published by the Pidgin and Gaim documentation of the protocol).
 *
 * One event_file once the file's first bytes are there, another at its end.
 */
#include <string.h>

#include "exfild/base/cursor.h"
#include "exfild/base/sketch.h"
#include "exfild/inspect/inspector.h"
#include "content/magic.h"

#define HEAD_MIN  256u
#define HEAD_MAX  2048u
#define PROMPT    0x0101
#define SIZE_AT   32u
#define NAME_AT   192u
#define NAME_SIZE 64u
#define FIRST     256u /* bytes that tell what a file is */
#define FILES_MAX 64

struct oft_state {
	uint64_t size, seen;
	uint16_t files;
	uint16_t kept;
	uint8_t name_len;
	bool is_sending; /* the bytes of a file pass */
	uint8_t sender;  /* side */
	uint8_t name[NAME_SIZE];
	uint8_t first[FIRST];
};

_Static_assert(sizeof(struct oft_state) <= INSPECT_STATE_MAX, "first bytes fit into the state");

static bool is_head(const uint8_t *data, uint32_t len)
{
	struct cursor c = cursor_make(data, len);
	uint32_t mark = cursor_be32(&c);
	uint16_t length = cursor_be16(&c), type = cursor_be16(&c);
	return cursor_ok(&c) && (mark == 0x4f465432 || mark == 0x4f465433) && length >= HEAD_MIN &&
	       length <= HEAD_MAX && (type >> 8 == 1 || type >> 8 == 2);
}

static bool probe(const struct packet *p, bool from_client)
{
	(void)from_client;
	return is_head(p->payload, p->payload_cap);
}

static void put_file(struct inspection *in, bool is_end)
{
	struct oft_state *s = in->state;
	struct event_file *e = inspect_event(in, EVENT_FILE, sizeof(*e));
	e->type = (uint8_t)file_type_of(s->first, s->kept);
	e->is_end = is_end;
	e->is_complete = s->seen == s->size;
	e->entropy = s->kept >= MAGIC_NOISE_MIN ? (float)entropy_bytes(s->first, s->kept) : 0;
	e->size = s->size;
	e->seen = s->seen;
	event_log_str(in->log, &e->carrier, "oft", 3, 3);
	if (s->name_len)
		event_log_str(in->log, &e->name, s->name, s->name_len, s->name_len);
	event_log_commit(in->log);
}

/* A head of `len` bytes. */
static void read_head(struct inspection *in, const uint8_t *data, uint32_t len)
{
	struct oft_state *s = in->state;
	struct cursor c = cursor_make(data, len);
	cursor_seek(&c, 6);
	uint16_t type = cursor_be16(&c);
	cursor_seek(&c, SIZE_AT);
	uint32_t size = cursor_be32(&c);
	cursor_seek(&c, NAME_AT);
	const uint8_t *name = cursor_take(&c, NAME_SIZE);
	if (!name || type != PROMPT || size == 0 || s->is_sending)
		return;
	const uint8_t *end = memchr(name, 0, NAME_SIZE);
	s->name_len = (uint8_t)(end ? end - name : (long)NAME_SIZE);
	memcpy(s->name, name, s->name_len);
	s->size = size;
	s->seen = 0;
	s->kept = 0;
	s->sender = (uint8_t)in->side;
	s->is_sending = true;
	s->files++;
}

static uint32_t take_bytes(struct inspection *in, const uint8_t *data, uint32_t len)
{
	struct oft_state *s = in->state;
	uint64_t left = s->size - s->seen;
	uint32_t used = left < len ? (uint32_t)left : len;
	uint32_t room = FIRST - s->kept, n = used < room ? used : room;
	bool was_short = s->kept < FIRST;
	memcpy(s->first + s->kept, data, n);
	s->kept = (uint16_t)(s->kept + n);
	s->seen += used;
	if (was_short && s->kept == FIRST)
		put_file(in, false);
	if (s->seen == s->size) {
		put_file(in, true);
		s->is_sending = false;
	}
	return used;
}

static enum inspect_verdict on_stream(struct inspection *in, const uint8_t *data, uint32_t len,
				      uint32_t *ret_used)
{
	struct oft_state *s = in->state;
	*ret_used = 0;
	while (*ret_used < len) {
		const uint8_t *at = data + *ret_used;
		uint32_t left = len - *ret_used;
		if (s->is_sending && s->sender == in->side) {
			*ret_used += take_bytes(in, at, left);
			continue;
		}
		if (left < 8)
			return INSPECT_MORE;
		if (!is_head(at, left))
			return s->files ? INSPECT_SIDE_DONE : INSPECT_NOT_MINE;
		uint32_t head = (uint32_t)at[4] << 8 | at[5];
		if (left < head)
			return INSPECT_MORE;
		read_head(in, at, head);
		*ret_used += head;
		if (s->files >= FILES_MAX)
			return INSPECT_DONE;
	}
	return INSPECT_MORE;
}

static void on_end(struct inspection *in, const uint8_t *data, uint32_t len)
{
	struct oft_state *s = in->state;
	(void)data;
	(void)len;
	if (s->is_sending && s->sender == in->side && s->seen)
		put_file(in, true);
}

const struct inspector oft_inspector = {
	.name = "oft",
	.app = APP_OTHER,
	.proto = PROTO_TCP,
	.state_size = sizeof(struct oft_state),
	.probe = probe,
	.on_stream = on_stream,
	.on_end = on_end,
};
