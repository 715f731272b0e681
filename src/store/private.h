/*
 * store/private.h - what reading and writing share.
 *
 * Threads: `batch` and all above the lock are the owner's; from store_begin() on the file is the
 * writer's; what stands below the lock is under it.
 */
#ifndef EXFILD_SRC_STORE_PRIVATE_H
#define EXFILD_SRC_STORE_PRIVATE_H

#include <pthread.h>

#include "exfild/base/buf.h"
#include "file.h"

#define BATCH_MAX (4u << 20)
#define PARTS_MAX 1024

enum op { OP_PUT = 1, OP_DROP, OP_SWITCH };

struct op_head {
	uint32_t op; /* enum op */
	uint32_t part, slot, len;
};

struct row_part { /* one that is written */
	const char *name;
	uint16_t version;
	int64_t id;
	unsigned epoch; /* that is written */
};

struct store {
	struct file file;
	struct row_part *parts;
	size_t part_count;
	struct hash_key key;
	struct buf batch; /* being filled */
	bool overflowed;  /* it did not hold all */
	bool has_thread;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct buf handed; /* to the writer */
	bool is_handed, is_stopping, has_lost;
	struct store_stats stats;
};

/* writer.c: makes the file ready for the parts; then the thread. */
int writer_prepare(struct store *s, char *why, size_t size) EXF_MUST_USE;
void *writer_main(void *store);

static inline uint64_t row_id(const struct row_part *p, unsigned epoch, uint32_t slot)
{
	return (uint64_t)p->id << FILE_PART_SHIFT | (uint64_t)epoch << FILE_EPOCH_SHIFT | slot;
}

#endif
