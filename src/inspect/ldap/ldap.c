/*
 * inspect/ldap/ldap.c - LDAP over TCP and UDP (RFC 4511; CLDAP: MS-ADTS 6.3.3).
 *
 * An event_ldap a request, and one a result, with the entries and bytes that came for it; entries
 * themselves are counted and passed over, however long.  Binds are event_login as well, once the
 * server has said how they end.  After a SASL bind messages may come in buffers of a security
 * layer: signed ones are read on; sealed ones are told once as such, and at the end with their
 * bytes. StartTLS hands the flow on.
 */
#include "exfild/base/cursor.h"
#include "exfild/event/ends.h"
#include "exfild/flow/stream.h"
#include "exfild/inspect/inspector.h"
#include "../auth/ntlmssp.h"
#include "../login.h"
#include "message.h"

#define FRAME_LEN     4
#define FRAME_MOST    (1u << 24) /* as servers allow at most (RFC 4422, 3.7) */
#define MESSAGE_MOST  (1u << 28)
#define REQUEST_READ  (STREAM_WINDOW - 2048u) /* of a longer one */
#define ANSWER_READ   512u
#define PENDING       8
#define USER_KEPT     112
#define DOMAIN_KEPT   32
#define MECHANISM_MAX 24
#define START_TLS     "1.3.6.1.4.1.1466.20037"

enum result { RESULT_BIND_GOES_ON = 14, RESULT_CREDENTIALS = 49 };

struct pending {
	uint32_t id, entries;
	uint64_t bytes;
	uint8_t operation;
	bool is_open;
};

struct ldap_side {
	uint32_t skip; /* bytes to pass over */
	uint32_t frame_left, frame_tail;
	bool in_frame;
	bool is_lost; /* the begin of a message has to be found */
};

struct ldap_state {
	struct ldap_side side[2];
	struct pending pending[PENDING];
	uint64_t sealed[2];           /* bytes, by side */
	uint32_t attempts, start_tls; /* id of the request + 1 */
	struct login_kept user, domain;
	uint64_t proof; /* of NTLM, of the bind under way */
	uint8_t next;   /* place of the next request */
	uint8_t method, secret_mark, mechanism_len;
	bool is_accepted, is_sealed_told, is_end_told;
	char mechanism[MECHANISM_MAX];
	uint8_t user_text[USER_KEPT];
	uint8_t domain_text[DOMAIN_KEPT];
};

_Static_assert(sizeof(struct ldap_state) <= INSPECT_STATE_MAX, "fits into the state");

static bool is_ldap_port(const struct packet *p)
{
	return p->sport == LDAP_PORT || p->dport == LDAP_PORT || p->sport == LDAP_PORT_GC ||
	       p->dport == LDAP_PORT_GC;
}

static bool probe(const struct packet *p, bool from_client)
{
	struct ldap_wrap w;
	(void)from_client;
	if (ldap_message_is_likely(p->payload, p->payload_cap))
		return true;
	/* joined in the middle: a buffer of a security layer that is known */
	struct cursor c = cursor_make(p->payload, p->payload_cap);
	uint32_t whole = cursor_be32(&c);
	return p->proto == PROTO_TCP && is_ldap_port(p) && cursor_ok(&c) && whole > 16 &&
	       whole < FRAME_MOST && cursor_left(&c) <= whole &&
	       ldap_unwrap(c.pos, cursor_left(&c), whole, &w) && w.how[0] != 's';
}

static void set_ends(struct inspection *in, struct event *e, bool is_answer)
{
	if (e->app == APP_UNKNOWN)
		e->app = APP_LDAP;
	if (in->from_client != is_answer || (in->flow->flags & FLOW_CLIENT_KNOWN))
		return;
	event_swap_ends(e);
	e->from_server = is_answer;
}

static void put_bytes(struct inspection *in, struct event_str *s, const struct ldap_bytes *b)
{
	if (b->data)
		event_log_str(in->log, s, b->data, b->len, b->len);
}

static void put_text(struct inspection *in, struct event_str *s, const struct ldap_text *t)
{
	if (t->len)
		event_log_str(in->log, s, t->data, t->len, t->full);
}

