/* saved, request: what survives a restart, what is damaged, and what is no request. */
#include <sys/stat.h>

#include "../../../src/responder/saved.h"
#include "never_list.h"

static char folder[64];

static int begin(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/exfild-saved-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int end(void **state)
{
	char command[128];
	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static void fill(struct book *b, struct never *n, unsigned count)
{
	static const struct book_asker admin = { .is_admin = true };
	struct book_limits limits = { .max = 8, .per_minute = 5, .ttl_s = 3600 };
	struct quarantine_entry e;
	char why[160], host[32];
	protect_some(n);
	assert_int_equal(book_init(b, &limits), 0);
	for (unsigned i = 0; i < count; i++) {
		(void)snprintf(host, sizeof(host), "10.1.1.%u", i);
		struct quarantine_request r = wish(host, NULL);
		r.ttl_s = 1000 * (i + 1);
		assert_int_equal(book_add(b, n, &r, &admin, 5000, &e, why, sizeof(why)),
				 QUARANTINE_OK);
	}
}

static void drop(struct book *b, struct never *n)
{
	book_deinit(b);
	never_deinit(n);
}

static void what_is_not_over_survives(void **state)
{
	struct book b, c;
	struct never n, m;
	(void)state;
	fill(&b, &n, 3);
	assert_true(saved_write(folder, &b));
	fill(&c, &m, 0);
	saved_read(folder, &c, &m, 6500); /* the first has ended at 6000 */
	assert_int_equal(c.count, 2);
	assert_int_equal(c.last_number, 3);
	assert_memory_equal(&c.entries[0], &b.entries[1], sizeof(b.entries[1]));
	drop(&c, &m);
	/* who is protected now is not cut off by what was decided before */
	fill(&c, &m, 0);
	struct prefix p;
	assert_int_equal(prefix_parse("10.1.1.2", &p), 0);
	never_add(&m, &p, "in quarantine.never");
	saved_read(folder, &c, &m, 6500);
	assert_int_equal(c.count, 1);
	drop(&c, &m);
	drop(&b, &n);
}

static void every_cut_and_every_flipped_byte_is_found(void **state)
{
	struct book b;
	struct never n;
	struct stat st;
	char path[128], aside[128];
	(void)state;
	fill(&b, &n, 2);
	assert_true(saved_write(folder, &b));
	(void)snprintf(path, sizeof(path), "%s/decisions", folder);
	(void)snprintf(aside, sizeof(aside), "%s/decisions.damaged", folder);
	FILE *f = fopen(path, "r");
	uint8_t whole[2048];
	size_t len = fread(whole, 1, sizeof(whole), f);
	(void)fclose(f);
	assert_true(len > 2 * sizeof(struct quarantine_entry) && len < sizeof(whole));
	for (size_t i = 0; i < 2 * len; i++) {
		struct book c;
		struct never m;
		bool is_cut = i < len;
		fill(&c, &m, 0);
		f = fopen(path, "w");
		if (!is_cut)
			whole[i - len] ^= 0x41;
		assert_int_equal(fwrite(whole, 1, is_cut ? i : len, f), is_cut ? i : len);
		if (!is_cut)
			whole[i - len] ^= 0x41;
		(void)fclose(f);
		saved_read(folder, &c, &m, 5500);
		/* of the head, only the last number is not covered by the hash */
		assert_true(c.count == 0 || (!is_cut && i - len < 40));
		if (c.count == 0) {
			assert_int_equal(stat(aside, &st), 0);
			assert_int_not_equal(stat(path, &st), 0);
			(void)unlink(aside);
		}
		drop(&c, &m);
	}
	drop(&b, &n);
}

static void the_break_glass_is_a_file(void **state)
{
	(void)state;
	assert_false(saved_is_off(folder));
	assert_true(saved_set_off(folder, true) && saved_is_off(folder));
	assert_true(saved_set_off(folder, true));
	assert_true(saved_set_off(folder, false) && !saved_is_off(folder));
	assert_true(saved_set_off(folder, false));
	assert_false(saved_set_off("/nowhere", true));
}

static void only_a_request_is_one(void **state)
{
	struct quarantine_request r = wish("10.1.1.1", NULL), bad;
	(void)state;
	for (size_t len = 0; len < sizeof(r); len++)
		assert_false(quarantine_is_request(&r, len));
	assert_true(quarantine_is_request(&r, sizeof(r)));
	bad = r;
	bad.magic++;
	assert_false(quarantine_is_request(&bad, sizeof(bad)));
	bad = r;
	bad.op = QUARANTINE_OP__COUNT;
	assert_false(quarantine_is_request(&bad, sizeof(bad)));
	bad = r;
	bad.kind = QUARANTINE_KIND__COUNT;
	assert_false(quarantine_is_request(&bad, sizeof(bad)));
	bad = r;
	bad.flags = 0x80;
	assert_false(quarantine_is_request(&bad, sizeof(bad)));
	bad = r;
	memset(bad.rule, 'a', sizeof(bad.rule)); /* does not end */
	assert_false(quarantine_is_request(&bad, sizeof(bad)));
	bad = r;
	bad.reason[0] = '\033'; /* what a terminal would obey */
	assert_false(quarantine_is_request(&bad, sizeof(bad)));
	assert_string_equal(quarantine_status_name(QUARANTINE_FAILED), "failed");
	assert_string_equal(quarantine_mode_name(QUARANTINE_MODE_STOPPED), "stopped");
	assert_string_equal(quarantine_kind_name(QUARANTINE_SLOW), "slow");
	assert_string_equal(quarantine_act_name(QUARANTINE_ACT_STOPPED), "stopped");
	assert_string_equal(quarantine_act_name(999), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_not_over_survives, begin, end),
		cmocka_unit_test_setup_teardown(every_cut_and_every_flipped_byte_is_found, begin,
						end),
		cmocka_unit_test_setup_teardown(the_break_glass_is_a_file, begin, end),
		cmocka_unit_test(only_a_request_is_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
