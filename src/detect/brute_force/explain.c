/*
 * detect/brute_force/explain.c - the score of tries, and its words.
 */
#include <math.h>
#include <string.h>

#include "exfild/base/str.h"
#include "../step.h"
#include "brute_force.h"

#define NS_PER_S        1e9
#define TRIES_PART      0.15 /* for each doubling of the tries above 2 */
#define TRIES_MAX       0.75
#define SECRETS_PART    0.15
#define SECRETS_FULL    8.0
#define USERS_PART      0.15
#define USERS_FULL      8.0
#define PACE_PART       0.1
#define PACE_PER_S      1.0
#define AT_ONCE_MIN     3
#define MIXED_PART      0.3
#define MIXED_MIN       4
#define AFTER_PART      0.2
#define AFTER_MIN       6
#define STEADY_MIN_S    5.0
#define STEADY_SHARE    0.25
#define STEADY_SCORE    0.45 /* an old password looks the same: context, no more */
#define FAILING_MIN     0.5  /* share of failures: below it many people come from one address */
#define GROUP_BASE      0.2
#define GROUP_BASE_MANY 0.1 /* by sources */
#define GROUP_SAME_PART 0.15
#define GROUP_HOST_PART 0.1
#define GROUP_IN_PART   0.15

static const struct step_rule pair_rule = {
	.detector = "brute_force",
	.rule = "brute_force",
	.title = "Passwords tried out",
	.class = FINDING_LATERAL,
	.techniques = { "T1110.001" },
	.tactic = "TA0006",
	.unseen =
		"the passwords themselves; whether tries went over connections that were not seen",
	.next_steps = { "Look into the target's log of log-ins for the accounts that were tried",
			"If one succeeded, change that password and look at what the session did",
			"Find out what runs at the source: a program with an old password, or a tool" },
};

static const struct step_rule spray_rule = {
	.detector = "brute_force",
	.rule = "password_spray",
	.title = "Passwords tried on many accounts",
	.class = FINDING_LATERAL,
	.techniques = { "T1110.003" },
	.tactic = "TA0006",
	.unseen = "the passwords themselves; tries from other addresses",
	.next_steps = { "List the accounts that were tried from this source, and those that let it in",
			"Change the passwords of accounts that succeeded after failing",
			"Find out what runs at the source" },
};

static const struct step_rule many_rule = {
	.detector = "brute_force",
	.rule = "brute_force_distributed",
	.title = "Passwords tried out from many sources",
	.class = FINDING_LATERAL,
	.techniques = { "T1110" },
	.tactic = "TA0006",
	.unseen = "the passwords themselves; sources whose way does not lead through here",
	.next_steps = { "Look into the target's log of log-ins for the accounts that were tried",
			"Close the service to addresses that need it not" },
};

static double doublings(double n)
{
	return n > 2 ? log2(n / 2) : 0;
}

static double at_most(double x, double max)
{
	return x < max ? x : max;
}

static double sum_of(const struct finding *f)
{
	double sum = 0;
	for (unsigned i = 0; i < f->feature_count; i++)
		sum += f->features[i].contribution;
	return sum;
}

static bool is_fast(const struct brute_pair *p)
{
	double s = (double)(p->last_ns - p->first_ns) / NS_PER_S;
	return p->at_once >= AT_ONCE_MIN ||
	       (p->failures >= AFTER_MIN && s > 0 && p->failures / s >= PACE_PER_S);
}

/* One account, one secret or none seen, at a pace of its own. */
static bool is_steady(const struct brute_pair *p)
{
	return brute_bits_count(p->users) <= 1 && brute_bits_count(p->secrets) <= 2 &&
	       p->gap_s >= STEADY_MIN_S && p->gap_deviation_s <= STEADY_SHARE * p->gap_s;
}

