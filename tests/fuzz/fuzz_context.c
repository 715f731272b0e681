/*
 * fuzz/fuzz_context.c - names of any bytes through the suffix list and the services.
 *
 * What: the input is a name, a dot between labels; the registered domain must lie within it, end
 * where it ends but for dots, and be its own registered domain; asking twice (cache) must not
 * differ; what a service is found for must be found with a label before it, too; and a tenant is
 * a part of the name.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "exfild/context/context.h"
#include "places.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct context *make(void)
{
	struct context_options o = { .key = hash_key_fixed,
				     .services_path = EXFILD_SOURCE_DIR "/data/services.yaml",
				     .max_hosts = 64,
				     .max_names = 64 };
	struct context *c = NULL;
	char why[512];
	if (context_new(&o, &c, why, sizeof(why)) != 0) {
		fprintf(stderr, "%s\n", why);
		abort();
	}
	return c;
}

static void require(int is_true)
{
	if (!is_true)
		abort();
}

static void check_registered(const struct context *c, const char *name, size_t len)
{
	const char *first, *again;
	size_t first_len, again_len;
	size_t before = context_registered(c, name, len, &first, &first_len);
	require(before <= len && first == name + before && first_len <= len - before);
	require(before == 0 || name[before - 1] == '.');
	for (size_t i = before + first_len; i < len; i++)
		require(name[i] == '.');
	require(context_registered(c, name, len, &again, &again_len) == before);
	require(again == first && again_len == first_len);
}

static void check_service(const struct context *c, const char *name, size_t len)
{
	const struct service *s = context_service_by_name(c, name, len);
	char longer[1100];
	if (!s || len > 1000)
		return;
	memcpy(longer, "a.", 2);
	memcpy(longer + 2, name, len);
	require(context_service_by_name(c, longer, len + 2) == s);
}

/* A tenant is lower-case bytes of the name itself, or not told. */
static void check_tenant(const struct context *c, const char *name, size_t len)
{
	char tenant[SERVICE_TENANT_MAX];
	const struct service *s = context_service_by_name(c, name, len);
	memset(tenant, '!', sizeof(tenant));
	bool is_known = context_tenant_of(c, s, name, len, tenant);
	require(memchr(tenant, '\0', sizeof(tenant)) != NULL);
	require(is_known == (strcmp(tenant, SERVICE_TENANT_UNKNOWN) != 0));
	require(context_sanction(c, s, name, len) == SANCTION_UNSANCTIONED);
	if (!is_known)
		return;
	size_t n = strlen(tenant);
	require(s && s->tenancy != TENANCY_NO && n > 0 && n < len);
	require(strspn(tenant, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == n);
	bool is_in = false;
	for (size_t i = 0; i + n <= len && !is_in; i++)
		is_in = strncasecmp(tenant, name + i, n) == 0;
	require(is_in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct context *c;
	if (!c)
		c = make();
	/* The bytes alone: one too far is seen. */
	char *name = malloc(size ? size : 1);
	if (!name)
		return 0;
	if (size)
		memcpy(name, data, size);
	check_registered(c, name, size);
	check_service(c, name, size);
	check_tenant(c, name, size);
	free(name);
	return 0;
}
