/*
 * control/private.h - the parts of a running control thread.
 *
 * Threads: all of it belongs to the control thread; stop_fd is how others reach it.
 */
#ifndef EXFILD_SRC_CONTROL_PRIVATE_H
#define EXFILD_SRC_CONTROL_PRIVATE_H

#include <event2/event.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "exfild/base/peer.h"
#include "exfild/control/server.h"
#include "request.h"

struct session;
struct http;

struct control_counts {
	uint64_t accepted, turned_away, requests, errors, cut;
};

struct control {
	struct control_options options;
	char socket_path[112];
	struct stat socket_stat; /* ours: a file that another made there is not removed */
	bool has_socket;
	int listen_fd, stop_fd;
	struct event_base *base;
	struct event *accept_event, *stop_event, *turn_event;
	struct http *http;
	struct peer_rules rules;
	struct session *sessions; /* a list */
	unsigned session_count, waiting;
	struct control_counts counts;
	struct snapshot snapshot; /* copies to work on */
	struct snap_lists lists;
	pthread_t thread;
	bool has_thread;
};

/* session.c: takes the descriptor over. */
void session_start(struct control *c, int fd);
void session_free(struct session *s);
/* Now and then: followers get new alerts, who waits for lists gets them. */
void session_turn(struct control *c);

/* http.c */
int http_start(struct control *c, const char *listen, struct http **ret, char *why, size_t size);
void http_free(struct http *h);
/* "127.0.0.1:9477", "[::1]:9477", "localhost:9477" */
bool http_split(const char *listen, char *host, size_t host_size, uint16_t *ret_port);

/* The snapshot with the control's own table in it. */
void control_snapshot(struct control *c);

#endif
