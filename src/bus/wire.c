/*
 * bus/wire.c - see include/exfild/bus/wire.h
 *
 * The socket never blocks; every wait is a poll() of at most SLICE_MS, so that the end of the
 * program is not held up.  OpenSSL writes with plain write(2): SIGPIPE is held back around it and
 * taken away if it came.
 */
#include "exfild/bus/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "exfild/base/str.h"

#define SLICE_MS  100
#define SETTLE_NS 1000000
#define NS_MS     1000000ull

struct wire {
	int fd;
	const atomic_bool *stop;
	SSL_CTX *context;
	SSL *tls;
};

uint64_t wire_now_ns(void)
{
	struct timespec t = { 0 };
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

/* Until the socket is ready; -EXF_E_IO with errno ETIMEDOUT or ECANCELED. */
static int wait_for(const struct wire *w, short events, uint64_t deadline_ns)
{
	for (;;) {
		struct pollfd p = { .fd = w->fd, .events = events };
		uint64_t now_ns = wire_now_ns();
		if (w->stop && atomic_load_explicit(w->stop, memory_order_relaxed)) {
			errno = ECANCELED;
			return -EXF_E_IO;
		}
		if (now_ns >= deadline_ns) {
			errno = ETIMEDOUT;
			return -EXF_E_IO;
		}
		uint64_t left_ms = (deadline_ns - now_ns) / NS_MS + 1;
		int n = poll(&p, 1, left_ms < SLICE_MS ? (int)left_ms : SLICE_MS);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -EXF_E_IO;
	}
}

/* --- connecting -------------------------------------------------------------------------- */

static int connect_to(struct wire *w, const struct sockaddr *address, socklen_t len, int type,
		      uint64_t deadline_ns)
{
	int on = 1, err = 0;
	socklen_t err_len = sizeof(err);
	w->fd = socket(address->sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (w->fd < 0)
		return -EXF_E_IO;
	if (type == SOCK_STREAM && address->sa_family != AF_UNIX) {
		(void)setsockopt(w->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		(void)setsockopt(w->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	}
	if (connect(w->fd, address, len) == 0)
		return 0;
	if (errno != EINPROGRESS || wait_for(w, POLLOUT, deadline_ns))
		return -EXF_E_IO;
	if (getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &err, &err_len) == 0 && err == 0)
		return 0;
	errno = err;
	return -EXF_E_IO;
}

static void drop_socket(struct wire *w)
{
	int kept = errno;
	if (w->fd >= 0)
		(void)close(w->fd);
	w->fd = -1;
	errno = kept;
}

static int connect_unix(struct wire *w, const struct wire_options *o, uint64_t deadline_ns)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	if (strlen(o->host) >= sizeof(a.sun_path)) {
		errno = ENAMETOOLONG;
		return -EXF_E_IO;
	}
	memcpy(a.sun_path, o->host, strlen(o->host) + 1);
	return connect_to(w, (const struct sockaddr *)&a, sizeof(a),
			  o->is_datagram ? SOCK_DGRAM : SOCK_STREAM, deadline_ns);
}

static int connect_host(struct wire *w, const struct wire_options *o, uint64_t deadline_ns,
			char *why, size_t size)
{
	const struct addrinfo hints = {
		.ai_socktype = o->is_datagram ? SOCK_DGRAM : SOCK_STREAM,
		.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV,
	};
	struct addrinfo *list = NULL;
	char port[8];
	int err = -EXF_E_IO;
	(void)snprintf(port, sizeof(port), "%u", o->port);
	int code = getaddrinfo(o->host, port, &hints, &list);
	if (code) {
		(void)snprintf(why, size, "%s", gai_strerror(code));
		errno = 0;
		return -EXF_E_IO;
	}
	for (const struct addrinfo *a = list; a && err; a = a->ai_next) {
		drop_socket(w);
		err = connect_to(w, a->ai_addr, a->ai_addrlen, hints.ai_socktype, deadline_ns);
	}
	int kept = errno;
	freeaddrinfo(list);
	errno = kept;
	return err;
}

/* --- TLS --------------------------------------------------------------------------------- */

struct pipe_guard {
	sigset_t before;
	bool was_pending;
};

static bool is_pipe_pending(void)
{
	sigset_t pending;
	return sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
}

static void pipe_hold(struct pipe_guard *g)
{
	sigset_t pipe_only;
	sigemptyset(&pipe_only);
	sigaddset(&pipe_only, SIGPIPE);
	g->was_pending = is_pipe_pending();
	pthread_sigmask(SIG_BLOCK, &pipe_only, &g->before);
}

static void pipe_release(const struct pipe_guard *g)
{
	static const struct timespec at_once;
	int kept = errno;
	sigset_t pipe_only;
	sigemptyset(&pipe_only);
	sigaddset(&pipe_only, SIGPIPE);
	if (!g->was_pending && is_pipe_pending()) {
		while (sigtimedwait(&pipe_only, NULL, &at_once) < 0 && errno == EINTR)
			;
	}
	pthread_sigmask(SIG_SETMASK, &g->before, NULL);
	errno = kept;
}

enum tls_step { TLS_HANDSHAKE, TLS_READ, TLS_WRITE };

static int tls_once(struct wire *w, enum tls_step step, void *data, int len, int *ret_code)
{
	struct pipe_guard guard;
	pipe_hold(&guard);
	ERR_clear_error();
	errno = 0;
	int n = step == TLS_READ  ? SSL_read(w->tls, data, len) :
		step == TLS_WRITE ? SSL_write(w->tls, data, len) :
				    SSL_connect(w->tls);
	*ret_code = n > 0 ? SSL_ERROR_NONE : SSL_get_error(w->tls, n);
	pipe_release(&guard);
	return n;
}

/* What OpenSSL did, waiting as it asks; 0: closed; -EXF_E_IO. */
static int tls_step(struct wire *w, enum tls_step step, void *data, int len, uint64_t deadline_ns)
{
	for (;;) {
		int code;
		int n = tls_once(w, step, data, len, &code);
		if (code == SSL_ERROR_NONE)
			return n;
		if (code == SSL_ERROR_ZERO_RETURN)
			return 0;
		if (code != SSL_ERROR_WANT_READ && code != SSL_ERROR_WANT_WRITE) {
			if (!errno)
				errno = EPROTO;
			return -EXF_E_IO;
		}
		short events = code == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
		if (wait_for(w, events, deadline_ns))
			return -EXF_E_IO;
	}
}

static bool is_address(const char *host)
{
	struct in6_addr six;
	struct in_addr four;
	return inet_pton(AF_INET, host, &four) == 1 || inet_pton(AF_INET6, host, &six) == 1;
}

static bool tls_trust(struct wire *w, const struct wire_options *o)
{
	bool is_named = o->ca_file && o->ca_file[0];
	if (is_named ? !SSL_CTX_load_verify_locations(w->context, o->ca_file, NULL) :
		       !SSL_CTX_set_default_verify_paths(w->context))
		return false;
	SSL_CTX_set_verify(w->context, SSL_VERIFY_PEER, NULL);
	return SSL_CTX_set_min_proto_version(w->context, TLS1_2_VERSION) == 1;
}

static bool tls_name(struct wire *w, const char *host)
{
	char name[256]; /* libssl's macro casts a const away */
	if (is_address(host))
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(w->tls), host) == 1;
	return str_copy(name, sizeof(name), host) && SSL_set_tlsext_host_name(w->tls, name) == 1 &&
	       SSL_set1_host(w->tls, name) == 1;
}

static int tls_start(struct wire *w, const struct wire_options *o, uint64_t deadline_ns, char *why,
		     size_t size)
{
	char words[160];
	w->context = SSL_CTX_new(TLS_client_method());
	if (!w->context || !tls_trust(w, o)) {
		(void)snprintf(why, size, "the certificates of %s cannot be read",
			       o->ca_file && o->ca_file[0] ? o->ca_file : "the system");
		errno = 0;
		return -EXF_E_IO;
	}
	w->tls = SSL_new(w->context);
	if (!w->tls || !tls_name(w, o->host) || SSL_set_fd(w->tls, w->fd) != 1) {
		errno = ENOMEM;
		return -EXF_E_IO;
	}
	if (tls_step(w, TLS_HANDSHAKE, NULL, 0, deadline_ns) > 0)
		return 0;
	if (errno == ETIMEDOUT || errno == ECANCELED)
		return -EXF_E_IO;
	long verdict = SSL_get_verify_result(w->tls);
	ERR_error_string_n(ERR_peek_last_error(), words, sizeof(words));
	(void)snprintf(why, size, "TLS: %s",
		       verdict != X509_V_OK ? X509_verify_cert_error_string(verdict) : words);
	errno = 0;
	return -EXF_E_IO;
}

/* --- the whole --------------------------------------------------------------------------- */

int wire_open(const struct wire_options *o, struct wire **ret, char *why, size_t size)
{
	struct wire *w = calloc(1, sizeof(*w));
	uint64_t deadline_ns = wire_now_ns() + (uint64_t)o->timeout_ms * NS_MS;
	if (size)
		why[0] = '\0';
	if (!w) {
		errno = ENOMEM;
		return -EXF_E_IO;
	}
	w->fd = -1;
	w->stop = o->stop;
	int err = o->is_unix ? connect_unix(w, o, deadline_ns) :
			       connect_host(w, o, deadline_ns, why, size);
	if (!err && o->is_tls)
		err = tls_start(w, o, deadline_ns, why, size);
	if (err) {
		int kept = errno;
		wire_close(w);
		errno = kept;
		return err;
	}
	*ret = w;
	return 0;
}

void wire_close(struct wire *w)
{
	if (!w)
		return;
	SSL_free(w->tls);
	SSL_CTX_free(w->context);
	drop_socket(w);
	free(w);
}

static int plain_write(struct wire *w, const char *data, size_t len, uint64_t deadline_ns)
{
	for (;;) {
		ssize_t n = send(w->fd, data, len, MSG_NOSIGNAL);
		if (n >= 0)
			return (int)n;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return -EXF_E_IO;
		if (wait_for(w, POLLOUT, deadline_ns))
			return -EXF_E_IO;
	}
}

int wire_write(struct wire *w, const void *data, size_t len, uint64_t deadline_ns)
{
	const char *at = data;
	while (len > 0) {
		size_t most = len < 1u << 20 ? len : 1u << 20;
		int n = w->tls ? tls_step(w, TLS_WRITE, (void *)(uintptr_t)at, (int)most,
					  deadline_ns) :
				 plain_write(w, at, most, deadline_ns);
		if (n <= 0) {
			if (n == 0)
				errno = EPIPE;
			return -EXF_E_IO;
		}
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

int wire_read(struct wire *w, void *dst, size_t size, uint64_t deadline_ns)
{
	int n = -EXF_E_IO;
	while (!w->tls) {
		ssize_t got = recv(w->fd, dst, size, 0);
		if (got < 0 && errno == EINTR)
			continue;
		n = got < 0 ? -EXF_E_IO : (int)got;
		if (got >= 0 || (errno != EAGAIN))
			break;
		if (wait_for(w, POLLIN, deadline_ns))
			return -EXF_E_IO;
	}
	if (w->tls)
		n = tls_step(w, TLS_READ, dst, (int)size, deadline_ns);
	if (n == 0) {
		errno = 0;
		return -EXF_E_IO;
	}
	return n;
}

bool wire_is_idle(const struct wire *w)
{
	struct pollfd p = { .fd = w->fd, .events = POLLIN };
	return poll(&p, 1, 0) == 0;
}

/* False with errno: the connection was reset. */
static bool wire_is_alive(const struct wire *w)
{
	int err = 0;
	socklen_t len = sizeof(err);
	if (getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &err, &len) != 0 || err == 0)
		return true;
	errno = err;
	return false;
}

int wire_settle(struct wire *w, uint64_t deadline_ns)
{
	int waiting = 0;
	while (ioctl(w->fd, SIOCOUTQ, &waiting) == 0 && waiting > 0) {
		const struct timespec pause = { .tv_nsec = SETTLE_NS };
		bool has_ended = w->stop && atomic_load(w->stop);
		if (has_ended || wire_now_ns() >= deadline_ns) {
			errno = has_ended ? ECANCELED : ETIMEDOUT;
			return -EXF_E_IO;
		}
		if (!wire_is_alive(w))
			return -EXF_E_IO;
		(void)nanosleep(&pause, NULL);
	}
	return wire_is_alive(w) ? 0 : -EXF_E_IO;
}
