/*
 * engine/lastgood.h - the last configuration that was taken, for a start with a broken one.
 *
 * What: DIRECTORY/configuration.last-good: a line with format and checksum, then the effective
 * configuration as text, --set included.  Written whole or not at all, after each successful start
 * and reload.  A copy that is damaged is set aside (.damaged) and never run; one of a newer format
 * is left alone.
 * Threads: one at a time.
 * Limits: LASTGOOD_MAX bytes; mode 0600, since a URL may hold a password.
 */
#ifndef EXFILD_SRC_ENGINE_LASTGOOD_H
#define EXFILD_SRC_ENGINE_LASTGOOD_H

#include "exfild/base/buf.h"
#include "setup.h"

#define LASTGOOD_MAX    (64u << 20)
#define LASTGOOD_FORMAT 1u
#define LASTGOOD_WHY    512

/* Makes the directory if only its last part is missing. */
int lastgood_keep(const char *directory, const struct config *c, char *ret_why,
		  size_t why_size) EXF_MUST_USE;
/* Sound text, or -EXF_E_x with a sentence. */
int lastgood_read(const char *directory, struct buf *ret, char *ret_why,
		  size_t why_size) EXF_MUST_USE;
/*
 * The copy that stands in for the broken file at `path`, from the state.directory that --set or the
 * file names, as far as it can be read, else from the usual one.
 */
int lastgood_load(const struct options *o, const char *path, struct setup **ret, char *ret_why,
		  size_t why_size) EXF_MUST_USE;
/*
 * The configuration of a start.  Live, where the file is broken and a copy is sound, that one: a
 * service that ran shall run on, whatever somebody has written into its file since.  ret_broken is
 * then why the file was refused.
 */
int lastgood_start(const struct options *o, const char *path, struct setup **ret,
		   char ret_broken[LASTGOOD_WHY], char *ret_why, size_t why_size) EXF_MUST_USE;

#endif
