/*
 * control/board.c - one lock, short copies.
 */
#include "exfild/control/board.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct kept {
	char *line;
	size_t len;
	unsigned severity;
};

struct board {
	pthread_mutex_t lock;
	struct snapshot snapshot;
	struct snap_lists *lists;
	atomic_uint_fast64_t asked;
	uint64_t answering, answered;
	struct kept kept[BOARD_ALERTS]; /* number n stands at n % BOARD_ALERTS */
	uint64_t first, next;           /* first <= number < next */
	size_t bytes;
};

struct snap_table *snap_add_table(struct snapshot *s, const char *name)
{
	if (s->table_count == SNAP_TABLES)
		return NULL;
	struct snap_table *t = &s->tables[s->table_count++];
	memset(t, 0, sizeof(*t));
	(void)snprintf(t->name, sizeof(t->name), "%s", name);
	return t;
}

uint64_t board_steady_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

struct board *board_new(void)
{
	struct board *b = calloc(1, sizeof(*b));
	if (!b)
		return NULL;
	b->lists = calloc(1, sizeof(*b->lists));
	if (!b->lists || pthread_mutex_init(&b->lock, NULL) != 0) {
		free(b->lists);
		free(b);
		return NULL;
	}
	b->first = b->next = 1;
	return b;
}

void board_free(struct board *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < BOARD_ALERTS; i++)
		free(b->kept[i].line);
	pthread_mutex_destroy(&b->lock);
	free(b->lists);
	free(b);
}

struct snapshot *board_begin(struct board *b)
{
	pthread_mutex_lock(&b->lock);
	return &b->snapshot;
}

void board_done(struct board *b)
{
	b->snapshot.published_ns = board_steady_ns();
	pthread_mutex_unlock(&b->lock);
}

void board_read(struct board *b, struct snapshot *ret)
{
	pthread_mutex_lock(&b->lock);
	*ret = b->snapshot;
	pthread_mutex_unlock(&b->lock);
}

uint64_t board_ask(struct board *b)
{
	return atomic_fetch_add(&b->asked, 1) + 1;
}

bool board_is_asked(struct board *b)
{
	return atomic_load(&b->asked) != b->answered; /* answered: the writer's own */
}

struct snap_lists *board_lists_begin(struct board *b)
{
	pthread_mutex_lock(&b->lock);
	b->answering = atomic_load(&b->asked);
	memset(b->lists, 0, sizeof(*b->lists));
	return b->lists;
}

void board_lists_done(struct board *b)
{
	b->answered = b->answering;
	pthread_mutex_unlock(&b->lock);
}

bool board_lists_read(struct board *b, uint64_t ticket, struct snap_lists *ret)
{
	pthread_mutex_lock(&b->lock);
	bool ready = b->answered >= ticket;
	if (ready)
		*ret = *b->lists;
	pthread_mutex_unlock(&b->lock);
	return ready;
}

static void drop_first(struct board *b)
{
	struct kept *k = &b->kept[b->first++ % BOARD_ALERTS];
	b->bytes -= k->len;
	free(k->line);
	*k = (struct kept){ 0 };
}

void board_alert(struct board *b, const char *json, size_t len, unsigned severity)
{
	if (len > BOARD_ALERT_MAX)
		return;
	char *line = malloc(len ? len : 1);
	if (!line)
		return;
	memcpy(line, json, len);
	pthread_mutex_lock(&b->lock);
	while (b->first < b->next &&
	       (b->next - b->first == BOARD_ALERTS || b->bytes + len > BOARD_ALERT_BYTES))
		drop_first(b);
	b->kept[b->next++ % BOARD_ALERTS] = (struct kept){ line, len, severity };
	b->bytes += len;
	pthread_mutex_unlock(&b->lock);
}

uint64_t board_alert_next(struct board *b)
{
	pthread_mutex_lock(&b->lock);
	uint64_t next = b->next;
	pthread_mutex_unlock(&b->lock);
	return next;
}

uint64_t board_alert_read(struct board *b, uint64_t number, unsigned severity, struct buf *out,
			  uint64_t *ret_lost)
{
	uint64_t got = 0;
	pthread_mutex_lock(&b->lock);
	if (number < b->first) {
		*ret_lost += b->first - number;
		number = b->first;
	}
	for (; number < b->next && !got; number++) {
		const struct kept *k = &b->kept[number % BOARD_ALERTS];
		if (k->severity < severity)
			continue;
		buf_add(out, k->line, k->len);
		got = number;
	}
	pthread_mutex_unlock(&b->lock);
	return got;
}
