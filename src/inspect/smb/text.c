/*
 * inspect/smb/text.c - the strings of a request, packed one after the other.
 */
#include <strings.h>

#include "exfild/base/utf16.h"
#include "smb.h"

static void note(struct smb_request *r, enum smb_text which, size_t len, size_t full)
{
	r->text_at[which] = r->text_used;
	r->text_len[which] = (uint16_t)len;
	r->text_full[which] = (uint16_t)(full < UINT16_MAX ? full : UINT16_MAX);
	r->text_used = (uint16_t)(r->text_used + len);
}

void smb_text_set(struct smb_request *r, enum smb_text which, const uint8_t *data, size_t len,
		  bool is_unicode)
{
	char *at = r->text + r->text_used;
	size_t room = SMB_TEXT_MAX - r->text_used, full;
	if (!data || r->text_full[which])
		return;
	size_t n = is_unicode ? utf16_to_utf8(at, room, data, len, &full) :
				oem_to_utf8(at, room, data, len, &full);
	while (n && !at[n - 1]) { /* some paths count their NUL */
		n--;
		full--;
	}
	note(r, which, n, full);
}

void smb_text_put(struct smb_request *r, enum smb_text which, const char *text, size_t len)
{
	size_t room = SMB_TEXT_MAX - r->text_used;
	size_t n = len < room ? len : room;
	if (r->text_full[which])
		return;
	if (n)
		memcpy(r->text + r->text_used, text, n);
	note(r, which, n, len);
}

const char *smb_text(const struct smb_request *r, enum smb_text which, size_t *ret_len)
{
	*ret_len = r->text_len[which];
	return r->text + r->text_at[which];
}

void smb_text_strip(const char **text, size_t *len, bool is_pipe)
{
	while (*len && **text == '\\') {
		(*text)++;
		(*len)--;
	}
	if (is_pipe && *len > 5 && strncasecmp(*text, "PIPE\\", 5) == 0) {
		*text += 5;
		*len -= 5;
	}
}
