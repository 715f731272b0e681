/*
 * control/serve_stream.c - alerts from the daemon to the pages that are open.
 *
 * One connection to the daemon serves all of them: it follows the alerts, and asks now and then how
 * the daemon is.
 */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "exfild/base/buf.h"
#include "exfild/control/server.h"
#include "exfild/report/report.h"
#include "client_parts.h"
#include "parse.h"
#include "serve.h"

#define TURN_S      2
#define SLOW_S      30
#define LINE_MAX_IN (4u << 20) /* as the daemon's largest answer, and more */
#define PENDING_MAX (1u << 20) /* that a page has not taken */
#define DATA_MAX    16384u
#define ID_ALERTS   1
#define ID_STATUS   2

struct watcher {
	struct stream *stream;
	struct evhttp_request *request;
	struct watcher *next, **link;
};

struct stream {
	struct event_base *base;
	const char *socket_path;
	struct event *turn;
	struct bufferevent *io; /* to the daemon; NULL: none */
	struct watcher *watchers;
	unsigned count;
	char *ring[STREAM_RING]; /* alerts as pages take them; the oldest at ring_at, or NULL */
	unsigned ring_at;
	char state[256];
};

/* ---- to the pages ---- */

static void leave(struct watcher *w)
{
	*w->link = w->next;
	if (w->next)
		w->next->link = w->link;
	w->stream->count--;
	free(w);
}

static void on_close(struct evhttp_connection *connection, void *arg)
{
	(void)connection;
	leave(arg);
}

/* False: it has been cut off, and is gone. */
static bool tell(struct watcher *w, const char *event, const char *data)
{
	struct evhttp_connection *connection = evhttp_request_get_connection(w->request);
	struct bufferevent *io = evhttp_connection_get_bufferevent(connection);
	struct evbuffer *chunk = evbuffer_new();
	bool is_good = chunk && evbuffer_get_length(bufferevent_get_output(io)) < PENDING_MAX &&
		       evbuffer_add_printf(chunk, "event: %s\ndata: %s\n\n", event, data) > 0;
	if (is_good)
		evhttp_send_reply_chunk(w->request, chunk);
	if (chunk)
		evbuffer_free(chunk);
	if (!is_good)
		evhttp_connection_free(connection); /* on_close() lets go of it */
	return is_good;
}

static void tell_all(struct stream *s, const char *event, const char *data)
{
	struct watcher *next;
	for (struct watcher *w = s->watchers; w; w = next) {
		next = w->next;
		(void)tell(w, event, data);
	}
}

