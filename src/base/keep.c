/*
 * base/keep.c - see include/exfild/base/keep.h
 *
 * Entries are mostly zeros (sketches, arrays with room, high bytes of numbers): a zero byte is
 * followed by how many there are.
 */
#include "exfild/base/keep.h"

#include <assert.h>
#include <math.h>
#include <string.h>

void keep_add(struct keep_list *list, const struct keep_part *part)
{
	assert(list->count < KEEP_PARTS && keep_find(list, part->name) == NULL);
	list->parts[list->count++] = *part;
}

const struct keep_part *keep_find(const struct keep_list *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->parts[i].name, name) == 0)
			return &list->parts[i];
	return NULL;
}

static size_t width_of(const struct keep_field *f)
{
	static const uint8_t widths[] = {
		[KEEP_U8] = 1,  [KEEP_U16] = 2,  [KEEP_U32] = 4,   [KEEP_U64] = 8,  [KEEP_F32] = 4,
		[KEEP_F64] = 8, [KEEP_BOOL] = 1, [KEEP_MAYBE] = 8, [KEEP_TEXT] = 1,
	};
	return widths[f->type];
}

/* ---- to bytes ---- */

static uint64_t element(const uint8_t *at, size_t width)
{
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;
	switch (width) {
	case 1:
		memcpy(&u8, at, 1);
		return u8;
	case 2:
		memcpy(&u16, at, 2);
		return u16;
	case 4:
		memcpy(&u32, at, 4);
		return u32;
	default:
		memcpy(&u64, at, 8);
		return u64;
	}
}

static void put(struct buf *out, uint64_t value, size_t width)
{
	uint8_t bytes[8];
	for (size_t i = 0; i < width; i++)
		bytes[i] = (uint8_t)(value >> (8 * i));
	buf_add(out, bytes, width);
}

/* What an alert quotes may end up on a terminal: control characters do not travel. */
static bool is_control(uint8_t c)
{
	return c < 0x20 || c == 0x7f;
}

static void write_text(const uint8_t *text, size_t len, struct buf *out)
{
	put(out, len, 2);
	for (size_t i = 0; i < len; i++)
		buf_char(out, is_control(text[i]) ? '?' : (char)text[i]);
}

void keep_write(const struct keep_field *fields, const void *from, struct buf *out)
{
	for (const struct keep_field *f = fields; f->type != KEEP_END; f++) {
		const uint8_t *at = (const uint8_t *)from + f->offset;
		size_t width = width_of(f);
		if (f->type == KEEP_TEXT) {
			write_text(at, strnlen((const char *)at, f->count - 1u), out);
			continue;
		}
		for (size_t i = 0; i < f->count; i++)
			put(out, element(at + i * width, width), width);
	}
}

/* In place of what is there. */
static void pack(struct buf *out, const uint8_t *data, size_t len)
{
	buf_reset(out);
	for (size_t i = 0; i < len;) {
		size_t n = 1;
		while (i + n < len && n < 255 && (data[i + n] == 0) == (data[i] == 0))
			n++;
		if (data[i] == 0) {
			uint8_t run[2] = { 0, (uint8_t)n };
			buf_add(out, run, 2);
		} else {
			buf_add(out, data + i, n);
		}
		i += n;
	}
}

uint32_t keep_slots(const struct keep_part *p)
{
	if (p->table)
		return table_slots(p->table);
	return p->slots ? p->slots(p->owner) : 1;
}

bool keep_save(const struct keep_part *p, uint32_t slot, struct buf *out)
{
	const void *entry = p->table ? table_at(p->table, slot) : p->save ? NULL : p->owner;
	struct buf plain;
	bool is_there = entry != NULL && slot < keep_slots(p);
	buf_init(&plain, KEEP_ENTRY_MAX);
	if (p->save && slot < keep_slots(p))
		is_there = p->save(p->owner, slot, &plain);
	else if (is_there)
		keep_write(p->fields, entry, &plain);
	is_there = is_there && !plain.full;
	if (is_there)
		pack(out, (const uint8_t *)plain.data, plain.len);
	buf_deinit(&plain);
	return is_there && !out->full;
}

/* ---- and back ---- */

static uint64_t take(struct cursor *in, size_t width)
{
	switch (width) {
	case 1:
		return cursor_u8(in);
	case 2:
		return cursor_le16(in);
	case 4:
		return cursor_le32(in);
	default:
		return cursor_le64(in);
	}
}

static bool is_number(double x, bool may_lack)
{
	return isnan(x) ? may_lack : fabs(x) <= KEEP_NUMBER_MAX;
}

