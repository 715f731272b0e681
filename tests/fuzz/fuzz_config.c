/*
 * fuzz/fuzz_config.c - configuration text of any kind.
 *
 * What: the text as YAML, the text as a configuration, and, when it loads, printing and loading
 * what was printed: both must print the same.  A first line of "#set KEY=VALUE" is also an
 * assignment.  Nothing is opened: text from memory cannot include.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/base/buf.h"
#include "exfild/base/log.h"
#include "exfild/config/config.h"
#include "exfild/config/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct target {
	uint64_t daily_bytes, window_s;
	double ratio;
	bool is_strict;
};

static const struct param params[] = {
	{ "daily_bytes", PARAM_UINT, offsetof(struct target, daily_bytes), 1, 1e9, 4096, "bytes",
	  "Information a day." },
	{ "window", PARAM_DURATION, offsetof(struct target, window_s), 60, 86400, 3600, "",
	  "Time between two looks." },
	{ "ratio", PARAM_DOUBLE, offsetof(struct target, ratio), 0, 1, 0.1, "", "A share." },
	{ "strict", PARAM_BOOL, offsetof(struct target, is_strict), 0, 1, 0, "", "No doubts." },
	PARAM_END
};

static void silent(void *arg, enum log_level level, const char *line)
{
	(void)arg;
	(void)level;
	(void)line;
}

/* The printed form; empty when the text does not load. */
static void load_and_print(const char *text, size_t len, const char *const *sets, size_t set_count,
			   struct buf *out)
{
	struct target target;
	struct config_section section = { "dns_tunnel", params, &target, false };
	struct config_options options = { .sets = sets,
					  .set_count = set_count,
					  .sections = &section,
					  .section_count = 1 };
	struct config *c = NULL;
	char why[512];
	buf_init(out, (size_t)64 << 20);
	int rc = config_parse(&options, "fuzz", text, len, &c, why, sizeof(why));
	if ((rc == 0) != (c != NULL) || (rc != 0 && why[0] == '\0'))
		abort();
	if (c)
		config_print(c, out);
	config_free(c);
}

/* The assignment in the first line, or NULL; free() it. */
static char *first_set(const char *text, size_t len)
{
	const char *end = memchr(text, '\n', len);
	if (len < 5 || memcmp(text, "#set ", 5) != 0 || !end)
		return NULL;
	return strndup(text + 5, (size_t)(end - text) - 5);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct yaml *y = NULL;
	struct buf first, second;
	char why[256];
	if (size == 0)
		return 0;
	log_set_sink(silent, NULL);
	if (yaml_parse("fuzz", text, size, &y, why, sizeof(why)) == 0)
		yaml_free(y);
	char *set = first_set(text, size);
	const char *sets[] = { set };
	load_and_print(text, size, sets, set ? 1 : 0, &first);
	if (first.len && !first.full) {
		load_and_print(first.data, first.len, NULL, 0, &second);
		if (second.len != first.len || memcmp(first.data, second.data, first.len) != 0)
			abort();
		buf_deinit(&second);
	}
	buf_deinit(&first);
	free(set);
	return 0;
}
