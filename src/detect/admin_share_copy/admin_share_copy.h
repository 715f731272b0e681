/*
 * detect/admin_share_copy/admin_share_copy.h - what its parts share.
 */
#ifndef EXFILD_DETECT_ADMIN_SHARE_COPY_H
#define EXFILD_DETECT_ADMIN_SHARE_COPY_H

#include "exfild/base/table.h"
#include "../step.h"

#define COPY_NAMES    8 /* programs told in a window */
#define COPY_PAIR_KEY 40

enum copy_way { COPY_PUT, COPY_PULL };

struct copy_params {
	uint64_t bulk_files, bulk_bytes, walked_folders;
};

struct copy_pair {
	struct ipaddr client, server;
	uint32_t tunnel_key;
	uint32_t pad;
	uint64_t window_ns, first_ns;
	uint64_t files[2], bytes[2]; /* by enum copy_way */
	uint64_t bulk_told[2];
	uint64_t folders, folders_told;
	uint64_t names[COPY_NAMES];
	uint32_t next_name;
	uint32_t told;
};

/* ---- explain.c ---- */

void copy_tell_program(const struct detect_env *env, const struct event_smb *e, enum copy_way way,
		       bool is_known);
void copy_tell_bulk(const struct detect_env *env, const struct event_smb *e,
		    const struct copy_pair *p, const struct copy_params *params, enum copy_way way,
		    bool is_known);
void copy_tell_walk(const struct detect_env *env, const struct event_smb *e,
		    const struct copy_pair *p, const struct copy_params *params, bool is_known);

#endif
