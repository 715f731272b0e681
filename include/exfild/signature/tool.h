/*
 * signature/tool.h - exfilctl signatures: rules looked at and tried without a daemon.
 *
 * What: lists and shows rules, tries one against the events of a capture or of a file of --events,
 * says which part of it failed, what each rule costs, and which rules of others can be used.
 * Ownership: nothing outlives the call.
 * Threads: one.
 * Limits: TOOL_PATHS folders or files of rules, lines of events of TOOL_LINE bytes.
 */
#ifndef EXFILD_SIGNATURE_TOOL_H
#define EXFILD_SIGNATURE_TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "exfild/base/err.h"

struct signatures;
struct signature_rule;

#define TOOL_PATHS 64
#define TOOL_LINE  (256u << 10)

/* argv[0] is "signatures".  Exit status: 0 done or matched, 1 failed or not matched, 2 usage. */
int signature_tool(int argc, char **argv);

/* What happened to the events of an input. */
struct tool_events {
	size_t events;
	size_t hits;            /* of the rule that is tried */
	size_t refused;         /* lines that tell no event that is known */
	unsigned best_held, of; /* parts of the nearest event */
	size_t best_line;       /* 0: no event is of a kind that the rule is about */
	char why[256];          /* of the first line that was refused */
};

/*
 * Gives the events of `path` to the rules of s: a file of lines that --events wrote ("-": standard
 * input), or a capture, which the exfild beside this program reads.  With `rule` below
 * signatures_count() its matches are printed to out (NULL: not), up to `most`, and the parts of
 * the nearest event behind them.  -EXF_E_IO: ret_why has a sentence.
 */
int tool_run(struct signatures *s, const char *path, size_t rule, size_t most, FILE *out,
	     struct tool_events *ret, char *ret_why, size_t why_size) EXF_MUST_USE;

/* How many rules can be used, by log source, and the reasons of the others, most first. */
void tool_report(const struct signatures *s, FILE *out);
/* Each rule: whether it can be used, by which events, or the reason why not; then what could not be
 * read as a rule.  as_json: an object a line. */
void tool_report_rules(const struct signatures *s, bool as_json, FILE *out);
void tool_put_json(const struct signature_rule *r, FILE *out);
extern const char *const tool_level_names[]; /* by enum signature_level */

#endif
