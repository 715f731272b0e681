/*
 * detect/intel/past_tell.c - an indicator arrives after the traffic: when it is seen, what is said.
 *
 * Score as for traffic of today (tell.c): 0.7 times the confidence for what was connected to, plus
 * 0.2 when a connection stood; 0.55 for a name that was only asked for.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "exfild/base/str.h"
#include "../step.h"
#include "intel.h"

#define NS_PER_S 1000000000ull
#define DAY_S    86400u

struct looking {
	struct intel_state *s;
	const struct detect_env *env;
};

static const struct step_rule rule_past = {
	.detector = "intel",
	.title = "Known bad destination, seen in the days before it was listed",
	.class = FINDING_C2,
	.techniques = { "T1071" },
	.tactic = "TA0011",
	.unseen = "its packets: they passed before the indicator was known, and only sums are kept",
	.next_steps = { "Look at what the host did since the first of these days: its other alerts, "
			"exfilctl usage --host",
			"Look the indicator up at its feed: what it stands for, and since when",
			"If it is wrong, take it out of the feed or allow it (intel.allow)" },
};

static const struct intel_item *find(const struct detect_env *env, const struct past_entry *x)
{
	if (x->key.is_name)
		return intel_find_name(env->intel, x->name, strlen(x->name));
	return intel_find_address(env->intel, &x->peer);
}

/* Whether an entry of the past meets an indicator that says something. */
static bool past_meets(struct intel_state *s, const struct detect_env *env,
		       const struct past_entry *x, struct meeting *ret)
{
	const struct intel_item *item = env->intel ? find(env, x) : NULL;
	if (!item)
		return false;
	struct meeting m = { .kind = x->key.is_name && !x->has_peer ? MEETING_ASKED : MEETING_FLOW,
			     .is_reached = x->is_reached,
			     .is_inbound = x->is_inbound };
	char value[INTEL_TEXT_MAX];
	(void)intel_text(env->intel, item, value, sizeof(value));
	if (x->key.is_name && strcmp(value, x->name) != 0)
		(void)str_copy(m.seen, sizeof(m.seen), x->name);
	else if (item->kind == INTEL_PREFIX)
		ipaddr_print(&x->peer, m.seen, sizeof(m.seen));
	/* listed with a port: only if that one was used */
	for (unsigned i = 0; i == 0 || (i < PAST_PORTS && x->ports[i]); i++) {
		m.item = item;
		if (!intel_choose(s, env, &m, x->ports[i]))
			continue;
		*ret = m;
		return step_severity(intel_score(&m, m.confidence)) != SEVERITY_NONE;
	}
	return false;
}

static const char *day_text(char dst[16], uint64_t seconds)
{
	struct tm tm;
	time_t t = (time_t)seconds;
	if (!gmtime_r(&t, &tm) || strftime(dst, 16, "%Y-%m-%d", &tm) == 0)
		dst[0] = '\0';
	return dst;
}

/* "on 2026-11-20", "on 3 days from 2026-11-18 to 2026-11-20" */
static void put_days(char dst[64], const struct past_entry *x)
{
	char first[16], last[16];
	uint64_t first_s = x->first_ns / NS_PER_S, last_s = x->last_ns / NS_PER_S;
	(void)day_text(first, first_s);
	(void)day_text(last, last_s);
	if (first_s / DAY_S == last_s / DAY_S)
		(void)snprintf(dst, 64, "on %s", last);
	else
		(void)snprintf(dst, 64, "on %d days from %s to %s", __builtin_popcount(x->days),
			       first, last);
}

static void put_volume(struct finding *f, const struct past_entry *sums)
{
	char day[16], up[32], down[32], most[32];
	if (!sums)
		return;
	(void)str_bytes(up, sizeof(up), (double)sums->up);
	(void)str_bytes(down, sizeof(down), (double)sums->down);
	(void)str_bytes(most, sizeof(most), (double)sums->peak_bytes);
	f->subject.bytes = sums->is_inbound ? sums->down : sums->up;
	f->peer.bytes = sums->is_inbound ? sums->up : sums->down;
	finding_feature(f, "sent_bytes", (double)sums->up, NAN, NAN, 0, 0,
			"%s went to it and %s came back, in %u connection%s", up, down, sums->count,
			sums->count == 1 ? "" : "s");
	finding_feature(f, "busiest_day_bytes", (double)sums->peak_bytes, NAN, NAN, 0, 0,
			"most of it on %s: %s", day_text(day, (uint64_t)sums->peak_day * DAY_S),
			most);
}

