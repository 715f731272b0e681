/*
 * content/check.c - check digits and sums.
 *
 * ISO/IEC 7812 (Luhn), ISO 13616 and 7064 (IBAN, MOD 97-10 and MOD 11,10), Verhoeff 1969; the
 * numbers of persons as their registers publish them.
 */
#include <string.h>

#include "content.h"

static const struct {
	const char *name;
	enum check check;
} names[] = {
	{ "none", CHECK_NONE }, { "luhn", CHECK_LUHN },         { "nhs", CHECK_NHS },
	{ "cpf", CHECK_CPF },   { "verhoeff", CHECK_VERHOEFF }, { "nir", CHECK_NIR },
	{ "dni", CHECK_DNI },   { "iso7064", CHECK_ISO7064 },   { "pesel", CHECK_PESEL },
	{ "bsn", CHECK_BSN },   { "belgian", CHECK_BELGIAN },   { "ean", CHECK_EAN },
	{ "ssn", CHECK_SSN },
};

enum check check_by_name(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i].name) == len && memcmp(names[i].name, name, len) == 0)
			return names[i].check;
	return CHECK__COUNT;
}

static uint64_t value_of(const uint8_t *d, unsigned n)
{
	uint64_t v = 0;
	for (unsigned i = 0; i < n; i++)
		v = v * 10 + d[i];
	return v;
}

static bool is_repeated(const uint8_t *d, unsigned n)
{
	for (unsigned i = 1; i < n; i++)
		if (d[i] != d[0])
			return false;
	return true;
}

static bool luhn(const uint8_t *d, unsigned n)
{
	unsigned sum = 0;
	for (unsigned i = 0; i < n; i++) {
		unsigned v = d[n - 1 - i];
		if (i & 1)
			v = v * 2 > 9 ? v * 2 - 9 : v * 2;
		sum += v;
	}
	return sum % 10 == 0;
}

/* Sum of the first n digits, each times its weight. */
static unsigned weighed(const uint8_t *d, unsigned n, const uint8_t *weights)
{
	unsigned sum = 0;
	for (unsigned i = 0; i < n; i++)
		sum += d[i] * weights[i];
	return sum;
}

static bool nhs(const uint8_t *d)
{
	static const uint8_t w[] = { 10, 9, 8, 7, 6, 5, 4, 3, 2 };
	return (11 - weighed(d, 9, w) % 11) % 11 == d[9];
}

static bool cpf(const uint8_t *d)
{
	static const uint8_t w[] = { 11, 10, 9, 8, 7, 6, 5, 4, 3, 2 };
	unsigned first = weighed(d, 9, w + 1) * 10 % 11 % 10;
	unsigned second = weighed(d, 10, w) * 10 % 11 % 10;
	return first == d[9] && second == d[10];
}

static bool verhoeff(const uint8_t *d, unsigned n)
{
	static const uint8_t times[10][10] = {
		{ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 }, { 1, 2, 3, 4, 0, 6, 7, 8, 9, 5 },
		{ 2, 3, 4, 0, 1, 7, 8, 9, 5, 6 }, { 3, 4, 0, 1, 2, 8, 9, 5, 6, 7 },
		{ 4, 0, 1, 2, 3, 9, 5, 6, 7, 8 }, { 5, 9, 8, 7, 6, 0, 4, 3, 2, 1 },
		{ 6, 5, 9, 8, 7, 1, 0, 4, 3, 2 }, { 7, 6, 5, 9, 8, 2, 1, 0, 4, 3 },
		{ 8, 7, 6, 5, 9, 3, 2, 1, 0, 4 }, { 9, 8, 7, 6, 5, 4, 3, 2, 1, 0 }
	};
	static const uint8_t moved[8][10] = {
		{ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 }, { 1, 5, 7, 6, 2, 8, 3, 0, 9, 4 },
		{ 5, 8, 0, 3, 7, 9, 6, 1, 4, 2 }, { 8, 9, 1, 6, 0, 4, 3, 5, 2, 7 },
		{ 9, 4, 5, 3, 1, 2, 6, 8, 7, 0 }, { 4, 2, 8, 6, 5, 7, 3, 9, 0, 1 },
		{ 2, 7, 9, 3, 8, 0, 6, 4, 1, 5 }, { 7, 0, 4, 6, 9, 1, 3, 2, 5, 8 }
	};
	unsigned c = 0;
	for (unsigned i = 0; i < n; i++)
		c = times[c][moved[i % 8][d[n - 1 - i]]];
	return c == 0;
}

