/*
 * base/datadir.h - where the shipped data files are.
 *
 * What: $EXFILD_DATADIR, else data/ beside the executable's build tree, else /usr/share/exfild.
 */
#ifndef EXFILD_BASE_DATADIR_H
#define EXFILD_BASE_DATADIR_H

#include <stddef.h>

#include "exfild/base/err.h"

/* -EXF_E_IO with a sentence when there is none. */
int datadir_find(char *dst, size_t size, char *ret_why, size_t why_size) EXF_MUST_USE;

#endif
