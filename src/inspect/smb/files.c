/*
 * inspect/smb/files.c - open files: names, bytes, kinds, ends.
 */
#include "files.h"

#include "../content/magic.h"

#define STATUS_END_OF_FILE 0xc0000011u
#define OPTION_DOOMED      0x1000u /* FILE_DELETE_ON_CLOSE */

/* Bits of has_read and has_written: what was told. */
#define TOLD_OK     1u
#define TOLD_FAILED 2u

static bool is_done(uint32_t status)
{
	return status == STATUS_OK || status == STATUS_BUFFER_OVERFLOW;
}

/* An answer whose request was not seen names files too: they have no name then. */
static struct smb_file *file_of(struct inspection *in, const struct smb_request *r)
{
	struct smb_state *state = in->state;
	const struct smb_file_id *id = &r->file;
	if (id->a == SMB_NO_FILE && id->b == SMB_NO_FILE)
		id = &state->last_file;
	if (!id->a && !id->b)
		return NULL;
	struct smb_file *f = smb_file_find(in, id);
	if (f)
		return f;
	/* opened before the capture began */
	f = smb_file_get(in, id);
	f->version = r->version;
	f->tree = r->tree;
	f->session = r->session;
	const struct smb_tree *t = smb_tree_find(in, r->version > 1 ? r->session : 0, r->tree);
	if (t) {
		f->is_pipe = t->is_pipe;
		f->share_len = t->share_len;
		memcpy(f->share, t->share, t->share_len);
	}
	return f;
}

static void set_name(struct smb_file *f, const char *name, size_t len, size_t full)
{
	size_t was = len;
	smb_text_strip(&name, &len, f->is_pipe);
	f->name_len = (uint8_t)(len < SMB_NAME_KEPT ? len : SMB_NAME_KEPT);
	f->name_full = (uint16_t)(full - (was - len));
	memcpy(f->name, name, f->name_len);
}

static void opened(struct inspection *in, struct smb_request *r, const struct smb_answer *a)
{
	struct smb_state *state = in->state;
	size_t len;
	if (a->status != STATUS_OK) {
		smb_tell(in, SMB_OPEN, r, NULL, a->status);
		return;
	}
	state->last_file = a->file;
	struct smb_file *old = smb_file_find(in, &a->file);
	if (old) /* its close was not seen */
		smb_file_end(in, old);
	struct smb_file *f = smb_file_get(in, &a->file);
	const struct smb_tree *t = smb_tree_find(in, r->version > 1 ? r->session : 0, r->tree);
	const struct smb_session *s = smb_session_find(in, r->session);
	f->version = r->version;
	f->tree = r->tree;
	f->session = r->session;
	f->access = r->access;
	f->size = a->size;
	f->is_folder = a->is_folder;
	f->is_doomed = (r->options & OPTION_DOOMED) != 0;
	if (t) {
		f->is_pipe = t->is_pipe;
		f->share_len = t->share_len;
		memcpy(f->share, t->share, t->share_len);
	}
	if (s) {
		f->user_len = s->user_len;
		memcpy(f->user, s->user, s->user_len);
	}
	const char *name = smb_text(r, SMB_TEXT_NAME, &len);
	set_name(f, name, len, r->text_full[SMB_TEXT_NAME]);
	smb_tell(in, SMB_OPEN, r, f, a->status);
}

static struct smb_sum *sum_of(struct smb_file *f, uint8_t act)
{
	return &f->sums[act == SMB_WRITE];
}

void smb_file_bytes(struct inspection *in, const struct smb_request *r, uint8_t act,
		    const uint8_t *data, uint32_t have, uint32_t len)
{
	struct smb_state *state = in->state;
	struct smb_side *side = &state->side[in->side];
	bool is_last = r->file.a == SMB_NO_FILE && r->file.b == SMB_NO_FILE;
	/* of one that was opened before the capture began the end is not known */
	struct smb_file *f =
		in->sums && len ? smb_file_find(in, is_last ? &state->last_file : &r->file) : NULL;
	if (!f || f->is_pipe)
		return;
	struct smb_sum *s = sum_of(f, act);
	if (r->offset == 0 && s->at == 0)
		filesums_begin(in, &s->sum);
	if (r->offset + len <= s->at) /* once more */
		return;
	if (r->offset != s->at || !data || !have)
		filesums_break(in, &s->sum);
	if (!filesums_is_open(&s->sum))
		return;
	s->at += len;
	filesums_take(in, &s->sum, data, have < len ? have : len);
	side->data = have < len ? len - have : 0;
	side->pipe_file = (struct smb_file_id){ f->slot.a, f->slot.b };
}

void smb_file_more(struct inspection *in, struct smb_side *side, const uint8_t *data, uint32_t len)
{
	struct smb_file *f = smb_file_find(in, &side->pipe_file);
	/* what is sent by the client is written */
	struct smb_sum *s = f ? sum_of(f, in->from_client ? SMB_WRITE : SMB_READ) : NULL;
	if (s && data)
		filesums_take(in, &s->sum, data, len);
	else if (s)
		filesums_break(in, &s->sum);
}

