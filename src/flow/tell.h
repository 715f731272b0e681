/*
 * flow/tell.h - what events say of a flow.
 *
 * What: fills event_flow from the counters and from the first packet's headers.
 * Ownership: values.  Threads: the shard's.
 */
#ifndef EXFILD_FLOW_TELL_H
#define EXFILD_FLOW_TELL_H

#include "exfild/decode/packet.h"
#include "exfild/flow/flow.h"

/* All but the head, `end` and `is_interim`.  is_step: the bytes since the last step are told, and
 * begin anew. */
void flow_tell(struct flow *f, struct event_flow *e, bool is_step);
/* What the first packet's headers hold besides addresses and ports. */
void flow_tell_headers(struct event_flow *e, const struct packet *p);
/* What is not told yet belongs to an hour that is over. */
void flow_begin_hour(struct flow *f);

#endif
