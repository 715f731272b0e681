/*
 * content/number.c - numbers of cards, accounts and persons, as they are written.
 *
 * A number stands alone: no letter or digit touches it, nor a sign that would make it a part of
 * something longer (a UUID, a time, a fraction).  Blanks, dots and hyphens may part its groups, all
 * the same, where such numbers have them.
 */
#include <string.h>
#include <strings.h>

#include "content.h"

static bool is_digit(uint8_t b)
{
	return b >= '0' && b <= '9';
}

static bool is_separator(uint8_t b)
{
	return b == ' ' || b == '-' || b == '.';
}

bool is_word_byte(uint8_t b)
{
	uint8_t low = b | 0x20;
	return is_digit(b) || (low >= 'a' && low <= 'z') || b == '_' || b >= 0x80;
}

/* May the byte stand next to a number? */
static bool is_apart(uint8_t b)
{
	return !is_word_byte(b) && !strchr("-+/%=.:@$#~\\", b);
}

/* What follows: a full stop may, a fraction may not. */
static bool ends_well(const struct around *a, size_t at)
{
	if (at >= a->len || is_apart(a->data[at]))
		return true;
	bool is_last = at + 1 >= a->len;
	if (a->data[at] == '.')
		return is_last || !is_word_byte(a->data[at + 1]);
	if (a->data[at] == '&')
		return true;
	return a->data[at] == '/' && is_last;
}

static bool begins_well(const struct around *a, size_t at)
{
	return at == 0 || is_apart(a->data[at - 1]) || a->data[at - 1] == '=' ||
	       (a->data[at - 1] == ':' && (at < 2 || !is_digit(a->data[at - 2])));
}

bool number_read(const struct around *a, struct digits *ret)
{
	uint8_t backwards[DIGITS_MAX];
	size_t at = a->end - 1; /* the byte that is no digit */
	memset(ret, 0, sizeof(*ret));
	if (a->end < 2)
		return false;
	uint8_t low = a->data[at] | 0x20;
	if (low >= 'a' && low <= 'z' && (at + 1 == a->len || !is_word_byte(a->data[at + 1])))
		ret->letter = (uint8_t)(low - 0x20);
	else if (!ends_well(a, at))
		return false;
	/*  */
	while (at > 0) {
		uint8_t b = a->data[at - 1];
		if (is_digit(b)) {
			if (ret->count == DIGITS_MAX)
				return false;
			if (ret->groups == 0)
				ret->groups = 1;
			backwards[ret->count++] = (uint8_t)(b - '0');
			ret->group[ret->groups - 1]++;
			at--;
			continue;
		}
		bool goes_on = is_separator(b) && at > 1 && is_digit(a->data[at - 2]) &&
			       (!ret->separator || b == ret->separator ||
				(b != ' ' && ret->separator != ' ')) && /* 111.444.777-35 */
			       ret->groups < GROUPS_MAX;
		if (!goes_on)
			break;
		ret->separator = ret->separator && b != ret->separator ? '.' : b;
		ret->groups++;
		at--;
	}
	ret->from = at;
	for (unsigned i = 0; i < ret->count; i++)
		ret->value[i] = backwards[ret->count - 1u - i];
	for (unsigned i = 0; i < ret->groups / 2u; i++) {
		uint8_t other = ret->group[i];
		ret->group[i] = ret->group[ret->groups - 1u - i];
		ret->group[ret->groups - 1u - i] = other;
	}
	return ret->count >= 8 && begins_well(a, at);
}

/* Drops groups in front that are apart by blanks, as those of a column before it. */
static bool narrow(struct digits *d, unsigned groups)
{
	if (d->groups < groups || (d->groups > groups && d->separator != ' '))
		return false;
	unsigned drop = 0;
	for (unsigned i = 0; i + groups < d->groups; i++)
		drop += d->group[i];
	memmove(d->value, d->value + drop, d->count - drop);
	memmove(d->group, d->group + (d->groups - groups), groups);
	d->count = (uint8_t)(d->count - drop);
	d->groups = (uint8_t)groups;
	return true;
}

static bool has_groups(const struct digits *d, const uint8_t *group, unsigned groups)
{
	struct digits own = *d;
	return narrow(&own, groups) && memcmp(own.group, group, groups) == 0;
}

static uint32_t prefix(const struct digits *d, unsigned n)
{
	uint32_t v = 0;
	for (unsigned i = 0; i < n; i++)
		v = v * 10 + d->value[i];
	return v;
}

static const char *brand(const struct digits *d)
{
	uint32_t two = prefix(d, 2), three = prefix(d, 3), four = prefix(d, 4), n = d->count;
	if (d->value[0] == 4 && (n == 16 || n == 19 || n == 13))
		return "visa";
	if (n == 16 && ((two >= 51 && two <= 55) || (four >= 2221 && four <= 2720)))
		return "mastercard";
	if (n == 15 && (two == 34 || two == 37))
		return "amex";
	if (n == 16 && (four == 6011 || two == 65 || (three >= 644 && three <= 649)))
		return "discover";
	if (n == 14 && ((three >= 300 && three <= 305) || two == 36 || two == 38))
		return "diners";
	if (n == 16 && four >= 3528 && four <= 3589)
		return "jcb";
	if (n == 16 && two == 62)
		return "unionpay";
	return NULL;
}

