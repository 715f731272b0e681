/*
 * unit/content/test_sets.c - the customer's own data: what is found of it, across which boundaries,
 * what is not, and files that are damaged.
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
#include "exfild/content/sets.h"
#include "../../support/archive_build.h"

static const struct content_key key = { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 } };

static const char table[] = "name,surname,town,account,mail\n"
			    "Anna,Lindqvist,Uppsala,NX-4471-90826,anna.lindqvist@mail.example\n"
			    "Boris,Karamov,\"Upper, Lower\",NX-5528-11743,b.karamov@mail.example\n"
			    "Clara,Smith,Uppsala,NX-8830-27519,c.smith@mail.example\n"
			    "Dora,Smith,Bergen,NX-1207-66034,dora@mail.example\n"
			    "Emil,Okafor,Bergen,NX-9964-30187,e.okafor@mail.example\n";

struct heard {
	unsigned hits;
	enum content_kind kind;
	bool is_coded;
	char label[64], sample[64];
	uint32_t count, of, weight; /* weight: in all */
};

static struct content_rules *rules;
static struct content_scanner *scanner;
static struct heard heard;
static char document[6000];

static void on_hit(void *arg, const struct content_hit *hit)
{
	struct heard *h = arg;
	if (!hit->of)
		return;
	h->hits++;
	h->kind = hit->kind;
	h->is_coded |= hit->is_coded;
	h->count = hit->count;
	h->of = hit->of;
	h->weight += hit->weight;
	(void)snprintf(h->label, sizeof(h->label), "%s", hit->label);
	(void)snprintf(h->sample, sizeof(h->sample), "%s", hit->sample);
}

/* Text of words that no other seed makes. */
static size_t write_text(char *dst, size_t size, uint32_t seed)
{
	size_t n = 0;
	while (n + 16 < size) {
		unsigned letters = 3 + (seed >> 8) % 8;
		for (unsigned i = 0; i < letters; i++) {
			seed = seed * 1664525u + 1013904223u;
			dst[n++] = (char)('a' + (seed >> 16) % 26);
		}
		dst[n++] = seed >> 24 & 7 ? ' ' : '\n';
	}
	dst[n] = '\0';
	return n;
}

static int make(enum set_kind kind, const void *data, size_t len, struct buf *ret)
{
	const struct set_making m = { .key = &key, .kind = kind, .name = "the set" };
	struct set_made made;
	char why[256] = "";
	int err = set_make(&m, data, len, ret, &made, why, sizeof(why));
	assert_true(err == 0 || *why);
	return err;
}

static struct content_sets *read_set(const struct buf *set, const struct content_key *with,
				     char *why, size_t size)
{
	struct buf pack;
	buf_init(&pack, SET_BYTES);
	content_sets_begin(&pack, with);
	content_sets_pack(&pack, "a.prints", set->data, set->len);
	uint8_t *own = malloc(pack.len); /* a byte beyond it is an error of the sanitizer */
	memcpy(own, pack.data, pack.len);
	struct content_sets *s = content_sets_read(own, pack.len, why, size);
	free(own);
	buf_deinit(&pack);
	return s;
}

static void use(enum set_kind kind, const void *data, size_t len)
{
	struct buf set;
	char why[256] = "";
	buf_init(&set, SET_BYTES);
	assert_int_equal(make(kind, data, len, &set), 0);
	struct content_sets *s = read_set(&set, &key, why, sizeof(why));
	assert_string_equal(why, "");
	assert_non_null(s);
	content_rules_take_sets(rules, s);
	buf_deinit(&set);
}

static int set_up(void **state)
{
	char why[256] = "";
	(void)state;
	rules = content_rules_new("", 0, why, sizeof(why));
	scanner = rules ? content_scanner_new(rules, 4, &hash_key_fixed) : NULL;
	(void)write_text(document, sizeof(document), 7);
	return scanner ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	content_scanner_free(scanner);
	content_rules_free(rules);
	return 0;
}

static void look(const void *text, size_t len, size_t first, size_t step)
{
	const uint8_t *data = text;
	uint32_t number = content_open(scanner);
	memset(&heard, 0, sizeof(heard));
	assert_true(number > 0);
	for (size_t at = 0; at < len;) {
		size_t n = at ? step : first;
		n = n < len - at ? n : len - at;
		uint8_t *own = malloc(n);
		memcpy(own, data + at, n);
		content_feed(scanner, number, own, n, on_hit, &heard);
		free(own);
		at += n;
	}
	content_close(scanner, number, on_hit, &heard);
	assert_int_equal(heard.weight, heard.count);
}

