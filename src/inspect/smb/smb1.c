/*
 * inspect/smb/smb1.c - SMB 1 (MS-CIFS, MS-SMB).
 *
 *   header 32: FF 'S' 'M' 'B', command 1, status 4, flags 1, flags 2, process high 2,
 *     signature 8, reserved 2, tree 2, process 2, user 2, message 2
 *   blocks: words 1, parameters 2 * words, bytes 2, the bytes; an AndX block begins with the next
 *     command and its block's offset from the header
 */
#include "smb1.h"

#define HEADER_LEN      32u
#define FLAG_ANSWER     0x80u
#define FLAG2_SIGNED    0x0004u
#define FLAG2_NT_STATUS 0x4000u
#define FLAG2_UNICODE   0x8000u
#define CHAIN_MAX       4
#define WANTED_FIXED    80u
#define ALONE_MIN       16 /* packets of a client without any of its server */

static bool read_header(struct smb1_header *h, struct cursor *c)
{
	cursor_skip(c, 4);
	h->command = cursor_u8(c);
	h->status = cursor_le32(c);
	uint8_t flags = cursor_u8(c);
	uint16_t flags2 = cursor_le16(c);
	uint32_t high = cursor_le16(c);
	cursor_skip(c, 10);
	h->tree = cursor_le16(c);
	h->process = high << 16 | cursor_le16(c);
	h->user = cursor_le16(c);
	h->message = cursor_le16(c);
	h->is_answer = flags & FLAG_ANSWER;
	h->is_unicode = flags2 & FLAG2_UNICODE;
	h->is_signed = flags2 & FLAG2_SIGNED;
	if (!(flags2 & FLAG2_NT_STATUS)) /* class 1, reserved 1, code 2: as code, class */
		h->status = (h->status >> 16) << 16 | (h->status & 0xff);
	return cursor_ok(c);
}

uint32_t smb1_wanted(const uint8_t *data, uint32_t len)
{
	struct smb1_header h;
	struct cursor c = cursor_make(data, len);
	if (!read_header(&h, &c))
		return HEADER_LEN;
	if (h.command == SMB1_READ_ANDX || h.command == SMB1_WRITE_ANDX)
		return HEADER_LEN + WANTED_FIXED + SMB_FIRST;
	return SMB_HEAD_MAX;
}

uint64_t smb1_key(const struct smb1_header *h)
{
	return (uint64_t)h->process << 16 | h->message;
}

struct smb_request *smb1_request_of(struct inspection *in, const struct smb1_header *h,
				    uint8_t command)
{
	return smb_request_find(in, smb1_key(h), command);
}

const uint8_t *smb1_part(const struct smb1_block *b, uint32_t off, uint32_t len, uint32_t *ret_have)
{
	*ret_have = 0;
	if (off >= b->have)
		return NULL;
	*ret_have = len < b->have - off ? len : b->have - off;
	return b->data + off;
}

void smb1_string(const struct smb1_block *b, struct smb_request *r, enum smb_text which,
		 uint32_t *off)
{
	uint32_t at = *off, step = b->h.is_unicode ? 2 : 1;
	if (b->h.is_unicode)
		at += at & 1; /* characters stand at even places */
	uint32_t end = at;
	while (end + step <= b->have && (b->data[end] || (step == 2 && b->data[end + 1])))
		end += step;
	if (at < b->have)
		smb_text_set(r, which, b->data + at, end - at, b->h.is_unicode);
	*off = end + step;
}

static void take_answer(struct inspection *in, struct smb1_block *b)
{
	struct smb_state *state = in->state;
	state->has_answers = true;
	if (b->h.command == SMB1_NEGOTIATE) {
		smb1_negotiate_answer(in, b);
		return;
	}
	struct smb_request *r = smb1_request_of(in, &b->h, b->h.command);
	if (!r) {
		if (b->h.command == SMB1_TRANS2)
			smb1_trans_stray(in, &b->h);
		return;
	}
	if (smb1_trans_is_interim(b, r))
		return;
	smb1_trans_note_end(in, b, r);
	smb1_answer(in, b, r);
	smb_request_end(in, r);
}

static void take_request(struct inspection *in, struct smb1_block *b)
{
	const struct smb_state *state = in->state;
	switch (b->h.command) {
	case SMB1_NEGOTIATE:
		smb1_negotiate_request(in, b);
		return;
	case SMB1_TRANS_SECONDARY:
	case SMB1_TRANS2_SECONDARY:
	case SMB1_NT_TRANS_SECONDARY:
		smb1_trans_secondary(in, b);
		return;
	default:
		break;
	}
	struct smb_request *r = smb_request_new(in, smb1_key(&b->h), b->h.command);
	r->command = b->h.command;
	r->version = 1;
	r->session = b->h.user;
	r->tree = b->h.tree;
	r->is_signed = b->h.is_signed;
	bool is_wanted = smb1_request(in, b, r);
	const struct flow *f = in->flow;
	if (is_wanted && !state->has_answers && !f->packets[!in->side] &&
	    f->packets[in->side] > ALONE_MIN) {
		const struct smb_answer none = { .status = SMB_NO_ANSWER, .size = UINT64_MAX };
		smb_answered(in, r, &none);
		is_wanted = false;
	}
	if (!is_wanted)
		smb_request_end(in, r);
}

static bool is_andx(uint8_t command)
{
	switch (command) {
	case SMB1_OPEN_ANDX:
	case SMB1_READ_ANDX:
	case SMB1_WRITE_ANDX:
	case SMB1_SESSION_SETUP:
	case SMB1_LOGOFF:
	case SMB1_TREE_CONNECT:
	case SMB1_NT_CREATE:
		return true;
	default:
		return false;
	}
}

/* The block at the cursor; false: cut or the end of the chain. */
static bool take_block(struct inspection *in, struct smb1_block *b, struct cursor *c)
{
	struct cursor next = { 0 };
	b->words = cursor_u8(c);
	b->params = cursor_sub(c, b->words * 2u);
	if (!cursor_ok(c))
		return false;
	cursor_skip(c, 2); /* count of bytes: wrong in large reads and writes */
	b->bytes_off = (uint32_t)cursor_offset(c);
	if (is_andx(b->h.command) && b->words >= 2)
		next = b->params;
	if (b->h.is_answer)
		take_answer(in, b);
	else
		take_request(in, b);
	if (!next.data)
		return false;
	b->h.command = cursor_u8(&next);
	cursor_skip(&next, 1);
	uint16_t off = cursor_le16(&next);
	if (b->h.command == SMB1_NO_ANDX || off < HEADER_LEN || off <= cursor_offset(c) - 2)
		return false;
	cursor_seek(c, off);
	return cursor_ok(c);
}

uint32_t smb1_message(struct inspection *in, const uint8_t *data, uint32_t have, uint32_t len)
{
	struct smb_state *state = in->state;
	struct cursor c = cursor_make(data, have);
	struct smb1_block b = { .data = data, .have = have, .len = len };
	if (!read_header(&b.h, &c))
		return len;
	state->is_accepted = true;
	if (smb_is_forged(in, b.h.is_answer))
		return len;
	if (!state->version)
		state->version = 1;
	for (unsigned i = 0; i < CHAIN_MAX && take_block(in, &b, &c); i++)
		;
	return len;
}
