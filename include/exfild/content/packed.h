/*
 * content/packed.h - one compressed text that is undone as it passes.
 *
 * What: gzip and zlib, known by their first two bytes, deflate without a head, and the members of
 * ZIP archives (office files are such, and lose the tags of their XML); what only begins as an
 * archive comes out as it is. Ownership: its maker's.  Threads: one. Limits: as many bytes of a
 * text come out as its begin says, and of a bomb far fewer; memory is packed_bytes(), none is taken
 * while it works.
 */
#ifndef EXFILD_CONTENT_PACKED_H
#define EXFILD_CONTENT_PACKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct packed;

enum packed_form { PACKED_HEADED, PACKED_BARE, PACKED_ZIP };

/* NULL: no memory. */
struct packed *packed_new(void);
void packed_free(struct packed *p);
size_t packed_bytes(void);

/* Whether a text that begins so is gzip or zlib. */
bool packed_is(uint8_t first, uint8_t second);
/* Whether one that begins so may be an archive of ZIP. */
bool packed_is_zip(uint8_t first, uint8_t second);
/* Another text begins; of it up to `most` bytes come out. */
bool packed_begin(struct packed *p, enum packed_form form, uint64_t most);
/* Gets the next bytes of the text, at first few; false: no more is wanted. */
typedef bool (*packed_fn)(void *arg, const uint8_t *data, size_t len);
/* Gives what the next bytes hold; false: no more of it will come (damage, a bomb, enough). */
bool packed_take(struct packed *p, const uint8_t *data, size_t len, packed_fn fn, void *arg);
/* Whether the text has come to its end, and nothing behind it; not of archives. */
bool packed_is_over(const struct packed *p);

#endif
