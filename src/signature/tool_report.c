/*
 * signature/tool_report.c - which rules of others can be used, and why the others cannot: counted
 * by log source and reason, and rule by rule.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/base/buf.h"
#include "exfild/base/json.h"
#include "exfild/signature/signature.h"
#include "exfild/signature/tool.h"

#define REASONS   256
#define LINE_SIZE 65536

struct reason {
	const char *text;
	size_t len, count;
};

struct reasons {
	struct reason list[REASONS];
	size_t count, rest; /* rest: found no place */
};

struct origin { /* a log source */
	const char *text;
	size_t rules, used;
	uint64_t kinds;
};

struct origins {
	struct origin list[REASONS];
	size_t count;
};

const char *const tool_level_names[] = { "informational", "low", "medium", "high", "critical" };

static bool is_usable(const struct signature_rule *r)
{
	return r->kinds && !r->why;
}

/* --- reasons -------------------------------------------------------------------------------- */

/* The sentence without its place, and without the list of what there is instead. */
static const char *sentence_of(const char *problem, size_t *ret_len)
{
	const char *text = strstr(problem, ": ");
	text = text ? text + 2 : problem;
	const char *list = strstr(text, "; seen are ");
	*ret_len = list ? (size_t)(list - text) : strlen(text);
	return text;
}

/* Behind the quotation that begins here, NULL: none does. */
static const char *behind_quotation(const char *text, const char *at, const char *end)
{
	if (*at != '\'' || (at > text && isalnum((unsigned char)at[-1])))
		return NULL;
	const char *close = memchr(at + 1, '\'', (size_t)(end - at - 1));
	return close ? close + 1 : NULL;
}

/* Log sources and fields are told apart; of other reasons the names differ, the reason does not. */
static bool is_same_reason(const struct reason *r, const char *text, size_t len)
{
	static const char *const exact[] = { "the log source '", "the field '", "it can never" };
	for (size_t i = 0; i < sizeof(exact) / sizeof(exact[0]); i++)
		if (strncmp(text, exact[i], strlen(exact[i])) == 0)
			return r->len == len && memcmp(r->text, text, len) == 0;
	const char *a = r->text, *b = text, *a_end = a + r->len, *b_end = b + len;
	while (a < a_end && b < b_end && *a == *b) {
		const char *a_next = behind_quotation(r->text, a, a_end);
		const char *b_next = behind_quotation(text, b, b_end);
		a = a_next && b_next ? a_next : a + 1;
		b = a_next && b_next ? b_next : b + 1;
	}
	return a == a_end && b == b_end;
}

