/*
 * engine/options.c - the command line of exfild(8).
 */
#include "exfild/engine/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/base/str.h"
#include "exfild/classify/classify.h"

enum long_option {
	OPT_SET = 256,
	OPT_MINIMUM,
	OPT_SINCE,
	OPT_UNTIL,
	OPT_INSIDE,
	OPT_EVENTS,
	OPT_EVIDENCE,
	OPT_PUBLISH,
	OPT_REPORT,
	OPT_CASE,
	OPT_STATE,
	OPT_FAIL_ON,
	OPT_SELF_TEST
};

static const struct option long_options[] = { { "set", required_argument, NULL, OPT_SET },
					      { "minimum", required_argument, NULL, OPT_MINIMUM },
					      { "since", required_argument, NULL, OPT_SINCE },
					      { "until", required_argument, NULL, OPT_UNTIL },
					      { "inside", required_argument, NULL, OPT_INSIDE },
					      { "events", required_argument, NULL, OPT_EVENTS },
					      { "evidence", required_argument, NULL, OPT_EVIDENCE },
					      { "report", required_argument, NULL, OPT_REPORT },
					      { "case", required_argument, NULL, OPT_CASE },
					      { "state", required_argument, NULL, OPT_STATE },
					      { "publish", no_argument, NULL, OPT_PUBLISH },
					      { "fail-on", required_argument, NULL, OPT_FAIL_ON },
					      { "self-test", no_argument, NULL, OPT_SELF_TEST },
					      { "help", no_argument, NULL, 'h' },
					      { "version", no_argument, NULL, 'V' },
					      { NULL, 0, NULL, 0 } };

static const char help_text[] =
	"usage: exfild -r FILE|DIR|- ... [options]\n"
	"       exfild -i IFACE|auto ... [options]\n"
	"       exfild --self-test [-c FILE] [-o text|json]\n"
	"\n"
	"Replays captures (pcap, pcapng, also .gz and .zst), or listens on interfaces, and names the\n"
	"data theft in them.\n"
	"\n"
	"  -r FILE|DIR|-       a capture, a folder of captures, or standard input; may be given again\n"
	"  -i IFACE            listen on this interface; may be given again; auto: capture.interfaces\n"
	"  -c FILE             configuration (default: built-in)      --set KEY=VALUE  one key of it\n"
	"  -T                  check the configuration and print it\n"
	"  -o text|json        form of the alerts (default: text on a terminal, else json)\n"
	"  --minimum LEVEL     low, medium, high or critical: leave out what is below\n"
	"  -j N                workers (default 1)\n"
	"  -f EXPR             only packets that this BPF expression takes\n"
	"  --since T --until T only this time: 2026-11-23T19:00:00Z, 2026-11-23 or seconds since 1970\n"
	"  --inside PREFIX     this prefix is inside too; may be given again\n"
	"  --events FILE|-     every event as a JSON line\n"
	"  --evidence FILE     pcapng with the packets behind the alerts, alert id as comment\n"
	"  --report FILE       one HTML page for people: what left, who, to whom, how much, and the proof\n"
	"  --case DIR          a new folder with alerts, events, report, packets, configuration and the\n"
	"                      SHA-256 of what was read and of what was written\n"
	"  --state DIR         start from the state in this folder and keep it there\n"
	"  --publish           through the configured sinks as well (Redis, file); always with -i\n"
	"  --fail-on LEVEL     exit status 4 when an alert of this level or above came\n"
	"  --self-test         replay the shipped attacks through the configuration: what fires, what\n"
	"                      stays silent and why (default: the system's configuration)\n"
	"  -q  -v              say less, say more\n"
	"  -h  -V              this help, the version\n"
	"\n"
	"Exit status: 0 every input was read to its end, 1 could not start, or not write all that\n"
	"was asked for, 2 wrong usage, 3 an input was damaged (what was readable has been analysed),\n"
	"4 --fail-on, or a self-test in which an attack stayed silent.\n"
	"See exfild(8).\n";

static int usage(const char *fmt, const char *what)
{
	(void)fprintf(stderr, "exfild: ");
	(void)fprintf(stderr, "%s%s%s", fmt, what ? what : "", "\n");
	(void)fprintf(stderr, "exfild: try 'exfild -h'\n");
	return EXIT_USAGE;
}

