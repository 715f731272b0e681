/*
 * hostile ROUNDS SEED -- EXFILD-OPTIONS - core as it runs in a live exfild, with a parent that
 * keeps to the rules and a capture that does not: it writes arbitrary and mutated bytes into the
 * ring, its head and its board, lies in well-formed events, sends packets that nobody has asked
 * for, and hands over memory that is too small or not sealed.  At its end core is stopped as ever.
 * Prints how often core had capture ended; the exit status is core's, 90: it would not end.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "exfild/event/log.h"
#include "exfild/event/ring.h"
#include "../../src/engine/core.h"
#include "../../src/engine/hearsay.h"
#include "../../src/engine/retain.h"
#include "../../src/engine/wire.h"

#define RING_BYTES 262144u
#define HEAD_BYTES 4096u
#define HEAD_AT    64
#define TAIL_AT    128
#define WAIT_MS    20
#define STUCK_S    60

static uint64_t seed;

static uint64_t random64(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed * 0x2545f4914f6cdd1dull;
}

static uint64_t below(uint64_t n)
{
	return random64() % n;
}

static uint64_t wall_ns(void)
{
	struct timespec t = { 0 };
	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static void pause_ms(unsigned ms)
{
	const struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };
	(void)nanosleep(&t, NULL);
}

struct capture {
	struct ring *ring;
	uint8_t *bytes; /* all of its memory */
	int board, parcels[2], ask[2];
	char asked[KEEP_ID_MAX]; /* an alert whose packets core wants, "" */
};

static void random_bytes(uint8_t *to, size_t len)
{
	for (size_t i = 0; i + 8 <= len; i += 8) {
		uint64_t word = random64();
		memcpy(to + i, &word, 8);
	}
}

/* --- lies -------------------------------------------------------------------------------- */

/* Of a field that any bytes may be in; 0: of one with rules of its own, or not known here. */
static size_t plain_size(enum field_type type)
{
	switch (type) {
	case FIELD_U8:
		return 1;
	case FIELD_U16:
	case FIELD_ETYPE:
		return 2;
	case FIELD_U32:
		return 4;
	case FIELD_U64:
	case FIELD_HEX64:
		return 8;
	case FIELD_MAC:
		return 6;
	case FIELD_BYTES16:
		return 16;
	case FIELD_SIZES:
		return sizeof(uint32_t) * TLS_SIZE_CLASSES;
	case FIELD_FIRST:
		return sizeof(uint16_t) * TLS_FIRST_SIZES;
	case FIELD_ETYPES:
		return sizeof(int16_t) * KERBEROS_ETYPES;
	default:
		return 0;
	}
}

static void fill_field(struct event *e, const struct event_field *f)
{
	uint8_t *at = (uint8_t *)e + f->offset;
	uint64_t word = below(4) ? below(300) : random64();
	if (f->type == FIELD_BOOL) {
		*at = (uint8_t)below(2);
	} else if (f->type == FIELD_TIME) {
		word = wall_ns() - below(3600000000000ull);
		memcpy(at, &word, 8);
	} else if (f->type == FIELD_IP) {
		const uint8_t v4[4] = { 10, 0, (uint8_t)below(3), (uint8_t)below(200) };
		const struct ipaddr a = ipaddr_v4(v4);
		memcpy(at, &a, sizeof(a));
	} else {
		size_t size = plain_size(f->type);
		for (size_t done = 0; done < size; done += 8, word = random64())
			memcpy(at + done, &word, size - done < 8 ? size - done : 8);
	}
}

/* A well-formed lie, if chance will have it. */
static const struct event *make_event(struct event_log *log, uint64_t seq)
{
	enum event_kind kind = (enum event_kind)below(EVENT__COUNT);
	uint8_t text[256];
	event_log_reset(log);
	struct event *e = event_log_begin(log, kind, event_struct_size(kind), seq);
	const struct event head = *e;
	for (const struct event_field *f = event_fields(kind); f->name; f++)
		if (below(3))
			fill_field(e, f);
	e->size = head.size;
	e->kind = head.kind;
	e->seq = seq;
	e->time_ns = wall_ns() - below(1000000000);
	e->app = (__typeof__(e->app))below(below(4) ? APP__COUNT : 256);
	for (const struct event_field *f = event_fields(kind); f->name; f++) {
		if (f->type != FIELD_STR || below(3) == 0)
			continue;
		struct event_str *s = (void *)((uint8_t *)e + f->offset);
		random_bytes(text, sizeof(text));
		event_log_str(log, s, text, below(sizeof(text)), below(2000));
	}
	event_log_commit(log);
	return event_log_next(log, NULL);
}

