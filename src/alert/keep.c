/*
 * alert/keep.c - what outlives the process: open alerts, so that what goes on stays one alert, and
 * the sequence.
 *
 * The key of an alert's cause is made anew of its finding; names of rules, which are pointers to
 * static text, travel as text.  Numbers of packets are others in the next run and stay behind.
 */
#include "exfild/event/keep.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "open.h"

/* An open alert as it is written. */
struct kept {
	struct open_alert open;
	char detector[POOL_NAME_MAX], rule[POOL_NAME_MAX], title[POOL_NAME_MAX];
	char tactic[POOL_NAME_MAX];
	char techniques[FINDING_TECHNIQUES][POOL_NAME_MAX];
	char chain_rule[FUSION_LINKS][POOL_NAME_MAX];
	uint32_t chain_count;
};

/* NOLINTBEGIN(bugprone-macro-parentheses): a member has none */
#define F(member_) open.alert.finding.member_
#define KEEP_FEATURE(i_)                                                                         \
 KEEP(TEXT, struct kept, F(features[i_].name)), KEEP(MAYBE, struct kept, F(features[i_].value)), \
	 KEEP(TEXT, struct kept, F(features[i_].text)),                                          \
	 KEEP(MAYBE, struct kept, F(features[i_].baseline)),                                     \
	 KEEP(MAYBE, struct kept, F(features[i_].limit)),                                        \
	 KEEP(MAYBE, struct kept, F(features[i_].weight)),                                       \
	 KEEP(MAYBE, struct kept, F(features[i_].contribution))
#define KEEP_END_OF(end_)                                                             \
 KEEP(U8, struct kept, F(end_.ip)), KEEP(BOOL, struct kept, F(end_.has_ip)),          \
	 KEEP(U16, struct kept, F(end_.port)), KEEP(U64, struct kept, F(end_.bytes)), \
	 KEEP(U64, struct kept, F(end_.packets)), KEEP(U8, struct kept, F(end_.mac)), \
	 KEEP(BOOL, struct kept, F(end_.has_mac))
#define KEEP_STAGE(i_)                                                      \
 KEEP_TO(U32, struct kept, open.alert.chain[i_].class, FINDING__COUNT - 1), \
	 KEEP(TEXT, struct kept, chain_rule[i_]),                           \
	 KEEP(U64, struct kept, open.alert.chain[i_].time_ns),              \
	 KEEP(F64, struct kept, open.alert.chain[i_].llr)
/* NOLINTEND(bugprone-macro-parentheses): up to here */
static_assert(FINDING_FEATURES == 12, "each feature is listed below");
static_assert(FINDING_TECHNIQUES == 4, "each technique is listed below");
static_assert(FINDING_STEPS == 4, "each step is listed below");
static_assert(FUSION_LINKS == 4, "each stage is listed below");