/* Of what is read the end is known; what is written is whole when it reaches the file's end. */
static void end_sum(struct inspection *in, struct smb_file *f, uint8_t act, bool is_closed)
{
	struct smb_sum *s = sum_of(f, act);
	bool is_whole = f->size != UINT64_MAX &&
			(act == SMB_READ ? s->at == f->size : is_closed && s->at >= f->size);
	struct event_file_hash *e = filesums_end(in, &s->sum, is_whole);
	if (e)
		smb_tell_sum(in, f, e, act == SMB_READ);
}

/* Tells once that it went well, and once that it did not. */
static void tell_moved(struct inspection *in, uint8_t act, const struct smb_request *r,
		       struct smb_file *f, uint8_t *told, uint32_t status)
{
	uint8_t bit = is_done(status) ? TOLD_OK : TOLD_FAILED;
	if (*told & bit)
		return;
	*told |= bit;
	smb_tell(in, act, r, f, status);
}

static void tell_kind(struct inspection *in, struct smb_file *f, bool from_server)
{
	if (f->is_file_told || f->is_pipe || f->file_type == FILE_UNKNOWN)
		return;
	f->is_file_told = true;
	smb_tell_file(in, f, from_server, false);
}

static void have_read(struct inspection *in, struct smb_request *r, const struct smb_answer *a)
{
	struct smb_file *f = file_of(in, r);
	if (!f || a->status == STATUS_END_OF_FILE || a->status == SMB_NO_ANSWER)
		return;
	if (is_done(a->status)) {
		f->read += a->data_len;
		smb_file_bytes(in, r, SMB_READ, a->data, a->data_have, a->data_len);
		if (r->offset == 0 && !f->is_pipe && f->file_type == FILE_UNKNOWN && a->data)
			f->file_type = (uint8_t)file_type_of(
				a->data, a->data_have < SMB_FIRST ? a->data_have : SMB_FIRST);
	}
	tell_moved(in, SMB_READ, r, f, &f->has_read, a->status);
	if (is_done(a->status))
		tell_kind(in, f, true);
}

static void have_written(struct inspection *in, struct smb_request *r, const struct smb_answer *a)
{
	struct smb_file *f = file_of(in, r);
	if (!f)
		return;
	if (is_done(a->status))
		f->written += a->count;
	else if (a->status == SMB_NO_ANSWER)
		f->written += r->len;
	if (r->file_type && f->file_type == FILE_UNKNOWN && !f->is_pipe)
		f->file_type = r->file_type;
	tell_moved(in, SMB_WRITE, r, f, &f->has_written, a->status);
	if (is_done(a->status) || a->status == SMB_NO_ANSWER)
		tell_kind(in, f, false);
}

void smb_sends(struct smb_request *r, const uint8_t *data, size_t len)
{
	if (r->offset == 0 && data && len)
		r->file_type = (uint8_t)file_type_of(data, len < SMB_FIRST ? len : SMB_FIRST);
}

void smb_close(struct inspection *in, struct smb_file *f, const struct smb_request *r,
	       uint32_t status)
{
	if (f->is_pipe)
		smb_pipe_close(in, f);
	if (f->read || f->written)
		smb_tell(in, SMB_CLOSE, r, f, status);
	if (!f->is_pipe && f->read)
		smb_tell_file(in, f, true, true);
	if (!f->is_pipe && f->written)
		smb_tell_file(in, f, false, true);
	end_sum(in, f, SMB_READ, is_done(status));
	end_sum(in, f, SMB_WRITE, is_done(status));
	if (f->is_doomed && status == STATUS_OK)
		smb_tell(in, SMB_DELETE, r, f, status);
	smb_file_end(in, f);
}

static void renamed(struct inspection *in, struct smb_request *r, struct smb_file *f,
		    uint32_t status)
{
	size_t len;
	smb_tell(in, SMB_RENAME, r, f, status);
	if (!f || status != STATUS_OK)
		return;
	const char *name = smb_text(r, SMB_TEXT_MORE, &len);
	set_name(f, name, len, r->text_full[SMB_TEXT_MORE]);
}

static void on_open_file(struct inspection *in, struct smb_request *r, const struct smb_answer *a,
			 struct smb_file *f)
{
	switch (r->act) {
	case SMB_CLOSE:
		if (f && is_done(a->status))
			smb_close(in, f, r, a->status);
		break;
	case SMB_DELETE:
		smb_tell(in, SMB_DELETE, r, f, a->status);
		break;
	case SMB_RENAME:
		renamed(in, r, f, a->status);
		break;
	case SMB_LIST:
		if (f && f->has_listed) /* goes on, or is at its end */
			break;
		if (f)
			f->has_listed = is_done(a->status);
		smb_tell(in, SMB_LIST, r, f, a->status);
		break;
	case SMB_CONTROL:
		if (r->is_untold || (f && f->control == r->access && is_done(a->status)))
			break;
		if (f)
			f->control = r->access;
		smb_tell(in, SMB_CONTROL, r, f, a->status);
		break;
	default:
		if (f && r->sets_size && a->status == STATUS_OK)
			f->size = r->offset;
		break;
	}
}

void smb_file_answered(struct inspection *in, struct smb_request *r, const struct smb_answer *a)
{
	bool has_id = r->file.a || r->file.b;
	switch (r->act) {
	case SMB_OPEN:
		opened(in, r, a);
		break;
	case SMB_READ:
		have_read(in, r, a);
		break;
	case SMB_WRITE:
		have_written(in, r, a);
		break;
	default:
		on_open_file(in, r, a, has_id ? file_of(in, r) : NULL);
		break;
	}
}
