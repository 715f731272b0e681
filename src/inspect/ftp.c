/*
 * inspect/ftp.c - the control connection of FTP (RFC 959, RFC 2428, RFC 4217).
 *
 *   client: VERB [SP argument] CR LF
 *   server: code SP text CR LF, or code "-" text CR LF ... code SP text CR LF
 *
 * USER and PASS give one event_login; every other command one event_ftp with each reply.  A command
 * that comes before the reply to the last one pushes that out: it is told without a code.  Where
 * data will go is taken from PORT and EPRT, and from the answers to PASV and EPSV.  After AUTH and
 * 234 the rest is TLS.
 */
#include <stdlib.h>

#include "exfild/inspect/inspector.h"
#include "ftp_data.h"
#include "line.h"
#include "login.h"

#define VERB_MAX     8
#define ARGUMENT_MAX 160
#define USER_MAX     64
#define FOLDER_MAX   96
#define COMMANDS_MAX 4096 /* a flow: a long connection must not become a hiding place */
#define PORT_FTP     21
#define PORT_FTP_ALT 2121

#define CODE_PRELIMINARY_END 200
#define CODE_LOGGED_IN       230
#define CODE_AUTH_DONE       232 /* by the security data exchange */
#define CODE_TLS             234
#define CODE_DONE            250
#define CODE_PASSIVE         227
#define CODE_PASSIVE_LONG    229
#define CODE_MORE_WANTED     300
#define CODE_REFUSED         500
#define CODE_NOT_LOGGED_IN   530

struct ftp_state {
	uint32_t attempts, commands;
	struct ipaddr data_address;
	uint16_t data_port;
	uint16_t multi_line; /* code of a reply of several lines that is under way */
	bool is_passive;
	bool is_pending;    /* a command waits for its reply */
	bool is_accepted;   /* both sides' lines are FTP's */
	bool is_part;       /* the next transfer goes on with a file: REST */
	bool was_logged_in; /* PASS after that is another attempt all the same */
	uint8_t secret_mark;
	char verb[VERB_MAX + 1];
	struct login_kept argument_kept, user_kept, folder_kept;
	uint8_t argument[ARGUMENT_MAX], user[USER_MAX], folder[FOLDER_MAX];
};

_Static_assert(sizeof(struct ftp_state) <= INSPECT_STATE_MAX, "names fit into the state");

enum ftp_kind { FTP_NOT_KNOWN, FTP_CONTROL, FTP_DATA };

/* What a flow of this inspector is: a control connection, or a data connection that one announced.
 */
struct ftp_flow {
	uint8_t kind; /* enum ftp_kind */
	union {
		struct ftp_state control;
		struct ftp_data data;
	};
};

_Static_assert(sizeof(struct ftp_flow) <= INSPECT_STATE_MAX, "either fits into the state");

static struct ftp_state *state_of(const struct inspection *in)
{
	return &((struct ftp_flow *)in->state)->control;
}

static const char *const first_verbs[] = { "USER ", "AUTH ", "FEAT", "HOST ", "CLNT ", "QUIT" };

static bool is_port(const struct packet *p, bool from_client)
{
	uint16_t port = from_client ? p->dport : p->sport;

	return port == PORT_FTP || port == PORT_FTP_ALT;
}

static bool probe(const struct packet *p, bool from_client)
{
	struct line l = { p->payload, p->payload_cap < LINE_MAX ? p->payload_cap : LINE_MAX };

	if (l.len < 4)
		return false;
	if (!from_client) {
		if ((memcmp(l.data, "220", 3) != 0 && memcmp(l.data, "120", 3) != 0) ||
		    (l.data[3] != ' ' && l.data[3] != '-'))
			return false;
		return is_port(p, false) ||
		       (line_has(&l, "FTP") && !line_has(&l, "SMTP")); /* on any port */
	}
	for (size_t i = 0; i < sizeof(first_verbs) / sizeof(first_verbs[0]); i++)
		if (line_begins(&l, first_verbs[i]))
			return is_port(p, true);
	return false;
}

