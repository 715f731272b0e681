/*
 * engine/mutes.c - see mutes.h.
 */
#include "mutes.h"

#include <string.h>

#include "exfild/base/str.h"
#include "exfild/event/keep.h"

static void note_case(struct recent_alert *r, const struct finding *f)
{
	size_t len = strlen(f->domain), most = sizeof(r->domain) - 1;
	r->subject = f->subject;
	r->peer = f->peer;
	r->tunnel_id = f->tunnel_id;
	r->time_ns = f->time_ns;
	(void)str_copy(r->domain, sizeof(r->domain), f->domain + (len > most ? len - most : 0));
}

void mutes_note(struct mutes *m, const struct alert *a)
{
	const struct finding *f = &a->finding;
	struct recent_alert *r = NULL;
	for (size_t i = 0; i < MUTES_RECENT && !r; i++)
		if (strcmp(m->recent[i].alert_id, a->alert_id) == 0)
			r = &m->recent[i];
	if (r)
		return;
	r = &m->recent[m->recent_next++ % MUTES_RECENT];
	memset(r, 0, sizeof(*r));
	ident_merge_key(f, r->key);
	(void)str_copy(r->alert_id, sizeof(r->alert_id), a->alert_id);
	(void)str_copy(r->rule, sizeof(r->rule), f->rule);
	if (f->subject.has_ip)
		(void)ipaddr_print(&f->subject.ip, r->source, sizeof(r->source));
	if (f->object[0])
		(void)str_copy(r->destination, sizeof(r->destination), f->object);
	else if (f->peer.has_ip)
		(void)ipaddr_print(&f->peer.ip, r->destination, sizeof(r->destination));
	note_case(r, f);
}

static struct recent_alert *find_recent(struct mutes *m, const char *alert_id)
{
	for (size_t i = 0; alert_id[0] && i < MUTES_RECENT; i++)
		if (strcmp(m->recent[i].alert_id, alert_id) == 0)
			return &m->recent[i];
	return NULL;
}

bool mutes_take(struct mutes *m, const struct finding *f, uint64_t now_ns)
{
	uint8_t key[IDENT_KEY_SIZE];
	bool has_key = false;
	for (size_t i = 0; i < MUTES_MAX; i++) {
		struct mute *mute = &m->list[i];
		if (!mute->number || now_ns >= mute->until_ns)
			continue;
		if (!has_key)
			ident_merge_key(f, key);
		has_key = true;
		if (memcmp(mute->key, key, sizeof(key)) != 0)
			continue;
		mute->silenced += !f->is_update;
		mute->last_ns = f->time_ns;
		return true;
	}
	return false;
}

/* The one of the same cause, which is changed; else a free one, or one that is over. */
static struct mute *place_for(struct mutes *m, const uint8_t key[IDENT_KEY_SIZE], uint64_t until_ns)
{
	struct mute *place = NULL;
	for (size_t i = 0; i < MUTES_MAX; i++) {
		struct mute *mute = &m->list[i];
		if (mute->number && memcmp(mute->key, key, IDENT_KEY_SIZE) == 0)
			return mute;
		if (!place && (!mute->number || mute->until_ns + 86400000000000ull < until_ns))
			place = mute;
	}
	return place;
}

uint32_t mutes_add(struct mutes *m, const char *alert_id, uint64_t until_ns, const char *reason)
{
	const struct recent_alert *r = find_recent(m, alert_id);
	struct mute *mute = r ? place_for(m, r->key, until_ns) : NULL;
	if (!mute)
		return 0;
	memset(mute, 0, sizeof(*mute));
	mute->number = ++m->next_number;
	memcpy(mute->key, r->key, sizeof(mute->key));
	memcpy(mute->rule, r->rule, sizeof(mute->rule));
	memcpy(mute->source, r->source, sizeof(mute->source));
	memcpy(mute->destination, r->destination, sizeof(mute->destination));
	(void)str_copy(mute->alert_id, sizeof(mute->alert_id), alert_id);
	(void)str_copy(mute->reason, sizeof(mute->reason), reason);
	mute->until_ns = until_ns;
	return mute->number;
}

bool mutes_remove(struct mutes *m, uint32_t number)
{
	for (size_t i = 0; number && i < MUTES_MAX; i++)
		if (m->list[i].number == number) {
			memset(&m->list[i], 0, sizeof(m->list[i]));
			return true;
		}
	return false;
}

