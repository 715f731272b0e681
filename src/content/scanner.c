/*
 * content/scanner.c - texts that pass, in streaming mode.
 *
 * A text has two lanes: what it is, and what lies in base64 or hex within it.  Each keeps its last
 * bytes, since a match may end in the next portion, and waits with the validation of a match until
 * what follows it has come or the text is at its end.  A text that begins as gzip, zlib or ZIP is
 * undone first (packed.c), UTF-16 loses its zeros (wide.c).
 *
 * A number that passes its check sum is no proof: one of ten random numbers is a card's.  Cards
 * count next to a word that speaks of cards, or from the fifth on where most of what looked like
 * one is one; numbers of persons behind a word of their own, from the third on where it is far.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/content/packed.h"
#include "content.h"
#include "prints.h"

#define TAIL        (CONTENT_BEHIND + CONTENT_AHEAD)
#define PENDING     16
#define RECENT      32  /* values that are known again */
#define KINDS       24  /* kinds and labels counted apart */
#define WORD_NEAR   256 /* bytes between a word and its number */
#define CARDS_MIN   5
#define CARDS_PART  0.7 /* of the numbers with a card's form */
#define FAR_MIN     3
#define PACKED      16 /* texts that are undone at a time */
#define PACKED_MOST (8u << 20)
#define NARROW      4096u

struct pending {
	uint64_t end;
	uint32_t id;
};

struct lane {
	hs_stream_t *stream; /* kept from text to text */
	uint64_t passed;
	uint16_t tail_len, pending_count;
	uint8_t tail[TAIL];
	struct pending pending[PENDING];
};

struct counted {
	const char *label;
	uint32_t count;
	uint8_t kind;
};

/* What the first two bytes say. */
enum form { FORM_NEW, FORM_HELD, FORM_PLAIN, FORM_PACKED, FORM_SPENT };

struct text {
	bool is_open, is_wide;
	bool has_sets;  /* it is compared with the customer's own data */
	uint8_t form;   /* enum form */
	uint8_t held;   /* the first byte, as long as it is alone */
	uint8_t packed; /* 1 + number of its slot; 0: none */
	uint8_t kinds;
	uint32_t next_free;
	struct lane lane[2];
	struct prints_lane prints[2]; /* of the same */
	struct coded coded;
	uint64_t recent[RECENT];
	uint32_t recent_next;
	uint32_t card_forms, cards; /* what has a card's form; what also passes */
	uint16_t far[CONTENT_RULES / 4];
	uint64_t word_end[CONTENT_RULES / 4]; /* of the rule's word; 0: none came */
	struct counted counted[KINDS];
};

struct content_scanner {
	const struct content_rules *rules;
	hs_scratch_t *scratch;
	struct hash_key key;
	struct text *texts;
	uint32_t max_texts, made, free_list;
	struct packed *packed[PACKED]; /* made when first needed */
	bool is_taken[PACKED];
	struct sights *sights;
	size_t stream_size, scratch_size;
	struct content_counts counts;
};

/* What a portion's matches need. */
struct scan {
	struct content_scanner *s;
	struct text *t;
	struct lane *lane;
	const uint8_t *data;
	size_t len;
	bool is_end, is_coded;
	content_hit_fn fn;
	void *arg;
};

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

/* ---- what is told ---- */

static bool is_again(const struct scan *c, const void *data, size_t len)
{
	struct text *t = c->t;
	uint64_t hash = hash_bytes(&c->s->key, data, len) | 1;
	for (unsigned i = 0; i < RECENT; i++)
		if (t->recent[i] == hash)
			return true;
	t->recent[t->recent_next++ % RECENT] = hash;
	return false;
}

static void tell(struct scan *c, enum content_kind kind, const char *label, const char *sample,
		 uint64_t offset)
{
	struct text *t = c->t;
	unsigned i = 0;
	while (i < t->kinds && (t->counted[i].kind != kind || t->counted[i].label != label))
		i++;
	if (i == KINDS)
		return;
	if (i == t->kinds) {
		t->counted[i] = (struct counted){ .label = label, .kind = (uint8_t)kind };
		t->kinds++;
	}
	uint32_t count = ++t->counted[i].count;
	c->s->counts.hits++;
	if ((count & (count - 1)) == 0 && c->fn)
		c->fn(c->arg, &(struct content_hit){ .kind = kind,
						     .is_coded = c->is_coded,
						     .label = label,
						     .sample = sample,
						     .count = count,
						     .weight = count > 1 ? count / 2 : 1,
						     .offset = offset });
}

static void mask_card(char dst[CONTENT_SAMPLE], const struct digits *d)
{
	unsigned n = 0;
	for (unsigned i = 0; i < d->count && n + 1 < CONTENT_SAMPLE; i++)
		dst[n++] = i < 6 || i + 4 >= d->count ? (char)('0' + d->value[i]) : '*';
	dst[n] = '\0';
}

