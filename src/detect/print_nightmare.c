/*
 * detect/print_nightmare.c - printer drivers that bring foreign code (CVE-2021-1675, 2021-34527).
 *
 * Idea: RpcAddPrinterDriverEx (MS-RPRN 3.1.4.4.8) and RpcAsyncAddPrinterDriver (MS-PAR 3.1.4.2.2)
 * install files as a driver, with the power of the spooler.  The attack names files on a share of
 * its own, tries folders of earlier versions ("old\1") until its file is loaded, and the server
 * fetches the file from the share.  Who installs a driver copies its files to the server first.
 * Evasion: encrypted arguments (MS-PAR always is); a driver that was put there before.
 * False alarms: installing a driver from a share of the print server's vendor.
 */
#include <string.h>

#include "acts.h"

enum mark { MARK_ADDED, MARK_REMOTE, MARK_OLD, MARK_AGAIN, MARK_HIDDEN, MARK_FETCHED };

#define BIT(m)     (1u << (m))
#define FETCHED_NS (10ull * 1000000000ull)
#define PORT_SMB   445

static const struct acts_mark marks[] = {
	[MARK_ADDED] = { "driver_added", 0.25, "a printer driver was installed from afar", NULL },
	[MARK_REMOTE] = { "files_elsewhere", 0.4, "its files lie on a share of another host",
			  NULL },
	[MARK_OLD] = { "old_folder", 0.35,
		       "they are named in the folder of replaced drivers, where the attack finds "
		       "its own",
		       NULL },
	[MARK_AGAIN] = { "again", 0.15, "three times and more in a row", NULL },
	[MARK_HIDDEN] = { "hidden", 0.1, "its files are not seen: encrypted", NULL },
	[MARK_FETCHED] = { "fetched", 0.2, "the server then opened a share of the caller", NULL },
	{ NULL, 0, NULL, NULL },
};

static void message(struct finding *f, const struct act *a, const char *from, const char *to)
{
	finding_text(f->message, sizeof(f->message),
		     "%s told %s to install a printer driver, %u times%s%s", from, to, a->number,
		     a->detail[0] ? ": " : "", a->detail);
}

static const struct acts_rule rule = {
	.step = { .detector = "print_nightmare",
		  .rule = "print_nightmare",
		  .title = "Foreign code as a printer driver (PrintNightmare)",
		  .class = FINDING_LATERAL,
		  .techniques = { "T1210", "T1068", "T1547.012" },
		  .tactic = "TA0008",
		  .unseen = "what the file does",
		  .next_steps = { "On the server look at System32\\spool\\drivers for files of this "
				  "time, and at events 316 and 808 of the print service",
				  "Stop the spooler where nobody prints; apply the updates of July "
				  "2021 and restrict driver installation to administrators" } },
	.marks = marks,
	.habit = BIT(MARK_ADDED),
	.not_harmless =
		"a driver's files are copied to the server before they are installed, once, "
		"and no installer names the folder of replaced ones",
	.message = message,
};

static uint32_t marks_of_files(const struct detect_env *env, const struct act *a,
			       const struct event_rpc *e)
{
	static const char *const old[] = { "\\old\\", NULL };
	uint32_t found = 0;
	char host[64];
	for (const char *at = a->detail; *at;) {
		if (act_unc_host(host, sizeof(host), at) && !act_is_host(env, host, &e->e.dst) &&
		    host[0] != '.' && host[0] != '?')
			found |= BIT(MARK_REMOTE);
		const char *next = strstr(at, ", ");
		if (!next)
			break;
		at = next + 2;
	}
	if (act_has_word(a->detail, old))
		found |= BIT(MARK_OLD);
	return found;
}

static void on_event(void *state, const struct detect_env *env, const struct event *event)
{
	static const char *const operations[] = { "RpcAddPrinterDriverEx", "RpcAddPrinterDriver",
						  "RpcAsyncAddPrinterDriver", NULL };
	const struct event_rpc *e = (const struct event_rpc *)event;
	if (event->kind == EVENT_FLOW_START) {
		struct act *a =
			event->dport == PORT_SMB ? acts_known(state, env, event, true) : NULL;
		if (a && (a->marks & BIT(MARK_ADDED)) && !(a->marks & BIT(MARK_FETCHED)) &&
		    env->steady_ns - a->steady_ns < FETCHED_NS)
			acts_note(state, env, event, a, BIT(MARK_FETCHED));
		return;
	}
	if ((!act_is_call(event, "spoolss") && !act_is_call(event, "IRemoteWinspool")) ||
	    act_operation(e, operations) < 0)
		return;
	struct act *a = acts_of(state, env, event, false);
	if (!a)
		return;
	uint32_t found = BIT(MARK_ADDED) | (e->is_sealed ? BIT(MARK_HIDDEN) : 0);
	act_text(a, e);
	found |= marks_of_files(env, a, e);
	if (++a->number >= 3)
		found |= BIT(MARK_AGAIN);
	acts_note(state, env, event, a, found);
}

ACTS_DETECTOR(print_nightmare, "Foreign code as a printer driver (PrintNightmare)",
	      "Looks for printer drivers that are installed from afar with files of another host",
	      1ull << EVENT_RPC | 1ull << EVENT_FLOW_START, on_event);
