/*
 * inspect/http/http.c - HTTP/1.0 and 1.1: the heads of requests and responses (RFC 9110, 9112).
 *
 * One event_http a head.  Bodies are passed over by their length or their chunks, so that the next
 * head on the connection is seen; their first bytes go to body.c.  What a response's body is
 * depends on its request (HEAD, CONNECT), so the requests on their way are remembered as bits, in
 * order.
 *
 * A head says by itself whether it is a request.  Where the flow table had to guess who is client,
 * and guessed otherwise, src and dst of the event are swapped, so that src is always the asker.
 *
 * After a switch to WebSocket (101) its messages are read (socket.h).  An inspector lets go of the
 * flow at a tunnel by CONNECT, at HTTP/2 and after 4096 messages; of a side when its body has no
 * end but the connection's, when its framing cannot be known, and when a head does not fit: such a
 * one is told as far as it goes.
 *
 * A gap within a body of known length is a part of it.  Behind any other the way is lost until a
 * segment begins with a head; of a WebSocket it is not found again.
 */
#include "exfild/flow/stream.h"
#include "exfild/inspect/inspector.h"
#include "../content/exploit.h"
#include "auth.h"
#include "body.h"
#include "chunks.h"
#include "files.h"
#include "head.h"
#include "socket.h"

#define MESSAGES_MAX 4096 /* a flow: a long connection must not become a hiding place */
#define PENDING_MAX  64   /* requests that a response may be far behind */
#define HEAD_MAX \
 (STREAM_WINDOW - 2048) /* a longer head would leave the window with the next segment */

enum phase { PHASE_HEAD, PHASE_LENGTH, PHASE_CHUNKS, PHASE_REST, PHASE_LOST, PHASE_OVER };

struct http_side {
	uint8_t phase;    /* enum phase */
	uint32_t scanned; /* bytes of the head looked through for its end */
	uint64_t left;    /* bytes of the body */
	struct http_chunks chunks;
};

struct http_state {
	struct http_side side[2];
	uint64_t head_requests, connect_requests; /* bit n: request n, modulo 64, had this method */
	uint16_t requests, responses, messages;
	struct socket_side socket[2];
	bool is_switched;     /* what follows are frames of WebSocket */
	bool is_accepted;     /* there was a good head */
	bool is_lossy;        /* heads may be missing: answers are matched anew at each request */
	bool is_answering[2]; /* a side sends responses */
	uint8_t desk;         /* of body.c */
	struct http_auth auth;
};

static bool probe(const struct packet *p, bool from_client)
{
	(void)from_client;
	return http_head_is_likely(p->payload, p->payload_cap);
}

static void put_text(struct inspection *in, struct event_str *s, const struct http_text *t)
{
	if (t->data)
		event_log_str(in->log, s, t->data, t->len, t->len);
}

static void put_event(struct inspection *in, const struct http_head *h, const uint8_t *data,
		      uint32_t head_len)
{
	struct exploit x = { 0 };
	if (!h->is_response)
		(void)exploit_find(data, head_len, true, &x);
	struct event_http *e = inspect_event(in, EVENT_HTTP, sizeof(*e));

	http_turn(in, &e->e, h->is_response);
	e->is_response = h->is_response;
	e->version = h->version;
	e->status = h->status;
	e->content_length = h->has_length ? h->content_length : UINT64_MAX;
	e->head_len = head_len;
	e->header_count = h->header_count;
	e->header_hash = h->header_hash;
	put_text(in, &e->method, &h->method);
	put_text(in, &e->host, &h->host);
	put_text(in, &e->uri, &h->uri);
	put_text(in, &e->user_agent, &h->user_agent);
	put_text(in, &e->content_type, &h->content_type);
	put_text(in, &e->referrer, &h->referrer);
	put_text(in, &e->cookie, &h->cookie);
	put_text(in, &e->reason, &h->reason);
	put_text(in, &e->forwarded_for, &h->forwarded_for);
	e->marks = h->marks;
	e->exploit = (uint8_t)x.kind;
	e->callback_port = x.port;
	put_text(in, &e->attempt, &(struct http_text){ *x.text ? x.text : NULL, strlen(x.text) });
	put_text(in, &e->callback,
		 &(struct http_text){ *x.target ? x.target : NULL, strlen(x.target) });
	event_log_commit(in->log);
}

