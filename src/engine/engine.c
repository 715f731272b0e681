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
#include "exfild/base/log.h"
#include "analysis.h"
#include "collect.h"
#include "confine.h"
#include "crew.h"
#include "datadir.h"
#include "desk.h"
#include "evidence.h"
#include "keeper.h"
#include "lastgood.h"
#include "machine.h"
#include "plane.h"
#include "publish.h"
#include "reader.h"
#include "reload.h"
#include "report.h"
#include "selftest.h"
#include "sizes.h"
#include "watch.h"

#define SYSTEM_CONFIG "/etc/exfild/exfild.yaml"

struct engine {
	const struct options *options;
	struct setup *setup;
	const struct config *config; /* of setup */
	struct reload *reload;
	struct sizes sizes;
	struct evidence *evidence;   /* replay */
	struct collector *collector; /* live */
	struct analysis *analysis;
	struct keeper *keeper;
	struct reader reader;
	struct tally tally;
	struct desk desk; /* live */
	struct publisher *publisher;
	bool lost_output;
	char data_dir[512];
	char why[512];
	char broken[LASTGOOD_WHY]; /* why the configuration was refused, "" it was not */
};

/* A self-test speaks of what the service runs with. */
static const char *config_path(const struct engine *e)
{
	const struct options *o = e->options;
	bool is_system = o->self_test && !o->config_path && access(SYSTEM_CONFIG, F_OK) == 0;
	return is_system ? SYSTEM_CONFIG : o->config_path;
}

static int load_config(struct engine *e)
{
	int err = lastgood_start(e->options, config_path(e), &e->setup, e->broken, e->why,
				 sizeof(e->why));
	if (!err)
		e->config = e->setup->config;
	return err;
}

