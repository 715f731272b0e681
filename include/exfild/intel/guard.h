/*
 * intel/guard.h - what no feed may call bad, by what the context knows.
 *
 * Ownership: all is borrowed.  Threads: the context's only user for that time.
 */
#ifndef EXFILD_INTEL_GUARD_H
#define EXFILD_INTEL_GUARD_H

#include "exfild/context/context.h"
#include "exfild/intel/intel.h"

struct intel_allow {        /* said to be good: a domain and all below it, or addresses */
	const char *domain; /* NULL: the prefix */
	struct prefix prefix;
};

struct intel_guard {
	struct context *context;
	const struct intel_allow *allow;
	size_t allow_count;
};

/* An intel_guard_fn; arg: a struct intel_guard. */
const char *intel_guard(const void *arg, enum intel_kind kind, const void *value, size_t len);

#endif
