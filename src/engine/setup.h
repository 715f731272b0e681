/*
 * engine/setup.h - a configuration with the parameters of every detector, counted by its holders.
 *
 * What: what a reload builds beside the one that runs; whoever uses it holds it.
 * Ownership: setup_hold()/setup_drop(); the last one to drop frees.
 * Threads: holding and dropping from any; read-only in between.
 */
#ifndef EXFILD_SRC_ENGINE_SETUP_H
#define EXFILD_SRC_ENGINE_SETUP_H

#include <stdatomic.h>

#include "exfild/config/config.h"
#include "exfild/engine/options.h"

struct setup {
	atomic_uint holders;
	struct config_section *sections; /* one a detector */
	size_t section_count;
	struct config *config;
};

/* The file, NULL: none, then --set.  Held once; ret_why has file:line:column and a sentence. */
int setup_load(const struct options *o, const char *path, struct setup **ret, char *ret_why,
	       size_t why_size) EXF_MUST_USE;
/* The same from text; `name` stands for its file. */
int setup_parse(const struct options *o, const char *name, const void *text, size_t len,
		struct setup **ret, char *ret_why, size_t why_size) EXF_MUST_USE;
struct setup *setup_hold(struct setup *s);
/* NULL is accepted. */
void setup_drop(struct setup *s);

#endif
