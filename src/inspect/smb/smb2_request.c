/*
 * inspect/smb/smb2_request.c - what clients ask by SMB 2 and 3.
 */
#include <ctype.h>
#include <stdio.h>

#include "smb2.h"

#define DIALECTS_MAX      16
#define GUID_LEN          16
#define OPTION_FOLDER     0x1u
#define INFO_FILE         1 /* SMB2_0_INFO_FILE */
#define FILE_RENAME       10
#define FILE_DISPOSITION  13
#define FILE_END          20
#define FILE_DISPOSITION2 64
#define FILE_RENAME2      65

/* `len` bytes at `off` from the header, as far as they are at hand. */
static const uint8_t *part(const struct smb2_message *m, uint32_t off, uint32_t len,
			   uint32_t *ret_have)
{
	*ret_have = 0;
	if (off >= m->have)
		return NULL;
	*ret_have = len < m->have - off ? len : m->have - off;
	return m->data + off;
}

static void set_text(struct smb_request *r, enum smb_text which, const struct smb2_message *m,
		     uint32_t off, uint32_t len)
{
	uint32_t have;
	const uint8_t *text = part(m, off, len, &have);
	if (text)
		smb_text_set(r, which, text, have, true);
}

static void read_file_id(struct cursor *c, struct smb_file_id *id)
{
	id->b = cursor_le64(c);
	id->a = cursor_le64(c);
}

/* All sixteen bytes letters or digits: no Windows, whose GUID is random (Impacket). */
static bool is_lettered(const uint8_t guid[GUID_LEN])
{
	for (unsigned i = 0; i < GUID_LEN; i++)
		if (!isalnum(guid[i]))
			return false;
	return true;
}

/* 2.2.3 */
void smb2_negotiate_request(struct inspection *in, const struct smb2_message *m)
{
	struct smb_state *state = in->state;
	struct cursor c = m->body;
	char *at = state->detail, *end = state->detail + SMB_DETAIL_MAX;
	uint8_t guid[GUID_LEN];
	uint16_t count = cursor_le16(&c);
	cursor_skip(&c, 8);
	cursor_copy(&c, guid, GUID_LEN);
	cursor_skip(&c, 8);
	for (unsigned i = 0; i < count && i < DIALECTS_MAX; i++) {
		uint16_t d = cursor_le16(&c);
		if (!cursor_ok(&c) || end - at < 10)
			break;
		at += snprintf(at, (size_t)(end - at), "%s%x.%x", i ? " " : "", d >> 8,
			       d >> 4 & 15u);
		if (d & 15u)
			at += snprintf(at, (size_t)(end - at), ".%x", d & 15u);
	}
	if (is_lettered(guid) && end - at > 16)
		at += snprintf(at, (size_t)(end - at), "; lettered guid");
	state->detail_len = (uint8_t)(at - state->detail);
	state->is_negotiating = true;
	state->negotiate = SMB2_NEGOTIATE;
}

/* 2.2.5 */
static bool read_session(struct smb2_message *m, struct smb_request *r)
{
	struct cursor *c = &m->body;
	uint32_t have;
	cursor_skip(c, 10);
	uint16_t off = cursor_le16(c);
	uint16_t len = cursor_le16(c);
	r->act = SMB_SESSION;
	const uint8_t *blob = cursor_ok(c) ? part(m, off, len, &have) : NULL;
	if (blob)
		smb_session_token(r, blob, have);
	return true;
}

/* "\\host\share" */
static void split_share(struct smb_request *r, const struct smb2_message *m, uint32_t off,
			uint32_t len)
{
	uint32_t have, at = 0;
	const uint8_t *path = part(m, off, len, &have);
	if (!path)
		return;
	have &= ~1u;
	while (at + 2 <= have && path[at] == '\\' && !path[at + 1])
		at += 2;
	uint32_t host = at;
	while (at + 2 <= have && !(path[at] == '\\' && !path[at + 1]))
		at += 2;
	uint32_t share = at + 2 <= have ? at + 2 : have;
	smb_text_set(r, SMB_TEXT_NAME, path + share, have - share, true);
	smb_text_set(r, SMB_TEXT_MORE, path + host, at - host, true);
}

/* 2.2.9 */
static bool read_tree(struct smb2_message *m, struct smb_request *r)
{
	struct cursor *c = &m->body;
	cursor_skip(c, 2);
	uint16_t off = cursor_le16(c);
	uint16_t len = cursor_le16(c);
	r->act = SMB_TREE;
	if (cursor_ok(c))
		split_share(r, m, off, len);
	return true;
}

/* 2.2.13 */
static bool read_create(struct smb2_message *m, struct smb_request *r)
{
	struct cursor *c = &m->body;
	cursor_skip(c, 22);
	r->access = cursor_le32(c);
	cursor_skip(c, 8);
	r->disposition = cursor_le32(c);
	r->options = cursor_le32(c);
	uint16_t off = cursor_le16(c);
	uint16_t len = cursor_le16(c);
	r->act = SMB_OPEN;
	r->is_folder = r->options & OPTION_FOLDER;
	if (cursor_ok(c))
		set_text(r, SMB_TEXT_NAME, m, off, len);
	return true;
}

