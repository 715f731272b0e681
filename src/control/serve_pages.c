/*
 * control/serve_pages.c - pages that are made in a process each.
 *
 * A page asks a database that may be large, a daemon that may be slow and files that may be
 * anything: whoever else asks does not wait for that.  A process ends by itself when its time is
 * over, with its parent, and when nobody waits for its page any more.
 */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exfild/base/str.h"
#include "exfild/report/report.h"
#include "serve.h"

#define PART 65536 /* bytes read at once */

struct job {
	struct pages *pages;
	struct evhttp_request *request; /* NULL: who asked has gone */
	struct page_wish wish;
	struct event *closed;  /* the connection is, while there is no answer yet */
	struct event *part;    /* its pipe has something */
	struct evbuffer *page; /* what has come of it */
	pid_t child;           /* 0: none (any more) */
	bool has_begun;        /* it has had its turn */
	struct job *next;
};

struct pages {
	struct event_base *base;
	const struct pages_maker *maker;
	struct job *jobs; /* in the order in which they came */
	unsigned count, running;
};

/* ---- in the process ---- */

/* The connections of all others among them. */
static void close_others(int keep)
{
	if (keep > STDERR_FILENO + 1)
		(void)close_range(STDERR_FILENO + 1, (unsigned)keep - 1, 0);
	(void)close_range((unsigned)keep + 1, UINT_MAX, 0);
}

static bool write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);
		if (n < 0 && errno != EINTR)
			return false;
		data += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return true;
}

static _Noreturn void make_page(const struct job *j, pid_t parent, int fd)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGALRM };
	struct buf page;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		(void)signal(ends[i], SIG_DFL);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	(void)alarm(PAGE_S);
	close_others(fd);
	buf_init(&page, REPORT_BYTES);
	bool is_made = j->pages->maker->make(j->pages->maker->arg, &j->wish, &page) && !page.full;
	_exit(is_made && write_all(fd, page.data, page.len) ? 0 : 1);
}

/* ---- one after the other ---- */

static void start_some(struct pages *p);

static void free_job(struct job *j)
{
	evbuffer_free(j->page);
	free(j);
}

static void remove_job(struct job *j)
{
	struct job **at = &j->pages->jobs;
	while (*at != j)
		at = &(*at)->next;
	*at = j->next;
	j->pages->count--;
	free_job(j);
}

static void watch_no_more(struct job *j)
{
	if (j->closed)
		event_free(j->closed);
	j->closed = NULL;
}

/* Its request is answered, or will never be. */
static void forget_request(struct job *j)
{
	struct evhttp_connection *c = evhttp_request_get_connection(j->request);
	watch_no_more(j);
	if (c)
		evhttp_connection_set_closecb(c, NULL, NULL);
	evhttp_request_set_on_complete_cb(j->request, NULL, NULL);
	j->request = NULL;
}

static void on_taken(struct evhttp_request *r, void *arg)
{
	struct job *j = arg;
	(void)r;
	forget_request(j);
	remove_job(j);
}

/* Who asked has gone: a process that still works on it ends, and its pipe with it. */
static void on_gone(struct evhttp_connection *c, void *arg)
{
	struct job *j = arg;
	(void)c;
	forget_request(j);
	if (j->child)
		(void)kill(j->child, SIGKILL);
	else
		remove_job(j);
}

/* evhttp does not read before it has answered, and would not see it. */
static void on_closed(evutil_socket_t fd, short what, void *arg)
{
	struct job *j = arg;
	(void)fd;
	(void)what;
	evhttp_connection_free(evhttp_request_get_connection(j->request));
}

static void watch(struct job *j, struct evhttp_connection *c)
{
	evutil_socket_t fd = bufferevent_getfd(evhttp_connection_get_bufferevent(c));
	j->closed = event_new(j->pages->base, fd, EV_CLOSED, on_closed, j);
	if (j->closed && event_add(j->closed, NULL) != 0)
		watch_no_more(j); /* it is seen when the page is ready */
	evhttp_connection_set_closecb(c, on_gone, j);
	evhttp_request_set_on_complete_cb(j->request, on_taken, j);
}

