/*
 * inspect/order.h - orders within the statements of databases and their like.
 *
 * What: looks the text of a statement through for the words by which a server is told to run a
 * program, load code, write or read a file of the system, or go to another host; tells an
 * event_order for the first of each kind in a statement.
 * Ownership: borrows the bytes until it returns.  Threads: that of the shard.
 * Limits: the first ORDER_SPAN characters of a statement, ORDER_BUDGET bytes of a flow.
 */
#ifndef EXFILD_SRC_INSPECT_ORDER_H
#define EXFILD_SRC_INSPECT_ORDER_H

#include "exfild/inspect/inspector.h"

#define ORDER_SPAN   4096u
#define ORDER_BUDGET (1u << 20) /* who is to be told does so early */

enum order_dialect { ORDER_MSSQL, ORDER_POSTGRES, ORDER_MYSQL };

/*
 * A statement as text; is_wide: of UTF-16 in little endian.  *budget: what is left to look at,
 * which it takes from.
 */
void order_statement(struct inspection *in, enum order_dialect dialect, const uint8_t *data,
		     size_t len, bool is_wide, uint32_t *budget);

struct order_side {            /* of a client that has logged in */
	uint32_t skip, budget; /* bytes to pass over; what is left to look at, 0: enough */
};

/*
 * The begin of a message: looks at it, uses its begin and says what to pass over.  False: more of
 * it is needed.  What can no longer be read takes the budget away.
 */
typedef bool (*order_take_fn)(struct inspection *in, struct order_side *orders, const uint8_t *data,
			      uint32_t len, uint32_t *ret_used);

/* Messages of the client's side, one after the other. */
enum inspect_verdict order_stream(struct inspection *in, struct order_side *orders,
				  const uint8_t *data, uint32_t len, uint32_t *ret_used,
				  order_take_fn take);

/* Tells one: at most 255 bytes of its text. */
void order_tell(struct inspection *in, const char *service, enum order_kind kind, const void *text,
		size_t len);

#endif
