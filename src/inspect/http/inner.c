/*
 * inspect/http/inner.c - see inner.h.
 */
#include "inner.h"

#include <string.h>

static bool begins(const uint8_t *data, size_t len, const char *with, size_t n)
{
	return len >= n && memcmp(data, with, n) == 0;
}

/* The protocol that these bytes begin; APP_UNKNOWN: none that matters here. */
static enum app app_of(const uint8_t *data, size_t len)
{
	if (begins(data, len, "SSH-", 4))
		return APP_SSH;
	if (begins(data, len, "RFB 00", 6))
		return APP_VNC;
	if (begins(data, len, "\x03\x00\x00", 3) && len > 5 && (data[5] == 0xe0 || data[5] == 0xd0))
		return APP_RDP; /* TPKT and the connection request of X.224 */
	if (len > 8 && data[0] == 0 &&
	    (begins(data + 4, len - 4, "\xffSMB", 4) || begins(data + 4, len - 4, "\xfeSMB", 4)))
		return APP_SMB;
	if (begins(data, len, "\x16\x03", 2) && len > 5 && data[2] <= 4 && data[5] <= 2)
		return APP_TLS;
	return APP_UNKNOWN;
}

bool inner_tell(struct inspection *in, const uint8_t *data, size_t len)
{
	enum app app = app_of(data, len);
	if (app == APP_UNKNOWN)
		return false;
	struct event_inner *e = inspect_event(in, EVENT_INNER, sizeof(*e));
	e->inner = (uint16_t)app;
	event_log_str(in->log, &e->carrier, "websocket", 9, 9);
	event_log_commit(in->log);
	return true;
}
