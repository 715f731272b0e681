/*
 * Holds who may do what.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "exfild/base/peer.h"

static struct peer judge(uid_t uid, gid_t a, gid_t b)
{
	struct peer_rules rules = { .has_read = true, .has_act = true, .read = 100, .act = 200 };
	struct peer p = { .uid = uid };
	gid_t groups[] = { a, b };
	peer_judge(&rules, groups, 2, &p);
	return p;
}

static void test_rights(void **state)
{
	uid_t stranger = geteuid() + 1234;
	(void)state;
	assert_true(judge(0, 1, 2).may_act && judge(0, 1, 2).may_read);
	assert_true(judge(geteuid(), 1, 2).may_act);
	assert_false(judge(stranger, 1, 2).may_read);
	assert_true(judge(stranger, 1, 100).may_read);
	assert_false(judge(stranger, 1, 100).may_act);
	assert_true(judge(stranger, 200, 1).may_act && judge(stranger, 200, 1).may_read);
	/* without the groups nobody but root and the daemon's user */
	struct peer_rules none = { 0 };
	struct peer p = { .uid = stranger };
	gid_t zero = 0;
	peer_judge(&none, &zero, 1, &p);
	assert_false(p.may_read || p.may_act);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_rights) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