static bool is_method(const struct http_head *h, const char *name)
{
	return h->method.len == strlen(name) && memcmp(h->method.data, name, h->method.len) == 0;
}

static enum inspect_verdict frame_by_head(struct http_side *side, const struct http_head *h)
{
	if (h->is_ambiguous)
		return INSPECT_SIDE_DONE;
	if (h->is_chunked) {
		memset(&side->chunks, 0, sizeof(side->chunks));
		side->phase = PHASE_CHUNKS;
	} else if (h->is_coded) {
		return INSPECT_SIDE_DONE;
	} else if (h->has_length && h->content_length) {
		side->left = h->content_length;
		side->phase = PHASE_LENGTH;
	} else if (h->is_response && !h->has_length) {
		side->phase = PHASE_REST; /* up to the end of the connection */
	}
	return INSPECT_MORE;
}

static enum inspect_verdict after_request(struct inspection *in, struct http_side *side,
					  const struct http_head *h)
{
	struct http_state *state = in->state;
	if (h->version >= 20)
		return INSPECT_DONE; /* the preface of HTTP/2 */
	if (state->is_lossy) /* hardly a client asks again before the answer: seen or not, it came
			      */
		state->responses = state->requests;
	uint64_t bit = 1ull << state->requests % PENDING_MAX;
	state->head_requests &= ~bit;
	state->connect_requests &= ~bit;
	if (is_method(h, "HEAD"))
		state->head_requests |= bit;
	if (is_method(h, "CONNECT"))
		state->connect_requests |= bit;
	http_auth_asked(&state->auth, in, h, state->requests);
	state->requests++;
	http_body_begin(in, &state->desk, h);
	return frame_by_head(side, h);
}

static enum inspect_verdict after_response(struct inspection *in, struct http_side *side,
					   const struct http_head *h)
{
	struct http_state *state = in->state;
	uint64_t bit = 1ull << state->responses % PENDING_MAX;

	if (h->status == 101) {
		state->is_switched = true;
		return INSPECT_MORE;
	}
	if (h->status < 200)
		return INSPECT_MORE;
	if (state->is_lossy && state->responses >= state->requests)
		http_body_unasked(in, state->desk);
	http_auth_answered(&state->auth, in, h->status, state->responses);
	state->responses++;
	if ((state->connect_requests & bit) && h->status < 300)
		return INSPECT_DONE;
	if ((state->head_requests & bit) || h->status == 204 || h->status == 304)
		return INSPECT_MORE;
	http_body_begin(in, &state->desk, h);
	return frame_by_head(side, h);
}

/* A head of `len` bytes, or the first bytes of one that will not come whole. */
static enum inspect_verdict read_head(struct inspection *in, const uint8_t *data, uint32_t len,
				      bool is_cut)
{
	struct http_state *state = in->state;
	struct http_side *side = &state->side[in->side];
	enum inspect_verdict verdict;
	struct http_head h;

	side->scanned = 0;
	if (http_head_read(data, len, is_cut, in->key, &h) < 0)
		return state->is_accepted ? INSPECT_SIDE_DONE : INSPECT_NOT_MINE;
	state->is_accepted = true;
	put_event(in, &h, data, len);
	state->is_answering[in->side] = h.is_response;
	state->messages++;
	verdict = h.is_response ? after_response(in, side, &h) : after_request(in, side, &h);
	if (state->messages >= MESSAGES_MAX)
		verdict = INSPECT_DONE;
	return is_cut && verdict == INSPECT_MORE ? INSPECT_SIDE_DONE : verdict;
}

