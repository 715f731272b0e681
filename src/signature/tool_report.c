/*
 * signature/tool_report.c - which rules of others can be used, and why the others cannot.
 */
#include <stdlib.h>
#include <string.h>

#include "exfild/signature/signature.h"
#include "exfild/signature/tool.h"

#define REASONS 64

struct reason {
	const char *text;
	size_t count;
};

/* The sentence without its place and without what it names: "a field ... is not known". */
static const char *sentence_of(const char *problem)
{
	const char *text = strstr(problem, ": ");
	return text ? text + 2 : problem;
}

static bool is_same_reason(const char *a, const char *b)
{
	for (;;) {
		if (*a == '\'' && *b == '\'') { /* names differ, the reason does not */
			a += 1 + strcspn(a + 1, "'");
			b += 1 + strcspn(b + 1, "'");
		}
		if (*a != *b)
			return false;
		if (!*a)
			return true;
		a++;
		b++;
	}
}

static int by_count(const void *a, const void *b)
{
	const struct reason *x = a, *y = b;
	return x->count != y->count ? (x->count > y->count ? -1 : 1) : strcmp(x->text, y->text);
}

static size_t count_reasons(const struct signatures *s, struct reason *reasons, size_t *ret_rest)
{
	size_t n = 0;
	*ret_rest = 0;
	for (size_t i = 0; i < signatures_problem_count(s); i++) {
		const char *problem = signatures_problem(s, i), *text;
		size_t k = 0;
		if (!problem) {
			++*ret_rest;
			continue;
		}
		text = sentence_of(problem);
		while (k < n && !is_same_reason(reasons[k].text, text))
			k++;
		if (k == REASONS) {
			++*ret_rest;
			continue;
		}
		if (k == n)
			reasons[n++] = (struct reason){ text, 0 };
		reasons[k].count++;
	}
	qsort(reasons, n, sizeof(*reasons), by_count);
	return n;
}

void tool_report(const struct signatures *s, FILE *out)
{
	struct reason reasons[REASONS] = { { NULL, 0 } };
	size_t rest, usable = 0, loud = 0, n = count_reasons(s, reasons, &rest);
	for (size_t i = 0; i < signatures_count(s); i++) {
		const struct signature_rule *r = signatures_rule(s, i);
		if (!r->kinds && !r->is_correlation)
			continue; /* nothing that it is about is seen */
		usable++;
		loud += !r->is_silent;
	}
	(void)fprintf(out, "%6zu rules can be used, %zu of them raise alerts\n", usable, loud);
	(void)fprintf(out, "%6zu problems%s\n", signatures_problem_count(s),
		      n ? ", most first:" : "");
	for (size_t i = 0; i < n; i++)
		(void)fprintf(out, "%6zu %s\n", reasons[i].count, reasons[i].text);
	if (rest)
		(void)fprintf(out, "%6zu others\n", rest);
}
