/*
 * signature/tool_report.c - which rules of others can be used, and why the others cannot.
 */
#include <stdlib.h>
#include <string.h>

#include "exfild/signature/signature.h"
#include "exfild/signature/tool.h"

#define REASONS 256

struct reason { /* or a log source */
	const char *text;
	size_t len, count;
};

struct reasons {
	struct reason list[REASONS];
	size_t count, rest; /* rest: found no place */
};

/* The sentence without its place, and without the list of what there is instead. */
static const char *sentence_of(const char *problem, size_t *ret_len)
{
	const char *text = strstr(problem, ": ");
	text = text ? text + 2 : problem;
	const char *list = strstr(text, "; seen are ");
	*ret_len = list ? (size_t)(list - text) : strlen(text);
	return text;
}

/* Log sources and fields are told apart; of other reasons the names differ, the reason does not. */
static bool is_same_reason(const struct reason *r, const char *text, size_t len)
{
	static const char *const exact[] = { "the log source '", "the field '" };
	for (size_t i = 0; i < sizeof(exact) / sizeof(exact[0]); i++)
		if (strncmp(text, exact[i], strlen(exact[i])) == 0)
			return r->len == len && memcmp(r->text, text, len) == 0;
	const char *a = r->text, *b = text, *a_end = a + r->len, *b_end = b + len;
	while (a < a_end && b < b_end && *a == *b) {
		if (*a++ == '\'') {
			a += strcspn(a, "'");
			b += 1 + strcspn(b + 1, "'");
		} else {
			b++;
		}
	}
	return a == a_end && b == b_end;
}

static void count_in(struct reasons *all, const char *text, size_t len)
{
	size_t k = 0;
	while (k < all->count && !is_same_reason(&all->list[k], text, len))
		k++;
	if (k == REASONS) {
		all->rest++;
		return;
	}
	if (k == all->count)
		all->list[all->count++] = (struct reason){ text, len, 0 };
	all->list[k].count++;
}

static int by_count(const void *a, const void *b)
{
	const struct reason *x = a, *y = b;
	return x->count != y->count ? (x->count > y->count ? -1 : 1) : strcmp(x->text, y->text);
}

static void print(struct reasons *all, FILE *out)
{
	qsort(all->list, all->count, sizeof(*all->list), by_count);
	for (size_t i = 0; i < all->count; i++)
		(void)fprintf(out, "%6zu %.*s\n", all->list[i].count, (int)all->list[i].len,
			      all->list[i].text);
	if (all->rest)
		(void)fprintf(out, "%6zu others\n", all->rest);
}

static void print_usable(const struct signatures *s, struct reasons *sources, FILE *out)
{
	size_t usable = 0, loud = 0;
	for (size_t i = 0; i < signatures_count(s); i++) {
		const struct signature_rule *r = signatures_rule(s, i);
		if (!r->kinds && !r->is_correlation)
			continue; /* nothing that it is about is seen */
		const char *source = r->is_correlation ? "correlations" : r->logsource;
		usable++;
		loud += !r->is_silent;
		count_in(sources, source, strlen(source));
	}
	(void)fprintf(out, "%6zu rules can be used, %zu of them raise alerts%s\n", usable, loud,
		      usable ? ", by log source:" : "");
	print(sources, out);
}

void tool_report(const struct signatures *s, FILE *out)
{
	struct reasons *all = calloc(2, sizeof(*all));
	if (!all)
		return;
	print_usable(s, &all[0], out);
	for (size_t i = 0; i < signatures_problem_count(s); i++) {
		const char *problem = signatures_problem(s, i);
		size_t len;
		if (!problem) {
			all[1].rest++;
			continue;
		}
		const char *text = sentence_of(problem, &len);
		count_in(&all[1], text, len);
	}
	(void)fprintf(out, "%6zu problems%s\n", signatures_problem_count(s),
		      all[1].count ? ", most first:" : "");
	print(&all[1], out);
	free(all);
}
