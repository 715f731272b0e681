/*
 * content/rules.c - from lines of text to a database of Hyperscan.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "content.h"
#include "prints.h"

#define FIELDS      6
#define WORD_MIN    3
#define PATTERN_MAX 512

/* What is told apart in C afterwards; without bounds, so that one small automaton finds all. */
static const char *const fixed[PATTERN__FIXED] = {
	[PATTERN_NUMBER] = "[0-9](?:[ .-]?[0-9]){7}[^0-9]",
	[PATTERN_IBAN] = "[A-Z]{2}[0-9]{2} ?[A-Z0-9]{4}",
	[PATTERN_AWS] = "A(?:KI|SI|BI|CC)A",
	[PATTERN_GITHUB] = "gh[pousr]_",
	[PATTERN_GITLAB] = "glpat-",
	[PATTERN_SLACK] = "xox[abprs]-",
	[PATTERN_STRIPE] = "[sr]k_live_",
	[PATTERN_AZURE] = "AccountKey=",
	[PATTERN_PRIVATE] = "-----BEGIN ",
	[PATTERN_PUTTY] = "PuTTY-User-Key-File-",
	[PATTERN_GOOGLE] = "AIza",
	[PATTERN_JWT] = "\\.eyJ",
};

struct reading {
	struct content_rules *r;
	char *why;
	size_t why_size;
	unsigned line;
};

__attribute__((format(printf, 2, 3))) static int wrong(struct reading *in, const char *fmt, ...)
{
	va_list args;
	int n = snprintf(in->why, in->why_size, "content rules, line %u: ", in->line);
	va_start(args, fmt);
	if (n > 0 && (size_t)n < in->why_size)
		(void)vsnprintf(in->why + n, in->why_size - (size_t)n, fmt, args);
	va_end(args);
	return -EXF_E_FORMAT;
}

static int add_word(struct reading *in, const char *text)
{
	struct content_rules *r = in->r;
	size_t len = strlen(text);
	if (len < WORD_MIN || len > 120)
		return wrong(in, "'%s' has %zu bytes, not 3 to 120", text, len);
	if (r->words == CONTENT_RULES)
		return wrong(in, "more than %u words", CONTENT_RULES);
	r->word[r->words++] = (struct word){ text, (uint16_t)(r->rules - 1), (uint16_t)len };
	return 0;
}

/* "3-2-4", "8L" */
static int take_layout(struct reading *in, struct rule *rule, const char *text)
{
	unsigned n = 0;
	rule->groups = 1;
	for (; *text; text++) {
		if (*text >= '0' && *text <= '9') {
			n = n * 10 + (unsigned)(*text - '0');
		} else if (*text == '-' && rule->groups < GROUPS_MAX && n) {
			rule->group[rule->groups++ - 1] = (uint8_t)n;
			rule->digits = (uint8_t)(rule->digits + n);
			n = 0;
		} else if (*text == 'L' && !text[1]) {
			rule->has_letter = true;
		} else {
			return wrong(in, "a layout is digits of groups, as 3-2-4 or 8L");
		}
	}
	rule->group[rule->groups - 1] = (uint8_t)n;
	rule->digits = (uint8_t)(rule->digits + n);
	if (rule->digits < 8 || rule->digits > DIGITS_MAX)
		return wrong(in, "a layout has 8 to 20 digits");
	return 0;
}

static int take_number(struct reading *in, struct rule *rule, char *const *field)
{
	rule->kind = CONTENT_NATIONAL;
	rule->label = field[1];
	rule->check = check_by_name(field[4], strlen(field[4]));
	if (rule->check == CHECK__COUNT)
		return wrong(in, "there is no check '%s'", field[4]);
	int err = take_layout(in, rule, field[3]);
	char *rest = NULL;
	for (char *w = strtok_r(field[5], ",", &rest); w && !err; w = strtok_r(NULL, ",", &rest))
		err = add_word(in, w);
	return err;
}

/* Fields of a line are apart by tabs; returns how many. */
static unsigned split(char *line, char *field[FIELDS])
{
	unsigned n = 0;
	for (char *at = line; at && n < FIELDS; n++) {
		field[n] = at;
		char *tab = strchr(at, '\t');
		if (tab)
			*tab = '\0';
		at = tab ? tab + 1 : NULL;
	}
	return n;
}

