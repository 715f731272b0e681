/*
 * sink/record.h - an alert as the sinks get it: rendered, numbered, and free of the analysis.
 *
 * What: one block of memory with the texts in it, counted by its holders; its bytes in the spool
 * are checked when they are read again.
 * Ownership: record_hold()/record_drop().  Threads: any; read-only once it is made.
 * Limits: RECORD_TEXT_MAX bytes a text.
 */
#ifndef EXFILD_SINK_RECORD_H
#define EXFILD_SINK_RECORD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/buf.h"
#include "exfild/base/err.h"

#define RECORD_TEXT_MAX 16384

enum record_text {
	RECORD_EVENT_ID,
	RECORD_ALERT_ID,
	RECORD_SESSION,
	RECORD_RULE,
	RECORD_SOURCE,      /* address, "" none */
	RECORD_DESTINATION, /* address or name */
	RECORD_MESSAGE,     /* one sentence */
	RECORD_JSON,        /* the line of alerts.format */
	RECORD_CEF,         /* "" where no sink wants it */
	RECORD_TEXT,        /* for people; never spooled */
	RECORD__COUNT
};

struct record {
	atomic_uint holders;
	uint64_t number; /* its place in the order; 0: none yet */
	uint64_t time_ns, sequence;
	uint32_t severity;
	size_t bytes; /* of memory */
	struct {
		const char *data; /* ends with NUL */
		size_t len;
	} text[RECORD__COUNT];
};

/* What a record is made of; NULL is "". */
struct record_parts {
	uint64_t time_ns, sequence;
	uint32_t severity;
	struct {
		const char *data;
		size_t len;
	} text[RECORD__COUNT];
};

/* NULL: no memory, or a text is too long. */
struct record *record_make(const struct record_parts *p);
struct record *record_hold(struct record *r);
/* NULL is accepted. */
void record_drop(struct record *r);
/* Appends its bytes. */
void record_write(const struct record *r, struct buf *out);
/* -EXF_E_FORMAT: these are not the bytes of a record. */
int record_read(const void *data, size_t len, struct record **ret) EXF_MUST_USE;

#endif