static void look_whole(const char *text)
{
	look(text, strlen(text), strlen(text), 1);
}

/* ---- documents ---- */

static void a_whole_document_is_found_whole(void **state)
{
	(void)state;
	use(SET_DOCUMENT, document, strlen(document));
	look_whole(document);
	assert_int_equal(heard.kind, CONTENT_DOCUMENT);
	assert_string_equal(heard.label, "the set");
	assert_int_equal(heard.count, heard.of);
	assert_true(heard.of > 100);
}

static void every_cut_finds_the_same(void **state)
{
	(void)state;
	use(SET_DOCUMENT, document, strlen(document));
	look_whole(document);
	uint32_t all = heard.count;
	static const size_t steps[] = { 1, 3, 31, 32, 93, 94, 95, 96, 536, 1023, 1024, 1025, 1460 };
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		for (size_t first = 1; first < 200; first += 13) {
			look(document, strlen(document), first, steps[i]);
			assert_int_equal(heard.count, all);
		}
}

static void a_part_amid_other_text_is_found(void **state)
{
	char text[9000];
	(void)state;
	use(SET_DOCUMENT, document, strlen(document));
	size_t n = write_text(text, 4000, 99);
	look(text, n, n, 1);
	assert_int_equal(heard.hits, 0);
	memcpy(text + n, document + 1000, 900); /* other text follows it, and goes before */
	(void)write_text(text + n + 900, 3000, 12345);
	look_whole(text);
	assert_in_range(heard.count, 8, 40);
	assert_int_equal(heard.hits > 0, 1);
}

/* What winnowing promises: each run of SET_RUN letters and digits holds a mark. */
static void every_run_of_its_length_holds_a_mark(void **state)
{
	char text[4 * 1024];
	(void)state;
	(void)write_text(text, sizeof(text), 4242);
	size_t n = 0;
	for (char *at = text; *at; at++) /* letters alone: a run is then as many bytes */
		if (*at >= 'a')
			text[n++] = *at;
	use(SET_DOCUMENT, text, n);
	for (size_t from = 0; from + 8 * SET_RUN < n; from += 17) {
		char parts[8 * (SET_RUN + 200)];
		size_t len = 0;
		for (unsigned i = 0; i < 8; i++) { /* eight runs, apart, so that it is told */
			len += write_text(parts + len, 150, (uint32_t)(1000 * from + i));
			memcpy(parts + len, text + from + i * SET_RUN, SET_RUN);
			len += SET_RUN;
		}
		look(parts, len, len, 1);
		assert_true(heard.count >= 8);
	}
}

static void how_it_is_written_does_not_matter(void **state)
{
	char text[4 * sizeof(document)];
	size_t n = 0;
	(void)state;
	use(SET_DOCUMENT, document, strlen(document));
	for (const char *at = document; *at;
	     at++) { /* capitals, two blanks, lines, a form's codes */
		if (*at == ' ')
			n += (size_t)sprintf(text + n, "%s",
					     (at - document) & 1 ? "%20" : " \r\n\t");
		else if ((at - document) & 16)
			n += (size_t)sprintf(text + n, "%%%02X", (uint8_t)*at);
		else
			text[n++] = *at >= 'a' ? *at - 32 : *at;
	}
	for (size_t step = 1; step < 40; step++) {
		look(text, n, step, step);
		assert_int_equal(heard.count, heard.of);
	}
	n = 0;
	for (const char *at = document; *at; at++) {
		if (*at == '\n')
			n += (size_t)sprintf(text + n, "\\n");
		else
			text[n++] = *at;
	}
	look(text, n, 100, 7); /* JSON */
	assert_int_equal(heard.count, heard.of);
}

