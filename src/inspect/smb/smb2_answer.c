/*
 * inspect/smb/smb2_answer.c - what servers answer by SMB 2 and 3.
 */
#include "smb2.h"

#define SESSION_GUEST     0x1u
#define SESSION_NULL      0x2u
#define SESSION_ENCRYPTED 0x4u
#define SHARE_PIPE        2
#define ATTRIBUTE_FOLDER  0x10u
#define SIGNING_REQUIRED  0x2u

/* 2.2.4 */
void smb2_negotiate_answer(struct inspection *in, const struct smb2_message *m)
{
	struct smb_state *state = in->state;
	struct cursor c = m->body;
	uint16_t security = cursor_le16(&c);
	uint16_t dialect = cursor_le16(&c);
	if (!cursor_ok(&c) || m->h.status != STATUS_OK)
		dialect = 0;
	else
		state->is_signed = (security & SIGNING_REQUIRED) != 0;
	smb_negotiated(in, state->is_negotiating ? state->negotiate : SMB2_NEGOTIATE, dialect,
		       m->h.status);
}

/* 2.2.6 */
static void read_session(const struct smb2_message *m, struct smb_answer *a)
{
	struct cursor c = m->body;
	uint16_t flags = cursor_le16(&c);
	a->session = m->h.session;
	a->is_guest = (flags & SESSION_GUEST) != 0;
	a->is_null = (flags & SESSION_NULL) != 0;
	a->is_encrypted = (flags & SESSION_ENCRYPTED) != 0;
}

/* 2.2.10 */
static void read_tree(const struct smb2_message *m, struct smb_answer *a)
{
	struct cursor c = m->body;
	a->tree = m->h.tree;
	a->is_pipe = cursor_u8(&c) == SHARE_PIPE;
}

/* 2.2.14 */
static void read_create(const struct smb2_message *m, struct smb_answer *a)
{
	struct cursor c = m->body;
	cursor_skip(&c, 46);
	uint64_t size = cursor_le64(&c);
	uint32_t attributes = cursor_le32(&c);
	cursor_skip(&c, 4);
	a->file.b = cursor_le64(&c);
	a->file.a = cursor_le64(&c);
	a->is_folder = (attributes & ATTRIBUTE_FOLDER) != 0;
	a->size = cursor_ok(&c) ? size : UINT64_MAX;
}

static bool is_to_pipe(struct inspection *in, const struct smb_request *r)
{
	const struct smb_file *f = smb_file_find(in, &r->file);
	return f && f->is_pipe;
}

/* 2.2.20 */
static void read_read(struct inspection *in, const struct smb2_message *m,
		      const struct smb_request *r, struct smb_answer *a)
{
	struct cursor c = m->body;
	uint8_t off = cursor_u8(&c);
	cursor_skip(&c, 1);
	uint32_t len = cursor_le32(&c);
	if (!cursor_ok(&c))
		return;
	a->data_len = len < m->len ? len : m->len;
	if (is_to_pipe(in, r))
		smb_pipe_part(in, &r->file, m->data, m->have, m->len, off, len);
	if (off >= m->have)
		return;
	a->data = m->data + off;
	a->data_have = len < m->have - off ? len : m->have - off;
}

/* 2.2.32 */
static void read_ioctl(struct inspection *in, const struct smb2_message *m,
		       const struct smb_request *r)
{
	struct cursor c = m->body;
	cursor_skip(&c, 30);
	uint32_t off = cursor_le32(&c);
	uint32_t len = cursor_le32(&c);
	if (cursor_ok(&c) && r->is_to_pipe)
		smb_pipe_part(in, &r->file, m->data, m->have, m->len, off, len);
}

void smb2_answer(struct inspection *in, const struct smb2_message *m, struct smb_request *r)
{
	struct smb_answer a = { .status = m->h.status, .size = UINT64_MAX };
	bool has_body = a.status == STATUS_OK || a.status == STATUS_BUFFER_OVERFLOW;
	switch (has_body ? m->h.command : SMB2_ECHO) {
	case SMB2_SESSION_SETUP:
		read_session(m, &a);
		break;
	case SMB2_TREE_CONNECT:
		read_tree(m, &a);
		break;
	case SMB2_CREATE:
		read_create(m, &a);
		break;
	case SMB2_READ:
		read_read(in, m, r, &a);
		break;
	case SMB2_WRITE: {
		struct cursor c = m->body;
		cursor_skip(&c, 2);
		a.count = cursor_le32(&c);
		break;
	}
	case SMB2_IOCTL:
		read_ioctl(in, m, r);
		break;
	default:
		if (m->h.command == SMB2_SESSION_SETUP)
			a.session = m->h.session;
		break;
	}
	smb_answered(in, r, &a);
}

bool smb2_unseen(struct inspection *in, const struct smb2_message *m, struct smb_request *r)
{
	const struct smb_state *state = in->state;
	r->command = m->h.command;
	r->version = state->version > 1 ? state->version : 2;
	r->session = m->h.session;
	r->tree = m->h.is_async ? 0 : m->h.tree;
	r->is_signed = m->h.is_signed;
	switch (m->h.command) {
	case SMB2_SESSION_SETUP:
		r->act = SMB_SESSION;
		r->is_log_in = m->h.status != STATUS_OK;
		return m->h.status != STATUS_MORE_PROCESSING;
	case SMB2_TREE_CONNECT:
		r->act = SMB_TREE;
		return true;
	case SMB2_CREATE:
		r->act = SMB_OPEN;
		return true;
	default:
		return false;
	}
}
