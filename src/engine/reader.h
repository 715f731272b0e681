/*
 * engine/reader.h - frames in, packets and ticks to the plane.
 *
 * What: the loop of a replay: capture, clock law, decode, plane; progress on a terminal; Ctrl-C
 * ends it early and what was found is reported.
 * Threads: the caller's.
 */
#ifndef EXFILD_SRC_ENGINE_READER_H
#define EXFILD_SRC_ENGINE_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "exfild/capture/capture.h"
#include "exfild/decode/decode.h"
#include "plane.h"

struct reader {
	struct capture *capture;
	struct decoder *decoder;
	struct plane *plane;
	bool show_progress;
	struct hash_key key;        /* of tables */
	struct hash_key sketch_key; /* of hashes that outlive the process */
	uint64_t start_ns;          /* packet time of the state, 0: none */
	struct shard_limits limits;
	/* results */
	uint64_t frames, bytes;
	uint64_t late, leaps, doubted;
	uint64_t first_ns, now_ns; /* packet time */
	bool interrupted;
};

/* 0 or -EXF_E_NOMEM. */
int reader_run(struct reader *r) EXF_MUST_USE;

#endif
