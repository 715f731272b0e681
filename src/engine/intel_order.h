/*
 * engine/intel_order.h - what exfilctl asks of indicators: counts, a search, one more, one less.
 *
 * Ownership: all is borrowed.  Threads: whoever has the turn of reloads.
 */
#ifndef EXFILD_SRC_ENGINE_INTEL_ORDER_H
#define EXFILD_SRC_ENGINE_INTEL_ORDER_H

#include "exfild/config/config.h"
#include "exfild/control/server.h"
#include "exfild/intel/intel.h"

/* 0, or -EXF_E_x with the reason in q->text.  *ret_local: only what was said by hand has changed.
 */
int intel_order(struct control_intel *q, const struct config *config, const struct intel *x,
		bool *ret_local) EXF_MUST_USE;
/* Whether the set must be built anew after it. */
bool intel_order_changes(const struct control_intel *q);

#endif
