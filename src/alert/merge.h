/*
 * alert/merge.h - several findings of one cause become one.
 *
 * What: the strongest finding gives words and proof (of equal ones the latest, which knows most);
 * times, counts, bytes and packets are those of all.
 * Threads: any.
 */
#ifndef EXFILD_ALERT_MERGE_H
#define EXFILD_ALERT_MERGE_H

#include "exfild/alert/alert.h"

/* The first finding of an alert. */
void merge_first(struct alert *a, const struct finding *f, enum severity severity);
/* One more; severity is the one that it deserves in its company. */
void merge_add(struct alert *a, const struct finding *f, enum severity severity);

#endif
