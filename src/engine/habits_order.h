/*
 * engine/habits_order.h - what exfilctl baseline asks of the habits of hosts.
 *
 * Threads: analysis.
 */
#ifndef EXFILD_SRC_ENGINE_HABITS_ORDER_H
#define EXFILD_SRC_ENGINE_HABITS_ORDER_H

#include "exfild/context/context.h"
#include "exfild/control/server.h"

/* Does what o->habits says; the outcome is in it, in o->err and o->text. */
void habits_order(struct context *c, struct control_order *o);

#endif
