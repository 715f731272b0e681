/*
 * inspect/smb/smb1_request.c - what clients ask by SMB 1.
 */
#include "smb1.h"

#define DIALECT_MARK  0x02
#define OPTION_FOLDER 0x1u

static struct smb_file_id file_id(uint16_t fid)
{
	return (struct smb_file_id){ fid, SMB1_ID };
}

/* MS-CIFS 2.2.4.52.1: 02, text, NUL of each dialect */
void smb1_negotiate_request(struct inspection *in, const struct smb1_block *b)
{
	struct smb_state *state = in->state;
	size_t used = 0;
	uint32_t have;
	const uint8_t *at = smb1_part(b, b->bytes_off, UINT32_MAX, &have);
	for (uint32_t i = 0; at && i < have && at[i] == DIALECT_MARK;) {
		const uint8_t *text = at + i + 1;
		const uint8_t *end = memchr(text, 0, have - i - 1);
		size_t len = end ? (size_t)(end - text) : have - i - 1;
		if (used + len + 1 < SMB_DETAIL_MAX) {
			if (used)
				state->detail[used++] = ',';
			memcpy(state->detail + used, text, len);
			used += len;
		}
		i += (uint32_t)len + 2;
	}
	state->detail_len = (uint8_t)used;
	state->is_negotiating = true;
	state->negotiate = SMB1_NEGOTIATE;
}

/* MS-CIFS 2.2.4.53.1, MS-SMB 2.2.4.6.1; 10, 12 or 13 words */
static bool read_session(struct smb1_block *b, struct smb_request *r)
{
	struct cursor *c = &b->params;
	uint32_t off = b->bytes_off, have;
	r->act = SMB_SESSION;
	cursor_skip(c, 14);
	uint16_t first = cursor_le16(c);
	uint16_t second = b->words == 13 ? cursor_le16(c) : 0;
	if (!cursor_ok(c))
		return true;
	if (b->words == 12) {
		const uint8_t *blob = smb1_part(b, off, first, &have);
		if (blob)
			smb_session_token(r, blob, have);
		off += first;
	} else {
		const uint8_t *response = smb1_part(b, off, first, &have);
		off += (uint32_t)first + second;
		/* a password in the clear is no longer than this and not 24 bytes (2.2.4.53.1) */
		r->login = first == 24 || second >= 24 ? LOGIN_HASH : LOGIN_PASSWORD;
		r->is_log_in = true;
		smb1_string(b, r, SMB_TEXT_NAME, &off);
		smb1_string(b, r, SMB_TEXT_MORE, &off);
		r->is_null = !r->text_full[SMB_TEXT_NAME] && second == 0 &&
			     (first == 0 || (first == 1 && response && !response[0]));
	}
	smb1_string(b, r, SMB_TEXT_EXTRA, &off); /* native system */
	return true;
}

/* MS-CIFS 2.2.4.55.1: password, path, service */
static bool read_tree(struct smb1_block *b, struct smb_request *r)
{
	struct cursor *c = &b->params;
	struct smb_request path = { .version = 1 };
	cursor_skip(c, 6);
	uint32_t off = b->bytes_off + cursor_le16(c);
	r->act = SMB_TREE;
	if (!cursor_ok(c))
		return true;
	size_t len;
	smb1_string(b, &path, SMB_TEXT_NAME, &off);
	const char *text = smb_text(&path, SMB_TEXT_NAME, &len), *slash;
	while (len && *text == '\\') {
		text++;
		len--;
	}
	slash = len ? memchr(text, '\\', len) : NULL;
	size_t host = slash ? (size_t)(slash - text) : 0;
	smb_text_put(r, SMB_TEXT_NAME, slash ? slash + 1 : text, slash ? len - host - 1 : len);
	smb_text_put(r, SMB_TEXT_MORE, text, host);
	return true;
}

/* MS-CIFS 2.2.4.64.1 */
static bool read_create(struct smb1_block *b, struct smb_request *r)
{
	struct cursor *c = &b->params;
	uint32_t off = b->bytes_off;
	cursor_skip(c, 15);
	r->access = cursor_le32(c);
	cursor_skip(c, 16);
	r->disposition = cursor_le32(c);
	r->options = cursor_le32(c);
	r->act = SMB_OPEN;
	r->is_folder = r->options & OPTION_FOLDER;
	smb1_string(b, r, SMB_TEXT_NAME, &off);
	return true;
}

