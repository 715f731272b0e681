/*
 * detect/port_scan/totals.c - what was told and has grown since, for the last revision of an alert.
 *
 * A finding comes when a scan has doubled; what came after the last doubling is told every minute,
 * at the end, and when an entry has to go.
 */
#include <string.h>

#include "port_scan.h"

uint64_t track_sum(const struct track *t)
{
	return (distinct_count(&t->failed) << 24) + t->answered + t->empty;
}

uint64_t scanner_sum(const struct scanner *w)
{
	return (distinct_count(&w->targets) << 24) + distinct_count(&w->open);
}

static struct contact contact_of(const struct event *e, const struct track_key *key,
				 uint8_t direction)
{
	return (struct contact){ .e = e,
				 .src = key->src,
				 .dst = key->shape == SHAPE_PORTS ? key->host : e->dst,
				 .port = key->kind == SCAN_PROTO ? e->proto : e->dport,
				 .kind = (enum scan_kind)key->kind,
				 .direction = (enum scan_direction)direction,
				 .is_update = true };
}

void totals_of_track(void *state, void *track)
{
	struct scan_state *s = state;
	struct track *t = track;
	struct scanner_key key;
	if (!t->is_hot || track_sum(t) == t->told_sum)
		return;
	memset(&key, 0, sizeof(key));
	key.src = t->key.src;
	key.tunnel_key = t->key.tunnel_key;
	key.goal = (uint32_t)goal_of((enum scan_kind)t->key.kind);
	const struct scanner *w = table_find(&s->scanners, &key);
	if (!w)
		return;
	struct contact c = contact_of(&t->told, &t->key, t->told_direction);
	t->told_sum = track_sum(t);
	scan_explain(s, s->env, w, t, &c, true, (enum severity)t->told_severity);
}

void totals_of_scanner(void *state, void *scanner)
{
	struct scan_state *s = state;
	struct scanner *w = scanner;
	if (!w->told_targets || scanner_sum(w) == w->told_sum)
		return;
	const struct track *t = table_find(&s->tracks, &w->told_track);
	if (!t)
		return;
	struct contact c = contact_of(&w->told, &w->told_track, w->told_direction);
	w->told_sum = scanner_sum(w);
	scan_explain(s, s->env, w, t, &c, false, (enum severity)w->told_severity);
}

void totals_of_all(struct scan_state *s)
{
	for (void *t = table_next_marked(&s->tracks, NULL); t; t = table_next_marked(&s->tracks, t))
		totals_of_track(s, t);
	for (void *w = table_next_marked(&s->scanners, NULL); w;
	     w = table_next_marked(&s->scanners, w))
		totals_of_scanner(s, w);
}