/* The look for a domain controller: the root's attribute Netlogon (MS-ADTS 6.3.3). */
static bool is_ping(const struct ldap_message *m)
{
	return m->tag == LDAP_TAG_SEARCH && m->scope == 0 && m->attribute_count == 1 &&
	       m->attributes.len == 8 && strncasecmp(m->attributes.data, "netlogon", 8) == 0;
}

static void put_request(struct inspection *in, const struct ldap_message *m)
{
	const struct ldap_state *s = in->state;
	struct event_ldap *e = inspect_event(in, EVENT_LDAP, sizeof(*e));
	set_ends(in, &e->e, false);
	e->operation = m->tag;
	e->is_malformed = m->is_malformed;
	e->is_signed = s->side[in->side].in_frame;
	e->is_ping = is_ping(m);
	e->message_id = m->id;
	e->scope = m->scope;
	e->size_limit = m->size_limit;
	e->attribute_count = m->attribute_count;
	put_bytes(in, &e->base, &m->name);
	if (m->tag == LDAP_TAG_SEARCH) {
		put_text(in, &e->filter, &m->filter);
		put_text(in, &e->attributes, &m->attributes);
	} else if (m->tag == LDAP_TAG_MODIFY || m->tag == LDAP_TAG_ADD) {
		put_text(in, &e->attributes, &m->attributes);
	} else if (m->tag == LDAP_TAG_BIND) {
		event_log_str(in->log, &e->mechanism, s->mechanism, s->mechanism_len,
			      s->mechanism_len);
	}
	event_log_commit(in->log);
}

static void put_response(struct inspection *in, const struct pending *p, uint32_t id,
			 uint32_t result, uint64_t bytes)
{
	const struct ldap_state *s = in->state;
	struct event_ldap *e = inspect_event(in, EVENT_LDAP, sizeof(*e));
	set_ends(in, &e->e, true);
	e->operation = p ? p->operation : LDAP_UNKNOWN;
	e->is_response = true;
	e->is_signed = s->side[in->side].in_frame;
	e->message_id = id;
	e->result = result;
	e->entries = p ? p->entries : 0;
	e->bytes = bytes + (p ? p->bytes : 0);
	event_log_commit(in->log);
}

static void put_sealed(struct inspection *in, const char *how, bool is_end)
{
	const struct ldap_state *s = in->state;
	struct event_ldap *e = inspect_event(in, EVENT_LDAP, sizeof(*e));
	e->e.app = APP_LDAP;
	e->operation = LDAP_SEALED;
	e->is_response = is_end;
	e->bytes = is_end ? s->sealed[!in->flow->client] : 0;
	e->result = LDAP_NO_RESULT;
	if (how)
		event_log_str(in->log, &e->mechanism, how, strlen(how), strlen(how));
	event_log_commit(in->log);
}

static bool holds(const struct ldap_bytes *b, const void *what, size_t len)
{
	return b->data && memmem(b->data, b->len, what, len) != NULL;
}

static bool is_mechanism(const struct ldap_message *m, const char *name)
{
	return m->mechanism.len == strlen(name) &&
	       memcmp(m->mechanism.data, name, m->mechanism.len) == 0;
}

static enum login_method method_of(const struct ldap_message *m)
{
	if (m->auth == LDAP_AUTH_SIMPLE)
		return m->name.len == 0 && m->credentials.len == 0 ? LOGIN_NONE : LOGIN_PASSWORD;
	if (m->auth == LDAP_AUTH_SICILY || holds(&m->credentials, "NTLMSSP", 8))
		return LOGIN_HASH;
	/* the token of an AP-REQ (RFC 4121, 4.1) */
	if (is_mechanism(m, "GSSAPI") || holds(&m->credentials, "\x01\x00\x6e", 3))
		return LOGIN_KERBEROS;
	if (is_mechanism(m, "EXTERNAL"))
		return LOGIN_KEY;
	if (is_mechanism(m, "ANONYMOUS"))
		return LOGIN_NONE;
	return is_mechanism(m, "PLAIN") ? LOGIN_PASSWORD : LOGIN_HASH;
}

