/*
 * control/intel.c - the commands intel and intel_change.
 */
#include <string.h>

#include "commands.h"

static void put_feeds(struct call *c, const struct control_intel *q)
{
	json_uint(c->out, "indicators", q->count);
	json_uint(c->out, "bytes", q->bytes);
	json_open_array(c->out, "feeds");
	for (size_t i = 0; i < q->feed_count; i++) {
		const struct control_feed *f = &q->feeds[i];
		json_open_object(c->out, NULL);
		json_string(c->out, "name", f->name);
		json_string(c->out, "format", f->format);
		json_uint(c->out, "indicators", f->items);
		json_uint(c->out, "lines", f->lines);
		json_uint(c->out, "broken", f->broken);
		json_uint(c->out, "held_back", f->guarded);
		json_uint(c->out, "unsupported", f->unsupported);
		json_uint(c->out, "left_out", f->left_out);
		json_bool(c->out, "held", f->is_held);
		json_string(c->out, "error", f->error);
		json_close_object(c->out);
	}
	json_close_array(c->out);
}

static void put_found(struct call *c, const struct control_intel *q)
{
	json_open_array(c->out, "found");
	for (size_t i = 0; i < q->found_count; i++) {
		const struct control_found *f = &q->found[i];
		json_open_object(c->out, NULL);
		json_string(c->out, "type", f->type);
		json_string(c->out, "value", f->value);
		json_string(c->out, "feed", f->feed);
		json_uint(c->out, "line", f->line);
		json_uint(c->out, "confidence", f->confidence);
		json_string(c->out, "note", f->note);
		if (*f->severity)
			json_string(c->out, "severity", f->severity);
		if (*f->tlp)
			json_string(c->out, "tlp", f->tlp);
		if (f->first_ns)
			json_time(c->out, "first_seen", f->first_ns);
		if (f->until_ns)
			json_time(c->out, "valid_until", f->until_ns);
		json_close_object(c->out);
	}
	json_close_array(c->out);
}

static int give(struct call *c, struct control_intel *q)
{
	q->value = c->request->to;
	q->reason = c->request->reason;
	if (q->kind != CONTROL_INTEL_STATS && q->kind != CONTROL_INTEL_RELOAD && !*q->value)
		return command_fail(c, "bad_argument",
				    "which indicator: an address, a name, a hash",
				    "exfilctl intel search 203.0.113.9");
	if (!c->options->intel)
		return command_fail(c, "not_supported", "this program keeps no indicators", "");
	if (c->options->intel(c->options->arg, q))
		return command_fail(c, "refused", q->text, "");
	if (*q->text)
		json_string(c->out, "message", q->text);
	return 0;
}

int command_intel(struct call *c)
{
	struct control_intel q = { .kind = CONTROL_INTEL_STATS };
	bool is_search = strcmp(c->request->kind, "search") == 0;
	if (is_search)
		q.kind = CONTROL_INTEL_SEARCH;
	int err = give(c, &q);
	if (!err && is_search)
		put_found(c, &q);
	else if (!err)
		put_feeds(c, &q);
	return err;
}

int command_intel_change(struct call *c)
{
	const char *kind = c->request->kind;
	struct control_intel q = { .kind = CONTROL_INTEL_RELOAD };
	if (strcmp(kind, "add") == 0)
		q.kind = CONTROL_INTEL_ADD;
	else if (strcmp(kind, "remove") == 0)
		q.kind = CONTROL_INTEL_REMOVE;
	else if (strcmp(kind, "reload") != 0)
		return command_fail(c, "bad_argument", "add, remove or reload", "");
	return give(c, &q);
}
