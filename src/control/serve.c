/*
 * control/serve.c - see serve.h.
 */
#include "serve.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "exfild/base/ipaddr.h"
#include "exfild/base/str.h"
#include "exfild/control/client.h"
#include "account.h"
#include "client_parts.h"
#include "private.h"

#define HEAD_MAX     8192
#define TIMEOUT_S    30
#define TOKEN_BYTES  16
#define TOKEN_PREFIX "/t/"

struct serve {
	const struct serve_options *o;
	struct event_base *base;
	struct evhttp *server;
	struct stream *stream;
	struct pages_maker maker;
	struct pages *pages;
	char token[SERVE_TOKEN_MAX + 2]; /* "": on loopback, and none is wanted */
	char policy[1024];
};

/* ---- who may ---- */

static bool is_loopback_name(const char *host)
{
	struct ipaddr a;
	return strcmp(host, "localhost") == 0 ||
	       (ipaddr_parse(host, &a) == 0 && ipaddr_is_loopback(&a));
}

/* The name in "NAME:PORT", "NAME", "[::1]:PORT". */
static bool is_loopback_header(const char *header)
{
	char host[280];
	size_t len;
	if (!header)
		return false;
	if (header[0] == '[') {
		header++;
		len = strcspn(header, "]");
	} else {
		len = strcspn(header, ":");
	}
	if (len >= sizeof(host))
		return false;
	(void)snprintf(host, sizeof(host), "%.*s", (int)len, header);
	return is_loopback_name(host);
}

/* The path without what shows that it may be asked for; NULL: it may not. */
static const char *admit(const struct serve *s, const char *path)
{
	size_t prefix = strlen(TOKEN_PREFIX), len = strlen(s->token);
	if (!len)
		return path + 1;
	if (strncmp(path, TOKEN_PREFIX, prefix) != 0 || strnlen(path + prefix, len + 1) <= len ||
	    CRYPTO_memcmp(path + prefix, s->token, len) != 0 || path[prefix + len] != '/')
		return NULL;
	return path + prefix + len + 1;
}

/* ---- answers ---- */

static void put_headers(const struct serve *s, struct evhttp_request *r, const char *type)
{
	struct evkeyvalq *out = evhttp_request_get_output_headers(r);
	(void)evhttp_add_header(out, "Content-Type", type);
	(void)evhttp_add_header(out, "Content-Security-Policy", s->policy);
	(void)evhttp_add_header(out, "X-Content-Type-Options", "nosniff");
	(void)evhttp_add_header(out, "X-Frame-Options", "DENY");
	(void)evhttp_add_header(out, "Referrer-Policy", "no-referrer");
	(void)evhttp_add_header(out, "Cross-Origin-Resource-Policy", "same-origin");
	(void)evhttp_add_header(out, "Cross-Origin-Opener-Policy", "same-origin");
	(void)evhttp_add_header(out, "Cache-Control", "no-store");
}

static void answer(const struct serve *s, struct evhttp_request *r, int code, const char *text)
{
	struct evbuffer *body = evbuffer_new();
	put_headers(s, r, "text/plain; charset=utf-8");
	if (body)
		(void)evbuffer_add_printf(body, "%s\n", text);
	evhttp_send_reply(r, code, NULL, body);
	if (body)
		evbuffer_free(body);
}

/* ---- pages ---- */

static bool make_page(void *arg, const struct page_wish *wish, struct buf *page)
{
	const struct serve *s = arg;
	const struct account_options o = { .socket_path = s->o->socket_path,
					   .kind = wish->kind,
					   .file = s->o->file,
					   .usage = s->o->usage,
					   .ledger = s->o->ledger,
					   .host = wish->host,
					   .alert = "",
					   .zone = "",
					   .is_live = true };
	return account_page(&o, page) == CLIENT_DONE;
}

static void answer_page(void *arg, struct evhttp_request *r, enum page_end end,
			struct evbuffer *page)
{
	const struct serve *s = arg;
	if (end == PAGE_LATE)
		answer(s, r, HTTP_SERVUNAVAIL,
		       "the page took too long: is the machine busy, or the usage database very large?");
	else if (end == PAGE_FAILED)
		answer(s, r, HTTP_INTERNAL, "the page could not be made: exfilctl serve says why");
	if (end != PAGE_MADE)
		return;
	put_headers(s, r, "text/html; charset=utf-8");
	evhttp_send_reply(r, HTTP_OK, NULL, page);
}

