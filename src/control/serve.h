/*
 * control/serve.h - exfilctl serve: a page that shows what comes.
 *
 * What: an HTTP server of its own, never a part of the daemon.  It makes the pages of exfilctl
 * report when they are asked for, from the usage database and the control socket, each in a
 * process of its own, and passes on alerts as server-sent events.  It changes nothing, keeps
 * nothing, sets no cookie. On loopback a request has to name loopback in its Host, so that no page
 * of another site comes in by a name of its own (DNS rebinding); elsewhere a token stands before
 * every path. Ownership: stream_close().  Threads: one. Limits: STREAM_WATCHERS pages that are open
 * at once; STREAM_RING alerts are kept for new ones; a page that does not take what comes is cut
 * off.  PAGES_AT_ONCE pages are made at once, each within PAGE_S seconds; PAGES_MAX with those that
 * wait for their turn, and those that have not been taken yet.
 */
#ifndef EXFILD_SRC_CONTROL_SERVE_H
#define EXFILD_SRC_CONTROL_SERVE_H

#include <event2/http.h>
#include <stdbool.h>

#include "exfild/base/buf.h"
#include "exfild/base/ipaddr.h"

#define STREAM_WATCHERS 32u
#define STREAM_RING     50u
#define PAGES_AT_ONCE   4u
#define PAGES_MAX       32u
#define PAGE_S          20u
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

/* serve_pages.c: processes that make pages. */
struct page_wish {
	const char *kind;           /* a literal */
	char host[IPADDR_TEXT_MAX]; /* "": all */
};
enum page_end { PAGE_MADE, PAGE_LATE, PAGE_FAILED };
struct pages_maker {
	/* In a process of its own, without any connection of its parent; false: it said why. */
	bool (*make)(void *arg, const struct page_wish *wish, struct buf *page);
	void (*answer)(void *arg, struct evhttp_request *r, enum page_end end,
		       struct evbuffer *page);
	void *arg;
};

struct pages;

/* maker is borrowed.  NULL: no memory. */
struct pages *pages_open(struct event_base *base, const struct pages_maker *maker);
/* Before the server that asked; its processes end.  NULL is accepted. */
void pages_close(struct pages *p);
/* Answers it some time; false: there are too many, and it is not answered. */
bool pages_ask(struct pages *p, struct evhttp_request *r, const char *kind, const char *host);

#endif
