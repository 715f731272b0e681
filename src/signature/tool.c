/*
 * signature/tool.c - see tool.h: the commands of exfilctl signatures.
 */
#include "exfild/signature/tool.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "exfild/base/buf.h"
#include "exfild/base/datadir.h"
#include "exfild/base/json.h"
#include "exfild/base/str.h"
#include "exfild/signature/signature.h"

#define OWN_FOLDER "/etc/exfild/signatures"
#define MATCHES    20

enum { DONE = 0, FAILED = 1, USAGE = 2 };

struct tool {
	const char *paths[TOOL_PATHS];
	size_t path_count;
	char shipped[1024];
	bool as_json, is_verbose;
	struct signatures *set;
	int argc; /* behind the options */
	char **argv;
};

static const char usage_text[] =
	"usage: exfilctl signatures list [--json] [-s RULES]...\n"
	"       exfilctl signatures show RULE\n"
	"       exfilctl signatures test RULE INPUT   does it match? 0 yes, 1 no\n"
	"       exfilctl signatures why RULE INPUT    the nearest event, part by part\n"
	"       exfilctl signatures profile INPUT     what each rule costs\n"
	"       exfilctl signatures check [-v] [--json] RULES...  which can be used, why not the others\n"
	"       exfilctl signatures sources           what rules can look at\n"
	"RULE: an id, its begin, a title, or a file.  INPUT: a capture, or what --events wrote.\n"
	"-s RULES: files or folders in place of those that are installed.\n";

static int usage(const char *why)
{
	(void)fprintf(stderr, "exfilctl: signatures: %s\n%s", why, usage_text);
	return USAGE;
}

static int fail(const char *why)
{
	(void)fprintf(stderr, "exfilctl: signatures: %s\n", why);
	return FAILED;
}

/* --- the set ------------------------------------------------------------------------------- */

static int load(struct tool *t, bool with_words)
{
	char dir[900], why[400];
	if (!t->path_count) {
		if (datadir_find(dir, sizeof(dir), why, sizeof(why)) != 0)
			return fail(why);
		(void)snprintf(t->shipped, sizeof(t->shipped), "%s/signatures", dir);
		t->paths[t->path_count++] = t->shipped;
		t->paths[t->path_count++] = OWN_FOLDER;
	}
	if (signatures_load(t->paths, t->path_count, &t->set) != 0)
		return fail(exf_strerror(EXF_E_NOMEM));
	for (size_t i = 0; with_words && i < signatures_problem_count(t->set); i++) {
		const char *text = signatures_problem(t->set, i);
		if (text)
			(void)fprintf(stderr, "exfilctl: %s\n", text);
	}
	return DONE;
}

static bool is_named(const struct signature_rule *r, const char *name)
{
	size_t len = strlen(name);
	const char *file = strrchr(r->file, '/');
	return strcasecmp(r->id, name) == 0 || strcasecmp(r->title, name) == 0 ||
	       strcmp(r->file, name) == 0 || strcmp(file ? file + 1 : r->file, name) == 0 ||
	       (len >= 4 && strncasecmp(r->id, name, len) == 0);
}

/* A name that is a file stands for its rule and its set alone. */
static int find_rule(struct tool *t, const char *name, size_t *ret)
{
	char why[300];
	size_t found = 0;
	if (!t->path_count && access(name, R_OK) == 0)
		t->paths[t->path_count++] = name;
	int err = load(t, true);
	if (err)
		return err;
	for (size_t i = 0; i < signatures_count(t->set); i++) {
		if (!is_named(signatures_rule(t->set, i), name))
			continue;
		/* of a file with a correlation and what it counts, the correlation is meant */
		if (!found || !signatures_rule(t->set, i)->is_silent)
			*ret = i;
		found++;
	}
	if (found)
		return DONE;
	(void)snprintf(why, sizeof(why),
		       "no rule is called %.150s: 'exfilctl signatures list' names them", name);
	return fail(why);
}

/* --- commands ------------------------------------------------------------------------------- */

