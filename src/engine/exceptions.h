/*
 * engine/exceptions.h - the configured silence.
 *
 * What: whether an exception takes a finding: source, destination, port and rule all match, and
 * packet time has not reached its end.  What an exception silenced is counted.
 * Ownership: borrows the configuration and the context.  Threads: analysis plane.
 */
#ifndef EXFILD_SRC_ENGINE_EXCEPTIONS_H
#define EXFILD_SRC_ENGINE_EXCEPTIONS_H

#include <stdbool.h>

#include "exfild/config/config.h"
#include "exfild/context/context.h"
#include "exfild/finding/finding.h"

/* What an exception looks at. */
struct exception_case {
	const char *rule, *domain;
	const struct finding_end *subject, *peer;
	uint32_t tunnel_id;
	uint16_t vlan;
};

/* time_ns: by which exceptions end. The index of the first exception that silences the finding, or
 * -1. */
int exceptions_find(const struct config *config, const struct context *context,
		    const struct exception_case *k, uint64_t time_ns);
struct exception_case exceptions_case(const struct finding *f);

#endif