static void give(struct job *j, enum page_end end)
{
	const struct pages_maker *m = j->pages->maker;
	watch_no_more(j);
	m->answer(m->arg, j->request, end, j->page);
}

static int wait_for(pid_t child)
{
	int status = 0;
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static void end_child(struct job *j)
{
	int fd = event_get_fd(j->part);
	event_free(j->part);
	(void)close(fd);
	j->part = NULL;
	j->child = 0;
	j->pages->running--;
}

/* The process has said all that it will. */
static void on_end(struct job *j, bool is_whole)
{
	struct pages *p = j->pages;
	pid_t child = j->child;
	if (!is_whole)
		(void)kill(child, SIGKILL);
	end_child(j);
	int status = wait_for(child);
	enum page_end end = is_whole && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? PAGE_MADE :
			    WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM        ? PAGE_LATE :
											PAGE_FAILED;
	if (j->request)
		give(j, end);
	else
		remove_job(j);
	start_some(p);
}

static void on_part(evutil_socket_t fd, short what, void *arg)
{
	struct job *j = arg;
	(void)what;
	int n = evbuffer_read(j->page, fd, PART);
	bool is_again = n < 0 && (errno == EAGAIN || errno == EINTR);
	if (n > 0 && evbuffer_get_length(j->page) <= REPORT_BYTES)
		return;
	if (!is_again)
		on_end(j, n == 0);
}

static bool start(struct job *j)
{
	int fds[2];
	pid_t parent = getpid();
	if (pipe2(fds, O_CLOEXEC) != 0)
		return false;
	j->part = fcntl(fds[0], F_SETFL, O_NONBLOCK) == 0 ?
			  event_new(j->pages->base, fds[0], EV_READ | EV_PERSIST, on_part, j) :
			  NULL;
	bool is_good = j->part && event_add(j->part, NULL) == 0;
	pid_t child = is_good ? fork() : -1;
	if (child == 0)
		make_page(j, parent, fds[1]);
	(void)close(fds[1]);
	if (child > 0) {
		j->child = child;
		j->pages->running++;
		return true;
	}
	if (j->part)
		event_free(j->part);
	j->part = NULL;
	(void)close(fds[0]);
	return false;
}

static void start_some(struct pages *p)
{
	for (struct job *j = p->jobs, *next; j && p->running < PAGES_AT_ONCE; j = next) {
		next = j->next;
		if (j->has_begun)
			continue;
		j->has_begun = true;
		if (!start(j))
			give(j, PAGE_FAILED);
	}
}

struct pages *pages_open(struct event_base *base, const struct pages_maker *maker)
{
	struct pages *p = calloc(1, sizeof(*p));
	if (p)
		*p = (struct pages){ .base = base, .maker = maker };
	return p;
}

bool pages_ask(struct pages *p, struct evhttp_request *r, const char *kind, const char *host)
{
	struct job *j = p->count < PAGES_MAX ? calloc(1, sizeof(*j)) : NULL;
	struct job **last = &p->jobs;
	if (j)
		j->page = evbuffer_new();
	if (!j || !j->page) {
		free(j);
		return false;
	}
	j->pages = p;
	j->request = r;
	j->wish.kind = kind;
	(void)str_copy(j->wish.host, sizeof(j->wish.host), host);
	while (*last)
		last = &(*last)->next;
	*last = j;
	p->count++;
	watch(j, evhttp_request_get_connection(r));
	start_some(p);
	return true;
}

void pages_close(struct pages *p)
{
	for (struct job *j = p ? p->jobs : NULL, *next; j; j = next) {
		next = j->next;
		if (j->request)
			forget_request(j);
		if (j->child) {
			pid_t child = j->child;
			(void)kill(child, SIGKILL);
			end_child(j);
			(void)wait_for(child);
		}
		free_job(j);
	}
	free(p);
}
