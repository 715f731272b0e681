/*
 * capture/paths.h - the files that the arguments name.
 *
 * What: arguments in their order; a folder stands for every regular file below it, dotfiles left
 * out, sorted by the bytes of their paths.
 * Ownership: the list owns its paths.
 * Threads: one owner.
 * Limits: at most PATHS_MAX files, folders at most PATHS_DEPTH deep; links to folders are not
 * followed inside a folder.
 */
#ifndef EXFILD_CAPTURE_PATHS_H
#define EXFILD_CAPTURE_PATHS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "damage.h"

#define PATHS_MAX   (256u * 1024)
#define PATHS_DEPTH 32

struct paths {
	char **items;
	size_t count, capacity;
	uint64_t bytes;   /* on disk */
	bool has_unknown; /* of an input the size is not known */
	uint32_t said;
};

/* -EXF_E_NOMEM. Folders that cannot be read are said. */
int paths_add(struct paths *p, const char *argument, struct damage_list *damage) EXF_MUST_USE;
void paths_deinit(struct paths *p);

#endif
