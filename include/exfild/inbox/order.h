/*
 * inbox/order.h - what the body of a message says.
 *
 * What: JSON with a fixed set of keys becomes a plain struct.  An unknown key, a wrong type or a
 * value out of range refuses the whole message, with a sentence that names it.
 * Ownership: values; texts are copied.  Threads: any.
 * Limits: ORDER_VALUES indicators of a message, texts of the lengths below.
 */
#ifndef EXFILD_INBOX_ORDER_H
#define EXFILD_INBOX_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/err.h"
#include "exfild/base/ipaddr.h"

#define ORDER_VALUES 64
#define ORDER_VALUE  512 /* bytes of an indicator, with NUL */
#define ORDER_REASON 104

/* {"add": ["203.0.113.9"], "remove": ["evil.example"], "reason": "case 12"} */
struct order_intel {
	char add[ORDER_VALUES][ORDER_VALUE], remove[ORDER_VALUES][ORDER_VALUE];
	size_t add_count, remove_count;
	char reason[ORDER_REASON];
};

/* {"action": "add", "kind": "host", "host": "10.1.2.3", "ttl": "1h", "reason": "case 12"} */
struct order_quarantine {
	bool is_release, is_shared;
	char kind[8];             /* host, pair, peer, slow */
	struct ipaddr host, peer; /* peer: of a pair */
	uint32_t ttl_s;           /* 0: as configured */
	char reason[ORDER_REASON];
};

/* Both: -EXF_E_INVALID: ret_why is the sentence. */
int order_parse_quarantine(const char *body, size_t len, struct order_quarantine *ret,
			   char *ret_why, size_t why_size) EXF_MUST_USE;
int order_parse_intel(const char *body, size_t len, struct order_intel *ret, char *ret_why,
		      size_t why_size) EXF_MUST_USE;

#endif
