/*
 * support/content_bench.c - how fast clear text is looked through, and what is found where nothing
 * is.
 *
 *   content_bench [--mb N] [--least MB/S] [--sets] [--plant] random|text|FILE...
 *
 * random: bytes of a generator.  text: what a generator writes like what passes a gateway, from a
 * list of words that it makes itself: prose, tables, logs, JSON, forms, with dates, prices, order
 * and telephone numbers, hashes and UUIDs, no two parts alike.  FILE: its bytes, as often as it
 * takes.  Each 4 MB are a text of their own, which comes in portions of a segment.  What is found
 * is an error; with --plant one of each kind is put into every text, across portions too, and each
 * must be found.  Speed is that of one core: the time that the processor spent on looking.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "exfild/content/content.h"
#include "exfild/content/sets.h"
#include "places.h"

#define TEXT    (4u << 20)
#define SEGMENT 1460u
#define WORDS   20000u

static uint64_t state = 0x9e3779b97f4a7c15ull;
static uint64_t found, wanted;
static bool is_planting;
static char words[WORDS][12];

static uint64_t next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state * 0x2545f4914f6cdd1dull;
}

static unsigned below(unsigned n)
{
	return (unsigned)((next() >> 33) % n);
}

static void make_words(void)
{
	static const char *const on[] = { "b", "d", "f", "g", "k",  "l",  "m",  "n", "p",
					  "r", "s", "t", "v", "st", "tr", "pl", "sh" };
	static const char *const in[] = { "a", "e", "i", "o", "u", "ea", "ou", "ie" };
	for (unsigned w = 0; w < WORDS; w++) {
		unsigned parts = 1 + below(3);
		words[w][0] = '\0';
		for (unsigned i = 0; i < parts; i++) {
			strcat(words[w], on[below(sizeof(on) / sizeof(on[0]))]);
			strcat(words[w], in[below(sizeof(in) / sizeof(in[0]))]);
		}
	}
}

/* The first words of the list come often, as Zipf has it. */
static const char *word(void)
{
	unsigned span = 1u << below(15);
	return words[below(span < WORDS ? span : WORDS)];
}

static size_t put_number(char *at)
{
	unsigned a = (unsigned)next(), b = (unsigned)next();
	switch (below(10)) {
	case 0:
		return (size_t)sprintf(at, "%04u-%02u-%02u", 1990 + a % 50, 1 + a % 12, 1 + b % 28);
	case 1:
		return (size_t)sprintf(at, "%u.%02u", a % 100000, b % 100);
	case 2:
		return (size_t)sprintf(at, "%08u%08u", a % 100000000, b % 100000000);
	case 3:
		return (size_t)sprintf(at, "+%u %u %07u", 1 + a % 99, 10 + b % 900, a % 10000000);
	case 4:
		return (size_t)sprintf(at, "%08x-%04x-%04x-%04x-%08x%04x", a, b & 65535, a >> 16,
				       b >> 16, b, a & 65535);
	case 5:
		return (size_t)sprintf(at, "%08x%08x%08x%08x", a, b, a * 2654435761u, b ^ a);
	case 6:
		return (size_t)sprintf(at, "%u.%u.%u.%u", a & 255, a >> 8 & 255, b & 255,
				       b >> 8 & 255);
	case 7:
		return (size_t)sprintf(at, "%u", a % 1000000000);
	case 8:
		return (size_t)sprintf(at, "%c%c%02u %04u %04u", (int)('A' + a % 26),
				       (int)('A' + b % 26), a % 98, a % 10000, b % 10000);
	default:
		return (size_t)sprintf(at, "17%08u", a % 100000000);
	}
}

static size_t put_line(char *at, unsigned form)
{
	char *from = at;
	switch (form) {
	case 0: /* a log */
		at += put_number(at);
		at += sprintf(at, " %s[%u]: %s=", word(), below(65536), word());
		at += put_number(at);
		break;
	case 1: /* a table */
		for (unsigned i = 0; i < 6; i++) {
			at += i & 1 ? put_number(at) : (size_t)sprintf(at, "%s", word());
			*at++ = ',';
		}
		break;
	case 2: /* JSON */
		at += sprintf(at, "{\"%s\": \"%s\", \"%s\": ", word(), word(), word());
		at += put_number(at);
		at += sprintf(at, "},");
		break;
	case 3: /* a form, an address */
		at += sprintf(at, "https://www.%s.example/%s?%s=", word(), word(), word());
		at += put_number(at);
		at += sprintf(at, "&mail=%s%%40%s.example", word(), word());
		break;
	default: /* prose */
		for (unsigned i = 0; i < 12; i++)
			at += sprintf(at, "%s%s", i ? " " : "", word());
		*at++ = '.';
	}
	*at++ = '\n';
	return (size_t)(at - from);
}

