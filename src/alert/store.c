/*
 * alert/store.c - the alerts that are still under merge.
 *
 * An open alert is found by the key of its cause and sits in two lists: `windows`, in order of the
 * start of its merge window (all windows are equally long, so the head ends first), and one of the
 * `by_severity` lists in order of its last finding (the head is the longest silent).  Both victims,
 * the next window to end and the alert to close for room, are therefore heads of lists.
 */
#include <stdlib.h>
#include <string.h>

#include "exfild/alert/alert.h"
#include "exfild/alert/community.h"
#include "exfild/alert/ident.h"
#include "exfild/base/str.h"
#include "merge.h"
#include "open.h"
#include "place.h"

#define DEFAULT_OPEN     4096
#define FUSION_HOSTS_MIN 1024
#define FUSION_HOSTS_MAX 65536
#define COUNT_STEP       10 /* a revision when the count has grown so many times */

static void list_init(struct link *head)
{
	head->next = head;
	head->prev = head;
}

static void list_append(struct link *head, struct link *l)
{
	link_insert(head->prev, l);
}

static void list_remove(struct link *l)
{
	l->prev->next = l->next;
	l->next->prev = l->prev;
}

struct alert_store *alert_store_new(const struct alert_options *o, alert_emit_fn emit, void *arg)
{
	struct alert_store *s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->options = *o;
	s->emit = emit;
	s->arg = arg;
	s->max_open = o->max_open ? o->max_open : DEFAULT_OPEN;
	list_init(&s->windows);
	for (unsigned i = 0; i < LEVELS; i++)
		list_init(&s->by_severity[i]);
	bool is_replay = !o->mode || strcmp(o->mode, "replay") == 0;
	struct hash_key key = is_replay ? hash_key_fixed : hash_key_random();
	uint32_t hosts = s->max_open < FUSION_HOSTS_MIN ? FUSION_HOSTS_MIN :
			 s->max_open > FUSION_HOSTS_MAX ? FUSION_HOSTS_MAX :
							  s->max_open;
	struct table_config config = {
		.capacity = s->max_open,
		.entry_size = sizeof(struct entry),
		.key_size = IDENT_KEY_SIZE,
		.key = key,
	};
	s->own_fusion = o->fusion ? NULL : fusion_new(hosts, &key);
	s->fusion = o->fusion ? o->fusion : s->own_fusion;
	if (!s->fusion || table_init(&s->table, &config) < 0) {
		fusion_free(s->own_fusion);
		free(s);
		return NULL;
	}
	return s;
}

static void append_window(struct alert_store *s, struct open_alert *o)
{
	o->window_order = ++s->order;
	list_append(&s->windows, &o->window);
}

static void append_silence(struct alert_store *s, struct open_alert *o)
{
	o->silence_order = ++s->order;
	list_append(open_silence(s, o), &o->silence);
}

void alert_store_change(struct alert_store *s, const struct alert_options *o)
{
	s->options.merge_ns = o->merge_ns;
	s->options.minimum = o->minimum;
	s->options.rate_per_minute = o->rate_per_minute;
	s->options.rule_per_minute = o->rule_per_minute;
}

static void forget(struct alert_store *s, struct open_alert *o)
{
	struct entry *e = table_find(&s->table, o->key);
	if (e)
		table_remove(&s->table, e);
	list_remove(&o->window);
	list_remove(&o->silence);
	s->open_count--;
	free(o);
}

void alert_store_free(struct alert_store *s)
{
	if (!s)
		return;
	while (s->windows.next != &s->windows)
		forget(s, of_window(s->windows.next));
	table_deinit(&s->table);
	fusion_free(s->own_fusion);
	pool_deinit(&s->names);
	free(s);
}

