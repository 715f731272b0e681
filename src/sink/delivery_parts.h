/*
 * sink/delivery_parts.h - what the files of the delivery share.
 *
 * Threads: `db` guards the spool, `lock` all else that is not said to be somebody's.  Who needs
 * both takes `db` first, or lets go of `lock` before.
 */
#ifndef EXFILD_SRC_SINK_DELIVERY_PARTS_H
#define EXFILD_SRC_SINK_DELIVERY_PARTS_H

#include <pthread.h>

#include "exfild/sink/delivery.h"
#include "exfild/store/spool.h"

#define LANE_BATCH  512
#define LANE_BYTES  (4u << 20) /* of records that a sink gets at once */
#define DISK_BATCH  4096
#define DISK_BYTES  (8u << 20) /* of records in one transaction, about */
#define BEAT_NS     (10ull * 1000000000ull)
#define BACKOFF_MIN 100u /* ms */
#define BACKOFF_MAX 30000u

struct lane { /* a sink and its thread */
	struct delivery *d;
	const struct sink_type *type;
	void *sink; /* its thread's */
	pthread_t thread;
	bool has_thread;
	bool is_over;        /* this one ends, the others go on */
	uint64_t taken;      /* the last number that it has */
	uint64_t told_taken; /* as the disk knows it */
	uint64_t flight;     /* the last number that is with the sink now; 0: none is */
	/* of these the limits took what the sink has not answered for yet: [from, below) */
	uint64_t owed_from, owed_below;
	const char *owed_why;
	uint64_t lost;
	unsigned failures; /* one after the other */
	uint64_t failing_ns, complained_ns;
	struct sink_health health;
};

struct delivery {
	struct delivery_options o;
	char directory[512], session[40];
	pthread_mutex_t db;
	struct spool *spool;
	pthread_mutex_t lock;
	pthread_cond_t news;  /* for the disk: something was put, or taken */
	pthread_cond_t ready; /* for the sinks: something may be sent */
	pthread_cond_t moved; /* for who waits: something was taken */
	pthread_cond_t halt;  /* for who sleeps: it ends */
	atomic_bool stop;
	pthread_t disk;
	bool has_disk, disk_ends;
	/* records `base` to `last`, in a ring of `room` places (a power of two) */
	struct record **ring;
	size_t room;
	uint64_t base, last;
	uint64_t memory;   /* bytes of them */
	uint64_t safe;     /* all up to this are on the disk */
	uint64_t released; /* all up to this may be sent */
	uint64_t busy_ns;  /* the disk works since; 0: it does not */
	bool is_failing;   /* the disk takes nothing */
	bool is_dirty;     /* what sinks have taken is not on the disk */
	struct lane *lanes[DELIVERY_SINKS];
	size_t lane_count;
	struct spool_taker before[SPOOL_TAKERS]; /* of the process before */
	size_t before_count;
	uint64_t moved_ns; /* when something was taken last */
	struct delivery_stats stats;
	uint64_t lost;
};

uint64_t delivery_now_ns(void);
/* Waits on `cond`, with the lock, until it is signalled or this time has come. */
void delivery_sleep(struct delivery *d, pthread_cond_t *cond, uint64_t until_ns);
/* With the lock. */
struct record *delivery_at(const struct delivery *d, uint64_t number);
uint64_t delivery_taken(const struct delivery *d); /* by every sink */
void delivery_trim(struct delivery *d);

/* delivery_sinks.c: a thread that no signal meets; 0 or an error, which has been said. */
int delivery_thread(pthread_t *thread, const char *name, void *(*fn)(void *),
		    void *arg) EXF_MUST_USE;
/* Waits for its thread's end, without the lock; then it may be freed. */
void delivery_end_lane(struct lane *l);
void delivery_free_lane(struct lane *l);

/* delivery_disk.c: the thread that commits. */
void *delivery_disk(void *delivery);
/* delivery_lane.c: the thread of a sink. */
/*
 * With the lock: records from `from` to before `below` are gone by a limit.  What the sink has not
 * is lost, counted and told; what is with it now, when it has answered.
 */
void lane_lose(struct lane *l, uint64_t from, uint64_t below, const char *why);
void *delivery_lane(void *lane);

#endif
