/*
 * inspect/smb/files.h - what requests about open files come to.
 */
#ifndef EXFILD_SRC_INSPECT_SMB_FILES_H
#define EXFILD_SRC_INSPECT_SMB_FILES_H

#include <strings.h>

#include "smb.h"

/* The answer to a request whose act is one of a file. */
void smb_file_answered(struct inspection *in, struct smb_request *r, const struct smb_answer *a);

#endif