static void send_revision(struct alert_store *s, struct open_alert *o)
{
	struct alert *a = &o->alert;
	const struct finding *f = &a->finding;
	unsigned level = alert_level(f->severity);

	if (!triage_takes(&s->triage, f, s->now_ns, s->options.rate_per_minute,
			  s->options.rule_per_minute)) {
		s->counts.held++;
		return; /* it stays as it is: the next finding of it tries again */
	}
	if (!o->is_inherited && a->revision == 0)
		s->counts.below_minimum--; /* counted when it was opened */
	else if (!o->is_inherited)
		s->counts.by_severity[alert_level(o->told.severity) - 1]--;
	o->is_inherited = false;
	s->counts.by_severity[level - 1]++;
	s->counts.emitted++;
	a->revision++;
	a->sequence = ++s->sequence;
	ident_event(a->alert_id, a->revision, a->event_id);
	place_alert(a, s->options.context);
	a->community_id[0] = '\0';
	if (f->flow)
		community_id(&f->flow_src, &f->flow_dst, f->proto, f->flow_sport, f->flow_dport,
			     a->community_id);
	o->told = (struct told){ .severity = f->severity,
				 .count = a->count,
				 .events = f->count,
				 .sent = f->subject.bytes,
				 .received = f->peer.bytes,
				 .classes = o->classes };
	a->policy = (struct alert_policy){ .action = NULL };
	if (s->options.decide)
		s->options.decide(s->options.decide_arg, a);
	s->emit(s->arg, a);
}

static void take_finding(struct alert_store *s, const struct finding *f);

static bool has_grown(uint64_t now, uint64_t before, uint64_t times)
{
	return before > 0 && now / times >= before;
}

static bool is_due(const struct alert_store *s, const struct open_alert *o)
{
	const struct finding *f = &o->alert.finding;
	if (f->severity < s->options.minimum || alert_level(f->severity) == 0)
		return false;
	if (f->is_drill && o->alert.revision > 0)
		return false; /* it has said all: that it came */
	return o->alert.revision == 0 || f->severity > o->told.severity ||
	       (o->classes & ~o->told.classes) != 0 ||
	       has_grown(o->alert.count, o->told.count, COUNT_STEP) ||
	       has_grown(f->count, o->told.events, COUNT_STEP);
}

/* The last revision carries the totals. */
static void tell_totals(struct alert_store *s, struct open_alert *o)
{
	const struct finding *f = &o->alert.finding;
	if (o->alert.revision > 0 && !f->is_drill &&
	    (f->count != o->told.events || f->subject.bytes != o->told.sent ||
	     f->peer.bytes != o->told.received))
		send_revision(s, o);
}

static void close_alert(struct alert_store *s, struct open_alert *o)
{
	tell_totals(s, o);
	forget(s, o);
}

/*
 * What it is about may go on beyond the window, too little for a finding.  So an alert that was
 * sent waits for totals, first to go when room is needed, until none came for a window's length.
 */
static void end_window(struct alert_store *s, struct open_alert *o)
{
	bool is_waiting = o->alert.revision > 0 && (!o->is_over || o->is_updated);
	if (!is_waiting) {
		close_alert(s, o);
		return;
	}
	tell_totals(s, o);
	o->is_over = true;
	o->is_updated = false;
	o->since_ns = s->now_ns;
	list_remove(&o->window);
	append_window(s, o);
	list_remove(&o->silence);
	append_silence(s, o);
}

/* A minute has ended: what it held is told, and another one begins. */
static void tell_held(struct alert_store *s, uint64_t now_ns)
{
	struct triage ended = s->triage;
	struct finding f;
	triage_begin(&s->triage, now_ns);
	for (unsigned i = 0; i < ended.rule_count; i++)
		if (triage_tell(&ended, i, s->options.rate_per_minute, s->options.rule_per_minute,
				&f) &&
		    f.severity >= s->options.minimum)
			take_finding(s, &f);
}

void alert_store_tick(struct alert_store *s, uint64_t now_ns)
{
	if (now_ns > s->now_ns)
		s->now_ns = now_ns;
	if (triage_is_due(&s->triage, s->now_ns))
		tell_held(s, s->now_ns);
	while (s->windows.next != &s->windows) {
		struct open_alert *o = of_window(s->windows.next);
		if (s->now_ns - o->since_ns < s->options.merge_ns)
			break;
		end_window(s, o);
	}
}

void alert_store_flush(struct alert_store *s)
{
	tell_held(s, s->now_ns);
	for (struct link *l = s->windows.next; l != &s->windows; l = l->next)
		tell_totals(s, of_window(l));
}

