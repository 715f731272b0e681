/*
 * engine/parent.c - see parent.h.
 */
#include "parent.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "exfild/base/log.h"
#include "children.h"
#include "confine.h"
#include "notify.h"

#define TURN_MS         100
#define CAPTURE_USER    "exfild-capture"
#define CAPTURE_STOP_NS 6000000000ull /* then it is killed; ten times with a sanitizer */
#define CORE_STOP_NS    8000000000ull /* from there on, the same */
#define FIRST_NS        2000000000ull
#define CORE_TRIES      5 /* in a row, without a plan */
#define NEVER           UINT64_MAX

struct parent {
	const struct options *o;
	int signals;
	struct child core, capture;
	struct sandbox_user user_place;
	const struct sandbox_user *user; /* of capture, NULL: the same */
	struct wire_plan plan;
	char *rules; /* what capture is to look for in clear text, CONTENT_TEXT bytes */
	size_t rules_len;
	bool has_plan;     /* there was one: exfild has started */
	bool is_wanted;    /* capture is to begin */
	bool has_captured; /* one has ended before */
	bool is_stopping, has_told_end;
	uint64_t kill_ns; /* monotonic: what has not ended by itself */
	int core_status;  /* how the last core ended */
	int exit_status;
	bool is_over;
	struct follow *follow;
	uint64_t generation;
	struct wire message;
};

