/*
 * inspect/framed.c - conversations in frames that begin with their length, of no known protocol.
 *
 * Remote access tools write a length of two or four bytes and a sealed body: Quasar, NanoCore,
 * Netwire, AsyncRAT before its TLS (their sources, and what is published of them).  The layout is
 * found by the first payload, which must be whole frames, and both sides are taken apart by it.
 * What is told besides: bodies without any order, lengths that are those of a block cipher, and a
 * small frame of one size that comes again like a clock.
 *
 * Asked last, and gives its place to any protocol that another probe or nDPI finds.  Pieces of the
 * bodies are kept until their order is known; frames above FRAME_MAX end the look, as FRAMES do.
 */
#include <string.h>

#include "exfild/base/cursor.h"
#include "exfild/inspect/inspector.h"
#include "content/magic.h"

#define LEAST       12u /* bytes of the first payload */
#define FRAME_MAX   (1u << 20)
#define FRAMES      512u /* that are looked at */
#define SURE        6u   /* frames of both sides, and 2 of each */
#define GOING       4u   /* of each side */
#define KEPT        256u
#define KEPT_LEAST  128u
#define PIECE       32u
#define PIECE_LEAST 8u
#define HEAD        4u /* bytes of a body that may be a kind or a number */
#define BLOCK       8u
#define BLOCKS_SURE 10u /* frames */
#define SIZES       3u  /* of these, different ones */
#define PING_MAX    64u
#define PING_NS     (2ull * 1000000000ull)
#define BEATS       3u

enum layout {                   /* bits; 0: two bytes, little endian, of what follows */
	      LAYOUT_WIDE = 1,  /* four bytes */
	      LAYOUT_BIG = 2,   /* big endian */
	      LAYOUT_WHOLE = 4, /* with its own bytes */
	      LAYOUT__COUNT = 8
};

struct framed_side {
	uint64_t ping_ns, gap_ns;
	uint32_t skip; /* bytes of a frame that are still to come */
	uint32_t frames;
	uint32_t ends, whole; /* portions in which a frame ended; ... and nothing behind it */
	uint32_t ping_len;
	uint32_t beats;
};

struct framed_state {
	struct framed_side side[2];
	uint32_t marks, told_marks; /* enum implant_mark */
	uint32_t first_len;         /* of a frame with a body */
	uint32_t sizes[SIZES];
	uint32_t bodies;
	uint16_t kept_len, last_kept;
	uint8_t layout, size_count;
	bool is_known, is_uneven;
	uint8_t kept[KEPT];
};

_Static_assert(sizeof(struct framed_state) <= INSPECT_STATE_MAX, "pieces fit into the state");

static uint32_t head_len(unsigned layout)
{
	return layout & LAYOUT_WIDE ? 4 : 2;
}

/* Bytes of the frame that begins here, with its head; 0: none does. */
static uint32_t frame_len(unsigned layout, const uint8_t *data, size_t len)
{
	struct cursor c = cursor_make(data, len);
	uint32_t head = head_len(layout), n;
	if (layout & LAYOUT_WIDE)
		n = layout & LAYOUT_BIG ? cursor_be32(&c) : cursor_le32(&c);
	else
		n = layout & LAYOUT_BIG ? cursor_be16(&c) : cursor_le16(&c);
	if (!cursor_ok(&c) || n > FRAME_MAX)
		return 0;
	if (layout & LAYOUT_WHOLE)
		return n >= head ? n : 0;
	return n + head;
}

/* Whether the bytes are whole frames of this layout, one or more. */
static bool is_framed(unsigned layout, const uint8_t *data, size_t len)
{
	while (len) {
		uint32_t n = frame_len(layout, data, len);
		if (n <= head_len(layout) || n > len)
			return false;
		data += n;
		len -= n;
	}
	return true;
}

/* The layout of a first payload; LAYOUT__COUNT: it has none. */
static unsigned layout_of(const uint8_t *data, size_t len)
{
	unsigned layout = len < LEAST ? LAYOUT__COUNT : 0;
	while (layout < LAYOUT__COUNT && !is_framed(layout, data, len))
		layout++;
	return layout;
}

static bool probe(const struct packet *p, bool from_client)
{
	const struct ipaddr *server = from_client ? &p->dst : &p->src;
	return p->payload_cap == p->payload_len && !ipaddr_is_private(server) &&
	       layout_of(p->payload, p->payload_cap) < LAYOUT__COUNT;
}

/* Told only of what nothing knows, and not before that is sure. */
static void tell(struct inspection *in, bool is_end)
{
	struct framed_state *s = in->state;
	if (!(s->marks & IMPLANT_FORM) || !(in->flow->flags & FLOW_CLASSIFIED) ||
	    in->flow->app != APP_UNKNOWN)
		return;
	struct event_implant *e = inspect_event(in, EVENT_IMPLANT, sizeof(*e));
	e->family = IMPLANT_FRAMED;
	e->is_end = is_end;
	e->marks = s->marks;
	e->frames[0] = s->side[0].frames;
	e->frames[1] = s->side[1].frames;
	e->pings = s->side[0].beats > s->side[1].beats ? s->side[0].beats : s->side[1].beats;
	event_log_commit(in->log);
	s->told_marks = s->marks;
}