static bool is_good(const struct keep_field *f, uint64_t value)
{
	if (f->type == KEEP_BOOL)
		return value <= 1;
	if (f->type == KEEP_F32) {
		uint32_t bits = (uint32_t)value;
		float x;
		memcpy(&x, &bits, 4);
		return is_number((double)x, false);
	}
	if (f->type == KEEP_F64 || f->type == KEEP_MAYBE) {
		double x;
		memcpy(&x, &value, 8);
		return is_number(x, f->type == KEEP_MAYBE);
	}
	return f->max == 0 || value <= f->max;
}

static void set_element(uint8_t *at, size_t width, uint64_t value)
{
	uint16_t u16 = (uint16_t)value;
	uint32_t u32 = (uint32_t)value;
	if (width == 1)
		*at = (uint8_t)value;
	else if (width == 2)
		memcpy(at, &u16, 2);
	else if (width == 4)
		memcpy(at, &u32, 4);
	else
		memcpy(at, &value, 8);
}

/* to: NULL to check alone. */
static bool read_text(const struct keep_field *f, struct cursor *in, uint8_t *to)
{
	size_t len = cursor_le16(in);
	if (len >= f->count)
		return false;
	const uint8_t *text = cursor_take(in, len);
	for (size_t i = 0; text && i < len; i++)
		if (is_control(text[i]))
			return false;
	if (!text)
		return false;
	if (to) {
		memset(to, 0, f->count);
		memcpy(to, text, len);
	}
	return true;
}

static bool read_fields(const struct keep_field *fields, struct cursor *in, uint8_t *to)
{
	for (const struct keep_field *f = fields; f->type != KEEP_END; f++) {
		size_t width = width_of(f);
		uint8_t *at = to ? to + f->offset : NULL;
		if (f->type == KEEP_TEXT) {
			if (!read_text(f, in, at))
				return false;
			continue;
		}
		for (size_t i = 0; i < f->count; i++) {
			uint64_t value = take(in, width);
			if (!is_good(f, value))
				return false;
			if (at)
				set_element(at + i * width, width, value);
		}
	}
	return cursor_ok(in);
}

int keep_read(const struct keep_field *fields, struct cursor *in, void *to)
{
	struct cursor probe = *in;
	if (!read_fields(fields, &probe, NULL) || !read_fields(fields, in, to))
		return -EXF_E_FORMAT;
	return 0;
}

/* False: it would be longer than any entry, or is cut. */
static bool unpack(struct cursor *in, struct buf *out)
{
	static const uint8_t zeros[255];
	while (cursor_left(in) > 0) {
		uint8_t byte = cursor_u8(in);
		size_t n = byte ? 1 : cursor_u8(in);
		if (n == 0)
			return false;
		buf_add(out, byte ? &byte : zeros, n);
	}
	return cursor_ok(in) && !out->full;
}

static int load_into_table(const struct keep_part *p, struct cursor *in)
{
	struct table *t = p->table;
	_Alignas(max_align_t) uint8_t entry[KEEP_ENTRY_MAX / 4] = { 0 };
	bool is_new;
	assert(t->user_size <= sizeof(entry));
	if (keep_read(p->fields, in, entry) || cursor_left(in) > 0)
		return -EXF_E_FORMAT;
	uint64_t hash = p->hash ? p->hash(entry) : table_hash(t, entry);
	if (table_find_hashed(t, entry, hash))
		return -EXF_E_FORMAT;
	if (t->stats.entries == t->stats.capacity)
		return KEEP_NO_ROOM; /* what is there may have something to say when it goes */
	void *place = table_get_hashed(t, entry, hash, &is_new);
	memcpy(place, entry, t->user_size);
	if (!p->took || p->took(p->owner, place))
		return 0;
	table_remove(t, place);
	return -EXF_E_FORMAT;
}

static int load_plain(const struct keep_part *p, struct cursor *in)
{
	if (p->table)
		return load_into_table(p, in);
	if (p->load)
		return p->load(p->owner, in);
	struct cursor probe = *in;
	if (!read_fields(p->fields, &probe, NULL) || cursor_left(&probe) > 0)
		return -EXF_E_FORMAT;
	int r = keep_read(p->fields, in, p->owner);
	if (!r && p->took)
		(void)p->took(p->owner, p->owner);
	return r;
}

int keep_load(const struct keep_part *p, const void *data, size_t len)
{
	struct cursor packed = cursor_make(data, len);
	struct buf plain;
	int r = -EXF_E_FORMAT;
	buf_init(&plain, KEEP_ENTRY_MAX);
	if (unpack(&packed, &plain)) {
		struct cursor in = cursor_make(plain.data, plain.len);
		r = load_plain(p, &in);
	}
	buf_deinit(&plain);
	return r;
}
