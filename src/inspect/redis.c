/*
 * inspect/redis.c - log-ins of Redis (Redis documentation, "RESP protocol spec", AUTH, HELLO).
 *
 *   client: "*2" CR LF "$4" CR LF "AUTH" CR LF "$6" CR LF secret CR LF, or "AUTH secret" CR LF
 *   server: "+OK" | "-WRONGPASS ..." | "-ERR invalid password" | "-NOAUTH ..." | "%7" or "*14"
 *
 * Only a connection that begins with AUTH, or with HELLO and AUTH, is of interest: after one answer
 * to another command the rest is not read.
 */
#include "exfild/inspect/inspector.h"
#include "line.h"
#include "login.h"

#define PORT_REDIS    6379
#define USER_MAX      80
#define ARGUMENTS_MAX 16
#define ATTEMPTS_MAX  1024

enum want { WANT_NONE, WANT_AUTH, WANT_HELLO };

struct redis_state {
	uint32_t attempts;
	uint16_t left;   /* arguments of the command that is read, after this one */
	uint8_t number;  /* of the argument, from 0 */
	uint8_t total;   /* arguments of the command */
	uint8_t want;    /* enum want: what the command is */
	uint8_t auth_at; /* HELLO: number of the word AUTH, 0: none yet */
	uint8_t waiting; /* enum want: the command that waits for its answer */
	bool is_bulk;    /* a bulk string's bytes come next */
	bool is_accepted;
	uint8_t secret_mark;
	struct login_kept user_kept;
	uint8_t user[USER_MAX];
};

static bool probe(const struct packet *p, bool from_client)
{
	if (!from_client || p->payload_cap < 4)
		return false;
	if (p->payload[0] == '*' && p->payload[1] >= '1' && p->payload[1] <= '9')
		return p->dport == PORT_REDIS || memmem(p->payload, p->payload_cap, "\r\n$", 3);
	struct line l = { p->payload, p->payload_cap };
	return p->dport == PORT_REDIS && line_begins(&l, "AUTH ");
}

static void put_login(struct inspection *in, enum login_outcome outcome)
{
	struct redis_state *s = in->state;

	inspect_login(in, &(struct login){
				  .service = "redis",
				  .app = APP_DATABASE,
				  .outcome = outcome,
				  .method = LOGIN_PASSWORD,
				  .secret_mark = s->secret_mark,
				  .attempt = ++s->attempts,
				  .user = { s->user, s->user_kept.len, s->user_kept.full },
			  });
	s->waiting = WANT_NONE;
}

static void begin_command(struct redis_state *s, uint32_t total)
{
	s->total = (uint8_t)total;
	s->left = (uint16_t)total;
	s->number = 0;
	s->want = WANT_NONE;
	s->auth_at = 0;
}

/* AUTH [user] secret; HELLO version AUTH user secret (Redis 6). */
static void take_argument(struct inspection *in, const struct line *a)
{
	struct redis_state *s = in->state;
	uint8_t number = s->number++;

	s->left--;
	if (number == 0) {
		s->want = line_is(a, "AUTH") ? WANT_AUTH : line_is(a, "HELLO") ? WANT_HELLO : 0;
		if (s->want)
			memset(&s->user_kept, 0, sizeof(s->user_kept));
		return;
	}
	if (s->want == WANT_HELLO && !s->auth_at) {
		s->auth_at = line_is(a, "AUTH") ? number : 0;
		return;
	}
	bool is_user =
		s->want == WANT_AUTH ? s->total == 3 && number == 1 : number == s->auth_at + 1;
	bool is_secret = s->want == WANT_AUTH ? number == s->total - 1 : number == s->auth_at + 2;
	if (s->want && is_user)
		login_keep(s->user, sizeof(s->user), &s->user_kept, a->data, a->len);
	else if (s->want && is_secret)
		s->secret_mark = login_secret(in, a->data, a->len);
}

