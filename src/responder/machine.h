/*
 * responder/machine.h - what this machine depends on, and whether it forwards.
 *
 * What: gateways from the kernel's routing tables, resolvers, DHCP and NTP servers from the files
 * in which they are usually named.
 * Threads: any.
 * Limits: lines of MACHINE_LINE bytes; longer ones are passed over.
 */
#ifndef EXFILD_SRC_RESPONDER_MACHINE_H
#define EXFILD_SRC_RESPONDER_MACHINE_H

#include <stdbool.h>

#include "exfild/base/ipaddr.h"

#define MACHINE_LINE 1024

struct sockaddr;

typedef void (*machine_fn)(void *arg, const struct ipaddr *a, const char *why);

/* False where it is neither IPv4 nor IPv6. */
bool machine_address(const struct sockaddr *from, struct ipaddr *ret);
/* Shows each; false: the routing tables could not be read. */
bool machine_read(const char *root, machine_fn found, void *arg);
/* IPv4 or IPv6 forwarding is on, or a bridge is there; else nothing that is cut off here passes by.
 */
bool machine_forwards(const char *root);

#endif
