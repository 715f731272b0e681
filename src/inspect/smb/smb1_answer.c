/*
 * inspect/smb/smb1_answer.c - what servers answer by SMB 1.
 */
#include "smb1.h"

#define DIALECT_NONE     0xffffu
#define ACTION_GUEST     0x1u
#define SIGNING_REQUIRED 0x8u

/* MS-CIFS 2.2.4.52.2 */
void smb1_negotiate_answer(struct inspection *in, struct smb1_block *b)
{
	struct smb_state *state = in->state;
	struct cursor *c = &b->params;
	uint16_t dialect = cursor_le16(c);
	uint8_t security = cursor_u8(c);
	bool is_chosen = b->words && dialect != DIALECT_NONE && b->h.status == STATUS_OK;
	if (is_chosen)
		state->is_signed = (security & SIGNING_REQUIRED) != 0;
	smb_negotiated(in, SMB1_NEGOTIATE, is_chosen ? 0x0100 : 0, b->h.status);
}

/* MS-CIFS 2.2.4.55.2: the service comes first of the bytes */
static void read_tree(struct smb1_block *b, struct smb_answer *a)
{
	uint32_t have;
	const uint8_t *service = smb1_part(b, b->bytes_off, 3, &have);
	a->tree = b->h.tree;
	a->is_pipe = have == 3 && memcmp(service, "IPC", 3) == 0;
}

/* MS-CIFS 2.2.4.64.2 */
static void read_create(struct smb1_block *b, struct smb_answer *a)
{
	struct cursor *c = &b->params;
	cursor_skip(c, 5);
	a->file = (struct smb_file_id){ cursor_le16(c), SMB1_ID };
	cursor_skip(c, 48);
	uint64_t size = cursor_le64(c);
	cursor_skip(c, 4);
	a->is_folder = cursor_u8(c) != 0;
	a->size = cursor_ok(c) ? size : UINT64_MAX;
}

/* MS-CIFS 2.2.4.41.2 */
static void read_open(struct smb1_block *b, struct smb_answer *a)
{
	struct cursor *c = &b->params;
	cursor_skip(c, 4);
	a->file = (struct smb_file_id){ cursor_le16(c), SMB1_ID };
	cursor_skip(c, 6);
	uint32_t size = cursor_le32(c);
	a->size = cursor_ok(c) ? size : UINT64_MAX;
}

/* MS-CIFS 2.2.4.42.2, MS-SMB 2.2.4.2.2 */
static void read_read(struct inspection *in, struct smb1_block *b, const struct smb_request *r,
		      struct smb_answer *a)
{
	struct cursor *c = &b->params;
	cursor_skip(c, 10);
	uint32_t len = cursor_le16(c);
	uint16_t off = cursor_le16(c);
	len |= (uint32_t)cursor_le16(c) << 16;
	if (!cursor_ok(c))
		return;
	a->data_len = len < b->len ? len : b->len;
	const struct smb_file *f = smb_file_find(in, &r->file);
	if (f && f->is_pipe)
		smb_pipe_part(in, &r->file, b->data, b->have, b->len, off, len);
	a->data = smb1_part(b, off, len, &a->data_have);
}

/* MS-CIFS 2.2.4.43.2 */
static uint32_t written(struct smb1_block *b)
{
	struct cursor *c = &b->params;
	cursor_skip(c, 4);
	uint32_t count = cursor_le16(c);
	cursor_skip(c, 2);
	count |= (uint32_t)cursor_le16(c) << 16;
	return count;
}

static void read_session(struct smb1_block *b, struct smb_answer *a)
{
	struct cursor *c = &b->params;
	cursor_skip(c, 4);
	a->is_guest = cursor_le16(c) & ACTION_GUEST;
	a->session = b->h.user;
}

void smb1_answer(struct inspection *in, struct smb1_block *b, struct smb_request *r)
{
	struct smb_answer a = { .status = b->h.status, .size = UINT64_MAX };
	bool has_body = a.status == STATUS_OK || a.status == STATUS_BUFFER_OVERFLOW;
	switch (has_body ? b->h.command : SMB1_NO_ANDX) {
	case SMB1_SESSION_SETUP:
		read_session(b, &a);
		break;
	case SMB1_TREE_CONNECT:
		read_tree(b, &a);
		break;
	case SMB1_NT_CREATE:
		read_create(b, &a);
		break;
	case SMB1_OPEN_ANDX:
		read_open(b, &a);
		break;
	case SMB1_READ_ANDX:
		read_read(in, b, r, &a);
		break;
	case SMB1_WRITE_ANDX:
		a.count = written(b);
		break;
	case SMB1_TRANS:
	case SMB1_TRANS2:
	case SMB1_NT_TRANS:
		smb1_trans_answer(in, b, r);
		break;
	default:
		if (b->h.command == SMB1_SESSION_SETUP)
			a.session = b->h.user;
		break;
	}
	smb_answered(in, r, &a);
}
