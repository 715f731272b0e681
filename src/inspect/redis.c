/*
 * inspect/redis.c - log-ins of Redis (Redis documentation, "RESP protocol spec", AUTH, HELLO), and
 * what the server is told to do beside its business: CONFIG SET dir and dbfilename, which say where
 * its data are written as a file, SLAVEOF and REPLICAOF, which have it fetch them from another
 * host, MODULE LOAD, and scripts that leave their cage (CVE-2022-0543).
 *
 *   client: "*2" CR LF "$4" CR LF "AUTH" CR LF "$6" CR LF secret CR LF, or "AUTH secret" CR LF
 *   server: "+OK" | "-WRONGPASS ..." | "-ERR invalid password" | "-NOAUTH ..." | "%7" or "*14"
 *
 * The first COMMANDS_MAX commands are read: who logs in does so at once, and so does who takes
 * over.
 */
#include "exfild/inspect/inspector.h"
#include "line.h"
#include "login.h"
#include "order.h"

#define PORT_REDIS    6379
#define USER_MAX      80
#define ARGUMENTS_MAX 16
#define ATTEMPTS_MAX  1024
#define COMMANDS_MAX  64
#define BULK_MAX      (512u << 20) /* as servers allow at most */
#define BULK_READ     512u         /* of a longer argument */
#define ORDER_TEXT    96

enum want { WANT_NONE, WANT_AUTH, WANT_HELLO, WANT_ORDER };

struct redis_state {
	uint32_t attempts;
	uint16_t left;   /* arguments of the command that is read, after this one */
	uint8_t number;  /* of the argument, from 0 */
	uint8_t total;   /* arguments of the command */
	uint8_t want;    /* enum want: what the command is */
	uint8_t auth_at; /* HELLO: number of the word AUTH, 0: none yet */
	uint8_t waiting; /* enum want: the command that waits for its answer */
	bool is_bulk;    /* a bulk string's bytes come next */
	uint8_t commands, order_len;
	uint32_t bulk, skip; /* bytes of it; to pass over */
	bool is_accepted;
	uint8_t secret_mark;
	struct login_kept user_kept;
	uint8_t user[USER_MAX];
	char order[ORDER_TEXT]; /* the first words of the command, in lower case */
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
	s->order_len = 0;
}

/* Words that may be an order's, with a blank between. */
static void keep_order(struct redis_state *s, const struct line *a)
{
	if (s->order_len && s->order_len < ORDER_TEXT)
		s->order[s->order_len++] = ' ';
	for (uint32_t i = 0; i < a->len && s->order_len < ORDER_TEXT; i++) {
		uint8_t c = a->data[i];
		c = (uint8_t)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
		s->order[s->order_len++] = c >= ' ' && c < 0x7f ? (char)c : ' ';
	}
}

static bool begins(const struct redis_state *s, const char *text)
{
	size_t n = strlen(text);
	return s->order_len >= n && memcmp(s->order, text, n) == 0;
}

/* The command is there whole. */
static void tell_order(struct inspection *in)
{
	static const struct {
		const char *text;
		enum order_kind kind;
	} orders[] = {
		{ "config set dir ", ORDER_WRITE }, { "config set dbfilename ", ORDER_WRITE },
		{ "module load ", ORDER_LOAD },     { "slaveof ", ORDER_REACH },
		{ "replicaof ", ORDER_REACH },      { "system.exec ", ORDER_PROGRAM },
		{ "system.rev ", ORDER_PROGRAM },
	};
	const struct redis_state *s = in->state;
	enum order_kind kind = ORDER_NONE;
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
		if (begins(s, orders[i].text))
			kind = orders[i].kind;
	if (begins(s, "slaveof no one") || begins(s, "replicaof no one"))
		return;
	if (begins(s, "eval ") && memmem(s->order, s->order_len, "package.loadlib", 15))
		kind = ORDER_LOAD;
	if (kind != ORDER_NONE)
		order_tell(in, "redis", kind, s->order, s->order_len);
}

