/*
 * engine/selftest_reason.c - which part of the configuration keeps an attack silent.
 *
 * What cannot be read off is tried: the attack is replayed again with one part at its default, and
 * the first part that lets it fire is the reason.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/detect/detector.h"
#include "selftest_parts.h"

/* Its parameters, some of them at their defaults. */
struct trial {
	const struct selftest *test;
	struct selftest_row *row;
	const struct config_section *section; /* as configured */
	void *target, *defaults;
	size_t size;
	struct config config; /* the same but for target */
};

bool selftest_explain(struct selftest_row *row, const char *code, const char *fmt, ...)
{
	va_list ap;
	row->code = code;
	va_start(ap, fmt);
	(void)vsnprintf(row->reason, sizeof(row->reason), fmt, ap);
	va_end(ap);
	return true;
}

static const char *place_of(const struct config *c, const char *key)
{
	const char *place = config_place(c, key);
	return place ? place : "its default";
}

static const struct config_section *section_of(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->section_count; i++)
		if (strcmp(c->sections[i].name, name) == 0)
			return &c->sections[i];
	return NULL;
}

static bool by_exception(const struct selftest *t, const struct heard *h, struct selftest_row *row)
{
	if (h->exception < 0)
		return false;
	const struct config_exception *x = &t->config->exceptions[h->exception];
	return selftest_explain(
		row, "exception",
		"the exception at %s takes it (source %s, destination %s, rule %s: %s): it is "
		"wide enough to take an attack",
		x->place, x->source.text[0] ? x->source.text : "any",
		x->destination.text[0] ? x->destination.text : "any", x->rule[0] ? x->rule : "any",
		x->reason);
}

/* Whether a changed configuration lets it fire. */
static bool fires_with(const struct selftest *t, const struct selftest_row *row,
		       const struct config *c)
{
	struct heard h;
	return selftest_replay(t, row->test, c, &h) == 0 && h.alerts > 0;
}

static bool is_changed(const struct param *p, const void *target, const void *defaults)
{
	char now[64], usual[64];
	return strcmp(param_print(p, target, now, sizeof(now)),
		      param_print(p, defaults, usual, sizeof(usual))) != 0;
}

/* Whether it fires with p at its default and all others as configured. */
static bool fires_without(const struct trial *r, const struct param *p)
{
	char usual[64];
	memcpy(r->target, r->section->target, r->size);
	return param_set(p, r->target, param_print(p, r->defaults, usual, sizeof(usual))) == 0 &&
	       fires_with(r->test, r->row, &r->config);
}

static bool name_parameter(const struct trial *r, const struct param *p)
{
	char key[128], now[64], usual[64];
	(void)snprintf(key, sizeof(key), "detectors.%s.%s", r->section->name, p->name);
	return selftest_explain(
		r->row, "parameter", "%s is %s (%s); with the default, %s, it fires", key,
		param_print(p, r->section->target, now, sizeof(now)),
		place_of(r->test->config, key), param_print(p, r->defaults, usual, sizeof(usual)));
}

/* No one of them alone keeps it silent. */
static bool name_all_changed(const struct trial *r)
{
	char list[256];
	size_t len = 0;
	list[0] = '\0';
	for (const struct param *p = r->section->params; p->name && len < sizeof(list); p++)
		if (is_changed(p, r->section->target, r->defaults))
			len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s",
						len ? ", " : "", p->name);
	return selftest_explain(
		r->row, "parameter",
		"of detectors.%s these together keep it silent: %s; with their defaults it "
		"fires",
		r->section->name, list);
}

/* The parameters of its detector that are not at their defaults, one after the other. */
static bool try_parameters(const struct trial *r)
{
	unsigned changed = 0;
	for (const struct param *p = r->section->params; p && p->name; p++) {
		if (!is_changed(p, r->section->target, r->defaults))
			continue;
		changed++;
		if (fires_without(r, p))
			return name_parameter(r, p);
	}
	memcpy(r->target, r->defaults, r->size);
	return changed > 1 && fires_with(r->test, r->row, &r->config) && name_all_changed(r);
}

static size_t params_size_of(const char *detector)
{
	for (const struct detector *const *d = detector_list(); *d; d++)
		if (strcmp((*d)->name, detector) == 0)
			return (*d)->params_size;
	return 0;
}

static bool by_parameters(const struct selftest *t, struct selftest_row *row)
{
	struct trial r = { .test = t,
			   .row = row,
			   .section = section_of(t->config, row->test->detector),
			   .size = params_size_of(row->test->detector),
			   .config = *t->config };
	size_t count = r.config.section_count;
	if (!r.section || !r.section->params || !r.size)
		return false;
	r.config.sections = calloc(count, sizeof(*r.config.sections));
	r.target = calloc(1, r.size);
	r.defaults = calloc(1, r.size);
	bool found = false;
	if (r.config.sections && r.target && r.defaults) {
		memcpy(r.config.sections, t->config->sections, count * sizeof(*r.config.sections));
		r.config.sections[r.section - t->config->sections].target = r.target;
		param_defaults(r.section->params, r.defaults);
		found = try_parameters(&r);
	}
	free(r.config.sections);
	free(r.target);
	free(r.defaults);
	return found;
}

static bool by_surroundings(const struct selftest *t, struct selftest_row *row)
{
	struct config c = *t->config;
	c.capture.filter = "";
	if (*t->config->capture.filter && fires_with(t, row, &c))
		return selftest_explain(
			row, "filter", "capture.filter leaves its packets out: %s (%s)",
			t->config->capture.filter, place_of(t->config, "capture.filter"));
	c.zone_count = 0;
	return t->config->zone_count && fires_with(t, row, &c) &&
	       selftest_explain(
		       row, "networks",
		       "networks takes the other end of it for inside (%s); without networks it fires",
		       t->config->zones[0].place);
}

void selftest_find_reason(const struct selftest *t, const struct heard *h, struct selftest_row *row)
{
	const struct config_section *s = section_of(t->config, row->test->detector);
	char key[128];
	if (s && !s->enabled) {
		(void)snprintf(key, sizeof(key), "detectors.%s.enabled", s->name);
		(void)selftest_explain(row, "disabled", "%s is false (%s)", key,
				       place_of(t->config, key));
		return;
	}
	if (h->severity > SEVERITY_NONE) {
		(void)selftest_explain(
			row, "minimum", "its severity is %s, and %s is %s (%s)",
			severity_name(h->severity),
			t->options->minimum ? "the least that is sent" : "alerts.minimum",
			severity_name(t->minimum),
			t->options->minimum ? "--minimum" : place_of(t->config, "alerts.minimum"));
		return;
	}
	if (by_exception(t, h, row) || by_parameters(t, row) || by_surroundings(t, row))
		return;
	(void)selftest_explain(
		row, "unknown",
		"nothing in the configuration explains it: the installation is damaged, or this "
		"is a bug of exfild");
}