static const struct keep_field fields[] = {
	KEEP(U64, struct kept, open.since_ns),
	KEEP_TO(U32, struct kept, open.classes, (1u << FINDING__COUNT) - 1),
	KEEP(BOOL, struct kept, open.is_over),
	KEEP(BOOL, struct kept, open.is_updated),
	KEEP(U64, struct kept, open.window_order),
	KEEP(U64, struct kept, open.silence_order),
	KEEP(U32, struct kept, open.told.severity),
	KEEP(U64, struct kept, open.told.count),
	KEEP(U64, struct kept, open.told.events),
	KEEP(U64, struct kept, open.told.sent),
	KEEP(U64, struct kept, open.told.received),
	KEEP_TO(U32, struct kept, open.told.classes, (1u << FINDING__COUNT) - 1),
	KEEP(TEXT, struct kept, open.alert.alert_id),
	KEEP(U32, struct kept, open.alert.revision),
	KEEP(U64, struct kept, open.alert.count),
	KEEP(U64, struct kept, open.alert.words_events),
	KEEP(U64, struct kept, open.alert.words_sent),
	KEEP(U64, struct kept, open.alert.words_received),
	KEEP(F64, struct kept, open.alert.risk_score),
	KEEP_TO(U32, struct kept, chain_count, FUSION_LINKS),
	KEEP_STAGE(0),
	KEEP_STAGE(1),
	KEEP_STAGE(2),
	KEEP_STAGE(3),
	KEEP(TEXT, struct kept, open.alert.incident_id),
	KEEP(U8, struct kept, open.alert.incident.root),
	KEEP(U32, struct kept, open.alert.incident.root_tunnel),
	KEEP(U64, struct kept, open.alert.incident.began_ns),
	/* the finding */
	KEEP_TO(U32, struct kept, F(version), FINDING_VERSION),
	KEEP(TEXT, struct kept, detector),
	KEEP(TEXT, struct kept, rule),
	KEEP(TEXT, struct kept, title),
	KEEP(TEXT, struct kept, tactic),
	KEEP(TEXT, struct kept, techniques[0]),
	KEEP(TEXT, struct kept, techniques[1]),
	KEEP(TEXT, struct kept, techniques[2]),
	KEEP(TEXT, struct kept, techniques[3]),
	KEEP_TO(U32, struct kept, F(class), FINDING__COUNT - 1),
	KEEP(U32, struct kept, F(severity)),
	KEEP(F64, struct kept, F(score)),
	KEEP(F64, struct kept, F(llr)),
	KEEP(F64, struct kept, F(confidence)),
	KEEP_END_OF(subject),
	KEEP_END_OF(peer),
	KEEP(TEXT, struct kept, F(object)),
	KEEP(TEXT, struct kept, F(domain)),
	KEEP(U64, struct kept, F(start_ns)),
	KEEP(U64, struct kept, F(end_ns)),
	KEEP(U64, struct kept, F(time_ns)),
	KEEP(U64, struct kept, F(count)),
	KEEP(U8, struct kept, F(proto)),
	KEEP_TO(U16, struct kept, F(app), APP__COUNT - 1),
	KEEP(U32, struct kept, F(tunnel_id)),
	KEEP(U32, struct kept, F(tunnel_key)),
	KEEP(U8, struct kept, F(tunnel_type)),
	KEEP(U16, struct kept, F(vlan)),
	KEEP(U64, struct kept, F(flow)),
	KEEP(U8, struct kept, F(flow_src)),
	KEEP(U8, struct kept, F(flow_dst)),
	KEEP(U16, struct kept, F(flow_sport)),
	KEEP(U16, struct kept, F(flow_dport)),
	KEEP(U8, struct kept, F(related)),
	KEEP_TO(U8, struct kept, F(related_count), FINDING_RELATED),
	KEEP_TO(U32, struct kept, F(visibility), VISIBILITY_OPAQUE),
	KEEP(BOOL, struct kept, F(learning)),
	KEEP(BOOL, struct kept, F(is_drill)),
	KEEP_FEATURE(0),
	KEEP_FEATURE(1),
	KEEP_FEATURE(2),
	KEEP_FEATURE(3),
	KEEP_FEATURE(4),
	KEEP_FEATURE(5),
	KEEP_FEATURE(6),
	KEEP_FEATURE(7),
	KEEP_FEATURE(8),
	KEEP_FEATURE(9),
	KEEP_FEATURE(10),
	KEEP_FEATURE(11),
	KEEP_TO(U8, struct kept, F(feature_count), FINDING_FEATURES),
	KEEP(TEXT, struct kept, F(message)),
	KEEP(TEXT, struct kept, F(counterfactual)),
	KEEP(TEXT, struct kept, F(not_harmless)),
	KEEP(TEXT, struct kept, F(unseen)),
	KEEP(TEXT, struct kept, F(next_steps[0])),
	KEEP(TEXT, struct kept, F(next_steps[1])),
	KEEP(TEXT, struct kept, F(next_steps[2])),
	KEEP(TEXT, struct kept, F(next_steps[3])),
	KEEP_TO(U8, struct kept, F(step_count), FINDING_STEPS),
	KEEP(TEXT, struct kept, F(filter)),
	KEEP(TEXT, struct kept, F(service)),
	KEEP(TEXT, struct kept, F(service_category)),
	KEEP(TEXT, struct kept, F(service_tenant)),
	KEEP(TEXT, struct kept, F(service_sanction)),
	KEEP(BOOL, struct kept, F(service_sanctioned)),
	KEEP(TEXT, struct kept, F(dns_question)),
	KEEP(U16, struct kept, F(dns_type)),
	KEEP(TEXT, struct kept, F(indicator.type)),
	KEEP(TEXT, struct kept, F(indicator.value)),
	KEEP(TEXT, struct kept, F(indicator.feed)),
	KEEP(TEXT, struct kept, F(indicator.note)),
	KEEP(TEXT, struct kept, F(indicator.marking)),
	KEEP(U32, struct kept, F(indicator.first_s)),
	KEEP(U32, struct kept, F(indicator.last_s)),
	KEEP_TO(U8, struct kept, F(indicator.confidence), 100),
	KEEP(TEXT, struct kept, F(file.name)),
	KEEP(U64, struct kept, F(file.size)),
	KEEP(TEXT, struct kept, F(file.md5)),
	KEEP(TEXT, struct kept, F(file.sha1)),
	KEEP(TEXT, struct kept, F(file.sha256)),
	KEEP_LAST,
};

static uint32_t open_slots(const void *owner)
{
	return table_slots(&((const struct alert_store *)owner)->table);
}

static void put_name(char dst[POOL_NAME_MAX], const char *name)
{
	if (name)
		memcpy(dst, name, strnlen(name, POOL_NAME_MAX - 1));
}

