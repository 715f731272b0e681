/*
 * engine/casefile.c - see casefile.h.
 */
#include "casefile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/base/log.h"
#include "exfild/context/geo.h"

#define COUNTERS 16

struct casefile {
	struct report_file file;
	struct report *report;
};

int casefile_open(const char *path, struct casefile **ret, char *ret_why, size_t why_size)
{
	struct casefile *c = calloc(1, sizeof(*c));
	if (!c)
		return -EXF_E_NOMEM;
	c->file.fd = -1;
	c->report = report_new();
	int err = c->report ? report_file_open(&c->file, path, ret_why, why_size) : -EXF_E_NOMEM;
	if (err) {
		casefile_close(c);
		return err;
	}
	*ret = c;
	return 0;
}

void casefile_close(struct casefile *c)
{
	if (!c)
		return;
	report_file_drop(&c->file);
	report_free(c->report);
	free(c);
}

struct report *casefile_report(struct casefile *c)
{
	return c ? c->report : NULL;
}

void casefile_alert(struct report *r, const struct buf *line)
{
	int err = report_alert(r, line->data, line->len);
	if (err && err != -EXF_E_LIMIT) /* beyond the limit it is counted, and the page says so */
		log_errorx("report", "an alert is missing in the report: %s", exf_strerror(err));
}

/* The last part of a path: a page is passed on, folders are nobody's business. */
static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash && slash[1] ? slash + 1 : path;
}

static void make_title(const struct options *o, char *dst, size_t size)
{
	const char *first = o->input_count ? name_of(o->inputs[0]) : "";
	if (strcmp(first, "-") == 0)
		first = "standard input";
	if (o->input_count > 1)
		(void)snprintf(dst, size, "%s and %zu more", first, o->input_count - 1);
	else
		(void)snprintf(dst, size, "%s", first);
}

static size_t make_counters(const struct tally *t, struct report_counter ret[COUNTERS])
{
	const struct tally_plane *p = &t->plane;
	const struct report_counter all[] = {
		{ "Packets dropped", t->drops, "They were never looked at" },
		{ "Flows evicted", p->table_evictions,
		  "limits.flows was reached: their later packets began new flows" },
		{ "Flows left unclassified", p->undecided_capped,
		  "limits.undecided was reached: their protocol is not known" },
		{ "Flows not inspected", p->inspect_refused + p->inspect_evicted,
		  "limits.undecided was reached: they were counted, not read" },
		{ "Streams cut short", p->streams_refused + p->streams_evicted,
		  "No reassembly buffer was free: the rest of them was not read" },
		{ "Events dropped", p->events_dropped + t->events_refused,
		  "Detectors did not hear of them" },
		{ "Leaps of the packets' time", t->leaps,
		  "Over an hour at once: what fell into the gap was not captured" },
		{ "Packets older than the one before", t->late,
		  "They were judged as if they had come on time" },
	};
	_Static_assert(sizeof(all) / sizeof(all[0]) <= COUNTERS, "room for all counters");
	memcpy(ret, all, sizeof(all));
	return sizeof(all) / sizeof(all[0]);
}

static struct report_damage *make_damages(const struct capture *c, size_t count)
{
	struct report_damage *list = calloc(count + 1, sizeof(*list));
	for (size_t i = 0; list && i < count; i++) {
		const struct capture_damage *d = capture_damage(c, i);
		list[i] = (struct report_damage){ d->path, d->offset, d->reason };
	}
	return list;
}

static struct report_exception *make_exceptions(const struct casefile_facts *f)
{
	size_t count = f->config->exception_count;
	struct report_exception *list = calloc(count + 1, sizeof(*list));
	for (size_t i = 0; list && i < count; i++) {
		const struct config_exception *x = &f->config->exceptions[i];
		list[i] =
			(struct report_exception){ .source = x->source.text,
						   .destination = x->destination.text,
						   .rule = x->rule,
						   .reason = x->reason,
						   .expires = x->expires.text,
						   .silenced = analysis_silenced(f->analysis, i) };
	}
	return list;
}

static int write_page(struct casefile *c, const struct report_seen *seen, char *why, size_t size)
{
	struct buf page;
	buf_init(&page, REPORT_BYTES);
	int err = report_page(c->report, seen, &page);
	if (err)
		(void)snprintf(why, size, "the report was not written to %s: %s", c->file.path,
			       err == -EXF_E_LIMIT ? "it is over 64 MiB" : exf_strerror(err));
	else
		err = report_file_put(&c->file, &page, why, size);
	buf_deinit(&page);
	return err;
}

int casefile_write(struct casefile *c, const struct casefile_facts *f, char *ret_why,
		   size_t why_size)
{
	char title[300], inside[512], geo[200], unread[256] = "";
	struct report_counter counters[COUNTERS];
	struct report_seen seen = {
		.title = title,
		.inside = inside,
		.geo = geo,
		.inputs = f->options->inputs,
		.input_count = f->options->input_count,
		.damage_count = capture_damage_count(f->capture),
		.counters = counters,
		.counter_count = make_counters(f->tally, counters),
		.exception_count = f->config->exception_count,
		.first_ns = f->first_ns,
		.last_ns = f->tally->now_ns,
		.packets = f->tally->frames,
		.bytes = f->tally->bytes,
		.flows = f->tally->plane.flows,
		.drops = f->tally->drops,
		.is_interrupted = f->tally->is_interrupted != 0,
		.is_one_sided = analysis_is_one_sided(f->analysis),
	};
	struct report_damage *damages = make_damages(f->capture, seen.damage_count);
	struct report_exception *exceptions = make_exceptions(f);
	int err = -EXF_E_NOMEM;
	make_title(f->options, title, sizeof(title));
	context_describe_inside(analysis_context(f->analysis), inside, sizeof(inside));
	context_geo_describe(analysis_context(f->analysis), geo, sizeof(geo));
	seen.damages = damages;
	seen.exceptions = exceptions;
	if (analysis_usage(f->analysis, &seen.usage, unread, sizeof(unread)) != 0)
		log_info("report", "without what left by service: %s", unread);
	if (damages && exceptions)
		err = write_page(c, &seen, ret_why, why_size);
	else
		(void)snprintf(ret_why, why_size, "the report was not written: %s",
			       exf_strerror(err));
	usage_db_close(seen.usage);
	free(damages);
	free(exceptions);
	return err;
}
