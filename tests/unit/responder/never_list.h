/*
 * unit/responder/never_list.h - a list of those never to be cut off, and requests, for the tests of
 * this layer.
 */
#ifndef EXFILD_TESTS_RESPONDER_NEVER_LIST_H
#define EXFILD_TESTS_RESPONDER_NEVER_LIST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../../src/responder/book.h"
#include "../../../src/responder/never.h"

static inline struct ipaddr address(const char *text)
{
	struct ipaddr a;
	assert_int_equal(ipaddr_parse(text, &a), 0);
	return a;
}

static inline void protect_some(struct never *n)
{
	struct prefix p;
	assert_int_equal(never_init(n), 0);
	assert_int_equal(prefix_parse("10.9.0.0/24", &p), 0);
	never_add(n, &p, "in quarantine.never");
}

static inline struct quarantine_request wish(const char *host, const char *peer)
{
	struct quarantine_request r;
	quarantine_prepare(&r, QUARANTINE_ADD);
	r.host = address(host);
	if (peer) {
		r.kind = QUARANTINE_PAIR;
		r.peer = address(peer);
	}
	return r;
}

#endif
