/*
 * inspect/smb/smb.h - what the parts of the SMB inspector share.
 *
 * What: framing (smb.c) cuts a stream into messages and skips what carries data; smb1.c and smb2.c
 * read messages; both fill a struct smb_request, keep it until its answer, and hand the two to
 * act.c, which knows sessions, trees and files and writes the events.
 * Ownership: all state lies in the flow's and the shard's fixed blocks (memory.c); a pointer into
 * them is valid until the next call that may make an entry of the same kind.
 * Threads: one shard.
 * Limits: each kind of entry has SETS * WAYS places a shard; the one idle for longest among those
 * of its set gives way.
 */
#ifndef EXFILD_SRC_INSPECT_SMB_SMB_H
#define EXFILD_SRC_INSPECT_SMB_SMB_H

#include <string.h>

#include "exfild/base/cursor.h"
#include "exfild/inspect/inspector.h"
#include "../content/filesums.h"
#include "../dcerpc/pipe.h"

#define SMB_HEAD_MAX   4096u /* bytes of a message that are waited for and read */
#define SMB_FIRST      1024u /* bytes of a file's begin that tell its kind */
#define SMB_TEXT_MAX   600   /* of a request: all its names together */
#define SMB_NAME_KEPT  240   /* of an open file's path */
#define SMB_SHARE_KEPT 80
#define SMB_USER_KEPT  120
#define SMB_DETAIL_MAX 96
#define SMB_NO_FILE \
 UINT64_MAX /* both halves: the file of the message before (MS-SMB2 3.3.5.2.7.2) */

/* NTSTATUS (MS-ERREF 2.3.1) */
#define STATUS_OK              0u
#define STATUS_PENDING         0x00000103u
#define STATUS_BUFFER_OVERFLOW 0x80000005u
#define STATUS_MORE_PROCESSING 0xc0000016u
#define STATUS_NOT_IMPLEMENTED 0xc0000002u

/* Strings of a request, one after the other. */
enum smb_text {
	SMB_TEXT_NAME,  /* path, share, user */
	SMB_TEXT_MORE,  /* new name, host, domain */
	SMB_TEXT_LAST,  /* workstation */
	SMB_TEXT_EXTRA, /* native system */
	SMB_TEXT__COUNT
};

struct smb_file_id {
	uint64_t a, b; /* volatile, persistent; SMB1: FID, SMB1_ID */
};
#define SMB1_ID (1ull << 63)

/* Begin of every entry of memory.c. */
struct smb_slot {
	uint64_t flow; /* 0: free */
	uint64_t a, b;
	uint64_t stamp;
};

/* A command under way. */
struct smb_request {
	struct smb_slot slot; /* a: message id; b: SMB1's process and tree */
	uint16_t command;
	uint8_t version;
	uint8_t act;       /* enum smb_act */
	uint8_t login;     /* enum login_method, of a session set-up */
	uint8_t is_null;   /* of a session set-up */
	uint8_t file_type; /* of bytes written at the begin */
	uint8_t is_folder; /* asked as such */
	uint8_t is_signed;
	uint8_t is_untold;  /* makes no event */
	uint8_t is_to_pipe; /* carries RPC */
	uint8_t is_log_in;  /* a session set-up that has somebody's proof in it */
	uint8_t sets_size;  /* to `offset` */
	uint8_t odd;        /* enum smb_oddity */
	uint8_t is_odd_told;
	uint16_t code; /* function of an SMB1 transaction */
	uint32_t tree;
	uint32_t access, disposition, options;
	uint32_t len; /* asked to read or write */
	uint64_t session;
	uint64_t offset;
	uint64_t proof; /* of NTLM, of a session set-up */
	struct smb_file_id file;
	/* SMB1 transactions: what was told to come, and what has come */
	uint32_t total_data, total_params, seen_data, seen_params;
	uint16_t text_at[SMB_TEXT__COUNT];
	uint16_t text_len[SMB_TEXT__COUNT];
	uint16_t text_full[SMB_TEXT__COUNT];
	uint16_t text_used;
	char text[SMB_TEXT_MAX];
};