static void put_message(struct finding *f, const struct past_entry *x,
			const struct past_entry *sums, const struct meeting *m, const char *value)
{
	char host[IPADDR_TEXT_MAX], days[64], up[32], down[32];
	const char *note = f->indicator.note, *seen = m->seen[0] ? m->seen : value;
	ipaddr_print(&x->key.host, host, sizeof(host));
	put_days(days, x);
	(void)str_bytes(up, sizeof(up), sums ? (double)sums->up : 0);
	(void)str_bytes(down, sizeof(down), sums ? (double)sums->down : 0);
	finding_text(f->message, sizeof(f->message),
		     "%s %s %s%s%s%s %s%s%s%s%s%s; %s now lists it%s%s", host,
		     x->is_inbound  ? "was reached by" :
		     !x->has_peer   ? "asked for" :
		     !x->is_reached ? "tried to reach" :
				      "talked to",
		     seen, m->seen[0] ? " (" : "", m->seen[0] ? value : "", m->seen[0] ? ")" : "",
		     days, sums ? ", " : "", sums ? up : "", sums ? " out, " : "", sums ? down : "",
		     sums ? " in" : "", f->indicator.feed, *note ? " as " : "", note);
}

static bool fires(const void *arg, double confidence)
{
	return step_severity(intel_score(arg, confidence)) != SEVERITY_NONE;
}

/* The connection that the entry sums up, as an event would tell of it. */
static struct event event_of(const struct past_entry *x)
{
	const struct ipaddr *host = &x->key.host, *peer = x->has_peer ? &x->peer : host;
	return (struct event){ .kind = EVENT_FLOW_END,
			       .time_ns = x->last_ns,
			       .src = x->is_inbound ? *peer : *host,
			       .dst = x->is_inbound ? *host : *peer,
			       .dport = x->is_inbound ? 0 : x->ports[0],
			       .ip_version = ipaddr_is_v4(host) ? 4 : 6,
			       .tunnel_id = x->key.tunnel_id };
}

static void past_tell(struct intel_state *s, const struct detect_env *env,
		      const struct past_entry *x, const struct meeting *m)
{
	struct step_rule rule = rule_past;
	struct event e = event_of(x);
	char value[INTEL_TEXT_MAX];
	struct finding f;
	const struct past_entry *sums = x->key.is_name ? past_address_of(&s->past, env, x) : x;
	rule.rule = intel_rule(s, intel_feed_of(env->intel, m->item));
	step_begin(&f, &rule, env, &e);
	f.start_ns = x->first_ns;
	f.count = x->count;
	f.visibility = VISIBILITY_NAME;
	if (!x->has_peer) { /* only asked for: there is one end */
		f.peer.has_ip = false;
		char *second = strstr(f.filter, " && ");
		if (second)
			*second = '\0';
	}
	(void)intel_text(env->intel, m->item, value, sizeof(value));
	(void)str_copy(f.object, sizeof(f.object), value);
	if (x->key.is_name)
		(void)str_copy(f.domain, sizeof(f.domain), x->name);
	intel_put_indicator(&f, env, m, value);
	intel_put_score(&f, env, m);
	finding_feature(&f, "days", __builtin_popcount(x->days), NAN, NAN, 0, 0,
			"days on which it was seen, of the last 32");
	put_volume(&f, sums);
	put_message(&f, x, sums, m, value);
	finding_text(
		f.not_harmless, sizeof(f.not_harmless),
		"the feed has seen it at work, and what is listed today was at work before; it "
		"is no shared host, resolver or service that exfild knows");
	finding_text(f.counterfactual, sizeof(f.counterfactual),
		     "silent below a confidence of %llu",
		     (unsigned long long)finding_least(m->confidence, fires, m));
	s->findings++;
	step_raise(&f, env);
}

/* ---- when ---- */

void intel_remember(struct intel_state *s, const struct detect_env *env, const struct event *e)
{
	struct meeting m;
	struct past_entry *x = past_event(&s->past, env, e);
	if (!x || x->is_told || !past_is_done(&s->past, env))
		return;
	x->is_told = past_meets(s, env, x, &m);
	/* most often it has been told when it began; not when that was before the indicator */
	if (x->is_told && !intel_is_told(s, env, &x->key.host, m.item))
		past_tell(s, env, x, &m);
}

static bool look_back(void *arg, const struct past_entry *x)
{
	struct looking *l = arg;
	struct meeting m;
	bool meets = past_meets(l->s, l->env, x, &m);
	if (meets)
		past_tell(l->s, l->env, x, &m);
	return meets;
}

void intel_look_back(struct intel_state *s, const struct detect_env *env, uint32_t most)
{
	struct looking l = { .s = s, .env = env };
	if (env->lookback_days)
		past_walk(&s->past, env, most, look_back, &l);
}
