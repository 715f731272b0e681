/*
 * control/http.c - /metrics and /healthz by libevent.
 */
#include <event2/buffer.h>
#include <event2/http.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/control/metrics.h"
#include "private.h"

#define HEAD_MAX    8192
#define BODY_MAX    1024
#define TIMEOUT_S   5
#define METRICS_MAX (1u << 20)

struct http {
	struct evhttp *server;
	struct buf text; /* kept: a scrape allocates nothing that grows */
};

static void answer(struct evhttp_request *r, struct http *h, int status, const char *type)
{
	struct evbuffer *body = evbuffer_new();
	if (!body || evbuffer_add(body, h->text.data ? h->text.data : "", h->text.len) != 0) {
		evhttp_send_error(r, HTTP_INTERNAL, NULL);
	} else {
		evhttp_add_header(evhttp_request_get_output_headers(r), "Content-Type", type);
		evhttp_send_reply(r, status, status == HTTP_OK ? "OK" : "Service Unavailable",
				  body);
	}
	if (body)
		evbuffer_free(body);
}

static void on_metrics(struct evhttp_request *r, void *arg)
{
	struct control *c = arg;
	struct http *h = c->http;
	control_snapshot(c);
	buf_reset(&h->text);
	metrics_print(&c->snapshot, board_steady_ns(), &h->text);
	answer(r, h, HTTP_OK, "text/plain; version=0.0.4; charset=utf-8");
}

static void on_health(struct evhttp_request *r, void *arg)
{
	struct control *c = arg;
	struct http *h = c->http;
	control_snapshot(c);
	buf_reset(&h->text);
	bool well = metrics_health(&c->snapshot, board_steady_ns(), &h->text);
	answer(r, h, well ? HTTP_OK : HTTP_SERVUNAVAIL, "text/plain; charset=utf-8");
}

static void on_other(struct evhttp_request *r, void *arg)
{
	(void)arg;
	evhttp_send_error(r, HTTP_NOTFOUND, NULL);
}

bool http_split(const char *listen, char *host, size_t host_size, uint16_t *ret_port)
{
	const char *colon = strrchr(listen, ':');
	char *end;
	unsigned long port = colon ? strtoul(colon + 1, &end, 10) : 0;
	if (!colon || *end || port > 65535)
		return false;
	size_t len = (size_t)(colon - listen);
	if (len >= 2 && listen[0] == '[' && listen[len - 1] == ']') {
		listen++;
		len -= 2;
	}
	(void)snprintf(host, host_size, "%.*s", (int)len, listen);
	*ret_port = (uint16_t)port;
	return len > 0 && len < host_size;
}

int http_start(struct control *c, const char *listen, struct http **ret, char *why, size_t size)
{
	char host[280];
	uint16_t port;
	struct http *h = calloc(1, sizeof(*h));
	if (!h)
		return -EXF_E_NOMEM;
	buf_init(&h->text, METRICS_MAX);
	h->server = evhttp_new(c->base);
	if (!h->server) {
		http_free(h);
		return -EXF_E_NOMEM;
	}
	evhttp_set_allowed_methods(h->server, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD);
	evhttp_set_max_headers_size(h->server, HEAD_MAX);
	evhttp_set_max_body_size(h->server, BODY_MAX);
	evhttp_set_timeout(h->server, TIMEOUT_S);
	(void)evhttp_set_cb(h->server, "/metrics", on_metrics, c);
	(void)evhttp_set_cb(h->server, "/healthz", on_health, c);
	evhttp_set_gencb(h->server, on_other, c);
	if (!http_split(listen, host, sizeof(host), &port) ||
	    evhttp_bind_socket(h->server, host, port) != 0) {
		(void)snprintf(why, size,
			       "cannot listen on %s for metrics (%s): give another port in "
			       "metrics.listen, or \"\" for none",
			       listen, evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR()));
		http_free(h);
		return -EXF_E_IO;
	}
	*ret = h;
	return 0;
}

void http_free(struct http *h)
{
	if (!h)
		return;
	if (h->server)
		evhttp_free(h->server);
	buf_deinit(&h->text);
	free(h);
}