static int list(struct tool *t)
{
	size_t loud = 0, count = 0;
	int err = load(t, true);
	if (err)
		return err;
	for (size_t i = 0; i < signatures_count(t->set); i++) {
		const struct signature_rule *r = signatures_rule(t->set, i);
		if (r->is_part)
			continue;
		count++;
		loud += !r->is_silent && !r->why;
		if (t->as_json)
			tool_put_json(r, stdout);
		else
			(void)printf("%-13s  %-36.36s  %s%s\n", tool_level_names[r->level], r->id,
				     r->title,
				     r->why       ? " (cannot be used)" :
				     r->is_silent ? " (others refer to it)" :
						    "");
	}
	(void)fprintf(stderr, "%zu rules, %zu of them raise alerts; %zu problems\n", count, loud,
		      signatures_problem_count(t->set));
	return DONE;
}

static void put_line(const char *name, const char *text)
{
	if (text && *text)
		(void)printf("%-14s %s\n", name, text);
}

static int show(struct tool *t)
{
	size_t i;
	if (t->argc != 1)
		return usage("show takes one rule");
	int err = find_rule(t, t->argv[0], &i);
	if (err)
		return err;
	const struct signature_rule *r = signatures_rule(t->set, i);
	char place[1200];
	(void)snprintf(place, sizeof(place), "%s:%u", r->file, r->line);
	put_line("title", r->title);
	put_line("id", r->id);
	put_line("level", tool_level_names[r->level]);
	put_line("status", r->status);
	put_line("about", r->description);
	put_line("log source", r->is_correlation ? "a correlation of others" : r->logsource);
	for (unsigned k = 0; k < 32; k++)
		if (r->kinds >> k & 1)
			put_line("event", event_kind_name((enum event_kind)k));
	for (size_t k = 0; k < SIGNATURE_TEXTS && r->techniques[k] && *r->techniques[k]; k++)
		put_line("technique", r->techniques[k]);
	for (size_t k = 0; k < SIGNATURE_TEXTS && r->falsepositives[k] && *r->falsepositives[k];
	     k++)
		put_line("false alarms", r->falsepositives[k]);
	for (size_t k = 0; k < SIGNATURE_TEXTS && r->references[k] && *r->references[k]; k++)
		put_line("reference", r->references[k]);
	put_line("author", r->author);
	put_line("licence", r->license);
	put_line("file", place);
	put_line("", r->is_silent ? "others refer to it: it raises nothing by itself" : NULL);
	return DONE;
}

static void say_refused(const struct tool_events *seen)
{
	if (seen->refused)
		(void)fprintf(stderr, "exfilctl: signatures: %zu lines tell no event: %s\n",
			      seen->refused, seen->why);
}

/* Tests a rule against an input; `why` is content with the nearest event. */
static int try_rule(struct tool *t, bool is_test)
{
	struct tool_events seen;
	char why[1200];
	size_t i;
	if (t->argc != 2)
		return usage("a rule and an input, please");
	int err = find_rule(t, t->argv[0], &i);
	if (err)
		return err;
	if (tool_run(t->set, t->argv[1], i, is_test ? MATCHES : 0, stdout, &seen, why,
		     sizeof(why)) != 0)
		return fail(why);
	say_refused(&seen);
	if (!seen.best_line && !seen.hits)
		(void)printf("none of %zu events is of a kind that the rule is about (%s)\n",
			     seen.events, signatures_rule(t->set, i)->logsource);
	(void)printf("%s: %zu of %zu events match\n", signatures_rule(t->set, i)->title, seen.hits,
		     seen.events);
	return is_test && !seen.hits ? FAILED : DONE;
}

struct cost_row {
	const struct signature_rule *rule;
	struct signature_cost cost;
};

static int by_cost(const void *a, const void *b)
{
	const struct cost_row *x = a, *y = b;
	uint64_t of_x = x->cost.own_ns + x->cost.shared_ns;
	uint64_t of_y = y->cost.own_ns + y->cost.shared_ns;
	if (of_x != of_y)
		return of_x > of_y ? -1 : 1;
	return x->rule->number < y->rule->number ? -1 : 1;
}