struct smb_session {
	struct smb_slot slot; /* a: session id */
	uint8_t is_guest, is_null, is_encrypted;
	uint8_t login; /* enum login_method of a proof that was not judged yet; 0: none */
	uint8_t user_len;
	uint64_t proof;           /* of NTLM, likewise not judged yet */
	char user[SMB_USER_KEPT]; /* DOMAIN\user */
};

struct smb_tree {
	struct smb_slot slot; /* a: session id (SMB1: 0), b: tree id */
	uint8_t is_pipe;
	uint8_t share_len;
	char share[SMB_SHARE_KEPT];
};

struct smb_file {
	struct smb_slot slot; /* a, b: struct smb_file_id */
	uint8_t version;
	uint8_t is_pipe, is_folder;
	uint8_t file_type;
	uint8_t has_read, has_written, has_listed; /* told */
	uint8_t is_doomed;                         /* deleted when it is closed */
	uint8_t is_file_told;
	uint8_t share_len;
	uint8_t name_len;
	uint8_t user_len;
	uint16_t name_full;
	uint32_t tree;
	uint32_t access;
	uint32_t control; /* the last one told */
	uint64_t session;
	uint64_t size; /* UINT64_MAX: not told */
	uint64_t read, written;
	struct smb_sum { /* of what is read, of what is written: in order from the file's begin */
		struct sum sum;
		uint64_t at; /* byte that comes next */
	} sums[2];
	char share[SMB_SHARE_KEPT];
	char name[SMB_NAME_KEPT];
	char user[SMB_USER_KEPT];
};

/* What DCE-RPC keeps of an open pipe. */
struct smb_pipe {
	struct smb_slot slot; /* as its file */
	struct rpc_assoc assoc;
	uint64_t bytes[2]; /* from the client, from the server */
	uint32_t turns;
	uint32_t told;     /* turns at the last event */
	uint8_t last_side; /* that sent; 1 + from the server */
};

/* One direction of a flow. */
struct smb_side {
	uint32_t left; /* bytes of the NetBIOS message from the next SMB header on */
	uint32_t skip; /* bytes until then */
	uint32_t pipe; /* of `skip`, those at the front that are RPC of `pipe_file` */
	uint32_t data; /* or that are bytes of the file `pipe_file` */
	bool is_lost;  /* looking for the next message */
	bool is_data;  /* `skip` is of a file, and may leave */
	struct smb_file_id pipe_file;
};

enum smb_told {
	SMB_TOLD_HIDDEN = 1u << 0,
	SMB_TOLD_COMPRESSED = 1u << 1,
	SMB_TOLD_OVERFLOW = 1u << 2,
};

struct smb_state {
	struct smb_side side[2];
	struct smb_file_id last_file; /* of the open answered last: what a compound goes on with */
	uint64_t last_session;        /* of the request before */
	uint64_t unfinished;          /* SMB1: key of a transaction answered before it was whole */
	uint32_t last_tree;
	uint32_t attempts;  /* to log in */
	uint32_t requests;  /* under way, about: 0 is exact */
	uint32_t files;     /* open, likewise */
	uint32_t told;      /* enum smb_told */
	uint16_t malformed; /* events of what breaks the protocol */
	uint16_t dialect;
	uint8_t version;
	uint8_t is_accepted; /* an SMB header was seen */
	uint8_t is_negotiating;
	uint8_t is_signed;   /* the server demands it */
	uint8_t has_answers; /* of the server */
	uint8_t detail_len;
	uint8_t unfinished_command;  /* 0: none */
	uint16_t negotiate;          /* command of the negotiation under way */
	char detail[SMB_DETAIL_MAX]; /* dialects that the client offers */
};

_Static_assert(sizeof(struct smb_state) <= INSPECT_STATE_MAX, "the state fits into a flow");

