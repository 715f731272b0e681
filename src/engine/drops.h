/*
 * engine/drops.h - when the kernel dropped packets, for the alerts whose time that touches.
 *
 * What: stretches of packet time with a number of drops each.
 * Threads: the analysis plane's.
 * Limits: DROPS stretches; beyond them the two oldest become one.
 */
#ifndef EXFILD_SRC_ENGINE_DROPS_H
#define EXFILD_SRC_ENGINE_DROPS_H

#include <stddef.h>
#include <stdint.h>

#define DROPS 256

struct drops {
	struct {
		uint64_t start_ns, end_ns, count;
	} list[DROPS];
	size_t count;
};

void drops_add(struct drops *d, uint64_t start_ns, uint64_t end_ns, uint64_t count);
/* The drops of all stretches that touch this one. */
uint64_t drops_between(const struct drops *d, uint64_t start_ns, uint64_t end_ns);

#endif
