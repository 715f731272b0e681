/*
 * detect/judging.h - a detector before synthetic events.
 *
 * What: a detector with default parameters, a context over the shipped services, a clock, and the
 * findings that it raised.  10.0.0.x is inside, 192.0.2.x and 203.0.113.x are outside.
 */
#ifndef EXFILD_TEST_DETECT_JUDGING_H
#define EXFILD_TEST_DETECT_JUDGING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exfild/detect/detector.h"
#include "exfild/event/log.h"
#include "places.h"

#define SECOND_NS    1000000000ull
#define DAY_NS       (86400 * SECOND_NS)
#define FINDINGS_MAX 64

struct judging {
	const struct detector *detector;
	struct detect_env env;
	struct event_log *log;
	void *state;
	void *params;
	struct finding found[FINDINGS_MAX];
	unsigned count; /* findings raised, also beyond FINDINGS_MAX */
	unsigned updates;
	struct finding update; /* the last totals */
	uint64_t packet;
};

static inline void judging_raise(void *arg, const struct finding *f)
{
	struct judging *j = arg;
	double sum = 0;
	if (f->is_update) {
		assert_true(j->count > 0 && *f->message);
		j->updates++;
		j->update = *f;
		return;
	}
	assert_in_range(f->feature_count, 1, FINDING_FEATURES);
	for (unsigned i = 0; i < f->feature_count; i++)
		sum += f->features[i].contribution;
	/* the score can be recomputed from its features */
	assert_true(f->score >= 0 && f->score <= 1);
	assert_true((sum >= 1 && f->score >= 0.999) ||
		    (sum > f->score - 1e-9 && sum < f->score + 1e-9));
	assert_true(f->techniques[0] != NULL && f->tactic != NULL);
	assert_true(f->subject.has_ip);
	assert_true(*f->message && *f->counterfactual && *f->not_harmless && *f->unseen);
	assert_true(f->step_count > 0 && *f->filter);
	if (j->count < FINDINGS_MAX)
		j->found[j->count] = *f;
	j->count++;
}

static inline void judging_init(struct judging *j, const char *name)
{
	struct context_options options = { .key = hash_key_fixed,
					   .sketch_key = hash_key_fixed,
					   .services_path = EXFILD_SOURCE_DIR "/data/services.yaml",
					   .max_hosts = 256,
					   .max_names = 256 };
	char why[512] = "";
	memset(j, 0, sizeof(*j));
	for (size_t i = 0; detector_list()[i]; i++)
		if (strcmp(detector_list()[i]->name, name) == 0)
			j->detector = detector_list()[i];
	assert_non_null(j->detector);
	if (context_new(&options, &j->env.context, why, sizeof(why)) != 0)
		fail_msg("%s", why);
	j->env.key = j->env.sketch_key = hash_key_fixed;
	j->env.now_ns = j->env.steady_ns = 1700000000ull * SECOND_NS;
	j->env.max_hosts = 1024;
	j->env.max_pairs = 8192;
	j->env.raise = judging_raise;
	j->env.arg = j;
	j->log = event_log_new();
	j->params = calloc(1, j->detector->params_size);
	j->state = calloc(1, j->detector->state_size);
	assert_true(j->log && j->params && j->state);
	param_defaults(j->detector->params, j->params);
	assert_int_equal(j->detector->init(j->state, j->params, &j->env), 0);
}

static inline void judging_deinit(struct judging *j)
{
	struct detector_counters c;
	j->detector->counters(j->state, &c);
	assert_true(c.worst_case_bytes > 0);
	j->detector->deinit(j->state);
	free(j->state);
	free(j->params);
	event_log_free(j->log);
	context_free(j->env.context);
}

static inline void judging_pass(struct judging *j, uint64_t ns)
{
	j->env.now_ns += ns;
	j->env.steady_ns += ns;
}

static inline struct ipaddr judging_ip(const char *text)
{
	struct ipaddr a;
	assert_int_equal(ipaddr_parse(text, &a), 0);
	return a;
}

/* Begins an event between two addresses; judging_end() shows it to context and detector. */
static inline void *judging_event(struct judging *j, enum event_kind kind, size_t size,
				  const char *src, const char *dst, uint8_t proto)
{
	event_log_reset(j->log);
	struct event *e = event_log_begin(j->log, kind, size, ++j->packet);
	e->packet = j->packet;
	e->time_ns = j->env.now_ns;
	e->src = judging_ip(src);
	e->dst = judging_ip(dst);
	e->proto = proto;
	e->ip_version = ipaddr_is_v4(&e->src) ? 4 : 6;
	return e;
}

static inline void judging_end(struct judging *j)
{
	event_log_commit(j->log);
	const struct event *e = event_log_next(j->log, NULL);
	context_event(j->env.context, e);
	if (j->detector->wants & 1ull << e->kind)
		j->detector->on_event(j->state, &j->env, e);
}

static inline void judging_str(struct judging *j, struct event_str *s, const char *text)
{
	event_log_str(j->log, s, text, strlen(text), strlen(text));
}

static inline const struct finding_feature *judging_feature(const struct finding *f,
							    const char *name)
{
	for (unsigned i = 0; i < f->feature_count; i++)
		if (strcmp(f->features[i].name, name) == 0)
			return &f->features[i];
	fail_msg("no feature %s", name);
	return NULL;
}

#endif
