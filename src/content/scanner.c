/*
 * content/scanner.c - texts that pass, in streaming mode.
 *
 * A text has two lanes: what it is, and what lies in base64 or hex within it.  Each keeps its last
 * bytes, since a match may end in the next portion, and waits with the validation of a match until
 * what follows it has come or the text is at its end.  A text that begins as gzip, zlib or ZIP is
 * undone first (packed.c), UTF-16 loses its zeros (wide.c).
 */
#include <stdlib.h>
#include <string.h>

#include "scan.h"

#define PACKED_MOST (8u << 20)
#define NARROW      4096u

struct content_scanner *content_scanner_new(const struct content_rules *rules, uint32_t max_streams,
					    const struct hash_key *key)
{
	struct content_scanner *s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->rules = rules;
	s->key = *key;
	s->max_texts = max_streams ? max_streams : 1;
	s->texts = calloc(s->max_texts, sizeof(*s->texts));
	s->sights = sights_new(rules);
	if (!s->texts || !s->sights || hs_alloc_scratch(rules->db, &s->scratch) != HS_SUCCESS ||
	    hs_stream_size(rules->db, &s->stream_size) != HS_SUCCESS ||
	    hs_scratch_size(s->scratch, &s->scratch_size) != HS_SUCCESS) {
		content_scanner_free(s);
		return NULL;
	}
	return s;
}

void content_scanner_free(struct content_scanner *s)
{
	if (!s)
		return;
	for (uint32_t i = 0; s->texts && i < s->made; i++)
		for (unsigned lane = 0; lane < 2; lane++)
			if (s->texts[i].lane[lane].stream)
				hs_close_stream(s->texts[i].lane[lane].stream, NULL, NULL, NULL);
	for (unsigned i = 0; i < PACKED; i++)
		packed_free(s->packed[i]);
	hs_free_scratch(s->scratch);
	sights_free(s->sights);
	free(s->texts);
	free(s);
}

uint32_t content_open(struct content_scanner *s)
{
	uint32_t number = s->free_list;
	if (number) {
		s->free_list = s->texts[number - 1].next_free;
	} else if (s->made < s->max_texts) {
		struct text *t = &s->texts[s->made];
		for (unsigned lane = 0; lane < 2; lane++)
			if (!t->lane[lane].stream &&
			    hs_open_stream(s->rules->db, 0, &t->lane[lane].stream) != HS_SUCCESS)
				return 0;
		number = ++s->made;
	}
	if (!number) {
		s->counts.refused++;
		return 0;
	}
	s->texts[number - 1].is_open = true;
	s->texts[number - 1].has_sets = sights_begin(s->sights);
	s->counts.open++;
	return number;
}

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
		    void *arg)
{
	struct scan *c = arg;
	struct lane *l = c->lane;
	(void)from;
	(void)flags;
	c->s->counts.matches++;
	if (l->passed + c->len - to >= CONTENT_AHEAD || l->pending_count == PENDING)
		scan_validate(c, id, to);
	else
		l->pending[l->pending_count++] = (struct pending){ to, id };
	return 0;
}

static void keep_tail(struct lane *l, const uint8_t *data, size_t len)
{
	if (len >= TAIL) {
		memcpy(l->tail, data + len - TAIL, TAIL);
		l->tail_len = TAIL;
		return;
	}
	size_t stay = l->tail_len + len > TAIL ? TAIL - len : l->tail_len;
	memmove(l->tail, l->tail + (l->tail_len - stay), stay);
	memcpy(l->tail + stay, data, len);
	l->tail_len = (uint16_t)(stay + len);
}

static struct sight_text text_of(const struct scan *c)
{
	return (struct sight_text){ (uint32_t)(c->t - c->s->texts) + 1, c->is_coded, c->fn,
				    c->arg };
}

static void compare(struct scan *c)
{
	const struct sight_text t = text_of(c);
	sights_take(c->s->sights, &t, &c->t->prints[c->lane - c->t->lane], c->data, c->len);
}

static void feed_lane(struct scan *c)
{
	struct lane *l = c->lane;
	unsigned waiting = l->pending_count;
	uint64_t have = l->passed + c->len;
	l->pending_count = 0;
	for (unsigned i = 0; i < waiting; i++) {
		struct pending p = l->pending[i];
		if (c->is_end || have - p.end >= CONTENT_AHEAD)
			scan_validate(c, p.id, p.end);
		else
			l->pending[l->pending_count++] = p;
	}
	if (c->len == 0)
		return;
	(void)hs_scan_stream(l->stream, (const char *)c->data, (unsigned)c->len, 0, c->s->scratch,
			     on_match, c);
	if (c->t->has_sets)
		compare(c);
	keep_tail(l, c->data, c->len);
	l->passed += c->len;
	c->s->counts.bytes += c->len;
}

static void feed_coded(void *arg, const uint8_t *data, size_t len)
{
	const struct scan *outer = arg;
	struct scan c = *outer;
	c.lane = &c.t->lane[1];
	c.data = data;
	c.len = len;
	c.is_coded = true;
	feed_lane(&c);
}

