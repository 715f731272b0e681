/*
 * sink/sink.c - the registered sinks, from sinks.def.
 */
#include "exfild/sink/sink.h"

#include <stddef.h>
#include <string.h>

#define SINK(name) extern const struct sink_type sink_##name;
#include "sinks.def"
#undef SINK

static const struct sink_type *const sinks[] = {
#define SINK(name) &sink_##name,
#include "sinks.def"
#undef SINK
	NULL,
};

const struct sink_type *const *sink_list(void)
{
	return sinks;
}

const struct sink_type *sink_find(const char *name)
{
	for (size_t i = 0; sinks[i]; i++) {
		if (strcmp(sinks[i]->name, name) == 0)
			return sinks[i];
	}
	return NULL;
}
