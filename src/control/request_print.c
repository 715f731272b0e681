/*
 * control/request_print.c - a request as the line that request.c reads.
 */
#include "exfild/base/json.h"
#include "client_parts.h"

void request_print(const struct request *r, struct buf *out)
{
	struct json j = json_make(out);
	json_open_object(&j, NULL);
	json_uint(&j, "v", PROTOCOL_VERSION);
	json_int(&j, "id", r->id);
	json_string(&j, "command", r->command);
	json_open_object(&j, "args");
	if (r->limit)
		json_uint(&j, "limit", r->limit);
	if (r->follow)
		json_bool(&j, "follow", true);
	if (*r->sort)
		json_string(&j, "sort", r->sort);
	if (*r->filter)
		json_string(&j, "filter", r->filter);
	if (*r->minimum)
		json_string(&j, "minimum", r->minimum);
	if (*r->kind)
		json_string(&j, "kind", r->kind);
	if (*r->to)
		json_string(&j, "to", r->to);
	if (r->from)
		json_uint(&j, "from", r->from);
	if (r->until)
		json_uint(&j, "until", r->until);
	if (r->seconds)
		json_uint(&j, "seconds", r->seconds);
	if (r->number)
		json_uint(&j, "number", r->number);
	if (*r->reason)
		json_string(&j, "reason", r->reason);
	if (*r->alert)
		json_string(&j, "alert", r->alert);
	if (*r->exception)
		json_string(&j, "exception", r->exception);
	if (*r->entries)
		json_string(&j, "entries", r->entries);
	if (*r->cases)
		json_string(&j, "cases", r->cases);
	json_close_object(&j);
	json_close_object(&j);
	buf_char(out, '\n');
}
