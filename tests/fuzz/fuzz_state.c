/*
 * fuzz_state - entries of a state, as hostile as bytes can be.
 *
 * What was taken in must be said and rendered without harm, and must come back the same: each saved
 * entry is taken by owners of their own, and gives the same bytes there.
 */
#include "../support/owners.h"

#define FORMAT (-(int)EXF_E_FORMAT)

static void take(void *arg, const struct keep_part *part, const uint8_t *data, size_t len)
{
	/* the bytes alone: one too far is seen */
	uint8_t *copy = malloc(len ? len : 1);
	(void)arg;
	if (!copy)
		return;
	memcpy(copy, data, len);
	int r = keep_load(part, copy, len);
	owners_need(r == 0 || r == KEEP_NO_ROOM || r == FORMAT, "an answer");
	free(copy);
}

static bool has(const struct keep_part *part, const struct buf *entry)
{
	struct buf one;
	bool found = false;
	buf_init(&one, 2 * KEEP_ENTRY_MAX);
	for (uint32_t slot = 0; !found && slot < keep_slots(part); slot++)
		found = keep_save(part, slot, &one) && one.len == entry->len &&
			memcmp(one.data, entry->data, one.len) == 0;
	buf_deinit(&one);
	return found;
}

static void come_back(struct owners *o)
{
	static struct context *context;
	struct buf entry;
	if (!context)
		context = owners_context();
	struct owners *next = owners_new(context);
	buf_init(&entry, 2 * KEEP_ENTRY_MAX);
	for (size_t i = 0; i < o->list.count; i++) {
		const struct keep_part *from = &o->list.parts[i], *to = &next->list.parts[i];
		for (uint32_t slot = 0; slot < keep_slots(from); slot++) {
			if (!keep_save(from, slot, &entry))
				continue;
			owners_need(keep_load(to, entry.data, entry.len) == 0, from->name);
			owners_need(has(to, &entry), from->name);
		}
	}
	buf_deinit(&entry);
	owners_free(next);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct context *context;
	if (!context)
		context = owners_context();
	struct owners *o = owners_new(context);
	owners_entries(o, data, size, take, NULL);
	come_back(o);
	owners_live(o);
	owners_free(o);
	return 0;
}
