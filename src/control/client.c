/*
 * control/client.c - the command line of exfilctl(8).
 */
#include "exfild/control/client.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/base/str.h"
#include "exfild/control/server.h"
#include "exfild/responder/request.h"
#include "account.h"
#include "client_parts.h"
#include "parse.h"

#define SOCKET_DEFAULT "/run/exfild/control.sock"

enum {
	OPT_JSON = 256,
	OPT_LIMIT,
	OPT_SORT,
	OPT_FILTER,
	OPT_MINIMUM,
	OPT_ONCE,
	OPT_INTERVAL,
	OPT_TO,
	OPT_WAIT,
	OPT_FROM,
	OPT_ALERT,
	OPT_REASON,
	OPT_FILE
};

struct options {
	const char *socket_path, *file;
	const char *explained; /* an alert; NULL: another command */
	char **quarantine;     /* the words after it; NULL: another command */
	int quarantine_count;
	bool json, once;
	unsigned interval_s, wait_s;
	struct request request;
	const char *baseline_file; /* that habits go to or come from; NULL: none */
};

static const struct option long_options[] = {
	{ "socket", required_argument, NULL, 's' },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "limit", required_argument, NULL, OPT_LIMIT },
	{ "sort", required_argument, NULL, OPT_SORT },
	{ "filter", required_argument, NULL, OPT_FILTER },
	{ "minimum", required_argument, NULL, OPT_MINIMUM },
	{ "follow", no_argument, NULL, 'f' },
	{ "once", no_argument, NULL, OPT_ONCE },
	{ "interval", required_argument, NULL, OPT_INTERVAL },
	{ "to", required_argument, NULL, OPT_TO },
	{ "alert", required_argument, NULL, OPT_ALERT },
	{ "reason", required_argument, NULL, OPT_REASON },
	{ "file", required_argument, NULL, OPT_FILE },
	{ "from", required_argument, NULL, OPT_FROM },
	{ "wait", required_argument, NULL, OPT_WAIT },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static const char help_text[] =
	"usage: exfilctl [-s SOCKET] [--json] COMMAND [options]\n"
	"\n"
	"Asks a running exfild.\n"
	"\n"
	"  status        how it is, in short\n"
	"  doctor        what is well, what is not, what is not known, how to mend it\n"
	"  stats         all counters\n"
	"  top           live screen of hosts, destinations and services by bytes sent\n"
	"                  keys: s sort, p pause, q quit   --once  --interval SECONDS\n"
	"  hosts         inside hosts by bytes sent        --limit N --sort KEY --filter TEXT\n"
	"  flows         connections by bytes sent         --limit N --sort KEY --filter TEXT\n"
	"  alerts        the last alerts                   --limit N --minimum LEVEL -f|--follow\n"
	"  explain ID    one of the last alerts: why it was raised, what policy decided and why\n"
	"  policy test|coverage [-v] [-p POLICIES] CASES   what policies decide; policy check FILE\n"
	"  alerts resend                                   --from N --to N (event.sequence)\n"
	"                these once more, to every sink that gets alerts through the spool\n"
	"  alerts snooze ID 4h                             findings of its cause are silent so long\n"
	"  reveal ID --reason TEXT [NAME...]               the user behind a pseudonym; it is kept\n"
	"  alerts verdict ID true|false                    was it right? counted for its rule\n"
	"  exceptions list                                 what is silenced, and each rule's precision\n"
	"  exceptions add --alert ID --reason TEXT [30d]   exceptions remove NUMBER\n"
	"  exceptions test [EXCEPTION] [--alert ID|--file ALERTS]\n"
	"                which alerts it would silence, without one: those configured\n"
	"  evidence ID   where the packets behind an alert are: a pcapng file\n"
	"  drill KIND    dns, http or icmp: prints a harmless request to run on any client, whose alert\n"
	"                must come back              --wait SECONDS --to HOST\n"
	"  quarantine list|log                             what is cut off, and all that was done\n"
	"  quarantine add [host|pair|peer|slow] ADDRESS [PEER] [1h] --reason TEXT\n"
	"  quarantine release [KIND] ADDRESS [PEER]        quarantine off|on: the break-glass\n"
	"  usage         who used which service, and how much: exfilctl usage --help\n"
	"  intel         indicators of feeds: intel stats, intel search VALUE,\n"
	"                intel add VALUE --reason TEXT, intel remove VALUE, intel reload\n"
	"  baseline      what hosts usually send out: baseline show [ADDRESS], review, reset ADDRESS|all\n"
	"                baseline export FILE, import FILE, merge FILE: habits to another sensor\n"
	"  report        one page of the last day, week, month or an incident: exfilctl report --help\n"
	"  serve         the report as a page that goes on, on loopback: exfilctl serve --help\n"
	"  audit         the ledger of alerts, acts and blind minutes: audit verify, audit list\n"
	"  signatures    rules without a daemon: list, show RULE, test|why RULE INPUT, profile INPUT,\n"
	"                check RULES..., sources; INPUT is a capture or what --events wrote\n"
	"  fingerprint   a set of hashes of your own document, table or canaries, without a daemon:\n"
	"                fingerprint [-t TYPE] FILE, show SET..., test SET FILE\n"
	"  reload        have it read its configuration again\n"
	"\n"
	"  -s SOCKET     where the daemon listens (default: $EXFILD_SOCKET, else " SOCKET_DEFAULT
	")\n"
	"  --json        the daemon's answer as it is, one JSON object a line\n"
	"  --sort KEY    sent, received, flows or latest\n"
	"  -h  -V        this help, the version\n"
	"\n"
	"Exit status: 0 done, 1 the daemon was not reached or refused, 2 wrong usage, 3 doctor found\n"
	"something to mend, or the alert of a drill did not come.  See exfilctl(8).\n";