static void tell_lies(struct capture *c, unsigned how)
{
	struct event_log *log = event_log_new();
	struct event_checker *checker = event_checker_new();
	_Alignas(8) uint8_t copy[EVENT_MAX];
	uint64_t seq = 1;
	for (unsigned i = 0; i < 400; i++) {
		const struct event *e = make_event(log, seq++);
		struct event *m = (void *)copy;
		memcpy(copy, e, e->size);
		/* 0: sound ones alone; 1: one byte of some is another; 2: sizes are; 3: times are
		 */
		bool is_sound = !event_check(checker, m, m->size, wall_ns());
		if (how == 0 && !is_sound)
			continue;
		if (how == 1 && below(20) == 0)
			copy[below(m->size)] = (uint8_t)random64();
		if (how == 2 && below(20) == 0)
			m->size = (uint32_t)(below(2) ? below(EVENT_MAX + 64) : random64());
		if (how == 3 && below(20) == 0)
			m->time_ns =
				below(2) ? UINT64_MAX - below(1000) : wall_ns() + 7200000000000ull;
		uint32_t size = m->size;
		if (size < sizeof(*m) || size > EVENT_MAX)
			m->size = (uint32_t)e->size; /* of the copy into the ring; then as it was */
		(void)ring_put(c->ring, m);
		if (i % 50 == 0) {
			const struct ring_tick t = { seq, wall_ns() - below(1000),
						     below(10) ? 0 : random64() };
			ring_put_tick(c->ring, &t);
		}
		ring_publish(c->ring);
	}
	event_checker_free(checker);
	event_log_free(log);
}

static void scribble(struct capture *c)
{
	uint64_t head = below(4) ? below(RING_BYTES * 2) : random64();
	random_bytes(c->bytes + HEAD_BYTES, RING_BYTES);
	memcpy(c->bytes + HEAD_AT, &head, sizeof(head));
}

/* Sound bytes that change while they are read. */
static void change_under_its_hands(struct capture *c)
{
	tell_lies(c, 0);
	for (unsigned i = 0; i < 20000; i++)
		c->bytes[HEAD_BYTES + below(RING_BYTES)] ^= (uint8_t)(1u << below(8));
}

static void wild_places(struct capture *c)
{
	uint64_t wild[] = { 0, 1, 7, RING_BYTES + 8, UINT64_MAX, UINT64_MAX - 7, random64() };
	tell_lies(c, 0);
	for (unsigned i = 0; i < 200; i++) {
		memcpy(c->bytes + (below(2) ? HEAD_AT : TAIL_AT), &wild[below(7)], 8);
		memcpy(c->bytes + below(HEAD_BYTES - 8), &wild[below(7)], 8);
	}
}

static void lie_on_the_board(const struct capture *c)
{
	struct tally t;
	struct hearsay *h = hearsay_attach(c->board);
	size_t size = (size_t)lseek(c->board, 0, SEEK_END);
	if (!h)
		abort();
	random_bytes((uint8_t *)&t, sizeof(t) / 8 * 8);
	hearsay_tell(h, &t);
	uint8_t *raw = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, c->board, 0);
	if (raw != MAP_FAILED && below(2))
		raw[0] |= 1; /* it is being written, for ever */
	if (raw != MAP_FAILED)
		(void)munmap(raw, size);
	hearsay_free(h);
	pause_ms(1200); /* core looks once a second */
}

static void send_packets(const struct capture *c)
{
	static const char *const ids[] = { "", "../../../../tmp/x", "0123456789abcdef", "." };
	static uint8_t bytes[sizeof(struct retain_parcel) + 70000];
	for (unsigned i = 0; i < 300; i++) {
		struct retain_parcel p;
		random_bytes((uint8_t *)&p, sizeof(p) / 8 * 8);
		const char *id = c->asked[0] && below(2) ? c->asked : ids[below(4)];
		if (below(8))
			(void)snprintf(p.alert_id, sizeof(p.alert_id), "%s", id);
		size_t len = below(below(2) ? 200 : 70000);
		p.is_end = below(4) == 0;
		if (below(3))
			p.caplen = p.is_end ? 0 : (uint32_t)len;
		if (below(3))
			p.linktype = 1;
		memcpy(bytes, &p, sizeof(p));
		(void)send(c->parcels[1], bytes,
			   below(10) ? sizeof(p) + (p.is_end ? 0 : len) : below(sizeof(p)),
			   MSG_DONTWAIT | MSG_NOSIGNAL);
	}
}

/* --- the parent -------------------------------------------------------------------------- */

static bool make_capture(struct capture *c)
{
	*c = (struct capture){ .board = hearsay_memory() };
	if (ring_new(RING_BYTES, &c->ring) != 0 || c->board < 0 || !wire_pair(c->ask, true) ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, c->parcels) != 0)
		return false;
	c->bytes = mmap(NULL, RING_BYTES + HEAD_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
			ring_fds(c->ring).memory, 0);
	return c->bytes != MAP_FAILED;
}

/* Memory that is no ring: too small, and not sealed. */
static int no_ring(void)
{
	int fd = memfd_create("none", MFD_CLOEXEC);
	if (fd >= 0 && ftruncate(fd, (off_t)below(8192)) != 0)
		abort();
	return fd;
}

