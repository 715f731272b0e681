/*
 * engine/connections.h - exfild's own connections, whose packets are not judged (leave.h).
 *
 * What: the server that the configuration names, and whatever sockets this process has.
 * Threads: one at a time.
 * Limits: those of struct wire_connections.
 */
#ifndef EXFILD_SRC_ENGINE_CONNECTIONS_H
#define EXFILD_SRC_ENGINE_CONNECTIONS_H

#include "wire.h"

/* Adds the addresses of redis://HOST:PORT; NULL or "" for none.  Asks for names. */
void connections_find_peers(struct wire_connections *c, const char *url);
/* Looks at the process's sockets again. */
void connections_find_sockets(struct wire_connections *c);

#endif
