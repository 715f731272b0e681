/*
 * control/quarantine.c - exfilctl quarantine: asks the responder, which is a program of its own.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "exfild/base/json.h"
#include "exfild/base/peer.h"
#include "exfild/base/str.h"
#include "exfild/control/client.h"
#include "exfild/responder/request.h"
#include "client_parts.h"

#define NS_PER_S 1000000000ull

static int complain(const char *text, const char *what, int status)
{
	(void)fprintf(stderr, "exfilctl: %s%s\n", text, what);
	if (status == CLIENT_USAGE)
		(void)fputs(
			"exfilctl: quarantine list|log|off|on, quarantine add "
			"[host|pair|peer|slow] ADDRESS [PEER] [1h] [shared] --reason TEXT, quarantine "
			"release [KIND] ADDRESS [PEER]\n",
			stderr);
	return status;
}

static bool is_kind(const char *word, uint8_t *ret)
{
	for (unsigned kind = 0; kind < QUARANTINE_KIND__COUNT; kind++)
		if (strcmp(word, quarantine_kind_name(kind)) == 0) {
			*ret = (uint8_t)kind;
			return true;
		}
	return false;
}

/* [KIND] ADDRESS [PEER] [TIME] [shared]; the word that makes no sense, or NULL. */
static const char *take_words(struct quarantine_request *r, int count, char **words)
{
	int addresses = 0;
	bool has_kind = count > 0 && is_kind(words[0], &r->kind);
	for (int i = has_kind; i < count; i++) {
		struct ipaddr a;
		uint64_t ttl_s;
		if (addresses < 2 && ipaddr_parse(words[i], &a) == 0)
			*(addresses++ ? &r->peer : &r->host) = a;
		else if (addresses && strcmp(words[i], "shared") == 0)
			r->flags |= QUARANTINE_SHARED_RIGHT;
		else if (addresses && str_parse_duration(words[i], &ttl_s) == 0 && ttl_s &&
			 ttl_s <= UINT32_MAX)
			r->ttl_s = (uint32_t)ttl_s;
		else
			return words[i];
	}
	if (!has_kind && addresses == 2)
		r->kind = QUARANTINE_PAIR;
	return addresses ? NULL : "no address";
}

static int call(int fd, const struct quarantine_request *r, struct quarantine_answer *ret)
{
	int rc = quarantine_call(fd, r, ret);
	if (!rc)
		return CLIENT_DONE;
	return complain("the responder gave no answer: ",
			rc == -EXF_E_FORMAT ? "it is of another version" : strerror(errno),
			CLIENT_FAILED);
}

static void print_entry(const struct quarantine_entry *e)
{
	char host[IPADDR_TEXT_MAX], peer[IPADDR_TEXT_MAX] = "", left[32];
	uint64_t now_s = (uint64_t)time(NULL);
	(void)ipaddr_print(&e->host, host, sizeof(host));
	if (e->kind == QUARANTINE_PAIR)
		(void)ipaddr_print(&e->peer, peer, sizeof(peer));
	(void)printf("%-5s %s%s%s%s  %s left%s%s", quarantine_kind_name(e->kind), host,
		     *peer ? " - " : "", peer, e->has_mac ? " and all addresses of its MAC" : "",
		     str_duration(left, sizeof(left),
				  (e->until_s > now_s ? e->until_s - now_s : 0) * NS_PER_S),
		     e->is_enforced ? "" : ", dry run", e->by_admin ? ", by an administrator" : "");
	if (e->rule[0])
		(void)printf(", rule %s", e->rule);
	if (e->alert[0])
		(void)printf(", alert %s", e->alert);
	if (e->reason[0])
		(void)printf(": %s", e->reason);
	(void)fputc('\n', stdout);
}

