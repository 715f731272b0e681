/*
 * unit/content/test_content.c - what is found, what only looks like it, and across which
 * boundaries.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exfild/content/content.h"
#include "../../support/archive_build.h"

static const char rules_text[] = "# a remark\n"
				 "number\tes_dni\tES\t8L\tdni\tdni,nif\n"
				 "number\tus_ssn\tUS\t3-2-4\tssn\tssn,social security\n"
				 "number\tde_tax\tDE\t2-3-3-3\tiso7064\tsteuer-id,idnr\n"
				 "number\tgb_nhs\tGB\t3-3-4\tnhs\tnhs\n"
				 "number\tbr_cpf\tBR\t3-3-3-2\tcpf\tcpf\n"
				 "number\tin_aadhaar\tIN\t4-4-4\tverhoeff\taadhaar\n"
				 "number\tfr_nir\tFR\t1-2-2-2-3-3-2\tnir\tnir\n"
				 "number\tpl_pesel\tPL\t11\tpesel\tpesel\n"
				 "number\tnl_bsn\tNL\t4-2-3\tbsn\tbsn\n"
				 "number\tbe_national\tBE\t2-2-2-3-2\tbelgian\tinsz\n"
				 "number\tch_ahv\tCH\t3-4-4-2\tean\tahv\n"
				 "marking\tstrictly confidential\n"
				 "canary\tpayroll\tQX-7719-PAYROLL\n";

struct heard {
	unsigned hits;
	enum content_kind kind;
	bool is_coded;
	char label[64], sample[64];
	uint32_t count;
};

static struct content_rules *rules;
static struct content_scanner *scanner;
static struct heard heard;

static void on_hit(void *arg, const struct content_hit *hit)
{
	struct heard *h = arg;
	h->hits++;
	h->kind = hit->kind;
	h->is_coded = hit->is_coded;
	h->count = hit->count;
	(void)snprintf(h->label, sizeof(h->label), "%s", hit->label);
	(void)snprintf(h->sample, sizeof(h->sample), "%s", hit->sample);
}

static int set_up(void **state)
{
	char why[256] = "";
	(void)state;
	rules = content_rules_new(rules_text, sizeof(rules_text) - 1, why, sizeof(why));
	assert_string_equal(why, "");
	scanner = content_scanner_new(rules, 4, &hash_key_fixed);
	return rules && scanner ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	content_scanner_free(scanner);
	content_rules_free(rules);
	return 0;
}

/* Looks through the text in portions of `step` bytes, the first one of `first`. */
static void look(const void *text, size_t len, size_t first, size_t step)
{
	const uint8_t *data = text;
	uint32_t number = content_open(scanner);
	memset(&heard, 0, sizeof(heard));
	assert_true(number > 0);
	for (size_t at = 0; at < len;) {
		size_t n = at ? step : first;
		n = n < len - at ? n : len - at;
		uint8_t *own = malloc(n); /* a byte beyond it is an error of the sanitizer */
		memcpy(own, data + at, n);
		content_feed(scanner, number, own, n, on_hit, &heard);
		free(own);
		at += n;
	}
	content_close(scanner, number, on_hit, &heard);
}

/* The same wherever the text is cut in two, and byte by byte. */
static void expect(const char *text, unsigned hits, enum content_kind kind, const char *label,
		   const char *sample)
{
	size_t len = strlen(text);
	for (size_t cut = 1; cut <= len; cut++) {
		look(text, len, cut, len);
		if (heard.hits != hits)
			print_message("'%s' cut at %zu: %u hits (%s)\n", text, cut, heard.hits,
				      heard.label);
		assert_int_equal(heard.hits, hits);
		if (!hits)
			continue;
		assert_int_equal(heard.kind, kind);
		assert_string_equal(heard.label, label);
		if (sample)
			assert_string_equal(heard.sample, sample);
	}
	look(text, len, 1, 1);
	assert_int_equal(heard.hits, hits);
}

static void nothing(const char *text)
{
	expect(text, 0, 0, NULL, NULL);
}