static enum inspect_verdict end_command(struct redis_state *s)
{
	if (s->want == WANT_NONE && s->attempts == 0 && s->waiting == WANT_NONE)
		return INSPECT_DONE; /* it does not begin with a log-in */
	if (s->want == WANT_AUTH || (s->want == WANT_HELLO && s->auth_at))
		s->waiting = s->want;
	return INSPECT_MORE;
}

/* "AUTH secret" as people type it. */
static enum inspect_verdict take_inline(struct inspection *in, struct line l)
{
	struct redis_state *s = in->state;
	struct line count = l;
	uint32_t words = 0;

	while (count.len && words < ARGUMENTS_MAX && line_word(&count).len)
		words++;
	if (words == 0)
		return INSPECT_MORE;
	begin_command(s, words);
	while (s->left) {
		struct line word = line_word(&l);
		take_argument(in, &word);
	}
	return end_command(s);
}

static enum inspect_verdict take_request(struct inspection *in, struct line l)
{
	struct redis_state *s = in->state;
	uint32_t number;

	if (s->is_bulk) {
		s->is_bulk = false;
		take_argument(in, &l);
		return s->left ? INSPECT_MORE : end_command(s);
	}
	if (!l.len)
		return INSPECT_MORE;
	struct line rest = { l.data + 1, l.len - 1 };
	if (*l.data == '*') {
		if (!line_number(&rest, ARGUMENTS_MAX, &number) || number == 0)
			return INSPECT_DONE;
		begin_command(s, number);
		return INSPECT_MORE;
	}
	if (*l.data == '$' && s->left) { /* a secret that holds CR LF is cut there */
		if (!line_number(&rest, LINE_MAX - 2, &number))
			return INSPECT_DONE;
		s->is_bulk = true;
		return INSPECT_MORE;
	}
	return s->left ? INSPECT_DONE : take_inline(in, l);
}

static enum inspect_verdict take_answer(struct inspection *in, const struct line *l)
{
	struct redis_state *s = in->state;
	uint8_t waiting = s->waiting;

	if (!l->len || !strchr("+-:$*%>_#,", *l->data))
		return s->is_accepted ? INSPECT_DONE : INSPECT_NOT_MINE;
	s->is_accepted = true;
	if (waiting == WANT_NONE)
		return INSPECT_MORE;
	bool is_ok = line_is(l, "+OK") || (waiting == WANT_HELLO && strchr("%*", *l->data));
	bool is_refused = line_begins(l, "-WRONGPASS") || line_begins(l, "-NOAUTH") ||
			  line_has(l, "invalid password") || line_has(l, "invalid username");
	put_login(in, is_ok ? LOGIN_SUCCESS : is_refused ? LOGIN_FAILURE : LOGIN_UNKNOWN);
	return is_ok || s->attempts >= ATTEMPTS_MAX ? INSPECT_DONE : INSPECT_MORE;
}

static enum inspect_verdict on_stream(struct inspection *in, const uint8_t *data, uint32_t len,
				      uint32_t *ret_used)
{
	enum inspect_verdict verdict = INSPECT_MORE;
	struct line l;
	uint32_t used;

	*ret_used = 0;
	while (verdict == INSPECT_MORE &&
	       (used = line_take(data + *ret_used, len - *ret_used, false, &l)) > 0) {
		*ret_used += used;
		verdict = in->from_client ? take_request(in, l) : take_answer(in, &l);
	}
	return verdict;
}

static void on_end(struct inspection *in, const uint8_t *data, uint32_t len)
{
	struct redis_state *s = in->state;

	(void)data;
	(void)len;
	if (s->waiting)
		put_login(in, LOGIN_UNKNOWN);
}

const struct inspector redis_inspector = {
	.name = "redis",
	.app = APP_DATABASE,
	.proto = PROTO_TCP,
	.state_size = sizeof(struct redis_state),
	.probe = probe,
	.on_stream = on_stream,
	.on_end = on_end,
};