static bool iso7064(const uint8_t *d, unsigned n)
{
	unsigned product = 10;
	for (unsigned i = 0; i + 1 < n; i++) {
		unsigned sum = (d[i] + product) % 10;
		product = (sum ? sum : 10) * 2 % 11;
	}
	return (11 - product) % 10 == d[n - 1];
}

static bool pesel(const uint8_t *d)
{
	static const uint8_t w[] = { 1, 3, 7, 9, 1, 3, 7, 9, 1, 3 };
	unsigned month = (d[2] * 10u + d[3]) % 20, day = d[4] * 10u + d[5];
	return month >= 1 && month <= 12 && day >= 1 && day <= 31 &&
	       (10 - weighed(d, 10, w) % 10) % 10 == d[10];
}

static bool bsn(const uint8_t *d)
{
	static const uint8_t w[] = { 9, 8, 7, 6, 5, 4, 3, 2 };
	unsigned sum = weighed(d, 8, w);
	return sum >= d[8] && (sum - d[8]) % 11 == 0;
}

/* Those born since 2000 have a 2 before their number. */
static bool belgian(const uint8_t *d)
{
	uint64_t number = value_of(d, 9), rest = value_of(d + 9, 2);
	unsigned month = d[2] * 10u + d[3];
	return month <= 12 && (97 - number % 97 == rest || 97 - (number + 2000000000) % 97 == rest);
}

static bool ean(const uint8_t *d, unsigned n)
{
	unsigned sum = 0;
	for (unsigned i = 0; i + 1 < n; i++)
		sum += d[i] * (i & 1 ? 3u : 1u);
	return (10 - sum % 10) % 10 == d[n - 1] && d[0] == 7 && d[1] == 5 && d[2] == 6;
}

static bool ssn(const uint8_t *d)
{
	unsigned area = (unsigned)value_of(d, 3);
	return area && area != 666 && area < 900 && value_of(d + 3, 2) && value_of(d + 5, 4);
}

static bool nir(const uint8_t *d)
{
	unsigned month = d[3] * 10u + d[4];
	return (d[0] == 1 || d[0] == 2) && month >= 1 && month <= 12 &&
	       97 - value_of(d, 13) % 97 == value_of(d + 13, 2);
}

static bool dni(const uint8_t *d, uint8_t letter)
{
	static const uint8_t letters[] = "TRWAGMYFPDXBNJZSQVHLCKE";
	return letters[value_of(d, 8) % 23] == letter;
}

bool check_digits(enum check check, const uint8_t *d, unsigned n, uint8_t letter)
{
	static const uint8_t length[CHECK__COUNT] = {
		[CHECK_NHS] = 10,   [CHECK_CPF] = 11, [CHECK_NIR] = 15,     [CHECK_DNI] = 8,
		[CHECK_PESEL] = 11, [CHECK_BSN] = 9,  [CHECK_BELGIAN] = 11, [CHECK_SSN] = 9,
	};
	if (n < 4 || (length[check] && n != length[check]) || is_repeated(d, n))
		return false;
	switch (check) {
	case CHECK_LUHN:
		return luhn(d, n);
	case CHECK_NHS:
		return nhs(d);
	case CHECK_CPF:
		return cpf(d);
	case CHECK_VERHOEFF:
		return d[0] > 1 && verhoeff(d, n);
	case CHECK_NIR:
		return nir(d);
	case CHECK_DNI:
		return dni(d, letter);
	case CHECK_ISO7064:
		return d[0] && iso7064(d, n);
	case CHECK_PESEL:
		return pesel(d);
	case CHECK_BSN:
		return bsn(d);
	case CHECK_BELGIAN:
		return belgian(d);
	case CHECK_EAN:
		return ean(d, n);
	case CHECK_SSN:
		return ssn(d);
	default:
		return true;
	}
}

bool check_iban(const char *text, unsigned n)
{
	unsigned rest = 0;
	for (unsigned i = 0; i < n; i++) {
		char c = text[(i + 4) % n];
		if (c >= '0' && c <= '9')
			rest = (rest * 10 + (unsigned)(c - '0')) % 97;
		else
			rest = (rest * 100 + (unsigned)(c - 'A') + 10) % 97;
	}
	return rest == 1;
}

uint32_t check_crc32(const uint8_t *data, size_t len)
{
	uint32_t crc = UINT32_MAX;
	for (size_t i = 0; i < len; i++) {
		crc ^= data[i];
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}
