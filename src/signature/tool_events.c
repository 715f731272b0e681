/*
 * signature/tool_events.c - the events of a file or a capture, one by one, before rules.
 *
 * A capture is read by the exfild that lies beside this program: it writes its events to a pipe,
 * and what a rule sees here is what it sees there.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exfild/base/buf.h"
#include "exfild/base/ipaddr.h"
#include "exfild/base/str.h"
#include "exfild/event/log.h"
#include "exfild/signature/signature.h"
#include "exfild/signature/tool.h"

#define NEAREST_MAX 8192
#define PEEK        64

struct source_file {
	FILE *file;
	pid_t child;  /* 0: none */
	bool is_ours; /* to be closed */
};

struct run {
	struct signatures *s;
	size_t rule, most;
	FILE *out;
	struct tool_events *ret;
	size_t line;
	struct buf nearest, said;
};

/* Lines of JSON begin with a brace; no capture does. */
static bool is_lines(FILE *f)
{
	int c = getc(f);
	while (c != EOF && isspace(c))
		c = getc(f);
	bool is = c == '{' || c == EOF;
	rewind(f);
	return is;
}

static bool beside(char *dst, size_t size)
{
	char self[900];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n <= 0)
		return false;
	self[n] = '\0';
	char *slash = strrchr(self, '/');
	if (!slash)
		return false;
	*slash = '\0';
	n = snprintf(dst, size, "%s/exfild", self);
	if (n > 0 && (size_t)n < size && access(dst, X_OK) == 0)
		return true;
	/* installed, the daemon is in sbin and this program in bin */
	slash = strrchr(self, '/');
	if (!slash)
		return false;
	*slash = '\0';
	n = snprintf(dst, size, "%s/sbin/exfild", self);
	return n > 0 && (size_t)n < size && access(dst, X_OK) == 0;
}

static int open_capture(struct source_file *f, const char *path, char *why, size_t size)
{
	char program[1000];
	int pipes[2];
	if (!beside(program, sizeof(program))) {
		(void)snprintf(
			why, size,
			"no exfild lies beside this program to read the capture %s: give the "
			"events that 'exfild -r %s --events FILE' writes",
			path, path);
		return -EXF_E_IO;
	}
	if (pipe(pipes) != 0) {
		(void)snprintf(why, size, "no pipe: %s", strerror(errno));
		return -EXF_E_IO;
	}
	f->child = fork();
	if (f->child == 0) {
		(void)dup2(pipes[1], STDOUT_FILENO);
		(void)close(pipes[0]);
		(void)close(pipes[1]);
		(void)execl(program, program, "-q", "-r", path, "--events", "-", (char *)NULL);
		_exit(127);
	}
	(void)close(pipes[1]);
	f->file = f->child > 0 ? fdopen(pipes[0], "r") : NULL;
	if (f->file)
		return 0;
	(void)snprintf(why, size, "exfild cannot be started: %s", strerror(errno));
	(void)close(pipes[0]);
	return -EXF_E_IO;
}

static int open_source(struct source_file *f, const char *path, char *why, size_t size)
{
	if (strcmp(path, "-") == 0) {
		f->file = stdin;
		return 0;
	}
	f->is_ours = true;
	f->file = fopen(path, "re");
	if (!f->file) {
		(void)snprintf(why, size, "%s cannot be read: %s", path, strerror(errno));
		return -EXF_E_IO;
	}
	if (is_lines(f->file))
		return 0;
	(void)fclose(f->file);
	f->file = NULL;
	return open_capture(f, path, why, size);
}

/* False: the program that reads the capture could not. */
static bool close_source(struct source_file *f)
{
	int status = 0;
	if (f->file && f->is_ours)
		(void)fclose(f->file);
	if (f->child <= 0)
		return true;
	while (waitpid(f->child, &status, 0) < 0 && errno == EINTR)
		;
	/* 3: a damaged capture, all that is readable was read */
	return WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 3);
}

