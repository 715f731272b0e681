/*
 * inspect/http/contrary.h - whether the bytes of an answer contradict what it says that they are.
 *
 * What: a picture, a font or a film, by the declared type or by the ending of what was asked for,
 * that is noise or base64; a page or script that is noise; a page that is one word of base64; a
 * gzip whose first block is none.  What lies in a content coding is not judged.
 * Ownership: borrows the bytes.  Threads: any (values).
 * Limits: time linear in the bytes looked at, some KiB.
 */
#ifndef EXFILD_INSPECT_HTTP_CONTRARY_H
#define EXFILD_INSPECT_HTTP_CONTRARY_H

#include <stddef.h>
#include <stdint.h>

#include "exfild/event/content.h"
#include "exfild/event/file.h"

struct answer_look {
	const char *declared; /* type, not terminated */
	size_t declared_len;
	const char *uri; /* of the request */
	size_t uri_len;
	const uint8_t *data; /* the begin of the body */
	size_t len;
	enum file_type type; /* by its bytes */
};

enum content_contrary contrary_of(const struct answer_look *a);

#endif
