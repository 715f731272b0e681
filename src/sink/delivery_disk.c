/*
 * sink/delivery_disk.c - the thread that puts records on the disk.
 *
 * It commits all that waits at once, so that many alerts cost one sync, together with how far the
 * sinks have come.  Near the cap, what every sink has goes first, then the oldest.
 */
#include <stdlib.h>
#include <string.h>

#include "exfild/base/buf.h"
#include "exfild/base/log.h"
#include "exfild/base/str.h"
#include "delivery_parts.h"

#define ACK_NS       200000000ull  /* what was taken comes to the disk so late, when all is quiet */
#define RETRY_NS     1000000000ull /* of a disk that takes nothing */
#define DROP_AT_ONCE 256           /* records of history that are worth a deletion */

struct disk_batch {
	struct record *list[DISK_BATCH];
	size_t count;
	struct spool_taker takers[DELIVERY_SINKS];
	size_t taker_count;
	uint64_t bytes, taken, last;
	uint64_t lost_below; /* what is below is given up, whether it was sent or not; 0: nothing */
};

/* With the lock: what there is to do. */
static void gather(struct delivery *d, struct disk_batch *b)
{
	b->count = b->taker_count = 0;
	b->bytes = b->lost_below = 0;
	b->taken = delivery_taken(d);
	uint64_t from = d->safe > b->taken ? d->safe : b->taken;
	if (from + 1 < d->base)
		from = d->base - 1;
	uint64_t most = d->o.max_bytes / 8 < DISK_BYTES ? d->o.max_bytes / 8 : DISK_BYTES;
	b->last = from;
	while (b->last < d->last && b->count < DISK_BATCH && (!b->count || b->bytes < most)) {
		struct record *r = record_hold(delivery_at(d, ++b->last));
		b->list[b->count++] = r;
		b->bytes += r->bytes;
	}
	for (size_t i = 0; i < d->lane_count; i++) {
		struct spool_taker *t = &b->takers[b->taker_count++];
		(void)str_copy(t->name, sizeof(t->name), d->lanes[i]->type->name);
		t->number = d->lanes[i]->taken;
	}
	d->is_dirty = false;
}

/* How much goes: history that is too old or in the way, then what nobody has yet. */
static uint64_t keep_from(struct delivery *d, struct disk_batch *b)
{
	uint64_t first = spool_first(d->spool), last = spool_last(d->spool);
	uint64_t used = spool_bytes(d->spool) + b->bytes + b->bytes / 8;
	uint64_t most = spool_max_bytes(d->spool);
	uint64_t history = b->taken > SPOOL_HISTORY ? b->taken - SPOOL_HISTORY : 0;
	if (!first)
		return 0;
	if (used > most / 10 * 9 && first > b->taken) {
		b->lost_below = first + (last - first) / 16 + 1;
		return b->lost_below;
	}
	if (used > most / 10 * 8)
		return b->taken + 1;
	return history >= first + DROP_AT_ONCE ? history + 1 : 0;
}

/* With db. */
static int write_batch(struct delivery *d, struct disk_batch *b, char *why, size_t size)
{
	struct buf bytes;
	int err = spool_begin(d->spool);
	buf_init(&bytes, SPOOL_RECORD_MAX);
	uint64_t from = err ? 0 : keep_from(d, b);
	if (!err && from)
		err = spool_drop_below(d->spool, from);
	for (size_t i = 0; i < b->count && !err; i++) {
		buf_reset(&bytes);
		record_write(b->list[i], &bytes);
		err = spool_put(d->spool, b->list[i]->number, bytes.data, bytes.len);
	}
	if (!err)
		err = spool_clear_takers(d->spool);
	for (size_t i = 0; i < b->taker_count && !err; i++)
		err = spool_set_taker(d->spool, b->takers[i].name, b->takers[i].number);
	buf_deinit(&bytes);
	int committed = spool_commit(d->spool, why, size);
	return err ? err : committed;
}

/* With the lock: those that had it not yet have lost it. */
static void count_lost(struct delivery *d, uint64_t below, uint64_t first)
{
	for (size_t i = 0; i < d->lane_count; i++)
		lane_lose(d->lanes[i], first, below, "the spool is full (limits.disk_mb)");
}

/* With the lock. */
static void note_result(struct delivery *d, const struct disk_batch *b, int err, uint64_t first,
			const char *why)
{
	bool was_failing = d->is_failing;
	d->is_failing = err != 0;
	d->stats.errors += err != 0;
	if (!err) {
		d->safe = b->last > d->safe ? b->last : d->safe;
		d->moved_ns = delivery_now_ns();
		d->stats.commits++;
		d->stats.committed += b->count;
		if (b->lost_below)
			count_lost(d, b->lost_below, first);
	} else {
		d->is_dirty = true;
		d->released = d->last; /* what cannot be kept is at least sent */
	}
	if (b->last > d->released)
		d->released = b->last;
	if (err && !was_failing) {
		log_errorx("spool",
			   "%s: alerts go on from memory, and those that no sink has are lost if "
			   "exfild ends",
			   why);
		d->o.trouble(d->o.arg, DELIVERY_DISK, "spool", 1, why);
	} else if (!err && was_failing) {
		log_info("spool", "alerts are kept on the disk again");
	}
	delivery_trim(d);
	pthread_cond_broadcast(&d->ready);
	pthread_cond_broadcast(&d->moved);
}

static void work(struct delivery *d, struct disk_batch *b)
{
	char why[200] = "";
	gather(d, b);
	d->busy_ns = delivery_now_ns();
	pthread_mutex_unlock(&d->lock);
	pthread_mutex_lock(&d->db);
	uint64_t first = spool_first(d->spool);
	int err = write_batch(d, b, why, sizeof(why));
	uint64_t used = spool_bytes(d->spool);
	pthread_mutex_unlock(&d->db);
	pthread_mutex_lock(&d->lock);
	d->busy_ns = 0;
	d->stats.bytes = used;
	note_result(d, b, err, first, why);
	for (size_t i = 0; i < b->count; i++)
		record_drop(b->list[i]);
}

void *delivery_disk(void *delivery)
{
	struct delivery *d = delivery;
	struct disk_batch *b = calloc(1, sizeof(*b));
	uint64_t next_ns = 0; /* of a retry, or of what was taken */
	pthread_mutex_lock(&d->lock);
	while (b) {
		bool has_work = d->last > d->safe || d->is_dirty;
		uint64_t now_ns = delivery_now_ns();
		bool may_wait =
			!d->disk_ends && now_ns < next_ns && (d->is_failing || d->last <= d->safe);
		if (!has_work && d->disk_ends)
			break;
		if (!has_work || may_wait) {
			delivery_sleep(d, &d->news, has_work ? next_ns : now_ns + BEAT_NS);
			continue;
		}
		work(d, b);
		if (d->is_failing && d->disk_ends)
			break;
		next_ns = delivery_now_ns() + (d->is_failing ? RETRY_NS : ACK_NS);
	}
	pthread_mutex_unlock(&d->lock);
	free(b);
	return NULL;
}