static void cards(void **state)
{
	(void)state;
	expect("card: 4539 5787 6362 1486", 1, CONTENT_CARD, "visa", "453957******1486");
	expect("card=4539578763621486&exp=11", 1, CONTENT_CARD, "visa", "453957******1486");
	expect("{\"card\":\"5425-2334-3010-9903\"}", 1, CONTENT_CARD, "mastercard",
	       "542523******9903");
	expect("amex 3782 822463 10013 thanks", 1, CONTENT_CARD, "amex", "378282*****0013");
	expect("visa 4539578763621486 11/29", 1, CONTENT_CARD, "visa", NULL);
	expect("visa 12 4539 5787 6362 1486 ", 1, CONTENT_CARD, "visa", "453957******1486");
	nothing("order 4539578763621486"); /* nothing says that it is a card */
	nothing("card 4539578763621487");  /* wrong check digit */
	nothing("card 4111111111111111");  /* for tests */
	nothing("card x4539578763621486"); /* touched */
	nothing("card 4539578763621486a");
	nothing("card 0.4539578763621486");
	nothing("card 14539578763621486");
	nothing("card 4539-5787-6362-1486-0011");
	nothing("card 4539578763621486-0f");
}

static void a_list_of_cards_needs_no_word(void **state)
{
	static const char list[] = "4539578763621486,a\n4716108999716531,b\n5425233430109903,c\n"
				   "4532015112830366,d\n5105105105105100,e\n4485275742308327,f\n"
				   "6011514433546201,g\n";
	(void)state;
	look(list, sizeof(list) - 1, 7, 5);
	assert_true(heard.hits >= 1);
	assert_int_equal(heard.kind, CONTENT_CARD);
}

static void accounts(void **state)
{
	(void)state;
	expect("IBAN DE89 3704 0044 0532 0130 00.", 1, CONTENT_IBAN, "account",
	       "DE, 22 characters");
	expect("DE89370400440532013000", 1, CONTENT_IBAN, "account", NULL);
	expect("to GB82WEST12345698765432, please", 1, CONTENT_IBAN, "account", NULL);
	expect("NL91ABNA0417164300\n", 1, CONTENT_IBAN, "account", NULL);
	nothing("DE88370400440532013000");
	nothing("XDE89370400440532013000");
	nothing("DE893704004405320130001");
	nothing("ZZ89370400440532013000");
}

static void numbers_of_persons(void **state)
{
	(void)state;
	expect("DNI: 12345678Z", 1, CONTENT_NATIONAL, "es_dni", "8 digits");
	nothing("DNI: 12345678A");
	nothing("code 12345678Z");
	expect("ssn 536-22-8726", 1, CONTENT_NATIONAL, "us_ssn", NULL);
	nothing("ssn 536228726");
	nothing("ssn 666-22-8726");
	expect("Steuer-ID 86 095 742 719", 1, CONTENT_NATIONAL, "de_tax", NULL);
	nothing("Steuer-ID 86 095 742 718");
	expect("NHS 943 476 5919", 1, CONTENT_NATIONAL, "gb_nhs", NULL);
	expect("cpf 111.444.777-35", 1, CONTENT_NATIONAL, "br_cpf", NULL);
	expect("aadhaar 2345 6789 0124", 1, CONTENT_NATIONAL, "in_aadhaar", NULL);
	expect("nir 2 55 08 14 168 025 38", 1, CONTENT_NATIONAL, "fr_nir", NULL);
	expect("pesel 44051401359", 1, CONTENT_NATIONAL, "pl_pesel", NULL);
	expect("bsn 111222333", 1, CONTENT_NATIONAL, "nl_bsn", NULL);
	expect("insz 85.07.30-033.28", 1, CONTENT_NATIONAL, "be_national", NULL);
	expect("ahv 756.9217.0769.85", 1, CONTENT_NATIONAL, "ch_ahv", NULL);
}

static void keys(void **state)
{
	(void)state;
	expect("aws AKIAIOSFODNN7EXAMPLE wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY x", 1,
	       CONTENT_KEY, "aws", "40 characters");
	nothing("AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&x=1");
	nothing("token ghp_0123456789abcdefghijABCDEFGHIJ000000");
	expect("-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n", 1, CONTENT_KEY, "private_key",
	       NULL);
	nothing("-----BEGIN CERTIFICATE-----\nMIIEowIBAAKCAQEA\n");
	nothing("-----BEGIN PRIVATE KEY----- is the first line of such a file");
	expect("xoxb-123456789012-1234567890123-AbCdEfGhIjKlMnOpQrStUvWx", 1, CONTENT_KEY, "slack",
	       NULL);
	nothing("xoxb-123-abc");
	expect("Authorization: eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abc",
	       1, CONTENT_TOKEN, "jwt", NULL);
	nothing("x.eyJ is no token");
}

static void a_github_token_ends_in_its_sum(void **state)
{
	(void)state;
	/* CRC-32 of the 30 characters in base 62 is 0mLq17 */
	expect("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 ", 1, CONTENT_KEY, "github",
	       "40 characters");
}

