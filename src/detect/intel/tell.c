/*
 * detect/intel/tell.c - what is said of a meeting, and how loud.
 *
 * Score = weight * confidence that is left + 0.2 if the connection stands.  Weights: 0.7 for what
 * was reached or is the thing itself, 0.55 for what was only asked for or refused, 0.45 for what
 * programs share.  So a feed of confidence 80 makes high of a connection (0.76), medium of a name
 * that was resolved (0.56 with its answer), low of one that was refused (0.44); below a
 * confidence of 30 nothing is said by itself, above 99 a connection is critical.
 *
 * Where feed or indicator say how bad it is, that is the severity, from a confidence of 30 on; one
 * step less, but low at least, where the weight is not the highest or the listed end has begun it.
 * The confidence places the score between that severity's bounds.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "exfild/base/str.h"
#include "../step.h"
#include "intel.h"

#define REACHED          0.2
#define RESOLVED         0.12
#define WEIGHT           0.7
#define WEIGHT_ASKED     0.55
#define WEIGHT_SHARED    0.45
#define NS_PER_S         1000000000ull
#define DAY_S            86400u
#define CONFIDENCE_LEAST 30

static const struct step_rule outbound = {
	.detector = "intel",
	.title = "Known bad destination",
	.class = FINDING_C2,
	.techniques = { "T1071" },
	.tactic = "TA0011",
	.unseen = "whether what the feed knows still holds, and what was said if it is encrypted",
	.next_steps = { "Look at what else the host did at that time: its other alerts and flows",
			"Look the indicator up at its feed: what it stands for, and since when",
			"If it is wrong, take it out of the feed or allow it (intel.allow)" },
};

static const struct step_rule inbound = {
	.detector = "intel",
	.title = "Known bad address connected to an inside host",
	.class = FINDING_RECON,
	.techniques = { "T1595" },
	.tactic = "TA0043",
	.unseen = "whether the service behind it is meant for everybody",
	.next_steps = { "Look at what the service answered, and whether a login came of it",
			"If the service is not for everybody, close it at the gateway" },
};

static const struct step_rule file = {
	.detector = "intel",
	.title = "Known bad file",
	.class = FINDING_C2,
	.techniques = { "T1105" },
	.tactic = "TA0011",
	.unseen = "whether the file was opened or run",
	.next_steps = { "Find the file on the host that received it, and whether it was run",
			"Look the digest up at its feed: what it stands for",
			"Look at what else the host did since: its other alerts and flows" },
};

static double weight_of(const struct meeting *m)
{
	if (m->kind == MEETING_PROGRAM)
		return WEIGHT_SHARED;
	if (m->kind == MEETING_ASKED || m->kind == MEETING_ANSWER || !m->is_reached)
		return WEIGHT_ASKED;
	return WEIGHT;
}

static double bonus_of(const struct meeting *m)
{
	if (!m->is_reached || m->is_inbound || m->kind == MEETING_PROGRAM)
		return 0;
	return m->kind == MEETING_ASKED || m->kind == MEETING_ANSWER ? RESOLVED : REACHED;
}

/* Whether it is less than what the feed means: the listed thing itself, met by an inside host. */
static bool is_less(const struct meeting *m)
{
	return m->is_inbound || weight_of(m) < WEIGHT;
}

static double by_confidence(const struct meeting *m, double confidence)
{
	return weight_of(m) * confidence / 100 + (confidence >= CONFIDENCE_LEAST ? bonus_of(m) : 0);
}

double intel_score(const struct meeting *m, double confidence)
{
	static const enum severity levels[] = { SEVERITY_NONE, SEVERITY_LOW, SEVERITY_MEDIUM,
						SEVERITY_HIGH, SEVERITY_CRITICAL };
	unsigned level = m->item->severity;
	if (!level || confidence < CONFIDENCE_LEAST)
		return by_confidence(m, confidence);
	level -= level > INTEL_LOW && is_less(m);
	double from = step_least(levels[level]);
	double to = level < INTEL_CRITICAL ? step_least(levels[level + 1]) : 1;
	return from + (to - from) * confidence / 101; /* 100 % is below the next severity */
}

static bool fires(const void *arg, double confidence)
{
	return step_severity(intel_score(arg, confidence)) != SEVERITY_NONE;
}

static struct told key_of(const struct detect_env *env, const struct ipaddr *host,
			  const char *value)
{
	struct told key;
	memset(&key, 0, sizeof(key));
	key.host = *host;
	key.value = hash_bytes(&env->key, value, strlen(value));
	return key;
}

