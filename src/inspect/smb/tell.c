/*
 * inspect/smb/tell.c - events of SMB acts, files and log-ins.
 */
#include "../login.h"
#include "smb.h"

static void put_text(struct inspection *in, struct event_str *s, const char *text, size_t len,
		     size_t full)
{
	if (full)
		event_log_str(in->log, s, text, len, full < len ? len : full);
}

static void put_request_text(struct inspection *in, struct event_str *s,
			     const struct smb_request *r, enum smb_text which)
{
	size_t len;
	const char *text = smb_text(r, which, &len);
	put_text(in, s, text, len, r->text_full[which]);
}

static void put_path(struct inspection *in, struct event_smb *e, const struct smb_request *r)
{
	size_t len;
	const char *text = smb_text(r, SMB_TEXT_NAME, &len);
	size_t was = len;
	smb_text_strip(&text, &len, e->is_pipe);
	put_text(in, &e->name, text, len, r->text_full[SMB_TEXT_NAME] - (was - len));
}

/* What a request's strings mean depends on what it does. */
static void put_request(struct inspection *in, struct event_smb *e, const struct smb_request *r,
			bool has_file)
{
	switch (r->act) {
	case SMB_TREE:
		put_request_text(in, &e->share, r, SMB_TEXT_NAME);
		put_request_text(in, &e->detail, r, SMB_TEXT_MORE);
		break;
	case SMB_SESSION:
		put_request_text(in, &e->detail, r, SMB_TEXT_EXTRA);
		break;
	default:
		if (!has_file)
			put_path(in, e, r);
		if (r->act == SMB_RENAME)
			put_request_text(in, &e->renamed, r, SMB_TEXT_MORE);
		else
			put_request_text(in, &e->detail, r, SMB_TEXT_MORE);
		break;
	}
}

static void put_session(struct inspection *in, struct event_smb *e, const struct smb_file *f)
{
	const struct smb_session *s = e->session ? smb_session_find(in, e->session) : NULL;
	if (s) {
		e->is_guest = s->is_guest;
		e->is_null = s->is_null;
		put_text(in, &e->user, s->user, s->user_len, s->user_len);
	} else if (f) {
		put_text(in, &e->user, f->user, f->user_len, f->user_len);
	}
}

static void put_file(struct inspection *in, struct event_smb *e, const struct smb_file *f)
{
	e->file = f->slot.a;
	e->tree = f->tree;
	e->session = f->session;
	e->is_pipe = f->is_pipe;
	e->is_folder = f->is_folder;
	e->file_type = f->file_type;
	e->size = f->size;
	e->read = f->read;
	e->written = f->written;
	e->access = f->access;
	put_text(in, &e->share, f->share, f->share_len, f->share_len);
	put_text(in, &e->name, f->name, f->name_len, f->name_full);
}

void smb_tell(struct inspection *in, uint8_t act, const struct smb_request *r,
	      const struct smb_file *f, uint32_t status)
{
	const struct smb_state *state = in->state;
	struct event_smb *e = inspect_event(in, EVENT_SMB, sizeof(*e));
	e->e.app = APP_SMB;
	e->act = act;
	e->version = state->version;
	e->dialect = state->dialect;
	e->status = status;
	e->size = UINT64_MAX;
	if (r) {
		e->version = r->version > e->version ? r->version : e->version;
		e->command = r->command;
		e->is_signed = r->is_signed;
		e->session = r->session;
		e->tree = r->tree;
		e->file = r->file.a == SMB_NO_FILE ? 0 : r->file.a;
		e->is_folder = r->is_folder;
		e->file_type = r->file_type;
	}
	if (f)
		put_file(in, e, f);
	if (r) {
		if (r->access)
			e->access = r->access;
		e->disposition = r->disposition;
		const struct smb_tree *t =
			f || act == SMB_TREE ?
				NULL :
				smb_tree_find(in, r->version > 1 ? r->session : 0, r->tree);
		if (t) {
			e->is_pipe = t->is_pipe;
			put_text(in, &e->share, t->share, t->share_len, t->share_len);
		}
		put_request(in, e, r, f != NULL);
	}
	put_session(in, e, f);
	event_log_commit(in->log);
}

void smb_tell_exchange(struct inspection *in, const struct smb_file *f, const struct smb_pipe *pipe)
{
	const struct smb_state *state = in->state;
	struct event_smb *e = inspect_event(in, EVENT_SMB, sizeof(*e));
	e->e.app = APP_SMB;
	e->act = SMB_EXCHANGE;
	e->version = state->version;
	e->dialect = state->dialect;
	e->status = SMB_NO_ANSWER;
	put_file(in, e, f);
	e->written = pipe->bytes[0];
	e->read = pipe->bytes[1];
	e->turns = pipe->turns;
	put_session(in, e, f);
	event_log_commit(in->log);
}

