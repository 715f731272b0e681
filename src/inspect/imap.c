/*
 * inspect/imap.c - log-ins of IMAP (RFC 9051, 6.2.2 and 6.2.3; RFC 4959).
 *
 *   client: tag LOGIN user password | tag AUTHENTICATE mechanism [initial] | tag STARTTLS
 *   server: tag OK|NO|BAD text, "* " data, "+ " go on
 *
 * An argument is an atom, a quoted string, or a literal: "{5}" at the end of the line, and so many
 * bytes at the start of the next.  One event_login an attempt.  After a success nothing more is
 * read; after STARTTLS the rest is TLS.
 */
#include "exfild/inspect/inspector.h"
#include "sasl.h"

#define PORT_IMAP    143
#define TAG_MAX      24
#define COMMANDS_MAX 256
#define SECRET_ARG   1

enum wait { WAIT_NONE, WAIT_LOGIN, WAIT_SASL, WAIT_TLS };

struct imap_state {
	uint32_t attempts, commands;
	uint8_t wait;      /* enum wait: what the tagged answer is to */
	uint8_t method;    /* enum login_method */
	uint8_t arguments; /* of LOGIN, read so far */
	bool is_continued; /* the line ended with a literal's length */
	bool is_accepted;
	uint8_t tag_len;
	uint8_t tag[TAG_MAX];
	struct sasl sasl; /* its user is that of LOGIN, too */
};

_Static_assert(sizeof(struct imap_state) <= INSPECT_STATE_MAX, "tag and name fit");

static bool probe(const struct packet *p, bool from_client)
{
	struct line l = { p->payload, p->payload_cap < LINE_MAX ? p->payload_cap : LINE_MAX };

	if (from_client) {
		struct line tag = line_word(&l);
		return p->dport == PORT_IMAP && tag.len && tag.len <= TAG_MAX &&
		       (line_begins(&l, "CAPABILITY") || line_begins(&l, "LOGIN ") ||
			line_begins(&l, "STARTTLS") || line_begins(&l, "AUTHENTICATE "));
	}
	return line_begins(&l, "* OK") && (p->sport == PORT_IMAP || line_has(&l, "IMAP"));
}

static void put_login(struct inspection *in, enum login_outcome outcome)
{
	struct imap_state *s = in->state;

	inspect_login(
		in, &(struct login){
			    .service = "imap",
			    .app = APP_IMAP,
			    .outcome = outcome,
			    .method = (enum login_method)s->method,
			    .secret_mark = s->sasl.secret_mark,
			    .attempt = ++s->attempts,
			    .user = { s->sasl.user, s->sasl.user_kept.len, s->sasl.user_kept.full },
		    });
}

/* The next argument, without its quotes (RFC 9051, 4.3); escapes are left as they are. */
static struct line take_argument(struct line *l)
{
	if (!l->len || *l->data != '"')
		return line_word(l);
	struct line quoted = { l->data + 1, 0 };
	while (quoted.len + 1 < l->len && quoted.data[quoted.len] != '"')
		quoted.len += quoted.data[quoted.len] == '\\' && quoted.len + 2 < l->len ? 2 : 1;
	uint32_t used = quoted.len + 1 < l->len ? quoted.len + 2 : l->len;
	l->data += used;
	l->len -= used;
	(void)line_word(l); /* spaces */
	return quoted;
}

static bool is_literal(const struct line *a)
{
	return a->len >= 3 && a->data[0] == '{' && a->data[a->len - 1] == '}';
}

/* The arguments of LOGIN, as many as the line has. */
static void take_arguments(struct inspection *in, struct line l)
{
	struct imap_state *s = in->state;

	s->is_continued = false;
	while (l.len && s->arguments <= SECRET_ARG) {
		struct line a = take_argument(&l);
		if (is_literal(&a)) {
			s->is_continued = true;
			return;
		}
		if (s->arguments++ == SECRET_ARG)
			s->sasl.secret_mark = login_secret(in, a.data, a.len);
		else
			login_keep(s->sasl.user, sizeof(s->sasl.user), &s->sasl.user_kept, a.data,
				   a.len);
	}
}

static void take_command(struct inspection *in, struct line l)
{
	struct imap_state *s = in->state;

	if (s->wait == WAIT_LOGIN && s->is_continued) {
		take_arguments(in, l);
		return;
	}
	if (s->wait == WAIT_SASL) {
		sasl_message(&s->sasl, in, &l);
		return;
	}
	struct line tag = line_word(&l), verb = line_word(&l);
	s->commands++;
	if (s->wait != WAIT_NONE || tag.len > TAG_MAX)
		return;
	if (line_is(&verb, "LOGIN")) {
		memset(&s->sasl, 0, sizeof(s->sasl));
		s->method = LOGIN_PASSWORD;
		s->wait = WAIT_LOGIN;
		s->arguments = 0;
		take_arguments(in, l);
	} else if (line_is(&verb, "AUTHENTICATE")) {
		struct line mechanism = line_word(&l);
		sasl_begin(&s->sasl, &mechanism);
		s->method = (uint8_t)sasl_method(&s->sasl);
		s->wait = WAIT_SASL;
		if (l.len)
			sasl_message(&s->sasl, in, &l);
	} else if (line_is(&verb, "STARTTLS")) {
		s->wait = WAIT_TLS;
	} else {
		return;
	}
	s->tag_len = (uint8_t)tag.len;
	memcpy(s->tag, tag.data, tag.len);
}

static enum inspect_verdict take_answer(struct inspection *in, struct line l)
{
	struct imap_state *s = in->state;
	struct line tag = line_word(&l);
	uint8_t wait = s->wait;

	if (tag.len == 1 && (*tag.data == '*' || *tag.data == '+'))
		s->is_accepted = true;
	if (!s->is_accepted)
		return INSPECT_NOT_MINE;
	if (wait == WAIT_NONE || tag.len != s->tag_len || memcmp(tag.data, s->tag, tag.len) != 0)
		return INSPECT_MORE;
	struct line word = line_word(&l);
	bool is_ok = line_is(&word, "OK");
	if (!is_ok && !line_is(&word, "NO") && !line_is(&word, "BAD"))
		return INSPECT_MORE;
	s->wait = WAIT_NONE;
	if (wait == WAIT_TLS)
		return is_ok ? INSPECT_TURNS : INSPECT_MORE;
	put_login(in, is_ok ? LOGIN_SUCCESS : LOGIN_FAILURE);
	return is_ok ? INSPECT_DONE : INSPECT_MORE;
}

static enum inspect_verdict on_stream(struct inspection *in, const uint8_t *data, uint32_t len,
				      uint32_t *ret_used)
{
	struct imap_state *s = in->state;
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
			verdict = take_answer(in, l);
		if (s->commands >= COMMANDS_MAX)
			verdict = INSPECT_DONE;
	}
	return verdict;
}

/* A log-in whose answer never came. */
static void on_end(struct inspection *in, const uint8_t *data, uint32_t len)
{
	struct imap_state *s = in->state;

	(void)data;
	(void)len;
	if (s->wait == WAIT_LOGIN || s->wait == WAIT_SASL)
		put_login(in, LOGIN_UNKNOWN);
	s->wait = WAIT_NONE;
}

const struct inspector imap_inspector = {
	.name = "imap",
	.app = APP_IMAP,
	.proto = PROTO_TCP,
	.state_size = sizeof(struct imap_state),
	.apps = { APP_IMAP },
	.probe = probe,
	.on_stream = on_stream,
	.on_gap = line_gap,
	.on_end = on_end,
};
