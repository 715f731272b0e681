/*
 * The pcap file: a header of 24 bytes, then records.
 *
 *   magic  major minor  zone  figures  snaplen  link type       (draft-ietf-opsawg-pcap)
 *   seconds  fraction  captured length  length on the wire  bytes ...
 *
 * As libpcap does: version 2.0 to 2.2 and 543.0 have the two lengths the other way round, 2.3 may
 * have; the upper bits of the link type tell of a checksum and are masked off; the header's zone
 * and snaplen are not believed, and a fraction may be negative (some writers do not normalise it).
 * Unlike libpcap, seconds are unsigned: they last until 2106.  Alexey Kuznetzov's records have
 * eight more bytes.
 */
#include "input.h"

#define MAGIC_MICRO          0xa1b2c3d4u
#define MAGIC_NANO           0xa1b23c4du
#define MAGIC_MODIFIED       0xa1b2cd34u
#define FILE_HEAD            24
#define RECORD_HEAD          16
#define RECORD_HEAD_MODIFIED 24
#define LINKTYPE_MASK        0x03ffffffu

static bool is_magic(uint32_t magic)
{
	return magic == MAGIC_MICRO || magic == MAGIC_NANO || magic == MAGIC_MODIFIED;
}

bool classic_detect(const uint8_t magic[4])
{
	struct cursor c = cursor_make(magic, 4);
	struct cursor again = c;
	return is_magic(cursor_be32(&c)) || is_magic(cursor_le32(&again));
}

static int classic_next(struct input *in, struct frame *ret)
{
	struct window *w = &in->window;
	size_t head = in->classic.record_head;

	if (!window_has(w, head))
		return input_end(in, head, "the header of a packet");
	struct cursor c = cursor_make(w->pos, RECORD_HEAD);
	int64_t seconds = input_u32(in, &c);
	int64_t fraction = (int32_t)input_u32(in, &c);
	uint32_t caplen = input_u32(in, &c);
	uint32_t wirelen = input_u32(in, &c);
	if (in->classic.order == CLASSIC_CAPLEN_SECOND ||
	    (in->classic.order == CLASSIC_CAPLEN_SMALLER && caplen > wirelen)) {
		uint32_t swap = caplen;
		caplen = wirelen;
		wirelen = swap;
	}
	if (caplen > INPUT_RECORD_MAX)
		return input_fail(in, window_offset(w),
				  "a packet cannot have the %u bytes that its header says", caplen);
	if (!window_has(w, head + caplen))
		return input_end(in, head + caplen, "a packet");
	in->record_offset = window_offset(w);
	ret->linktype = in->classic.linktype;
	int64_t time_ns = seconds * (int64_t)INPUT_NS + fraction * in->classic.fraction_ns;
	input_give(in, ret, w->pos + head, caplen, wirelen, time_ns < 0 ? 0 : (uint64_t)time_ns);
	w->pos += head + caplen;
	return 0;
}

int classic_open(struct input *in)
{
	struct window *w = &in->window;

	if (!window_has(w, FILE_HEAD))
		return input_end(in, FILE_HEAD, "the file header");
	struct cursor c = cursor_make(w->pos, FILE_HEAD);
	struct cursor first = c;
	in->big = is_magic(cursor_be32(&first));
	uint32_t magic = input_u32(in, &c);
	uint16_t major = input_u16(in, &c);
	uint16_t minor = input_u16(in, &c);
	cursor_skip(&c, 12);
	uint32_t linktype = input_u32(in, &c) & LINKTYPE_MASK;
	if (!(major == 2 && minor <= 4) && !(major == 543 && minor == 0))
		return input_fail(in, 4, "version %u.%u of the pcap format is not known", major,
				  minor);
	in->classic = (struct classic){
		.linktype = input_linktype(linktype),
		.fraction_ns = magic == MAGIC_NANO ? 1 : 1000,
		.record_head = magic == MAGIC_MODIFIED ? RECORD_HEAD_MODIFIED : RECORD_HEAD,
		.order = CLASSIC_CAPLEN_FIRST,
	};
	if (major == 543 || minor < 3)
		in->classic.order = CLASSIC_CAPLEN_SECOND;
	else if (minor == 3)
		in->classic.order = CLASSIC_CAPLEN_SMALLER;
	w->pos += FILE_HEAD;
	in->record_offset = FILE_HEAD;
	in->next = classic_next;
	return 0;
}
