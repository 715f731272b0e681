/*
 * responder/request.c - see request.h.
 */
#include "exfild/responder/request.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "exfild/base/str.h"

void quarantine_prepare(struct quarantine_request *r, enum quarantine_op op)
{
	memset(r, 0, sizeof(*r));
	r->magic = QUARANTINE_MAGIC;
	r->version = QUARANTINE_VERSION;
	r->op = (uint8_t)op;
}

/* Ends, and is printable ASCII: it is shown on terminals and in the journal. */
static bool is_text(const char *text, size_t size)
{
	size_t len = strnlen(text, size);
	for (size_t i = 0; i < len; i++)
		if (text[i] < ' ' || text[i] > '~')
			return false;
	return len < size;
}

bool quarantine_is_request(const void *data, size_t len)
{
	struct quarantine_request r;
	if (len != sizeof(r))
		return false;
	memcpy(&r, data, sizeof(r));
	return r.magic == QUARANTINE_MAGIC && r.version == QUARANTINE_VERSION && r.op > 0 &&
	       r.op < QUARANTINE_OP__COUNT && r.kind < QUARANTINE_KIND__COUNT &&
	       !(r.flags & ~QUARANTINE_SHARED_RIGHT) && is_text(r.alert, sizeof(r.alert)) &&
	       is_text(r.rule, sizeof(r.rule)) && is_text(r.reason, sizeof(r.reason));
}

static const char *name_of(const char *const *names, size_t count, unsigned value)
{
	return value < count ? names[value] : "unknown";
}

const char *quarantine_status_name(unsigned status)
{
	static const char *const names[QUARANTINE_STATUS__COUNT] = {
		"ok",       "no_more", "malformed", "forbidden", "never", "full",
		"too_fast", "off",     "unknown",   "shared",    "failed"
	};
	return name_of(names, QUARANTINE_STATUS__COUNT, status);
}

const char *quarantine_mode_name(unsigned mode)
{
	static const char *const names[QUARANTINE_MODE__COUNT] = { "off", "dry-run", "enforce",
								   "stopped" };
	return name_of(names, QUARANTINE_MODE__COUNT, mode);
}

const char *quarantine_kind_name(unsigned kind)
{
	static const char *const names[QUARANTINE_KIND__COUNT] = { "host", "pair", "peer", "slow" };
	return name_of(names, QUARANTINE_KIND__COUNT, kind);
}

const char *quarantine_act_name(unsigned kind)
{
	static const char *const names[QUARANTINE_ACT__COUNT] = {
		"added", "extended", "released", "expired", "refused",
		"off",   "on",       "restored", "stopped"
	};
	return name_of(names, QUARANTINE_ACT__COUNT, kind);
}

int quarantine_connect(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	if (!str_copy(a.sun_path, sizeof(a.sun_path), path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)&a, sizeof(a)) != 0) {
		int saved = errno;
		(void)close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

int quarantine_call(int fd, const struct quarantine_request *r, struct quarantine_answer *ret)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	if (send(fd, r, sizeof(*r), MSG_NOSIGNAL) != (ssize_t)sizeof(*r))
		return -EXF_E_IO;
	int ready = poll(&p, 1, QUARANTINE_WAIT_MS);
	if (ready <= 0) {
		errno = ready ? errno : ETIMEDOUT;
		return -EXF_E_IO;
	}
	ssize_t n = recv(fd, ret, sizeof(*ret), MSG_TRUNC);
	if (n < 0)
		return -EXF_E_IO;
	if (n == 0) {
		errno = ECONNRESET;
		return -EXF_E_IO;
	}
	if (n != (ssize_t)sizeof(*ret) || ret->magic != QUARANTINE_MAGIC ||
	    ret->version != QUARANTINE_VERSION)
		return -EXF_E_FORMAT;
	ret->text[sizeof(ret->text) - 1] = '\0';
	return 0;
}
