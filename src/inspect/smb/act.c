/*
 * inspect/smb/act.c - sessions, trees and what is odd; files are in files.c.
 */
#include <stdio.h>

#include "../auth/ntlmssp.h"
#include "files.h"

#define MALFORMED_MAX 8 /* events of a flow */

/* ---- sessions ---- */

static void put_name(struct smb_request *r, enum smb_text which, const struct ntlm_name *name)
{
	smb_text_put(r, which, name->text, name->len);
	if (name->full > name->len)
		r->text_full[which] = name->full;
}

void smb_session_token(struct smb_request *r, const uint8_t *blob, size_t len)
{
	struct auth_token token;
	struct ntlmssp ntlm;
	if (!auth_token_read(&token, blob, len))
		return;
	if (token.mechanism == AUTH_KERBEROS) {
		r->login = LOGIN_KERBEROS;
		r->is_log_in = true;
		return;
	}
	if (token.mechanism != AUTH_NTLM || !ntlmssp_read(&ntlm, token.token, token.token_len) ||
	    ntlm.type != NTLM_AUTHENTICATE)
		return;
	r->login = LOGIN_HASH;
	r->is_log_in = true;
	r->is_null = ntlm.is_anonymous;
	r->proof = ntlm.response_hash;
	put_name(r, SMB_TEXT_NAME, &ntlm.user);
	put_name(r, SMB_TEXT_MORE, &ntlm.domain);
	put_name(r, SMB_TEXT_LAST, &ntlm.station);
}

static void remember_user(struct smb_session *s, const struct smb_request *r)
{
	size_t user_len, domain_len;
	const char *user = smb_text(r, SMB_TEXT_NAME, &user_len);
	const char *domain = smb_text(r, SMB_TEXT_MORE, &domain_len);
	size_t at = 0;
	if (!user_len)
		return;
	if (domain_len && domain_len + 1 + user_len <= SMB_USER_KEPT) {
		memcpy(s->user, domain, domain_len);
		s->user[domain_len] = '\\';
		at = domain_len + 1;
	}
	if (user_len > SMB_USER_KEPT - at)
		user_len = SMB_USER_KEPT - at;
	memcpy(s->user + at, user, user_len);
	s->user_len = (uint8_t)(at + user_len);
}

/* The proof was taken, and one more turn is asked: what it said is kept for the last answer. */
static void session_goes_on(struct inspection *in, const struct smb_request *r)
{
	if (!r->is_log_in)
		return;
	struct smb_session *s = smb_session_get(in, r->session);
	s->login = r->login;
	s->is_null = r->is_null;
	s->proof = r->proof;
	remember_user(s, r);
}

static void take_kept(struct inspection *in, struct smb_request *r)
{
	struct smb_session *s = smb_session_find(in, r->session);
	if (!s || !s->login || r->is_log_in)
		return;
	r->is_log_in = true;
	r->login = s->login;
	r->is_null = s->is_null;
	r->proof = s->proof;
	const char *slash = s->user_len ? memchr(s->user, '\\', s->user_len) : NULL;
	size_t domain = slash ? (size_t)(slash - s->user) : 0;
	size_t at = slash ? domain + 1 : 0;
	smb_text_put(r, SMB_TEXT_NAME, s->user + at, s->user_len - at);
	smb_text_put(r, SMB_TEXT_MORE, s->user, domain);
	s->login = 0;
}

static void session_answered(struct inspection *in, struct smb_request *r,
			     const struct smb_answer *a)
{
	struct smb_state *state = in->state;
	if (a->session)
		r->session = a->session;
	if (a->status == STATUS_MORE_PROCESSING) {
		session_goes_on(in, r);
		return;
	}
	take_kept(in, r);
	if (a->status == STATUS_OK) {
		struct smb_session *s = smb_session_get(in, r->session);
		s->is_guest = a->is_guest;
		s->is_null = a->is_null || r->is_null;
		s->is_encrypted = a->is_encrypted;
		remember_user(s, r);
	}
	if (r->is_log_in) { /* else nobody has said who he is */
		state->attempts++;
		smb_tell_login(in, r, a);
	}
	smb_tell(in, SMB_SESSION, r, NULL, a->status);
}

/* ---- trees ---- */

static bool is_ipc(const char *share, size_t len)
{
	return len == 4 && strncasecmp(share, "IPC$", 4) == 0;
}

static void tree_answered(struct inspection *in, struct smb_request *r, const struct smb_answer *a)
{
	r->tree = a->status == STATUS_OK ? a->tree : r->tree;
	if (a->status == STATUS_OK) {
		struct smb_tree *t = smb_tree_get(in, r->version > 1 ? r->session : 0, a->tree);
		size_t len;
		const char *share = smb_text(r, SMB_TEXT_NAME, &len);
		t->is_pipe = a->is_pipe || is_ipc(share, len);
		t->share_len = (uint8_t)(len < SMB_SHARE_KEPT ? len : SMB_SHARE_KEPT);
		memcpy(t->share, share, t->share_len);
	}
	smb_tell(in, SMB_TREE, r, NULL, a->status);
}

