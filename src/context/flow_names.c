/*
 * context/flow_names.c - see flow_names.h
 */
#include "flow_names.h"

#include <stdlib.h>
#include <string.h>

int flow_names_init(struct flow_names *n)
{
	n->slots = calloc(FLOW_NAMES, sizeof(*n->slots));
	return n->slots ? 0 : -EXF_E_NOMEM;
}

void flow_names_deinit(struct flow_names *n)
{
	free(n->slots);
	n->slots = NULL;
}

static struct flow_name *slot_of(const struct flow_names *n, uint64_t flow)
{
	return &n->slots[hash_mix(hash_key_fixed.k[0], flow) % FLOW_NAMES];
}

void flow_names_note(struct flow_names *n, uint64_t flow, const char *text, size_t len)
{
	if (!flow || len > NAME_TEXT_MAX)
		return;
	struct flow_name *s = slot_of(n, flow);
	s->flow = flow;
	name_text(s->text, sizeof(s->text), text, len);
}

const char *flow_names_find(const struct flow_names *n, uint64_t flow)
{
	const struct flow_name *s = flow ? slot_of(n, flow) : NULL;
	return s && s->flow == flow ? s->text : NULL;
}
