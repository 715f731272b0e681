/*
 * inspect/dcerpc/login.c - who logs in by the verifier of a binding (MS-RPCE 2.2.2.11, 3.3.1.5.2).
 *
 * NTLM's last message names the account; it comes with auth3 or alter_context, which nobody
 * answers: that it was wrong shows when the first call is refused.  Kerberos hides the name.
 */
#include "../login.h"

#include "../auth/ntlmssp.h"
#include "assoc.h"

#define ACCESS_DENIED     5
#define FAULT_SEC_PACKAGE 0x00000721u /* MS-ERREF 2.2: a security package failed */

static void keep(uint8_t *dst, uint8_t size, uint8_t *len, const struct ntlm_name *name)
{
	*len = (uint8_t)(name->len < size ? name->len : size);
	if (*len)
		memcpy(dst, name->text, *len);
}

void login_asked(struct rpc_assoc *a, const struct rpc_where *w, const struct pdu *p)
{
	struct auth_token token;
	struct ntlmssp m;
	struct rpc_login *l = &a->login;
	if (!p->token || !auth_token_read(&token, p->token, p->auth_len) ||
	    token.mechanism != AUTH_NTLM || !ntlmssp_read(&m, token.token, token.token_len) ||
	    m.type != NTLM_AUTHENTICATE)
		return;
	login_end(a, w);
	keep(l->user, sizeof(l->user), &l->user_len, &m.user);
	keep(l->domain, sizeof(l->domain), &l->domain_len, &m.domain);
	keep(l->station, sizeof(l->station), &l->station_len, &m.station);
	l->is_anonymous = m.is_anonymous;
	l->proof = m.response_hash;
	l->is_asked = true;
	l->attempt++;
}

static void tell(struct rpc_assoc *a, const struct rpc_where *w, enum login_outcome outcome,
		 uint32_t status)
{
	struct rpc_login *l = &a->login;
	const struct login login = { .service = "dcerpc",
				     .app = a->transport == RPC_PIPE ? APP_SMB : APP_DCERPC,
				     .outcome = outcome,
				     .method = l->is_anonymous ? LOGIN_NONE : LOGIN_HASH,
				     .is_inferred = outcome == LOGIN_SUCCESS,
				     .status = status,
				     .attempt = l->attempt,
				     .proof = l->proof,
				     .user = { l->user, l->user_len, 0 },
				     .domain = { l->domain, l->domain_len, 0 },
				     .workstation = { l->station, l->station_len, 0 } };
	l->is_asked = false;
	inspect_login(w->in, &login);
}

void login_answered(struct rpc_assoc *a, const struct rpc_where *w, bool is_fault, uint32_t status)
{
	if (!a->login.is_asked)
		return;
	bool is_refused = is_fault && (status == ACCESS_DENIED || status == FAULT_SEC_PACKAGE);
	tell(a, w, is_refused ? LOGIN_FAILURE : LOGIN_SUCCESS, is_refused ? status : 0);
}

void login_end(struct rpc_assoc *a, const struct rpc_where *w)
{
	if (a->login.is_asked)
		tell(a, w, LOGIN_UNKNOWN, 0);
}
