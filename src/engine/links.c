/*
 * engine/links.c - see links.h.
 */
#include "links.h"

#include <string.h>

#include "exfild/base/str.h"

#define BUSY_OF    600.0 /* seconds that the share of busy ones looks back */
#define BUSY_SHARE 0.9

static struct link_memory *memory_of(struct links *l, const char *name)
{
	for (size_t i = 0; i < l->count; i++)
		if (strcmp(l->memory[i].name, name) == 0)
			return &l->memory[i];
	if (l->count == LIVE_INTERFACES)
		return NULL;
	struct link_memory *m = &l->memory[l->count++];
	*m = (struct link_memory){ 0 };
	str_copy(m->name, sizeof(m->name), name);
	return m;
}

/* True: it has just fallen silent. */
static bool look_at_open(struct link_memory *m, uint64_t frames)
{
	bool came = frames != m->frames;
	m->frames = frames;
	m->was_open = true;
	m->closed_s = 0;
	if (came) {
		m->quiet_s = 0;
		m->is_told = false;
	} else if (m->quiet_s++ == 0) {
		m->busy_before = m->busy;
	}
	m->busy += ((came ? 1.0 : 0.0) - m->busy) / BUSY_OF;
	return m->quiet_s >= LINKS_SILENT_S && m->busy_before >= BUSY_SHARE && !m->is_told;
}

static bool is_any_open(const struct tally *t)
{
	for (uint64_t i = 0; i < t->link_count; i++)
		if (t->links[i].is_open)
			return true;
	return false;
}

void links_look(struct links *l, const struct tally *t, links_tell tell, void *arg)
{
	bool may_be_gone = !l->is_auto || !is_any_open(t);
	for (uint64_t i = 0; i < t->link_count; i++) {
		struct link_memory *m = memory_of(l, t->links[i].name);
		if (!m)
			continue;
		if (t->links[i].is_open) {
			if (look_at_open(m, t->links[i].frames)) {
				m->is_told = true;
				tell(arg, m->name, LINKS_SILENT, m->quiet_s);
			}
			continue;
		}
		m->closed_s++;
		if (m->was_open && m->closed_s >= LINKS_GONE_S && may_be_gone && !m->is_told) {
			m->is_told = true;
			tell(arg, m->name, LINKS_GONE, m->closed_s);
		}
	}
}

void links_begin(struct links *l)
{
	for (size_t i = 0; i < l->count; i++) {
		l->memory[i].frames = 0;
		l->memory[i].closed_s = 0;
	}
}