static void put_entry(struct json *j, const struct quarantine_entry *e)
{
	char text[IPADDR_TEXT_MAX];
	json_uint(j, "number", e->number);
	json_string(j, "kind", quarantine_kind_name(e->kind));
	json_string(j, "host", ipaddr_print(&e->host, text, sizeof(text)));
	if (e->kind == QUARANTINE_PAIR)
		json_string(j, "peer", ipaddr_print(&e->peer, text, sizeof(text)));
	if (e->has_mac)
		json_mac(j, "mac", e->mac);
	json_bool(j, "enforced", e->is_enforced);
	json_bool(j, "by_admin", e->by_admin);
	json_uint(j, "repeats", e->repeats);
	json_time(j, "since", e->since_s * NS_PER_S);
	json_time(j, "until", e->until_s * NS_PER_S);
	json_string(j, "alert", e->alert);
	json_string(j, "rule", e->rule);
	json_string(j, "reason", e->reason);
}

static void put_state(struct json *j, const struct quarantine_answer *a)
{
	json_string(j, "mode", quarantine_mode_name(a->mode));
	json_bool(j, "forwards", a->forwards);
	json_uint(j, "max", a->max);
	json_uint(j, "per_minute", a->per_minute);
	json_uint(j, "never", a->protected_count);
	json_uint(j, "added", a->added);
	json_uint(j, "refused", a->refused);
	json_uint(j, "released", a->released);
	json_uint(j, "expired", a->expired);
	json_uint(j, "restored", a->restored);
}

static int list(int fd, bool is_json)
{
	struct quarantine_request r;
	struct quarantine_answer a;
	struct buf out;
	struct json j;
	buf_init(&out, 64u << 20);
	j = json_make(&out);
	json_open_object(&j, NULL);
	json_open_array(&j, "decisions");
	quarantine_prepare(&r, QUARANTINE_LIST);
	int status = call(fd, &r, &a);
	for (; status == CLIENT_DONE && a.status == QUARANTINE_OK; status = call(fd, &r, &a)) {
		if (!is_json)
			print_entry(&a.act.entry);
		json_open_object(&j, NULL);
		put_entry(&j, &a.act.entry);
		json_close_object(&j);
		r.index++;
	}
	json_close_array(&j);
	if (status == CLIENT_DONE && a.status != QUARANTINE_NO_MORE)
		status = complain("refused: ", a.text, CLIENT_FAILED);
	if (status == CLIENT_DONE && is_json) {
		put_state(&j, &a);
		json_close_object(&j);
		(void)printf("%.*s\n", (int)out.len, out.data);
	} else if (status == CLIENT_DONE) {
		(void)printf(
			"mode %s, %u of %u decisions, %u addresses and prefixes are never cut off\n",
			quarantine_mode_name(a.mode), a.entries, a.max, a.protected_count);
	}
	buf_deinit(&out);
	return status;
}

static void print_act(const struct quarantine_act *act)
{
	static const struct ipaddr none;
	char when[32], host[IPADDR_TEXT_MAX], peer[IPADDR_TEXT_MAX] = "";
	bool has_host = !ipaddr_equal(&act->entry.host, &none);
	if (act->entry.kind == QUARANTINE_PAIR)
		(void)ipaddr_print(&act->entry.peer, peer, sizeof(peer));
	(void)printf("%s %s%s %s%s%s%s%s by user %u%s%s\n",
		     str_time(when, sizeof(when), act->at_s * NS_PER_S),
		     quarantine_act_name(act->kind),
		     act->mode == QUARANTINE_MODE_ENFORCE ? "" : " (nothing is cut off)",
		     has_host ? quarantine_kind_name(act->entry.kind) : "all", has_host ? " " : "",
		     has_host ? ipaddr_print(&act->entry.host, host, sizeof(host)) : "",
		     *peer ? " - " : "", peer, act->uid, act->status ? ": " : "",
		     act->status ? quarantine_status_name(act->status) : "");
}

