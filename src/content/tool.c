/*
 * content/tool.c - exfilctl fingerprint: sets made, shown and tried, without a daemon.
 */
#include <errno.h>
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "exfild/base/hash.h"
#include "exfild/content/content.h"
#include "prints.h"

#define KEY_DEFAULT "/etc/exfild/fingerprint.key"
#define FILE_MOST   (512u << 20)
#define PORTION     16384u

enum { DONE = 0, FAILED = 1, USAGE = 2 };
enum { OPT_NO_HEAD = 256, OPT_EXCEPT };

struct tool {
	const char *key_path, *name, *out, *except;
	int kind; /* -1: by the file's name */
	bool has_no_head;
	struct content_key key;
	char why[512];
};

static const char usage_text[] =
	"usage: exfilctl fingerprint [-t document|table|canary] [-n NAME] [-o SET] [-k KEY]\n"
	"                            [--no-header] [--except TEXT] FILE   makes a set of a file\n"
	"       exfilctl fingerprint show [-k KEY] SET...      what sets are of\n"
	"       exfilctl fingerprint test [-k KEY] SET FILE    is it found in the file? 0 yes, 1 no\n"
	"A set holds keyed hashes, nothing of the file.  FILE: a .csv or .tsv is a table, its first\n"
	"line the names of its columns; any other one is a document; canary: one token a line.\n"
	"-k KEY: the sensor's key (default " KEY_DEFAULT "), made where there is none.\n";

static int usage(const char *why)
{
	(void)fprintf(stderr, "exfilctl: fingerprint: %s\n%s", why, usage_text);
	return USAGE;
}

static int fail(const char *why)
{
	(void)fprintf(stderr, "exfilctl: fingerprint: %s\n", why);
	return FAILED;
}

static int take_options(struct tool *t, int argc, char **argv)
{
	static const struct option list[] = { { "type", required_argument, NULL, 't' },
					      { "name", required_argument, NULL, 'n' },
					      { "out", required_argument, NULL, 'o' },
					      { "key", required_argument, NULL, 'k' },
					      { "no-header", no_argument, NULL, OPT_NO_HEAD },
					      { "except", required_argument, NULL, OPT_EXCEPT },
					      { "help", no_argument, NULL, 'h' },
					      { NULL, 0, NULL, 0 } };
	int option;
	optind = 1;
	while ((option = getopt_long(argc, argv, "t:n:o:k:h", list, NULL)) >= 0) {
		const char *value = optarg ? optarg : "";
		switch (option) {
		case 't':
			for (t->kind = 0; t->kind < SET__COUNT; t->kind++)
				if (strcmp(value, set_kind_name((enum set_kind)t->kind)) == 0)
					break;
			if (t->kind == SET__COUNT)
				return usage("a type is document, table or canary");
			break;
		case 'n':
			t->name = value;
			break;
		case 'o':
			t->out = value;
			break;
		case 'k':
			t->key_path = value;
			break;
		case OPT_NO_HEAD:
			t->has_no_head = true;
			break;
		case OPT_EXCEPT:
			t->except = value;
			break;
		case 'h':
			(void)fputs(usage_text, stdout);
			exit(DONE);
		default:
			return usage("this option is not known");
		}
	}
	return DONE;
}

/* ---- the key ---- */

static int make_key(struct tool *t)
{
	char text[34];
	struct hash_key random = hash_key_random();
	_Static_assert(sizeof(random) == sizeof(t->key), "a key is 128 bits");
	memcpy(t->key.bytes, &random, sizeof(random));
	content_key_print(&t->key, text);
	text[32] = '\n';
	int err = set_file_write(t->key_path, true, text, 33, t->why, sizeof(t->why));
	explicit_bzero(text, sizeof(text));
	if (!err)
		(void)fprintf(stderr,
			      "exfilctl: %s made: keep it secret, and the same on all sensors\n",
			      t->key_path);
	return err ? fail(t->why) : DONE;
}

static int get_key(struct tool *t, bool may_make)
{
	if (may_make && access(t->key_path, F_OK) != 0 && errno == ENOENT)
		return make_key(t);
	if (content_key_read(t->key_path, &t->key, t->why, sizeof(t->why)) != 0)
		return fail(t->why);
	return DONE;
}

/* ---- making ---- */

static bool ends_in(const char *path, const char *end)
{
	size_t len = strlen(path), n = strlen(end);
	return len > n && strcasecmp(path + len - n, end) == 0;
}

static void say_made(const struct tool *t, const struct set_made *made, const char *out)
{
	static const char *const units[SET__COUNT] = { "marks", "rows", "canaries" };
	(void)printf("%s: '%s', %u %s, %u prints\n", out, t->name, made->units, units[t->kind],
		     made->prints);
	if (made->common)
		(void)printf("  %u cells left out: the same value is in more than %u rows\n",
			     made->common, PRINT_ROWS);
	if (made->weak)
		(void)printf("  %u cells left out: not %u to %u letters and digits in %u words\n",
			     made->weak, PRINT_CELL_MIN, PRINT_CELL_MAX, PRINT_WORDS);
	if (made->mute)
		(void)printf("  %u rows are never known again: what is left of them could be in "
			     "any text\n",
			     made->mute);
}

static int write_made(struct tool *t, const struct buf *set, const struct set_made *made)
{
	char path[PATH_MAX];
	(void)snprintf(path, sizeof(path), "%s%s", t->out ? t->out : t->name,
		       t->out ? "" : SET_END);
	if (set_file_write(path, false, set->data, set->len, t->why, sizeof(t->why)) != 0)
		return fail(t->why);
	say_made(t, made, path);
	return DONE;
}