static void markings_and_canaries(void **state)
{
	(void)state;
	expect("This is STRICTLY CONFIDENTIAL.", 1, CONTENT_MARKING, "strictly confidential", NULL);
	nothing("strictly confidentially");
	expect("see QX-7719-PAYROLL now", 1, CONTENT_CANARY, "payroll", NULL);
	nothing("see qx-7719-payroll now");
}

static size_t base64(char *dst, const char *text, size_t per_line)
{
	static const char set[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t len = strlen(text), n = 0, column = 0;
	for (size_t i = 0; i < len; i += 3) {
		uint32_t v = 0;
		for (unsigned k = 0; k < 3; k++)
			v = v << 8 | (i + k < len ? (uint8_t)text[i + k] : 0u);
		for (unsigned k = 0; k < 4; k++) {
			dst[n++] = i + k > len ? '=' : set[v >> (18 - 6 * k) & 63];
			if (per_line && ++column % per_line == 0) {
				dst[n++] = '\r';
				dst[n++] = '\n';
			}
		}
	}
	return n;
}

static void what_is_coded_is_undone(void **state)
{
	static const char plain[] = "name,number\nJohn Example from a street in a town,"
				    "card 4539578763621486, valid for some years, and more text "
				    "so that it is a file";
	char text[1024] = "data=", hex[1024] = "";
	size_t n = 5;
	(void)state;
	n += base64(text + n, plain, 0);
	for (size_t cut = 1; cut < n; cut++) {
		look(text, n, cut, n);
		assert_int_equal(heard.hits, 1);
		assert_true(heard.is_coded);
		assert_string_equal(heard.sample, "453957******1486");
	}
	look(text, n, 1, 1);
	assert_int_equal(heard.hits, 1);
	n = base64(text, plain, 76);
	look(text, n, 10, 7);
	assert_int_equal(heard.hits, 1);
	for (size_t i = 0; plain[i]; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", (unsigned char)plain[i]);
	look(hex, strlen(hex), 9, 11);
	assert_int_equal(heard.hits, 1);
	assert_true(heard.is_coded);
}

static void the_same_again_counts_once(void **state)
{
	(void)state;
	expect("card 4539578763621486, card 4539578763621486", 1, CONTENT_CARD, "visa", NULL);
}

static void texts_are_capped_and_come_back(void **state)
{
	struct content_counts counts;
	uint32_t number[4];
	(void)state;
	for (unsigned i = 0; i < 4; i++)
		assert_true((number[i] = content_open(scanner)) > 0);
	assert_int_equal(content_open(scanner), 0);
	content_counts(scanner, &counts);
	assert_int_equal(counts.refused, 1);
	assert_int_equal(counts.open, 4);
	for (unsigned i = 0; i < 4; i++)
		content_close(scanner, number[i], NULL, NULL);
	expect("see QX-7719-PAYROLL now", 1, CONTENT_CANARY, "payroll", NULL);
}

static void bad_rules_are_refused(void **state)
{
	static const char *const bad[] = { "number\tx", "number\ta\tDE\t3-x\tluhn\tword",
					   "number\ta\tDE\t9\tnone such\tword", "marking\tab",
					   "what\tis\tthis" };
	char why[256];
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		why[0] = '\0';
		assert_null(content_rules_new(bad[i], strlen(bad[i]), why, sizeof(why)));
		assert_non_null(strstr(why, "line 1"));
	}
}

static void what_is_packed_is_undone(void **state)
{
	static const char plain[] = "name,street,card\nA. Person,1 High Street,4539578763621486\n";
	uint8_t packed[512];
	(void)state;
	for (int window = 15; window <= 31; window += 16) {
		size_t n = pack(packed, sizeof(packed), plain, strlen(plain), window);
		for (size_t cut = 1; cut < n; cut++) {
			look(packed, n, cut, n);
			assert_int_equal(heard.hits, 1);
			assert_false(heard.is_coded);
		}
		look(packed, n, 1, 1);
		assert_int_equal(heard.hits, 1);
		look(packed, n - 12, n, n);      /* its end is lost */
		for (size_t i = 2; i < n; i++) { /* damage ends it, and nothing else */
			packed[i] ^= 0x55;
			look(packed, n, 7, 13);
			packed[i] ^= 0x55;
		}
	}
	size_t n = pack(packed, sizeof(packed), "nothing", 7, 31); /* two members in a row */
	n += pack(packed + n, sizeof(packed) - n, plain, strlen(plain), 31);
	look(packed, n, n, n);
	assert_int_equal(heard.hits, 1);
	nothing("x\x9c is no zlib");
	expect("x\x01 card 4539578763621486", 0, 0, NULL, NULL); /* looks like it: given up */
}

static void archives_are_looked_through(void **state)
{
	static const unsigned ways[] = { 0, ZIP_STORED, ZIP_STREAMED, ZIP_STREAMED | ZIP_SIGNED };
	static const char plain[] = "<c r=\"card\">card</c><c>4539578763621486</c><d";
	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct zip z = { .len = 0 };
		put_member(&z, "docProps/", "", ZIP_STORED);
		put_member(&z, "a.bin", "nothing of interest", ways[i]);
		put_member(&z, "secret", "see QX-7719-PAYROLL now", ZIP_ENCRYPTED);
		put_member(&z, "xl/sharedStrings.xml", plain, ways[i]);
		put_directory(&z);
		for (size_t cut = 1; cut < z.len; cut++) {
			look(z.bytes, z.len, cut, z.len);
			assert_int_equal(heard.hits, 1);
		}
		look(z.bytes, z.len, 1, 1);
		assert_int_equal(heard.hits, 1);
		for (size_t n = 1; n < z.len; n++) /* its end is lost */
			look(z.bytes, n, n, n);
		for (size_t at = 0; at < z.len; at++) {
			z.bytes[at] ^= 0x55;
			look(z.bytes, z.len, 7, 13);
			z.bytes[at] ^= 0x55;
		}
	}
}

