/*
 * inspect/raw_text.c - text over TCP that no inspector reads: looked through for what must not
 * leave, and for encoded words, as an event of what a client has said.
 *
 * A file that is pushed by netcat or a socket of one's own has no protocol, and is text, gzip or an
 * archive all the same; and who asks whois or a dictionary, or feeds a queue or a newsgroup, may
 * say a file in the words of that.  It is asked last, only where the receiver may be outside, and
 * gives its place to any protocol that another probe or nDPI finds; it ends where nothing can be
 * read, and after RAW_MAX.
 */
#include <string.h>

#include "exfild/base/cursor.h"
#include "exfild/inspect/inspector.h"
#include "content/carried.h"
#include "content/scan.h"

#define RAW_MAX    (4u << 20)
#define SAID_MAX   4096u /* bytes of which an event tells */
#define WORD_MIN   96    /* a digest is shorter */
#define ASKED_MIN  32    /* of who asks for a name, no word is as long as this and encoded */
#define LEAST      4     /* bytes of the first payload */
#define LOOKED     256   /* of it */
#define TEXT_SHARE 95    /* percent that is text; half of it where every other byte is zero */

struct raw_state {
	uint32_t seen[2];
	uint32_t said; /* by the client, and not told yet */
	struct carried carried;
	bool is_chat, is_file; /* XMPP; a file in it (XEP-0047) */
};

static const struct scan_source source = { .carrier = "tcp" };

static bool is_text_byte(uint8_t b)
{
	return b >= 0x20 ? b != 0x7f : b == '\t' || b == '\n' || b == '\r';
}

static bool probe(const struct packet *p, bool from_client)
{
	struct cursor c = cursor_make(p->payload, p->payload_cap);
	unsigned text = 0, zeros = 0, n = 0;

	(void)from_client;
	if (p->payload_cap < LEAST || ipaddr_is_private(&p->dst) || ipaddr_is_multicast(&p->dst))
		return false;
	if (p->payload[0] == 0x1f && p->payload[1] == 0x8b)
		return true;
	if (memcmp(p->payload, "PK\3\4", LEAST) == 0)
		return true;
	for (; n < LOOKED && cursor_left(&c); n++) {
		uint8_t b = cursor_u8(&c);
		zeros += b == 0;
		text += is_text_byte(b);
	}
	return text * 100 >= TEXT_SHARE * (n - zeros) && zeros * 100 <= 55 * n;
}

/* Services that are asked for a name or a word: whois, finger, gopher, dict. */
static size_t least_word(uint16_t port)
{
	bool is_asked = port == 43 || port == 79 || port == 70 || port == 2628;
	return is_asked ? ASKED_MIN : WORD_MIN;
}

static void tell(struct inspection *in)
{
	struct raw_state *s = in->state;
	if (s->said)
		carried_put_message(in, in->flow->app == APP_UNKNOWN ? APP_OTHER : in->flow->app,
				    s->said, &s->carried);
	s->said = 0;
	memset(&s->carried, 0, sizeof(s->carried));
}

/* Words of people who chat are encrypted one by one: of XMPP only a file counts. */
static void measure(struct inspection *in, const uint8_t *data, uint32_t len)
{
	static const char chat[] = "<?xml", file[] = "jabber.org/protocol/ibb";
	struct raw_state *s = in->state;
	if (!in->from_client || !carried_may_leave(in))
		return;
	if (!s->seen[in->side])
		s->is_chat = len >= sizeof(chat) - 1 && memcmp(data, chat, sizeof(chat) - 1) == 0;
	if (s->is_chat && !s->is_file)
		s->is_file = memmem(data, len, file, sizeof(file) - 1) != NULL;
	carried_begin(&s->carried, in);
	s->said += len;
	if (!s->is_chat || s->is_file)
		carried_add_words(&s->carried, in->key, data, len,
				  least_word(in->flow->key.port[!in->side]));
	if (s->said >= SAID_MAX)
		tell(in);
}

static enum inspect_verdict on_stream(struct inspection *in, const uint8_t *data, uint32_t len,
				      uint32_t *ret_used)
{
	struct raw_state *state = in->state;

	*ret_used = len;
	if (!scan_may_leave(in))
		return INSPECT_SIDE_DONE;
	scan_take(in, &source, data, len);
	measure(in, data, len);
	state->seen[in->side] += len < RAW_MAX ? len : RAW_MAX;
	if (state->seen[in->side] < RAW_MAX && !in->texts[in->side].is_left)
		return INSPECT_MORE;
	scan_end(in, &source);
	tell(in);
	return INSPECT_SIDE_DONE;
}

static void on_end(struct inspection *in, const uint8_t *data, uint32_t len)
{
	if (len && scan_may_leave(in))
		scan_take(in, &source, data, len);
	scan_end(in, &source);
	if (in->from_client)
		tell(in);
}

/* What stands on both sides of a gap does not belong together. */
static void on_gap(struct inspection *in, const uint8_t *data, uint32_t len, uint32_t missing)
{
	(void)missing;
	on_end(in, data, len);
}

/* Any other flow is worth more. */
static bool is_resting(const void *state)
{
	(void)state;
	return true;
}

const struct inspector raw_text_inspector = {
	.name = "raw_text",
	.app = APP_UNKNOWN,
	.proto = PROTO_TCP,
	.state_size = sizeof(struct raw_state),
	.is_fallback = true,
	.probe = probe,
	.on_stream = on_stream,
	.on_gap = on_gap,
	.on_end = on_end,
	.is_resting = is_resting,
};
