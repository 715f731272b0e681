/*
 * inspect/dcerpc/endpoint.c - where interfaces listen: the endpoint mapper's answer (C706 appendix
 * O; towers: appendix L).
 *
 *   handle 20 | count 4 | room 4 | from 4 | count 4 | a pointer each | a tower each:
 *   size 4 | length 4 | floors 2 | per floor: length 2, protocol and its data; length 2, address
 */
#include "assoc.h"
#include "interfaces.h"

#define TOWERS_MAX    16
#define FLOORS_MAX    8
#define PROTOCOL_UUID 0x0d
#define PROTOCOL_TCP  0x07

struct tower {
	uint8_t uuid[UUID_LEN];
	uint8_t version;
	uint16_t port;
};

/* The UUID stands on the first floor, little-endian whatever the sender; the port on a later one.
 */
static bool read_tower(struct cursor *c, struct tower *ret)
{
	uint16_t floors = cursor_le16(c);
	if (!cursor_ok(c) || floors > FLOORS_MAX)
		return false;
	for (uint16_t i = 0; i < floors; i++) {
		struct cursor left = cursor_sub(c, cursor_le16(c));
		struct cursor right = cursor_sub(c, cursor_le16(c));
		uint8_t protocol = cursor_u8(&left);
		if (i == 0) {
			const uint8_t *wire = cursor_take(&left, UUID_LEN);
			if (protocol != PROTOCOL_UUID || !wire)
				return false;
			uuid_from_wire(ret->uuid, wire, false);
			ret->version = cursor_u8(&left);
		} else if (protocol == PROTOCOL_TCP) {
			ret->port = cursor_be16(&right);
		}
	}
	return cursor_ok(c) && ret->port;
}

static void tell(const struct rpc_where *w, const struct rpc_assoc *a, uint8_t call,
		 const struct tower *t)
{
	char text[UUID_TEXT_MAX];
	const char *name = rpc_interface_name(rpc_interface_find(t->uuid));
	struct event_rpc *e = inspect_event(w->in, EVENT_RPC, sizeof(*e));
	event_turn(a, &e->e);
	if (e->e.app == APP_UNKNOWN)
		e->e.app = APP_DCERPC;
	e->act = RPC_MAPPED;
	e->transport = a->transport;
	e->call_id = a->call[call - 1].id;
	e->opnum = a->call[call - 1].opnum;
	e->is_answered = true;
	e->mapped_port = t->port;
	e->interface_version = t->version;
	memcpy(e->interface_id, t->uuid, UUID_LEN);
	if (!name)
		name = uuid_text(text, t->uuid);
	event_log_str(w->in->log, &e->interface, name, strlen(name), strlen(name));
	event_log_str(w->in->log, &e->pipe, w->pipe, strlen(w->pipe), strlen(w->pipe));
	event_log_commit(w->in->log);
}

void endpoint_mapped(const struct rpc_where *w, const struct rpc_assoc *a, uint8_t call,
		     struct ndr *stub)
{
	ndr_handle(stub);
	(void)ndr_u32(stub);
	(void)ndr_size(stub);
	(void)ndr_size(stub);
	uint64_t count = ndr_size(stub);
	unsigned there = 0;
	for (uint64_t i = 0; i < count && i < TOWERS_MAX && ndr_ok(stub); i++)
		there += ndr_pointer(stub);
	if (count > TOWERS_MAX)
		return;
	for (unsigned i = 0; i < there && ndr_ok(stub); i++) {
		struct tower t = { .port = 0 };
		(void)ndr_size(stub);
		uint32_t len = ndr_u32(stub);
		struct cursor c = cursor_sub(&stub->c, len);
		if (ndr_ok(stub) && read_tower(&c, &t))
			tell(w, a, call, &t);
	}
}
