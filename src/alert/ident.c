/*
 * alert/ident.c - see include/exfild/alert/ident.h
 */
#include "exfild/alert/ident.h"

#include <inttypes.h>
#include <string.h>

#include <openssl/evp.h>

#include "exfild/base/str.h"

#define CANONICAL_MAX 1024
#define DIGEST_SIZE   32

static void digest_text(const struct buf *text, uint8_t ret[DIGEST_SIZE])
{
	unsigned len = DIGEST_SIZE;
	if (EVP_Digest(text->data, text->len, ret, &len, EVP_sha256(), NULL) != 1)
		memset(ret, 0,
		       DIGEST_SIZE); /* libcrypto out of memory: ids collide, nothing breaks */
}

static void add_address(struct buf *out, const struct finding_end *end)
{
	char text[IPADDR_TEXT_MAX];
	buf_str(out, end->has_ip ? ipaddr_print(&end->ip, text, sizeof(text)) : "-");
}

static void add_cause(struct buf *out, const struct finding *f)
{
	buf_printf(out, "exfild-alert-1\nrule=%s\nsubject=", f->rule ? f->rule : "");
	add_address(out, &f->subject);
	buf_printf(out, "/%" PRIu32 "\n", f->tunnel_key);
	if (f->object[0]) {
		/* With its length: the bytes may hold line ends. */
		size_t len = strnlen(f->object, sizeof(f->object));
		buf_printf(out, "object=%zu:", len);
		buf_add(out, f->object, len);
	} else {
		buf_str(out, "peer=");
		add_address(out, &f->peer);
	}
	buf_char(out, '\n');
}

void ident_merge_key(const struct finding *f, uint8_t ret[IDENT_KEY_SIZE])
{
	struct buf text;
	uint8_t digest[DIGEST_SIZE];

	buf_init(&text, CANONICAL_MAX);
	add_cause(&text, f);
	digest_text(&text, digest);
	memcpy(ret, digest, IDENT_KEY_SIZE);
	buf_deinit(&text);
}

void ident_alert(const struct finding *f, uint64_t start_ns, char ret[ALERT_ID_MAX])
{
	struct buf text;
	uint8_t digest[DIGEST_SIZE];

	buf_init(&text, CANONICAL_MAX);
	add_cause(&text, f);
	buf_printf(&text, "start=%" PRIu64 "\n", start_ns);
	digest_text(&text, digest);
	str_hex(ret, ALERT_ID_MAX, digest, ALERT_ID_MAX / 2);
	buf_deinit(&text);
}

void ident_event(const char *alert_id, uint32_t revision, char ret[ALERT_ID_MAX])
{
	struct buf text;
	uint8_t digest[DIGEST_SIZE];

	buf_init(&text, CANONICAL_MAX);
	buf_printf(&text, "exfild-event-1\nalert_id=%s\nrevision=%" PRIu32 "\n", alert_id,
		   revision);
	digest_text(&text, digest);
	str_hex(ret, ALERT_ID_MAX, digest, ALERT_ID_MAX / 2);
	buf_deinit(&text);
}

void ident_incident(const struct fusion_incident *incident, char ret[ALERT_ID_MAX])
{
	struct buf text;
	uint8_t digest[DIGEST_SIZE];
	const struct finding_end root = { .ip = incident->root, .has_ip = true };

	ret[0] = '\0';
	if (incident->began_ns == 0)
		return;
	buf_init(&text, CANONICAL_MAX);
	buf_str(&text, "exfild-incident-1\nroot=");
	add_address(&text, &root);
	buf_printf(&text, "/%" PRIu32 "\nstart=%" PRIu64 "\n", incident->root_tunnel,
		   incident->began_ns);
	digest_text(&text, digest);
	str_hex(ret, ALERT_ID_MAX, digest, ALERT_ID_MAX / 2);
	buf_deinit(&text);
}
