/*
 * engine/habits_order.c - see habits_order.h.
 */
#include "habits_order.h"

#include <stdio.h>
#include <string.h>

#include "exfild/base/str.h"
#include "exfild/base/usual.h"
#include "exfild/context/habits.h"

static void row_of(struct control_habit *r, const struct habit *h)
{
	(void)ipaddr_print(&h->address, r->address, sizeof(r->address));
	r->usual_day = h->usual_day;
	r->most_day = h->most_day;
	r->weeks = h->weeks;
	r->today = h->today;
	r->days = h->days_seen;
	r->active_days = h->active_days;
	r->is_suspect = h->is_suspect;
	r->is_learnt = h->is_learnt;
}

/* Keeps the rows sorted by what was sent in two weeks; the least falls out. */
static void add_row(struct control_habits *q, const struct habit *h)
{
	size_t at = q->row_count;
	while (at && q->rows[at - 1].weeks < h->weeks)
		at--;
	size_t most = q->limit && q->limit < CONTROL_HABIT_ROWS ? q->limit : CONTROL_HABIT_ROWS;
	if (at >= most)
		return;
	size_t moved = q->row_count < most ? q->row_count - at : most - 1 - at;
	memmove(&q->rows[at + 1], &q->rows[at], moved * sizeof(q->rows[0]));
	row_of(&q->rows[at], h);
	q->row_count += q->row_count < most;
}

static void add_hours(struct control_habits *q, const struct baseline_host *h)
{
	for (unsigned i = 0; i < CONTROL_HABIT_SLOTS; i++) {
		struct usual u = { .median = h->slots[i].median };
		q->hour_usual[i] = usual_amount(&u);
		q->hour_active[i] = (double)h->slots[i].active;
	}
}
_Static_assert(CONTROL_HABIT_SLOTS == BASELINE_SLOTS, "hours of a working day and of a weekend");

static int show(struct context *c, struct control_habits *q, const struct ipaddr *only)
{
	struct habit h;
	for (uint32_t i = 0; i < habit_slots(c); i++) {
		if (!habit_at(c, i, &h))
			continue;
		q->hosts++;
		if (only && !ipaddr_equal(only, &h.address))
			continue;
		add_row(q, &h);
		if (only)
			add_hours(q, h.host);
	}
	return only && !q->row_count ? -EXF_E_INVALID : 0;
}

static void save(struct context *c, struct control_habits *q)
{
	struct buf bytes;
	buf_init(&bytes, HABIT_BYTES);
	uint32_t i = q->from;
	for (; i < habit_slots(c) && q->saved_count < CONTROL_HABIT_SAVED; i++) {
		buf_reset(&bytes);
		if (!habit_save(c, i, &bytes) || 2 * bytes.len + 1 > q->saved_size)
			continue;
		str_hex(q->saved + q->saved_count++ * q->saved_size, q->saved_size,
			(const uint8_t *)bytes.data, bytes.len);
	}
	q->next = i < habit_slots(c) ? i : 0;
	buf_deinit(&bytes);
}

static int digit(char ch)
{
	if (ch >= '0' && ch <= '9')
		return ch - '0';
	return ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
}

/* One text up to a comma or the end; 0: it is none. */
static size_t bytes_of(const char *text, size_t len, uint8_t *dst, size_t size)
{
	if (len % 2 || len / 2 > size)
		return 0;
	for (size_t i = 0; i < len; i += 2) {
		int high = digit(text[i]), low = digit(text[i + 1]);
		if (high < 0 || low < 0)
			return 0;
		dst[i / 2] = (uint8_t)(high << 4 | low);
	}
	return len / 2;
}

static void load(struct context *c, struct control_habits *q)
{
	uint8_t bytes[HABIT_BYTES];
	for (const char *at = q->entries; *at;) {
		size_t len = strcspn(at, ",");
		size_t n = bytes_of(at, len, bytes, sizeof(bytes));
		int r = n ? habit_load(c, bytes, n, q->is_merge) : -EXF_E_FORMAT;
		q->taken += r > 0;
		q->stayed += r == 0;
		q->full += r == -EXF_E_LIMIT;
		q->refused += r == -EXF_E_FORMAT;
		at += len + (at[len] == ',');
	}
}

void habits_order(struct context *c, struct control_order *o)
{
	struct control_habits *q = o->habits;
	struct ipaddr address;
	bool is_one = *q->address;
	o->err = 0;
	o->text[0] = '\0';
	if (is_one && ipaddr_parse(q->address, &address)) {
		o->err = -EXF_E_INVALID;
		(void)str_copy(o->text, sizeof(o->text), "that is no address");
		return;
	}
	q->learning_left_ns = context_learning_left_ns(c);
	switch (q->kind) {
	case CONTROL_HABITS_SHOW:
		o->err = show(c, q, is_one ? &address : NULL);
		break;
	case CONTROL_HABITS_SAVE:
		save(c, q);
		break;
	case CONTROL_HABITS_LOAD:
		load(c, q);
		break;
	case CONTROL_HABITS_RESET:
		q->taken = habit_forget(c, is_one ? &address : NULL);
		o->err = is_one && !q->taken ? -EXF_E_INVALID : 0;
		break;
	}
	if (o->err)
		(void)str_copy(o->text, sizeof(o->text), "nothing is known of that host");
}
