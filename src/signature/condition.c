/*
 * signature/condition.c - the condition of a rule, as a tree.
 *
 *   expr := and ("or" and)*   and := not ("and" not)*   not := "not" not | atom
 *   atom := "(" expr ")" | ("1" | "any" | "all" | N) "of" ("them" | PATTERN) | NAME
 *
 * Sigma specification 2.1, "Condition".  Words of the language are known in either case.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "exfild/base/str.h"
#include "private.h"

#define DEPTH_MAX 24
#define WORD_MAX  128

struct scan {
	struct compile *c;
	const struct yaml_node *at;
	const char *next;
	char word[WORD_MAX]; /* "" at the end */
	unsigned depth;
};

static bool is_word_char(char ch)
{
	return isalnum((unsigned char)ch) || (ch && strchr("_-.*$", ch));
}

static bool advance(struct scan *s)
{
	while (isspace((unsigned char)*s->next))
		s->next++;
	size_t n = 0;
	if (*s->next == '(' || *s->next == ')')
		s->word[n++] = *s->next++;
	else
		while (is_word_char(*s->next) && n < WORD_MAX - 1)
			s->word[n++] = *s->next++;
	s->word[n] = '\0';
	if (n || !*s->next || (*s->next == '|' && s->c->is_counted))
		return true;
	if (*s->next == '|')
		return refuse(s->c, s->at,
			      "the condition uses '|', which stands at the end of a rule's one "
			      "condition; write a correlation");
	return refuse(s->c, s->at, "the condition has a '%c' where a word is expected", *s->next);
}

static bool is_word(const struct scan *s, const char *word)
{
	return strcasecmp(s->word, word) == 0;
}

static struct node *read_or(struct scan *s);

static struct node *search_named(struct compile *c, const struct yaml_node *search)
{
	const char *before = c->search;
	c->search = search->key;
	struct node *n = search_tree(c, search);
	c->search = before;
	return n;
}

/* '*' stands for any text, as in "selection_*". */
static bool fits(const char *pattern, const char *name)
{
	for (; *pattern; pattern++, name++) {
		if (*pattern == '*') {
			while (pattern[1] == '*')
				pattern++;
			for (;; name++) {
				if (fits(pattern + 1, name))
					return true;
				if (!*name)
					return false;
			}
		}
		if (*pattern != *name)
			return false;
	}
	return !*name;
}

static bool is_reserved(const char *key)
{
	return strcmp(key, "condition") == 0 || strcmp(key, "timeframe") == 0;
}

/* need: 0 all of them. */
static struct node *read_of(struct scan *s, unsigned need)
{
	if (!advance(s))
		return NULL;
	bool is_them = is_word(s, "them");
	struct node *n = node_new(s->c, need == 0 ? NODE_AND : need == 1 ? NODE_OR : NODE_COUNT);
	if (!n)
		return NULL;
	unsigned count = 0;
	n->index = need;
	for (const struct yaml_node *k = s->c->detection->first; k; k = k->next) {
		if (is_reserved(k->key) || (is_them ? k->key[0] == '_' : !fits(s->word, k->key)))
			continue;
		struct node *child = search_named(s->c, k);
		if (!child)
			return NULL;
		node_add_child(n, child);
		count++;
	}
	if (!count || count < need) {
		refuse(s->c, s->at,
		       "the condition asks for %u of '%.60s', and %u searches are named so",
		       need ? need : 1, s->word, count);
		return NULL;
	}
	return advance(s) ? n : NULL;
}

static struct node *read_atom(struct scan *s)
{
	uint64_t need = 0;
	if (is_word(s, "(")) {
		struct node *n = advance(s) ? read_or(s) : NULL;
		if (n && !is_word(s, ")")) {
			refuse(s->c, s->at, "the condition lacks a ')'");
			return NULL;
		}
		return n && advance(s) ? n : NULL;
	}
	char word[WORD_MAX];
	memcpy(word, s->word, sizeof(word));
	bool is_all = is_word(s, "all"), is_any = is_word(s, "any");
	bool is_number = !str_parse_u64(s->word, 1, 1000, &need);
	const struct yaml_node *search = yaml_get(s->c->detection, word);
	if (!advance(s))
		return NULL;
	if ((is_all || is_any || is_number) && is_word(s, "of"))
		return read_of(s, is_all ? 0 : is_any ? 1 : (unsigned)need);
	if (search && !is_reserved(word))
		return search_named(s->c, search);
	if (!word[0] || strcmp(word, ")") == 0)
		refuse(s->c, s->at, "the condition ends where a search is expected");
	else
		refuse(s->c, s->at, "the condition names '%.60s', and there is no such search",
		       word);
	return NULL;
}

static struct node *read_not(struct scan *s)
{
	if (!is_word(s, "not"))
		return read_atom(s);
	if (++s->depth > DEPTH_MAX) {
		refuse(s->c, s->at, "the condition is nested deeper than %d", DEPTH_MAX);
		return NULL;
	}
	struct node *n = node_new(s->c, NODE_NOT);
	struct node *inner = n && advance(s) ? read_not(s) : NULL;
	s->depth--;
	if (!inner)
		return NULL;
	node_add_child(n, inner);
	return n;
}

static struct node *read_list(struct scan *s, enum node_kind kind, const char *word,
			      struct node *(*next)(struct scan *))
{
	struct node *first = next(s);
	if (!first || !is_word(s, word))
		return first;
	struct node *n = node_new(s->c, kind);
	if (n)
		node_add_child(n, first);
	while (n && is_word(s, word)) {
		struct node *more = advance(s) ? next(s) : NULL;
		if (!more)
			return NULL;
		node_add_child(n, more);
	}
	return n;
}

static struct node *read_and(struct scan *s)
{
	return read_list(s, NODE_AND, "and", read_not);
}

static struct node *read_or(struct scan *s)
{
	if (++s->depth > DEPTH_MAX) {
		refuse(s->c, s->at, "the condition is nested deeper than %d", DEPTH_MAX);
		return NULL;
	}
	struct node *n = read_list(s, NODE_OR, "or", read_and);
	s->depth--;
	return n;
}

struct node *condition_tree(struct compile *c, const struct yaml_node *at, const char *text)
{
	struct scan s = { .c = c, .at = at, .next = text };
	if (strlen(text) > TEXT_MAX) {
		refuse(c, at, "the condition is longer than %d characters", TEXT_MAX);
		return NULL;
	}
	struct node *n = advance(&s) ? read_or(&s) : NULL;
	if (n && s.word[0]) {
		refuse(c, at, "the condition goes on with '%.60s' where 'and' or 'or' is expected",
		       s.word);
		return NULL;
	}
	return n;
}
