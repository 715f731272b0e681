/*
 * inspect/dcerpc/interfaces.h - the interfaces and operations that have names.
 *
 * What: interfaces.def and operations.def as tables.  A number of enum rpc_interface stands for an
 * interface, from 1.
 * Threads: any (const tables).
 */
#ifndef EXFILD_SRC_INSPECT_DCERPC_INTERFACES_H
#define EXFILD_SRC_INSPECT_DCERPC_INTERFACES_H

#include <stddef.h>
#include <stdint.h>

#define UUID_LEN      16
#define UUID_TEXT_MAX 37

enum rpc_interface {
	RPC_IF_NONE,
#define INTERFACE(id, name, uuid, version, like) RPC_IF_##id,
#include "interfaces.def"
#undef INTERFACE
	RPC_IF__COUNT
};

/* A UUID in the order of its text (RFC 4122, 4.1.2). */
void uuid_from_wire(uint8_t ret[UUID_LEN], const uint8_t wire[UUID_LEN], int is_big_endian);
/* "367abb81-9844-35f1-ad32-98f038001003" of a UUID in the order of its text. Returns dst. */
const char *uuid_text(char dst[UUID_TEXT_MAX], const uint8_t uuid[UUID_LEN]);

/* enum rpc_interface of a UUID in the order of its text; RPC_IF_NONE: not known. */
uint8_t rpc_interface_find(const uint8_t uuid[UUID_LEN]);
/* The UUID of an interface that is known, in the order of its text. */
void rpc_interface_uuid(uint8_t interface, uint8_t ret[UUID_LEN]);
/* NULL: not known. */
const char *rpc_interface_name(uint8_t interface);
const char *rpc_operation_name(uint8_t interface, uint16_t opnum);
/* The interface whose operations this one has: itself, but for second UUIDs of the same. */
uint8_t rpc_interface_like(uint8_t interface);

/* For tests: operations in their order. */
struct rpc_operation {
	uint8_t interface;
	uint16_t opnum;
	const char *name;
};
const struct rpc_operation *rpc_operations(size_t *ret_count);

#endif
