/*
 * The corpus of fuzz_feed reaches every form: of each there is a seed that gives an indicator.
 */
#include <dirent.h>

#include "feeds.h"
#include "places.h"

#define SEEDS    EXFILD_SOURCE_DIR "/tests/fuzz/fuzz_feed.in"
#define SEED_MAX 200000u

/* As fuzz_feed.c: the first byte names the form and the kind, the rest is the file. */
static void read_seed(const char *path, unsigned gave[INTEL_FORMATS], unsigned told[INTEL_FORMATS])
{
	static uint8_t data[SEED_MAX];
	struct feeds f;
	FILE *in = fopen(path, "rb");
	assert_non_null(in);
	size_t len = fread(data, 1, sizeof(data), in);
	(void)fclose(in);
	if (len < 2)
		return;
	feeds_init(&f);
	f.source.format = (enum intel_format)(data[0] % INTEL_FORMATS);
	f.source.kind = (enum intel_kind)(data[0] / 16 % INTEL__COUNT);
	feeds_write(&f, data + 1, len - 1);
	feeds_build(&f);
	const struct intel_feed *feed = intel_feed(f.set, 0);
	gave[feed->format] += feed->items > 0;
	told[feed->format] += feed->report_count > 0;
	feeds_deinit(&f);
}

static void every_form_is_reached(void **state)
{
	unsigned gave[INTEL_FORMATS] = { 0 }, told[INTEL_FORMATS] = { 0 };
	DIR *d = opendir(SEEDS);
	const struct dirent *e;
	(void)state;
	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		char path[512];
		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), SEEDS "/%s", e->d_name);
		read_seed(path, gave, told);
	}
	(void)closedir(d);
	for (unsigned i = INTEL_PLAIN; i < INTEL_FORMATS; i++)
		if (!gave[i] || !told[i])
			fail_msg("%s: %u seeds with an indicator, %u with a line that is told",
				 intel_format_name((enum intel_format)i), gave[i], told[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_form_is_reached) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
