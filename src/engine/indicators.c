/*
 * engine/indicators.c - see indicators.h.
 */
#include "indicators.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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
			.severity = intel_severity_of(feed->severity, strlen(feed->severity)),
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

bool indicators_local(const struct config *config, char *dst, size_t size)
{
	if (!*config->state.directory)
		return false;
	int n = snprintf(dst, size, "%s/indicators.txt", config->state.directory);
	return n > 0 && (size_t)n < size;
}

struct layer { /* of the set: what goes into it */
	const struct intel_source *sources;
	size_t count;
	uint32_t max;
	const struct intel *before, *base;
};

static int build(const struct analysis_options *o, const struct config *config,
		 struct context *context, const struct layer *layer, struct intel **ret)
{
	struct intel_guard guard = { .context = context };
	struct intel_allow *allow = allow_of(config, &guard.allow_count);
	guard.allow = allow;
	struct intel_options options = {
		.sources = layer->sources,
		.source_count = layer->count,
		.max_items = layer->max,
		.key = o->sketch_key ? *o->sketch_key :
		       o->key        ? *o->key :
				       hash_key_fixed,
		.guard = intel_guard,
		.guard_arg = &guard,
		.before = layer->before,
		.base = layer->base,
		.dates_by_file = o->is_live,
	};
	int err = allow ? intel_build(&options, ret) : -EXF_E_NOMEM;
	free(allow);
	return err;
}

static int build_feeds(const struct analysis_options *o, const struct config *config,
		       struct context *context, const struct intel *before, struct intel **ret)
{
	struct intel_source *sources = sources_of(config);
	struct layer layer = { .sources = sources,
			       .count = config->intel.feed_count,
			       .max = o->max_indicators,
			       .before = before };
	int err = sources ? build(o, config, context, &layer, ret) : -EXF_E_NOMEM;
	free(sources);
	return err;
}

/* What was said by hand does not expire by itself, and is sure. */
static int build_local(const struct analysis_options *o, const struct config *config,
		       struct context *context, const struct intel *before, struct intel *base,
		       struct intel **ret)
{
	char path[512];
	struct intel_source source = { .name = "local",
				       .file = path,
				       .format = INTEL_PLAIN,
				       .confidence = 90,
				       .is_local = true };
	bool has_file = indicators_local(config, path, sizeof(path));
	struct layer layer = { .sources = &source,
			       .count = has_file ? 1 : 0,
			       .max = o->max_local_indicators,
			       .before = before,
			       .base = base };
	return build(o, config, context, &layer, ret);
}

static int build_layers(const struct analysis_options *o, const struct config *config,
			enum indicators_part part, struct context *context,
			const struct intel *before, struct intel **ret)
{
	struct intel *base = NULL;
	if (!o->is_live)
		return build_feeds(o, config, context, before, ret);
	int err = 0;
	if (part == INDICATORS_LOCAL)
		base = intel_hold(intel_base(before));
	else if (config->intel.feed_count)
		err = build_feeds(o, config, context, intel_base(before), &base);
	if (!err)
		err = build_local(o, config, context, before, base, ret);
	intel_drop(base);
	return err;
}

int indicators_build(const struct analysis_options *o, const struct config *config,
		     enum indicators_part part, const struct intel *before, struct intel **ret,
		     char *ret_why, size_t why_size)
{
	struct analysis_options small = *o;
	struct context *context = NULL;
	*ret = NULL;
	if (config->intel.feed_count == 0 && !o->is_live)
		return 0;
	small.config = config;
	small.max_hosts = small.max_names = GUARD_HOSTS;
	int err = analysis_make_context(&small, context_new, &context, ret_why, why_size);
	if (err)
		return err;
	err = build_layers(o, config, part, context, before, ret);
	context_free(context);
	if (err)
		(void)snprintf(ret_why, why_size, "memory for indicators is exhausted");
	return err;
}

static uint64_t signature_of(uint64_t hash, const char *path)
{
	struct stat info;
	if (stat(path, &info) != 0)
		return hash_mix(hash, 1);
	hash = hash_mix(hash, (uint64_t)info.st_ino);
	hash = hash_mix(hash, (uint64_t)info.st_size);
	hash = hash_mix(hash, (uint64_t)info.st_mtim.tv_sec);
	return hash_mix(hash, (uint64_t)info.st_mtim.tv_nsec);
}

uint64_t indicators_signature(const struct config *config)
{
	uint64_t hash = hash_key_fixed.k[0];
	for (size_t i = 0; i < config->intel.feed_count; i++)
		hash = signature_of(hash, config->intel.feeds[i].file);
	return hash;
}

static void log_feed(const struct intel_feed *f)
{
	if (f->is_held)
		log_warnx("intel", "%s: %s %s; %u indicators of before stay in effect", f->name,
			  f->file, f->error, f->items);
	else if (f->lines)
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
			  "%s: %llu indicators are left out: raise intel.max_indicators, each of "
			  "which has room for %u bytes of value and note",
			  f->name, (unsigned long long)f->left_out, INTEL_TEXT_BYTES);
}

void indicators_log(const struct intel *x)
{
	for (size_t i = 0; i < intel_feeds(x); i++)
		log_feed(intel_feed(x, i));
	if (intel_count(x))
		log_info("intel", "%u indicators in %.1f MB", intel_count(x),
			 (double)intel_bytes(x) / 1e6);
}
