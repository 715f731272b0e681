/*
 * What the tests of the context share: a context over a services.yaml written for the test.
 */
#ifndef CONTEXT_TEST_SUPPORT_H
#define CONTEXT_TEST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "exfild/context/context.h"
#include "exfild/event/log.h"
#include "places.h"

#define SHIPPED_SERVICES EXFILD_SOURCE_DIR "/data/services.yaml"

/* Writes text to a file of the build folder; its path is valid until the next call. */
static inline const char *write_file(const char *text)
{
	static char path[256];
	snprintf(path, sizeof(path), "%s/context_test_%ld.yaml", EXFILD_BUILD_DIR, (long)getpid());
	FILE *out = fopen(path, "w");
	assert_non_null(out);
	assert_true(fputs(text, out) >= 0);
	fclose(out);
	return path;
}

static inline struct context *make(struct context_options *o)
{
	struct context *c = NULL;
	char why[512] = "";
	if (!o->services_path)
		o->services_path = SHIPPED_SERVICES;
	o->key = hash_key_fixed;
	if (context_new(o, &c, why, sizeof(why)) != 0)
		fail_msg("%s", why);
	return c;
}

static inline struct ipaddr ip(const char *text)
{
	struct ipaddr a;
	if (ipaddr_parse(text, &a) < 0)
		fail_msg("%s is no address", text);
	return a;
}

#endif
