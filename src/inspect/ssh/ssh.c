/*
 * inspect/ssh/ssh.c - SSH: banners and key exchange offers of both sides (RFC 4253, 4.2 and 7.1).
 *
 *   server, optional: other lines, CR LF each
 *   "SSH-2.0-software comment" CR LF
 *   packet: length 4, padding length 1, type 1 (20: KEXINIT), cookie 16, ten name-lists:
 *     kex, host key, cipher c2s, s2c, mac c2s, s2c, compression c2s, s2c, language c2s, s2c
 *
 * Then the key exchange in the clear, up to NEWKEYS (7.3), which says who is client and who server
 * by the numbers of its messages (8; RFC 5656, 4; RFC 4419, 3), and after that sizes and times only
 * (session.h).
 *
 * One event_ssh a side, with the banner and its HASSH (Reardon 2018): MD5 of
 * "kex;cipher;mac;compression" as that side offers them for what it sends.  The event comes with
 * KEXINIT; where that does not come before the flow ends, is none or was not captured, without a
 * HASSH.
 */
#include "exfild/base/cursor.h"
#include "exfild/base/str.h"
#include "exfild/inspect/inspector.h"
#include "../crypto/digest.h"
#include "session.h"

#define BANNER_KEPT  184   /* of at most 255: two sides fit into the state */
#define LINE_MAX     1024  /* of what servers say before their banner */
#define PREAMBLE_MAX 16384 /* of all such lines */
#define PACKET_HEAD  5
#define PACKET_MAX   16000 /* must fit into the stream's window */
#define PACKETS_MAX  4     /* before KEXINIT: ignore, debug */
#define COOKIE_LEN   16
#define MSG_IGNORE   2
#define MSG_DEBUG    4
#define MSG_KEXINIT  20
#define MSG_NEWKEYS  21
#define MSG_KEX_MIN  30 /* messages of the key exchange: even ones are the client's */
#define MSG_KEX_MAX  34
#define KEX_MAX      16 /* packets between the offers and the new keys */
#define HASSH_LEN    32

enum phase { PHASE_BANNER, PHASE_PACKETS, PHASE_KEX, PHASE_SECRET, PHASE_OVER };

struct ssh_side {
	uint8_t phase; /* enum phase */
	uint8_t packets;
	uint8_t banner_kept;
	uint16_t banner_len;
	uint16_t preamble;
	char banner[BANNER_KEPT];
};

struct ssh_state {
	struct ssh_side side[2];
	bool is_accepted; /* a banner or a key exchange was seen */
	struct ssh_session session;
};

_Static_assert(sizeof(struct ssh_state) <= INSPECT_STATE_MAX, "both banners fit into the state");

static bool probe(const struct packet *p, bool from_client)
{
	const uint8_t *data = p->payload;
	size_t len = p->payload_cap;

	if (len < 3)
		return false;
	if (memcmp(data, "SSH-", len < 4 ? len : 4) == 0)
		return true;
	/* lines before the banner */
	return !from_client && data[0] >= ' ' && data[0] < 0x7f &&
	       memmem(data, len < LINE_MAX ? len : LINE_MAX, "\nSSH-", 5);
}

static void put_event(struct inspection *in, const struct ssh_side *side, const char *hassh)
{
	struct event_ssh *e = inspect_event(in, EVENT_SSH, sizeof(*e));

	if (e->e.app == APP_UNKNOWN)
		e->e.app = APP_SSH;
	e->is_server = !in->from_client;
	if (side->banner_kept)
		event_log_str(in->log, &e->banner, side->banner, side->banner_kept,
			      side->banner_len);
	if (hassh)
		event_log_str(in->log, &e->hassh, hassh, HASSH_LEN, HASSH_LEN);
	event_log_commit(in->log);
}

/* Nothing more will come of this side: what is known is told. */
static enum inspect_verdict give_up(struct inspection *in)
{
	const struct ssh_state *state = in->state;
	const struct ssh_side *side = &state->side[in->side];

	if (side->banner_kept)
		put_event(in, side, NULL);
	return state->is_accepted ? INSPECT_SIDE_DONE : INSPECT_NOT_MINE;
}

