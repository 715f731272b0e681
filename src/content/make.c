/*
 * content/make.c - a set from a document, a table or a list of canaries.
 *
 * What could be in any text is left out: marks of few different characters, cells that are short or
 * in many rows.  A cell is worth the bits that guessing it takes, roughly: 3.3 a digit, 2 a letter;
 * one of letters alone, a name or a town, never enough for a row on its own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/content/packed.h"
#include "content.h"
#include "prints.h"

#define NARROW      4096u
#define UNDONE_MOST (256u << 20) /* of a file that is packed */
#define CELL_TEXT   256u
#define VARIED      8u  /* different characters of a mark */
#define MARKS_LEAST 8u  /* of a document */
#define CANARY_MIN  10u /* characters */
#define WORTH_WORDS 16u /* of a cell without digits that is no address of mail */
#define WORTH_EACH  6u  /* bits that each different character of a cell can be worth */

struct making {
	const struct set_making *m;
	struct print_keys keys;
	struct print *print;
	size_t count, room;
	uint32_t unit;
	uint8_t column;
	bool no_memory, has_too_many;
	struct set_made made;
	char *why;
	size_t why_size;
};

/* The whole of a cell. */
struct whole {
	const struct print_keys *keys;
	uint64_t hash;
	uint32_t filter, len;
	uint8_t bytes[PRINT_CELL_MAX];
};

static void put(struct making *k, uint64_t hash, uint32_t filter, uint8_t worth)
{
	if (k->count == SET_PRINTS) {
		k->has_too_many = true;
		return;
	}
	if (k->count == k->room) {
		size_t room = k->room ? 2 * k->room : 1024;
		struct print *more = realloc(k->print, room * sizeof(*more));
		k->no_memory |= !more;
		if (!more)
			return;
		k->print = more;
		k->room = room;
	}
	k->print[k->count++] = (struct print){ .hash = hash,
					       .filter = filter,
					       .unit = k->unit,
					       .column = k->column,
					       .worth = worth };
}

static unsigned varied(const uint8_t *data, size_t len)
{
	bool seen[256] = { false };
	unsigned n = 0;
	for (size_t i = 0; i < len; i++) {
		n += !seen[data[i]];
		seen[data[i]] = true;
	}
	return n;
}

static int by_hash(const void *a, const void *b)
{
	const struct print *x = a, *y = b;
	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->unit < y->unit ? -1 : x->unit > y->unit;
}

/* ---- documents ---- */

static void on_mark(void *arg, const struct print_found *f)
{
	struct making *k = arg;
	if (varied(f->bytes, f->len) >= VARIED)
		put(k, siphash(&k->keys.key, f->bytes, f->len), f->filter, 0);
}

/* A document that is read, as the scanner reads what is sent. */
struct reading {
	struct print_job job;
	struct prints_lane lane;
	bool is_wide;
};

static bool take_plain(void *arg, const uint8_t *data, size_t len)
{
	struct reading *r = arg;
	uint8_t narrow[NARROW];
	for (size_t at = 0; at < len; at += NARROW) {
		size_t n = len - at < NARROW ? len - at : NARROW;
		n = wide_narrow(&r->is_wide, data + at, n, narrow);
		prints_take(&r->lane, &r->job, narrow, n);
	}
	return true;
}

static void collect_marks(struct making *k, const uint8_t *data, size_t len)
{
	struct reading r = {
		.job = { .keys = &k->keys, .wants = PRINTS_MARKS, .fn = on_mark, .arg = k }
	};
	bool is_zip = len > 1 && packed_is_zip(data[0], data[1]);
	if (len < 2 || !(is_zip || packed_is(data[0], data[1]))) {
		(void)take_plain(&r, data, len);
		return;
	}
	struct packed *p = packed_new();
	if (p && packed_begin(p, is_zip ? PACKED_ZIP : PACKED_HEADED, UNDONE_MOST))
		(void)packed_take(p, data, len, take_plain, &r);
	k->no_memory |= !p;
	packed_free(p);
}

/* Sorted, each once. */
static void settle_marks(struct making *k)
{
	size_t n = 0;
	if (k->count)
		qsort(k->print, k->count, sizeof(*k->print), by_hash);
	for (size_t i = 0; i < k->count; i++)
		if (!n || k->print[n - 1].hash != k->print[i].hash)
			k->print[n++] = k->print[i];
	k->count = n;
}

