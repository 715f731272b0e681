/*
 * control/usage_client.c - the command line of exfilctl usage.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/base/str.h"
#include "exfild/control/client.h"
#include "client_parts.h"
#include "usage.h"

#define TOP_DEFAULT 20
#define TOP_MAX     10000000u
#define ROW_MAX     (1u << 20)

enum {
	OPT_DATABASE = 256,
	OPT_BY,
	OPT_SINCE,
	OPT_UNTIL,
	OPT_SORT,
	OPT_TOP,
	OPT_REVERSE,
	OPT_COMPARE,
	OPT_JSON,
	OPT_CSV,
	OPT_FILTER /* and the dimensions after it */
};

#define FILTER(dim) (OPT_FILTER + USAGE_BY_##dim)

static const struct option long_options[] = {
	{ "database", required_argument, NULL, OPT_DATABASE },
	{ "by", required_argument, NULL, OPT_BY },
	{ "since", required_argument, NULL, OPT_SINCE },
	{ "until", required_argument, NULL, OPT_UNTIL },
	{ "sort", required_argument, NULL, OPT_SORT },
	{ "top", required_argument, NULL, OPT_TOP },
	{ "reverse", no_argument, NULL, OPT_REVERSE },
	{ "compare", no_argument, NULL, OPT_COMPARE },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "csv", no_argument, NULL, OPT_CSV },
	{ "zone", required_argument, NULL, FILTER(ZONE) },
	{ "host", required_argument, NULL, FILTER(HOST) },
	{ "user", required_argument, NULL, FILTER(USER) },
	{ "service", required_argument, NULL, FILTER(SERVICE) },
	{ "tenant", required_argument, NULL, FILTER(TENANT) },
	{ "category", required_argument, NULL, FILTER(CATEGORY) },
	{ "risk", required_argument, NULL, FILTER(RISK) },
	{ "country", required_argument, NULL, FILTER(COUNTRY) },
	{ "as", required_argument, NULL, FILTER(AS) },
	{ "tls", required_argument, NULL, FILTER(TLS) },
	{ "direction", required_argument, NULL, FILTER(DIRECTION) },
	{ "sanction", required_argument, NULL, FILTER(SANCTION) },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static const char help_text[] =
	"usage: exfilctl usage [options]\n"
	"       exfilctl usage inventory LIST [options]\n"
	"\n"
	"Who used which service, and how much: reads the database of exfild, which need not run.\n"
	"\n"
	"  --by LIST      what a row is: hour, day, zone, host, user, service, tenant, category, risk,\n"
	"                 sanction, country, as, tls, direction, with commas (default: service)\n"
	"  --host, --zone, --user, --service, --tenant, --category, --risk, --sanction, --country,\n"
	"  --as, --tls, --direction VALUE\n"
	"                 only these; more than once: either; '10.1.*': begins so; '!VALUE': not it\n"
	"  --since WHEN   7d, 36h, 2w before the end of what is known; today, yesterday, week,\n"
	"  --until WHEN   month; 2026-11-23, 2026-11-23T19:00:00Z (all UTC)\n"
	"  --compare      with as long a time just before --since\n"
	"  --sort KEY     up (default), down, both, flows, alerts, clear, opaque, score, first, last,\n"
	"                 seen, key   --reverse: the other way round\n"
	"  --top N        rows (default: 20; 0: all)\n"
	"  --json --csv   for programs\n"
	"  --database F   (default: $EXFILD_USAGE, else " USAGE_DATABASE ")\n"
	"\n"
	"Lists of an inventory:\n";

static int wrong(const char *text, const char *what)
{
	(void)fprintf(stderr, "exfilctl: %s", text);
	view_text(stderr, what, 0);
	(void)fputs("\nexfilctl: try 'exfilctl usage --help'\n", stderr);
	return CLIENT_USAGE;
}

static int help(void)
{
	(void)fputs(help_text, stdout);
	usage_inventory_help(stdout);
	(void)fputs("\nExit status: 0 done, 1 the database cannot be read, 2 wrong usage.  See "
		    "exfilctl(8).\n",
		    stdout);
	return CLIENT_DONE;
}

/* ---- options ---- */

static int take_by(struct usage_asked *a, const char *list)
{
	a->has_by = true;
	a->query.by = 0;
	while (*list) {
		char word[16];
		size_t len = strcspn(list, ",");
		if (len >= sizeof(word))
			return wrong("not something to group by: ", list);
		memcpy(word, list, len);
		word[len] = '\0';
		enum usage_dim dim = usage_dim_find(word);
		if (dim == USAGE_BY__COUNT)
			return wrong("not something to group by: ", word);
		a->query.by |= 1u << dim;
		list += len + (list[len] == ',');
	}
	return a->query.by ? -1 : wrong("--by names what a row is: service, host ...", "");
}

static int take_filter(struct usage_asked *a, enum usage_dim dim, const char *value)
{
	struct usage_query *q = &a->query;
	if (q->filter_count == USAGE_FILTERS)
		return wrong("16 filters are enough; what is too much is: ", value);
	bool is_not = value[0] == '!';
	q->filters[q->filter_count++] =
		(struct usage_filter){ .dim = dim, .value = value + is_not, .is_not = is_not };
	return -1;
}

static int take_order(struct usage_asked *a, const char *word)
{
	a->has_order = true;
	a->query.order = usage_order_find(word);
	return a->query.order == USAGE_ORDER__COUNT ? wrong("not something to sort by: ", word) :
						      -1;
}