static int add_input(struct options *o, const char *path)
{
	const char **more = realloc(o->inputs, (o->input_count + 1) * sizeof(*more));
	if (!more)
		return usage("memory is exhausted at input ", path);
	o->inputs = more;
	o->inputs[o->input_count++] = path;
	return -1;
}

static int add_interface(struct options *o, const char *name)
{
	o->is_live = true;
	if (strcmp(name, "auto") == 0)
		return -1;
	if (o->interface_count == OPTIONS_INTERFACES_MAX)
		return usage("-i can be given 64 times, no more: ", name);
	o->interfaces[o->interface_count++] = name;
	return -1;
}

static bool is_level(const char *text)
{
	return strcmp(text, "low") == 0 || strcmp(text, "medium") == 0 ||
	       strcmp(text, "high") == 0 || strcmp(text, "critical") == 0;
}

static int take_level(const char **dst, const char *text)
{
	if (!is_level(text))
		return usage("a level is low, medium, high or critical, not ", text);
	*dst = text;
	return -1;
}

static int take_form(struct options *o, const char *text)
{
	if (strcmp(text, "text") == 0)
		o->form = OUTPUT_TEXT;
	else if (strcmp(text, "json") == 0)
		o->form = OUTPUT_JSON;
	else
		return usage("-o takes text or json, not ", text);
	return -1;
}

static int take_inside(struct options *o, const char *text)
{
	if (o->inside_count == OPTIONS_INSIDE_MAX)
		return usage("--inside can be given 64 times, no more: ", text);
	if (prefix_parse(text, &o->inside[o->inside_count]))
		return usage("--inside takes a prefix like 203.0.113.0/24 or 2001:db8::/32, not ",
			     text);
	o->inside_count++;
	return -1;
}

static int take_set(struct options *o, const char *text)
{
	if (!strchr(text, '='))
		return usage("--set takes KEY=VALUE, not ", text);
	if (o->set_count == OPTIONS_SETS_MAX)
		return usage("--set can be given 64 times, no more: ", text);
	o->sets[o->set_count++] = text;
	return -1;
}

static int take_number(struct options *o, const char *text)
{
	uint64_t n;
	if (str_parse_u64(text, 1, 64, &n))
		return usage("-j takes a number from 1 to 64, not ", text);
	o->workers = (unsigned)n;
	return -1;
}

static int take_time(uint64_t *dst, const char *text)
{
	if (str_parse_time(text, dst))
		return usage(
			"a time is 2026-11-23T19:00:00Z, 2026-11-23 or seconds since 1970, not ",
			text);
	return -1;
}

static int print_version(void)
{
	(void)printf("exfild %s, nDPI %s\n", EXFILD_VERSION, classify_library_version());
	return EXIT_DONE;
}

static int print_help(void)
{
	(void)fputs(help_text, stdout);
	return EXIT_DONE;
}

/* Flags and strings without a check. */
static bool take_plain(struct options *o, int c)
{
	switch (c) {
	case 'c':
		o->config_path = optarg;
		return true;
	case 'f':
		o->filter = optarg;
		return true;
	case 'T':
		o->check_only = true;
		return true;
	case 'q':
		o->quiet = true;
		return true;
	case 'v':
		o->verbose++;
		return true;
	case OPT_EVENTS:
		o->events_path = optarg;
		return true;
	case OPT_EVIDENCE:
		o->evidence_path = optarg;
		return true;
	case OPT_REPORT:
		o->report_path = optarg;
		return true;
	case OPT_CASE:
		o->case_path = optarg;
		return true;
	case OPT_SELF_TEST:
		o->self_test = true;
		return true;
	case OPT_STATE:
		o->state_path = optarg;
		return true;
	case OPT_PUBLISH:
		o->publish = true;
		return true;
	default:
		return false;
	}
}

