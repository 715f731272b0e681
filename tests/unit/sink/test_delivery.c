/*
 * Holds the delivery: every record to every sink, in order, through failures and restarts.
 */
#include <dirent.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "exfild/sink/delivery.h"
#include "unit/sink/sink_samples.h"

#define SEEN_MAX 20000

/* A sink of the test: takes `most` at once, nothing while it is shut. */
struct box {
	pthread_mutex_t lock;
	uint64_t seen[SEEN_MAX];
	size_t count, most;
	bool is_shut;
	unsigned calls, closed;
};

static size_t box_put(void *sink, struct record *const *list, size_t count)
{
	struct box *b = sink;
	pthread_mutex_lock(&b->lock);
	size_t n = b->is_shut ? 0 : count < b->most ? count : b->most;
	b->calls++;
	for (size_t i = 0; i < n && b->count < SEEN_MAX; i++)
		b->seen[b->count++] = list[i]->sequence;
	pthread_mutex_unlock(&b->lock);
	return n;
}

static void box_health(const void *sink, struct sink_health *ret)
{
	(void)sink;
	memset(ret, 0, sizeof(*ret));
	snprintf(ret->error, sizeof(ret->error), "the lid is shut");
}

static void box_close(void *sink)
{
	((struct box *)sink)->closed++;
}

static const struct sink_type type_a = {
	.name = "a", .put = box_put, .health = box_health, .close = box_close
};
static const struct sink_type type_b = {
	.name = "b", .put = box_put, .health = box_health, .close = box_close
};

static char folder[64];
static struct box a, b;
static uint64_t told[4];

static int setup(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/exfild-test-XXXXXX");
	assert_non_null(mkdtemp(folder));
	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
	memset(told, 0, sizeof(told));
	a.most = b.most = SEEN_MAX;
	pthread_mutex_init(&a.lock, NULL);
	pthread_mutex_init(&b.lock, NULL);
	return 0;
}

static int teardown(void **state)
{
	char path[400];
	struct dirent *e;
	DIR *d = opendir(folder);
	(void)state;
	while (d && (e = readdir(d))) {
		snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		unlink(path);
	}
	closedir(d);
	rmdir(folder);
	return 0;
}

static void on_trouble(void *arg, enum delivery_trouble what, const char *sink, uint64_t count,
		       const char *text)
{
	(void)arg;
	(void)sink;
	(void)text;
	told[what] += count;
}

static struct delivery *make(const char *directory, uint64_t memory_bytes)
{
	const struct delivery_options o = { .directory = directory,
					    .max_bytes = 8 << 20,
					    .memory_bytes = memory_bytes,
					    .session = "s",
					    .trouble = on_trouble };
	struct delivery *d = NULL;
	assert_int_equal(delivery_new(&o, &d), 0);
	return d;
}

static void use(struct delivery *d, bool with_a, bool with_b)
{
	struct delivery_sink list[2];
	size_t n = 0;
	if (with_a)
		list[n++] = (struct delivery_sink){ &type_a, &a };
	if (with_b)
		list[n++] = (struct delivery_sink){ &type_b, &b };
	assert_int_equal(delivery_sinks(d, list, n), 0);
}

static void put(struct delivery *d, uint64_t from, uint64_t to)
{
	for (uint64_t i = from; i <= to; i++)
		delivery_put(d, sample_record(i, NULL));
}

static void pause_ms(long ms)
{
	const struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	nanosleep(&t, NULL);
}

/* While a sink's thread may be writing. */
static size_t counted(struct box *x, bool calls)
{
	pthread_mutex_lock(&x->lock);
	size_t n = calls ? x->calls : x->count;
	pthread_mutex_unlock(&x->lock);
	return n;
}

static void let(struct box *x, size_t most)
{
	pthread_mutex_lock(&x->lock);
	x->most = most;
	pthread_mutex_unlock(&x->lock);
}

static void shut(struct box *x, bool is_shut)
{
	pthread_mutex_lock(&x->lock);
	x->is_shut = is_shut;
	pthread_mutex_unlock(&x->lock);
}

static void expect(const struct box *x, uint64_t from, uint64_t to)
{
	assert_int_equal(x->count, to - from + 1);
	for (size_t i = 0; i < x->count; i++)
		assert_int_equal(x->seen[i], from + i);
}

static void everybody_gets_everything_in_order(void **state)
{
	(void)state;
	for (unsigned with_disk = 0; with_disk < 2; with_disk++) {
		a.count = b.count = 0;
		a.most = 7;
		struct delivery *d = make(with_disk ? folder : NULL, 0);
		use(d, true, true);
		put(d, 1, 3000);
		let(&b, SEEN_MAX);
		assert_true(delivery_wait(d, 60000) || counted(&a, false) < 3000);
		while (counted(&a, false) < 3000 && counted(&a, true) < 100000)
			pause_ms(20);
		assert_true(delivery_stop(d));
		delivery_free(d);
		expect(&b, 1, 3000);
		expect(&a, 1, 3000);
		a.calls = 0;
		a.most = SEEN_MAX;
	}
	assert_int_equal(a.closed, 2);
	assert_int_equal(told[DELIVERY_LOST], 0);
}

