/*
 * inspect/dcerpc/ndr.h - reads arguments in network data representation (C706 chapter 14; NDR64:
 * MS-RPCE 2.2.5).
 *
 * What: alignment from the start of the stub, both byte orders, strings as UTF-8 text.
 * Ownership: borrows the stub.  Threads: a reader belongs to its caller.
 * Limits: never reads outside the stub; an error sticks, as in base/cursor.h.
 */
#ifndef EXFILD_SRC_INSPECT_DCERPC_NDR_H
#define EXFILD_SRC_INSPECT_DCERPC_NDR_H

#include "exfild/base/cursor.h"

struct ndr {
	struct cursor c;
	bool is_big_endian;
	bool is_wide; /* NDR64: pointers and sizes of 8 bytes */
};

/* Bounded text: `full` bytes there were, the first `len` of them are kept. */
struct ndr_text {
	uint8_t *to;
	uint16_t size;
	uint16_t len;
	uint32_t full;
};

static inline bool ndr_ok(const struct ndr *n)
{
	return cursor_ok(&n->c);
}

void ndr_align(struct ndr *n, unsigned to);
void ndr_skip(struct ndr *n, size_t len);
uint8_t ndr_u8(struct ndr *n);
uint16_t ndr_u16(struct ndr *n);
uint32_t ndr_u32(struct ndr *n);
uint64_t ndr_size(struct ndr *n); /* a count of an array */
bool ndr_pointer(struct ndr *n);  /* whether it points to something */
void ndr_handle(struct ndr *n);   /* a context handle */

/* Units of text: 1 for bytes, 2 for UTF-16. */
enum { NDR_BYTES = 1, NDR_WIDE = 2 };

/* Adds characters to the text; ends at the first NUL. */
void ndr_text_add(struct ndr_text *t, const uint8_t *data, size_t len, unsigned unit,
		  bool is_big_endian);
void ndr_text_put(struct ndr_text *t, const char *text);
/* A conformant and varying string, [string] wchar_t * or char *; t may be NULL. */
bool ndr_string(struct ndr *n, unsigned unit, struct ndr_text *t);
/* A pointer, and the string if it points to one. */
bool ndr_unique_string(struct ndr *n, unsigned unit, struct ndr_text *t);
/* RPC_UNICODE_STRING as a parameter of its own: its head, and behind it its characters. */
bool ndr_counted_string(struct ndr *n, struct ndr_text *t);
/* The head alone (length, maximum, pointer): whether characters stand further behind. */
bool ndr_counted_head(struct ndr *n);
/* "S-1-5-21-..." of an RPC_SID (MS-DTYP 2.4.2.3). */
bool ndr_sid(struct ndr *n, struct ndr_text *t);

#endif
