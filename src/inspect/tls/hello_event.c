/*
 * inspect/tls/hello_event.c - what a hello says, as an event.
 *
 * A hello says by itself who is client and who is server.  Where the flow table had to guess, and
 * guessed otherwise, src and dst of the event are swapped, so that dst is the one who is named.
 */
#include "hello_event.h"

#include "exfild/event/ends.h"
#include "fingerprint.h"

static struct event_tls *begin(struct inspection *in, enum event_kind kind,
			       const struct tls_hello *h, bool is_server)
{
	struct event_tls *e = inspect_event(in, kind, sizeof(*e));

	if (in->from_client == is_server && !(in->flow->flags & FLOW_CLIENT_KNOWN)) {
		event_swap_ends(&e->e);
		e->e.from_server = is_server;
	}
	if (e->e.app == APP_UNKNOWN)
		e->e.app = kind == EVENT_QUIC ? APP_QUIC : APP_TLS;
	e->is_server = is_server;
	e->has_sni = h->has_sni;
	e->version = h->version;
	return e;
}

static void put_string(struct inspection *in, struct event_str *s, const void *data, size_t len)
{
	if (len)
		event_log_str(in->log, s, data, len, len);
}

/* The names, ',' between. */
static void put_alpn(struct inspection *in, struct event_tls *e, const struct tls_bytes *alpn)
{
	struct cursor c = cursor_make(alpn->data, alpn->len);
	char text[EVENT_STR_MAX];
	size_t len = 0, full = 0;

	while (cursor_left(&c) > 0) {
		size_t name_len = cursor_u8(&c);
		const uint8_t *name = cursor_take(&c, name_len);
		if (!name)
			break;
		if (full && len < sizeof(text))
			text[len++] = ',';
		size_t kept = name_len < sizeof(text) - len ? name_len : sizeof(text) - len;
		memcpy(text + len, name, kept);
		len += kept;
		full += name_len + (full > 0);
	}
	if (len)
		event_log_str(in->log, &e->alpn, text, len, full);
}

void tls_put_client_hello(struct inspection *in, enum event_kind kind, const struct tls_hello *h,
			  uint16_t record_version, uint32_t quic_version)
{
	struct event_tls *e = begin(in, kind, h, false);
	char ja3[TLS_JA3_LEN], ja4[TLS_JA4_LEN];

	e->record_version = record_version;
	e->quic_version = quic_version;
	put_string(in, &e->sni, h->sni.data, h->sni.len);
	put_alpn(in, e, &h->alpn);
	if (tls_ja3(h, ja3))
		put_string(in, &e->ja3, ja3, sizeof(ja3));
	if (tls_ja4(h, kind == EVENT_QUIC ? TLS_OVER_QUIC : TLS_OVER_TCP, ja4))
		put_string(in, &e->ja4, ja4, sizeof(ja4));
	event_log_commit(in->log);
}

void tls_put_server_hello(struct inspection *in, const struct tls_hello *h, uint16_t record_version)
{
	struct event_tls *e = begin(in, EVENT_TLS, h, true);
	char ja3s[TLS_JA3_LEN];

	e->record_version = record_version;
	e->cipher = h->cipher;
	put_alpn(in, e, &h->alpn);
	if (tls_ja3s(h, ja3s))
		put_string(in, &e->ja3, ja3s, sizeof(ja3s));
	event_log_commit(in->log);
}