/* False when the lists do not fit into the packet. */
static bool make_hassh(struct cursor *c, bool is_server, char ret[HASSH_LEN + 1])
{
	/* of the ten lists: kex, cipher, mac, compression of the direction */
	static const uint8_t of_client[] = { 0, 2, 4, 6 };
	static const uint8_t of_server[] = { 0, 3, 5, 7 };
	const uint8_t *wanted = is_server ? of_server : of_client;
	uint8_t hash[DIGEST_MAX];
	struct digest d;

	digest_begin(&d, DIGEST_MD5);
	for (unsigned list = 0, n = 0; n < sizeof(of_client); list++) {
		uint32_t len = cursor_be32(c);
		const uint8_t *names = cursor_take(c, len);
		if (!names)
			return false;
		if (list != wanted[n])
			continue;
		if (n++)
			digest_char(&d, ';');
		digest_add(&d, names, len);
	}
	if (!digest_end(&d, hash))
		return false;
	str_hex(ret, HASSH_LEN + 1, hash, DIGEST_MD5_LEN);
	return true;
}

static enum inspect_verdict read_kexinit(struct inspection *in, struct cursor *c)
{
	struct ssh_state *state = in->state;
	char hassh[HASSH_LEN + 1];

	cursor_skip(c, COOKIE_LEN);
	if (!make_hassh(c, !in->from_client, hassh))
		return give_up(in);
	state->is_accepted = true;
	put_event(in, &state->side[in->side], hassh);
	state->side[in->side].phase = PHASE_KEX;
	state->side[in->side].banner_kept = 0; /* told */
	return INSPECT_MORE;
}

/*
 * 30 and 34 come from the client, 31 and 33 from the server; 32 is the client's, too (RFC 4419).
 * Exchanges with other numbers are not told apart.
 */
static void read_roles(struct inspection *in, uint8_t type)
{
	struct ssh_state *state = in->state;
	bool is_client = type == MSG_KEX_MIN || type == MSG_KEX_MIN + 2 || type == MSG_KEX_MAX;

	if (state->session.role == SSH_ROLE_UNKNOWN)
		ssh_session_role(&state->session, in, is_client == in->from_client);
}

/* A packet after the offers. */
static enum inspect_verdict pass_kex(struct inspection *in, uint8_t type)
{
	struct ssh_state *state = in->state;
	struct ssh_side *side = &state->side[in->side];

	if (type == MSG_NEWKEYS)
		side->phase = PHASE_SECRET;
	else if (type >= MSG_KEX_MIN && type <= MSG_KEX_MAX)
		read_roles(in, type);
	return ++side->packets > KEX_MAX ? INSPECT_SIDE_DONE : INSPECT_MORE;
}

static enum inspect_verdict take_packet(struct inspection *in, const uint8_t *data, uint32_t len,
					uint32_t *ret_used)
{
	struct ssh_state *state = in->state;
	struct ssh_side *side = &state->side[in->side];
	struct cursor c = cursor_make(data, len);
	uint32_t packet_len = cursor_be32(&c);
	bool is_last = in->packet->payload_cap < in->packet->payload_len;

	*ret_used = 0;
	if (!cursor_ok(&c))
		return is_last ? give_up(in) : INSPECT_MORE;
	if (packet_len < 2 || packet_len > PACKET_MAX)
		return give_up(in);
	struct cursor packet = cursor_sub(&c, packet_len);
	if (!cursor_ok(&c))
		return is_last ? give_up(in) : INSPECT_MORE;
	cursor_skip(&packet, 1); /* length of the padding */
	uint8_t type = cursor_u8(&packet);
	if (side->phase == PHASE_KEX) {
		*ret_used = (uint32_t)cursor_offset(&c);
		return pass_kex(in, type);
	}
	if (type == MSG_KEXINIT) {
		*ret_used = (uint32_t)cursor_offset(&c);
		return read_kexinit(in, &packet);
	}
	if (type < MSG_IGNORE || type > MSG_DEBUG || ++side->packets > PACKETS_MAX)
		return give_up(in);
	*ret_used = (uint32_t)cursor_offset(&c);
	return INSPECT_MORE;
}

static enum inspect_verdict read_banner(struct inspection *in, const uint8_t *line, size_t len)
{
	struct ssh_state *state = in->state;
	struct ssh_side *side = &state->side[in->side];

	side->banner_len = (uint16_t)len;
	side->banner_kept = (uint8_t)(len < BANNER_KEPT ? len : BANNER_KEPT);
	memcpy(side->banner, line, side->banner_kept);
	side->phase = PHASE_PACKETS;
	state->is_accepted = true;
	if (memcmp(line, "SSH-1.", 6) == 0 && !(len >= 8 && memcmp(line, "SSH-1.99", 8) == 0))
		return give_up(in); /* version 1 has no KEXINIT */
	return INSPECT_MORE;
}

