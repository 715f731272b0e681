/*
 * detect/smb_marks.c - see smb_marks.h.
 */
#include "smb_marks.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "step.h"

/* What Windows, its script hosts and its installer run. */
static const char *const program_ends[] = {
	".exe", ".dll", ".sys",  ".scr", ".com", ".pif", ".cpl", ".ocx", ".msi", ".bat",
	".cmd", ".ps1", ".psm1", ".vbs", ".vbe", ".js",  ".jse", ".wsf", ".hta", ".sct",
};

bool smb_is_admin_share(const struct event *e, const struct event_str *share)
{
	const uint8_t *s = event_str_data(e, share);
	if (!share->off)
		return false;
	if (share->len == 2 && isalpha(s[0]) && s[1] == '$')
		return true;
	return step_is(e, share, "ADMIN$");
}

bool smb_ends_with(const struct event *e, const struct event_str *s, const char *text)
{
	size_t len = strlen(text);
	/* a name that was cut has lost its end */
	return s->off && s->len == s->full && s->len >= len &&
	       strncasecmp((const char *)event_str_data(e, s) + s->len - len, text, len) == 0;
}

bool smb_is_program_name(const struct event *e, const struct event_str *name)
{
	for (size_t i = 0; i < sizeof(program_ends) / sizeof(program_ends[0]); i++)
		if (smb_ends_with(e, name, program_ends[i]))
			return true;
	return false;
}

const char *smb_base_name(const struct event *e, const struct event_str *name, size_t *ret_len)
{
	const char *s = (const char *)event_str_data(e, name);
	size_t at = name->off ? name->len : 0;
	while (at && s[at - 1] != '\\' && s[at - 1] != '/')
		at--;
	*ret_len = name->off ? name->len - at : 0;
	return s + at;
}