static void count_in(struct reasons *all, const char *problem)
{
	size_t k = 0, len;
	const char *text = sentence_of(problem, &len);
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

static void print_reasons(struct reasons *all, FILE *out)
{
	qsort(all->list, all->count, sizeof(*all->list), by_count);
	for (size_t i = 0; i < all->count; i++)
		(void)fprintf(out, "%6zu %.*s\n", all->list[i].count, (int)all->list[i].len,
			      all->list[i].text);
	if (all->rest)
		(void)fprintf(out, "%6zu others\n", all->rest);
}

/* --- log sources ---------------------------------------------------------------------------- */

static void count_origin(struct origins *all, const struct signature_rule *r)
{
	const char *text = r->logsource[0] ? r->logsource : "correlations";
	size_t k = 0;
	while (k < all->count && strcmp(all->list[k].text, text) != 0)
		k++;
	if (k == REASONS)
		return;
	if (k == all->count)
		all->list[all->count++] = (struct origin){ .text = text };
	all->list[k].rules++;
	all->list[k].used += is_usable(r);
	all->list[k].kinds |= is_usable(r) ? r->kinds : 0;
}

static int by_rules(const void *a, const void *b)
{
	const struct origin *x = a, *y = b;
	return x->rules != y->rules ? (x->rules > y->rules ? -1 : 1) : strcmp(x->text, y->text);
}

static void put_events(uint64_t kinds, FILE *out)
{
	const char *between = "";
	for (unsigned k = 0; k < EVENT__COUNT; k++)
		if (kinds >> k & 1) {
			(void)fprintf(out, "%s%s", between, event_kind_name((enum event_kind)k));
			between = ", ";
		}
}

static void print_origins(struct origins *all, FILE *out)
{
	qsort(all->list, all->count, sizeof(*all->list), by_rules);
	if (all->count)
		(void)fprintf(out, "%6s %6s  %-44s %s\n", "rules", "used", "log source", "events");
	for (size_t i = 0; i < all->count; i++) {
		const struct origin *o = &all->list[i];
		(void)fprintf(out, "%6zu %6zu  %-44s ", o->rules, o->used, o->text);
		put_events(o->kinds, out);
		(void)fprintf(out, "%s\n", o->used ? "" : "-");
	}
}

/* --- problems that are of no rule ------------------------------------------------------------ */

static bool is_of_a_rule(const struct signatures *s, const char *problem)
{
	for (size_t i = 0; i < signatures_count(s); i++) {
		const char *why = signatures_rule(s, i)->why;
		if (why && strcmp(why, problem) == 0)
			return true;
	}
	return false;
}

static size_t each_loose(const struct signatures *s, void (*say)(const char *, FILE *), FILE *out)
{
	size_t count = 0;
	for (size_t i = 0; i < signatures_problem_count(s); i++) {
		const char *text = signatures_problem(s, i);
		if (is_of_a_rule(s, text))
			continue;
		count++;
		if (say && text[0])
			say(text, out);
	}
	return count;
}

/* --- rule by rule ---------------------------------------------------------------------------- */

static void end_line(struct json *j, struct buf *line, FILE *out)
{
	json_close_object(j);
	(void)fprintf(out, "%.*s\n", (int)line->len, line->data);
	buf_deinit(line);
}

void tool_put_json(const struct signature_rule *r, FILE *out)
{
	struct buf line;
	buf_init(&line, LINE_SIZE);
	struct json j = json_make(&line);
	json_open_object(&j, NULL);
	json_string(&j, "id", r->id);
	json_string(&j, "title", r->title);
	json_string(&j, "level", tool_level_names[r->level]);
	json_string(&j, "status", r->status);
	json_string(&j, "logsource", r->logsource);
	json_bool(&j, "correlation", r->is_correlation);
	json_bool(&j, "silent", r->is_silent);
	json_open_array(&j, "techniques");
	for (size_t i = 0; i < SIGNATURE_TEXTS && r->techniques[i] && *r->techniques[i]; i++)
		json_string(&j, NULL, r->techniques[i]);
	json_close_array(&j);
	json_bool(&j, "usable", is_usable(r));
	json_open_array(&j, "events");
	for (unsigned k = 0; k < EVENT__COUNT; k++)
		if (r->kinds >> k & 1)
			json_string(&j, NULL, event_kind_name((enum event_kind)k));
	json_close_array(&j);
	if (r->why)
		json_string(&j, "reason", r->why);
	json_string(&j, "file", r->file);
	json_uint(&j, "line", r->line);
	end_line(&j, &line, out);
}

static void put_loose_json(const char *problem, FILE *out)
{
	struct buf line;
	buf_init(&line, LINE_SIZE);
	struct json j = json_make(&line);
	json_open_object(&j, NULL);
	json_bool(&j, "usable", false);
	json_string(&j, "reason", problem);
	end_line(&j, &line, out);
}

static void put_loose(const char *problem, FILE *out)
{
	(void)fprintf(out, "no   %s\n", problem);
}

static void put_rule(const struct signature_rule *r, FILE *out)
{
	if (is_usable(r)) {
		(void)fprintf(out, "yes  %s (%s: ", r->title, r->logsource);
		put_events(r->kinds, out);
		(void)fprintf(out, ")\n");
	} else {
		(void)fprintf(out, "no   %s\n     %s\n", r->title,
			      r->why ? r->why : "no event that it is about is seen");
	}
}

void tool_report_rules(const struct signatures *s, bool as_json, FILE *out)
{
	for (size_t i = 0; i < signatures_count(s); i++) {
		const struct signature_rule *r = signatures_rule(s, i);
		if (r->is_part)
			continue;
		if (as_json)
			tool_put_json(r, out);
		else
			put_rule(r, out);
	}
	(void)each_loose(s, as_json ? put_loose_json : put_loose, out);
}

/* --- in numbers ------------------------------------------------------------------------------ */

static void count_problems(const struct signatures *s, struct reasons *all)
{
	for (size_t i = 0; i < signatures_problem_count(s); i++) {
		const char *text = signatures_problem(s, i);
		if (text[0])
			count_in(all, text);
		else
			all->rest++;
	}
}

void tool_report(const struct signatures *s, FILE *out)
{
	struct reasons *reasons = calloc(1, sizeof(*reasons));
	struct origins *origins = calloc(1, sizeof(*origins));
	size_t rules = 0, used = 0, loud = 0, loose = each_loose(s, NULL, out);
	for (size_t i = 0; reasons && origins && i < signatures_count(s); i++) {
		const struct signature_rule *r = signatures_rule(s, i);
		if (r->is_part)
			continue;
		rules++;
		used += is_usable(r);
		loud += is_usable(r) && !r->is_silent;
		count_origin(origins, r);
	}
	if (reasons && origins) {
		(void)fprintf(out, "%zu of %zu rules can be used, %zu of them raise alerts\n", used,
			      rules, loud);
		print_origins(origins, out);
		if (loose)
			(void)fprintf(out, "%zu problems are of no rule that could be read\n",
				      loose);
		count_problems(s, reasons);
		if (reasons->count)
			(void)fprintf(out, "why not, most first (-v: rule by rule):\n");
		print_reasons(reasons, out);
	}
	free(reasons);
	free(origins);
}