static int usage(const char *text, const char *what)
{
	(void)fprintf(stderr, "exfilctl: %s%s\nexfilctl: try 'exfilctl -h'\n", text, what);
	return CLIENT_USAGE;
}

static int take_number(const char *text, uint64_t max, unsigned *ret)
{
	uint64_t n;
	if (str_parse_u64(text, 1, max, &n))
		return usage("not a number in its range: ", text);
	*ret = (unsigned)n;
	return -1;
}

static int take_text(char *dst, size_t size, const char *text)
{
	return str_copy(dst, size, text) ? -1 : usage("too long: ", text);
}

static int take(struct options *o, int c)
{
	struct request *r = &o->request;
	switch (c) {
	case 's':
		o->socket_path = optarg;
		return -1;
	case 'f':
		r->follow = true;
		return -1;
	case OPT_JSON:
		o->json = true;
		return -1;
	case OPT_ONCE:
		o->once = true;
		return -1;
	case OPT_INTERVAL:
		return take_number(optarg, 3600, &o->interval_s);
	case OPT_LIMIT:
		return take_number(optarg, REQUEST_LIST_MAX, &r->limit);
	case OPT_SORT:
		return take_text(r->sort, sizeof(r->sort), optarg);
	case OPT_FILTER:
		return take_text(r->filter, sizeof(r->filter), optarg);
	case OPT_MINIMUM:
		return take_text(r->minimum, sizeof(r->minimum), optarg);
	case OPT_TO:
		return take_text(r->to, sizeof(r->to), optarg);
	case OPT_ALERT:
		return take_text(r->alert, sizeof(r->alert), optarg);
	case OPT_REASON:
		return take_text(r->reason, sizeof(r->reason), optarg);
	case OPT_FILE:
		o->file = optarg;
		return -1;
	case OPT_FROM:
		return str_parse_u64(optarg, 1, INT64_MAX, &r->from) ?
			       usage("not a number in its range: ", optarg) :
			       -1;
	case OPT_WAIT:
		return take_number(optarg, 3600, &o->wait_s);
	case 'h':
		(void)fputs(help_text, stdout);
		return CLIENT_DONE;
	case 'V':
		(void)printf("exfilctl %s\n", EXFILD_VERSION);
		return CLIENT_DONE;
	default:
		return usage("unknown option, or its value is missing", "");
	}
}