static int take_line(struct reading *in, char *line)
{
	struct content_rules *r = in->r;
	char *field[FIELDS];
	if (*line == '#' || *line == '\0')
		return 0;
	unsigned n = split(line, field);
	if (r->rules == CONTENT_RULES)
		return wrong(in, "more than %u rules", CONTENT_RULES);
	struct rule *rule = &r->rule[r->rules++];
	if (strcmp(field[0], "number") == 0 && n == 6)
		return take_number(in, rule, field);
	if (strcmp(field[0], "marking") == 0 && n == 2) {
		rule->kind = CONTENT_MARKING;
		rule->label = field[1];
		return add_word(in, field[1]);
	}
	if (strcmp(field[0], "canary") == 0 && n == 3) {
		rule->kind = CONTENT_CANARY;
		rule->label = field[1];
		return add_word(in, field[2]);
	}
	return wrong(in, "'%s' with %u fields is no rule", field[0], n);
}

static int take_text(struct reading *in)
{
	char *rest = NULL;
	int err = 0;
	for (char *at = in->r->text; at && !err; at = rest) {
		in->line++;
		rest = strchr(at, '\n');
		if (rest)
			*rest++ = '\0';
		err = take_line(in, at);
	}
	return err;
}

static int compile(struct reading *in)
{
	struct content_rules *r = in->r;
	unsigned count = PATTERN__FIXED + r->words;
	const char *pattern[PATTERN__FIXED + CONTENT_RULES];
	unsigned flags[PATTERN__FIXED + CONTENT_RULES], id[PATTERN__FIXED + CONTENT_RULES];
	char *texts = malloc((size_t)r->words * PATTERN_MAX + 1);
	hs_compile_error_t *error = NULL;
	if (!texts)
		return -EXF_E_NOMEM;
	for (unsigned i = 0; i < count; i++) {
		id[i] = i;
		flags[i] = 0;
		pattern[i] = i < PATTERN__FIXED ?
				     fixed[i] :
				     texts + (size_t)(i - PATTERN__FIXED) * PATTERN_MAX;
	}
	for (unsigned w = 0; w < r->words; w++) {
		char *at = texts + (size_t)w * PATTERN_MAX;
		static const char hex[] = "0123456789abcdef";
		for (const char *c = r->word[w].text; *c; c++) { /* no character is an operator */
			*at++ = '\\';
			*at++ = 'x';
			*at++ = hex[(uint8_t)*c >> 4];
			*at++ = hex[(uint8_t)*c & 15];
		}
		*at = '\0';
		if (r->rule[r->word[w].rule].kind != CONTENT_CANARY)
			flags[PATTERN__FIXED + w] = HS_FLAG_CASELESS;
	}
	hs_error_t err =
		hs_compile_multi(pattern, flags, id, count, HS_MODE_STREAM, NULL, &r->db, &error);
	if (err != HS_SUCCESS)
		(void)wrong(in, "%s", error ? error->message : "out of memory");
	hs_free_compile_error(error);
	free(texts);
	return err == HS_SUCCESS ? 0 : -EXF_E_FORMAT;
}

struct content_rules *content_rules_new(const char *text, size_t len, char *ret_why,
					size_t why_size)
{
	struct content_rules *r = calloc(1, sizeof(*r));
	struct reading in = { .r = r, .why = ret_why, .why_size = why_size };
	if (r && len <= CONTENT_TEXT)
		r->text = malloc(len + 1);
	if (r)
		r->slot = sets_slot_new();
	if (!r || !r->text || !r->slot) {
		(void)snprintf(ret_why, why_size, "content rules: %s",
			       len > CONTENT_TEXT ? "more than 64 KiB" : "no memory");
		content_rules_free(r);
		return NULL;
	}
	if (len)
		memcpy(r->text, text, len);
	r->text[len] = '\0';
	if (take_text(&in) != 0 || compile(&in) != 0) {
		content_rules_free(r);
		return NULL;
	}
	return r;
}

void content_rules_take_sets(const struct content_rules *r, struct content_sets *sets)
{
	sets_slot_put(r->slot, sets);
}

void content_rules_free(struct content_rules *r)
{
	if (!r)
		return;
	hs_free_database(r->db);
	sets_slot_free(r->slot);
	free(r->text);
	free(r);
}
