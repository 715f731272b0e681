/*
 * fuzz/fuzz_event.c - records of a hostile capture process, through the ring to every detector.
 *
 * What: the input is what lies in the ring's memory.  Whatever the check lets pass is written as
 * JSON, learnt from and judged: a well-formed lie may make false findings, nothing else.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "exfild/base/buf.h"
#include "exfild/detect/detector.h"
#include "exfild/event/ring.h"
#include "../../src/engine/drill.h"
#include "places.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PAGE   4096
#define HEAD   64 /* where the writer's position lies */
#define START  1700000000000000000ull
#define LATEST (START + 3600ull * 1000000000ull)

struct judge {
	const struct detector *detector;
	void *params, *state;
};

static struct detect_env env;
static struct judge judges[128];
static struct drills *drills;

static void on_finding(void *arg, const struct finding *f)
{
	(void)arg;
	if (!f->detector || !*f->detector)
		abort();
}

static struct context *make_context(void)
{
	struct context_options o = { .key = hash_key_fixed,
				     .services_path = EXFILD_SOURCE_DIR "/data/services.yaml",
				     .max_hosts = 64,
				     .max_names = 64 };
	struct context *c = NULL;
	char why[512];
	if (context_new(&o, &c, why, sizeof(why)) != 0) {
		fprintf(stderr, "%s\n", why);
		abort();
	}
	return c;
}

static void start(void)
{
	env = (struct detect_env){ .context = env.context ? env.context : make_context(),
				   .key = hash_key_fixed,
				   .sketch_key = hash_key_fixed,
				   .now_ns = START,
				   .steady_ns = START,
				   .max_hosts = 256,
				   .max_pairs = 256,
				   .raise = on_finding };
	char token[DRILL_DIGITS + 1];
	if (!drills)
		drills = drills_new();
	for (unsigned kind = 0; kind < DRILL__COUNT; kind++)
		if (!drills || !drills_make(drills, (enum drill_kind)kind, START, token))
			abort();
	const struct detector *const *list = detector_list();
	for (unsigned i = 0; list[i]; i++) {
		struct judge *j = &judges[i];
		j->detector = list[i];
		j->params = calloc(1, list[i]->params_size + 1);
		j->state = calloc(1, list[i]->state_size + 1);
		if (!j->params || !j->state)
			abort();
		param_defaults(list[i]->params, j->params);
		if (list[i]->init && list[i]->init(j->state, j->params, &env) != 0)
			abort();
	}
}

static void end(void)
{
	for (struct judge *j = judges; j->detector; j++) {
		if (j->detector->on_end)
			j->detector->on_end(j->state, &env);
		if (j->detector->deinit)
			j->detector->deinit(j->state);
		free(j->params);
		free(j->state);
	}
}

static void event(const struct event *e)
{
	struct buf line;
	buf_init(&line, 1 << 20);
	event_json(e, &line);
	buf_deinit(&line);
	if (e->time_ns > env.now_ns)
		env.now_ns = env.steady_ns = e->time_ns;
	struct finding drill;
	if (drill_seen(drills, e, SEVERITY_LOW, &drill))
		on_finding(NULL, &drill);
	context_prefetch(env.context, e, 0);
	context_prefetch(env.context, e, 1);
	context_event(env.context, e);
	for (struct judge *j = judges; j->detector; j++) {
		if (!(j->detector->wants & (1ull << e->kind)))
			continue;
		for (unsigned stage = 0; j->detector->ahead && stage < 2; stage++)
			j->detector->ahead(j->state, &env, e, stage);
		j->detector->on_event(j->state, &env, e);
	}
}

static void tick(const struct ring_tick *t)
{
	if (t->now_ns < env.now_ns)
		return;
	env.now_ns = t->now_ns;
	env.steady_ns = t->now_ns;
	for (struct judge *j = judges; j->detector; j++)
		if (j->detector->on_tick)
			j->detector->on_tick(j->state, &env);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint64_t into[EVENT_MAX / 8];
	struct ring *r;
	struct ring_tick t;
	enum ring_got got;
	size &= ~(size_t)7;
	if (size > RING_MIN || ring_new(RING_MIN, &r) != 0)
		return 0;
	uint8_t *raw = mmap(NULL, RING_MIN + PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
			    ring_fds(r).memory, 0);
	if (raw == MAP_FAILED)
		abort();
	memcpy(raw + PAGE, data, size);
	memcpy(raw + HEAD, &size, sizeof(size));
	ring_set_latest(r, LATEST);
	start();
	while ((got = ring_get(r, (struct event *)into, &t)) != RING_EMPTY && got != RING_BROKEN) {
		if (got == RING_EVENT)
			event((const struct event *)into);
		else
			tick(&t);
	}
	end();
	munmap(raw, RING_MIN + PAGE);
	ring_free(r);
	return 0;
}