/* ---- all ---- */

void smb_answered(struct inspection *in, struct smb_request *r, const struct smb_answer *a)
{
	switch (r->act) {
	case SMB_SESSION:
		session_answered(in, r, a);
		break;
	case SMB_TREE:
		tree_answered(in, r, a);
		break;
	case SMB_TRANSACTION:
		if (r->odd && !r->is_odd_told)
			smb_malformed(in, r, a->status, r->command, r->odd);
		else if (!r->is_untold)
			smb_tell(in, SMB_TRANSACTION, r, NULL, a->status);
		break;
	case SMB_NEGOTIATE:
	case SMB_HIDDEN:
		break;
	default:
		smb_file_answered(in, r, a);
		break;
	}
}

static void tell_with_detail(struct inspection *in, struct smb_request *r, uint8_t act,
			     uint32_t status, const char *detail, size_t len)
{
	r->act = act;
	smb_text_put(r, SMB_TEXT_MORE, detail, len);
	smb_tell(in, act, r, NULL, status);
}

void smb_negotiated(struct inspection *in, uint16_t command, uint16_t dialect, uint32_t status)
{
	struct smb_state *state = in->state;
	struct smb_request r = { .command = command, .is_signed = state->is_signed };
	if (dialect) {
		state->dialect = dialect;
		state->version = dialect < 0x0200 ? 1 : dialect >= 0x0300 ? 3 : 2;
		/* "any of SMB2": the client asks again */
		if (dialect == 0x02ff)
			state->version = 2;
	}
	state->is_negotiating = false;
	tell_with_detail(in, &r, SMB_NEGOTIATE, status, state->detail, state->detail_len);
}

void smb_hidden(struct inspection *in, bool is_encrypted)
{
	struct smb_state *state = in->state;
	uint32_t bit = is_encrypted ? SMB_TOLD_HIDDEN : SMB_TOLD_COMPRESSED;
	if (state->told & bit)
		return;
	state->told |= bit;
	struct event_smb *e = inspect_event(in, EVENT_SMB, sizeof(*e));
	e->e.app = APP_SMB;
	e->act = SMB_HIDDEN;
	e->version = 3;
	e->dialect = state->dialect;
	e->status = SMB_NO_ANSWER;
	e->size = UINT64_MAX;
	e->is_encrypted = is_encrypted;
	e->is_compressed = !is_encrypted;
	event_log_commit(in->log);
}

void smb_malformed(struct inspection *in, const struct smb_request *r, uint32_t status,
		   uint16_t command, enum smb_oddity odd)
{
	static const char *const texts[SMB_ODD__COUNT] = {
		[SMB_ODD_KIND] = "secondary to a transaction of another kind",
		[SMB_ODD_BEYOND] = "secondary beyond the end of its transaction",
		[SMB_ODD_WRITE] = "write into a transaction that is not whole",
		[SMB_ODD_FUNCTION] = "nt_trans of a function that there is not",
		[SMB_ODD_RENAME] = "nt_trans rename, which no server has",
		[SMB_ODD_PEEK] = "peek of a pipe that nobody has opened",
		[SMB_ODD_SETUP] = "trans2 session setup, which no server has",
		[SMB_ODD_IMPLANT] = "trans2 session setup, answered as only an implant does",
		[SMB_ODD_COMPRESSION] = "compression header: size and offset overflow",
	};
	struct smb_state *state = in->state;
	const char *detail = texts[odd];
	if (state->malformed >= MALFORMED_MAX)
		return;
	state->malformed++;
	struct event_smb *e = inspect_event(in, EVENT_SMB, sizeof(*e));
	e->e.app = APP_SMB;
	e->act = r ? r->act : SMB_OTHER;
	e->version = r ? r->version : state->version;
	e->dialect = state->dialect;
	e->command = command;
	e->status = status;
	e->size = UINT64_MAX;
	e->is_malformed = true;
	e->oddity = (uint8_t)odd;
	if (r) {
		e->access = r->code;
		e->session = r->session;
		e->tree = r->tree;
		e->size = r->total_data;
		const struct smb_tree *t = smb_tree_find(in, 0, r->tree);
		if (t && t->share_len)
			event_log_str(in->log, &e->share, t->share, t->share_len, t->share_len);
	}
	event_log_str(in->log, &e->detail, detail, strlen(detail), strlen(detail));
	event_log_commit(in->log);
}

void smb_finish(struct inspection *in)
{
	struct smb_state *state = in->state;
	const struct smb_answer none = { .status = SMB_NO_ANSWER, .size = UINT64_MAX };
	struct smb_request *r;
	struct smb_file *f;
	if (state->is_negotiating)
		smb_negotiated(in, state->negotiate, 0, SMB_NO_ANSWER);
	while (state->requests && (r = smb_request_any(in))) {
		smb_answered(in, r, &none);
		smb_request_end(in, r);
	}
	while (state->files && (f = smb_file_any(in)))
		smb_close(in, f, NULL, SMB_NO_ANSWER);
	state->requests = state->files = 0;
}
