/*
 * engine/analysis_change.c - another configuration for a plane that runs.
 *
 * Everything that takes time or can fail is done in analysis_prepare(), on the thread of whoever
 * reloads; the analysis thread exchanges pointers and copies parameters; what is old is freed
 * outside of it again.  Flows, names, hosts and the memory of detectors are not touched.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "exfild/context/geo.h"
#include "analysis_parts.h"
#include "identities.h"
#include "indicators.h"

struct analysis_change {
	const struct config *config;
	struct context *context; /* of the configured part */
	struct outputs *outputs;
	struct intel *intel;
	struct identity_list *identities;
	struct geo_set *geo;
	enum { CHANGE_ALL, CHANGE_INTEL, CHANGE_IDENTITIES } what;
	struct signatures *signatures;
	struct policy *policies;
	uint64_t pause_ns;
};

static uint64_t steady_ns(void)
{
	struct timespec t = { 0 };
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

int analysis_prepare(struct analysis *a, const struct config *config, struct analysis_change **ret,
		     char *ret_why, size_t why_size)
{
	struct analysis_options o = a->made_with;
	struct analysis_change *c = calloc(1, sizeof(*c));
	o.config = config;
	int err = -EXF_E_NOMEM;
	if (c) {
		c->config = config;
		err = analysis_make_context(&o, context_prepare, &c->context, ret_why, why_size);
	}
	if (!err)
		err = signatures_from(config, o.data_dir, &c->signatures, ret_why, why_size);
	if (!err) {
		(void)signatures_compile(c->signatures);
		signatures_report(c->signatures);
	}
	if (!err)
		err = policies_from(config, true, &c->policies, ret_why, why_size);
	if (!err)
		err = identities_from(config, &c->identities, ret_why, why_size);
	if (!err)
		err = geo_open(config->geo.country, config->geo.as, &c->geo, ret_why, why_size);
	if (!err)
		err = analysis_make_outputs(a, config, a->outputs, &c->outputs, ret_why, why_size);
	if (!err)
		err = indicators_build(&o, config, INDICATORS_ALL, a->intel, &c->intel, ret_why,
				       why_size);
	if (!err) {
		indicators_log(c->intel);
		*ret = c;
		return 0;
	}
	if (err == -EXF_E_NOMEM)
		(void)snprintf(ret_why, why_size, "memory is exhausted");
	analysis_change_free(c);
	return err;
}

int analysis_prepare_intel(struct analysis *a, const struct config *config, bool is_local,
			   struct analysis_change **ret, char *ret_why, size_t why_size)
{
	struct analysis_options o = a->made_with;
	struct analysis_change *c = calloc(1, sizeof(*c));
	o.config = config;
	if (!c) {
		(void)snprintf(ret_why, why_size, "memory is exhausted");
		return -EXF_E_NOMEM;
	}
	c->what = CHANGE_INTEL;
	int err = indicators_build(&o, config, is_local ? INDICATORS_LOCAL : INDICATORS_ALL,
				   a->intel, &c->intel, ret_why, why_size);
	if (err) {
		analysis_change_free(c);
		return err;
	}
	indicators_log(c->intel);
	*ret = c;
	return 0;
}

int analysis_prepare_identities(const struct config *config, struct analysis_change **ret,
				char *ret_why, size_t why_size)
{
	struct analysis_change *c = calloc(1, sizeof(*c));
	if (!c) {
		(void)snprintf(ret_why, why_size, "memory is exhausted");
		return -EXF_E_NOMEM;
	}
	c->what = CHANGE_IDENTITIES;
	int err = identities_from(config, &c->identities, ret_why, why_size);
	if (err)
		analysis_change_free(c);
	else
		*ret = c;
	return err;
}

const struct intel *analysis_intel(const struct analysis *a)
{
	return a->intel;
}

_Static_assert((int)INTEL_MD5 == (int)SUM_MD5 && (int)INTEL_SHA1 == (int)SUM_SHA1 &&
		       (int)INTEL_SHA256 == (int)SUM_SHA256,
	       "the layers agree on the bits");

unsigned analysis_sums(const struct analysis *a)
{
	unsigned kinds = intel_file_hashes(a->intel);
	return kinds && a->config->intel.pages ? kinds | SUM_PAGES : kinds;
}

uint64_t analysis_change_pause(const struct analysis_change *c)
{
	return c->pause_ns;
}

void analysis_change_free(struct analysis_change *c)
{
	if (!c)
		return;
	context_free(c->context);
	outputs_close(c->outputs);
	intel_drop(c->intel);
	identity_list_free(c->identities);
	geo_close(c->geo);
	signatures_free(c->signatures);
	policy_free(c->policies);
	free(c);
}

static void change_detectors(struct analysis *a, const struct config *config)
{
	for (size_t i = 0; i < a->running_count; i++) {
		struct running *r = &a->running[i];
		const struct detector *d = r->detector;
		const struct config_section *section = analysis_section(config, d->name);
		if (!section)
			continue;
		if (d->params_size)
			memcpy(r->params, section->target, d->params_size);
		if (d->retune)
			d->retune(r->state);
		r->enabled = section->enabled;
	}
	analysis_seat(a);
}

static void take_intel(struct analysis *a, struct analysis_change *c)
{
	struct intel *old = a->intel;
	a->env.intel = a->intel = c->intel;
	c->intel = old; /* freed outside */
}

void analysis_take_change(struct analysis *a, struct analysis_change *c)
{
	uint64_t began_ns = steady_ns();
	if (c->what == CHANGE_IDENTITIES)
		c->identities = context_identities(a->context, c->identities);
	else
		take_intel(a, c);
	if (c->what != CHANGE_ALL) {
		c->pause_ns = steady_ns() - began_ns;
		return;
	}
	a->config = c->config;
	a->env.lookback_days = analysis_lookback(&a->made_with, c->config);
	memset(a->exceptions, 0, sizeof(a->exceptions)); /* other ones */
	change_detectors(a, c->config);
	/* the same rules go on with what they have counted */
	if (signatures_digest(c->signatures) != signatures_digest(a->signatures))
		c->signatures = analysis_take_signatures(a, c->signatures);
	c->policies = policies_take(a->policies, c->config, c->policies);
	context_take(a->context, c->context);
	c->identities = context_identities(a->context, c->identities);
	c->geo = context_geo(a->context, c->geo);
	a->alert_options.minimum = analysis_minimum(a->made_with.options, c->config);
	a->alert_options.merge_ns = c->config->alerts.merge_s * 1000000000ull;
	a->alert_options.rate_per_minute = c->config->alerts.rate_per_minute;
	a->alert_options.rule_per_minute = c->config->alerts.rule_per_minute;
	alert_store_change(a->store, &a->alert_options);
	a->alert_options.form = analysis_form(c->config);
	outputs_take(a->outputs, c->outputs);
	c->pause_ns = steady_ns() - began_ns;
}
