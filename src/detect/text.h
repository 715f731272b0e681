/*
 * detect/text.h - what detectors ask of an event's strings.
 *
 * Ownership: values; borrows the event.  Threads: any.
 */
#ifndef EXFILD_DETECT_TEXT_H
#define EXFILD_DETECT_TEXT_H

#include "exfild/detect/detector.h"

/* Whether the string holds the text, letters' case aside (ASCII). */
bool text_has(const struct event *e, const struct event_str *s, const char *part);
/* Whether its path (up to '?' or '#') ends in one of the texts; NULL ends the list. */
bool text_path_ends(const struct event *e, const struct event_str *s, const char *const *ends);
/* Whether a host is an address, with or without a port. */
bool text_is_address(const struct event *e, const struct event_str *host);
/* Length of a host without its port. */
size_t text_host_len(const struct event *e, const struct event_str *host);
/* A hash of the path without query: the same for the same program's requests. */
uint64_t text_path_hash(const struct event *e, const struct event_str *uri,
			const struct hash_key *key);

/* How many it lacks of the fields that browsers send with a form: languages, encodings, page. */
unsigned text_browser_lacks(uint32_t head_marks);

/*
 * What would have kept a finding of added contributions silent: its sum, and what is left without
 * its largest part.
 */
void text_counterfactual(struct finding *f);

/* Endings of what runs on a web server; NULL ends. */
extern const char *const text_script_ends[];

#endif
