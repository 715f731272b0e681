/*
 * control/serve.h - exfilctl serve: a page that shows what comes.
 *
 * What: an HTTP server of its own, never a part of the daemon.  It makes the pages of exfilctl
 * report when they are asked for, from the usage database and the control socket, and passes on
 * alerts as server-sent events.  It changes nothing, keeps nothing, sets no cookie.
 *   On loopback a request has to name loopback in its Host, so that no page of another site comes
 * in by a name of its own (DNS rebinding); elsewhere a token stands before every path. Ownership:
 * stream_close().  Threads: one. Limits: STREAM_WATCHERS pages that are open at once; STREAM_RING
 * alerts are kept for new ones; a page that does not take what comes is cut off.
 */
#ifndef EXFILD_SRC_CONTROL_SERVE_H
#define EXFILD_SRC_CONTROL_SERVE_H

#include <event2/http.h>
#include <stdbool.h>

#define STREAM_WATCHERS 32u
#define STREAM_RING     50u
#define SERVE_TOKEN_MIN 16u
#define SERVE_TOKEN_MAX 128u

struct serve_options {
	const char *socket_path;
	const char *listen;     /* ADDRESS:PORT; port 0: any */
	const char *file;       /* alerts, a line each; NULL: those that the daemon has */
	const char *usage;      /* the database */
	const char *ledger;     /* its folder */
	const char *token_file; /* NULL: none, or a fresh one */
};

/* serve_options.c: -1 to go on, else the status to end with; what was wrong has been said. */
int serve_parse(struct serve_options *o, int argc, char **argv);

struct stream;

/* serve_stream.c: connects to the daemon, and does so again when it has ended.  NULL: no memory. */
struct stream *stream_open(struct event_base *base, const char *socket_path);
/* Before the server that its watchers came by goes.  NULL is accepted. */
void stream_close(struct stream *s);
/* Answers it from here on; false: there are too many, and it is not answered. */
bool stream_join(struct stream *s, struct evhttp_request *r);

#endif
