/*
 * engine/reload_parts.h - what the files of the reloading share.
 *
 * What: reload.c has the configuration, its order and the thread; reload_files.c the files that it
 * names, which are read again on their own: feeds, identity.file, sets of content.
 * Ownership: as reload.h says.  Threads: turn and lock, as each field says.
 */
#ifndef EXFILD_SRC_ENGINE_RELOAD_PARTS_H
#define EXFILD_SRC_ENGINE_RELOAD_PARTS_H

#include <pthread.h>

#include "publish.h"
#include "reload.h"
#include "watch.h"

#define RELOAD_PATIENCE_S 10u /* that the analysis has to take something */

enum reload_file { RELOAD_FEEDS, RELOAD_IDENTITIES, RELOAD_SETS, RELOAD_FILES };

struct reload_followed { /* signatures of files of a kind */
	uint64_t read;   /* as it is in effect */
	uint64_t seen;   /* as it was when last looked at */
};

struct reload {
	struct reload_options o;
	struct setup *start, *current;
	pthread_mutex_t turn; /* one reload at a time */
	pthread_t thread;
	bool has_thread;
	int wake;             /* eventfd: something of what follows has changed */
	struct watch *watch;  /* the thread's */
	bool is_slow;         /* likewise: all files are heard of; of folders of sets nothing is */
	pthread_mutex_t lock; /* of what follows */
	bool asked, ended, is_other; /* is_other: the files to watch may be others */
	struct reload_followed followed[RELOAD_FILES]; /* under turn */
	struct snap_configuration state;               /* under turn */
};

bool reload_has_ended(struct reload *r);

/* Under turn: what a kind's files are now is what is in effect. */
void reload_note_file(struct reload *r, enum reload_file kind);
/* Under turn: sets of content are read; a broken one is told, and those before stay. */
void reload_take_sets(struct reload *r);
/* The files to hear of are those of the configuration in effect. */
void reload_watch_files(struct reload *r);
/* Those that have changed are read when they are complete, or rest between two looks. */
void reload_look_at_files(struct reload *r, bool are_complete);

#endif
