/*
 * inspect/dcerpc/event.c - the events of an association.
 */
#include <stdio.h>

#include "exfild/event/ends.h"
#include "assoc.h"
#include "interfaces.h"

static void put_text(const struct rpc_where *w, struct event_str *s, const char *text)
{
	event_log_str(w->in->log, s, text, strlen(text), strlen(text));
}

/* Who asks is the initiator. */
void event_turn(const struct rpc_assoc *a, struct event *e)
{
	if (!a->is_reversed)
		return;
	event_swap_ends(e);
	e->from_server = !e->from_server;
}

static struct event_rpc *begin(const struct rpc_where *w, const struct rpc_assoc *a, uint8_t act,
			       const struct rpc_context *c)
{
	static const char *const syntaxes[] = { [SYNTAX_NDR] = "ndr",
						[SYNTAX_NDR64] = "ndr64",
						[SYNTAX_FEATURES] = "features",
						[SYNTAX_OTHER] = "other" };
	struct event_rpc *e = inspect_event(w->in, EVENT_RPC, sizeof(*e));
	char text[UUID_TEXT_MAX];

	event_turn(a, &e->e);
	if (e->e.app == APP_UNKNOWN)
		e->e.app = a->transport == RPC_PIPE ? APP_SMB : APP_DCERPC;
	e->act = act;
	e->transport = a->transport;
	put_text(w, &e->pipe, w->pipe);
	if (!c)
		return e;
	e->interface_version = c->version;
	memcpy(e->interface_id, c->uuid, UUID_LEN);
	const char *name = rpc_interface_name(c->known);
	put_text(w, &e->interface, name ? name : uuid_text(text, c->uuid));
	if (act == RPC_BIND && c->syntax)
		put_text(w, &e->detail, syntaxes[c->syntax]);
	return e;
}

void event_bind(const struct rpc_where *w, const struct rpc_assoc *a, const struct rpc_context *c,
		uint32_t status, bool is_answered)
{
	struct event_rpc *e = begin(w, a, RPC_BIND, c);
	e->auth_type = a->auth_type;
	e->auth_level = a->auth_level;
	e->status = status;
	e->is_answered = is_answered;
	event_log_commit(w->in->log);
}

void event_call(const struct rpc_where *w, const struct rpc_assoc *a, uint8_t call, uint32_t status,
		bool is_answered, bool is_fault)
{
	const struct rpc_call *r = &a->call[call - 1];
	const struct rpc_context *c = r->context ? &a->context[r->context - 1] : NULL;
	struct event_rpc *e = begin(w, a, is_fault ? RPC_FAULT : RPC_CALL, c);
	const char *name = c ? rpc_operation_name(c->known, r->opnum) : NULL;
	char text[24];

	(void)snprintf(text, sizeof(text), "opnum %u", r->opnum);
	put_text(w, &e->operation, name ? name : text);
	if (a->text_call == call) {
		const struct rpc_text *t = &a->text;
		if (t->object_len)
			event_log_str(w->in->log, &e->object, t->object, t->object_len,
				      t->object_full);
		if (t->detail_len)
			event_log_str(w->in->log, &e->detail, t->detail, t->detail_len,
				      t->detail_full);
	}
	e->opnum = r->opnum;
	e->call_id = r->id;
	e->auth_type = r->auth_type;
	e->auth_level = r->auth_level;
	e->is_sealed = (r->flags & CALL_SEALED) != 0;
	e->is_answered = is_answered;
	e->status = status;
	e->stub_len = r->stub_len;
	e->answer_len = r->answer_len;
	event_log_commit(w->in->log);
}