/* Numbers that the brands publish for tests, and those that nobody would be given. */
static bool is_for_tests(const struct digits *d)
{
	static const char *const known[] = {
		"4111111111111111", "4012888888881881", "4242424242424242", "4000000000000002",
		"5555555555554444", "5105105105105100", "378282246310005",  "371449635398431",
		"6011111111111117", "6011000990139424", "30569309025904",   "38520000023237",
		"3530111333300000", "3566002020360505", "4222222222222",    "5424000000000015",
	};
	char text[DIGITS_MAX + 1] = "";
	unsigned kinds = 0;
	for (unsigned i = 0; i < d->count; i++) {
		text[i] = (char)('0' + d->value[i]);
		kinds |= 1u << d->value[i];
	}
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(text, known[i]) == 0)
			return true;
	return __builtin_popcount(kinds) < 4;
}

bool number_has_card_form(const struct digits *d, struct digits *ret)
{
	static const uint8_t fours[] = { 4, 4, 4, 4 }, amex[] = { 4, 6, 5 }, diners[] = { 4, 6, 4 };
	if (d->letter || d->separator == '.')
		return false;
	*ret = *d;
	if (has_groups(d, fours, 4))
		(void)narrow(ret, 4);
	else if (has_groups(d, amex, 3) || has_groups(d, diners, 3))
		(void)narrow(ret, 3);
	else if (!narrow(ret, 1))
		return false;
	return ret->count >= 13 && brand(ret);
}

const char *number_card(const struct digits *card)
{
	bool is_one = check_digits(CHECK_LUHN, card->value, card->count, 0) && !is_for_tests(card);
	return is_one ? brand(card) : NULL;
}

bool number_fits(const struct digits *d, const struct rule *r)
{
	struct digits own = *d;
	if (r->has_letter != (d->letter != 0))
		return false;
	bool is_grouped = r->groups > 1 && has_groups(d, r->group, r->groups);
	if (!narrow(&own, is_grouped ? r->groups : 1u) || own.count != r->digits)
		return false;
	if (r->check == CHECK_SSN && !is_grouped)
		return false; /* it has no check digit: its form must speak for it */
	return check_digits(r->check, own.value, own.count, d->letter);
}

static bool has_word(const struct around *a, const char *word)
{
	size_t n = strlen(word);
	for (size_t i = 0; i + n <= a->len; i++)
		if ((a->data[i] | 0x20) == word[0] &&
		    strncasecmp((const char *)a->data + i, word, n) == 0 &&
		    (i == 0 || !is_word_byte(a->data[i - 1]) || a->data[i - 1] == '_'))
			return true;
	return false;
}

bool number_has_card_word(const struct around *a)
{
	static const char *const words[] = { "card",  "visa",  "mastercard", "amex",  "cvv",
					     "cvc",   "carte", "kreditkart", "pan\"", "pan:",
					     "pan,",  "pan=",  "tarjeta",    "cc_",   "ccnum",
					     "expir", "exp_",  "kaart" };
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (has_word(a, words[i]))
			return true;
	return false;
}

/* Lengths of the SWIFT registry. */
static unsigned iban_length(const char *country)
{
	static const char lengths[] =
		"AD24AE23AL28AT20AZ28BA20BE16BG22BH22BR29CH21CR22CY28CZ24DE22DK18DO28EE20ES24FI18"
		"FO18FR27GB22GE22GI23GL18GR27GT28HR21HU28IE22IL23IS26IT27JO30KW30KZ20LB28LI21LT20"
		"LU20LV21MC27MD24ME22MK19MR27MT31MU30NL18NO15PK24PL28PS29PT25QA29RO24RS22SA24SE24"
		"SI19SK24SM27TN24TR26UA29VA22VG24XK20";
	for (size_t i = 0; lengths[i]; i += 4)
		if (memcmp(lengths + i, country, 2) == 0)
			return (unsigned)((lengths[i + 2] - '0') * 10 + lengths[i + 3] - '0');
	return 0;
}

unsigned number_iban(const struct around *a, char ret[40])
{
	/* the match is two letters, two digits, perhaps a blank, and four more */
	size_t at = a->end - 8;
	if (a->end >= 9 && a->data[a->end - 5] == ' ')
		at--;
	if (a->end < 8 || !begins_well(a, at))
		return 0;
	unsigned n = 0, want = iban_length((const char *)a->data + at), blanks = 0;
	for (; n < want && at < a->len; at++) {
		uint8_t b = a->data[at];
		if (is_digit(b) || (b >= 'A' && b <= 'Z'))
			ret[n++] = (char)b;
		else if (b == ' ' && n && n % 4 == 0)
			blanks++;
		else
			return 0;
	}
	if (!want || n < want || !ends_well(a, at) || (blanks && blanks != (want - 1) / 4))
		return 0;
	return check_iban(ret, n) ? n : 0;
}
