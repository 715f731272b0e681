/*
 * base/str.c - see include/exfild/base/str.h
 *
 * Calendar arithmetic follows the proleptic Gregorian calendar in eras of 400 years, with years
 * that begin in March, so that the leap day is the last one.  No time zone, no locale.
 */
#include "exfild/base/str.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define NS_PER_S     1000000000ull
#define S_PER_DAY    86400ull
#define DAYS_PER_ERA 146097u
#define YEAR_END     2554 /* in it 64 bits of nanoseconds run out */
#define DISTANCE_MAX 63

bool str_copy(char *dst, size_t size, const char *src)
{
	size_t len = strlen(src);

	if (size == 0)
		return false;
	bool fits = len < size;
	if (!fits)
		len = size - 1;
	memcpy(dst, src, len);
	dst[len] = '\0';
	return fits;
}

size_t str_escape(char *dst, size_t size, const void *src, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *p = src;
	size_t at = 0;

	if (size == 0)
		return 0;
	for (size_t i = 0; i < len; i++) {
		bool plain = p[i] >= 0x20 && p[i] < 0x7f;
		/* An escape is written whole or not at all. */
		if (size - at <= (plain ? 1u : 4u))
			break;
		if (plain) {
			dst[at++] = (char)p[i];
			continue;
		}
		dst[at++] = '\\';
		dst[at++] = 'x';
		dst[at++] = digits[p[i] >> 4];
		dst[at++] = digits[p[i] & 15];
	}
	dst[at] = '\0';
	return at;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Reads digits; returns where they end. ret_overflow is set when they exceed 64 bits. */
static const char *take_u64(const char *text, uint64_t *ret, bool *ret_overflow)
{
	uint64_t v = 0;

	*ret_overflow = false;
	for (; is_digit(*text); text++) {
		if (__builtin_mul_overflow(v, (uint64_t)10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*text - '0'), &v))
			*ret_overflow = true;
	}
	*ret = v;
	return text;
}

int str_parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *ret)
{
	uint64_t v;
	bool overflow;
	const char *end = take_u64(text, &v, &overflow);

	if (end == text || *end != '\0')
		return -EXF_E_FORMAT;
	if (overflow || v < min || v > max)
		return -EXF_E_RANGE;
	*ret = v;
	return 0;
}

int str_parse_duration(const char *text, uint64_t *ret_s)
{
	uint64_t v, unit = 1;
	bool overflow;
	const char *end = take_u64(text, &v, &overflow);

	if (end == text || (*end != '\0' && end[1] != '\0'))
		return -EXF_E_FORMAT;
	switch (*end) {
	case '\0':
	case 's':
		break;
	case 'm':
		unit = 60;
		break;
	case 'h':
		unit = 3600;
		break;
	case 'd':
		unit = S_PER_DAY;
		break;
	default:
		return -EXF_E_FORMAT;
	}
	if (overflow || __builtin_mul_overflow(v, unit, &v))
		return -EXF_E_RANGE;
	*ret_s = v;
	return 0;
}

struct civil {
	unsigned year, month, day;
};

static unsigned days_in_month(unsigned year, unsigned month)
{
	static const uint8_t days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap ? 1u : 0u);
}

/* Days from 1970-01-01; the year is at least 1970. */
static uint64_t civil_to_days(struct civil c)
{
	unsigned year = c.month <= 2 ? c.year - 1 : c.year;
	unsigned era = year / 400, of_era = year % 400;
	unsigned month = (c.month + 9) % 12; /* March is 0 */
	unsigned day_of_year = (153 * month + 2) / 5 + c.day - 1;
	unsigned day_of_era = of_era * 365 + of_era / 4 - of_era / 100 + day_of_year;

	return (uint64_t)era * DAYS_PER_ERA + day_of_era - 719468; /* 0000-03-01 to 1970 */
}

static struct civil civil_from_days(uint64_t days)
{
	uint64_t since_march = days + 719468;
	unsigned era = (unsigned)(since_march / DAYS_PER_ERA);
	unsigned day_of_era = (unsigned)(since_march % DAYS_PER_ERA);
	unsigned of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
			   day_of_era / (DAYS_PER_ERA - 1)) /
			  365;
	unsigned day_of_year = day_of_era - (365 * of_era + of_era / 4 - of_era / 100);
	unsigned month = (5 * day_of_year + 2) / 153;
	struct civil c = {
		.year = era * 400 + of_era + (month >= 10 ? 1 : 0),
		.month = month < 10 ? month + 3 : month - 9,
		.day = day_of_year - (153 * month + 2) / 5 + 1,
	};

	return c;
}

