/*
 * detect/web_console.c - consoles and holes of web servers that run what they are sent.
 *
 * Idea: many servers have a place that runs what it is handed: Tomcat's manager takes
 * applications, Jenkins' console scripts, Docker and the agent of Kubernetes commands in
 * containers; others have one by mistake, which nothing else is asked by (CVE-2012-1823 of PHP,
 * CVE-2017-9841 of PHPUnit, CVE-2017-10271 and CVE-2019-2725 of WebLogic, CVE-2020-5902 of BIG-IP,
 * CVE-2021-21972 of vCenter, CVE-2021-26855 and CVE-2021-34473 of Exchange, invokers of JBoss).
 * Told by the place a body is sent to; commands in it and output of commands in the answer make it
 * worse.
 * Evasion: HTTPS; other places.
 * False alarms: what is deployed to a Tomcat alone is low, and so is a console that a person uses
 * from its own page; who does so on three days has a habit.  Scanners outside ask every server so:
 * low until a server answers with output.
 */
#include <string.h>

#include "acts.h"

enum mark {
	MARK_CONSOLE,
	MARK_DEPLOYED,
	MARK_HOLE,
	MARK_ENGINE,
	MARK_RUN_IN,
	MARK_REMOVED,
	MARK_COMMAND,
	MARK_OUTPUT,
	MARK_PERSON,
	MARK_OUTSIDE,
};

#define BIT(m)    (1u << (m))
#define URI_READ  512
#define ANY_PORT  0
#define PLACE_ALL (BIT(MARK_CONSOLE) | BIT(MARK_DEPLOYED) | BIT(MARK_HOLE) | BIT(MARK_ENGINE))

static const struct acts_mark marks[] = {
	[MARK_CONSOLE] = { "console", 0.55,
			   "a command or program text was handed to a console that runs it",
			   "T1059" },
	[MARK_DEPLOYED] = { "deployed", 0.35, "an application was put on a server, to be run there",
			    "T1505.003" },
	[MARK_HOLE] = { "hole", 0.6, "a request to a place that only a known hole is asked by",
			"T1190" },
	[MARK_ENGINE] = { "container", 0.35,
			  "a container was made by an engine that asks nobody who he is", "T1610" },
	[MARK_RUN_IN] = { "run_in_container", 0.2, "and a command was run in a container",
			  "T1609" },
	[MARK_REMOVED] = { "removed", 0.3, "it was removed again within minutes", NULL },
	[MARK_COMMAND] = { "command", 0.15, "the request holds commands or program text", NULL },
	[MARK_OUTPUT] = { "output", 0.4, "the answer is what commands print", NULL },
	[MARK_PERSON] = { "own_page", -0.2, "by a browser that came from the server's own page",
			  NULL },
	[MARK_OUTSIDE] = { "from_outside", -0.25, "scanners outside ask every server so", NULL },
	{ NULL, 0, NULL, NULL },
};

static void message(struct finding *f, const struct act *a, const char *from, const char *to)
{
	const char *what = a->marks & BIT(MARK_HOLE)     ? "used a known hole of" :
			   a->marks & BIT(MARK_DEPLOYED) ? "handed an application to" :
			   a->marks & BIT(MARK_ENGINE)   ? "made a container by" :
							   "handed code to";
	finding_text(f->message, sizeof(f->message), "%s %s %s at %s%s", from, what, a->object, to,
		     a->marks & BIT(MARK_OUTPUT) ? ", and was answered what commands print" : "");
}

static const struct acts_rule rule = {
	.step = { .detector = "web_console",
		  .rule = "web_console",
		  .title = "Server told by the web to run code",
		  .class = FINDING_LATERAL,
		  .techniques = { NULL },
		  .tactic = "TA0008",
		  .unseen = "what was run, and by which account",
		  .next_steps = { "Look at what the server's process has started and written since",
				  "Shut the console for all but those who administer it, change "
				  "its password, patch the hole",
				  "Except a deployment of your own by source and destination" } },
	.marks = marks,
	.habit = PLACE_ALL,
	.not_harmless =
		"pages are asked for what they show; this place runs what it is sent, or lets "
		"somebody in who should not be",
	.message = message,
};

