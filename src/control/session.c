/*
 * control/session.c - one client: lines in, lines out.
 *
 * A client that does not take its answers is not read from any more; one that stays so is cut.
 */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exfild/base/log.h"
#include "commands.h"
#include "private.h"

#define ANSWER_MAX  (1u << 20)
#define PENDING_MAX (256u << 10) /* bytes not taken yet: nothing is read until they are */
#define IDLE_S      60
#define WRITE_S     10
#define LISTS_NS    2000000000ull
#define ALERTS_LAST 20
#define TURN_US     50000 /* while somebody is connected */
#define ALERTS_TURN 64    /* to one follower in one turn */

struct session {
	struct control *control;
	struct session *next, **link;
	struct bufferevent *io;
	struct peer peer;
	bool closing; /* after what is written */
	bool following;
	struct request follow;
	uint64_t cursor; /* the next alert's number */
	bool waiting;    /* for lists */
	struct request asked;
	uint64_t ticket, deadline_ns;
};

void session_free(struct session *s)
{
	struct control *c = s->control;
	c->waiting -= s->waiting;
	if (--c->session_count == 0)
		(void)event_del(c->turn_event);
	*s->link = s->next;
	if (s->next)
		s->next->link = s->link;
	bufferevent_free(s->io);
	free(s);
}

static void send_buf(struct session *s, const struct buf *b)
{
	if (b->len && !b->full)
		(void)bufferevent_write(s->io, b->data, b->len);
}

static struct json open_answer(struct buf *out, const struct request *r, bool ok)
{
	struct json j = json_make(out);
	json_open_object(&j, NULL);
	json_uint(&j, "v", PROTOCOL_VERSION);
	if (r->has_id)
		json_int(&j, "id", r->id);
	json_bool(&j, "ok", ok);
	return j;
}

static void send_error(struct session *s, const struct request *r, const struct request_error *e)
{
	struct buf out;
	buf_init(&out, 4096);
	struct json j = open_answer(&out, r, false);
	json_open_object(&j, "error");
	json_string(&j, "code", e->code);
	json_string(&j, "message", e->message);
	json_string(&j, "hint", e->hint);
	json_close_object(&j);
	json_close_object(&j);
	buf_char(&out, '\n');
	send_buf(s, &out);
	buf_deinit(&out);
	s->control->counts.errors++;
}

static void say_error(struct session *s, const struct request *r, const char *code,
		      const char *message, const char *hint)
{
	struct request_error e = { .code = code };
	(void)snprintf(e.message, sizeof(e.message), "%s", message);
	(void)snprintf(e.hint, sizeof(e.hint), "%s", hint);
	send_error(s, r, &e);
}

/* --- alerts ------------------------------------------------------------------------------ */

static void send_alert(struct session *s, const struct request *r, const struct buf *line)
{
	struct buf out;
	buf_init(&out, BOARD_ALERT_MAX + 256);
	buf_printf(&out, "{\"v\":%d,\"id\":%lld,\"alert\":", PROTOCOL_VERSION, (long long)r->id);
	buf_add(&out, line->data, line->len);
	buf_str(&out, "}\n");
	send_buf(s, &out);
	buf_deinit(&out);
}

static void send_lost(struct session *s, uint64_t lost)
{
	char text[128];
	int len = snprintf(text, sizeof(text), "{\"v\":%d,\"id\":%lld,\"lost\":%llu}\n",
			   PROTOCOL_VERSION, (long long)s->follow.id, (unsigned long long)lost);
	(void)bufferevent_write(s->io, text, (size_t)len);
}

static void send_new_alerts(struct session *s)
{
	struct board *board = s->control->options.board;
	unsigned severity = command_severity(s->follow.minimum);
	struct buf line;
	uint64_t lost = 0, number;
	buf_init(&line, BOARD_ALERT_MAX);
	for (unsigned i = 0; i < ALERTS_TURN; i++) {
		if (evbuffer_get_length(bufferevent_get_output(s->io)) > PENDING_MAX)
			break;
		buf_reset(&line);
		number = board_alert_read(board, s->cursor, severity, &line, &lost);
		if (lost && s->cursor > 1)
			send_lost(s, lost);
		lost = 0;
		if (!number)
			break;
		send_alert(s, &s->follow, &line);
		s->cursor = number + 1;
	}
	buf_deinit(&line);
}

