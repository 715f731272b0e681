/*
 * inspect/smb/smb2.h - a message of SMB 2 or 3, and who reads its body.
 */
#ifndef EXFILD_SRC_INSPECT_SMB_SMB2_H
#define EXFILD_SRC_INSPECT_SMB_SMB2_H

#include "smb.h"

/* MS-SMB2 2.2.1.2 */
enum smb2_command {
	SMB2_NEGOTIATE,
	SMB2_SESSION_SETUP,
	SMB2_LOGOFF,
	SMB2_TREE_CONNECT,
	SMB2_TREE_DISCONNECT,
	SMB2_CREATE,
	SMB2_CLOSE,
	SMB2_FLUSH,
	SMB2_READ,
	SMB2_WRITE,
	SMB2_LOCK,
	SMB2_IOCTL,
	SMB2_CANCEL,
	SMB2_ECHO,
	SMB2_QUERY_DIRECTORY,
	SMB2_CHANGE_NOTIFY,
	SMB2_QUERY_INFO,
	SMB2_SET_INFO,
	SMB2_OPLOCK_BREAK
};

struct smb2_header {
	uint16_t command;
	bool is_answer, is_async, is_related, is_signed;
	uint32_t status;
	uint32_t next;
	uint32_t tree;
	uint64_t message, session;
};

struct smb2_message {
	struct smb2_header h;
	const uint8_t *data; /* the header's first byte */
	uint32_t have, len;  /* at hand, in all */
	struct cursor body;  /* after its size */
};

/* ---- smb2_request.c ---- */

void smb2_negotiate_request(struct inspection *in, const struct smb2_message *m);
/* Fills the request; false: its answer would tell nothing. */
bool smb2_request(struct inspection *in, struct smb2_message *m, struct smb_request *r);

/* ---- smb2_answer.c ---- */

void smb2_negotiate_answer(struct inspection *in, const struct smb2_message *m);
void smb2_answer(struct inspection *in, const struct smb2_message *m, struct smb_request *r);
/* An answer without its request: fills in what it would have been; false: nothing to tell. */
bool smb2_unseen(struct inspection *in, const struct smb2_message *m, struct smb_request *r);

#define FSCTL_PIPE_TRANSCEIVE 0x0011c017u

#endif
