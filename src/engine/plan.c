/*
 * engine/plan.c - see plan.h.
 */
#include "plan.h"

#include <stdio.h>
#include <string.h>

#include "exfild/base/log.h"
#include "content.h"
#include "wire.h"

static uint32_t side_of(const char *name)
{
	return strcmp(name, "inside") == 0  ? LIVE_SIDE_INSIDE :
	       strcmp(name, "outside") == 0 ? LIVE_SIDE_OUTSIDE :
					      LIVE_SIDE_AUTO;
}

static void add_interface(struct wire_plan *p, const char *name, uint32_t side)
{
	if (p->interface_count == LIVE_INTERFACES)
		return;
	/* one that is too long is cut to what no interface is called */
	(void)snprintf(p->interfaces[p->interface_count].name, SOCKETS_NAME, "%s", name);
	p->interfaces[p->interface_count++].side = side;
}

/* The interfaces of the command line with the sides of the configuration, or that one's. */
static void add_interfaces(const struct engine *e, struct wire_plan *p)
{
	const struct options *o = e->options;
	const struct config *k = e->config;
	for (size_t i = 0; i < o->interface_count; i++) {
		uint32_t side = LIVE_SIDE_AUTO;
		for (size_t n = 0; n < k->capture.interface_count; n++)
			if (strcmp(k->capture.interfaces[n].name, o->interfaces[i]) == 0)
				side = side_of(k->capture.interfaces[n].side);
		add_interface(p, o->interfaces[i], side);
	}
	for (size_t i = 0; !o->interface_count && i < k->capture.interface_count; i++)
		add_interface(p, k->capture.interfaces[i].name,
			      side_of(k->capture.interfaces[i].side));
}

int plan_check(struct engine *e)
{
	const struct options *o = e->options;
	const char *filter = o->filter ? o->filter : e->config->capture.filter;
	for (size_t i = 0; i < o->interface_count; i++)
		if (strlen(o->interfaces[i]) >= SOCKETS_NAME) {
			(void)snprintf(e->why, sizeof(e->why),
				       "%s is no name of an interface: at most %d characters",
				       o->interfaces[i], SOCKETS_NAME - 1);
			return -EXF_E_INVALID;
		}
	if (filter && strlen(filter) >= WIRE_FILTER) {
		(void)snprintf(e->why, sizeof(e->why),
			       "the filter is too long: at most %d characters", WIRE_FILTER - 1);
		return -EXF_E_INVALID;
	}
	return 0;
}

/* False: the parent is gone. Files that have gone since the start are said, and left out. */
static bool send_rules(struct engine *e, int parent)
{
	struct wire_rules w;
	struct buf text;
	bool is_sent = true;
	buf_init(&text, CONTENT_TEXT);
	if (content_gather(&text, e->data_dir, e->config, e->why, sizeof(e->why)) != 0)
		log_errorx("start", "%s", e->why);
	for (size_t at = 0; is_sent && (at < text.len || at == 0); at += WIRE_RULES_PART) {
		memset(&w, 0, sizeof(w));
		w.is_first = at == 0;
		w.len = (uint32_t)(text.len - at < WIRE_RULES_PART ? text.len - at :
								     WIRE_RULES_PART);
		if (w.len)
			memcpy(w.text, text.data + at, w.len);
		is_sent = wire_send(parent, WIRE_RULES, &w, sizeof(w), NULL, 0);
	}
	buf_deinit(&text);
	return is_sent;
}

bool plan_send(struct engine *e, bool keeps_packets, int parent)
{
	struct wire_plan p;
	const struct options *o = e->options;
	const char *filter = o->filter ? o->filter : e->config->capture.filter;
	memset(&p, 0, sizeof(p));
	add_interfaces(e, &p);
	(void)snprintf(p.filter, sizeof(p.filter), "%s", filter ? filter : "");
	p.workers = engine_workers(e);
	p.log_level = (uint32_t)log_level();
	p.buffer_bytes = e->sizes.buffer_bytes;
	p.ring_bytes = e->sizes.ring_bytes;
	p.limits = e->sizes.shards;
	p.event_key = e->sketch_key;
	p.start_ns = analysis_now(e->analysis);
	if (keeps_packets) {
		p.evidence_bytes = e->sizes.evidence_bytes;
		p.bytes_per_flow = e->config->evidence.kb_per_flow * 1024;
	}
	return send_rules(e, parent) && wire_send(parent, WIRE_PLAN, &p, sizeof(p), NULL, 0);
}
