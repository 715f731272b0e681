/*
 * The pcapng file: sections of blocks.                          (draft-ietf-opsawg-pcapng)
 *
 *   type  total length  body ...  total length again
 *
 * Every section has its own byte order and its own interfaces, every interface its link type and
 * its clock.  A block that is wrong inside, but whose two lengths agree, is skipped and said; one
 * whose lengths do not agree ends the file, since nothing tells where the next begins.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "input.h"

#define BLOCK_SECTION       0x0a0d0d0au
#define BLOCK_INTERFACE     1u
#define BLOCK_PACKET_OLD    2u
#define BLOCK_PACKET_SIMPLE 3u
#define BLOCK_PACKET        6u
#define BLOCK_FRAME         12u                              /* type and the two lengths */
#define BLOCK_MAX           (INPUT_RECORD_MAX + 1024 * 1024) /* a packet with its options */
#define ORDER_MAGIC         0x1a2b3c4du
#define OPTION_END          0u
#define OPTION_TSRESOL      9u
#define OPTION_TSOFFSET     14u

__extension__ typedef unsigned __int128 u128;

#define BLOCK_SKIPPED 2 /* from the block readers: nothing to give */

bool pcapng_detect(const uint8_t magic[4])
{
	struct cursor c = cursor_make(magic, 4);
	return cursor_be32(&c) == BLOCK_SECTION; /* the same in both orders */
}

static uint64_t clamp_ns(u128 ns)
{
	return ns > UINT64_MAX ? UINT64_MAX : (uint64_t)ns;
}

static uint64_t to_ns(const struct pcapng_interface *i, uint64_t ticks)
{
	u128 ns = ticks;
	if (i->scale == PCAPNG_MULTIPLY)
		ns *= i->factor;
	else if (i->scale == PCAPNG_DIVIDE)
		ns /= i->factor;
	else
		ns = ns * INPUT_NS >> i->factor;
	if (i->offset_s == 0)
		return clamp_ns(ns);
	if (i->offset_s > 0)
		return clamp_ns(ns + (u128)i->offset_s * INPUT_NS);
	u128 back = ((u128)1 << 64) - (uint64_t)i->offset_s;
	return ns < back * INPUT_NS ? 0 : clamp_ns(ns - back * INPUT_NS);
}

/* if_tsresol: a negative power of ten, or of two when the highest bit is set. */
static void set_resolution(struct pcapng_interface *i, uint8_t resolution)
{
	unsigned exponent = resolution & 0x7f;

	if (resolution & 0x80) {
		i->scale = exponent <= 63 ? PCAPNG_SHIFT : PCAPNG_UNUSABLE;
		i->factor = exponent;
		return;
	}
	i->scale = exponent <= 9 ? PCAPNG_MULTIPLY : PCAPNG_DIVIDE;
	if (exponent > 19)
		i->scale = PCAPNG_UNUSABLE;
	i->factor = 1;
	for (unsigned n = exponent; n < 9; n++)
		i->factor *= 10;
	for (unsigned n = 9; n < exponent && n < 19; n++)
		i->factor *= 10;
}

static struct pcapng_interface *add_interface(struct pcapng *p)
{
	if (p->count == p->capacity) {
		uint32_t capacity = p->capacity ? 2 * p->capacity : 4;
		struct pcapng_interface *more =
			realloc(p->interfaces, capacity * sizeof(*p->interfaces));
		if (!more)
			return NULL;
		p->interfaces = more;
		p->capacity = capacity;
	}
	return &p->interfaces[p->count++];
}

static void say_block(struct input *in, const char *why)
{
	damage_say(in->damage, &in->said, DAMAGE_BLOCK, in->path, window_offset(&in->window),
		   "%s; such blocks are skipped", why);
}

