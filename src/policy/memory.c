/*
 * policy/memory.c - earlier alerts of a source, for `escalate` and `require`.
 *
 * An alert that goes on under the same id is no repeat of itself.
 */
#include <stdlib.h>
#include <string.h>

#include "exfild/base/str.h"
#include "private.h"

static uint64_t hash_of(const struct event_alert *e)
{
	const uint8_t *text = event_str_data(&e->e, &e->id);
	uint64_t h = 0xcbf29ce484222325ull;
	for (size_t i = 0; e->id.off && i < e->id.len; i++)
		h = (h ^ text[i]) * 0x100000001b3ull;
	return h;
}

/* The longest silent goes first. */
static uint32_t evidence(const void *entry)
{
	const struct past *p = entry;
	return (uint32_t)(p->last_ns / SECOND_NS);
}

struct policy_memory {
	struct table past;
};

struct policy_memory *policy_memory_new(uint32_t hosts)
{
	struct policy_memory *m = calloc(1, sizeof(*m));
	struct table_config config = { .capacity = hosts ? hosts : POLICY_HOSTS,
				       .entry_size = sizeof(struct past),
				       .key_size = sizeof(struct ipaddr),
				       .key = hash_key_fixed,
				       .evidence = evidence };
	if (m && table_init(&m->past, &config) == 0)
		return m;
	free(m);
	return NULL;
}

void policy_memory_free(struct policy_memory *m)
{
	if (m)
		table_deinit(&m->past);
	free(m);
}

void policy_memory_forget(struct policy_memory *m, const struct ipaddr *host)
{
	struct past *p = table_find(&m->past, host);
	if (p)
		table_remove(&m->past, p);
}

#define PAST(i)                                                                              \
 KEEP(U64, struct past, alerts[i].id), KEEP(U64, struct past, alerts[i].time_ns),            \
	 KEEP(TEXT, struct past, alerts[i].rule), KEEP(TEXT, struct past, alerts[i].policy), \
	 KEEP(TEXT, struct past, alerts[i].category),                                        \
	 KEEP_TO(U8, struct past, alerts[i].severity, SEVERITY_CRITICAL),                    \
	 KEEP_TO(U8, struct past, alerts[i].asked, POLICY_ACTION__COUNT)

static const struct keep_field fields[] = {
	KEEP(U8, struct past, host),
	KEEP(U64, struct past, last_ns),
	PAST(0),
	PAST(1),
	PAST(2),
	PAST(3),
	PAST(4),
	PAST(5),
	PAST(6),
	PAST(7),
	KEEP_LAST,
};
_Static_assert(POLICY_PAST == 8, "a line above for each");

void policy_memory_keep(struct policy_memory *m, struct keep_list *list)
{
	keep_add(list, &(struct keep_part){ .name = "policy.past",
					    .version = 1,
					    .is_urgent = true,
					    .owner = m,
					    .table = &m->past,
					    .fields = fields });
}

static const struct past *past_of(const struct policy_memory *m, const struct event_alert *e)
{
	return e->has_src ? table_find(&m->past, &e->e.src) : NULL;
}

static bool is_within(const struct event_alert *e, const struct past_alert *a, uint64_t within_ns)
{
	return a->time_ns && (a->time_ns >= e->e.time_ns || e->e.time_ns - a->time_ns <= within_ns);
}

unsigned memory_repeats(const struct policy_memory *m, const struct event_alert *e,
			const char *policy, uint64_t within_ns)
{
	const struct past *p = past_of(m, e);
	uint64_t id = hash_of(e);
	unsigned count = 0;
	for (unsigned i = 0; p && i < POLICY_PAST; i++) {
		const struct past_alert *a = &p->alerts[i];
		count +=
			is_within(e, a, within_ns) && a->id != id && strcmp(a->policy, policy) == 0;
	}
	return count;
}

/* A '*' at the end stands for the rest. */
static bool is_like(const char *pattern, const char *text)
{
	size_t len = strlen(pattern);
	if (len && pattern[len - 1] == '*')
		return strncmp(pattern, text, len - 1) == 0;
	return strcmp(pattern, text) == 0;
}

bool memory_has(const struct policy_memory *m, const struct event_alert *e,
		const struct policy_need *need)
{
	const struct past *p = past_of(m, e);
	uint64_t id = hash_of(e);
	for (unsigned i = 0; p && i < POLICY_PAST; i++) {
		const struct past_alert *a = &p->alerts[i];
		if (is_within(e, a, need->within_ns) && a->id != id &&
		    a->severity >= need->severity &&
		    (!need->rule[0] || is_like(need->rule, a->rule)) &&
		    (!need->category[0] || strcmp(need->category, a->category) == 0))
			return true;
	}
	return false;
}

/* The place of the same alert, else that of the one longest silent. */
static struct past_alert *place_of(struct past *p, uint64_t id)
{
	struct past_alert *oldest = &p->alerts[0];
	for (unsigned i = 0; i < POLICY_PAST; i++) {
		if (p->alerts[i].time_ns && p->alerts[i].id == id)
			return &p->alerts[i];
		if (p->alerts[i].time_ns < oldest->time_ns)
			oldest = &p->alerts[i];
	}
	return oldest;
}

void memory_note(struct policy_memory *m, const struct event_alert *e, const char *policy)
{
	bool is_new;
	struct past *p = e->has_src ? table_get(&m->past, &e->e.src, &is_new) : NULL;
	if (!p)
		return;
	p->last_ns = e->e.time_ns;
	struct past_alert *a = place_of(p, hash_of(e));
	if (a->id != hash_of(e))
		memset(a, 0, sizeof(*a));
	a->id = hash_of(e);
	a->time_ns = e->e.time_ns;
	a->severity = e->severity;
	record_text(e, &e->rule, a->rule, sizeof(a->rule));
	record_text(e, &e->category, a->category, sizeof(a->category));
	(void)str_copy(a->policy, sizeof(a->policy), policy);
}

bool policy_memory_asked(struct policy_memory *m, const struct event_alert *e,
			 enum policy_action action)
{
	struct past *p = e->has_src ? table_find(&m->past, &e->e.src) : NULL;
	uint64_t id = hash_of(e);
	for (unsigned i = 0; p && i < POLICY_PAST; i++) {
		struct past_alert *a = &p->alerts[i];
		if (!a->time_ns || a->id != id)
			continue;
		bool before = a->asked == (uint8_t)action + 1;
		a->asked = (uint8_t)((uint8_t)action + 1);
		return before;
	}
	return false;
}