static void put_command(struct inspection *in, uint16_t code, const struct line *reply)
{
	struct ftp_state *s = state_of(in);
	struct event_ftp *e = inspect_event(in, EVENT_FTP, sizeof(*e));

	if (e->e.app == APP_UNKNOWN)
		e->e.app = APP_FTP;
	e->code = code;
	e->data_address = s->data_address;
	e->data_port = s->data_port;
	e->is_passive = s->is_passive;
	event_log_str(in->log, &e->verb, s->verb, strlen(s->verb), strlen(s->verb));
	if (s->argument_kept.len)
		event_log_str(in->log, &e->argument, s->argument, s->argument_kept.len,
			      s->argument_kept.full);
	if (s->folder_kept.len)
		event_log_str(in->log, &e->folder, s->folder, s->folder_kept.len,
			      s->folder_kept.full);
	if (reply && reply->len)
		event_log_str(in->log, &e->reply, reply->data, reply->len, reply->len);
	event_log_commit(in->log);
	bool is_transfer = strcmp(s->verb, "STOR") == 0 || strcmp(s->verb, "RETR") == 0 ||
			   strcmp(s->verb, "APPE") == 0 || strcmp(s->verb, "STOU") == 0;
	if (is_transfer && code < CODE_PRELIMINARY_END) {
		const struct ftp_announced place = { .port = s->data_port,
						     .is_passive = s->is_passive,
						     .is_part = s->is_part ||
								strcmp(s->verb, "APPE") == 0 };
		ftp_data_announce(in, &place, s->argument, s->argument_kept.len);
		s->is_part = false;
	}
}

static bool is_anonymous(const struct ftp_state *s)
{
	struct line user = { s->user, s->user_kept.len };

	return line_is(&user, "anonymous") || line_is(&user, "ftp");
}

static void put_login(struct inspection *in, enum login_outcome outcome, uint16_t code)
{
	struct ftp_state *s = state_of(in);

	inspect_login(in, &(struct login){
				  .service = "ftp",
				  .app = APP_FTP,
				  .outcome = outcome,
				  .method = is_anonymous(s) ? LOGIN_NONE : LOGIN_PASSWORD,
				  .secret_mark = s->secret_mark,
				  .status = code,
				  .attempt = ++s->attempts,
				  .user = { s->user, s->user_kept.len, s->user_kept.full },
			  });
}

/* h1,h2,h3,h4,p1,p2 */
static bool read_host_port(struct line l, struct ipaddr *address, uint16_t *port)
{
	uint8_t b[6];

	for (unsigned i = 0; i < 6; i++) {
		uint32_t value;
		if (i && (l.len == 0 || *l.data != ','))
			return false;
		if (i) {
			l.data++;
			l.len--;
		}
		if (!line_number(&l, 255, &value))
			return false;
		b[i] = (uint8_t)value;
	}
	*address = ipaddr_v4(b);
	*port = (uint16_t)(b[4] << 8 | b[5]);
	return true;
}

/* |family|address|port| (RFC 2428, 2); in an answer family and address are empty (3). */
static bool read_extended(struct line l, struct ipaddr *address, uint16_t *port)
{
	struct line part[3];
	char text[IPADDR_TEXT_MAX];
	uint32_t value;

	if (l.len < 5)
		return false;
	uint8_t mark = *l.data;
	for (unsigned i = 0; i < 3; i++) {
		if (l.len == 0 || *l.data != mark)
			return false;
		part[i].data = ++l.data;
		part[i].len = 0;
		l.len--;
		while (l.len && *l.data != mark) {
			l.data++;
			l.len--;
			part[i].len++;
		}
	}
	if (!line_number(&part[2], UINT16_MAX, &value))
		return false;
	*port = (uint16_t)value;
	if (part[1].len == 0 || part[1].len >= sizeof(text))
		return part[1].len == 0;
	memcpy(text, part[1].data, part[1].len);
	text[part[1].len] = '\0';
	return ipaddr_parse(text, address) == 0;
}

static void forget_data(struct ftp_state *s)
{
	memset(&s->data_address, 0, sizeof(s->data_address));
	s->data_port = 0;
	s->is_passive = false;
}

static void read_active(struct inspection *in, struct ftp_state *s, struct line argument)
{
	struct ipaddr address = in->flow->key.addr[in->flow->client];
	uint16_t port = 0;
	bool is_known = strcmp(s->verb, "PORT") == 0 ? read_host_port(argument, &address, &port) :
						       read_extended(argument, &address, &port);

	forget_data(s);
	if (!is_known)
		return;
	s->data_address = address;
	s->data_port = port;
}