static void fill_text(char *text)
{
	static char line[512];
	for (size_t at = 0; at < TEXT;) {
		size_t n = put_line(line, below(9));
		n = n < TEXT - at ? n : TEXT - at;
		memcpy(text + at, line, n);
		at += n;
	}
}

static void fill_random(char *text)
{
	for (size_t i = 0; i < TEXT; i += 8) {
		uint64_t v = next();
		memcpy(text + i, &v, 8);
	}
}

/* What it is, in the form that it leaves a house in. */
static const char *const plants[] = {
	"\ncard number 4539 5787 6362 1486 exp 11/29\n",
	"\nIBAN DE89 3704 0044 0532 0130 00 please\n",
	"\nssn: 536-90-4399 of her\n",
	"\nkey 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\n",
	"\nsee QX-7719-PAYROLL for it\n",
};

static void plant(char *text)
{
	size_t step = TEXT / (sizeof(plants) / sizeof(plants[0]) + 1);
	for (unsigned i = 0; i < sizeof(plants) / sizeof(plants[0]); i++) {
		size_t len = strlen(plants[i]);
		/* the end of a segment falls on one byte of it after the other */
		size_t at = (step * (i + 1)) / SEGMENT * SEGMENT - below((unsigned)len);
		memcpy(text + at, plants[i], len);
	}
}

static void on_hit(void *arg, const struct content_hit *hit)
{
	unsigned *kinds = arg;
	/* next to what is planted chance may add a number: each kind counts once a text */
	found += !is_planting || !(*kinds >> hit->kind & 1);
	*kinds |= 1u << hit->kind;
	if (!is_planting)
		(void)printf("found: %s %s %s (%u)\n", content_kind_name(hit->kind), hit->label,
			     hit->sample, hit->count);
}

static double now_s(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double look(struct content_scanner *s, const char *text)
{
	double began = now_s();
	unsigned kinds = 0;
	uint32_t number = content_open(s);
	for (size_t at = 0; at < TEXT; at += SEGMENT)
		content_feed(s, number, (const uint8_t *)text + at,
			     TEXT - at < SEGMENT ? TEXT - at : SEGMENT, on_hit, &kinds);
	content_close(s, number, on_hit, &kinds);
	return now_s() - began;
}

static void add_file(struct buf *rules, const char *path)
{
	char why[256];
	if (content_file_read(path, rules, why, sizeof(why)) != 0) {
		(void)fprintf(stderr, "content_bench: %s\n", why);
		exit(1);
	}
	buf_char(rules, '\n');
}

/* The rules that are shipped, and one of each kind that a configuration adds. */
static struct content_rules *make_rules(void)
{
	static const char *const files[] = { "be", "br", "ca", "ch", "de", "es", "fr",
					     "gb", "in", "nl", "pl", "se", "us" };
	char path[600], why[256];
	struct buf text;
	buf_init(&text, CONTENT_TEXT);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/data/content/%s.tsv", EXFILD_SOURCE_DIR,
			       files[i]);
		add_file(&text, path);
	}
	buf_str(&text, "marking\tstrictly confidential\ncanary\tpayroll\tQX-7719-PAYROLL\n");
	struct content_rules *r = content_rules_new(text.data, text.len, why, sizeof(why));
	if (!r)
		(void)fprintf(stderr, "content_bench: %s\n", why);
	buf_deinit(&text);
	return r;
}

