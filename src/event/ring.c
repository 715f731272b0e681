/*
 * event/ring.c - see ring.h.  Positions count bytes since the start and never wrap; a place in the
 * ring is a position modulo its size.  Records are multiples of 8 bytes, so their first 8 bytes,
 * which hold size and kind, never straddle the end; the rest may, and is copied in two parts.
 * A writer that is far from the start when the reader has all of it begins a new lap: what a calm
 * sensor says goes through the same few pages, which are in the caches.
 *
 * What the other side may change under our hands is read once, with atomic loads, and kept: the
 * writer's position is `seen` until all of that is read.  The bytes of a record are copied before
 * they are looked at.  A writer that changes them meanwhile has written other bytes, no more.
 */
#include "exfild/event/ring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MAGIC       0x31676e6972667865ull /* "exfring1" */
#define HEAD_BYTES  4096u
#define KIND_TICK   0xff00u
#define LAP_BYTES   (256u * 1024)
#define HEAP_PART   16 /* of the ring: it wakes even who sleeps long */
#define PAUSE_NS    200000u
#define LINE        64u /* of a processor's caches */
#define FETCH_AHEAD 1024u
#define SEALS       (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

struct shared { /* the first page */
	uint64_t magic, size;
	_Alignas(64) _Atomic uint64_t head; /* the writer's position */
	_Atomic uint64_t left;              /* from here on a lap was left out */
	_Alignas(64) _Atomic uint64_t tail; /* the reader's */
	_Atomic uint32_t asleep;            /* how the reader sleeps, enum sleeps */
	_Alignas(64) _Atomic uint64_t dropped[EVENT__COUNT + 1];
	_Atomic uint64_t counts[RING_COUNTS];
};

enum sleeps { SLEEPS_NOT, SLEEPS, SLEEPS_LONG /* there is to be a heap of records */ };

struct tick_record { /* begins as an event does */
	uint32_t size;
	uint16_t kind;
	uint16_t pad;
	struct ring_tick tick;
};

_Static_assert(sizeof(struct shared) <= HEAD_BYTES, "the head fits its page");
_Static_assert(sizeof(struct tick_record) % 8 == 0, "records end on 8 bytes");
_Static_assert(offsetof(struct tick_record, kind) == offsetof(struct event, kind), "same head");
_Static_assert(offsetof(struct tick_record, size) == offsetof(struct event, size), "same head");
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "atomics work between processes");

struct ring {
	struct shared *shared;
	uint8_t *bytes;
	uint64_t size;
	struct ring_fds fds;
	uint64_t head; /* writer: its position, published or not */
	uint64_t tail; /* reader: its own position; writer: the reader's, when last looked at */
	uint64_t told; /* writer: its position when last published */
	uint64_t lap;  /* writer: the reader has all before this position, and will step to it */
	uint64_t seen; /* reader: the writer's position when last looked at */
	_Atomic uint64_t patience_ns; /* writer */
	uint64_t owed_leap_ns;        /* writer: of ticks that found no room */
	uint64_t seq, now_ns;         /* reader: of the last record, of the last tick */
	uint64_t leaped_ns;           /* reader: of all ticks */
	uint64_t latest_ns;
	struct event_checker *checker; /* reader: made at its first record */
	const char *fault;
};

static size_t mapped(uint64_t size)
{
	return (size_t)size + HEAD_BYTES;
}

static bool is_size(uint64_t size)
{
	return size >= RING_MIN && size <= RING_MAX && (size & (size - 1)) == 0;
}

static int map(struct ring *r)
{
	void *at =
		mmap(NULL, mapped(r->size), PROT_READ | PROT_WRITE, MAP_SHARED, r->fds.memory, 0);
	if (at == MAP_FAILED)
		return -EXF_E_IO;
	r->shared = at;
	r->bytes = (uint8_t *)at + HEAD_BYTES;
	r->latest_ns = UINT64_MAX;
	return 0;
}