static void one_that_is_shut_holds_up_no_other(void **state)
{
	(void)state;
	struct delivery *d = make(folder, 0);
	struct delivery_health h[2];
	shut(&a, true);
	use(d, true, true);
	put(d, 1, 500);
	for (unsigned i = 0; i < 3000 && counted(&b, false) < 500; i++)
		pause_ms(10);
	expect(&b, 1, 500);
	for (unsigned i = 0; i < 500; i++) { /* each thread in its own time */
		assert_int_equal(delivery_health(d, h, 2), 2);
		if (h[0].is_failing && !h[1].waiting)
			break;
		pause_ms(10);
	}
	assert_int_equal(h[0].waiting, 500);
	assert_int_equal(h[1].waiting, 0);
	assert_string_equal(h[0].sink.error, "the lid is shut");
	shut(&a, false);
	assert_true(delivery_wait(d, 60000));
	expect(&a, 1, 500);
	delivery_free(d);
}

static void what_waited_comes_at_the_next_start(void **state)
{
	(void)state;
	struct delivery *d = make(folder, 0);
	struct delivery_stats stats;
	shut(&a, true);
	use(d, true, true);
	put(d, 1, 400);
	for (unsigned i = 0; i < 3000 && (counted(&b, false) < 400 || !delivery_is_safe(d)); i++)
		pause_ms(10);
	assert_true(delivery_stop(d)); /* nothing is lost: it is kept */
	delivery_free(d);
	shut(&a, false);
	d = make(folder, 0);
	use(d, true, true);
	put(d, 401, 500);
	assert_true(delivery_wait(d, 60000));
	delivery_stats(d, &stats);
	assert_int_equal(stats.depth, 0);
	assert_true(stats.has_spool && !stats.is_failing);
	delivery_free(d);
	expect(&a, 1, 500);
	expect(&b, 1, 500); /* nothing twice: what it had was kept as well */
}

/* More than memory holds, and the sink behind by all of it: it is read from the disk. */
static void a_sink_far_behind_reads_from_the_disk(void **state)
{
	(void)state;
	struct delivery *d = make(folder, 200000);
	struct delivery_stats stats;
	shut(&a, true);
	use(d, true, false);
	put(d, 1, 5000);
	for (unsigned i = 0; i < 3000 && !delivery_is_safe(d); i++)
		pause_ms(10);
	delivery_stats(d, &stats);
	assert_true(stats.memory_bytes <= 200000);
	shut(&a, false);
	assert_true(delivery_wait(d, 60000));
	delivery_free(d);
	expect(&a, 1, 5000);
	assert_int_equal(told[DELIVERY_LOST], 0);
}

static void without_a_disk_the_oldest_go_and_are_told(void **state)
{
	(void)state;
	struct delivery *d = make("/proc/nonexistent", 100000);
	struct delivery_health h[1];
	assert_int_equal(told[DELIVERY_DISK], 1);
	shut(&a, true);
	use(d, true, false);
	put(d, 1, 1000);
	shut(&a, false);
	assert_true(delivery_wait(d, 60000));
	assert_int_equal(delivery_health(d, h, 1), 1);
	assert_true(h[0].lost > 0);
	assert_int_equal(h[0].lost, told[DELIVERY_LOST]);
	assert_int_equal(a.count + h[0].lost, 1000);
	assert_int_equal(a.seen[a.count - 1], 1000);
	assert_false(delivery_stop(d)); /* says so at the end as well */
	delivery_free(d);
}

/* The sink holds ten when memory runs full: whether they are lost is known when it has answered. */
static void judge_those_with_the_sink(bool takes_them)
{
	struct delivery *d = make("/proc/nonexistent", 100000);
	struct delivery_health h[1];
	use(d, true, false);
	a.is_shut = !takes_them;
	pthread_mutex_lock(&a.lock);
	put(d, 1, 10);
	pause_ms(100); /* it waits for the lock with them */
	put(d, 11, 1000);
	pthread_mutex_unlock(&a.lock);
	pause_ms(50);
	shut(&a, false);
	assert_true(delivery_wait(d, 60000));
	assert_int_equal(delivery_health(d, h, 1), 1);
	assert_true(h[0].lost > 0 && h[0].lost == told[DELIVERY_LOST]);
	assert_int_equal(a.count + h[0].lost, 1000);
	assert_int_equal(a.seen[0] == 1, takes_them);
	(void)delivery_stop(d);
	delivery_free(d);
}

static void what_a_sink_takes_while_memory_runs_full_is_not_lost(void **state)
{
	(void)state;
	judge_those_with_the_sink(true);
}

