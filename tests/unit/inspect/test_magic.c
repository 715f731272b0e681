/*
 * unit/inspect/test_magic.c - kinds of files by their first bytes, and what only resembles them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../../src/inspect/content/magic.h"

struct sample {
	enum file_type type;
	size_t len;
	const char *bytes;
};

#define SAMPLE(type, bytes)      \
 {                               \
  type, sizeof(bytes) - 1, bytes \
 }

static const struct sample samples[] = {
	SAMPLE(FILE_EXECUTABLE, "\x7f"
				"ELF\2\1\1"),
	SAMPLE(FILE_EXECUTABLE, "MZ\x90\0\3\0\0\0\4\0\0\0"),
	SAMPLE(FILE_EXECUTABLE, "\xcf\xfa\xed\xfe\7\0\0\1"),
	SAMPLE(FILE_EXECUTABLE,
	       "PK\3\4\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x14\0\0\0META-INF/MANIFEST.MF"),
	SAMPLE(FILE_SCRIPT, "#!/bin/sh\nid\n"),
	SAMPLE(FILE_SCRIPT, "<?php phpinfo();"),
	SAMPLE(FILE_SCRIPT, "\r\n$ErrorActionPreference = 'Stop'"),
	SAMPLE(FILE_ARCHIVE, "PK\3\4\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\5\0\0\0a.txt"),
	SAMPLE(FILE_ENCRYPTED, "PK\3\4\x14\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\5\0\0\0a.txt"),
	SAMPLE(FILE_DOCUMENT,
	       "PK\3\4\x14\0\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x13\0\0\0[Content_Types].xml"),
	SAMPLE(FILE_ARCHIVE, "Rar!\x1a\7\0\0\0\x73\0\0\x0d\0\0\0\0\0\0\0\0\0\x74\0\x80"),
	SAMPLE(FILE_ENCRYPTED, "Rar!\x1a\7\0\0\0\x73\x80\0\x0d\0"),
	SAMPLE(FILE_ENCRYPTED, "Rar!\x1a\7\0\0\0\x73\0\0\x0d\0\0\0\0\0\0\0\0\0\x74\4\x80"),
	SAMPLE(FILE_ENCRYPTED, "Rar!\x1a\7\1\0\1\2\3\4\x21\4\0"),
	SAMPLE(FILE_ARCHIVE, "Rar!\x1a\7\1\0\1\2\3\4\x0c\1\5"),
	SAMPLE(FILE_ARCHIVE, "7z\xbc\xaf\x27\x1c\0\4"),
	SAMPLE(FILE_ARCHIVE, "\x1f\x8b\x08\0"),
	SAMPLE(FILE_ENCRYPTED, "Salted__12345678"),
	SAMPLE(FILE_KEY, "-----BEGIN RSA PRIVATE KEY-----\n"),
	SAMPLE(FILE_KEY, "PuTTY-User-Key-File-2: ssh-rsa"),
	SAMPLE(FILE_KEY,
	       "\x30\x82\x0a\x10\x02\x01\x03\x30\x82\x09\xd6\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"),
	SAMPLE(FILE_TEXT, "-----BEGIN CERTIFICATE-----\n"),
	SAMPLE(FILE_DOCUMENT, "%PDF-1.7"),
	SAMPLE(FILE_IMAGE, "\xff\xd8\xff\xe0\0\x10JFIF"),
	SAMPLE(FILE_IMAGE, "RIFF\1\0\0\0WEBP"),
	SAMPLE(FILE_MEDIA, "RIFF\1\0\0\0WAVE"),
	SAMPLE(FILE_DATABASE, "SQLite format 3\0"),
	SAMPLE(FILE_DATABASE, "!BDN\1\2\3\4"),
	SAMPLE(FILE_DIRECTORY, "\1\2\3\4\xef\xcd\xab\x89"),
	SAMPLE(FILE_REGISTRY, "regf\1\0\0\0"),
	SAMPLE(FILE_MEMORY, "MDMP\x93\xa7\0\0"),
	SAMPLE(FILE_TEXT, "MZ is also how a note may begin"),
	SAMPLE(FILE_TEXT, "{\"function \": 1}"),
	SAMPLE(FILE_TEXT, "Gr\xc3\xbc\xc3\x9f Gott"),
	SAMPLE(FILE_UNKNOWN, "\0\1\2\3 Gr\xfc"),
};

static void kinds_are_known(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		enum file_type type =
			file_type_of((const uint8_t *)samples[i].bytes, samples[i].len);
		if (type != samples[i].type)
			fail_msg("sample %zu: %s", i, file_type_name(type));
	}
	assert_int_equal(file_type_of(NULL, 0), FILE_UNKNOWN);
}

/* Each prefix in memory of its own, for the sanitizer to watch. */
static void every_prefix_is_survived(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
		for (size_t len = 1; len <= samples[i].len; len++) {
			uint8_t *copy = malloc(len);
			assert_non_null(copy);
			memcpy(copy, samples[i].bytes, len);
			assert_in_range(file_type_of(copy, len), 0, FILE__COUNT - 1);
			free(copy);
		}
}

static void a_pe_needs_its_head_where_it_says(void **state)
{
	uint8_t pe[256] = "MZ\x90";
	(void)state;
	pe[0x3c] = 128;
	memcpy(pe + 128, "PE\0\0", 4);
	assert_int_equal(file_type_of(pe, sizeof(pe)), FILE_EXECUTABLE);
	pe[129] = 'X';
	assert_int_not_equal(file_type_of(pe, sizeof(pe)), FILE_EXECUTABLE);
	assert_int_equal(file_type_of(pe, 100), FILE_EXECUTABLE); /* the head is not at hand */
	pe[0x3f] = 1;
	assert_int_not_equal(file_type_of(pe, sizeof(pe)), FILE_EXECUTABLE);
}

static void noise_is_told_by_its_length(void **state)
{
	static uint8_t noise[4096];
	uint64_t x = 88172645463325252ull;
	unsigned hits = 0;
	(void)state;
	for (unsigned round = 0; round < 200; round++) {
		for (size_t i = 0; i < sizeof(noise); i++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			noise[i] = (uint8_t)(x >> 24);
		}
		noise[0] = 0x80; /* no mark, no text */
		for (size_t len = 64; len <= sizeof(noise); len *= 2)
			hits += file_type_of(noise, len) == FILE_HIGH_ENTROPY;
	}
	assert_in_range(hits, 1200, 1400); /* of 1,400 */
	assert_false(magic_is_noise(noise, 63));
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] &= 0x7f;
	assert_false(magic_is_noise(noise, sizeof(noise)));
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t) "0123456789abcdef"[noise[i] & 15];
	assert_int_equal(file_type_of(noise, sizeof(noise)), FILE_TEXT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_are_known),
		cmocka_unit_test(every_prefix_is_survived),
		cmocka_unit_test(a_pe_needs_its_head_where_it_says),
		cmocka_unit_test(noise_is_told_by_its_length),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
