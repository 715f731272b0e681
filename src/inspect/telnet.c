/*
 * inspect/telnet.c - log-ins over Telnet (RFC 854, RFC 855).
 *
 *   IAC (255) command, IAC WILL|WONT|DO|DONT (251 to 254) option, IAC SB (250) ... IAC SE (240)
 *
 * What is left is text.  A prompt is how the server's unfinished line ends: "login:" asks for the
 * user, "password:" for the secret.  After a secret, words of refusal or another prompt mean that
 * it was wrong; a line that ends as those of shells do, or "Last login", that it was right.
 * After a success nothing more is read.
 */
#include "exfild/inspect/inspector.h"
#include "line.h"
#include "login.h"

#define PORT_TELNET     23
#define PORT_TELNET_ALT 2323
#define TEXT_MAX        120
#define USER_MAX        64
#define BYTES_MAX       65536u /* of the server: a session without a log-in */

#define IAC       255
#define SUB_BEGIN 250
#define SUB_END   240
#define WILL      251

enum phase { PHASE_TEXT, PHASE_COMMAND, PHASE_OPTION, PHASE_SUB, PHASE_SUB_COMMAND };
enum asked { ASKED_NOTHING, ASKED_USER, ASKED_SECRET, ASKED_ANSWER };

struct telnet_side {
	uint8_t phase; /* enum phase */
	uint8_t len;
	uint8_t text[TEXT_MAX]; /* of the line that is under way: its last bytes are kept */
};

struct telnet_state {
	struct telnet_side side[2]; /* 0: client */
	uint32_t attempts, bytes;
	uint8_t asked; /* enum asked: what the client's next line, or the server's, is */
	uint8_t secret_mark;
	struct login_kept user_kept;
	uint8_t user[USER_MAX];
};

_Static_assert(sizeof(struct telnet_state) <= INSPECT_STATE_MAX, "lines fit into the state");

static const char *const user_prompts[] = { "login:",   "username:", "user name:", "user:",
					    "account:", "logon:",    "userid:" };
static const char *const secret_prompts[] = { "password:", "passcode:", "passwd:", "passphrase:" };
static const char *const refusals[] = { "incorrect", "invalid",      "fail",        "denied",
					"bad pass",  "wrong",        "not allowed", "unable to",
					"rejected",  "unknown user", "try again" };

static bool probe(const struct packet *p, bool from_client)
{
	uint16_t port = from_client ? p->dport : p->sport;

	return port == PORT_TELNET || port == PORT_TELNET_ALT;
}

static void put_login(struct inspection *in, enum login_outcome outcome)
{
	struct telnet_state *s = in->state;

	inspect_login(in, &(struct login){
				  .service = "telnet",
				  .app = APP_TELNET,
				  .outcome = outcome,
				  .method = LOGIN_PASSWORD,
				  .is_inferred = true, /* from text for people */
				  .secret_mark = s->secret_mark,
				  .attempt = ++s->attempts,
				  .user = { s->user, s->user_kept.len, s->user_kept.full },
			  });
	s->asked = ASKED_NOTHING;
	s->secret_mark = 0;
}

static struct line trimmed(const struct telnet_side *t)
{
	struct line l = { t->text, t->len };

	while (l.len && l.data[l.len - 1] <= ' ')
		l.len--;
	return l;
}

static bool ends_with(const struct line *l, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(list[i]);
		struct line end = { l->data + (l->len >= len ? l->len - len : 0),
				    (uint32_t)(l->len >= len ? len : 0) };
		if (line_is(&end, list[i]))
			return true;
	}
	return false;
}

static bool is_refusal(const struct line *l)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (line_has(l, refusals[i]))
			return true;
	return false;
}

/* The line that the server has not ended: a prompt? */
static enum inspect_verdict read_prompt(struct inspection *in)
{
	struct telnet_state *s = in->state;
	struct line l = trimmed(&s->side[1]);
	bool asks_user = ends_with(&l, user_prompts, sizeof(user_prompts) / sizeof(*user_prompts));
	bool asks_secret =
		ends_with(&l, secret_prompts, sizeof(secret_prompts) / sizeof(*secret_prompts));

	if (!l.len || line_begins(&l, "Last login"))
		return INSPECT_MORE;
	if (s->asked == ASKED_ANSWER) {
		if (asks_user || asks_secret) {
			put_login(in, LOGIN_FAILURE);
		} else if (strchr("$#>%", l.data[l.len - 1]) && l.data[l.len - 1]) {
			put_login(in, LOGIN_SUCCESS);
			return INSPECT_DONE;
		}
	}
	if (asks_secret) {
		s->asked = ASKED_SECRET;
	} else if (asks_user) {
		s->asked = ASKED_USER;
		memset(&s->user_kept, 0, sizeof(s->user_kept));
	}
	return INSPECT_MORE;
}

