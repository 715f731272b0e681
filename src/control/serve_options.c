/*
 * control/serve_options.c - the command line of exfilctl serve.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "exfild/control/client.h"
#include "account.h"
#include "serve.h"

#define LISTEN_DEFAULT "127.0.0.1:9478"

enum { OPT_LISTEN = 256, OPT_FILE, OPT_USAGE, OPT_LEDGER, OPT_TOKEN };

static const struct option long_options[] = { { "socket", required_argument, NULL, 's' },
					      { "listen", required_argument, NULL, OPT_LISTEN },
					      { "file", required_argument, NULL, OPT_FILE },
					      { "usage", required_argument, NULL, OPT_USAGE },
					      { "ledger", required_argument, NULL, OPT_LEDGER },
					      { "token-file", required_argument, NULL, OPT_TOKEN },
					      { "help", no_argument, NULL, 'h' },
					      { NULL, 0, NULL, 0 } };

static const char help_text[] =
	"usage: exfilctl serve [options]\n"
	"\n"
	"Shows the report as a page that goes on, with alerts as they come, until Ctrl-C.\n"
	"It only reads; nothing of it is a part of the daemon.\n"
	"\n"
	"  --listen ADDRESS:PORT  where (default: " LISTEN_DEFAULT
	"); beyond loopback every address\n"
	"                     has a token in it, a fresh one if no file has one; there is no TLS\n"
	"  --token-file FILE  the token: 16 to 128 letters, digits, - and _; for its owner alone\n"
	"  --file ALERTS      alerts of a file, a line each (default: the last 512 of the daemon)\n"
	"  --usage FILE       the usage database (default: " ACCOUNT_USAGE ")\n"
	"  --ledger DIR       the ledger (default: $EXFILD_LEDGER, else " ACCOUNT_LEDGER ")\n"
	"  -s SOCKET          where the daemon listens (default: $EXFILD_SOCKET, else " ACCOUNT_SOCKET
	")\n"
	"\n"
	"See exfilctl(8).\n";

static int wrong(const char *text, const char *what)
{
	(void)fprintf(stderr, "exfilctl: %s%s\nexfilctl: try 'exfilctl serve --help'\n", text,
		      what);
	return CLIENT_USAGE;
}

static int take(struct serve_options *o, int c)
{
	switch (c) {
	case 's':
		o->socket_path = optarg;
		return -1;
	case OPT_LISTEN:
		o->listen = optarg;
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
	case OPT_TOKEN:
		o->token_file = optarg;
		return -1;
	case 'h':
		(void)fputs(help_text, stdout);
		return CLIENT_DONE;
	default:
		return wrong("unknown option, or its value is missing", "");
	}
}

int serve_parse(struct serve_options *o, int argc, char **argv)
{
	const char *socket_path = getenv("EXFILD_SOCKET"), *ledger = getenv("EXFILD_LEDGER");
	int c, status = -1;
	*o = (struct serve_options){
		.socket_path = socket_path && *socket_path ? socket_path : ACCOUNT_SOCKET,
		.listen = LISTEN_DEFAULT,
		.usage = ACCOUNT_USAGE,
		.ledger = ledger && *ledger ? ledger : ACCOUNT_LEDGER,
	};
	opterr = 0;
	optind = 1;
	while (status < 0 && (c = getopt_long(argc, argv, "s:h", long_options, NULL)) >= 0)
		status = take(o, c);
	if (status < 0 && optind < argc)
		return wrong("what is this: ", argv[optind]);
	return status;
}
