/*
 * inspect/http/body.h - the bodies of HTTP messages, and the files in them.
 *
 * What: the first bytes of each body are kept with what its request was; once they tell, and again
 * at its end, events are written: http_body for each request's body and for answers that hold what
 * a detector asks for, file for what is a file.
 * Ownership: the desks of a shard lie in its shard state; a flow borrows one by number.
 * Threads: one shard.
 * Limits: HTTP_DESKS flows a shard at a time; past that the one that was idle for longest gives up
 * its own, and its body goes untold.  HTTP_LOOKED bytes a body.
 */
#ifndef EXFILD_INSPECT_HTTP_BODY_H
#define EXFILD_INSPECT_HTTP_BODY_H

#include "exfild/inspect/inspector.h"
#include "../content/parts.h"
#include "../shell.h"
#include "head.h"

#define HTTP_DESKS  128
#define HTTP_LOOKED 3072

struct http_body {
	uint64_t size; /* as declared; UINT64_MAX: not told */
	uint64_t seen;
	uint32_t kept;
	struct sum sum, undone; /* as it comes, undone from its coding */
	bool is_open;
	bool is_socket, is_text; /* messages of a WebSocket; its texts are no file */
	uint16_t status;
	uint32_t marks; /* HTTP_HAS_... of its head */
	uint8_t type_len;
	char type[120]; /* as declared */
	uint8_t data[HTTP_LOOKED];
};

/* What is known of the exchange that is under way on a flow. */
struct http_desk {
	uint8_t method_len, host_len, agent_len;
	uint16_t uri_len;
	char method[16], host[112], agent[128], uri[400];
	struct http_body body[2]; /* of the request, of the answer */
	struct parts parts;       /* of the request's, where it is a form of several */
	struct shell_talk talk;   /* after a switch to WebSocket */
};

struct http_desks {
	uint64_t flow[HTTP_DESKS];     /* whose it is; 0: free */
	uint64_t used_seq[HTTP_DESKS]; /* for the choice of a victim */
	struct http_desk desk[HTTP_DESKS];
};

/*
 * A head has been read: its body begins.  `*number` is the flow's desk, 0 for none, and may change.
 * A request's head takes the desk for the exchange.
 */
void http_body_begin(struct inspection *in, uint8_t *number, const struct http_head *h);
/* The request was not seen: what is kept of the one before is not said of the answer. */
void http_body_unasked(struct inspection *in, uint8_t number);
/*
 * Messages of a WebSocket begin: texts, or a file in bytes.  They lie where bodies of its exchange
 * would, and end as these do.
 */
void http_body_open(struct inspection *in, uint8_t number, bool is_response, bool is_text);
/* The conversation in the WebSocket of this flow; NULL: its desk is another's by now. */
struct shell_talk *http_body_talk(struct inspection *in, uint8_t number);
void http_body_take(struct inspection *in, uint8_t number, bool is_response, const uint8_t *data,
		    uint32_t len);
/* Whether more bytes of the answer's body would be looked at. */
bool http_body_wants(struct inspection *in, uint8_t number, bool is_response);
/* The begin of a request's body that is under way, where it is declared to be a form's fields. */
bool http_body_form(struct inspection *in, uint8_t number, const uint8_t **ret_data,
		    size_t *ret_len);
/* What is missing of it will not come: it is no whole file. */
void http_body_gap(struct inspection *in, uint8_t number, bool is_response);
/* Its end, or that of what is seen of it. */
void http_body_end(struct inspection *in, uint8_t number, bool is_response, bool is_complete);
/* The flow ends on one side: it needs its desk no more once both bodies are at their end. */
void http_body_leave(struct inspection *in, uint8_t *number);

#endif
