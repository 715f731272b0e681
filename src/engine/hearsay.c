/*
 * engine/hearsay.c - see hearsay.h.  A number that is odd while the tally is written tells a reader
 * to look again; a writer that never stops is not waited for.
 */
#include "hearsay.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)
#define TRIES 64

struct shared {
	_Atomic uint64_t turn; /* 0: nothing was told; odd: it is being written */
	struct tally tally;
};

struct hearsay {
	struct shared *shared;
};

int hearsay_memory(void)
{
	int fd = memfd_create("exfild-board", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd >= 0 &&
	    (ftruncate(fd, sizeof(struct shared)) != 0 || fcntl(fd, F_ADD_SEALS, SEALS) != 0)) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

struct hearsay *hearsay_attach(int fd)
{
	struct stat st;
	struct hearsay *h = calloc(1, sizeof(*h));
	if (!h)
		return NULL;
	void *at = MAP_FAILED;
	if (fstat(fd, &st) == 0 && st.st_size == (off_t)sizeof(struct shared) &&
	    (fcntl(fd, F_GET_SEALS) & SEALS) == SEALS)
		at = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED) {
		free(h);
		return NULL;
	}
	h->shared = at;
	return h;
}

void hearsay_free(struct hearsay *h)
{
	if (!h)
		return;
	(void)munmap(h->shared, sizeof(struct shared));
	free(h);
}

void hearsay_tell(struct hearsay *h, const struct tally *t)
{
	struct shared *s = h->shared;
	uint64_t turn = atomic_load_explicit(&s->turn, memory_order_relaxed);
	atomic_store_explicit(&s->turn, turn + 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	memcpy(&s->tally, t, sizeof(*t));
	atomic_store_explicit(&s->turn, turn + 2, memory_order_release);
}

static void clean_name(char name[TALLY_NAME])
{
	name[TALLY_NAME - 1] = '\0';
	for (char *c = name; *c; c++)
		if (*c <= ' ' || *c > '~')
			*c = '?';
}

void hearsay_clean(struct tally *t)
{
	if (t->link_count > LIVE_INTERFACES)
		t->link_count = LIVE_INTERFACES;
	if (t->worker_count > LIVE_WORKERS)
		t->worker_count = LIVE_WORKERS;
	for (unsigned i = 0; i < LIVE_INTERFACES; i++)
		clean_name(t->links[i].name);
}

bool hearsay_take(const struct hearsay *h, struct tally *ret)
{
	struct shared *s = h->shared;
	for (unsigned i = 0; i < TRIES; i++) {
		uint64_t turn = atomic_load_explicit(&s->turn, memory_order_acquire);
		if (!turn)
			return false;
		if (turn % 2)
			continue;
		memcpy(ret, &s->tally, sizeof(*ret));
		atomic_thread_fence(memory_order_acquire);
		if (atomic_load_explicit(&s->turn, memory_order_relaxed) != turn)
			continue;
		hearsay_clean(ret);
		return true;
	}
	return false;
}
