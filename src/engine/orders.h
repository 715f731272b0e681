/*
 * engine/orders.h - what exfilctl has the analysis do: snooze an alert, take a verdict, end a mute,
 * say whose pseudonym it is.
 *
 * Threads: order_give() any but the analysis'; order_take() the analysis'.
 */
#ifndef EXFILD_SRC_ENGINE_ORDERS_H
#define EXFILD_SRC_ENGINE_ORDERS_H

#include "exfild/control/server.h"
#include "analysis.h"

/* Waits until it is done. 0, or -EXF_E_x with the sentence in order->text. */
int order_give(struct analysis *a, struct control_order *order);
/* Under the lock of the news. */
void order_take(struct analysis *a, struct control_order *order);
/* Once an hour of packet time: exceptions and mutes that silence something and end soon are told.
 */
void order_warn(struct analysis *a);

#endif
