/*
 * detect/dest.h - who it is that a client talks to, for detectors of command channels.
 *
 * What: a destination by its name where one is known (Host, SNI, then what DNS gave), else by its
 * address; whether the catalogue explains that a program comes back to it; how many clients do.
 * Ownership: values; `service` is borrowed from the context until its next call.
 * Threads: analysis plane.
 */
#ifndef EXFILD_DETECT_DEST_H
#define EXFILD_DETECT_DEST_H

#include "exfild/base/table.h"
#include "exfild/detect/detector.h"

#define DEST_TEXT_MAX 128

struct dest {
	uint64_t key;    /* keyed hash of name, or address; with the tunnel it lies in */
	bool is_inside;  /* the responder is one of ours */
	bool is_literal; /* no name: a Host that is an address, or nothing that DNS told */
	const struct service *service;  /* NULL: none known */
	enum service_sanction sanction; /* of the tenant that the name shows */
	char text[DEST_TEXT_MAX];       /* for people */
};

/* By a name as it came (Host with its port, SNI), len 0: by what is known of the address. */
void dest_of(struct dest *d, const struct detect_env *env, const struct event *e, const char *name,
	     size_t len);

/*
 * Whether programs that people install come back to such a service by themselves: updates, mail,
 * office, calls, chat, reputation and the like, and what is sanctioned.  Not: file drops, pastes,
 * tunnels, rented machines and content delivery, where anybody may be.
 */
bool dest_is_ordinary(const struct service *s, enum service_sanction sanction);

/*
 * Whether a form or file that is posted to it in the clear is its ordinary use.  Not where anybody
 * may be without a name: file drops, pastes, tunnels, names for changing addresses.
 */
bool dest_takes_posts(const struct service *s);

/* No conversation that can be a channel: multicast, unspecified, or initiated from outside. */
bool dest_is_nobody(const struct detect_env *env, const struct event *e);

/* Distinct clients of a destination, up to DEST_CLIENTS. */
#define DEST_CLIENTS 8
struct dest_crowd {
	uint64_t key;
	uint64_t first_ns; /* steady time */
	uint32_t clients[DEST_CLIENTS];
	uint8_t count;
	uint8_t pad[7];
};
void dest_crowd_add(struct dest_crowd *c, const struct detect_env *env,
		    const struct ipaddr *client);
/* Adds to that of `key` in a table of crowds; how many there are now, 0: no room. */
unsigned dest_crowd_of(struct table *crowds, const struct detect_env *env, uint64_t key,
		       const struct ipaddr *client);

#endif
