/*
 * control/account_ledger.c - what the ledger has to say for a report.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/base/str.h"
#include "exfild/store/ledger_read.h"
#include "account.h"
#include "parse.h"

#define NOTES_MAX 131072u
#define TEXT_MAX  700

static const char *text_of(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));
	return text ? text : "";
}

static uint64_t count_of(const json_t *o, const char *key)
{
	json_int_t v = json_integer_value(json_object_get(o, key));
	return v > 0 ? (uint64_t)v : 0;
}

static uint64_t time_of(const json_t *o, const char *key)
{
	uint64_t ns;
	return str_parse_time(text_of(o, key), &ns) ? 0 : ns;
}

/* Strings of its own; false: no memory. */
static bool add(struct account_notes *a, const struct report_note *n)
{
	if (a->count == a->room) {
		size_t room = a->room ? a->room * 2 : 256;
		struct report_note *more =
			a->count < NOTES_MAX ? realloc(a->list, room * sizeof(*more)) : NULL;
		if (!more)
			return false;
		a->list = more;
		a->room = room;
	}
	struct report_note *to = &a->list[a->count];
	*to = *n;
	to->what = n->what ? strdup(n->what) : NULL;
	to->who = n->who ? strdup(n->who) : NULL;
	to->text = n->text ? strdup(n->text) : NULL;
	a->count++;
	return true;
}

static void take_unseen(struct report_note *n, const json_t *o)
{
	n->from_ns = time_of(o, "from");
	n->until_ns = time_of(o, "until");
	n->dropped = count_of(o, "dropped");
	n->unheard = count_of(o, "unheard");
	n->away_s = count_of(o, "away_s");
}

static void put_part(char dst[TEXT_MAX], const char *before, const char *text)
{
	size_t len = strlen(dst);
	if (*text)
		(void)snprintf(dst + len, TEXT_MAX - len, "%s%s%s", len ? "; " : "", before, text);
}

static bool take_quarantine(struct account_notes *a, const json_t *o,
			    const struct report_note *begun)
{
	struct report_note n = *begun;
	char what[160], who[160], why[TEXT_MAX] = "";
	const char *peer = text_of(o, "peer"), *status = text_of(o, "status");
	(void)snprintf(what, sizeof(what), "%.40s%s%.40s%s%.40s", text_of(o, "act"),
		       *text_of(o, "mode") ? ", " : "", text_of(o, "mode"), *status ? ", " : "",
		       status);
	(void)snprintf(who, sizeof(who), "%.60s%s%.60s", text_of(o, "host"), *peer ? " to " : "",
		       peer);
	put_part(why, "", text_of(o, "reason"));
	put_part(why, "rule ", text_of(o, "rule"));
	put_part(why, "alert ", text_of(o, "alert"));
	if (!why[0])
		put_part(why, "", text_of(o, "text"));
	n.kind = REPORT_NOTE_QUARANTINE;
	n.what = what;
	n.who = who;
	n.text = why;
	return add(a, &n);
}

static bool take_configuration(struct account_notes *a, const json_t *o,
			       const struct report_note *begun, bool is_start)
{
	struct report_note n = *begun;
	char hash[24], text[TEXT_MAX] = "";
	const char *broken = text_of(o, "broken");
	bool is_refused = is_start ? *broken : json_is_false(json_object_get(o, "taken"));
	(void)snprintf(hash, sizeof(hash), "%.16s", text_of(o, "configuration"));
	if (is_start)
		put_part(text, "", *broken ? broken : text_of(o, "file"));
	else
		put_part(text, "", text_of(o, "text"));
	put_part(text, "at the next start: ", text_of(o, "restart"));
	n.kind = REPORT_NOTE_CONFIGURATION;
	n.what = is_start   ? is_refused ? "start, with the last good one" : "start" :
		 is_refused ? "refused" :
			      "read again";
	n.who = hash;
	n.text = text;
	return add(a, &n);
}

