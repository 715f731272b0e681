/*
 * detect/dga/lexical.h - whether a program rolled dice for a name.
 *
 * What: bits a letter that a name costs more under names that people make than under dice (science:
 * Woodbridge et al. 2016 and FANCI show that letters alone tell most generators; dictionaries
 * defeat it).  Threads: any.
 */
#ifndef EXFILD_SRC_DETECT_DGA_LEXICAL_H
#define EXFILD_SRC_DETECT_DGA_LEXICAL_H

#include "exfild/context/context.h"

/* Above 0: more like dice than like words; `label` is one label without dots. */
double lexical_score(const char *label, size_t len);
/* Of the registered domain's own label, from 7 letters on. */
bool lexical_is_random(const struct context *c, const char *name);

#endif