static void ask_page(const struct serve *s, struct evhttp_request *r, const char *kind,
		     const char *host)
{
	if (!pages_ask(s->pages, r, kind, host))
		answer(s, r, HTTP_SERVUNAVAIL, "too many pages are asked for: try again");
}

static void answer_host(const struct serve *s, struct evhttp_request *r, const char *query)
{
	struct ipaddr address;
	char text[IPADDR_TEXT_MAX];
	size_t len = 0;
	char *plain = query ? evhttp_uridecode(query, 0, &len) : NULL;
	if (!plain || strlen(plain) != len || ipaddr_parse(plain, &address) != 0)
		answer(s, r, HTTP_NOTFOUND, "no such page: a host is asked for as host?10.1.2.3");
	else
		ask_page(s, r, "incident", ipaddr_print(&address, text, sizeof(text)));
	free(plain);
}

static void on_request(struct evhttp_request *r, void *arg)
{
	struct serve *s = arg;
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(r);
	const char *path = uri ? evhttp_uri_get_path(uri) : NULL;
	const char *host = evhttp_find_header(evhttp_request_get_input_headers(r), "Host");
	const char *what = path && path[0] == '/' ? admit(s, path) : NULL;
	if (!s->token[0] && !is_loopback_header(host))
		answer(s, r, 403,
		       "this page is for this machine alone: ask by 127.0.0.1 or localhost, or "
		       "start exfilctl serve with --token-file");
	else if (!what)
		answer(s, r, HTTP_NOTFOUND, "no such page, or its token is not right");
	else if (strcmp(what, "") == 0)
		ask_page(s, r, "daily", "");
	else if (strcmp(what, "weekly") == 0)
		ask_page(s, r, "weekly", "");
	else if (strcmp(what, "controls") == 0)
		ask_page(s, r, "compliance", "");
	else if (strcmp(what, "host") == 0)
		answer_host(s, r, evhttp_uri_get_query(uri));
	else if (strcmp(what, "events") != 0)
		answer(s, r, HTTP_NOTFOUND, "no such page");
	else {
		put_headers(s, r, "text/event-stream; charset=utf-8");
		if (!stream_join(s->stream, r))
			answer(s, r, HTTP_SERVUNAVAIL, "too many pages are open: close one");
	}
}

/* ---- the token ---- */

static bool is_token(const char *text)
{
	size_t len = strlen(text);
	return len >= SERVE_TOKEN_MIN && len <= SERVE_TOKEN_MAX &&
	       strspn(text, "0123456789abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_") == len;
}

static bool read_token(struct serve *s)
{
	const char *path = s->o->token_file;
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0) {
		(void)fprintf(stderr, "exfilctl: %s: %s\n", path, strerror(errno));
		if (fd >= 0)
			(void)close(fd);
		return false;
	}
	ssize_t got = read(fd, s->token, sizeof(s->token) - 1);
	(void)close(fd);
	s->token[got > 0 ? got : 0] = '\0';
	s->token[strcspn(s->token, "\r\n")] = '\0';
	if (st.st_mode & S_IRWXO) {
		(void)fprintf(stderr, "exfilctl: %s: everybody may read it: chmod 600 %s\n", path,
			      path);
		return false;
	}
	if (!is_token(s->token))
		(void)fprintf(stderr,
			      "exfilctl: %s: a token is %u to %u letters, digits, - and _ in one "
			      "line: openssl rand -hex 16 makes one\n",
			      path, SERVE_TOKEN_MIN, SERVE_TOKEN_MAX);
	return is_token(s->token);
}

static bool make_token(struct serve *s)
{
	uint8_t bytes[TOKEN_BYTES];
	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes)) {
		(void)fprintf(stderr, "exfilctl: no random numbers for a token: %s\n",
			      strerror(errno));
		return false;
	}
	str_hex(s->token, sizeof(s->token), bytes, sizeof(bytes));
	return true;
}