static void score_pair(struct finding *f, const struct brute_pair *p, double tries)
{
	double secrets = brute_bits_count(p->secrets), users = brute_bits_count(p->users);
	finding_feature(f, "tries", p->failures, 2, NAN, TRIES_MAX,
			at_most(TRIES_PART * doublings(tries), TRIES_MAX),
			"%u log-ins refused, %.0f of them count", p->failures, tries);
	if (secrets >= AT_ONCE_MIN)
		finding_feature(f, "secrets", secrets, NAN, SECRETS_FULL, SECRETS_PART,
				at_most(SECRETS_PART * secrets / SECRETS_FULL, SECRETS_PART),
				"%.0f different pairs of account and secret", secrets);
	if (users >= AT_ONCE_MIN)
		finding_feature(f, "accounts", users, NAN, USERS_FULL, USERS_PART,
				at_most(USERS_PART * users / USERS_FULL, USERS_PART),
				"%.0f different accounts", users);
	if (is_fast(p))
		finding_feature(f, "pace", p->at_once, NAN, AT_ONCE_MIN, PACE_PART, PACE_PART,
				"faster than hands: %u right after one on another connection",
				p->at_once);
	if (p->mixed >= MIXED_MIN)
		finding_feature(f, "outcomes_differ", p->mixed, NAN, MIXED_MIN, MIXED_PART,
				MIXED_PART,
				"%u tries within seconds were refused and one let in: different "
				"secrets at once",
				p->mixed);
	if (p->success_after >= AFTER_MIN)
		finding_feature(f, "success_after", p->success_after, NAN, AFTER_MIN, AFTER_PART,
				AFTER_PART, "let in after %u refusals", p->success_after);
	double score = sum_of(f);
	if (is_steady(p) && score > STEADY_SCORE)
		finding_feature(f, "steady", p->gap_s, NAN, NAN, 0, STEADY_SCORE - score,
				"one account every %.0f s, as a program with an old password does",
				p->gap_s);
}

/* How few tries would have kept it silent; the first feature is that of the tries. */
static void say_least(struct finding *f, const struct brute_params *params)
{
	double missing = params->alert_score - (sum_of(f) - f->features[0].contribution);
	if (missing > 0)
		finding_text(f->counterfactual, sizeof(f->counterfactual),
			     "silent below %.0f refused log-ins that count, all else as seen",
			     ceil(2 * exp2(missing / TRIES_PART)));
	else
		finding_text(f->counterfactual, sizeof(f->counterfactual),
			     "silent without the success among them, or without several "
			     "connections at once");
}

static void finish(struct finding *f, const struct brute_params *params,
		   const struct detect_env *env)
{
	f->visibility = VISIBILITY_CLEAR;
	if (sum_of(f) + 1e-9 >= params->alert_score)
		step_raise(f, env);
}

enum severity brute_tell_pair(const struct brute_pair *p, const struct brute_params *params,
			      const struct detect_env *env, bool is_news)
{
	struct finding f;
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX], span[32];
	double all = (double)p->failures + p->successes;
	double users = brute_bits_count(p->users);
	if (p->failures / (all > 0 ? all : 1) < FAILING_MIN)
		return SEVERITY_NONE;
	if (users >= AT_ONCE_MIN && p->failures < 2 * users)
		return SEVERITY_NONE; /* many accounts, few tries each: told of the source */
	step_begin(&f, &pair_rule, env, &p->last);
	score_pair(&f, p, brute_pair_tries(p, env->steady_ns));
	if (!is_news && (unsigned)step_severity(sum_of(&f)) <= p->told_severity)
		return SEVERITY_NONE;
	if (users >= AT_ONCE_MIN)
		finding_technique(&f, "T1110.003");
	step_ends(&f, from, to);
	f.start_ns = p->first_ns;
	f.end_ns = p->last_ns > p->success_ns ? p->last_ns : p->success_ns;
	f.count = p->failures;
	finding_text(f.object, sizeof(f.object), "%s", p->name);
	for (unsigned i = 0; i < p->packet_count; i++)
		finding_packet(&f, p->packets[i]);
	finding_span(span, sizeof(span), f.end_ns - f.start_ns);
	finding_text(f.message, sizeof(f.message), "%s was refused %u log-ins by %s at %s %s%s%s",
		     from, p->failures, p->name, to, span,
		     p->inferred ? ", by sizes and times" : "",
		     p->success_after || p->mixed >= MIXED_MIN ? ", and was let in" : "");
	finding_text(f.not_harmless, sizeof(f.not_harmless),
		     "people mistype a few times and get in, programs with an old password repeat "
		     "one secret at their own pace: here %s",
		     brute_bits_count(p->secrets) >= AT_ONCE_MIN ?
			     "different secrets or accounts were tried" :
		     is_fast(p)   ? "tries came faster than hands and from several connections" :
		     is_steady(p) ? "the pace is that of a program, so this is context only" :
				    "tries went on where people stop");
	say_least(&f, params);
	if (p->inferred)
		finding_text(f.unseen, sizeof(f.unseen),
			     "accounts and passwords: the log-ins are encrypted, their outcome was "
			     "told from sizes and times");
	else if (p->form_secret)
		finding_text(
			f.unseen, sizeof(f.unseen),
			"what the pages said: another password for the same account right after "
			"says that the last one was refused");
	finish(&f, params, env);
	return f.severity;
}

