/*
 * inspect/pop3.c - log-ins of POP3 (RFC 1939, RFC 5034, RFC 2595).
 *
 *   client: USER name, PASS secret | APOP name digest | AUTH mechanism [initial] | STLS
 *   server: "+OK" text, "-ERR" text, "+ " challenge
 *
 * One event_login an attempt.  After a success nothing more is read; after STLS the rest is TLS.
 */
#include "exfild/inspect/inspector.h"
#include "sasl.h"

#define PORT_POP3    110
#define COMMANDS_MAX 256

enum wait { WAIT_NONE, WAIT_OTHER, WAIT_LOGIN, WAIT_SASL, WAIT_TLS };

struct pop3_state {
	uint32_t attempts, commands;
	uint8_t wait; /* enum wait: what the next answer is to */
	uint8_t method;
	bool is_accepted;
	struct sasl sasl; /* its user is that of USER and APOP, too */
};

_Static_assert(sizeof(struct pop3_state) <= INSPECT_STATE_MAX, "a name fits into the state");

static bool probe(const struct packet *p, bool from_client)
{
	struct line l = { p->payload, p->payload_cap < LINE_MAX ? p->payload_cap : LINE_MAX };

	if (from_client)
		return p->dport == PORT_POP3 &&
		       (line_begins(&l, "CAPA") || line_begins(&l, "USER ") ||
			line_begins(&l, "AUTH") || line_begins(&l, "APOP "));
	return line_begins(&l, "+OK") &&
	       (p->sport == PORT_POP3 || line_has(&l, "POP3") || line_has(&l, "Dovecot"));
}

static void put_login(struct inspection *in, enum login_outcome outcome)
{
	struct pop3_state *s = in->state;

	inspect_login(
		in, &(struct login){
			    .service = "pop3",
			    .app = APP_POP3,
			    .outcome = outcome,
			    .method = (enum login_method)s->method,
			    .secret_mark = s->sasl.secret_mark,
			    .attempt = ++s->attempts,
			    .user = { s->sasl.user, s->sasl.user_kept.len, s->sasl.user_kept.full },
		    });
}

static void keep_user(struct pop3_state *s, const struct line *name)
{
	memset(&s->sasl, 0, sizeof(s->sasl));
	login_keep(s->sasl.user, sizeof(s->sasl.user), &s->sasl.user_kept, name->data, name->len);
}

static void take_command(struct inspection *in, struct line l)
{
	struct pop3_state *s = in->state;

	if (s->wait == WAIT_SASL) { /* a line of the exchange */
		sasl_message(&s->sasl, in, &l);
		return;
	}
	struct line verb = line_word(&l);
	s->commands++;
	s->wait = WAIT_OTHER;
	if (line_is(&verb, "USER")) {
		keep_user(s, &l);
	} else if (line_is(&verb, "PASS")) {
		s->sasl.secret_mark = login_secret(in, l.data, l.len);
		s->method = LOGIN_PASSWORD;
		s->wait = WAIT_LOGIN;
	} else if (line_is(&verb, "APOP")) {
		struct line name = line_word(&l);
		keep_user(s, &name);
		s->method = LOGIN_HASH;
		s->wait = WAIT_LOGIN;
	} else if (line_is(&verb, "AUTH") && l.len) {
		struct line mechanism = line_word(&l);
		sasl_begin(&s->sasl, &mechanism);
		s->method = (uint8_t)sasl_method(&s->sasl);
		s->wait = WAIT_SASL;
		if (l.len)
			sasl_message(&s->sasl, in, &l);
	} else if (line_is(&verb, "STLS")) {
		s->wait = WAIT_TLS;
	}
}

static enum inspect_verdict take_answer(struct inspection *in, const struct line *l)
{
	struct pop3_state *s = in->state;
	bool is_ok = line_begins(l, "+OK");
	uint8_t wait = s->wait;

	if (!is_ok && !line_begins(l, "-ERR")) /* a challenge, lines of a list */
		return s->is_accepted ? INSPECT_MORE : INSPECT_NOT_MINE;
	s->is_accepted = true;
	s->wait = WAIT_NONE;
	if (wait == WAIT_TLS)
		return is_ok ? INSPECT_TURNS : INSPECT_MORE;
	if (wait != WAIT_LOGIN && wait != WAIT_SASL)
		return INSPECT_MORE;
	put_login(in, is_ok ? LOGIN_SUCCESS : LOGIN_FAILURE);
	return is_ok ? INSPECT_DONE : INSPECT_MORE;
}

static enum inspect_verdict on_stream(struct inspection *in, const uint8_t *data, uint32_t len,
				      uint32_t *ret_used)
{
	struct pop3_state *s = in->state;
	bool is_last = in->packet->payload_cap < in->packet->payload_len;
	enum inspect_verdict verdict = INSPECT_MORE;
	struct line l;
	uint32_t used;

	*ret_used = 0;
	while (verdict == INSPECT_MORE &&
	       (used = line_take(data + *ret_used, len - *ret_used, is_last, &l)) > 0) {
		*ret_used += used;
		if (in->from_client)
			take_command(in, l);
		else
			verdict = take_answer(in, &l);
		if (s->commands >= COMMANDS_MAX)
			verdict = INSPECT_DONE;
	}
	return verdict;
}

/* A log-in whose answer never came. */
static void on_end(struct inspection *in, const uint8_t *data, uint32_t len)
{
	struct pop3_state *s = in->state;

	(void)data;
	(void)len;
	if (s->wait == WAIT_LOGIN || s->wait == WAIT_SASL)
		put_login(in, LOGIN_UNKNOWN);
	s->wait = WAIT_NONE;
}

const struct inspector pop3_inspector = {
	.name = "pop3",
	.app = APP_POP3,
	.proto = PROTO_TCP,
	.state_size = sizeof(struct pop3_state),
	.apps = { APP_POP3 },
	.probe = probe,
	.on_stream = on_stream,
	.on_gap = line_gap,
	.on_end = on_end,
};
