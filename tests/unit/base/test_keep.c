/* keep: entries to bytes and back; what comes back is read as hostile. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "exfild/base/keep.h"
#include "random.h"

struct thing {
	uint64_t key[2];
	uint8_t small;
	uint16_t middle[3];
	uint32_t large;
	uint64_t huge;
	float share;
	double sum, maybe;
	bool is_so;
	char text[12];
	uint8_t sketch[300];
};

static const struct keep_field fields[] = {
	KEEP(U64, struct thing, key),    KEEP_TO(U8, struct thing, small, 5),
	KEEP(U16, struct thing, middle), KEEP(U32, struct thing, large),
	KEEP(U64, struct thing, huge),   KEEP(F32, struct thing, share),
	KEEP(F64, struct thing, sum),    KEEP(MAYBE, struct thing, maybe),
	KEEP(BOOL, struct thing, is_so), KEEP(TEXT, struct thing, text),
	KEEP(U8, struct thing, sketch),  KEEP_LAST,
};

struct fixture {
	struct table table;
	struct keep_part part;
	struct buf bytes;
	uint64_t refused_key;
};

static bool took(void *owner, void *entry)
{
	const struct fixture *f = owner;
	return ((const struct thing *)entry)->key[0] != f->refused_key;
}

static void begin(struct fixture *f, uint32_t capacity)
{
	const struct table_config config = { .capacity = capacity,
					     .entry_size = sizeof(struct thing),
					     .key_size = 16,
					     .key = hash_key_fixed };
	memset(f, 0, sizeof(*f));
	assert_int_equal(table_init(&f->table, &config), 0);
	f->refused_key = UINT64_MAX;
	f->part = (struct keep_part){ .name = "test.things",
				      .version = 1,
				      .owner = f,
				      .table = &f->table,
				      .fields = fields,
				      .took = took };
	buf_init(&f->bytes, KEEP_ENTRY_MAX);
}

static void end(struct fixture *f)
{
	table_deinit(&f->table);
	buf_deinit(&f->bytes);
}

static struct thing *make(struct fixture *f, uint64_t number)
{
	uint64_t key[2] = { number, 7 };
	bool is_new;
	struct thing *t = table_get(&f->table, key, &is_new);
	t->small = 5;
	t->middle[1] = 0x1234;
	t->large = 0xdeadbeef;
	t->huge = UINT64_MAX;
	t->share = 0.25f;
	t->sum = -1.5e9;
	t->maybe = NAN;
	t->is_so = true;
	strcpy(t->text, "example.org"); /* all of it but the NUL */
	t->sketch[3] = 9;
	t->sketch[299] = 1;
	return t;
}

static void an_entry_comes_back_as_it_was(void **state)
{
	struct fixture a, b;
	struct thing was;
	(void)state;
	begin(&a, 8);
	begin(&b, 8);
	was = *make(&a, 42);
	assert_int_equal(keep_slots(&a.part), 1);
	assert_true(keep_save(&a.part, 0, &a.bytes));
	assert_false(keep_save(&a.part, 1, &b.bytes));
	assert_true(a.bytes.len < 100); /* zeros are counted */
	assert_int_equal(keep_load(&b.part, a.bytes.data, a.bytes.len), 0);
	const struct thing *is = table_find(&b.table, was.key);
	assert_non_null(is);
	assert_memory_equal(is->sketch, was.sketch, sizeof(was.sketch));
	assert_string_equal(is->text, was.text);
	assert_true(is->small == 5 && is->middle[1] == 0x1234 && is->large == 0xdeadbeef);
	assert_true(is->huge == UINT64_MAX && is->share == 0.25f && is->sum == -1.5e9);
	assert_true(isnan(is->maybe) && is->is_so);
	/* and gives the same bytes again */
	assert_true(keep_save(&b.part, 0, &b.bytes));
	assert_int_equal(b.bytes.len, a.bytes.len);
	assert_memory_equal(b.bytes.data, a.bytes.data, a.bytes.len);
	end(&a);
	end(&b);
}