/* The last ones, into the result. */
static void put_last_alerts(struct session *s, const struct request *r, struct json *j)
{
	struct board *board = s->control->options.board;
	unsigned severity = command_severity(r->minimum);
	uint64_t limit = r->limit ? r->limit : ALERTS_LAST, lost = 0, number;
	uint64_t next = board_alert_next(board), from = 1, matching = 0;
	struct buf line;
	buf_init(&line, BOARD_ALERT_MAX);
	for (uint64_t at = 1; (number = board_alert_read(board, at, severity, &line, &lost));
	     at = number + 1, matching++)
		buf_reset(&line);
	json_open_array(j, "alerts");
	for (uint64_t i = 0; i < matching; i++) {
		buf_reset(&line);
		number = board_alert_read(board, from, severity, &line, &lost);
		if (!number)
			break;
		from = number + 1;
		if (matching - i > limit)
			continue;
		if (j->need_comma)
			buf_char(j->out, ',');
		buf_add(j->out, line.data, line.len);
		j->need_comma = true;
	}
	json_close_array(j);
	s->cursor = next > from ? next : from;
	buf_deinit(&line);
}

static void start_following(struct session *s, const struct request *r)
{
	s->following = true;
	s->follow = *r;
	bufferevent_set_timeouts(s->io, NULL, &(struct timeval){ .tv_sec = WRITE_S });
}

/* --- requests ---------------------------------------------------------------------------- */

/* On the log, and where acts are kept. */
static void tell_act(const struct session *s, const struct request *r,
		     const struct command *command, bool is_done, const char *outcome)
{
	const struct control_options *o = &s->control->options;
	char number[48] = "";
	if (r->number)
		(void)snprintf(number, sizeof(number), "%u", (unsigned)r->number);
	else if (r->from)
		(void)snprintf(number, sizeof(number), "%llu to %llu", (unsigned long long)r->from,
			       (unsigned long long)r->until);
	const struct control_act act = {
		.user = (uint32_t)s->peer.uid,
		.command = command->name,
		.about = r->alert[0] ? r->alert :
			 r->to[0]    ? r->to :
				       number,
		.reason = r->reason,
		.outcome = outcome,
		.is_done = is_done,
	};
	if (is_done)
		log_info("control", "user %u, process %d: %s: %s", (unsigned)s->peer.uid,
			 (int)s->peer.pid, command->name, outcome);
	else
		log_warnx("control", "user %u, process %d: %s: %s", (unsigned)s->peer.uid,
			  (int)s->peer.pid, command->name, outcome);
	if (o->acted)
		o->acted(o->arg, &act);
}

static void run(struct session *s, const struct request *r, const struct command *command)
{
	struct control *c = s->control;
	struct buf out;
	struct request_error error = { .code = "failed" };
	buf_init(&out, ANSWER_MAX);
	control_snapshot(c);
	struct json j = open_answer(&out, r, true);
	json_open_object(&j, "result");
	struct call call = { .request = r,
			     .options = &c->options,
			     .snapshot = &c->snapshot,
			     .lists = &c->lists,
			     .steady_ns = board_steady_ns(),
			     .out = &j,
			     .error = &error };
	int err = command->run(&call);
	if (!err && strcmp(command->name, "alerts") == 0)
		put_last_alerts(s, r, &j);
	json_close_object(&j);
	json_close_object(&j);
	buf_char(&out, '\n');
	if (command->right == COMMAND_ACT)
		tell_act(s, r, command, !err, err ? error.message : "done");
	if (err)
		send_error(s, r, &error);
	else if (out.full)
		say_error(s, r, "too_much", "the answer is over 1 MB", "ask for fewer with limit");
	else
		send_buf(s, &out);
	if (!err && !out.full && strcmp(command->name, "alerts") == 0 && r->follow)
		start_following(s, r);
	buf_deinit(&out);
}

static void wait_for_lists(struct session *s, const struct request *r)
{
	s->waiting = true;
	s->asked = *r;
	s->ticket = board_ask(s->control->options.board);
	s->deadline_ns = board_steady_ns() + LISTS_NS;
	s->control->waiting++;
	(void)bufferevent_disable(s->io, EV_READ);
}

static void refuse_unknown(struct session *s, const struct request *r)
{
	char names[128], hint[160];
	command_names(names, sizeof(names));
	(void)snprintf(hint, sizeof(hint), "it knows %s", names);
	say_error(s, r, "unknown_command", "this version of the daemon does not know this command",
		  hint);
}

static void one_request(struct session *s, const char *line, size_t len)
{
	struct request r;
	struct request_error error;
	s->control->counts.requests++;
	if (request_parse(line, len, &r, &error)) {
		send_error(s, &r, &error);
		return;
	}
	const struct command *command = command_find(r.command);
	if (!command) {
		refuse_unknown(s, &r);
	} else if (command->right == COMMAND_ACT && !s->peer.may_act) {
		tell_act(s, &r, command, false, "no right");
		say_error(s, &r, "no_permission", "only root and the group " PEER_GROUP_ACT " act",
			  "adduser NAME " PEER_GROUP_ACT ", then log in again");
	} else if (command->data == COMMAND_LISTS) {
		wait_for_lists(s, &r);
	} else {
		run(s, &r, command);
	}
}