/* A line that the server has ended. */
static enum inspect_verdict read_line(struct inspection *in)
{
	struct telnet_state *s = in->state;
	struct line l = trimmed(&s->side[1]);

	if (s->asked != ASKED_ANSWER || !l.len)
		return INSPECT_MORE;
	if (line_begins(&l, "Last login") || line_begins(&l, "Welcome to")) {
		put_login(in, LOGIN_SUCCESS);
		return INSPECT_DONE;
	}
	if (is_refusal(&l))
		put_login(in, LOGIN_FAILURE);
	return INSPECT_MORE;
}

/* A line that the client has ended. */
static void read_typed(struct inspection *in)
{
	struct telnet_state *s = in->state;
	struct telnet_side *t = &s->side[0];

	if (s->asked == ASKED_USER && t->len) {
		login_keep(s->user, sizeof(s->user), &s->user_kept, t->text, t->len);
		s->asked = ASKED_NOTHING;
	} else if (s->asked == ASKED_SECRET) {
		s->secret_mark = login_secret(in, t->text, t->len);
		s->asked = ASKED_ANSWER;
		s->side[1].len = 0; /* the prompt that was answered */
	}
}

static void keep_byte(struct telnet_side *t, uint8_t c)
{
	if (c == 8 || c == 127) {
		t->len = t->len ? t->len - 1 : 0;
		return;
	}
	if (t->len == TEXT_MAX) {
		memmove(t->text, t->text + TEXT_MAX / 2, TEXT_MAX / 2);
		t->len = TEXT_MAX / 2;
	}
	t->text[t->len++] = c;
}

/* Whether the byte is text. */
static bool is_text(struct telnet_side *t, uint8_t c)
{
	switch ((enum phase)t->phase) {
	case PHASE_TEXT:
		t->phase = c == IAC ? PHASE_COMMAND : PHASE_TEXT;
		return c != IAC;
	case PHASE_COMMAND:
		t->phase = c >= WILL && c < IAC ? PHASE_OPTION :
			   c == SUB_BEGIN       ? PHASE_SUB :
						  PHASE_TEXT;
		return c == IAC;
	case PHASE_SUB:
		t->phase = c == IAC ? PHASE_SUB_COMMAND : PHASE_SUB;
		return false;
	case PHASE_SUB_COMMAND:
		t->phase = c == SUB_END ? PHASE_TEXT : PHASE_SUB;
		return false;
	case PHASE_OPTION:
		break;
	}
	t->phase = PHASE_TEXT;
	return false;
}

static enum inspect_verdict take_byte(struct inspection *in, uint8_t c)
{
	struct telnet_state *s = in->state;
	struct telnet_side *t = &s->side[!in->from_client];
	enum inspect_verdict verdict = INSPECT_MORE;

	if (!is_text(t, c) || c == 0)
		return INSPECT_MORE;
	if (c != '\r' && c != '\n') {
		keep_byte(t, c);
		return INSPECT_MORE;
	}
	if (in->from_client) {
		if (t->len || c == '\r')
			read_typed(in);
	} else {
		verdict = read_line(in);
	}
	t->len = 0;
	return verdict;
}

static enum inspect_verdict on_stream(struct inspection *in, const uint8_t *data, uint32_t len,
				      uint32_t *ret_used)
{
	struct telnet_state *s = in->state;
	enum inspect_verdict verdict = INSPECT_MORE;

	for (uint32_t i = 0; i < len && verdict == INSPECT_MORE; i++)
		verdict = take_byte(in, data[i]);
	*ret_used = len;
	if (verdict != INSPECT_MORE || in->from_client)
		return verdict;
	s->bytes += len;
	verdict = read_prompt(in);
	return verdict == INSPECT_MORE && s->bytes > BYTES_MAX ? INSPECT_DONE : verdict;
}

/* A secret without an answer. */
static void on_end(struct inspection *in, const uint8_t *data, uint32_t len)
{
	struct telnet_state *s = in->state;

	(void)data;
	(void)len;
	if (s->asked == ASKED_ANSWER)
		put_login(in, LOGIN_UNKNOWN);
}

const struct inspector telnet_inspector = {
	.name = "telnet",
	.app = APP_TELNET,
	.proto = PROTO_TCP,
	.state_size = sizeof(struct telnet_state),
	.apps = { APP_TELNET },
	.probe = probe,
	.on_stream = on_stream,
	.on_gap = line_gap,
	.on_end = on_end,
};
