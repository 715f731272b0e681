/*
 * inspect/smtp/smtp.c - SMTP and submission in the clear (RFC 5321, RFC 6409).
 *
 *   client: verb [SP arguments] CR LF; after DATA the mail, ended by a line of one dot
 *   server: code SP text CR LF, or code "-" text CR LF ... code SP text CR LF
 *
 * AUTH gives one event_login (RFC 4954: PLAIN, LOGIN; others without a user's name), a mail one
 * event_mail at the server's reply to it, each attachment one event_file.  BDAT (RFC 3030) is read
 * like DATA.  After STARTTLS and 220 the rest is TLS.  Content that comes before the server's 354
 * is taken for what it is: only the client's side may be seen.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../content/text.h"
#include "../login.h"
#include "mail.h"

#define NAME_SIZE    72
#define MESSAGES_MAX 4096 /* lines of commands a flow */
#define HOST_MIN     4

enum smtp_phase { SMTP_COMMANDS, SMTP_DATA, SMTP_CHUNK };
enum smtp_auth { AUTH_NONE, AUTH_USER, AUTH_SECRET, AUTH_PLAIN, AUTH_OTHER, AUTH_WAITS };

struct smtp_state {
	uint64_t chunk_left;
	uint32_t commands, attempts;
	uint16_t nth, recipients;
	uint8_t phase; /* enum smtp_phase */
	uint8_t auth;  /* enum smtp_auth */
	uint8_t mail;  /* number in the shard's mails, 0: none */
	uint8_t secret_mark;
	uint8_t method; /* enum login_method */
	bool is_accepted, is_logged_in, asks_tls;
	bool waits_reply; /* a mail is at its end: the next reply is about it */
	bool is_last_chunk;
	bool has_content; /* a line of the mail has come */
	bool has_gap;     /* bytes of the client are missing: its commands may be among them */
	struct login_kept helo_kept, from_kept, to_kept, user_kept;
	uint8_t helo[NAME_SIZE], from[NAME_SIZE], to[NAME_SIZE], user[NAME_SIZE];
};

struct smtp_mails {
	uint64_t flow[SMTP_MAILS]; /* whose it is; 0: free */
	uint64_t used_seq[SMTP_MAILS];
	struct mail mail[SMTP_MAILS];
};

_Static_assert(sizeof(struct smtp_state) <= INSPECT_STATE_MAX, "names fit into the state");

static struct mail *mail_of(struct inspection *in)
{
	struct smtp_state *s = in->state;
	struct smtp_mails *all = in->shard_state;
	if (!s->mail || all->flow[s->mail - 1] != in->flow->id)
		return NULL;
	all->used_seq[s->mail - 1] = in->seq;
	return &all->mail[s->mail - 1];
}

static void open_mail(struct inspection *in)
{
	struct smtp_state *s = in->state;
	struct smtp_mails *all = in->shard_state;
	struct mail *own = mail_of(in);
	unsigned found = own ? s->mail - 1u : 0;
	for (unsigned i = 0; !own && i < SMTP_MAILS && all->flow[found]; i++)
		if (all->flow[i] == 0 || all->used_seq[i] < all->used_seq[found])
			found = i;
	all->flow[found] = in->flow->id;
	all->used_seq[found] = in->seq;
	s->mail = (uint8_t)(found + 1);
	filesums_drop(in, &all->mail[found].sum);
	filesums_drop(in, &all->mail[found].wire_sum);
	mail_begin(&all->mail[found]);
	s->has_content = false;
}

static void close_mail(struct inspection *in)
{
	struct smtp_state *s = in->state;
	struct smtp_mails *all = in->shard_state;
	if (mail_of(in))
		all->flow[s->mail - 1] = 0;
	s->mail = 0;
	s->waits_reply = false;
}

static bool is_port(const struct packet *p, bool from_client)
{
	uint16_t port = from_client ? p->dport : p->sport;
	return port == 25 || port == 465 || port == 587 || port == 2525;
}

static bool probe(const struct packet *p, bool from_client)
{
	struct line l = { p->payload, p->payload_cap < LINE_MAX ? p->payload_cap : LINE_MAX };
	if (l.len < 5)
		return false;
	if (from_client)
		return line_begins(&l, "EHLO ") || line_begins(&l, "HELO ");
	return memcmp(l.data, "220", 3) == 0 && (l.data[3] == ' ' || l.data[3] == '-') &&
	       (is_port(p, false) || line_has(&l, "SMTP"));
}

static void put_kept(struct inspection *in, struct event_str *s, const uint8_t *data,
		     const struct login_kept *kept)
{
	if (kept->len)
		event_log_str(in->log, s, data, kept->len, kept->full);
}