/* The last leg of an NTLM log-in names the user. */
static void remember_ntlm(struct ldap_state *s, const struct ldap_message *m)
{
	struct auth_token token;
	struct ntlmssp ntlm;
	if (!m->credentials.data ||
	    !auth_token_read(&token, m->credentials.data, m->credentials.len) ||
	    token.mechanism != AUTH_NTLM || !ntlmssp_read(&ntlm, token.token, token.token_len) ||
	    ntlm.type != NTLM_AUTHENTICATE)
		return;
	if (ntlm.is_anonymous)
		s->method = LOGIN_NONE;
	s->proof = ntlm.response_hash;
	login_keep(s->user_text, USER_KEPT, &s->user, ntlm.user.text, ntlm.user.len);
	login_keep(s->domain_text, DOMAIN_KEPT, &s->domain, ntlm.domain.text, ntlm.domain.len);
}

static void remember_bind(struct inspection *in, const struct ldap_message *m)
{
	struct ldap_state *s = in->state;
	static const char *const names[] = { "", "simple", "", "sicily" };
	const char *name = names[m->auth];
	size_t len = strlen(name);
	enum login_method method = method_of(m);
	/* the later legs of a log-in do not say again what it is */
	if (method != LOGIN_HASH || s->method != LOGIN_KERBEROS || m->auth != LDAP_AUTH_SASL)
		s->method = (uint8_t)method;
	if (m->auth == LDAP_AUTH_SASL) {
		name = (const char *)m->mechanism.data;
		len = m->mechanism.len;
	}
	s->mechanism_len = (uint8_t)(len < MECHANISM_MAX ? len : MECHANISM_MAX);
	if (s->mechanism_len)
		memcpy(s->mechanism, name, s->mechanism_len);
	if (m->name.len || m->auth == LDAP_AUTH_SIMPLE)
		login_keep(s->user_text, USER_KEPT, &s->user, m->name.data, m->name.len);
	if (m->auth == LDAP_AUTH_SASL || m->auth == LDAP_AUTH_SICILY)
		remember_ntlm(s, m);
	s->secret_mark = m->auth == LDAP_AUTH_SIMPLE && m->credentials.len ?
				 login_secret(in, m->credentials.data, m->credentials.len) :
				 0;
}

/* Windows says why in words: "... data 52e, v2580" (a Win32 error in hex). */
static enum login_outcome outcome_of(const struct ldap_message *m)
{
	static const struct {
		const char *code;
		enum login_outcome outcome;
	} codes[] = {
		{ "data 525", LOGIN_NO_USER }, { "data 530", LOGIN_LOCKED },
		{ "data 531", LOGIN_LOCKED },  { "data 532", LOGIN_LOCKED },
		{ "data 533", LOGIN_LOCKED },  { "data 701", LOGIN_LOCKED },
		{ "data 773", LOGIN_LOCKED },  { "data 775", LOGIN_LOCKED },
	};
	if (m->result == 0)
		return LOGIN_SUCCESS;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (holds(&m->diagnostic, codes[i].code, 8))
			return codes[i].outcome;
	return LOGIN_FAILURE;
}

static void put_login(struct inspection *in, const struct ldap_message *m)
{
	struct ldap_state *s = in->state;
	if (m->result == RESULT_BIND_GOES_ON || s->mechanism_len == 0)
		return;
	inspect_login(in, &(struct login){
				  .service = "ldap",
				  .app = APP_LDAP,
				  .outcome = outcome_of(m),
				  .method = (enum login_method)s->method,
				  .secret_mark = s->secret_mark,
				  .status = m->result,
				  .attempt = ++s->attempts,
				  .proof = s->proof,
				  .user = { s->user_text, s->user.len, s->user.full },
				  .domain = { s->domain_text, s->domain.len, s->domain.full },
			  });
	s->method = LOGIN_OTHER;
	s->proof = 0;
	s->user.len = s->user.full = 0;
	s->domain.len = s->domain.full = 0;
}

static struct pending *find(struct ldap_state *s, uint32_t id)
{
	for (unsigned i = 0; i < PENDING; i++)
		if (s->pending[i].is_open && s->pending[i].id == id)
			return &s->pending[i];
	return NULL;
}

static void take_request(struct inspection *in, const struct ldap_message *m)
{
	struct ldap_state *s = in->state;
	if (m->tag == LDAP_TAG_BIND)
		remember_bind(in, m);
	put_request(in, m);
	if (m->tag == LDAP_TAG_UNBIND || m->tag == LDAP_TAG_ABANDON)
		return;
	struct pending *p = &s->pending[s->next++ % PENDING];
	*p = (struct pending){ .id = m->id, .operation = m->tag, .is_open = true };
	if (m->tag == LDAP_TAG_EXTENDED && m->name.len == strlen(START_TLS) &&
	    memcmp(m->name.data, START_TLS, m->name.len) == 0)
		s->start_tls = m->id + 1;
}

