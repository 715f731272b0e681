/*
 * unit/config/fixture.h - what the tests of the configuration share.
 *
 * What: one made-up detector, loading from text, files in a folder of their own.
 */
#ifndef TESTS_UNIT_CONFIG_FIXTURE_H
#define TESTS_UNIT_CONFIG_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "exfild/base/buf.h"
#include "exfild/base/log.h"
#include "exfild/config/config.h"

#define WHY_MAX 1024

struct made_up {
	uint64_t daily_bytes, window_s;
	double ratio;
	bool is_strict;
};

static const struct param made_up_params[] = {
	{ "daily_bytes", PARAM_UINT, offsetof(struct made_up, daily_bytes), 1, 1e9, 4096, "bytes",
	  "Information a day." },
	{ "window", PARAM_DURATION, offsetof(struct made_up, window_s), 60, 86400, 3600, "",
	  "Time between two looks." },
	{ "ratio", PARAM_DOUBLE, offsetof(struct made_up, ratio), 0, 1, 0.1, "", "A share." },
	{ "strict", PARAM_BOOL, offsetof(struct made_up, is_strict), 0, 1, 0, "", "No doubts." },
	PARAM_END
};

struct fixture {
	struct made_up target[2];
	struct config_section sections[2];
	struct config_options options;
	struct config *config;
	char why[WHY_MAX];
	char warnings[4096]; /* a line each */
};

static void fixture_log(void *arg, enum log_level level, const char *line)
{
	struct fixture *f = arg;
	(void)level;
	size_t len = strlen(f->warnings);
	snprintf(f->warnings + len, sizeof(f->warnings) - len, "%s\n", line);
}

static inline void fixture_init(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	f->sections[0] =
		(struct config_section){ "dns_tunnel", made_up_params, &f->target[0], false };
	f->sections[1] = (struct config_section){ "beacon", made_up_params, &f->target[1], false };
	f->options.sections = f->sections;
	f->options.section_count = 2;
	log_set_sink(fixture_log, f);
}

static inline void fixture_deinit(struct fixture *f)
{
	config_free(f->config);
	f->config = NULL;
	log_set_sink(NULL, NULL);
}

static inline int fixture_parse(struct fixture *f, const char *text)
{
	config_free(f->config);
	f->config = NULL;
	return config_parse(&f->options, "t.yaml", text, strlen(text), &f->config, f->why,
			    sizeof(f->why));
}

static inline int fixture_set(struct fixture *f, const char *set)
{
	f->options.sets = &set;
	f->options.set_count = 1;
	int rc = fixture_parse(f, "");
	f->options.set_count = 0;
	return rc;
}

/* Loads text that must be fine. */
static inline const struct config *fixture_good(const char *text, struct fixture *f)
{
	int rc = fixture_parse(f, text);
	if (rc)
		print_message("%s\n", f->why);
	assert_int_equal(rc, 0);
	return f->config;
}

static inline void expect_why(const char *text, const char *why)
{
	struct fixture f;
	fixture_init(&f);
	int rc = fixture_parse(&f, text);
	assert_string_equal(f.why, why);
	assert_int_equal(rc, -EXF_E_INVALID);
	assert_null(f.config);
	fixture_deinit(&f);
}

static inline void expect_set_why(const char *set, const char *why)
{
	struct fixture f;
	fixture_init(&f);
	int rc = fixture_set(&f, set);
	assert_string_equal(f.why, why);
	assert_int_equal(rc, -EXF_E_INVALID);
	fixture_deinit(&f);
}

/* The effective configuration as text; free() it. */
static inline char *fixture_print(const struct config *c)
{
	struct buf out;
	buf_init(&out, 4 << 20);
	config_print(c, &out);
	assert_false(out.full);
	char *text = strdup(out.data);
	buf_deinit(&out);
	return text;
}

static inline void write_file(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");
	assert_non_null(out);
	fputs(text, out);
	assert_int_equal(fclose(out), 0);
}

#endif