static void put_text(struct inspection *in, struct event_str *s, const struct mail_text *t)
{
	if (t->len)
		event_log_str(in->log, s, t->data, t->len, t->len);
}

/* Whether the subject holds the name by which the client called itself. */
static bool names_host(const struct smtp_state *s, const struct mail *m)
{
	uint32_t n = s->helo_kept.len;
	if (n < HOST_MIN || s->helo[0] == '[' || memchr(s->helo, '.', n))
		return false;
	for (uint32_t i = 0; i + n <= m->subject.len; i++)
		if (strncasecmp((const char *)m->subject.data + i, (const char *)s->helo, n) == 0)
			return true;
	return false;
}

static void put_mail(struct inspection *in, uint16_t reply)
{
	struct smtp_state *s = in->state;
	struct mail *m = mail_of(in);
	if (!m)
		return;
	if (in->from_client)
		mail_scan(in, m, true);
	mail_end(in, m, s->waits_reply);
	uint32_t marks = content_marks(m->text, m->text_len) |
			 content_marks(m->subject.data, m->subject.len);
	struct event_mail *e = inspect_event(in, EVENT_MAIL, sizeof(*e));
	if (e->e.app == APP_UNKNOWN)
		e->e.app = APP_SMTP;
	e->e.from_server = 0; /* whichever packet closed it: the client sent it */
	e->nth = ++s->nth;
	e->recipients = s->recipients;
	e->reply = reply;
	e->attachments = m->attachments;
	e->attachment_type = m->attachment_type;
	e->marks = marks;
	e->size = m->size;
	e->head_marks = m->head_marks;
	if (s->recipients == 1 && s->from_kept.len && s->from_kept.len == s->to_kept.len &&
	    strncasecmp((const char *)s->from, (const char *)s->to, s->to_kept.len) == 0)
		e->head_marks |= MAIL_IS_TO_SELF;
	if (s->is_logged_in)
		e->head_marks |= MAIL_IS_LOGGED_IN;
	if (names_host(s, m))
		e->head_marks |= MAIL_NAMES_HOST;
	put_kept(in, &e->helo, s->helo, &s->helo_kept);
	put_kept(in, &e->from, s->from, &s->from_kept);
	put_kept(in, &e->to, s->to, &s->to_kept);
	put_text(in, &e->subject, &m->subject);
	put_text(in, &e->mailer, &m->mailer);
	put_text(in, &e->attachment, &m->best_name);
	event_log_commit(in->log);
	close_mail(in);
	s->recipients = 0;
}

static void put_login(struct inspection *in, enum login_outcome outcome, uint16_t code)
{
	struct smtp_state *s = in->state;
	s->auth = AUTH_NONE;
	s->is_logged_in = s->is_logged_in || outcome == LOGIN_SUCCESS;
	inspect_login(in, &(struct login){
				  .service = "smtp",
				  .app = APP_SMTP,
				  .outcome = outcome,
				  .method = (enum login_method)s->method,
				  .secret_mark = s->secret_mark,
				  .status = code,
				  .attempt = ++s->attempts,
				  .user = { s->user, s->user_kept.len, s->user_kept.full },
			  });
	s->user_kept.len = 0;
	s->secret_mark = 0;
}

/* authorize NUL authenticate NUL password (RFC 4616). */
static void take_plain(struct inspection *in, const struct line *l)
{
	struct smtp_state *s = in->state;
	uint8_t blob[256];
	uint32_t n = line_base64(l, blob, sizeof(blob));
	const uint8_t *first = n ? memchr(blob, 0, n) : NULL;
	s->auth = AUTH_WAITS;
	if (!first)
		return;
	const uint8_t *user = first + 1;
	uint32_t left = n - (uint32_t)(user - blob);
	const uint8_t *second = left ? memchr(user, 0, left) : NULL;
	if (!second)
		return;
	login_keep(s->user, sizeof(s->user), &s->user_kept, user, (uint32_t)(second - user));
	s->secret_mark = login_secret(in, second + 1, n - (uint32_t)(second + 1 - blob));
}

static void take_auth_user(struct smtp_state *s, const struct line *l)
{
	uint8_t name[128];
	uint32_t n = line_base64(l, name, sizeof(name));
	login_keep(s->user, sizeof(s->user), &s->user_kept, name, n);
	s->auth = AUTH_SECRET;
}

static void take_auth(struct inspection *in, struct line l)
{
	struct smtp_state *s = in->state;
	struct line mechanism = line_word(&l);
	s->user_kept.len = 0;
	s->secret_mark = 0;
	s->method = LOGIN_PASSWORD;
	if (line_is(&mechanism, "PLAIN")) {
		s->auth = AUTH_PLAIN;
		if (l.len)
			take_plain(in, &l);
	} else if (line_is(&mechanism, "LOGIN")) {
		s->auth = AUTH_USER;
		if (l.len)
			take_auth_user(s, &l);
	} else {
		s->auth = AUTH_OTHER;
		s->method = line_begins(&mechanism, "CRAM") || line_is(&mechanism, "NTLM") ?
				    LOGIN_HASH :
				    LOGIN_OTHER;
	}
}