/* Said again, it takes the place of what was said before. */
bool mutes_judge(struct mutes *m, const char *alert_id, bool is_right)
{
	struct recent_alert *r = find_recent(m, alert_id);
	struct verdict *v = NULL;
	for (size_t i = 0; r && i < VERDICT_RULES && !v; i++)
		if (!m->verdicts[i].rule[0] || strcmp(m->verdicts[i].rule, r->rule) == 0)
			v = &m->verdicts[i];
	if (!v)
		return false;
	(void)str_copy(v->rule, sizeof(v->rule), r->rule);
	v->right -= r->verdict > 0;
	v->wrong -= r->verdict < 0;
	v->right += is_right;
	v->wrong += !is_right;
	r->verdict = is_right ? 1 : -1;
	return true;
}

/* --- kept -------------------------------------------------------------------------------- */

static const struct keep_field mute_fields[] = {
	KEEP(U32, struct mute, number),       KEEP(U8, struct mute, key),
	KEEP(TEXT, struct mute, rule),        KEEP(TEXT, struct mute, source),
	KEEP(TEXT, struct mute, destination), KEEP(TEXT, struct mute, reason),
	KEEP(TEXT, struct mute, alert_id),    KEEP(U64, struct mute, until_ns),
	KEEP(U64, struct mute, last_ns),      KEEP(U64, struct mute, silenced),
	KEEP(BOOL, struct mute, is_warned),   KEEP_LAST,
};

static uint32_t mute_slots(const void *owner)
{
	(void)owner;
	return MUTES_MAX;
}

static bool save_mute(const void *owner, uint32_t slot, struct buf *out)
{
	const struct mutes *m = owner;
	if (slot >= MUTES_MAX || !m->list[slot].number)
		return false;
	keep_write(mute_fields, &m->list[slot], out);
	return true;
}

static int load_mute(void *owner, struct cursor *in)
{
	struct mutes *m = owner;
	struct mute mute;
	memset(&mute, 0, sizeof(mute));
	if (keep_read(mute_fields, in, &mute) || cursor_left(in) > 0 || !mute.number)
		return -EXF_E_FORMAT;
	for (size_t i = 0; i < MUTES_MAX; i++)
		if (!m->list[i].number) {
			m->list[i] = mute;
			if (mute.number > m->next_number)
				m->next_number = mute.number;
			return 0;
		}
	return KEEP_NO_ROOM;
}

static const struct keep_field verdict_fields[] = {
	KEEP(TEXT, struct verdict, rule),
	KEEP(U64, struct verdict, right),
	KEEP(U64, struct verdict, wrong),
	KEEP_LAST,
};

static uint32_t verdict_slots(const void *owner)
{
	(void)owner;
	return VERDICT_RULES;
}

static bool save_verdict(const void *owner, uint32_t slot, struct buf *out)
{
	const struct mutes *m = owner;
	if (slot >= VERDICT_RULES || !m->verdicts[slot].rule[0])
		return false;
	keep_write(verdict_fields, &m->verdicts[slot], out);
	return true;
}

static int load_verdict(void *owner, struct cursor *in)
{
	struct mutes *m = owner;
	struct verdict v;
	memset(&v, 0, sizeof(v));
	if (keep_read(verdict_fields, in, &v) || cursor_left(in) > 0 || !v.rule[0])
		return -EXF_E_FORMAT;
	for (size_t i = 0; i < VERDICT_RULES; i++)
		if (!m->verdicts[i].rule[0]) {
			m->verdicts[i] = v;
			return 0;
		}
	return KEEP_NO_ROOM;
}

void mutes_keep(struct mutes *m, struct keep_list *list)
{
	const struct keep_part parts[] = {
		{ .name = "engine.mutes",
		  .version = 1,
		  .is_urgent = true,
		  .owner = m,
		  .slots = mute_slots,
		  .save = save_mute,
		  .load = load_mute },
		{ .name = "engine.verdicts",
		  .version = 1,
		  .is_urgent = true,
		  .owner = m,
		  .slots = verdict_slots,
		  .save = save_verdict,
		  .load = load_verdict },
	};
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		keep_add(list, &parts[i]);
}
