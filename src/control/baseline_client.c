/*
 * control/baseline_client.c - exfilctl baseline: its words, its answers as text, and habits to and
 * from a file.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exfild/base/str.h"
#include "exfild/control/client.h"
#include "baseline_file.h"
#include "client_parts.h"
#include "parse.h"

const char *baseline_words(struct request *r, int count, char **words, const char **ret_file)
{
	static const char wrong[] = "baseline show [ADDRESS], review, reset ADDRESS|all, export "
				    "FILE, import FILE or merge FILE";
	const char *kind = count > 1 ? words[1] : "show";
	const char *operand = count > 2 ? words[2] : "";
	bool is_show = strcmp(kind, "show") == 0, is_review = strcmp(kind, "review") == 0;
	bool is_reset = strcmp(kind, "reset") == 0, is_export = strcmp(kind, "export") == 0;
	bool is_load = strcmp(kind, "import") == 0 || strcmp(kind, "merge") == 0;
	if (count > 3 || (!is_show && !is_review && !is_reset && !is_export && !is_load) ||
	    (is_review && *operand) || (!is_show && !is_review && !*operand))
		return wrong;
	(void)str_copy(r->kind, sizeof(r->kind), kind);
	(void)str_copy(r->command, sizeof(r->command),
		       is_reset || is_load ? "baseline_change" : "baseline");
	if (is_export || is_load)
		*ret_file = operand;
	else if (!str_copy(r->to, sizeof(r->to), operand))
		return "an address";
	return NULL;
}

/* ---- as text ---- */

static double real_of(const json_t *o, const char *key)
{
	return json_number_value(json_object_get(o, key));
}

static void put_bytes(FILE *out, double bytes)
{
	char text[32];
	(void)fprintf(out, " %11s", str_bytes(text, sizeof(text), bytes));
}

static void view_hours(const json_t *list, const char *title, FILE *out)
{
	size_t i;
	json_t *x;
	(void)fprintf(out, "\n%-12s %11s  %s\n", title, "USUAL", "SENDS IN");
	json_array_foreach(list, i, x)
	{
		(void)fprintf(out, "%02d:00       ", (int)real_of(x, "hour"));
		put_bytes(out, real_of(x, "usual"));
		(void)fprintf(out, "  %3.0f %%\n", 100 * real_of(x, "active"));
	}
}

void view_baseline(const json_t *result, FILE *out)
{
	const json_t *hosts = json_object_get(result, "hosts");
	double left_s = real_of(result, "learning_left_s");
	char text[32];
	size_t i;
	json_t *x;
	if (left_s > 0)
		(void)fprintf(
			out,
			"Learning for %s more: nothing counts as new until then, and a host's "
			"usual holds after 7 days.\n",
			str_duration(text, sizeof(text), (uint64_t)left_s * 1000000000ull));
	else
		(void)fputs("Learnt. Are these the hosts that should send most? What one should "
			    "not send: exfilctl baseline reset ADDRESS\n",
			    out);
	(void)fprintf(out, "%-39s %11s %11s %11s %11s %5s\n", "HOST", "2 WEEKS", "TODAY",
		      "USUAL DAY", "MOST A DAY", "DAYS");
	json_array_foreach(hosts, i, x)
	{
		const char *address = json_string_value(json_object_get(x, "address"));
		view_text(out, address ? address : "", 39);
		put_bytes(out, real_of(x, "two_weeks"));
		put_bytes(out, real_of(x, "today"));
		put_bytes(out, real_of(x, "usual_day"));
		put_bytes(out, real_of(x, "most_day"));
		(void)fprintf(out, " %5.0f%s%s\n", real_of(x, "days"),
			      json_is_true(json_object_get(x, "learnt")) ? "" : "  learning",
			      json_is_true(json_object_get(x, "suspect")) ?
				      "  under suspicion: learnt from with caution" :
				      "");
	}
	(void)fprintf(out, "%.0f hosts are known\n", real_of(result, "known"));
	if (json_object_get(result, "working_day")) {
		view_hours(json_object_get(result, "working_day"), "WORKING DAY", out);
		view_hours(json_object_get(result, "weekend"), "WEEKEND", out);
	}
}

/* ---- to and from a file ---- */