/* One secret for many accounts; a secret of its own for each. */
static void score_secrets(struct finding *f, const struct brute_group *g)
{
	unsigned seen = 0, same = 0;
	uint8_t bits[BITS_BYTES] = { 0 };
	for (uint32_t i = 0; i < g->member_count; i++) {
		if (!g->members[i].secret_mark)
			continue;
		seen++;
		same += !brute_bit(bits, g->members[i].secret_mark);
	}
	if (seen < AT_ONCE_MIN)
		return;
	if (2 * same >= seen)
		finding_feature(f, "one_secret", same, NAN, NAN, GROUP_SAME_PART, GROUP_SAME_PART,
				"%u of %u accounts were tried with another's secret", same, seen);
	else
		finding_technique(f, "T1110.004");
}

static void score_group(struct finding *f, const struct brute_group *g, double limit)
{
	bool by_source = g->side == SIDE_SOURCE;
	double n = g->failed + (g->failed + 1 >= g->member_count ? g->beyond : 0);
	finding_feature(
		f, by_source ? "accounts" : "sources", n, NAN, limit, 0.85,
		at_most((by_source ? GROUP_BASE : GROUP_BASE_MANY) + TRIES_PART * doublings(n),
			0.85),
		"%.0f %s were refused at their first try, %u log-ins in all", n,
		by_source ? "accounts" : "sources", g->failures);
	double others = brute_bits_count(g->others);
	if (by_source)
		score_secrets(f, g);
	if (by_source && others >= AT_ONCE_MIN)
		finding_feature(f, "targets", others, NAN, AT_ONCE_MIN, GROUP_HOST_PART,
				GROUP_HOST_PART, "at %.0f targets", others);
	unsigned in = 0;
	for (uint32_t i = 0; i < g->member_count; i++)
		in += g->members[i].has_succeeded && g->members[i].failures;
	if (in && by_source)
		finding_feature(f, "success_after", in, NAN, 1, GROUP_IN_PART, GROUP_IN_PART,
				"%u of them let it in later", in);
}

enum severity brute_tell_group(const struct brute_group *g, const struct brute_params *params,
			       const struct detect_env *env)
{
	struct finding f;
	char who[IPADDR_TEXT_MAX], span[32];
	bool by_source = g->side == SIDE_SOURCE;
	double all = (double)g->failures + g->successes;
	if (g->failures / (all > 0 ? all : 1) < FAILING_MIN ||
	    g->walk < 1.4 * (double)params->accounts)
		return SEVERITY_NONE;
	step_begin(&f, by_source ? &spray_rule : &many_rule, env, &g->last);
	score_group(&f, g, (double)params->accounts);
	ipaddr_print(&g->address, who, sizeof(who));
	if (by_source && brute_bits_count(g->others) > 1)
		f.peer.has_ip = false;
	f.start_ns = g->first_ns;
	f.end_ns = g->last_ns;
	f.count = g->failures;
	finding_text(f.object, sizeof(f.object), "%s", g->name);
	finding_span(span, sizeof(span), f.end_ns - f.start_ns);
	if (by_source)
		finding_text(
			f.message, sizeof(f.message),
			"%s tried %u accounts by %s at %.0f target%s %s; %u log-ins were refused",
			who, g->member_count, g->name, brute_bits_count(g->others),
			brute_bits_count(g->others) > 1 ? "s" : "", span, g->failures);
	else
		finding_text(f.message, sizeof(f.message),
			     "%u sources were refused log-ins by %s at %s %s; %u in all", g->failed,
			     g->name, who, span, g->failures);
	finding_text(f.filter, sizeof(f.filter), "%s.addr == %s && tcp.port == %u",
		     g->last.ip_version == 6 ? "ipv6" : "ip", who, g->last.dport);
	finding_text(f.not_harmless, sizeof(f.not_harmless),
		     by_source ? "accounts behind one address mostly let their owners in: of %u "
				 "tried here %u did at the first try" :
				 "of %u sources %u were let in at the first try",
		     g->member_count, g->member_count - g->failed);
	finding_text(f.counterfactual, sizeof(f.counterfactual),
		     "silent below %llu %s whose first try fails",
		     (unsigned long long)params->accounts, by_source ? "accounts" : "sources");
	finish(&f, params, env);
	return f.severity;
}
