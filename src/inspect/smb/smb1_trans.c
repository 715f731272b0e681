/*
 * inspect/smb/smb1_trans.c - transactions of SMB 1: pipes, folders, and what exploits do with them.
 *
 * A transaction (MS-CIFS 2.2.4.33, .46, .62) says how much it will bring; what does not fit into
 * its first message follows in secondary ones of the same process and message number.  The holes
 * of MS17-010 are in what servers believed about these: a secondary of one kind was taken for a
 * transaction of another one (EternalBlue), a write into a pipe moved the buffer of a transaction
 * that was not whole (EternalRomance), functions that nobody has were looked up (EternalChampion's
 * and Synergy's leaks).  DoublePulsar listens in a function that no server implements.
 */
#include "smb1.h"

/* MS-CIFS 2.2.5, 2.2.6, 2.2.7 */
enum trans_function { TRANS_PEEK = 0x23, TRANS_TRANSACT = 0x26 };

enum trans2_function {
	TRANS2_FIND_FIRST = 0x01,
	TRANS2_SET_PATH = 0x06,
	TRANS2_SET_FILE = 0x08,
	TRANS2_SESSION_SETUP = 0x0e,
};

enum nt_function { NT_FIRST = 1, NT_RENAME = 5, NT_LAST = 8 };

/* MS-CIFS 2.2.2.3.4 and, from 1000 on, those of MS-FSCC */
enum set_level {
	SET_DISPOSITION = 0x102,
	SET_END = 0x104,
	PASS_RENAME = 1010,
	PASS_DISPOSITION = 1013,
	PASS_END = 1020,
};

#define PULSAR_STEP 0x10u /* DoublePulsar adds it to the message number of its answer */

/* Where parameters and data lie. */
struct trans {
	uint32_t total_params, total_data;
	uint32_t params, params_off, params_at;
	uint32_t data, data_off, data_at;
	uint16_t setup[2];
	uint8_t setups;
};

static bool read_trans(struct smb1_block *b, struct trans *t)
{
	struct cursor *c = &b->params;
	t->total_params = cursor_le16(c);
	t->total_data = cursor_le16(c);
	cursor_skip(c, 14);
	t->params = cursor_le16(c);
	t->params_off = cursor_le16(c);
	t->data = cursor_le16(c);
	t->data_off = cursor_le16(c);
	t->setups = cursor_u8(c);
	cursor_skip(c, 1);
	bool ok = cursor_ok(c);
	for (unsigned i = 0; i < 2 && i < t->setups; i++)
		t->setup[i] = cursor_le16(c);
	return ok;
}

static bool read_nt_trans(struct smb1_block *b, struct trans *t)
{
	struct cursor *c = &b->params;
	cursor_skip(c, 3);
	t->total_params = cursor_le32(c);
	t->total_data = cursor_le32(c);
	cursor_skip(c, 8);
	t->params = cursor_le32(c);
	t->params_off = cursor_le32(c);
	t->data = cursor_le32(c);
	t->data_off = cursor_le32(c);
	cursor_skip(c, 1);
	t->setups = 1;
	t->setup[0] = cursor_le16(c);
	return cursor_ok(c);
}

static bool read_secondary(struct smb1_block *b, struct trans *t)
{
	struct cursor *c = &b->params;
	bool is_nt = b->h.command == SMB1_NT_TRANS_SECONDARY;
	if (is_nt)
		cursor_skip(c, 3);
	t->total_params = is_nt ? cursor_le32(c) : cursor_le16(c);
	t->total_data = is_nt ? cursor_le32(c) : cursor_le16(c);
	t->params = is_nt ? cursor_le32(c) : cursor_le16(c);
	t->params_off = is_nt ? cursor_le32(c) : cursor_le16(c);
	t->params_at = is_nt ? cursor_le32(c) : cursor_le16(c);
	t->data = is_nt ? cursor_le32(c) : cursor_le16(c);
	t->data_off = is_nt ? cursor_le32(c) : cursor_le16(c);
	t->data_at = is_nt ? cursor_le32(c) : cursor_le16(c);
	return cursor_ok(c);
}

static struct cursor part(const struct smb1_block *b, uint32_t off, uint32_t len)
{
	uint32_t have;
	const uint8_t *data = smb1_part(b, off, len, &have);
	return cursor_make(data, have);
}

