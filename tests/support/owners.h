/*
 * support/owners.h - everything whose entries outlive the process, small, without the engine.
 *
 * What: a context, all detectors, fusion and the alert store with their list of parts; alerts are
 * rendered and thrown away.  owners_entries() walks a file of entries as tests/fuzz/fuzz_state.in
 * has them: part (a tag made of its name, two bytes), length (two, both little-endian), bytes.
 * Threads: one.
 */
#ifndef EXFILD_TESTS_SUPPORT_OWNERS_H
#define EXFILD_TESTS_SUPPORT_OWNERS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/alert/alert.h"
#include "exfild/detect/detector.h"
#include "places.h"

#define OWNERS_START     (1795000000ull * 1000000000ull)
#define OWNERS_DETECTORS 96

struct owners {
	struct detect_env env;
	struct context *context;
	bool owns_context;
	struct fusion *fusion;
	struct alert_options options;
	struct alert_store *alerts;
	struct keep_list list;
	void *state[OWNERS_DETECTORS], *params[OWNERS_DETECTORS];
	uint64_t emitted;
};

static inline void owners_need(bool held, const char *what)
{
	if (held)
		return;
	(void)fprintf(stderr, "owners: %s\n", what);
	abort();
}

static inline void owners_raise(void *arg, const struct finding *f)
{
	struct owners *o = arg;
	alert_store_finding(o->alerts, f);
}

static inline void owners_emit(void *arg, const struct alert *a)
{
	struct owners *o = arg;
	struct buf out;
	buf_init(&out, 64 * 1024);
	alert_json(a, &o->options, &out);
	owners_need(out.len > 0 && out.len <= ALERT_LINE_MAX, "an alert is a line");
	buf_reset(&out);
	alert_text(a, false, &out);
	owners_need(memchr(out.data, '\033', out.len) == NULL, "text has no escape");
	buf_deinit(&out);
	o->emitted++;
}

static inline struct context *owners_context(void)
{
	const struct context_options options = { .key = hash_key_fixed,
						 .sketch_key = hash_key_fixed,
						 .services_path =
							 EXFILD_SOURCE_DIR "/data/services.yaml",
						 .max_hosts = 64,
						 .max_names = 64 };
	struct context *c = NULL;
	char why[512] = "";
	owners_need(context_new(&options, &c, why, sizeof(why)) == 0, why);
	return c;
}

/* NULL: a context of its own.  A given one is borrowed and loses what it knew. */
static inline struct owners *owners_new(struct context *context)
{
	struct owners *o = calloc(1, sizeof(*o));
	owners_need(o != NULL, "memory");
	o->owns_context = context == NULL;
	o->context = context ? context : owners_context();
	o->fusion = fusion_new(64, &hash_key_fixed);
	o->options = (struct alert_options){ .sensor_name = "exfild",
					     .mode = "replay",
					     .session = "replay",
					     .merge_ns = 3600ull * 1000000000ull,
					     .minimum = SEVERITY_LOW,
					     .max_open = 16,
					     .context = o->context,
					     .fusion = o->fusion };
	o->alerts = alert_store_new(&o->options, owners_emit, o);
	owners_need(o->fusion && o->alerts, "memory");
	o->env = (struct detect_env){ .context = o->context,
				      .key = hash_key_fixed,
				      .sketch_key = hash_key_fixed,
				      .now_ns = OWNERS_START,
				      .steady_ns = OWNERS_START,
				      .max_hosts = 64,
				      .max_pairs = 128,
				      .raise = owners_raise,
				      .arg = o };
	context_keep(o->context, &o->list);
	for (size_t i = 0; i < o->list.count; i++) {
		struct table *t = o->list.parts[i].table;
		for (void *e = t ? table_next(t, NULL) : NULL; e; e = table_next(t, e))
			table_remove(t, e);
	}
	const struct detector *const *d = detector_list();
	for (size_t i = 0; d[i]; i++) {
		o->params[i] = calloc(1, d[i]->params_size + 1);
		o->state[i] = calloc(1, d[i]->state_size + 1);
		owners_need(o->params[i] && o->state[i], "memory");
		param_defaults(d[i]->params, o->params[i]);
		owners_need(d[i]->init(o->state[i], o->params[i], &o->env) == 0, "a detector");
		if (d[i]->keep)
			d[i]->keep(o->state[i], &o->list);
	}
	fusion_keep(o->fusion, &o->list);
	alert_store_keep(o->alerts, &o->list);
	return o;
}

static inline void owners_free(struct owners *o)
{
	const struct detector *const *d = detector_list();
	for (size_t i = 0; d[i]; i++) {
		d[i]->deinit(o->state[i]);
		free(o->state[i]);
		free(o->params[i]);
	}
	alert_store_free(o->alerts);
	fusion_free(o->fusion);
	if (o->owns_context)
		context_free(o->context);
	free(o);
}

/* Time goes on, twice, and ends: what was taken in is told. */
static inline void owners_live(struct owners *o)
{
	const struct detector *const *d = detector_list();
	for (unsigned turn = 0; turn < 2; turn++) {
		o->env.now_ns += 3601ull * 1000000000ull;
		o->env.steady_ns += 3601ull * 1000000000ull;
		for (size_t i = 0; d[i]; i++)
			if (d[i]->on_tick)
				d[i]->on_tick(o->state[i], &o->env);
		alert_store_tick(o->alerts, o->env.now_ns);
	}
	for (size_t i = 0; d[i]; i++)
		if (d[i]->on_end)
			d[i]->on_end(o->state[i], &o->env);
	alert_store_flush(o->alerts);
}

/* Stays the same whatever parts come beside it: FNV-1a, folded. */
static inline uint16_t owners_tag(const char *name)
{
	uint32_t h = 2166136261u;
	for (; *name; name++)
		h = (h ^ (uint8_t)*name) * 16777619u;
	return (uint16_t)(h >> 16 ^ h);
}

static inline const struct keep_part *owners_part(const struct owners *o, uint16_t tag)
{
	for (size_t i = 0; i < o->list.count; i++)
		if (owners_tag(o->list.parts[i].name) == tag)
			return &o->list.parts[i];
	return &o->list.parts[tag % o->list.count];
}

typedef void (*owners_entry_fn)(void *arg, const struct keep_part *part, const uint8_t *data,
				size_t len);

static inline void owners_entries(struct owners *o, const uint8_t *data, size_t size,
				  owners_entry_fn each, void *arg)
{
	struct cursor c = cursor_make(data, size);
	while (cursor_left(&c) >= 4) {
		const struct keep_part *part = owners_part(o, cursor_le16(&c));
		size_t len = cursor_le16(&c);
		len = len < cursor_left(&c) ? len : cursor_left(&c);
		const uint8_t *bytes = cursor_take(&c, len);
		if (bytes)
			each(arg, part, bytes, len);
	}
}

#endif
