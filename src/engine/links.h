/*
 * engine/links.h - interfaces that went away or fell silent.
 *
 * What: looks at the interfaces of a tally once a second.  Gone: one that was listened on is not,
 * for LINKS_GONE_S; where interfaces are chosen by themselves (auto), tunnels come and go, and only
 * the last one is missed.  Silent: one that had packets in nine of ten seconds for some twenty
 * minutes has none for LINKS_SILENT_S.  A quiet interface is healthy: what is missed is what was
 * there.  Each is told once, until packets come again.
 * Ownership: plain values.
 * Threads: one.
 * Limits: LIVE_INTERFACES.
 */
#ifndef EXFILD_SRC_ENGINE_LINKS_H
#define EXFILD_SRC_ENGINE_LINKS_H

#include "tally.h"

#define LINKS_GONE_S   5u
#define LINKS_SILENT_S 120u

enum links_word { LINKS_GONE, LINKS_SILENT };

struct link_memory {
	char name[TALLY_NAME];
	uint64_t frames;
	bool was_open, is_told;
	unsigned closed_s, quiet_s;
	double busy, busy_before; /* share of seconds with packets; when the quiet began */
};

struct links {
	bool is_auto;
	size_t count;
	struct link_memory memory[LIVE_INTERFACES];
};

/* seconds: since when. */
typedef void (*links_tell)(void *arg, const char *name, enum links_word word, unsigned seconds);

/* Once a second of the packet half's loop. */
void links_look(struct links *l, const struct tally *t, links_tell tell, void *arg);
/* Another packet half: its counters begin at 0, and its interfaces are yet to be opened. */
void links_begin(struct links *l);

#endif
