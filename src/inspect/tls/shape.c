/*
 * inspect/tls/shape.c - see shape.h.
 *
 * Only the five bytes before each record are read; what is in it is passed over without a copy.
 */
#include "shape.h"

#include <stdlib.h>

#include "exfild/base/cursor.h"

#define RECORD_HEAD     5
#define RECORD_MAX      (16384 + 2048)
#define RECORD_FIRST    20
#define RECORD_LAST     24
#define APPLICATION     23
#define FROM_SERVER     0x8000u
#define PAUSE_NS        1000000000ull
#define TENTH_NS        100000000ull
#define SILENCE_NS      300000000ull
#define SEAL            17 /* type and tag of a record (RFC 8446, 5.2) */
#define STEP_RECORDS    64
#define STEP_NS         (60 * 1000000000ull)
#define STEP_NS_RECORDS 4 /* in so long a time, from which it is told again */

static unsigned class_of(uint32_t size)
{
	static const uint16_t upto[TLS_SIZE_CLASSES - 1] = { 64,  96,  128, 160,  192, 256,
							     384, 512, 768, 1024, 4096 };
	unsigned i = 0;
	while (i < TLS_SIZE_CLASSES - 1 && size > upto[i])
		i++;
	return i;
}

static void count_pause(struct tls_shape *s, uint64_t now_ns)
{
	uint64_t gap = now_ns > s->last_up_ns ? now_ns - s->last_up_ns : 0;
	if (s->last_up_ns && gap >= PAUSE_NS) {
		uint64_t tenths = gap / TENTH_NS;
		s->pause[s->pauses++ % TLS_SHAPE_PAUSES] =
			(uint16_t)(tenths < UINT16_MAX ? tenths : UINT16_MAX);
	}
	s->last_up_ns = now_ns;
}

static void widen(uint32_t *least, uint32_t *most, uint32_t value)
{
	*least = value < *least || !*least ? value : *least;
	*most = value > *most ? value : *most;
}

/* The exchange that is under way is over. */
static void close_exchange(struct tls_lead *l)
{
	if (l->beginner != 2)
		return;
	l->asked_bytes += l->said[1];
	widen(&l->ask_least, &l->ask_most, l->said[1]);
	if (!l->said[0])
		return;
	l->answered++;
	l->reply_bytes += l->said[0];
	widen(&l->reply_least, &l->reply_most, l->said[0]);
}

/* What comes before the first silence is the handshake, and what both have ready. */
static void follow(struct tls_lead *l, unsigned from, uint32_t size, uint64_t silence_ns)
{
	if (silence_ns >= SILENCE_NS) {
		close_exchange(l);
		memset(l->said, 0, sizeof(l->said));
		l->beginner = (uint8_t)(from + 1);
		l->begun[from]++;
	}
	l->said[from] += size > SEAL ? size - SEAL : 0;
}

void tls_shape_add(struct tls_shape *s, bool is_client, uint32_t size, uint64_t now_ns)
{
	unsigned from = is_client ? 0 : 1;
	uint16_t *bin = &s->sizes[from][class_of(size)];
	if (*bin < UINT16_MAX)
		(*bin)++;
	s->records[from]++;
	s->bytes[from] += size;
	follow(&s->lead, from, size, s->last_ns && now_ns > s->last_ns ? now_ns - s->last_ns : 0);
	if (s->first_count < TLS_FIRST_SIZES)
		s->first[s->first_count++] =
			(uint16_t)((size < FROM_SERVER ? size : FROM_SERVER - 1) |
				   (is_client ? 0 : FROM_SERVER));
	if (s->last_from && s->last_from != from + 1)
		s->turns++;
	s->last_from = (uint8_t)(from + 1);
	if (!s->first_ns)
		s->first_ns = s->told_ns = now_ns;
	s->last_ns = now_ns;
	if (is_client)
		count_pause(s, now_ns);
}

