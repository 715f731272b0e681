/*
 * capture/filter.h - BPF expressions over frames, by libpcap.
 *
 * What: one expression, compiled anew for each link type that comes.
 * Threads: one owner.
 * Limits: at most FILTER_PROGRAMS link types; frames of further ones do not pass.
 */
#ifndef EXFILD_CAPTURE_FILTER_H
#define EXFILD_CAPTURE_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "exfild/capture/capture.h"

#define FILTER_PROGRAMS 64

struct filter;

/* -EXF_E_INVALID when the expression means nothing for any common link type: ret_why says why. */
int filter_new(const char *expression, struct filter **ret, char *ret_why,
	       size_t why_size) EXF_MUST_USE;
void filter_free(struct filter *f);
/* True when the frame passes. *ret_why: NULL, or why no frame of its link type can. */
bool filter_match(struct filter *f, const struct frame *frame, const char **ret_why);

#endif
