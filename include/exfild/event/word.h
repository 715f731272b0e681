/*
 * event/word.h - numbers of events that stand for words.
 *
 * What: the words that --events writes in place of a number, for readers of those lines.
 * Threads: any.
 */
#ifndef EXFILD_EVENT_WORD_H
#define EXFILD_EVENT_WORD_H

#include "exfild/event/event.h"

/* The word that the value of a field is written as; NULL: it is a number. */
const char *event_word(const struct event *e, const struct event_field *f, uint64_t value);

#endif
