/*
 * inspect/content/scan.h - gives what inspectors take apart to the scanner of content.
 *
 * What: the bytes of one body, mail or file in order, in any portions; each hit becomes an event.
 * A text whose first 16 KiB hold nothing that could be read (compressed, encrypted, pictures) is
 * left alone; one portion of 16 is looked at, and it goes on where that is text again.
 * Ownership: the text's number lies with the flow's place (runner.h), one a side.
 * Threads: one shard.
 */
#ifndef EXFILD_INSPECT_CONTENT_SCAN_H
#define EXFILD_INSPECT_CONTENT_SCAN_H

#include "exfild/inspect/inspector.h"

struct scan_source {
	const char *carrier; /* "http" */
	const char *host;    /* of an HTTP request; may be NULL */
	size_t host_len;
	enum app app;     /* where the flow's is not known */
	bool is_reversed; /* src and dst of its events are to be exchanged */
};

/*
 * Whether what this side sends may leave: the receiver's address is none of those that are used
 * inside alone.  The zones are known to the analysis, which decides; this spares the work of
 * looking through what stays inside or comes in.
 */
bool scan_may_leave(const struct inspection *in);
/* The next bytes that this side has sent. */
void scan_take(struct inspection *in, const struct scan_source *source, const uint8_t *data,
	       uint32_t len);
/* The text of this side is at its end. */
void scan_end(struct inspection *in, const struct scan_source *source);

#endif
