/*
 * inspect/inspect.h - runs inspectors over the flows of one shard.
 *
 * What: chooses an inspector for a flow, feeds it streams or datagrams, and lets go of the flow
 * when nothing more is wanted (it is then shunted to counting once it is classified).
 * Ownership: owns flow->work.
 * Threads: one shard.
 * Limits: max_work flows hold inspector state, past that the one that was idle for longest gives
 * its place to a new one (counter `evicted`); max_streams buffers of 16 KiB, likewise.
 */
#ifndef EXFILD_INSPECT_INSPECT_H
#define EXFILD_INSPECT_INSPECT_H

#include "exfild/classify/classify.h"
#include "exfild/inspect/inspector.h"

struct inspect;

struct inspect *inspect_new(uint32_t max_work, uint32_t max_streams, struct event_log *log,
			    struct classifier *classifier, const struct hash_key *key);
void inspect_free(struct inspect *in);
/* Texts are looked through by these rules, which are borrowed; before the first packet. False: no
 * memory. */
bool inspect_set_content(struct inspect *in, const struct content_rules *rules);
/* Digests of files (enum sum_kind) are computed while they are wanted; wanted is borrowed, and any
 * thread may change it.  Before the first packet. False: no memory. */
bool inspect_set_sums(struct inspect *in, const atomic_uint *wanted);
/* Classification and inspection of one packet that has been through the flow table. */
void inspect_packet(struct inspect *in, const struct packet *p, const struct flow_step *step,
		    uint64_t seq);
/* False: whatever this side of the flow still sends, nobody reads its content. */
bool inspect_reads(const struct flow *f, unsigned side);
void inspect_release(struct inspect *in, struct flow *f);
/* The flow ends: its inspector tells what it still holds, then lets go. */
void inspect_end(struct inspect *in, struct flow *f, uint64_t seq, uint64_t now_ns);

struct inspect_counts {
	uint64_t chosen, refused, evicted, not_mine;
	uint64_t streams_refused, streams_evicted;
	uint32_t work;
	struct content_counts content;
	size_t worst_case_bytes;
};
void inspect_counts(const struct inspect *in, struct inspect_counts *ret);

#endif
