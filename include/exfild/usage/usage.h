/*
 * usage/usage.h - who used which service, and how much: the counters.
 *
 * What: adds up flow events by hour of packet time, host, service, direction: bytes up and down,
 * flows, times, alerts, what could be read of it.  A long flow's bytes count in the hour in which
 * they passed.  A service is what the catalogue calls the name that the connection itself asked for
 * (SNI, Host), else the name that its address has; a name that no service has counts as its
 * registered domain, an address without a name as itself, and inside a network as its protocol.
 *   When there is no room, the smallest of some that are at hand goes into its host's "other", and
 *   a host's into its zone's: sums stay exact at every level above.
 * Ownership: usage_free().  Rows shown are borrowed until the callback returns.
 * Threads: one: the analysis plane.
 * Limits: max_rows counters, max_hosts hosts; an eighth as many services, at most USAGE_SERVICES,
 * and a fourth as many flows whose name is remembered, at most USAGE_FLOWS; usage_bytes() at worst.
 * The same events give the same rows.
 */
#ifndef EXFILD_USAGE_USAGE_H
#define EXFILD_USAGE_USAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/err.h"
#include "exfild/context/context.h"
#include "exfild/event/event.h"
#include "exfild/store/usage.h"

#define USAGE_SERVICES 32768u
#define USAGE_FLOWS    65536u

struct usage;

struct usage_options {
	const struct context *context; /* borrowed */
	struct hash_key key;
	uint32_t max_rows, max_hosts;
	bool per_user; /* a host is counted apart for each user that it has */
};

/* NULL: memory is exhausted. */
struct usage *usage_new(const struct usage_options *o);
/* NULL is accepted. */
void usage_free(struct usage *u);
/* Most bytes that it can come to use. */
uint64_t usage_bytes(uint32_t max_rows, uint32_t max_hosts);

/* Kinds of events that usage_event() wants, 1ull << each. */
#define USAGE_WANTS                                                                               \
 (1ull << EVENT_FLOW_PROGRESS | 1ull << EVENT_FLOW_END | 1ull << EVENT_TLS | 1ull << EVENT_QUIC | \
  1ull << EVENT_HTTP)
void usage_event(struct usage *u, const struct event *e);

/*
 * What an alert about this host adds: told->alerts, ->verdicts and ->score, nothing else of it;
 * peer NULL: it is about the host alone.
 */
void usage_alert(struct usage *u, const struct usage_counts *told, uint64_t time_ns,
		 const struct ipaddr *host, const struct ipaddr *peer, uint32_t tunnel_id);

/* Whether there is anything of an hour before that of now_ns. */
bool usage_is_due(const struct usage *u, uint64_t now_ns);

/* False: enough. */
typedef bool (*usage_row_fn)(void *arg, const struct usage_row *row);
/* Every counter, in one order for the same events. */
void usage_rows(const struct usage *u, usage_row_fn fn, void *arg);
/* All counters are where they belong: begins anew. */
void usage_clear(struct usage *u);

struct usage_stats {
	uint32_t rows, hosts, services; /* now */
	uint64_t folded;                /* counters that went into an "other" */
};
void usage_stats(const struct usage *u, struct usage_stats *ret);

#endif
