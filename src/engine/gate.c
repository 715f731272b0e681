/*
 * engine/gate.c - see gate.h.
 */
#include "gate.h"

#define IS_KNOWN 0x80u

bool gate_is(const struct gate *g, const struct context_zone *from, const struct context_zone *to,
	     uint8_t ends)
{
	return g->ends == (ends | IS_KNOWN) && g->from == from && g->to == to;
}

void gate_begin(struct gate *g, const struct context_zone *from, const struct context_zone *to,
		uint8_t ends)
{
	g->ends = (uint8_t)(ends | IS_KNOWN);
	g->from = from;
	g->to = to;
}

static struct least least_of(const struct policy *set, const struct event_alert *record,
			     bool has_risk)
{
	return (struct least){ policy_least(set, ALERT_ABOUT_FLOW, record, has_risk),
			       policy_least(set, ALERT_ABOUT_USAGE, record, has_risk) };
}

void gate_set(struct gate *g, const struct policy *set, const struct event_alert *record)
{
	g->any = least_of(set, record, false);
	g->quiet = least_of(set, record, true);
}

static bool passes(const struct least *l, double bytes)
{
	return bytes >= l->flow || bytes >= l->usage;
}

bool gate_passes(const struct gate *g, const struct fusion *fusion, const struct event *e,
		 double bytes)
{
	if (passes(&g->quiet, bytes))
		return true;
	return passes(&g->any, bytes) && fusion && fusion_knows(fusion, &e->src, e->tunnel_key);
}