static void try_card(struct scan *c, const struct around *a, const struct digits *d, uint64_t end)
{
	struct digits card;
	char sample[CONTENT_SAMPLE];
	struct text *t = c->t;
	if (!number_has_card_form(d, &card) || is_again(c, card.value, card.count))
		return;
	t->card_forms += t->card_forms < UINT32_MAX;
	const char *brand = number_card(&card);
	if (!brand)
		return;
	t->cards++;
	bool is_most = t->cards >= CARDS_MIN && t->cards >= CARDS_PART * t->card_forms;
	if (!is_most && !number_has_card_word(a))
		return;
	mask_card(sample, &card);
	tell(c, CONTENT_CARD, brand, sample, end);
}

static void try_national(struct scan *c, const struct digits *d, uint64_t end)
{
	const struct content_rules *rules = c->s->rules;
	struct text *t = c->t;
	for (unsigned i = 0; i < rules->rules && i < CONTENT_RULES / 4; i++) {
		const struct rule *r = &rules->rule[i];
		if (r->kind != CONTENT_NATIONAL || !t->word_end[i] || !number_fits(d, r) ||
		    is_again(c, d, sizeof(*d)))
			continue;
		bool is_near = end - t->word_end[i] <= WORD_NEAR;
		if (!is_near && ++t->far[i] < FAR_MIN)
			return;
		char sample[CONTENT_SAMPLE];
		(void)snprintf(sample, sizeof(sample), "%u digits", r->digits);
		tell(c, CONTENT_NATIONAL, r->label, sample, end);
		return;
	}
}

static void try_iban(struct scan *c, const struct around *a, uint64_t end)
{
	char text[40], sample[CONTENT_SAMPLE];
	unsigned n = number_iban(a, text);
	if (!n || is_again(c, text, n))
		return;
	(void)snprintf(sample, sizeof(sample), "%.2s, %u characters", text, n);
	tell(c, CONTENT_IBAN, "account", sample, end);
}

static void try_secret(struct scan *c, enum pattern pattern, const struct around *a, uint64_t end)
{
	struct secret found;
	char sample[CONTENT_SAMPLE];
	if (!secret_read(pattern, a, &found))
		return;
	size_t n = found.from + found.len <= a->len ? found.len : a->len - found.from;
	if (is_again(c, a->data + found.from, n))
		return;
	(void)snprintf(sample, sizeof(sample), "%zu characters", found.len);
	tell(c, found.kind, found.label, sample, end);
}

static void try_word(struct scan *c, unsigned number, const struct around *a, uint64_t end)
{
	const struct word *w = &c->s->rules->word[number];
	const struct rule *r = &c->s->rules->rule[w->rule];
	size_t from = a->end - w->len;
	char sample[CONTENT_SAMPLE];
	if (a->end < w->len)
		return;
	bool is_national = r->kind == CONTENT_NATIONAL; /* ssn_number is one of its words as well */
	bool is_whole = (from == 0 || !is_word_byte(a->data[from - 1]) ||
			 (is_national && a->data[from - 1] == '_')) &&
			(a->end == a->len || !is_word_byte(a->data[a->end]) ||
			 (is_national && a->data[a->end] == '_'));
	if (!is_whole)
		return;
	if (is_national) {
		if (w->rule < CONTENT_RULES / 4)
			c->t->word_end[w->rule] = end;
		return;
	}
	(void)snprintf(sample, sizeof(sample), "%u characters", w->len);
	tell(c, r->kind, r->label, sample, end);
}

/* ---- how a match becomes a hit ---- */

static bool surroundings(const struct scan *c, uint64_t end, struct around *a)
{
	const struct lane *l = c->lane;
	uint64_t first = l->passed - l->tail_len; /* offset of tail[0]; data begins at `passed` */
	uint64_t from = end > CONTENT_BEHIND ? end - CONTENT_BEHIND : 0;
	uint64_t to = end + CONTENT_AHEAD;
	if (from < first)
		from = first;
	if (to > l->passed + c->len)
		to = l->passed + c->len;
	if (from >= end || to < end)
		return false;
	a->len = 0;
	a->end = (size_t)(end - from);
	if (from < l->passed) {
		size_t at = (size_t)(from - first);
		size_t n = (to < l->passed ? (size_t)(to - first) : l->tail_len) - at;
		memcpy(a->data, l->tail + at, n);
		a->len = n;
		from += n;
	}
	if (from < to) {
		memcpy(a->data + a->len, c->data + (from - l->passed), (size_t)(to - from));
		a->len += (size_t)(to - from);
	}
	return true;
}

static void validate(struct scan *c, unsigned id, uint64_t end)
{
	struct around a;
	struct digits d;
	if (!surroundings(c, end, &a))
		return;
	switch (id) {
	case PATTERN_NUMBER:
		if (!number_read(&a, &d))
			return;
		try_card(c, &a, &d, end);
		try_national(c, &d, end);
		return;
	case PATTERN_IBAN:
		try_iban(c, &a, end);
		return;
	default:
		if (id < PATTERN__FIXED)
			try_secret(c, (enum pattern)id, &a, end);
		else
			try_word(c, id - PATTERN__FIXED, &a, end);
	}
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
		validate(c, id, to);
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
			validate(c, p.id, p.end);
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