/* A line of an exchange that AUTH has begun. */
static void go_on_auth(struct inspection *in, struct line l)
{
	struct smtp_state *s = in->state;
	uint8_t secret[128];
	if (l.len == 1 && *l.data == '*') {
		s->auth = AUTH_NONE;
	} else if (s->auth == AUTH_USER) {
		take_auth_user(s, &l);
	} else if (s->auth == AUTH_PLAIN) {
		take_plain(in, &l);
	} else if (s->auth == AUTH_SECRET) {
		uint32_t n = line_base64(&l, secret, sizeof(secret));
		s->secret_mark = n ? login_secret(in, secret, n) : 0;
		s->auth = AUTH_WAITS;
	}
}

/* "<name@host>", "FROM:<name@host> SIZE=1" */
static struct line address_of(struct line l)
{
	const uint8_t *colon = l.len ? memchr(l.data, ':', l.len) : NULL;
	if (colon) {
		l.len -= (uint32_t)(colon + 1 - l.data);
		l.data = colon + 1;
	}
	while (l.len && (*l.data == ' ' || *l.data == '<')) {
		l.data++;
		l.len--;
	}
	uint32_t n = 0;
	while (n < l.len && l.data[n] != '>' && l.data[n] != ' ')
		n++;
	l.len = n;
	return l;
}

static void take_chunk(struct inspection *in, struct line l)
{
	struct smtp_state *s = in->state;
	uint32_t size = 0;
	if (!line_number(&l, 1u << 30, &size))
		return;
	if (!mail_of(in))
		open_mail(in);
	s->is_last_chunk = line_has(&l, "LAST");
	s->chunk_left = size;
	s->phase = size ? SMTP_CHUNK : SMTP_COMMANDS;
	s->waits_reply = !size && s->is_last_chunk;
}

/* False when the line is no command. */
static bool take_command(struct inspection *in, struct line l)
{
	struct smtp_state *s = in->state;
	struct line verb = line_word(&l);
	s->commands++;
	if (line_is(&verb, "EHLO") || line_is(&verb, "HELO")) {
		login_keep(s->helo, sizeof(s->helo), &s->helo_kept, l.data, l.len);
		s->is_accepted = true;
	} else if (line_is(&verb, "AUTH")) {
		take_auth(in, l);
	} else if (line_is(&verb, "MAIL")) {
		struct line a = address_of(l);
		login_keep(s->from, sizeof(s->from), &s->from_kept, a.data, a.len);
		s->recipients = 0;
	} else if (line_is(&verb, "RCPT")) {
		struct line a = address_of(l);
		if (!s->recipients)
			login_keep(s->to, sizeof(s->to), &s->to_kept, a.data, a.len);
		s->recipients = (uint16_t)(s->recipients + (s->recipients < UINT16_MAX));
	} else if (line_is(&verb, "DATA")) {
		open_mail(in);
		s->phase = SMTP_DATA;
	} else if (line_is(&verb, "BDAT")) {
		take_chunk(in, l);
	} else if (line_is(&verb, "STARTTLS")) {
		s->asks_tls = true;
	} else if (!line_is(&verb, "QUIT") && !line_is(&verb, "RSET") && !line_is(&verb, "NOOP") &&
		   !line_is(&verb, "VRFY") && !line_is(&verb, "EXPN") && !line_is(&verb, "HELP")) {
		return false;
	}
	return true;
}

static void take_content(struct inspection *in, struct line l)
{
	struct smtp_state *s = in->state;
	struct mail *m = mail_of(in);
	s->has_content = true;
	if (s->phase == SMTP_DATA && l.len == 1 && *l.data == '.') {
		s->phase = SMTP_COMMANDS;
		s->waits_reply = true;
		if (m)
			mail_scan(in, m, true);
		return;
	}
	if (s->phase == SMTP_DATA && l.len > 1 && l.data[0] == '.' && l.data[1] == '.') {
		l.data++;
		l.len--;
	}
	if (m)
		mail_line(in, m, l);
}

/* Counts what a line of a chunk took. */
static void count_chunk(struct inspection *in, uint32_t used)
{
	struct smtp_state *s = in->state;
	struct mail *m = mail_of(in);
	if (s->phase != SMTP_CHUNK)
		return;
	s->chunk_left -= used < s->chunk_left ? used : s->chunk_left;
	if (s->chunk_left)
		return;
	s->phase = SMTP_COMMANDS;
	s->waits_reply = s->is_last_chunk;
	if (m && s->is_last_chunk)
		mail_scan(in, m, true);
}

