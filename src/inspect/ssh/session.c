/*
 * inspect/ssh/session.c - see session.h.
 *
 * Log-in (RFC 4252): the client asks for the service, the server accepts (17 bytes of payload),
 * then each request of the client is refused (6 bytes and a list of methods: always the same size)
 * or accepted (1 byte).  With any block of 8 or 16 bytes a record of 1 byte is 16 bytes shorter
 * than one of 17 (as Zeek's SSH analyser has it).  The first refusal answers "none", by which
 * clients ask for the methods; it counts only when it came late, as refusals of passwords do.
 *
 * Keys (Zhang and Paxson 2000, 4.1): a small record after a moment of silence, answered by a small
 * one of the other side.  Who begins is who types.
 *
 * Channels (RFC 4254, 5.1): the answer that opens one has 17 bytes of payload, as the accepted
 * service had, so its record is of that size.  What it answers tells the kind: a session asks with
 * 24 bytes, a connection to be passed on ("direct-tcpip", "forwarded-tcpip", 7.2) with 58 and more,
 * since it names both ends, and after a moment of silence.
 */
#include "session.h"

#include "../login.h"

#define MS_NS           1000000ull
#define ACCEPT_MIN      24 /* sizes of an accepted service: with block, tag or MAC */
#define ACCEPT_MAX      112
#define SUCCESS_SHORTER 16
#define LATE_NS         (500 * MS_NS)
#define SMALL_MAX       160
#define SILENCE_NS      (20 * MS_NS)
#define ECHO_NS         (1000 * MS_NS)
#define PAUSE_NS        (5000 * MS_NS) /* keep-alives come after more */
#define SURE_KEYS       12
#define LOGGED_IN_BYTES 8192 /* that no log-in needs */
#define LOGGED_IN_COUNT 24   /* records of the server, likewise */
#define BULK_MEAN       600
#define PASS_LONGER     32u  /* bytes by which such a question is longer than its answer ... */
#define PASS_MAX        320u /* ... and at most: names of hosts have their limits */
#define SURE_PASSED     4

static void put_session(struct ssh_session *s, struct inspection *in, bool is_end)
{
	struct event_session *e = inspect_event(in, EVENT_SESSION, sizeof(*e));
	uint64_t bytes = s->bytes[0] + s->bytes[1];
	uint32_t records = (uint32_t)s->records[0] + s->records[1];

	if (e->e.app == APP_UNKNOWN)
		e->e.app = APP_SSH;
	e->kind = SESSION_UNKNOWN;
	if (s->keys[0] >= SURE_KEYS || s->keys[1] >= SURE_KEYS)
		e->kind = SESSION_TYPED;
	else if (records && bytes / records >= BULK_MEAN)
		e->kind = SESSION_BULK;
	else if (records >= SURE_KEYS)
		e->kind = SESSION_OTHER;
	e->is_reversed = s->role == SSH_ROLE_REVERSED;
	e->is_end = is_end;
	e->failures = s->failures;
	for (unsigned i = 0; i < 2; i++) {
		e->records[i] = s->records[i];
		e->keys[i] = s->keys[i];
		e->opened[i] = s->opened[i];
		e->bytes[i] = s->bytes[i];
	}
	e->duration_ns = s->is_logged_in && s->last_ns > s->login_ns ? s->last_ns - s->login_ns : 0;
	event_log_str(in->log, &e->service, "ssh", 3, 3);
	event_log_commit(in->log);
}

static void put_login(struct ssh_session *s, struct inspection *in, enum login_outcome outcome)
{
	inspect_login(in, &(struct login){
				  .service = "ssh",
				  .app = APP_SSH,
				  .outcome = outcome,
				  .is_inferred = true,
				  .attempt = s->failures + (outcome == LOGIN_SUCCESS ? 1u : 0u),
			  });
}

void ssh_session_role(struct ssh_session *s, struct inspection *in, bool is_usual)
{
	s->role = is_usual ? SSH_ROLE_USUAL : SSH_ROLE_REVERSED;
	if (!is_usual && (in->flow->flags & FLOW_CLIENT_KNOWN))
		put_session(s, in, false);
}

static void logged_in(struct ssh_session *s, struct inspection *in, uint64_t now_ns)
{
	s->is_logged_in = true;
	s->login_ns = now_ns;
	put_login(s, in, LOGIN_SUCCESS);
}

static void refused(struct ssh_session *s, struct inspection *in)
{
	if (s->failures == UINT8_MAX)
		return;
	s->failures++;
	put_login(s, in, LOGIN_FAILURE);
}