static int make_memory(size_t size)
{
	int fd = memfd_create("exfild-ring", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -1;
	/* sealed: nobody can cut it short below a reader's feet */
	if (ftruncate(fd, (off_t)mapped(size)) == 0 && fcntl(fd, F_ADD_SEALS, SEALS) == 0)
		return fd;
	int keep = errno;
	close(fd);
	errno = keep;
	return -1;
}

int ring_new(size_t size, struct ring **ret)
{
	if (!is_size(size))
		return -EXF_E_RANGE;
	struct ring *r = calloc(1, sizeof(*r));
	if (!r)
		return -EXF_E_NOMEM;
	r->size = size;
	r->fds.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r->fds.memory = make_memory(size);
	if (r->fds.wake < 0 || r->fds.memory < 0 || map(r) != 0) {
		int keep = errno;
		ring_free(r);
		errno = keep;
		return -EXF_E_IO;
	}
	r->shared->magic = MAGIC;
	r->shared->size = size;
	*ret = r;
	return 0;
}

int ring_attach(struct ring_fds fds, struct ring **ret)
{
	struct stat st;
	struct ring *r = calloc(1, sizeof(*r));
	if (!r) {
		close(fds.memory);
		close(fds.wake);
		return -EXF_E_NOMEM;
	}
	r->fds = fds;
	int err = -EXF_E_FORMAT;
	if (fstat(fds.memory, &st) == 0 && st.st_size > (off_t)HEAD_BYTES &&
	    is_size((uint64_t)st.st_size - HEAD_BYTES) &&
	    (fcntl(fds.memory, F_GET_SEALS) & SEALS) == SEALS) {
		r->size = (uint64_t)st.st_size - HEAD_BYTES;
		err = map(r);
	}
	if (!err && (r->shared->magic != MAGIC || r->shared->size != r->size))
		err = -EXF_E_FORMAT;
	if (err) {
		ring_free(r);
		return err;
	}
	r->head = atomic_load_explicit(&r->shared->head, memory_order_acquire);
	r->tail = atomic_load_explicit(&r->shared->tail, memory_order_acquire);
	*ret = r;
	return 0;
}

void ring_free(struct ring *r)
{
	if (!r)
		return;
	if (r->shared)
		munmap(r->shared, mapped(r->size));
	if (r->fds.memory >= 0)
		close(r->fds.memory);
	if (r->fds.wake >= 0)
		close(r->fds.wake);
	event_checker_free(r->checker);
	free(r);
}

struct ring_fds ring_fds(const struct ring *r)
{
	return r->fds;
}

/* ---- the writer ---- */

static void copy_in(struct ring *r, const void *from, size_t len)
{
	size_t at = (size_t)(r->head & (r->size - 1));
	size_t first = len < r->size - at ? len : (size_t)(r->size - at);
	memcpy(r->bytes + at, from, first);
	memcpy(r->bytes, (const uint8_t *)from + first, len - first);
	r->head += len;
}

/* Where the reader is, as the room goes: what is left out of a lap is nobody's. */
static uint64_t tail_of(const struct ring *r)
{
	uint64_t tail = atomic_load_explicit(&r->shared->tail, memory_order_acquire);
	return tail < r->lap ? r->lap : tail;
}

/* Whoever reads has all of it: the rest of the lap is left out.  Before what is put first after it
 * was told. */
static void begin_lap(struct ring *r)
{
	uint64_t at = r->head & (r->size - 1);
	if (r->head != r->told || at < LAP_BYTES)
		return;
	r->tail = tail_of(r);
	if (r->tail != r->head)
		return;
	atomic_store_explicit(&r->shared->left, r->head, memory_order_relaxed);
	r->head += r->size - at;
	r->tail = r->lap = r->head;
}

/* Whether `len` bytes fit and leave `reserve` free.  Only if not, the reader's own line is asked.
 */
static bool has_room(struct ring *r, uint64_t len, uint64_t reserve)
{
	if (r->head - r->tail + len + reserve <= r->size)
		return true;
	uint64_t tail = tail_of(r);
	if (r->head - tail > r->size)
		return false; /* a reader that was never here */
	r->tail = tail;
	return r->head - r->tail + len + reserve <= r->size;
}

/* What is to stay free for what must not be missed. */
static uint64_t reserve_of(const struct ring *r, unsigned kind)
{
	switch (kind) {
	case EVENT_FLOW_START:
	case EVENT_FLOW_PROGRESS:
		return r->size / 4;
	case EVENT_FLOW_END:
	case EVENT_CLASSIFIED:
		return r->size / 8;
	default:
		return sizeof(struct tick_record) * 16;
	}
}

static void add_one(_Atomic uint64_t *counter)
{
	/* one writer: no locked instruction is needed */
	uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);
	atomic_store_explicit(counter, value + 1, memory_order_relaxed);
}

void ring_set_patience(struct ring *r, uint64_t patience_ns)
{
	atomic_store_explicit(&r->patience_ns, patience_ns, memory_order_relaxed);
}

