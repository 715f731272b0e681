/*
 * inspect/sasl.c - see sasl.h.
 */
#include "sasl.h"

#define MESSAGE_MAX 512

void sasl_begin(struct sasl *s, const struct line *mechanism)
{
	memset(s, 0, sizeof(*s));
	if (line_is(mechanism, "PLAIN"))
		s->mechanism = SASL_PLAIN;
	else if (line_is(mechanism, "LOGIN"))
		s->mechanism = SASL_LOGIN;
	else if (line_is(mechanism, "CRAM-MD5"))
		s->mechanism = SASL_CRAM_MD5;
	else if (line_is(mechanism, "XOAUTH2"))
		s->mechanism = SASL_XOAUTH2;
}

static void keep_user(struct sasl *s, const uint8_t *data, size_t len)
{
	login_keep(s->user, sizeof(s->user), &s->user_kept, data, (uint32_t)len);
}

/* [authorisation] NUL user NUL password */
static void read_plain(struct sasl *s, const struct inspection *in, const uint8_t *data,
		       uint32_t len)
{
	const uint8_t *user = memchr(data, 0, len);
	if (!user)
		return;
	user++;
	uint32_t left = len - (uint32_t)(user - data);
	const uint8_t *secret = left ? memchr(user, 0, left) : NULL;
	keep_user(s, user, secret ? (size_t)(secret - user) : left);
	if (secret)
		s->secret_mark = login_secret(in, secret + 1, len - (uint32_t)(secret + 1 - data));
}

/* "user=" user ^A "auth=Bearer " token ^A ^A */
static void read_oauth(struct sasl *s, const uint8_t *data, uint32_t len)
{
	const uint8_t *end = memchr(data, 1, len);

	if (end && len > 5 && memcmp(data, "user=", 5) == 0 && end > data + 5)
		keep_user(s, data + 5, (size_t)(end - data - 5));
}

void sasl_message(struct sasl *s, const struct inspection *in, const struct line *message)
{
	uint8_t data[MESSAGE_MAX];
	uint32_t len = line_base64(message, data, sizeof(data));
	uint8_t number = s->messages;

	if (s->messages < UINT8_MAX)
		s->messages++;
	if (len == 0)
		return;
	switch (s->mechanism) {
	case SASL_PLAIN:
		read_plain(s, in, data, len);
		break;
	case SASL_LOGIN:
		if (number == 0)
			keep_user(s, data, len);
		else if (number == 1)
			s->secret_mark = login_secret(in, data, len);
		break;
	case SASL_CRAM_MD5: { /* user SP digest */
		const uint8_t *space = memrchr(data, ' ', len);
		if (space)
			keep_user(s, data, (size_t)(space - data));
		break;
	}
	case SASL_XOAUTH2:
		read_oauth(s, data, len);
		break;
	default:
		break;
	}
}

enum login_method sasl_method(const struct sasl *s)
{
	if (s->mechanism == SASL_PLAIN || s->mechanism == SASL_LOGIN)
		return LOGIN_PASSWORD;
	return s->mechanism == SASL_CRAM_MD5 ? LOGIN_HASH : LOGIN_OTHER;
}