static void feed_narrow(struct scan *c, const uint8_t *data, size_t len)
{
	c->data = data;
	c->len = len;
	feed_lane(c);
	coded_take(&c->t->coded, data, len, feed_coded, c);
}

/* Text as it is to be read; what has no zero needs no copy. */
static bool feed_plain(void *arg, const uint8_t *data, size_t len)
{
	struct scan *c = arg;
	uint8_t narrow[NARROW];
	if (!memchr(data, 0, len)) {
		feed_narrow(c, data, len);
		return true;
	}
	for (size_t at = 0; at < len; at += NARROW) {
		size_t n = len - at < NARROW ? len - at : NARROW;
		n = wide_narrow(&c->t->is_wide, data + at, n, narrow);
		if (n)
			feed_narrow(c, narrow, n);
	}
	return true;
}

/* A slot to undo a text in; false: all are in use, or there is no memory. */
static bool take_slot(struct content_scanner *s, struct text *t, enum packed_form form)
{
	for (unsigned i = 0; i < PACKED; i++) {
		if (s->is_taken[i])
			continue;
		if (!s->packed[i])
			s->packed[i] = packed_new();
		if (!s->packed[i] || !packed_begin(s->packed[i], form, PACKED_MOST))
			return false;
		s->is_taken[i] = true;
		t->packed = (uint8_t)(i + 1);
		return true;
	}
	s->counts.refused++;
	return false;
}

static void give_slot(struct content_scanner *s, struct text *t)
{
	if (t->packed)
		s->is_taken[t->packed - 1] = false;
	t->packed = 0;
}

static void feed_form(struct scan *c, const uint8_t *data, size_t len)
{
	struct text *t = c->t;
	if (t->form == FORM_PACKED) {
		if (packed_take(c->s->packed[t->packed - 1], data, len, feed_plain, c))
			return;
		t->form = FORM_SPENT; /* nothing that could be read comes after it */
		give_slot(c->s, t);
	} else if (t->form == FORM_PLAIN) {
		(void)feed_plain(c, data, len);
	}
}

static void choose_form(struct scan *c, uint8_t first, uint8_t second)
{
	bool is_zip = packed_is_zip(first, second);
	bool is_packed = (is_zip || packed_is(first, second)) &&
			 take_slot(c->s, c->t, is_zip ? PACKED_ZIP : PACKED_HEADED);
	c->t->form = is_packed ? FORM_PACKED : FORM_PLAIN;
}

void content_feed(struct content_scanner *s, uint32_t number, const uint8_t *data, size_t len,
		  content_hit_fn fn, void *arg)
{
	struct text *t = &s->texts[number - 1];
	struct scan c = { .s = s, .t = t, .lane = &t->lane[0], .fn = fn, .arg = arg };
	if (!len)
		return;
	if (t->form == FORM_NEW && len == 1) {
		t->form = FORM_HELD;
		t->held = data[0];
		return;
	}
	if (t->form == FORM_NEW) {
		choose_form(&c, data[0], data[1]);
	} else if (t->form == FORM_HELD) {
		choose_form(&c, t->held, data[0]);
		feed_form(&c, &t->held, 1);
	}
	feed_form(&c, data, len);
}

bool content_is_packed(const struct content_scanner *s, uint32_t number)
{
	return number && s->texts[number - 1].form == FORM_PACKED;
}

/* A number at the very end has nothing behind it: a line's end is added, then all is validated. */
static void end_lane(struct scan *c, struct lane *l)
{
	static const uint8_t line_end = '\n';
	if (!l->passed)
		return;
	c->lane = l;
	c->data = &line_end;
	c->len = 1;
	feed_lane(c);
	c->len = 0;
	c->is_end = true;
	feed_lane(c);
}

void content_close(struct content_scanner *s, uint32_t number, content_hit_fn fn, void *arg)
{
	struct text *t = &s->texts[number - 1];
	struct scan c = { .s = s, .t = t, .fn = fn, .arg = arg };
	hs_stream_t *streams[2] = { t->lane[0].stream, t->lane[1].stream };
	give_slot(s, t);
	if (fn)
		end_lane(&c, &t->lane[0]);
	c.is_coded = true;
	if (fn)
		end_lane(&c, &t->lane[1]);
	if (t->has_sets) {
		const struct sight_text text = text_of(&c);
		sights_end(s->sights, &text);
	}
	for (unsigned i = 0; i < 2; i++)
		if (t->lane[i].passed)
			(void)hs_reset_stream(streams[i], 0, s->scratch, NULL, NULL);
	memset(t, 0, sizeof(*t));
	t->lane[0].stream = streams[0];
	t->lane[1].stream = streams[1];
	t->next_free = s->free_list;
	s->free_list = number;
	s->counts.open--;
}

void content_counts(const struct content_scanner *s, struct content_counts *ret)
{
	uint64_t refused;
	size_t bytes;
	sights_counts(s->sights, &refused, &bytes);
	*ret = s->counts;
	ret->refused += refused;
	ret->worst_case_bytes = sizeof(*s) + s->scratch_size +
				s->max_texts * (sizeof(struct text) + 2 * s->stream_size) +
				PACKED * packed_bytes() + bytes;
}