static int make(struct tool *t, char *path)
{
	struct buf data, except, set;
	struct set_made made;
	char copy[PATH_MAX];
	(void)snprintf(copy, sizeof(copy), "%s", path);
	if (t->kind < 0)
		t->kind = ends_in(path, ".csv") || ends_in(path, ".tsv") ? SET_TABLE : SET_DOCUMENT;
	if (!t->name)
		t->name = basename(copy);
	if (t->except && t->kind != SET_DOCUMENT)
		return usage("--except is for documents");
	int status = get_key(t, true);
	buf_init(&data, FILE_MOST);
	buf_init(&except, FILE_MOST);
	buf_init(&set, SET_BYTES);
	if (!status && content_file_read(path, &data, t->why, sizeof(t->why)) != 0)
		status = fail(t->why);
	if (!status && t->except &&
	    content_file_read(t->except, &except, t->why, sizeof(t->why)) != 0)
		status = fail(t->why);
	const struct set_making m = { .key = &t->key,
				      .kind = (enum set_kind)t->kind,
				      .name = t->name,
				      .has_no_head = t->has_no_head,
				      .leave = except.data,
				      .leave_len = except.len };
	if (!status && set_make(&m, data.data, data.len, &set, &made, t->why, sizeof(t->why)) != 0)
		status = fail(t->why);
	if (!status)
		status = write_made(t, &set, &made);
	buf_deinit(&data);
	buf_deinit(&except);
	buf_deinit(&set);
	return status;
}

/* ---- looking ---- */

static struct content_sets *load(struct tool *t, char *const *paths, int count)
{
	struct buf pack, file;
	struct content_sets *sets = NULL;
	int err = 0;
	buf_init(&pack, SET_BYTES);
	buf_init(&file, SET_BYTES);
	content_sets_begin(&pack, &t->key);
	for (int i = 0; i < count && !err; i++) {
		buf_reset(&file);
		err = content_file_read(paths[i], &file, t->why, sizeof(t->why));
		if (!err)
			content_sets_pack(&pack, paths[i], file.data, file.len);
	}
	if (!err && pack.full)
		(void)snprintf(t->why, sizeof(t->why), "the sets are too large together");
	else if (!err)
		sets = content_sets_read(pack.data, pack.len, t->why, sizeof(t->why));
	buf_deinit(&pack);
	buf_deinit(&file);
	return sets;
}

static int show(struct tool *t, int argc, char **argv)
{
	if (argc < 1)
		return usage("show wants sets");
	int status = get_key(t, false);
	struct content_sets *sets = status ? NULL : load(t, argv, argc);
	if (!status && !sets)
		return fail(t->why);
	for (size_t i = 0; sets && i < content_sets_count(sets); i++) {
		const struct set_info s = content_sets_info(sets, i);
		(void)printf("%s: %s '%s', %u units, %u prints\n", argv[i], set_kind_name(s.kind),
			     s.name, s.units, s.prints);
	}
	content_sets_drop(sets);
	return status;
}

static void on_hit(void *arg, const struct content_hit *hit)
{
	struct content_hit *last = arg;
	static char sample[CONTENT_SAMPLE];
	if (!hit->of)
		return;
	*last = *hit;
	(void)snprintf(sample, sizeof(sample), "%s", hit->sample);
	last->sample = sample;
}

static int compare(struct tool *t, struct content_sets *sets, const struct buf *text)
{
	struct content_hit last = { 0 };
	struct content_rules *rules = content_rules_new("", 0, t->why, sizeof(t->why));
	struct content_scanner *scanner =
		rules ? content_scanner_new(rules, 1, &hash_key_fixed) : NULL;
	if (!scanner) {
		content_sets_drop(sets);
		content_rules_free(rules);
		return fail(*t->why ? t->why : exf_strerror(EXF_E_NOMEM));
	}
	content_rules_take_sets(rules, sets);
	uint32_t number = content_open(scanner);
	for (size_t at = 0; at < text->len; at += PORTION)
		content_feed(scanner, number, (const uint8_t *)text->data + at,
			     text->len - at < PORTION ? text->len - at : PORTION, on_hit, &last);
	content_close(scanner, number, on_hit, &last);
	if (last.of)
		(void)printf("%s '%s': %s\n", content_kind_name(last.kind), last.label,
			     last.sample);
	else
		(void)printf("not found\n");
	content_scanner_free(scanner);
	content_rules_free(rules);
	return last.of ? DONE : FAILED;
}

static int test(struct tool *t, int argc, char **argv)
{
	struct buf text;
	if (argc != 2)
		return usage("test wants a set and a file");
	int status = get_key(t, false);
	if (status)
		return status;
	struct content_sets *sets = load(t, argv, 1);
	if (!sets)
		return fail(t->why);
	buf_init(&text, FILE_MOST);
	if (content_file_read(argv[1], &text, t->why, sizeof(t->why)) != 0) {
		content_sets_drop(sets);
		status = fail(t->why);
	} else {
		status = compare(t, sets, &text);
	}
	buf_deinit(&text);
	return status;
}

int set_tool(int argc, char **argv)
{
	struct tool t = { .key_path = KEY_DEFAULT, .kind = -1 };
	bool is_show = argc > 1 && strcmp(argv[1], "show") == 0;
	bool is_test = argc > 1 && strcmp(argv[1], "test") == 0;
	bool has_word = is_show || is_test;
	int status = take_options(&t, argc - has_word, argv + has_word);
	argc -= has_word + optind;
	argv += has_word + optind;
	if (!status && is_show)
		status = show(&t, argc, argv);
	else if (!status && is_test)
		status = test(&t, argc, argv);
	else if (!status)
		status = argc == 1 ? make(&t, argv[0]) : usage("one file is wanted");
	explicit_bzero(&t.key, sizeof(t.key));
	return status;
}
