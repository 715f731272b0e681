/*
 * engine/indicators.c - see indicators.h.
 */
#include "indicators.h"

#include <stdlib.h>

#include "exfild/base/log.h"
#include "exfild/intel/guard.h"
#include "analysis_parts.h"

#define GUARD_HOSTS 16 /* of a context that only knows what is configured */

static struct intel_source *sources_of(const struct config *config)
{
	size_t count = config->intel.feed_count;
	struct intel_source *sources = calloc(count, sizeof(*sources));
	for (size_t i = 0; sources && i < count; i++) {
		const struct config_feed *feed = &config->intel.feeds[i];
		sources[i] = (struct intel_source){
			.name = feed->name,
			.file = feed->file,
			.format = intel_format_of(feed->format),
			.kind = intel_kind_of(feed->type),
			.confidence = (uint8_t)feed->confidence,
			.expires_s = feed->expires_s,
			.below = feed->subdomains,
		};
	}
	return sources;
}

/* Zones are inside, and nothing that is inside is called bad. */
static struct intel_allow *allow_of(const struct config *config, size_t *ret_count)
{
	size_t count = config->intel.allow_count;
	struct intel_allow *allow = calloc(count ? count : 1, sizeof(*allow));
	*ret_count = 0;
	for (size_t i = 0; allow && i < count; i++) {
		const struct config_peer *peer = &config->intel.allow[i];
		if (peer->kind == CONFIG_PEER_DOMAIN)
			allow[(*ret_count)++].domain = peer->name;
		else if (peer->kind == CONFIG_PEER_PREFIX)
			allow[(*ret_count)++].prefix = peer->prefix;
	}
	return allow;
}

static int build(const struct analysis_options *o, const struct config *config,
		 const struct intel *before, struct context *context, struct intel **ret)
{
	struct intel_source *sources = sources_of(config);
	struct intel_guard guard = { .context = context };
	struct intel_allow *allow = allow_of(config, &guard.allow_count);
	guard.allow = allow;
	struct intel_options options = {
		.sources = sources,
		.source_count = config->intel.feed_count,
		.max_items = o->max_indicators,
		.key = o->sketch_key ? *o->sketch_key :
		       o->key        ? *o->key :
				       hash_key_fixed,
		.guard = intel_guard,
		.guard_arg = &guard,
		.before = before,
		.dates_by_file = o->is_live,
	};
	int err = sources && allow ? intel_build(&options, ret) : -EXF_E_NOMEM;
	free(sources);
	free(allow);
	return err;
}

int indicators_build(const struct analysis_options *o, const struct config *config,
		     const struct intel *before, struct intel **ret, char *ret_why, size_t why_size)
{
	struct analysis_options small = *o;
	struct context *context = NULL;
	*ret = NULL;
	if (config->intel.feed_count == 0)
		return 0;
	small.config = config;
	small.max_hosts = small.max_names = GUARD_HOSTS;
	int err = analysis_make_context(&small, context_new, &context, ret_why, why_size);
	if (err)
		return err;
	err = build(o, config, before, context, ret);
	context_free(context);
	if (err)
		(void)snprintf(ret_why, why_size, "memory for indicators is exhausted");
	return err;
}

static void log_feed(const struct intel_feed *f)
{
	if (f->is_held)
		log_warnx("intel", "%s: %s %s; %u indicators of before stay in effect", f->name,
			  f->file, f->error, f->items);
	else
		log_info("intel", "%s: %u indicators (%s), %llu lines", f->name, f->items,
			 intel_format_name(f->format), (unsigned long long)f->lines);
	uint64_t trouble = f->broken + f->guarded + f->unsupported;
	for (uint32_t i = 0; i < f->report_count; i++)
		log_warnx("intel", "%s:%u: %s", f->file, f->reports[i].line, f->reports[i].why);
	if (trouble > f->report_count)
		log_warnx("intel",
			  "%s: in all %llu lines broken, %llu held back, %llu not supported",
			  f->name, (unsigned long long)f->broken, (unsigned long long)f->guarded,
			  (unsigned long long)f->unsupported);
	if (f->left_out)
		log_warnx("intel",
			  "%s: %llu indicators are left out: intel.max_indicators is reached",
			  f->name, (unsigned long long)f->left_out);
}

void indicators_log(const struct intel *x)
{
	for (size_t i = 0; i < intel_feeds(x); i++)
		log_feed(intel_feed(x, i));
	if (x)
		log_info("intel", "%u indicators in %.1f MB", intel_count(x),
			 (double)intel_bytes(x) / 1e6);
}
