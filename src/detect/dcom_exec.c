/*
 * detect/dcom_exec.c - programs that are run on another host through objects of its applications.
 *
 * Idea: some classes that DCOM makes from afar have a method that runs a program (MMC20.Application
 * and its ExecuteShellCommand, the windows of the shell, Excel's RegisterXLL and DDEInitiate).  The
 * activation names the class (MS-DCOM 3.1.2.5.2.3.3), the automation call the method (MS-OAUT
 * 3.1.4.3), as long as they are not encrypted.  Where they are, an activation that is followed by
 * an automation call is what remains: between hosts automation is rare.
 * Evasion: classes that nobody knows yet; encryption of the whole connection.
 * False alarms: remote administration by snap-ins that use automation, patch scanners that ask for
 * the update service (its classes are none of these).
 */
#include <string.h>

#include "exfild/base/str.h"
#include "acts.h"

enum mark {
	MARK_CLASS,
	MARK_METHOD,
	MARK_INTERPRETER,
	MARK_OUTPUT,
	MARK_INVOKED,
	MARK_SEALED,
	MARK_ACTIVATED,
};

#define BIT(m) (1u << (m))

static const struct acts_mark marks[] = {
	[MARK_CLASS] = { "class", 0.55, "an object of a class that can run programs was made",
			 NULL },
	[MARK_METHOD] = { "method", 0.55, "a method that runs programs was asked for by name",
			  NULL },
	[MARK_INTERPRETER] = { "command_line", 0.35,
			       "its arguments are a command line for an interpreter", "T1059" },
	[MARK_OUTPUT] = { "output_to_share", 0.2,
			  "and have its output written to a share to be read from afar", NULL },
	[MARK_INVOKED] = { "invoked", 0.2, "methods were called on objects there", NULL },
	[MARK_SEALED] = { "hidden", 0.25,
			  "which methods is encrypted: automation between hosts is rare", NULL },
	[MARK_ACTIVATED] = { "activated", 0.1, "an object was made there just before", NULL },
	{ NULL, 0, NULL, NULL },
};

static const struct class
{
	const char *clsid, *name;
} classes[] = {
	{ "49b2791a-b1ae-4c90-9b8e-e860ba07f889", "MMC20.Application" },
	{ "7e0423cd-1119-0928-900c-e6d4a52a0715", "MMC20.Application" },
	{ "9ba05972-f6a8-11cf-a442-00a0c90a8f39", "ShellWindows" },
	{ "c08afd90-f2a1-11d1-8455-00a0c91f3880", "ShellBrowserWindow" },
	{ "00024500-0000-0000-c000-000000000046", "Excel.Application" },
	{ "000209ff-0000-0000-c000-000000000046", "Word.Application" },
	{ "0006f03a-0000-0000-c000-000000000046", "Outlook.Application" },
	{ "91493441-5a91-11cf-8700-00aa0060263b", "PowerPoint.Application" },
	{ "00021a20-0000-0000-c000-000000000046", "Visio.Application" },
	{ "73a4c9c1-d68d-11d0-98bf-00a0c90dc8d9", "Access.Application" },
	{ "0002df01-0000-0000-c000-000000000046", "InternetExplorer.Application" },
	{ "d5e8041d-920f-45e9-b8fb-b1deb82c6e5e", "the browser's add-on broker" },
	{ "72c24dd5-d70a-438b-8a42-98424b88afb8", "WScript.Shell" },
	{ "f935dc22-1cf0-11d0-adb9-00c04fd58a0b", "WScript.Shell" },
	{ "13709620-c279-11ce-a49e-444553540000", "Shell.Application" },
	{ "3050f4d8-98b5-11cf-bb82-00aa00bdce0b", "htafile" },
	{ "06622d85-6856-4460-8de1-a81921b41c4b", "the control panel" },
	{ "000c101c-0000-0000-c000-000000000046", "the installer's server" },
};

static const char *class_name(const struct event_rpc *e)
{
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (step_is(&e->e, &e->object, classes[i].clsid))
			return classes[i].name;
	return NULL;
}

