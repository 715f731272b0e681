/*
 * control/audit.c - exfilctl audit: the ledger, checked and listed; asks no daemon.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "exfild/base/str.h"
#include "exfild/control/client.h"
#include "exfild/store/ledger_read.h"
#include "client_parts.h"

#define LEDGER_DEFAULT "/var/lib/exfild/ledger"
#define LAST_DEFAULT   50
#define LAST_MAX       1000000000u

enum { OPT_LEDGER = 256, OPT_KIND, OPT_LAST, OPT_EXPECT, OPT_JSON };

static const struct option long_options[] = {
	{ "ledger", required_argument, NULL, OPT_LEDGER },
	{ "kind", required_argument, NULL, OPT_KIND },
	{ "last", required_argument, NULL, OPT_LAST },
	{ "expect", required_argument, NULL, OPT_EXPECT },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static const char help_text[] =
	"usage: exfilctl audit verify [--expect NUMBER:HASH] [--ledger DIR] [--json]\n"
	"       exfilctl audit list [--kind KIND] [--last N] [--ledger DIR] [--json]\n"
	"\n"
	"The ledger: alerts, configurations, acts and blind minutes, each record chained to the one\n"
	"before it.  Needs no running exfild.\n"
	"\n"
	"  verify         whether all of it is as it was written; the first record that is not\n"
	"  --expect N:H   this record, noted earlier, is still there: nothing up to it was exchanged\n"
	"  list           the records, oldest first\n"
	"  --kind KIND    alert, start, stop, configuration, act, quarantine, blind, hour ...\n"
	"  --last N       only the last ones (default: 50; 0: all)\n"
	"  --ledger DIR   where it is (default: $EXFILD_LEDGER, else " LEDGER_DEFAULT ")\n"
	"\n"
	"Exit status: 0 whole, 1 it cannot be read, 2 wrong usage, 3 it was altered.  See\n"
	"exfilctl(8).\n";

struct audit {
	const char *directory, *kind, *what, *hash; /* hash: expected */
	bool json, is_found;
	uint64_t last, expected;
	uint64_t matches, skip; /* of a list */
};

static int wrong(const char *text, const char *what)
{
	(void)fprintf(stderr, "exfilctl: %s", text);
	view_text(stderr, what, 0);
	(void)fputs("\nexfilctl: try 'exfilctl audit --help'\n", stderr);
	return CLIENT_USAGE;
}

static int take_expected(struct audit *a, const char *text)
{
	char number[24];
	const char *colon = strchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : 0;
	if (!colon || len >= sizeof(number) || strlen(colon + 1) != SHA256_HEX - 1)
		return wrong("--expect takes NUMBER:HASH, as audit verify prints it, not ", text);
	memcpy(number, text, len);
	number[len] = '\0';
	a->hash = colon + 1;
	return str_parse_u64(number, 1, UINT64_MAX, &a->expected) ?
		       wrong("not a number of a record: ", number) :
		       -1;
}

static int take(struct audit *a, int c)
{
	switch (c) {
	case OPT_LEDGER:
		a->directory = optarg;
		return -1;
	case OPT_KIND:
		a->kind = optarg;
		return -1;
	case OPT_LAST:
		return str_parse_u64(optarg, 0, LAST_MAX, &a->last) ?
			       wrong("not a number of records: ", optarg) :
			       -1;
	case OPT_EXPECT:
		return take_expected(a, optarg);
	case OPT_JSON:
		a->json = true;
		return -1;
	case 'h':
		(void)fputs(help_text, stdout);
		return CLIENT_DONE;
	default:
		return wrong("unknown option, or its value is missing", "");
	}
}

static int parse(struct audit *a, int argc, char **argv)
{
	const char *named = getenv("EXFILD_LEDGER");
	int c, status = -1;
	*a = (struct audit){ .directory = named && *named ? named : LEDGER_DEFAULT,
			     .last = LAST_DEFAULT };
	opterr = 0;
	optind = 1;
	while (status < 0 && (c = getopt_long(argc, argv, "h", long_options, NULL)) >= 0)
		status = take(a, c);
	if (status >= 0)
		return status;
	a->what = optind < argc ? argv[optind] : "";
	bool is_verify = strcmp(a->what, "verify") == 0;
	if (!is_verify && strcmp(a->what, "list") != 0)
		return wrong("audit verify, or audit list, not ", a->what);
	if (optind + 1 < argc)
		return wrong("what is this: ", argv[optind + 1]);
	if (is_verify && a->kind)
		return wrong("--kind goes with audit list", "");
	if (!is_verify && a->hash)
		return wrong("--expect goes with audit verify", "");
	return -1;
}

/* ---- answers ---- */

static void put_found(const struct audit *a, const struct ledger_found *f)
{
	json_t *o = json_pack("{s:b, s:I, s:I, s:I, s:s, s:I}", "whole", !f->is_broken, "records",
			      (json_int_t)f->count, "first", (json_int_t)f->first, "last",
			      (json_int_t)f->last, "hash", f->hash, "torn", (json_int_t)f->torn);
	if (o && f->is_broken)
		(void)json_object_set_new(o, "broken",
					  json_pack("{s:s, s:I, s:I, s:s}", "file", f->file, "line",
						    (json_int_t)f->line, "number",
						    (json_int_t)f->number, "why", f->why));
	if (o && a->hash)
		(void)json_object_set_new(o, "expected", json_boolean(a->is_found));
	(void)json_dumpf(o, stdout, JSON_COMPACT);
	(void)fputc('\n', stdout);
	json_decref(o);
}