static enum inspect_verdict take_client(struct inspection *in, struct line l, uint32_t used)
{
	struct smtp_state *s = in->state;
	if (s->phase != SMTP_COMMANDS) {
		take_content(in, l);
		count_chunk(in, used);
		return INSPECT_MORE;
	}
	if (s->waits_reply) /* the server's word on the last mail was not seen */
		put_mail(in, 0);
	if (s->auth != AUTH_NONE && s->auth != AUTH_WAITS) {
		go_on_auth(in, l);
		return INSPECT_MORE;
	}
	if (!take_command(in, l) && !s->is_accepted)
		return INSPECT_NOT_MINE;
	return s->commands >= MESSAGES_MAX ? INSPECT_DONE : INSPECT_MORE;
}

static enum inspect_verdict take_reply(struct inspection *in, struct line l)
{
	struct smtp_state *s = in->state;
	struct line text = l;
	uint32_t code;
	if (!line_number(&text, 599, &code) || l.len - text.len != 3 || code < 200)
		return s->is_accepted ? INSPECT_MORE : INSPECT_NOT_MINE;
	if (text.len && *text.data == '-')
		return INSPECT_MORE;
	if (s->asks_tls) {
		s->asks_tls = false;
		if (code == 220)
			return INSPECT_TURNS;
	}
	if (s->auth != AUTH_NONE && code != 334) {
		bool is_refused = code >= 500 && code < 600;
		put_login(in,
			  code == 235 ? LOGIN_SUCCESS :
			  is_refused  ? LOGIN_FAILURE :
					LOGIN_UNKNOWN,
			  (uint16_t)code);
		return INSPECT_MORE;
	}
	if (s->has_gap && code != 354) { /* an answer to the mail, whose last line was not seen */
		s->waits_reply |= s->phase == SMTP_DATA && s->has_content;
		s->phase = s->waits_reply ? SMTP_COMMANDS : s->phase;
	} else if (s->has_gap && s->phase == SMTP_COMMANDS && !s->waits_reply) {
		open_mail(in);
		s->phase = SMTP_DATA;
	}
	if (s->waits_reply)
		put_mail(in, (uint16_t)code);
	else if (s->phase == SMTP_DATA && code >= 400 && !s->has_content) {
		s->phase = SMTP_COMMANDS; /* DATA was refused */
		close_mail(in);
	}
	return INSPECT_MORE;
}

static enum inspect_verdict on_stream(struct inspection *in, const uint8_t *data, uint32_t len,
				      uint32_t *ret_used)
{
	const struct smtp_state *s = in->state;
	bool is_last = in->packet->payload_cap < in->packet->payload_len;
	enum inspect_verdict verdict = INSPECT_MORE;
	struct line l;
	uint32_t used;
	*ret_used = 0;
	while (verdict == INSPECT_MORE) {
		uint32_t left = len - *ret_used;
		bool is_chunk = in->from_client && s->phase == SMTP_CHUNK && s->chunk_left <= left;
		if (is_chunk) /* its last line may have no end */
			left = (uint32_t)s->chunk_left;
		used = line_take(data + *ret_used, left, is_last || is_chunk, &l);
		if (!used)
			break;
		*ret_used += used;
		verdict = in->from_client ? take_client(in, l, used) : take_reply(in, l);
	}
	return verdict;
}

/* The lines behind it are the mail's; a chunk is counted by its length. */
static void on_gap(struct inspection *in, const uint8_t *data, uint32_t len, uint32_t missing)
{
	struct smtp_state *s = in->state;
	struct mail *m = mail_of(in);
	uint32_t known = missing == UINT32_MAX ? 0 : missing;
	(void)data;
	(void)len;
	if (!in->from_client)
		return;
	s->has_gap = true;
	if (s->phase == SMTP_COMMANDS)
		return;
	if (m)
		mail_gap(in, m, known);
	count_chunk(in, known);
}

static void on_end(struct inspection *in, const uint8_t *data, uint32_t len)
{
	struct smtp_state *s = in->state;
	(void)data;
	(void)len;
	if (!in->from_client)
		return;
	if (s->auth != AUTH_NONE)
		put_login(in, LOGIN_UNKNOWN, 0);
	if (s->waits_reply || s->has_content)
		put_mail(in, 0);
	close_mail(in);
}

const struct inspector smtp_inspector = {
	.name = "smtp",
	.app = APP_SMTP,
	.proto = PROTO_TCP,
	.state_size = sizeof(struct smtp_state),
	.shard_state_size = sizeof(struct smtp_mails),
	.apps = { APP_SMTP },
	.probe = probe,
	.on_stream = on_stream,
	.on_gap = on_gap,
	.on_end = on_end,
};