/* Is the first line there, and none of HTTP? */
static bool is_refused(const struct inspection *in, const uint8_t *data, uint32_t len)
{
	struct http_head h;

	if (!http_head_is_likely(data, len) && in->flow->app != APP_HTTP)
		return true;
	const uint8_t *lf = memchr(data, '\n', len);
	return lf && http_head_read(data, (size_t)(lf - data) + 1, false, in->key, &h) < 0;
}

static enum inspect_verdict take_head(struct inspection *in, const uint8_t *data, uint32_t len,
				      uint32_t *ret_used)
{
	struct http_state *state = in->state;
	struct http_side *side = &state->side[in->side];

	if (data[0] == '\r' || data[0] == '\n') { /* empty lines before a request */
		*ret_used = 1;
		side->scanned = 0;
		return INSPECT_MORE;
	}
	*ret_used = 0;
	if (!state->is_accepted && is_refused(in, data, len))
		return INSPECT_NOT_MINE;
	if (data[0] < 'A' || data[0] > 'Z') /* what follows a switch that was not seen */
		return INSPECT_SIDE_DONE;
	size_t head = http_head_length(data, len, &side->scanned);
	if (head) {
		*ret_used = (uint32_t)head;
		return read_head(in, data, (uint32_t)head, false);
	}
	if (len < HEAD_MAX && in->packet->payload_cap == in->packet->payload_len)
		return INSPECT_MORE;
	return read_head(in, data, len, true);
}

static void take_body(void *arg, const uint8_t *data, uint32_t len)
{
	struct inspection *in = arg;
	const struct http_state *state = in->state;
	http_body_take(in, state->desk, state->is_answering[in->side], data, len);
}

static void end_body(struct inspection *in, bool is_complete)
{
	struct http_state *state = in->state;
	const uint8_t *data;
	size_t len;
	if (!state->is_answering[in->side] && http_body_form(in, state->desk, &data, &len))
		http_auth_form(&state->auth, in, data, len, (uint16_t)(state->requests - 1));
	http_body_end(in, state->desk, state->is_answering[in->side], is_complete);
}

static enum inspect_verdict take_chunks(struct inspection *in, struct http_side *side,
					const uint8_t *data, uint32_t len, uint32_t *ret_used)
{
	*ret_used = http_chunks_pass(&side->chunks, data, len, take_body, in);
	if (side->chunks.phase == HTTP_CHUNK_BROKEN) {
		end_body(in, false);
		return INSPECT_SIDE_DONE;
	}
	if (side->chunks.phase == HTTP_CHUNK_DONE) {
		end_body(in, true);
		side->phase = PHASE_HEAD;
	}
	return INSPECT_MORE;
}

static enum inspect_verdict take_length(struct inspection *in, struct http_side *side,
					const uint8_t *data, uint32_t len, uint32_t *ret_used)
{
	*ret_used = side->left < len ? (uint32_t)side->left : len;
	side->left -= *ret_used;
	take_body(in, data, *ret_used);
	if (side->left == 0) {
		end_body(in, true);
		side->phase = PHASE_HEAD;
	}
	return INSPECT_MORE;
}

/* A body without an end of its own is followed as long as its bytes are looked at. */
static enum inspect_verdict take_rest(struct inspection *in, const uint8_t *data, uint32_t len,
				      uint32_t *ret_used)
{
	const struct http_state *state = in->state;
	*ret_used = len;
	take_body(in, data, len);
	if (http_body_wants(in, state->desk, state->is_answering[in->side]))
		return INSPECT_MORE;
	end_body(in, false);
	return INSPECT_SIDE_DONE;
}