/* 2.2.15 */
static bool read_close(struct smb2_message *m, struct smb_request *r)
{
	cursor_skip(&m->body, 6);
	read_file_id(&m->body, &r->file);
	r->act = SMB_CLOSE;
	return cursor_ok(&m->body);
}

/* 2.2.19 */
static bool read_read(struct smb2_message *m, struct smb_request *r)
{
	struct cursor *c = &m->body;
	cursor_skip(c, 2);
	r->len = cursor_le32(c);
	r->offset = cursor_le64(c);
	read_file_id(c, &r->file);
	r->act = SMB_READ;
	return cursor_ok(c);
}

static bool is_pipe(struct inspection *in, const struct smb_request *r)
{
	const struct smb_file *f = smb_file_find(in, &r->file);
	if (f)
		return f->is_pipe;
	const struct smb_tree *t = smb_tree_find(in, r->session, r->tree);
	return t && t->is_pipe;
}

/* 2.2.21 */
static bool read_write(struct inspection *in, struct smb2_message *m, struct smb_request *r)
{
	struct cursor *c = &m->body;
	uint32_t have;
	uint16_t off = cursor_le16(c);
	r->len = cursor_le32(c);
	r->offset = cursor_le64(c);
	read_file_id(c, &r->file);
	if (!cursor_ok(c))
		return false;
	r->act = SMB_WRITE;
	const uint8_t *data = part(m, off, r->len, &have);
	if (is_pipe(in, r) || smb_pipe_guess(in, r, data, have)) {
		r->is_to_pipe = true;
		smb_pipe_part(in, &r->file, m->data, m->have, m->len, off, r->len);
		return true;
	}
	smb_sends(r, data, have);
	smb_file_bytes(in, r, SMB_WRITE, data, have, r->len);
	return true;
}

/* 2.2.31 */
static bool read_ioctl(struct inspection *in, struct smb2_message *m, struct smb_request *r)
{
	struct cursor *c = &m->body;
	cursor_skip(c, 2);
	r->access = cursor_le32(c);
	read_file_id(c, &r->file);
	uint32_t off = cursor_le32(c);
	uint32_t len = cursor_le32(c);
	r->act = SMB_CONTROL;
	if (r->file.a == UINT64_MAX) /* of no file */
		r->file = (struct smb_file_id){ 0, 0 };
	if (cursor_ok(c) && r->access == FSCTL_PIPE_TRANSCEIVE) {
		r->is_untold = true;
		r->is_to_pipe = true;
		smb_pipe_part(in, &r->file, m->data, m->have, m->len, off, len);
	}
	return cursor_ok(c);
}

/* 2.2.33 */
static bool read_list(struct smb2_message *m, struct smb_request *r)
{
	struct cursor *c = &m->body;
	cursor_skip(c, 6);
	read_file_id(c, &r->file);
	uint16_t off = cursor_le16(c);
	uint16_t len = cursor_le16(c);
	r->act = SMB_LIST;
	if (cursor_ok(c))
		set_text(r, SMB_TEXT_MORE, m, off, len);
	return cursor_ok(c);
}

/* 2.2.39; MS-FSCC 2.4.11, 2.4.13, 2.4.37 */
static bool read_set(struct smb2_message *m, struct smb_request *r)
{
	struct cursor *c = &m->body;
	uint8_t type = cursor_u8(c);
	uint8_t class = cursor_u8(c);
	cursor_skip(c, 4);
	uint16_t off = cursor_le16(c);
	cursor_skip(c, 6);
	read_file_id(c, &r->file);
	if (!cursor_ok(c) || type != INFO_FILE || off > m->have)
		return false;
	struct cursor info = cursor_make(m->data + off, m->have - off);
	r->code = class;
	if (class == FILE_RENAME || class == FILE_RENAME2) {
		r->act = SMB_RENAME;
		cursor_skip(&info, 16);
		uint32_t len = cursor_le32(&info);
		set_text(r, SMB_TEXT_MORE, m, off + 20u, len);
		return cursor_ok(&info);
	}
	if (class == FILE_DISPOSITION || class == FILE_DISPOSITION2) {
		r->act = SMB_DELETE;
		return cursor_u8(&info) & 1;
	}
	if (class == FILE_END) {
		r->act = SMB_OTHER;
		r->sets_size = true;
		r->offset = cursor_le64(&info);
		return cursor_ok(&info);
	}
	return false;
}

bool smb2_request(struct inspection *in, struct smb2_message *m, struct smb_request *r)
{
	switch (m->h.command) {
	case SMB2_SESSION_SETUP:
		return read_session(m, r);
	case SMB2_TREE_CONNECT:
		return read_tree(m, r);
	case SMB2_TREE_DISCONNECT:
		smb_tree_end(in, r->session, r->tree);
		return false;
	case SMB2_LOGOFF:
		smb_session_end(in, r->session);
		return false;
	case SMB2_CREATE:
		return read_create(m, r);
	case SMB2_CLOSE:
		return read_close(m, r);
	case SMB2_READ:
		return read_read(m, r);
	case SMB2_WRITE:
		return read_write(in, m, r);
	case SMB2_IOCTL:
		return read_ioctl(in, m, r);
	case SMB2_QUERY_DIRECTORY:
		return read_list(m, r);
	case SMB2_SET_INFO:
		return read_set(m, r);
	default:
		return false;
	}
}