/* ---- memory.c ---- */

#define SMB_WAYS         8
#define SMB_REQUEST_SETS 64
#define SMB_SESSION_SETS 64
#define SMB_TREE_SETS    64
#define SMB_PIPE_SETS    32
#define SMB_FILE_SETS    128

struct smb_shard {
	uint64_t stamp;
	uint64_t evicted; /* entries that gave way to others */
	struct smb_request requests[SMB_REQUEST_SETS][SMB_WAYS];
	struct smb_session sessions[SMB_SESSION_SETS][SMB_WAYS];
	struct smb_tree trees[SMB_TREE_SETS][SMB_WAYS];
	struct smb_file files[SMB_FILE_SETS][SMB_WAYS];
	struct smb_pipe pipes[SMB_PIPE_SETS][SMB_WAYS];
};

/* A new request under way; one of the same number is forgotten. */
struct smb_request *smb_request_new(struct inspection *in, uint64_t message, uint64_t more);
struct smb_request *smb_request_find(struct inspection *in, uint64_t message, uint64_t more);
void smb_request_end(struct inspection *in, struct smb_request *r);
/* A request of this flow, NULL when there are no more of them. */
struct smb_request *smb_request_any(struct inspection *in);

struct smb_session *smb_session_get(struct inspection *in, uint64_t id);
struct smb_session *smb_session_find(struct inspection *in, uint64_t id);
void smb_session_end(struct inspection *in, uint64_t id);
struct smb_tree *smb_tree_get(struct inspection *in, uint64_t session, uint32_t id);
struct smb_tree *smb_tree_find(struct inspection *in, uint64_t session, uint32_t id);
void smb_tree_end(struct inspection *in, uint64_t session, uint32_t id);
struct smb_file *smb_file_get(struct inspection *in, const struct smb_file_id *id);
struct smb_file *smb_file_find(struct inspection *in, const struct smb_file_id *id);
void smb_file_end(struct inspection *in, struct smb_file *f);
struct smb_file *smb_file_any(struct inspection *in);
struct smb_pipe *smb_pipe_get(struct inspection *in, const struct smb_file_id *id);
struct smb_pipe *smb_pipe_find(struct inspection *in, const struct smb_file_id *id);

/* ---- text.c ---- */

/* Adds a string to a request: UTF-16LE or one byte a character. Only one of each kind. */
void smb_text_set(struct smb_request *r, enum smb_text which, const uint8_t *data, size_t len,
		  bool is_unicode);
/* The same of text that is UTF-8 already. */
void smb_text_put(struct smb_request *r, enum smb_text which, const char *text, size_t len);
/* The bytes of a string; *ret_len of them. */
const char *smb_text(const struct smb_request *r, enum smb_text which, size_t *ret_len);
/* The path without a first backslash, and of a pipe without its folder. */
void smb_text_strip(const char **text, size_t *len, bool is_pipe);

/* ---- act.c: what requests with their answers mean ---- */

/* What an answer says besides its status. */
struct smb_answer {
	uint32_t status;
	struct smb_file_id file;
	uint64_t size; /* end of file, UINT64_MAX: not told */
	uint64_t session;
	uint32_t tree;
	uint32_t count; /* bytes written */
	uint8_t is_folder, is_pipe, is_guest, is_null, is_encrypted;
	const uint8_t *data; /* read; what is at hand of it */
	uint32_t data_have, data_len;
};

/* The answer has come, or (SMB_NO_ANSWER) will not be seen. Does not end the request. */
void smb_answered(struct inspection *in, struct smb_request *r, const struct smb_answer *a);
/* The client has sent `data` to be written: looks at the begin of files. */
void smb_sends(struct smb_request *r, const uint8_t *data, size_t len);
/*
 * Bytes of a file, read or written (SMB_READ, SMB_WRITE) at the request's offset: `have` of `len`
 * are at hand, the rest follows in what the side skips.
 */