static uint64_t steady_ns(void)
{
	struct timespec t = { 0 };
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

/* The reader is given time, as long as there is patience.  By the clock: where processors are short
 * a pause takes many times its length. */
static bool wait_for_room(struct ring *r, uint64_t len, uint64_t reserve)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	uint64_t left, since_ns = steady_ns();
	ring_publish(r);
	while ((left = atomic_load_explicit(&r->patience_ns, memory_order_relaxed)) != 0) {
		(void)nanosleep(&pause, NULL);
		uint64_t now_ns = steady_ns();
		uint64_t used_ns = now_ns - since_ns;
		since_ns = now_ns;
		/* another thread may have given more meanwhile: that is lost, once */
		atomic_store_explicit(&r->patience_ns, left > used_ns ? left - used_ns : 0,
				      memory_order_relaxed);
		if (has_room(r, len, reserve))
			return true;
	}
	return false;
}

bool ring_put(struct ring *r, const struct event *e)
{
	uint64_t reserve = reserve_of(r, e->kind);
	begin_lap(r);
	if (!has_room(r, e->size, reserve) && !wait_for_room(r, e->size, reserve)) {
		add_one(&r->shared->dropped[e->kind < EVENT__COUNT ? e->kind : EVENT_SENSOR]);
		add_one(&r->shared->dropped[EVENT__COUNT]);
		return false;
	}
	copy_in(r, e, e->size);
	return true;
}

void ring_put_tick(struct ring *r, const struct ring_tick *t)
{
	struct tick_record record = { .size = sizeof(record), .kind = KIND_TICK, .tick = *t };
	record.tick.leap_ns += r->owed_leap_ns;
	if (!has_room(r, sizeof(record), 0)) {
		r->owed_leap_ns = record.tick.leap_ns;
		return;
	}
	r->owed_leap_ns = 0;
	copy_in(r, &record, sizeof(record));
}

static bool is_heap(const struct ring *r)
{
	return r->head - tail_of(r) > r->size / HEAP_PART;
}

void ring_publish(struct ring *r)
{
	static const uint64_t one = 1;
	/* the position, then the question whether somebody sleeps: in this order on both sides */
	r->told = r->head;
	atomic_store_explicit(&r->shared->head, r->head, memory_order_seq_cst);
	uint32_t asleep = atomic_load_explicit(&r->shared->asleep, memory_order_seq_cst);
	if (asleep == SLEEPS_NOT || (asleep == SLEEPS_LONG && !is_heap(r)))
		return;
	atomic_store_explicit(&r->shared->asleep, SLEEPS_NOT, memory_order_relaxed);
	if (write(r->fds.wake, &one, sizeof(one)) < 0)
		return; /* full: it is awake */
}

uint64_t ring_dropped(const struct ring *r, unsigned kind)
{
	return kind > EVENT__COUNT ?
		       0 :
		       atomic_load_explicit(&r->shared->dropped[kind], memory_order_relaxed);
}

void ring_count(struct ring *r, unsigned counter, uint64_t value)
{
	if (counter < RING_COUNTS)
		atomic_store_explicit(&r->shared->counts[counter], value, memory_order_relaxed);
}

/* ---- the reader ---- */

void ring_skip(struct ring *r)
{
	r->tail = r->seen = atomic_load_explicit(&r->shared->head, memory_order_acquire);
	atomic_store_explicit(&r->shared->tail, r->tail, memory_order_release);
}

void ring_set_latest(struct ring *r, uint64_t latest_ns)
{
	r->latest_ns = latest_ns;
}

static enum ring_got broken(struct ring *r, const char *why)
{
	r->fault = why;
	return RING_BROKEN;
}

static void copy_out(const struct ring *r, uint64_t from, void *to, size_t len)
{
	size_t at = (size_t)(from & (r->size - 1));
	size_t first = len < r->size - at ? len : (size_t)(r->size - at);
	memcpy(to, r->bytes + at, first);
	memcpy((uint8_t *)to + first, r->bytes, len - first);
}

/* Calls what comes some records later into the caches: another processor has written it. */
static void fetch_ahead(const struct ring *r, size_t len)
{
	for (size_t i = 0; i < len; i += LINE)
		__builtin_prefetch(r->bytes + ((r->tail + FETCH_AHEAD + i) & (r->size - 1)));
}

/* Looks for more; false when there is none, or r->fault is set. */
static bool look(struct ring *r)
{
	uint64_t head = atomic_load_explicit(&r->shared->head, memory_order_acquire);
	uint64_t ahead = head - r->tail;
	if (ahead > 2 * r->size || ahead % 8) /* a whole lap, behind what is left of one */
		r->fault = "the writer's place is outside of the ring";
	else
		r->seen = head;
	return !r->fault && ahead;
}

