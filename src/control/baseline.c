/*
 * control/baseline.c - the commands baseline and baseline_change.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"

#define ENTRY_TEXT 2816 /* an entry in hexadecimal, and its end */
#define ROWS       20

static void put_rows(struct call *c, const struct control_habits *q)
{
	json_uint(c->out, "learning_left_s", q->learning_left_ns / 1000000000ull);
	json_uint(c->out, "known", q->hosts);
	json_open_array(c->out, "hosts");
	for (size_t i = 0; i < q->row_count; i++) {
		const struct control_habit *r = &q->rows[i];
		json_open_object(c->out, NULL);
		json_string(c->out, "address", r->address);
		json_double(c->out, "usual_day", r->usual_day);
		json_double(c->out, "most_day", r->most_day);
		json_double(c->out, "two_weeks", r->weeks);
		json_double(c->out, "today", r->today);
		json_uint(c->out, "days", r->days);
		json_uint(c->out, "active_days", r->active_days);
		json_bool(c->out, "learnt", r->is_learnt);
		json_bool(c->out, "suspect", r->is_suspect);
		json_close_object(c->out);
	}
	json_close_array(c->out);
}

static void put_hours(struct call *c, const struct control_habits *q)
{
	static const char *const names[2] = { "working_day", "weekend" };
	for (unsigned day = 0; day < 2; day++) {
		json_open_array(c->out, names[day]);
		for (unsigned i = day * 24; i < day * 24 + 24; i++) {
			json_open_object(c->out, NULL);
			json_uint(c->out, "hour", i % 24);
			json_double(c->out, "usual", q->hour_usual[i]);
			json_double(c->out, "active", q->hour_active[i]);
			json_close_object(c->out);
		}
		json_close_array(c->out);
	}
}

static void put_saved(struct call *c, const struct control_habits *q)
{
	json_open_array(c->out, "entries");
	for (size_t i = 0; i < q->saved_count; i++)
		json_string(c->out, NULL, q->saved + i * q->saved_size);
	json_close_array(c->out);
	json_uint(c->out, "next", q->next);
}

static int give(struct call *c, struct control_habits *q)
{
	struct control_order o = { .kind = CONTROL_HABITS, .habits = q };
	if (!c->options->order)
		return command_fail(c, "not_supported", "this program learns no habits", "");
	if (c->options->order(c->options->arg, &o))
		return command_fail(c, "refused", o.text,
				    "exfilctl baseline show lists the hosts that are known");
	return 0;
}

int command_baseline(struct call *c)
{
	const struct request *r = c->request;
	bool is_save = strcmp(r->kind, "export") == 0;
	struct control_habits *q = calloc(1, sizeof(*q));
	char *saved = is_save ? calloc(CONTROL_HABIT_SAVED, ENTRY_TEXT) : NULL;
	if (!q || (is_save && !saved)) {
		free(q);
		free(saved);
		return command_fail(c, "failed", exf_strerror(EXF_E_NOMEM), "");
	}
	q->kind = is_save ? CONTROL_HABITS_SAVE : CONTROL_HABITS_SHOW;
	q->address = is_save ? "" : r->to;
	q->limit = r->limit ? r->limit : ROWS;
	q->from = r->number;
	q->saved = saved;
	q->saved_size = ENTRY_TEXT;
	int err = give(c, q);
	if (!err && is_save)
		put_saved(c, q);
	else if (!err)
		put_rows(c, q);
	if (!err && !is_save && *r->to)
		put_hours(c, q);
	free(saved);
	free(q);
	return err;
}

int command_baseline_change(struct call *c)
{
	const struct request *r = c->request;
	bool is_reset = strcmp(r->kind, "reset") == 0, is_merge = strcmp(r->kind, "merge") == 0;
	bool is_all = strcmp(r->to, "all") == 0;
	if (!is_reset && !is_merge && strcmp(r->kind, "import") != 0)
		return command_fail(c, "bad_argument", "reset, import or merge", "");
	if (is_reset ? !*r->to : !*r->entries)
		return command_fail(c, "bad_argument",
				    is_reset ? "whose: an address, or all" : "no entries", "");
	struct control_habits *q = calloc(1, sizeof(*q));
	if (!q)
		return command_fail(c, "failed", exf_strerror(EXF_E_NOMEM), "");
	q->kind = is_reset ? CONTROL_HABITS_RESET : CONTROL_HABITS_LOAD;
	q->address = is_reset && !is_all ? r->to : "";
	q->entries = r->entries;
	q->is_merge = is_merge;
	char text[96];
	int err = give(c, q);
	if (!err) {
		json_uint(c->out, "taken", q->taken);
		json_uint(c->out, "stayed", q->stayed);
		json_uint(c->out, "refused", q->refused);
		json_uint(c->out, "no_room", q->full);
		(void)snprintf(text, sizeof(text), "habits of %u host%s forgotten", q->taken,
			       q->taken == 1 ? "" : "s");
		if (is_reset)
			json_string(c->out, "message", text);
	}
	free(q);
	return err;
}
