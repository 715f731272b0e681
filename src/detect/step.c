/*
 * detect/step.c - see step.h.
 */
#include "step.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "exfild/base/str.h"

enum { PROTO_TCP = 6, PROTO_UDP = 17 };

#define LLR_PER_SCORE 12 /* nats of a score of 1, as of every detector */

static const struct {
	double from;
	enum severity severity;
} ladder[] = {
	{ 0.9, SEVERITY_CRITICAL },
	{ 0.7, SEVERITY_HIGH },
	{ 0.5, SEVERITY_MEDIUM },
	{ 0.35, SEVERITY_LOW },
};

void step_begin(struct finding *f, const struct step_rule *rule, const struct detect_env *env,
		const struct event *e)
{
	finding_init(f, rule->detector, rule->rule, rule->title);
	f->class = rule->class;
	f->tactic = rule->tactic;
	for (unsigned i = 0; i < FINDING_TECHNIQUES && rule->techniques[i]; i++)
		finding_technique(f, rule->techniques[i]);
	finding_from_event(f, e);
	f->subject.port = 0; /* of a client it says nothing, and repeats are to merge */
	f->start_ns = f->end_ns = e->time_ns;
	f->time_ns = env->now_ns;
	f->count = 1;
	if (rule->unseen)
		finding_text(f->unseen, sizeof(f->unseen), "%s", rule->unseen);
	for (unsigned i = 0; i < FINDING_STEPS && rule->next_steps[i]; i++)
		finding_step(f, "%s", rule->next_steps[i]);
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX];
	step_ends(f, from, to);
	const char *family = e->ip_version == 6 ? "ipv6" : "ip";
	const char *transport = e->proto == PROTO_TCP ? "tcp" : e->proto == PROTO_UDP ? "udp" : "";
	if (*transport)
		finding_text(f->filter, sizeof(f->filter),
			     "%s.addr == %s && %s.addr == %s && %s.port == %u", family, from,
			     family, to, transport, e->dport);
	else
		finding_text(f->filter, sizeof(f->filter), "%s.addr == %s && %s.addr == %s", family,
			     from, family, to);
}

enum severity step_severity(double score)
{
	for (size_t i = 0; i < sizeof(ladder) / sizeof(ladder[0]); i++)
		if (score + 1e-9 >= ladder[i].from)
			return ladder[i].severity;
	return SEVERITY_NONE;
}

double step_least(enum severity s)
{
	size_t i = 0;
	while (i + 1 < sizeof(ladder) / sizeof(ladder[0]) && ladder[i].severity != s)
		i++;
	return ladder[i].from;
}

double step_score(const struct finding *f)
{
	double score = 0;
	for (unsigned i = 0; i < f->feature_count; i++)
		score += f->features[i].contribution;
	return score;
}

void step_raise(struct finding *f, const struct detect_env *env)
{
	f->score = fmin(step_score(f), 1);
	f->llr = LLR_PER_SCORE * f->score;
	f->confidence = f->score;
	f->severity = step_severity(f->score);
	if (f->severity != SEVERITY_NONE)
		env->raise(env->arg, f);
}

void step_ends(const struct finding *f, char *from, char *to)
{
	ipaddr_print(&f->subject.ip, from, IPADDR_TEXT_MAX);
	ipaddr_print(&f->peer.ip, to, IPADDR_TEXT_MAX);
}

const char *step_string(char *dst, size_t size, const struct event *e, const struct event_str *s)
{
	size_t len = s->off ? s->len : 0;
	const uint8_t *from = event_str_data(e, s);
	size_t n = 0;
	for (size_t i = 0; i < len && n + 1 < size; i++)
		dst[n++] = from[i] >= 0x20 && from[i] < 0x7f ? (char)from[i] : '?';
	dst[n] = '\0';
	return dst;
}

bool step_is(const struct event *e, const struct event_str *s, const char *text)
{
	size_t len = strlen(text);
	return s->off && s->len == len &&
	       strncasecmp((const char *)event_str_data(e, s), text, len) == 0;
}
