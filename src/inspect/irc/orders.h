/*
 * inspect/irc/orders.h - what programs write on IRC and people do not.
 *
 * Ownership: borrows the lines.  Threads: any (values).
 * Limits: time linear in the line, which is LINE_MAX at most.
 */
#ifndef EXFILD_SRC_INSPECT_IRC_ORDERS_H
#define EXFILD_SRC_INSPECT_IRC_ORDERS_H

#include "../line.h"

/*
 * Whether a text orders a program to do something to somebody: a sign, a verb of attacks or of
 * loaders, and what it needs to be done (an address, a link, a program, numbers).  is_direct: said
 * to one alone, which needs no sign before a link.
 */
bool irc_is_order(const struct line *text, bool is_direct);

/* Whether a text is one encoded word. */
bool irc_is_coded(const struct line *text);

/* Whether a nickname is made of a country, a system and a number, as programs number themselves. */
bool irc_is_made_name(const struct line *nick);

#endif