static void a_place_that_is_free_holds_nothing(void **state)
{
	struct fixture f;
	(void)state;
	begin(&f, 8);
	table_remove(&f.table, make(&f, 1));
	assert_int_equal(keep_slots(&f.part), 1);
	assert_false(keep_save(&f.part, 0, &f.bytes));
	end(&f);
}

static void an_entry_cut_at_any_length_is_refused(void **state)
{
	struct fixture a, b;
	(void)state;
	begin(&a, 8);
	begin(&b, 8);
	make(&a, 42);
	assert_true(keep_save(&a.part, 0, &a.bytes));
	for (size_t len = 0; len < a.bytes.len; len++) {
		char *cut = test_malloc(len ? len : 1);
		memcpy(cut, a.bytes.data, len);
		assert_int_equal(keep_load(&b.part, cut, len), -EXF_E_FORMAT);
		test_free(cut);
	}
	buf_char(&a.bytes, 'x');
	assert_int_equal(keep_load(&b.part, a.bytes.data, a.bytes.len), -EXF_E_FORMAT);
	assert_int_equal(b.table.stats.entries, 0);
	end(&a);
	end(&b);
}

static void damaged_bytes_make_no_impossible_entry(void **state)
{
	struct fixture a, b;
	uint64_t random = 1;
	(void)state;
	begin(&a, 8);
	make(&a, 42);
	assert_true(keep_save(&a.part, 0, &a.bytes));
	for (unsigned n = 0; n < 20000; n++) {
		uint8_t bytes[128];
		memcpy(bytes, a.bytes.data, a.bytes.len);
		for (unsigned flips = 1 + n % 3; flips; flips--)
			bytes[random_below(&random, a.bytes.len)] ^=
				(uint8_t)(1u << random_below(&random, 8));
		begin(&b, 1);
		int r = keep_load(&b.part, bytes, a.bytes.len);
		const struct thing *t = table_at(&b.table, 0);
		assert_true(r == 0 || r == -EXF_E_FORMAT);
		assert_int_equal(r == 0, t != NULL);
		if (t) {
			uint8_t is_so;
			memcpy(&is_so, &t->is_so, 1);
			assert_true(t->small <= 5 && is_so <= 1);
			assert_true(fabs(t->sum) <= KEEP_NUMBER_MAX);
			assert_true(strnlen(t->text, sizeof(t->text)) < sizeof(t->text));
		}
		end(&b);
	}
	end(&a);
}

static void numbers_out_of_range_are_refused(void **state)
{
	struct fixture a, b;
	(void)state;
	begin(&a, 8);
	begin(&b, 8);
	for (unsigned n = 0; n < 6; n++) {
		struct thing *t = make(&a, 42);
		switch (n) {
		case 0:
			t->small = 6;
			break;
		case 1:
			t->sum = INFINITY;
			break;
		case 2:
			t->sum = NAN;
			break;
		case 3:
			t->sum = 2e18;
			break;
		case 4:
			t->share = -INFINITY;
			break;
		default:
			memset(&t->is_so, 2, 1);
			break;
		}
		assert_true(keep_save(&a.part, 0, &a.bytes));
		assert_int_equal(keep_load(&b.part, a.bytes.data, a.bytes.len), -EXF_E_FORMAT);
	}
	end(&a);
	end(&b);
}

static void control_characters_do_not_travel(void **state)
{
	struct fixture a, b;
	(void)state;
	begin(&a, 8);
	begin(&b, 8);
	strcpy(make(&a, 42)->text, "a\033[2Jb");
	assert_true(keep_save(&a.part, 0, &a.bytes));
	assert_int_equal(keep_load(&b.part, a.bytes.data, a.bytes.len), 0);
	assert_string_equal(((const struct thing *)table_at(&b.table, 0))->text, "a?[2Jb");
	char *at = memchr(a.bytes.data, '[', a.bytes.len);
	*at = '\033';
	end(&b);
	begin(&b, 8);
	assert_int_equal(keep_load(&b.part, a.bytes.data, a.bytes.len), -EXF_E_FORMAT);
	end(&a);
	end(&b);
}

