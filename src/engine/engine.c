/*
 * engine/engine.c - builds everything, runs it, takes it down.
 */
#include "exfild/engine/engine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "exfild/base/buf.h"
#include "exfild/base/datadir.h"
#include "exfild/base/log.h"
#include "casedir.h"
#include "content.h"
#include "engine_parts.h"
#include "evidence.h"
#include "machine.h"
#include "parent.h"
#include "plane.h"
#include "reader.h"
#include "report.h"
#include "selftest.h"

#define SYSTEM_CONFIG "/etc/exfild/exfild.yaml"

struct replay {
	struct engine e;
	struct options own; /* with --case: the places in its folder */
	struct casedir *casedir;
	struct evidence *evidence;
	struct casefile *casefile;
	struct reader reader;
	struct tally tally;
	struct content_rules *content;
	atomic_uint sums; /* digests of files that its indicators have */
};

/* A self-test speaks of what the service runs with. */
static const char *config_path(const struct engine *e)
{
	const struct options *o = e->options;
	bool is_system = o->self_test && !o->config_path && access(SYSTEM_CONFIG, F_OK) == 0;
	return is_system ? SYSTEM_CONFIG : o->config_path;
}

int engine_load_config(struct engine *e)
{
	int err = lastgood_start(e->options, config_path(e), &e->setup, e->broken, e->why,
				 sizeof(e->why));
	if (!err)
		e->config = e->setup->config;
	return err;
}

static int print_config(struct engine *e)
{
	struct buf out;
	buf_init(&out, 1 << 20);
	config_print(e->config, &out);
	config_print_origins(e->config, &out);
	int err = sizes_live(e->config, machine_memory_limit(), &e->sizes, e->why, sizeof(e->why));
	sizes_print(&e->sizes, &out);
	(void)fwrite(out.data, 1, out.len, stdout);
	buf_deinit(&out);
	if (err)
		log_errorx("start", "%s", e->why);
	return err ? EXIT_START : EXIT_DONE;
}

static int self_test(struct engine *e)
{
	const char *path = config_path(e);
	int err = datadir_find(e->data_dir, sizeof(e->data_dir), e->why, sizeof(e->why));
	if (!err)
		return selftest_run(e->options, e->config,
				    path ? path : "the built-in configuration", e->data_dir);
	log_errorx("start", "%s", e->why);
	return EXIT_START;
}

static struct capture_options capture_options_of(const struct engine *e)
{
	const struct options *o = e->options;
	return (struct capture_options){
		.paths = o->inputs,
		.path_count = o->input_count,
		.since_ns = o->since_ns,
		.until_ns = o->until_ns,
		.filter = o->filter ? o->filter : e->config->capture.filter,
	};
}

static bool reads_stdin(const struct options *o)
{
	for (size_t i = 0; i < o->input_count; i++)
		if (strcmp(o->inputs[i], "-") == 0)
			return true;
	return false;
}

static int start_case(struct replay *p)
{
	struct engine *e = &p->e;
	if (!e->options->case_path)
		return 0;
	int err = casedir_open(e->options, &p->casedir, e->why, sizeof(e->why));
	if (err)
		return err;
	p->own = *e->options;
	casedir_options(p->casedir, &p->own);
	e->options = &p->own;
	return 0;
}

static int start_evidence(struct replay *p)
{
	struct engine *e = &p->e;
	if (!e->options->evidence_path)
		return 0;
	if (reads_stdin(e->options)) {
		(void)snprintf(e->why, sizeof(e->why),
			       "--evidence reads the input twice, and standard "
			       "input can be read once: save it to a file first");
		return -EXF_E_INVALID;
	}
	FILE *probe = fopen(e->options->evidence_path, "ae");
	if (!probe) {
		(void)snprintf(e->why, sizeof(e->why), "cannot write evidence to %s: %s",
			       e->options->evidence_path, strerror(errno));
		return -EXF_E_IO;
	}
	(void)fclose(probe);
	p->evidence = evidence_new(e->config->evidence.kb_per_flow, e->config->evidence.max_mb);
	return p->evidence ? 0 : -EXF_E_NOMEM;
}

