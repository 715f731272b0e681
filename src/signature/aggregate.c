/*
 * signature/aggregate.c - the old form of counting, before there were correlations:
 *
 *   condition: SEARCHES | count() by src_ip > 50        timeframe: 1m
 *
 * Rules in circulation still have it (Sigma specification 1, "Aggregations").  It is read as the
 * correlation that it stands for: count() is event_count, count(FIELD) value_count, sum and avg
 * those of values.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "exfild/base/str.h"
#include "private.h"

#define WORD_MAX 128

struct words {
	struct signatures *s;
	const struct yaml_node *at;
	const char *next;
	char word[WORD_MAX]; /* "" at the end */
};

static bool is_sign(char ch)
{
	return ch == '<' || ch == '>' || ch == '=';
}

/* The next name, number, comparison or bracket; commas part names as blanks do. */
static void step(struct words *w)
{
	size_t n = 0;
	while (isspace((unsigned char)*w->next) || *w->next == ',')
		w->next++;
	if (*w->next == '(' || *w->next == ')')
		w->word[n++] = *w->next++;
	else if (is_sign(*w->next))
		while (is_sign(*w->next) && n < WORD_MAX - 1)
			w->word[n++] = *w->next++;
	else
		while (*w->next && !isspace((unsigned char)*w->next) &&
		       !strchr("(),<>=", *w->next) && n < WORD_MAX - 1)
			w->word[n++] = *w->next++;
	w->word[n] = '\0';
}

static bool is_word(const struct words *w, const char *word)
{
	return strcasecmp(w->word, word) == 0;
}

static const char *kept(struct words *w)
{
	return arena_strdup(&w->s->memory, w->word);
}

/* count, count(), count(FIELD), sum(FIELD), avg(FIELD) */
static bool read_function(struct words *w, struct correlation *c)
{
	static const struct {
		const char *name;
		enum correlation_type type;
	} names[] = { { "count", CORRELATION_EVENT_COUNT },
		      { "sum", CORRELATION_SUM },
		      { "avg", CORRELATION_AVG } };
	bool is_known = false;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !is_known; i++) {
		is_known = is_word(w, names[i].name);
		c->type = names[i].type;
	}
	if (!is_known) {
		problem(w->s, w->at,
			"the condition has '%.40s' behind '|': count, sum and avg are known; write "
			"a correlation",
			w->word);
		return false;
	}
	step(w);
	if (is_word(w, "(")) {
		step(w);
		if (w->word[0] && !is_word(w, ")")) {
			c->values[c->value_count++] = kept(w);
			step(w);
		}
		if (!is_word(w, ")")) {
			problem(w->s, w->at, "the condition lacks a ')' behind '|'");
			return false;
		}
		step(w);
	}
	if (c->type == CORRELATION_EVENT_COUNT && c->value_count)
		c->type = CORRELATION_VALUE_COUNT;
	if (c->type != CORRELATION_EVENT_COUNT && !c->value_count) {
		problem(w->s, w->at, "sum and avg in a condition need a field: sum(FIELD)");
		return false;
	}
	return true;
}

static bool read_groups(struct words *w, struct correlation *c)
{
	if (!is_word(w, "by"))
		return true;
	for (step(w); w->word[0] && !is_sign(w->word[0]); step(w)) {
		if (c->group_count == GROUP_FIELDS) {
			problem(w->s, w->at, "the condition groups by more than %d fields",
				GROUP_FIELDS);
			return false;
		}
		c->groups[c->group_count++] = kept(w);
	}
	return true;
}

static bool read_limit(struct words *w, struct correlation *c)
{
	static const struct {
		const char *sign;
		enum compare compare;
	} signs[] = { { ">", COMPARE_GT },   { ">=", COMPARE_GTE }, { "<", COMPARE_LT },
		      { "<=", COMPARE_LTE }, { "=", COMPARE_EQ },   { "==", COMPARE_EQ } };
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		char *end;
		if (!is_word(w, signs[i].sign))
			continue;
		step(w);
		double value = strtod(w->word, &end);
		if (end == w->word || *end)
			break;
		c->bounds[c->bound_count++] = (struct bound){ signs[i].compare, false, value };
		step(w);
		if (!w->word[0])
			return true;
		break;
	}
	problem(w->s, w->at,
		"the condition's count must end in a comparison with a number: '> 50'");
	return false;
}

static bool read_timeframe(struct signatures *s, const struct yaml_node *detection,
			   struct correlation *c)
{
	const struct yaml_node *n = yaml_get(detection, "timeframe");
	uint64_t seconds = 0;
	if (!n) {
		problem(s, c->node,
			"the condition counts without end: add 'timeframe', or write a correlation");
		return false;
	}
	if (n->type != YAML_SCALAR || str_parse_duration(n->text, &seconds) != 0 || !seconds ||
	    seconds > 30ull * 86400) {
		problem(s, n, "'timeframe' is a number with s, m, h or d, at most 30 days");
		return false;
	}
	c->span_ns = seconds * 1000000000ull;
	return true;
}

bool aggregate_is(const struct yaml_node *detection)
{
	const struct yaml_node *condition = yaml_get(detection, "condition");
	return condition && condition->type == YAML_SCALAR && strchr(condition->text, '|');
}

bool aggregate_read(struct signatures *s, const struct yaml_node *detection,
		    struct correlation *ret)
{
	const struct yaml_node *condition = yaml_get(detection, "condition");
	struct words w = { .s = s, .at = condition, .next = strchr(condition->text, '|') + 1 };
	*ret = (struct correlation){ .node = condition, .is_old = true };
	step(&w);
	return read_function(&w, ret) && read_groups(&w, ret) && read_limit(&w, ret) &&
	       read_timeframe(s, detection, ret) && correlation_slots(s, condition, ret);
}
