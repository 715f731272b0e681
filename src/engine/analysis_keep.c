/*
 * engine/analysis_keep.c - what of the analysis plane outlives the process: all that its parts
 * declare, the clock, and which session the sequence of alerts belongs to.
 *
 * A session goes on only after an orderly end: after a kill, what was sent last may be missing
 * here, and its numbers would be given twice.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "exfild/base/log.h"
#include "analysis_parts.h"
#include "keeper.h"

struct kept_clock {
	uint64_t now_ns, leaped_ns, closed_ns;
	struct one_sided one_sided;
	char session[17];
	bool is_orderly; /* written at the end of a process */
};

static const struct keep_field clock_fields[] = {
	KEEP(U64, struct kept_clock, now_ns),
	KEEP(U64, struct kept_clock, leaped_ns),
	KEEP(U64, struct kept_clock, closed_ns),
	KEEP(U64, struct kept_clock, one_sided.syns),
	KEEP(U64, struct kept_clock, one_sided.silent),
	KEEP(U64, struct kept_clock, one_sided.went_on),
	KEEP(BOOL, struct kept_clock, one_sided.verdict),
	KEEP(TEXT, struct kept_clock, session),
	KEEP(BOOL, struct kept_clock, is_orderly),
	KEEP_LAST,
};

static uint32_t one_slot(const void *owner)
{
	(void)owner;
	return 1;
}

static bool save_clock(const void *owner, uint32_t slot, struct buf *out)
{
	const struct analysis *a = owner;
	struct kept_clock c = { .now_ns = a->env.now_ns,
				.leaped_ns = a->leaped_ns,
				.closed_ns = a->closed_ns,
				.one_sided = a->one_sided,
				.is_orderly = a->is_ended };
	(void)slot;
	(void)snprintf(c.session, sizeof(c.session), "%s", a->alert_options.session);
	keep_write(clock_fields, &c, out);
	return true;
}

static bool is_session(const char *text)
{
	return strlen(text) == sizeof(((struct analysis *)0)->session) - 1 &&
	       strspn(text, "0123456789abcdef") == strlen(text);
}

static int load_clock(void *owner, struct cursor *in)
{
	struct analysis *a = owner;
	struct kept_clock c;
	memset(&c, 0, sizeof(c));
	if (keep_read(clock_fields, in, &c) || cursor_left(in) > 0 || c.leaped_ns > c.now_ns)
		return -EXF_E_FORMAT;
	a->leaped_ns = c.leaped_ns;
	a->closed_ns = c.closed_ns;
	a->one_sided = c.one_sided;
	a->env.now_ns = c.now_ns;
	a->env.steady_ns = c.now_ns - c.leaped_ns;
	a->env.one_sided = c.one_sided.verdict;
	a->goes_on = c.is_orderly && (!a->is_live || is_session(c.session));
	if (a->goes_on && a->is_live)
		memcpy(a->session, c.session, sizeof(a->session));
	return 0;
}

/* ---- when each detector is to be called next: by name, since some may be switched off ---- */

struct kept_tick {
	char name[64];
	uint64_t next_ns;
};

static const struct keep_field tick_fields[] = {
	KEEP(TEXT, struct kept_tick, name),
	KEEP(U64, struct kept_tick, next_ns),
	KEEP_LAST,
};

static uint32_t tick_slots(const void *owner)
{
	return (uint32_t)((const struct analysis *)owner)->running_count;
}

static bool save_tick(const void *owner, uint32_t slot, struct buf *out)
{
	const struct analysis *a = owner;
	struct kept_tick t = { .next_ns = 0 };
	if (slot >= a->running_count)
		return false;
	t.next_ns = a->running[slot].next_tick_ns;
	(void)snprintf(t.name, sizeof(t.name), "%s", a->running[slot].detector->name);
	keep_write(tick_fields, &t, out);
	return true;
}

static int load_tick(void *owner, struct cursor *in)
{
	struct analysis *a = owner;
	struct kept_tick t;
	memset(&t, 0, sizeof(t));
	if (keep_read(tick_fields, in, &t) || cursor_left(in) > 0)
		return -EXF_E_FORMAT;
	for (size_t i = 0; i < a->running_count; i++)
		if (strcmp(a->running[i].detector->name, t.name) == 0)
			a->running[i].next_tick_ns = t.next_ns;
	return 0;
}

void analysis_keep(struct analysis *a, struct keep_list *list)
{
	const struct keep_part clock = { .name = "engine.clock",
					 .version = 1,
					 .is_urgent = true,
					 .owner = a,
					 .slots = one_slot,
					 .save = save_clock,
					 .load = load_clock };
	const struct keep_part ticks = { .name = "engine.ticks",
					 .version = 1,
					 .owner = a,
					 .slots = tick_slots,
					 .save = save_tick,
					 .load = load_tick };
	list->count = 0;
	keep_add(list, &clock);
	keep_add(list, &ticks);
	context_keep(a->context, list);
	for (size_t i = 0; i < a->running_count; i++)
		if (a->running[i].detector->keep)
			a->running[i].detector->keep(a->running[i].state, list);
	fusion_keep(a->fusion, list);
	alert_store_keep(a->store, list);
	policies_keep(a->policies, list);
	mutes_keep(&a->mutes, list);
}

static bool is_detector(const char *name)
{
	for (const struct detector *const *d = detector_list(); *d; d++)
		if (strcmp((*d)->name, name) == 0)
			return true;
	return false;
}

int analysis_resume(struct analysis *a, struct keeper *keeper, char *why, size_t size)
{
	analysis_keep(a, &a->kept);
	keeper_load(keeper, &a->kept, is_detector);
	/* a tick in the far future would never come */
	for (size_t i = 0; i < a->running_count; i++) {
		struct running *r = &a->running[i];
		if (r->next_tick_ns > a->env.steady_ns + r->detector->tick_ns)
			r->next_tick_ns = 0;
	}
	if (!a->goes_on)
		alert_store_new_session(a->store);
	outputs_session(a->outputs, a->alert_options.session);
	int err = keeper_begin(keeper, why, size);
	if (!err)
		a->keeper = keeper;
	return err;
}

static uint64_t steady_ns(void)
{
	struct timespec t = { 0 };
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

void analysis_keep_turn(struct analysis *a)
{
	/* an alert that the state calls sent must be where it outlives the process as well */
	if (a->keeper && outputs_is_safe(a->outputs))
		keeper_turn(a->keeper, steady_ns());
}

bool analysis_keep_end(struct analysis *a)
{
	/* what the service does by itself does not fail it: it has been said */
	bool has_usage = !a->books || books_end(a->books) || a->is_live;
	if (!a->keeper)
		return has_usage;
	a->is_ended = true;
	return keeper_finish(a->keeper) && has_usage;
}

uint64_t analysis_now(const struct analysis *a)
{
	return a->env.now_ns;
}
