/*
 * alert/triage.c - see triage.h
 */
#include "triage.h"

#include <math.h>
#include <string.h>

#include "exfild/base/str.h"

#define MINUTE_NS 60000000000ull

const char triage_rule_name[] = "alerts_summarised";

static struct triage_rule *rule_of(struct triage *t, const char *name)
{
	for (unsigned i = 0; i < t->rule_count; i++)
		if (strcmp(t->rules[i].name, name) == 0)
			return &t->rules[i];
	bool is_full = t->rule_count >= TRIAGE_RULES;
	if (is_full && t->rule_count > TRIAGE_RULES)
		return &t->rules[TRIAGE_RULES];
	struct triage_rule *r = &t->rules[t->rule_count++];
	memset(r, 0, sizeof(*r));
	(void)str_copy(r->name, sizeof(r->name), is_full ? "others" : name);
	return r;
}

/* What alerts of this severity may use of the number of all. */
static uint64_t share_of(enum severity s, uint64_t all)
{
	uint64_t share = s >= SEVERITY_CRITICAL ? all * 2 :
			 s >= SEVERITY_HIGH     ? all :
			 s >= SEVERITY_MEDIUM   ? all - all / 4 :
						  all - all / 2;
	return share ? share : 1;
}

static void note_held(struct triage_rule *r, const struct finding *f)
{
	r->held++;
	if (f->severity > r->worst)
		r->worst = f->severity;
	if (!r->first_ns || f->time_ns < r->first_ns)
		r->first_ns = f->time_ns;
	if (f->time_ns > r->last_ns)
		r->last_ns = f->time_ns;
	for (unsigned i = 0; i < r->subject_count; i++)
		if (ipaddr_equal(&r->subjects[i], &f->subject.ip))
			return;
	if (f->subject.has_ip && r->subject_count < TRIAGE_SUBJECTS)
		r->subjects[r->subject_count++] = f->subject.ip;
}

bool triage_takes(struct triage *t, const struct finding *f, uint64_t now_ns, uint64_t all,
		  uint64_t each)
{
	if ((!all && !each) || f->is_drill || f->class == FINDING_SENSOR)
		return true; /* these cannot flood */
	if (now_ns / MINUTE_NS != t->minute && !triage_is_due(t, now_ns))
		triage_begin(t, now_ns);
	struct triage_rule *r = rule_of(t, f->rule);
	bool fits_rule = !each || r->sent < (f->severity >= SEVERITY_CRITICAL ? each * 2 : each);
	bool fits_all = !all || t->sent < share_of(f->severity, all);
	if (!fits_rule || !fits_all) {
		note_held(r, f);
		return false;
	}
	r->sent++;
	t->sent++;
	return true;
}

bool triage_is_due(const struct triage *t, uint64_t now_ns)
{
	if (now_ns / MINUTE_NS == t->minute)
		return false;
	for (unsigned i = 0; i < t->rule_count; i++)
		if (t->rules[i].held)
			return true;
	return false;
}

void triage_begin(struct triage *t, uint64_t now_ns)
{
	t->minute = now_ns / MINUTE_NS;
	t->sent = 0;
	t->rule_count = 0;
}

static void say(const struct triage_rule *r, uint64_t all, uint64_t each, struct finding *f)
{
	finding_text(f->message, sizeof(f->message),
		     "%llu more alerts of %s within a minute are counted instead of sent (limits: "
		     "%llu a minute of one rule, %llu of all)",
		     (unsigned long long)r->held, r->name, (unsigned long long)each,
		     (unsigned long long)all);
	finding_text(f->not_harmless, sizeof(f->not_harmless),
		     "who floods with alerts may want one of them to be overlooked");
	finding_text(
		f->unseen, sizeof(f->unseen),
		"the alerts one by one: each stays open and goes out when it grows and there is "
		"room for it");
	finding_text(f->counterfactual, sizeof(f->counterfactual),
		     "silent with limits that hold all of a minute's alerts, or none (0)");
	finding_step(f, "exfilctl top and the alerts of %s before this one show who causes it",
		     r->name);
	finding_step(f, "If it is your usual load: an exception, or higher "
			"alerts.rule_per_minute and alerts.rate_per_minute");
	f->score = 1;
	finding_feature(f, "held", (double)r->held, 0, (double)(each ? each : all), 1, 1,
			"%llu alerts held, the gravest of severity %u", (unsigned long long)r->held,
			(unsigned)r->worst);
}

bool triage_tell(const struct triage *t, unsigned i, uint64_t all, uint64_t each,
		 struct finding *ret)
{
	if (i >= t->rule_count || !t->rules[i].held)
		return false;
	const struct triage_rule *r = &t->rules[i];
	finding_init(ret, "triage", triage_rule_name, "Alerts were summed up");
	ret->class = FINDING_SENSOR;
	ret->severity = r->worst;
	ret->confidence = 1;
	ret->start_ns = r->first_ns;
	ret->end_ns = ret->time_ns = r->last_ns;
	ret->count = r->held;
	finding_text(ret->object, sizeof(ret->object), "%s", r->name);
	for (unsigned k = 0; k < r->subject_count; k++)
		finding_related(ret, &r->subjects[k]);
	say(r, all, each, ret);
	return true;
}
