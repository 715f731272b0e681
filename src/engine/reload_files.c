/*
 * engine/reload_files.c - the files that a configuration names are read again when they change.
 *
 * Feeds of indicators (and what is said of them by hand), identity.file, sets of content: each is
 * built beside what is in effect and takes its place.  A broken one changes nothing and is told.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/base/log.h"
#include "identities.h"
#include "indicators.h"
#include "intel_order.h"
#include "reload_parts.h"
#include "sets.h"

/* What was prepared, where that went well. */
static int exchange(struct reload *r, int err, struct analysis_change *change, char *why,
		    size_t why_size)
{
	if (!err && !analysis_change(r->o.analysis, change, RELOAD_PATIENCE_S)) {
		(void)snprintf(why, why_size, "the analysis did not take it within %u s",
			       RELOAD_PATIENCE_S);
		err = -EXF_E_LIMIT;
	}
	analysis_change_free(change);
	return err;
}

/* Under turn. */
static int exchange_intel(struct reload *r, bool is_local, char *why, size_t why_size)
{
	struct analysis_change *change = NULL;
	const struct config *config = r->current->config;
	int err = analysis_prepare_intel(r->o.analysis, config, is_local, &change, why, why_size);
	return exchange(r, err, change, why, why_size);
}

/* Under turn. */
static int exchange_identities(struct reload *r, char *why, size_t why_size)
{
	struct analysis_change *change = NULL;
	int err = analysis_prepare_identities(r->current->config, &change, why, why_size);
	return exchange(r, err, change, why, why_size);
}

/* ---- what is said by hand ---- */

int reload_intel(struct reload *r, struct control_intel *q)
{
	char why[512] = "";
	int err = -EXF_E_LIMIT;
	pthread_mutex_lock(&r->turn);
	if (reload_has_ended(r)) {
		(void)snprintf(q->text, sizeof(q->text), "exfild is ending");
	} else {
		bool is_local = false;
		err = intel_order(q, r->current->config, analysis_intel(r->o.analysis), &is_local);
		if (!err && intel_order_changes(q))
			err = exchange_intel(r, is_local, why, sizeof(why));
		if (err && *why)
			(void)snprintf(q->text, sizeof(q->text), "%s", why);
	}
	pthread_mutex_unlock(&r->turn);
	return err;
}

/* One turn, and one exchange for all of them. */
size_t reload_intel_list(struct reload *r, const struct intel_change *list, size_t count, char *why,
			 size_t why_size)
{
	struct control_intel *q = malloc(sizeof(*q));
	size_t done = 0;
	bool is_local;
	pthread_mutex_lock(&r->turn);
	for (size_t i = 0; q && i < count && !reload_has_ended(r); i++) {
		memset(q, 0, sizeof(*q));
		q->kind = list[i].is_add ? CONTROL_INTEL_ADD : CONTROL_INTEL_REMOVE;
		q->value = list[i].value;
		q->reason = list[i].reason;
		if (intel_order(q, r->current->config, analysis_intel(r->o.analysis), &is_local) ==
		    0)
			done++;
		else
			(void)snprintf(why, why_size, "%.100s: %s", q->value, q->text);
	}
	if (done && exchange_intel(r, true, why, why_size) != 0)
		done = 0;
	pthread_mutex_unlock(&r->turn);
	free(q);
	return done;
}

/* ---- what changes on disk ---- */

/* Under turn; a broken feed is held by itself, so this is about memory. */
static void take_feeds(struct reload *r)
{
	char why[512];
	if (exchange_intel(r, false, why, sizeof(why)) != 0)
		log_errorx("intel", "%s; the indicators before stay in effect", why);
}

/* Under turn; a broken file is an alert, and the entries before stay. */
static void take_identities(struct reload *r)
{
	char why[512];
	if (exchange_identities(r, why, sizeof(why)) == 0)
		return;
	log_errorx("identity", "%s; the entries before stay in effect", why);
	analysis_tell_sensor(r->o.analysis, SENSOR_CONFIGURATION, "identity", 0, 0, "%.250s", why);
}

void reload_take_sets(struct reload *r)
{
	struct sets_pack sets;
	char why[512];
	if (sets_pack_make(r->current->config, &sets, why, sizeof(why)) == 0) {
		sets_store_commit(r->o.sets, &sets);
		return;
	}
	log_errorx("content", "%s; the sets before stay in effect", why);
	analysis_tell_sensor(r->o.analysis, SENSOR_CONFIGURATION, "content", 0, 0, "%.250s", why);
}

static const struct {
	uint64_t (*signature)(const struct config *config);
	void (*take)(struct reload *r);
} kinds[RELOAD_FILES] = {
	[RELOAD_FEEDS] = { indicators_signature, take_feeds },
	[RELOAD_IDENTITIES] = { identities_signature, take_identities },
	[RELOAD_SETS] = { sets_signature, reload_take_sets },
};

void reload_note_file(struct reload *r, enum reload_file kind)
{
	uint64_t now = kinds[kind].signature(r->current->config);
	r->followed[kind] = (struct reload_followed){ .read = now, .seen = now };
}

static void look_at(struct reload *r, enum reload_file kind, bool is_complete)
{
	struct reload_followed *f = &r->followed[kind];
	pthread_mutex_lock(&r->turn);
	uint64_t now = kinds[kind].signature(r->current->config);
	bool is_other = now != f->read, is_at_rest = is_complete || now == f->seen;
	f->seen = now;
	if (is_other && is_at_rest && !reload_has_ended(r)) {
		f->read = now;
		kinds[kind].take(r);
	}
	pthread_mutex_unlock(&r->turn);
}

void reload_look_at_files(struct reload *r, bool are_complete)
{
	for (enum reload_file kind = 0; kind < RELOAD_FILES; kind++)
		look_at(r, kind, are_complete);
}

void reload_watch_files(struct reload *r)
{
	pthread_mutex_lock(&r->turn);
	const struct config *c = r->current->config;
	watch_begin(r->watch);
	for (size_t i = 0; i < c->intel.feed_count; i++)
		watch_file(r->watch, c->intel.feeds[i].file);
	if (c->identity.file && *c->identity.file)
		watch_file(r->watch, c->identity.file);
	r->is_slow = watch_is_good(r->watch) && !c->content.fingerprint_count;
	pthread_mutex_unlock(&r->turn);
}