static void read_passive(struct inspection *in, struct ftp_state *s, uint16_t code,
			 struct line reply)
{
	struct ipaddr address = in->flow->key.addr[!in->flow->client];
	uint16_t port = 0;
	bool is_known = false;

	while (reply.len && !is_known) {
		if (code == CODE_PASSIVE_LONG && *reply.data == '(')
			is_known = read_extended((struct line){ reply.data + 1, reply.len - 1 },
						 &address, &port);
		else if (code == CODE_PASSIVE && *reply.data >= '0' && *reply.data <= '9')
			is_known = read_host_port(reply, &address, &port);
		reply.data++;
		reply.len--;
	}
	forget_data(s);
	if (!is_known)
		return;
	s->data_address = address;
	s->data_port = port;
	s->is_passive = true;
}

static bool is_secret(const char *verb)
{
	return strcmp(verb, "PASS") == 0 || strcmp(verb, "ACCT") == 0 ||
	       strcmp(verb, "ADAT") == 0 || strcmp(verb, "MIC") == 0 || strcmp(verb, "ENC") == 0;
}

static void no_answer(struct inspection *in)
{
	struct ftp_state *s = state_of(in);

	if (!s->is_pending)
		return;
	s->is_pending = false;
	if (strcmp(s->verb, "PASS") == 0)
		put_login(in, LOGIN_UNKNOWN, 0);
	else if (!is_secret(s->verb) && strcmp(s->verb, "USER") != 0)
		put_command(in, 0, NULL);
}