static bool save_open(const void *owner, uint32_t slot, struct buf *out)
{
	const struct alert_store *s = owner;
	const struct entry *e = table_at(&s->table, slot);
	struct kept k;
	if (!e)
		return false;
	memset(&k, 0, sizeof(k));
	k.open = *e->open;
	const struct alert *a = &k.open.alert;
	const struct finding *f = &a->finding;
	put_name(k.detector, f->detector);
	put_name(k.rule, f->rule);
	put_name(k.title, f->title);
	put_name(k.tactic, f->tactic);
	for (size_t i = 0; i < FINDING_TECHNIQUES && f->techniques[i]; i++)
		put_name(k.techniques[i], f->techniques[i]);
	k.chain_count = (uint32_t)a->chain_count;
	for (size_t i = 0; i < a->chain_count; i++)
		put_name(k.chain_rule[i], a->chain[i].rule);
	keep_write(fields, &k, out);
	return true;
}

/* ---- and back ---- */

static bool take_name(struct alert_store *s, const char *text, const char **ret)
{
	*ret = text[0] ? pool_name(&s->names, text) : NULL;
	return *ret || !text[0];
}

static bool take_names(struct alert_store *s, const struct kept *k, struct alert *a)
{
	struct finding *f = &a->finding;
	bool ok = take_name(s, k->detector, &f->detector) && take_name(s, k->rule, &f->rule) &&
		  take_name(s, k->title, &f->title) && take_name(s, k->tactic, &f->tactic);
	for (size_t i = 0; ok && i < FINDING_TECHNIQUES; i++)
		ok = take_name(s, k->techniques[i], &f->techniques[i]);
	a->chain_count = k->chain_count;
	for (size_t i = 0; ok && i < FUSION_LINKS; i++)
		ok = take_name(s, k->chain_rule[i], &a->chain[i].rule);
	return ok;
}

static bool is_id(const char *text)
{
	return strspn(text, "0123456789abcdef") == ALERT_ID_MAX - 1 && !text[ALERT_ID_MAX - 1];
}

static bool is_possible(const struct kept *k)
{
	const struct open_alert *o = &k->open;
	const struct finding *f = &o->alert.finding;
	unsigned told = alert_level(o->told.severity);
	if (o->alert.incident_id[0] && !is_id(o->alert.incident_id))
		return false;
	for (uint32_t i = 0; i < k->chain_count; i++)
		if (!k->chain_rule[i][0])
			return false;
	return is_id(o->alert.alert_id) && severity_is_known(f->severity) &&
	       severity_is_known(o->told.severity) && (o->alert.revision == 0) == (told == 0) &&
	       (!o->is_over || o->alert.revision > 0) && k->detector[0] && k->rule[0] &&
	       k->title[0] && f->severity != SEVERITY_NONE;
}

/* By their order, from the end: entries come back by slot, which is nearly the same. */
static void insert_window(struct alert_store *s, struct open_alert *o)
{
	struct link *at = s->windows.prev;
	while (at != &s->windows && of_window(at)->window_order > o->window_order)
		at = at->prev;
	link_insert(at, &o->window);
}

static void insert_silence(struct alert_store *s, struct open_alert *o)
{
	struct link *head = open_silence(s, o);
	struct link *at = head->prev;
	while (at != head && of_silence(at)->silence_order > o->silence_order)
		at = at->prev;
	link_insert(at, &o->silence);
}

static int link_in(struct alert_store *s, struct open_alert *o)
{
	bool is_new;
	ident_merge_key(&o->alert.finding, o->key);
	if (table_find(&s->table, o->key))
		return -EXF_E_FORMAT;
	if (s->open_count >= s->max_open)
		return KEEP_NO_ROOM;
	struct entry *e = table_get(&s->table, o->key, &is_new);
	e->open = o;
	o->is_inherited = true;
	insert_window(s, o);
	insert_silence(s, o);
	s->open_count++;
	return 0;
}

static int load_open(void *owner, struct cursor *in)
{
	struct alert_store *s = owner;
	struct kept k;
	memset(&k, 0, sizeof(k));
	if (keep_read(fields, in, &k) || cursor_left(in) > 0 || !is_possible(&k))
		return -EXF_E_FORMAT;
	if (!take_names(s, &k, &k.open.alert))
		return KEEP_NO_ROOM;
	struct open_alert *o = malloc(sizeof(*o));
	if (!o)
		return KEEP_NO_ROOM;
	*o = k.open;
	int r = link_in(s, o);
	if (r)
		free(o);
	return r;
}

static const struct keep_field number_fields[] = {
	KEEP(U64, struct alert_store, sequence),
	KEEP(U64, struct alert_store, now_ns),
	KEEP(U64, struct alert_store, order),
	KEEP_LAST,
};

void alert_store_keep(struct alert_store *s, struct keep_list *list)
{
	const struct keep_part parts[] = {
		{ .name = "alert.open",
		  .version = 5,
		  .is_urgent = true,
		  .owner = s,
		  .slots = open_slots,
		  .save = save_open,
		  .load = load_open },
		{ .name = "alert.sequence",
		  .version = 1,
		  .is_urgent = true,
		  .owner = s,
		  .fields = number_fields },
	};
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		keep_add(list, &parts[i]);
}