/* Folder and last part of a path. */
static size_t split_path(const char *path, size_t len)
{
	size_t at = len;
	while (at && path[at - 1] != '\\')
		at--;
	return at;
}

/* Name, and share with folder; ends the event. */
static void put_names(struct inspection *in, const struct smb_file *f, struct event_str *carrier,
		      struct event_str *ret_name, struct event_str *ret_place)
{
	char place[SMB_SHARE_KEPT + SMB_NAME_KEPT + 2];
	size_t name = split_path(f->name, f->name_len);
	size_t folder = name ? name - 1 : 0;
	size_t len = f->share_len;
	memcpy(place, f->share, len);
	if (folder) {
		place[len++] = '\\';
		memcpy(place + len, f->name, folder);
		len += folder;
	}
	put_text(in, carrier, "smb", 3, 3);
	put_text(in, ret_name, f->name + name, f->name_len - name, f->name_full - name);
	put_text(in, ret_place, place, len, len);
	event_log_commit(in->log);
}

void smb_tell_sum(struct inspection *in, const struct smb_file *f, struct event_file_hash *e,
		  bool from_server)
{
	e->e.app = APP_SMB;
	e->e.from_server = from_server;
	put_names(in, f, &e->carrier, &e->name, &e->place);
}

void smb_tell_file(struct inspection *in, const struct smb_file *f, bool from_server, bool is_end)
{
	struct event_file *e = inspect_event(in, EVENT_FILE, sizeof(*e));
	e->e.app = APP_SMB;
	e->e.from_server = from_server;
	e->type = f->file_type;
	e->is_end = is_end;
	e->seen = from_server ? f->read : f->written;
	/* what is written may grow: only the end of file that the writer has set is a size */
	e->size = from_server || (f->size && f->size != UINT64_MAX && f->size >= f->written) ?
			  f->size :
			  UINT64_MAX;
	e->is_complete = is_end && e->size != UINT64_MAX && e->seen >= e->size;
	put_names(in, f, &e->carrier, &e->name, &e->place);
}

/* MS-ERREF 2.3.1; SMB1 without NT status: ERRSRV/ERRbadpw (MS-CIFS 2.2.2.4) */
static uint8_t outcome_of(uint32_t status)
{
	switch (status) {
	case STATUS_OK:
		return LOGIN_SUCCESS;
	case 0xc000006du: /* LOGON_FAILURE */
	case 0xc000006au: /* WRONG_PASSWORD */
	case 0xc0000022u: /* ACCESS_DENIED */
	case 0x00020002u:
		return LOGIN_FAILURE;
	case 0xc0000064u: /* NO_SUCH_USER */
		return LOGIN_NO_USER;
	case 0xc0000234u: /* ACCOUNT_LOCKED_OUT */
	case 0xc0000072u: /* ACCOUNT_DISABLED */
	case 0xc0000193u: /* ACCOUNT_EXPIRED */
	case 0xc0000071u: /* PASSWORD_EXPIRED */
	case 0xc0000224u: /* PASSWORD_MUST_CHANGE */
	case 0xc000006eu: /* ACCOUNT_RESTRICTION */
	case 0xc000006fu: /* INVALID_LOGON_HOURS */
	case 0xc0000070u: /* INVALID_WORKSTATION */
	case 0xc000015bu: /* LOGON_TYPE_NOT_GRANTED */
		return LOGIN_LOCKED;
	default:
		return LOGIN_UNKNOWN;
	}
}

static struct login_text text_of(const struct smb_request *r, enum smb_text which)
{
	size_t len;
	const char *text = smb_text(r, which, &len);
	return (struct login_text){ text, (uint32_t)len, r->text_full[which] };
}

void smb_tell_login(struct inspection *in, const struct smb_request *r, const struct smb_answer *a)
{
	const struct smb_state *state = in->state;
	bool is_known = a->status != SMB_NO_ANSWER;
	const struct login l = {
		.service = "smb",
		.app = APP_SMB,
		.outcome = is_known ? outcome_of(a->status) : LOGIN_UNKNOWN,
		.method = r->is_null || a->is_guest || a->is_null ? LOGIN_NONE :
								    (enum login_method)r->login,
		.status = is_known ? a->status : 0,
		.attempt = state->attempts,
		.proof = r->proof,
		.user = text_of(r, SMB_TEXT_NAME),
		.domain = text_of(r, SMB_TEXT_MORE),
		.workstation = text_of(r, SMB_TEXT_LAST),
	};
	inspect_login(in, &l);
}
