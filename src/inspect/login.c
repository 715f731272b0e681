/*
 * inspect/login.c - see login.h.
 */
#include "login.h"

static void put_text(struct inspection *in, struct event_str *s, const struct login_text *t)
{
	if (t->data && t->len)
		event_log_str(in->log, s, t->data, t->len, t->full > t->len ? t->full : t->len);
}

uint8_t login_secret(const struct inspection *in, const void *data, uint32_t len)
{
	uint64_t hash = hash_bytes(in->key, len ? data : "", len);

	return (uint8_t)(1 + hash % UINT8_MAX);
}

void inspect_login(struct inspection *in, const struct login *l)
{
	struct event_login *e = inspect_event(in, EVENT_LOGIN, sizeof(*e));
	struct login_text service = { l->service, (uint32_t)strlen(l->service), 0 };

	if (e->e.app == APP_UNKNOWN)
		e->e.app = (uint16_t)l->app;
	e->outcome = (uint8_t)l->outcome;
	e->method = (uint8_t)l->method;
	e->is_inferred = l->is_inferred;
	e->secret_mark = l->secret_mark;
	e->status = l->status;
	e->attempt = l->attempt;
	e->said = in->flow->payload[in->flow->client];
	e->proof = l->proof;
	put_text(in, &e->service, &service);
	put_text(in, &e->user, &l->user);
	put_text(in, &e->domain, &l->domain);
	put_text(in, &e->workstation, &l->workstation);
	event_log_commit(in->log);
}

void login_keep(uint8_t *dst, uint32_t size, struct login_kept *kept, const void *data,
		uint32_t len)
{
	kept->full = (uint16_t)(len < UINT16_MAX ? len : UINT16_MAX);
	kept->len = (uint16_t)(len < size ? len : size);
	if (kept->len)
		memcpy(dst, data, kept->len);
}

uint32_t login_utf16(uint8_t *dst, uint32_t size, const uint8_t *data, uint32_t len)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i + 1 < len && n + 3 <= size; i += 2) {
		uint16_t c = (uint16_t)(data[i] | data[i + 1] << 8);
		if (c >= 0xd800 && c <= 0xdfff) {
			c = '?';
			i += 2; /* the other half */
		}
		if (c < 0x80) {
			dst[n++] = (uint8_t)c;
		} else if (c < 0x800) {
			dst[n++] = (uint8_t)(0xc0 | c >> 6);
			dst[n++] = (uint8_t)(0x80 | (c & 0x3f));
		} else {
			dst[n++] = (uint8_t)(0xe0 | c >> 12);
			dst[n++] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
			dst[n++] = (uint8_t)(0x80 | (c & 0x3f));
		}
	}
	return n;
}
