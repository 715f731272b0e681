/*
 * engine/watch.h - the live loop: frames of interfaces into the plane, until a signal.
 * It knows nothing of the analysis: events go to the plane's outlet, all else to its ears.
 *
 * What: capture, clock law, decode, plane; what was gathered is handed over whenever nothing waits,
 * and at least every 100 ms; ticks come while nothing does.  Counters, inside prefixes and the
 * service manager are seen to once a second.
 * Threads: the caller's.
 */
#ifndef EXFILD_SRC_ENGINE_WATCH_H
#define EXFILD_SRC_ENGINE_WATCH_H

#include "reader.h"

struct tally;

/* Who hears of it; called on the loop's thread. */
struct watch_ears {
	/* once a second, packets or none */
	void (*tally)(void *arg, const struct tally *t);
	/* what is on or behind the inside interfaces has changed */
	void (*inside)(void *arg, const struct prefix *list, size_t count);
	/* SIGHUP: the configuration is to be read again; must not wait */
	void (*reload)(void *arg);
	void *arg;
};

/* Until SIGTERM or SIGINT; what had come by then is analysed. */
int watch_run(struct reader *r, const struct watch_ears *ears) EXF_MUST_USE;

#endif