/* False when the line is no command. */
static bool take_command(struct inspection *in, struct line l)
{
	struct ftp_state *s = state_of(in);
	struct line verb = line_word(&l);

	while (verb.len && verb.data[0] >= 0xf0) { /* telnet's commands before ABOR */
		verb.data++;
		verb.len--;
	}
	if (verb.len < 3 || verb.len > VERB_MAX)
		return false;
	no_answer(in);
	for (uint32_t i = 0; i < verb.len; i++) {
		uint8_t c = verb.data[i];
		s->verb[i] = (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
		if (s->verb[i] < 'A' || s->verb[i] > 'Z')
			return false;
	}
	s->verb[verb.len] = '\0';
	s->commands++;
	s->is_pending = true;
	login_keep(s->argument, sizeof(s->argument), &s->argument_kept, l.data,
		   is_secret(s->verb) ? 0 : l.len);
	if (strcmp(s->verb, "USER") == 0)
		login_keep(s->user, sizeof(s->user), &s->user_kept, l.data, l.len);
	else if (strcmp(s->verb, "PASS") == 0)
		s->secret_mark = login_secret(in, l.data, l.len);
	else if (strcmp(s->verb, "PORT") == 0 || strcmp(s->verb, "EPRT") == 0)
		read_active(in, s, l);
	else if (strcmp(s->verb, "REST") == 0)
		s->is_part = l.len != 1 || *l.data != '0';
	return true;
}

static void answer_user(struct inspection *in, uint16_t code)
{
	struct ftp_state *s = state_of(in);

	s->secret_mark = 0;
	if (code == CODE_LOGGED_IN || code == CODE_AUTH_DONE)
		put_login(in, LOGIN_SUCCESS, code); /* without a password */
	else if (code == CODE_NOT_LOGGED_IN)
		put_login(in, LOGIN_FAILURE, code);
}

static void answer_password(struct inspection *in, uint16_t code)
{
	enum login_outcome outcome = LOGIN_UNKNOWN;

	if (code >= CODE_PRELIMINARY_END && code < CODE_MORE_WANTED)
		outcome = LOGIN_SUCCESS;
	else if (code >= CODE_REFUSED)
		outcome = LOGIN_FAILURE;
	put_login(in, outcome, code);
}

/* The last line of a reply. */
static enum inspect_verdict answer(struct inspection *in, uint16_t code, const struct line *text)
{
	struct ftp_state *s = state_of(in);

	if (!s->is_pending)
		return INSPECT_MORE;
	s->is_pending = code < CODE_PRELIMINARY_END;
	if (strcmp(s->verb, "USER") == 0) {
		answer_user(in, code);
		return INSPECT_MORE;
	}
	if (strcmp(s->verb, "PASS") == 0) {
		answer_password(in, code);
		return INSPECT_MORE;
	}
	if (is_secret(s->verb))
		return INSPECT_MORE;
	if (code == CODE_PASSIVE || code == CODE_PASSIVE_LONG)
		read_passive(in, s, code, *text);
	put_command(in, code, text);
	if (strcmp(s->verb, "CWD") == 0 && code == CODE_DONE)
		login_keep(s->folder, sizeof(s->folder), &s->folder_kept, s->argument,
			   s->argument_kept.len);
	return strcmp(s->verb, "AUTH") == 0 && code == CODE_TLS ? INSPECT_TURNS : INSPECT_MORE;
}

static enum inspect_verdict take_reply(struct inspection *in, struct line l)
{
	struct ftp_state *s = state_of(in);
	struct line text = l;
	uint32_t code;
	bool is_coded = line_number(&text, 659, &code) && l.len - text.len == 3 && code >= 100 &&
			(text.len == 0 || *text.data == ' ' || *text.data == '-');

	if (s->multi_line && !(is_coded && code == s->multi_line && text.len && *text.data == ' '))
		return INSPECT_MORE;
	if (!is_coded) /* text of servers that do not care */
		return s->is_accepted ? INSPECT_MORE : INSPECT_NOT_MINE;
	s->is_accepted = true;
	if (text.len && *text.data == '-') {
		s->multi_line = (uint16_t)code;
		return INSPECT_MORE;
	}
	s->multi_line = 0;
	if (text.len) {
		text.data++;
		text.len--;
	}
	return answer(in, (uint16_t)code, &text);
}

static enum inspect_verdict take_control(struct inspection *in, const uint8_t *data, uint32_t len,
					 uint32_t *ret_used)
{
	struct ftp_state *s = state_of(in);
	bool is_last = in->packet->payload_cap < in->packet->payload_len;
	enum inspect_verdict verdict = INSPECT_MORE;
	struct line l;
	uint32_t used;

	*ret_used = 0;
	while (verdict == INSPECT_MORE &&
	       (used = line_take(data + *ret_used, len - *ret_used, is_last, &l)) > 0) {
		*ret_used += used;
		if (!in->from_client)
			verdict = take_reply(in, l);
		else if (!take_command(in, l) && !s->is_accepted)
			verdict = INSPECT_NOT_MINE;
		if (s->commands >= COMMANDS_MAX)
			verdict = INSPECT_DONE;
	}
	return verdict;
}

static enum inspect_verdict on_stream(struct inspection *in, const uint8_t *data, uint32_t len,
				      uint32_t *ret_used)
{
	struct ftp_flow *f = in->state;

	if (f->kind == FTP_NOT_KNOWN)
		f->kind = ftp_data_begin(in, &f->data) ? FTP_DATA : FTP_CONTROL;
	if (f->kind == FTP_CONTROL)
		return take_control(in, data, len, ret_used);
	*ret_used = len;
	ftp_data_take(in, &f->data, data, len);
	return INSPECT_MORE;
}

static void on_gap(struct inspection *in, const uint8_t *data, uint32_t len, uint32_t missing)
{
	struct ftp_flow *f = in->state;

	(void)data;
	(void)len;
	if (f->kind == FTP_DATA)
		ftp_data_gap(in, &f->data, missing);
	else if (f->kind == FTP_CONTROL && !in->from_client)
		state_of(in)->multi_line = 0; /* its last line may be what is missing */
}

/* A command whose reply never came; lines without their end are not told. */
static void on_end(struct inspection *in, const uint8_t *data, uint32_t len)
{
	struct ftp_flow *f = in->state;

	(void)data;
	(void)len;
	if (f->kind == FTP_DATA)
		ftp_data_end(in, &f->data);
	else
		no_answer(in);
}

const struct inspector ftp_inspector = {
	.name = "ftp",
	.app = APP_FTP,
	.proto = PROTO_TCP,
	.state_size = sizeof(struct ftp_flow),
	.shard_state_size = sizeof(struct ftp_shard),
	.expects = ftp_data_expects,
	.apps = { APP_FTP },
	.probe = probe,
	.on_stream = on_stream,
	.on_gap = on_gap,
	.on_end = on_end,
};
