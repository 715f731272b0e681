/*
 * engine/enforcer.c - see enforcer.h.
 */
#include "enforcer.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "exfild/base/log.h"
#include "exfild/base/str.h"

#define POLL_S      1
#define ACTS_A_TURN 64 /* of the responder; the rest at the next */

struct enforcer {
	char path[108];
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct quarantine_request queue[ENFORCER_QUEUE];
	size_t first, waiting;
	struct enforcer_note notes[ENFORCER_NOTES];
	size_t note_first, note_count;
	struct enforcer_counts counts;
	bool is_ending;
	atomic_bool is_away;
	/* of the thread alone */
	int fd;
	bool knows_acts;
	uint64_t next_act;
	bool has_said;
};

/* --- notes ---------------------------------------------------------------------------------- */

static void add_note(struct enforcer *e, const struct enforcer_note *note)
{
	pthread_mutex_lock(&e->lock);
	if (e->note_count < ENFORCER_NOTES)
		e->notes[(e->note_first + e->note_count++) % ENFORCER_NOTES] = *note;
	else
		e->counts.notes_lost++;
	pthread_mutex_unlock(&e->lock);
}

bool enforcer_take(struct enforcer *e, struct enforcer_note *ret)
{
	pthread_mutex_lock(&e->lock);
	bool any = e->note_count > 0;
	if (any) {
		*ret = e->notes[e->note_first];
		e->note_first = (e->note_first + 1) % ENFORCER_NOTES;
		e->note_count--;
	}
	pthread_mutex_unlock(&e->lock);
	return any;
}

/* --- the responder -------------------------------------------------------------------------- */

static void lose(struct enforcer *e)
{
	if (e->fd >= 0)
		(void)close(e->fd);
	e->fd = -1;
	atomic_store(&e->is_away, true);
}

/* 0, or what is wrong; said once until it answers again. */
static int call(struct enforcer *e, const struct quarantine_request *r,
		struct quarantine_answer *ret, char *why, size_t size)
{
	if (e->fd < 0)
		e->fd = quarantine_connect(e->path);
	int err = e->fd < 0 ? -EXF_E_IO : quarantine_call(e->fd, r, ret);
	if (err == 0) {
		atomic_store(&e->is_away, false);
		if (e->has_said)
			log_info("policy", "exfild-responder answers again");
		e->has_said = false;
		return 0;
	}
	(void)snprintf(why, size, "%s",
		       err == -EXF_E_IO ? strerror(errno) : "it speaks another version");
	if (!e->has_said)
		log_warnx("policy",
			  "exfild-responder cannot be asked (%s: %s): nobody is cut off, traffic "
			  "flows",
			  e->path, why);
	e->has_said = true;
	lose(e);
	return err;
}

static void count(struct enforcer *e, uint64_t *what)
{
	pthread_mutex_lock(&e->lock);
	++*what;
	pthread_mutex_unlock(&e->lock);
}

static void tell_failed(struct enforcer *e, const struct quarantine_request *r, const char *why)
{
	struct enforcer_note note = { .kind = ENFORCER_FAILED };
	if (r->op != QUARANTINE_ADD)
		return; /* nobody stays free by it */
	struct quarantine_entry *entry = &note.act.entry;
	entry->host = r->host;
	entry->peer = r->peer;
	entry->kind = r->kind;
	(void)str_copy(entry->alert, sizeof(entry->alert), r->alert);
	(void)str_copy(entry->rule, sizeof(entry->rule), r->rule);
	(void)snprintf(note.text, sizeof(note.text), "%s", why);
	add_note(e, &note);
}

/* What the responder refuses or does is in its acts; here is what it could not be asked. */
static void carry(struct enforcer *e, const struct quarantine_request *r)
{
	struct quarantine_answer a;
	char why[128];
	count(e, &e->counts.asked);
	int err = call(e, r, &a, why, sizeof(why));
	if (err && e->fd < 0) /* its end of an old connection may be gone */
		err = call(e, r, &a, why, sizeof(why));
	if (err) {
		count(e, &e->counts.failed);
		tell_failed(e, r, why);
	} else {
		count(e, a.status == QUARANTINE_OK ? &e->counts.done : &e->counts.refused);
		if (a.status == QUARANTINE_FORBIDDEN || a.status == QUARANTINE_MALFORMED)
			tell_failed(e, r, a.text);
	}
}

