/*
 * intel/feeds.h - a set of indicators from texts.
 */
#ifndef EXFILD_TEST_INTEL_FEEDS_H
#define EXFILD_TEST_INTEL_FEEDS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "exfild/intel/intel.h"

struct feeds {
	struct intel_options options;
	struct intel_source source;
	char path[64];
	struct intel *set;
};

static inline void feeds_write(struct feeds *f, const void *text, size_t len)
{
	FILE *out = fopen(f->path, "w");
	assert_non_null(out);
	assert_int_equal(fwrite(text, 1, len, out), len);
	assert_int_equal(fclose(out), 0);
}

static inline void feeds_init(struct feeds *f)
{
	memset(f, 0, sizeof(*f));
	(void)snprintf(f->path, sizeof(f->path), "/tmp/exfild-feed-XXXXXX");
	int fd = mkstemp(f->path);
	assert_true(fd >= 0);
	close(fd);
	f->source = (struct intel_source){ .name = "test", .file = f->path, .confidence = 80 };
	f->options = (struct intel_options){ .sources = &f->source,
					     .source_count = 1,
					     .max_items = 100000,
					     .key = hash_key_fixed };
}

static inline void feeds_build(struct feeds *f)
{
	struct intel *set = NULL;
	f->options.before = f->set;
	assert_int_equal(intel_build(&f->options, &set), 0);
	intel_drop(f->set);
	f->set = set;
}

static inline const struct intel_feed *feeds_read(struct feeds *f, const char *text)
{
	feeds_write(f, text, strlen(text));
	feeds_build(f);
	return intel_feed(f->set, 0);
}

static inline void feeds_deinit(struct feeds *f)
{
	intel_drop(f->set);
	(void)unlink(f->path);
}

static inline const struct intel_item *feeds_address(const struct feeds *f, const char *text)
{
	struct ipaddr a;
	assert_int_equal(ipaddr_parse(text, &a), 0);
	return intel_find_address(f->set, &a);
}

static inline const struct intel_item *feeds_name(const struct feeds *f, const char *name)
{
	return intel_find_name(f->set, name, strlen(name));
}

static inline const struct intel_item *feeds_text(const struct feeds *f, enum intel_kind kind,
						  const char *text)
{
	return intel_find(f->set, kind, text, strlen(text));
}

#endif