static enum inspect_verdict take_answer(struct inspection *in, const struct ldap_message *m,
					uint64_t bytes)
{
	struct ldap_state *s = in->state;
	struct pending *p = find(s, m->id);
	if (m->tag == LDAP_TAG_ENTRY || m->tag == LDAP_TAG_REFERENCE ||
	    m->tag == LDAP_TAG_INTERMEDIATE) {
		if (p) {
			p->entries += m->tag == LDAP_TAG_ENTRY;
			p->bytes += bytes;
		}
		return INSPECT_MORE;
	}
	put_response(in, p, m->id, m->result, bytes);
	if (p)
		p->is_open = false;
	if (m->tag == LDAP_TAG_BIND_RESPONSE)
		put_login(in, m);
	bool is_tls =
		m->tag == LDAP_TAG_EXTENDED_RESPONSE && s->start_tls == m->id + 1 && m->result == 0;
	return is_tls ? INSPECT_TURNS : INSPECT_MORE;
}

static enum inspect_verdict take_message(struct inspection *in, const uint8_t *data, size_t len,
					 bool is_cut, size_t whole)
{
	struct ldap_state *s = in->state;
	struct ldap_message m;
	if (!ldap_message_read(data, len, is_cut, &m))
		return s->is_accepted ? INSPECT_SIDE_DONE : INSPECT_NOT_MINE;
	s->is_accepted = true;
	if (ldap_tag_is_answer(m.tag))
		return take_answer(in, &m, whole);
	take_request(in, &m);
	return INSPECT_MORE;
}

/* A buffer of the security layer begins; false: more of it is needed. */
static bool take_frame(struct inspection *in, const uint8_t *data, uint32_t len, bool is_last,
		       uint32_t *ret_used, enum inspect_verdict *verdict)
{
	struct ldap_state *s = in->state;
	struct ldap_side *side = &s->side[in->side];
	struct cursor c = cursor_make(data, len);
	uint32_t whole = cursor_be32(&c);
	struct ldap_wrap w;
	*ret_used = 0;
	if (!cursor_ok(&c))
		return false;
	if (whole == 0 || whole > FRAME_MOST) {
		*verdict = s->is_accepted ? INSPECT_SIDE_DONE : INSPECT_NOT_MINE;
		return true;
	}
	size_t left = cursor_left(&c) < whole ? cursor_left(&c) : whole;
	if (!ldap_unwrap(c.pos, left, whole, &w) || (!w.is_sealed && w.head > left)) {
		if (!is_last)
			return false;
		*verdict = INSPECT_SIDE_DONE;
		return true;
	}
	s->is_accepted = true;
	if (w.is_sealed) {
		if (!s->is_sealed_told)
			put_sealed(in, w.how, false);
		s->is_sealed_told = true;
		s->sealed[in->side] += whole;
		side->skip = whole;
		*ret_used = FRAME_LEN;
		return true;
	}
	side->in_frame = true;
	side->frame_left = whole - w.head - w.tail;
	side->frame_tail = w.tail;
	*ret_used = FRAME_LEN + w.head;
	return true;
}

/* A message begins, within a buffer or in the clear; false: more of it is needed. */
static bool take_clear(struct inspection *in, const uint8_t *data, uint32_t len, bool is_last,
		       uint32_t *ret_used, enum inspect_verdict *verdict)
{
	struct ldap_state *s = in->state;
	struct ldap_side *side = &s->side[in->side];
	size_t whole = ber_whole(data, len);
	*ret_used = 0;
	if (side->in_frame && (data[0] != BER_SEQUENCE || whole > side->frame_left)) {
		*ret_used = 0; /* padding, or nothing that is known */
		side->skip = side->frame_left;
		side->frame_left = 0;
		return true;
	}
	if (data[0] != BER_SEQUENCE || whole == BER_NONE || whole > MESSAGE_MOST) {
		*verdict = s->is_accepted ? INSPECT_SIDE_DONE : INSPECT_NOT_MINE;
		return true;
	}
	uint32_t enough = in->from_client ? REQUEST_READ : ANSWER_READ;
	if ((whole == 0 || len < whole) && !is_last && (whole == 0 || len < enough))
		return false;
	size_t use = whole && whole < len ? whole : len;
	*verdict = take_message(in, data, use, use < whole || whole == 0, whole);
	*ret_used = (uint32_t)use;
	if (side->in_frame)
		side->frame_left -= (uint32_t)whole;
	side->skip = (uint32_t)(whole > use ? whole - use : 0);
	return true;
}

