/*
 * engine/intel_order.c - see intel_order.h.
 *
 * What is said by hand is a file of lines beside the state: "VALUE # reason" adds, "- VALUE" takes
 * away what a feed says.  A line of the same value is written anew, and the file takes its place by
 * a rename, so that it is whole at any time.
 */
#include "intel_order.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "exfild/base/str.h"
#include "indicators.h"

#define LINE_SIZE 2048
#define NS_PER_S  1000000000ull

static int refuse(struct control_intel *q, const char *why)
{
	(void)str_copy(q->text, sizeof(q->text), why);
	return -EXF_E_INVALID;
}

static void tell_feeds(struct control_intel *q, const struct intel *x)
{
	q->count = intel_count(x);
	q->bytes = x ? intel_bytes(x) : 0;
	for (size_t i = 0; i < intel_feeds(x) && q->feed_count < CONTROL_FEEDS; i++) {
		const struct intel_feed *f = intel_feed(x, i);
		struct control_feed *out = &q->feeds[q->feed_count++];
		(void)str_copy(out->name, sizeof(out->name), f->name);
		(void)str_copy(out->format, sizeof(out->format), intel_format_name(f->format));
		(void)str_copy(out->error, sizeof(out->error), f->error);
		out->items = f->items;
		out->lines = f->lines;
		out->broken = f->broken;
		out->guarded = f->guarded;
		out->unsupported = f->unsupported;
		out->left_out = f->left_out;
		out->is_held = f->is_held;
	}
}

static const struct intel_item *find(const struct intel *x, const struct intel_value *v)
{
	struct ipaddr a;
	if (v->kind == INTEL_DOMAIN)
		return intel_find_name(x, (const char *)v->bytes, v->len);
	if (v->kind != INTEL_ADDRESS)
		return intel_find(x, v->kind, v->bytes, v->len);
	memcpy(a.u.b, v->bytes, 16);
	return intel_find_address(x, &a);
}

static void tell_found(struct control_intel *q, const struct intel *x,
		       const struct intel_item *item)
{
	for (; item && q->found_count < CONTROL_FOUND; item = intel_next(x, item)) {
		struct control_found *out = &q->found[q->found_count++];
		(void)str_copy(out->type, sizeof(out->type),
			       intel_kind_name((enum intel_kind)item->kind));
		(void)intel_text(x, item, out->value, sizeof(out->value));
		(void)str_copy(out->feed, sizeof(out->feed), intel_feed_of(x, item)->name);
		(void)str_copy(out->note, sizeof(out->note), intel_note(x, item));
		const char *tlp = intel_tlp_name((enum intel_tlp)item->tlp);
		const char *severity = intel_severity_name((enum intel_severity)item->severity);
		(void)str_copy(out->tlp, sizeof(out->tlp), tlp ? tlp : "");
		(void)str_copy(out->severity, sizeof(out->severity), severity ? severity : "");
		out->first_ns = item->first_s * NS_PER_S;
		out->until_ns = item->until_s * NS_PER_S;
		out->line = item->line;
		out->confidence = item->confidence;
	}
}

/* 32 digits may be a file's hash, a JA3 or a HASSH: all of them are looked for. */
static void search(struct control_intel *q, const struct intel *x, const struct intel_value *v)
{
	static const enum intel_kind hashes[] = { INTEL_FILE, INTEL_CERT, INTEL_JA3, INTEL_HASSH };
	if (v->kind != INTEL_FILE) {
		tell_found(q, x, find(x, v));
		return;
	}
	for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++)
		tell_found(q, x, intel_find(x, hashes[i], v->bytes, v->len));
}

/* Whether the line is of this value, added or taken away. */
static bool is_line_of(const char *line, const char *value)
{
	size_t len = strlen(value);
	line += strncmp(line, "- ", 2) == 0 ? 2 : 0;
	return strncmp(line, value, len) == 0 && strchr(" \t\r\n", line[len]);
}

static bool copy_others(FILE *from, FILE *to, const char *value, bool *ret_had)
{
	char line[LINE_SIZE];
	while (from && fgets(line, sizeof(line), from)) {
		bool is_it = is_line_of(line, value);
		*ret_had = *ret_had || (is_it && line[0] != '-');
		if (!is_it && fputs(line, to) == EOF)
			return false;
	}
	return !from || !ferror(from);
}

/* The file with `line` (NULL: none) in the place of what it said of the value. */
static int write_local(struct control_intel *q, const char *path, const char *line, bool *ret_had)
{
	char fresh[560];
	(void)snprintf(fresh, sizeof(fresh), "%s.new", path);
	FILE *from = fopen(path, "re"), *to = fopen(fresh, "we");
	bool ok = to && copy_others(from, to, q->value, ret_had) &&
		  (!line || fputs(line, to) != EOF) && fflush(to) == 0 && fsync(fileno(to)) == 0;
	if (from)
		(void)fclose(from);
	if (to && fclose(to) != 0)
		ok = false;
	if (ok && rename(fresh, path) == 0)
		return 0;
	(void)snprintf(q->text, sizeof(q->text), "%s: %s", path, strerror(errno));
	(void)unlink(fresh);
	return -EXF_E_IO;
}

static int change(struct control_intel *q, const struct config *config, const struct intel *x,
		  const struct intel_value *v)
{
	char path[512], line[LINE_SIZE];
	bool had = false;
	if (!indicators_local(config, path, sizeof(path)))
		return refuse(q, "state.directory is empty: there is no place to keep it");
	if (q->kind == CONTROL_INTEL_ADD) {
		(void)snprintf(line, sizeof(line), "%s%s%s\n", q->value, *q->reason ? " # " : "",
			       q->reason);
		(void)snprintf(q->text, sizeof(q->text), "looked for from now on");
		return write_local(q, path, line, &had);
	}
	if (!find(x, v))
		return refuse(q, "no such indicator is in effect");
	(void)snprintf(line, sizeof(line), "- %s\n", q->value);
	(void)snprintf(q->text, sizeof(q->text), "not looked for any more, whatever feeds say");
	return write_local(q, path, line, &had);
}

int intel_order(struct control_intel *q, const struct config *config, const struct intel *x,
		bool *ret_local)
{
	struct intel_value v;
	const char *why;
	*ret_local = q->kind == CONTROL_INTEL_ADD || q->kind == CONTROL_INTEL_REMOVE;
	if (q->kind == CONTROL_INTEL_STATS) {
		tell_feeds(q, x);
		return 0;
	}
	if (q->kind == CONTROL_INTEL_RELOAD) {
		(void)snprintf(q->text, sizeof(q->text), "the feeds were read again");
		return 0;
	}
	intel_parse_value(q->value, strlen(q->value), INTEL_NONE, &v, &why);
	if (v.kind == INTEL_NONE || strchr(q->value, ' ') || strchr(q->value, '#'))
		return refuse(q, v.kind == INTEL_NONE ? why : "one value, without blanks");
	if (q->kind == CONTROL_INTEL_SEARCH) {
		search(q, x, &v);
		return 0;
	}
	return change(q, config, x, &v);
}

bool intel_order_changes(const struct control_intel *q)
{
	return q->kind >= CONTROL_INTEL_ADD;
}