static uint64_t monotonic_ns(void)
{
	struct timespec t = { 0 };
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static bool tell_core(struct parent *p, enum wire_kind kind, const void *body, size_t len)
{
	return p->core.pid && wire_send(p->core.channel, kind, body, len, NULL, 0);
}

/* --- interfaces ----------------------------------------------------------------------------- */

static bool on_opened(void *arg, size_t place, const char *name, struct sockets *s)
{
	struct parent *p = arg;
	struct wire_sockets w;
	memset(&w, 0, sizeof(w));
	w.place = (uint32_t)place;
	w.index = s->index;
	w.linktype = s->linktype;
	w.is_loopback = s->is_loopback;
	w.is_filtered = s->is_filtered;
	w.block_size = s->block_size;
	w.block_count = s->block_count;
	(void)snprintf(w.name, sizeof(w.name), "%s", name);
	bool is_sent = p->capture.pid &&
		       wire_send(p->capture.channel, WIRE_SOCKETS, &w, sizeof(w), s->fds, s->count);
	sockets_close(s); /* the copies that were sent stay */
	return is_sent;
}

static void on_closed(void *arg, size_t place)
{
	const struct parent *p = arg;
	const struct wire_unset w = { .place = (uint32_t)place };
	if (p->capture.pid)
		(void)wire_send(p->capture.channel, WIRE_UNSET, &w, sizeof(w), NULL, 0);
}

static void tell_inside(struct parent *p)
{
	struct wire_prefixes w;
	size_t count;
	const struct prefix *list = follow_inside(p->follow, &count);
	size_t at = 0;
	do {
		memset(&w, 0, sizeof(w));
		w.is_first = at == 0;
		while (w.count < WIRE_LIST && at < count)
			w.list[w.count++] = list[at++];
		w.is_last = at == count;
	} while (tell_core(p, WIRE_INSIDE, &w, sizeof(w)) && at < count);
}

static void tell_own(struct parent *p)
{
	struct wire_addresses w;
	struct ipaddr list[LIVE_OWN];
	size_t count = follow_own(p->follow, list, LIVE_OWN);
	size_t at = 0;
	bool ok = p->capture.pid != 0;
	do {
		memset(&w, 0, sizeof(w));
		w.is_first = at == 0;
		while (w.count < WIRE_LIST && at < count)
			w.list[w.count++] = list[at++];
		w.is_last = at == count;
		ok = ok && wire_send(p->capture.channel, WIRE_OWN, &w, sizeof(w), NULL, 0);
	} while (ok && at < count);
}

static void tell_network(struct parent *p)
{
	if (!p->follow || p->generation == follow_generation(p->follow))
		return;
	p->generation = follow_generation(p->follow);
	tell_inside(p);
	tell_own(p);
}

static int make_follow(struct parent *p, char *why, size_t size)
{
	struct live_interface list[LIVE_INTERFACES];
	const struct wire_plan *plan = &p->plan;
	for (uint32_t i = 0; i < plan->interface_count; i++)
		list[i] = (struct live_interface){ plan->interfaces[i].name,
						   plan->interfaces[i].side <= LIVE_SIDE_OUTSIDE ?
							   plan->interfaces[i].side :
							   LIVE_SIDE_AUTO };
	const struct follow_options o = { .interfaces = list,
					  .interface_count = plan->interface_count,
					  .buffer_bytes = plan->buffer_bytes,
					  .filter = plan->filter,
					  .workers = plan->workers,
					  .opened = on_opened,
					  .closed = on_closed,
					  .arg = p };
	follow_free(p->follow);
	p->follow = NULL;
	p->generation = 0;
	return follow_new(&o, &p->follow, why, size);
}

/* --- capture -------------------------------------------------------------------------------- */

static void give_up(struct parent *p, const char *why)
{
	log_errorx("start", "%s", why);
	(void)tell_core(p, WIRE_REFUSED, NULL, 0);
	p->is_stopping = true;
	p->kill_ns = monotonic_ns() + CORE_STOP_NS;
	child_kill(&p->capture, p->user);
}

static bool fork_capture(struct parent *p, const struct split_key *split, int fds[WIRE_FD__COUNT])
{
	const struct child_capture o = { .options = p->o,
					 .plan = &p->plan,
					 .rules = p->rules,
					 .rules_len = p->rules_len,
					 .split = *split,
					 .user = p->user };
	return child_start_capture(&p->capture, &o, fds);
}

/* The first time all that was named must work; later what is missing is waited for. */
static void start_capture(struct parent *p)
{
	char why[512] = "";
	int fds[WIRE_FD__COUNT];
	const struct hash_key random = hash_key_random();
	const struct split_key split = split_key_of(random.k[0], random.k[1]);
	bool is_first = !p->follow;
	p->is_wanted = false;
	int err = is_first ? make_follow(p, why, sizeof(why)) : 0;
	if (!err && !fork_capture(p, &split, fds)) {
		(void)snprintf(why, sizeof(why), "cannot start capture: %s", strerror(errno));
		err = -EXF_E_IO;
	} else if (!err) {
		tell_own(p);
		err = follow_open(p->follow, &split, is_first, why, sizeof(why));
		(void)wire_send(p->capture.channel, WIRE_BEGIN, NULL, 0, NULL, 0);
		if (!err)
			(void)wire_send(p->core.channel, WIRE_CAPTURE, NULL, 0, fds,
					WIRE_FD__COUNT);
		for (unsigned i = 0; i < WIRE_FD__COUNT; i++)
			(void)close(fds[i]);
	}
	if (err && is_first) {
		give_up(p, why[0] ? why : exf_strerror(err));
	} else if (err) {
		log_warnx("start", "%s", why);
		p->is_wanted = true;
		p->capture.due_ns = monotonic_ns() + 1000000000ull;
	}
	p->generation = 0; /* both are to be told */
}

static void tell_gone(struct parent *p, int status)
{
	const struct wire_gone w = { .is_asked = p->is_stopping, .status = status };
	p->has_told_end = p->is_stopping;
	(void)tell_core(p, WIRE_GONE, &w, sizeof(w));
}

/* At the first start what cannot run is an error, which it has said itself; later it may be the
 * want of a moment. */
static bool is_refused(const struct parent *p, int status)
{
	return !p->has_captured && !p->is_stopping && WIFEXITED(status) && WEXITSTATUS(status) &&
	       monotonic_ns() - p->capture.started_ns < FIRST_NS;
}

static void capture_ended(struct parent *p, int status)
{
	bool refused = is_refused(p, status);
	p->has_captured = true;
	child_ended(&p->capture);
	if (refused)
		give_up(p, "capture cannot run here");
	p->kill_ns = monotonic_ns() + CORE_STOP_NS * (confine_is_sanitized() ? 10 : 1);
	if (p->follow)
		follow_forget(p->follow);
	if (!p->is_stopping && p->core.pid)
		log_errorx("start", "capture has ended (%s %d): it is started again",
			   WIFSIGNALED(status) ? "signal" : "status",
			   WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	tell_gone(p, status);
}

/* --- core ------------------------------------------------------------------------------------ */

static void start_core(struct parent *p)
{
	const int mine[] = { p->signals, p->capture.channel };
	if (!child_start_core(&p->core, p->o, p->core_status, mine,
			      sizeof(mine) / sizeof(mine[0]))) {
		log_error("start", "cannot start the analysis");
		p->core.due_ns = monotonic_ns() + 1000000000ull;
		p->is_over = !p->has_plan;
		p->exit_status = EXIT_START;
	}
}

static void core_ended(struct parent *p, int status)
{
	p->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_START;
	child_ended(&p->core);
	p->is_over = p->is_stopping || !p->has_plan || p->core.ends > CORE_TRIES;
	p->core_status = status ? status : W_EXITCODE(1, 0);
	p->is_wanted = false;
	/* what it has not read is lost, and another one takes other descriptors */
	child_kill(&p->capture, p->user);
	if (!p->is_over)
		log_errorx("start", "the analysis has ended (%s %d): it is started again",
			   WIFSIGNALED(status) ? "signal" : "status",
			   WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

static void take_rules(struct parent *p, const struct wire_rules *w)
{
	if (!p->rules)
		p->rules = malloc(CONTENT_TEXT);
	if (w->is_first)
		p->rules_len = 0;
	if (!p->rules || w->len > WIRE_RULES_PART || w->len > CONTENT_TEXT - p->rules_len)
		return;
	memcpy(p->rules + p->rules_len, w->text, w->len);
	p->rules_len += w->len;
}

/* It is not an enemy, but it talks to the network: what it says is held to its bounds. */
static void take_plan(struct parent *p, const struct wire_plan *plan)
{
	if (plan->interface_count > LIVE_INTERFACES || plan->workers < 1 ||
	    plan->workers > LIVE_WORKERS || plan->log_level > LOG_LEVEL_DEBUG)
		return;
	bool is_other = !p->has_plan || plan->interface_count != p->plan.interface_count ||
			plan->workers != p->plan.workers ||
			plan->buffer_bytes != p->plan.buffer_bytes ||
			strcmp(plan->filter, p->plan.filter) != 0 ||
			memcmp(plan->interfaces, p->plan.interfaces, sizeof(plan->interfaces)) != 0;
	p->plan = *plan;
	log_set_level((enum log_level)plan->log_level);
	if (is_other && p->has_plan) {
		char why[512] = "";
		if (make_follow(p, why, sizeof(why)) != 0)
			log_warnx("start", "%s", why);
	}
	p->has_plan = p->is_wanted = true;
}

static void take_word(const struct parent *p, const struct wire_notify *n)
{
	switch (n->word) {
	case WIRE_READY:
		if (!p->is_stopping)
			notify_ready();
		break;
	case WIRE_RELOADING:
		notify_reloading(n->steady_us);
		break;
	case WIRE_ALIVE:
		notify_alive("%.*s", (int)strcspn(n->text, "\n"), n->text);
		break;
	default:
		break;
	}
}

static void take_messages(struct parent *p)
{
	while (p->core.pid && wire_receive(p->core.channel, &p->message) == WIRE_RECORD) {
		const void *body = p->message.body;
		wire_close_fds(&p->message);
		if (p->message.kind == WIRE_PLAN) {
			take_plan(p, body);
		} else if (p->message.kind == WIRE_RULES) {
			take_rules(p, body);
		} else if (p->message.kind == WIRE_NOTIFY) {
			take_word(p, body);
		} else if (p->message.kind == WIRE_DISTRUST) {
			log_errorx("start", "capture is ended: %s",
				   ((const struct wire_distrust *)body)->why);
			child_kill(&p->capture, p->user);
		}
	}
}

/* --- signals --------------------------------------------------------------------------------- */

static void reap(struct parent *p)
{
	int status;
	pid_t pid;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == p->capture.pid)
			capture_ended(p, status);
		else if (pid == p->core.pid)
			core_ended(p, status);
	}
}

static void stop(struct parent *p)
{
	if (p->is_stopping)
		return;
	p->is_stopping = true;
	p->kill_ns = monotonic_ns() + CAPTURE_STOP_NS * (confine_is_sanitized() ? 10 : 1);
	notify_stopping();
	if (p->capture.pid)
		(void)wire_send(p->capture.channel, WIRE_STOP, NULL, 0, NULL, 0);
	if (!p->core.pid)
		p->is_over = true;
}

static void take_signals(struct parent *p)
{
	struct signalfd_siginfo s;
	while (read(p->signals, &s, sizeof(s)) == (ssize_t)sizeof(s)) {
		if (s.ssi_signo == SIGHUP)
			(void)tell_core(p, WIRE_RELOAD, NULL, 0);
		else if (s.ssi_signo != SIGCHLD)
			stop(p);
	}
	reap(p);
}

/* --- the loop -------------------------------------------------------------------------------- */

static void look_after(struct parent *p)
{
	uint64_t now_ns = monotonic_ns();
	if (p->is_stopping) {
		if (!p->capture.pid && !p->has_told_end && p->has_plan)
			tell_gone(p, 0);
		if (now_ns > p->kill_ns) {
			/* first the one, then the other */
			child_kill(p->capture.pid ? &p->capture : &p->core, p->user);
			p->kill_ns = now_ns + CORE_STOP_NS;
		}
		return;
	}
	if (!p->core.pid && !p->capture.pid && now_ns >= p->core.due_ns)
		start_core(p);
	if (p->is_wanted && !p->capture.pid && now_ns >= p->capture.due_ns)
		start_capture(p);
	if (p->follow)
		follow_turn(p->follow);
	tell_network(p);
}

static void run(struct parent *p)
{
	while (!p->is_over) {
		struct pollfd fds[3] = { { .fd = p->signals, .events = POLLIN },
					 { .fd = p->core.channel, .events = POLLIN },
					 { .fd = p->follow ? follow_fd(p->follow) : -1,
					   .events = POLLIN } };
		(void)poll(fds, 3, TURN_MS);
		take_messages(p);
		take_signals(p);
		if (!p->is_over)
			look_after(p);
	}
}

/* All signals wait in a descriptor; children have them blocked, and hear by their channels. */
static bool take_over_signals(struct parent *p)
{
	sigset_t set;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	(void)sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return false;
	p->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return p->signals >= 0;
}

static int start(struct parent *p)
{
	char why[512];
	struct sandbox_parent s = { .is_sanitized = confine_is_sanitized() };
	if (sandbox_find_user(CAPTURE_USER, &p->user_place))
		p->user = &p->user_place;
	if (!take_over_signals(p)) {
		log_error("start", "signals cannot be waited for");
		return EXIT_START;
	}
	if (sandbox_enter_parent(&s, why, sizeof(why)) != 0) {
		log_errorx("start", "%s", why);
		return EXIT_START;
	}
	start_core(p);
	return EXIT_DONE;
}

int parent_run(const struct options *o)
{
	struct parent *p = calloc(1, sizeof(*p));
	if (!p)
		return EXIT_START;
	p->o = o;
	p->signals = p->core.channel = p->capture.channel = -1;
	int status = start(p);
	if (status == EXIT_DONE) {
		run(p);
		status = p->exit_status;
	}
	follow_free(p->follow);
	if (p->capture.pid) {
		child_kill(&p->capture, p->user);
		(void)waitpid(p->capture.pid, NULL, 0);
	}
	if (p->signals >= 0)
		(void)close(p->signals);
	free(p->rules);
	free(p);
	return status;
}
