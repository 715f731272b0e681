/*
 * evidence/shelf.h - the evidence files that lie in the folder, oldest first.
 *
 * What: knows the files ALERT.pcapng of a folder, their sizes and ages; removes the oldest where
 * room is needed.  Files of any other name are never touched.
 * Ownership: owns the folder's descriptor and the list.
 * Threads: one at a time.
 * Limits: SHELF_FILES files, max_bytes; the oldest goes first.
 */
#ifndef EXFILD_SRC_EVIDENCE_SHELF_H
#define EXFILD_SRC_EVIDENCE_SHELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/err.h"
#include "exfild/evidence/keep.h"

#define SHELF_FILES 16384
#define SHELF_NAME  (KEEP_ID_MAX + 8) /* with ".pcapng" */

struct shelf_file {
	char alert_id[KEEP_ID_MAX];
	uint64_t bytes, time_s; /* wall clock of the last change */
	uint64_t packets;       /* 0: not known, of an earlier run */
};

struct shelf {
	int folder;
	struct shelf_file *files;
	size_t count, cap;
	uint64_t bytes, max_bytes;
	uint64_t removed;
};

/* Makes the folder where it is missing, for its owner only. */
int shelf_open(struct shelf *s, const char *path, uint64_t max_bytes, char *ret_why,
	       size_t why_size) EXF_MUST_USE;
void shelf_close(struct shelf *s);

/* Letters, digits, - and _ only: what makes a name in the folder. */
bool shelf_is_id(const char *alert_id);
void shelf_name(const char *alert_id, char ret[SHELF_NAME]);
const struct shelf_file *shelf_find(const struct shelf *s, const char *alert_id);
/* It becomes the newest. */
void shelf_put(struct shelf *s, const struct shelf_file *f);
/* It is being written again: out of the list, not removed; its bytes or 0. */
uint64_t shelf_take(struct shelf *s, const char *alert_id);
/* Removes the oldest until so many bytes fit besides; false: they do not. */
bool shelf_room(struct shelf *s, uint64_t bytes);
/* Removes what was changed last before this time. */
void shelf_expire(struct shelf *s, uint64_t before_s);

#endif
