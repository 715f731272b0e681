/*
 * base/number.h - floating-point text, the same in every locale.
 *
 * What: printing and reading of doubles with a decimal point, inside the base layer.
 * Threads: any.
 */
#ifndef EXFILD_BASE_NUMBER_H
#define EXFILD_BASE_NUMBER_H

#include <stddef.h>

#include "exfild/base/err.h"

#define NUMBER_TEXT_MAX 32

/* "%.<digits>g"; returns dst. size >= NUMBER_TEXT_MAX. */
const char *number_print(char *dst, size_t size, double v, int digits);
/* The fewest digits that read back as v; returns dst. size >= NUMBER_TEXT_MAX. */
const char *number_print_exact(char *dst, size_t size, double v);
/* Whole text, finite, decimal: else -EXF_E_FORMAT or (too large) -EXF_E_RANGE. */
int number_parse(const char *text, double *ret) EXF_MUST_USE;

#endif