static bool take_act(struct account_notes *a, const json_t *o, const struct report_note *begun)
{
	struct report_note n = *begun;
	char what[120], who[40], text[TEXT_MAX] = "";
	bool is_done = json_is_true(json_object_get(o, "done"));
	(void)snprintf(what, sizeof(what), "%.80s%s", text_of(o, "command"),
		       is_done ? "" : ", refused");
	(void)snprintf(who, sizeof(who), "user %" PRIu64, count_of(o, "user"));
	put_part(text, "", text_of(o, "about"));
	put_part(text, "", text_of(o, "reason"));
	n.kind = REPORT_NOTE_ACT;
	n.what = what;
	n.who = who;
	n.text = text;
	return add(a, &n);
}

static bool take_start(struct account_notes *a, const json_t *o, const struct report_note *n)
{
	struct report_note away = { .kind = REPORT_NOTE_AWAY,
				    .from_ns = time_of(o, "before"),
				    .until_ns = n->from_ns,
				    .away_s = count_of(o, "away_s") };
	bool is_good = !away.from_ns || !away.away_s || add(a, &away);
	return take_configuration(a, o, n, true) && is_good;
}

static bool take_unseen_note(struct account_notes *a, const json_t *o, enum report_note_kind kind)
{
	struct report_note n = { .kind = kind };
	take_unseen(&n, o);
	n.packets = count_of(o, "packets");
	if (kind == REPORT_NOTE_HOUR)
		a->watching_ns = n.until_ns;
	return n.until_ns <= a->since_ns || add(a, &n);
}

static bool take_record(void *arg, const struct ledger_record *r)
{
	struct account_notes *a = arg;
	json_t *o = json_loadb(r->line, r->len, JSON_ALLOW_NUL, NULL);
	const char *kind = text_of(o, "kind");
	uint64_t at_ns = time_of(o, "at");
	struct report_note n = { .from_ns = at_ns, .until_ns = at_ns };
	bool is_good = true, is_start = strcmp(kind, "start") == 0;
	if (is_start)
		a->watching_ns = at_ns;
	if (strcmp(kind, "hour") == 0)
		is_good = take_unseen_note(a, o, REPORT_NOTE_HOUR);
	else if (strcmp(kind, "blind") == 0)
		is_good = take_unseen_note(a, o, REPORT_NOTE_BLIND);
	else if (strcmp(kind, "stop") == 0)
		a->watching_ns = 0;
	else if (at_ns < a->since_ns)
		is_good = true;
	else if (is_start)
		is_good = take_start(a, o, &n);
	else if (strcmp(kind, "configuration") == 0)
		is_good = take_configuration(a, o, &n, false);
	else if (strcmp(kind, "quarantine") == 0)
		is_good = take_quarantine(a, o, &n);
	else if (strcmp(kind, "act") == 0)
		is_good = take_act(a, o, &n);
	json_decref(o);
	a->is_cut = !is_good;
	return is_good;
}

void account_notes_read(struct account_notes *a, const char *directory, uint64_t since_ns)
{
	struct ledger_found found;
	*a = (struct account_notes){ .since_ns = since_ns };
	if (ledger_read(directory, take_record, a, &found, a->why, sizeof(a->why)) != 0)
		return;
	a->why[0] = '\0';
	if (!found.count && !found.is_broken)
		(void)snprintf(a->why, sizeof(a->why), "%s has no record", directory);
	else if (a->is_cut)
		(void)snprintf(a->why, sizeof(a->why), "%s has more records of this time than fit",
			       directory);
	if (found.is_broken)
		(void)snprintf(a->broken, sizeof(a->broken), "%.400s, record %" PRIu64 ": %s",
			       directory, found.number, found.why);
}

void account_notes_free(struct account_notes *a)
{
	for (size_t i = 0; i < a->count; i++) {
		free((char *)(uintptr_t)a->list[i].what);
		free((char *)(uintptr_t)a->list[i].who);
		free((char *)(uintptr_t)a->list[i].text);
	}
	free(a->list);
	a->list = NULL;
}

void account_notes_end(struct account_notes *a, uint64_t now_ns)
{
	const struct report_note hour = { .kind = REPORT_NOTE_HOUR,
					  .from_ns = a->watching_ns,
					  .until_ns = now_ns };
	if (a->watching_ns && now_ns > a->watching_ns)
		(void)add(a, &hour);
}
