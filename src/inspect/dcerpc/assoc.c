/*
 * inspect/dcerpc/assoc.c - calls and their answers (C706 chapter 12, MS-RPCE 2.2.2).
 *
 *   request: hint 4 | context 2 | opnum 2 | object 16 if the flag says so | stub
 *   response: hint 4 | context 2 | cancels 1, padding 1 | stub       fault: ... | status 4 | stub
 */

#include "assoc.h"

#include "arguments.h"
#include "interfaces.h"

#define LEVEL_PRIVACY 6
#define MAYBE_LATER   0 /* status of a call that wants no answer */

static uint8_t find_context(const struct rpc_assoc *a, uint16_t id)
{
	for (uint8_t i = 0; i < RPC_CONTEXTS; i++)
		if ((a->context[i].flags & CONTEXT_USED) && a->context[i].id == id)
			return (uint8_t)(i + 1);
	return 0;
}

static uint8_t find_call(const struct rpc_assoc *a, uint32_t id)
{
	for (uint8_t i = 0; i < RPC_CALLS; i++)
		if ((a->call[i].flags & CALL_USED) && a->call[i].id == id)
			return (uint8_t)(i + 1);
	return 0;
}

static void end_call(struct rpc_assoc *a, const struct rpc_where *w, uint8_t call, uint32_t status,
		     bool is_answered, bool is_fault)
{
	event_call(w, a, call, status, is_answered, is_fault);
	memset(&a->call[call - 1], 0, sizeof(a->call[0]));
	if (a->text_call == call)
		a->text_call = 0;
	if (a->stub_call == call)
		a->stub_call = 0;
	for (unsigned i = 0; i < 2; i++)
		if (a->side[i].call == call)
			a->side[i].call = 0;
}

/* A free place, or that of the oldest, which is told without an answer. */
static uint8_t new_call(struct rpc_assoc *a, const struct rpc_where *w, uint32_t id)
{
	for (uint8_t i = 0; a->has_gap && i < RPC_CALLS; i++) /* what is not said is over */
		if ((a->call[i].flags & CALL_USED) && a->call[i].answer_len)
			end_call(a, w, (uint8_t)(i + 1), 0, true, false);
	uint8_t call = find_call(a, id);
	for (uint8_t i = 0; !call && i < RPC_CALLS; i++)
		if (!(a->call[i].flags & CALL_USED))
			call = (uint8_t)(i + 1);
	if (!call) {
		call = (uint8_t)(a->next_call + 1);
		a->next_call = (uint8_t)((a->next_call + 1) % RPC_CALLS);
	}
	if (a->call[call - 1].flags & CALL_USED)
		end_call(a, w, call, 0, false, false);
	a->call[call - 1].id = id;
	a->call[call - 1].flags = CALL_USED;
	return call;
}

static struct ndr stub_reader(const struct rpc_assoc *a, uint8_t call, const uint8_t *stub,
			      size_t len)
{
	const struct rpc_call *r = &a->call[call - 1];
	return (struct ndr){ .c = cursor_make(stub, len),
			     .is_big_endian = (r->flags & CALL_BIG_ENDIAN) != 0,
			     .is_wide = r->context &&
					a->context[r->context - 1].syntax == SYNTAX_NDR64 };
}

/* Operations of which the answer ends with a handle and a return value, and what they open. */
static bool is_opening(uint8_t interface, uint16_t opnum)
{
	switch (interface) {
	case RPC_IF_svcctl:
		return opnum == 12 || opnum == 16 || opnum == 24 || opnum == 28 || opnum == 44 ||
		       opnum == 45;
	case RPC_IF_winreg:
		return opnum == 15 || opnum <= 4;
	case RPC_IF_eventlog:
		return opnum == 7;
	case RPC_IF_samr:
		return opnum == 34;
	default:
		return false;
	}
}

/* What was opened by the handle that a request begins with. */
static void put_handle_name(struct rpc_assoc *a, uint8_t call, const uint8_t *stub, size_t len)
{
	if (len < RPC_HANDLE_LEN)
		return;
	for (unsigned i = 0; i < 2; i++) {
		const struct rpc_name *n = &a->name[i];
		if (!n->len || memcmp(n->handle, stub, RPC_HANDLE_LEN) != 0)
			continue;
		if (a->text_call != call) {
			memset(&a->text, 0, sizeof(a->text));
			a->text_call = call;
		}
		if (a->text.object_len == 0) {
			memcpy(a->text.object, n->text, n->len);
			a->text.object_len = n->len;
			a->text.object_full = n->len;
		}
		return;
	}
}

