/*
 * content/content.h (private) - what the files of the layer share.
 *
 * Ownership: a rule's texts belong to the rules.  Threads: as the public header has it.
 */
#ifndef EXFILD_SRC_CONTENT_CONTENT_H
#define EXFILD_SRC_CONTENT_CONTENT_H

#include <hs/hs.h>

#include "exfild/content/content.h"

#define GROUPS_MAX 8
#define DIGITS_MAX 20

/* What a match of the database asks to be validated as. */
enum pattern {
	PATTERN_NUMBER, /* eight digits or more, then something else */
	PATTERN_IBAN,   /* the begin of one */
	PATTERN_AWS,
	PATTERN_GITHUB,
	PATTERN_GITLAB,
	PATTERN_SLACK,
	PATTERN_STRIPE,
	PATTERN_AZURE,
	PATTERN_PRIVATE,
	PATTERN_PUTTY,
	PATTERN_GOOGLE,
	PATTERN_JWT,
	PATTERN__FIXED, /* from here on: word i of the rules */
};

enum check {
	CHECK_NONE,
	CHECK_LUHN,
	CHECK_NHS,
	CHECK_CPF,
	CHECK_VERHOEFF,
	CHECK_NIR,
	CHECK_DNI,
	CHECK_ISO7064,
	CHECK_PESEL,
	CHECK_BSN,
	CHECK_BELGIAN,
	CHECK_EAN,
	CHECK_SSN,
	CHECK__COUNT
};

struct rule {
	enum content_kind kind;
	enum check check;
	bool has_letter; /* one follows the digits */
	uint8_t groups, digits;
	uint8_t group[GROUPS_MAX];
	const char *label; /* name of a number or canary, a marking's text */
};

/* A literal of the database and the rule that it speaks for. */
struct word {
	const char *text;
	uint16_t rule;
	uint16_t len;
};

struct sets_slot;

struct content_rules {
	hs_database_t *db;
	struct sets_slot *slot; /* the customer's own data */
	char *text;             /* all strings */
	struct rule rule[CONTENT_RULES];
	uint32_t rules;
	struct word word[CONTENT_RULES];
	uint32_t words;
};

/* The bytes around a match; end: index behind the match. */
struct around {
	uint8_t data[CONTENT_BEHIND + CONTENT_AHEAD];
	size_t len, end;
};

/* Digits that end at a place, with the groups that they are written in. */
struct digits {
	uint8_t value[DIGITS_MAX];
	uint8_t count, groups;
	uint8_t group[GROUPS_MAX];
	uint8_t separator; /* 0: none */
	uint8_t letter;    /* that follows, upper case; 0: none */
	size_t from;       /* where they begin */
};

/* ---- check.c ---- */

bool check_digits(enum check check, const uint8_t *d, unsigned n, uint8_t letter);
/* The name of a check, CHECK__COUNT for none. */
enum check check_by_name(const char *name, size_t len);
bool check_iban(const char *text, unsigned n); /* no blanks */
uint32_t check_crc32(const uint8_t *data, size_t len);

/* ---- number.c ---- */

/* The run of digits that ends before the last byte of the match; false: there is none. */
bool number_read(const struct around *a, struct digits *ret);
/* Whether they are written as a card's number, by length, groups and prefix: *ret is that alone. */
bool number_has_card_form(const struct digits *d, struct digits *ret);
/* Its brand where the check digit fits and it is no number for tests, else NULL. */
const char *number_card(const struct digits *card);
bool number_fits(const struct digits *d, const struct rule *r);
bool number_has_card_word(const struct around *a);
/* An IBAN whose begin is at the match; its length, 0: none. `ret` without blanks. */
unsigned number_iban(const struct around *a, char ret[40]);

/* ---- secret.c ---- */

struct secret {
	enum content_kind kind;
	const char *label;
	size_t from, len; /* in the bytes around */
};
bool secret_read(enum pattern pattern, const struct around *a, struct secret *ret);
bool is_word_byte(uint8_t b);

/* ---- coded.c ---- */

enum coding { CODING_NONE, CODING_BASE64, CODING_HEX };

struct coded {
	uint8_t coding; /* enum coding: of the run that is under way */
	uint8_t bits;   /* of carry */
	uint8_t escape; /* characters of %2B or %2F so far */
	uint32_t carry;
	uint32_t line; /* bytes of the alphabet at the end of what has come, no run yet */
	uint8_t start[64];
};

typedef void (*coded_fn)(void *arg, const uint8_t *data, size_t len);
/* Gives what lies in runs of 64 or more of the alphabets, undone. */
void coded_take(struct coded *c, const uint8_t *data, size_t len, coded_fn fn, void *arg);

/* ---- wide.c ---- */

/*
 * Copies a portion to dst, of as many bytes, UTF-16 without its zeros; returns what is left.
 * *is_wide is kept from portion to portion.
 */
size_t wide_narrow(bool *is_wide, const uint8_t *data, size_t len, uint8_t *dst);

#endif