static enum inspect_verdict on_stream(struct inspection *in, const uint8_t *data, uint32_t len,
				      uint32_t *ret_used)
{
	struct ldap_state *s = in->state;
	struct ldap_side *side = &s->side[in->side];
	bool is_last = in->packet->payload_cap < in->packet->payload_len;
	enum inspect_verdict verdict = INSPECT_MORE;
	uint32_t at = 0, used = 0;

	if (side->is_lost && data[0] != BER_SEQUENCE && data[0] != 0) {
		*ret_used = len;
		return INSPECT_MORE;
	}
	while (at < len && verdict == INSPECT_MORE) {
		if (side->skip) {
			uint32_t pass = side->skip < len - at ? side->skip : len - at;
			side->skip -= pass;
			at += pass;
			continue;
		}
		if (side->in_frame && side->frame_left == 0) {
			side->in_frame = false;
			side->skip = side->frame_tail;
			continue;
		}
		bool is_frame = !side->in_frame && data[at] == 0;
		bool has_all =
			is_frame ? take_frame(in, data + at, len - at, is_last, &used, &verdict) :
				   take_clear(in, data + at, len - at, is_last, &used, &verdict);
		at += used;
		if (!has_all)
			break;
		if (side->is_lost && verdict == INSPECT_SIDE_DONE) { /* no begin of a message */
			*ret_used = len;
			return INSPECT_MORE;
		}
		side->is_lost = false;
	}
	*ret_used = at;
	return is_last && verdict == INSPECT_MORE ? INSPECT_SIDE_DONE : verdict;
}

/* A message of known length covers it, or the next segment has to begin with one. */
static void on_gap(struct inspection *in, const uint8_t *data, uint32_t len, uint32_t missing)
{
	struct ldap_state *s = in->state;
	struct ldap_side *side = &s->side[in->side];
	(void)data;
	(void)len;
	if (missing <= side->skip) {
		side->skip -= missing;
		return;
	}
	side->skip = side->frame_left = 0;
	side->in_frame = false;
	side->is_lost = true;
}

static enum inspect_verdict on_datagram(struct inspection *in)
{
	const struct packet *p = in->packet;
	const struct ldap_state *s = in->state;
	struct cursor c = cursor_make(p->payload, p->payload_cap);
	bool is_last = p->payload_cap < p->payload_len;
	enum inspect_verdict verdict = INSPECT_MORE;
	while (cursor_left(&c) && verdict == INSPECT_MORE) {
		size_t whole = ber_whole(c.pos, cursor_left(&c));
		size_t use = whole && whole < cursor_left(&c) ? whole : cursor_left(&c);
		if (whole == BER_NONE)
			break;
		verdict = take_message(in, c.pos, use, is_last && use < whole, use);
		cursor_skip(&c, use);
	}
	return s->is_accepted ? INSPECT_MORE : INSPECT_NOT_MINE;
}

/* What is asked and not answered to the end, and how much was sealed. */
static void on_end(struct inspection *in, const uint8_t *data, uint32_t len)
{
	struct ldap_state *s = in->state;
	uint32_t used;
	if (len && s->side[in->side].skip == 0)
		(void)on_stream(in, data, len, &used);
	if (in->from_client || s->is_end_told)
		return;
	s->is_end_told = true;
	for (unsigned i = 0; i < PENDING; i++)
		if (s->pending[i].is_open && s->pending[i].entries)
			put_response(in, &s->pending[i], s->pending[i].id, LDAP_NO_RESULT, 0);
	if (s->is_sealed_told)
		put_sealed(in, NULL, true);
}

const struct inspector ldap_inspector = {
	.name = "ldap",
	.app = APP_LDAP,
	.state_size = sizeof(struct ldap_state),
	.apps = { APP_LDAP },
	.decides = true,
	.probe = probe,
	.on_stream = on_stream,
	.on_gap = on_gap,
	.on_datagram = on_datagram,
	.on_end = on_end,
};