static bool is_known(const char *command)
{
	static const char *const names[] = {
#define COMMAND(name, right, data, help) #name,
#include "commands.def"
#undef COMMAND
	};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], command) == 0)
			return true;
	return false;
}

/* What later versions bring, so that nobody looks for a slip of the pen. */
static bool is_promised(const char *command)
{
	static const char *const names[] = { "fingerprint" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], command) == 0)
			return true;
	return false;
}

/* What a command is about: the kind of a drill, the alert of evidence. */
static int parse_operand(struct options *o, int count, char **words)
{
	struct request *r = &o->request;
	bool is_drill = strcmp(words[0], "drill") == 0;
	bool is_explained = strcmp(words[0], "explain") == 0;
	bool has_operand = is_drill || is_explained || strcmp(words[0], "evidence") == 0;
	if (has_operand && count == 1)
		return usage(is_drill     ? "which drill: dns, http or icmp" :
			     is_explained ? "explain which: name the id of an alert" :
					    "whose evidence: name the id of an alert",
			     "");
	if (count > 1 + has_operand)
		return usage("one command only; what is this: ", words[1 + has_operand]);
	if (!has_operand)
		return -1;
	if (is_explained) { /* it is among the last ones, or nowhere */
		o->explained = words[1];
		r->limit = REQUEST_LIST_MAX;
		words[0] = (char *)(uintptr_t) "alerts";
		return -1;
	}
	return is_drill ? take_text(r->kind, sizeof(r->kind), words[1]) :
			  take_text(r->alert, sizeof(r->alert), words[1]);
}

static const char *or_default(const char *variable, const char *otherwise)
{
	const char *value = getenv(variable);
	return value && *value ? value : otherwise;
}

static int parse(struct options *o, int argc, char **argv)
{
	memset(o, 0, sizeof(*o));
	o->interval_s = 2;
	opterr = 0;
	int c, status = -1;
	while (status < 0 && (c = getopt_long(argc, argv, "s:fhV", long_options, NULL)) >= 0)
		status = take(o, c);
	if (status >= 0)
		return status;
	if (optind == argc)
		return usage("name a command", "");
	bool is_quarantine = strcmp(argv[optind], "quarantine") == 0;
	if (!o->socket_path)
		o->socket_path = is_quarantine ? or_default("EXFILD_RESPONDER", QUARANTINE_SOCKET) :
						 or_default("EXFILD_SOCKET", SOCKET_DEFAULT);
	if (is_quarantine) {
		o->quarantine = argv + optind + 1;
		o->quarantine_count = argc - optind - 1;
		return -1;
	}
	const char *bad;
	o->request.id = 1;
	if (strcmp(argv[optind], "baseline") == 0) {
		bad = baseline_words(&o->request, argc - optind, argv + optind, &o->baseline_file);
		return bad ? usage(bad, "") : -1;
	}
	if (analyst_takes(&o->request, argc - optind, argv + optind, &bad)) {
		if (!bad && o->file && strcmp(o->request.command, "try") != 0)
			bad = "--file goes with exceptions test only";
		return bad ? usage(bad, "") : -1;
	}
	if (o->file)
		return usage("--file goes with exceptions test only", "");
	status = parse_operand(o, argc - optind, argv + optind);
	if (status >= 0)
		return status;
	if (!is_known(argv[optind]))
		return usage(is_promised(argv[optind]) ? "not in this version: " :
							 "unknown command ",
			     argv[optind]);
	if (o->request.follow && strcmp(argv[optind], "alerts") != 0)
		return usage("--follow goes with alerts only, not with ", argv[optind]);
	(void)str_copy(o->request.command, sizeof(o->request.command), argv[optind]);
	return -1;
}

/* --- answers ----------------------------------------------------------------------------- */

int client_refused(const json_t *error)
{
	const char *message = json_string_value(json_object_get(error, "message"));
	const char *hint = json_string_value(json_object_get(error, "hint"));
	(void)fputs("exfilctl: ", stderr);
	view_text(stderr, message ? message : "the daemon refused", 0);
	if (hint && *hint) {
		(void)fputs("\nexfilctl: ", stderr);
		view_text(stderr, hint, 0);
	}
	(void)fputc('\n', stderr);
	return CLIENT_FAILED;
}