/* Takes out what the other one has. */
static void subtract(struct making *k, const struct making *other)
{
	size_t n = 0, o = 0;
	for (size_t i = 0; i < k->count; i++) {
		while (o < other->count && other->print[o].hash < k->print[i].hash)
			o++;
		if (o == other->count || other->print[o].hash != k->print[i].hash)
			k->print[n++] = k->print[i];
	}
	k->count = n;
}

static int make_document(struct making *k, const uint8_t *data, size_t len)
{
	struct making leave = { .keys = k->keys };
	collect_marks(k, data, len);
	settle_marks(k);
	if (k->m->leave) {
		collect_marks(&leave, k->m->leave, k->m->leave_len);
		settle_marks(&leave);
		subtract(k, &leave);
		k->no_memory |= leave.no_memory;
		free(leave.print);
	}
	for (size_t i = 0; i < k->count; i++)
		k->print[i].unit = (uint32_t)i;
	k->made.units = (uint32_t)k->count;
	if (k->no_memory || k->count >= MARKS_LEAST)
		return 0;
	(void)snprintf(k->why, k->why_size,
		       "there is too little in it to know it again: %zu marks, at least %u are "
		       "wanted (some 400 letters and digits of text)",
		       k->count, MARKS_LEAST);
	return -EXF_E_FORMAT;
}

/* ---- tables ---- */

static void on_cell(void *arg, const struct print_found *f)
{
	struct whole *w = arg;
	w->len = f->at == f->len ? f->len : 0; /* from the begin to here */
	if (!w->len)
		return;
	w->hash = siphash(&w->keys->key, f->bytes, f->len);
	w->filter = f->filter;
	memcpy(w->bytes, f->bytes, f->len);
}

/* False: it is too short, too long, or of too many words. */
static bool read_cell(const struct making *k, const uint8_t *data, size_t len, struct whole *ret)
{
	const struct print_job job = { .keys = &k->keys,
				       .wants = PRINTS_CELLS,
				       .fn = on_cell,
				       .arg = ret };
	struct prints_lane lane;
	memset(&lane, 0, sizeof(lane));
	*ret = (struct whole){ .keys = &k->keys };
	prints_take(&lane, &job, data, len);
	prints_end(&lane, &job);
	return ret->len && ret->len == lane.passed;
}

static unsigned worth_of(const struct whole *w, bool is_mail)
{
	unsigned digits = 0;
	for (unsigned i = 0; i < w->len; i++)
		digits += w->bytes[i] >= '0' && w->bytes[i] <= '9';
	unsigned worth = (digits * 33 + (w->len - digits) * 20) / 10;
	unsigned most = WORTH_EACH * varied(w->bytes, w->len);
	if (!digits && !is_mail && most > WORTH_WORDS)
		most = WORTH_WORDS;
	return worth < most ? worth : most;
}

static void take_cell(struct making *k, const uint8_t *data, size_t len)
{
	struct whole w;
	if (!read_cell(k, data, len, &w))
		k->made.weak += len > 0;
	else
		put(k, w.hash, w.filter, (uint8_t)worth_of(&w, memchr(data, '@', len) != NULL));
}

/* The same value in two columns of a row is one; in too many rows it is none. */
static void settle_cells(struct making *k)
{
	size_t n = 0;
	if (k->count)
		qsort(k->print, k->count, sizeof(*k->print), by_hash);
	for (size_t i = 0, end; i < k->count; i = end) {
		size_t from = n;
		for (end = i; end < k->count && k->print[end].hash == k->print[i].hash; end++)
			if (end == i || k->print[end].unit != k->print[end - 1].unit)
				k->print[n++] = k->print[end];
		if (n - from > PRINT_ROWS) {
			k->made.common += (uint32_t)(n - from);
			n = from;
		}
	}
	k->count = n;
}

static void count_mute(struct making *k)
{
	uint32_t *worth = calloc(k->made.units ? k->made.units : 1, sizeof(*worth));
	k->no_memory |= !worth;
	for (size_t i = 0; worth && i < k->count; i++)
		worth[k->print[i].unit] += k->print[i].worth;
	for (uint32_t i = 0; worth && i < k->made.units; i++)
		k->made.mute += worth[i] < WORTH_ROW;
	free(worth);
}

