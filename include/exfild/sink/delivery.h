/*
 * sink/delivery.h - alerts on their way to the sinks, none lost quietly.
 *
 * What: a record goes to the disk (store/spool.h) before it is sent, by a thread of its own that
 * commits whatever waits at once; each sink has a thread, reads the records in their order and is
 * done with one when it says so.  What is on the disk when the process ends comes again in the
 * next.  A disk that takes nothing is said, and delivery goes on from memory.
 * Ownership: owns spool, sinks and threads.
 * Threads: any, but delivery_put(): one.
 * Limits: DELIVERY_MEMORY bytes of records in memory, what the spool may have on the disk; the
 * oldest go first, are counted and told.
 */
#ifndef EXFILD_SINK_DELIVERY_H
#define EXFILD_SINK_DELIVERY_H

#include "exfild/sink/sink.h"

#define DELIVERY_SINKS  8
#define DELIVERY_MEMORY (32ull << 20)

enum delivery_trouble {
	DELIVERY_DISK, /* the spool cannot be written, or something of it was damaged */
	DELIVERY_LOST, /* so many alerts were given up for this sink: a limit */
	DELIVERY_SINK, /* this sink takes nothing */
	DELIVERY_DEAF, /* nobody hears the channel */
};

struct delivery_options {
	const char *directory; /* of the spool; NULL or "": in memory only */
	uint64_t max_bytes;    /* of it */
	uint64_t memory_bytes; /* 0: DELIVERY_MEMORY */
	const char *session;   /* of the alerts to come */
	bool may_block;        /* replay: rather than lose one, whoever puts waits */
	/* Any thread; must not call back. */
	void (*trouble)(void *arg, enum delivery_trouble what, const char *sink, uint64_t count,
			const char *text);
	void (*beat)(void *arg, struct sink_beat *ret); /* NULL: none */
	void *arg;
};

struct delivery;

/* A spool that cannot be opened is said, told and gone without. */
int delivery_new(const struct delivery_options *o, struct delivery **ret) EXF_MUST_USE;

/* What sinks that are opened for it have as their `stop`. */
const atomic_bool *delivery_stop_flag(const struct delivery *d);

struct delivery_sink {
	const struct sink_type *type;
	void *sink; /* NULL: the one of this type that there is goes on */
};
/* From now on the session is this one: what is sent again is of it. */
void delivery_session(struct delivery *d, const char *session);
/*
 * These are the sinks from now on; it takes them over.  Those that are gone are closed, what waited
 * for them goes.  A sink of a type that was there goes on where that one was.
 */
int delivery_sinks(struct delivery *d, const struct delivery_sink *list, size_t count) EXF_MUST_USE;
/* Takes the record over. */
void delivery_put(struct delivery *d, struct record *r);
/* All that was put is on the disk, or cannot come there. */
bool delivery_is_safe(struct delivery *d);
/* Waits until every sink has everything, for as long as something moves and at most so long. */
bool delivery_wait(struct delivery *d, uint64_t patience_ms);
/* Those with a sequence from..to of the session again; how many, -EXF_E_UNSUPPORTED: no spool. */
int64_t delivery_resend(struct delivery *d, uint64_t from, uint64_t to);
/* Ends the threads; says what waits and where. False: something is lost. */
bool delivery_stop(struct delivery *d);
void delivery_free(struct delivery *d);

struct delivery_health {
	const char *name;
	struct sink_health sink;
	uint64_t waiting; /* records that it has not yet */
	uint64_t lost;
	bool is_failing;
};
size_t delivery_health(struct delivery *d, struct delivery_health *list, size_t most);

struct delivery_stats {
	bool has_spool, is_failing;
	uint64_t depth; /* records that some sink has not yet */
	uint64_t bytes, max_bytes;
	uint64_t memory_bytes;
	uint64_t lost, errors;
	uint64_t commits, committed; /* transactions, and the records in them */
};
void delivery_stats(struct delivery *d, struct delivery_stats *ret);

#endif