/* MS-CIFS 2.2.4.41.1; the modes as an access mask of NT */
static bool read_open(struct smb1_block *b, struct smb_request *r)
{
	static const uint32_t masks[4] = { 0x00120089u, 0x00120116u, 0x0012019fu, 0x001200a0u };
	struct cursor *c = &b->params;
	uint32_t off = b->bytes_off;
	cursor_skip(c, 6);
	r->access = masks[cursor_le16(c) & 3];
	cursor_skip(c, 8);
	uint16_t mode = cursor_le16(c);
	r->disposition = (mode & 0x10 ? 1u : 0) + (mode & 3); /* as near as it comes */
	r->act = SMB_OPEN;
	smb1_string(b, r, SMB_TEXT_NAME, &off);
	return true;
}

/* MS-CIFS 2.2.4.42.1 */
static bool read_read(struct smb1_block *b, struct smb_request *r)
{
	struct cursor *c = &b->params;
	cursor_skip(c, 4);
	r->file = file_id(cursor_le16(c));
	r->offset = cursor_le32(c);
	r->len = cursor_le16(c);
	if (b->words == 12) {
		cursor_skip(c, 8);
		r->offset |= (uint64_t)cursor_le32(c) << 32;
	}
	r->act = SMB_READ;
	return cursor_ok(c);
}

static bool is_pipe(struct inspection *in, const struct smb_request *r)
{
	const struct smb_file *f = smb_file_find(in, &r->file);
	if (f)
		return f->is_pipe;
	const struct smb_tree *t = smb_tree_find(in, 0, r->tree);
	return t && t->is_pipe;
}

/* MS-CIFS 2.2.4.43.1, MS-SMB 2.2.4.3.1 */
static bool read_write(struct inspection *in, struct smb1_block *b, struct smb_request *r)
{
	struct cursor *c = &b->params;
	uint32_t have;
	cursor_skip(c, 4);
	r->file = file_id(cursor_le16(c));
	r->offset = cursor_le32(c);
	cursor_skip(c, 8);
	uint32_t high = cursor_le16(c);
	r->len = high << 16 | cursor_le16(c);
	uint16_t off = cursor_le16(c);
	if (b->words == 14)
		r->offset |= (uint64_t)cursor_le32(c) << 32;
	if (!cursor_ok(c))
		return false;
	r->act = SMB_WRITE;
	smb1_trans_check_write(in, &b->h);
	if (is_pipe(in, r)) {
		r->is_to_pipe = true;
		smb_pipe_part(in, &r->file, b->data, b->have, b->len, off, r->len);
		return true;
	}
	const uint8_t *data = smb1_part(b, off, r->len, &have);
	smb_sends(r, data, have);
	smb_file_bytes(in, r, SMB_WRITE, data, have, r->len);
	return true;
}

static bool read_close(struct smb1_block *b, struct smb_request *r)
{
	r->file = file_id(cursor_le16(&b->params));
	r->act = SMB_CLOSE;
	return cursor_ok(&b->params);
}

/* MS-CIFS 2.2.4.7.1, 2.2.4.8.1: each name behind a byte that says so */
static bool read_names(struct smb1_block *b, struct smb_request *r, uint8_t act)
{
	uint32_t off = b->bytes_off + 1;
	r->act = act;
	smb1_string(b, r, SMB_TEXT_NAME, &off);
	if (act == SMB_RENAME) {
		off++;
		smb1_string(b, r, SMB_TEXT_MORE, &off);
	}
	return true;
}

bool smb1_request(struct inspection *in, struct smb1_block *b, struct smb_request *r)
{
	switch (b->h.command) {
	case SMB1_SESSION_SETUP:
		return read_session(b, r);
	case SMB1_TREE_CONNECT:
		return read_tree(b, r);
	case SMB1_TREE_DISCONNECT:
		smb_tree_end(in, 0, b->h.tree);
		return false;
	case SMB1_LOGOFF:
		smb_session_end(in, b->h.user);
		return false;
	case SMB1_NT_CREATE:
		return read_create(b, r);
	case SMB1_OPEN_ANDX:
		return read_open(b, r);
	case SMB1_READ_ANDX:
		return read_read(b, r);
	case SMB1_WRITE_ANDX:
		return read_write(in, b, r);
	case SMB1_CLOSE:
		return read_close(b, r);
	case SMB1_DELETE:
		return read_names(b, r, SMB_DELETE);
	case SMB1_RENAME:
		return read_names(b, r, SMB_RENAME);
	case SMB1_TRANS:
	case SMB1_TRANS2:
	case SMB1_NT_TRANS:
		return smb1_trans_request(in, b, r);
	default:
		return false;
	}
}