static char *state_data(const struct stream *s)
{
	json_t *o = json_pack("{s:s}", "text", s->state);
	char *data = json_dumps(o, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(o);
	return data;
}

static void tell_state(struct stream *s)
{
	char *data = state_data(s);
	if (data)
		tell_all(s, "state", data);
	free(data);
}

bool stream_join(struct stream *s, struct evhttp_request *r)
{
	struct evhttp_connection *connection = evhttp_request_get_connection(r);
	struct watcher *w = s->count < STREAM_WATCHERS ? calloc(1, sizeof(*w)) : NULL;
	char *data;
	if (!w)
		return false;
	*w = (struct watcher){ .stream = s,
			       .request = r,
			       .next = s->watchers,
			       .link = &s->watchers };
	if (w->next)
		w->next->link = &w->next;
	s->watchers = w;
	s->count++;
	evhttp_connection_set_closecb(connection, on_close, w);
	evhttp_send_reply_start(r, HTTP_OK, "OK");
	/* it says nothing more, and has to take what comes */
	bufferevent_set_timeouts(evhttp_connection_get_bufferevent(connection), NULL,
				 &(struct timeval){ .tv_sec = SLOW_S });
	for (unsigned i = 0; i < STREAM_RING; i++) {
		const char *known = s->ring[(s->ring_at + i) % STREAM_RING];
		if (known && !tell(w, "known", known))
			return true;
	}
	data = state_data(s);
	if (data)
		(void)tell(w, "state", data);
	free(data);
	return true;
}

/* ---- from the daemon ---- */

static void take_alert(struct stream *s, const json_t *alert, const char *event)
{
	struct buf data;
	char *line = json_dumps(alert, JSON_COMPACT);
	buf_init(&data, DATA_MAX);
	if (line && report_live_alert(line, strlen(line), &data) == 0) {
		free(s->ring[s->ring_at]);
		s->ring[s->ring_at] = strdup(data.data);
		s->ring_at = (s->ring_at + 1) % STREAM_RING;
		tell_all(s, event, data.data);
	}
	buf_deinit(&data);
	free(line);
}

static unsigned long long count_in(const json_t *o, const char *key)
{
	json_int_t v = json_integer_value(json_object_get(o, key));
	return v > 0 ? (unsigned long long)v : 0;
}

static void take_status(struct stream *s, const json_t *status)
{
	const char *time = json_string_value(json_object_get(status, "packet_time"));
	(void)snprintf(s->state, sizeof(s->state),
		       "exfild watches: %llu packets since its start, %llu lost, %llu flows; "
		       "packet time %.19s UTC.",
		       count_in(status, "packets"), count_in(status, "drops"),
		       count_in(status, "flows"), time ? time : "not known");
}

static void take_line(struct stream *s, const char *line, size_t len)
{
	json_t *top = json_loadb(line, len, JSON_ALLOW_NUL, NULL);
	const json_t *result = json_object_get(top, "result");
	const json_t *refused = json_object_get(json_object_get(top, "error"), "message");
	const json_t *alerts = json_object_get(result, "alerts");
	if (json_object_get(top, "alert"))
		take_alert(s, json_object_get(top, "alert"), "alert");
	for (size_t i = 0; i < json_array_size(alerts); i++)
		take_alert(s, json_array_get(alerts, i), "known");
	if (count_in(top, "id") == ID_STATUS && result)
		take_status(s, result);
	if (json_is_string(refused))
		(void)snprintf(s->state, sizeof(s->state), "exfild refuses: %.200s",
			       json_string_value(refused));
	json_decref(top);
}

static void disconnect(struct stream *s, const char *why)
{
	bufferevent_free(s->io);
	s->io = NULL;
	(void)snprintf(s->state, sizeof(s->state),
		       "exfild does not answer (%s): what is shown may be old.", why);
}

static void on_read(struct bufferevent *io, void *arg)
{
	struct stream *s = arg;
	struct evbuffer *in = bufferevent_get_input(io);
	char *line;
	size_t len;
	while ((line = evbuffer_readln(in, &len, EVBUFFER_EOL_LF))) {
		take_line(s, line, len);
		free(line);
	}
	if (evbuffer_get_length(in) > LINE_MAX_IN)
		disconnect(s, "its answer has no end");
}

static void ask(struct stream *s, const struct request *r)
{
	struct buf out;
	buf_init(&out, CONTROL_REQUEST_MAX);
	request_print(r, &out);
	(void)bufferevent_write(s->io, out.data, out.len);
	buf_deinit(&out);
}

static void on_event(struct bufferevent *io, short what, void *arg)
{
	struct stream *s = arg;
	const struct request follow = { .id = ID_ALERTS,
					.command = "alerts",
					.limit = STREAM_RING,
					.follow = true };
	(void)io;
	if (what & BEV_EVENT_CONNECTED)
		ask(s, &follow);
	else
		disconnect(s, what & BEV_EVENT_EOF ?
				      "it has ended" :
				      evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR()));
}

static void connect_again(struct stream *s)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	if (strlen(s->socket_path) >= sizeof(address.sun_path))
		return;
	memcpy(address.sun_path, s->socket_path, strlen(s->socket_path) + 1);
	s->io = bufferevent_socket_new(s->base, -1, BEV_OPT_CLOSE_ON_FREE);
	if (!s->io)
		return;
	bufferevent_setcb(s->io, on_read, NULL, on_event, s);
	(void)bufferevent_enable(s->io, EV_READ | EV_WRITE);
	if (bufferevent_socket_connect(s->io, (struct sockaddr *)&address, sizeof(address)) != 0 &&
	    s->io)
		disconnect(s, evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR()));
}

/* What is told each turn also shows that a page is there, and keeps what is between open. */
static void on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct stream *s = arg;
	const struct request status = { .id = ID_STATUS, .command = "status" };
	(void)fd;
	(void)what;
	if (s->io)
		ask(s, &status);
	else
		connect_again(s);
	tell_state(s);
}

struct stream *stream_open(struct event_base *base, const char *socket_path)
{
	struct stream *s = calloc(1, sizeof(*s));
	struct timeval turn = { .tv_sec = TURN_S };
	if (s)
		s->turn = event_new(base, -1, EV_PERSIST, on_turn, s);
	if (!s || !s->turn || event_add(s->turn, &turn) != 0) {
		stream_close(s);
		return NULL;
	}
	s->base = base;
	s->socket_path = socket_path;
	(void)snprintf(s->state, sizeof(s->state), "exfild has not answered yet.");
	connect_again(s);
	return s;
}

void stream_close(struct stream *s)
{
	if (!s)
		return;
	for (struct watcher *w = s->watchers, *next; w; w = next) {
		next = w->next;
		evhttp_connection_set_closecb(evhttp_request_get_connection(w->request), NULL,
					      NULL);
		free(w);
	}
	if (s->io)
		bufferevent_free(s->io);
	if (s->turn)
		event_free(s->turn);
	for (unsigned i = 0; i < STREAM_RING; i++)
		free(s->ring[i]);
	free(s);
}