/* ---- beginning and end ---- */

static void on_signal(evutil_socket_t number, short what, void *arg)
{
	(void)number;
	(void)what;
	(void)event_base_loopbreak(arg);
}

static uint16_t port_of(struct evhttp_bound_socket *bound)
{
	union {
		struct sockaddr any;
		struct sockaddr_in four;
		struct sockaddr_in6 six;
	} a;
	socklen_t len = sizeof(a);
	memset(&a, 0, sizeof(a));
	if (getsockname(evhttp_bound_socket_get_fd(bound), &a.any, &len) != 0)
		return 0;
	return ntohs(a.any.sa_family == AF_INET6 ? a.six.sin6_port : a.four.sin_port);
}

static bool listen_there(struct serve *s)
{
	char host[280] = "";
	uint16_t port = 0;
	struct evhttp_bound_socket *bound = NULL;
	if (http_split(s->o->listen, host, sizeof(host), &port))
		bound = evhttp_bind_socket_with_handle(s->server, host, port);
	else
		errno = EINVAL;
	if (!bound) {
		(void)fprintf(stderr,
			      "exfilctl: cannot listen on %s: %s: name another ADDRESS:PORT with "
			      "--listen\n",
			      s->o->listen, strerror(errno));
		return false;
	}
	bool is_open = is_loopback_name(host);
	if (s->o->token_file ? !read_token(s) : !is_open && !make_token(s))
		return false;
	if (!is_open)
		(void)fprintf(stderr, "exfilctl: there is no TLS here: put a proxy with one in "
				      "front, or an ssh tunnel, where others can listen\n");
	bool is_six = strchr(host, ':') != NULL;
	(void)printf("http://%s%s%s:%u%s%s/\n", is_six ? "[" : "", host, is_six ? "]" : "",
		     port_of(bound), s->token[0] ? TOKEN_PREFIX : "", s->token);
	(void)fflush(stdout);
	return true;
}

static bool prepare(struct serve *s)
{
	struct buf policy;
	buf_init(&policy, sizeof(s->policy) - 1);
	report_live_policy(&policy);
	buf_str(&policy, "; frame-ancestors 'none'");
	(void)str_copy(s->policy, sizeof(s->policy), policy.data);
	bool is_good = !policy.full;
	buf_deinit(&policy);
	s->base = event_base_new();
	s->server = s->base ? evhttp_new(s->base) : NULL;
	s->stream = s->server ? stream_open(s->base, s->o->socket_path) : NULL;
	s->maker = (struct pages_maker){ make_page, answer_page, s };
	s->pages = s->stream ? pages_open(s->base, &s->maker) : NULL;
	if (!is_good || !s->pages) {
		(void)fputs("exfilctl: memory is exhausted\n", stderr);
		return false;
	}
	evhttp_set_allowed_methods(s->server, EVHTTP_REQ_GET);
	evhttp_set_max_headers_size(s->server, HEAD_MAX);
	evhttp_set_max_body_size(s->server, 0);
	evhttp_set_timeout(s->server, TIMEOUT_S);
	evhttp_set_gencb(s->server, on_request, s);
	return listen_there(s);
}

static int run(struct serve *s)
{
	struct event *ends[] = { evsignal_new(s->base, SIGINT, on_signal, s->base),
				 evsignal_new(s->base, SIGTERM, on_signal, s->base) };
	bool is_good = ends[0] && ends[1] && event_add(ends[0], NULL) == 0 &&
		       event_add(ends[1], NULL) == 0 && event_base_dispatch(s->base) == 0;
	for (unsigned i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (ends[i])
			event_free(ends[i]);
	return is_good ? CLIENT_DONE : CLIENT_FAILED;
}

int serve_run(int argc, char **argv)
{
	struct serve_options o;
	struct serve s = { .o = &o };
	int status = serve_parse(&o, argc, argv);
	if (status >= 0)
		return status;
	(void)signal(SIGPIPE, SIG_IGN);
	status = prepare(&s) ? run(&s) : CLIENT_FAILED;
	stream_close(s.stream);
	pages_close(s.pages);
	if (s.server)
		evhttp_free(s.server);
	if (s.base)
		event_base_free(s.base);
	return status;
}