/* Exactly `width` digits; moves *text past them. */
static bool take_digits(const char **text, unsigned width, unsigned *ret)
{
	unsigned v = 0;

	for (unsigned i = 0; i < width; i++, (*text)++) {
		if (!is_digit(**text))
			return false;
		v = v * 10 + (unsigned)(**text - '0');
	}
	*ret = v;
	return true;
}

static bool take_char(const char **text, char c)
{
	if (**text != c)
		return false;
	(*text)++;
	return true;
}

/* ".5": one digit or more, those past the ninth without weight; none when there is no point. */
static bool take_fraction(const char **text, uint64_t *ret_ns)
{
	uint64_t weight = NS_PER_S / 10;

	*ret_ns = 0;
	if (!take_char(text, '.'))
		return true;
	if (!is_digit(**text))
		return false;
	for (; is_digit(**text); (*text)++, weight /= 10)
		*ret_ns += weight * (uint64_t)(**text - '0');
	return true;
}

static int parse_epoch(const char *text, uint64_t *ret_ns)
{
	uint64_t s, ns, all;
	bool overflow;
	const char *end = take_u64(text, &s, &overflow);

	if (end == text || !take_fraction(&end, &ns) || *end != '\0')
		return -EXF_E_FORMAT;
	if (overflow || __builtin_mul_overflow(s, (uint64_t)NS_PER_S, &all) ||
	    __builtin_add_overflow(all, ns, &all))
		return -EXF_E_RANGE;
	*ret_ns = all;
	return 0;
}

int str_parse_time(const char *text, uint64_t *ret_ns)
{
	const char *p = text;
	struct civil c;
	unsigned hour = 0, minute = 0, second = 0;
	uint64_t ns = 0;

	if (strchr(text, '-') == NULL)
		return parse_epoch(text, ret_ns);
	if (!take_digits(&p, 4, &c.year) || !take_char(&p, '-') || !take_digits(&p, 2, &c.month) ||
	    !take_char(&p, '-') || !take_digits(&p, 2, &c.day))
		return -EXF_E_FORMAT;
	if (*p != '\0' &&
	    (!take_char(&p, 'T') || !take_digits(&p, 2, &hour) || !take_char(&p, ':') ||
	     !take_digits(&p, 2, &minute) || !take_char(&p, ':') || !take_digits(&p, 2, &second) ||
	     !take_fraction(&p, &ns) || !take_char(&p, 'Z') || *p != '\0'))
		return -EXF_E_FORMAT;
	if (c.year < 1970 || c.year >= YEAR_END || c.month < 1 || c.month > 12 || c.day < 1 ||
	    c.day > days_in_month(c.year, c.month) || hour > 23 || minute > 59 || second > 59)
		return -EXF_E_RANGE;
	uint64_t s = civil_to_days(c) * S_PER_DAY + hour * 3600u + minute * 60u + second;
	*ret_ns = s * NS_PER_S + ns;
	return 0;
}

/* So many digits of v, with zeros before them; returns where the next thing goes. */
static char *put_digits(char *at, unsigned v, unsigned digits)
{
	for (unsigned i = digits; i-- > 0; v /= 10)
		at[i] = (char)('0' + v % 10);
	return at + digits;
}

/* Without printf: an alert has several, an event one. */
const char *str_time(char *dst, size_t size, uint64_t time_ns)
{
	uint64_t s = time_ns / NS_PER_S;
	struct civil c = civil_from_days(s / S_PER_DAY);
	unsigned of_day = (unsigned)(s % S_PER_DAY);
	const unsigned parts[] = { c.month, c.day, of_day / 3600, of_day / 60 % 60, of_day % 60 };
	char text[] = "2026-11-23T19:00:00.000000Z";
	char *at = put_digits(text, c.year, 4);

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		at = put_digits(at + 1, parts[i], 2);
	(void)put_digits(at + 1, (unsigned)(time_ns % NS_PER_S / 1000), 6);
	(void)str_copy(dst, size, text);
	return dst;
}

