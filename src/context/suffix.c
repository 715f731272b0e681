/*
 * context/suffix.c - registered domains by the public suffix list.
 *
 * libpsl takes lower-case text and about a microsecond a question, and names are hostile bytes.
 * So a look-up
 *
 *  1. asks a 4-way cache for the name as it stands.  The keyed 64-bit hash stands for the name: a
 *     false hit needs a second preimage, and could only split a name at another place within it.
 *  2. On a miss walks from the right and copies at most the last 9 labels, lower-cased, into its
 *     own buffer.  No rule of the list has more than 5 labels or 50 bytes, so that is always
 * enough. A byte outside [a-z0-9-_] becomes '_', which no rule contains: such a label can be the
 * one that is registered, never part of a suffix.  An empty label counts as the label "_".
 *  3. Looks each end of that text up among the list's rules (suffix_rules.h), until no longer rule
 *     can follow.  Where a label is of another script (xn--), or the list's text is not at hand, it
 *     asks libpsl about the end, with the same cache before it.
 *
 * The private section counts: bucket.s3.amazonaws.com and user.github.io are registered domains,
 * because each belongs to somebody else.
 */
#include "suffix.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpsl.h>

#include "suffix_rules.h"

#define LABELS_MAX        9u
#define TAIL_ENOUGH       100u /* bytes, more than any suffix: 50, or 36 and a label for its '*' */
#define TAIL_MAX          256u
#define SUFFIX_LABELS_MAX 7u
#define CACHE_SETS        4096u
#define CACHE_WAYS        4u

enum { NO_SUFFIX = 1, IS_SUFFIX }; /* answers about the end of a name */
#define IS_SPLIT        (1u << 31) /* answer about a name: the bytes before, and the length */
#define NAME_MAX_CACHED 255u

struct cached {
	uint64_t hash;
	uint32_t answer; /* 0: not known yet */
	uint32_t used;   /* when, for eviction */
};

struct suffix {
	psl_ctx_t *list;           /* owned, or NULL */
	const psl_ctx_t *active;   /* the list in use */
	struct suffix_rules rules; /* of that list */
	struct hash_key key;       /* of questions about a name */
	struct hash_key end_key;   /* of questions about the end of one */
	uint32_t clock;
	uint8_t plain[256]; /* lower case; '_' for what a rule cannot contain */
	struct cached cache[CACHE_SETS][CACHE_WAYS];
};

/* The end of a name, in the form that libpsl takes, and where each of its labels begins. */
struct tail {
	char text[TAIL_MAX + 1];             /* filled from its end */
	const char *text_starts[LABELS_MAX]; /* of each label; [0] is the last one */
	size_t starts[LABELS_MAX];           /* the same in the name */
	unsigned labels;
};

/*
 * The list that the distribution keeps up to date, with its text, which lies beside it; else the
 * newest that libpsl knows, whose text is not at hand.
 */
static void use_system_list(struct suffix *s)
{
	char text[PATH_MAX];
	const char *dist = psl_dist_filename();
	const char *dot = dist ? strrchr(dist, '.') : NULL;
	if (dot &&
	    snprintf(text, sizeof(text), "%.*s.dat", (int)(dot - dist), dist) < (int)sizeof(text) &&
	    suffix_rules_init(&s->rules, text, &s->end_key))
		s->list = psl_load_file(dist);
	if (!s->list) {
		suffix_rules_deinit(&s->rules);
		s->list = psl_latest(NULL);
	}
	s->active = s->list ? s->list : psl_builtin();
}

int suffix_new(const char *path, const struct hash_key *key, struct suffix **ret, char *ret_why,
	       size_t why_size)
{
	struct suffix *s = calloc(1, sizeof(*s));
	if (!s) {
		snprintf(ret_why, why_size, "memory is exhausted");
		return -EXF_E_NOMEM;
	}
	errno = 0;
	s->key = *key;
	s->end_key = (struct hash_key){ { ~key->k[0], key->k[1] } };
	if (!path)
		use_system_list(s);
	else if ((s->active = s->list = psl_load_file(path)) != NULL)
		(void)suffix_rules_init(&s->rules, path, &s->end_key);
	if (!s->active) {
		int error = errno;
		snprintf(ret_why, why_size, "%s: cannot read the public suffix list: %s",
			 path ? path : "libpsl", error ? strerror(error) : "no list in it");
		free(s);
		return -EXF_E_IO;
	}
	for (unsigned c = 0; c < 256; c++) {
		bool is_plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
		bool is_upper = c >= 'A' && c <= 'Z';
		bool is_kept = is_plain || c == '.';
		s->plain[c] = (uint8_t)(is_kept ? c : is_upper ? c + 'a' - 'A' : '_');
	}
	*ret = s;
	return 0;
}

void suffix_free(struct suffix *s)
{
	if (!s)
		return;
	psl_free(s->list);
	suffix_rules_deinit(&s->rules);
	free(s);
}

/* Takes what is left of a label that is longer than the buffer: where it begins. */
static size_t label_start(const char *name, size_t i)
{
	const char *dot = memrchr(name, '.', i);
	return dot ? (size_t)(dot - name) + 1 : 0;
}

