/*
 * inspect/dcerpc/interfaces.c - look-ups in interfaces.def and operations.def.
 */
#include "interfaces.h"

#include <stdlib.h>
#include <string.h>

struct interface {
	const char *name;
	uint8_t uuid[UUID_LEN];
	uint8_t version, like;
};

#define BYTE(v, n) (uint8_t)((uint64_t)(v) >> (8 * (n)))
#define UUID(a, b, c, d, e)                                                                       \
 {                                                                                                \
  BYTE(a, 3), BYTE(a, 2), BYTE(a, 1), BYTE(a, 0), BYTE(b, 1), BYTE(b, 0), BYTE(c, 1), BYTE(c, 0), \
	  BYTE(d, 1), BYTE(d, 0), BYTE(e, 5), BYTE(e, 4), BYTE(e, 3), BYTE(e, 2), BYTE(e, 1),     \
	  BYTE(e, 0)                                                                              \
 }

static const struct interface interfaces[RPC_IF__COUNT] = {
#define INTERFACE(id, name, uuid, version, like) \
 [RPC_IF_##id] = { name, uuid, version, RPC_IF_##like },
#include "interfaces.def"
#undef INTERFACE
};

static const struct rpc_operation operations[] = {
#define OPERATION(id, opnum, name) { RPC_IF_##id, opnum, #name },
#include "operations.def"
#undef OPERATION
};

#define OPERATIONS (sizeof(operations) / sizeof(operations[0]))

void uuid_from_wire(uint8_t ret[UUID_LEN], const uint8_t wire[UUID_LEN], int is_big_endian)
{
	static const uint8_t little[UUID_LEN] = { 3, 2, 1,  0,  5,  4,  7,  6,
						  8, 9, 10, 11, 12, 13, 14, 15 };
	for (unsigned i = 0; i < UUID_LEN; i++)
		ret[i] = wire[is_big_endian ? i : little[i]];
}

const char *uuid_text(char dst[UUID_TEXT_MAX], const uint8_t uuid[UUID_LEN])
{
	static const char digits[] = "0123456789abcdef";
	char *to = dst;
	for (unsigned i = 0; i < UUID_LEN; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*to++ = '-';
		*to++ = digits[uuid[i] >> 4];
		*to++ = digits[uuid[i] & 15];
	}
	*to = '\0';
	return dst;
}

uint8_t rpc_interface_find(const uint8_t uuid[UUID_LEN])
{
	for (unsigned i = RPC_IF_NONE + 1; i < RPC_IF__COUNT; i++)
		if (memcmp(interfaces[i].uuid, uuid, UUID_LEN) == 0)
			return (uint8_t)i;
	return RPC_IF_NONE;
}

void rpc_interface_uuid(uint8_t interface, uint8_t ret[UUID_LEN])
{
	memcpy(ret, interfaces[interface].uuid, UUID_LEN);
}

const char *rpc_interface_name(uint8_t interface)
{
	return interface < RPC_IF__COUNT ? interfaces[interface].name : NULL;
}

uint8_t rpc_interface_like(uint8_t interface)
{
	return interface < RPC_IF__COUNT ? interfaces[interface].like : RPC_IF_NONE;
}

static int compare(const void *key, const void *entry)
{
	const struct rpc_operation *a = key, *b = entry;
	if (a->interface != b->interface)
		return a->interface < b->interface ? -1 : 1;
	return a->opnum < b->opnum ? -1 : a->opnum > b->opnum;
}

const char *rpc_operation_name(uint8_t interface, uint16_t opnum)
{
	struct rpc_operation key = { rpc_interface_like(interface), opnum, NULL };
	const struct rpc_operation *found =
		bsearch(&key, operations, OPERATIONS, sizeof(key), compare);
	return found ? found->name : NULL;
}

const struct rpc_operation *rpc_operations(size_t *ret_count)
{
	*ret_count = OPERATIONS;
	return operations;
}