unsigned engine_workers(const struct engine *e)
{
	if (e->options->workers)
		return e->options->workers;
	if (e->config->capture.workers)
		return e->config->capture.workers;
	long cores = e->options->is_live ? sysconf(_SC_NPROCESSORS_ONLN) : 1;
	return cores > 3 ? (unsigned)(cores / 2) : 1;
}

static int make_plane(struct replay *p)
{
	const struct outlet out = { .analysis = p->e.analysis };
	struct reader *r = &p->reader;
	r->key = p->e.key;
	r->sketch_key = p->e.sketch_key;
	r->start_ns = p->e.start_ns;
	r->limits = p->e.sizes.shards;
	r->limits.content = p->content;
	atomic_init(&p->sums, analysis_sums(p->e.analysis));
	r->limits.sums = &p->sums;
	r->decoder = decoder_new(&r->key);
	r->plane = plane_new(engine_workers(&p->e), &r->limits, &r->key, &r->sketch_key, &out);
	r->show_progress = !p->e.options->quiet && isatty(STDERR_FILENO) == 1;
	return r->decoder && r->plane ? 0 : -EXF_E_NOMEM;
}

/* What was asked for by name must work; what the service does by itself may not stop it. */
static int without_state(struct engine *e, int err)
{
	keeper_close(e->keeper);
	e->keeper = NULL;
	if (e->options->state_path || !e->options->is_live)
		return err;
	log_errorx("state", "%s: exfild goes on, and what it learns is lost at its end", e->why);
	e->why[0] = '\0';
	return 0;
}

int engine_open_state(struct engine *e)
{
	const struct options *o = e->options;
	const char *directory = o->state_path ? o->state_path : e->config->state.directory;
	if (!o->state_path && (!o->is_live || !*directory))
		return 0;
	int err = keeper_open(directory, e->sizes.state_disk, &e->sketch_key, &e->keeper, e->why,
			      sizeof(e->why));
	return err ? without_state(e, err) : 0;
}

int engine_resume(struct engine *e)
{
	if (!e->keeper)
		return 0;
	int err = analysis_resume(e->analysis, e->keeper, e->why, sizeof(e->why));
	if (err)
		return without_state(e, err);
	e->start_ns = analysis_now(e->analysis);
	return 0;
}

struct analysis_options engine_analysis_options(const struct engine *e)
{
	return (struct analysis_options){
		.options = e->options,
		.config = e->config,
		.data_dir = e->data_dir,
		.max_hosts = e->sizes.hosts,
		.max_indicators = e->sizes.indicators,
		.max_local_indicators = e->sizes.local_indicators,
		.max_pairs = e->sizes.pairs,
		.max_names = e->sizes.names,
		.max_open = e->sizes.alerts,
		.spool_bytes = e->sizes.spool_disk,
		.usage_bytes = e->sizes.usage_disk,
		.key = &e->key,
		.sketch_key = &e->sketch_key,
		.is_live = e->options->is_live,
	};
}

static int start(struct replay *p)
{
	struct engine *e = &p->e;
	int err = start_case(p);
	e->sizes = sizes_of(e->config);
	e->key = e->sketch_key = hash_key_fixed;
	struct analysis_options analysis = engine_analysis_options(e);
	struct capture_options in = capture_options_of(e);
	if (!err)
		err = datadir_find(e->data_dir, sizeof(e->data_dir), e->why, sizeof(e->why));
	if (!err)
		err = start_evidence(p);
	if (!err && e->options->report_path)
		err = casefile_open(e->options->report_path, &p->casefile, e->why, sizeof(e->why));
	if (!err)
		err = engine_open_state(e);
	analysis.evidence = p->evidence;
	analysis.casedir = p->casedir;
	analysis.report = casefile_report(p->casefile);
	if (!err)
		err = analysis_new(&analysis, &e->analysis, e->why, sizeof(e->why));
	if (!err)
		err = engine_resume(e);
	if (!err)
		err = capture_open(&in, &p->reader.capture, e->why, sizeof(e->why));
	if (!err)
		err = content_make(&p->content, e->data_dir, e->config, e->why, sizeof(e->why));
	return err ? err : make_plane(p);
}

