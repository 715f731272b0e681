/* base/pool.c - see include/exfild/base/pool.h */
#include "exfild/base/pool.h"

#include <stdlib.h>
#include <string.h>

#include "exfild/base/str.h"

const char *pool_name(struct pool *p, const char *text)
{
	for (size_t i = 0; i < p->count; i++)
		if (strcmp(p->names[i], text) == 0)
			return p->names[i];
	if (!p->names)
		p->names = calloc(POOL_NAMES, sizeof(*p->names));
	if (!p->names || p->count == POOL_NAMES)
		return NULL;
	char *name = p->names[p->count];
	if (!str_copy(name, POOL_NAME_MAX, text))
		return NULL;
	p->count++;
	return name;
}

void pool_deinit(struct pool *p)
{
	free(p->names);
	p->names = NULL;
	p->count = 0;
}