const char *str_bytes(char *dst, size_t size, double bytes)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB", "EB" };
	const size_t last = sizeof(units) / sizeof(units[0]) - 1;
	const char *sign = bytes < 0 ? "-" : "";
	double v = isfinite(bytes) ? fmin(fabs(bytes), 1e21) : isinf(bytes) ? 1e21 : 0;
	size_t unit = 0;

	/* The next unit already where rounding would print 1000 of this one. */
	while (unit < last && v >= 999.5) {
		v /= 1000;
		unit++;
	}
	uint64_t tenths = (uint64_t)llround(v * 10);
	if (unit == 0 || tenths >= 1000 || tenths % 10 == 0)
		(void)snprintf(dst, size, "%s%" PRIu64 " %s", sign, (uint64_t)llround(v),
			       units[unit]);
	else
		(void)snprintf(dst, size, "%s%" PRIu64 ".%" PRIu64 " %s", sign, tenths / 10,
			       tenths % 10, units[unit]);
	return dst;
}

/* "2 d 4 h"; the smaller part is left out when it is zero. */
static void print_parts(char *dst, size_t size, uint64_t v, uint64_t part, const char *unit,
			const char *part_unit)
{
	if (part == 0)
		(void)snprintf(dst, size, "%" PRIu64 " %s", v, unit);
	else
		(void)snprintf(dst, size, "%" PRIu64 " %s %" PRIu64 " %s", v, unit, part,
			       part_unit);
}

/* "3.2 s"; cut, not rounded, so that 59.99 s never reads as 60. */
static void print_tenths(char *dst, size_t size, uint64_t tenths, const char *unit)
{
	if (tenths % 10 == 0)
		(void)snprintf(dst, size, "%" PRIu64 " %s", tenths / 10, unit);
	else
		(void)snprintf(dst, size, "%" PRIu64 ".%" PRIu64 " %s", tenths / 10, tenths % 10,
			       unit);
}

const char *str_duration(char *dst, size_t size, uint64_t ns)
{
	uint64_t s = ns / NS_PER_S;

	if (ns == 0)
		(void)str_copy(dst, size, "0 s");
	else if (ns < 1000)
		print_parts(dst, size, ns, 0, "ns", "");
	else if (ns < 1000000)
		print_tenths(dst, size, ns / 100, "us");
	else if (s == 0)
		print_tenths(dst, size, ns / 100000, "ms");
	else if (s < 60)
		print_tenths(dst, size, ns / (NS_PER_S / 10), "s");
	else if (s < 3600)
		print_parts(dst, size, s / 60, s < 600 ? s % 60 : 0, "min", "s");
	else if (s < S_PER_DAY)
		print_parts(dst, size, s / 3600, s / 60 % 60, "h", "min");
	else
		print_parts(dst, size, s / S_PER_DAY, s / 3600 % 24, "d", "h");
	return dst;
}

void str_hex(char *dst, size_t size, const uint8_t *src, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	size_t at = 0;

	if (size == 0)
		return;
	for (size_t i = 0; i < len && size - at > 2; i++) {
		dst[at++] = digits[src[i] >> 4];
		dst[at++] = digits[src[i] & 15];
	}
	dst[at] = '\0';
}

unsigned str_distance(const char *a, const char *b)
{
	size_t a_len = strnlen(a, DISTANCE_MAX), b_len = strnlen(b, DISTANCE_MAX);
	unsigned row[DISTANCE_MAX + 1]; /* from the first i of a to the first j of b */

	for (size_t j = 0; j <= b_len; j++)
		row[j] = (unsigned)j;
	for (size_t i = 0; i < a_len; i++) {
		unsigned diagonal = row[0];
		row[0] = (unsigned)i + 1;
		for (size_t j = 0; j < b_len; j++) {
			unsigned change = diagonal + (a[i] != b[j] ? 1u : 0u);
			unsigned shorter = row[j + 1] < row[j] ? row[j + 1] : row[j];
			diagonal = row[j + 1];
			row[j + 1] = change < shorter + 1 ? change : shorter + 1;
		}
	}
	return row[b_len];
}

const char *str_exact_bytes(char *dst, size_t size, uint64_t bytes)
{
	if (bytes && bytes % 1000000 == 0)
		(void)snprintf(dst, size, "%llu MB", (unsigned long long)(bytes / 1000000));
	else
		(void)snprintf(dst, size, "%llu B", (unsigned long long)bytes);
	return dst;
}
