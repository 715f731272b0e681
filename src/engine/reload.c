/*
 * engine/reload.c - see reload.h.
 */
#include "reload.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "exfild/base/log.h"
#include "annals.h"
#include "lastgood.h"
#include "notify.h"
#include "reload_parts.h"
#include "sets.h"

#define NAMES_MAX  65536
#define LOOK_MS    500  /* between two looks at files that nothing is heard of */
#define SLOW_MS    5000 /* at those that are heard of, which might have been missed */
#define EVENTS_MAX 100  /* of other files in the same folders, until it looks all the same */
#define REST_MS    50   /* files that were just replaced may be several */

static uint64_t clock_ns(clockid_t which)
{
	struct timespec t = { 0 };
	(void)clock_gettime(which, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static void wake(const struct reload *r)
{
	const uint64_t one = 1;
	(void)!write(r->wake, &one, sizeof(one));
}

static void publish(struct reload *r)
{
	if (r->o.publisher)
		publisher_configuration(r->o.publisher, &r->state);
}

/* -q and -v are asked for by somebody who watches: they stay. */
void reload_log_level(const struct options *o, const struct config *c)
{
	static const struct {
		const char *name;
		enum log_level level;
	} levels[] = { { "error", LOG_LEVEL_ERROR },
		       { "warn", LOG_LEVEL_WARN },
		       { "info", LOG_LEVEL_INFO },
		       { "debug", LOG_LEVEL_DEBUG } };
	for (size_t i = 0; !o->quiet && !o->verbose && i < sizeof(levels) / sizeof(levels[0]); i++)
		if (strcmp(levels[i].name, c->log.level) == 0)
			log_set_level(levels[i].level);
}

/* A copy for the next start; without one that start may fail, this one need not. */
static void keep_copy(const struct reload *r)
{
	char why[512];
	const char *directory = r->start->config->state.directory;
	if (r->o.path && *directory &&
	    lastgood_keep(directory, r->current->config, why, sizeof(why)) != 0)
		log_warnx("config", "no copy for a start with a broken file: %s", why);
}

static void list_changes(const struct reload *r, const struct config *fresh,
			 struct control_reload *ret)
{
	struct buf names;
	buf_init(&names, NAMES_MAX);
	config_list_live(r->current->config, fresh, &names);
	(void)snprintf(ret->changed, sizeof(ret->changed), "%s", names.len ? names.data : "");
	buf_reset(&names);
	config_list_restart(r->start->config, fresh, &names);
	(void)snprintf(ret->restart, sizeof(ret->restart), "%s", names.len ? names.data : "");
	buf_deinit(&names);
}

/* Takes the setup over, whatever comes of it. */
static int take(struct reload *r, struct setup *fresh, struct control_reload *ret)
{
	struct analysis_change *change = NULL;
	int err =
		analysis_prepare(r->o.analysis, fresh->config, &change, ret->why, sizeof(ret->why));
	if (!err && !analysis_change(r->o.analysis, change, RELOAD_PATIENCE_S)) {
		(void)snprintf(ret->why, sizeof(ret->why),
			       "the analysis did not take it within %u s, or has ended",
			       RELOAD_PATIENCE_S);
		err = -EXF_E_LIMIT;
	}
	if (!err)
		ret->pause_ns = analysis_change_pause(change);
	analysis_change_free(change);
	if (err) {
		setup_drop(fresh);
		return err;
	}
	list_changes(r, fresh->config, ret);
	setup_drop(r->current);
	r->current = fresh;
	reload_note_file(r, RELOAD_FEEDS);
	reload_note_file(r, RELOAD_IDENTITIES);
	pthread_mutex_lock(&r->lock);
	r->is_other = true;
	pthread_mutex_unlock(&r->lock);
	wake(r);
	return 0;
}

static void tell_taken(struct reload *r, const struct control_reload *ret)
{
	r->state.reloads++;
	r->state.loaded_ns = clock_ns(CLOCK_REALTIME);
	r->state.is_last_good = false;
	r->state.error[0] = '\0';
	(void)snprintf(r->state.restart, sizeof(r->state.restart), "%s", ret->restart);
	log_info("reload", "taken in %.1f ms, the analysis stood still for %.2f ms; changed: %s",
		 (double)ret->took_ns / 1e6, (double)ret->pause_ns / 1e6,
		 ret->changed[0] ? ret->changed : "nothing");
	if (ret->restart[0])
		log_warnx("reload", "takes effect at restart: %s", ret->restart);
}

static void tell_refused(struct reload *r, const struct control_reload *ret)
{
	r->state.refused++;
	(void)snprintf(r->state.error, sizeof(r->state.error), "%s", ret->why);
	log_errorx("reload", "%s; the configuration before stays in effect", ret->why);
	analysis_tell_sensor(r->o.analysis, SENSOR_CONFIGURATION, "reload", 0, 0, "%s", ret->why);
}

/* The sets are read and checked before anything changes. */
static int take_all(struct reload *r, struct setup *fresh, struct control_reload *ret)
{
	struct sets_pack sets;
	uint64_t signature = sets_signature(fresh->config);
	int err = sets_pack_make(fresh->config, &sets, ret->why, sizeof(ret->why));
	if (err) {
		setup_drop(fresh);
		return err;
	}
	err = take(r, fresh, ret);
	if (err) {
		sets_pack_drop(&sets);
		return err;
	}
	sets_store_commit(r->o.sets, &sets);
	r->followed[RELOAD_SETS] = (struct reload_followed){ .read = signature, .seen = signature };
	return 0;
}

static int run(struct reload *r, struct control_reload *ret)
{
	struct setup *fresh;
	uint64_t began_ns = clock_ns(CLOCK_MONOTONIC);
	memset(ret, 0, sizeof(*ret));
	notify_reloading(began_ns / 1000);
	int err = setup_load(r->o.options, r->o.path, &fresh, ret->why, sizeof(ret->why));
	if (!err)
		err = take_all(r, fresh, ret);
	ret->took_ns = clock_ns(CLOCK_MONOTONIC) - began_ns;
	if (err) {
		tell_refused(r, ret);
	} else {
		reload_log_level(r->o.options, r->current->config);
		tell_taken(r, ret);
		keep_copy(r);
	}
	annals_reload(r->o.annals, r->current->config, ret, err);
	publish(r);
	notify_ready();
	return err;
}

bool reload_has_ended(struct reload *r)
{
	pthread_mutex_lock(&r->lock);
	bool ended = r->ended;
	pthread_mutex_unlock(&r->lock);
	return ended;
}

int reload_run(struct reload *r, struct control_reload *ret)
{
	int err = -EXF_E_LIMIT;
	pthread_mutex_lock(&r->turn);
	if (reload_has_ended(r))
		*ret = (struct control_reload){ .why = "exfild is ending" };
	else
		err = run(r, ret);
	pthread_mutex_unlock(&r->turn);
	return err;
}

/* ---- the thread ---- */

enum woken { WOKEN_TIME, WOKEN_FILE, WOKEN_WORD };

static enum woken sleep_a_little(struct reload *r)
{
	struct pollfd fds[2] = { { .fd = r->wake, .events = POLLIN },
				 { .fd = watch_fd(r->watch), .events = POLLIN } };
	uint64_t count;
	bool is_heard = false;
	int wait_ms = r->is_slow ? SLOW_MS : LOOK_MS;
	for (unsigned n = 0; n < EVENTS_MAX && poll(fds, 2, wait_ms) > 0; n++) {
		if (fds[0].revents && read(r->wake, &count, sizeof(count)) > 0)
			return WOKEN_WORD;
		is_heard = watch_heard(r->watch) || is_heard;
		if (is_heard)
			wait_ms = REST_MS;
	}
	return is_heard ? WOKEN_FILE : WOKEN_TIME;
}

/* What was asked for since the last time; false: the end. */
static bool take_words(struct reload *r, bool *ret_asked, bool *ret_other)
{
	pthread_mutex_lock(&r->lock);
	bool goes_on = !r->ended;
	*ret_asked = r->asked;
	*ret_other = r->is_other;
	r->asked = r->is_other = false;
	pthread_mutex_unlock(&r->lock);
	return goes_on;
}

static void *on_thread(void *arg)
{
	struct reload *r = arg;
	struct control_reload result;
	bool asked, is_other;
	while (take_words(r, &asked, &is_other)) {
		if (asked)
			(void)reload_run(r, &result);
		if (is_other) { /* between the reading of files and now they may have changed */
			reload_watch_files(r);
			reload_look_at_files(r, false);
		}
		enum woken by = sleep_a_little(r);
		if (by == WOKEN_FILE) /* the way to them may be another */
			reload_watch_files(r);
		if (by != WOKEN_WORD)
			reload_look_at_files(r, by == WOKEN_FILE);
	}
	return NULL;
}

void reload_ask(struct reload *r)
{
	pthread_mutex_lock(&r->lock);
	r->asked = true;
	pthread_mutex_unlock(&r->lock);
	wake(r);
}

static void tell_start(struct reload *r)
{
	r->state.loaded_ns = clock_ns(CLOCK_REALTIME);
	if (r->o.broken) {
		r->state.is_last_good = true;
		(void)snprintf(r->state.error, sizeof(r->state.error), "%s", r->o.broken);
		analysis_tell_sensor(r->o.analysis, SENSOR_CONFIGURATION, "start", 1, 0, "%s",
				     r->o.broken);
	} else {
		keep_copy(r);
	}
	publish(r);
}

int reload_new(const struct reload_options *o, struct reload **ret)
{
	struct reload *r = calloc(1, sizeof(*r));
	if (!r)
		return -EXF_E_NOMEM;
	r->o = *o;
	r->start = setup_hold(o->setup);
	r->current = setup_hold(o->setup);
	pthread_mutex_init(&r->turn, NULL);
	pthread_mutex_init(&r->lock, NULL);
	r->is_other = true;
	r->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r->watch = watch_new();
	for (enum reload_file kind = 0; kind < RELOAD_FILES; kind++)
		reload_note_file(r, kind);
	tell_start(r);
	reload_take_sets(r);
	if (r->wake < 0 || !r->watch || pthread_create(&r->thread, NULL, on_thread, r) != 0) {
		reload_free(r);
		return -EXF_E_NOMEM;
	}
	r->has_thread = true;
	*ret = r;
	return 0;
}

void reload_stop(struct reload *r)
{
	if (!r || !r->has_thread)
		return;
	pthread_mutex_lock(&r->lock);
	r->ended = true;
	pthread_mutex_unlock(&r->lock);
	wake(r);
	(void)pthread_join(r->thread, NULL);
	r->has_thread = false;
	pthread_mutex_lock(&r->turn); /* the control thread may be in the middle of one */
	pthread_mutex_unlock(&r->turn);
}

void reload_free(struct reload *r)
{
	if (!r)
		return;
	reload_stop(r);
	if (r->wake >= 0)
		(void)close(r->wake);
	watch_free(r->watch);
	pthread_mutex_destroy(&r->lock);
	pthread_mutex_destroy(&r->turn);
	setup_drop(r->current);
	setup_drop(r->start);
	free(r);
}
