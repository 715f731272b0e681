/*
 * report/html.h - the only way in which text enters the page.
 *
 * What: text of packets, files and people comes out as characters that a browser shows and never
 * obeys: <, >, &, quotes, back-ticks and = as references, what nobody sees (controls, marks that
 * turn the direction of writing, line separators) as \uNNNN, and bytes that are no UTF-8 as U+FFFD.
 * It is safe between tags and inside quoted attributes.
 * Threads: any.
 * Limits: html_name() shows 255 bytes, html_text() HTML_TEXT_MAX; what is cut ends in "...".
 */
#ifndef EXFILD_SRC_REPORT_HTML_H
#define EXFILD_SRC_REPORT_HTML_H

#include <stddef.h>
#include <stdint.h>

#include "exfild/base/buf.h"

#define HTML_NAME_MAX 255
#define HTML_TEXT_MAX 4096

void html_text_len(struct buf *out, const char *text, size_t len);
/* NULL: nothing. */
void html_text(struct buf *out, const char *text);
/* A host, a domain, a file: at most 255 bytes of it. */
void html_name(struct buf *out, const char *text);
/* The same for a script that makes text of it, as textContent: <, & and quotes stay. */
void html_plain(struct buf *out, const char *text);

/* 1,234,567 */
void html_count(struct buf *out, uint64_t n);
/* "12.3 MB" with the exact number behind it for who hovers. */
void html_bytes(struct buf *out, uint64_t bytes);
/* <time>, to the second, UTC; "-" for 0. */
void html_time(struct buf *out, uint64_t time_ns);

#endif
