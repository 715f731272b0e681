/*
 * fuzz/fuzz_baseline.c - habits from a hostile file, and what a sensor does with them.
 *
 * Input: one byte of options, then bytes.  Bit 0: a file of exfilctl baseline; else one entry,
 * taken into a context that then goes on learning; bit 1: merged.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/base/cursor.h"
#include "exfild/context/habits.h"
#include "../../src/control/baseline_file.h"
#include "places.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OPTION_FILE  (1u << 0)
#define OPTION_MERGE (1u << 1)

static void read_file(const uint8_t *data, size_t len)
{
	char *text = NULL, why[200];
	size_t count = 0;
	FILE *f = len ? fmemopen((void *)(uintptr_t)data, len, "r") : NULL;
	if (!f)
		return;
	if (baseline_read(f, &text, &count, why, sizeof(why)) == 0) {
		const char *at = text;
		for (size_t i = 0; i < count; i++)
			at += strlen(at) + 1;
		free(text);
	}
	(void)fclose(f);
}

static void go_on(struct context *c, const struct habit *h, uint64_t now_ns)
{
	struct event_flow f;
	memset(&f, 0, sizeof(f));
	f.e.size = sizeof(f);
	f.e.kind = EVENT_FLOW_END;
	f.e.time_ns = now_ns;
	f.e.flow = now_ns;
	f.e.src = h->address;
	f.e.proto = 6;
	f.e.tunnel_key = h->tunnel_key;
	if (ipaddr_parse("198.51.100.7", &f.e.dst))
		abort();
	f.payload[0] = 100000;
	context_event(c, &f.e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct context *c;
	static uint64_t now_ns = 1700000000ull * 1000000000ull;
	struct cursor in = cursor_make(data, size);
	unsigned options = cursor_u8(&in);
	size_t len = cursor_left(&in);
	const uint8_t *bytes = cursor_take(&in, len);
	struct habit h;

	if (!bytes)
		return 0;
	if (options & OPTION_FILE) {
		read_file(bytes, len);
		return 0;
	}
	if (!c) {
		struct context_options o = { .key = hash_key_fixed,
					     .sketch_key = hash_key_fixed,
					     .services_path =
						     EXFILD_SOURCE_DIR "/data/services.yaml",
					     .max_hosts = 64,
					     .max_names = 64 };
		char why[256];
		if (context_new(&o, &c, why, sizeof(why)))
			abort();
	}
	now_ns += 3600ull * 1000000000ull;
	int r = habit_load(c, bytes, len, options & OPTION_MERGE);
	assert(r == 0 || r == 1 || r == -EXF_E_LIMIT || r == -EXF_E_FORMAT);
	for (uint32_t i = 0; i < habit_slots(c); i++) {
		if (!habit_at(c, i, &h))
			continue;
		assert(h.usual_day >= 0 && h.weeks >= 0 && h.today >= 0);
		go_on(c, &h, now_ns);
	}
	if (options & 0x80)
		(void)habit_forget(c, NULL);
	return 0;
}