static void hear_acts(struct enforcer *e)
{
	struct quarantine_request r;
	struct quarantine_answer a;
	char why[128];
	quarantine_prepare(&r, e->knows_acts ? QUARANTINE_ACTS : QUARANTINE_STATUS);
	r.index = e->next_act;
	for (unsigned i = 0; i < ACTS_A_TURN; i++) {
		if (call(e, &r, &a, why, sizeof(why)) != 0)
			return;
		if (!e->knows_acts || a.last_act + 1 < e->next_act) { /* or it began anew */
			e->next_act = e->knows_acts ? 1 : a.last_act + 1;
			e->knows_acts = true;
			return;
		}
		if (a.status != QUARANTINE_OK)
			return;
		struct enforcer_note note = { .kind = ENFORCER_ACT, .act = a.act };
		(void)snprintf(note.text, sizeof(note.text), "%s", a.text);
		note.act.entry.rule[sizeof(note.act.entry.rule) - 1] = '\0';
		note.act.entry.alert[sizeof(note.act.entry.alert) - 1] = '\0';
		note.act.entry.reason[sizeof(note.act.entry.reason) - 1] = '\0';
		count(e, &e->counts.acts);
		add_note(e, &note);
		e->next_act = a.act.number + 1;
		r.index = e->next_act;
	}
}

/* --- the thread ----------------------------------------------------------------------------- */

/* The next request, or false after a second, or at the end. */
static bool next_request(struct enforcer *e, struct quarantine_request *ret)
{
	struct timespec until = { 0 };
	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += POLL_S;
	pthread_mutex_lock(&e->lock);
	while (!e->waiting && !e->is_ending &&
	       pthread_cond_timedwait(&e->wake, &e->lock, &until) == 0)
		;
	bool any = e->waiting > 0;
	if (any) {
		*ret = e->queue[e->first];
		e->first = (e->first + 1) % ENFORCER_QUEUE;
		e->waiting--;
	}
	pthread_mutex_unlock(&e->lock);
	return any;
}

static bool is_ending(struct enforcer *e)
{
	pthread_mutex_lock(&e->lock);
	bool ending = e->is_ending;
	pthread_mutex_unlock(&e->lock);
	return ending;
}

static void *run(void *arg)
{
	struct enforcer *e = arg;
	struct quarantine_request r;
	hear_acts(e);
	while (!is_ending(e)) {
		if (next_request(e, &r))
			carry(e, &r);
		if (!is_ending(e))
			hear_acts(e);
	}
	return NULL;
}

int enforcer_start(const char *socket_path, struct enforcer **ret)
{
	struct enforcer *e = calloc(1, sizeof(*e));
	pthread_condattr_t steady;
	if (!e)
		return -EXF_E_NOMEM;
	e->fd = -1;
	(void)str_copy(e->path, sizeof(e->path), socket_path);
	pthread_mutex_init(&e->lock, NULL);
	pthread_condattr_init(&steady);
	pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
	pthread_cond_init(&e->wake, &steady);
	pthread_condattr_destroy(&steady);
	if (pthread_create(&e->thread, NULL, run, e) != 0) {
		pthread_cond_destroy(&e->wake);
		pthread_mutex_destroy(&e->lock);
		free(e);
		return -EXF_E_NOMEM;
	}
	*ret = e;
	return 0;
}

void enforcer_stop(struct enforcer *e)
{
	if (!e)
		return;
	pthread_mutex_lock(&e->lock);
	e->is_ending = true;
	pthread_cond_signal(&e->wake);
	pthread_mutex_unlock(&e->lock);
	(void)pthread_join(e->thread, NULL);
	if (e->fd >= 0)
		(void)close(e->fd);
	pthread_cond_destroy(&e->wake);
	pthread_mutex_destroy(&e->lock);
	free(e);
}

bool enforcer_put(struct enforcer *e, const struct quarantine_request *r)
{
	pthread_mutex_lock(&e->lock);
	bool ok = e->waiting < ENFORCER_QUEUE;
	if (ok) {
		e->queue[(e->first + e->waiting++) % ENFORCER_QUEUE] = *r;
		pthread_cond_signal(&e->wake);
	} else {
		e->counts.full++;
	}
	pthread_mutex_unlock(&e->lock);
	return ok;
}

bool enforcer_is_away(const struct enforcer *e)
{
	return atomic_load(&e->is_away);
}

void enforcer_counts(struct enforcer *e, struct enforcer_counts *ret)
{
	pthread_mutex_lock(&e->lock);
	*ret = e->counts;
	pthread_mutex_unlock(&e->lock);
}