static void message(struct finding *f, const struct act *a, const char *from, const char *to)
{
	if (a->object[0])
		finding_text(f->object, sizeof(f->object), "%s", a->object);
	finding_text(f->message, sizeof(f->message), "%s used %s on %s through DCOM%s%s%s", from,
		     a->object[0] ? a->object : "objects of a class not seen", to,
		     a->marks & BIT(MARK_METHOD) ? " to run a program" : "",
		     a->detail[0] ? ": " : "", a->detail);
}

static const struct acts_rule rule = {
	.step = { .detector = "dcom_exec",
		  .rule = "dcom_exec",
		  .title = "Program run through DCOM",
		  .class = FINDING_LATERAL,
		  .techniques = { "T1021.003" },
		  .tactic = "TA0008",
		  .unseen = "what the program did on the host",
		  .next_steps = { "On the target look for children of mmc.exe, explorer.exe or of an "
				  "office program at this time (event 4688, Sysmon 1)",
				  "Ask whose tool this was: the log-in just before it names the "
				  "account" } },
	.marks = marks,
	.habit = BIT(MARK_CLASS) | BIT(MARK_INVOKED),
	.not_harmless =
		"windows of the shell, consoles and office programs are used by who sits in "
		"front of them: there is no work that makes them on another host",
	.message = message,
};

static void on_activation(struct acts *s, const struct detect_env *env, const struct event_rpc *e)
{
	const char *name = class_name(e);
	struct act *a = acts_of(s, env, &e->e, false);
	if (!a)
		return;
	a->is_sealed |= e->is_sealed;
	if (name)
		finding_text(a->object, sizeof(a->object), "%s", name);
	acts_note(s, env, &e->e, a, BIT(name ? MARK_CLASS : MARK_ACTIVATED));
}

/* "/c whoami", "/Q /c whoami": what follows the name of an interpreter. */
static bool are_switches(const char *text)
{
	while (text[0] == '/' && text[1] && text[2] == ' ') {
		if (strchr("cCkK", text[1]))
			return true;
		text += 3;
	}
	return false;
}

/* What a call is to run, by its longest text. */
static uint32_t marks_of_text(struct act *a, const struct event_rpc *e)
{
	char text[ACTS_DETAIL];
	(void)step_string(text, sizeof(text), &e->e, &e->detail);
	if (text[0] && !strchr(a->detail, '\\'))
		(void)str_copy(a->detail, sizeof(a->detail), text);
	return (act_is_interpreter(text) || are_switches(text) ? BIT(MARK_INTERPRETER) : 0) |
	       (act_writes_to_share(text) ? BIT(MARK_OUTPUT) : 0);
}

/* "ExecuteShellCommand" by GetIDsOfNames; what it is to run by Invoke. */
static void on_automation(struct acts *s, const struct detect_env *env, const struct event_rpc *e)
{
	static const char *const methods[] = { "ExecuteShellCommand", "ShellExecute",
					       "RegisterXLL",         "DDEInitiate",
					       "ExecuteExcel4Macro",  "CreateObject",
					       "Navigate2",           NULL };
	struct act *a = acts_of(s, env, &e->e, false);
	uint32_t found = 0;
	if (!a)
		return;
	a->is_sealed |= e->is_sealed;
	if (step_is(&e->e, &e->operation, "GetIDsOfNames")) {
		for (size_t i = 0; methods[i]; i++)
			if (step_is(&e->e, &e->object, methods[i]))
				found = BIT(MARK_METHOD);
		if (found && !a->object[0])
			(void)step_string(a->object, sizeof(a->object), &e->e, &e->object);
	} else if (step_is(&e->e, &e->operation, "Invoke")) {
		found = BIT(MARK_INVOKED) | (e->is_sealed ? BIT(MARK_SEALED) : 0);
		found |= marks_of_text(a, e);
	}
	if (found)
		acts_note(s, env, &e->e, a, found);
}

static void on_event(void *state, const struct detect_env *env, const struct event *event)
{
	const struct event_rpc *e = (const struct event_rpc *)event;
	if (act_is_call(event, "ISystemActivator") || act_is_call(event, "IActivation"))
		on_activation(state, env, e);
	else if (act_is_call(event, "IDispatch"))
		on_automation(state, env, e);
}

ACTS_DETECTOR(dcom_exec, "Program run through DCOM",
	      "Looks for objects of shells, consoles and office programs that are made on another "
	      "host, and for their methods that run programs",
	      1ull << EVENT_RPC, on_event);
