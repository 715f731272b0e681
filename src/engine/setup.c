/*
 * engine/setup.c - see setup.h.
 */
#include "setup.h"

#include <stdio.h>
#include <stdlib.h>

#include "exfild/detect/detector.h"

/* One section a detector, so that the configuration knows its parameters. */
static int make_sections(struct setup *s)
{
	const struct detector *const *list = detector_list();
	size_t count = 0;
	while (list[count])
		count++;
	s->sections = calloc(count ? count : 1, sizeof(*s->sections));
	if (!s->sections)
		return -EXF_E_NOMEM;
	for (; s->section_count < count; s->section_count++) {
		const struct detector *d = list[s->section_count];
		struct config_section *section = &s->sections[s->section_count];
		section->name = d->name;
		section->params = d->params;
		section->enabled = true;
		section->target = calloc(1, d->params_size ? d->params_size : 1);
		if (!section->target)
			return -EXF_E_NOMEM;
	}
	return 0;
}

static int make(const struct options *o, struct setup **ret, struct config_options *ret_options,
		char *why, size_t size)
{
	struct setup *s = calloc(1, sizeof(*s));
	if (!s || make_sections(s)) {
		(void)snprintf(why, size, "memory is exhausted");
		setup_drop(s);
		return -EXF_E_NOMEM;
	}
	*ret_options = (struct config_options){ .sets = o->sets,
						.set_count = o->set_count,
						.sections = s->sections,
						.section_count = s->section_count };
	*ret = s;
	return 0;
}

static int hand_out(struct setup *s, int err, struct setup **ret)
{
	if (err) {
		setup_drop(s);
		return err;
	}
	atomic_store(&s->holders, 1);
	*ret = s;
	return 0;
}

int setup_load(const struct options *o, const char *path, struct setup **ret, char *ret_why,
	       size_t why_size)
{
	struct setup *s;
	struct config_options options;
	int err = make(o, &s, &options, ret_why, why_size);
	if (err)
		return err;
	options.path = path;
	return hand_out(s, config_load(&options, &s->config, ret_why, why_size), ret);
}

int setup_parse(const struct options *o, const char *name, const void *text, size_t len,
		struct setup **ret, char *ret_why, size_t why_size)
{
	struct setup *s;
	struct config_options options;
	int err = make(o, &s, &options, ret_why, why_size);
	if (err)
		return err;
	err = config_parse(&options, name, text, len, &s->config, ret_why, why_size);
	return hand_out(s, err, ret);
}

struct setup *setup_hold(struct setup *s)
{
	(void)atomic_fetch_add(&s->holders, 1);
	return s;
}

void setup_drop(struct setup *s)
{
	if (!s || (atomic_load(&s->holders) && atomic_fetch_sub(&s->holders, 1) > 1))
		return;
	config_free(s->config);
	for (size_t i = 0; s->sections && i < s->section_count; i++)
		free(s->sections[i].target);
	free(s->sections);
	free(s);
}