bool intel_is_told(const struct intel_state *s, const struct detect_env *env,
		   const struct ipaddr *host, const struct intel_item *item)
{
	char value[INTEL_TEXT_MAX];
	(void)intel_text(env->intel, item, value, sizeof(value));
	struct told key = key_of(env, host, value);
	return table_find(&s->told, &key) != NULL;
}

/* Whether it is told now: it is louder than before, or long ago. */
static bool is_due(struct intel_state *s, const struct detect_env *env, const struct meeting *m,
		   const char *value, uint64_t *ret_count)
{
	struct told key = key_of(env, &m->e->src, value);
	uint32_t score = (uint32_t)(intel_score(m, m->confidence) * 1000);
	bool is_new;
	struct told *t = table_get(&s->told, &key, &is_new);
	*ret_count = 1;
	if (!t)
		return true;
	t->count++;
	if (!is_new && score <= t->score &&
	    env->steady_ns - t->told_ns < s->params->again_s * NS_PER_S)
		return false;
	if (is_new || score > t->score)
		t->score = score;
	*ret_count = t->count;
	t->count = 0;
	t->told_ns = env->steady_ns;
	return true;
}

static const char *verb_of(const struct meeting *m)
{
	static const char *const verbs[MEETING__COUNT] = {
		[MEETING_FLOW] = "connected to",
		[MEETING_ASKED] = "asked for",
		[MEETING_ANSWER] = "was answered with",
		[MEETING_NAME] = "talked to",
		[MEETING_CONTENT] = "met",
		[MEETING_PROGRAM] = "runs what looks like",
	};
	if (m->kind == MEETING_FLOW && !m->is_reached)
		return "tried to reach";
	if (m->kind == MEETING_CONTENT)
		return m->item->kind == INTEL_URL  ? "fetched" :
		       m->item->kind == INTEL_CERT ? "was shown the certificate" :
						     "exchanged mail with";
	if (m->kind == MEETING_FILE)
		return m->e->from_server ? "received the file" : "sent the file";
	return verbs[m->kind];
}

/* "listed 12 days before", or after: an indicator may be newer than the packet. */
static void age_of(char dst[64], const struct intel_item *item, uint64_t now_ns)
{
	uint64_t now_s = now_ns / NS_PER_S;
	if (!item->first_s)
		(void)snprintf(dst, 64, "since when is not told");
	else if (now_s >= item->first_s)
		(void)snprintf(dst, 64, "listed %llu days before",
			       (unsigned long long)((now_s - item->first_s) / DAY_S));
	else
		(void)snprintf(dst, 64, "listed %llu days after",
			       (unsigned long long)((item->first_s - now_s) / DAY_S));
}

void intel_put_indicator(struct finding *f, const struct detect_env *env, const struct meeting *m,
			 const char *value)
{
	const struct intel_item *item = m->item;
	struct finding_indicator *i = &f->indicator;
	const char *marking = intel_tlp_name((enum intel_tlp)item->tlp);
	bool is_v6 = (item->kind == INTEL_ADDRESS || item->kind == INTEL_PREFIX) &&
		     strchr(value, ':') != NULL;
	const char *type = item->kind == INTEL_PREFIX || item->kind == INTEL_ADDRESS ?
				   is_v6 ? "ipv6-addr" : "ipv4-addr" :
				   intel_kind_name((enum intel_kind)item->kind);
	(void)str_copy(i->type, sizeof(i->type), type);
	(void)str_copy(i->value, sizeof(i->value), value);
	(void)str_copy(i->feed, sizeof(i->feed), intel_feed_of(env->intel, item)->name);
	(void)str_copy(i->note, sizeof(i->note), intel_note(env->intel, item));
	(void)str_copy(i->marking, sizeof(i->marking), marking ? marking : "");
	i->first_s = item->first_s;
	i->last_s = item->until_s;
	i->confidence = (uint8_t)m->confidence;
}

static void put_confidence(struct finding *f, const struct detect_env *env, const struct meeting *m)
{
	char age[64];
	double weight = weight_of(m);
	age_of(age, m->item, env->now_ns);
	finding_feature(f, "feed_confidence", m->confidence, m->item->confidence, NAN, weight,
			weight * m->confidence / 100, "%s says so with %u %%%s; %s",
			f->indicator.feed, m->item->confidence,
			m->confidence < m->item->confidence ? ", less by its age" : "", age);
}

void intel_put_score(struct finding *f, const struct detect_env *env, const struct meeting *m)
{
	double plain = by_confidence(m, m->confidence);
	double bonus = plain - weight_of(m) * m->confidence / 100;
	double more = intel_score(m, m->confidence) - plain;
	put_confidence(f, env, m);
	if (bonus > 0)
		finding_feature(f, "reached", 1, NAN, NAN, bonus, bonus, "%s",
				m->kind == MEETING_ASKED || m->kind == MEETING_ANSWER ?
					"the name has an address" :
					"the connection came about");
	if (m->item->severity)
		finding_feature(
			f, "feed_severity", m->item->severity, NAN, NAN, more, more,
			"%s calls it %s%s", f->indicator.feed,
			intel_severity_name((enum intel_severity)m->item->severity),
			is_less(m) && m->item->severity > INTEL_LOW ? "; one step less here" : "");
}

