/*
 * inspect/content/scan.c - see scan.h.
 */
#include "scan.h"

#include <string.h>

#include "exfild/event/ends.h"
#include "magic.h"

#define LOOK_BYTES  16384u /* until then all is looked at */
#define LOOK_AGAIN  16u    /* of a text that is left alone, one portion of so many is tried */
#define LOOK_SAMPLE 1024u

struct hearer {
	struct inspection *in;
	const struct scan_source *source;
};

static void put_str(struct inspection *in, struct event_str *s, const char *text, size_t len)
{
	if (len)
		event_log_str(in->log, s, text, len, len);
}

static void on_hit(void *arg, const struct content_hit *hit)
{
	struct hearer *h = arg;
	const struct scan_source *from = h->source;
	struct event_found *e = inspect_event(h->in, EVENT_CONTENT, sizeof(*e));
	if (e->e.app == APP_UNKNOWN)
		e->e.app = (uint16_t)from->app;
	if (from->is_reversed) {
		event_swap_ends(&e->e);
		e->e.from_server = !e->e.from_server;
	}
	e->kind = (uint8_t)hit->kind;
	e->is_coded = hit->is_coded;
	e->count = hit->count;
	e->weight = hit->weight;
	e->of = hit->of;
	e->offset = hit->offset;
	put_str(h->in, &e->carrier, from->carrier, strlen(from->carrier));
	put_str(h->in, &e->label, hit->label, strlen(hit->label));
	put_str(h->in, &e->sample, hit->sample, strlen(hit->sample));
	put_str(h->in, &e->host, from->host, from->host ? from->host_len : 0);
	event_log_commit(h->in->log);
}

/* Neither text nor anything else that has an order. */
static bool is_dull(const uint8_t *data, uint32_t len)
{
	uint32_t n = len < LOOK_SAMPLE ? len : LOOK_SAMPLE;
	return n >= MAGIC_NOISE_MIN && magic_is_noise(data, n);
}

bool scan_may_leave(const struct inspection *in)
{
	return in->scanner && !ipaddr_is_private(&in->flow->key.addr[!in->side]);
}

void scan_take(struct inspection *in, const struct scan_source *source, const uint8_t *data,
	       uint32_t len)
{
	struct scan_text *t = in->scanner ? &in->texts[in->side] : NULL;
	struct hearer h = { in, source };
	if (!t || t->is_refused || !len)
		return;
	t->portions++;
	if (t->is_left && (t->portions % LOOK_AGAIN || is_dull(data, len)))
		return;
	t->is_left = false;
	if (!t->number)
		t->number = content_open(in->scanner);
	t->is_refused = !t->number;
	if (t->is_refused)
		return;
	content_feed(in->scanner, t->number, data, len, on_hit, &h);
	t->looked += len;
	if (t->looked >= LOOK_BYTES) {
		t->is_left = !content_is_packed(in->scanner, t->number) && is_dull(data, len);
		t->looked = t->is_left ? 0 : LOOK_BYTES / 2;
	}
}

void scan_end(struct inspection *in, const struct scan_source *source)
{
	struct scan_text *t = in->scanner ? &in->texts[in->side] : NULL;
	struct hearer h = { in, source };
	if (!t)
		return;
	if (t->number)
		content_close(in->scanner, t->number, on_hit, &h);
	memset(t, 0, sizeof(*t));
}
