/*
 * store/usage_disk.h - what the writer's thread does with its file: rows come in, days end.
 *
 * What: rows are written as they are while there is room for them (usage_fresh.h), else into the
 * tables; a day that is over goes into the tables, its week into sums, its rows into packs; what is
 * too old goes, and when the file has reached its limit the oldest day does.
 * Ownership: usage_disk_close().  Threads: one.  All codes are SQLite's.
 */
#ifndef EXFILD_SRC_STORE_USAGE_DISK_H
#define EXFILD_SRC_STORE_USAGE_DISK_H

#include "usage_fresh.h"

struct usage_disk {
	struct file file;
	struct usage_batch rows; /* open when something goes into the tables */
	struct usage_fresh fresh;
	uint32_t keep_days;  /* UINT32_MAX: of a capture, whose days all stay */
	uint64_t newest_day; /* of what was written */
	uint64_t ended_day;  /* before which all has been rolled and forgotten */
};

/* After its file was opened. */
int usage_disk_read_marks(struct usage_disk *d);
void usage_disk_close(struct usage_disk *d);
/* As much of them as one transaction takes: *ret_len bytes. */
int usage_disk_write(struct usage_disk *d, const struct usage_handed *h, size_t *ret_len,
		     uint64_t *ret_rows);
/* Days that are over since it was called. */
int usage_disk_end_days(struct usage_disk *d);
/* One day that is over into packs; *ret_any: there was one. */
int usage_disk_pack(struct usage_disk *d, bool *ret_any);
uint64_t usage_disk_bytes(const struct usage_disk *d);

#endif
