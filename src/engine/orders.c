/*
 * engine/orders.c - see orders.h.
 */
#include "orders.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "exfild/base/str.h"
#include "analysis_parts.h"
#include "habits_order.h"
#include "keeper.h"
#include "trial.h"

#define PATIENCE_S 5
#define NS_PER_S   1000000000ull
#define SOON_NS    (3 * 86400 * NS_PER_S)
#define HOUR_NS    (3600 * NS_PER_S)

int order_give(struct analysis *a, struct control_order *order)
{
	struct news *n = &a->news;
	struct timespec end = { 0 };
	(void)clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += PATIENCE_S;
	order->err = -EXF_E_LIMIT;
	(void)snprintf(order->text, sizeof(order->text), "the analysis did not take it within %d s",
		       PATIENCE_S);
	pthread_mutex_lock(&n->lock);
	n->order = n->has_ended ? NULL : order;
	atomic_store(&n->waiting, true);
	while (n->order && !n->has_ended && pthread_cond_timedwait(&n->taken, &n->lock, &end) == 0)
		;
	n->order = NULL;
	pthread_mutex_unlock(&n->lock);
	return order->err;
}

static int done(struct control_order *o, int err, const char *text)
{
	o->err = err;
	(void)str_copy(o->text, sizeof(o->text), text);
	return err;
}

static void snooze(struct analysis *a, struct control_order *o)
{
	char until[40];
	uint64_t until_ns = a->env.now_ns + o->seconds * NS_PER_S;
	o->number = mutes_add(&a->mutes, o->alert, until_ns, o->reason);
	if (!o->number) {
		(void)done(
			o, -EXF_E_INVALID,
			"no alert of this id is among the last 1,024, or 256 are silent already");
		return;
	}
	(void)done(o, 0, "");
	(void)snprintf(o->text, sizeof(o->text), "silent until %s",
		       str_time(until, sizeof(until), until_ns));
}

static void reveal(struct analysis *a, struct control_order *o)
{
	char user[IDENTITY_NAME];
	if (context_reveal(a->context, o->alert, o->names, user))
		(void)done(o, 0, user);
	else
		(void)done(o, -EXF_E_INVALID,
			   "none of the users in identity.file, and of those named, has this "
			   "pseudonym under the key of this sensor's state");
}

void order_take(struct analysis *a, struct control_order *o)
{
	switch (o->kind) {
	case CONTROL_TRIAL:
		trial_run(a, o);
		return;
	case CONTROL_HABITS:
		habits_order(a->context, o);
		if (o->habits->kind < CONTROL_HABITS_LOAD)
			return;
		break;
	case CONTROL_REVEAL:
		reveal(a, o);
		return;
	case CONTROL_SNOOZE:
		snooze(a, o);
		break;
	case CONTROL_UNMUTE:
		if (mutes_remove(&a->mutes, o->number))
			(void)done(o, 0, "it is told again from now on");
		else
			(void)done(o, -EXF_E_INVALID,
				   "none has this number; what stands in the configuration is "
				   "taken out there");
		break;
	case CONTROL_VERDICT:
		if (mutes_judge(&a->mutes, o->alert, o->is_right))
			(void)done(o, 0, "counted for its rule");
		else
			(void)done(o, -EXF_E_INVALID,
				   "no alert of this id is among the last 1,024");
		break;
	}
	if (a->keeper)
		keeper_hurry(a->keeper);
}

static bool ends_soon(uint64_t until_ns, uint64_t now_ns)
{
	return until_ns > now_ns && until_ns - now_ns < SOON_NS;
}

static void warn_configured(struct analysis *a)
{
	for (size_t i = 0; i < a->config->exception_count && i < EXCEPTION_COUNTS; i++) {
		const struct config_exception *x = &a->config->exceptions[i];
		struct exception_count *k = &a->exceptions[i];
		if (k->is_warned || !k->silenced || !ends_soon(x->expires.ns, a->env.now_ns))
			continue;
		k->is_warned = true;
		analysis_tell_sensor(a, SENSOR_EXCEPTION, x->rule[0] ? x->rule : "all rules",
				     k->silenced, 0, "%s ends %s: %s", x->place, x->expires.text,
				     x->reason);
	}
}

void order_warn(struct analysis *a)
{
	if (a->env.now_ns - a->warned_ns < HOUR_NS)
		return;
	a->warned_ns = a->env.now_ns;
	warn_configured(a);
	for (size_t i = 0; i < MUTES_MAX; i++) {
		struct mute *m = &a->mutes.list[i];
		/* one of a few hours was meant to be short */
		if (!m->number || m->is_warned || m->silenced < 2 ||
		    !ends_soon(m->until_ns, a->env.now_ns) || m->until_ns < m->last_ns + HOUR_NS)
			continue;
		m->is_warned = true;
		analysis_tell_sensor(a, SENSOR_EXCEPTION, m->rule, m->silenced, 0,
				     "number %u (%s, %s) ends within three days: %s", m->number,
				     m->source, m->destination, m->reason);
	}
}
