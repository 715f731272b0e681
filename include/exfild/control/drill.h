/*
 * control/drill.h - harmless requests that show the whole chain at work.
 *
 * What: a token that exfilctl prints inside a request (a DNS name, a URL, the bytes of a ping), and
 * that the analysis knows again when the request passes.  It holds a time and a nonce and is signed
 * with HMAC-SHA-256 and a key that each start makes anew: nobody else can have traffic called a
 * drill, and a token of one kind of request is none of another.
 * Ownership: the key never leaves the struct.
 * Threads: any; the end of the last token is atomic.
 * Limits: a token is good for DRILL_VALID_S seconds.
 */
#ifndef EXFILD_CONTROL_DRILL_H
#define EXFILD_CONTROL_DRILL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/err.h"

#define DRILL_TOKEN   15                /* bytes: what a ping without a clock in it can carry */
#define DRILL_DIGITS  (2 * DRILL_TOKEN) /* the same in hexadecimal digits */
#define DRILL_VALID_S 600
#define DRILL_LABEL   "exfild-drill"      /* of the name asked for: TOKEN-1.exfild-drill.DOMAIN */
#define DRILL_PATH    "/" DRILL_LABEL "/" /* of the URL: /exfild-drill/TOKEN */

enum drill_kind { DRILL_DNS, DRILL_HTTP, DRILL_ICMP, DRILL__COUNT };

struct drills;

/* NULL: no memory, or the kernel gave no random bytes. */
struct drills *drills_new(void);
void drills_free(struct drills *d);

/* A token for one kind of request, in digits; false: libcrypto failed. */
bool drills_make(struct drills *d, enum drill_kind kind, uint64_t now_ns,
		 char ret[DRILL_DIGITS + 1]) EXF_MUST_USE;
/* Whether a token can be good now: cheap, to be asked before anything is looked at. */
bool drills_any(const struct drills *d, uint64_t now_ns);
/* Whether this daemon has made the token, and lately. *ret_made_s: in whole seconds since 1970. */
bool drills_check(const struct drills *d, enum drill_kind kind, const uint8_t token[DRILL_TOKEN],
		  uint64_t now_ns, uint64_t *ret_made_s) EXF_MUST_USE;

/* dns, http, icmp; DRILL__COUNT: none of them. */
enum drill_kind drill_kind_of(const char *name);
/* The token of DRILL_DIGITS digits, in either case. */
bool drill_parse(const char *digits, uint8_t ret[DRILL_TOKEN]);

#endif