static enum inspect_verdict on_stream(struct inspection *in, const uint8_t *data, uint32_t len,
				      uint32_t *ret_used)
{
	struct http_state *state = in->state;
	struct http_side *side = &state->side[in->side];
	enum inspect_verdict verdict = INSPECT_MORE;
	uint32_t total = 0, used = 1;

	if (side->phase == PHASE_LOST && http_head_is_likely(data, len))
		side->phase = PHASE_HEAD;
	if (side->phase >= PHASE_LOST) {
		*ret_used = len;
		return side->phase == PHASE_LOST ? INSPECT_MORE : INSPECT_SIDE_DONE;
	}
	while (total < len && used && verdict == INSPECT_MORE) {
		if (state->is_switched && state->socket[!in->side].is_inner)
			return INSPECT_SIDE_DONE; /* once is enough */
		if (state->is_switched)
			verdict = socket_take(&state->socket[in->side], in, state->desk,
					      state->is_answering[in->side], data + total,
					      len - total, &used);
		else if (side->phase == PHASE_HEAD)
			verdict = take_head(in, data + total, len - total, &used);
		else if (side->phase == PHASE_CHUNKS)
			verdict = take_chunks(in, side, data + total, len - total, &used);
		else if (side->phase == PHASE_LENGTH)
			verdict = take_length(in, side, data + total, len - total, &used);
		else
			verdict = take_rest(in, data + total, len - total, &used);
		total += used;
	}
	*ret_used = total;
	return verdict;
}

/* Whether all that the side has sent is there, up to its FIN. */
static bool has_ended(const struct flow *f, unsigned side)
{
	return (f->flags & (side ? FLOW_FIN_SEEN1 : FLOW_FIN_SEEN0)) && !f->hole[side];
}

/* A head that never came to its end, if its first line has; a body that did not. */
static void on_end(struct inspection *in, const uint8_t *data, uint32_t len)
{
	struct http_state *state = in->state;
	uint32_t used;

	if (len && !state->is_switched && state->side[in->side].phase == PHASE_HEAD &&
	    memchr(data, '\n', len))
		(void)on_stream(in, data, len, &used);
	if (state->is_switched)
		socket_end(&state->socket[in->side], in, state->desk,
			   state->is_answering[in->side]);
	if (!has_ended(in->flow, in->side))
		http_body_gap(in, state->desk, state->is_answering[in->side]);
	end_body(in, state->side[in->side].phase == PHASE_REST);
	http_body_leave(in, &state->desk);
}

_Static_assert(sizeof(struct http_state) <= INSPECT_STATE_MAX, "both sides fit into the state");

/* Whether a gap lies within a body, so that it is known what stands behind it. */
static bool is_in_body(struct http_side *side, uint32_t missing)
{
	if (side->phase == PHASE_REST)
		return true;
	if (side->phase != PHASE_LENGTH || missing == UINT32_MAX || missing >= side->left)
		return false;
	side->left -= missing;
	return true;
}

/* What the side has left unread before it is at most the begin of a head. */
static void on_gap(struct inspection *in, const uint8_t *data, uint32_t len, uint32_t missing)
{
	struct http_state *state = in->state;
	struct http_side *side = &state->side[in->side];

	if (side->phase >= PHASE_LOST)
		return;
	http_body_gap(in, state->desk, state->is_answering[in->side]);
	if (!state->is_switched && is_in_body(side, missing))
		return;
	state->is_lossy = true;
	if (state->is_switched)
		socket_end(&state->socket[in->side], in, state->desk,
			   state->is_answering[in->side]);
	else if (len && side->phase == PHASE_HEAD && memchr(data, '\n', len))
		(void)read_head(in, data, len, true);
	if (!state->is_switched && side->phase != PHASE_HEAD)
		end_body(in, false);
	side->scanned = 0;
	side->phase = state->is_switched ? PHASE_OVER : PHASE_LOST;
}

const struct inspector http_inspector = {
	.name = "http",
	.app = APP_HTTP,
	.proto = PROTO_TCP,
	.state_size = sizeof(struct http_state),
	.shard_state_size = sizeof(struct http_desks),
	.apps = { APP_HTTP },
	.probe = probe,
	.on_stream = on_stream,
	.on_gap = on_gap,
	.on_end = on_end,
};
