/*
 * inspect/vnc.c - log-ins of VNC (RFC 6143, 7.1).
 *
 *   both sides: "RFB 003.008" LF
 *   3.3:       server: security type 4
 *   3.7, 3.8:  server: count 1, types (0: none, a reason follows); client: type 1
 *   type 2:    server: challenge 16; client: answer 16; server: result 4 (0 well, 1 wrong, 2 too
 * many) type 1:    from 3.8 on a result, too
 *
 * Other types of security have exchanges of their own, which are not read: nothing is told.
 */
#include "exfild/base/cursor.h"
#include "exfild/inspect/inspector.h"
#include "login.h"

#define BANNER_LEN    12
#define CHALLENGE_LEN 16
#define TYPE_NONE     1
#define TYPE_VNC      2
#define MINOR_LIST    7 /* from here on the client chooses */
#define MINOR_RESULT  8 /* from here on there is a result without security, too */

enum phase {
	PHASE_BANNERS,
	PHASE_TYPES,  /* of the server */
	PHASE_CHOICE, /* of the client */
	PHASE_CHALLENGE,
	PHASE_ANSWER, /* of the client */
	PHASE_RESULT,
};

struct vnc_state {
	uint8_t phase; /* enum phase */
	uint8_t banners;
	uint8_t minor; /* the client's */
	uint8_t type;
};

static bool probe(const struct packet *p, bool from_client)
{
	(void)from_client;
	return p->payload_cap >= 8 && memcmp(p->payload, "RFB 00", 6) == 0;
}

static enum inspect_verdict put_login(struct inspection *in, enum login_outcome outcome,
				      uint32_t status)
{
	struct vnc_state *s = in->state;

	inspect_login(in, &(struct login){
				  .service = "vnc",
				  .app = APP_VNC,
				  .outcome = outcome,
				  .method = s->type == TYPE_NONE ? LOGIN_NONE : LOGIN_HASH,
				  .status = status,
				  .attempt = 1,
			  });
	s->phase = PHASE_BANNERS;
	return INSPECT_DONE;
}

static enum inspect_verdict take_banner(struct inspection *in, struct cursor *c)
{
	struct vnc_state *s = in->state;
	const uint8_t *b = cursor_take(c, BANNER_LEN);

	if (!b)
		return INSPECT_MORE;
	if (memcmp(b, "RFB ", 4) != 0 || b[BANNER_LEN - 1] != '\n')
		return INSPECT_NOT_MINE;
	if (in->from_client)
		s->minor = (uint8_t)((b[9] & 15) * 10 + (b[10] & 15));
	if (++s->banners == 2)
		s->phase = PHASE_TYPES;
	return INSPECT_MORE;
}

static enum inspect_verdict choose(struct inspection *in, uint8_t type)
{
	struct vnc_state *s = in->state;

	s->type = type;
	if (type == TYPE_VNC) {
		s->phase = PHASE_CHALLENGE;
		return INSPECT_MORE;
	}
	if (type != TYPE_NONE)
		return INSPECT_DONE;
	if (s->minor < MINOR_RESULT)
		return put_login(in, LOGIN_SUCCESS, 0);
	s->phase = PHASE_RESULT;
	return INSPECT_MORE;
}

static enum inspect_verdict take_types(struct inspection *in, struct cursor *c)
{
	struct vnc_state *s = in->state;

	if (s->minor < MINOR_LIST) {
		uint32_t type = cursor_be32(c);
		if (!cursor_ok(c))
			return INSPECT_MORE;
		return type <= UINT8_MAX ? choose(in, (uint8_t)type) : INSPECT_DONE;
	}
	uint8_t count = cursor_u8(c);
	if (cursor_ok(c) && count == 0) {
		s->type = TYPE_VNC;
		return put_login(in, LOGIN_LOCKED, 0); /* "too many failures", before any try */
	}
	cursor_skip(c, count);
	if (cursor_ok(c))
		s->phase = PHASE_CHOICE;
	return INSPECT_MORE;
}

static enum inspect_verdict take_server(struct inspection *in, struct cursor *c)
{
	struct vnc_state *s = in->state;

	switch ((enum phase)s->phase) {
	case PHASE_TYPES:
		return take_types(in, c);
	case PHASE_CHALLENGE:
		cursor_skip(c, CHALLENGE_LEN);
		if (cursor_ok(c))
			s->phase = PHASE_ANSWER;
		return INSPECT_MORE;
	case PHASE_RESULT: {
		uint32_t result = cursor_be32(c);
		if (!cursor_ok(c))
			return INSPECT_MORE;
		return put_login(in,
				 result == 0 ? LOGIN_SUCCESS :
				 result == 1 ? LOGIN_FAILURE :
					       LOGIN_LOCKED,
				 result);
	}
	default:
		return INSPECT_DONE;
	}
}

static enum inspect_verdict take_client(struct inspection *in, struct cursor *c)
{
	struct vnc_state *s = in->state;

	if (s->phase == PHASE_CHOICE)
		return choose(in, cursor_u8(c));
	if (s->phase != PHASE_ANSWER)
		return INSPECT_DONE;
	cursor_skip(c, CHALLENGE_LEN);
	if (cursor_ok(c))
		s->phase = PHASE_RESULT;
	return INSPECT_MORE;
}

static enum inspect_verdict on_stream(struct inspection *in, const uint8_t *data, uint32_t len,
				      uint32_t *ret_used)
{
	struct vnc_state *s = in->state;
	struct cursor c = cursor_make(data, len);
	enum inspect_verdict verdict = INSPECT_MORE;

	*ret_used = 0;
	while (verdict == INSPECT_MORE && cursor_left(&c)) {
		if (s->phase == PHASE_BANNERS)
			verdict = take_banner(in, &c);
		else
			verdict = in->from_client ? take_client(in, &c) : take_server(in, &c);
		if (!cursor_ok(&c))
			break;
		*ret_used = (uint32_t)cursor_offset(&c);
	}
	return verdict;
}

/* The answer to a challenge was not judged before the end. */
static void on_end(struct inspection *in, const uint8_t *data, uint32_t len)
{
	struct vnc_state *s = in->state;

	(void)data;
	(void)len;
	if (s->phase == PHASE_RESULT)
		(void)put_login(in, LOGIN_UNKNOWN, 0);
}

const struct inspector vnc_inspector = {
	.name = "vnc",
	.app = APP_VNC,
	.proto = PROTO_TCP,
	.state_size = sizeof(struct vnc_state),
	.apps = { APP_VNC },
	.probe = probe,
	.on_stream = on_stream,
	.on_end = on_end,
};