/* The server's answer to a request of the client. */
static void read_answer(struct ssh_session *s, struct inspection *in, uint32_t len, uint64_t now_ns)
{
	if (!s->accept_len) {
		if (len >= ACCEPT_MIN && len <= ACCEPT_MAX)
			s->accept_len = (uint16_t)len;
		return;
	}
	if (len + SUCCESS_SHORTER == s->accept_len) {
		logged_in(s, in, now_ns);
		return;
	}
	bool is_late = now_ns - s->login_ns >= LATE_NS;
	if (!s->fail_len && len <= 4 * ACCEPT_MAX) {
		s->fail_len = (uint16_t)len;
		if (is_late)
			refused(s, in);
	} else if (len == s->fail_len) {
		refused(s, in);
	}
}

static void asked(struct ssh_session *s, uint64_t now_ns)
{
	s->asked = s->asked < UINT8_MAX ? s->asked + 1 : UINT8_MAX;
	s->login_ns = now_ns;
	s->was_small_alone = true; /* it waits for its answer */
}

/* Records before the log-in; from the end that plays the client, or the server. */
static void read_login(struct ssh_session *s, struct inspection *in, uint32_t len, bool is_client,
		       uint64_t now_ns)
{
	if (is_client) {
		asked(s, now_ns);
	} else if (s->asked && s->was_small_alone) {
		s->was_small_alone = false;
		read_answer(s, in, len, now_ns);
	}
	/* so much is said only by those who are in; a success in one segment with more is missed */
	if (!s->is_logged_in && (s->bytes[0] + s->bytes[1] > LOGGED_IN_BYTES ||
				 (uint32_t)s->records[0] + s->records[1] > 2 * LOGGED_IN_COUNT))
		logged_in(s, in, now_ns);
	if (!s->is_logged_in)
		return;
	for (unsigned i = 0; i < 2; i++)
		s->records[i] = 0, s->bytes[i] = 0;
	s->was_small_alone = false;
}

/* Was a connection to be passed on asked for, and granted? */
static void read_passing(struct ssh_session *s, struct inspection *in, unsigned from, uint32_t len,
			 uint64_t now_ns)
{
	uint32_t longer = len > s->accept_len ? len - s->accept_len : 0;

	if (s->was_open && from != s->last_side && len == s->accept_len) {
		s->opened[s->last_side]++;
		if (!s->is_passing_told && s->opened[s->last_side] == SURE_PASSED) {
			s->is_passing_told = true;
			put_session(s, in, false);
		}
	}
	s->was_open = s->accept_len && longer >= PASS_LONGER && longer <= PASS_MAX &&
		      now_ns - s->last_ns >= SILENCE_NS;
}

static void read_key(struct ssh_session *s, struct inspection *in, unsigned from, uint32_t len,
		     uint64_t now_ns)
{
	bool is_small = len <= SMALL_MAX;

	if (s->was_small_alone && from != s->last_side && is_small &&
	    now_ns - s->last_ns <= ECHO_NS) {
		uint64_t began_ns = s->last_ns;
		if (s->key_ns && began_ns - s->key_ns <= PAUSE_NS)
			s->keys[s->last_side]++;
		s->key_ns = began_ns;
	}
	s->was_small_alone = is_small && now_ns - s->last_ns >= SILENCE_NS;
	if (s->keys[from] == 0 && s->keys[!from] == SURE_KEYS && !s->is_told) {
		s->is_told = true;
		put_session(s, in, false);
	}
}

/* A record after the log-in. */
static void read_more(struct ssh_session *s, struct inspection *in, unsigned from, uint32_t len,
		      uint64_t now_ns)
{
	read_passing(s, in, from, len, now_ns);
	read_key(s, in, from, len, now_ns);
}

enum inspect_verdict ssh_session_record(struct ssh_session *s, struct inspection *in, uint32_t len,
					bool is_rest)
{
	unsigned from = in->from_client ? 0 : 1;
	uint64_t now_ns = in->packet->time_ns;
	bool is_client = (from == 0) == (s->role != SSH_ROLE_REVERSED);

	if (len == 0)
		return INSPECT_MORE;
	if (is_rest) { /* the service may be asked for behind the new keys */
		if (!s->is_logged_in && is_client)
			asked(s, now_ns);
		return INSPECT_MORE;
	}
	s->records[from]++;
	s->bytes[from] += len;
	if (!s->is_logged_in)
		read_login(s, in, len, is_client, now_ns);
	else
		read_more(s, in, from, len, now_ns);
	s->last_ns = now_ns;
	s->last_side = (uint8_t)from;
	if ((uint32_t)s->records[0] + s->records[1] < SSH_RECORDS_MAX)
		return INSPECT_MORE;
	put_session(s, in, true);
	s->role = SSH_ROLE_UNKNOWN;
	return INSPECT_DONE;
}

void ssh_session_end(struct ssh_session *s, struct inspection *in)
{
	if (s->is_logged_in || s->role == SSH_ROLE_REVERSED)
		put_session(s, in, true);
}
