/*
 * inspect/dcerpc/ndr.c - see ndr.h.
 */
#include "ndr.h"

#include <stdio.h>

#define HANDLE_LEN     20
#define SID_PARTS      15
#define SURROGATES     0xd800u
#define SURROGATES_END 0xdfffu

void ndr_align(struct ndr *n, unsigned to)
{
	size_t rest = cursor_offset(&n->c) % to;
	if (rest)
		cursor_skip(&n->c, to - rest);
}

void ndr_skip(struct ndr *n, size_t len)
{
	cursor_skip(&n->c, len);
}

uint8_t ndr_u8(struct ndr *n)
{
	return cursor_u8(&n->c);
}

uint16_t ndr_u16(struct ndr *n)
{
	ndr_align(n, 2);
	return n->is_big_endian ? cursor_be16(&n->c) : cursor_le16(&n->c);
}

uint32_t ndr_u32(struct ndr *n)
{
	ndr_align(n, 4);
	return n->is_big_endian ? cursor_be32(&n->c) : cursor_le32(&n->c);
}

uint64_t ndr_size(struct ndr *n)
{
	if (!n->is_wide)
		return ndr_u32(n);
	ndr_align(n, 8);
	return n->is_big_endian ? cursor_be64(&n->c) : cursor_le64(&n->c);
}

bool ndr_pointer(struct ndr *n)
{
	return ndr_size(n) != 0 && ndr_ok(n);
}

void ndr_handle(struct ndr *n)
{
	ndr_align(n, 4);
	cursor_skip(&n->c, HANDLE_LEN);
}

static void put_byte(struct ndr_text *t, uint8_t byte)
{
	if (t->len < t->size && t->full == t->len)
		t->to[t->len++] = byte;
	t->full++;
}

/* One character of the basic plane as UTF-8; half a pair is a question mark. */
static void put_character(struct ndr_text *t, uint16_t ch)
{
	uint8_t b[3];
	unsigned len = 0;
	if (ch >= SURROGATES && ch <= SURROGATES_END)
		ch = '?';
	if (ch < 0x80) {
		b[len++] = (uint8_t)ch;
	} else if (ch < 0x800) {
		b[len++] = (uint8_t)(0xc0 | ch >> 6);
		b[len++] = (uint8_t)(0x80 | (ch & 0x3f));
	} else {
		b[len++] = (uint8_t)(0xe0 | ch >> 12);
		b[len++] = (uint8_t)(0x80 | (ch >> 6 & 0x3f));
		b[len++] = (uint8_t)(0x80 | (ch & 0x3f));
	}
	if (t->full == t->len && t->len + len > t->size) {
		t->full += len; /* whole characters only */
		return;
	}
	for (unsigned i = 0; i < len; i++)
		put_byte(t, b[i]);
}

void ndr_text_add(struct ndr_text *t, const uint8_t *data, size_t len, unsigned unit,
		  bool is_big_endian)
{
	if (!t || !data)
		return;
	for (size_t i = 0; i + unit <= len; i += unit) {
		uint16_t ch = data[i];
		if (unit == NDR_WIDE) {
			struct cursor c = cursor_make(data + i, NDR_WIDE);
			ch = is_big_endian ? cursor_be16(&c) : cursor_le16(&c);
		}
		if (ch == 0)
			return;
		put_character(t, ch);
	}
}

void ndr_text_put(struct ndr_text *t, const char *text)
{
	ndr_text_add(t, (const uint8_t *)text, strlen(text), NDR_BYTES, false);
}

bool ndr_string(struct ndr *n, unsigned unit, struct ndr_text *t)
{
	(void)ndr_size(n); /* room for so many */
	(void)ndr_size(n); /* from the first */
	uint64_t count = ndr_size(n);
	size_t left = cursor_left(&n->c);
	if (!ndr_ok(n))
		return false;
	/* of a stub that was cut the text's begin is better than nothing */
	bool is_cut = count > left / unit;
	size_t len = is_cut ? left / unit * unit : (size_t)count * unit;
	const uint8_t *data = cursor_take(&n->c, len);
	ndr_text_add(t, data, len, unit, n->is_big_endian);
	if (is_cut)
		n->c.error = true;
	return true;
}

bool ndr_unique_string(struct ndr *n, unsigned unit, struct ndr_text *t)
{
	return ndr_pointer(n) && ndr_string(n, unit, t);
}

bool ndr_counted_head(struct ndr *n)
{
	ndr_align(n, n->is_wide ? 8 : 4);
	(void)ndr_u16(n);
	(void)ndr_u16(n);
	return ndr_pointer(n);
}

bool ndr_counted_string(struct ndr *n, struct ndr_text *t)
{
	return ndr_counted_head(n) && ndr_string(n, NDR_WIDE, t);
}

bool ndr_sid(struct ndr *n, struct ndr_text *t)
{
	char part[24];
	(void)ndr_size(n);
	uint8_t revision = ndr_u8(n);
	uint8_t count = ndr_u8(n);
	uint16_t high = cursor_be16(&n->c);
	uint32_t low = cursor_be32(&n->c);
	if (!ndr_ok(n) || count > SID_PARTS)
		return false;
	(void)snprintf(part, sizeof(part), "S-%u-%llu", revision,
		       (unsigned long long)high << 32 | low);
	ndr_text_put(t, part);
	for (uint8_t i = 0; i < count; i++) {
		uint32_t value = ndr_u32(n);
		if (!ndr_ok(n))
			return false;
		(void)snprintf(part, sizeof(part), "-%u", value);
		ndr_text_put(t, part);
	}
	return true;
}