static const struct place {
	const char *name, *path; /* in lower case, anywhere in the address asked */
	const char *with;        /* stands there as well; NULL: nothing */
	uint16_t port;
	uint8_t mark;
	bool needs_command; /* others use it, too: only with a command in the body */
} places[] = {
	{ "Tomcat's manager", "/manager/text/deploy", NULL, ANY_PORT, MARK_DEPLOYED, false },
	{ "Tomcat's manager", "/manager/html/upload", NULL, ANY_PORT, MARK_DEPLOYED, false },
	{ "Tomcat's manager", "/manager/deploy\n", NULL, ANY_PORT, MARK_DEPLOYED, false },
	{ "Axis2's console", "/axis2-admin/upload", NULL, ANY_PORT, MARK_DEPLOYED, false },
	{ "Jenkins' console", "/scripttext", NULL, ANY_PORT, MARK_CONSOLE, false },
	{ "Jenkins' console", "/script\n", NULL, ANY_PORT, MARK_CONSOLE, true },
	{ "JBoss' console", "/jmx-console/htmladaptor", NULL, ANY_PORT, MARK_CONSOLE, false },
	{ "JBoss' invoker", "/invoker/jmxinvokerservlet", NULL, ANY_PORT, MARK_HOLE, false },
	{ "JBoss' invoker", "/invoker/ejbinvokerservlet", NULL, ANY_PORT, MARK_HOLE, false },
	{ "JBoss' invoker", "/invoker/readonly", NULL, ANY_PORT, MARK_HOLE, false },
	{ "WebLogic", "/wls-wsat/", NULL, ANY_PORT, MARK_HOLE, false },
	{ "WebLogic", "/_async/asyncresponseservice", NULL, ANY_PORT, MARK_HOLE, false },
	{ "WebLogic's console", "/console/", "%2e%2e%2f", ANY_PORT, MARK_HOLE, false },
	{ "Exchange", "/autodiscover.json", "/powershell", ANY_PORT, MARK_HOLE, false },
	{ "Exchange", "/autodiscover.json", "/mapi/", ANY_PORT, MARK_HOLE, false },
	{ "Exchange", "/ecp/", ".js\n", ANY_PORT, MARK_HOLE, false },
	{ "PHP", "allow_url_include", "auto_prepend_file", ANY_PORT, MARK_HOLE, false },
	{ "PHPUnit", "/util/php/eval-stdin.php", NULL, ANY_PORT, MARK_HOLE, false },
	{ "BIG-IP", "/tmui/login.jsp/..;/", NULL, ANY_PORT, MARK_HOLE, false },
	{ "BIG-IP", "/mgmt/tm/util/bash", NULL, ANY_PORT, MARK_CONSOLE, false },
	{ "vCenter", "/services/uploadova", NULL, ANY_PORT, MARK_HOLE, false },
	{ "Spring's gateway", "/actuator/gateway/routes/", NULL, ANY_PORT, MARK_CONSOLE, true },
	{ "Hadoop's YARN", "/ws/v1/cluster/apps\n", NULL, ANY_PORT, MARK_CONSOLE, true },
	{ "Consul", "/v1/agent/service/register", NULL, ANY_PORT, MARK_CONSOLE, true },
	{ "Elasticsearch", "/_search", NULL, 9200, MARK_CONSOLE, true },
	{ "the agent of Kubernetes", "/run/", NULL, 10250, MARK_CONSOLE, false },
	{ "the agent of Kubernetes", "/run/", NULL, 10255, MARK_CONSOLE, false },
	{ "Docker", "/containers/create", NULL, 2375, MARK_ENGINE, false },
	{ "Docker", "/exec/", "/start\n", 2375, MARK_RUN_IN, false },
	{ "Docker", "/containers/", "/exec\n", 2375, MARK_RUN_IN, false },
};

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Lower case, without one layer of URL encoding; a line end in place of the query and at the end.
 */
static void plain_uri(char *dst, size_t size, const struct event *e, const struct event_str *s)
{
	char raw[URI_READ];
	size_t n = 0;
	(void)step_string(raw, sizeof(raw), e, s);
	for (char *p = raw; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p | 0x20);
	for (const char *p = raw; *p && n + 3 < size; p++) {
		int high = *p == '%' ? hex_value(p[1]) : -1;
		int low = high >= 0 ? hex_value(p[2]) : -1;
		if (*p == '?')
			dst[n++] = '\n';
		if (low >= 0) {
			dst[n++] = (char)(high << 4 | low);
			p += 2;
		} else {
			dst[n++] = *p;
		}
	}
	dst[n++] = '\n';
	dst[n] = '\0';
}

