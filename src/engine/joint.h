/*
 * engine/joint.h - where the events of several workers become one order again (live).
 *
 * What: each worker puts runs of events and ticks into its port, and says up to which number it
 * has told all.  Numbers are packet time (feed.h), so they mean the same to all of them.  A thread
 * merges what lies below the lowest such number and hands it to the outlet.  A worker that has
 * nothing to do says so by its ticks: nobody waits for a packet.
 * Ownership: owns its thread, ports and what lies in them; borrows what the outlet leads to.
 * Threads: a port is one worker's.
 * Limits: PORT_RUNS runs wait in a port; then its worker waits, and the kernel's ring with it.
 */
#ifndef EXFILD_SRC_ENGINE_JOINT_H
#define EXFILD_SRC_ENGINE_JOINT_H

#include "exfild/base/err.h"
#include "merge.h"

struct joint;
struct port;

int joint_new(unsigned workers, const struct hash_key *key, const struct outlet *out,
	      struct joint **ret) EXF_MUST_USE;
/* Closes all ports, hands the rest to the outlet and joins the thread. */
void joint_finish(struct joint *j);
void joint_free(struct joint *j);
struct port *joint_port(struct joint *j, unsigned worker);

/* Takes the events and ticks, which leaves m empty; those to come have at least `seq`. */
void port_put(struct port *p, struct merge *m, uint64_t seq);
/* Nothing with a lower number will come. */
void port_promise(struct port *p, uint64_t seq);
/* Nothing will come. */
void port_close(struct port *p);

#endif
