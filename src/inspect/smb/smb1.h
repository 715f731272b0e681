/*
 * inspect/smb/smb1.h - a message of SMB 1, and who reads its blocks.
 */
#ifndef EXFILD_SRC_INSPECT_SMB_SMB1_H
#define EXFILD_SRC_INSPECT_SMB_SMB1_H

#include "smb.h"

/* MS-CIFS 2.2.2.1 */
enum smb1_command {
	SMB1_CLOSE = 0x04,
	SMB1_DELETE = 0x06,
	SMB1_RENAME = 0x07,
	SMB1_TRANS = 0x25,
	SMB1_TRANS_SECONDARY = 0x26,
	SMB1_OPEN_ANDX = 0x2d,
	SMB1_READ_ANDX = 0x2e,
	SMB1_WRITE_ANDX = 0x2f,
	SMB1_TRANS2 = 0x32,
	SMB1_TRANS2_SECONDARY = 0x33,
	SMB1_TREE_DISCONNECT = 0x71,
	SMB1_NEGOTIATE = 0x72,
	SMB1_SESSION_SETUP = 0x73,
	SMB1_LOGOFF = 0x74,
	SMB1_TREE_CONNECT = 0x75,
	SMB1_NT_TRANS = 0xa0,
	SMB1_NT_TRANS_SECONDARY = 0xa1,
	SMB1_NT_CREATE = 0xa2,
	SMB1_NO_ANDX = 0xff
};

struct smb1_header {
	uint8_t command;
	bool is_answer, is_unicode, is_signed;
	uint32_t status;
	uint16_t tree, user, message;
	uint32_t process;
};

/* One command of a chain. */
struct smb1_block {
	struct smb1_header h;
	const uint8_t *data; /* the header's first byte: offsets count from it */
	uint32_t have, len;  /* of the message: at hand, in all */
	uint8_t words;       /* parameters */
	struct cursor params;
	uint32_t bytes_off; /* of the bytes behind the parameters */
};

/* `len` bytes at `off`, as far as they are at hand. */
const uint8_t *smb1_part(const struct smb1_block *b, uint32_t off, uint32_t len,
			 uint32_t *ret_have);
/* A string of the bytes at *off, ended by NUL or the message; moves *off past it. */
void smb1_string(const struct smb1_block *b, struct smb_request *r, enum smb_text which,
		 uint32_t *off);

/* The keys of a request: they are the same in its answer. */
uint64_t smb1_key(const struct smb1_header *h);
struct smb_request *smb1_request_of(struct inspection *in, const struct smb1_header *h,
				    uint8_t command);

/* ---- smb1_request.c: false: the answer would tell nothing ---- */

void smb1_negotiate_request(struct inspection *in, const struct smb1_block *b);
bool smb1_request(struct inspection *in, struct smb1_block *b, struct smb_request *r);

/* ---- smb1_answer.c ---- */

void smb1_answer(struct inspection *in, struct smb1_block *b, struct smb_request *r);
void smb1_negotiate_answer(struct inspection *in, struct smb1_block *b);

/* ---- smb1_trans.c ---- */

bool smb1_trans_request(struct inspection *in, struct smb1_block *b, struct smb_request *r);
void smb1_trans_secondary(struct inspection *in, struct smb1_block *b);
void smb1_trans_answer(struct inspection *in, struct smb1_block *b, struct smb_request *r);
/* The server asks for what is still missing of a transaction. */
bool smb1_trans_is_interim(const struct smb1_block *b, const struct smb_request *r);
/* Remembers a transaction that ends before it is whole. */
void smb1_trans_note_end(struct inspection *in, const struct smb1_block *b,
			 const struct smb_request *r);
/* An answer that fits no request: DoublePulsar's does not. */
void smb1_trans_stray(struct inspection *in, const struct smb1_header *h);
/* A write into a pipe whose transaction is not whole yet. */
void smb1_trans_check_write(struct inspection *in, const struct smb1_header *h);

#endif
