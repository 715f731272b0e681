/*
 * policy/window.h - what each host has sent to each service in this hour and this day.
 *
 * What: sums of IP bytes and connections by source and target, and by source to all targets, in the
 * hour and the day that an event lies in.  A target is a service with its tenant, a registered
 * domain or an address: whoever counts names it by a number.  Sums outlive the process.
 * Ownership: policy_windows_free frees.  Threads: analysis plane.
 * Limits: POLICY_WINDOWS sums; the smallest goes first, and begins at nothing when it comes again.
 */
#ifndef EXFILD_POLICY_WINDOW_H
#define EXFILD_POLICY_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "exfild/base/hash.h"
#include "exfild/base/ipaddr.h"
#include "exfild/base/keep.h"

#define POLICY_WINDOWS 32768

struct policy_sums {
	uint64_t out_hour, in_hour, out_day, in_day; /* bytes */
	uint32_t flows_hour, flows_day;
};

struct policy_window_key {
	struct ipaddr host;
	uint64_t target; /* 0: all of them together */
	uint32_t tunnel_key, pad;
};

/* Hours and days by any numbering that rises and never gives one twice. */
struct policy_moment {
	uint32_t hour, day;
};

struct policy_windows;

/* NULL: memory. */
struct policy_windows *policy_windows_new(const struct hash_key *key);
void policy_windows_free(struct policy_windows *w);
void policy_windows_keep(struct policy_windows *w, struct keep_list *list);
/*
 * Adds what has passed at that moment: what belongs to an hour that is over counts for its day.
 * Returns the sums of the latest hour and day that are known.
 */
struct policy_sums policy_windows_add(struct policy_windows *w, const struct policy_window_key *key,
				      const struct policy_moment *at, uint64_t out, uint64_t in,
				      bool is_new_flow);
/* Sums of the hour and the day of that moment; zero where nothing is known. */
struct policy_sums policy_windows_sums(const struct policy_windows *w,
				       const struct policy_window_key *key,
				       const struct policy_moment *at);

#endif
