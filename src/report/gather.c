/*
 * report/gather.c - takes alerts, keeps the last word of each.
 */
#include "gather.h"

#include <stdlib.h>
#include <string.h>

#include "exfild/base/str.h"
#include "field.h"

#define FIRST_ROOM 64

const char *level_name(unsigned level)
{
	static const char *const names[LEVEL__COUNT] = { "low", "medium", "high", "critical" };
	return names[level < LEVEL__COUNT ? level : LEVEL_LOW];
}

struct report *report_new(void)
{
	return calloc(1, sizeof(struct report));
}

void report_free(struct report *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->count; i++)
		free(r->entries[i].line);
	free(r->entries);
	free(r);
}

static unsigned level_of(uint64_t severity)
{
	return severity >= 99 ? LEVEL_CRITICAL :
	       severity >= 73 ? LEVEL_HIGH :
	       severity >= 47 ? LEVEL_MEDIUM :
				LEVEL_LOW;
}

static void take_ends(struct entry *e, const json_t *o)
{
	const char *domain = field_text(o, "destination.domain");
	(void)str_copy(e->source, sizeof(e->source), field_text(o, "source.ip"));
	if (!e->source[0])
		(void)str_copy(e->source, sizeof(e->source), field_text(o, "source.mac"));
	(void)str_copy(e->source_name, sizeof(e->source_name), field_text(o, "source.domain"));
	(void)str_copy(e->destination, sizeof(e->destination),
		       *domain ? domain : field_text(o, "destination.ip"));
	e->bytes = field_count(o, "source.bytes");
}

/* False: it has not what every alert has. */
static bool read_entry(struct entry *e, const json_t *o)
{
	*e = (struct entry){
		.sequence = field_count(o, "event.sequence"),
		.start_ns = field_time(o, "event.start"),
		.end_ns = field_time(o, "event.end"),
		.risk = field_number(o, "event.risk_score"),
		.level = level_of(field_count(o, "event.severity")),
	};
	(void)str_copy(e->id, sizeof(e->id), field_text(o, "exfild.alert_id"));
	(void)str_copy(e->rule, sizeof(e->rule), field_text(o, "rule.id"));
	(void)str_copy(e->title, sizeof(e->title), field_text(o, "rule.name"));
	(void)str_copy(e->category, sizeof(e->category), field_text(o, "rule.category"));
	(void)str_copy(e->tactic, sizeof(e->tactic), field_first(o, "threat.tactic.id"));
	(void)str_copy(e->policy, sizeof(e->policy), field_text(o, "exfild.policy.rule"));
	(void)str_copy(e->action, sizeof(e->action), field_text(o, "exfild.policy.action"));
	(void)str_copy(e->zone, sizeof(e->zone), field_text(o, "exfild.zone.source"));
	take_ends(e, o);
	return e->id[0] && e->rule[0];
}

static struct entry *find(const struct report *r, const char *id)
{
	for (size_t i = r->count; i-- > 0;)
		if (strcmp(r->entries[i].id, id) == 0)
			return &r->entries[i];
	return NULL;
}

/* A place for one more; at the cap that of a less severe one, the latest of them. */
static int make_room(struct report *r, unsigned level, struct entry **ret)
{
	if (r->count < r->room) {
		*ret = &r->entries[r->count++];
		return 0;
	}
	if (r->room < REPORT_ALERTS) {
		size_t room = r->room ? r->room * 2 : FIRST_ROOM;
		struct entry *more = realloc(r->entries, room * sizeof(*more));
		if (!more)
			return -EXF_E_NOMEM;
		r->entries = more;
		r->room = room;
		*ret = &r->entries[r->count++];
		return 0;
	}
	struct entry *least = NULL;
	for (size_t i = r->count; i-- > 0;)
		if (r->entries[i].level < (least ? least->level : level))
			least = &r->entries[i];
	r->left_out[least ? least->level : level]++;
	if (!least)
		return -EXF_E_LIMIT;
	free(least->line);
	*ret = least;
	return 0;
}

static int put(struct report *r, const struct entry *e, const char *line, size_t len)
{
	struct entry *to = find(r, e->id);
	char *copy = malloc(len + 1);
	int err = 0;

	if (!copy)
		return -EXF_E_NOMEM;
	memcpy(copy, line, len);
	copy[len] = '\0';
	if (to) { /* severity may have risen */
		r->levels[to->level]--;
		free(to->line);
	} else {
		err = make_room(r, e->level, &to);
	}
	r->levels[e->level]++;
	if (err) {
		free(copy);
		return err;
	}
	*to = *e;
	to->line = copy;
	to->len = len;
	return 0;
}

bool entry_read(struct entry *ret, const char *line, size_t len)
{
	json_t *o = json_loadb(line, len, JSON_ALLOW_NUL, NULL);
	bool is_good = json_is_object(o) && read_entry(ret, o);
	json_decref(o);
	return is_good;
}

int report_alert(struct report *r, const char *line, size_t len)
{
	struct entry e;
	return entry_read(&e, line, len) ? put(r, &e, line, len) : -EXF_E_FORMAT;
}
