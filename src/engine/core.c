/*
 * engine/core.c - see core.h.
 */
#include "core.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "exfild/base/datadir.h"
#include "annals.h"
#include "collect.h"
#include "confine.h"
#include "connections.h"
#include "decisions.h"
#include "desk.h"
#include "engine_parts.h"
#include "hearsay.h"
#include "inlet.h"
#include "intake.h"
#include "machine.h"
#include "notify.h"
#include "plan.h"
#include "publish.h"
#include "reload.h"
#include "report.h"
#include "sets.h"
#include "wire.h"

#define WAIT_MS  100
#define NAP_MS   40 /* between two heaps of events */
#define EVERY_NS 1000000000ull
#define PREFIXES 4096 /* of what is inside */

struct core {
	struct engine e;
	int parent;
	struct reload *reload;
	struct decisions *decisions; /* NULL: nobody hears them */
	struct intake *intake;       /* NULL: no messages are read */
	struct collector *collector; /* NULL: no packets are kept */
	struct publisher *publisher;
	struct annals *annals; /* NULL: no ledger is kept */
	struct desk desk;
	struct inlet *inlet;
	struct hearsay *board; /* NULL: there is no capture */
	struct tally tally;
	int ask; /* questions to capture, -1 */
	struct wire_connections own;
	struct sets_store *sets;
	uint32_t sets_told;    /* the number of those that capture has */
	struct prefix *inside; /* being received */
	uint32_t inside_count;
	uint64_t cared_ns;
	bool is_parent_gone;
	bool is_refused;  /* nothing can be watched */
	bool is_gone;     /* capture: what is in the ring is its last */
	bool is_stopping; /* it has ended because it was told to */
	bool is_distrusted;
	char fault[128]; /* then: why */
	struct wire_gone gone;
	struct wire message;
};