static int start_reload(struct engine *e)
{
	const struct reload_options o = { .options = e->options,
					  .path = e->options->config_path,
					  .setup = e->setup,
					  .analysis = e->analysis,
					  .publisher = e->publisher,
					  .broken = e->broken[0] ? e->broken : NULL };
	reload_log_level(e->options, e->config);
	int err = reload_new(&o, &e->reload);
	if (err)
		return err;
	publisher_reload(e->publisher, e->reload);
	return 0;
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

static int start_evidence(struct engine *e)
{
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
	e->evidence = evidence_new(e->config->evidence.kb_per_flow, e->config->evidence.max_mb);
	return e->evidence ? 0 : -EXF_E_NOMEM;
}

static enum live_side side_of(const char *name)
{
	return strcmp(name, "inside") == 0  ? LIVE_SIDE_INSIDE :
	       strcmp(name, "outside") == 0 ? LIVE_SIDE_OUTSIDE :
					      LIVE_SIDE_AUTO;
}

static unsigned workers_of(const struct engine *e)
{
	if (e->options->workers)
		return e->options->workers;
	if (e->config->capture.workers)
		return e->config->capture.workers;
	long cores = e->options->is_live ? sysconf(_SC_NPROCESSORS_ONLN) : 1;
	return cores > 3 ? (unsigned)(cores / 2) : 1;
}

static struct split_key split_of(const struct engine *e)
{
	const struct hash_key *key = &e->reader.key;
	return split_key_of(hash_bytes(key, "split", 5), hash_bytes(key, "last", 4));
}

/* The interfaces of the command line with the sides of the configuration, or that one's. */
static int open_live(struct engine *e)
{
	const struct options *o = e->options;
	const struct config *c = e->config;
	struct live_interface list[LIVE_INTERFACES];
	size_t count = 0;
	for (; count < o->interface_count && count < LIVE_INTERFACES; count++) {
		list[count] = (struct live_interface){ o->interfaces[count], LIVE_SIDE_AUTO };
		for (size_t i = 0; i < c->capture.interface_count; i++)
			if (strcmp(c->capture.interfaces[i].name, o->interfaces[count]) == 0)
				list[count].side = side_of(c->capture.interfaces[i].side);
	}
	for (size_t i = 0; !o->interface_count && i < c->capture.interface_count; i++)
		if (count < LIVE_INTERFACES)
			list[count++] =
				(struct live_interface){ c->capture.interfaces[i].name,
							 side_of(c->capture.interfaces[i].side) };
	struct live_options options = {
		.interfaces = list,
		.interface_count = count,
		.buffer_bytes = e->sizes.buffer_bytes,
		.filter = o->filter ? o->filter : c->capture.filter,
		.workers = workers_of(e),
		.split = split_of(e),
	};
	return live_open(&options, &e->reader.live, e->why, sizeof(e->why));
}

static int open_input(struct engine *e)
{
	struct capture_options in = capture_options_of(e);
	if (e->options->is_live)
		return open_live(e);
	return capture_open(&in, &e->reader.capture, e->why, sizeof(e->why));
}

static int make_crew(struct engine *e)
{
	struct crew_options o = {
		.live = e->reader.live,
		.limits = e->reader.limits,
		.key = &e->reader.key,
		.event_key = &e->reader.sketch_key,
		.start_ns = e->reader.start_ns,
		.split = split_of(e),
		.own_peers = e->config->redis.url,
		.collector = e->collector,
		.out = { .analysis = e->analysis },
	};
	return crew_new(&o, &e->reader.crew);
}

static int make_plane(struct engine *e)
{
	const struct outlet out = { .analysis = e->analysis };
	struct reader *r = &e->reader;
	r->decoder = decoder_new(&r->key);
	r->plane = plane_new(workers_of(e), &r->limits, &r->key, &r->sketch_key, &out);
	r->show_progress = !e->options->quiet && isatty(STDERR_FILENO) == 1;
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

static int open_state(struct engine *e)
{
	const struct options *o = e->options;
	const char *directory = o->state_path ? o->state_path : e->config->state.directory;
	if (!o->state_path && (!o->is_live || !*directory))
		return 0;
	int err = keeper_open(directory, e->sizes.state_disk, &e->reader.sketch_key, &e->keeper,
			      e->why, sizeof(e->why));
	return err ? without_state(e, err) : 0;
}

static int resume(struct engine *e)
{
	if (!e->keeper)
		return 0;
	int err = analysis_resume(e->analysis, e->keeper, e->why, sizeof(e->why));
	if (err)
		return without_state(e, err);
	if (e->publisher)
		publisher_keeper(e->publisher, e->keeper);
	e->reader.start_ns = analysis_now(e->analysis);
	return 0;
}

static int size_up(struct engine *e)
{
	if (e->options->is_live)
		return sizes_live(e->config, machine_memory_limit(), &e->sizes, e->why,
				  sizeof(e->why));
	e->sizes = sizes_of(e->config);
	return 0;
}

static int start(struct engine *e)
{
	const struct options *o = e->options;
	const struct config *c = e->config;
	struct sizes *sizes = &e->sizes;
	int err = size_up(e);
	if (err)
		return err;
	struct analysis_options analysis = {
		.options = o,
		.config = c,
		.data_dir = e->data_dir,
		.max_hosts = sizes->hosts,
		.max_pairs = sizes->pairs,
		.max_names = sizes->names,
		.max_open = sizes->alerts,
		.key = &e->reader.key,
		.sketch_key = &e->reader.sketch_key,
		.is_live = o->is_live,
	};
	e->reader.key = o->is_live ? hash_key_random() : hash_key_fixed;
	e->reader.sketch_key = o->is_live ? hash_key_random() : hash_key_fixed;
	err = datadir_find(e->data_dir, sizeof(e->data_dir), e->why, sizeof(e->why));
	if (!err && o->is_live)
		err = confine(o, c, e->data_dir, e->why, sizeof(e->why));
	if (!err)
		err = start_evidence(e);
	if (!err)
		err = open_state(e);
	analysis.evidence = e->evidence;
	e->reader.limits = sizes->shards;
	if (!err && o->is_live)
		err = publisher_start(o, c, sizes, &e->reader.key, &e->publisher, e->why,
				      sizeof(e->why));
	analysis.publisher = e->publisher;
	if (!err && o->is_live)
		err = collector_new(c, sizes, workers_of(e), &e->collector);
	analysis.collector = e->collector;
	if (e->collector)
		publisher_collector(e->publisher, e->collector);
	if (!err)
		err = analysis_new(&analysis, &e->analysis, e->why, sizeof(e->why));
	if (!err)
		err = resume(e);
	if (!err)
		err = open_input(e);
	if (!err)
		err = o->is_live ? make_crew(e) : make_plane(e);
	return !err && o->is_live ? start_reload(e) : err;
}

static double seconds_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* What the packet half tells, both halves being in this process. */
static void hear_tally(void *arg, const struct tally *t)
{
	struct engine *e = arg;
	desk_take(&e->desk, t);
}

static void hear_inside(void *arg, const struct prefix *list, size_t count)
{
	const struct engine *e = arg;
	analysis_tell_inside(e->analysis, list, count);
}

static void hear_reload(void *arg)
{
	const struct engine *e = arg;
	reload_ask(e->reload);
}

static int run_live(struct engine *e)
{
	const struct watch_ears ears = { .tally = hear_tally,
					 .inside = hear_inside,
					 .reload = hear_reload,
					 .arg = e };
	e->desk = (struct desk){ .analysis = e->analysis, .publisher = e->publisher };
	return watch_run(&e->reader, &ears);
}

static int run(struct engine *e)
{
	double began = seconds_now();
	bool quiet = e->options->quiet;
	if (!quiet)
		report_inside(analysis_context(e->analysis));
	int err = e->reader.live ? run_live(e) : reader_run(&e->reader);
	if (err)
		return err;
	analysis_end(e->analysis);
	e->lost_output = !analysis_keep_end(e->analysis);
	if (e->evidence) {
		struct capture_options in = capture_options_of(e);
		if (evidence_write(e->evidence, &in, e->options->evidence_path, e->why,
				   sizeof(e->why)) != 0) {
			log_errorx("evidence", "%s", e->why);
			e->lost_output = true;
		}
	}
	tally_fill(&e->tally, &e->reader, true);
	if (e->reader.capture)
		report_damage(e->reader.capture);
	if (e->reader.live && !quiet)
		report_interfaces(&e->tally);
	report_counters(&e->tally, e->options->verbose > 0);
	e->lost_output = !analysis_report(e->analysis) || e->lost_output;
	if (!quiet)
		report_summary(&e->tally, analysis_alerts(e->analysis), seconds_now() - began,
			       e->reader.live != NULL);
	return 0;
}

static enum severity level_of(const char *name)
{
	return strcmp(name, "low") == 0    ? SEVERITY_LOW :
	       strcmp(name, "medium") == 0 ? SEVERITY_MEDIUM :
	       strcmp(name, "high") == 0   ? SEVERITY_HIGH :
					     SEVERITY_CRITICAL;
}

static int status_of(const struct engine *e)
{
	if (e->lost_output)
		return EXIT_START;
	if (e->options->fail_on && analysis_reached(e->analysis, level_of(e->options->fail_on)))
		return EXIT_ALERTS;
	return e->reader.capture && capture_damage_count(e->reader.capture) ? EXIT_DAMAGED :
									      EXIT_DONE;
}

static void take_down(struct engine *e)
{
	reload_stop(e->reload);
	crew_free(e->reader.crew);
	plane_free(e->reader.plane);
	decoder_free(e->reader.decoder);
	capture_close(e->reader.capture);
	live_close(e->reader.live);
	analysis_free(e->analysis);
	keeper_close(e->keeper);
	publisher_stop(e->publisher);
	collector_free(e->collector);
	evidence_free(e->evidence);
	reload_free(e->reload);
	setup_drop(e->setup);
}

int engine_run(const struct options *o)
{
	struct engine e = { .options = o };
	int status;
	int err = load_config(&e);
	if (!err && (o->check_only || o->self_test)) {
		status = o->self_test ? self_test(&e) : print_config(&e);
		take_down(&e);
		return status;
	}
	if (!err)
		err = start(&e);
	if (!err)
		err = run(&e);
	if (err) {
		log_errorx("start", "%s", e.why[0] ? e.why : exf_strerror(err));
		status = EXIT_START;
	} else {
		status = status_of(&e);
	}
	take_down(&e);
	return status;
}
