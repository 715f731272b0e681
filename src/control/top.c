/*
 * control/top.c - the live screen: plain ANSI, keys without Enter.
 *
 * Where standard output is no terminal, or a dumb one, one picture is printed and that is all.
 */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "exfild/base/str.h"
#include "exfild/control/client.h"
#include "client_parts.h"
#include "parse.h"

#define ROWS_LEAST 5

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
	(void)number;
	stopped = 1;
}

struct screen {
	bool is_live, paused;
	unsigned sort;
	struct termios old;
};

static const char *const sorts[] = { "sent", "received", "flows", "latest" };

static bool is_terminal(void)
{
	const char *term = getenv("TERM");
	return isatty(STDOUT_FILENO) && isatty(STDIN_FILENO) && term && *term &&
	       strcmp(term, "dumb") != 0;
}

static void screen_begin(struct screen *s)
{
	struct sigaction act = { .sa_handler = on_signal };
	struct termios keys;
	(void)sigaction(SIGINT, &act, NULL);
	(void)sigaction(SIGTERM, &act, NULL);
	(void)tcgetattr(STDIN_FILENO, &s->old);
	keys = s->old;
	keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &keys);
	(void)fputs("\033[?25l\033[2J", stdout);
}

static void screen_end(const struct screen *s)
{
	(void)fputs("\033[?25h\n", stdout);
	(void)fflush(stdout);
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &s->old);
}

static size_t rows_each(const struct screen *s)
{
	struct winsize size;
	if (!s->is_live || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row < 24)
		return ROWS_LEAST;
	return (size_t)(size.ws_row - 9) / 3;
}

static void draw_text(const struct screen *s, const json_t *result, FILE *out)
{
	char rate[32];
	size_t rows = rows_each(s);
	(void)fprintf(out, "exfild: %.0f packets/s, %s/s, %lld flows, %lld dropped, %lld alerts\n",
		      json_number_value(json_object_get(result, "packets_per_s")),
		      str_bytes(rate, sizeof(rate),
				json_number_value(json_object_get(result, "bytes_per_s"))),
		      (long long)json_integer_value(json_object_get(result, "flows")),
		      (long long)json_integer_value(json_object_get(result, "drops")),
		      (long long)json_integer_value(json_object_get(result, "alerts")));
	if (s->is_live)
		(void)fprintf(out, "by %s%s   s sort  p pause  q quit\n", sorts[s->sort],
			      s->paused ? ", paused" : "");
	(void)fputc('\n', out);
	view_talkers(json_object_get(result, "hosts"), "HOST", rows, out);
	(void)fputc('\n', out);
	view_talkers(json_object_get(result, "destinations"), "DESTINATION", rows, out);
	(void)fputc('\n', out);
	view_talkers(json_object_get(result, "services"), "SERVICE", rows, out);
}

/* In one write: each line ends by clearing what stood there before. */
static void draw(const struct screen *s, const json_t *result)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	if (!out)
		return;
	draw_text(s, result, out);
	if (fclose(out) != 0 || !text)
		return;
	(void)fputs(s->is_live ? "\033[H" : "", stdout);
	for (const char *p = text; *p; p++) {
		if (*p == '\n' && s->is_live)
			(void)fputs("\033[K", stdout);
		(void)fputc(*p, stdout);
	}
	(void)fputs(s->is_live ? "\033[J" : "", stdout);
	(void)fflush(stdout);
	free(text);
}

/* False: it is over, and why has been said. */
static bool refresh(struct screen *s, struct link *l, struct request *r)
{
	if (s->is_live)
		(void)str_copy(r->sort, sizeof(r->sort), sorts[s->sort]);
	if (!link_send(l, r))
		return false;
	const char *line = link_line(l);
	json_t *top = line ? json_loads(line, JSON_REJECT_DUPLICATES, NULL) : NULL;
	const json_t *result = json_object_get(top, "result");
	if (result) {
		draw(s, result);
	} else {
		const char *why = json_string_value(
			json_object_get(json_object_get(top, "error"), "message"));
		(void)fprintf(stderr, "exfilctl: ");
		view_text(stderr, why ? why : "the daemon does not answer", 0);
		(void)fputc('\n', stderr);
	}
	bool good = result != NULL;
	json_decref(top);
	return good;
}

/* Waits for a key or the interval; false: quit. */
static bool take_key(struct screen *s, unsigned interval_s, bool *ret_now)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	char key = 0;
	*ret_now = !s->paused;
	if (poll(&in, 1, (int)interval_s * 1000) <= 0)
		return !stopped;
	if (read(STDIN_FILENO, &key, 1) != 1 || key == 'q' || key == 'Q')
		return false;
	if (key == 's')
		s->sort = (s->sort + 1) % (sizeof(sorts) / sizeof(sorts[0]));
	if (key == 'p' || key == ' ')
		s->paused = !s->paused;
	*ret_now = true;
	return true;
}

static unsigned sort_of(const char *name)
{
	for (unsigned i = 0; i < sizeof(sorts) / sizeof(sorts[0]); i++)
		if (strcmp(sorts[i], name) == 0)
			return i;
	return 0;
}

int top_run(const struct top_options *o)
{
	struct screen s = { .is_live = !o->once && is_terminal(),
			    .sort = sort_of(o->request.sort) };
	struct request r = o->request;
	struct link l;
	bool good = link_open(&l, o->socket_path);
	if (good && s.is_live)
		screen_begin(&s);
	bool began = good && s.is_live, now = true;
	while (good && !stopped) {
		if (now)
			good = refresh(&s, &l, &r);
		if (!good || !s.is_live || !take_key(&s, o->interval_s, &now))
			break;
	}
	if (began)
		screen_end(&s);
	link_close(&l);
	return good ? CLIENT_DONE : CLIENT_FAILED;
}
