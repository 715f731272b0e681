/*
 * sink/stdout.c - alerts on standard output: a line of JSON, or the text for people.
 *
 * Each alert is flushed at once: whoever reads the pipe sees it when it happens, and a crash loses
 * nothing.  What cannot be written is counted and not tried again.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/sink/sink.h"

extern const struct sink_type sink_stdout;

struct stdout_sink {
	bool text;
	struct sink_health health;
};

static int stdout_open(const struct sink_options *o, void **ret, char *ret_why, size_t why_size)
{
	struct stdout_sink *s = calloc(1, sizeof(*s));
	if (!s) {
		snprintf(ret_why, why_size, "%s", exf_strerror(EXF_E_NOMEM));
		return -EXF_E_NOMEM;
	}
	s->text = o->text;
	*ret = s;
	return 0;
}

static void put_one(struct stdout_sink *s, const struct record *r)
{
	enum record_text form = s->text ? RECORD_TEXT : RECORD_JSON;
	errno = 0;
	/* the line's end, or what parts two texts */
	bool good = fwrite(r->text[form].data, 1, r->text[form].len, stdout) == r->text[form].len &&
		    fputc('\n', stdout) != EOF && fflush(stdout) == 0;
	if (good) {
		s->health.sent++;
		return;
	}
	snprintf(s->health.error, sizeof(s->health.error), "cannot write to standard output: %s",
		 strerror(errno));
	clearerr(stdout);
	s->health.failed++;
}

static size_t stdout_put(void *sink, struct record *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		put_one(sink, list[i]);
	return count;
}

static void stdout_health(const void *sink, struct sink_health *ret)
{
	*ret = ((const struct stdout_sink *)sink)->health;
}

static void stdout_close(void *sink)
{
	if (!sink)
		return;
	(void)fflush(stdout);
	free(sink);
}

const struct sink_type sink_stdout = {
	.name = "stdout",
	.open = stdout_open,
	.put = stdout_put,
	.health = stdout_health,
	.close = stdout_close,
};
