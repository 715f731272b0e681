/*
 * unit/store/test_usage_groups.c - more groups than memory should hold come in their order, each of
 * them once, and where the file for it cannot be made that is said.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "../../../src/store/usage_db.h"

#define A_HOST 50u
#define HOSTS  (3 * RUN_ROWS / A_HOST + 7)

static uint64_t bytes_of(uint32_t host, uint32_t service)
{
	return ((uint64_t)host * 2654435761u + service * 40503u) % 1000003;
}

/* Some of them are complete at the end only, as groups of several numbers of one host are. */
static bool fill(struct groups *g)
{
	for (uint32_t host = 1; host <= HOSTS; host++) {
		for (uint32_t service = 1; service <= A_HOST; service++) {
			const struct group row = { .host = host,
						   .service = service,
						   .n = { .up = bytes_of(host, service) } };
			if (!groups_add(host % 100 ? &g->own : &g->all, &row))
				return false;
		}
		if (!groups_end_own(g))
			return false;
	}
	return groups_finish(g);
}

static void many_come_in_their_order(void **state)
{
	static uint8_t seen[HOSTS + 1][A_HOST + 1];
	static const enum usage_order orders[] = { USAGE_ORDER_UP, USAGE_ORDER_KEY };
	(void)state;
	for (size_t i = 0; i < 4; i++) {
		const struct usage_query q = { .by = BY(HOST) | BY(SERVICE),
					       .order = orders[i % 2],
					       .is_rising = i > 1 };
		struct groups g;
		struct group before, now;
		uint32_t count = 0;
		memset(seen, 0, sizeof(seen));
		groups_init(&g, &q);
		assert_true(fill(&g));
		assert_true(g.runs.count > 2);
		for (; groups_next(&g, &now); before = now, count++) {
			assert_true(count == 0 || groups_compare(&before, &now, &q) < 0);
			assert_true(now.n.up == bytes_of(now.host, now.service));
			assert_int_equal(seen[now.host][now.service]++, 0);
		}
		assert_int_equal(g.runs.error, 0);
		assert_int_equal(count, HOSTS * A_HOST);
		groups_free(&g);
	}
}

static void few_need_no_file(void **state)
{
	const struct usage_query q = { .by = BY(HOST), .order = USAGE_ORDER_UP, .limit = 20 };
	struct groups g;
	struct group now;
	uint64_t before = UINT64_MAX;
	uint32_t count = 0;
	(void)state;
	groups_init(&g, &q);
	assert_true(fill(&g));
	assert_int_equal(g.runs.count, 0);
	for (; groups_next(&g, &now); before = now.n.up, count++)
		assert_true(now.n.up <= before);
	assert_int_equal(count, 20);
	groups_free(&g);
}

static void no_file_is_said(void **state)
{
	const struct usage_query q = { .by = BY(HOST) };
	struct groups g;
	(void)state;
	assert_int_equal(setenv("TMPDIR", "/nonexistent", 1), 0);
	groups_init(&g, &q);
	assert_false(fill(&g));
	assert_int_not_equal(g.runs.error, 0);
	groups_free(&g);
	assert_int_equal(unsetenv("TMPDIR"), 0);
}

/* A disk that takes no more of it. */
static void a_full_disk_is_said(void **state)
{
	const struct usage_query q = { .by = BY(HOST) };
	const struct rlimit little = { 1u << 20, RLIM_INFINITY },
			    plenty = { RLIM_INFINITY, RLIM_INFINITY };
	struct groups g;
	(void)state;
	groups_init(&g, &q);
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
	bool is_filled = fill(&g);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &plenty), 0);
	assert_false(is_filled);
	assert_int_not_equal(g.runs.error, 0);
	groups_free(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_come_in_their_order),
		cmocka_unit_test(few_need_no_file),
		cmocka_unit_test(no_file_is_said),
		cmocka_unit_test(a_full_disk_is_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