/* ---- first messages ---- */

static void begin_pipe(struct inspection *in, struct smb1_block *b, struct smb_request *r,
		       const struct trans *t)
{
	uint32_t off = b->bytes_off;
	if (t->setups && t->setup[0] == TRANS_TRANSACT) {
		r->file = (struct smb_file_id){ t->setup[1], SMB1_ID };
		r->is_untold = true;
		r->is_to_pipe = true;
		smb_pipe_part(in, &r->file, b->data, b->have, b->len, t->data_off, t->data);
		return;
	}
	smb1_string(b, r, SMB_TEXT_NAME, &off);
	if (!t->setups) { /* remote administration (MS-RAP): its function comes first */
		struct cursor c = part(b, t->params_off, t->params);
		r->code = cursor_le16(&c);
	}
	if (t->setups && t->setup[0] == TRANS_PEEK && t->setup[1] == 0)
		r->odd = SMB_ODD_PEEK;
}

static void set_info(struct smb1_block *b, struct smb_request *r, const struct trans *t)
{
	struct cursor c = part(b, t->params_off, t->params);
	struct cursor data = part(b, t->data_off, t->data);
	if (t->setup[0] == TRANS2_SET_FILE)
		r->file = (struct smb_file_id){ cursor_le16(&c), SMB1_ID };
	uint16_t level = cursor_le16(&c);
	if (t->setup[0] == TRANS2_SET_PATH) {
		uint32_t off = t->params_off + 6;
		smb1_string(b, r, SMB_TEXT_NAME, &off);
	}
	if (!cursor_ok(&c))
		return;
	if ((level == SET_DISPOSITION || level == PASS_DISPOSITION) && cursor_u8(&data)) {
		r->act = SMB_DELETE;
	} else if (level == SET_END || level == PASS_END) {
		r->act = SMB_OTHER;
		r->offset = cursor_le64(&data);
		r->sets_size = cursor_ok(&data);
	} else if (level == PASS_RENAME) { /* replace 4, root 4, length 4, name */
		cursor_skip(&data, 8);
		uint32_t len = cursor_le32(&data), have;
		const uint8_t *name = smb1_part(b, t->data_off + 12, len, &have);
		r->act = SMB_RENAME;
		smb_text_set(r, SMB_TEXT_MORE, name, have, true);
	}
}

static void begin_trans2(struct smb1_block *b, struct smb_request *r, const struct trans *t)
{
	r->is_untold = true;
	switch (t->setup[0]) {
	case TRANS2_FIND_FIRST: {
		uint32_t off = t->params_off + 12;
		r->act = SMB_LIST;
		smb1_string(b, r, SMB_TEXT_NAME, &off);
		break;
	}
	case TRANS2_SET_PATH:
	case TRANS2_SET_FILE:
		set_info(b, r, t);
		break;
	case TRANS2_SESSION_SETUP:
		r->odd = SMB_ODD_SETUP;
		break;
	default:
		break;
	}
}

static void begin_nt(struct smb_request *r, const struct trans *t)
{
	r->is_untold = true;
	if (t->setup[0] < NT_FIRST || t->setup[0] > NT_LAST)
		r->odd = SMB_ODD_FUNCTION;
	else if (t->setup[0] == NT_RENAME)
		r->odd = SMB_ODD_RENAME;
}

bool smb1_trans_request(struct inspection *in, struct smb1_block *b, struct smb_request *r)
{
	struct trans t = { 0 };
	bool is_nt = b->h.command == SMB1_NT_TRANS;
	if (!(is_nt ? read_nt_trans(b, &t) : read_trans(b, &t)))
		return false;
	r->act = SMB_TRANSACTION;
	r->code = t.setup[0];
	r->total_data = t.total_data;
	r->total_params = t.total_params;
	r->seen_data = t.data;
	r->seen_params = t.params;
	if (is_nt)
		begin_nt(r, &t);
	else if (b->h.command == SMB1_TRANS2)
		begin_trans2(b, r, &t);
	else
		begin_pipe(in, b, r, &t);
	if (r->act == SMB_TRANSACTION)
		r->access = r->code;
	return true;
}

/* ---- what follows ---- */

