/*
 * fuzz_spool - the bytes of a record in the spool, as hostile as bytes can be, and the words of a
 * Redis that is none.
 *
 * What is taken as a record must come back the same; an error answer is judged and its place read.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/bus/redis.h"
#include "exfild/sink/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(int holds)
{
	if (!holds)
		abort();
}

static void read_record(const uint8_t *data, size_t size)
{
	struct record *r = NULL, *again = NULL;
	struct buf out;
	if (record_read(data, size, &r))
		return;
	buf_init(&out, 1 << 20);
	record_write(r, &out);
	need(!out.full && out.len == size && memcmp(out.data, data, size) == 0);
	need(record_read(out.data, out.len, &again) == 0);
	for (unsigned i = 0; i < RECORD__COUNT; i++)
		need(strlen(r->text[i].data) == r->text[i].len);
	record_drop(again);
	record_drop(r);
	buf_deinit(&out);
}

static void read_error(const uint8_t *data, size_t size)
{
	char place[64];
	char *text = malloc(size + 1);
	if (!text)
		return;
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	(void)redis_error_of(text);
	if (redis_error_place(text, place, sizeof(place)))
		need(strlen(place) < sizeof(place));
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* the bytes alone: one too far is seen */
	uint8_t *copy = malloc(size ? size : 1);
	if (!copy)
		return 0;
	if (size)
		memcpy(copy, data, size);
	read_record(copy, size);
	read_error(copy, size);
	free(copy);
	return 0;
}
