/*
 * event/keep.h - the head of an event among what outlives the process.
 *
 * What: what an alert takes from an event: its ends, its tunnel, its time.  The number of its
 * packet is another one in the next run and stays behind.
 */
#ifndef EXFILD_EVENT_KEEP_H
#define EXFILD_EVENT_KEEP_H

#include "exfild/base/keep.h"
#include "exfild/event/event.h"

/* clang-format off */
/* NOLINTBEGIN(bugprone-macro-parentheses): a member has none */
#define KEEP_EVENT(struct_, member_)                                                               \
	KEEP(U64, struct_, member_.time_ns),                                                       \
	KEEP(U64, struct_, member_.flow),                                                          \
	KEEP(U8, struct_, member_.src),                                                            \
	KEEP(U8, struct_, member_.dst),                                                            \
	KEEP(U16, struct_, member_.sport),                                                         \
	KEEP(U16, struct_, member_.dport),                                                         \
	KEEP(U8, struct_, member_.proto),                                                          \
	KEEP(U8, struct_, member_.ip_version),                                                     \
	KEEP_TO(U16, struct_, member_.app, APP__COUNT - 1),                                        \
	KEEP(U32, struct_, member_.tunnel_id),                                                     \
	KEEP(U32, struct_, member_.tunnel_key),                                                    \
	KEEP(U16, struct_, member_.vlan),                                                          \
	KEEP(U8, struct_, member_.tunnel_type)
/* NOLINTEND(bugprone-macro-parentheses): up to here */
/* clang-format on */

#endif
