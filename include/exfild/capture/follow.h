/*
 * capture/follow.h - which interfaces are watched: the half that has the power to open them.
 *
 * What: interfaces are named, or chosen: the inside ones of a gateway, followed by rtnetlink while
 * it runs.  Their sockets are opened (sockets.h) and handed to who reads them (live.h), which may
 * be another process; an interface that vanishes or is made anew is closed and opened again when it
 * returns.  No packet is looked at.
 * Ownership: owns the netlink sockets; packet sockets belong to who took them.
 * Threads: one.
 * Limits: LIVE_INTERFACES interfaces, each with a place that it keeps while it is gone.
 */
#ifndef EXFILD_CAPTURE_FOLLOW_H
#define EXFILD_CAPTURE_FOLLOW_H

#include "exfild/capture/live.h"

enum live_side { LIVE_SIDE_AUTO, LIVE_SIDE_INSIDE, LIVE_SIDE_OUTSIDE };

struct live_interface {
	const char *name;
	enum live_side side;
};

struct follow_options {
	const struct live_interface *interfaces; /* copied */
	size_t interface_count;                  /* 0: the inside interfaces are chosen */
	uint64_t buffer_bytes;                   /* of all interfaces and workers together */
	const char *filter;                      /* copied; BPF expression, NULL or "" for none */
	unsigned workers;                        /* 1 to LIVE_WORKERS */
	/* an interface was opened: the sockets are taken over, false: they are not wanted now */
	bool (*opened)(void *arg, size_t place, const char *name, struct sockets *s);
	void (*closed)(void *arg, size_t place);
	void *arg;
};

struct follow;

/* 0, or negative with a sentence that says what to do.  Nothing is opened yet. */
int follow_new(const struct follow_options *o, struct follow **ret, char *ret_why,
	       size_t why_size) EXF_MUST_USE;
/* NULL is accepted. */
void follow_free(struct follow *f);

/* Opens all; with must, everything that was named has to work and something has to be there.
 * Who reads has begun anew: what was open before is forgotten.  split: the new reader's. */
int follow_open(struct follow *f, const struct split_key *split, bool must, char *ret_why,
		size_t why_size) EXF_MUST_USE;
/* Nobody reads any more: what is open is forgotten until follow_open(). */
void follow_forget(struct follow *f);
/* Looks after links, addresses and routes: opens what is to be watched and closes what is gone. */
void follow_turn(struct follow *f);
/* There is something to look after when it has input. */
int follow_fd(const struct follow *f);

/* Grows when what follows has changed. */
uint64_t follow_generation(const struct follow *f);
/* The prefixes on or behind interfaces that do not hold the default route; borrowed. */
const struct prefix *follow_inside(const struct follow *f, size_t *ret_count);
/* Addresses of this machine, at most so many. */
size_t follow_own(const struct follow *f, struct ipaddr *ret, size_t most);

#endif