static void make_room(struct alert_store *s)
{
	for (unsigned i = 0; s->open_count >= s->max_open && i < LEVELS; i++) {
		if (s->by_severity[i].next == &s->by_severity[i])
			continue;
		s->counts.closed_early++;
		close_alert(s, of_silence(s->by_severity[i].next));
	}
}

static struct open_alert *open_alert(struct alert_store *s, const uint8_t key[IDENT_KEY_SIZE],
				     const struct finding *f, enum severity severity)
{
	struct open_alert *o = calloc(1, sizeof(*o));
	bool is_new;

	if (!o)
		return NULL;
	make_room(s);
	struct entry *e = table_get(&s->table, key, &is_new);
	if (!e) {
		free(o);
		return NULL;
	}
	e->open = o;
	memcpy(o->key, key, IDENT_KEY_SIZE);
	o->since_ns = s->now_ns;
	merge_first(&o->alert, f, severity);
	ident_alert(f, o->since_ns, o->alert.alert_id);
	append_window(s, o);
	append_silence(s, o);
	s->open_count++;
	s->counts.below_minimum++; /* until it is sent */
	return o;
}

static void add_finding(struct alert_store *s, struct open_alert *o, const struct finding *f,
			enum severity severity)
{
	merge_add(&o->alert, f, severity);
	s->counts.merged++;
	list_remove(&o->silence);
	append_silence(s, o);
}

static struct open_alert *find_alert(const struct alert_store *s, const struct finding *f,
				     uint8_t ret_key[IDENT_KEY_SIZE])
{
	ident_merge_key(f, ret_key);
	const struct entry *e = table_find(&s->table, ret_key);
	return e ? e->open : NULL;
}

static void set_risk(struct alert *a, double risk)
{
	double score = a->finding.score > 0 ? a->finding.score : 0;
	double alone = a->finding.is_drill ? 0 : (double)a->finding.severity * score;
	a->risk_score = risk > alone ? risk : alone;
	if (!(a->risk_score <= 100)) /* a score above 1 is a detector's mistake */
		a->risk_score = 100;
}

/* Totals of what has been told: no evidence of its own, and nothing where nothing is open. */
static void take_totals(struct alert_store *s, const struct finding *f)
{
	uint8_t key[IDENT_KEY_SIZE];
	struct open_alert *o = find_alert(s, f, key);
	if (!o)
		return;
	merge_add(&o->alert, f, f->severity);
	set_risk(&o->alert, o->alert.risk_score);
	o->is_updated = true;
}

static void take_finding(struct alert_store *s, const struct finding *f)
{
	uint8_t key[IDENT_KEY_SIZE];
	enum severity severity = f->is_drill ? f->severity : fusion_severity(s->fusion, f);
	double risk = f->is_drill ? 0 : fusion_add(s->fusion, f);
	struct open_alert *o = find_alert(s, f, key);
	if (o && o->is_over) {
		close_alert(s, o);
		o = NULL;
	}
	if (o)
		add_finding(s, o, f, severity);
	else
		o = open_alert(s, key, f, severity);
	if (!o)
		return; /* no memory: the detector's own counters still tell */
	if ((unsigned)f->class < FINDING__COUNT)
		o->classes |= 1u << f->class;
	struct alert *a = &o->alert;
	set_risk(a, risk);
	a->chain_count = f->is_drill ? 0 : fusion_chain(s->fusion, f, a->chain);
	if (!f->is_drill && !a->incident.began_ns) { /* an alert stays in the one it began in */
		a->incident = fusion_incident_of(s->fusion, f);
		ident_incident(&a->incident, a->incident_id);
	}
	if (is_due(s, o))
		send_revision(s, o);
}

void alert_store_finding(struct alert_store *s, const struct finding *f)
{
	alert_store_tick(s, f->time_ns);
	if (f->is_update)
		take_totals(s, f);
	else
		take_finding(s, f);
}

const struct alert_counts *alert_store_counts(const struct alert_store *s)
{
	return &s->counts;
}

void alert_store_new_session(struct alert_store *s)
{
	s->sequence = 0;
}

uint64_t alert_store_sequence(const struct alert_store *s)
{
	return s->sequence;
}
