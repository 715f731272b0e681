/*
 * content/hits.c - what a match means.
 *
 * A number that passes its check sum is no proof: one of ten random numbers is a card's.  Cards
 * count next to a word that speaks of cards, or from the fifth on where most of what looked like
 * one is one; numbers of persons behind a word of their own, from the third on where it is far.
 */
#include <stdio.h>
#include <string.h>

#include "scan.h"

#define WORD_NEAR  256 /* bytes between a word and its number */
#define CARDS_MIN  5
#define CARDS_PART 0.7 /* of the numbers with a card's form */
#define FAR_MIN    3

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

void scan_validate(struct scan *c, unsigned id, uint64_t end)
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
