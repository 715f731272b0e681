/*
 * keep: entries of every part, as real captures leave them (tests/fuzz/fuzz_state.in), are taken,
 * come back the same, and are refused when cut; damaged ones do no harm.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "places.h"
#include "support/owners.h"

#define SEEDS    EXFILD_SOURCE_DIR "/tests/fuzz/fuzz_state.in"
#define FILE_MAX (512 * 1024)

static struct context *context;

struct visit {
	void (*each)(struct owners *o, const struct keep_part *part, const uint8_t *data,
		     size_t len);
	const struct owners *walker;
	unsigned entries;
	unsigned by_part[KEEP_PARTS];
};

/* In owners of its own. */
static void visit_entry(void *arg, const struct keep_part *part, const uint8_t *data, size_t len)
{
	struct visit *v = arg;
	size_t number = (size_t)(part - v->walker->list.parts);
	struct owners *o = owners_new(context);
	v->entries++;
	v->by_part[number]++;
	v->each(o, &o->list.parts[number], data, len);
	owners_free(o);
}

/* Each entry as a capture left it. */
static void visit_all(struct visit *v)
{
	static uint8_t data[FILE_MAX];
	struct owners *walker = owners_new(context);
	DIR *d = opendir(SEEDS);
	struct dirent *e;
	assert_non_null(d);
	v->walker = walker;
	while ((e = readdir(d)) != NULL) {
		char path[512];
		if (strncmp(e->d_name, "part_", 5) != 0)
			continue;
		(void)snprintf(path, sizeof(path), SEEDS "/%s", e->d_name);
		FILE *f = fopen(path, "rb");
		assert_non_null(f);
		size_t size = fread(data, 1, sizeof(data), f);
		(void)fclose(f);
		owners_entries(walker, data, size, visit_entry, v);
	}
	owners_free(walker);
	(void)closedir(d);
	assert_true(v->entries > 30);
}

static bool holds(const struct keep_part *part, const uint8_t *data, size_t len)
{
	struct buf one;
	bool found = false;
	buf_init(&one, 2 * KEEP_ENTRY_MAX);
	for (uint32_t slot = 0; !found && slot < keep_slots(part); slot++)
		found = keep_save(part, slot, &one) && one.len == len &&
			memcmp(one.data, data, len) == 0;
	buf_deinit(&one);
	return found;
}

static void take_and_find(struct owners *o, const struct keep_part *part, const uint8_t *data,
			  size_t len)
{
	(void)o;
	assert_int_equal(keep_load(part, data, len), 0);
	assert_true(holds(part, data, len));
}

static void entries_come_back_as_they_were(void **state)
{
	struct visit v = { .each = take_and_find };
	(void)state;
	visit_all(&v);
	/* every part but what no small capture leaves is here */
	struct owners *o = owners_new(context);
	for (size_t i = 0; i < o->list.count; i++)
		if (strcmp(o->list.parts[i].name, "dns_tunnel.told") != 0 && !v.by_part[i])
			fail_msg("no entry of %s", o->list.parts[i].name);
	owners_free(o);
}

static int load_copy(const struct keep_part *part, const uint8_t *data, size_t len)
{
	uint8_t *copy = test_malloc(len ? len : 1);
	memcpy(copy, data, len);
	int r = keep_load(part, copy, len);
	test_free(copy);
	return r;
}

static void cut_everywhere(struct owners *o, const struct keep_part *part, const uint8_t *data,
			   size_t len)
{
	(void)o;
	/* the pieces of one large array are long and all alike */
	size_t step = len > 4096 ? 61 : 1;
	for (size_t cut = 0; cut < len; cut += step)
		assert_int_equal(load_copy(part, data, cut), -EXF_E_FORMAT);
}

static void entries_cut_at_any_length_are_refused(void **state)
{
	struct visit v = { .each = cut_everywhere };
	(void)state;
	visit_all(&v);
}

/* What was taken stays, as in a state. */
static void flip_everywhere(struct owners *o, const struct keep_part *part, const uint8_t *data,
			    size_t len)
{
	uint8_t *copy = test_malloc(len);
	(void)o;
	size_t step = len > 4096 ? 61 : 1;
	for (size_t at = 0; at < len; at += step) {
		for (unsigned bit = 0; bit < 8; bit += 3) {
			memcpy(copy, data, len);
			copy[at] ^= (uint8_t)(1u << bit);
			int r = load_copy(part, copy, len);
			assert_true(r == 0 || r == KEEP_NO_ROOM || r == -EXF_E_FORMAT);
		}
	}
	test_free(copy);
	owners_live(o);
}

static void damaged_entries_do_no_harm(void **state)
{
	struct visit v = { .each = flip_everywhere };
	(void)state;
	visit_all(&v);
}

static void a_name_in_two_lists_would_be_one_part(void **state)
{
	struct owners *o = owners_new(context);
	(void)state;
	for (size_t i = 0; i < o->list.count; i++) {
		const struct keep_part *p = &o->list.parts[i];
		assert_ptr_equal(keep_find(&o->list, p->name), p);
		assert_non_null(strchr(p->name, '.'));
		assert_true(p->version > 0);
	}
	owners_free(o);
}

static int setup(void **state)
{
	(void)state;
	context = owners_context();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	context_free(context);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_come_back_as_they_were),
		cmocka_unit_test(entries_cut_at_any_length_are_refused),
		cmocka_unit_test(damaged_entries_do_no_harm),
		cmocka_unit_test(a_name_in_two_lists_would_be_one_part),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