static uint8_t first_of(uint8_t command)
{
	return command == SMB1_TRANS_SECONDARY  ? SMB1_TRANS :
	       command == SMB1_TRANS2_SECONDARY ? SMB1_TRANS2 :
						  SMB1_NT_TRANS;
}

static void say_odd(struct inspection *in, struct smb_request *r, uint8_t command,
		    enum smb_oddity what)
{
	if (r->is_odd_told)
		return;
	r->is_odd_told = true;
	smb_malformed(in, r, SMB_NO_ANSWER, command, what);
}

/* The first message was refused, and its rest comes all the same: as another kind. */
static void check_unfinished(struct inspection *in, const struct smb1_block *b)
{
	struct smb_state *state = in->state;
	if (!state->unfinished_command || state->unfinished != smb1_key(&b->h) ||
	    state->unfinished_command == first_of(b->h.command))
		return;
	state->unfinished_command = 0;
	smb_malformed(in, NULL, SMB_NO_ANSWER, b->h.command, SMB_ODD_KIND);
}

void smb1_trans_secondary(struct inspection *in, struct smb1_block *b)
{
	static const uint8_t kinds[] = { SMB1_TRANS, SMB1_TRANS2, SMB1_NT_TRANS };
	struct trans t = { 0 };
	if (!read_secondary(b, &t))
		return;
	struct smb_request *r = smb1_request_of(in, &b->h, first_of(b->h.command));
	for (unsigned i = 0; !r && i < sizeof(kinds); i++) {
		struct smb_request *other = smb1_request_of(in, &b->h, kinds[i]);
		if (other && (other->seen_data < other->total_data ||
			      other->seen_params < other->total_params)) {
			say_odd(in, other, b->h.command, SMB_ODD_KIND);
			return;
		}
	}
	if (!r) {
		check_unfinished(in, b);
		return;
	}
	if (t.total_data > r->total_data || t.total_params > r->total_params ||
	    (uint64_t)t.data_at + t.data > r->total_data ||
	    (uint64_t)t.params_at + t.params > r->total_params) {
		say_odd(in, r, b->h.command, SMB_ODD_BEYOND);
		return;
	}
	r->seen_data += t.data;
	r->seen_params += t.params;
	if (r->is_to_pipe)
		smb_pipe_part(in, &r->file, b->data, b->have, b->len, t.data_off, t.data);
}

bool smb1_trans_is_interim(const struct smb1_block *b, const struct smb_request *r)
{
	bool is_whole = r->seen_data >= r->total_data && r->seen_params >= r->total_params;
	return r->act == SMB_TRANSACTION && !is_whole && b->words == 0 && b->h.status == STATUS_OK;
}

void smb1_trans_note_end(struct inspection *in, const struct smb1_block *b,
			 const struct smb_request *r)
{
	struct smb_state *state = in->state;
	if (r->act != SMB_TRANSACTION ||
	    (r->seen_data >= r->total_data && r->seen_params >= r->total_params))
		return;
	state->unfinished = smb1_key(&b->h);
	state->unfinished_command = b->h.command;
}

void smb1_trans_answer(struct inspection *in, struct smb1_block *b, struct smb_request *r)
{
	struct cursor *c = &b->params;
	if (b->h.command != SMB1_TRANS || !r->is_to_pipe || !b->words)
		return;
	cursor_skip(c, 12);
	uint16_t len = cursor_le16(c);
	uint16_t off = cursor_le16(c);
	if (cursor_ok(c))
		smb_pipe_part(in, &r->file, b->data, b->have, b->len, off, len);
}

void smb1_trans_stray(struct inspection *in, const struct smb1_header *h)
{
	struct smb1_header asked = *h;
	asked.message = (uint16_t)(h->message - PULSAR_STEP);
	struct smb_request *r = smb1_request_of(in, &asked, SMB1_TRANS2);
	if (!r || r->code != TRANS2_SESSION_SETUP || r->act != SMB_TRANSACTION)
		return;
	smb_malformed(in, r, h->status, SMB1_TRANS2, SMB_ODD_IMPLANT);
	smb_request_end(in, r);
}

void smb1_trans_check_write(struct inspection *in, const struct smb1_header *h)
{
	struct smb_request *r = smb1_request_of(in, h, SMB1_TRANS);
	if (r && r->seen_data < r->total_data)
		say_odd(in, r, SMB1_WRITE_ANDX, SMB_ODD_WRITE);
}