static int complain(const char *path, const char *why)
{
	(void)fprintf(stderr, "exfilctl: %s: %s\n", path, why);
	return CLIENT_FAILED;
}

/* The result of one request, to be given back; NULL: said why. */
static json_t *ask(const char *socket_path, const struct request *r, json_t **ret_top)
{
	struct link l;
	const json_t *result = NULL;
	*ret_top = NULL;
	if (link_open(&l, socket_path) && link_send(&l, r)) {
		char *line = link_line(&l);
		*ret_top = line ? json_loads(line, JSON_REJECT_DUPLICATES, NULL) : NULL;
		result = json_object_get(*ret_top, "result");
		if (!result)
			(void)client_refused(json_object_get(*ret_top, "error"));
	}
	link_close(&l);
	return (json_t *)(uintptr_t)result;
}

static int save_all(const struct baseline_options *o, struct baseline_out *file)
{
	struct request r = o->request;
	do {
		json_t *top, *x;
		size_t i;
		const json_t *result = ask(o->socket_path, &r, &top);
		json_array_foreach(json_object_get(result, "entries"), i, x)
		{
			const char *entry = json_string_value(x);
			if (entry)
				baseline_out_entry(file, entry);
		}
		r.number = (uint32_t)json_integer_value(json_object_get(result, "next"));
		json_decref(top);
		if (!result)
			return CLIENT_FAILED;
	} while (r.number);
	return CLIENT_DONE;
}

static int run_export(const struct baseline_options *o)
{
	struct baseline_out file;
	/* whose addresses they are is nobody else's business */
	int fd = open(o->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	FILE *to = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (!to)
		return complain(o->path, strerror(errno));
	baseline_out_begin(&file, to);
	int status = save_all(o, &file);
	if (status == CLIENT_DONE && baseline_out_end(&file))
		status = complain(o->path, strerror(errno));
	(void)fclose(to);
	if (status != CLIENT_DONE)
		(void)unlink(o->path);
	else
		(void)printf("habits of %llu hosts written to %s\n", (unsigned long long)file.count,
			     o->path);
	return status;
}

struct loaded {
	long long taken, stayed, refused, no_room;
};

static bool send_some(const struct baseline_options *o, struct request *r, struct loaded *sum)
{
	json_t *top;
	const json_t *result = ask(o->socket_path, r, &top);
	bool ok = result != NULL;
	sum->taken += json_integer_value(json_object_get(result, "taken"));
	sum->stayed += json_integer_value(json_object_get(result, "stayed"));
	sum->refused += json_integer_value(json_object_get(result, "refused"));
	sum->no_room += json_integer_value(json_object_get(result, "no_room"));
	json_decref(top);
	r->entries[0] = '\0';
	return ok;
}

static int load_all(const struct baseline_options *o, const char *text, size_t count)
{
	struct request r = o->request;
	struct loaded sum = { 0 };
	size_t used = 0;
	bool ok = true;
	for (size_t i = 0; ok && i < count; i++, text += strlen(text) + 1) {
		size_t len = strlen(text);
		if (used && used + len + 2 > sizeof(r.entries)) {
			ok = send_some(o, &r, &sum);
			used = 0;
		}
		int n = snprintf(r.entries + used, sizeof(r.entries) - used, "%s%s",
				 used ? "," : "", text);
		used += (size_t)n;
	}
	if (ok && used)
		ok = send_some(o, &r, &sum);
	(void)printf("taken %lld, kept as they were %lld, refused %lld, no room for %lld\n",
		     sum.taken, sum.stayed, sum.refused, sum.no_room);
	return ok && !sum.refused ? CLIENT_DONE : CLIENT_FAILED;
}

static int run_load(const struct baseline_options *o)
{
	char why[200], *text = NULL;
	size_t count = 0;
	FILE *from = fopen(o->path, "re");
	if (!from)
		return complain(o->path, strerror(errno));
	int err = baseline_read(from, &text, &count, why, sizeof(why));
	(void)fclose(from);
	int status = err ? complain(o->path, why) : load_all(o, text, count);
	free(text);
	return status;
}

int baseline_run(const struct baseline_options *o)
{
	return strcmp(o->request.kind, "export") == 0 ? run_export(o) : run_load(o);
}