static int show_log(int fd, bool is_json)
{
	struct quarantine_request r;
	struct quarantine_answer a;
	quarantine_prepare(&r, QUARANTINE_ACTS);
	int status = call(fd, &r, &a);
	for (; status == CLIENT_DONE && a.status == QUARANTINE_OK; status = call(fd, &r, &a)) {
		r.index = a.act.number + 1;
		if (!is_json) {
			print_act(&a.act);
			continue;
		}
		struct buf out;
		struct json j;
		buf_init(&out, 8192);
		j = json_make(&out);
		json_open_object(&j, NULL);
		json_uint(&j, "act", a.act.number);
		json_time(&j, "at", a.act.at_s * NS_PER_S);
		json_string(&j, "what", quarantine_act_name(a.act.kind));
		json_string(&j, "status", quarantine_status_name(a.act.status));
		json_string(&j, "mode", quarantine_mode_name(a.act.mode));
		json_uint(&j, "user", a.act.uid);
		put_entry(&j, &a.act.entry);
		json_close_object(&j);
		(void)printf("%.*s\n", (int)out.len, out.data);
		buf_deinit(&out);
	}
	if (status == CLIENT_DONE && a.status != QUARANTINE_NO_MORE)
		return complain("refused: ", a.text, CLIENT_FAILED);
	return status;
}

static int order(int fd, const struct quarantine_request *r, bool is_json)
{
	struct quarantine_answer a;
	int status = call(fd, r, &a);
	if (status != CLIENT_DONE)
		return status;
	if (a.status != QUARANTINE_OK)
		return complain("refused: ", a.text[0] ? a.text : quarantine_status_name(a.status),
				CLIENT_FAILED);
	if (is_json)
		return list(fd, true);
	if (r->op == QUARANTINE_OFF || r->op == QUARANTINE_ON) {
		(void)printf("quarantine is %s\n", quarantine_mode_name(a.mode));
		return CLIENT_DONE;
	}
	(void)fputs(r->op == QUARANTINE_RELEASE ? "released: " : "", stdout);
	print_entry(&a.act.entry);
	if (r->op == QUARANTINE_ADD && !a.act.entry.is_enforced)
		(void)printf("nothing is cut off: the mode is %s\n", quarantine_mode_name(a.mode));
	return CLIENT_DONE;
}

static int parse(const struct quarantine_options *o, struct quarantine_request *r)
{
	static const struct {
		const char *word;
		enum quarantine_op op;
	} words[] = { { "list", QUARANTINE_LIST },
		      { "log", QUARANTINE_ACTS },
		      { "add", QUARANTINE_ADD },
		      { "release", QUARANTINE_RELEASE },
		      { "protect", QUARANTINE_PROTECT },
		      { "off", QUARANTINE_OFF },
		      { "on", QUARANTINE_ON } };
	const char *word = o->count ? o->words[0] : "list";
	enum quarantine_op op = 0;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(word, words[i].word) == 0)
			op = words[i].op;
	if (!op)
		return complain("no command of quarantine: ", word, CLIENT_USAGE);
	quarantine_prepare(r, op);
	if (!str_copy(r->reason, sizeof(r->reason), o->reason) ||
	    !str_copy(r->alert, sizeof(r->alert), o->alert))
		return complain("too long: ", o->reason, CLIENT_USAGE);
	bool has_target =
		op == QUARANTINE_ADD || op == QUARANTINE_RELEASE || op == QUARANTINE_PROTECT;
	if (!has_target)
		return o->count > 1 ? complain("what is this: ", o->words[1], CLIENT_USAGE) : -1;
	const char *bad = take_words(r, o->count - 1, o->words + 1);
	if (bad)
		return complain("not understood: ", bad, CLIENT_USAGE);
	if (op == QUARANTINE_ADD && !r->reason[0])
		return complain("why: say it with --reason, others will ask", "", CLIENT_USAGE);
	return -1;
}

int quarantine_run(const struct quarantine_options *o)
{
	struct quarantine_request r;
	int status = parse(o, &r);
	if (status >= 0)
		return status;
	int fd = quarantine_connect(o->socket_path);
	if (fd < 0) {
		(void)fprintf(
			stderr,
			"exfilctl: %s: %s\nexfilctl: does exfild-responder run? systemctl start "
			"exfild-responder, or name its socket with -s\n",
			o->socket_path, strerror(errno));
		return CLIENT_FAILED;
	}
	status = r.op == QUARANTINE_LIST ? list(fd, o->json) :
		 r.op == QUARANTINE_ACTS ? show_log(fd, o->json) :
					   order(fd, &r, o->json);
	(void)close(fd);
	return status;
}