void smb_file_bytes(struct inspection *in, const struct smb_request *r, uint8_t act,
		    const uint8_t *data, uint32_t have, uint32_t len);
/* What follows: `data` NULL is a gap. */
void smb_file_more(struct inspection *in, struct smb_side *side, const uint8_t *data, uint32_t len);
/* Session set-up: what the client's token says. */
void smb_session_token(struct smb_request *r, const uint8_t *blob, size_t len);
void smb_negotiated(struct inspection *in, uint16_t command, uint16_t dialect, uint32_t status);
/* Nothing in the clear comes any more, or what comes is compressed. */
void smb_hidden(struct inspection *in, bool is_encrypted);
/* Something that breaks the protocol as exploits do; r may be NULL. */
void smb_malformed(struct inspection *in, const struct smb_request *r, uint32_t status,
		   uint16_t command, enum smb_oddity odd);
/* The flow ends: tells what is under way or open. */
void smb_finish(struct inspection *in);
/* Ends a file: tells its totals. */
void smb_close(struct inspection *in, struct smb_file *f, const struct smb_request *r,
	       uint32_t status);

/* ---- tell.c: events ---- */

/* Begins an event of a request with all that it and its file, tree and session tell. */
void smb_tell(struct inspection *in, uint8_t act, const struct smb_request *r,
	      const struct smb_file *f, uint32_t status);
void smb_tell_file(struct inspection *in, const struct smb_file *f, bool from_server, bool is_end);
void smb_tell_sum(struct inspection *in, const struct smb_file *f, struct event_file_hash *e,
		  bool from_server);
/* What a pipe has carried so far, which is no RPC. */
void smb_tell_exchange(struct inspection *in, const struct smb_file *f,
		       const struct smb_pipe *pipe);
void smb_tell_login(struct inspection *in, const struct smb_request *r, const struct smb_answer *a);

/* ---- pipe.c: bytes of pipes to DCE-RPC ---- */

void smb_pipe_feed(struct inspection *in, const struct smb_file_id *id, const uint8_t *data,
		   uint32_t len);
/* Bytes of it will never come. */
void smb_pipe_lost(struct inspection *in, const struct smb_file_id *id);
/*
 * Whether bytes written to a file are RPC, where its share was opened before the capture began:
 * then it is a pipe.
 */
bool smb_pipe_guess(struct inspection *in, const struct smb_request *r, const uint8_t *data,
		    size_t len);
void smb_pipe_close(struct inspection *in, const struct smb_file *f);

/* A client does not answer itself, nor does a server ask: where it is known who is who. */
static inline bool smb_is_forged(const struct inspection *in, bool is_answer)
{
	return (in->flow->flags & FLOW_CLIENT_KNOWN) && is_answer == in->from_client;
}

/* ---- smb1.c, smb2.c ---- */

/*
 * Reads one message whose first `have` of `len` bytes are at `data`.  Returns its length: less
 * than len where another follows it.  Where data follows that must not be skipped but is RPC, the
 * side's pipe and pipe_file are set.
 */
uint32_t smb2_message(struct inspection *in, const uint8_t *data, uint32_t have, uint32_t len);
uint32_t smb1_message(struct inspection *in, const uint8_t *data, uint32_t have, uint32_t len);
/* How many bytes of a message are worth waiting for. */
uint32_t smb2_wanted(const uint8_t *data, uint32_t len);
/* Where the bytes of a file begin in a message that writes or has read them; 0: nowhere. */
uint32_t smb2_data_at(const uint8_t *data, uint32_t len);
uint32_t smb1_wanted(const uint8_t *data, uint32_t len);

/*
 * The part of a message that is data of a pipe: what is at hand of it is fed, the rest follows.
 * `off` from the message's first byte.
 */
void smb_pipe_part(struct inspection *in, const struct smb_file_id *id, const uint8_t *data,
		   uint32_t have, uint32_t message_len, uint32_t off, uint32_t len);

#endif
