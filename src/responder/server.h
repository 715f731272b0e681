/*
 * responder/server.h - the responder's socket and its loop.
 *
 * What: SOCK_SEQPACKET, one request a message; who asks is told by the kernel (SO_PEERCRED), never
 * by the message.  The loop also gives the desk its ticks. Threads: one. Limits: SERVER_CLIENTS
 * connections; a client that does not take its answer is cut.
 */
#ifndef EXFILD_SRC_RESPONDER_SERVER_H
#define EXFILD_SRC_RESPONDER_SERVER_H

#include "exfild/base/peer.h"
#include "desk.h"

#define SERVER_CLIENTS 32

struct server_options {
	struct peer_rules rules;
	bool has_daemon;
	uid_t daemon; /* the user that exfild runs as */
	struct desk *desk;
};

/* Listens; a socket that another program left behind is replaced. -1 with errno. */
int server_listen(const char *path);
/* Until a signal to end: 0; -EXF_E_IO. */
int server_run(int listener, const struct server_options *o) EXF_MUST_USE;

#endif