/* Do the bytes begin with a packet? The banner was missed, then. */
static bool is_packet(const uint8_t *data, uint32_t len)
{
	return len > PACKET_HEAD && data[0] == 0 && data[1] == 0 && data[5] == MSG_KEXINIT;
}

static enum inspect_verdict take_line(struct inspection *in, const uint8_t *data, uint32_t len,
				      uint32_t *ret_used)
{
	struct ssh_state *state = in->state;
	struct ssh_side *side = &state->side[in->side];
	const uint8_t *lf = memchr(data, '\n', len);
	size_t line_len = lf ? (size_t)(lf - data) : len;

	*ret_used = 0;
	if (data[0] == 0) {
		if (len <= PACKET_HEAD)
			return INSPECT_MORE;
		side->phase = PHASE_PACKETS;
		return is_packet(data, len) ? INSPECT_MORE : give_up(in);
	}
	bool is_banner = memcmp(data, "SSH-", len < 4 ? len : 4) == 0;
	if (!lf && len < LINE_MAX && (is_banner || !in->from_client) &&
	    in->packet->payload_cap == in->packet->payload_len)
		return INSPECT_MORE;
	if (line_len && data[line_len - 1] == '\r')
		line_len--;
	if (is_banner && line_len >= 7 && line_len < LINE_MAX) {
		*ret_used = lf ? (uint32_t)(lf - data) + 1 : len;
		return read_banner(in, data, line_len);
	}
	/* only a server may say something before */
	side->preamble = (uint16_t)(side->preamble + line_len + 1);
	if (!lf || in->from_client || is_banner || line_len >= LINE_MAX ||
	    side->preamble > PREAMBLE_MAX || memchr(data, 0, line_len))
		return give_up(in);
	*ret_used = (uint32_t)(lf - data) + 1;
	return INSPECT_MORE;
}

static enum inspect_verdict on_stream(struct inspection *in, const uint8_t *data, uint32_t len,
				      uint32_t *ret_used)
{
	struct ssh_state *state = in->state;
	struct ssh_side *side = &state->side[in->side];
	enum inspect_verdict verdict = INSPECT_MORE;
	uint32_t total = 0;

	if (side->phase == PHASE_OVER)
		return INSPECT_SIDE_DONE;
	while (total < len && verdict == INSPECT_MORE) {
		uint32_t used;
		uint8_t phase = side->phase;
		if (phase == PHASE_SECRET) {
			used = len - total;
			verdict = ssh_session_record(&state->session, in, used, total > 0);
		} else if (phase == PHASE_BANNER)
			verdict = take_line(in, data + total, len - total, &used);
		else
			verdict = take_packet(in, data + total, len - total, &used);
		total += used;
		if (used == 0 && side->phase == phase)
			break;
	}
	/* cut in or right after the banner */
	if (side->phase < PHASE_KEX && verdict == INSPECT_MORE &&
	    in->packet->payload_cap < in->packet->payload_len)
		verdict = give_up(in);
	*ret_used = total;
	return verdict;
}

/* A banner, and no key exchange. */
static void on_end(struct inspection *in, const uint8_t *data, uint32_t len)
{
	struct ssh_state *state = in->state;
	uint32_t used;

	if (state->side[in->side].phase < PHASE_KEX) {
		if (len || state->side[in->side].banner_kept)
			(void)on_stream(in, data, len, &used);
	} else if (!in->from_client) {
		ssh_session_end(&state->session, in);
	}
}

/* Once somebody is in, what is missing is missing; before, sizes would tell of another log-in. */
static void on_gap(struct inspection *in, const uint8_t *data, uint32_t len, uint32_t missing)
{
	struct ssh_state *state = in->state;
	struct ssh_side *side = &state->side[in->side];

	(void)missing;
	if (side->phase == PHASE_SECRET && state->session.is_logged_in)
		return;
	if (side->phase < PHASE_KEX)
		on_end(in, data, len);
	side->phase = PHASE_OVER;
}

const struct inspector ssh_inspector = {
	.name = "ssh",
	.app = APP_SSH,
	.proto = PROTO_TCP,
	.state_size = sizeof(struct ssh_state),
	.apps = { APP_SSH },
	.decides = true,
	.probe = probe,
	.on_stream = on_stream,
	.on_gap = on_gap,
	.on_end = on_end,
};
