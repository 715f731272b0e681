/*
 * sink/stdout.c - alerts on standard output: a line of JSON, or the text for people.
 *
 * Each alert is flushed at once: whoever reads the pipe sees it when it happens, and a crash loses
 * nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/sink/sink.h"

#define TEXT_MAX 16384

extern const struct sink_type sink_stdout;

struct stdout_sink {
	const struct alert_options *alert;
	bool text, colour;
	struct buf line;
	struct sink_health health;
};

static int stdout_open(const struct sink_options *o, void **ret, char *ret_why, size_t why_size)
{
	struct stdout_sink *s = calloc(1, sizeof(*s));
	if (!s) {
		snprintf(ret_why, why_size, "%s", exf_strerror(EXF_E_NOMEM));
		return -EXF_E_NOMEM;
	}
	s->alert = o->alert;
	s->text = o->text;
	s->colour = o->colour;
	buf_init(&s->line, TEXT_MAX);
	*ret = s;
	return 0;
}

static int failed(struct stdout_sink *s)
{
	s->health.failed++;
	snprintf(s->health.error, sizeof(s->health.error), "cannot write to standard output: %s",
		 strerror(errno));
	return -EXF_E_IO;
}

static int stdout_put(void *sink, const struct alert *a, const char *json, size_t len)
{
	struct stdout_sink *s = sink;

	buf_reset(&s->line);
	if (s->text)
		alert_text(a, s->colour, &s->line);
	else
		buf_add(&s->line, json, len);
	buf_char(&s->line, '\n'); /* ends the JSON line; parts two texts */
	errno = 0;
	if (fwrite(s->line.data, 1, s->line.len, stdout) != s->line.len || fflush(stdout) != 0) {
		clearerr(stdout);
		return failed(s);
	}
	s->health.sent++;
	return 0;
}

static int stdout_flush(void *sink)
{
	(void)sink;
	return fflush(stdout) == 0 ? 0 : -EXF_E_IO;
}

static void stdout_health(const void *sink, struct sink_health *ret)
{
	*ret = ((const struct stdout_sink *)sink)->health;
}

static void stdout_close(void *sink)
{
	struct stdout_sink *s = sink;
	if (!s)
		return;
	(void)fflush(stdout);
	buf_deinit(&s->line);
	free(s);
}

const struct sink_type sink_stdout = {
	.name = "stdout",
	.open = stdout_open,
	.put = stdout_put,
	.flush = stdout_flush,
	.health = stdout_health,
	.close = stdout_close,
};