static void say_broken(const struct audit *a, const struct ledger_found *f)
{
	(void)fprintf(stderr, "exfilctl: %s", a->directory);
	if (f->line)
		(void)fprintf(stderr, "/%s:%" PRIu64, f->file, f->line);
	(void)fprintf(stderr, ": record %" PRIu64 ": %s\n", f->number, f->why);
	(void)fprintf(stderr,
		      f->count ? "exfilctl: records %" PRIu64 " to %" PRIu64
				 " before it are as they were written\n" :
				 "exfilctl: no record is sound\n",
		      f->first, f->last);
}

/* Of the record that was noted. */
static bool look_for(void *arg, const struct ledger_record *r)
{
	struct audit *a = arg;
	if (r->number == a->expected)
		a->is_found = memcmp(r->hash, a->hash, SHA256_HEX - 1) == 0;
	return true;
}

static int verify(struct audit *a)
{
	struct ledger_found f;
	char why[1024];
	if (ledger_read(a->directory, a->hash ? look_for : NULL, a, &f, why, sizeof(why))) {
		(void)fprintf(stderr, "exfilctl: %s\n", why);
		return CLIENT_FAILED;
	}
	bool is_missing = a->hash && !a->is_found && !f.is_broken;
	if (a->json)
		put_found(a, &f);
	if (f.is_broken)
		say_broken(a, &f);
	else if (!a->json)
		(void)printf("%s: %" PRIu64 " records, %" PRIu64 " to %" PRIu64
			     ", in %u files: whole\n",
			     a->directory, f.count, f.first, f.last, (unsigned)f.files);
	if (f.torn && !f.is_broken && !a->json)
		(void)printf("%u bytes at the end are no whole record: it is being written, or was "
			     "cut by a kill\n",
			     (unsigned)f.torn);
	if (is_missing)
		(void)fprintf(stderr,
			      "exfilctl: record %" PRIu64
			      " with this hash is not there: the ledger was cut off before it, or "
			      "written anew\n",
			      a->expected);
	else if (!f.is_broken && !a->json)
		(void)printf("newest: %" PRIu64 ":%s\n", f.last, f.hash);
	return f.is_broken || is_missing ? CLIENT_SICK : CLIENT_DONE;
}

static const char *text_of(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));
	return text ? text : "";
}

static void show(const json_t *o, uint64_t number)
{
	(void)printf("%.19s %8" PRIu64 " ", text_of(o, "at"), number);
	view_text(stdout, text_of(o, "kind"), 13);
	(void)fputc(' ', stdout);
	if (*text_of(o, "severity")) {
		view_text(stdout, text_of(o, "severity"), 0);
		(void)fputc(' ', stdout);
		view_text(stdout, text_of(o, "rule"), 0);
		(void)fputs(": ", stdout);
	}
	view_text(stdout, text_of(o, "text"), 0);
	(void)fputc('\n', stdout);
}

static bool list_one(void *arg, const struct ledger_record *r)
{
	struct audit *a = arg;
	json_t *o = json_loadb(r->line, r->len, JSON_ALLOW_NUL, NULL);
	if (o && (!a->kind || strcmp(a->kind, text_of(o, "kind")) == 0) &&
	    a->matches++ >= a->skip) {
		if (a->json)
			(void)printf("%.*s\n", (int)r->len, r->line);
		else
			show(o, r->number);
	}
	json_decref(o);
	return true;
}

static bool count_one(void *arg, const struct ledger_record *r)
{
	struct audit *a = arg;
	json_t *o = a->kind ? json_loadb(r->line, r->len, JSON_ALLOW_NUL, NULL) : NULL;
	a->matches += !a->kind || strcmp(a->kind, text_of(o, "kind")) == 0;
	json_decref(o);
	return true;
}

/* Twice: how many there are, then those that are wanted. */
static int list(struct audit *a)
{
	struct ledger_found f;
	char why[1024];
	int err = ledger_read(a->directory, count_one, a, &f, why, sizeof(why));
	a->skip = a->last && a->matches > a->last ? a->matches - a->last : 0;
	a->matches = 0;
	if (!err)
		err = ledger_read(a->directory, list_one, a, &f, why, sizeof(why));
	if (err) {
		(void)fprintf(stderr, "exfilctl: %s\n", why);
		return CLIENT_FAILED;
	}
	(void)fflush(stdout);
	if (f.is_broken)
		say_broken(a, &f);
	return f.is_broken ? CLIENT_SICK : CLIENT_DONE;
}

int audit_run(int argc, char **argv)
{
	struct audit a;
	int status = parse(&a, argc, argv);
	if (status >= 0)
		return status;
	status = strcmp(a.what, "verify") == 0 ? verify(&a) : list(&a);
	if (fflush(stdout) != 0 && status == CLIENT_DONE) {
		(void)fputs("exfilctl: the answer could not be written\n", stderr);
		status = CLIENT_FAILED;
	}
	return status;
}