static int profile(struct tool *t)
{
	struct tool_events seen;
	char why[1200];
	if (t->argc != 1)
		return usage("profile takes one input");
	int err = load(t, false);
	if (err)
		return err;
	size_t n = signatures_count(t->set);
	struct cost_row *rows = calloc(n ? n : 1, sizeof(*rows));
	if (!rows || !signatures_compile(t->set)) {
		free(rows);
		return fail(exf_strerror(EXF_E_NOMEM));
	}
	signatures_measure(t->set);
	if (tool_run(t->set, t->argv[0], n, 0, NULL, &seen, why, sizeof(why)) != 0) {
		free(rows);
		return fail(why);
	}
	say_refused(&seen);
	for (size_t i = 0; i < n; i++)
		rows[i] =
			(struct cost_row){ signatures_rule(t->set, i), signatures_cost(t->set, i) };
	qsort(rows, n, sizeof(*rows), by_cost);
	(void)printf("%12s %12s %10s %8s  %s\n", "ns an event", "microseconds", "judged", "matches",
		     "rule");
	for (size_t i = 0; i < n; i++) {
		uint64_t ns = rows[i].cost.own_ns + rows[i].cost.shared_ns;
		(void)printf("%12.1f %12.1f %10llu %8llu  %s\n",
			     seen.events ? (double)ns / (double)seen.events : 0.0, (double)ns / 1e3,
			     (unsigned long long)rows[i].cost.evaluations,
			     (unsigned long long)rows[i].cost.hits, rows[i].rule->title);
	}
	(void)fprintf(stderr, "%zu rules over %zu events\n", n, seen.events);
	free(rows);
	return DONE;
}

static int check(struct tool *t)
{
	if (!t->argc && !t->path_count)
		return usage("check takes files or folders of rules");
	for (int i = 0; i < t->argc && t->path_count < TOOL_PATHS; i++) {
		if (access(t->argv[i], R_OK) != 0) {
			char why[300];
			(void)snprintf(why, sizeof(why), "%.200s cannot be read", t->argv[i]);
			return fail(why);
		}
		t->paths[t->path_count++] = t->argv[i];
	}
	int err = load(t, false);
	if (err)
		return err;
	if (t->is_verbose || t->as_json)
		tool_report_rules(t->set, t->as_json, stdout);
	if (!t->as_json)
		tool_report(t->set, stdout);
	return signatures_problem_count(t->set) ? FAILED : DONE;
}

static int sources(void)
{
	struct buf out;
	buf_init(&out, 1 << 20);
	signatures_print_sources(&out);
	(void)fwrite(out.data, 1, out.len, stdout);
	buf_deinit(&out);
	return DONE;
}

/* --- the command line ------------------------------------------------------------------------- */

/* Options may stand anywhere behind the command; what remains is argv[0..argc). */
static bool take_options(struct tool *t, int argc, char **argv)
{
	t->argv = argv;
	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			t->as_json = true;
		else if (strcmp(argv[i], "-v") == 0)
			t->is_verbose = true;
		else if (strcmp(argv[i], "-s") == 0 && i + 1 < argc && t->path_count < TOOL_PATHS)
			t->paths[t->path_count++] = argv[++i];
		else if (argv[i][0] == '-' && argv[i][1])
			return false;
		else
			t->argv[t->argc++] = argv[i];
	}
	return true;
}

static int run(struct tool *t, const char *command)
{
	if (strcmp(command, "list") == 0)
		return list(t);
	if (strcmp(command, "show") == 0)
		return show(t);
	if (strcmp(command, "test") == 0)
		return try_rule(t, true);
	if (strcmp(command, "why") == 0)
		return try_rule(t, false);
	if (strcmp(command, "profile") == 0)
		return profile(t);
	if (strcmp(command, "check") == 0)
		return check(t);
	if (strcmp(command, "sources") == 0)
		return sources();
	return usage("there is no such command");
}

int signature_tool(int argc, char **argv)
{
	struct tool t = { .path_count = 0 };
	if (argc < 2)
		return usage("which command?");
	if (!take_options(&t, argc - 2, argv + 2))
		return usage("an option that is not known, or without its value");
	int status = run(&t, argv[1]);
	signatures_free(t.set);
	return status;
}