static int read_interface(struct input *in, struct cursor *body)
{
	if (in->pcapng.count == INPUT_INTERFACES_MAX) {
		say_block(in, "a section describes too many interfaces");
		return BLOCK_SKIPPED;
	}
	struct pcapng_interface *i = add_interface(&in->pcapng);
	if (!i)
		return -EXF_E_NOMEM;
	*i = (struct pcapng_interface){ 0 };
	set_resolution(i, 6); /* microseconds unless an option says otherwise */
	i->linktype = input_linktype(input_u16(in, body));
	cursor_skip(body, 2);
	i->snaplen = input_u32(in, body);
	if (!cursor_ok(body)) {
		i->scale = PCAPNG_UNUSABLE;
		say_block(in, "an interface block is too short");
		return BLOCK_SKIPPED;
	}
	while (cursor_left(body) >= 4) {
		uint16_t code = input_u16(in, body);
		uint16_t len = input_u16(in, body);
		if (code == OPTION_END)
			break;
		struct cursor value = cursor_sub(body, len);
		size_t padding = (4 - len % 4u) % 4;
		cursor_skip(body, padding < cursor_left(body) ? padding : cursor_left(body));
		if (code == OPTION_TSRESOL && len == 1)
			set_resolution(i, cursor_u8(&value));
		if (code == OPTION_TSOFFSET && len == 8)
			i->offset_s =
				(int64_t)(in->big ? cursor_be64(&value) : cursor_le64(&value));
	}
	if (!cursor_ok(body))
		say_block(in, "the options of an interface go beyond its block");
	if (i->scale == PCAPNG_UNUSABLE)
		say_block(in, "an interface has an impossible time resolution");
	return BLOCK_SKIPPED;
}

/* The interface of a packet, or NULL when the file does not describe it. */
static const struct pcapng_interface *find_interface(struct input *in, uint32_t id)
{
	const struct pcapng *p = &in->pcapng;
	if (id < p->count && p->interfaces[id].scale != PCAPNG_UNUSABLE)
		return &p->interfaces[id];
	damage_say(in->damage, &in->said, DAMAGE_INTERFACE, in->path, window_offset(&in->window),
		   "a packet belongs to interface %" PRIu32
		   ", which the file does not describe; such packets are left out",
		   id);
	return NULL;
}

/* Enhanced Packet Block, and the obsolete Packet Block, which differ in the first word. */
static int read_packet(struct input *in, struct cursor *body, uint32_t type, struct frame *ret)
{
	uint32_t id;

	if (type == BLOCK_PACKET) {
		id = input_u32(in, body);
	} else {
		id = input_u16(in, body);
		cursor_skip(body, 2); /* drops */
	}
	uint64_t high = input_u32(in, body);
	uint64_t low = input_u32(in, body);
	uint32_t caplen = input_u32(in, body);
	uint32_t wirelen = input_u32(in, body);
	const uint8_t *data = cursor_take(body, caplen);
	if (!data || caplen > INPUT_RECORD_MAX) {
		say_block(in, "a packet is longer than its block");
		return BLOCK_SKIPPED;
	}
	const struct pcapng_interface *i = find_interface(in, id);
	if (!i)
		return BLOCK_SKIPPED;
	ret->linktype = i->linktype;
	input_give(in, ret, data, caplen, wirelen, to_ns(i, high << 32 | low));
	return 0;
}

/* Simple Packet Block: the first interface, no time; it takes the newest time of the file. */
static int read_simple(struct input *in, struct cursor *body, struct frame *ret)
{
	uint32_t wirelen = input_u32(in, body);
	const struct pcapng_interface *i = find_interface(in, 0);
	if (!i)
		return BLOCK_SKIPPED;
	uint32_t caplen = i->snaplen && i->snaplen < wirelen ? i->snaplen : wirelen;
	const uint8_t *data = cursor_take(body, caplen);
	if (!data || caplen > INPUT_RECORD_MAX) {
		say_block(in, "a packet is longer than its block");
		return BLOCK_SKIPPED;
	}
	ret->linktype = i->linktype;
	input_give(in, ret, data, caplen, wirelen, in->newest_ns);
	return 0;
}

/* Takes the byte order of a section from its magic, which comes before the length can be read. */
static int find_order(struct input *in)
{
	struct window *w = &in->window;

	if (!window_has(w, 12))
		return input_end(in, 12, "a section header");
	struct cursor c = cursor_make(w->pos + 8, 4);
	uint32_t magic = cursor_be32(&c);
	if (magic != ORDER_MAGIC && magic != __builtin_bswap32(ORDER_MAGIC))
		return input_fail(in, window_offset(w), "a section header has no byte order magic");
	in->big = magic == ORDER_MAGIC;
	return 0;
}

