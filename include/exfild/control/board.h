/*
 * control/board.h - where the engine's threads pin up what the control thread reads.
 *
 * What: one snapshot, lists made on request, and the last alerts as JSON lines.
 * Ownership: the engine makes it before its threads and frees it after them.
 * Threads: any; one lock, held for a copy only.
 * Limits: BOARD_ALERTS alerts of at most BOARD_ALERT_MAX bytes and BOARD_ALERT_BYTES together.
 */
#ifndef EXFILD_CONTROL_BOARD_H
#define EXFILD_CONTROL_BOARD_H

#include <stddef.h>

#include "exfild/base/buf.h"
#include "exfild/control/snapshot.h"

#define BOARD_ALERTS      1024
#define BOARD_ALERT_MAX   8192
#define BOARD_ALERT_BYTES (1u << 20)

struct board;

struct board *board_new(void);
void board_free(struct board *b);

/* Writers: fill in parts of the snapshot between the two; the time of publishing is set by done. */
struct snapshot *board_begin(struct board *b);
void board_done(struct board *b);

/* Readers. */
void board_read(struct board *b, struct snapshot *ret);

/* Lists: the reader asks and gets a ticket, the writer answers when it next looks. */
uint64_t board_ask(struct board *b);
bool board_is_asked(struct board *b); /* cheap: one atomic load */
struct snap_lists *board_lists_begin(struct board *b);
void board_lists_done(struct board *b);
/* False: not answered yet. */
bool board_lists_read(struct board *b, uint64_t ticket, struct snap_lists *ret);

/* An alert was sent: its ECS line. */
void board_alert(struct board *b, const char *json, size_t len, unsigned severity);
/* The number that the next alert will get; numbers begin at 1. */
uint64_t board_alert_next(struct board *b);
/*
 * The first alert from `number` on that is still there and at least this severe: appends its line;
 * returns its number, 0 when there is none. *ret_lost grows by those that are gone.
 */
uint64_t board_alert_read(struct board *b, uint64_t number, unsigned severity, struct buf *out,
			  uint64_t *ret_lost);

uint64_t board_steady_ns(void);

#endif
