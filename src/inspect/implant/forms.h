/*
 * inspect/implant/forms.h - how frames of remote access tools begin.
 *
 * What: heads that are told by their structure: lengths that fit what follows.
 * Ownership: borrows the bytes.  Threads: any (values).
 * Limits: constant time but for the look for fields, which reads FORM_LOOKED bytes.
 */
#ifndef EXFILD_SRC_INSPECT_IMPLANT_FORMS_H
#define EXFILD_SRC_INSPECT_IMPLANT_FORMS_H

#include <stdbool.h>
#include <stdint.h>

#define FORM_PREFIX_MIN 3
#define FORM_PREFIX_MAX 16
#define FORM_LOOKED     256u
#define FORM_FRAME_MAX  (16u << 20)

/* A prefix, two lengths and zlib: how it is laid out. */
struct form_packed {
	uint8_t prefix_len;
	uint8_t extra; /* bytes of the head that the first length leaves out */
	uint8_t prefix[FORM_PREFIX_MAX];
};

/* The layout of a frame that begins here, of which `len` bytes are there. */
bool form_find_packed(const uint8_t *data, uint32_t len, struct form_packed *ret);
/* The length of a frame of this layout that begins here; 0: none does.  len is at least
 * form_packed_head() bytes. */
uint32_t form_packed_len(const struct form_packed *f, const uint8_t *data, uint32_t len);
uint32_t form_packed_head(const struct form_packed *f);

/* A length in decimal figures and a zero: bytes of that head, 0: none; UINT32_MAX: not all there.
 */
uint32_t form_numbered(const uint8_t *data, uint32_t len, uint32_t *ret_body);
/* Whether a text has fields between the same marks, three or more. */
bool form_has_fields(const uint8_t *data, uint32_t len);

/*
 * Kinds of facts about a host that a text of fields tells: its system, its width, its guard
 * against viruses, its name as Windows gives them, whether its user rules it.  0: no such fields.
 */
unsigned form_facts(const uint8_t *data, uint32_t len);

/* Remcos' mark and a length: that of the body behind its 8 bytes, 0: none. */
uint32_t form_marked(const uint8_t *data, uint32_t len);

/* The attack order of Mirai's server: its length with its head, 0: none. */
uint32_t form_attack(const uint8_t *data, uint32_t len);

/* Length of the text of a preamble of .NET message framing, at *ret; 0: there is none. */
uint32_t form_net_tcp(const uint8_t *data, uint32_t len, const uint8_t **ret);

#endif
