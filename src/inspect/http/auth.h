/*
 * inspect/http/auth.h - log-ins by HTTP: Basic, Digest, NTLM and Negotiate, and posted forms.
 *
 * What: what a request shows of an account is kept until its answer comes, and told with its
 * outcome as event_login: a refusal each time, a success once for an account and secret of a
 * connection, since browsers show them with every request.  A form's outcome is not in a number:
 * it is told as refused by 401 and 403, else as unknown.
 * Ownership: a value in the flow's state.  Threads: one shard.
 * Limits: one log-in under way a flow: of requests sent ahead of their answers the last counts.
 */
#ifndef EXFILD_INSPECT_HTTP_AUTH_H
#define EXFILD_INSPECT_HTTP_AUTH_H

#include "../login.h"
#include "head.h"

#define HTTP_USER_KEPT    64
#define HTTP_DOMAIN_KEPT  40
#define HTTP_STATION_KEPT 32

struct http_auth {
	bool is_asked; /* by the request of number `request` */
	bool is_form;
	bool is_to_proxy; /* Proxy-Authorization: the answer is 407 */
	uint8_t method;   /* enum login_method */
	uint8_t secret_mark;
	uint16_t request;
	uint32_t attempt;
	uint32_t told; /* hash of the account and secret that were taken last */
	uint64_t proof;
	struct login_kept user_len, domain_len, station_len;
	uint8_t user[HTTP_USER_KEPT], domain[HTTP_DOMAIN_KEPT], station[HTTP_STATION_KEPT];
};

/* A request's head, the nth of the flow; a later one takes the place of an earlier. */
void http_auth_asked(struct http_auth *a, struct inspection *in, const struct http_head *h,
		     uint16_t nth);
/* The begin of a posted body, which may be the form of a log-in. */
void http_auth_form(struct http_auth *a, struct inspection *in, const uint8_t *data, size_t len,
		    uint16_t nth);
/* The status of the answer to the nth request. */
void http_auth_answered(struct http_auth *a, struct inspection *in, uint16_t status, uint16_t nth);

#endif
