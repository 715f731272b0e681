/*
 * context/flow_names.c - see flow_names.h
 */
#include "flow_names.h"

#include <stdlib.h>
#include <string.h>

int flow_names_init(struct flow_names *n)
{
	n->slots = calloc(FLOW_NAMES, sizeof(*n->slots));
	n->apps = calloc(FLOW_NAMES, sizeof(*n->apps));
	return n->slots && n->apps ? 0 : -EXF_E_NOMEM;
}

void flow_names_deinit(struct flow_names *n)
{
	free(n->slots);
	free(n->apps);
	n->slots = NULL;
	n->apps = NULL;
}

static size_t place_of(uint64_t flow)
{
	return hash_mix(hash_key_fixed.k[0], flow) % FLOW_NAMES;
}

static struct flow_name *slot_of(const struct flow_names *n, uint64_t flow)
{
	return &n->slots[place_of(flow)];
}

void flow_names_note_app(struct flow_names *n, uint64_t flow, uint16_t master, uint16_t app)
{
	if (flow)
		n->apps[place_of(flow)] = (struct flow_app){ flow, master, app };
}

const struct flow_app *flow_names_app(const struct flow_names *n, uint64_t flow)
{
	const struct flow_app *a = &n->apps[place_of(flow)];
	return flow && a->flow == flow ? a : NULL;
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
