/*
 * context/flow_names.h - the name that a flow itself asked for, its SNI or its Host, and what nDPI
 * took it for.
 *
 * What: several accounts of a service may share an address, so the name that was learnt last for an
 * address need not be the one that a flow went to; its own is.
 * Ownership: embedded; flow_names_deinit frees.  Threads: one owner.
 * Limits: FLOW_NAMES flows each, direct-mapped: a newer flow takes the place of an older one; names
 * over NAME_TEXT_MAX bytes are not kept.
 */
#ifndef EXFILD_CONTEXT_FLOW_NAMES_H
#define EXFILD_CONTEXT_FLOW_NAMES_H

#include "names.h"

#define FLOW_NAMES 8192u

struct flow_name {
	uint64_t flow; /* 0: none */
	char text[NAME_TEXT_MAX + 1];
};

struct flow_app {
	uint64_t flow;        /* 0: none */
	uint16_t master, app; /* nDPI's numbers */
};

struct flow_names {
	struct flow_name *slots;
	struct flow_app *apps;
};

int flow_names_init(struct flow_names *n) EXF_MUST_USE;
void flow_names_deinit(struct flow_names *n);
void flow_names_note(struct flow_names *n, uint64_t flow, const char *text, size_t len);
void flow_names_note_app(struct flow_names *n, uint64_t flow, uint16_t master, uint16_t app);
const struct flow_app *flow_names_app(const struct flow_names *n, uint64_t flow);
const char *flow_names_find(const struct flow_names *n, uint64_t flow);

#endif