static void a_full_table_and_a_second_copy_are_turned_away(void **state)
{
	struct fixture a, b;
	(void)state;
	begin(&a, 8);
	begin(&b, 1);
	make(&a, 1);
	make(&a, 2);
	assert_true(keep_save(&a.part, 0, &a.bytes));
	assert_int_equal(keep_load(&b.part, a.bytes.data, a.bytes.len), 0);
	assert_int_equal(keep_load(&b.part, a.bytes.data, a.bytes.len), -EXF_E_FORMAT);
	assert_true(keep_save(&a.part, 1, &a.bytes));
	assert_int_equal(keep_load(&b.part, a.bytes.data, a.bytes.len), KEEP_NO_ROOM);
	assert_int_equal(b.table.stats.entries, 1);
	assert_int_equal(b.table.stats.evictions, 0);
	end(&a);
	end(&b);
}

static void what_its_owner_refuses_is_out_again(void **state)
{
	struct fixture a, b;
	(void)state;
	begin(&a, 8);
	begin(&b, 8);
	make(&a, 1);
	b.refused_key = 1;
	assert_true(keep_save(&a.part, 0, &a.bytes));
	assert_int_equal(keep_load(&b.part, a.bytes.data, a.bytes.len), -EXF_E_FORMAT);
	assert_int_equal(b.table.stats.entries, 0);
	end(&a);
	end(&b);
}

static void one_struct_is_one_place(void **state)
{
	struct thing a = { .large = 7 }, b = { .large = 8 };
	struct keep_part part = { .name = "test.one", .version = 1, .owner = &a, .fields = fields };
	struct buf bytes;
	(void)state;
	buf_init(&bytes, KEEP_ENTRY_MAX);
	assert_int_equal(keep_slots(&part), 1);
	assert_false(keep_save(&part, 1, &bytes));
	assert_true(keep_save(&part, 0, &bytes));
	part.owner = &b;
	assert_int_equal(keep_load(&part, bytes.data, bytes.len - 1), -EXF_E_FORMAT);
	assert_int_equal(b.large, 8); /* untouched */
	assert_int_equal(keep_load(&part, bytes.data, bytes.len), 0);
	assert_int_equal(b.large, 7);
	buf_deinit(&bytes);
}

static void zeros_cannot_blow_an_entry_up(void **state)
{
	struct fixture f;
	uint8_t bomb[2 * (KEEP_ENTRY_MAX / 255 + 2)];
	(void)state;
	begin(&f, 8);
	for (size_t i = 0; i < sizeof(bomb); i += 2) {
		bomb[i] = 0;
		bomb[i + 1] = 255;
	}
	assert_int_equal(keep_load(&f.part, bomb, sizeof(bomb)), -EXF_E_FORMAT);
	uint8_t none[2] = { 0, 0 };
	assert_int_equal(keep_load(&f.part, none, sizeof(none)), -EXF_E_FORMAT);
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_entry_comes_back_as_it_was),
		cmocka_unit_test(a_place_that_is_free_holds_nothing),
		cmocka_unit_test(an_entry_cut_at_any_length_is_refused),
		cmocka_unit_test(damaged_bytes_make_no_impossible_entry),
		cmocka_unit_test(numbers_out_of_range_are_refused),
		cmocka_unit_test(control_characters_do_not_travel),
		cmocka_unit_test(a_full_table_and_a_second_copy_are_turned_away),
		cmocka_unit_test(what_its_owner_refuses_is_out_again),
		cmocka_unit_test(one_struct_is_one_place),
		cmocka_unit_test(zeros_cannot_blow_an_entry_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