static void put_features(struct finding *f, const struct detect_env *env, const struct meeting *m)
{
	intel_put_score(f, env, m);
	if (m->others)
		finding_feature(f, "other_feeds", m->others, NAN, NAN, 0, 0,
				"%u further entries of feeds have it", m->others);
	finding_feature(f, "field", 1, NAN, NAN, 0, 0, "%s%s%s", m->field, m->seen[0] ? ": " : "",
			m->seen);
}

static void put_words(struct finding *f, const struct detect_env *env, const struct meeting *m,
		      const char *value, const char *age)
{
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX];
	const char *note = f->indicator.note;
	step_ends(f, from, to);
	bool is_asker = (m->kind == MEETING_ASKED || m->kind == MEETING_ANSWER) &&
			context_roles(env->context, &f->subject.ip) & ROLE_RESOLVER;
	if (m->is_inbound)
		finding_text(f->message, sizeof(f->message),
			     "%s, which %s lists%s%s, connected to %s port %u; %s", value,
			     f->indicator.feed, *note ? " as " : "", note, to, m->e->dport, age);
	else
		finding_text(f->message, sizeof(f->message),
			     "%s %s %s%s%s%s, which %s lists%s%s; %s%s", from, verb_of(m),
			     m->seen[0] ? m->seen : value, m->seen[0] ? " (" : "",
			     m->seen[0] ? value : "", m->seen[0] ? ")" : "", f->indicator.feed,
			     *note ? " as " : "", note, age,
			     is_asker ? "; it asks for others: its log knows who" : "");
	finding_text(f->not_harmless, sizeof(f->not_harmless),
		     m->kind == MEETING_PROGRAM ?
			     "the feed knows this mark from malware; other programs may share it" :
		     m->kind == MEETING_FILE ?
			     "every byte of the file is that of one that the feed knows" :
			     "the feed has seen it at work; it is no shared host, resolver or "
			     "service that exfild knows");
	finding_text(f->counterfactual, sizeof(f->counterfactual),
		     "silent below a confidence of %llu",
		     (unsigned long long)finding_least(m->confidence, fires, m));
}

const char *intel_rule(struct intel_state *s, const struct intel_feed *feed)
{
	char text[POOL_NAME_MAX];
	(void)snprintf(text, sizeof(text), "intel:%s", feed->name);
	const char *name = pool_name(&s->rules, text);
	return name ? name : "intel";
}

static void put_file(struct finding *f, const struct event *e)
{
	const struct event_file_hash *h = (const struct event_file_hash *)e;
	struct finding_file *x = &f->file;
	(void)step_string(x->name, sizeof(x->name), e, &h->name);
	x->size = h->size == UINT64_MAX ? 0 : h->size;
	(void)step_string(x->md5, sizeof(x->md5), e, &h->md5);
	(void)step_string(x->sha1, sizeof(x->sha1), e, &h->sha1);
	(void)step_string(x->sha256, sizeof(x->sha256), e, &h->sha256);
}

void intel_tell(struct intel_state *s, const struct detect_env *env, const struct meeting *m)
{
	struct step_rule rule = m->kind == MEETING_FILE ? file : m->is_inbound ? inbound : outbound;
	char value[INTEL_TEXT_MAX], age[64];
	struct finding f;
	uint64_t count;
	if (step_severity(intel_score(m, m->confidence)) == SEVERITY_NONE)
		return;
	(void)intel_text(env->intel, m->item, value, sizeof(value));
	if (!is_due(s, env, m, value, &count))
		return;
	rule.rule = intel_rule(s, intel_feed_of(env->intel, m->item));
	step_begin(&f, &rule, env, m->e);
	f.count = count;
	f.visibility = VISIBILITY_NAME;
	(void)str_copy(f.object, sizeof(f.object), value);
	if (m->item->kind == INTEL_DOMAIN && !m->is_inbound)
		(void)str_copy(f.domain, sizeof(f.domain), m->seen[0] ? m->seen : value);
	intel_put_indicator(&f, env, m, value);
	if (m->kind == MEETING_FILE)
		put_file(&f, m->e);
	age_of(age, m->item, env->now_ns);
	put_features(&f, env, m);
	put_words(&f, env, m, value, age);
	s->findings++;
	step_raise(&f, env);
}
