/*
 * context/geo_none.c - in the place of geo.c where libmaxminddb is missing: says so.
 */
#include <stdio.h>
#include <string.h>

#include "exfild/context/geo.h"

int geo_open(const char *country_path, const char *as_path, struct geo_set **ret, char *why,
	     size_t size)
{
	*ret = NULL;
	if (!(country_path && *country_path) && !(as_path && *as_path))
		return 0;
	(void)snprintf(why, size,
		       "geo: this exfild was built without libmaxminddb and reads no databases "
		       "(Debian package libmaxminddb-dev)");
	return -EXF_E_UNSUPPORTED;
}

void geo_close(struct geo_set *g)
{
	(void)g;
}

void geo_describe(const struct geo_set *g, char *dst, size_t size)
{
	(void)g;
	(void)snprintf(dst, size, "%s", "");
}

bool geo_find(const struct geo_set *g, const struct ipaddr *a, struct geo *ret)
{
	(void)g;
	(void)a;
	memset(ret, 0, sizeof(*ret));
	return false;
}