static void hand_over(int channel, const struct capture *c, bool is_false)
{
	int fds[WIRE_FD__COUNT] = { [WIRE_FD_RING] = ring_fds(c->ring).memory,
				    [WIRE_FD_RING_WAKE] = ring_fds(c->ring).wake,
				    [WIRE_FD_BOARD] = c->board,
				    [WIRE_FD_PARCELS] = c->parcels[0],
				    [WIRE_FD_ASK] = c->ask[0] };
	int none = is_false ? no_ring() : -1;
	if (is_false)
		fds[below(2) ? WIRE_FD_RING : WIRE_FD_BOARD] = none;
	if (!wire_send(channel, WIRE_CAPTURE, NULL, 0, fds, WIRE_FD__COUNT))
		abort();
	if (none >= 0)
		(void)close(none);
}

static void drop_capture(struct capture *c)
{
	(void)munmap(c->bytes, RING_BYTES + HEAD_BYTES);
	ring_free(c->ring);
	(void)close(c->board);
	for (unsigned i = 0; i < 2; i++) {
		(void)close(c->parcels[i]);
		(void)close(c->ask[i]);
	}
}

/* What core has said: whether it wants a capture, whether it has ended one. */
static bool hear(int channel, int wait_ms, unsigned *distrusted)
{
	static struct wire w;
	bool has_plan = false;
	struct pollfd fd = { .fd = channel, .events = POLLIN };
	(void)poll(&fd, 1, wait_ms);
	enum wire_got got;
	while ((got = wire_receive(channel, &w)) == WIRE_RECORD) {
		has_plan = has_plan || w.kind == WIRE_PLAN;
		*distrusted += w.kind == WIRE_DISTRUST;
		wire_close_fds(&w);
	}
	if (got == WIRE_CLOSED)
		exit(91);
	return has_plan;
}

static void hear_questions(struct capture *c)
{
	static struct wire w;
	while (wire_receive(c->ask[1], &w) == WIRE_RECORD) {
		if (w.kind == WIRE_ASK)
			memcpy(c->asked,
			       ((const struct keep_request *)(const void *)w.body)->alert_id,
			       KEEP_ID_MAX);
		wire_close_fds(&w);
	}
}

static void misbehave(struct capture *c)
{
	unsigned what = (unsigned)below(9);
	switch (what) {
	case 4:
		scribble(c);
		break;
	case 5:
		change_under_its_hands(c);
		break;
	case 6:
		wild_places(c);
		break;
	case 7:
		lie_on_the_board(c);
		break;
	case 8:
		tell_lies(c, 0);
		pause_ms(WAIT_MS);
		hear_questions(c);
		send_packets(c);
		break;
	default:
		tell_lies(c, what);
		break;
	}
	/* somebody is to look at it */
	const uint64_t one = 1;
	ssize_t done = write(ring_fds(c->ring).wake, &one, sizeof(one));
	(void)done;
}

static void wait_for_plan(int channel, unsigned *distrusted)
{
	for (unsigned i = 0; i < STUCK_S * 1000 / 100; i++)
		if (hear(channel, 100, distrusted))
			return;
	(void)fprintf(stderr, "hostile: core says nothing any more\n");
	exit(90);
}

static int end_of(pid_t core)
{
	int status;
	for (unsigned i = 0; i < STUCK_S * 20; i++) {
		if (waitpid(core, &status, WNOHANG) == core)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		pause_ms(50);
	}
	(void)kill(core, SIGKILL);
	return 90;
}

int main(int argc, char **argv)
{
	struct options o;
	int pair[2];
	unsigned distrusted = 0;
	if (argc < 4 || !wire_pair(pair, false))
		return 2;
	unsigned rounds = (unsigned)strtoul(argv[1], NULL, 10);
	seed = strtoull(argv[2], NULL, 10) * 0x9e3779b97f4a7c15ull + 1;
	(void)signal(SIGPIPE, SIG_IGN);
	argv[3] = argv[0];
	if (options_parse(&o, argc - 3, argv + 3) >= 0)
		return 2;
	pid_t core = fork();
	if (core == 0) {
		(void)close(pair[0]);
		exit(core_run(&o, pair[1], 0));
	}
	(void)close(pair[1]);
	for (unsigned i = 0; i < rounds; i++) {
		struct capture c;
		const struct wire_gone gone = { .status = SIGKILL };
		wait_for_plan(pair[0], &distrusted);
		if (!make_capture(&c))
			return 2;
		hand_over(pair[0], &c, below(10) == 0);
		misbehave(&c);
		(void)hear(pair[0], WAIT_MS, &distrusted);
		if (!wire_send(pair[0], WIRE_GONE, &gone, sizeof(gone), NULL, 0))
			return 91;
		drop_capture(&c);
	}
	wait_for_plan(pair[0], &distrusted);
	const struct wire_gone last = { .is_asked = 1 };
	(void)wire_send(pair[0], WIRE_GONE, &last, sizeof(last), NULL, 0);
	int status = end_of(core);
	(void)printf("%u rounds, capture ended %u times\n", rounds, distrusted);
	options_free(&o);
	return status;
}
