/*
 * classify/classify.h - what protocol a flow speaks (nDPI stays behind this file).
 *
 * What: payload packets of undecided flows go to nDPI until it has decided or given up; its state
 * of a flow is freed at once then.  One detection module a thread, made at its first need; what
 * nDPI remembers across flows is kept by shard, so that a class does not depend on the number of
 * workers. Ownership: the classifier owns flow->verdict. Threads: one shard; modules are made one
 * after the other (nDPI asks for it). Limits: max_undecided flows hold nDPI state; past it the
 * oldest undecided flow is given up on.
 */
#ifndef EXFILD_CLASSIFY_CLASSIFY_H
#define EXFILD_CLASSIFY_CLASSIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/decode/packet.h"
#include "exfild/event/log.h"
#include "exfild/flow/table.h"

struct classifier;

struct classifier *classifier_new(uint32_t max_undecided, struct event_log *log);
void classifier_free(struct classifier *c);
/* What this thread will need and takes a while to make is made now, not at its first packet. */
void classifier_begin_thread(void);

/* Gives the packet to nDPI if its flow is undecided and its payload fresh; writes `classified`. */
void classifier_packet(struct classifier *c, const struct packet *p, const struct flow_step *step,
		       uint64_t seq);
/* An inspector knows: the flow is decided without nDPI; writes `classified` (confidence 5). */
void classifier_decide(struct classifier *c, struct flow *f, enum app app, const struct packet *p,
		       unsigned side, uint64_t seq);
/* The flow ends: frees its verdict. */
void classifier_release(struct classifier *c, struct flow *f);

struct classify_counts {
	uint64_t packets, decided, given_up, capped;
	uint32_t undecided;
	size_t bytes_per_undecided, bytes_per_module;
};
void classifier_counts(const struct classifier *c, struct classify_counts *ret);
/*
 * nDPI's number of a protocol by its name, in any case; 0: the linked version has none of that
 * name.  Then *ret_near is its name that is spelled most alike and *ret_version the versions that
 * are known to have it; each may be NULL.  Any thread.
 */
uint16_t classify_app_number(const char *name, const char **ret_near, const char **ret_version);
/* "4.2.0" of the library that is linked. */
const char *classify_library_version(void);

#endif