static void what_it_refuses_then_is(void **state)
{
	(void)state;
	judge_those_with_the_sink(false);
}

static void a_full_spool_loses_the_oldest_and_tells(void **state)
{
	const struct delivery_options o = { .directory = folder,
					    .max_bytes = 1 << 20,
					    .memory_bytes = 50000,
					    .session = "s",
					    .trouble = on_trouble };
	struct delivery *d = NULL;
	struct delivery_stats stats;
	(void)state;
	assert_int_equal(delivery_new(&o, &d), 0);
	shut(&a, true);
	use(d, true, false);
	put(d, 1, 6000);
	for (unsigned i = 0; i < 3000 && !delivery_is_safe(d); i++)
		pause_ms(10);
	delivery_stats(d, &stats);
	assert_true(stats.bytes <= 1 << 20);
	shut(&a, false);
	assert_true(delivery_wait(d, 60000));
	delivery_free(d);
	assert_true(told[DELIVERY_LOST] > 0);
	assert_int_equal(a.count + told[DELIVERY_LOST], 6000);
	for (size_t i = 1; i < a.count; i++)
		assert_true(a.seen[i] > a.seen[i - 1]);
	assert_int_equal(a.seen[a.count - 1], 6000);
}

static void nothing_is_kept_for_a_sink_that_is_not_there(void **state)
{
	(void)state;
	struct delivery *d = make(folder, 0);
	struct delivery_stats stats;
	put(d, 1, 10); /* no sink at all */
	shut(&a, true);
	use(d, true, true);
	put(d, 11, 20);
	for (unsigned i = 0; i < 3000 && counted(&b, false) < 10; i++)
		pause_ms(10);
	const struct delivery_sink only_b = { &type_b, NULL };
	assert_int_equal(delivery_sinks(d, &only_b, 1), 0); /* a reload without a */
	assert_int_equal(a.closed, 1);
	delivery_stats(d, &stats);
	assert_int_equal(stats.depth, 0);
	delivery_free(d);
	d = make(folder, 0);
	shut(&a, false);
	use(d, true, true);
	put(d, 21, 30);
	assert_true(delivery_wait(d, 60000));
	delivery_free(d);
	expect(&a, 21, 30);
	expect(&b, 11, 30);
}

static void what_was_sent_goes_again_on_request(void **state)
{
	(void)state;
	struct delivery *d = make(folder, 0);
	use(d, true, false);
	put(d, 1, 100);
	assert_true(delivery_wait(d, 60000));
	assert_int_equal(delivery_resend(d, 40, 42), 3);
	assert_true(delivery_wait(d, 60000));
	assert_int_equal(a.count, 103);
	assert_int_equal(a.seen[100], 40);
	assert_int_equal(a.seen[102], 42);
	delivery_session(d, "another");
	assert_int_equal(delivery_resend(d, 40, 42), 0);
	delivery_free(d);
	d = make(NULL, 0);
	assert_int_equal(delivery_resend(d, 1, 2), -EXF_E_UNSUPPORTED);
	delivery_free(d);
}

/* Every cut and every changed byte of a record's bytes is refused, or is a record. */
static void bytes_of_a_record_are_checked(void **state)
{
	struct record *r = sample_record(5, NULL), *got = NULL;
	struct buf out;
	(void)state;
	buf_init(&out, 65536);
	record_write(r, &out);
	assert_int_equal(record_read(out.data, out.len, &got), 0);
	assert_int_equal(got->sequence, 5);
	assert_int_equal(got->severity, 73);
	assert_string_equal(got->text[RECORD_JSON].data, r->text[RECORD_JSON].data);
	record_drop(got);
	for (size_t len = 0; len < out.len; len++)
		assert_int_equal(record_read(out.data, len, &got), -EXF_E_FORMAT);
	for (size_t at = 0; at < out.len; at++) {
		out.data[at] ^= 0x55;
		if (record_read(out.data, out.len, &got) == 0)
			record_drop(got);
		out.data[at] ^= 0x55;
	}
	buf_deinit(&out);
	record_drop(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(everybody_gets_everything_in_order, setup,
						teardown),
		cmocka_unit_test_setup_teardown(one_that_is_shut_holds_up_no_other, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_waited_comes_at_the_next_start, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_sink_far_behind_reads_from_the_disk, setup,
						teardown),
		cmocka_unit_test_setup_teardown(without_a_disk_the_oldest_go_and_are_told, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			what_a_sink_takes_while_memory_runs_full_is_not_lost, setup, teardown),
		cmocka_unit_test_setup_teardown(what_it_refuses_then_is, setup, teardown),
		cmocka_unit_test_setup_teardown(a_full_spool_loses_the_oldest_and_tells, setup,
						teardown),
		cmocka_unit_test_setup_teardown(nothing_is_kept_for_a_sink_that_is_not_there, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_was_sent_goes_again_on_request, setup,
						teardown),
		cmocka_unit_test_setup_teardown(bytes_of_a_record_are_checked, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
