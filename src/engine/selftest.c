/*
 * engine/selftest.c - see selftest.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "exfild/base/log.h"
#include "analysis.h"
#include "content.h"
#include "plane.h"
#include "reader.h"
#include "selftest_parts.h"
#include "sizes.h"

static const struct selftest_case cases[] = {
#define ATTACK(name, detector, what) { #name, detector, what },
#define HARMLESS(name, what)         { #name, NULL, what },
#include "selftest.def"
#undef ATTACK
#undef HARMLESS
};

/* The recorded networks: inside, whatever the configuration has. */
static const char *const inside[] = { "10.20.0.0/16", "fd00:1::/64" };

static bool is_wanted(const struct heard *h, const struct finding *f)
{
	return !h->detector || strcmp(h->detector, f->detector) == 0;
}

static void on_alert(void *arg, const struct alert *a)
{
	struct heard *h = arg;
	if (!is_wanted(h, &a->finding))
		return;
	if (a->finding.severity >= h->severity) {
		h->severity = a->finding.severity;
		h->rule = a->finding.rule;
	}
	h->alerts += a->finding.severity >= h->minimum;
}

static void on_silenced(void *arg, const struct finding *f, int exception)
{
	struct heard *h = arg;
	if (is_wanted(h, f) && h->exception < 0)
		h->exception = exception;
}

/* The command line of one replay. */
static struct options options_of(const struct selftest *t)
{
	struct options o = *t->options;
	o.inside_count = 0;
	for (size_t i = 0; i < sizeof(inside) / sizeof(inside[0]); i++)
		if (prefix_parse(inside[i], &o.inside[o.inside_count]) == 0)
			o.inside_count++;
	return o;
}

static int run_reader(struct reader *r, struct analysis *a, struct heard *h)
{
	int err = reader_run(r);
	if (err)
		return err;
	analysis_end(a);
	h->frames = r->frames;
	h->is_damaged = capture_damage_count(r->capture) > 0;
	h->is_interrupted = r->interrupted;
	return 0;
}

int selftest_replay(const struct selftest *t, const struct selftest_case *test,
		    const struct config *c, struct heard *h)
{
	char path[600], why[512] = "";
	const char *paths[] = { path };
	struct options o = options_of(t);
	struct analysis_tap tap = { on_alert, on_silenced, h, t->wall_ns };
	struct sizes sizes = sizes_of(c);
	struct reader r = { .key = hash_key_fixed, .limits = sizes.shards };
	struct capture_options in = { .paths = paths,
				      .path_count = 1,
				      .filter = c->capture.filter };
	struct analysis_options ao = { .options = &o,
				       .config = c,
				       .data_dir = t->data_dir,
				       .max_hosts = sizes.hosts,
				       .max_indicators = sizes.indicators,
				       .max_pairs = sizes.pairs,
				       .max_names = sizes.names,
				       .max_open = sizes.alerts,
				       .tap = &tap };
	struct content_rules *content = NULL;
	struct analysis *a = NULL;
	*h = (struct heard){ .detector = test->detector,
			     .minimum = test->detector ? t->minimum : SEVERITY_MEDIUM,
			     .exception = -1 };
	(void)snprintf(path, sizeof(path), "%s/selftest/%s.pcap", t->data_dir, test->name);
	if (access(path, R_OK) != 0) {
		h->is_damaged = true;
		return 0;
	}
	int err = analysis_new(&ao, &a, why, sizeof(why));
	if (!err)
		err = capture_open(&in, &r.capture, why, sizeof(why));
	if (!err)
		err = content_make(&content, t->data_dir, c, why, sizeof(why));
	if (!err) {
		r.decoder = decoder_new(&r.key);
		const struct outlet out = { .analysis = a };
		r.limits.content = content;
		r.plane = plane_new(o.workers ? o.workers : 1, &r.limits, &r.key, &r.key, &out);
		err = r.decoder && r.plane ? run_reader(&r, a, h) : -EXF_E_NOMEM;
	}
	if (err)
		log_errorx("self-test", "%s: %s", test->name, why[0] ? why : exf_strerror(err));
	plane_free(r.plane);
	content_rules_free(content);
	decoder_free(r.decoder);
	capture_close(r.capture);
	analysis_free(a);
	return err;
}

/* --- all of them ------------------------------------------------------------------------- */

static int judge(const struct selftest *t, const struct selftest_case *test,
		 struct selftest_row *row)
{
	struct heard h;
	*row = (struct selftest_row){ .test = test };
	int err = selftest_replay(t, test, t->config, &h);
	if (err)
		return err;
	row->severity = h.severity;
	row->rule = h.rule;
	row->alerts = h.alerts;
	if (h.is_interrupted)
		return -EXF_E_IO;
	if (h.is_damaged) {
		row->result = SELFTEST_BROKEN;
		(void)selftest_explain(
			row, "capture",
			"%s/selftest/%s.pcap cannot be read to its end: install exfild again",
			t->data_dir, test->name);
	} else if (!test->detector) {
		row->result = h.alerts ? SELFTEST_FALSE : SELFTEST_QUIET;
		if (h.alerts)
			(void)selftest_explain(
				row, "false_alarm",
				"%s spoke: its parameters are sharper than this network can bear",
				h.rule);
	} else {
		row->result = h.alerts ? SELFTEST_FIRED : SELFTEST_SILENT;
		if (!h.alerts)
			selftest_find_reason(t, &h, row);
	}
	return 0;
}

static uint64_t wall_ns(void)
{
	struct timespec now = { 0 };
	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

int selftest_run(const struct options *o, const struct config *c, const char *config_name,
		 const char *data_dir)
{
	struct selftest t = { .options = o,
			      .config = c,
			      .data_dir = data_dir,
			      .minimum = analysis_minimum(o, c),
			      .wall_ns = wall_ns() };
	struct selftest_sums sums = { 0 };
	bool json =
		o->form == OUTPUT_JSON || (o->form == OUTPUT_AUTO && isatty(STDOUT_FILENO) != 1);
	selftest_print_head(json, config_name);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct selftest_row row;
		if (judge(&t, &cases[i], &row))
			return EXIT_START;
		sums.attacks += cases[i].detector != NULL;
		sums.harmless += !cases[i].detector;
		sums.by_result[row.result]++;
		selftest_print_row(json, &row);
	}
	selftest_print_sums(json, &sums);
	if (sums.by_result[SELFTEST_BROKEN])
		return EXIT_START;
	return sums.by_result[SELFTEST_SILENT] || sums.by_result[SELFTEST_FALSE] ? EXIT_ALERTS :
										   EXIT_DONE;
}
