/*
 * alert/ecs.c - the alert as one line of JSON, names of the Elastic Common Schema 8.
 *
 * The line is rendered whole; when it is longer than allowed it is rendered again with less, in the
 * order of enum ecs_cut, until it fits.  What was left out is named in exfild.cut.
 */
#include "ecs.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "exfild/base/str.h"
#include "words.h"

#define ECS_VERSION "8.17.0"
#define WORDS_MAX   1536
#define NS_PER_S    1000000000ull

static size_t cut_length(const struct ecs *e, const char *text)
{
	size_t len = strlen(text);
	size_t most = e->cut >= ECS_CUT_SHORT ? 16 : e->cut >= ECS_CUT_STRINGS ? 96 : len;
	if (len <= most)
		return len;
	while (most > 0 && ((unsigned char)text[most] & 0xc0) == 0x80)
		most--; /* not inside a character */
	return most;
}

void ecs_text(struct ecs *e, const char *key, const char *text)
{
	if (text && text[0])
		json_string_len(&e->j, key, text, cut_length(e, text));
}

void ecs_words(struct ecs *e, const char *key, void (*fn)(const struct alert *, struct buf *))
{
	struct buf words;
	buf_init(&words, WORDS_MAX);
	fn(e->a, &words);
	ecs_text(e, key, words.len ? words.data : NULL);
	buf_deinit(&words);
}

static uint64_t wall_ns(void)
{
	struct timespec now = { 0 };
	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static void ecs_event(struct ecs *e)
{
	const struct finding *f = &e->a->finding;

	json_open_object(&e->j, "event");
	json_string(&e->j, "id", e->a->event_id);
	json_string(&e->j, "kind", "alert");
	json_open_array(&e->j, "category");
	json_string(&e->j, NULL, "network");
	json_string(&e->j, NULL, "intrusion_detection");
	json_close_array(&e->j);
	json_open_array(&e->j, "type");
	json_string(&e->j, NULL, "info");
	json_close_array(&e->j);
	ecs_text(e, "action", f->rule);
	json_uint(&e->j, "severity", (uint64_t)f->severity);
	json_double(&e->j, "risk_score", isfinite(e->a->risk_score) ? e->a->risk_score : 0);
	if (e->cut < ECS_CUT_PROSE)
		ecs_words(e, "reason", words_reason);
	json_time(&e->j, "start", f->start_ns);
	json_time(&e->j, "end", f->end_ns);
	json_string(&e->j, "dataset", "exfild.alert");
	json_uint(&e->j, "sequence", e->a->sequence);
	if (e->o->mode && strcmp(e->o->mode, "live") == 0)
		json_time(&e->j, "created", wall_ns());
	json_close_object(&e->j);
}

static void ecs_rule(struct ecs *e)
{
	const struct finding *f = &e->a->finding;

	json_open_object(&e->j, "rule");
	ecs_text(e, "id", f->rule);
	ecs_text(e, "name", f->title);
	json_string(&e->j, "version", EXFILD_VERSION);
	json_string(&e->j, "category", finding_class_name(f->class));
	json_string(&e->j, "ruleset", words_ruleset(f->rule));
	if (f->techniques[0] && strlen(f->techniques[0]) < 16) {
		char url[64];
		finding_text(url, sizeof(url), "https://attack.mitre.org/techniques/%s/",
			     f->techniques[0]);
		char *dot = strchr(url + 34, '.');
		if (dot)
			*dot = '/';
		json_string(&e->j, "reference", url);
	}
	json_close_object(&e->j);
}

static void ecs_observer(struct ecs *e)
{
	json_open_object(&e->j, "observer");
	ecs_text(e, "name", e->o->sensor_name ? e->o->sensor_name : "exfild");
	json_string(&e->j, "type", "sensor");
	json_string(&e->j, "vendor", "exfild");
	json_string(&e->j, "product", "exfild");
	json_string(&e->j, "version", EXFILD_VERSION);
	json_close_object(&e->j);
}

static void render(struct ecs *e)
{
	json_open_object(&e->j, NULL);
	json_time(&e->j, "@timestamp", e->a->finding.time_ns);
	json_open_object(&e->j, "ecs");
	json_string(&e->j, "version", ECS_VERSION);
	json_close_object(&e->j);
	ecs_words(e, "message", words_message);
	ecs_event(e);
	ecs_rule(e);
	ecs_threat(e);
	ecs_ends(e);
	ecs_file(e);
	ecs_network(e);
	ecs_related(e);
	ecs_observer(e);
	ecs_exfild(e);
	json_close_object(&e->j);
}

static void fit(const struct alert *a, const struct alert_options *o, void (*fn)(struct ecs *),
		struct buf *out)
{
	size_t start = out->len;
	struct ecs e = { .a = a, .o = o };

	for (unsigned cut = 0; cut < ECS_CUT__COUNT; cut++) {
		buf_truncate(out, start);
		e.cut = (enum ecs_cut)cut;
		e.j = json_make(out);
		fn(&e);
		/* One byte is left for the newline. */
		if (!out->full && out->len - start < ALERT_LINE_MAX)
			return;
	}
}

void alert_json(const struct alert *a, const struct alert_options *o, struct buf *out)
{
	fit(a, o, render, out);
}

void alert_line(const struct alert *a, const struct alert_options *o, struct buf *out)
{
	fit(a, o,
	    o->form == ALERT_OCSF ? ocsf_render :
	    o->form == ALERT_EVE  ? eve_render :
				    render,
	    out);
}