/* AUTH [user] secret; HELLO version AUTH user secret (Redis 6). */
static void take_argument(struct inspection *in, const struct line *a)
{
	struct redis_state *s = in->state;
	uint8_t number = s->number++;

	s->left--;
	if (number == 0) {
		static const char *const orders[] = { "CONFIG",    "MODULE",      "SLAVEOF",
						      "REPLICAOF", "system.exec", "system.rev",
						      "EVAL" };
		s->want = line_is(a, "AUTH") ? WANT_AUTH : line_is(a, "HELLO") ? WANT_HELLO : 0;
		if (s->want)
			memset(&s->user_kept, 0, sizeof(s->user_kept));
		for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
			if (line_is(a, orders[i]))
				s->want = WANT_ORDER;
	}
	if (s->want == WANT_ORDER) {
		keep_order(s, a);
		return;
	}
	if (number == 0)
		return;
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

static enum inspect_verdict end_command(struct inspection *in)
{
	struct redis_state *s = in->state;
	if (s->want == WANT_ORDER)
		tell_order(in);
	if (s->want == WANT_AUTH || s->want == WANT_HELLO)
		s->commands = 0;
	else if (++s->commands >= COMMANDS_MAX)
		return INSPECT_DONE;
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
	return end_command(in);
}

static enum inspect_verdict take_request(struct inspection *in, struct line l)
{
	struct redis_state *s = in->state;
	uint32_t number;

	if (!l.len)
		return INSPECT_MORE;
	struct line rest = { l.data + 1, l.len - 1 };
	if (*l.data == '*') {
		if (!line_number(&rest, ARGUMENTS_MAX, &number) || number == 0)
			return INSPECT_DONE;
		begin_command(s, number);
		return INSPECT_MORE;
	}
	if (*l.data == '$' && s->left) {
		if (!line_number(&rest, BULK_MAX, &number))
			return INSPECT_DONE;
		s->is_bulk = true;
		s->bulk = number;
		return INSPECT_MORE;
	}
	return s->left ? INSPECT_DONE : take_inline(in, l);
}

/* An argument of a length that was told; false: more of it is needed. */
static bool take_bulk(struct inspection *in, const uint8_t *data, uint32_t len, uint32_t *ret_used,
		      enum inspect_verdict *verdict)
{
	struct redis_state *s = in->state;
	uint32_t wanted = s->bulk < BULK_READ ? s->bulk : BULK_READ;
	if (len < wanted)
		return false;
	struct line l = { data, wanted };
	s->is_bulk = false;
	s->skip = s->bulk - wanted + 2; /* and the line's end */
	*ret_used = wanted;
	take_argument(in, &l);
	*verdict = s->left ? INSPECT_MORE : end_command(in);
	return true;
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
	if (is_ok)
		return INSPECT_SIDE_DONE;
	return s->attempts >= ATTEMPTS_MAX ? INSPECT_DONE : INSPECT_MORE;
}

static enum inspect_verdict on_stream(struct inspection *in, const uint8_t *data, uint32_t len,
				      uint32_t *ret_used)
{
	struct redis_state *s = in->state;
	enum inspect_verdict verdict = INSPECT_MORE;
	struct line l;
	uint32_t at = 0, used;

	if (!in->from_client && s->is_accepted && s->waiting == WANT_NONE) {
		*ret_used = len; /* what commands bring is not looked at */
		return INSPECT_MORE;
	}
	while (verdict == INSPECT_MORE && at < len) {
		used = 0;
		if (in->from_client && s->skip) {
			used = s->skip < len - at ? s->skip : len - at;
			s->skip -= used;
		} else if (in->from_client && s->is_bulk) {
			if (!take_bulk(in, data + at, len - at, &used, &verdict))
				break;
		} else {
			used = line_take(data + at, len - at, false, &l);
			if (used)
				verdict =
					in->from_client ? take_request(in, l) : take_answer(in, &l);
			else
				break;
		}
		at += used;
	}
	*ret_used = at;
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
