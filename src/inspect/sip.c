/*
 * inspect/sip.c - messages of calls over UDP (RFC 3261, RFC 3428).
 *
 *   METHOD uri SIP/2.0 CR LF ...    SIP/2.0 code text CR LF ...
 *
 * What they say is not taken apart.  Those that may leave are measured for what rides in them.
 */
#include <string.h>

#include "exfild/base/cursor.h"
#include "exfild/inspect/inspector.h"
#include "content/carried.h"

#define PORT_SIP    5060
#define METHOD_MAX  16
#define VERSION     "SIP/2.0"
#define VERSION_LEN 7
#define LINE_MAX    1024

static bool is_version(struct cursor c)
{
	const uint8_t *word = cursor_take(&c, VERSION_LEN);
	return word && memcmp(word, VERSION, VERSION_LEN) == 0;
}

/* A first line that ends in the version, or begins with it. */
static bool probe(const struct packet *p, bool from_client)
{
	struct cursor c = cursor_make(p->payload, p->payload_cap);
	unsigned at = 0;
	uint8_t b;

	(void)from_client;
	if (is_version(c))
		return true;
	while ((b = cursor_u8(&c)) >= 'A' && b <= 'Z')
		at++;
	if (!at || at > METHOD_MAX || b != ' ')
		return false;
	for (at = 0; at < LINE_MAX && cursor_left(&c); at++) {
		b = cursor_u8(&c);
		if (b == '\r' || b == '\n')
			return false;
		if (b == ' ')
			return is_version(c);
	}
	return false;
}

static enum inspect_verdict on_datagram(struct inspection *in)
{
	carried_in_text(in, APP_SIP);
	return INSPECT_MORE;
}

static const uint16_t ports[] = { PORT_SIP, 0 };

const struct inspector sip_inspector = {
	.name = "sip",
	.app = APP_SIP,
	.proto = PROTO_UDP,
	.ports = ports,
	.apps = { APP_SIP },
	.stateless_datagrams = true,
	.decides = true,
	.probe = probe,
	.on_datagram = on_datagram,
};
