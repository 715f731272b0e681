/*
 * detect/port_scan/distinct.h - how many different ones: exact while few, then a sketch.
 *
 * A repeated element is never taken for a new one; of many, a new one may be taken for a repeat.
 * Threads: values of their owner.
 */
#ifndef EXFILD_SRC_DETECT_PORT_SCAN_DISTINCT_H
#define EXFILD_SRC_DETECT_PORT_SCAN_DISTINCT_H

#include <stdbool.h>

#include "exfild/base/sketch.h"

#define DISTINCT_EXACT 32

struct distinct {
	uint32_t count; /* of marks */
	bool is_many;   /* the sketch counts */
	uint64_t many;  /* by the sketch as it stands */
	uint32_t marks[DISTINCT_EXACT];
	struct hll sketch;
};

/* True when the element is surely new. */
bool distinct_add(struct distinct *d, uint64_t hash);
/* Takes back an element that is still held exactly; false when it is not. */
bool distinct_remove(struct distinct *d, uint64_t hash);
uint64_t distinct_count(const struct distinct *d);

#endif