static enum ring_got take_tick(struct ring *r, const void *copy, size_t len, struct ring_tick *ret)
{
	struct tick_record record;
	if (len != sizeof(record))
		return broken(r, "no tick has this size");
	memcpy(&record, copy, sizeof(record));
	const struct ring_tick *t = &record.tick;
	if (record.size != len || record.kind != KIND_TICK)
		return broken(r, "a record changed while it was read");
	if (t->seq < r->seq)
		return broken(r, "a tick is out of order");
	/* all leaps together lie before now: what is left of now is the time that went by */
	if (t->now_ns < r->now_ns || t->now_ns > r->latest_ns || t->leap_ns > t->now_ns ||
	    r->leaped_ns > t->now_ns - t->leap_ns)
		return broken(r, "a tick tells an impossible time");
	r->leaped_ns += t->leap_ns;
	r->seq = t->seq;
	r->now_ns = t->now_ns;
	*ret = *t;
	return RING_TICK;
}

static enum ring_got take_event(struct ring *r, const struct event *e, size_t len)
{
	const char *wrong = event_check(r->checker, e, len, r->latest_ns);
	if (wrong)
		return broken(r, wrong);
	if (e->seq < r->seq)
		return broken(r, "an event is out of order");
	r->seq = e->seq;
	return RING_EVENT;
}

static enum ring_got take(struct ring *r, struct event *into, struct ring_tick *ret_tick)
{
	struct {
		uint32_t size;
		uint16_t kind;
		uint16_t rest;
	} head;
	copy_out(r, r->tail, &head, sizeof(head));
	if (head.size < sizeof(struct tick_record) || head.size > EVENT_MAX || head.size % 8 ||
	    head.size > r->seen - r->tail)
		return broken(r, "no record has this size");
	fetch_ahead(r, head.size);
	copy_out(r, r->tail, into, head.size);
	/* its own words on size and kind are held against what was said at first */
	enum ring_got got = head.kind == KIND_TICK ? take_tick(r, into, head.size, ret_tick) :
						     take_event(r, into, head.size);
	r->tail += head.size;
	return got;
}

/* Steps over what the writer left out; it always says something behind it. */
static bool pass_rest(struct ring *r)
{
	uint64_t rest = r->size - (r->tail & (r->size - 1));
	if (atomic_load_explicit(&r->shared->left, memory_order_relaxed) != r->tail ||
	    rest == r->size)
		return true;
	if (rest >= r->seen - r->tail)
		return false;
	r->tail += rest;
	return true;
}

enum ring_got ring_get(struct ring *r, struct event *into, struct ring_tick *ret_tick)
{
	if (r->fault)
		return RING_BROKEN;
	if (!r->checker && !(r->checker = event_checker_new()))
		return broken(r, "memory is exhausted");
	if (r->seen == r->tail) {
		/* all that was seen is read: the writer may have its room */
		atomic_store_explicit(&r->shared->tail, r->tail, memory_order_release);
		if (!look(r))
			return r->fault ? RING_BROKEN : RING_EMPTY;
	} else if ((r->tail & 0xffff) < EVENT_MAX) {
		atomic_store_explicit(&r->shared->tail, r->tail, memory_order_release);
	}
	return pass_rest(r) ? take(r, into, ret_tick) :
			      broken(r, "a lap ends where there is no end");
}

bool ring_sleep(struct ring *r, bool is_long)
{
	atomic_store_explicit(&r->shared->tail, r->tail, memory_order_release);
	atomic_store_explicit(&r->shared->asleep, is_long ? SLEEPS_LONG : SLEEPS,
			      memory_order_seq_cst);
	if (atomic_load_explicit(&r->shared->head, memory_order_seq_cst) == r->tail && !r->fault)
		return true;
	atomic_store_explicit(&r->shared->asleep, SLEEPS_NOT, memory_order_relaxed);
	return false;
}

void ring_wake(struct ring *r)
{
	uint64_t woken;
	if (read(r->fds.wake, &woken, sizeof(woken)) < 0)
		return; /* woken by something else */
}

const char *ring_fault(const struct ring *r)
{
	return r->fault;
}

uint64_t ring_counted(const struct ring *r, unsigned counter)
{
	return counter < RING_COUNTS ?
		       atomic_load_explicit(&r->shared->counts[counter], memory_order_relaxed) :
		       0;
}
