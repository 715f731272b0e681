/*
 * inspect/http/socket.c - see socket.h.
 */
#include "socket.h"

#include <string.h>

#include "../content/magic.h"
#include "../content/scan.h"
#include "body.h"

#define INNER_MESSAGES 6
#define JOINED         4096u
#define TOLD_AT        65536u /* bytes of texts, at the latest */
#define TOLD_FROM      4096u  /* of texts in which nothing rides */

struct hearer {
	struct socket_side *s;
	struct inspection *in;
	uint8_t desk;
	bool is_response;
};

static void tell_texts(const struct hearer *h)
{
	struct socket_side *s = h->s;
	carried_put_message(h->in, APP_HTTP, s->said, &s->carried);
	memset(&s->carried, 0, sizeof(s->carried));
	s->said = 0;
}

/* What rides in a text that leaves; pictures in it are what pages send. */
static void weigh(const struct hearer *h, const uint8_t *data, size_t len)
{
	struct socket_side *s = h->s;
	if (h->is_response || !carried_may_leave(h->in))
		return;
	carried_begin(&s->carried, h->in);
	s->said += (uint32_t)len;
	s->is_picture = s->is_picture || carried_is_picture(data, len);
	if (!s->is_picture)
		carried_add_text(&s->carried, h->in->key, data, len);
	if (s->said >= TOLD_AT)
		tell_texts(h);
}

static void talk(const struct hearer *h, const uint8_t *data, size_t len)
{
	struct shell_talk *t = http_body_talk(h->in, h->desk);
	if (!t)
		return;
	t->is_brought_only = true; /* a terminal in a page is offered by who runs the server */
	shell_talk_take(t, h->in, data, (uint32_t)len);
}

static void pass(const struct hearer *h, const uint8_t *data, size_t len)
{
	if (!len)
		return;
	http_body_take(h->in, h->desk, h->is_response, data, (uint32_t)len);
	talk(h, data, len);
	if (h->s->open == FRAMES_TEXT)
		weigh(h, data, len);
}

/* Its first bytes are there: what it is, and whether it goes on with what came before. */
static void begin(const struct hearer *h)
{
	struct socket_side *s = h->s;
	bool is_file = s->frames.kind == FRAMES_BINARY && magic_is_loaded(s->head, s->head_len);
	if (s->messages < INNER_MESSAGES) {
		s->messages++;
		s->is_inner = inner_tell(h->in, s->head, s->head_len);
	}
	if (s->open != FRAMES_NONE && (is_file || s->open != s->frames.kind)) {
		http_body_end(h->in, h->desk, h->is_response, true);
		s->open = FRAMES_NONE;
	}
	if (s->open == FRAMES_NONE)
		http_body_open(h->in, h->desk, h->is_response, s->frames.kind == FRAMES_TEXT);
	s->open = s->frames.kind;
}

/* The message's first bytes with what came with them: a word is not to be torn. */
static size_t pass_first(const struct hearer *h, const uint8_t *data, size_t len)
{
	uint8_t first[INNER_LOOK + JOINED];
	size_t n = len < JOINED ? len : JOINED;
	memcpy(first, h->s->head, INNER_LOOK);
	memcpy(first + INNER_LOOK, data, n);
	begin(h);
	pass(h, first, INNER_LOOK + n);
	return n;
}

static bool on_plain(void *arg, const uint8_t *data, size_t len)
{
	struct hearer *h = arg;
	struct socket_side *s = h->s;
	size_t n = 0;
	while (n < len && s->head_len < INNER_LOOK) {
		s->head[s->head_len++] = data[n++];
		if (s->head_len == INNER_LOOK)
			n += pass_first(h, data + n, len - n);
	}
	if (n < len)
		pass(h, data + n, len - n);
	return !s->is_inner;
}

/* A message is at its end: texts stand apart by a line's end. */
static void end_message(const struct hearer *h)
{
	static const uint8_t line_end = '\n';
	struct socket_side *s = h->s;
	if (s->head_len < INNER_LOOK) {
		begin(h);
		pass(h, s->head, s->head_len);
	}
	if (s->frames.kind == FRAMES_TEXT)
		http_body_take(h->in, h->desk, h->is_response, &line_end, 1);
	talk(h, &line_end, 1);
	if (s->carried.len || s->said >= TOLD_FROM)
		tell_texts(h);
	s->head_len = 0;
	s->is_picture = false;
}

static bool on_bytes(void *arg, const uint8_t *data, size_t len, bool is_end)
{
	static const uint8_t tail[] = { 0, 0, 0xff, 0xff }; /* left out at the end (RFC 7692) */
	struct hearer *h = arg;
	struct socket_side *s = h->s;
	bool ok = true;
	if (!s->frames.is_packed)
		ok = on_plain(h, data, len);
	else if (len)
		ok = undone_take(h->in, &s->undoing, data, len, on_plain, h);
	if (ok && is_end && s->frames.is_packed)
		ok = undone_take(h->in, &s->undoing, tail, sizeof(tail), on_plain, h);
	if (ok && is_end)
		end_message(h);
	return ok && !s->is_inner;
}

/* Whether more of this side would be looked at. */
static bool is_wanted(const struct hearer *h)
{
	const struct shell_talk *t = http_body_talk(h->in, h->desk);
	return (t && !shell_talk_is_over(t)) ||
	       (h->is_response ? scan_may_leave(h->in) : carried_may_leave(h->in));
}

static void finish(const struct hearer *h)
{
	struct socket_side *s = h->s;
	struct shell_talk *t = http_body_talk(h->in, h->desk);
	if (s->said)
		tell_texts(h);
	if (s->open != FRAMES_NONE)
		http_body_end(h->in, h->desk, h->is_response, false);
	s->open = FRAMES_NONE;
	undone_drop(h->in, &s->undoing);
	if (t)
		shell_talk_end(t, h->in);
}

enum inspect_verdict socket_take(struct socket_side *s, struct inspection *in, uint8_t desk,
				 bool is_response, const uint8_t *data, uint32_t len,
				 uint32_t *ret_used)
{
	struct hearer h = { s, in, desk, is_response };
	if (frames_pass(&s->frames, data, len, ret_used, on_bytes, &h) && is_wanted(&h))
		return INSPECT_MORE;
	finish(&h);
	return INSPECT_SIDE_DONE;
}

void socket_end(struct socket_side *s, struct inspection *in, uint8_t desk, bool is_response)
{
	const struct hearer h = { s, in, desk, is_response };
	finish(&h);
}