static int show_pushed(const json_t *top)
{
	const json_t *lost = json_object_get(top, "lost");
	if (lost)
		(void)fprintf(stderr, "exfilctl: %lld alerts came faster than they were read\n",
			      (long long)json_integer_value(lost));
	else
		view_alert(json_object_get(top, "alert"), stdout);
	return CLIENT_DONE;
}

static int show_line(const struct options *o, const char *line)
{
	json_t *top = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	int status;
	if (!json_is_object(top)) {
		(void)fputs("exfilctl: the answer is no JSON: is it exfild that listens there?\n",
			    stderr);
		status = CLIENT_FAILED;
	} else if (json_is_false(json_object_get(top, "ok"))) {
		status = client_refused(json_object_get(top, "error"));
	} else if (!json_object_get(top, "ok")) {
		status = o->json ? CLIENT_DONE : show_pushed(top);
	} else if (o->explained) {
		status =
			view_explain(json_object_get(top, "result"), o->explained, o->json, stdout);
		json_decref(top);
		return status;
	} else {
		const json_t *result = json_object_get(top, "result");
		FILE *out = o->json ? fopen("/dev/null", "we") : stdout;
		status = out ? view_result(o->request.command, result, out) : CLIENT_FAILED;
		if (out && o->json)
			(void)fclose(out);
	}
	json_decref(top);
	if (o->json && status != CLIENT_FAILED)
		(void)printf("%s\n", line);
	(void)fflush(stdout);
	return status;
}

static int ask(const struct options *o)
{
	struct link l;
	int status = CLIENT_FAILED;
	if (link_open(&l, o->socket_path) && link_send(&l, &o->request)) {
		char *line = link_line(&l);
		if (line)
			status = show_line(o, line);
		else
			(void)fputs("exfilctl: the daemon did not answer\n"
				    "exfilctl: systemctl status exfild says how it is\n",
				    stderr);
		while (o->request.follow && status == CLIENT_DONE && (line = link_line(&l)))
			status = show_line(o, line);
		if (o->request.follow && status == CLIENT_DONE && !ferror(stdout)) {
			(void)fputs("exfilctl: the daemon has ended\n", stderr);
			status = CLIENT_FAILED;
		}
	}
	link_close(&l);
	return status;
}

int client_run(int argc, char **argv)
{
	struct options o;
	if (argc > 1 && strcmp(argv[1], "report") == 0) /* has options of its own */
		return account_run(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "serve") == 0)
		return serve_run(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "usage") == 0) /* needs no daemon, has options of its own */
		return usage_run(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "audit") == 0) /* likewise */
		return audit_run(argc - 1, argv + 1);
	int status = parse(&o, argc, argv);
	if (status >= 0)
		return status;
	if (o.quarantine) {
		struct quarantine_options quarantine = { .socket_path = o.socket_path,
							 .json = o.json,
							 .count = o.quarantine_count,
							 .words = o.quarantine,
							 .alert = o.request.alert,
							 .reason = o.request.reason };
		return quarantine_run(&quarantine);
	}
	if (strcmp(o.request.command, "top") == 0 && !o.json) {
		struct top_options top = { .socket_path = o.socket_path,
					   .once = o.once,
					   .interval_s = o.interval_s,
					   .request = o.request };
		return top_run(&top);
	}
	if (strcmp(o.request.command, "drill") == 0) {
		struct drill_options drill = { .socket_path = o.socket_path,
					       .json = o.json,
					       .wait_s = o.wait_s,
					       .request = o.request };
		return drill_run(&drill);
	}
	if (o.baseline_file) {
		struct baseline_options baseline = { .socket_path = o.socket_path,
						     .path = o.baseline_file,
						     .request = o.request };
		return baseline_run(&baseline);
	}
	if (o.file) {
		struct trial_options trial = { .socket_path = o.socket_path,
					       .path = o.file,
					       .json = o.json,
					       .request = o.request };
		return trial_run_file(&trial);
	}
	return ask(&o);
}
