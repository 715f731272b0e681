/*
 * inspect/smb/smb2.c - SMB 2 and 3 (MS-SMB2).
 *
 *   header 64: FE 'S' 'M' 'B', size 2, credits 2, status 4, command 2, credits 2, flags 4,
 *     next 4, message 8, reserved 4, tree 4 (asynchronous: both are the number of the wait),
 *     session 8, signature 16
 *   body: its size 2, then by command; offsets count from the header
 *
 * Sections of MS-SMB2 are named at each reader.
 */
#include "smb2.h"

#define HEADER_LEN   64
#define FLAG_ANSWER  0x1u
#define FLAG_ASYNC   0x2u
#define FLAG_RELATED 0x4u
#define FLAG_SIGNED  0x8u
#define SIZE_LEN     2 /* of a body's first field */
#define WANTED_FIXED 128u
#define ALONE_MIN    16 /* packets of a client without any of its server */

static bool read_header(struct smb2_header *h, struct cursor *c)
{
	cursor_skip(c, 4);
	uint16_t size = cursor_le16(c);
	cursor_skip(c, 2);
	h->status = cursor_le32(c);
	h->command = cursor_le16(c);
	cursor_skip(c, 2);
	uint32_t flags = cursor_le32(c);
	h->next = cursor_le32(c);
	h->message = cursor_le64(c);
	cursor_skip(c, 4);
	h->tree = cursor_le32(c);
	h->session = cursor_le64(c);
	cursor_skip(c, 16);
	h->is_answer = flags & FLAG_ANSWER;
	h->is_async = flags & FLAG_ASYNC;
	h->is_related = flags & FLAG_RELATED;
	h->is_signed = flags & FLAG_SIGNED;
	return cursor_ok(c) && size == HEADER_LEN;
}

/* Of a command that carries data: all that comes before the data, and its begin. */
uint32_t smb2_wanted(const uint8_t *data, uint32_t len)
{
	struct smb2_header h;
	struct cursor c = cursor_make(data, len);
	if (len < HEADER_LEN)
		return HEADER_LEN + WANTED_FIXED;
	if (!read_header(&h, &c))
		return HEADER_LEN;
	if (h.command == SMB2_READ || h.command == SMB2_WRITE)
		return h.is_answer == (h.command == SMB2_READ) ? HEADER_LEN + 48 + SMB_FIRST :
								 HEADER_LEN + WANTED_FIXED;
	if (h.command == SMB2_QUERY_DIRECTORY && h.is_answer)
		return HEADER_LEN;
	return SMB_HEAD_MAX;
}

/* MS-SMB2 2.2.21, 2.2.20 */
uint32_t smb2_data_at(const uint8_t *data, uint32_t len)
{
	struct smb2_header h;
	struct cursor c = cursor_make(data, len);
	if (len < HEADER_LEN || data[0] != 0xfe || !read_header(&h, &c) || h.next)
		return 0;
	cursor_skip(&c, SIZE_LEN);
	uint32_t at = 0;
	if (h.command == SMB2_WRITE && !h.is_answer)
		at = cursor_le16(&c);
	else if (h.command == SMB2_READ && h.is_answer && h.status == STATUS_OK)
		at = cursor_u8(&c);
	return cursor_ok(&c) && at > HEADER_LEN && at <= len ? at : 0;
}

static void read_answer(struct inspection *in, const struct smb2_message *m)
{
	struct smb_state *state = in->state;
	const struct smb2_header *h = &m->h;
	state->has_answers = true;
	if (h->command == SMB2_NEGOTIATE) {
		smb2_negotiate_answer(in, m);
		return;
	}
	if (h->status == STATUS_PENDING && h->is_async)
		return; /* the true answer comes later, under the same number */
	struct smb_request *r = smb_request_find(in, h->message, 0);
	struct smb_request unseen;
	if (!r) {
		memset(&unseen, 0, offsetof(struct smb_request, text));
		if (!smb2_unseen(in, m, &unseen))
			return;
		r = &unseen;
	} else if (r->command != h->command) {
		return;
	}
	smb2_answer(in, m, r);
	if (r != &unseen &&
	    !(h->command == SMB2_SESSION_SETUP && h->status == STATUS_MORE_PROCESSING))
		smb_request_end(in, r);
	else if (r != &unseen)
		smb_request_end(in, r);
}

/* Only the client is seen: nothing will be known of answers. */
static bool is_alone(const struct inspection *in)
{
	const struct flow *f = in->flow;
	const struct smb_state *state = in->state;
	return !state->has_answers && !f->packets[!in->side] && f->packets[in->side] > ALONE_MIN;
}

static void read_request(struct inspection *in, struct smb2_message *m)
{
	struct smb_state *state = in->state;
	struct smb2_header *h = &m->h;
	if (h->is_related) {
		h->session = h->session == UINT64_MAX ? state->last_session : h->session;
		h->tree = h->tree == UINT32_MAX ? state->last_tree : h->tree;
	}
	state->last_session = h->session;
	state->last_tree = h->tree;
	if (h->command == SMB2_NEGOTIATE) {
		smb2_negotiate_request(in, m);
		return;
	}
	if (h->command > SMB2_SET_INFO || h->command == SMB2_CANCEL || h->command == SMB2_ECHO)
		return;
	struct smb_request *r = smb_request_new(in, h->message, 0);
	r->command = h->command;
	r->version = state->version > 1 ? state->version : 2;
	r->session = h->session;
	r->tree = h->is_async ? 0 : h->tree;
	r->is_signed = h->is_signed;
	if (!smb2_request(in, m, r)) {
		smb_request_end(in, r);
		return;
	}
	if (is_alone(in)) {
		const struct smb_answer none = { .status = SMB_NO_ANSWER, .size = UINT64_MAX };
		smb_answered(in, r, &none);
		smb_request_end(in, r);
	}
}

uint32_t smb2_message(struct inspection *in, const uint8_t *data, uint32_t have, uint32_t len)
{
	struct smb_state *state = in->state;
	struct cursor c = cursor_make(data, have);
	struct smb2_message m = { .data = data };
	if (!read_header(&m.h, &c))
		return len;
	state->is_accepted = true;
	if (smb_is_forged(in, m.h.is_answer))
		return len;
	if (state->version < 2)
		state->version = 2;
	bool has_next = m.h.next >= HEADER_LEN && m.h.next < len;
	m.len = has_next ? m.h.next : len;
	m.have = have < m.len ? have : m.len;
	m.body = cursor_make(data + HEADER_LEN, m.have - HEADER_LEN);
	cursor_skip(&m.body, SIZE_LEN);
	if (m.h.is_answer)
		read_answer(in, &m);
	else
		read_request(in, &m);
	return m.len;
}
