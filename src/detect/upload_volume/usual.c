/*
 * detect/upload_volume/usual.c - what is usual for a sender and its destination.
 *
 * The usual of a pair holds after PAIR_DAYS active days when the pair is as old as the sensor's
 * learning, else after LATE_DAYS: by then a slow sum or a drip would have been told, so that
 * nobody gets a high usual by starting small.  A new host takes over what its peers send to the
 * same destination.  To somewhere that no list knows it holds once the pair was told.  What was
 * told after the learning is learnt at a tenth of the rate.
 */
#include <math.h>
#include <string.h>

#include "upload_volume.h"

#define PAIR_DAYS   5
#define LATE_DAYS   14
#define PEER_DAYS   15 /* of all hosts together */
#define PEER_HOSTS  3
#define QUIET_BYTES 1e6
#define QUIET_DAYS  7
#define DRIP_DAYS   8
#define DRIP_SPREAD 0.5 /* standard deviation over mean of the active days */
#define RARE_HOSTS  3

static void end_day(const struct detect_env *env, struct volume_pair *p, const struct upload *u,
		    uint64_t day)
{
	uint64_t gap = day - p->day;
	p->days[p->day % BASELINE_DAYS] = (float)p->day_up;
	for (uint64_t i = 1; i < gap && i <= BASELINE_DAYS; i++)
		p->days[(p->day + i) % BASELINE_DAYS] = 0;
	if (p->day_up < BASELINE_ACTIVE)
		return;
	double trust = baseline_trust(env->context, u->at.host);
	if (p->is_told_late)
		trust = fmin(trust, BASELINE_CAUTION);
	usual_add(&p->usual, p->day_up, trust);
	if (u->at.to)
		usual_add(&u->at.to->days, p->day_up, trust);
}

void volume_learn(const struct detect_env *env, struct volume_pair *p, const struct upload *u)
{
	uint64_t day = env->now_ns / BASELINE_DAY_NS + 1;
	if (!p->known_ns)
		p->known_ns = env->steady_ns;
	if (p->day && day > p->day) {
		end_day(env, p, u, day);
		p->day_up = 0;
	}
	if (day > p->day)
		p->day = day;
	p->day_up += (double)u->at.up;
}

/* The pair was there before the sensor had learnt. */
static bool is_early(const struct detect_env *env, const struct volume_pair *p)
{
	uint64_t left_ns = context_learning_left_ns(env->context);
	return left_ns > 0 || p->known_ns < context_learnt_at_ns(env->context);
}

/*
 * To somewhere that no list knows the usual silences what has been told once, never the first
 * telling: who was here before the sensor is no better for that.
 */
static bool may_be_usual(const struct volume_pair *p, const struct upload *u)
{
	const struct service *s = u->at.service;
	bool is_known = s && s->class != SERVICE_FILE_DROP && s->class != SERVICE_PASTE &&
			s->class != SERVICE_TUNNEL;
	return is_known || p->told_severity >= SEVERITY_MEDIUM;
}

void volume_compare(const struct detect_env *env, const struct volume_pair *p,
		    const struct upload *u, struct volume_verdict *v)
{
	const struct baseline_host *host = u->at.host;
	const struct baseline_dest *to = u->at.to;
	double needed = is_early(env, p) ? PAIR_DAYS : LATE_DAYS;
	v->hosts = to ? to->sender_count : 1;
	v->is_new = context_is_new(env->context, to);
	v->activity = NAN;
	if ((double)p->usual.weight >= needed && may_be_usual(p, u)) {
		v->usual_day = p->usual;
	} else if (to && to->sender_count >= PEER_HOSTS && (double)to->days.weight >= PEER_DAYS) {
		v->usual_day = to->days;
		v->is_peers_usual = true;
	}
	if (!host)
		return;
	bool has_learnt = env->steady_ns - host->first_ns >= BASELINE_LEARN_NS;
	if (has_learnt)
		v->activity = baseline_activity(host, env->now_ns / BASELINE_HOUR_NS);
	v->is_quiet = has_learnt && !is_early(env, p) && host->days_seen >= QUIET_DAYS &&
		      baseline_most(host) < QUIET_BYTES;
}

double volume_drip(const struct volume_pair *p, struct volume_verdict *v)
{
	double sum = 0, squares = 0;
	for (unsigned i = 0; i < BASELINE_DAYS; i++) {
		double x = (double)p->days[i];
		if (x < BASELINE_ACTIVE)
			continue;
		v->days++;
		sum += x;
		squares += x * x;
	}
	if (v->days < DRIP_DAYS || v->hosts > RARE_HOSTS)
		return 0;
	double mean = sum / v->days;
	double deviation = sqrt(fmax(squares / v->days - mean * mean, 0));
	v->is_drip = deviation <= DRIP_SPREAD * mean;
	return sum;
}
