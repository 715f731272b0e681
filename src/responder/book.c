/*
 * responder/book.c - see book.h.
 */
#include "book.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/base/str.h"

int book_init(struct book *b, const struct book_limits *limits)
{
	*b = (struct book){ .limits = *limits };
	b->entries = calloc(limits->max ? limits->max : 1, sizeof(*b->entries));
	b->acts = calloc(BOOK_ACTS, sizeof(*b->acts));
	if (b->entries && b->acts)
		return 0;
	book_deinit(b);
	return -EXF_E_NOMEM;
}

void book_deinit(struct book *b)
{
	free(b->entries);
	free(b->acts);
	*b = (struct book){ .entries = NULL };
}

static bool is_same(const struct quarantine_entry *e, const struct quarantine_request *r)
{
	return e->kind == r->kind && ipaddr_equal(&e->host, &r->host) &&
	       ipaddr_equal(&e->peer, &r->peer);
}

static struct quarantine_entry *find_same(struct book *b, const struct quarantine_request *r)
{
	for (size_t i = 0; i < b->count; i++)
		if (is_same(&b->entries[i], r))
			return &b->entries[i];
	return NULL;
}

static void take_out(struct book *b, struct quarantine_entry *e, struct quarantine_entry *ret)
{
	*ret = *e;
	b->count--;
	memmove(e, e + 1, (size_t)(b->entries + b->count - e) * sizeof(*e));
}

static uint64_t at_most(const struct book *b, const struct book_asker *by, uint64_t ttl_s)
{
	uint64_t most_s = by->is_admin ? BOOK_LONGEST_S : b->limits.ttl_s * BOOK_LONGEST_TTLS;
	most_s = most_s > BOOK_LONGEST_S ? BOOK_LONGEST_S : most_s;
	return ttl_s > most_s ? most_s : ttl_s;
}

/* Whether what the request names can be cut off at all, whoever asks. */
static enum quarantine_status judge_target(const struct never *never,
					   const struct quarantine_request *r, char *ret_why,
					   size_t size)
{
	static const struct ipaddr none;
	char text[IPADDR_TEXT_MAX];
	bool has_peer = !ipaddr_equal(&r->peer, &none);
	if (has_peer != (r->kind == QUARANTINE_PAIR) ||
	    (has_peer && ipaddr_is_v4(&r->host) != ipaddr_is_v4(&r->peer))) {
		(void)snprintf(ret_why, size,
			       "a pair needs two addresses of one family, all else one");
		return QUARANTINE_MALFORMED;
	}
	const char *why = never_why(never, &r->host);
	if (!why && has_peer)
		why = never_why(never, &r->peer);
	if (why) {
		bool is_peer = !never_why(never, &r->host);
		(void)snprintf(ret_why, size, "%s is never cut off: %s",
			       ipaddr_print(is_peer ? &r->peer : &r->host, text, sizeof(text)),
			       why);
		return QUARANTINE_NEVER;
	}
	if (r->kind == QUARANTINE_PEER && r->names >= BOOK_NAMES &&
	    !(r->flags & QUARANTINE_SHARED_RIGHT)) {
		(void)snprintf(
			ret_why, size,
			"%u names were seen at %s: others than the one meant would be cut off",
			r->names, ipaddr_print(&r->host, text, sizeof(text)));
		return QUARANTINE_SHARED;
	}
	return QUARANTINE_OK;
}

/* The rate is for programs; people may hurry. */
static bool is_too_fast(struct book *b, const struct book_asker *by, uint64_t now_s)
{
	if (now_s >= b->minute_s + 60 || now_s < b->minute_s) {
		b->minute_s = now_s;
		b->in_minute = 0;
	}
	if (by->is_admin)
		return false;
	return b->in_minute++ >= b->limits.per_minute;
}

/* Each repeat doubles the time, from now on; it never ends earlier than it did. */
static void extend(struct book *b, struct quarantine_entry *e, const struct quarantine_request *r,
		   const struct book_asker *by, uint64_t now_s)
{
	uint64_t ttl_s = r->ttl_s ? r->ttl_s : b->limits.ttl_s;
	e->repeats += e->repeats < UINT32_MAX;
	uint64_t until_s = now_s + at_most(b, by, ttl_s << (e->repeats < 16 ? e->repeats : 16));
	e->until_s = until_s > e->until_s ? until_s : e->until_s;
	e->by_admin = e->by_admin || by->is_admin;
}