static int make_table(struct making *k, const uint8_t *data, size_t len)
{
	struct csv csv;
	uint8_t cell[CELL_TEXT];
	bool is_last = false, is_head = !k->m->has_no_head;
	int n;
	unsigned column = 0;
	csv_begin(&csv, data, len);
	while ((n = csv_next(&csv, cell, sizeof(cell), &is_last)) >= 0) {
		k->column = (uint8_t)(column < UINT8_MAX ? column : UINT8_MAX);
		if (!is_head)
			take_cell(k, cell, (size_t)n);
		column = is_last ? 0 : column + 1;
		k->unit += is_last && !is_head;
		is_head = is_head && !is_last;
	}
	k->made.units = k->unit + (!is_last && !is_head);
	settle_cells(k);
	count_mute(k);
	if (k->no_memory || k->made.mute < k->made.units)
		return 0;
	(void)snprintf(k->why, k->why_size,
		       "no row of it could be known again: cells need four letters or digits, "
		       "and a row needs a number, an address of mail or three names");
	return -EXF_E_FORMAT;
}

/* ---- canaries ---- */

static int make_canaries(struct making *k, const uint8_t *data, size_t len)
{
	struct whole w;
	unsigned line = 0;
	for (size_t at = 0; at < len;) {
		const uint8_t *end = memchr(data + at, '\n', len - at);
		size_t n = end ? (size_t)(end - data) - at : len - at;
		line++;
		while (n && (data[at + n - 1] == '\r' || data[at + n - 1] == ' '))
			n--;
		if (n && (!read_cell(k, data + at, n, &w) || w.len < CANARY_MIN)) {
			(void)snprintf(k->why, k->why_size,
				       "line %u: a canary has %u to %u letters and digits, in at "
				       "most %u words",
				       line, CANARY_MIN, PRINT_CELL_MAX, PRINT_WORDS);
			return -EXF_E_FORMAT;
		}
		if (n) {
			put(k, w.hash, w.filter, WORTH_ROW);
			k->unit++;
		}
		at = end ? (size_t)(end - data) + 1 : len;
	}
	k->made.units = k->unit;
	settle_cells(k);
	if (k->unit)
		return 0;
	(void)snprintf(k->why, k->why_size, "there is no canary in it");
	return -EXF_E_FORMAT;
}

/* ---- the file ---- */

static void put_number(struct buf *out, uint64_t n, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		buf_char(out, (char)(uint8_t)(n >> 8 * i));
}

static void write_set(const struct making *k, struct buf *out)
{
	size_t from = out->len, name_len = strlen(k->m->name);
	buf_add(out, SET_MAGIC, 8);
	put_number(out, k->m->kind, 1);
	put_number(out, name_len, 1);
	put_number(out, 0, 2);
	put_number(out, k->made.units, 4);
	put_number(out, k->count, 4);
	put_number(out, 0, 4);
	put_number(out, set_key_mark(k->m->key), 8);
	buf_add(out, k->m->name, name_len);
	for (size_t i = 0; i < k->count; i++) {
		const struct print *p = &k->print[i];
		put_number(out, p->hash, 8);
		put_number(out, p->filter, 4);
		put_number(out, p->unit, 4);
		put_number(out, p->column, 1);
		put_number(out, p->worth, 1);
		put_number(out, 0, 2);
	}
	if (!out->full)
		put_number(out, siphash(k->m->key, out->data + from, out->len - from), 8);
}

static int finish(struct making *k, int err, struct buf *out)
{
	if (!err && k->has_too_many) {
		(void)snprintf(k->why, k->why_size,
			       "it has more than %u prints, and all sets together have room for "
			       "as many: take a part of it",
			       SET_PRINTS);
		err = -EXF_E_LIMIT;
	}
	if (!err && !k->no_memory)
		write_set(k, out);
	if (!err && (k->no_memory || out->full)) {
		(void)snprintf(k->why, k->why_size, "there is no memory for it");
		err = -EXF_E_NOMEM;
	}
	return err;
}

int set_make(const struct set_making *m, const void *data, size_t len, struct buf *out,
	     struct set_made *ret, char *ret_why, size_t why_size)
{
	static int (*const makers[SET__COUNT])(struct making *, const uint8_t *,
					       size_t) = { make_document, make_table,
							   make_canaries };
	struct making k = { .m = m, .why = ret_why, .why_size = why_size };
	if (!set_name_is_good(m->name, strlen(m->name))) {
		(void)snprintf(ret_why, why_size,
			       "'%s' is no name of a set: 1 to %u letters, digits and signs of "
			       "ASCII, no comma; choose one with -n",
			       m->name, SET_NAME - 1);
		return -EXF_E_INVALID;
	}
	print_keys_make(m->key, &k.keys);
	int err = finish(&k, makers[m->kind](&k, data, len), out);
	k.made.prints = (uint32_t)k.count;
	*ret = k.made;
	free(k.print);
	explicit_bzero(&k.keys, sizeof(k.keys));
	return err;
}
