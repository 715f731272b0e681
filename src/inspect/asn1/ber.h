/*
 * inspect/asn1/ber.h - a reader of ASN.1 in BER and DER (ITU-T X.690).
 *
 * What: tags, lengths and bodies of what Kerberos, LDAP, SNMP and SPNEGO are made of, one level at
 * a time.  Lengths are definite: the indefinite form (8.1.3.6), which none of these protocols
 * allows (RFC 4511 5.1, RFC 4120 5.1, RFC 3417 8), is broken here.
 *
 *	ber_begin(&top, data, len, is_cut);
 *	if (ber_take(&top, 0x30, &e) && ber_enter(&e, &inner)) ...
 *
 * Ownership: borrows the bytes.  Threads: any.
 * Limits: BER_DEPTH_MAX levels, tag numbers of 28 bits, lengths of 32 bits.  Nothing outside the
 * bytes is read, whatever lengths say; an element that reaches past the end of its level breaks
 * it, unless the bytes themselves were cut off: then it is told with what there is of it.
 */
#ifndef EXFILD_SRC_INSPECT_ASN1_BER_H
#define EXFILD_SRC_INSPECT_ASN1_BER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/cursor.h"

#define BER_DEPTH_MAX 32
#define BER_NONE      SIZE_MAX

/* Identifier octets of the universal types that these protocols use. */
enum ber_id {
	BER_BOOLEAN = 0x01,
	BER_INTEGER = 0x02,
	BER_BITS = 0x03,
	BER_OCTETS = 0x04,
	BER_NULL = 0x05,
	BER_OID = 0x06,
	BER_ENUMERATED = 0x0a,
	BER_SEQUENCE = 0x30,
	BER_SET = 0x31,
};
/* ... and of the others, with a number below 31. */
#define BER_APPLICATION(n) (0x60 | (n)) /* constructed */
#define BER_CONTEXT(n)     (0xa0 | (n)) /* constructed */
#define BER_CONTEXT_RAW(n) (0x80 | (n)) /* primitive */

/* Elements that stand one after the other. */
struct ber_level {
	struct cursor in;
	uint8_t depth;
	bool is_cut;    /* the bytes end before the level does: they were not captured */
	bool is_broken; /* what came next was no element, or was longer than its level */
};

struct ber {
	uint8_t id;      /* first identifier octet: class, constructed or not, number below 31 */
	uint8_t depth;   /* of the level that it stood in */
	bool is_cut;     /* `body` is only its begin */
	uint32_t number; /* of the tag */
	uint32_t len;    /* of the body, as declared */
	struct cursor body;
};

void ber_begin(struct ber_level *level, const void *data, size_t len, bool is_cut);
/* The next element; false at the level's end or where it is broken. */
bool ber_next(struct ber_level *level, struct ber *ret);
/* The next element if it has this identifier; else false, and it stays the next. */
bool ber_take(struct ber_level *level, uint8_t id, struct ber *ret);
/* What the element holds; false for a primitive one, or deeper than BER_DEPTH_MAX. */
bool ber_enter(const struct ber *e, struct ber_level *ret);
/* ber_take() and ber_enter(). */
bool ber_open(struct ber_level *level, uint8_t id, struct ber_level *ret);
/* Whether nothing is left and nothing was broken. */
bool ber_at_end(const struct ber_level *level);

/* The value of an INTEGER, ENUMERATED or what is tagged as one; false: none, or over 64 bits. */
bool ber_integer(const struct ber *e, int64_t *ret);
/* The next element as an INTEGER. */
bool ber_take_integer(struct ber_level *level, uint8_t id, int64_t *ret);

/*
 * For streams: bytes of the element that begins here, head included; 0 when its head is not all
 * there yet, BER_NONE when it is no element of definite length.
 */
size_t ber_whole(const void *data, size_t len);

#endif