/* "/app" of "...\npath=/app&...", where an application is put; empty: not said. */
static void take_path(char *dst, size_t size, const char *uri)
{
	const char *at = strstr(uri, "path=");
	size_t n = at ? strcspn(at, "&\n") : 0;
	finding_text(dst, size, "%.*s", (int)n, at ? at : "");
}

static const struct place *place_of(const struct event_http_body *e, bool has_command)
{
	char uri[URI_READ];
	plain_uri(uri, sizeof(uri), &e->e, &e->uri);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const struct place *p = &places[i];
		if ((p->port == ANY_PORT || p->port == e->e.dport) && strstr(uri, p->path) &&
		    (!p->with || strstr(uri, p->with)) && (!p->needs_command || has_command))
			return p;
	}
	return NULL;
}

static void on_request(struct acts *s, const struct detect_env *env,
		       const struct event_http_body *e)
{
	bool has_command =
		e->exploit != EXPLOIT_NONE || (e->marks & (CONTENT_COMMAND | CONTENT_CODE)) != 0;
	const struct place *p = place_of(e, has_command);
	struct act *a = p ? acts_of(s, env, &e->e, false) : NULL;
	if (!a)
		return;
	uint32_t found = BIT(p->mark);
	uint32_t page = HTTP_HAS_REFERRER | HTTP_HAS_LANGUAGE;
	if (has_command)
		found |= BIT(MARK_COMMAND);
	if (p->mark != MARK_HOLE && (e->head_marks & page) == page)
		found |= BIT(MARK_PERSON);
	if (!context_is_inside(env->context, &e->e.src, e->e.tunnel_id))
		found |= BIT(MARK_OUTSIDE);
	finding_text(a->object, sizeof(a->object), "%s", p->name);
	if (p->mark == MARK_DEPLOYED) {
		char uri[URI_READ];
		plain_uri(uri, sizeof(uri), &e->e, &e->uri);
		take_path(a->detail, sizeof(a->detail), uri);
	}
	acts_note(s, env, &e->e, a, found);
}

/*
 * The answer to what was handed over, told where it is what commands print.  A console answers so
 * only what it has run, also where the request did not look like a command.
 */
static void on_answer(struct acts *s, const struct detect_env *env, const struct event_http_body *e)
{
	const struct place *p =
		e->marks & (CONTENT_OUTPUT | CONTENT_PROMPT) ? place_of(e, true) : NULL;
	if (!p)
		return;
	bool is_sure = p->mark == MARK_CONSOLE && p->port == ANY_PORT;
	struct act *a = is_sure ? acts_of(s, env, &e->e, false) : acts_known(s, env, &e->e, false);
	if (!a || (a->marks & BIT(MARK_OUTPUT)) || !(is_sure || (a->marks & PLACE_ALL)))
		return;
	finding_text(a->object, sizeof(a->object), "%s", p->name);
	acts_note(s, env, &e->e, a, BIT(MARK_OUTPUT) | BIT(p->mark));
}

static void on_removal(struct acts *s, const struct detect_env *env, const struct event_http *e)
{
	if (!s->pairs.stats.entries || e->is_response || !e->uri.off || e->uri.len < 10 ||
	    memcmp(event_str_data(&e->e, &e->uri), "/manager/", 9) != 0)
		return;
	char uri[URI_READ], path[ACTS_DETAIL];
	plain_uri(uri, sizeof(uri), &e->e, &e->uri);
	take_path(path, sizeof(path), uri);
	struct act *a = strstr(uri, "/undeploy") ? acts_known(s, env, &e->e, false) : NULL;
	/* another application than the one that was put there goes when a new version comes */
	if (a && (!a->detail[0] || strcmp(a->detail, path) == 0) &&
	    (a->marks & BIT(MARK_DEPLOYED)) && !(a->marks & BIT(MARK_REMOVED)))
		acts_note(s, env, &e->e, a, BIT(MARK_REMOVED));
}

static void on_event(void *state, const struct detect_env *env, const struct event *event)
{
	const struct event_http_body *e = (const struct event_http_body *)event;
	if (event->kind == EVENT_HTTP)
		on_removal(state, env, (const struct event_http *)event);
	else if (e->is_response)
		on_answer(state, env, e);
	else
		on_request(state, env, e);
}

ACTS_DETECTOR(web_console, "Server told by the web to run code",
	      "Looks for what is handed to consoles of web servers that run it, and to places that "
	      "only known holes are asked by",
	      1ull << EVENT_HTTP | 1ull << EVENT_HTTP_BODY, on_event);