static void read_arguments(struct rpc_assoc *a, const struct rpc_where *w, uint8_t call,
			   const uint8_t *stub, size_t len)
{
	struct rpc_call *r = &a->call[call - 1];
	if (!r->context)
		return;
	uint8_t interface = rpc_interface_like(a->context[r->context - 1].known);
	struct ndr n = stub_reader(a, call, stub, len);
	struct rpc_text text;
	if (!interface)
		return;
	if (rpc_arguments(&text, interface, r->opnum, &n)) {
		if (a->text_call && a->text_call != call) /* there is room for one text */
			end_call(a, w, a->text_call, 0, false, false);
		a->text = text;
		a->text_call = call;
		if (is_opening(interface, r->opnum))
			r->flags |= CALL_NAMES;
	}
	if (!(r->flags & CALL_NAMES) && (!a->text_call || a->text_call == call))
		put_handle_name(a, call, stub, len);
}

/* A request in fragments: its first bytes are put together before they are read. */
static void collect(struct rpc_assoc *a, const struct rpc_where *w, uint8_t call,
		    const struct pdu *p, struct cursor *stub)
{
	size_t len = cursor_left(stub);
	if (p->flags & PDU_FIRST) {
		if ((p->flags & PDU_LAST) || len >= RPC_HEAD || a->stub_call) {
			const uint8_t *data = cursor_take(stub, len);
			if (data && len)
				read_arguments(a, w, call, data, len);
			return;
		}
		a->stub_call = call;
		a->stub_kept = 0;
	}
	if (a->stub_call != call)
		return;
	size_t room = RPC_HEAD - a->stub_kept;
	size_t n = len < room ? len : room;
	cursor_copy(stub, a->stub + a->stub_kept, n);
	a->stub_kept = (uint16_t)(a->stub_kept + n);
	if (!(p->flags & PDU_LAST) && a->stub_kept < RPC_HEAD)
		return;
	a->stub_call = 0;
	read_arguments(a, w, call, a->stub, a->stub_kept);
}

/*
 * A conversation that is picked up in its middle: what few requests hold in the clear tells whose
 * they are.
 */
static uint8_t guess_context(struct rpc_assoc *a, const struct rpc_where *w, const struct pdu *p,
			     uint16_t id, uint16_t opnum)
{
	struct cursor stub = pdu_body(p, PDU_BODY + (p->flags & PDU_OBJECT ? UUID_LEN : 0));
	struct ndr n = { .c = stub, .is_big_endian = p->is_big_endian };
	n.c.data = n.c.pos;
	uint8_t interface = cursor_ok(&stub) ? arguments_guess(&n, opnum) : RPC_IF_NONE;
	if (!interface)
		return 0;
	struct rpc_context *c = bind_context(a, w, id);
	c->flags = CONTEXT_USED;
	c->known = interface;
	c->syntax = SYNTAX_NDR;
	rpc_interface_uuid(interface, c->uuid);
	return (uint8_t)(c - a->context + 1);
}

static void on_request(struct rpc_assoc *a, const struct rpc_where *w, const struct pdu *p)
{
	struct cursor c = pdu_body(p, PDU_HEAD + 4);
	uint16_t context = pdu_get16(p, &c);
	uint16_t opnum = pdu_get16(p, &c);
	size_t start = PDU_BODY + (p->flags & PDU_OBJECT ? UUID_LEN : 0);
	if (!cursor_ok(&c))
		return;
	uint8_t call = find_call(a, p->call_id);
	if (p->flags & PDU_FIRST) {
		call = new_call(a, w, p->call_id);
		struct rpc_call *r = &a->call[call - 1];
		r->opnum = opnum;
		r->context = find_context(a, context);
		if (!r->context)
			r->context = guess_context(a, w, p, context, opnum);
		r->auth_type = p->auth_type ? p->auth_type : a->auth_type;
		r->auth_level = p->auth_level ? p->auth_level : a->auth_level;
		if (p->has_auth && r->auth_level == LEVEL_PRIVACY)
			r->flags |= CALL_SEALED;
		if (p->is_big_endian)
			r->flags |= CALL_BIG_ENDIAN;
	}
	if (!call)
		return;
	a->is_accepted = true;
	if (start < p->stub_end)
		a->call[call - 1].stub_len += p->stub_end - (uint32_t)start;
	if (!(a->call[call - 1].flags & CALL_SEALED)) {
		struct cursor stub = pdu_body(p, start);
		collect(a, w, call, p, &stub);
	}
	if (p->flags & PDU_MAYBE && p->flags & PDU_LAST)
		end_call(a, w, call, MAYBE_LATER, false, false);
}