bool tls_shape_read(struct tls_shape *s, struct inspection *in, bool is_client, const uint8_t *data,
		    uint32_t len, uint32_t *ret_used)
{
	struct cursor c = cursor_make(data, len);
	uint32_t *skip = &s->skip[in->side];

	*ret_used = 0;
	for (;;) {
		size_t left = cursor_left(&c);
		size_t pass = *skip < left ? *skip : left;
		cursor_skip(&c, pass);
		*skip -= (uint32_t)pass;
		*ret_used = (uint32_t)cursor_offset(&c);
		if (*skip || cursor_left(&c) < RECORD_HEAD) {
			if (s->is_lost[in->side])
				*ret_used = len;
			return true;
		}
		uint8_t type = cursor_u8(&c);
		uint8_t major = cursor_u8(&c);
		cursor_skip(&c, 1);
		uint16_t said = cursor_be16(&c);
		if (type < RECORD_FIRST || type > RECORD_LAST || major != 3 || said > RECORD_MAX) {
			*ret_used = len;
			return s->is_lost[in->side];
		}
		s->is_lost[in->side] = false;
		if (type == APPLICATION)
			tls_shape_add(s, is_client, said, in->packet->time_ns);
		*skip = said;
	}
}

void tls_shape_gap(struct tls_shape *s, unsigned side, uint32_t missing)
{
	s->is_lost[side] |= missing > s->skip[side];
	s->skip[side] = s->is_lost[side] ? 0 : s->skip[side] - missing;
}

bool tls_shape_is_full(const struct tls_shape *s)
{
	return s->bytes[0] >= TLS_SHAPE_BYTES || s->bytes[1] >= TLS_SHAPE_BYTES ||
	       s->records[0] + s->records[1] >= TLS_SHAPE_RECORDS;
}

static int by_size(const void *a, const void *b)
{
	return *(const uint16_t *)a - *(const uint16_t *)b;
}

/* Median of the last pauses, and of their distances from it. */
static void put_pauses(const struct tls_shape *s, struct event_tls_shape *e)
{
	uint16_t list[TLS_SHAPE_PAUSES];
	size_t n = s->pauses < TLS_SHAPE_PAUSES ? s->pauses : TLS_SHAPE_PAUSES;
	e->pauses = s->pauses;
	if (!n)
		return;
	memcpy(list, s->pause, n * sizeof(list[0]));
	qsort(list, n, sizeof(list[0]), by_size);
	uint16_t median = list[n / 2];
	for (size_t i = 0; i < n; i++)
		list[i] = (uint16_t)(list[i] > median ? list[i] - median : median - list[i]);
	qsort(list, n, sizeof(list[0]), by_size);
	e->pause_ms = median * 100u;
	e->pause_spread_ms = list[n / 2] * 100u;
}

/* With the exchange that is under way. */
static void put_lead(const struct tls_shape *s, struct event_tls_shape *e)
{
	struct tls_lead l = s->lead;
	close_exchange(&l);
	memcpy(e->begun, l.begun, sizeof(e->begun));
	e->answered = l.answered;
	e->asked_bytes = l.asked_bytes;
	e->reply_bytes = l.reply_bytes;
	e->ask_least = l.ask_least;
	e->ask_most = l.ask_most;
	e->reply_least = l.reply_least;
	e->reply_most = l.reply_most;
}

static void tell(struct tls_shape *s, struct inspection *in, bool is_end)
{
	struct event_tls_shape *e = inspect_event(in, EVENT_TLS_SHAPE, sizeof(*e));
	e->first_ns = s->first_ns;
	e->last_ns = s->last_ns;
	for (unsigned from = 0; from < 2; from++) {
		e->bytes[from] = s->bytes[from];
		e->records[from] = s->records[from];
		for (unsigned i = 0; i < TLS_SIZE_CLASSES; i++)
			e->sizes[from][i] = s->sizes[from][i];
	}
	e->turns = s->turns;
	memcpy(e->first, s->first, sizeof(e->first));
	e->first_count = s->first_count;
	e->is_end = is_end;
	e->is_bulk = tls_shape_is_full(s);
	put_pauses(s, e);
	put_lead(s, e);
	event_log_commit(in->log);
	s->told = s->records[0] + s->records[1];
	s->told_ns = s->last_ns;
}

void tls_shape_step(struct tls_shape *s, struct inspection *in)
{
	uint32_t fresh = s->records[0] + s->records[1] - s->told;
	bool is_due = fresh >= STEP_RECORDS ||
		      (fresh >= STEP_NS_RECORDS && s->last_ns - s->told_ns >= STEP_NS);
	if (is_due && !s->is_told_end)
		tell(s, in, false);
}

void tls_shape_end(struct tls_shape *s, struct inspection *in)
{
	if (s->is_told_end || !(s->records[0] + s->records[1]))
		return;
	s->is_told_end = true;
	tell(s, in, true);
}
