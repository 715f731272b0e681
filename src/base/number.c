/*
 * base/number.c - see number.h
 *
 * A library may have called setlocale; the C locale is put on this thread for the one call.
 * newlocale gives the C library's own constant object for "C": nothing is allocated.
 */
#include "number.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static locale_t enter_c_locale(locale_t *ret_c)
{
	*ret_c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	return uselocale(*ret_c);
}

static void leave_c_locale(locale_t c, locale_t previous)
{
	uselocale(previous);
	if (c != (locale_t)0)
		freelocale(c);
}

const char *number_print(char *dst, size_t size, double v, int digits)
{
	locale_t c;
	locale_t previous = enter_c_locale(&c);

	(void)snprintf(dst, size, "%.*g", digits, v);
	leave_c_locale(c, previous);
	return dst;
}

const char *number_print_exact(char *dst, size_t size, double v)
{
	for (int digits = 6; digits <= 17; digits++) {
		double back;
		number_print(dst, size, v, digits);
		if (number_parse(dst, &back) == 0 && !(back < v) && !(back > v))
			break;
	}
	return dst;
}

int number_parse(const char *text, double *ret)
{
	/* strtod also takes blanks, hexadecimal, inf and nan. */
	if (text[0] == '\0' || text[strspn(text, "0123456789+-.eE")] != '\0')
		return -EXF_E_FORMAT;
	char *end;
	locale_t c;
	locale_t previous = enter_c_locale(&c);
	double v = strtod(text, &end);
	leave_c_locale(c, previous);
	if (*end != '\0' || end == text)
		return -EXF_E_FORMAT;
	if (!isfinite(v))
		return -EXF_E_RANGE;
	*ret = v;
	return 0;
}