static void add_set(struct buf *pack, const struct content_key *key, enum set_kind kind,
		    const struct buf *data)
{
	const struct set_making m = { .key = key, .kind = kind, .name = set_kind_name(kind) };
	struct set_made made;
	struct buf set;
	char why[256];
	buf_init(&set, SET_BYTES);
	if (set_make(&m, data->data, data->len, &set, &made, why, sizeof(why)) != 0) {
		(void)fprintf(stderr, "content_bench: %s\n", why);
		exit(1);
	}
	(void)printf("set: %s, %u units, %u prints\n", m.name, made.units, made.prints);
	content_sets_pack(pack, m.name, set.data, set.len);
	buf_deinit(&set);
}

/* A customer's own: 100,000 rows of persons, and 2 MB of documents, of other words' order. */
static void add_sets(const struct content_rules *rules)
{
	const struct content_key key = { { 7 } };
	struct buf data, pack;
	char why[256];
	buf_init(&data, 64u << 20);
	buf_init(&pack, SET_BYTES);
	content_sets_begin(&pack, &key);
	buf_str(&data, "name,surname,town,account,phone\n");
	for (unsigned i = 0; i < 100000; i++) {
		buf_printf(&data, "%s,%s%ssen,%s,", words[below(400)], word(), word(),
			   words[below(1000)]);
		buf_printf(&data, "%u-%u,+%u %u %07u\n", 1000 + below(9000), 10000 + below(90000),
			   1 + below(98), 100 + below(900), below(10000000));
	}
	add_set(&pack, &key, SET_TABLE, &data);
	buf_reset(&data);
	while (data.len < 2u << 20) {
		char line[512];
		buf_add(&data, line, put_line(line, 4));
	}
	add_set(&pack, &key, SET_DOCUMENT, &data);
	struct content_sets *sets = content_sets_read(pack.data, pack.len, why, sizeof(why));
	if (!sets) {
		(void)fprintf(stderr, "content_bench: %s\n", why);
		exit(1);
	}
	content_rules_take_sets(rules, sets);
	buf_deinit(&data);
	buf_deinit(&pack);
}

static size_t take_files(struct buf *all, char *const *paths)
{
	char why[256];
	for (; *paths; paths++)
		if (content_file_read(*paths, all, why, sizeof(why)) != 0 && !all->full)
			(void)fprintf(stderr, "content_bench: %s\n", why);
	return all->len;
}

int main(int argc, char **argv)
{
	unsigned mb = 256;
	double least = 0, took = 0;
	bool has_sets = false;
	struct buf files;
	size_t at = 0;
	int i = 1;
	for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
		if (strcmp(argv[i], "--mb") == 0 && i + 1 < argc)
			mb = (unsigned)atoi(argv[++i]);
		else if (strcmp(argv[i], "--least") == 0 && i + 1 < argc)
			least = atof(argv[++i]);
		else if (strcmp(argv[i], "--sets") == 0)
			has_sets = true;
		else if (strcmp(argv[i], "--plant") == 0)
			is_planting = true;
	}
	bool is_random = i < argc && strcmp(argv[i], "random") == 0;
	bool is_text = i < argc && strcmp(argv[i], "text") == 0;
	struct content_rules *rules = make_rules();
	struct content_scanner *scanner =
		rules ? content_scanner_new(rules, 1, &hash_key_fixed) : NULL;
	char *text = malloc(TEXT);
	buf_init(&files, 256u << 20);
	if (i == argc || !scanner || !text)
		return 2;
	make_words();
	if (has_sets)
		add_sets(rules);
	if (!is_random && !is_text && take_files(&files, argv + i) == 0)
		return 2;
	unsigned texts = (mb + 3) / 4;
	for (unsigned n = 0; n < texts; n++) {
		if (is_random)
			fill_random(text);
		else if (is_text)
			fill_text(text);
		else
			for (size_t k = 0; k < TEXT; k++)
				text[k] = files.data[at++ % files.len];
		if (is_planting)
			plant(text);
		wanted += is_planting ? sizeof(plants) / sizeof(plants[0]) : 0;
		took += look(scanner, text);
	}
	double speed = (double)texts * (TEXT / 1e6) / took;
	(void)printf("%s%s: %u MB, found %llu of %llu, %.0f MB/s\n", argv[i],
		     has_sets ? " with sets" : "", texts * 4, (unsigned long long)found,
		     (unsigned long long)wanted, speed);
	content_scanner_free(scanner);
	content_rules_free(rules);
	buf_deinit(&files);
	free(text);
	return found != wanted || speed < least;
}
