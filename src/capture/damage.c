#include "damage.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void damage_deinit(struct damage_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->paths[i]);
	free(list->paths);
	free(list->items);
	*list = (struct damage_list){ 0 };
}

static bool grow(struct damage_list *list)
{
	if (list->count < list->capacity)
		return true;
	size_t capacity = list->capacity ? 2 * list->capacity : 16;
	struct capture_damage *items = realloc(list->items, capacity * sizeof(*items));
	if (items)
		list->items = items;
	char **paths = realloc(list->paths, capacity * sizeof(*paths));
	if (paths)
		list->paths = paths;
	if (!items || !paths)
		return false;
	list->capacity = capacity;
	return true;
}

void damage_say(struct damage_list *list, uint32_t *said, enum damage_kind kind, const char *path,
		uint64_t offset, const char *fmt, ...)
{
	if (*said & 1u << kind)
		return;
	char *copy = strdup(path);
	if (!copy || !grow(list)) {
		free(copy);
		return;
	}
	*said |= 1u << kind;
	struct capture_damage *d = &list->items[list->count];
	list->paths[list->count++] = copy;
	d->path = copy;
	d->offset = offset;
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(d->reason, sizeof(d->reason), fmt, ap);
	va_end(ap);
}
