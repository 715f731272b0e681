/*
 * Every rule that is shipped: it loads, says what it must say about itself, takes the events of its
 * .hit.ndjson and leaves those of its .miss.ndjson.  A rule whose events are missing fails.
 */
#include "places.h"
#include "rules.h"

static char *file_of(const char *name, const char *what)
{
	char path[600];
	snprintf(path, sizeof(path), EXFILD_SOURCE_DIR "/tests/signatures/%s.%s.ndjson", name,
		 what);
	FILE *in = fopen(path, "r");
	if (!in)
		fail_msg("%s is missing: a shipped rule has a test that hits and one that does not",
			 path);
	char *text = calloc(1, 65536);
	assert_true(fread(text, 1, 65535, in) > 0);
	fclose(in);
	return text;
}

static struct signatures *library(void)
{
	const char *path = EXFILD_SOURCE_DIR "/signatures";
	struct signatures *s = NULL;
	assert_int_equal(signatures_load(&path, 1, &s), 0);
	for (size_t i = 0; i < signatures_problem_count(s); i++)
		print_error("%s\n", signatures_problem(s, i));
	assert_int_equal(signatures_problem_count(s), 0);
	assert_true(signatures_count(s) >= 30);
	return s;
}

struct wanted {
	const char *id;
	unsigned count;
};

static void count_rule(void *arg, const struct signature_hit *hit)
{
	struct wanted *w = arg;
	w->count += strcmp(hit->rule->id, w->id) == 0;
}

static unsigned hits_of(struct signatures *s, const char *id, const char *lines)
{
	struct wanted w = { .id = id };
	struct event_log *log = event_log_new();
	uint64_t seq = 1;
	char why[200];
	for (const char *p = lines; *p; p += strcspn(p, "\n") + 1)
		if (signature_line(log, p, strcspn(p, "\n"), seq++, why, sizeof(why)) != 0)
			fail_msg("%s: %s", why, p);
	for (const struct event *e = event_log_next(log, NULL); e; e = event_log_next(log, e))
		signatures_event(s, e, count_rule, &w);
	event_log_free(log);
	return w.count;
}

static void try_rule(const struct signature_rule *r, struct signatures *s)
{
	/* what counts over time begins anew */
	struct signatures *first = r->is_correlation ? library() : s;
	struct signatures *second = r->is_correlation ? library() : s;
	char *hit = file_of(r->name, "hit"), *miss = file_of(r->name, "miss");
	if (!hits_of(first, r->id, hit))
		fail_msg("%s does not take its own events", r->name);
	if (hits_of(second, r->id, miss))
		fail_msg("%s takes what it must leave", r->name);
	free(hit);
	free(miss);
	if (r->is_correlation) {
		signatures_free(first);
		signatures_free(second);
	}
}

static void test_each_rule_hits_and_misses(void **state)
{
	(void)state;
	struct signatures *s = library();
	for (size_t i = 0; i < signatures_count(s); i++)
		try_rule(signatures_rule(s, i), s);
	signatures_free(s);
}

static void test_all_expressions_compile(void **state)
{
	(void)state;
	struct signatures *s = library();
	assert_true(signatures_compile(s));
	assert_int_equal(signatures_problem_count(s), 0);
	signatures_free(s);
}

static void test_each_rule_says_what_it_must(void **state)
{
	(void)state;
	struct signatures *s = library();
	for (size_t i = 0; i < signatures_count(s); i++) {
		const struct signature_rule *r = signatures_rule(s, i);
		assert_int_equal(strlen(r->id), 36);
		assert_true(r->description[0] && r->references[0] && r->falsepositives[0]);
		assert_true(r->techniques[0] && r->tactic && r->license[0]);
		assert_non_null(strstr(r->file, r->name));
		assert_true(r->kinds != 0);
	}
	signatures_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_rule_hits_and_misses),
		cmocka_unit_test(test_all_expressions_compile),
		cmocka_unit_test(test_each_rule_says_what_it_must),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
