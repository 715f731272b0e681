/*
 * context/suffix.c - registered domains by the public suffix list.
 *
 * libpsl takes lower-case text and about a microsecond.  Names are hostile bytes, so a look-up
 *
 *  1. walks from the right and copies at most the last 9 labels, lower-cased, into its own buffer.
 *     No rule of the list has more than 5 labels or 50 bytes, so that is always enough.  A byte
 *     outside [a-z0-9-_] becomes '_', which no rule contains: such a label can be the one that
 *     is registered, never part of a suffix.  An empty label counts as the label "_".
 *  2. hashes the buffer and asks a 4-way cache, which keeps the number of labels of the
 *     registered domain.  The keyed 64-bit hash stands for the name: a false hit needs a second
 *     preimage, and could only split a name at another of its own dots.
 *  3. on a miss asks libpsl.
 *
 * The private section counts: bucket.s3.amazonaws.com and user.github.io are registered domains,
 * because each belongs to somebody else.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpsl.h>

#include "suffix.h"

#define LABELS_MAX 9u
#define TAIL_ENOUGH 100u /* bytes, more than any suffix: 50, or 36 and a label for its '*' */
#define TAIL_MAX 256u
#define CACHE_SETS 4096u
#define CACHE_WAYS 4u

struct cached {
	uint64_t hash;
	uint32_t labels; /* of the registered domain; 0: the slot is empty */
	uint32_t used;	 /* when, for eviction */
};

struct suffix {
	psl_ctx_t *list;	     /* owned, or NULL */
	const psl_ctx_t *active;     /* the list in use */
	struct hash_key key;
	uint32_t clock;
	uint8_t plain[256]; /* lower case; '_' for what a rule cannot contain */
	struct cached cache[CACHE_SETS][CACHE_WAYS];
};

/* The end of a name, in the form that libpsl takes, and where each of its labels begins. */
struct tail {
	char text[TAIL_MAX + 1];
	const char *at; /* first byte of the text, which fills the buffer from its end */
	size_t len;
	size_t starts[LABELS_MAX]; /* in the name; [0] is the last label */
	unsigned labels;
};

int suffix_new(const char *path, const struct hash_key *key, struct suffix **ret, char *ret_why,
	       size_t why_size)
{
	struct suffix *s = calloc(1, sizeof(*s));
	if (!s) {
		snprintf(ret_why, why_size, "memory is exhausted");
		return -EXF_E_NOMEM;
	}
	errno = 0;
	s->list = path ? psl_load_file(path) : psl_latest(NULL);
	s->active = s->list;
	if (!s->active && !path)
		s->active = psl_builtin();
	if (!s->active) {
		int error = errno;
		snprintf(ret_why, why_size, "%s: cannot read the public suffix list: %s",
			 path ? path : "libpsl", error ? strerror(error) : "no list in it");
		free(s);
		return -EXF_E_IO;
	}
	s->key = *key;
	for (unsigned c = 0; c < 256; c++) {
		bool is_plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
		bool is_upper = c >= 'A' && c <= 'Z';
		s->plain[c] = (uint8_t)(is_plain ? c : is_upper ? c + 'a' - 'A' : '_');
	}
	*ret = s;
	return 0;
}

void suffix_free(struct suffix *s)
{
	if (!s)
		return;
	psl_free(s->list);
	free(s);
}

/* len > 0, and the last byte is no dot. */
static void take_tail(const struct suffix *s, const char *name, size_t len, struct tail *t)
{
	char *const end = t->text + TAIL_MAX;
	char *out = end;
	size_t i = len;
	size_t label_end = len;
	*end = '\0';
	t->labels = 0;
	for (;;) {
		while (i > 0 && name[i - 1] != '.') {
			i--;
			if (label_end - i <= 63) /* longer ones are no labels; their ends do */
				*--out = (char)s->plain[(unsigned char)name[i]];
		}
		if (i == label_end)
			*--out = '_';
		t->starts[t->labels++] = i;
		if (i == 0 || t->labels == LABELS_MAX || (size_t)(end - out) > TAIL_ENOUGH)
			break;
		*--out = '.';
		label_end = --i;
	}
	t->at = out;
	t->len = (size_t)(end - out);
}

static unsigned count_labels(const char *text)
{
	unsigned labels = 1;
	for (; *text; text++)
		labels += *text == '.';
	return labels;
}

/* Labels of the registered domain; a name that is a suffix is its own. */
static unsigned registered_labels(struct suffix *s, const struct tail *t)
{
	uint64_t hash = hash_bytes(&s->key, t->at, t->len);
	struct cached *set = s->cache[hash % CACHE_SETS];
	struct cached *victim = set;
	s->clock++;
	for (unsigned way = 0; way < CACHE_WAYS; way++) {
		struct cached *slot = &set[way];
		if (slot->hash == hash && slot->labels) {
			slot->used = s->clock;
			return slot->labels;
		}
		if (!slot->labels || (victim->labels && slot->used < victim->used))
			victim = slot;
	}
	const char *registered = psl_registrable_domain(s->active, t->at);
	victim->hash = hash;
	victim->labels = registered ? count_labels(registered) : t->labels;
	victim->used = s->clock;
	return victim->labels;
}

/* "192.0.2.1" as the host of a request is one thing, not something under "2.1". */
static bool is_ipv4_text(const char *name, size_t len)
{
	unsigned dots = 0;
	if (len > 15)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (name[i] == '.')
			dots++;
		else if (name[i] < '0' || name[i] > '9')
			return false;
	}
	return dots == 3;
}

size_t suffix_split(struct suffix *s, const char *name, size_t len, const char **ret_registered,
		    size_t *ret_len)
{
	struct tail t;
	size_t start = 0;
	while (len > 0 && name[len - 1] == '.')
		len--;
	if (len > 0 && !is_ipv4_text(name, len)) {
		take_tail(s, name, len, &t);
		if (t.labels > 1) {
			unsigned labels = registered_labels(s, &t);
			if (labels > t.labels)
				labels = t.labels;
			start = t.starts[labels - 1];
		}
	}
	*ret_registered = name + start;
	*ret_len = len - start;
	return start;
}