static bool is_blocked(const struct session *s)
{
	return s->waiting || s->closing ||
	       evbuffer_get_length(bufferevent_get_output(s->io)) > PENDING_MAX;
}

static void close_after_write(struct session *s)
{
	s->closing = true;
	(void)bufferevent_disable(s->io, EV_READ);
}

static void on_read(struct bufferevent *io, void *arg)
{
	struct session *s = arg;
	struct evbuffer *in = bufferevent_get_input(io);
	while (!is_blocked(s)) {
		size_t len;
		char *line = evbuffer_readln(in, &len, EVBUFFER_EOL_LF);
		if (line) {
			one_request(s, line, len);
			free(line);
			continue;
		}
		if (evbuffer_get_length(in) > CONTROL_REQUEST_MAX) {
			say_error(s, &(struct request){ 0 }, "too_long",
				  "a request has at most 8192 bytes", "");
			s->control->counts.cut++;
			close_after_write(s);
		}
		return;
	}
	if (!s->waiting)
		(void)bufferevent_disable(io, EV_READ);
}

static void on_written(struct bufferevent *io, void *arg)
{
	struct session *s = arg;
	if (s->closing) {
		session_free(s);
	} else if (!s->waiting) {
		(void)bufferevent_enable(io, EV_READ);
		on_read(io, s);
	}
}

static void on_event(struct bufferevent *io, short what, void *arg)
{
	struct session *s = arg;
	bool owes = s->waiting || evbuffer_get_length(bufferevent_get_output(io)) > 0;
	s->control->counts.cut += (what & BEV_EVENT_TIMEOUT) != 0;
	if (what == (BEV_EVENT_EOF | BEV_EVENT_READING) && owes && !s->following)
		close_after_write(s); /* it has asked its last, and still listens */
	else
		session_free(s);
}

static void turn_one(struct session *s)
{
	struct control *c = s->control;
	if (s->following)
		send_new_alerts(s);
	if (!s->waiting)
		return;
	bool ready = board_lists_read(c->options.board, s->ticket, &c->lists);
	if (!ready && board_steady_ns() < s->deadline_ns)
		return;
	s->waiting = false;
	c->waiting--;
	if (ready)
		run(s, &s->asked, command_find(s->asked.command));
	else
		say_error(s, &s->asked, "busy", "the analysis did not answer within 2 s",
			  "ask again; exfilctl doctor says whether it is stuck");
	if (!s->closing)
		(void)bufferevent_enable(s->io, EV_READ);
}

void session_turn(struct control *c)
{
	struct session *next;
	for (struct session *s = c->sessions; s; s = next) {
		next = s->next;
		bool waited = s->waiting;
		turn_one(s);
		if (waited && !s->waiting)
			on_read(s->io, s);
	}
}

/* --- beginning --------------------------------------------------------------------------- */

static void greet(struct session *s)
{
	struct request none = { 0 };
	if (s->control->session_count > CONTROL_CLIENTS) {
		s->control->counts.turned_away++;
		say_error(s, &none, "too_many_clients", "32 clients are connected already",
			  "close one and try again");
		close_after_write(s);
	} else if (!s->peer.may_read) {
		s->control->counts.turned_away++;
		say_error(s, &none, "no_permission",
			  "only root and the group " PEER_GROUP_READ " may ask",
			  "adduser NAME " PEER_GROUP_READ ", then log in again");
		close_after_write(s);
	}
}

void session_start(struct control *c, int fd)
{
	struct session *s = calloc(1, sizeof(*s));
	struct timeval idle = { .tv_sec = IDLE_S }, slow = { .tv_sec = WRITE_S };
	struct timeval turn = { .tv_usec = TURN_US };
	if (s)
		s->io = bufferevent_socket_new(c->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!s || !s->io) {
		free(s);
		(void)close(fd);
		return;
	}
	s->control = c;
	(void)peer_of(&c->rules, fd, &s->peer);
	s->next = c->sessions;
	s->link = &c->sessions;
	if (s->next)
		s->next->link = &s->next;
	c->sessions = s;
	if (c->session_count++ == 0)
		(void)event_add(c->turn_event, &turn);
	c->counts.accepted++;
	bufferevent_setcb(s->io, on_read, on_written, on_event, s);
	bufferevent_set_timeouts(s->io, &idle, &slow);
	bufferevent_setwatermark(s->io, EV_READ, 0, 2 * CONTROL_REQUEST_MAX);
	(void)bufferevent_enable(s->io, EV_READ | EV_WRITE);
	greet(s);
}
