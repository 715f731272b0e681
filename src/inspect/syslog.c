/*
 * inspect/syslog.c - messages of logs over UDP (RFC 3164, RFC 5424, RFC 5426).
 *
 *   < number of one to three digits, at most 191 > anything
 *
 * What they say is not taken apart.  Those that may leave are measured for what rides in them, and
 * looked through as any text in the clear.
 */
#include "exfild/base/cursor.h"
#include "exfild/inspect/inspector.h"
#include "content/carried.h"
#include "content/scan.h"

#define PORT_SYSLOG  514
#define PRIORITY_MAX 191
#define DIGITS_MAX   3
#define LOOK_MAX     (4u << 20) /* bytes of a flow that are looked through */

struct syslog_state {
	uint32_t looked;
};

static const struct scan_source source = { .carrier = "syslog", .app = APP_SYSLOG };

static bool probe(const struct packet *p, bool from_client)
{
	struct cursor c = cursor_make(p->payload, p->payload_cap);
	unsigned number = 0, digits = 0;
	uint8_t b;

	if (!from_client || cursor_u8(&c) != '<')
		return false;
	while ((b = cursor_u8(&c)) >= '0' && b <= '9' && digits < DIGITS_MAX) {
		number = number * 10 + (unsigned)(b - '0');
		digits++;
	}
	return cursor_ok(&c) && digits && b == '>' && number <= PRIORITY_MAX;
}

static enum inspect_verdict on_datagram(struct inspection *in)
{
	struct syslog_state *s = in->state;
	const struct packet *p = in->packet;

	if (!in->from_client)
		return INSPECT_MORE;
	if (!carried_may_leave(in))
		return INSPECT_DONE;
	carried_in_text(in, APP_SYSLOG);
	if (s->looked < LOOK_MAX && scan_may_leave(in)) {
		scan_take(in, &source, p->payload, p->payload_cap);
		scan_end(in, &source);
		s->looked += p->payload_cap;
	}
	return INSPECT_MORE;
}

static const uint16_t ports[] = { PORT_SYSLOG, 0 };

const struct inspector syslog_inspector = {
	.name = "syslog",
	.app = APP_SYSLOG,
	.proto = PROTO_UDP,
	.state_size = sizeof(struct syslog_state),
	.ports = ports,
	.apps = { APP_SYSLOG },
	.decides = true,
	.probe = probe,
	.on_datagram = on_datagram,
};
