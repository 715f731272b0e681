/*
 * responder/desk.h - answers requests and keeps the decisions.
 *
 * What: one request in, one answer out; and what time brings: ends, the break-glass file, rules
 * that someone else took away.  Each act is a log line, but of refusals DESK_REFUSALS a minute at
 * most and then their number. Fail-safe: where the kernel refuses, or the list of those never to be
 * cut off is not whole, traffic flows and the answer says so. Ownership: owns book, list and
 * kernel. Threads: one owner.
 */
#ifndef EXFILD_SRC_RESPONDER_DESK_H
#define EXFILD_SRC_RESPONDER_DESK_H

#include <stdbool.h>

#include "exfild/responder/request.h"
#include "book.h"

#define DESK_REFUSALS 20

struct desk;

struct desk_options {
	enum quarantine_mode mode; /* OFF, DRY_RUN or ENFORCE */
	struct book_limits limits;
	struct never never; /* taken over */
	const char *folder;
	uint64_t now_s;
};

struct desk_asker {
	uint32_t uid;
	bool may_read, is_daemon, is_admin;
};

/* -EXF_E_NOMEM or -EXF_E_IO with a sentence. */
int desk_open(struct desk_options *o, struct desk **ret, char *ret_why,
	      size_t why_size) EXF_MUST_USE;
/* What is cut off stays so, to its end. */
void desk_close(struct desk *d);
void desk_answer(struct desk *d, const void *data, size_t len, const struct desk_asker *by,
		 uint64_t now_s, struct quarantine_answer *ret);
/* Every second. */
void desk_tick(struct desk *d, uint64_t now_s);
enum quarantine_mode desk_mode(const struct desk *d);

#endif
