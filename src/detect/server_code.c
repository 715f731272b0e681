/*
 * detect/server_code.c - a database that is told to run programs or load code.
 *
 * Idea: databases can be told to start programs, load code or write files where they are: whoever
 * has their password, or finds that there is none, owns the machine (xp_cmdshell and its kin of SQL
 * Server, COPY ... PROGRAM of PostgreSQL, functions of MySQL out of a library, MODULE LOAD and
 * CONFIG SET dir of Redis; MITRE T1505.001).  Each is told by the statement that only this is for;
 * several of them in a row are the attack.
 * Evasion: encryption; procedures that were made before; names put together within the statement.
 * False alarms: jobs and backups that use xp_cmdshell: they have a habit; whoever copies a Redis
 * tells it to follow another, which alone is silent.
 */
#include <string.h>

#include "acts.h"

enum mark {
	MARK_PROGRAM,
	MARK_ENABLED,
	MARK_LOADED,
	MARK_WROTE,
	MARK_READ,
	MARK_REACHED,
	MARK_ADDRESS,
	MARK_PLACE,
	MARK_PLUGIN,
};

#define BIT(m) (1u << (m))

static const struct acts_mark marks[] = {
	[MARK_PROGRAM] = { "program", 0.55, "a database was told to run a program of the system",
			   "T1059" },
	[MARK_ENABLED] = { "enabled", 0.35,
			   "what runs programs was switched on, which is off for good reason",
			   "T1505.001" },
	[MARK_LOADED] = { "code_loaded", 0.6, "it was told to load code", "T1505.001" },
	[MARK_WROTE] = { "file_written", 0.35, "it was told to write a file of the system",
			 "T1105" },
	[MARK_READ] = { "file_read", 0.4, "it was told to read a file of the system", "T1005" },
	[MARK_REACHED] = { "sent_elsewhere", 0.3, "it was told to go to another host", NULL },
	[MARK_ADDRESS] = { "by_address", 0.25, "the path begins with an address, not with a name",
			   "T1187" },
	[MARK_PLACE] = { "place", 0.35,
			 "the file lies where it is run or opens the door: of a schedule, keys, "
			 "pages or libraries",
			 NULL },
	[MARK_PLUGIN] = { "plugin", 0.35, "it was told to load a plugin, as administrators do once",
			  "T1505.001" },
	{ NULL, 0, NULL, NULL },
};

static void message(struct finding *f, const struct act *a, const char *from, const char *to)
{
	const char *what = a->marks & BIT(MARK_PROGRAM) ? "to run a program" :
			   a->marks & BIT(MARK_LOADED)  ? "to load code" :
			   a->marks & BIT(MARK_ENABLED) ? "to allow programs to be run" :
			   a->marks & BIT(MARK_REACHED) ? "to go to another host" :
			   a->marks & BIT(MARK_WROTE)   ? "to write a file of the system" :
			   a->marks & BIT(MARK_PLUGIN)  ? "to load a plugin" :
							  "to read a file of the system";
	finding_text(f->message, sizeof(f->message), "%s told the database (%s) of %s %s: %s", from,
		     a->object, to, what, a->detail);
}

static const struct acts_rule rule = {
	.step = { .detector = "server_code",
		  .rule = "server_code",
		  .title = "Database told to run programs or load code",
		  .class = FINDING_LATERAL,
		  .techniques = { NULL },
		  .tactic = "TA0008",
		  .unseen = "what the program did, and whether it was allowed to",
		  .next_steps = { "Look at what the service's account has started and written since "
				  "(Windows event 4688, auditd)",
				  "Change the password by which it was told, and take the right "
				  "to run programs from that account",
				  "Except a deployment or job of your own by source and destination" } },
	.marks = marks,
	.habit = ~0u,
	.not_harmless = "programs that keep data in a server ask for data; none of them needs "
			"programs, code or files of the system behind it",
	.message = message,
};

/* The host that a path or an order names, where it is another one than the server. */
static bool names_address(const char *text)
{
	struct ipaddr ip;
	char host[64];
	const char *unc = strstr(text, "\\\\");
	if (unc && act_unc_host(host, sizeof(host), unc))
		return ipaddr_parse(host, &ip) == 0;
	return false;
}

static bool is_place(const char *text)
{
	static const char *const places[] = { "/cron",  ".ssh",      "authorized_keys", "/www",
					      "htdocs", "inetpub",   "webapps",         ".php",
					      ".jsp",   "startup",   "/plugin",         ".so",
					      "init.d", "profile.d", "ld.so",           NULL };
	return act_has_word(text, places);
}

static void on_order(struct acts *s, const struct detect_env *env, const struct event_order *e)
{
	static const uint32_t of_kind[ORDER__COUNT] = {
		[ORDER_PROGRAM] = BIT(MARK_PROGRAM), [ORDER_ENABLE] = BIT(MARK_ENABLED),
		[ORDER_LOAD] = BIT(MARK_LOADED),     [ORDER_WRITE] = BIT(MARK_WROTE),
		[ORDER_READ] = BIT(MARK_READ),       [ORDER_REACH] = BIT(MARK_REACHED),
	};
	char text[ACTS_DETAIL];
	uint32_t found = e->kind < ORDER__COUNT ? of_kind[e->kind] : 0;
	struct act *a = found ? acts_of(s, env, &e->e, false) : NULL;
	if (!a)
		return;
	(void)step_string(text, sizeof(text), &e->e, &e->text);
	if (e->kind == ORDER_LOAD && strncmp(text, "install ", 8) == 0)
		found = BIT(MARK_PLUGIN);
	if (e->kind == ORDER_REACH && names_address(text))
		found |= BIT(MARK_ADDRESS);
	if (e->kind == ORDER_WRITE && is_place(text))
		found |= BIT(MARK_PLACE);
	/* what is run says more than what allowed it */
	if (!(a->marks & (BIT(MARK_PROGRAM) | BIT(MARK_LOADED))) || (found & BIT(MARK_PROGRAM)))
		finding_text(a->detail, sizeof(a->detail), "%s", text);
	(void)step_string(a->object, sizeof(a->object), &e->e, &e->service);
	acts_note(s, env, &e->e, a, found);
}

static void on_event(void *state, const struct detect_env *env, const struct event *event)
{
	on_order(state, env, (const struct event_order *)event);
}

ACTS_DETECTOR(server_code, "Database told to run programs or load code",
	      "Looks for statements by which a database runs programs, loads code, writes or reads "
	      "files of the system, or goes to another host",
	      1ull << EVENT_ORDER, on_event);
