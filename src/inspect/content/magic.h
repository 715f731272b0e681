/*
 * inspect/content/magic.h - what the first bytes of a file say that it is.
 *
 * Ownership: borrows the bytes.  Threads: any (values).
 * Limits: time linear in the length; 64 bytes tell nearly all, 1 KiB tells text from noise.
 */
#ifndef EXFILD_INSPECT_CONTENT_MAGIC_H
#define EXFILD_INSPECT_CONTENT_MAGIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/event/file.h"

/* Bytes from which noise can be told from anything else. */
#define MAGIC_NOISE_MIN 64

/* FILE_UNKNOWN: none of the kinds, or too few bytes. */
enum file_type file_type_of(const uint8_t *data, size_t len);
/* Whether it is a picture, a sound or a film. */
bool magic_is_picture(const uint8_t *data, size_t len);
/* Whether its mark is that of something that is run, opened or unpacked: no text, no picture. */
bool magic_is_loaded(const uint8_t *data, size_t len);
/*
 * Whether bytes are as evenly spread as random ones: compressed or encrypted.  Held against what
 * that many random bytes reach (99 of 100 times), since short strings cannot reach 8 bits a byte.
 */
bool magic_is_noise(const uint8_t *data, size_t len);
/* Whether bytes are text: ASCII, UTF-8, or UTF-16 that begins with its mark. */
bool magic_is_text(const uint8_t *data, size_t len);

#endif
