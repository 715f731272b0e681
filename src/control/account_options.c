/*
 * control/account_options.c - the command line of exfilctl report.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/control/client.h"
#include "exfild/control/server.h"
#include "account.h"

#define DAY_NS 86400000000000ull

enum { OPT_KIND = 256, OPT_HOST, OPT_ALERT, OPT_ZONE, OPT_FILE, OPT_USAGE, OPT_LEDGER };

static const struct option long_options[] = { { "socket", required_argument, NULL, 's' },
					      { "output", required_argument, NULL, 'o' },
					      { "kind", required_argument, NULL, OPT_KIND },
					      { "host", required_argument, NULL, OPT_HOST },
					      { "alert", required_argument, NULL, OPT_ALERT },
					      { "zone", required_argument, NULL, OPT_ZONE },
					      { "file", required_argument, NULL, OPT_FILE },
					      { "usage", required_argument, NULL, OPT_USAGE },
					      { "ledger", required_argument, NULL, OPT_LEDGER },
					      { "help", no_argument, NULL, 'h' },
					      { NULL, 0, NULL, 0 } };

static const char help_text[] =
	"usage: exfilctl report -o FILE [--kind KIND] [options]\n"
	"\n"
	"Writes one HTML page: what left, who, to whom, how much, and the proof.\n"
	"\n"
	"  --kind daily       the last day (default)      --kind weekly   the last seven\n"
	"  --kind compliance  the last 30 days, and which counters serve which control\n"
	"  --kind incident    one host's story: with --host ADDRESS or --alert ID\n"
	"  --host ADDRESS     only this host              --zone NAME     only this zone\n"
	"  --file ALERTS      alerts of a file, a line each, '-': standard input (default: the last\n"
	"                     512 that the daemon has)\n"
	"  --usage FILE       the usage database (default: " ACCOUNT_USAGE ")\n"
	"  --ledger DIR       the ledger (default: $EXFILD_LEDGER, else " ACCOUNT_LEDGER ")\n"
	"  -s SOCKET          where the daemon listens (default: $EXFILD_SOCKET, else " ACCOUNT_SOCKET
	")\n"
	"\n"
	"See exfilctl(8).\n";

bool account_kind(const char *name, enum report_kind *ret, uint64_t *ret_length_ns)
{
	static const struct {
		const char *name;
		enum report_kind kind;
		uint64_t days;
	} kinds[] = { { "daily", REPORT_DAILY, 1 },
		      { "weekly", REPORT_WEEKLY, 7 },
		      { "compliance", REPORT_COMPLIANCE, 30 },
		      { "incident", REPORT_INCIDENT, 0 } };
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].name, name) != 0)
			continue;
		*ret = kinds[i].kind;
		*ret_length_ns = kinds[i].days * DAY_NS;
		return true;
	}
	return false;
}

static int wrong(const char *text, const char *what)
{
	(void)fprintf(stderr, "exfilctl: %s%s\nexfilctl: try 'exfilctl report --help'\n", text,
		      what);
	return CLIENT_USAGE;
}

static int check(const struct account_options *o)
{
	enum report_kind kind;
	uint64_t length_ns;
	if (!account_kind(o->kind, &kind, &length_ns))
		return wrong("--kind is daily, weekly, compliance or incident, not ", o->kind);
	if (!o->output)
		return wrong("name the file of the report: -o report.html", "");
	if (kind == REPORT_INCIDENT && !*o->host && !*o->alert)
		return wrong("whose incident: --host ADDRESS or --alert ID", "");
	if (kind != REPORT_INCIDENT && *o->alert)
		return wrong("--alert goes with --kind incident", "");
	return -1;
}

static int take(struct account_options *o, int c)
{
	switch (c) {
	case 's':
		o->socket_path = optarg;
		return -1;
	case 'o':
		o->output = optarg;
		return -1;
	case OPT_KIND:
		o->kind = optarg;
		return -1;
	case OPT_HOST:
		o->host = optarg;
		return -1;
	case OPT_ALERT:
		o->alert = optarg;
		return -1;
	case OPT_ZONE:
		o->zone = optarg;
		return -1;
	case OPT_FILE:
		o->file = optarg;
		return -1;
	case OPT_USAGE:
		o->usage = optarg;
		return -1;
	case OPT_LEDGER:
		o->ledger = optarg;
		return -1;
	case 'h':
		(void)fputs(help_text, stdout);
		return CLIENT_DONE;
	default:
		return wrong("unknown option, or its value is missing", "");
	}
}

int account_parse(struct account_options *o, int argc, char **argv)
{
	const char *socket_path = getenv("EXFILD_SOCKET"), *ledger = getenv("EXFILD_LEDGER");
	int c, status = -1;
	*o = (struct account_options){
		.socket_path = socket_path && *socket_path ? socket_path : ACCOUNT_SOCKET,
		.kind = "daily",
		.usage = ACCOUNT_USAGE,
		.ledger = ledger && *ledger ? ledger : ACCOUNT_LEDGER,
		.host = "",
		.alert = "",
		.zone = "",
	};
	opterr = 0;
	optind = 1;
	while (status < 0 && (c = getopt_long(argc, argv, "s:o:h", long_options, NULL)) >= 0)
		status = take(o, c);
	if (status >= 0)
		return status;
	if (optind < argc)
		return wrong("what is this: ", argv[optind]);
	return check(o);
}