double engine_seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void write_evidence(struct replay *p)
{
	struct engine *e = &p->e;
	struct capture_options in = capture_options_of(e);
	if (p->evidence && evidence_write(p->evidence, &in, e->options->evidence_path, e->why,
					  sizeof(e->why)) != 0) {
		log_errorx("evidence", "%s", e->why);
		e->lost_output = true;
	}
}

static struct casefile_facts facts_of(const struct replay *p)
{
	return (struct casefile_facts){ .options = p->e.options,
					.config = p->e.config,
					.analysis = p->e.analysis,
					.capture = p->reader.capture,
					.tally = &p->tally,
					.first_ns = p->reader.first_ns };
}

static void write_casefile(struct replay *p)
{
	struct engine *e = &p->e;
	const struct casefile_facts facts = facts_of(p);
	if (p->casefile && casefile_write(p->casefile, &facts, e->why, sizeof(e->why)) != 0) {
		log_errorx("report", "%s", e->why);
		e->lost_output = true;
	}
}

static void finish_case(struct replay *p)
{
	struct engine *e = &p->e;
	const struct casefile_facts facts = facts_of(p);
	if (p->casedir && casedir_finish(p->casedir, &facts, analysis_alerts(e->analysis), e->why,
					 sizeof(e->why)) != 0) {
		log_errorx("case", "%s", e->why);
		e->lost_output = true;
	}
}

static int run(struct replay *p)
{
	struct engine *e = &p->e;
	double began = engine_seconds();
	bool quiet = e->options->quiet;
	if (!quiet)
		report_inside(analysis_context(e->analysis));
	int err = reader_run(&p->reader);
	if (err)
		return err;
	analysis_end(e->analysis);
	e->lost_output = !analysis_keep_end(e->analysis);
	write_evidence(p);
	tally_fill(&p->tally, &p->reader, true);
	report_damage(p->reader.capture);
	report_counters(&p->tally, e->options->verbose > 0);
	write_casefile(p);
	e->lost_output = !analysis_report(e->analysis) || e->lost_output;
	finish_case(p);
	if (!quiet)
		report_summary(&p->tally, analysis_alerts(e->analysis), engine_seconds() - began,
			       false);
	return 0;
}

static enum severity level_of(const char *name)
{
	return strcmp(name, "low") == 0    ? SEVERITY_LOW :
	       strcmp(name, "medium") == 0 ? SEVERITY_MEDIUM :
	       strcmp(name, "high") == 0   ? SEVERITY_HIGH :
					     SEVERITY_CRITICAL;
}

int engine_status(const struct engine *e)
{
	if (e->lost_output)
		return EXIT_START;
	if (e->options->fail_on && analysis_reached(e->analysis, level_of(e->options->fail_on)))
		return EXIT_ALERTS;
	return EXIT_DONE;
}

int engine_fail(const struct engine *e, int err)
{
	log_errorx("start", "%s", e->why[0] ? e->why : exf_strerror(err));
	return EXIT_START;
}

static void take_down(struct replay *p)
{
	plane_free(p->reader.plane);
	content_rules_free(p->content);
	decoder_free(p->reader.decoder);
	capture_close(p->reader.capture);
	analysis_free(p->e.analysis);
	keeper_close(p->e.keeper);
	evidence_free(p->evidence);
	casefile_close(p->casefile);
	casedir_close(p->casedir);
	setup_drop(p->e.setup);
}

static int replay_status(const struct replay *p)
{
	int status = engine_status(&p->e);
	return status == EXIT_DONE && capture_damage_count(p->reader.capture) ? EXIT_DAMAGED :
										status;
}

int engine_run(const struct options *o)
{
	if (o->is_live && !o->check_only && !o->self_test)
		return parent_run(o);
	struct replay p = { .e.options = o };
	int status;
	int err = engine_load_config(&p.e);
	if (!err && (o->check_only || o->self_test)) {
		status = o->self_test ? self_test(&p.e) : print_config(&p.e);
		take_down(&p);
		return status;
	}
	if (!err)
		err = start(&p);
	if (!err)
		err = run(&p);
	status = err ? engine_fail(&p.e, err) : replay_status(&p);
	take_down(&p);
	return status;
}
