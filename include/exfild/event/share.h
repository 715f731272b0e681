/*
 * event/share.h - events of Windows networking: SMB and DCE-RPC.
 *
 * What: structs of event/event.h, which includes this; they would make it too long.
 * Ownership, threads, limits: as there.
 */
#ifndef EXFILD_EVENT_SHARE_H
#define EXFILD_EVENT_SHARE_H

#include "exfild/event/event.h"

enum smb_act {
	SMB_OTHER,
	SMB_NEGOTIATE,
	SMB_SESSION, /* set-up; a login event comes with it */
	SMB_TREE,
	SMB_OPEN,  /* create or open, of a file, folder or pipe */
	SMB_READ,  /* the first of an open file */
	SMB_WRITE, /* the first of an open file */
	SMB_CLOSE, /* with the totals */
	SMB_DELETE,
	SMB_RENAME,
	SMB_LIST,        /* a folder's content was asked */
	SMB_CONTROL,     /* ioctl, fsctl: `access` is its code */
	SMB_TRANSACTION, /* SMB1 trans, trans2, nt_trans: `access` is its function */
	SMB_HIDDEN,      /* from here on encrypted: nothing more is seen */
	SMB_EXCHANGE, /* of a pipe that carries no RPC: after 8 turns, each doubling, at its end */
	SMB__COUNT
};

enum smb_oddity {
	SMB_ODD_NONE,
	SMB_ODD_KIND,        /* SMB1: a secondary message for a transaction of another kind */
	SMB_ODD_BEYOND,      /* SMB1: a secondary message beyond the end of its transaction */
	SMB_ODD_WRITE,       /* SMB1: a write into a transaction that is not whole */
	SMB_ODD_FUNCTION,    /* SMB1: nt_trans of a function that there is not */
	SMB_ODD_RENAME,      /* SMB1: nt_trans rename, which no server has */
	SMB_ODD_PEEK,        /* SMB1: a peek of a pipe that nobody has opened */
	SMB_ODD_SETUP,       /* SMB1: trans2 session setup, which no server has */
	SMB_ODD_IMPLANT,     /* ... and the answer to it that only DoublePulsar gives */
	SMB_ODD_COMPRESSION, /* SMB3: sizes of a compression header overflow */
	SMB_ODD__COUNT
};

/* No answer was seen. */
#define SMB_NO_ANSWER UINT32_MAX

/* What a client did by SMB1, 2 or 3, told with its answer, or without one when that is lost. */
struct event_smb {
	struct event e;
	uint8_t version; /* 1, 2, 3 */
	uint8_t act;     /* enum smb_act */
	uint8_t is_encrypted, is_compressed, is_signed;
	uint8_t is_guest, is_null; /* of the session */
	uint8_t is_pipe, is_folder;
	uint8_t file_type;    /* enum file_type, of its first bytes */
	uint8_t is_malformed; /* breaks the protocol in a way that exploits do: `detail` says how */
	uint8_t oddity;       /* enum smb_oddity: the same for programs */
	uint16_t command;     /* of the wire */
	uint16_t dialect;     /* 0x0311; SMB1: 0x0100 */
	uint32_t status;      /* NTSTATUS of the answer, SMB_NO_ANSWER */
	uint32_t access;      /* asked access mask; code of a control or transaction */
	uint32_t disposition;
	uint64_t session, file; /* the wire's own numbers */
	uint32_t tree;
	uint32_t turns;           /* SMB_EXCHANGE: how often the side that sends changed */
	uint64_t size;            /* end of file as told; UINT64_MAX: not told */
	uint64_t read, written;   /* bytes of this file so far */
	struct event_str share;   /* "ADMIN$" of \\host\ADMIN$ */
	struct event_str name;    /* path within the share, or pipe without its folder */
	struct event_str renamed; /* to */
	struct event_str user;    /* DOMAIN\user of the session as far as known; Kerberos: absent */
	struct event_str detail;  /* dialects, server asked for, what is odd */
};

enum rpc_act {
	RPC_BIND,   /* of one interface, with its result */
	RPC_CALL,   /* with its answer, or without one when that is lost */
	RPC_FAULT,  /* answered by a fault: `status` is its code */
	RPC_MAPPED, /* the endpoint mapper told where an interface listens: `mapped_port` */
	RPC__COUNT
};

enum rpc_transport { RPC_TCP, RPC_PIPE, RPC_HTTP };

struct event_rpc {
	struct event e;
	uint8_t act;        /* enum rpc_act */
	uint8_t transport;  /* enum rpc_transport */
	uint8_t auth_type;  /* 0 none, 9 SPNEGO, 10 NTLM, 16 Kerberos, 68 netlogon */
	uint8_t auth_level; /* 0 none ... 5 integrity, 6 privacy: then the arguments are not seen */
	uint8_t is_answered;
	uint8_t is_sealed; /* the arguments are encrypted */
	uint8_t interface_version;
	uint8_t pad;
	uint16_t opnum;
	uint16_t mapped_port;
	uint32_t call_id;
	uint32_t status;   /* fault's code; bind: result, reason << 16; else the answer's last four
			      bytes, its return value as a rule: 0 where sealed */
	uint32_t stub_len; /* of the call */
	uint32_t answer_len;
	uint32_t pad2;
	uint8_t interface_id[16];   /* UUID, in the order of its text */
	struct event_str interface; /* "svcctl", or the UUID as text */
	struct event_str operation; /* "RCreateServiceW", or "opnum 12" */
	struct event_str pipe;      /* "svcctl", "" over TCP */
	struct event_str object;    /* what it is about: a service, task, account, key, path */
	struct event_str detail;    /* more of the arguments: a command line, a UNC path; bind: the
				       transfer syntax */
};

#endif