static void on_hit(void *arg, const struct signature_hit *hit)
{
	struct run *r = arg;
	char at[40], from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX];
	if (hit->rule->number != r->rule)
		return;
	if (r->out && r->ret->hits < r->most) {
		const struct event *e = hit->event;
		(void)fprintf(r->out, "match: line %zu, %s, %s %s -> %s", r->line,
			      str_time(at, sizeof(at), e->time_ns), event_kind_name(e->kind),
			      ipaddr_print(&e->src, from, sizeof(from)),
			      ipaddr_print(&e->dst, to, sizeof(to)));
		if (hit->measure)
			(void)fprintf(r->out, ", %g %s (asked for: %g)", hit->value, hit->measure,
				      hit->limit);
		(void)fputc('\n', r->out);
	}
	r->ret->hits++;
}

/* The event of which most of the rule's parts hold. */
static void weigh(struct run *r, const struct event *e)
{
	unsigned of = 0;
	buf_reset(&r->said);
	unsigned held = signatures_why(r->s, r->rule, e, &of, &r->said);
	if (!of || (r->ret->best_line && held <= r->ret->best_held))
		return;
	r->ret->best_held = held;
	r->ret->of = of;
	r->ret->best_line = r->line;
	buf_reset(&r->nearest);
	buf_add(&r->nearest, r->said.data, r->said.len);
}

static void take_line(struct run *r, struct event_log *log, const char *line, size_t len)
{
	static const char alert[] = "{\"@timestamp\"";
	char why[200];
	if (!len || (len > sizeof(alert) && memcmp(line, alert, sizeof(alert) - 1) == 0))
		return;
	event_log_reset(log);
	if (signature_line(log, line, len, r->line, why, sizeof(why)) != 0) {
		if (!r->ret->refused++)
			(void)snprintf(r->ret->why, sizeof(r->ret->why), "line %zu: %s", r->line,
				       why);
		return;
	}
	for (const struct event *e = event_log_next(log, NULL); e; e = event_log_next(log, e)) {
		r->ret->events++;
		signatures_event(r->s, e, on_hit, r);
		if (r->rule < signatures_count(r->s))
			weigh(r, e);
	}
}

int tool_run(struct signatures *s, const char *path, size_t rule, size_t most, FILE *out,
	     struct tool_events *ret, char *ret_why, size_t why_size)
{
	struct source_file f = { .file = NULL };
	struct run r = { .s = s, .rule = rule, .most = most, .out = out, .ret = ret };
	char *line = NULL;
	size_t room = 0;
	ssize_t n;
	memset(ret, 0, sizeof(*ret));
	int err = open_source(&f, path, ret_why, why_size);
	struct event_log *log = err ? NULL : event_log_new();
	if (!log) {
		if (!err)
			(void)snprintf(ret_why, why_size, "%s", exf_strerror(EXF_E_NOMEM));
		(void)close_source(&f);
		return err ? err : -EXF_E_NOMEM;
	}
	buf_init(&r.nearest, NEAREST_MAX);
	buf_init(&r.said, NEAREST_MAX);
	while ((n = getline(&line, &room, f.file)) > 0) {
		r.line++;
		if (line[n - 1] == '\n')
			n--;
		if (n <= TOOL_LINE)
			take_line(&r, log, line, (size_t)n);
	}
	if (!close_source(&f)) {
		(void)snprintf(ret_why, why_size, "exfild could not read %s: see above", path);
		err = -EXF_E_IO;
	}
	if (out && r.nearest.len)
		(void)fprintf(out, "nearest: line %zu, %u of %u parts hold\n%.*s", ret->best_line,
			      ret->best_held, ret->of, (int)r.nearest.len, r.nearest.data);
	free(line);
	event_log_free(log);
	buf_deinit(&r.nearest);
	buf_deinit(&r.said);
	return err;
}
