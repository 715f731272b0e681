/*
 * Requests to a responder that answers, refuses, is away or says nothing: nobody waits for it.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../../src/engine/enforcer.h"
#include "../../../src/engine/policy_words.h"

struct fake {
	char path[100];
	int listener;
	pthread_t thread;
	enum quarantine_status status; /* of ADD */
	unsigned adds;
};

/* A responder that has done one act, and answers until the other side goes. */
static void *serve(void *arg)
{
	struct fake *f = arg;
	int fd = accept(f->listener, NULL, NULL);
	struct quarantine_request r;
	while (fd >= 0 && recv(fd, &r, sizeof(r), 0) == (ssize_t)sizeof(r)) {
		struct quarantine_answer a = { .magic = QUARANTINE_MAGIC,
					       .version = QUARANTINE_VERSION,
					       .mode = QUARANTINE_MODE_ENFORCE,
					       .last_act = 5 + f->adds };
		if (r.op == QUARANTINE_ADD) {
			f->adds++;
			a.status = (uint8_t)f->status;
			snprintf(a.text, sizeof(a.text), "so it is");
		} else if (r.op == QUARANTINE_ACTS && r.index <= a.last_act) {
			a.act.number = r.index;
			a.act.kind = QUARANTINE_ACT_ADDED;
			a.act.mode = QUARANTINE_MODE_ENFORCE;
			a.act.entry.host = r.host;
			snprintf(a.act.entry.rule, sizeof(a.act.entry.rule), "policy:p");
			assert_int_equal(ipaddr_parse("10.0.0.1", &a.act.entry.host), 0);
		} else if (r.op == QUARANTINE_ACTS) {
			a.status = QUARANTINE_NO_MORE;
		}
		if (send(fd, &a, sizeof(a), MSG_NOSIGNAL) < 0)
			break;
	}
	if (fd >= 0)
		close(fd);
	return NULL;
}

static void fake_start(struct fake *f, enum quarantine_status status)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	memset(f, 0, sizeof(*f));
	f->status = status;
	snprintf(f->path, sizeof(f->path), "/tmp/exfild-enforcer-%d", (int)getpid());
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", f->path);
	unlink(f->path);
	f->listener = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	assert_int_equal(bind(f->listener, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(f->listener, 4), 0);
	assert_int_equal(pthread_create(&f->thread, NULL, serve, f), 0);
}

static void fake_end(struct fake *f)
{
	pthread_join(f->thread, NULL);
	close(f->listener);
	unlink(f->path);
}

static struct quarantine_request request(void)
{
	struct quarantine_request r;
	quarantine_prepare(&r, QUARANTINE_ADD);
	assert_int_equal(ipaddr_parse("10.0.0.1", &r.host), 0);
	snprintf(r.rule, sizeof(r.rule), "policy:p");
	snprintf(r.alert, sizeof(r.alert), "0123456789abcdef");
	return r;
}

static bool wait_note(struct enforcer *e, struct enforcer_note *ret)
{
	for (unsigned i = 0; i < 1000; i++) {
		if (enforcer_take(e, ret))
			return true;
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
	return false;
}

static void test_what_it_does_is_heard(void **state)
{
	(void)state;
	struct fake f;
	struct enforcer *e;
	struct enforcer_note note;
	struct enforcer_counts counts;
	struct quarantine_request r = request();
	fake_start(&f, QUARANTINE_OK);
	assert_int_equal(enforcer_start(f.path, &e), 0);
	assert_true(enforcer_put(e, &r));
	assert_true(wait_note(e, &note)); /* of this act alone: the five before are history */
	assert_int_equal(note.kind, ENFORCER_ACT);
	assert_int_equal(note.act.number, 6);
	assert_false(enforcer_take(e, &note));
	assert_false(enforcer_is_away(e));
	enforcer_counts(e, &counts);
	assert_int_equal(counts.asked, 1);
	assert_int_equal(counts.done, 1);
	enforcer_stop(e);
	fake_end(&f);
	struct finding told;
	note.act.number = 6;
	policy_act_finding(&note, 77, &told);
	assert_string_equal(told.rule, "quarantine");
	assert_int_equal(told.severity, SEVERITY_HIGH);
	assert_string_equal(told.message, "10.0.0.1: cut off, by policy:p");
	note.act.mode = QUARANTINE_MODE_DRY_RUN;
	policy_act_finding(&note, 77, &told);
	assert_int_equal(told.severity, SEVERITY_LOW);
	assert_non_null(strstr(told.message, "Dry run: 10.0.0.1"));
}

static void test_a_daemon_that_may_not_is_told(void **state)
{
	(void)state;
	struct fake f;
	struct enforcer *e;
	struct enforcer_note note;
	struct quarantine_request r = request();
	fake_start(&f, QUARANTINE_FORBIDDEN);
	assert_int_equal(enforcer_start(f.path, &e), 0);
	assert_true(enforcer_put(e, &r));
	assert_true(wait_note(e, &note));
	assert_int_equal(note.kind, ENFORCER_FAILED);
	assert_string_equal(note.text, "so it is");
	enforcer_stop(e);
	fake_end(&f);
}

static void test_nobody_is_there(void **state)
{
	(void)state;
	struct enforcer *e;
	struct enforcer_note note;
	struct enforcer_counts counts;
	struct finding told;
	struct quarantine_request r = request();
	assert_int_equal(enforcer_start("/nonexistent/responder.sock", &e), 0);
	assert_true(enforcer_put(e, &r));
	assert_true(wait_note(e, &note));
	assert_int_equal(note.kind, ENFORCER_FAILED);
	assert_true(enforcer_is_away(e));
	enforcer_counts(e, &counts);
	assert_int_equal(counts.failed, 1);
	policy_act_finding(&note, 77, &told);
	assert_non_null(strstr(told.message, "10.0.0.1: could not be cut off, by policy:p, alert "
					     "0123456789abcdef: No such file"));
	assert_non_null(strstr(told.not_harmless, "Traffic flows"));
	enforcer_stop(e);
}

static void test_the_queue_is_bounded(void **state)
{
	(void)state;
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct enforcer *e;
	struct enforcer_counts counts;
	struct quarantine_request r = request();
	unsigned put = 0;
	snprintf(a.sun_path, sizeof(a.sun_path), "/tmp/exfild-silent-%d", (int)getpid());
	unlink(a.sun_path);
	int listener = socket(AF_UNIX, SOCK_SEQPACKET, 0); /* accepts, and never says a word */
	assert_int_equal(bind(listener, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(enforcer_start(a.sun_path, &e), 0);
	struct timespec began, ended;
	clock_gettime(CLOCK_MONOTONIC, &began);
	for (unsigned i = 0; i < 1000; i++)
		put += enforcer_put(e, &r);
	clock_gettime(CLOCK_MONOTONIC, &ended);
	assert_in_range(put, ENFORCER_QUEUE, ENFORCER_QUEUE + 2);
	enforcer_counts(e, &counts);
	assert_int_equal(counts.full, 1000 - put);
	assert_true(ended.tv_sec - began.tv_sec <= 2); /* whoever puts does not wait */
	close(listener);
	unlink(a.sun_path);
	enforcer_stop(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_it_does_is_heard),
		cmocka_unit_test(test_a_daemon_that_may_not_is_told),
		cmocka_unit_test(test_nobody_is_there),
		cmocka_unit_test(test_the_queue_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