static int read_section(struct input *in, struct cursor *body)
{
	cursor_skip(body, 4);
	uint16_t major = input_u16(in, body);
	uint16_t minor = input_u16(in, body);
	cursor_skip(body, 8);
	uint64_t at = window_offset(&in->window);
	if (!cursor_ok(body))
		return input_fail(in, at, "a section header is too short");
	if (major != 1 || (minor != 0 && minor != 2))
		return input_fail(in, at, "version %u.%u of the pcapng format is not known", major,
				  minor);
	in->pcapng.count = 0;
	return BLOCK_SKIPPED;
}

/* Any block that is not read: only its lengths are looked at. */
static int skip_block(struct input *in, uint32_t total)
{
	struct window *w = &in->window;
	uint64_t at = window_offset(w);

	if (!window_skip(w, total - 4) || !window_has(w, 4)) {
		if (w->error)
			return input_end(in, 4, "a block");
		return input_fail(in, at, "the file ends inside a block of %u bytes", total);
	}
	struct cursor c = cursor_make(w->pos, 4);
	uint32_t again = input_u32(in, &c);
	if (again != total)
		return input_fail(in, at, "a block has two lengths: %u and %u", total, again);
	w->pos += 4;
	return BLOCK_SKIPPED;
}

static bool is_read(uint32_t type)
{
	return type == BLOCK_PACKET || type == BLOCK_PACKET_SIMPLE || type == BLOCK_INTERFACE ||
	       type == BLOCK_PACKET_OLD || type == BLOCK_SECTION;
}

static int read_block(struct input *in, uint32_t type, uint32_t total, struct frame *ret)
{
	struct window *w = &in->window;

	if (!window_has(w, total))
		return input_end(in, total, "a block");
	struct cursor block = cursor_make(w->pos, total);
	cursor_skip(&block, 8);
	struct cursor body = cursor_sub(&block, total - BLOCK_FRAME);
	uint32_t again = input_u32(in, &block);
	if (again != total)
		return input_fail(in, window_offset(w), "a block has two lengths: %u and %u", total,
				  again);
	int r;
	if (type == BLOCK_PACKET || type == BLOCK_PACKET_OLD)
		r = read_packet(in, &body, type, ret);
	else if (type == BLOCK_PACKET_SIMPLE)
		r = read_simple(in, &body, ret);
	else if (type == BLOCK_INTERFACE)
		r = read_interface(in, &body);
	else
		r = read_section(in, &body);
	if (r == 0)
		in->record_offset = window_offset(w);
	if (r == 0 || r == BLOCK_SKIPPED)
		w->pos += total;
	return r;
}

static int pcapng_next(struct input *in, struct frame *ret)
{
	struct window *w = &in->window;
	int r;

	do {
		if (!window_has(w, 8))
			return input_end(in, 8, "the header of a block");
		struct cursor c = cursor_make(w->pos, 8);
		uint32_t type = input_u32(in, &c);
		if (type == BLOCK_SECTION && (r = find_order(in)) != 0)
			return r;
		uint32_t total = input_u32(in, &c);
		if (total < BLOCK_FRAME)
			return input_fail(in, window_offset(w),
					  "a block cannot have the %u bytes that it says", total);
		if (total % 4)
			damage_say(in->damage, &in->said, DAMAGE_ALIGNMENT, in->path,
				   window_offset(w), "a block has %u bytes, not a multiple of four",
				   total);
		if (!is_read(type)) {
			r = skip_block(in, total);
		} else if (total > BLOCK_MAX) {
			say_block(in, "a packet is longer than 16 MiB");
			r = skip_block(in, total);
		} else {
			r = read_block(in, type, total, ret);
		}
	} while (r == BLOCK_SKIPPED);
	return r;
}

int pcapng_open(struct input *in)
{
	in->record_offset = 0;
	in->next = pcapng_next;
	return find_order(in);
}
