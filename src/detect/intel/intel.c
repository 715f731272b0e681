/*
 * detect/intel/intel.c - traffic that meets an indicator of a feed.
 *
 * Idea: what others have seen at work is looked for wherever its kind of value occurs: both ends
 * of connections (innermost, so inside tunnels as well), names asked and answered, SNI, Host, URL,
 * User-Agent, fingerprints of TLS and SSH, certificates, mail addresses, files in the clear.  How
 * sure the feed is, and whether the connection came about, make the severity.
 * Evasion: new addresses and names; a feed knows the past.
 * False alarms: addresses that have changed hands (confidence decays), shared hosting (guards),
 * fingerprints that many programs share (never above low by themselves), and the noise of scanners
 * at the gateway: a listed address that knocks and gets nothing is only counted.
 */
#include "intel.h"

#include <stdlib.h>
#include <string.h>

#define WALK_TICK  1000000000ull /* packet time between two steps of looking back */
#define WALK_SLOTS 16384u        /* entries a step: two or three milliseconds */

static const struct param params[] = {
	{ "again", PARAM_DURATION, offsetof(struct intel_params, again_s), 60, 30 * 86400.0, 3600,
	  "", "How long the same indicator at the same host is told once" },
	PARAM_END
};

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct intel_state *s = state;
	s->params = parameters;
	struct table_config config = { .capacity = env->max_pairs / 16 ? env->max_pairs / 16 : 1,
				       .entry_size = sizeof(struct told),
				       .key_size = sizeof(struct ipaddr) + sizeof(uint64_t),
				       .key = env->key };
	int err = table_init(&s->told, &config);
	s->quiet = calloc(INTEL_QUIET, sizeof(*s->quiet));
	if (!err && !s->quiet)
		err = -EXF_E_NOMEM;
	return err ? err : past_init(&s->past, env);
}

static void deinit(void *state)
{
	struct intel_state *s = state;
	table_deinit(&s->told);
	past_deinit(&s->past);
	free(s->quiet);
	pool_deinit(&s->rules);
}

static void on_tick(void *state, const struct detect_env *env)
{
	intel_look_back(state, env, WALK_SLOTS);
}

static void on_end(void *state, const struct detect_env *env)
{
	intel_look_back(state, env, UINT32_MAX);
}

static void keep(void *state, struct keep_list *list)
{
	struct intel_state *s = state;
	past_keep(&s->past, list);
}

static void on_event(void *state, const struct detect_env *env, const struct event *e)
{
	struct intel_state *s = state;
	if (env->intel)
		intel_judge(s, env, e);
	if (env->lookback_days)
		intel_remember(s, env, e);
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct intel_state *s = state;
	const struct table_stats *told = &s->told.stats, *past = &s->past.entries.stats;
	ret->entries = told->entries + past->entries;
	ret->evictions = told->evictions + past->evictions;
	ret->evicted_with_evidence = past->evicted_with_evidence;
	ret->findings = s->findings;
	ret->worst_case_bytes = table_worst_case(told->capacity, sizeof(struct told)) +
				table_worst_case(past->capacity, sizeof(struct past_entry)) +
				INTEL_QUIET * sizeof(*s->quiet);
}

const struct detector intel_detector = {
	.name = "intel",
	.title = "Known bad address, name or fingerprint",
	.idea = "Looks for the indicators of the configured feeds wherever their kind of value occurs",
	.params = params,
	.params_size = sizeof(struct intel_params),
	.state_size = sizeof(struct intel_state),
	.wants = 1ull << EVENT_FLOW_START | 1ull << EVENT_FLOW_PROGRESS | 1ull << EVENT_FLOW_END |
		 1ull << EVENT_DNS | 1ull << EVENT_NAME | 1ull << EVENT_TLS | 1ull << EVENT_QUIC |
		 1ull << EVENT_HTTP | 1ull << EVENT_CERT | 1ull << EVENT_SSH | 1ull << EVENT_MAIL |
		 1ull << EVENT_FILE_HASH,
	.init = init,
	.deinit = deinit,
	.tick_ns = WALK_TICK,
	.on_event = on_event,
	.on_tick = on_tick,
	.on_end = on_end,
	.keep = keep,
	.counters = counters,
};
