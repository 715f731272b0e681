/*
 * hash: strings and words against values of a separate reference (a Python program of the same
 * chain), and that each bit of key and message matters.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "exfild/base/hash.h"

static void bytes_agree_with_the_reference(void **state)
{
	(void)state;
	static const struct {
		size_t len;
		uint64_t hash;
	} vectors[] = {
		{ 0, 0x98dd255bd1f97197 },   { 1, 0x92460792d69c29e6 },
		{ 3, 0x2c06b39c09af6d18 },   { 4, 0xb35c91e6c4957add },
		{ 7, 0xeb87ff02da4228aa },   { 8, 0xf009e67232da7cc5 },
		{ 9, 0x1125804c4dee1c98 },   { 15, 0xe1bcc56c4713b74b },
		{ 16, 0x9a6b1c433a04d8f5 },  { 31, 0x27894f5f79116578 },
		{ 63, 0xf4110e1ef58a967b },  { 64, 0xf40b954b979df74a },
		{ 255, 0x2650d587048586f9 }, { 256, 0xdf899467e53e9be4 },
		{ 257, 0xb34eeb153381c026 },
	};
	uint8_t message[257];
	for (unsigned i = 0; i < sizeof(message); i++)
		message[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		assert_int_equal(hash_bytes(&hash_key_fixed, message, vectors[i].len),
				 vectors[i].hash);
}

static void words_agree_with_the_reference(void **state)
{
	(void)state;
	static const uint64_t words[5] = { 1, 2, 3, 4, 5 };
	assert_int_equal(hash_words(&hash_key_fixed, words, 0), 0xa9150461705a9deb);
	assert_int_equal(hash_words(&hash_key_fixed, words, 1), 0x110ea692dfaf32f2);
	assert_int_equal(hash_words(&hash_key_fixed, words, 2), 0x2e775364f35c96a5);
	assert_int_equal(hash_words(&hash_key_fixed, words, 5), 0x5382d77183456d8a);
}

static void bytes_may_lie_anywhere(void **state)
{
	(void)state;
	uint8_t area[40];
	uint64_t first = 0;
	for (size_t shift = 0; shift < 8; shift++) {
		for (unsigned i = 0; i < 20; i++)
			area[shift + i] = (uint8_t)(i * 11);
		uint64_t hash = hash_bytes(&hash_key_fixed, area + shift, 20);
		if (shift == 0)
			first = hash;
		assert_int_equal(hash, first);
	}
}

static void every_bit_of_key_and_message_matters(void **state)
{
	(void)state;
	uint64_t words[3] = { 10, 20, 30 };
	const uint64_t plain_words = hash_words(&hash_key_fixed, words, 3);
	const uint64_t plain_bytes = hash_bytes(&hash_key_fixed, words, 24);
	for (unsigned bit = 0; bit < 128; bit++) {
		struct hash_key key = hash_key_fixed;
		key.k[bit / 64] ^= 1ull << (bit % 64);
		assert_int_not_equal(hash_words(&key, words, 3), plain_words);
		assert_int_not_equal(hash_bytes(&key, words, 24), plain_bytes);
	}
	for (unsigned bit = 0; bit < 192; bit++) {
		words[bit / 64] ^= 1ull << (bit % 64);
		assert_int_not_equal(hash_words(&hash_key_fixed, words, 3), plain_words);
		assert_int_not_equal(hash_bytes(&hash_key_fixed, words, 24), plain_bytes);
		words[bit / 64] ^= 1ull << (bit % 64);
	}
}

static void lengths_of_zeros_differ(void **state)
{
	(void)state;
	static const uint64_t zeros[9];
	for (size_t n = 0; n < 8; n++) {
		assert_int_not_equal(hash_words(&hash_key_fixed, zeros, n),
				     hash_words(&hash_key_fixed, zeros, n + 1));
		assert_int_not_equal(hash_bytes(&hash_key_fixed, zeros, n),
				     hash_bytes(&hash_key_fixed, zeros, n + 1));
	}
}

static void random_keys_differ(void **state)
{
	(void)state;
	struct hash_key a = hash_key_random(), b = hash_key_random();
	assert_memory_not_equal(&a, &b, sizeof(a));
	assert_memory_not_equal(&a, &hash_key_fixed, sizeof(a));
}

static void mix_extends_by_word_and_secret(void **state)
{
	(void)state;
	const uint64_t secret = hash_bytes(&hash_key_fixed, "secret", 6);
	/* a factor of zero swallows nothing */
	const uint64_t zero = 0x9e3779b97f4a7c15ull, word_zero = 0xe7037ed1a0b428dbull ^ 5;
	assert_int_not_equal(hash_mix(zero, 1), hash_mix(zero, 2));
	assert_int_not_equal(hash_mix(5, word_zero), hash_mix(5, word_zero ^ 1));
	assert_int_not_equal(hash_mix(5, word_zero), 0);
	assert_int_equal(hash_mix(secret, 7), hash_mix(secret, 7));
	for (uint64_t word = 0; word < 1000; word++) {
		assert_int_not_equal(hash_mix(secret, word), hash_mix(secret, word + 1));
		assert_int_not_equal(hash_mix(secret, word), hash_mix(secret ^ 1, word));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_agree_with_the_reference),
		cmocka_unit_test(words_agree_with_the_reference),
		cmocka_unit_test(bytes_may_lie_anywhere),
		cmocka_unit_test(every_bit_of_key_and_message_matters),
		cmocka_unit_test(lengths_of_zeros_differ),
		cmocka_unit_test(random_keys_differ),
		cmocka_unit_test(mix_extends_by_word_and_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
