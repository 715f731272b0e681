/*
 * engine/signatures.h - Sigma rules in the analysis plane: their files, and what a hit becomes.
 *
 * What: loads the configured folders, shows events to the rules, makes findings of hits.
 * Ownership: a set belongs to the analysis, or to the change that brings it; names that findings
 * point to stay as long as the analysis, since alerts outlive a reload.
 * Threads: loading on any; the rest on the analysis thread.
 * Limits: RULE_NAMES names of rules that ever hit.
 */
#ifndef EXFILD_SRC_ENGINE_SIGNATURES_H
#define EXFILD_SRC_ENGINE_SIGNATURES_H

#include "exfild/config/config.h"
#include "exfild/context/context.h"
#include "exfild/finding/finding.h"
#include "exfild/signature/signature.h"

#define RULE_NAMES     65536
#define SHIPPED_FOLDER "/usr/share/exfild/signatures" /* stands for that of the data folder */

struct rule_names {
	char **list;
	size_t count;
};

/* The folder that a configured one means. Returns dst. */
const char *signatures_folder(const char *configured, const char *data_dir, char *dst, size_t size);
/* Those of the configuration. */
int signatures_from(const struct config *c, const char *data_dir, struct signatures **ret,
		    char *ret_why, size_t why_size) EXF_MUST_USE;
/* Says on standard error what was not loaded. */
void signatures_report(const struct signatures *s);
/* The finding of a hit. */
void signatures_finding(struct rule_names *names, const struct context *context,
			const struct signature_hit *hit, struct finding *f);
/* The same text for as long as the names are; one for all when there are too many. */
const char *rule_names_stay(struct rule_names *n, const char *text);
void rule_names_deinit(struct rule_names *n);

#endif
