/*
 * inspect/dcerpc/pipe.h - DCE-RPC over what carries it: the pipes of SMB, or a TCP stream.
 *
 * What: rpc_pipe_feed() takes the bytes of one write, read or transceive of a named pipe, in order
 * in each direction: one or more PDUs, or a part of one.  It writes rpc events, and login events
 * where a binding logs in.  What is no DCE-RPC (other pipes) is passed over.
 * Ownership: an association belongs to its pipe, zeroed at its start; it holds no pointers.
 * Threads: one shard.
 * Limits: RPC_CONTEXTS presentation contexts and RPC_CALLS calls at once, the oldest makes room;
 * of a PDU that comes in parts smaller than RPC_HEAD its first RPC_HEAD bytes are read.
 */
#ifndef EXFILD_SRC_INSPECT_DCERPC_PIPE_H
#define EXFILD_SRC_INSPECT_DCERPC_PIPE_H

#include <stdbool.h>
#include <stdint.h>

#include "exfild/inspect/inspector.h"

#define RPC_CONTEXTS   16
#define RPC_CALLS      4
#define RPC_HEAD       384 /* bytes of a PDU in parts, of a request in fragments */
#define RPC_OBJECT_MAX 128
#define RPC_DETAIL_MAX 256
#define RPC_NAME_MAX   56
#define RPC_HANDLE_LEN 20

struct rpc_context {
	uint16_t id;
	uint8_t known;   /* number in interfaces.def, from 1; 0: none of them */
	uint8_t version; /* major */
	uint8_t flags;   /* of assoc.c */
	uint8_t syntax;  /* of the transfer, of assoc.c */
	uint8_t uuid[16];
};

struct rpc_call {
	uint32_t id;
	uint32_t stub_len, answer_len;
	uint16_t opnum;
	uint8_t context; /* index + 1; 0: its binding was not seen */
	uint8_t flags;   /* of assoc.c */
	uint8_t auth_type, auth_level;
	uint8_t pad[2];
};

struct rpc_side {
	uint32_t skip;  /* bytes left of the PDU that is being passed over */
	uint32_t after; /* of these: those behind its stub */
	uint16_t kept;  /* bytes in head */
	uint8_t call;   /* index + 1 of the call that ends with the PDU; 0: none */
	uint8_t tail[4];
	bool is_adrift; /* after a gap: where the next PDU begins is not known */
	uint8_t head[RPC_HEAD];
};

/* Text of the arguments of a call. */
struct rpc_text {
	uint16_t object_len, detail_len;
	uint32_t object_full, detail_full;
	uint8_t object[RPC_OBJECT_MAX];
	uint8_t detail[RPC_DETAIL_MAX];
};

struct rpc_name { /* what a handle was opened for */
	uint8_t handle[RPC_HANDLE_LEN];
	uint8_t len;
	uint8_t text[RPC_NAME_MAX];
};

struct rpc_login { /* an account that is trying to log in */
	bool is_asked, is_anonymous;
	uint8_t user_len, domain_len, station_len;
	uint8_t pad[3];
	uint32_t attempt;
	uint64_t proof;
	uint8_t user[64], domain[48], station[32];
};

struct rpc_assoc {
	struct rpc_context context[RPC_CONTEXTS];
	struct rpc_call call[RPC_CALLS];
	struct rpc_side side[2]; /* 0: the client's */
	struct rpc_text text;    /* of the call text_call */
	struct rpc_name name[2];
	struct rpc_login login;
	uint32_t stub_call; /* a request in fragments: its call's index + 1 */
	uint16_t stub_kept; /* bytes of it in stub */
	uint8_t text_call;  /* index + 1 */
	uint8_t ending;     /* index + 1 of the call that the PDU at hand answers */
	uint8_t ending_tail[4];
	uint8_t next_context; /* to be overwritten */
	uint8_t next_call, next_name;
	uint8_t transport;             /* enum rpc_transport */
	bool has_gap;                  /* bytes were missing: an answer's end may be among them */
	bool is_reversed;              /* the flow's initiator was guessed, and wrong */
	bool is_accepted;              /* a binding or a call was seen */
	uint8_t auth_type, auth_level; /* of the binding */
	uint8_t pad;
	uint8_t stub[RPC_HEAD];
};

void rpc_pipe_feed(struct inspection *in, struct rpc_assoc *a, bool from_client, const char *pipe,
		   const uint8_t *data, uint32_t len);
/* The pipe is closed, or its connection ends: calls without an answer are told. */
void rpc_pipe_end(struct inspection *in, struct rpc_assoc *a, const char *pipe);

/*
 * The same for a stream.  Returns the bytes used; an incomplete PDU is left to come again with
 * more, unless it is too long for that, or is_cut says that no more will come.  UINT32_MAX: this
 * is no DCE-RPC.
 */
uint32_t rpc_stream_feed(struct inspection *in, struct rpc_assoc *a, bool from_client,
			 const uint8_t *data, uint32_t len, bool is_cut);

/* Bytes of the stream are missing; `missing` as of inspector.on_gap(). */
void rpc_stream_gap(struct inspection *in, struct rpc_assoc *a, bool from_client,
		    const uint8_t *data, uint32_t len, uint32_t missing);

#endif