static void what_begins_as_an_archive_is_read_all_the_same(void **state)
{
	struct zip z = { .len = 0 };
	(void)state;
	expect("PK\3 see QX-7719-PAYROLL now", 1, CONTENT_CANARY, "payroll", NULL);
	expect("PKI: see QX-7719-PAYROLL now", 1, CONTENT_CANARY, "payroll", NULL);
	/* its length is not told, and it has no end of its own */
	put_member(&z, "a", "see QX-7719-PAYROLL now", ZIP_STORED | ZIP_STREAMED);
	look(z.bytes, z.len, z.len, z.len);
	assert_int_equal(heard.hits, 0);
}

static void a_bomb_is_given_up(void **state)
{
	static uint8_t zeros[16 << 20], packed[64 << 10];
	struct content_counts before, after;
	(void)state;
	size_t n = pack(packed, sizeof(packed), zeros, sizeof(zeros), 31);
	content_counts(scanner, &before);
	look(packed, n, n, n);
	content_counts(scanner, &after);
	assert_int_equal(heard.hits, 0);
	assert_true(after.bytes - before.bytes < 5u << 20);
	for (unsigned i = 0; i < 40; i++) /* its place comes back */
		look(packed, n / 2, n, n);
	n = pack(packed, sizeof(packed), "see QX-7719-PAYROLL now", 23, 31);
	look(packed, n, n, n);
	assert_int_equal(heard.hits, 1);
}

static void wide_text_is_read(void **state)
{
	static const char plain[] = "the card of A. Person is 4539578763621486, thanks\r\n";
	uint8_t wide[512] = { 0xff, 0xfe };
	size_t n = 2;
	(void)state;
	for (unsigned big = 0; big < 2; big++) {
		n = 2;
		for (size_t i = 0; plain[i]; i++) {
			wide[n++] = big ? 0 : (uint8_t)plain[i];
			wide[n++] = big ? (uint8_t)plain[i] : 0;
		}
		for (size_t cut = 1; cut < n; cut++) {
			look(wide, n, cut, n);
			assert_int_equal(heard.hits, 1);
		}
		look(wide, n, 33, 11);
		assert_int_equal(heard.hits, 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cards),
		cmocka_unit_test(a_list_of_cards_needs_no_word),
		cmocka_unit_test(accounts),
		cmocka_unit_test(numbers_of_persons),
		cmocka_unit_test(keys),
		cmocka_unit_test(a_github_token_ends_in_its_sum),
		cmocka_unit_test(markings_and_canaries),
		cmocka_unit_test(what_is_coded_is_undone),
		cmocka_unit_test(the_same_again_counts_once),
		cmocka_unit_test(texts_are_capped_and_come_back),
		cmocka_unit_test(bad_rules_are_refused),
		cmocka_unit_test(what_is_packed_is_undone),
		cmocka_unit_test(archives_are_looked_through),
		cmocka_unit_test(what_begins_as_an_archive_is_read_all_the_same),
		cmocka_unit_test(a_bomb_is_given_up),
		cmocka_unit_test(wide_text_is_read),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
