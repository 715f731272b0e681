/*
 * Records between the processes: what is sound arrives with its descriptors, all else is dropped
 * and its descriptors are closed.  The counters of the packet half: what is copied is safe.
 */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../../src/engine/hearsay.h"
#include "../../../src/engine/leave.h"
#include "../../../src/engine/wire.h"

static int pair[2];
static struct wire got;

static int setup(void **state)
{
	(void)state;
	return wire_pair(pair, false) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	(void)close(pair[0]);
	(void)close(pair[1]);
	return 0;
}

static unsigned open_descriptors(void)
{
	unsigned count = 0;
	DIR *dir = opendir("/proc/self/fd");
	assert_non_null(dir);
	while (readdir(dir))
		count++;
	(void)closedir(dir);
	return count;
}

static void descriptors_go_with_it(void **state)
{
	(void)state;
	int pipes[2];
	char byte = 'x';
	const struct wire_sockets w = { .place = 3, .name = "eth0" };
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(wire_receive(pair[1], &got), WIRE_NOTHING);
	assert_true(wire_send(pair[0], WIRE_SOCKETS, &w, sizeof(w), pipes, 2));
	assert_int_equal(wire_receive(pair[1], &got), WIRE_RECORD);
	assert_int_equal(got.kind, WIRE_SOCKETS);
	assert_int_equal(got.fd_count, 2);
	assert_memory_equal(got.body, &w, sizeof(w));
	assert_int_equal(write(got.fds[1], &byte, 1), 1);
	assert_int_equal(read(pipes[0], &byte, 1), 1);
	wire_close_fds(&got);
	(void)close(pipes[0]);
	(void)close(pipes[1]);
}

static void unsound_ones_are_dropped(void **state)
{
	(void)state;
	static uint8_t bytes[WIRE_MAX + 100];
	const int fds[2] = { 0, 0 };
	const struct wire_unset fine = { .place = 1 };
	unsigned before = open_descriptors();
	assert_true(wire_send(pair[0], WIRE_UNSET, bytes, sizeof(fine) - 1, NULL, 0));
	assert_true(wire_send(pair[0], WIRE_UNSET, bytes, sizeof(fine) + 1, NULL, 0));
	assert_true(wire_send(pair[0], WIRE_UNSET, &fine, sizeof(fine), fds, 2));
	assert_true(wire_send(pair[0], (enum wire_kind)0, bytes, 8, fds, 2));
	assert_true(wire_send(pair[0], WIRE__COUNT, bytes, 8, fds, 1));
	assert_true(wire_send(pair[0], WIRE_PLAN, bytes, sizeof(bytes), NULL, 0));
	assert_int_equal(send(pair[0], bytes, 3, 0), 3);
	assert_int_equal(send(pair[0], bytes, 1, 0), 1);
	/* neither true nor false */
	struct keep_request ask;
	memset(&ask, 2, sizeof(ask));
	assert_true(wire_send(pair[0], WIRE_ASK, &ask, sizeof(ask), NULL, 0));
	assert_true(wire_send(pair[0], WIRE_UNSET, &fine, sizeof(fine), NULL, 0));
	assert_int_equal(wire_receive(pair[1], &got), WIRE_RECORD);
	assert_int_equal(got.kind, WIRE_UNSET);
	assert_int_equal(got.fd_count, 0);
	assert_int_equal(wire_receive(pair[1], &got), WIRE_NOTHING);
	assert_int_equal(open_descriptors(), before);
}

static void texts_end(void **state)
{
	(void)state;
	static struct wire_plan plan;
	memset(&plan, 'x', sizeof(plan));
	assert_true(wire_send(pair[0], WIRE_PLAN, &plan, sizeof(plan), NULL, 0));
	assert_int_equal(wire_receive(pair[1], &got), WIRE_RECORD);
	const struct wire_plan *p = (const void *)got.body;
	assert_int_equal(strlen(p->filter), WIRE_FILTER - 1);
	assert_int_equal(strlen(p->interfaces[LIVE_INTERFACES - 1].name), SOCKETS_NAME - 1);
}

static void the_other_end_is_gone(void **state)
{
	(void)state;
	const struct wire_unset w = { .place = 1 };
	assert_true(wire_send(pair[0], WIRE_UNSET, &w, sizeof(w), NULL, 0));
	(void)close(pair[0]);
	assert_int_equal(wire_receive(pair[1], &got), WIRE_RECORD);
	assert_int_equal(wire_receive(pair[1], &got), WIRE_CLOSED);
	assert_false(wire_send(pair[1], WIRE_UNSET, &w, sizeof(w), NULL, 0));
	pair[0] = -1;
}

static void an_impatient_one_does_not_wait(void **state)
{
	(void)state;
	int other[2];
	const struct wire_connections w = { .peer_count = 1 };
	assert_true(wire_pair(other, true));
	unsigned sent = 0;
	while (sent < 100000 && wire_send(other[0], WIRE_CONNECTIONS, &w, sizeof(w), NULL, 0))
		sent++;
	assert_true(sent > 0 && sent < 100000);
	(void)close(other[0]);
	(void)close(other[1]);
}

static void counts_of_connections_are_cut(void **state)
{
	(void)state;
	static struct connections c = { .lock = PTHREAD_MUTEX_INITIALIZER };
	static struct wire_connections list = { .peer_count = UINT32_MAX,
						.socket_count = UINT32_MAX };
	connections_set(&c, &list);
	assert_int_equal(c.list.peer_count, 32);
	assert_int_equal(c.list.socket_count, 64);
}

static void counters_are_made_safe(void **state)
{
	(void)state;
	static struct tally t, back;
	int fd = hearsay_memory();
	struct hearsay *writer = hearsay_attach(fd), *reader = hearsay_attach(fd);
	assert_non_null(writer);
	assert_non_null(reader);
	assert_false(hearsay_take(reader, &back));
	memset(&t, 0xff, sizeof(t));
	hearsay_tell(writer, &t);
	assert_true(hearsay_take(reader, &back));
	assert_int_equal(back.link_count, LIVE_INTERFACES);
	assert_int_equal(back.worker_count, LIVE_WORKERS);
	for (unsigned i = 0; i < LIVE_INTERFACES; i++) {
		assert_int_equal(strlen(back.links[i].name), TALLY_NAME - 1);
		assert_int_equal(back.links[i].name[0], '?');
	}
	assert_int_equal(back.frames, UINT64_MAX);
	hearsay_free(writer);
	hearsay_free(reader);
	(void)close(fd);
}

static void no_board_is_refused(void **state)
{
	(void)state;
	char path[] = "/tmp/exfild-board-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_null(hearsay_attach(fd));
	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	assert_null(hearsay_attach(fd));
	assert_null(hearsay_attach(-1));
	(void)close(fd);
	(void)unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(descriptors_go_with_it, setup, teardown),
		cmocka_unit_test_setup_teardown(unsound_ones_are_dropped, setup, teardown),
		cmocka_unit_test_setup_teardown(texts_end, setup, teardown),
		cmocka_unit_test_setup_teardown(the_other_end_is_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(an_impatient_one_does_not_wait, setup, teardown),
		cmocka_unit_test(counts_of_connections_are_cut),
		cmocka_unit_test(counters_are_made_safe),
		cmocka_unit_test(no_board_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