enum quarantine_status book_add(struct book *b, const struct never *never,
				const struct quarantine_request *r, const struct book_asker *by,
				uint64_t now_s, struct quarantine_entry *ret_entry, char *ret_why,
				size_t why_size)
{
	enum quarantine_status status = judge_target(never, r, ret_why, why_size);
	if (status)
		return status;
	struct quarantine_entry *same = find_same(b, r);
	/* a repeat changes nothing for anybody else: it needs no place, but counts for the rate */
	if (is_too_fast(b, by, now_s)) {
		(void)snprintf(ret_why, why_size,
			       "quarantine.per_minute allows %u new ones a minute",
			       b->limits.per_minute);
		return QUARANTINE_TOO_FAST;
	}
	if (same) {
		extend(b, same, r, by, now_s);
		*ret_entry = *same;
		return QUARANTINE_OK;
	}
	if (b->count == b->limits.max) {
		(void)snprintf(ret_why, why_size, "quarantine.max allows %u at once",
			       b->limits.max);
		return QUARANTINE_FULL;
	}
	uint64_t ttl_s = r->ttl_s ? r->ttl_s : b->limits.ttl_s;
	struct quarantine_entry *e = &b->entries[b->count++];
	*e = (struct quarantine_entry){ .number = ++b->last_number,
					.host = r->host,
					.peer = r->peer,
					.kind = r->kind,
					.by_admin = by->is_admin,
					.since_s = now_s,
					.until_s = now_s + at_most(b, by, ttl_s) };
	(void)str_copy(e->alert, sizeof(e->alert), r->alert);
	(void)str_copy(e->rule, sizeof(e->rule), r->rule);
	(void)str_copy(e->reason, sizeof(e->reason), r->reason);
	b->added++;
	*ret_entry = *e;
	return QUARANTINE_OK;
}

enum quarantine_status book_release(struct book *b, const struct quarantine_request *r,
				    const struct book_asker *by, struct quarantine_entry *ret_entry)
{
	struct quarantine_entry *e = find_same(b, r);
	if (!e)
		return QUARANTINE_UNKNOWN;
	if (e->by_admin && !by->is_admin)
		return QUARANTINE_FORBIDDEN;
	take_out(b, e, ret_entry);
	b->released++;
	return QUARANTINE_OK;
}

bool book_move(struct book *b, const struct ipaddr *host, const struct book_asker *by,
	       struct quarantine_entry *ret_entry)
{
	for (size_t i = 0; i < b->count; i++) {
		struct quarantine_entry *e = &b->entries[i];
		if (e->kind == QUARANTINE_PEER || !ipaddr_equal(&e->host, host) ||
		    (e->by_admin && !by->is_admin))
			continue;
		take_out(b, e, ret_entry);
		b->released++;
		return true;
	}
	return false;
}

bool book_expire(struct book *b, uint64_t now_s, struct quarantine_entry *ret_entry)
{
	for (size_t i = 0; i < b->count; i++) {
		if (b->entries[i].until_s > now_s)
			continue;
		take_out(b, &b->entries[i], ret_entry);
		b->expired++;
		return true;
	}
	return false;
}

void book_clear(struct book *b)
{
	b->released += b->count;
	b->count = 0;
}

const struct quarantine_entry *book_at(const struct book *b, size_t index)
{
	return index < b->count ? &b->entries[index] : NULL;
}

struct quarantine_entry *book_find(struct book *b, uint64_t number)
{
	for (size_t i = 0; i < b->count; i++)
		if (b->entries[i].number == number)
			return &b->entries[i];
	return NULL;
}

bool book_restore(struct book *b, const struct never *never, const struct quarantine_entry *e,
		  uint64_t now_s)
{
	struct quarantine_request as = { .host = e->host, .peer = e->peer, .kind = e->kind };
	char why[160];
	if (e->until_s <= now_s || e->until_s > now_s + BOOK_LONGEST_S ||
	    e->kind >= QUARANTINE_KIND__COUNT || b->count == b->limits.max ||
	    judge_target(never, &as, why, sizeof(why)) != QUARANTINE_OK || find_same(b, &as))
		return false;
	struct quarantine_entry *to = &b->entries[b->count++];
	*to = *e;
	to->alert[sizeof(to->alert) - 1] = '\0';
	to->rule[sizeof(to->rule) - 1] = '\0';
	to->reason[sizeof(to->reason) - 1] = '\0';
	if (to->number > b->last_number)
		b->last_number = to->number;
	return true;
}

struct quarantine_act *book_act(struct book *b, enum quarantine_act_kind kind,
				enum quarantine_status status, uint32_t uid, uint64_t now_s,
				const struct quarantine_entry *entry)
{
	struct quarantine_act *a = &b->acts[++b->last_act % BOOK_ACTS];
	*a = (struct quarantine_act){ .number = b->last_act,
				      .at_s = now_s,
				      .uid = uid,
				      .kind = (uint8_t)kind,
				      .status = (uint8_t)status };
	if (entry)
		a->entry = *entry;
	return a;
}

const struct quarantine_act *book_act_from(const struct book *b, uint64_t number)
{
	uint64_t first = b->last_act >= BOOK_ACTS ? b->last_act - BOOK_ACTS + 1 : 1;
	number = number < first ? first : number;
	return number <= b->last_act ? &b->acts[number % BOOK_ACTS] : NULL;
}
