/*
 * engine/publish.h - what the engine tells exfilctl and Prometheus (live).
 *
 * What: copies of counters to the control layer's board, once a second from the
 * analysis and from the desk; lists when somebody has asked; alerts as they go out.
 * Ownership: owns board, control thread and activity.
 * Threads: each function says whose it is.
 */
#ifndef EXFILD_SRC_ENGINE_PUBLISH_H
#define EXFILD_SRC_ENGINE_PUBLISH_H

#include "exfild/config/config.h"
#include "exfild/control/server.h"
#include "exfild/engine/options.h"
#include "analysis.h"

struct annals;
struct collector;
struct keeper;
struct publisher;
struct reload;
struct sink_beat;
struct sizes;
struct tally;

/*
 * Main, before the planes; control socket and metrics port answer from here on.  annals: where acts
 * are kept, as long as the publisher.
 */
int publisher_start(const struct options *o, const struct config *c, const struct sizes *sizes,
		    const struct hash_key *key, struct annals *annals, struct publisher **ret,
		    char *ret_why, size_t why_size) EXF_MUST_USE;
/* Main, before the planes: whose saves are told. */
void publisher_keeper(struct publisher *p, struct keeper *keeper);
/* Main, before the planes: whose packets are told; must outlive the publisher. */
void publisher_collector(struct publisher *p, struct collector *collector);
/* Main, after the planes. */
void publisher_stop(struct publisher *p);

/* Main: from here on exfilctl reload works. */
void publisher_reload(struct publisher *p, struct reload *r);
/* Any: how the configuration is. */
void publisher_configuration(struct publisher *p, const struct snap_configuration *k);

/* Any: how signed messages fare. */
void publisher_signed(struct publisher *p, const struct snap_signed *k);

/* What has been signed for drills; as long as the publisher. */
const struct drills *publisher_drills(const struct publisher *p);

/* Analysis: every event, every tick and idle turn, every alert as its ECS line. */
void publisher_event(struct publisher *p, const struct context *c, const struct event *e);
void publisher_turn(struct publisher *p, const struct analysis *a);
void publisher_alert(struct publisher *p, const char *json, size_t len, unsigned severity);

/* Main: from here on alerts can be sent again; NULL: no more, and nobody is in the middle of it. */
void publisher_analysis(struct publisher *p, struct analysis *a);
/* Any: what a heartbeat says. */
void publisher_beat(struct publisher *p, struct sink_beat *ret);

/* Desk: once a second. */
void publisher_tally(struct publisher *p, const struct tally *t);

#endif