static uint64_t monotonic_ns(void)
{
	struct timespec t = { 0 };
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static void send_plan(struct core *c)
{
	if (!plan_send(&c->e, c->collector != NULL, c->parent))
		c->is_parent_gone = true;
}

/* --- what the parent says ----------------------------------------------------------------- */

static void let_go(struct core *c)
{
	inlet_detach(c->inlet);
	hearsay_free(c->board);
	c->board = NULL;
	if (c->ask >= 0)
		(void)close(c->ask);
	c->ask = -1;
}

/* It is not to go on: another one may be better. */
static void distrust(struct core *c, const char *why)
{
	struct wire_distrust d;
	if (c->is_distrusted)
		return;
	c->is_distrusted = true;
	memset(&d, 0, sizeof(d));
	(void)snprintf(d.why, sizeof(d.why), "%s", why);
	(void)snprintf(c->fault, sizeof(c->fault), "%s", why);
	if (!wire_send(c->parent, WIRE_DISTRUST, &d, sizeof(d), NULL, 0))
		c->is_parent_gone = true;
}

static void take_capture(struct core *c, struct wire *w)
{
	let_go(c);
	c->is_gone = c->is_distrusted = false;
	if (w->fd_count != WIRE_FD__COUNT) {
		wire_close_fds(w);
		distrust(c, "there are no descriptors left for what it shares");
		return;
	}
	const struct ring_fds ring = { w->fds[WIRE_FD_RING], w->fds[WIRE_FD_RING_WAKE] };
	int err = inlet_attach(c->inlet, ring);
	c->board = hearsay_attach(w->fds[WIRE_FD_BOARD]);
	(void)close(w->fds[WIRE_FD_BOARD]);
	if (err || !c->board)
		distrust(c, "its ring or its board cannot be mapped");
	c->ask = w->fds[WIRE_FD_ASK];
	int ask = c->collector ? dup(c->ask) : -1;
	if (c->collector)
		collector_connect(c->collector, w->fds[WIRE_FD_PARCELS], ask);
	else
		(void)close(w->fds[WIRE_FD_PARCELS]);
	desk_begin(&c->desk);
	c->sets_told = 0;
	c->cared_ns = 0;
	notify_ready();
}

static void take_inside(struct core *c, const struct wire_prefixes *p)
{
	uint32_t count = p->count < WIRE_LIST ? p->count : WIRE_LIST;
	if (p->is_first)
		c->inside_count = 0;
	for (uint32_t i = 0; i < count && c->inside_count < PREFIXES; i++)
		c->inside[c->inside_count++] = p->list[i];
	if (p->is_last)
		analysis_tell_inside(c->e.analysis, c->inside, c->inside_count);
}

static void take_message(struct core *c, struct wire *w)
{
	switch (w->kind) {
	case WIRE_CAPTURE:
		take_capture(c, w);
		break;
	case WIRE_GONE:
		memcpy(&c->gone, w->body, sizeof(c->gone));
		c->is_gone = true;
		break;
	case WIRE_INSIDE:
		take_inside(c, (const struct wire_prefixes *)(const void *)w->body);
		break;
	case WIRE_RELOAD:
		reload_ask(c->reload);
		break;
	case WIRE_REFUSED:
		c->is_refused = true;
		break;
	default:
		wire_close_fds(w);
		break;
	}
}

static void take_messages(struct core *c)
{
	enum wire_got got;
	while ((got = wire_receive(c->parent, &c->message)) == WIRE_RECORD)
		take_message(c, &c->message);
	c->is_parent_gone = c->is_parent_gone || got == WIRE_CLOSED;
}

static void take_tally(struct core *c)
{
	if (!c->board || !hearsay_take(c->board, &c->tally))
		return;
	c->tally.events_refused = inlet_refused(c->inlet);
	desk_take(&c->desk, &c->tally);
}

/* --- capture ends -------------------------------------------------------------------------- */

static void tell_end(struct core *c)
{
	int status = c->gone.status;
	if (WIFSIGNALED(status))
		analysis_tell_sensor(c->e.analysis, SENSOR_PROCESS, "exfild-capture", 1, 0,
				     "ended by signal %d (%s); it is started again%s%s",
				     WTERMSIG(status), sigdescr_np(WTERMSIG(status)),
				     c->is_distrusted ? ", since: " : "",
				     c->is_distrusted ? c->fault : "");
	else
		analysis_tell_sensor(c->e.analysis, SENSOR_PROCESS, "exfild-capture", 1, 0,
				     "ended with status %d; it is started again",
				     WEXITSTATUS(status));
}

/* What it had said is analysed; from where time stands the next one goes on. */
static void after_end(struct core *c)
{
	c->is_gone = false;
	take_tally(c);
	if (c->gone.is_asked) {
		c->is_stopping = true;
		return;
	}
	tell_end(c);
	annals_watch(c->annals, NULL); /* it may be back before the next look */
	let_go(c);
	send_plan(c);
}

/* --- the loop ------------------------------------------------------------------------------ */

/* What is not taken is tried again. */
static void send_sets(struct core *c)
{
	struct sets_pack pack;
	uint32_t number = c->sets_told;
	if (c->ask < 0 || !sets_store_next(c->sets, &number, &pack))
		return;
	const struct wire_sets w = { .len = pack.fd >= 0 ? pack.len : 0 };
	if (wire_send(c->ask, WIRE_SETS, &w, sizeof(w), &pack.fd, pack.fd >= 0))
		c->sets_told = number;
	sets_pack_drop(&pack);
}

/* Once a second. */
static void take_care(struct core *c)
{
	take_tally(c);
	annals_watch(c->annals, c->board ? &c->tally : NULL);
	if (!c->board)
		notify_alive("capture is being started again");
	send_sets(c);
	connections_find_sockets(&c->own);
	const struct wire_sums sums = { .wanted = analysis_sums(c->e.analysis) };
	if (c->ask >= 0) {
		(void)wire_send(c->ask, WIRE_CONNECTIONS, &c->own, sizeof(c->own), NULL, 0);
		(void)wire_send(c->ask, WIRE_SUMS, &sums, sizeof(sums), NULL, 0);
	}
}

/* While events come, a heap of them at a time: each waking finds cold caches. */
static void sleep_a_bit(struct core *c, bool is_nap)
{
	struct pollfd fds[2] = { { .fd = c->parent, .events = POLLIN },
				 { .fd = inlet_fd(c->inlet), .events = POLLIN } };
	if (!inlet_sleep(c->inlet, is_nap))
		return;
	(void)poll(fds, 2, is_nap ? NAP_MS : WAIT_MS);
	if (fds[1].revents)
		inlet_wake(c->inlet);
}

static void judge(struct core *c)
{
	bool has_come = false;
	while (!c->is_stopping && !c->is_parent_gone && !c->is_refused) {
		enum inlet_got got = c->is_distrusted ? INLET_EMPTY : inlet_take(c->inlet);
		if (got == INLET_BROKEN)
			distrust(c, inlet_fault(c->inlet));
		if (got != INLET_SOME || monotonic_ns() - c->cared_ns >= EVERY_NS / 10)
			take_messages(c);
		if (monotonic_ns() - c->cared_ns >= EVERY_NS) {
			c->cared_ns = monotonic_ns();
			take_care(c);
		}
		if (got == INLET_SOME) {
			has_come = true;
			continue;
		}
		analysis_idle(c->e.analysis);
		if (c->is_gone)
			after_end(c);
		else
			sleep_a_bit(c, has_come);
		has_come = false;
	}
	/* without a parent there is nobody to restart capture: it ends as well */
	while (inlet_take(c->inlet) == INLET_SOME)
		;
}

/* --- life ---------------------------------------------------------------------------------- */

static int start_reload(struct core *c)
{
	struct reload_options o = { .options = c->e.options,
				    .path = c->e.options->config_path,
				    .setup = c->e.setup,
				    .analysis = c->e.analysis,
				    .publisher = c->publisher,
				    .annals = c->annals,
				    .broken = c->e.broken[0] ? c->e.broken : NULL };
	reload_log_level(c->e.options, c->e.config);
	c->sets = o.sets = sets_store_new();
	if (!c->sets)
		return -EXF_E_NOMEM;
	int err = reload_new(&o, &c->reload);
	if (!err)
		publisher_reload(c->publisher, c->reload);
	return err;
}

static int start_intake(struct core *c)
{
	const struct intake_options o = { .config = c->e.config,
					  .reload = c->reload,
					  .analysis = c->e.analysis,
					  .publisher = c->publisher,
					  .decisions = c->decisions };
	return intake_start(&o, &c->intake, c->e.why, sizeof(c->e.why));
}

static int start_analysis(struct core *c)
{
	struct engine *e = &c->e;
	struct analysis_options analysis = engine_analysis_options(e);
	int err = collector_new(e->config, &e->sizes, engine_workers(e), &c->collector);
	if (c->collector)
		publisher_collector(c->publisher, c->collector);
	analysis.publisher = c->publisher;
	if (intake_wants_decisions(e->config))
		c->decisions =
			decisions_new(*e->config->sensor.name ? e->config->sensor.name : "exfild");
	analysis.decisions = c->decisions;
	analysis.collector = c->collector;
	analysis.annals = c->annals;
	if (!err)
		err = analysis_new(&analysis, &e->analysis, e->why, sizeof(e->why));
	if (!err)
		err = engine_resume(e);
	if (!err && e->keeper)
		publisher_keeper(c->publisher, e->keeper);
	if (!err)
		publisher_analysis(c->publisher, e->analysis);
	return err;
}

static int start(struct core *c)
{
	struct engine *e = &c->e;
	const struct options *o = e->options;
	int err = engine_load_config(e);
	if (!err)
		err = plan_check(e);
	if (!err)
		err = sizes_live(e->config, machine_memory_limit(), &e->sizes, e->why,
				 sizeof(e->why));
	if (!err)
		err = datadir_find(e->data_dir, sizeof(e->data_dir), e->why, sizeof(e->why));
	if (!err)
		err = confine(o, e->config, e->data_dir, e->why, sizeof(e->why));
	e->key = hash_key_random();
	e->sketch_key = hash_key_random();
	if (!err)
		err = engine_open_state(e);
	if (!err) {
		c->annals = annals_open(o, e->config, e->sizes.ledger_disk);
		annals_start(c->annals, o, e->config, e->broken);
	}
	if (!err)
		err = publisher_start(o, e->config, &e->sizes, &e->key, c->annals, &c->publisher,
				      e->why, sizeof(e->why));
	if (!err)
		err = start_analysis(c);
	if (!err)
		err = start_reload(c);
	if (!err)
		err = start_intake(c);
	c->inlet = err ? NULL : inlet_new(e->analysis);
	c->inside = calloc(PREFIXES, sizeof(*c->inside));
	if (!err && (!c->inlet || !c->inside))
		err = -EXF_E_NOMEM;
	if (!err)
		connections_find_peers(&c->own, e->config->redis.url);
	c->desk = (struct desk){ .analysis = e->analysis, .publisher = c->publisher };
	c->desk.links.is_auto = !o->interface_count && !e->config->capture.interface_count;
	return err;
}

static void report(struct core *c, double began)
{
	struct engine *e = &c->e;
	bool quiet = e->options->quiet;
	if (!quiet)
		report_interfaces(&c->tally);
	report_counters(&c->tally, e->options->verbose > 0);
	e->lost_output = !analysis_report(e->analysis) || e->lost_output;
	if (!quiet)
		report_summary(&c->tally, analysis_alerts(e->analysis), engine_seconds() - began,
			       true);
}

static void take_down(struct core *c)
{
	intake_stop(c->intake);
	reload_stop(c->reload);
	inlet_free(c->inlet);
	if (c->publisher)
		publisher_analysis(c->publisher, NULL);
	analysis_free(c->e.analysis);
	decisions_free(c->decisions);
	keeper_close(c->e.keeper);
	publisher_stop(c->publisher);
	collector_free(c->collector);
	reload_free(c->reload);
	sets_store_free(c->sets);
	annals_close(c->annals);
	setup_drop(c->e.setup);
	hearsay_free(c->board);
	free(c->inside);
}

static void begin(struct core *c, int before)
{
	bool is_signal = WIFSIGNALED(before);
	if (before)
		analysis_tell_sensor(c->e.analysis, SENSOR_PROCESS, "exfild-core", 1, 0,
				     "ended %s %d; it was started again",
				     is_signal ? "by signal" : "with status",
				     is_signal ? WTERMSIG(before) : WEXITSTATUS(before));
	if (!c->e.options->quiet)
		report_inside(analysis_context(c->e.analysis));
	send_plan(c);
}

static int finish(struct core *c, double began)
{
	analysis_end(c->e.analysis);
	c->e.lost_output = !analysis_keep_end(c->e.analysis);
	annals_watch(c->annals, &c->tally);
	annals_stop(c->annals);
	report(c, began);
	return engine_status(&c->e);
}

int core_run(const struct options *o, int parent, int before)
{
	struct core *c = calloc(1, sizeof(*c));
	double began = engine_seconds();
	if (!c)
		return EXIT_START;
	c->e.options = o;
	c->parent = parent;
	c->ask = -1;
	(void)prctl(PR_SET_NAME, "exfild-core");
	/* without a parent nobody would start anything again; what counts is on the disk */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	notify_through(parent);
	int err = start(c);
	if (!err) {
		begin(c, before);
		judge(c);
	}
	int status = err ? engine_fail(&c->e, err) : c->is_refused ? EXIT_START : finish(c, began);
	take_down(c);
	free(c);
	return status;
}