static void on_response(struct rpc_assoc *a, const struct rpc_where *w, const struct pdu *p)
{
	uint8_t call = find_call(a, p->call_id);
	if (!call)
		return;
	struct rpc_call *r = &a->call[call - 1];
	struct cursor stub = pdu_body(p, PDU_BODY);
	size_t len = cursor_left(&stub);
	bool is_whole = p->have >= p->stub_end;
	if (p->stub_end > PDU_BODY)
		r->answer_len += p->stub_end - PDU_BODY;
	const uint8_t *data = len ? cursor_take(&stub, len) : NULL;
	if ((r->flags & CALL_SEALED) || !data || p->is_big_endian != !!(r->flags & CALL_BIG_ENDIAN))
		data = NULL;
	if (data && (p->flags & PDU_FIRST) && r->context && r->opnum == 3 &&
	    a->context[r->context - 1].known == RPC_IF_epmapper) {
		struct ndr n = stub_reader(a, call, data, len);
		endpoint_mapped(w, a, call, &n);
	}
	if (data && is_whole && (r->flags & CALL_NAMES) && a->text_call == call &&
	    len >= RPC_HANDLE_LEN + 4) {
		struct rpc_name *n = &a->name[a->next_name];
		size_t keep = a->text.object_len < RPC_NAME_MAX ? a->text.object_len : RPC_NAME_MAX;
		memcpy(n->handle, data + len - RPC_HANDLE_LEN - 4, RPC_HANDLE_LEN);
		memcpy(n->text, a->text.object, keep);
		n->len = (uint8_t)keep;
		a->next_name ^= 1;
	}
	memset(a->ending_tail, 0, sizeof(a->ending_tail));
	if (data && len >= sizeof(a->ending_tail))
		memcpy(a->ending_tail, data + len - sizeof(a->ending_tail), sizeof(a->ending_tail));
	if (p->flags & PDU_LAST)
		a->ending = call;
}

void assoc_answered(struct rpc_assoc *a, const struct rpc_where *w, uint8_t call,
		    const uint8_t tail[4])
{
	const struct rpc_call *r = &a->call[call - 1];
	struct ndr n = stub_reader(a, call, tail, 4);
	uint32_t status = r->flags & CALL_SEALED ? 0 : ndr_u32(&n);
	login_answered(a, w, false, 0);
	end_call(a, w, call, status, true, false);
}

static void on_fault(struct rpc_assoc *a, const struct rpc_where *w, const struct pdu *p)
{
	struct cursor c = pdu_body(p, PDU_BODY);
	uint32_t status = pdu_get32(p, &c);
	uint8_t call = find_call(a, p->call_id);
	login_answered(a, w, true, status);
	if (call)
		end_call(a, w, call, status, true, true);
}

/* Where no handshake was seen, who asks tells who is the client. */
static void note_direction(struct rpc_assoc *a, const struct rpc_where *w, const struct pdu *p)
{
	bool is_asking = p->type == PDU_BIND || p->type == PDU_ALTER || p->type == PDU_REQUEST;
	bool is_answer = p->type == PDU_BIND_ACK || p->type == PDU_ALTER_ACK ||
			 p->type == PDU_RESPONSE || p->type == PDU_FAULT;
	if (a->transport == RPC_PIPE || (w->in->flow->flags & FLOW_CLIENT_KNOWN) ||
	    (!is_asking && !is_answer))
		return;
	a->is_reversed = w->in->from_client != is_asking;
}

void assoc_pdu(struct rpc_assoc *a, const struct rpc_where *w, const struct pdu *p)
{
	note_direction(a, w, p);
	switch (p->type) {
	case PDU_BIND:
	case PDU_ALTER:
		bind_asked(a, w, p);
		break;
	case PDU_BIND_ACK:
	case PDU_ALTER_ACK:
		bind_answered(a, w, p);
		break;
	case PDU_BIND_NAK:
		bind_refused(a, w, p);
		break;
	case PDU_AUTH3:
		login_asked(a, w, p);
		break;
	case PDU_REQUEST:
		on_request(a, w, p);
		break;
	case PDU_RESPONSE:
		on_response(a, w, p);
		break;
	case PDU_FAULT:
		on_fault(a, w, p);
		break;
	default:
		break;
	}
}

void assoc_end(struct rpc_assoc *a, const struct rpc_where *w)
{
	bind_forget(a, w, 0, false);
	login_end(a, w);
	for (uint8_t i = 0; i < RPC_CALLS; i++)
		if (a->call[i].flags & CALL_USED)
			end_call(a, w, (uint8_t)(i + 1), 0, false, false);
}
