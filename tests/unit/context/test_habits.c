/*
 * Habits of hosts: shown, carried to another sensor, forgotten; what cannot be is refused.
 */
#include "exfild/context/habits.h"
#include "support.h"

#define SECOND 1000000000ull
#define DAY    (86400 * SECOND)
#define START  (20000 * DAY)

static struct context *here, *there;
static uint64_t flow;

static int start(void **state)
{
	struct context_options o = { .max_hosts = 200, .max_names = 100 };
	struct context_options small = { .max_hosts = 4, .max_names = 100 };
	(void)state;
	here = make(&o);
	there = make(&small);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	context_free(here);
	context_free(there);
	return 0;
}

static void send_out(struct context *c, const char *src, uint64_t now, uint64_t up)
{
	struct event_flow f = { .e = { .size = sizeof(f),
				       .kind = EVENT_FLOW_END,
				       .time_ns = now,
				       .flow = ++flow,
				       .src = ip(src),
				       .dst = ip("198.51.100.7"),
				       .sport = 50000,
				       .dport = 443,
				       .proto = 6 } };
	f.payload[0] = up;
	f.payload[1] = 100;
	f.outcome = FLOW_OUTCOME_ESTABLISHED;
	context_event(c, &f.e);
}

static bool find(struct context *c, const char *address, struct habit *ret)
{
	struct ipaddr a = ip(address);
	for (uint32_t i = 0; i < habit_slots(c); i++)
		if (habit_at(c, i, ret) && ipaddr_equal(&ret->address, &a))
			return true;
	return false;
}

/* Ten days of one, two of another. */
static void live(struct context *c)
{
	for (unsigned day = 0; day < 10; day++)
		send_out(c, "10.0.0.5", START + day * DAY, 5000000);
	for (unsigned day = 8; day < 10; day++)
		send_out(c, "10.0.0.6", START + day * DAY, 70000);
}

static void rows_tell_what_is_known(void **state)
{
	struct habit h;
	(void)state;
	live(here);
	assert_true(find(here, "10.0.0.5", &h));
	assert_int_equal(h.days_seen, 9);
	assert_true(h.is_learnt && !h.is_suspect);
	assert_true(h.usual_day > 4e6 && h.usual_day < 6e6);
	assert_true(h.most_day > 4.9e6 && h.weeks > 3e7);
	assert_true(find(here, "10.0.0.6", &h));
	assert_false(h.is_learnt);
	struct ipaddr a = ip("10.0.0.6");
	context_suspect(here, &a, 0);
	assert_true(find(here, "10.0.0.6", &h) && h.is_suspect);
}

static void carry(struct buf *out, const char *address)
{
	struct habit h;
	struct ipaddr a = ip(address);
	buf_init(out, HABIT_BYTES);
	for (uint32_t i = 0; i < habit_slots(here); i++)
		if (habit_at(here, i, &h) && ipaddr_equal(&h.address, &a))
			assert_true(habit_save(here, i, out));
	assert_true(out->len > 0 && !out->full);
}

static void habits_travel(void **state)
{
	struct buf b;
	struct habit h;
	(void)state;
	live(here);
	carry(&b, "10.0.0.5");
	send_out(there, "10.0.0.9", START + 200 * DAY, 1000);
	assert_int_equal(habit_load(there, b.data, b.len, false), 1);
	assert_true(find(there, "10.0.0.5", &h));
	assert_int_equal(h.days_seen, 9);
	assert_true(h.usual_day > 4e6 && h.weeks > 3e7); /* ages, not times: nothing has decayed */
	/* it goes on from there */
	send_out(there, "10.0.0.5", START + 201 * DAY, 5000000);
	assert_true(find(there, "10.0.0.5", &h));
	/* merging keeps what was watched longer */
	assert_int_equal(habit_load(there, b.data, b.len, true), 0);
	assert_int_equal(habit_load(there, b.data, b.len, false), 1);
	buf_deinit(&b);
	carry(&b, "10.0.0.6"); /* the table holds two: what is there stays */
	assert_int_equal(habit_load(there, b.data, b.len, false), -EXF_E_LIMIT);
	assert_true(find(there, "10.0.0.9", &h));
	buf_deinit(&b);
}

static void what_cannot_be_is_refused(void **state)
{
	struct buf b;
	struct habit h;
	unsigned refused = 0;
	(void)state;
	live(here);
	carry(&b, "10.0.0.5");
	for (size_t len = 0; len < b.len; len++)
		assert_int_equal(habit_load(here, b.data, len, false), -EXF_E_FORMAT);
	for (size_t i = 0; i < b.len; i++) { /* whatever is taken can be used */
		b.data[i] = (char)(b.data[i] ^ 0x80);
		refused += habit_load(there, b.data, b.len, false) == -EXF_E_FORMAT;
		b.data[i] = (char)(b.data[i] ^ 0x80);
		send_out(there, "10.0.0.5", START + 300 * DAY + i * SECOND, 10);
		if (find(there, "10.0.0.5", &h))
			assert_true(h.usual_day >= 0 && h.weeks >= 0);
	}
	assert_true(refused > 5);
	buf_deinit(&b);
}

static void what_is_forgotten_is_learnt_anew(void **state)
{
	struct habit h;
	struct ipaddr a = ip("10.0.0.5");
	(void)state;
	live(here);
	assert_int_equal(context_learning_left_ns(here), 0);
	assert_int_equal(habit_forget(here, &a), 1);
	assert_int_equal(habit_forget(here, &a), 0);
	assert_false(find(here, "10.0.0.5", &h));
	assert_true(find(here, "10.0.0.6", &h));
	assert_int_equal(context_learning_left_ns(here), 0);
	assert_int_equal(habit_forget(here, NULL), 1);
	assert_true(context_learning_left_ns(here) > 0);
	send_out(here, "10.0.0.5", START + 11 * DAY, 10);
	assert_true(find(here, "10.0.0.5", &h));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rows_tell_what_is_known, start, stop),
		cmocka_unit_test_setup_teardown(habits_travel, start, stop),
		cmocka_unit_test_setup_teardown(what_cannot_be_is_refused, start, stop),
		cmocka_unit_test_setup_teardown(what_is_forgotten_is_learnt_anew, start, stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
