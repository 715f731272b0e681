/* block: one reference at birth, freed by the last release (the sanitizer watches), sizes kept. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "exfild/base/block.h"

static void a_new_block_has_one_reference_and_its_size(void **state)
{
	(void)state;
	struct block *b = block_new(100);
	assert_non_null(b);
	assert_int_equal(block_refs(b), 1);
	assert_int_equal(b->size, 100);
	memset(b->data, 0xa5, 100);
	block_release(b);
}

static void the_bytes_live_until_the_last_release(void **state)
{
	(void)state;
	struct block *b = block_new(4);
	assert_non_null(b);
	memcpy(b->data, "abcd", 4);
	block_hold(b);
	block_hold(b);
	assert_int_equal(block_refs(b), 3);
	block_release(b);
	block_release(b);
	assert_int_equal(block_refs(b), 1);
	assert_memory_equal(b->data, "abcd", 4);
	block_release(b);
}

static void an_empty_block_is_a_block(void **state)
{
	(void)state;
	struct block *b = block_new(0);
	assert_non_null(b);
	assert_int_equal(b->size, 0);
	block_release(b);
	block_release(NULL);
}

static void a_size_beyond_32_bits_is_refused(void **state)
{
	(void)state;
	assert_null(block_new((size_t)UINT32_MAX + 1));
	assert_null(block_new(SIZE_MAX));
}

static void *hold_and_release(void *arg)
{
	for (int i = 0; i < 20000; i++) {
		block_hold(arg);
		block_release(arg);
	}
	block_release(arg);
	return NULL;
}

static void threads_may_hold_and_release(void **state)
{
	(void)state;
	struct block *b = block_new(8);
	pthread_t threads[4];

	assert_non_null(b);
	for (int i = 0; i < 4; i++) {
		block_hold(b);
		assert_int_equal(pthread_create(&threads[i], NULL, hold_and_release, b), 0);
	}
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(block_refs(b), 1);
	block_release(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_block_has_one_reference_and_its_size),
		cmocka_unit_test(the_bytes_live_until_the_last_release),
		cmocka_unit_test(an_empty_block_is_a_block),
		cmocka_unit_test(a_size_beyond_32_bits_is_refused),
		cmocka_unit_test(threads_may_hold_and_release),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
