/*
 * inspect/content/form.h - what a posted body is made of.
 *
 * What: urlencoded and multipart forms (RFC 7578) are taken apart: how many fields, which of their
 * names ask for credentials or facts of a machine, which files.  Values are looked at, not kept.
 * Ownership: borrows the bytes; a summary's texts lie in the body.
 * Threads: any (values).
 * Limits: 64 fields; what lies in the bytes given.
 */
#ifndef EXFILD_INSPECT_CONTENT_FORM_H
#define EXFILD_INSPECT_CONTENT_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/event/content.h"
#include "exfild/event/file.h"

struct form_text {
	const uint8_t *data; /* NULL: none */
	size_t len;
};

struct form {
	enum content_form form;
	uint8_t fields, files;
	uint8_t credential_fields; /* "user", "pass", "login" ... with a value */
	uint8_t machine_fields;    /* "hwid", "pc", "os", "guid" ... with a value */
	uint8_t command_fields;    /* "cmd", "exec" ... with a value */
	uint8_t file_type;         /* enum file_type, of the first file that is no text */
	bool is_one_value;         /* all but one field are empty or there is only one */
	uint32_t marks;            /* CONTENT_COMMAND: a value is a command line */
	struct form_text file_name, file_declared;
};

/* `type` is the Content-Type as declared, may be empty. */
void form_read(struct form *f, const uint8_t *data, size_t len, const char *type, size_t type_len);

/* Of the head of a part of a form: the name of the file that it is; data NULL: it is none. */
struct form_text form_file_name(const uint8_t *head, size_t len);
/* What stands between the parts of a body of this declared type; data NULL: it has no parts. */
struct form_text form_boundary(const char *type, size_t len);

#endif