/* len > 0, and the last byte is no dot. */
static void take_tail(const struct suffix *s, const char *name, size_t len, struct tail *t)
{
	char *const end = t->text + TAIL_MAX;
	char *out = end;
	char *label = end; /* of the text: one past the label being taken */
	size_t i = len;
	t->labels = 0;
	for (;;) {
		uint8_t c = '.';
		while (i > 0 && out > t->text + 8 && (c = s->plain[(uint8_t)name[i - 1]]) != '.') {
			*--out = (char)c;
			i--;
		}
		if (out == label)
			*--out = '_';
		t->text_starts[t->labels] = out;
		t->starts[t->labels++] = c == '.' ? i : label_start(name, i);
		if (i == 0 || c != '.' || t->labels == LABELS_MAX ||
		    (size_t)(end - out) > TAIL_ENOUGH)
			break;
		*--out = '.';
		label = out;
		i--;
	}
}

/* The slot of a text: that which has it, or that which it may have. */
static struct cached *cache_slot(struct suffix *s, uint64_t hash)
{
	struct cached *set = s->cache[hash % CACHE_SETS];
	struct cached *victim = set;
	s->clock++;
	for (unsigned way = 0; way < CACHE_WAYS; way++) {
		struct cached *slot = &set[way];
		if (slot->hash == hash && slot->answer) {
			slot->used = s->clock;
			return slot;
		}
		if (!slot->answer || (victim->answer && slot->used < victim->used))
			victim = slot;
	}
	victim->hash = hash;
	victim->answer = 0;
	victim->used = s->clock;
	return victim;
}

/* Of the last labels of the text. */
static uint64_t end_hash(const struct suffix *s, const struct tail *t, unsigned labels)
{
	const char *text = t->text_starts[labels - 1];
	return hash_bytes(&s->end_key, text, (size_t)(t->text + TAIL_MAX - text));
}

static bool library_says(struct suffix *s, const char *text, uint64_t hash)
{
	struct cached *slot = cache_slot(s, hash);
	if (!slot->answer)
		slot->answer = psl_is_public_suffix(s->active, text) ? IS_SUFFIX : NO_SUFFIX;
	return slot->answer == IS_SUFFIX;
}

/*
 * Labels of the longest suffix that ends the text.  A wildcard takes its own domain, as with
 * libpsl, and one label more, but for its exceptions; the list's last rule is "*".
 */
static unsigned suffix_labels(struct suffix *s, const struct tail *t)
{
	unsigned best = 1;
	uint64_t hash = end_hash(s, t, 1);
	bool is_known = s->rules.slots != NULL;
	unsigned before = is_known ? suffix_rules_flags(&s->rules, hash) : 0;
	for (unsigned labels = 2; labels <= t->labels && labels <= SUFFIX_LABELS_MAX; labels++) {
		is_known = is_known && strncmp(t->text_starts[labels - 2], "xn--", 4) != 0;
		if (is_known && !(before & SUFFIX_GROWS))
			break;
		const char *text = t->text_starts[labels - 1];
		hash = end_hash(s, t, labels);
		if (!is_known || strncmp(text, "xn--", 4) == 0) {
			if (library_says(s, text, hash))
				best = labels;
			continue;
		}
		unsigned flags = suffix_rules_flags(&s->rules, hash);
		if (flags & SUFFIX_EXCEPT)
			return labels - 1; /* prevails: the rule without its first label */
		if ((flags & (SUFFIX_RULE | SUFFIX_WILD)) || (before & SUFFIX_WILD))
			best = labels;
		before = flags;
	}
	return best;
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

static size_t split(struct suffix *s, const char *name, size_t len, size_t *ret_len)
{
	struct tail t;
	size_t start = 0;
	t.text[TAIL_MAX] = '\0';
	while (len > 0 && name[len - 1] == '.')
		len--;
	if (len > 0 && !is_ipv4_text(name, len)) {
		take_tail(s, name, len, &t);
		unsigned labels = suffix_labels(s, &t);
		if (labels < t.labels)
			labels++;
		start = t.starts[labels - 1]; /* a name that is a suffix is its own */
	}
	*ret_len = len - start;
	return start;
}

size_t suffix_split(struct suffix *s, const char *name, size_t len, const char **ret_registered,
		    size_t *ret_len)
{
	size_t start;
	if (len > NAME_MAX_CACHED) {
		start = split(s, name, len, ret_len);
		*ret_registered = name + start;
		return start;
	}
	uint64_t hash = hash_bytes(&s->key, name, len);
	struct cached *slot = cache_slot(s, hash);
	if (slot->answer & IS_SPLIT) {
		start = slot->answer >> 8 & 0xff;
		*ret_len = slot->answer & 0xff;
		if (start + *ret_len > len)
			start = *ret_len = 0; /* two names of one hash: never seen, always safe */
	} else {
		start = split(s, name, len, ret_len);
		slot = cache_slot(s, hash); /* the questions may have taken it */
		slot->answer = (uint32_t)(IS_SPLIT | start << 8 | *ret_len);
	}
	*ret_registered = name + start;
	return start;
}