static int take(struct options *o, int c)
{
	if (take_plain(o, c))
		return -1;
	switch (c) {
	case 'r':
		return add_input(o, optarg);
	case 'i':
		return add_interface(o, optarg);
	case 'o':
		return take_form(o, optarg);
	case 'j':
		return take_number(o, optarg);
	case OPT_SET:
		return take_set(o, optarg);
	case OPT_MINIMUM:
		return take_level(&o->minimum, optarg);
	case OPT_FAIL_ON:
		return take_level(&o->fail_on, optarg);
	case OPT_SINCE:
		return take_time(&o->since_ns, optarg);
	case OPT_UNTIL:
		return take_time(&o->until_ns, optarg);
	case OPT_INSIDE:
		return take_inside(o, optarg);
	case 'h':
		return print_help();
	case 'V':
		return print_version();
	case ':':
		return usage("a value is missing after ", optind > 0 ? "the last option" : "");
	default:
		return usage("unknown option", NULL);
	}
}

/* It brings its own captures and keeps nothing. */
static int check_self_test(const struct options *o)
{
	if (o->input_count || o->is_live || o->check_only || o->since_ns || o->until_ns ||
	    o->filter || o->inside_count || o->fail_on || o->events_path || o->evidence_path ||
	    o->report_path || o->case_path || o->publish)
		return usage("--self-test goes with -c, --set, --minimum, -o, -j, -q and -v only",
			     NULL);
	return -1;
}

/* What does not go together, and what is missing. */
static int check_together(const struct options *o)
{
	if (o->self_test)
		return check_self_test(o);
	if (o->input_count == 0 && !o->is_live && !o->check_only)
		return usage("nothing to read: name a capture with -r, or an interface with -i",
			     NULL);
	if (o->input_count && o->is_live)
		return usage("-r replays and -i listens: give one of them", NULL);
	if (o->is_live && (o->since_ns || o->until_ns))
		return usage("--since and --until are for captures, not for -i", NULL);
	if (o->is_live && o->evidence_path)
		return usage("--evidence reads a capture twice; it does not go with -i", NULL);
	if (o->is_live && o->report_path)
		return usage("--report is of a replay; of a running exfild, ask exfilctl report",
			     NULL);
	if (o->case_path && o->is_live)
		return usage("--case is of a replay; it does not go with -i", NULL);
	if (o->case_path && (o->events_path || o->evidence_path || o->report_path))
		return usage("--case has events, evidence and report in its folder: leave out "
			     "--events, --evidence and --report",
			     NULL);
	if (o->since_ns && o->until_ns && o->since_ns > o->until_ns)
		return usage("--since is later than --until", NULL);
	if (o->events_path && strcmp(o->events_path, "-") == 0 && o->form != OUTPUT_AUTO)
		return usage(
			"--events - and -o both write to standard output: give --events a file",
			NULL);
	return -1;
}

static bool keep_arguments(struct options *o, int argc, char **argv)
{
	o->argv = calloc((size_t)argc + 1, sizeof(*o->argv));
	for (int i = 0; o->argv && i < argc; i++)
		o->argv[i] = argv[i];
	o->argc = argc;
	return o->argv != NULL;
}

int options_parse(struct options *o, int argc, char **argv)
{
	memset(o, 0, sizeof(*o));
	if (!keep_arguments(o, argc, argv))
		return usage("memory is exhausted", NULL);
	opterr = 0;
	for (;;) {
		int at = optind;
		int c = getopt_long(argc, argv, ":r:i:c:To:j:f:qvhV", long_options, NULL);
		if (c < 0)
			break;
		if (c == '?')
			return usage("unknown option ", argv[at < argc ? at : argc - 1]);
		if (c == ':')
			return usage("a value is missing after ", argv[at < argc ? at : argc - 1]);
		int status = take(o, c);
		if (status >= 0)
			return status;
	}
	/* exfild -r a.pcap b.pcap: what a shell makes of -r *.pcap */
	for (int i = optind; i < argc; i++) {
		if (o->input_count == 0)
			return usage("a capture is named with -r: ", argv[i]);
		int status = add_input(o, argv[i]);
		if (status >= 0)
			return status;
	}
	return check_together(o);
}

void options_free(struct options *o)
{
	free(o->argv);
	o->argv = NULL;
	free(o->inputs);
	o->inputs = NULL;
}
