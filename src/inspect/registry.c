/*
 * inspect/registry.c - the inspectors that inspectors.def names.
 */
#include "exfild/inspect/inspector.h"

#define INSPECTOR(name) extern const struct inspector name##_inspector;
#include "inspectors.def"
#undef INSPECTOR

static const struct inspector *const inspectors[] = {
#define INSPECTOR(name) &name##_inspector,
#include "inspectors.def"
#undef INSPECTOR
	NULL
};

const struct inspector *const *inspector_list(void)
{
	return inspectors;
}
