/*
 * control/trial_client.c - exfilctl exceptions test --file: alerts of a file, some at a time.
 *
 * What an exception looks at is sent, not the alerts: the daemon knows zones and learnt names.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/base/str.h"
#include "exfild/control/client.h"
#include "exfild/control/server.h"
#include "client_parts.h"
#include "parse.h"

#define LINE_SIZE 16384

struct batch {
	json_t *alerts[TRIAL_CASES];
	size_t count;
	struct buf cases;
};

struct run {
	const struct trial_options *o;
	struct link link;
	struct batch batch;
	unsigned long long looked, silenced, strange;
};

static const char *text_at(const json_t *alert, const char *part, const char *key)
{
	const char *text = json_string_value(json_object_get(json_object_get(alert, part), key));
	return text && *text ? text : "-";
}

/* Spaces and semicolons part words and cases, and what is no ASCII is in no exception. */
static void put_word(struct buf *out, const char *text, char end)
{
	for (; *text; text++)
		buf_char(out, *text > 0x20 && *text < 0x7f && *text != ';' ? *text : '?');
	buf_char(out, end);
}

static void print_case(const json_t *alert, struct buf *out)
{
	const json_t *peer = json_object_get(alert, "destination");
	long long port = (long long)json_integer_value(json_object_get(peer, "port"));
	put_word(out, text_at(alert, "rule", "id"), ' ');
	put_word(out, text_at(alert, "source", "ip"), ' ');
	put_word(out, text_at(alert, "destination", "ip"), ' ');
	buf_printf(out, "%lld ", port);
	put_word(out, text_at(alert, "destination", "domain"), ';');
}

static void show(struct run *r, const json_t *alert)
{
	char *line = r->o->json ? json_dumps(alert, JSON_COMPACT) : NULL;
	if (line)
		(void)printf("%s\n", line);
	else
		view_alert(alert, stdout);
	free(line);
}

static int take_answer(struct run *r, const char *line)
{
	json_t *top = line ? json_loads(line, JSON_REJECT_DUPLICATES, NULL) : NULL;
	const json_t *list = json_object_get(json_object_get(top, "result"), "cases");
	int status = CLIENT_DONE;
	if (!json_is_true(json_object_get(top, "ok")) || json_array_size(list) != r->batch.count)
		status = client_refused(json_object_get(top, "error"));
	for (size_t i = 0; i < r->batch.count && status == CLIENT_DONE; i++) {
		r->looked++;
		if (!json_is_true(json_array_get(list, i)))
			continue;
		r->silenced++;
		show(r, r->batch.alerts[i]);
	}
	json_decref(top);
	return status;
}

static void forget(struct batch *b)
{
	for (size_t i = 0; i < b->count; i++)
		json_decref(b->alerts[i]);
	b->count = 0;
	buf_reset(&b->cases);
}

static int send_batch(struct run *r)
{
	struct request q = r->o->request;
	if (!r->batch.count)
		return CLIENT_DONE;
	memcpy(q.cases, r->batch.cases.data, r->batch.cases.len);
	q.cases[r->batch.cases.len] = '\0';
	int status = link_send(&r->link, &q) ? take_answer(r, link_line(&r->link)) : CLIENT_FAILED;
	forget(&r->batch);
	return status;
}

/* Takes the alert over. */
static int add(struct run *r, json_t *alert)
{
	struct buf one;
	int status = CLIENT_DONE;
	buf_init(&one, sizeof(r->o->request.cases) - 1);
	print_case(alert, &one);
	if (one.full || !one.len) {
		r->strange++;
		json_decref(alert);
		buf_deinit(&one);
		return status;
	}
	if (r->batch.count == TRIAL_CASES ||
	    r->batch.cases.len + one.len >= sizeof(r->o->request.cases))
		status = send_batch(r);
	buf_add(&r->batch.cases, one.data, one.len);
	r->batch.alerts[r->batch.count++] = alert;
	buf_deinit(&one);
	return status;
}

static int read_all(struct run *r, FILE *in)
{
	static char line[LINE_SIZE];
	int status = CLIENT_DONE;
	while (status == CLIENT_DONE && fgets(line, sizeof(line), in)) {
		json_t *alert = json_loads(line, 0, NULL);
		bool is_alert = strcmp(text_at(alert, "rule", "id"), "-") != 0;
		if (is_alert) {
			status = add(r, alert);
		} else {
			r->strange++;
			json_decref(alert);
		}
	}
	return status == CLIENT_DONE ? send_batch(r) : status;
}

int trial_run_file(const struct trial_options *o)
{
	struct run r = { .o = o };
	bool is_input = strcmp(o->path, "-") == 0;
	FILE *in = is_input ? stdin : fopen(o->path, "re");
	int status = CLIENT_FAILED;
	if (!in) {
		(void)fprintf(stderr, "exfilctl: cannot read %s: %s\n", o->path, strerror(errno));
		return status;
	}
	buf_init(&r.batch.cases, sizeof(o->request.cases));
	if (link_open(&r.link, o->socket_path))
		status = read_all(&r, in);
	link_close(&r.link);
	forget(&r.batch);
	buf_deinit(&r.batch.cases);
	if (!is_input)
		(void)fclose(in);
	if (status == CLIENT_DONE && !o->json)
		(void)printf("%llu of %llu alerts of %s would be silenced\n", r.silenced, r.looked,
			     o->path);
	if (status == CLIENT_DONE && r.strange)
		(void)fprintf(stderr,
			      "exfilctl: %llu lines are no alerts of exfild (alerts.format: ecs)\n",
			      r.strange);
	return status;
}