/* A piece of a body, unless the last one began likewise. */
static void keep(struct framed_state *s, const uint8_t *body, size_t len)
{
	if (!body || len < HEAD + PIECE_LEAST || s->kept_len == KEPT)
		return;
	body += HEAD;
	len -= HEAD;
	if (s->kept_len && memcmp(s->kept + s->last_kept, body, PIECE_LEAST) == 0)
		return;
	size_t room = KEPT - s->kept_len;
	size_t n = len < PIECE ? len : PIECE;
	n = n < room ? n : room;
	memcpy(s->kept + s->kept_len, body, n);
	if (n >= PIECE_LEAST)
		s->last_kept = s->kept_len;
	s->kept_len += (uint16_t)n;
}

/* Lengths of a block cipher leave the same rest; three different ones show that they do. */
static void note_size(struct framed_state *s, uint32_t len)
{
	if (!s->bodies++)
		s->first_len = len;
	s->is_uneven |= (len - s->first_len) % BLOCK != 0;
	for (unsigned i = 0; i < s->size_count; i++)
		if (s->sizes[i] == len)
			return;
	if (s->size_count < SIZES)
		s->sizes[s->size_count++] = len;
}

/* A small frame of the same size after the same time. */
static void note_ping(struct framed_side *side, uint32_t len, uint64_t now_ns)
{
	if (len > PING_MAX)
		return;
	if (len != side->ping_len) {
		if (side->beats)
			return;
		side->ping_len = len;
		side->ping_ns = now_ns;
		side->gap_ns = 0;
		return;
	}
	uint64_t gap = now_ns - side->ping_ns, last = side->gap_ns;
	if (gap < PING_NS)
		return;
	uint64_t off = gap > last ? gap - last : last - gap;
	side->beats = off <= last / 4 ? side->beats + 1 : 0;
	side->gap_ns = gap;
	side->ping_ns = now_ns;
}

static void mark(struct framed_state *s, bool is_end)
{
	const struct framed_side *a = &s->side[0], *b = &s->side[1];
	uint32_t ends = a->ends + b->ends, whole = a->whole + b->whole;
	bool is_measured = s->kept_len == KEPT || (is_end && s->kept_len >= KEPT_LEAST);
	if (a->frames < 2 || b->frames < 2 || a->frames + b->frames < SURE || whole * 4 < ends * 3)
		return;
	s->marks |= IMPLANT_FORM | IMPLANT_ANSWERED;
	if (a->frames >= GOING && b->frames >= GOING)
		s->marks |= IMPLANT_GOES_ON;
	if (is_measured && !(s->marks & IMPLANT_SEALED) && magic_is_noise(s->kept, s->kept_len))
		s->marks |= IMPLANT_SEALED;
	if (s->bodies >= BLOCKS_SURE && s->size_count == SIZES && !s->is_uneven)
		s->marks |= IMPLANT_BLOCKS;
	if (a->beats >= BEATS || b->beats >= BEATS)
		s->marks |= IMPLANT_RHYTHM;
}

/* The frame that begins here; false: there is none, or not all of its head (*ret_more). */
static bool begin_frame(struct inspection *in, const uint8_t *data, uint32_t len, bool *ret_more)
{
	struct framed_state *s = in->state;
	struct framed_side *side = &s->side[!in->from_client];
	uint32_t head = head_len(s->layout), n = frame_len(s->layout, data, len);
	*ret_more = len < head;
	if (*ret_more || !n)
		return false;
	side->frames++;
	side->skip = n;
	note_ping(side, n, in->packet->time_ns);
	if (n > head) {
		note_size(s, n);
		keep(s, data + head, (len < n ? len : n) - head);
	}
	return true;
}

static enum inspect_verdict on_stream(struct inspection *in, const uint8_t *data, uint32_t len,
				      uint32_t *ret_used)
{
	struct framed_state *s = in->state;
	struct framed_side *side = &s->side[!in->from_client];
	uint32_t at = 0;
	bool more = false, has_ended = false;
	*ret_used = len;
	if (!s->is_known) {
		s->layout = (uint8_t)layout_of(data, len);
		if (s->layout == LAYOUT__COUNT)
			return INSPECT_NOT_MINE;
		s->is_known = true;
	}
	while (at < len && !more) {
		uint32_t left = len - at, pass = side->skip < left ? side->skip : left;
		at += pass;
		side->skip -= pass;
		has_ended |= pass && side->skip == 0;
		if (!pass && !begin_frame(in, data + at, left, &more) && !more)
			return s->told_marks ? INSPECT_DONE : INSPECT_NOT_MINE;
	}
	*ret_used = at;
	side->ends += has_ended;
	side->whole += has_ended && side->skip == 0 && !more;
	mark(s, false);
	if (s->marks != s->told_marks)
		tell(in, false);
	return s->side[0].frames + s->side[1].frames < FRAMES ? INSPECT_MORE : INSPECT_DONE;
}

static void on_end(struct inspection *in, const uint8_t *data, uint32_t len)
{
	(void)data;
	(void)len;
	if (!in->from_client)
		return;
	mark(in->state, true);
	tell(in, true);
}

/* Any other flow is worth more. */
static bool is_resting(const void *state)
{
	(void)state;
	return true;
}

const struct inspector framed_inspector = {
	.name = "framed",
	.app = APP_UNKNOWN,
	.proto = PROTO_TCP,
	.state_size = sizeof(struct framed_state),
	.is_fallback = true,
	.probe = probe,
	.on_stream = on_stream,
	.on_end = on_end,
	.is_resting = is_resting,
};
