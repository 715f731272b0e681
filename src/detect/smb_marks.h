/*
 * detect/smb_marks.h - what shares and names of files tell, for detectors of SMB acts.
 *
 * Ownership: borrows events.  Threads: any.
 */
#ifndef EXFILD_DETECT_SMB_MARKS_H
#define EXFILD_DETECT_SMB_MARKS_H

#include "exfild/event/event.h"

/* ADMIN$, C$ and its like: shares that only administrators reach. Not IPC$. */
bool smb_is_admin_share(const struct event *e, const struct event_str *share);
/* A name that Windows runs: .exe, .dll, .ps1 and their like. */
bool smb_is_program_name(const struct event *e, const struct event_str *name);
/* Whether a string ends with this text, letters' case aside (ASCII). */
bool smb_ends_with(const struct event *e, const struct event_str *s, const char *text);
/* The last part of a path, its length in *ret_len. */
const char *smb_base_name(const struct event *e, const struct event_str *name, size_t *ret_len);

#endif
