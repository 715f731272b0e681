/*
 * engine/evidence.h - the packets behind the alerts (--evidence).
 *
 * What: remembers what each alert is about while the replay runs; then the inputs are read once
 * more, and the packets between the two ends in the alert's time go to a pcapng file with the
 * alert's id as comment.
 * Ownership: one evidence, owned by the engine.  Threads: noted by the analysis, written after it.
 * Limits: 65,536 alerts; evidence.kb_per_flow an alert, evidence.max_mb in all.
 */
#ifndef EXFILD_SRC_ENGINE_EVIDENCE_H
#define EXFILD_SRC_ENGINE_EVIDENCE_H

#include <stdint.h>

#include "exfild/alert/alert.h"
#include "exfild/capture/capture.h"

struct evidence;

struct evidence *evidence_new(uint64_t kb_per_alert, uint64_t max_mb);
void evidence_free(struct evidence *e);
void evidence_note(struct evidence *e, const struct alert *a);
/* Reads the inputs again and writes the file. 0 or -EXF_E_x with a sentence. */
int evidence_write(struct evidence *e, const struct capture_options *inputs, const char *path,
		   char *ret_why, size_t why_size) EXF_MUST_USE;

#endif