static int take_top(struct usage_asked *a, const char *text)
{
	uint64_t n;
	if (str_parse_u64(text, 0, TOP_MAX, &n))
		return wrong("not a number of rows: ", text);
	a->query.limit = (uint32_t)n;
	a->has_limit = true;
	return -1;
}

static int take(struct usage_asked *a, int c)
{
	switch (c) {
	case OPT_DATABASE:
		a->path = optarg;
		return -1;
	case OPT_BY:
		return take_by(a, optarg);
	case OPT_SINCE:
		a->since = optarg;
		return -1;
	case OPT_UNTIL:
		a->until = optarg;
		return -1;
	case OPT_SORT:
		return take_order(a, optarg);
	case OPT_TOP:
		return take_top(a, optarg);
	case OPT_REVERSE:
		a->query.is_rising = true;
		return -1;
	case OPT_COMPARE:
		a->compares = true;
		return -1;
	case OPT_JSON:
		a->form = USAGE_JSON;
		return -1;
	case OPT_CSV:
		a->form = USAGE_CSV;
		return -1;
	case 'h':
		return help();
	default:
		if (c >= OPT_FILTER && c < OPT_FILTER + (int)USAGE_BY__COUNT)
			return take_filter(a, (enum usage_dim)(c - OPT_FILTER), optarg);
		return wrong("unknown option, or its value is missing", "");
	}
}

static int parse(struct usage_asked *a, int argc, char **argv)
{
	int status = -1, c;
	const char *path = getenv("EXFILD_USAGE");
	*a = (struct usage_asked){ .path = path && *path ? path : USAGE_DATABASE,
				   .query = { .by = 1u << USAGE_BY_SERVICE,
					      .limit = TOP_DEFAULT } };
	opterr = 0;
	while (status < 0 && (c = getopt_long(argc, argv, "h", long_options, NULL)) >= 0)
		status = take(a, c);
	if (status >= 0 || optind == argc)
		return status;
	if (strcmp(argv[optind], "inventory") != 0)
		return wrong("what is this: ", argv[optind]);
	if (optind + 1 == argc)
		return wrong("which list: services, tenants, hosts, new, shadow-it, ai ...", "");
	a->list = argv[optind + 1];
	if (a->compares)
		return wrong("--compare goes with no inventory", "");
	return optind + 2 < argc ? wrong("what is this: ", argv[optind + 2]) : -1;
}

/* ---- asking ---- */

static int set_compared(struct usage_asked *a)
{
	struct usage_query *q = &a->query;
	if (!q->until_s)
		q->until_s = a->end_s;
	if (!q->since_s || q->until_s <= q->since_s)
		return wrong("--compare needs --since: since when is it now?", "");
	uint64_t length = q->until_s - q->since_s;
	a->before_s = q->since_s > length ? q->since_s - length : 0;
	return -1;
}

static int set_range(struct usage_asked *a)
{
	struct usage_query *q = &a->query;
	if (a->since && !usage_time(a->since, a->end_s, &q->since_s))
		return wrong("not a time: ", a->since);
	if (a->until && !usage_time(a->until, a->end_s, &q->until_s))
		return wrong("not a time: ", a->until);
	/* hours are not divided: 7d before 19:20 begins with the hour of 19:00 */
	q->since_s -= q->since_s % 3600;
	if (a->until && q->until_s <= q->since_s)
		return wrong("--until is not after --since: ", a->until);
	return a->compares ? set_compared(a) : -1;
}

static int show(struct usage_db *db, const struct usage_asked *a, const char *title, char *why,
		size_t size)
{
	struct buf line;
	struct usage_counts total;
	struct usage_query q = a->query;
	struct usage_view v = { .asked = a, .out = stdout, .line = &line, .title = title };
	buf_init(&line, ROW_MAX);
	q.total = &total;
	int err = usage_db_query(db, &q, usage_view_row, &v, why, size);
	if (!err)
		usage_view_end(&v, &total);
	buf_deinit(&line);
	return err;
}

static int answer(struct usage_db *db, struct usage_asked *a)
{
	char why[512];
	const char *title = "";
	usage_db_span(db, &a->first_s, &a->end_s);
	int status = set_range(a);
	if (status < 0 && a->list && !usage_inventory(a, &title))
		status = wrong("no inventory has the name ", a->list);
	if (status >= 0)
		return status;
	int err = a->compares ? usage_compare(db, a, stdout, why, sizeof(why)) :
				show(db, a, title, why, sizeof(why));
	if (err)
		(void)fprintf(stderr, "exfilctl: %s\n", why);
	return err ? CLIENT_FAILED : CLIENT_DONE;
}

int usage_run(int argc, char **argv)
{
	struct usage_asked a;
	struct usage_db *db;
	char why[1024];
	int status = parse(&a, argc, argv);
	if (status >= 0)
		return status;
	if (usage_db_open(a.path, &db, why, sizeof(why))) {
		(void)fprintf(stderr,
			      "exfilctl: %s\nexfilctl: usage.database in exfild.yaml says where it "
			      "is; --database names another one\n",
			      why);
		return CLIENT_FAILED;
	}
	status = answer(db, &a);
	usage_db_close(db);
	if (fflush(stdout) != 0 && status == CLIENT_DONE) {
		(void)fputs("exfilctl: the answer could not be written\n", stderr);
		status = CLIENT_FAILED;
	}
	return status;
}
