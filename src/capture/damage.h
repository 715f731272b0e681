/*
 * capture/damage.h - what could not be read, for the operator.
 *
 * What: a list of (path, offset, sentence).  Each input says each kind once, so that a hostile
 * file cannot grow the list.
 * Ownership: the list owns its entries and their paths.
 * Threads: one owner.
 * Limits: inputs times DAMAGE__COUNT entries; what finds no memory is left out.
 */
#ifndef EXFILD_CAPTURE_DAMAGE_H
#define EXFILD_CAPTURE_DAMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "exfild/capture/capture.h"

enum damage_kind {
	DAMAGE_END,       /* nothing more can be read of this input */
	DAMAGE_BLOCK,     /* a block of a pcapng file was skipped */
	DAMAGE_INTERFACE, /* packets of an interface that the file does not describe */
	DAMAGE_ALIGNMENT, /* a block whose length is no multiple of four was read all the same */
	DAMAGE_FILTER,    /* packets of a link type that the filter cannot judge */
	DAMAGE_LINK,      /* packets of a link type that nobody can read */
	DAMAGE__COUNT
};

struct damage_list {
	struct capture_damage *items;
	char **paths; /* of the items */
	size_t count;
	size_t capacity;
};

void damage_deinit(struct damage_list *list);
/* *said holds a bit for each kind that this input has said. */
void damage_say(struct damage_list *list, uint32_t *said, enum damage_kind kind, const char *path,
		uint64_t offset, const char *fmt, ...) __attribute__((format(printf, 6, 7)));

#endif
