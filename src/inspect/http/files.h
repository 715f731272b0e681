/*
 * inspect/http/files.h - digests of the files that bodies of HTTP are, or hold.
 *
 * What: a body is hashed as it comes and, where it lies in a content coding, undone from that; a
 * form's files each on their own.  What a page is made of is left out unless it is small or pages
 * are wanted; so are parts of files (206), redirections and errors. Ownership: lies with the desk.
 * Threads: one shard.  Limits: those of filesums.h and parts.h.
 */
#ifndef EXFILD_INSPECT_HTTP_FILES_H
#define EXFILD_INSPECT_HTTP_FILES_H

#include "../content/form.h"
#include "body.h"

/* A head has been read, and stands in the desk: its body begins. */
void http_files_begin(struct inspection *in, struct http_desk *d, const struct http_head *h);
void http_files_take(struct inspection *in, struct http_desk *d, bool is_response,
		     const uint8_t *data, uint32_t len);
bool http_files_are_open(const struct http_desk *d, bool is_response);
/* Bytes of the body are missing. */
void http_files_break(struct inspection *in, struct http_desk *d, bool is_response);
/* Its end has come, or will not. */
void http_files_end(struct inspection *in, struct http_desk *d, bool is_response, bool is_whole);
/* Whatever is under way is of no interest any more. */
void http_files_drop(struct inspection *in, struct http_desk *d);

/* What events of files and of bodies have in common. */
void http_turn(struct inspection *in, struct event *e, bool is_response);
void http_put_str(struct inspection *in, struct event_str *s, const void *data, size_t len);
struct form_text http_name_of(const struct http_desk *d);

#endif