static const char sextets[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static size_t to_base64(char *dst, const uint8_t *src, size_t len, bool has_lines)
{
	size_t n = 0;
	for (size_t i = 0; i + 3 <= len; i += 3) {
		unsigned v = src[i] << 16 | src[i + 1] << 8 | src[i + 2];
		for (unsigned k = 0; k < 4; k++)
			dst[n++] = sextets[v >> (18 - 6 * k) & 63];
		if (has_lines && i % 57 == 54)
			n += (size_t)sprintf(dst + n, "\r\n");
	}
	return n;
}

static void what_it_is_packed_in_does_not_matter(void **state)
{
	static char coded[4 * sizeof(document)], wide[2 * sizeof(document)];
	size_t len = strlen(document) / 3 * 3;
	(void)state;
	use(SET_DOCUMENT, document, strlen(document));
	for (unsigned has_lines = 0; has_lines < 2; has_lines++) {
		size_t n = to_base64(coded, (uint8_t *)document, len, has_lines);
		look(coded, n, 11, 97);
		assert_true(heard.is_coded);
		assert_true(heard.count + 1 >= heard.of);
	}
	for (size_t i = 0; i < len; i++)
		(void)sprintf(coded + 2 * i, "%02x", (uint8_t)document[i]);
	look(coded, 2 * len, 64, 1000);
	assert_true(heard.count + 1 >= heard.of);
	for (size_t i = 0; i < len; i++) {
		wide[2 * i] = document[i];
		wide[2 * i + 1] = 0;
	}
	look(wide, 2 * len, 1460, 1460);
	assert_true(heard.count + 1 >= heard.of);
	uLongf packed = sizeof(coded);
	assert_int_equal(compress((Bytef *)coded, &packed, (Bytef *)document, len), Z_OK);
	look(coded, packed, 1, 100);
	assert_true(heard.count + 1 >= heard.of);
}

/* What a writer puts around the text, with tags that are the same in all its files. */
static void put_office(struct zip *z, const char *text, unsigned how)
{
	static char part[6000];
	static const char frame[] =
		"<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?><w:document "
		"xmlns:w=\"http://schemas.example.org/wordprocessing/main/of/all/documents\" "
		"xmlns:r=\"http://schemas.example.org/office/relationships/between/parts\" "
		"xmlns:v=\"urn:schemas-example-org:drawing:markup:language:version:one\">"
		"<w:body><w:p w:style=\"the ordinary paragraph with some space before it\"><w:t>";
	(void)snprintf(part, sizeof(part), "%s%s</w:t></w:p></w:body>", frame, text);
	z->len = 0;
	put_member(z, "word/document.xml", part, how);
	(void)snprintf(part, sizeof(part), "%s%s", frame, frame);
	put_member(z, "word/theme/theme1.xml", part, how);
	put_directory(z);
}

static void an_office_file_is_its_text(void **state)
{
	static struct zip z;
	(void)state;
	put_office(&z, document, 0);
	use(SET_DOCUMENT, (const char *)z.bytes, z.len);
	look((const char *)z.bytes, z.len, 100, 77);
	assert_int_equal(heard.count, heard.of);
	look(document, strlen(document), 100, 77); /* as plain text */
	assert_true(heard.count + 2 >= heard.of);
	put_office(&z, document, ZIP_STREAMED); /* saved by another program */
	look((const char *)z.bytes, z.len, 1, 1000);
	assert_int_equal(heard.count, heard.of);
	put_office(&z, "Lunch is at noon.", 0);
	look((const char *)z.bytes, z.len, 100, 100);
	assert_int_equal(heard.hits, 0);
}

static void too_little_is_no_document(void **state)
{
	struct buf set;
	(void)state;
	buf_init(&set, SET_BYTES);
	assert_int_equal(make(SET_DOCUMENT, "", 0, &set), -EXF_E_FORMAT);
	assert_int_equal(make(SET_DOCUMENT, document, 200, &set), -EXF_E_FORMAT);
	char same[5000];
	memset(same, 'x', sizeof(same)); /* many marks, of which none says anything */
	assert_int_equal(make(SET_DOCUMENT, same, sizeof(same), &set), -EXF_E_FORMAT);
	buf_deinit(&set);
}

static void what_is_excepted_is_no_mark(void **state)
{
	struct buf set;
	struct set_made made, with;
	char why[256];
	(void)state;
	struct set_making m = { .key = &key, .kind = SET_DOCUMENT, .name = "x" };
	buf_init(&set, SET_BYTES);
	assert_int_equal(set_make(&m, document, strlen(document), &set, &made, why, sizeof(why)),
			 0);
	m.leave = document;
	m.leave_len = strlen(document) / 2;
	assert_int_equal(set_make(&m, document, strlen(document), &set, &with, why, sizeof(why)),
			 0);
	assert_in_range(with.units, made.units * 4 / 10, made.units * 6 / 10);
	m.leave_len = strlen(document);
	assert_int_equal(set_make(&m, document, strlen(document), &set, &with, why, sizeof(why)),
			 -EXF_E_FORMAT);
	buf_deinit(&set);
}

/* ---- tables ---- */

static void rows(const char *text, unsigned count)
{
	size_t len = strlen(text);
	for (size_t cut = 1; cut <= len; cut++) {
		look(text, len, cut, len);
		if (heard.count != count)
			print_message("'%s' cut at %zu: %u rows\n", text, cut, heard.count);
		assert_int_equal(heard.count, count);
	}
	look(text, len, 1, 1);
	assert_int_equal(heard.count, count);
	if (!count)
		return;
	assert_int_equal(heard.kind, CONTENT_TABLE);
	assert_string_equal(heard.label, "the set");
}

static void rows_are_found(void **state)
{
	(void)state;
	use(SET_TABLE, table, sizeof(table) - 1);
	rows("Lindqvist has the account NX-4471-90826.", 1);
	rows("LINDQVIST;nx 4471 90826", 1);
	rows("{\"surname\":\"Lindqvist\",\"account\":\"NX447190826\"}", 1);
	rows("name=Lindqvist&account=NX%2D4471%2D90826", 1);
	rows("b.karamov@mail.example and Karamov", 1);
	rows("Karamov, account NX-5528-11743; Okafor, account NX-9964-30187", 2);
	rows("upper lower NX-5528-11743", 1); /* a cell with its separator in it */
}

static void names_alone_are_no_row(void **state)
{
	(void)state;
	use(SET_TABLE, table, sizeof(table) - 1);
	rows("Smith", 0);
	rows("Clara Smith of Uppsala and Anna", 0);
	rows("Smith NX-4471-90826", 0);      /* of two rows */
	rows("Lindqvist NX-4471-908267", 0); /* another number */
	rows("Lindqvist xNX-4471-90826", 0); /* within another word */
	rows("name, surname, town, account, mail", 0);
	char apart[900] = "Lindqvist ";
	(void)write_text(apart + strlen(apart), 800, 5); /* too far */
	strcat(apart, " NX-4471-90826");
	look_whole(apart);
	assert_int_equal(heard.count, 0);
}

static void the_same_row_counts_once(void **state)
{
	(void)state;
	use(SET_TABLE, table, sizeof(table) - 1);
	rows("Lindqvist NX-4471-90826 Lindqvist NX-4471-90826 Anna Lindqvist NX-4471-90826", 1);
}

static void values_of_many_rows_are_left_out(void **state)
{
	char text[4000] = "id,state\n", why[256];
	struct set_made made;
	struct buf set;
	const struct set_making m = { .key = &key, .kind = SET_TABLE, .name = "x" };
	(void)state;
	for (unsigned i = 0; i < 20; i++)
		(void)sprintf(text + strlen(text), "%u%u,active customer\n", 70511 + i * 77,
			      4400199 + i);
	buf_init(&set, SET_BYTES);
	assert_int_equal(set_make(&m, text, strlen(text), &set, &made, why, sizeof(why)), 0);
	assert_int_equal(made.common, 20);
	assert_int_equal(made.units, 20);
	assert_int_equal(made.prints, 20);
	assert_in_range(made.mute, 0, 3); /* numbers of few different digits */
	buf_reset(&set);
	assert_int_equal(set_make(&m, "a,b\nSmith,x\nJones,y\n", 19, &set, &made, why, sizeof(why)),
			 -EXF_E_FORMAT); /* no row of it says anything */
	buf_deinit(&set);
}

static void canaries_are_found(void **state)
{
	(void)state;
	use(SET_CANARY, "QX-7719-PAYROLL\r\ncanary4711@corp.example\n", 41);
	rows("nothing of it: QX-7719-PAYROL", 0);
	look_whole("see QX-7719-PAYROLL, and so on");
	assert_int_equal(heard.kind, CONTENT_CANARY);
	assert_string_equal(heard.sample, "planted");
	look_whole("mail=canary4711%40corp.example");
	assert_int_equal(heard.kind, CONTENT_CANARY);
}

/* ---- files ---- */

static void a_damaged_file_is_refused(void **state)
{
	struct buf set;
	char why[256];
	(void)state;
	buf_init(&set, SET_BYTES);
	assert_int_equal(make(SET_TABLE, table, sizeof(table) - 1, &set), 0);
	for (size_t i = 0; i < set.len; i++) { /* every byte of it */
		set.data[i] ^= 0x41;
		assert_null(read_set(&set, &key, why, sizeof(why)));
		assert_non_null(strstr(why, "a.prints: "));
		set.data[i] ^= 0x41;
	}
	size_t len = set.len;
	for (set.len = 0; set.len < len; set.len++)
		assert_null(read_set(&set, &key, why, sizeof(why)));
	struct content_sets *s = read_set(&set, &key, why, sizeof(why));
	assert_non_null(s);
	assert_int_equal(content_sets_count(s), 1);
	assert_int_equal(content_sets_info(s, 0).units, 5);
	content_sets_drop(s);
	const struct content_key other = { { 9 } };
	assert_null(read_set(&set, &other, why, sizeof(why)));
	assert_non_null(strstr(why, "another key"));
	buf_deinit(&set);
}

static void no_content_is_kept(void **state)
{
	static const char *const words[] = { "Lindqvist", "lindqvist", "4471", "Uppsala",
					     "uppsala" };
	struct buf set;
	(void)state;
	buf_init(&set, SET_BYTES);
	assert_int_equal(make(SET_TABLE, table, sizeof(table) - 1, &set), 0);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		assert_null(memmem(set.data, set.len, words[i], strlen(words[i])));
	buf_deinit(&set);
}

static void a_key_is_32_digits(void **state)
{
	struct content_key k;
	char text[33];
	(void)state;
	assert_true(content_key_parse(" 000102030405060708090A0b0c0d0e0f\n", 34, &k));
	content_key_print(&k, text);
	assert_string_equal(text, "000102030405060708090a0b0c0d0e0f");
	assert_false(content_key_parse("000102030405060708090a0b0c0d0e0", 31, &k));
	assert_false(content_key_parse("000102030405060708090a0b0c0d0e0g", 32, &k));
	assert_false(content_key_parse("", 0, &k));
}

/* A text that is under way goes on with the new sets, and what it had shown is forgotten. */
static void sets_are_exchanged(void **state)
{
	(void)state;
	use(SET_DOCUMENT, document, strlen(document));
	memset(&heard, 0, sizeof(heard));
	uint32_t number = content_open(scanner);
	content_feed(scanner, number, (uint8_t *)document, 3000, on_hit, &heard);
	assert_int_equal(heard.kind, CONTENT_DOCUMENT);
	use(SET_TABLE, table, sizeof(table) - 1);
	look_whole("Lindqvist NX-4471-90826"); /* the next text takes them */
	assert_int_equal(heard.kind, CONTENT_TABLE);
	memset(&heard, 0, sizeof(heard));
	content_feed(scanner, number, (uint8_t *)document + 3000, 2000, on_hit, &heard);
	content_close(scanner, number, on_hit, &heard);
	assert_int_equal(heard.hits, 0);
	content_rules_take_sets(rules, NULL);
	look_whole("Lindqvist NX-4471-90826");
	assert_int_equal(heard.hits, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_document_is_found_whole),
		cmocka_unit_test(every_cut_finds_the_same),
		cmocka_unit_test(a_part_amid_other_text_is_found),
		cmocka_unit_test(every_run_of_its_length_holds_a_mark),
		cmocka_unit_test(how_it_is_written_does_not_matter),
		cmocka_unit_test(what_it_is_packed_in_does_not_matter),
		cmocka_unit_test(an_office_file_is_its_text),
		cmocka_unit_test(too_little_is_no_document),
		cmocka_unit_test(what_is_excepted_is_no_mark),
		cmocka_unit_test(rows_are_found),
		cmocka_unit_test(names_alone_are_no_row),
		cmocka_unit_test(the_same_row_counts_once),
		cmocka_unit_test(values_of_many_rows_are_left_out),
		cmocka_unit_test(canaries_are_found),
		cmocka_unit_test(a_damaged_file_is_refused),
		cmocka_unit_test(no_content_is_kept),
		cmocka_unit_test(a_key_is_32_digits),
		cmocka_unit_test(sets_are_exchanged),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
